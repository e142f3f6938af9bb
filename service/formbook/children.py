"""What is asked about a child."""

from __future__ import annotations

from service.formbook.form import Form

_WHO = ("name", "nik", "kk", "mother", "father", "phone", "address", "rt", "rw")

FORMS: tuple[Form, ...] = (
    Form("child.measure", "Timbang dan ukur", "Simpan penimbangan",
         ("on", "kg", "cm", "lying", "lila", "head", "oedema", "clothing", "scale", "context"), kind="child",
         hint="Isi yang diukur saja. Koma atau titik sama saja: 7,1 atau 7.1."),
    Form("child.record-absence", "Catat tidak hadir", "Simpan", ("on", "reason", "back"), ("note",), kind="child"),
    Form("child.register", "Daftarkan anak", "Daftarkan",
         ("on", "posyandu", "born", "born_from", "sex", "birth_kg", "birth_cm", "weeks", "order"), _WHO,
         kind="child", begins=True),
    Form("child.report", "Laporkan anak baru", "Laporkan", ("on", "posyandu"), ("name", "mother", "address", "note"),
         kind="child", begins=True, hint="Untuk anak yang diketahui ada, tetapi datanya belum lengkap."),
    Form("child.identify", "Perbarui identitas anak", "Simpan identitas", ("on",), _WHO, kind="child"),
    Form("child.verify-measurement", "Pastikan hasil ukur", "Hasil ukur benar", ("on",), hidden=("version",),
         kind="child", hint="Tekan setelah mengukur ulang dan hasilnya sama."),
    Form("child.confirm-status", "Pastikan status gizi", "Simpan status",
         ("on", "weight_height", "weight_age", "height_age"), kind="child"),
    Form("child.record-feeding", "Catat makan anak", "Simpan", ("on", "breast", "groups"), kind="child"),
    Form("child.record-neonatal-visit", "Catat kunjungan bayi baru lahir", "Simpan", ("on", "by"), kind="child"),
    Form("child.record-newborn-care", "Catat perawatan bayi baru lahir", "Simpan",
         ("on", "done", "not_done", "reason"), ("note",), kind="child",
         hint="Pilih yang sudah dilakukan; untuk yang tidak dilakukan isi juga alasannya."),
    Form("child.move", "Catat pindah", "Simpan", ("on", "posyandu"), ("address", "note"), kind="child",
         hint="Kosongkan posyandu bila pindah ke luar kabupaten."),
    Form("child.die", "Catat meninggal", "Simpan", ("on", "place"), ("note",), kind="child"),
    Form("child.resolve-conflict", "Pilih hasil ukur", "Pakai hasil ini", ("on", "version"), kind="child"),
    Form("child.immunize", "Catat imunisasi", "Simpan imunisasi", ("on", "vaccine", "also", "batch", "site"),
         kind="child"),
    Form("child.copy-immunization-history", "Salin riwayat imunisasi", "Simpan riwayat", ("on", "source", "vaccines"),
         kind="child", words={"source": "Menurut"},
         hint="Centang semua yang tertulis sudah diberikan. Yang tidak dicentang akan dikejar."),
    Form("child.defer-immunization", "Tunda imunisasi", "Simpan", ("on", "vaccine", "reason", "until"), ("note",),
         kind="child"),
    Form("child.give-vitamin-a", "Beri vitamin A", "Simpan", ("on", "colour"), kind="child",
         hint="Biru untuk 6 sampai 11 bulan, merah untuk 12 sampai 59 bulan."),
    Form("child.miss-vitamin-a", "Vitamin A tidak diberikan", "Simpan", ("on", "reason"), kind="child"),
    Form("child.deworm", "Beri obat cacing", "Simpan", ("on", "mg"), kind="child",
         hint="200 mg untuk 12 sampai 23 bulan, 400 mg mulai 24 bulan."),
    Form("child.miss-deworming", "Obat cacing tidak diberikan", "Simpan", ("on", "reason"), kind="child"),
    Form("child.do-kpsp", "Catat KPSP", "Simpan KPSP", ("on", "months", "score"), kind="child"),
    Form("child.clear-risk", "Tidak berisiko lagi", "Simpan", ("on",), kind="child",
         hint="Tekan bila berat dan panjangnya sudah mengejar."),
)  # fmt: skip
