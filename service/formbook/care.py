"""What is asked about children and mothers alike, and about tasks and cases."""

from __future__ import annotations

from service.formbook.form import Form

FORMS: tuple[Form, ...] = (
    Form("care.visit-home", "Kunjungan rumah", "Simpan kunjungan", ("on", "found", "action", "back"), ("note",)),
    Form("care.counsel", "Catat penyuluhan", "Simpan", ("on", "topic"), ("note",)),
    Form("care.assess", "Pemeriksaan", "Simpan pemeriksaan",
         ("on", "illness", "appetite", "complication", "red_flag", "diagnosis", "plan"), ("note",)),
    Form("care.start-plan", "Mulai rencana perawatan", "Simpan", ("on", "reason"), ("note",)),
    Form("care.review", "Tinjau kasus", "Simpan tinjauan", ("on", "decision"), ("note",)),
    Form("care.report-danger-sign", "Laporkan tanda bahaya", "Laporkan", ("on", "signs"), ("note",)),
    Form("care.admit", "Catat rawat inap", "Simpan", ("on", "until")),
    Form("pmt.decide-eligibility", "Putuskan PMT", "Simpan keputusan",
         ("on", "eligible", "reason", "days", "scheme", "funding"), ("note",), hidden=("cycle",)),
    Form("pmt.start", "Mulai PMT", "Mulai PMT", ("on", "kg", "consent"), hidden=("cycle",)),
    Form("pmt.give", "Beri PMT hari ini", "Simpan", ("on", "eaten", "menu"), hidden=("cycle",)),
    Form("pmt.miss", "PMT tidak diberikan", "Simpan", ("on", "reason"), ("note",), hidden=("cycle",)),
    Form("pmt.close-week", "Tutup minggu PMT", "Tutup minggu", ("on", "week", "follow_up"), hidden=("cycle",)),
    Form("pmt.stop", "Hentikan PMT", "Hentikan PMT", ("on", "reason"), ("note",), hidden=("cycle",)),
    Form("pmt.complete", "Nilai hasil PMT", "Simpan hasil", ("on", "outcome"), hidden=("cycle",)),
    Form("referral.create", "Rujuk", "Buat rujukan", ("on", "to", "reason", "urgent", "planned"), ("note",),
         hidden=("referral",)),
    Form("referral.accept", "Terima rujukan", "Terima", ("on", "planned"), ("note",), hidden=("referral",)),
    Form("referral.reject", "Tolak rujukan", "Tolak rujukan", ("on", "reason"), ("note",), hidden=("referral",)),
    Form("referral.arrive", "Pasien sudah tiba", "Simpan", ("on",), hidden=("referral",)),
    Form("referral.no-show", "Pasien tidak datang", "Simpan", ("on", "reason", "planned"), ("note",),
         hidden=("referral",)),
    Form("referral.cancel", "Batalkan rujukan", "Batalkan rujukan", ("on", "reason"), ("note",), hidden=("referral",)),
    Form("referral.counter-refer", "Rujuk balik", "Simpan rujuk balik", ("on", "diagnosis", "control"), ("note",),
         hidden=("referral",)),
    Form("referral.plan-follow-up", "Rencana tindak lanjut", "Simpan rencana", ("on", "visit"), ("note",),
         hidden=("referral",)),
    Form("referral.close", "Tutup rujukan", "Tutup rujukan", ("on", "result"), ("note",), hidden=("referral",)),
    Form("case.set-aside", "Tunda tugas", "Tunda", ("on", "reason", "until"), ("note",), hidden=("rule", "key"),
         every=True, hint="Menunda bukan mengerjakan: tugas kembali pada tanggal itu."),
    Form("case.reassign", "Alihkan tugas", "Alihkan", ("on", "desk", "reason"), ("note",), hidden=("rule", "key"),
         every=True, hint="Meja yang dipilih menjadi pemilik tugas ini."),
    Form("person.review-death", "Audit kematian", "Simpan", ("on", "whose", "avoidable"), ("note",)),
    Form("case.close", "Tutup kasus", "Tutup kasus", ("on", "reason"), ("note",)),
    Form("case.reopen", "Buka kembali kasus", "Buka kembali", ("on", "reason"), ("note",)),
)  # fmt: skip
