"""What happened to a family or a couple about to marry."""

from __future__ import annotations

from domain import family
from domain.sentences.sentence import of


@of(family.Registered, "Pendaftaran keluarga")
def _registered(_event: family.Registered, by: str) -> str:
    return f"Keluarga didaftar {by}."


@of(family.Identified, "Pembaruan identitas")
def _identified(_event: family.Identified, by: str) -> str:
    return f"Identitas keluarga dilengkapi {by}."
