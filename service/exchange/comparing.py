"""The z-scores that a file gives, held against ours of the same measurements: by puskesmas and month, for rule V10."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct

from domain import growth
from domain.figures import z
from domain.growth import Tables
from service.exchange.rows import Row
from service.exchange.sorting import Placed, Sorted

ROUNDING = 0.015
"""Two figures of two decimals can be so far apart and mean the same."""


class Compared(Struct, frozen=True):
    """The rows of a puskesmas and month that give z-scores."""

    rows: int = 0
    differing: int = 0
    widest: float = 0.0

    def __add__(self, other: Compared) -> Compared:
        return Compared(
            self.rows + other.rows, self.differing + other.differing, max(self.widest, other.widest)
        )  # fmt: skip


class Comparison:
    """Looks at the rows of one file as they go by."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.found: dict[tuple[str, date], Compared] = {}
        """By puskesmas and the first day of the month."""

    def watch(self, rows: Iterable[Sorted]) -> Iterator[Sorted]:
        """The same rows."""
        for row in rows:
            if isinstance(row, Placed) and row.row.reported:
                place = row.spot.puskesmas, row.row.on.replace(day=1)
                self.found[place] = self.found.get(place, Compared()) + self._compare(row.row)
            yield row

    def _compare(self, row: Row) -> Compared:
        age = (row.on - row.born).days
        ours = growth.z_scores(self._tables, row.sex, age, kg=row.kg, cm=row.cm, lying=row.lying)
        apart = [
            abs(theirs - own)
            for index, theirs in (row.reported or {}).items()
            if (own := getattr(ours, index)) is not None
        ]
        widest = max(apart, default=0.0)
        return Compared(1, int(widest > ROUNDING), round(widest, 2))

    def says(self) -> str:
        """How far file and program are apart; empty where they agree."""
        both = sum(self.found.values(), Compared())
        if not both.differing:
            return ""
        return f"Z-skor dalam berkas: {both.differing} dari {both.rows} baris berbeda, terbesar {z(both.widest)}."
