"""What can be said of a row before anybody is asked: whether it may be taken, where it belongs, and its numbers."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from uuid import UUID

from msgspec import Struct
from uuid_utils.compat import uuid5

from domain import child, refusals
from domain.case import Envelope, Refused
from service.exchange.cells import Unclear
from service.exchange.placing import Places, Spot
from service.exchange.rows import BALITA_DAYS, OUTSIDE, Found, Outcome, Row, Stated, Titles, Unread


class Placed(Struct, frozen=True):
    """A row that may be taken, with its posyandu and its numbers."""

    row: Row
    spot: Spot
    child: UUID
    """Of the child, if it turns out to be nobody we know."""
    registers: UUID
    """Of the entry that registers it then."""
    measures: UUID


Sorted = Placed | Outcome | Titles | Stated


class Sorting:
    """Sorts the rows of one file. `key` keeps anybody from finding a child's number by guessing names."""

    def __init__(self, places: Places, key: bytes, today: date) -> None:
        self._places = places
        self._numbers = Numbers(key)
        self._today = today

    def sort(self, found: Iterable[Found]) -> Iterator[Sorted]:
        """Every row with its place and numbers, or already with its outcome; what is no row stays as it is."""
        for one in found:
            yield self._one(one) if isinstance(one, Row | Unread) else one

    def _one(self, row: Row | Unread) -> Placed | Outcome:
        if isinstance(row, Unread):
            return Outcome(row.line, "outside" if row.outside else "rejected", row.reason)
        if row.on <= self._today and (row.on - row.born).days >= BALITA_DAYS:
            return Outcome(row.line, "outside", OUTSIDE)
        try:
            spot = self._places.by_code(row.place) if isinstance(row.place, str) else self._places.find(row.place)
            check(row, spot, self._today)
        except Unclear as unclear:
            return Outcome(row.line, "rejected", str(unclear))
        except Refused as refused:
            return Outcome(row.line, "rejected", refusals.refusal(refused.code, refused.facts))
        return Placed(row, spot, *self._numbers.of(row, spot.posyandu))


def check(row: Row, spot: Spot, today: date) -> None:
    """Refuses what the domain will refuse, before a child is registered who then could not be measured."""
    facts = child.Registered(
        on=row.on, born=row.born, sex=row.sex, desa=spot.desa, posyandu=spot.posyandu, birth_kg=row.birth_kg,
        birth_cm=row.birth_cm, weeks=row.weeks,
    )  # fmt: skip
    child.check(None, facts, today, _NOBODY)
    if row.on < row.born:
        raise Refused("before-birth", on=row.on, born=row.born)
    child.check_measures(child.Measured(on=row.on, kg=row.kg, cm=row.cm, lila=row.lila))


_NOBODY: Envelope = None  # type: ignore[assignment]
"""Who registers plays no part in what a registration may say."""


class Numbers:
    """The numbers of children and entries that follow from what a file says, and from nothing else.

    Next month's file finds a child again by its number before any list knows of it. Two measurements of one child and
    day with different figures are two.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, row: Row, posyandu: str) -> tuple[UUID, UUID, UUID]:
        """Of the child, of the entry that registers it and of the one that measures it."""
        name, born, sex = plain(row.personal.name), row.born, row.sex
        measured = (name, born, sex, plain(row.personal.mother), posyandu, row.on, row.kg, row.cm, row.lying, row.lila)
        said = "\x1f".join(map(str, measured))
        return (
            self._number("\x1f".join(map(str, ("case", name, born, sex, posyandu)))),
            self._number(f"register\x1f{said}"),
            self._number(f"measure\x1f{said}"),
        )

    def _number(self, said: str) -> UUID:
        return uuid5(_SPACE, hmac.digest(self._key, said.encode(), "sha256").hex())


_SPACE = UUID("6d3b9a52-7f0e-5c1d-8a44-2b9e60f1c7d3")


def plain(name: str | None) -> str:
    """A name without spelling of case, accents and marks. It is part of numbers, so it may never change."""
    if not name:
        return ""
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _MARKS.sub("", name.upper())


_MARKS = re.compile(r"[^A-Z0-9]")
