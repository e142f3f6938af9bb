"""Desks and units."""

from __future__ import annotations

CODES: dict[str, str] = {
    # desks
    "kader": "kader",
    "puskesmas-tpg": "petugas gizi puskesmas",
    "puskesmas-dr": "dokter puskesmas",
    "inspektorat": "inspektorat",
    # a unit
    "desa": "desa",
    "kecamatan": "kecamatan",
    "kabupaten": "kabupaten",
    # what a desa does
    "makanan-tambahan": "makanan tambahan (PMT)",
    "lainnya": "hal lain",
    "jamban": "jamban",
    "air-bersih": "air bersih",
    "sweeping": "sweeping",
    "alat": "alat posyandu",
    "data": "data",
    "bantuan-sosial": "bantuan sosial",
    "pendampingan": "pendampingan keluarga",
    "rujukan": "rujukan",
    # money and papers
    "add": "Alokasi Dana Desa",
    "bok": "BOK",
    "swadaya": "swadaya masyarakat",
    "rkpdes": "RKPDes",
    "apbdes": "APBDes",
    "anggaran": "anggaran",
    "data-bulan": "data bulanan",
    "sesi-posyandu": "sesi posyandu",
    "catatan-dilengkapi": "catatan pemberian dilengkapi",
    "uang-dikembalikan": "uang dikembalikan",
    "kuitansi-dibetulkan": "kuitansi dibetulkan",
    # sessions, kader and equipment
    "banjir": "banjir atau cuaca buruk",
    "tempat-dipakai": "tempatnya dipakai",
    "pengukuran": "mengukur balita",
    "kms": "mengisi KMS",
    "konseling": "konseling",
    "pencatatan": "pencatatan",
    "baik": "baik",
    "rusak": "rusak",
    "tidak-ada": "tidak ada",
    # incidents after PMT
    "makanan": "makanannya",
    "alergi": "alergi",
    "penyakit-lain": "penyakit lain",
    # sharing work, explaining, comparing
    "dialihkan": "tugas dialihkan",
    "ditambah-petugas": "petugas ditambah",
    "dikerjakan-bersama": "dikerjakan bersama",
    "jadwal-diubah": "jadwal diubah",
    "catatan-terlambat": "catatan terlambat masuk",
    "barang-terlambat": "barang terlambat datang",
    "dana-belum-cair": "dana belum cair",
    "eppgbm-dibetulkan": "data e-PPGBM dibetulkan",
    "catatan-dibetulkan": "catatan di sini dibetulkan",
    "keduanya-dibetulkan": "keduanya dibetulkan",
    "beda-cara-hitung": "cara menghitungnya berbeda",
    "diperbaiki": "diperbaiki dan dimasukkan",
    # whom an audit is about
    "catin": "calon pengantin",
    "bumil": "ibu hamil",
    "bufas": "ibu nifas",
    "baduta": "baduta",
    "balita": "balita",
    # safety of what is known
    "hp-hilang": "HP hilang",
    "akun-disalahgunakan": "akun dipakai orang lain",
    "data-tersebar": "data tersebar",
    "salah-kirim": "data salah kirim",
}
