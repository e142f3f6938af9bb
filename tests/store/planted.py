"""Falsifications put among honest lives, one of each kind, each by a hand of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from domain import child, desa, pmt
from domain.case import Command, Personal, Role, zone
from domain.oversight import Doubt
from service import lives
from service.handle import Actor, Asked, Submitted
from service.lives import Entry
from tests.store.given import anything

CLOCK = zone("3603")
DESA, POSYANDU = "3603332003", "3603332003.02"
DAY = timedelta(days=1)
HANDS: dict[str, Doubt] = {
    "malam": "dicatat-malam",
    "sedetik": "satu-detik",
    "sama": "angka-sama",
    "tetap": "angka-tetap",
    "bulat": "berat-bulat",
    "papan": "tinggi-bulat",
    "terlambat": "banyak-terlambat",
    "pindah": "pmt-untuk-yang-pindah",
    "meninggal": "pmt-untuk-yang-meninggal",
    "kembar": "dua-pmt",
    "cocok": "dicocokkan-sendiri",
    "belanja": "dicocokkan-sendiri",
}
"""What each hand did, and what is to be asked about it."""


def planted(people: Sequence[Entry]) -> list[Asked]:
    """All of it, in October 2026 and the months before."""
    known = _children(people)
    return [
        *_night(known), *_second(known), *_same(known), *_steady(), *_round(known), *_late(known), *_gone("pindah"),
        *_gone("meninggal"), *_twice(), *_compared(), *_spending(),
    ]  # fmt: skip


def _children(people: Sequence[Entry]) -> list[UUID]:
    """Children who are here all the time and were born before September."""
    begun = {
        e.case for e in people if isinstance(e.command, child.Register) and e.command.born < date(2026, 6, 1)
        and e.at.date() < date(2026, 9, 1)
    }  # fmt: skip
    ended = {e.case for e in people if e.command.__struct_config__.tag in ("child.die", "child.move", "case.close")}
    return sorted(begun - ended)


def _asked(
    hand: str, at: datetime, case: UUID, command: Command, entry: UUID | None = None, role: Role = "kader"
) -> Asked:
    unit = POSYANDU if role == "kader" else DESA
    return Asked(Submitted(entry or uuid4(), case, command), Actor(hand, role, unit, anything), at)


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CLOCK)


def _night(known: Sequence[UUID]) -> Iterator[Asked]:
    for n, case in enumerate(known[:24]):
        on = date(2026, 10, 7 + n % 5)
        yield _asked("malam", _at(date(2026, 10, 13), 1, n), case, child.Measure(on=on, lila=14.1))


def _second(known: Sequence[UUID]) -> Iterator[Asked]:
    made = _at(date(2026, 10, 12), 14)
    for n, case in enumerate(known[:15]):
        entry = UUID(int=((int(made.timestamp() * 1000) + n) << 80) | (7 << 76) | (2 << 62) | n)
        yield _asked("sedetik", made, case, child.Measure(on=date(2026, 10, 6 + n % 5), lila=14.2), entry)


def _same(known: Sequence[UUID]) -> Iterator[Asked]:
    on = date(2026, 10, 20)
    for n, case in enumerate(known[:12]):
        yield _asked("sama", _at(on, 10, n), case, child.Measure(on=on, kg=9.5 if n < 9 else 8 + n / 7))


def _steady() -> Iterator[Asked]:
    case = uuid4()
    yield _born("tetap", case, date(2026, 6, 20))
    for month in (7, 8, 9, 10):
        on = date(2026, month, 5)
        yield _asked("tetap", _at(on, 10), case, child.Measure(on=on, kg=9.5, cm=78.0))


def _round(known: Sequence[UUID]) -> Iterator[Asked]:
    on = date(2026, 10, 15)
    for n, case in enumerate(known[:45]):
        kg = 7 + n % 9 + (0.5 if n % 3 == 0 else 0.3 if n % 11 == 5 else 0.0)
        yield _asked("bulat", _at(on, 11, n), case, child.Measure(on=on, kg=kg))
        cm = 70 + n % 20 + (0.5 if n % 3 == 0 else 0.3 if n % 11 == 5 else 0.0)
        yield _asked("papan", _at(on, 12, n), case, child.Measure(on=on, cm=cm))


def _late(known: Sequence[UUID]) -> Iterator[Asked]:
    for n, case in enumerate(known[:31]):
        on = date(2026, 10, 1 + n % 9)
        yield _asked("terlambat", _at(date(2026, 10, 28), 10, n), case, child.Measure(on=on, lila=14.3))


def _born(hand: str, case: UUID, on: date, nik: str | None = None) -> Asked:
    personal = Personal(name=hand, nik=nik)
    command = child.Register(on=on, born=date(2025, 3, 1), sex="P", desa=DESA, posyandu=POSYANDU, personal=personal)
    return _asked(f"daftar {hand}", _at(on, 9), case, command)


def _fed(hand: str, case: UUID, days: int, by: Role = "kader") -> Iterator[Asked]:
    """A cycle from 1 October of which the hand recorded so many portions."""
    begins = date(2026, 10, 1)
    decide = pmt.DecidePmt(on=begins, eligible=True, reason="tidak-naik", days=28, funding="dana-desa")
    yield _asked("gizi", _at(begins, 9), case, decide, role="puskesmas-tpg")
    yield _asked("mulai", _at(begins, 10), case, pmt.StartPmt(on=begins, cycle=1))
    for n in range(1, days + 1):
        on = begins + n * DAY
        yield _asked(hand, _at(on, 16), case, pmt.GivePmt(on=on, cycle=1, eaten=100), role=by)


def _gone(hand: str) -> Iterator[Asked]:
    case, left = uuid4(), date(2026, 10, 4)
    yield _born(hand, case, date(2026, 9, 1))
    yield from _fed(hand, case, 9)
    command: Any = child.Move(on=left) if hand == "pindah" else child.Die(on=left)
    yield _asked("bidan", _at(date(2026, 10, 14), 9), case, command, role="bidan")


def _twice() -> Iterator[Asked]:
    for n in range(2):
        case = uuid4()
        yield _born("kembar", case, date(2026, 9, 1 + n), "3603334103250777")
        yield from _fed("kembar" if n else "mula", case, 5)


def _compared() -> Iterator[Asked]:
    case = uuid4()
    yield _born("cocok", case, date(2026, 9, 1))
    yield from _fed("antar", case, 3)
    same = pmt.ReconcilePmt(on=date(2026, 10, 9), cycle=1, week=1, planned=7, delivered=7, receipts=7)
    yield _asked("cocok", _at(date(2026, 10, 9), 9), case, same, role="desa")
    for n in (5, 6):
        given = pmt.GivePmt(on=date(2026, 10, n), cycle=1, eaten=100)
        yield _asked("cocok", _at(date(2026, 10, 10), 9, n), case, given, role="desa")


def _spending() -> Iterator[Asked]:
    case, story, month = uuid4(), desa.number(DESA), date(2026, 10, 1)
    yield _born("belanja", case, date(2026, 9, 1))
    yield from _fed("belanja", case, 6, by="desa")
    spent = desa.RecordSpending(
        on=date(2026, 11, 2), month=month, funding="dana-desa", rupiah=90_000, portions=7, delivered=7
    )
    yield _asked("kas", _at(date(2026, 11, 2), 9), story, spent, role="desa")
    settled = desa.ReconcileSpending(
        on=date(2026, 11, 4), month=month, funding="dana-desa", result="catatan-dilengkapi"
    )
    yield _asked("belanja", _at(date(2026, 11, 4), 9), story, settled, role="desa")


def honest(people: Sequence[Entry]) -> list[Asked]:
    """The made-up lives, each post one hand."""
    return [
        Asked(
            Submitted(e.entry, e.case, e.command),
            Actor(str(uuid5(lives.SPACE, f"{e.role} {e.unit}")), e.role, e.unit, anything),
            e.at,
        )
        for e in people
    ]
