"""The way of imported rows through the write door: who each row is about, its entries, and what became of them.

Importing the same file again records nothing twice: an entry's number follows from what its row says, and the number
of a child that nobody knew from its name, birthday, sex and posyandu.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Literal, Protocol
from uuid import UUID, uuid5

from msgspec import Struct

from domain import child, refusals
from domain.case import Command, Envelope, Refused
from service.exchange.cells import Unclear
from service.exchange.lines import Line
from service.exchange.placing import Places, Spot
from service.exchange.rows import BALITA_DAYS, OUTSIDE, Row, Unread
from service.handle import Answer, Submitted

BATCH = 250
"""Rows that share one look-up and one trip through the write door."""

What = Literal["new", "measured", "already", "rejected", "outside"]


class Outcome(Struct, frozen=True):
    """What became of one row. `says` is the reason, in Indonesian, where it was not taken."""

    line: Line
    what: What
    says: str = ""
    notes: tuple[str, ...] = ()


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

    @property
    def today(self) -> date: ...


class Planned(Struct, frozen=True):
    """A row with everything decided but the writing."""

    row: Row
    spot: Spot
    case: UUID
    entries: tuple[Submitted, ...]

    @property
    def begins(self) -> bool:
        return len(self.entries) > 1


class Intake:
    """Takes the rows of one file. `key` keeps anybody from finding a child's number by guessing names."""

    def __init__(self, door: Door, places: Places, key: bytes) -> None:
        self._door = door
        self._places = places
        self._numbers = Numbers(key)
        self._niks = _Niks()

    def take(self, found: Iterable[Row | Unread]) -> Iterator[Outcome]:
        """Every row gets its outcome, in the order of the file within each batch."""
        rows = iter(found)
        while batch := list(islice(rows, BATCH)):
            yield from self._batch(batch)

    def _batch(self, batch: Sequence[Row | Unread]) -> Iterator[Outcome]:
        outcomes: dict[int, Outcome] = {}
        placed: list[tuple[int, Row, Spot]] = []
        for index, row in enumerate(batch):
            spot = self._sort_out(row)
            if isinstance(spot, Outcome):
                outcomes[index] = spot
            elif isinstance(row, Row):
                placed.append((index, row, spot))
        planned: dict[int, Planned] = {}
        for index, plan in self._plan(placed):
            if isinstance(plan, Outcome):
                outcomes[index] = plan
            else:
                planned[index] = plan
        outcomes.update(self._write(planned))
        for index in range(len(batch)):
            yield outcomes[index]

    def _sort_out(self, row: Row | Unread) -> Outcome | Spot:
        """The posyandu of a row that may be taken; else why not."""
        if isinstance(row, Unread):
            return Outcome(row.line, "outside" if row.outside else "rejected", row.reason)
        if row.on <= self._door.today and (row.on - row.born).days >= BALITA_DAYS:
            return Outcome(row.line, "outside", OUTSIDE)
        try:
            spot = self._places.by_code(row.place) if isinstance(row.place, str) else self._places.find(row.place)
            check(row, spot, self._door.today)
        except Unclear as unclear:
            return Outcome(row.line, "rejected", str(unclear))
        except Refused as refused:
            return Outcome(row.line, "rejected", refusals.refusal(refused.code, refused.facts))
        return spot

    def _plan(self, placed: Sequence[tuple[int, Row, Spot]]) -> Iterator[tuple[int, Planned | Outcome]]:
        numbers = [self._numbers.entry("measure", row, spot.posyandu) for _, row, spot in placed]
        entered = self._door.entered(numbers)
        known = self._door.recognise([_wanted(row, spot) for _, row, spot in placed])
        cases = [self._case(row, spot, ids) for (_, row, spot), ids in zip(placed, known, strict=True)]
        begun = self._door.begun([case for case in cases if case is not None])
        for (index, row, spot), number, case, ids in zip(placed, numbers, cases, known, strict=True):
            if number in entered:
                yield index, Outcome(row.line, "already", notes=row.notes)
                continue
            if case is None:
                yield index, Outcome(row.line, "rejected", _AMBIGUOUS.format(count=len(ids)))
                continue
            entered.add(number)
            entries = [Submitted(entry=number, case=case, command=measurement(row), expects=None)]
            if case not in begun:
                begun.add(case)
                entries.insert(0, self._registers(row, spot, case))
            yield index, Planned(row, spot, case, tuple(entries))

    def _case(self, row: Row, spot: Spot, known: tuple[UUID, ...]) -> UUID | None:
        """Who the row is about; None where two or more known children answer to it and a person has to say."""
        own = self._numbers.case(row, spot.posyandu)
        if len(known) == 1:
            case = known[0]
        elif own in known or not known:
            case = self._niks.get(row) or own
        else:
            return None
        self._niks.put(row, case)
        return case

    def _registers(self, row: Row, spot: Spot, case: UUID) -> Submitted:
        entry = self._numbers.entry("register", row, spot.posyandu)
        return Submitted(entry=entry, case=case, command=registration(row, spot), expects=None)

    def _write(self, planned: dict[int, Planned]) -> dict[int, Outcome]:
        asked = [(entry, plan.spot.puskesmas) for plan in planned.values() for entry in plan.entries]
        answers = iter(self._door.submit(asked) if asked else ())
        return {index: _outcome(plan, [next(answers) for _ in plan.entries]) for index, plan in planned.items()}


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


def _wanted(row: Row, spot: Spot) -> Wanted:
    return Wanted(row.nik, row.mother_nik, row.personal.name or "", row.born, spot.posyandu)


def _outcome(plan: Planned, answers: Sequence[Answer]) -> Outcome:
    notes = plan.row.notes if plan.spot.note is None else (*plan.row.notes, plan.spot.note)
    failed = next((a for a in answers if a.outcome not in ("recorded", "already")), None)
    if failed is not None:
        says = failed.says or refusals.refusal(failed.code or "", failed.facts)
        return Outcome(plan.row.line, "rejected", says, notes)
    if answers[-1].outcome == "already":
        return Outcome(plan.row.line, "already", notes=notes)
    new = plan.begins and answers[0].outcome == "recorded"
    return Outcome(plan.row.line, "new" if new else "measured", notes=notes)


class Numbers:
    """The numbers of children and entries that follow from what a file says, and from nothing else."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.new(key, b"impor", hashlib.sha256).digest()

    def case(self, row: Row, posyandu: str) -> UUID:
        """The child: also next month's file finds it again, before any list knows of it."""
        return self._number("case", plain(row.personal.name), row.born, row.sex, posyandu)

    def entry(self, asks: str, row: Row, posyandu: str) -> UUID:
        """The measurement: two of one child and day with different figures are two."""
        who = (plain(row.personal.name), row.born, row.sex, plain(row.personal.mother), posyandu)
        return self._number(asks, *who, row.on, row.kg, row.cm, row.lying, row.lila)

    def _number(self, *said: object) -> UUID:
        text = "\x1f".join(str(s) for s in said)
        return uuid5(_SPACE, hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest())


_SPACE = UUID("6d3b9a52-7f0e-5c1d-8a44-2b9e60f1c7d3")


def plain(name: str | None) -> str:
    """A name without spelling of case, accents and marks. It is part of numbers, so it may never change."""
    if not name:
        return ""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    return _MARKS.sub("", letters)


_MARKS = re.compile(r"[^A-Z0-9]")


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
