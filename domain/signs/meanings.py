"""What each sign looks for, in one Indonesian sentence without its subject, with the numbers of the row in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from domain import figures
from domain.labels import label
from domain.signs.sign import Sign

MEANINGS: Mapping[str, str] = {
    # children: calendar
    "child-not-registered": "anak sudah diketahui tetapi belum didaftarkan",
    "without-nik": "anak terdaftar belum punya NIK yang sah",
    "not-weighed-this-month": "hari posyandu tiba dan anak belum ditimbang bulan itu",
    "length-overdue": "panjang atau tinggi badan tidak diukur lebih dari {days} hari",
    "missed-session": "posyandu selesai dan anak tidak ditimbang; yang pergi sampai {away_days} hari ditunggu dulu",
    "months-not-weighed": "anak tidak ditimbang {months} bulan berturut-turut",
    "child-in-danger": "ada tanda bahaya atau anak ditemukan sakit, belum diperiksa",
    "home-visit-overdue": "anak bermasalah gizi tidak ditemui di rumah lebih dari {days} hari",
    # children: growth
    "doubtful-measurement": "ukuran meragukan: di luar batas WHO, memendek lebih dari {shrunk_cm} cm, "
    "tumbuh lebih dari {cm_per_month} cm sebulan, atau berat berubah lebih dari {percent}% dalam {days} hari",
    "screened-below": "hasil ukur di bawah {z} SD ({indices}) atau LILA di bawah {lila} cm, belum dipastikan nakes",
    "not-gaining": "berat tidak naik {times} kali berturut-turut",
    "below-red-line": "berat di bawah garis merah ({z} SD), ditetapkan nakes atau terbaca {readings} kali",
    "confirmed": "nakes menetapkan {weight_height}{weight_age}{height_age}",
    "stunted-beyond-puskesmas": "anak sangat pendek, atau pendek dengan tanda bahaya atau tanpa perbaikan",
    "oedema": "bengkak pada kedua kaki +{grade} atau lebih, belum diperiksa",
    "severe-wasting": "gizi buruk umur {months} bulan ke atas yang dapat dirawat jalan",
    "severe-wasting-in-danger": "gizi buruk dengan komplikasi, tanpa nafsu makan, bengkak +{oedema}, tanda bahaya, "
    "atau umur di bawah {months} bulan",
    "infant-failing": "bayi di bawah {months} bulan tidak naik, BB/PB di bawah {z} SD, atau lemah menyusu",
    # PMT
    "pmt-undecided": "memenuhi syarat PMT (tidak naik {not_gaining} kali, {statuses}, atau LILA ibu di bawah "
    "{mother_lila} cm) dan belum diputuskan",
    "pmt-not-started": "PMT sudah diputuskan tetapi belum dimulai",
    "pmt-day-open": "hari PMT belum dicatat sampai pukul {hour}",
    "pmt-missed-in-a-row": "PMT terlewat {days} hari berturut-turut, atau ditolak",
    "pmt-week-open": "minggu PMT ({days} hari) berakhir dan belum ditimbang atau ditutup",
    "pmt-without-gain": "selama PMT berat tidak naik {weighings} timbangan berturut-turut, atau sampai hari ke-{days}",
    "pmt-worsened": "tanda gizi buruk muncul selama PMT (z di bawah {z}, LILA di bawah {lila} cm, atau bengkak)",
    "pmt-over": "hari terakhir PMT tercapai dan hasilnya belum dinilai",
    # referrals
    "referral-unanswered": "rujukan tidak darurat belum dijawab penerima",
    "referral-not-arrived": "hari rencana rujukan lewat (atau {days} hari sejak diterima) dan pasien belum tiba",
    "referral-without-result": "pasien sudah tiba di tempat rujukan, hasilnya belum ada",
    "referral-returned": "rujuk balik diterima, tindak lanjut belum direncanakan",
    # mothers
    "pregnancy-not-registered": "kehamilan sudah diketahui tetapi belum didaftarkan",
    "no-first-contact": "ibu terdaftar sebelum {weeks} minggu dan belum K1",
    "contact-window": "waktu kunjungan {windows} tiba",
    "contact-window-ending": "waktu kunjungan {windows} tinggal {days} hari dan belum dilakukan",
    "thin-mother": "LILA ibu di bawah {lila} cm",
    "mother-in-danger": "tekanan darah {systolic}/{diastolic} ke atas, atau tanda bahaya pada ibu",
    "past-due-date": "perkiraan lahir lewat {days} hari tanpa kabar persalinan",
    "newborn-not-registered": "bayi lahir hidup belum punya kasus sendiri",
    "pmt-not-recovered": "PMT selesai dan belum sembuh",
    "pmt-relapse-watch": "sembuh sesudah PMT; ditimbang {times} bulan berturut-turut",
    "pmt-overlap": "satu orang mendapat makanan dari dua sumber pada hari yang sama",
    "pmt-unreconciled": "minggu PMT sudah ditutup dan belum dicocokkan dengan rencana dan nota",
    "pmt-waiting": "layak PMT lebih dari {days} hari tanpa dana",
    "referral-urgent": "rujukan darurat belum tiba",
    "referral-hindered": "tidak datang ke tempat rujukan karena {reasons}",
    "referral-rejected": "rujukan ditolak dan tujuan lain belum ada",
    "follow-up-undone": "tindak lanjut rujukan direncanakan dan belum dikunjungi",
    "control-missed": "hari kontrol lewat tanpa kabar",
    "moved-away-untold": "keluarga diketahui pindah dan kasus belum dipindahkan",
    "transfer-unanswered": "permintaan pindah belum dijawab",
    "suspected-twice": "mungkin tercatat dua kali ({why} sama)",
    "measured-twice": "dua orang mengukur pada satu hari dengan angka berbeda",
    "data-request-open": "keluarga meminta melihat, memperbaiki atau menghapus data",
    "emergency-unreviewed": "petugas dari tempat lain membuka kasus karena darurat, belum diperiksa",
    "erasure-agreed": "penghapusan identitas sudah diputuskan dan belum dilaksanakan",
    "consent-taken-back": "keluarga menarik persetujuannya, atau diputuskan dibatasi",
    "nik-doubtful": "NIK dalam berkas impor disamarkan atau keliru",
    "late-entry": "dicatat lebih dari {days} hari sesudah kejadian",
    "doses-due": "imunisasi menurut jadwal ({days} hari sebelum atau sesudah waktunya) belum diberikan",
    "history-unknown": "anak sudah lebih {months} bulan ketika didaftarkan, riwayat imunisasinya belum disalin",
    "round-missed": "bulan {what} tiba untuk anak {youngest} sampai sebelum {oldest} bulan dan belum dicatat",
    "kpsp-due": "umur KPSP tercapai ({ages} bulan)",
    "kpsp-low": "skor KPSP {least} sampai {most}",
    "breast-feeding-unknown": "bayi di bawah {months} bulan: ASI bulan ini belum dicatat, atau tidak ASI saja",
    "food-poor": "anak {youngest}-{oldest} bulan: makan tidak dicatat {days} hari atau kurang dari {groups} kelompok",
    "born-at-risk": "lahir di bawah {kg} kg, di bawah {cm} cm, atau sebelum {weeks} minggu",
    "fifth-birthday": "anak genap {months} bulan",
    "death-unclosed": "anak meninggal dan kasus belum ditutup",
    "control-week-missed": "anak gizi buruk rawat jalan tidak terlihat lebih dari {days} hari",
    "no-better": "tidak membaik: {weighings} timbangan (gizi buruk) atau {days} hari (pendek)",
    "growing-too-slowly": "sebelum {months} bulan, {times} kali di bawah KBM dan persentil 5 WHO",
    "head-unusual": "lingkar kepala di luar {z} SD atau melompati {bands} pita",
    "perhaps-tuberculosis": "batuk lebih {cough_weeks} minggu, kontak TB, atau {times} kali tidak naik tanpa sebab",
    "too-heavy": "BB/U di atas {waz} SD atau BB/PB di atas {whz} SD",
    "postnatal-visit-due": "waktu kunjungan nifas {window} tiba",
    "neonatal-visit-due": "waktu kunjungan bayi baru lahir {window} tiba",
    "nifas-open": "kunjungan nifas terakhir ({window}), KB atau alasannya, dan penutupan kasus belum semua",
    "miscarriage-open": "keguguran: pemeriksaan, konseling KB dan penutupan kasus belum semua",
    "postnatal-visit-missed": "kunjungan nifas ({windows}) terlewat",
    "neonatal-visit-missed": "kunjungan bayi baru lahir ({windows}) terlewat",
    "newborn-care-missing": "{items} belum dicatat, {hours} sampai {before} jam sesudah lahir",
    "mother-without-vitamin-a": "ibu nifas belum mendapat {capsules} kapsul vitamin A",
    "death-not-reviewed": "kematian ibu, atau bayi sampai {days} hari sesudah lahir, belum ditinjau",
    "session-not-held": "posyandu belum buka dan belum memberi alasan sampai tanggal {day}",
    "few-weighed": "pada bulan terakhir posyandu buka, yang ditimbang kurang dari {share}",
    "meeting-not-held": "TPPS {level} belum rapat pada bulan pertama tanpa rapat",
    "rembuk-not-held": "rembuk stunting (bulan {first_month} sampai {last_month}) belum dilaksanakan",
    "budget-missing": "sesudah rembuk, belum masuk RKPDes (bulan {rkpdes_month}) atau APBDes (bulan {apbdes_month})",
    "scorecard-missing": "kartu skor dan eHDW triwulan belum diisi ({days_before} hari sebelum triwulan berakhir)",
    "too-few-kader": "posyandu punya kurang dari {kader} kader, atau tidak ada yang dilatih {months} bulan",
    "equipment-unchecked": "timbangan atau alat ukur rusak, tidak ada, atau tidak diperiksa {months} bulan",
    "spending-unmatched": "porsi PMT yang dibayar tidak sama dengan yang tercatat diberikan",
    "counts-rising": "jumlah pendek atau BGM desa naik {months} bulan berturut-turut",
    "month-not-closed": "angka bulan belum ditutup sampai tanggal {day} bulan berikutnya",
    "menu-unapproved": "menu PMT minggu itu belum disetujui petugas gizi",
    "pmt-incident": "{people} orang sakit sesudah PMT, atau {severe} orang berat",
    "overloaded": "satu meja punya lebih dari {open} tugas, atau bagian terlambatnya lebih dari {late}",
    "not-supervised": "triwulan ini belum disupervisi dengan {remeasured} anak diukur ulang",
    "audit-unselected": "semester ini belum ada kasus dipilih untuk audit",
    "audit-line-open": "baris tindak lanjut audit belum dikerjakan ({days} hari bila tanpa tanggal)",
    "audit-line-late": "baris tindak lanjut audit lewat harinya dan belum dijelaskan",
    "evidence-owed": "inspektorat meminta bukti dan belum menerimanya",
    "export-differs": "ekspor e-PPGBM berbeda pada lebih dari {share} baris, atau z berbeda lebih dari {z}",
    "import-rows-open": "baris impor ditolak dan belum dibetulkan atau dilepas",
    "breach-open": "kebocoran data diketahui dan belum diberitahukan",
    "access-unreviewed": "petugas berhenti, akses atau tugasnya belum dibereskan",
    "contact-window-missed": "waktu kunjungan {windows} habis tanpa pemeriksaan",
    "no-doctor-scan": "trimester 3 tanpa dokter dengan USG (minggu {first}-{last})",
    "anaemia": "Hb di bawah {first}/{second}/{third} menurut trimester dan tidak di bawah {severe}",
    "severe-anaemia": "Hb di bawah {below}",
    "hb-not-repeated": "Hb belum diulang {days} hari sesudah pengobatan anemia, atau tidak naik",
    "high-pressure": "tekanan darah {systolic}/{diastolic} ke atas, di bawah {severe_systolic}/{severe_diastolic}",
    "risk-not-scored": "KSPR belum dinilai pada kontak pertama atau trimester ini",
    "risk-high": "KSPR {least} sampai {most}",
    "four-too-much": "umur di luar {youngest}-{oldest} (mulai {protected} tahun), jarak kurang {years_between} tahun, "
    "anak lebih dari {children}",
    "tablets-short": "tablet tidak dicatat {days} hari, atau diminum kurang dari {share}",
    "triple-missing": "tripel eliminasi belum lengkap sampai kontak ke-{contact}",
    "infection-found": "hasil HIV, sifilis atau HBsAg reaktif tanpa rencana",
    "gain-off-target": "kenaikan berat di luar target IMT pada {checks} pemeriksaan",
    "classes-few": "kelas ibu hamil kurang dari {count} kali sampai minggu {weeks}",
    "no-birth-plan": "minggu {weeks} tanpa rencana persalinan",
    "weekly-contact": "mulai minggu {weeks} dikontak setiap minggu",
    "post-term": "kehamilan mencapai {weeks} minggu",
    "teen-mother": "hamil pada umur di bawah {years} tahun",
    "integrity-doubtful": "pola data yang perlu dijelaskan dan belum dijawab",
    # families
    "couple-not-screened": "calon pengantin terdaftar dan belum ditapis",
    "couple-at-risk": "penapisan calon pengantin: LILA di bawah {lila} cm, Hb di bawah {hb}, "
    "umur di luar {youngest} sampai {oldest} tahun, atau ada yang merokok",
    "family-unvisited": "keluarga berisiko tidak dikunjungi dan ditapis lebih dari {days} hari",
    "family-lacks": "keluarga dengan ibu hamil atau balita belum punya {what}",
    "smoke-at-home": "ada perokok di rumah ibu hamil atau anak di bawah dua tahun",
    "not-in-class": "ibu anak di bawah dua tahun belum ikut kelas",
    "help-without-money": "bantuan tidak dapat didanai, atau belum terpenuhi lebih dari {days} hari",
}


def meaning(sign: Sign) -> str:
    """What this sign looks for, its numbers filled in."""
    numbers = {name: _said(getattr(sign, name)) for name in sign.__struct_fields__}
    return MEANINGS[str(sign.__struct_config__.tag)].format_map(numbers)


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_said(one) for one in value)
    if isinstance(value, Struct):
        return _said(getattr(value, value.__struct_fields__[0]))
    if isinstance(value, bool) or value is None:
        return "ya" if value else "tidak"
    return figures.number(value) if isinstance(value, int | float) else label(str(value))
