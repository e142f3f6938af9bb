"""What is asked about a family."""

from __future__ import annotations

from service.formbook.form import Form

_HOUSEHOLD = ("name", "kk", "phone", "address", "rt", "rw")

FORMS: tuple[Form, ...] = (
    Form("family.register", "Daftarkan keluarga", "Daftarkan", ("on", "posyandu"), _HOUSEHOLD,
         kind="family", begins=True, hint="Tulis nama kepala keluarga."),
    Form("family.identify", "Perbarui identitas keluarga", "Simpan identitas", ("on",), _HOUSEHOLD, kind="family"),
)  # fmt: skip
