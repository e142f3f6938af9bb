"""The way of imported rows through the write door: who each row is about, its entries, and what became of them.

Importing the same file again records nothing twice: an entry's number follows from what its row says, and the number
of a child that nobody knew from its name, birthday, sex and posyandu.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain import child, refusals
from domain.case import Command
from service.exchange.placing import Spot
from service.exchange.rows import Outcome, Row
from service.exchange.sorting import Placed
from service.handle import Answer, Submitted

BATCH = 250
"""Rows that share one look-up and one trip through the write door."""


class Wanted(Struct, frozen=True):
    """Somebody to be recognised among those we know."""

    nik: str | None
    mother_nik: str | None
    name: str
    born: date
    posyandu: str


class Door(Protocol):
    """What an import needs of a kabupaten."""

    def recognise(self, wanted: Sequence[Wanted]) -> Sequence[tuple[UUID, ...]]:
        """For each, the cases it may be, by the strongest ground that finds any."""
        ...

    def begun(self, cases: Sequence[UUID]) -> set[UUID]:
        """Those that have a story."""
        ...

    def entered(self, entries: Sequence[UUID]) -> set[UUID]:
        """Those that were recorded before."""
        ...

    def submit(self, entries: Sequence[tuple[Submitted, str]]) -> Sequence[Answer]:
        """Each entry with the puskesmas that answers for it."""
        ...


class Planned(Struct, frozen=True):
    """A row with everything decided but the writing."""

    placed: Placed
    entries: tuple[Submitted, ...]

    @property
    def begins(self) -> bool:
        return len(self.entries) > 1

    @property
    def case(self) -> UUID:
        return self.entries[0].case


class Intake:
    """Takes the sorted rows of one file."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._niks = _Niks()
        self.puskesmas: Counter[str] = Counter()
        """How many rows of the file were of each puskesmas."""

    def take(self, rows: Iterable[Placed | Outcome]) -> Iterator[Outcome]:
        """Every row gets its outcome, in the order of the file within each batch.

        A batch is written while the next one is planned: PostgreSQL works beside us, not in turn with us.
        """
        rows = iter(rows)
        with ThreadPoolExecutor(1) as hand:
            flight = _Flight({})
            while True:
                try:
                    batch = list(islice(rows, BATCH))
                except Exception:  # the file ends here; what is under way is recorded all the same
                    yield from flight.told()
                    raise
                found = self._planned(batch, flight) if batch else {}
                yield from flight.told()
                if not batch:
                    return
                if flight.failed() & {plan.case for plan in _plans(found)}:
                    found = self._planned(batch, _Flight({}))  # it rested on what was not recorded after all
                self.puskesmas.update(plan.placed.spot.puskesmas for plan in _plans(found))
                asked = [(entry, plan.placed.spot.puskesmas) for plan in _plans(found) for entry in plan.entries]
                flight = _Flight(found, hand.submit(self._door.submit, asked) if asked else None)

    def _planned(self, batch: Sequence[Placed | Outcome], flight: _Flight) -> dict[int, Planned | Outcome]:
        found: dict[int, Planned | Outcome] = {i: row for i, row in enumerate(batch) if isinstance(row, Outcome)}
        placed = [(i, row) for i, row in enumerate(batch) if isinstance(row, Placed)]
        found.update(self._plan(placed, flight))
        return found

    def _plan(self, placed: Sequence[tuple[int, Placed]], flight: _Flight) -> Iterator[tuple[int, Planned | Outcome]]:
        entered = self._door.entered([one.measures for _, one in placed])
        known = self._door.recognise([_wanted(one) for _, one in placed])
        cases = [self._case(one, ids) for (_, one), ids in zip(placed, known, strict=True)]
        begun = self._door.begun([case for case in cases if case is not None])
        entered |= {plan.placed.measures for plan in _plans(flight.found)}
        begun |= {plan.case for plan in _plans(flight.found)}
        for (index, one), case, ids in zip(placed, cases, known, strict=True):
            if one.measures in entered:
                yield index, Outcome(one.row.line, "already", notes=one.row.notes)
                continue
            if case is None:
                yield index, Outcome(one.row.line, "rejected", _AMBIGUOUS.format(count=len(ids)))
                continue
            entered.add(one.measures)
            entries: tuple[Submitted, ...] = (Submitted(entry=one.measures, case=case, command=measurement(one.row)),)
            if case not in begun:
                begun.add(case)
                registers = Submitted(entry=one.registers, case=case, command=registration(one.row, one.spot))
                entries = (registers, *entries)
            yield index, Planned(one, entries)

    def _case(self, placed: Placed, known: tuple[UUID, ...]) -> UUID | None:
        """Who the row is about; None where two or more known children answer to it and a person has to say."""
        if len(known) == 1:
            case = known[0]
        elif placed.child in known or not known:
            case = self._niks.get(placed.row) or placed.child
        else:
            return None
        self._niks.put(placed.row, case)
        return case


class _Flight:
    """A batch whose entries are being written."""

    def __init__(self, found: Mapping[int, Planned | Outcome], answers: Future[Sequence[Answer]] | None = None) -> None:
        self.found = found
        self._future = answers

    @cached_property
    def _answers(self) -> dict[int, list[Answer]]:
        answers = iter(self._future.result() if self._future is not None else ())
        planned = ((i, plan) for i, plan in sorted(self.found.items()) if isinstance(plan, Planned))
        return {i: [next(answers) for _ in plan.entries] for i, plan in planned}

    def told(self) -> Iterator[Outcome]:
        """The outcomes, in the order of the file, as soon as it is written."""
        for index in sorted(self.found):
            plan = self.found[index]
            yield plan if isinstance(plan, Outcome) else _outcome(plan, self._answers[index])

    def failed(self) -> set[UUID]:
        """The cases of which something was not recorded."""
        return {
            plan.case
            for i, plan in self.found.items()
            if isinstance(plan, Planned) and any(a.outcome not in ("recorded", "already") for a in self._answers[i])
        }


def _plans(found: Mapping[int, Planned | Outcome]) -> list[Planned]:
    return [plan for _, plan in sorted(found.items()) if isinstance(plan, Planned)]


_AMBIGUOUS = "Cocok dengan {count} anak yang sudah terdaftar. Gabungkan dulu atau isi NIK, lalu impor lagi."


def registration(row: Row, spot: Spot) -> Command:
    """The child as the file knows it, registered on the day it was first measured."""
    command: Command = child.Register(
        on=row.on,
        born=row.born,
        sex=row.sex,
        desa=spot.desa,
        posyandu=spot.posyandu,
        born_from="impor",
        birth_kg=row.birth_kg,
        birth_cm=row.birth_cm,
        weeks=row.weeks,
        nik_doubtful=row.nik_doubtful,
        personal=row.personal,
    )
    return command


def measurement(row: Row) -> Command:
    command: Command = child.Measure(
        on=row.on, kg=row.kg, cm=row.cm, lying=row.lying, lila=row.lila, context="impor", reported=row.reported
    )
    return command


def _wanted(placed: Placed) -> Wanted:
    row = placed.row
    return Wanted(row.nik, row.mother_nik, row.personal.name or "", row.born, placed.spot.posyandu)


def _outcome(plan: Planned, answers: Sequence[Answer]) -> Outcome:
    row, spot = plan.placed.row, plan.placed.spot
    notes = row.notes if spot.note is None else (*row.notes, spot.note)
    failed = next((a for a in answers if a.outcome not in ("recorded", "already")), None)
    if failed is not None:
        says = failed.says or refusals.refusal(failed.code or "", failed.facts)
        return Outcome(row.line, "rejected", says, notes)
    if answers[-1].outcome == "already":
        return Outcome(row.line, "already", notes=notes)
    new = plan.begins and answers[0].outcome == "recorded"
    return Outcome(row.line, "new" if new else "measured", notes=notes)


class _Niks:
    """The newest children of this file by NIK and birthday: the lists learn of them only after the import.

    Families write one NIK for two children; so the birthday has to agree.
    """

    MOST = 50_000

    def __init__(self) -> None:
        self._cases: OrderedDict[tuple[str, date], UUID] = OrderedDict()

    def get(self, row: Row) -> UUID | None:
        return None if row.nik is None else self._cases.get((row.nik, row.born))

    def put(self, row: Row, case: UUID) -> None:
        if row.nik is None:
            return
        self._cases[row.nik, row.born] = case
        if len(self._cases) > self.MOST:
            self._cases.popitem(last=False)
