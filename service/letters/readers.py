"""What a family takes along of who opened its data: a line for each day and post, and no officer's name."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby

from msgspec import Struct

from domain import figures


class Looked(Struct, frozen=True):
    """One opening of a record, in words."""

    on: date
    at: str
    role: str
    unit: str
    what: str
    why: str


class Readers(Struct, frozen=True):
    """The page as it is printed."""

    title: str
    name: str
    line: str
    says: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: str


def readers_sheet(name: str, line: str, lines: tuple[Looked, ...], at: datetime, role: str) -> Readers:
    """All that was opened, newest first; what one post opened on one day stands together."""
    days = groupby(lines, key=lambda one: (one.on, one.role, one.unit, one.why))
    rows = []
    for (on, by, unit, why), found in days:
        what = ", ".join(dict.fromkeys(one.what for one in found))
        rows.append((figures.day(on), f"{by[:1].upper()}{by[1:]}, {unit}", what, why))
    return Readers(
        "Siapa yang membuka data keluarga ini",
        name,
        line,
        _SAYS if rows else "Belum ada yang membuka data ini.",
        ("Hari", "Jabatan dan tempat", "Yang dibuka", "Alasan"),
        tuple(rows),
        f"Dicetak {figures.day(at.date())} pukul {at:%H.%M} oleh {role}.",
    )


_SAYS = (
    "Setiap kali petugas membuka data keluarga ini, hal itu dicatat dan tidak dapat dihapus. "
    "Bila ada yang tidak wajar, tanyakan kepada puskesmas atau inspektorat."
)
