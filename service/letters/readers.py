"""What a family takes along of who opened its data: a line for each day and post, and no officer's name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from msgspec import Struct

from domain import figures


class Opening(Struct, frozen=True):
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


HEAD = ("Hari", "Jabatan dan tempat", "Yang dibuka", "Alasan")


def readers_sheet(name: str, line: str, lines: Sequence[Opening], printed: str) -> Readers:
    """All that was opened, newest first. `printed` says when and by whom the page was."""
    rows = opened_by_day(lines)
    says = _SAYS if rows else "Belum ada yang membuka data ini."
    return Readers("Siapa yang membuka data keluarga ini", name, line, says, HEAD, rows, printed)


def opened_by_day(lines: Sequence[Opening]) -> tuple[tuple[str, ...], ...]:
    """A row for what one post opened on one day, under HEAD."""
    days = groupby(lines, key=lambda one: (one.on, one.role, one.unit, one.why))
    rows = []
    for (on, by, unit, why), found in days:
        what = ", ".join(dict.fromkeys(one.what for one in found))
        rows.append((figures.day(on), f"{by[:1].upper()}{by[1:]}, {unit}", what, why))
    return tuple(rows)


_SAYS = (
    "Setiap kali petugas membuka data keluarga ini, hal itu dicatat dan tidak dapat dihapus. "
    "Bila ada yang tidak wajar, tanyakan kepada puskesmas atau inspektorat."
)
