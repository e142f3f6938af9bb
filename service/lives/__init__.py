"""Made-up lives for the demo: children who grow, falter and recover, mothers who are expecting, in one real kecamatan.

Every name is invented. The same seed and day give the same lives, so that what the guide says is there is there.
"""

from __future__ import annotations

from datetime import date

from domain.protocol import Book
from service.lives.children import Children
from service.lives.families import Families
from service.lives.kecamatan import (
    DESA,
    HOSPITAL,
    KECAMATAN,
    PUSKESMAS,
    SPACE,
    Entry,
    Teller,
    beginning,
    posyandu,
    session_day,
)
from service.lives.mothers import Mothers
from service.lives.places import Places

__all__ = [
    "DESA", "HOSPITAL", "KECAMATAN", "PUSKESMAS", "SPACE", "Entry", "Lives", "beginning", "posyandu", "session_day",
]  # fmt: skip


class Lives:
    """Makes up the lives of one kecamatan up to `today`."""

    def __init__(self, today: date, book: Book, seed: int = 3603, children: int = 24) -> None:
        teller = Teller(today, seed)
        self._children = Children(teller, book, children)
        self._mothers = Mothers(teller)
        self._families = Families(teller)
        self._places = Places(teller)

    def entries(self) -> list[Entry]:
        """Everything that was recorded of people, in the order in which the server heard of it."""
        told: list[Entry] = []
        for code, _, desa in posyandu():
            told += self._children.at(code, desa)
            told += self._mothers.at(code, desa)
            told += self._families.at(code, desa)
        return sorted(told, key=lambda e: e.at)

    def at_work(self, people: list[Entry]) -> list[Entry]:
        """What desa, puskesmas and kecamatan recorded of their own work, while that was recorded of people."""
        return sorted(self._places.told(people), key=lambda e: e.at)
