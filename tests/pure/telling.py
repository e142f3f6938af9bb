"""Tells a story command by command, as the write door does, and asks what is owed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from functools import cache
from typing import Any
from uuid import UUID, uuid5

import msgspec

from domain import stories
from domain.case import Elsewhere, Envelope, Recorded, zone
from domain.protocol import Book, Obligation, obligations
from service.juknis import Juknis, read_juknis
from service.settings import root

WIB = zone("36")
CASE = UUID("6f1f9a54-3c5e-4e7f-9a53-0d1c4d0a5e01")
PLACE = {"desa": "3603332001", "posyandu": "3603332001.01"}


@cache
def juknis() -> Juknis:
    return read_juknis(root() / "juknis")


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime.combine(day(text), time(hour, minute, second), WIB)


class Telling:
    """One case. Each line is heard at ten o'clock of its day, unless `heard` says otherwise."""

    def __init__(self) -> None:
        self.story: tuple[Recorded, ...] = ()

    def told(self, on: str, who: str, do: str, *, heard: datetime | None = None, **fields: Any) -> Telling:
        role, _, name = who.partition(" ")
        by = Envelope(
            recorded_at=heard or at(on, 10),
            actor=name or role,
            role=msgspec.convert(role, stories.case.Role),
            unit="3603RS01" if role == "rs" else "3603332001",
            entry=uuid5(CASE, str(len(self.story))),
            edition="2025",
        )
        command = stories.command(msgspec.json.encode({"do": do, "on": on, **fields}))
        today = by.recorded_at.astimezone(WIB).date()
        for event in stories.decide(CASE, self.story, stories.fold(self.story), command, today, by):
            if not isinstance(event, Elsewhere):
                self.story = (*self.story, Recorded(CASE, len(self.story) + 1, event, by))
        return self

    def owed(self, book: Book | None = None) -> tuple[Obligation, ...]:
        book = book or juknis().book(date(2025, 6, 1))
        case = stories.fold(self.story)
        assert case is not None
        return obligations(case, book.chart(case), book)

    def of(self, rule: str) -> Obligation | None:
        """The one task of that rule; None where there is none."""
        found = list(self.all_of(rule))
        assert len(found) < 2, f"{rule} more than once: {[o.key for o in found]}"
        return found[0] if found else None

    def must(self, rule: str) -> Obligation:
        found = self.of(rule)
        assert found is not None, f"{rule} is not owed; owed are {sorted(o.rule for o in self.owed())}"
        return found

    def all_of(self, rule: str) -> Iterator[Obligation]:
        return (o for o in self.owed() if o.rule == rule and (o.until is None or o.opens < o.until))


def child(born: str = "2024-06-02", sex: str = "L", on: str = "2025-01-05", **fields: Any) -> Telling:
    """Budi, registered by kader Ani."""
    return Telling().told(on, "kader Ani", "child.register", born=born, sex=sex, **PLACE, **fields)


def weighed(born: str, *weights: tuple[str, float], sex: str = "L") -> Telling:
    budi = child(born, sex, weights[0][0])
    for on, kg in weights:
        budi.told(on, "kader Ani", "child.measure", kg=kg)
    return budi


def mother(hpht: str = "2025-01-06", on: str = "2025-02-10") -> Telling:
    """Ibu Sari, registered by kader Ani."""
    return Telling().told(on, "kader Ani", "pregnancy.register", hpht=hpht, **PLACE)
