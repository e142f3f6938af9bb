"""What is asked about a desa and the units above it."""

from __future__ import annotations

from service.formbook.form import Form

FORMS: tuple[Form, ...] = ()
