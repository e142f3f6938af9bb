"""Whose a case is: transfers, duplicates, consent, requests."""

from __future__ import annotations

CODES: dict[str, str] = {
    "masih-tinggal-di-sini": "masih tinggal di sini",
    "bukan-orang-yang-sama": "bukan orang yang sama",
    "alamat-tidak-jelas": "alamat tidak jelas",
    "antar-kabupaten": "pindah dari kabupaten lain",
    "posyandu-digabung": "posyandu digabung",
    "posyandu-dipecah": "posyandu dipecah",
    "nik": "NIK",
    "nik-ibu": "NIK ibu dan tanggal lahir",
    "nama": "nama dan tanggal lahir",
    "melihat": "melihat",
    "memperbaiki": "memperbaiki",
    "menghapus": "menghapus",
    "salinan": "salinan",
    "dipenuhi": "dipenuhi",
    "dipenuhi-sebagian": "dipenuhi sebagian",
    "pencatatan": "pencatatan",
    "foto": "foto",
    "berbagi-dengan-desa": "berbagi dengan desa",
    "tidak-ada-sinyal": "tidak ada sinyal",
    "hp-rusak": "HP rusak",
    "dari-catatan-kertas": "dipindah dari catatan kertas",
    "lupa": "lupa",
    "gawat-darurat": "gawat darurat",
    "persalinan": "persalinan",
    "rujukan-datang": "pasien rujukan datang",
    "bencana": "bencana",
    "wajar": "wajar",
    "tidak-wajar": "tidak wajar",
}
