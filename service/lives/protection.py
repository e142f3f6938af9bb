"""What protects made-up children: vaccines, vitamin A, deworming, KPSP, breast milk and food."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain import care, child, preventive
from domain.child import plus_months
from domain.protocol import Book
from domain.signs.preventive import DosesDue, KpspDue
from service.lives.kecamatan import Entry, Teller

# The juknis says when; here only how often it is done in time.
OFTEN = 0.94


class Protection:
    """What is done at each session for a child of its age, by the calendar of the juknis."""

    def __init__(self, teller: Teller, book: Book) -> None:
        doses, kpsp = book.protocol.rule("C29").when, book.protocol.rule("C24").when
        assert isinstance(doses, DosesDue) and isinstance(kpsp, KpspDue)
        self.tell = teller
        self._schedule = [(d.months, d.vaccine) for d in doses.schedule if d.vaccine != "JE"]
        self._kpsp_ages = kpsp.ages

    def always(self, case: UUID, born: date, posyandu: str, desa: str, sessions: list[date]) -> Iterator[Entry]:
        """A child for whom all was done in time."""
        return self._done(case, born, posyandu, desa, sessions, 1.0)

    def mostly(self, case: UUID, born: date, posyandu: str, desa: str, sessions: list[date]) -> Iterator[Entry]:
        """A child for whom most was done in time."""
        return self._done(case, born, posyandu, desa, sessions, OFTEN)

    def _done(
        self, case: UUID, born: date, posyandu: str, desa: str, sessions: list[date], often: float
    ) -> Iterator[Entry]:
        given: set[Any] = set()
        looked_at, again = 0, False
        for day in sessions:
            for command, role in self._at(born, day, given, first=day == sessions[0], often=often):
                yield self.tell.entry(day, 10, case, command, role, desa if role == "bidan" else posyandu)
            known = sessions[0] - timedelta(days=31)
            reached = [a for a in self._kpsp_ages if a > looked_at and known <= plus_months(born, a) <= day]
            if (reached or again) and self.tell.chance(often):
                looked_at = reached[-1] if reached else looked_at
                score = 10 if again or often == 1 else self.tell.dice.choices((10, 9, 8), (62, 35, 3))[0]
                again = score == 8
                kpsp = preventive.DoKpsp(on=day, months=looked_at, score=score)
                yield self.tell.entry(day, 10, case, kpsp, "kader", posyandu)

    def _at(self, born: date, day: date, given: set[Any], *, first: bool, often: float) -> Iterator[tuple[Any, Any]]:
        yield from self._doses(born, day, given, first=first, often=often)
        if day.month in (2, 8) and day >= plus_months(born, 6) and self.tell.chance(often):
            yield preventive.GiveVitaminA(on=day, colour="merah" if day >= plus_months(born, 12) else "biru"), "kader"
        if day.month in (4, 10) and day >= plus_months(born, 12) and self.tell.chance(often):
            yield preventive.Deworm(on=day, mg=400 if day >= plus_months(born, 24) else 200), "bidan"
        yield from self._food(born, day, often)

    def _doses(self, born: date, day: date, given: set[Any], *, first: bool, often: float) -> Iterator[tuple[Any, Any]]:
        due = [v for months, v in self._schedule if v not in given and plus_months(born, months) <= day]
        if first and due:
            if self.tell.chance(often):
                copied = tuple(v for v in due if self.tell.chance(0.995))
                given.update(due if often == 1 else copied)
                yield preventive.CopyImmunizationHistory(on=day, vaccines=tuple(given)), "kader"
            else:
                given.update(due)
            return
        if due and self.tell.chance(often):
            given.update(due)
            yield preventive.Immunize(on=day, vaccine=due[0], also=tuple(due[1:])), "bidan"

    def _food(self, born: date, day: date, often: float) -> Iterator[tuple[Any, Any]]:
        if not self.tell.chance(often):
            return
        if day < plus_months(born, 6):
            breast = "asi-saja" if often == 1 or self.tell.chance(0.9) else "asi-dan-lain"
            yield child.RecordFeeding(on=day, breast=breast), "kader"
            if breast != "asi-saja" and self.tell.chance(0.85):
                yield care.Counsel(on=day, topic="asi"), "bidan"
        elif day < plus_months(born, 24):
            groups = self.tell.dice.choices((7, 6, 5, 4), (25, 35, 30, 10))[0] if often < 1 else 6
            yield child.RecordFeeding(on=day, breast="asi-dan-lain", groups=groups), "kader"
            if groups < 5 and self.tell.chance(0.85):
                yield care.Counsel(on=day, topic="mpasi"), "bidan"
