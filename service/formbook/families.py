"""What is asked about a family."""

from __future__ import annotations

from service.formbook.form import Form

_HOUSEHOLD = ("name", "kk", "phone", "address", "rt", "rw")

FORMS: tuple[Form, ...] = (
    Form("family.register", "Daftarkan keluarga", "Daftarkan", ("on", "posyandu"), _HOUSEHOLD,
         kind="family", begins=True, hint="Tulis nama kepala keluarga."),
    Form("family.identify", "Perbarui identitas keluarga", "Simpan identitas", ("on",), _HOUSEHOLD, kind="family"),
    Form("family.register-couple", "Daftarkan calon pengantin", "Daftarkan", ("on", "posyandu", "wedding", "born"),
         ("name", "phone", "address", "rt", "rw"), kind="family", begins=True,
         hint="Tulis nama calon pengantin perempuan dan tanggal lahirnya."),
    Form("family.screen-couple", "Tapis calon pengantin", "Simpan penapisan",
         ("on", "kg", "cm", "lila", "hb", "smoker"), ("note",), kind="family", hint="Isi yang diukur saja."),
    Form("family.recheck-couple", "Periksa ulang calon pengantin", "Simpan",
         ("on", "kg", "lila", "hb", "advised_to_wait"), ("note",), kind="family"),
    Form("family.screen", "Tapis keluarga", "Simpan penapisan",
         ("on", "pregnant", "under_two", "under_five", "latrine", "water", "smoker", "jkn", "poor", "aid", "in_class",
          "too_many"), ("note",), families=True, hint="Isi yang diketahui saja."),
    Form("family.request-support", "Minta bantuan", "Simpan permintaan", ("on", "what", "of"), ("note",),
         hidden=("support",), families=True),
    Form("family.grant-support", "Catat bantuan diberikan", "Simpan", ("on", "support", "what", "source", "amount"),
         ("note",), families=True),
    Form("family.refuse-support", "Bantuan tidak dapat dipenuhi", "Simpan", ("on", "support", "reason"), ("note",),
         families=True),
    Form("family.close-support", "Tutup bantuan", "Simpan", ("on", "support", "what", "used"), ("note",),
         families=True),
    Form("family.join-class", "Catat ikut kelas", "Simpan", ("on", "which"), kind="family"),
)  # fmt: skip
