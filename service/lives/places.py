"""What the made-up desa, puskesmas and kecamatan did: sessions, meetings, months closed, money, supervision, audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from uuid import UUID, uuid5

from domain import child, desa, oversight
from domain.case import Command, Role
from domain.child import plus_months
from service.lives.kecamatan import (
    BUDI,
    DESA,
    KECAMATAN,
    PUSKESMAS,
    SPACE,
    Entry,
    Teller,
    beginning,
    months,
    posyandu,
    session,
)

DAY = timedelta(days=1)
BEHIND = "3603332006"
"""The desa that lags: its spending does not match, its months close late, no plan where few children come."""

_BUDGET: tuple[tuple[desa.Activity, int], ...] = (
    ("makanan-tambahan", 24_000_000), ("jamban", 15_000_000), ("air-bersih", 10_000_000), ("kader", 18_000_000),
    ("transportasi", 6_000_000),
)  # fmt: skip


class Places:
    """The offices of one kecamatan."""

    def __init__(self, teller: Teller) -> None:
        self.tell = teller
        self._past = [m for m in months(teller.today) if m < teller.today.replace(day=1)]

    def told(self, people: Sequence[Entry]) -> Iterator[Entry]:
        """What they recorded of their work; how many children came follows from what was recorded of these."""
        weighed, known = _counts(people)
        for code, _, of in posyandu():
            yield from self._sessions(code, of, weighed, known)
            yield from self._posyandu(code, of)
        for code, _ in DESA:
            yield from self._desa(code)
            yield from self._months(code, weighed, known)
        yield from self._kecamatan(people)
        yield from self._watched(people)

    def _entry(self, day: date, hour: int, unit: str, command: Command, role: Role, of: str) -> Entry:
        return self.tell.entry(day, hour, desa.number(unit), command, role, of)

    # A posyandu

    def _sessions(
        self, code: str, of: str, weighed: Counter[tuple[str, date]], known: dict[str, list[date]]
    ) -> Iterator[Entry]:
        for month in months(self.tell.today):
            day = session(code, month)
            if day >= self.tell.today:
                return
            came = weighed[code, month]
            registered = sum(on <= day for on in known[code])
            held = desa.HoldSession(on=day, posyandu=code, registered=max(registered, came), weighed=came, kader=5)
            yield self._entry(day, 13, of, held, "kader", code)
            if came < 0.85 * registered and of != BEHIND:
                plan = desa.RecordPlan(on=day + DAY, posyandu=code, steps=("sweeping", "kader"))
                if day + DAY < self.tell.today:
                    yield self._entry(day + DAY, 10, of, plan, "desa", of)

    def _posyandu(self, code: str, of: str) -> Iterator[Entry]:
        first = beginning(self.tell.today)
        yield self._entry(
            first + 10 * DAY, 9, of, desa.CountKader(on=first + 10 * DAY, posyandu=code, count=5), "bidan", of
        )
        trained = desa.TrainKader(on=first + 15 * DAY, posyandu=code, count=5, topic="pengukuran")
        yield self._entry(first + 15 * DAY, 9, of, trained, "bidan", of)
        for later in (20, 190):
            day = first + later * DAY
            if day < self.tell.today:
                fine = self.tell.chance(0.95)
                look = desa.CheckEquipment(on=day, posyandu=code, scale="baik", board="baik" if fine else "rusak")
                yield self._entry(day, 9, of, look, "puskesmas-tpg", PUSKESMAS)
        for month in self._past:
            if month.month % 3 == 2:
                day = session(code, month)
                visit = oversight.VisitToSupervise(on=day, visitors=("bidan", "puskesmas"), posyandu=code, remeasured=5)
                yield self._entry(day, 11, of, visit, "puskesmas-tpg", PUSKESMAS)

    # A desa

    def _desa(self, code: str) -> Iterator[Entry]:
        for month in self._past:
            day = month + 23 * DAY
            item = desa.ActionItem(id=uuid5(SPACE, f"{code} {month}"), what="sweeping", desk="desa", due=day + 14 * DAY)
            yield self._entry(day, 10, code, desa.HoldMeeting(on=day, items=(item,)), "desa", code)
            finished = day + 12 * DAY
            if finished < self.tell.today and self.tell.chance(0.9):
                yield self._entry(finished, 10, code, desa.FinishItem(on=finished, item=item.id), "desa", code)
            if month.month % 3 == 0:
                last = plus_months(month, 1) - 3 * DAY
                card = desa.SubmitScorecard(on=last, quarter=last)
                yield self._entry(last, 10, code, card, "desa", code)
            yield from self._year(code, month)

    def _year(self, code: str, month: date) -> Iterator[Entry]:
        """The rembuk in June, the plan in September, the budget in December."""
        day = month + 17 * DAY
        if month.month == 6:
            held = desa.HoldRembuk(on=day, year=month.year + 1, activities=("makanan-tambahan", "jamban", "kader"))
            yield self._entry(day, 9, code, held, "desa", code)
        if month.month in (9, 12):
            lines = tuple(desa.BudgetLine(what=what, rupiah=rupiah, funding="dana-desa") for what, rupiah in _BUDGET)
            document = "rkpdes" if month.month == 9 else "apbdes"
            plan = desa.RecordBudget(on=day, document=document, year=month.year + 1, lines=lines)
            yield self._entry(day, 10, code, plan, "desa", code)

    def _months(self, code: str, weighed: Counter[tuple[str, date]], known: dict[str, list[date]]) -> Iterator[Entry]:
        for month in self._past:
            day = plus_months(month, 1) + 3 * DAY
            if day >= self.tell.today or (code == BEHIND and month == self._past[-1]):
                return
            of = [p for p, _, d in posyandu() if d == code]
            registered = sum(on < day for p in of for on in known[p])
            came = min(registered, sum(weighed[p, month] for p in of))
            closed = desa.CloseMonth(
                on=day, month=month, registered=registered, with_book=registered, weighed=came, gained=came * 7 // 10,
                stunted=came // 9, underweight=came // 12, below_line=came // 40,
            )  # fmt: skip
            yield self._entry(day, 10, code, closed, "puskesmas-tpg", PUSKESMAS)

    # The kecamatan, and who watches

    def _kecamatan(self, people: Sequence[Entry]) -> Iterator[Entry]:
        for month in self._past:
            day = month + 26 * DAY
            yield self._entry(day, 10, KECAMATAN, desa.HoldMeeting(on=day), "kecamatan", KECAMATAN)
            if month.month in (5, 10):
                stunted = [e.case for e in people if isinstance(e.command, child.ConfirmStatus)]
                chosen = self.tell.dice.choice(stunted or [people[0].case])
                audit = oversight.SelectAuditCase(on=day, semester=month, audited=chosen, who="balita")
                yield self._entry(day, 11, KECAMATAN, audit, "kecamatan", KECAMATAN)
                yield from self._audited(chosen, day + 5 * DAY)

    def _audited(self, chosen: UUID, day: date) -> Iterator[Entry]:
        """What the audit of one case asks of the desa; the older one is done with."""
        money, near = uuid5(chosen, f"jamban {day}"), uuid5(chosen, f"pendampingan {day}")
        lines = (
            oversight.AuditLine(id=money, what="jamban", funding="dana-desa", due=day + 60 * DAY),
            oversight.AuditLine(id=near, what="pendampingan", due=day + 21 * DAY),
        )
        if day >= self.tell.today:
            return
        finding = oversight.RecordFinding(on=day, audited=chosen, lines=lines)
        yield self._entry(day, 10, BUDI[:10], finding, "kecamatan", KECAMATAN)
        for line in lines:
            done = (line.due or day) - 4 * DAY
            if done < self.tell.today:
                finish = oversight.FinishAuditLine(on=done, line=line.id)
                yield self._entry(done, 10, BUDI[:10], finish, "desa", BUDI[:10])

    def _watched(self, people: Sequence[Entry]) -> Iterator[Entry]:
        """Portions paid for and not recorded, weights that are all the same, and proof the inspectorate asks for."""
        month, today = self._past[-2], self.tell.today
        spent = desa.RecordSpending(
            on=month + 33 * DAY, month=month, funding="dana-desa", rupiah=9_000_000, portions=600, delivered=540
        )
        yield self._entry(spent.on, 10, BEHIND, spent, "desa", BEHIND)
        on = today - 4 * DAY
        same = next(code for code, _, of in posyandu() if of == BEHIND)
        cases = tuple(dict.fromkeys(e.case for e in people if e.unit == same))[:3]
        flag = oversight.RaiseFlag(
            on=on, flag=uuid5(SPACE, "angka-sama"), pattern="angka-sama", posyandu=same, cases=cases
        )
        yield self._entry(on, 10, BEHIND, flag, "puskesmas-tpg", PUSKESMAS)
        asked = oversight.RequestEvidence(
            on=on, request=uuid5(SPACE, "bukti"), what=("makanan-tambahan",), letter="700/123-Insp",
            first=month, last=plus_months(month, 1) - DAY,
        )  # fmt: skip
        yield self._entry(on, 11, BUDI[:10], asked, "inspektorat", "3603")


def _counts(people: Sequence[Entry]) -> tuple[Counter[tuple[str, date]], dict[str, list[date]]]:
    """How many children were weighed at a posyandu in a month, and when each child was registered there."""
    weighed = Counter((e.unit, e.command.on.replace(day=1)) for e in people if isinstance(e.command, child.Measure))
    known: dict[str, list[date]] = {code: [] for code, _, _ in posyandu()}
    for e in people:
        if isinstance(e.command, child.Register):
            known[e.command.posyandu].append(e.command.on)
    return weighed, known
