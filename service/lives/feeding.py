"""Made-up PMT: decided, given day by day, closed week by week, held beside the receipts, ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain import pmt
from service.lives.kecamatan import PUSKESMAS, Entry, Teller


class Feeding:
    """Who was fed already, and what is recorded of it."""

    def __init__(self, teller: Teller) -> None:
        self.tell = teller
        self._until: dict[UUID, date] = {}

    def had(self, case: UUID) -> bool:
        return case in self._until

    def runs(self, case: UUID, day: date) -> bool:
        return day <= self._until.get(case, date.min)

    def refused(self, case: UUID, day: date, reason: Any) -> Entry:
        """The TPG looked at it, and there is no cycle; its number is one that no cycle has."""
        no = pmt.DecidePmt(on=day, eligible=False, reason=reason, cycle=90)
        return self.tell.entry(day, 13, case, no, "puskesmas-tpg", PUSKESMAS)

    def fed(
        self, case: UUID, desa: str, posyandu: str, day: date, reason: Any, days: int, *, all_eaten: bool = False
    ) -> Iterator[Entry]:
        """One cycle, as far as it has come by today. `days` are those of the juknis, so the decision names none."""
        self._until[case] = day + timedelta(days=days + 1)
        decide = pmt.DecidePmt(on=day, eligible=True, reason=reason, cycle=1, funding="dana-desa")
        yield self.tell.entry(day, 13, case, decide, "puskesmas-tpg", PUSKESMAS)
        yield self.tell.entry(day, 15, case, pmt.StartPmt(on=day, cycle=1), "kader", posyandu)
        for number in range(days):
            on = day + timedelta(days=number)
            if on >= self.tell.today:
                break
            eaten = 100 if all_eaten else self.tell.dice.choice((50, 75, 100, 100))
            yield self.tell.entry(on, 16, case, pmt.GivePmt(on=on, cycle=1, eaten=eaten), "kader", posyandu)
        yield from self._weeks(case, desa, posyandu, day, days)
        ended = day + timedelta(days=days + 1)
        if ended < self.tell.today and self.tell.chance(0.95):
            complete = pmt.CompletePmt(on=ended, cycle=1, outcome="sembuh")
            yield self.tell.entry(ended, 9, case, complete, "puskesmas-tpg", PUSKESMAS)

    def _weeks(self, case: UUID, desa: str, posyandu: str, day: date, days: int) -> Iterator[Entry]:
        for week in range(1, days // 7 + 1):
            on = day + timedelta(days=week * 7)
            if on < self.tell.today:
                close = pmt.ClosePmtWeek(on=on, cycle=1, week=week)
                yield self.tell.entry(on, 17, case, close, "kader", posyandu)
            settled = on + timedelta(days=3)
            if settled < self.tell.today and self.tell.chance(0.97):
                same = pmt.ReconcilePmt(on=settled, cycle=1, week=week, planned=7, delivered=7, receipts=7)
                yield self.tell.entry(settled, 10, case, same, "desa", desa)
