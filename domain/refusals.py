"""What a person reads when something is refused, held back or cannot be read: what is wrong, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from domain import figures
from domain.fields import FIELDS
from domain.labels import label

# Refused in domain/. Names in braces are the facts of the refusal.
REFUSALS: dict[str, str] = {
    "approve-own-menu": "Menu harus disetujui orang lain, bukan yang merencanakannya.",
    "close-own-sessions": "Bulan ini harus ditutup orang lain, bukan yang mencatat sesi posyandunya.",
    "count-below-nothing": "Jumlah tidak bisa kurang dari nol. Periksa angkanya.",
    "month-not-over": "Bulan yang dimulai {month} belum selesai. Tutup sesudah bulan itu lewat.",
    "no-such-menu": "Belum ada menu yang direncanakan untuk minggu itu.",
    "no-such-posyandu": "Posyandu ini tidak tercatat di wilayah ini. Periksa pilihannya.",
    "no-such-rows": "Baris itu tidak sedang menunggu dari berkas ini. Periksa nomor baris dan berkasnya.",
    "no-such-spending": "Belum ada belanja PMT yang dicatat untuk bulan dan dana itu.",
    "not-compared": "Ekspor bulan itu belum dibandingkan.",
    "nothing-open-by-this-number": "Ini tidak ada atau sudah selesai. Muat ulang halaman wilayah.",
    "other-level": "Catatan ini bukan untuk tingkat {level}. Buka halaman wilayah yang sesuai.",
    "part-above-whole": "Ada bagian yang lebih besar dari keseluruhannya. Periksa lagi angkanya.",
    "posyandu-already-listed": "Posyandu ini sudah tercatat di wilayah ini.",
    "reconcile-own-spending": "Belanja harus dicocokkan orang lain, bukan yang mencatatnya.",
    "resolve-own-comparison": "Selisih harus diselesaikan orang lain, bukan yang membandingkannya.",
    "after-death": "Tanggal {on} sesudah anak meninggal ({died}). Periksa tanggalnya, atau perbaiki catatan meninggal.",
    "reconcile-own-portions": "Pencocokan harus oleh orang lain, bukan yang memberi atau menutup minggunya.",
    "resolve-own-overlap": "Dua sumber makanan diputuskan orang lain, bukan yang menetapkan PMT-nya.",
    "no-such-other": "Kasus lain itu tidak ada. Muat ulang halaman kasus.",
    "other-is-itself": "Itu nomor kasus ini sendiri. Pilih kasus yang lain.",
    "other-kind-of-person": "Kasus anak dan kasus ibu tidak dapat orang yang sama. Pilih kasus yang lain.",
    "other-merged": "Kasus lain itu sudah digabung. Pilih kasus yang berlanjut.",
    "told-in-two-cases": "Ini tercatat di dua kasus sekaligus. Gabungkan lagi, atau nyatakan orang yang berbeda.",
    "merge-own-record": "Penggabungan harus oleh orang lain, bukan yang mendaftarkan kasus ini.",
    "no-transfer-requested": "Tidak ada permintaan pindah yang terbuka. Muat ulang halaman kasus.",
    "already-in-posyandu": "Kasus ini sudah di posyandu itu. Pilih posyandu yang lain.",
    "before-transfer-request": "Tanggal {on} sebelum pindah diminta ({asked}). Periksa tanggalnya.",
    "transfer-other-place": "Permintaan pindah ini untuk posyandu lain. Muat ulang, lalu jawab lagi.",
    "data-request-exists": "Permintaan data ini sudah tercatat.",
    "no-such-emergency": "Pembukaan darurat ini tidak ada atau sudah diperiksa. Muat ulang halaman kasus.",
    "review-own-emergency": "Pembukaan darurat harus diperiksa orang lain, bukan yang membukanya.",
    "emergency-stays": "Pembukaan darurat dan pemeriksaannya tidak dapat diperbaiki atau ditarik.",
    "no-such-data-request": "Permintaan data ini tidak ada. Muat ulang halaman kasus.",
    "no-such-erasure-request": "Keluarga tidak meminta dihapus dengan nomor ini. Muat ulang halaman kasus.",
    "erased": "Identitas di kasus ini sudah dihapus atas permintaan keluarga. Catat lagi tanpa nama dan tanpa tulisan.",
    "already-erased": "Identitas di kasus ini sudah dihapus.",
    "merge-erased": "Identitas salah satu kasus sudah dihapus, yang lain belum. Hapus dulu keduanya atas permintaan"
    " keluarga, baru gabungkan.",
    "erasure-not-decided": "Belum diputuskan untuk dihapus. Dokter puskesmas yang memutuskan lebih dulu.",
    "erase-own-decision": "Yang menerima permintaan atau memutuskan tidak boleh melaksanakannya. Minta orang lain.",
    "erasure-stands": "Keputusan ini tidak dapat dibetulkan. Buat keputusan baru.",
    "before-data-request": "Tanggal {on} sebelum {asked}, hari permintaan atau keputusannya. Periksa tanggalnya.",
    "kpsp-score-impossible": "Skor KPSP {score} tidak ada. Isi 0 sampai 10.",
    "kpsp-age-impossible": "KPSP umur {months} bulan tidak ada. Isi 3 sampai 72.",
    "resolve-own-flag": "Yang bersangkutan tidak boleh menutup pertanyaan ini. Minta orang lain memeriksanya.",
    "flag-for-kecamatan": "Pertanyaan ini diperiksa kecamatan atau kabupaten, bukan oleh desa sendiri.",
    "flag-found-by-system": "Angka dan daftar catatan hanya diisi sistem. Ajukan pertanyaan tanpa itu.",
    "flag-raised-already": "Pertanyaan dengan nomor ini sudah ada. Muat ulang halaman wilayah.",
    "amount-impossible": "Nilai Rp{amount} tidak mungkin. Tulis dalam rupiah tanpa titik.",
    "members-impossible": "Jumlah anak {count} tidak mungkin. Isi 0 sampai 20.",
    "no-such-support": "Permintaan bantuan ini tidak ada. Muat ulang halaman kasus.",
    "not-a-couple": "Ini bukan kasus calon pengantin. Pakai penapisan keluarga.",
    "support-exists": "Permintaan bantuan ini sudah tercatat.",
    "after-mothers-death": "Tanggal {on} sesudah ibu meninggal ({died}). Periksa tanggalnya.",
    "already-closed": "Kasus ini sudah ditutup pada {on}. Buka kembali dulu bila masih berlanjut.",
    "already-died": "Anak ini sudah tercatat meninggal pada {on}.",
    "already-registered": "Sudah terdaftar. Buka kasusnya; data yang salah dapat diperbaiki di sana.",
    "before-birth": "Tanggal {on} sebelum lahir ({born}). Periksa tanggal kejadian dan tanggal lahir.",
    "referral-elsewhere": "Rujukan ini tidak ditujukan ke tempat Anda. Muat ulang daftar rujukan.",
    "referral-without-consent": "Persetujuan keluarga belum dicatat. Tanyakan dulu, lalu kirim dengan persetujuan.",
    "redirected-to-same-place": "Tempat tujuannya sama. Pilih tempat yang lain.",
    "temperature-impossible": "Suhu {value} tidak mungkin. Tulis dalam derajat Celsius, misalnya 38,5.",
    "pulse-impossible": "Nadi {value} kali semenit tidak mungkin. Hitung lagi.",
    "breaths-impossible": "Napas {value} kali semenit tidak mungkin. Hitung lagi.",
    "before-merge": "Tanggal {on} sebelum kasus digabung ({merged}). Periksa tanggalnya.",
    "before-outcome": "Tanggal {on} sebelum persalinan atau keguguran ({outcome}). Periksa tanggalnya.",
    "before-pregnancy": "Tanggal {on} sebelum kehamilan ini dimulai ({start}). Periksa tanggal dan HPHT.",
    "before-referral": "Tanggal {on} sebelum rujukan dibuat ({made}). Periksa tanggalnya.",
    "birth-length-impossible": "Panjang lahir {cm} cm tidak mungkin. Tulis dalam sentimeter, misalnya 49.",
    "birth-weight-impossible": "Berat lahir {kg} kg tidak mungkin. Tulis dalam kilogram, misalnya 3,1.",
    "born-in-future": "Tanggal lahir {born} belum terjadi; hari ini {today}. Periksa tahunnya.",
    "capsules-impossible": "Jumlah kapsul {count} tidak mungkin. Isi 1 sampai 4.",
    "care-done-and-not": "Satu perawatan tidak dapat sudah dan tidak dilakukan sekaligus. Pilih salah satu.",
    "care-without-reason": "Ada perawatan yang tidak dilakukan. Isi juga alasannya.",
    "children-without-live-birth": "Ada bayi, tetapi hasilnya bukan lahir hidup. Pilih lahir hidup, atau hapus bayi.",
    "correction-of-another-kind": "Perbaikan harus dari jenis catatan yang sama. Tarik catatan itu dan buat yang baru.",
    "correction-unreadable": "Isi perbaikan tidak terbaca. Ulangi perbaikan dari formulirnya.",
    "events-before-birth": "Ada catatan sebelum {born}. Perbaiki tanggal catatan itu dulu, baru tanggal lahir.",
    "food-groups-impossible": "Kelompok makanan {groups} tidak ada. Isi angka 0 sampai 8.",
    "future-day": "Tanggal {on} belum terjadi; hari ini {today}. Tulis tanggal yang sudah lewat.",
    "grams-for-kilograms": "Berat {kg} kg tidak mungkin. Yang diketik mungkin gram; tulis {in_kg}.",
    "hb-impossible": "Hb {value} tidak mungkin. Tulis dalam g/dL, misalnya 11,2.",
    "head-impossible": "Lingkar kepala {cm} cm tidak mungkin. Ukur lagi dan tulis dalam sentimeter.",
    "hour-impossible": "Jam {hour} tidak ada. Isi 0 sampai 23.",
    "height-impossible": "Tinggi {cm} cm tidak mungkin. Tulis dalam sentimeter, misalnya 152.",
    "hpht-in-future": "HPHT {hpht} sesudah hari ini atau sesudah tanggal catatan. Periksa tanggalnya.",
    "hpht-too-old": "HPHT {hpht} sudah lebih dari 400 hari. Periksa tahunnya.",
    "identity-in-correction": "Nama, NIK dan alamat tidak diubah lewat perbaikan ini. Pakai formulir identitas.",
    "kb-method-or-reason": "Isi cara KB, atau alasan belum memakai KB; salah satu saja.",
    "length-impossible": "Panjang {cm} cm tidak mungkin. Ukur lagi dan tulis dalam sentimeter, misalnya 66,5.",
    "lila-impossible": "LILA {cm} cm tidak mungkin. Ukur lagi dan tulis dalam sentimeter, misalnya 13,5.",
    "metres-for-centimetres": "Panjang {cm} cm tidak mungkin. Yang diketik mungkin meter; tulis {in_cm}.",
    "millimetres-for-centimetres": "Panjang {cm} cm tidak mungkin. Yang diketik mungkin milimeter; tulis {in_cm}.",
    "more-newborns-than-born": "Bayi lahir hidup tercatat {alive}. Semua sudah didaftar, atau jumlahnya keliru.",
    "move-needs-desa-and-posyandu": "Isi desa dan posyandu yang baru, atau kosongkan keduanya bila pindah ke luar.",
    "no-care-chosen": "Belum ada perawatan bayi yang dipilih. Pilih paling sedikit satu.",
    "no-living-child": "Hasil lahir hidup, tetapi jumlah bayi hidup belum diisi. Isi jumlahnya.",
    "no-such-case": "Kasus ini belum terdaftar. Daftarkan dulu, baru catat yang lain.",
    "no-such-event": "Catatan nomor {version} tidak ada atau sudah berupa perbaikan. Muat ulang halaman kasus.",
    "no-such-measurement": "Hasil ukur itu tidak ada. Muat ulang halaman kasus.",
    "no-such-referral": "Rujukan ini tidak ada. Buat rujukan dulu atau muat ulang halaman kasus.",
    "not-a-balita": "Tanggal lahir {born} terlalu lama untuk balita. Periksa tahunnya.",
    "not-closed": "Kasus ini masih berjalan; tidak perlu dibuka kembali.",
    "not-delivered": "Persalinan belum dicatat. Catat hasil kehamilan dulu.",
    "not-yours-to-mend": "Hanya pencatatnya atau tenaga kesehatan yang boleh memperbaiki. Minta tolong bidan.",
    "nothing-confirmed": "Belum ada status yang dipilih. Pilih paling sedikit satu.",
    "nothing-measured": "Belum ada angka yang diisi. Isi paling sedikit satu hasil.",
    "only-nakes-confirm": "Status gizi dipastikan oleh bidan atau puskesmas. Minta bidan memeriksanya.",
    "other-kind-of-case": "Catatan ini bukan untuk kasus jenis ini. Pilih formulir balita atau ibu hamil yang sesuai.",
    "outcome-already-recorded": "Hasil kehamilan sudah dicatat pada {on}. Perbaiki catatan itu bila keliru.",
    "planned-before-referral": "Tanggal rencana {planned} sebelum rujukan dibuat ({on}). Tulis hari itu atau nanti.",
    "pmt-already-started": "PMT siklus {cycle} sudah dimulai ({on}). Pakai nomor siklus berikutnya.",
    "pmt-before-decision": "Tanggal {on} sebelum PMT diputuskan ({decided}). Periksa tanggalnya.",
    "pmt-cycle-impossible": "Siklus PMT {cycle} tidak ada. Nomor siklus mulai dari 1.",
    "pmt-days-impossible": "PMT {days} hari tidak mungkin. Isi 1 sampai 366 hari.",
    "pmt-days-missing": "Jumlah hari PMT belum diisi. Isi menurut juknis, misalnya 56.",
    "pmt-ended": "PMT siklus {cycle} sudah berakhir pada {on}. Periksa tanggal atau nomor siklusnya.",
    "pmt-not-decided": "PMT siklus {cycle} belum diputuskan layak. Minta petugas gizi atau bidan memutuskan dulu.",
    "pmt-not-started": "PMT siklus {cycle} belum dimulai pada hari itu. Catat mulai PMT dulu.",
    "pmt-week-already-closed": "Minggu ke-{week} sudah ditutup. Pilih minggu lain.",
    "pregnancy-not-dated": "Isi HPHT, atau perkiraan lahir dari USG.",
    "pressure-impossible": "Tekanan darah {value} tidak mungkin. Ukur lagi; tulis misalnya 110 dan 70.",
    "referral-exists": "Rujukan ini sudah tercatat.",
    "referral-step": "Rujukan ini {state}, jadi tidak dapat dicatat {step}. Muat ulang dan lihat langkah terakhirnya.",
    "registration-stays": "Pendaftaran tidak dapat ditarik. Perbaiki isinya atau tutup kasusnya.",
    "stillborn-impossible": "Jumlah lahir mati {count} tidak mungkin. Isi 0 sampai 9.",
    "tablets-impossible": "Jumlah tablet {count} tidak mungkin. Isi 0 sampai 400.",
    "until-not-later": "Tanggal {until} harus sesudah hari ini. Pilih hari untuk diingatkan lagi.",
    "verify-own-measurement": "Pengukuran harus dipastikan oleh orang lain, bukan yang mengukur.",
    "weeks-impossible": "Umur kehamilan {weeks} minggu tidak mungkin. Isi 20 sampai 45 minggu.",
    "weight-impossible": "Berat {kg} kg tidak mungkin. Timbang lagi dan tulis dalam kilogram, misalnya 7,1.",
}

# Said at the doors, before or beside the domain.
DOORS: dict[str, str] = {
    "busy": "Banyak yang mencatat kasus ini bersamaan. Catatan tersimpan di HP dan dikirim lagi sendiri.",
    "stale": "Kasus ini sudah berubah sejak dibuka. Muat ulang, periksa, lalu kirim lagi.",
    "held": "Menunggu catatan lain dari kasus ini yang belum diterima. Dikirim lagi sendiri.",
    "internal": "Ada gangguan di pusat, bukan salah Anda. Catatan aman di HP; coba lagi nanti.",
    "entry-reused": "Nomor kiriman ini sudah dipakai untuk isi yang lain. Catat ulang dari formulirnya.",
    "unreadable": "Kiriman tidak terbaca. Catat ulang dari formulirnya.",
    "not-json": "Kiriman tidak terbaca. Catat ulang dari formulirnya.",
    "unknown-field": "Isian {field} tidak dikenal. Perbarui aplikasi, lalu kirim lagi.",
    "missing-field": "Isian {field} belum diisi.",
    "wrong-value": "Isian {field} salah. Periksa lagi.",
    "unknown-command": "Jenis catatan ini tidak dikenal. Perbarui aplikasi, lalu kirim lagi.",
    "too-large": "Kiriman terlalu besar. Kirim sedikit demi sedikit.",
    "token-missing": "Pintu ini untuk sistem lain. Sertakan kunci di kepala permintaan: Authorization Bearer.",
    "token-unknown": "Kunci ini tidak dikenal, sudah dicabut, atau sudah lewat masanya. Minta kunci baru.",
    "token-scope": "Kunci ini tidak boleh dipakai untuk itu. Minta kunci dengan cakupan yang sesuai.",
    "together": "Tidak dicatat, karena bagian lain dari kiriman yang sama ditolak.",
    "search-parameter": "Parameter pencarian {name} tidak dikenal. Yang dikenal: {known}.",
    "search-value": "Nilai {value} untuk parameter {name} tidak terbaca.",
    "fhir-resource": "Jenis {name} tidak dilayani di sini. Yang dilayani: {known}.",
    "fhir-element": "Ada isian yang tidak terbaca: {what}.",
    "fhir-reference": "Rujukan ke {what} tidak dapat diikuti.",
    "fhir-bundle": "Bundle harus bertipe transaction dan berisi POST, PUT atau PATCH.",
    "fhir-version": "Versi yang Anda lihat sudah lama; sekarang versi {version}. Ambil lagi, lalu kirim ulang.",
    "task-status": "Status {said} tidak dapat diminta untuk rujukan ini.",
    "no-such-facility": "Fasilitas {unit} tidak tercatat, atau bukan jenis itu. Periksa kodenya.",
    "no-such-patient": "Pasien tidak ditemukan di wilayah Anda. Periksa NIK, atau daftarkan dulu.",
    "observation-code": "Ukuran dengan kode {said} tidak diterima di sini.",
    "observation-unit": "Satuan {unit} tidak dikenal. Pakai kg, g, cm, atau mm.",
    "rebuilding": "Daftar sedang disusun ulang sesudah pembaruan. Coba lagi sebentar.",
    "too-many": "Terlalu banyak catatan sekali kirim. Kirim sedikit demi sedikit.",
    "too-often": "Terlalu sering mencoba. Tunggu sebentar, lalu coba lagi.",
    "not-yours": "Kasus ini bukan di wilayah Anda. Hubungi bidan bila perlu.",
    "ask-for-own-posyandu": "Minta kasus hanya untuk posyandu Anda sendiri. Untuk kasus Anda, pilih tawarkan.",
    "answer-own-transfer": "Permintaan pindah ini dari pihak Anda. Tunggu jawaban posyandu yang lain.",
    "case-left": "Tercatat. Kasus ini sekarang milik kabupaten lain, dan catatan Anda disusulkan ke sana.",
    "case-ended": "Kasus ini sudah selesai atau sudah pindah ke kabupaten lain; tidak dipindahkan.",
    "case-moved": "Tercatat. Kasus ini sekarang milik {posyandu}, desa {desa}.",
    "wrong-desa": "Desa atau posyandu ini bukan wilayah Anda. Periksa pilihannya.",
    "wrong-posyandu": "Posyandu ini tidak ada di desa yang dipilih. Periksa pilihannya.",
    "not-allowed": "Jabatan Anda tidak boleh mencatat ini. Minta bidan atau puskesmas mencatatnya.",
    "emergency-not-found": "Tidak ada yang dapat dibuka dengan nomor itu. Periksa nomornya; bila darurat, rawat dulu.",
    "emergency-too-often": "Batas pembukaan darurat hari ini sudah tercapai. Hubungi puskesmas pemilik kasus.",
    "emergency-reason": "Pilih alasan darurat, dan tulis nomor kasus atau NIK lengkap.",
    "emergency-reads-only": "Kasus yang dibuka karena darurat hanya dapat dibaca. Catat lewat puskesmas pemilik kasus.",
    "not-assigned": "Tidak ada surat tugas Anda yang berlaku hari ini untuk desa ini. Identitas tetap tertutup.",
    "nik-needs-letter": "Mencari dengan NIK hanya di desa yang disebut surat tugas Anda. Pakai nomor kasus.",
    "unmask-reason": "Pilih untuk apa identitas ini dibuka.",
    "not-allowed-to-audit": "Halaman dan catatan pemeriksaan hanya untuk inspektorat.",
    "no-evidence-for-you": "Paket bukti ini bukan untuk jabatan Anda.",
    "not-covered": "Catatan terbaru belum masuk titik uji yang ditandatangani. Coba lagi beberapa menit lagi.",
    "no-such-point": "Titik uji untuk {size} catatan tidak ada di sini. Tanyakan sebabnya kepada pengelola.",
    "ledger-broken": "Buku tidak lagi cocok dengan yang pernah ditandatangani. Pengelola harus memeriksanya dulu.",
    "not-found": "Tidak ditemukan. Periksa alamat atau cari lagi dari daftar.",
    "no-such-unit": "Wilayah ini tidak ada. Periksa kodenya.",
    "no-such-kind": "Jenis catatan ini tidak dikenal. Pilih dari daftar.",
    "no-checkpoint": "Belum ada titik uji yang ditandatangani. Coba lagi beberapa menit lagi.",
    "no-tile": "Ubin ini tidak ada, atau belum terisi sebanyak itu.",
    "no-such-tree": "Buku belum memuat sebanyak itu, atau nomornya di luar buku.",
    "method-not-allowed": "Cara ini tidak dipakai di alamat tersebut.",
    "sign-in": "Masuk dulu dengan nama pengguna dan kata sandi.",
    "wrong-password": "Nama pengguna atau kata sandi salah. Coba lagi.",
    "session-ended": "Sesi sudah berakhir. Masuk lagi; yang sudah diketik tetap ada.",
    "forged": "Formulir ini sudah kedaluwarsa. Muat ulang halaman, lalu kirim lagi.",
    "no-post": "Anda belum memegang jabatan yang berlaku hari ini. Hubungi puskesmas.",
    "old-password-wrong": "Kata sandi lama salah. Coba lagi.",
    "password-too-short": "Kata sandi baru terlalu pendek. Pakai paling sedikit 8 huruf atau angka.",
    "password-too-easy": "Kata sandi baru terlalu mudah ditebak. Jangan memakai nama pengguna atau yang lama.",
    "read-not-noted": "Pembukaan data ini belum bisa dicatat, jadi datanya tidak ditampilkan. Coba lagi sebentar lagi.",
    "overloaded": "Pusat sedang sibuk. Tunggu sebentar, lalu coba lagi.",
    "behind": "Daftar belum memuat catatan terbaru. Muat ulang sebentar lagi.",
    "bad-cursor": "Halaman daftar ini sudah tidak berlaku. Mulai lagi dari halaman pertama.",
    "bad-moment": "Tanggal atau jam tidak terbaca. Tulis seperti 2026-03-03 atau 2026-03-03T10:00.",
    "bad-month": "Bulan tidak terbaca. Tulis seperti 2026-03.",
    "future-moment": "Waktu itu belum tiba. Pilih hari ini atau hari yang sudah lewat.",
    "before-records": "Pada hari itu belum ada catatan. Catatan pertama di sini dari {on}.",
    "nothing-recorded": "Belum ada catatan sama sekali.",
    "span-too-long": "Dua hari yang dibandingkan terlalu jauh terpisah. Pilih paling banyak {days} hari.",
    "wrong-way-round": "Tanggal awal harus sebelum tanggal akhir.",
    "choose-desa": "Wilayah Anda lebih dari satu desa. Pilih satu desa atau satu posyandu.",
    "no-such-place": "Desa atau posyandu itu bukan wilayah Anda. Periksa pilihannya.",
    "bad-question": "Saringan daftar tidak terbaca. Kosongkan saringan, lalu coba lagi.",
}


def refusal(code: str, facts: Mapping[str, object] | None = None) -> str:
    """The sentence for a code, filled with its facts. A code nobody wrote a sentence for is named as it is."""
    template = REFUSALS.get(code) or DOORS.get(code)
    if template is None:
        return f"Tidak dapat diterima ({code}). Hubungi puskesmas."
    return template.format_map(_Told({**(facts or {}), **_meant(facts or {})}))


class Quoted(str):
    """A fact that is told as it was written: the name of a parameter, not a code of ours."""

    __slots__ = ()


class _Told(dict[str, object]):
    """Facts in the forms people read; what is not known reads as a dash."""

    def __missing__(self, _key: str) -> str:
        return "–"

    def __getitem__(self, key: str) -> str:
        return _told(super().__getitem__(key))


def _told(fact: object) -> str:
    if isinstance(fact, Quoted):
        return str(fact)
    if isinstance(fact, date):
        return figures.day(fact)
    if isinstance(fact, int | float):
        return figures.number(fact)
    return label(str(fact))


def _meant(facts: Mapping[str, object]) -> dict[str, object]:
    """What was probably meant: 7100 kg are 7,1 kg typed in grams, 0,66 cm are metres, 661 cm are millimetres."""
    meant: dict[str, object] = {}
    kg, cm = facts.get("kg"), facts.get("cm")
    if isinstance(kg, int | float):
        meant["in_kg"] = kg / 1000
    if isinstance(cm, int | float):
        meant["in_cm"] = cm * 100 if cm < 2 else cm / 10
    return meant


def unreadable(error: str) -> str:
    """The sentence for a msgspec error: which field, and what is wrong with it."""
    match = _UNKNOWN.search(error)
    if match:
        return f"Isian {_field(match[1])} tidak dikenal. Perbarui aplikasi, lalu kirim lagi."
    match = _MISSING.search(error)
    if match:
        return f"Isian {_field(match[1])} belum diisi."
    if "Invalid value" in error and re.search(r"\.(do|is)`$", error):
        return DOORS["unknown-command"]
    place = _PLACE.search(error)
    if place is None:
        return DOORS["unreadable"]
    return f"Isian {_field(place[1])} salah: {_wanted(error)}."


_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_PLACE = re.compile(r"at `\$[^`]*?\.?([A-Za-z_]+)(?:\[[^\]]*\])*`$")
_EXPECTED = re.compile(r"Expected `([^`]+)`")

_WANTED = {
    "float": "tulis angka",
    "int": "tulis angka bulat",
    "date": "tulis tanggal seperti 2025-03-04",
    "uuid": "nomornya rusak",
    "bool": "pilih ya atau tidak",
    "str": "tulis dengan huruf",
    "array": "harus berupa daftar",
    "object": "isinya tidak lengkap",
}


def _wanted(error: str) -> str:
    if "enum value" in error or "Invalid value" in error:
        return "pilihan itu tidak ada"
    if "date" in error:
        return _WANTED["date"]
    if "UUID" in error:
        return _WANTED["uuid"]
    expected = _EXPECTED.search(error)
    first = expected[1].split(" ")[0] if expected else ""
    return _WANTED.get(first, "periksa lagi")


def _field(name: str) -> str:
    known = FIELDS.get(name)
    return f'"{known}"' if known else f'"{name}"'
