"""What is asked about a desa and the units above it."""

from __future__ import annotations

from service.formbook.form import Form


def _form(
    tag: str, title: str, button: str, *fields: str, note: bool = False, hidden: tuple[str, ...] = (), hint: str = ""
) -> Form:
    personal = ("note",) if note else ()
    return Form(tag, title, button, ("on", *fields), personal, hidden=hidden, kind="desa", hint=hint)


FORMS: tuple[Form, ...] = (
    _form("desa.hold-session", "Catat sesi posyandu", "Simpan sesi",
          "posyandu", "registered", "weighed", "gained", "kader"),
    _form("desa.cancel-session", "Sesi posyandu tidak jadi", "Simpan", "posyandu", "reason", "moved_to", note=True),
    _form("desa.record-plan", "Rencana menaikkan kehadiran", "Simpan rencana", "posyandu", "steps", "by", note=True),
    _form("desa.hold-meeting", "Catat rapat TPPS", "Simpan rapat", "items", note=True,
          hint="Jangan menulis nama orang di tindak lanjut. Yang perlu nama ditulis di catatan."),
    _form("desa.finish-item", "Tindak lanjut rapat selesai", "Simpan", "item", note=True),
    _form("desa.hold-rembuk", "Catat rembuk stunting", "Simpan rembuk", "year", "activities", note=True,
          hint="Tahun yang direncanakan. Tulis pokok berita acara di catatan."),
    _form("desa.record-budget", "Catat anggaran stunting", "Simpan anggaran", "document", "year", "lines"),
    _form("desa.submit-scorecard", "Scorecard dan eHDW sudah dikirim", "Simpan", "quarter"),
    _form("desa.count-kader", "Catat jumlah kader", "Simpan", "posyandu", "count"),
    _form("desa.train-kader", "Catat pelatihan kader", "Simpan", "posyandu", "count", "topic"),
    _form("desa.check-equipment", "Periksa alat posyandu", "Simpan", "posyandu", "scale", "board"),
    _form("desa.close-month", "Tutup data bulanan", "Tutup bulan", "month", "registered", "with_book", "weighed",
          "gained", "stunted", "underweight", "below_line"),
    _form("desa.record-spending", "Catat belanja PMT", "Simpan belanja",
          "month", "funding", "rupiah", "portions", "delivered"),
    _form("desa.reconcile-spending", "Cocokkan belanja PMT", "Simpan", "month", "funding", "result", note=True),
    _form("desa.plan-menu", "Rencanakan menu PMT", "Simpan menu", "monday", "menu"),
    _form("desa.approve-menu", "Setujui menu PMT", "Setujui", "monday", "menu",
          hint="Isi menu hanya bila diubah."),
    _form("desa.report-incident", "Laporkan sakit sesudah PMT", "Laporkan",
          "posyandu", "people", "severe", "menu", "batch", note=True, hidden=("incident",)),
    _form("desa.close-incident", "Kejadian PMT selesai ditangani", "Simpan",
          "incident", "cause", "sample", "stopped", note=True),
    _form("desa.visit-to-supervise", "Catat kunjungan supervisi", "Simpan kunjungan",
          "visitors", "posyandu", "remeasured", note=True),
    _form("desa.count-workload", "Hitung beban satu meja", "Simpan hitungan", "desk", "unit", "open", "late"),
    _form("desa.share-work", "Bagi tugas", "Simpan rencana", "desk", "unit", "how", note=True),
    _form("desa.select-audit-case", "Pilih kasus audit", "Pilih kasus", "semester", "audited", "who",
          hint="Nomor kasus ada di alamat halaman kasusnya."),
    _form("desa.record-finding", "Catat temuan audit", "Simpan temuan", "lines", note=True),
    _form("desa.finish-audit-line", "Tindak lanjut audit selesai", "Simpan", "line", note=True),
    _form("desa.explain", "Beri penjelasan", "Simpan penjelasan", "reason", note=True, hidden=("rule", "key")),
    _form("desa.request-evidence", "Minta bukti", "Minta bukti",
          "what", "letter", "first", "last", hidden=("request",)),
    _form("desa.provide-evidence", "Serahkan bukti", "Simpan", "request", "digest"),
    _form("desa.compare-export", "Bandingkan dengan e-PPGBM", "Simpan", "month", "rows", "differing", "widest"),
    _form("desa.resolve-difference", "Selisih data selesai", "Simpan", "month", "how", note=True),
    _form("desa.reject-import-rows", "Catat baris impor yang ditolak", "Simpan", "file", "rows"),
    _form("desa.resolve-import-rows", "Selesaikan baris impor", "Simpan", "file", "rows", "how", note=True),
    _form("desa.detect-breach", "Laporkan HP hilang atau data bocor", "Laporkan",
          "what", "people", note=True, hidden=("breach",)),
    _form("desa.notify-breach", "Penanganan data bocor", "Simpan", "breach", "revoked", "subjects", "authority"),
    _form("desa.say-officer-left", "Petugas berhenti atau pindah", "Simpan", "desk", note=True, hidden=("leaving",)),
    _form("desa.review-access", "Periksa akses petugas yang berhenti", "Simpan", "leaving", "ended", "handed"),
    Form("desa.raise-flag", "Ajukan pertanyaan tentang data", "Ajukan", ("on", "pattern", "posyandu"), hidden=("flag",),
         kind="desa"),
    Form("desa.resolve-flag", "Jawab pertanyaan tentang data", "Simpan hasil", ("on", "flag", "finding"),
         kind="desa", hint="Diperiksa dengan bukti oleh orang yang tidak bersangkutan."),
)  # fmt: skip
