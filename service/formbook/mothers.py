"""What is asked about a mother."""

from __future__ import annotations

from service.formbook.form import Form

_MOTHER = ("name", "nik", "kk", "father", "phone", "address", "rt", "rw")

FORMS: tuple[Form, ...] = (
    Form("pregnancy.register", "Daftarkan ibu hamil", "Daftarkan",
         ("on", "posyandu", "hpht", "dated_by", "due", "gravida", "para", "abortus", "born", "height", "weight_before",
          "last_birth"),
         _MOTHER, kind="pregnancy", begins=True, hint="Isi HPHT, atau perkiraan lahir dari USG."),
    Form("pregnancy.report", "Laporkan ibu hamil", "Laporkan", ("on", "posyandu"), ("name", "address", "phone", "note"),
         kind="pregnancy", begins=True, hint="Untuk ibu yang diketahui hamil, tetapi datanya belum lengkap."),
    Form("pregnancy.identify", "Perbarui identitas ibu", "Simpan identitas", ("on",), _MOTHER, kind="pregnancy"),
    Form("pregnancy.record-antenatal-visit", "Catat periksa hamil", "Simpan", ("on", "by", "place", "usg"),
         kind="pregnancy"),
    Form("pregnancy.measure", "Ukur ibu hamil", "Simpan ukuran",
         ("on", "kg", "lila", "systolic", "diastolic", "fundus", "heartbeat", "presentation"), kind="pregnancy",
         hint="Isi yang diukur saja."),
    Form("pregnancy.resolve-conflict", "Pilih hasil ukur", "Pakai hasil ini", ("on", "version"), kind="pregnancy"),
    Form("pregnancy.record-lab-result", "Catat hasil laboratorium", "Simpan hasil", ("on", "test", "value", "result"),
         kind="pregnancy"),
    Form("pregnancy.give-tablets", "Beri tablet", "Simpan", ("on", "kind", "count", "taken"), kind="pregnancy"),
    Form("pregnancy.record-outcome", "Catat persalinan", "Simpan persalinan",
         ("on", "outcome", "alive", "stillborn", "children", "weeks", "place", "helper", "hour"), kind="pregnancy",
         hint="Setiap bayi hidup langsung didaftarkan sebagai balita."),
    Form("pregnancy.register-newborns", "Daftarkan bayi", "Daftarkan bayi", ("on", "children"), kind="pregnancy"),
    Form("pregnancy.record-postnatal-visit", "Catat kunjungan nifas", "Simpan", ("on", "by"), kind="pregnancy"),
    Form("pregnancy.give-vitamin-a", "Beri vitamin A nifas", "Simpan", ("on", "capsules"), kind="pregnancy"),
    Form("pregnancy.start-kb", "Catat KB sesudah melahirkan", "Simpan", ("on", "method", "reason"), ("note",),
         kind="pregnancy", hint="Isi cara KB, atau alasan belum memakai KB."),
    Form("pregnancy.record-mothers-death", "Catat ibu meninggal", "Simpan", ("on", "place"), ("note",),
         kind="pregnancy"),
    Form("pregnancy.score-risk", "Nilai risiko (KSPR)", "Simpan penilaian", ("on", "factors"), kind="pregnancy",
         hint="Centang yang ada; skornya dihitung sendiri."),
    Form("pregnancy.plan-birth", "Rencana persalinan (P4K)", "Simpan rencana",
         ("on", "place", "helper", "transport", "donor", "jkn", "companion"), ("note",), kind="pregnancy"),
    Form("pregnancy.check-tetanus", "Catat status tetanus (Td)", "Simpan", ("on", "protection", "vaccinated"),
         kind="pregnancy"),
    Form("pregnancy.attend-class", "Catat kelas ibu hamil", "Simpan", ("on", "husband"), kind="pregnancy"),
)  # fmt: skip
