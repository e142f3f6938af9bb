"""Desks and units."""

from __future__ import annotations

CODES: dict[str, str] = {
    # desks
    "kader": "kader",
    "puskesmas-tpg": "petugas gizi puskesmas",
    "puskesmas-dr": "dokter puskesmas",
    "inspektorat": "inspektorat",
    # a unit
    "desa": "desa",
    "kecamatan": "kecamatan",
    "kabupaten": "kabupaten",
}
