"""What happened in a desa, or in the puskesmas, kecamatan or kabupaten above it."""

from __future__ import annotations

from domain import desa
from domain.sentences.sentence import of


@of(desa.Registered, "Pendaftaran wilayah")
def _registered(event: desa.Registered, by: str) -> str:
    posyandu = f" dengan {len(event.posyandus)} posyandu" if event.posyandus else ""
    return f"Wilayah ini ikut program{posyandu}, dicatat {by}."
