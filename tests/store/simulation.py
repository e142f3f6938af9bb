"""A long simulation: two desa for months through the real write path, with all that makes a story change its mind.

Every evening the lists of all desks are photographed as they stand on the screens.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec
import psycopg
from msgspec.structs import replace
from psycopg.sql import SQL, Identifier

from domain import case, child, person, pregnancy, stories
from domain.case import Corrected, Retracted, Role
from domain.child import Child
from domain.protocol import Book, edition_on
from projections import log, queue
from projections.follow import Followed
from service import demo, following, lives
from service.accounts import Accounts
from service.beginnings import begin_units
from service.handle import Actor, Answer, Asked, Submitted, record
from service.juknis import Edition, Juknis
from service.lives import Entry, Lives
from service.sealing import Sealing
from service.store import Store
from service.tenants import Tenant
from tests.store.given import MASTER_KEY

DESA = ("3603332001", "3603332002")
POSYANDU = tuple(f"{desa}.{n:02}" for desa in DESA for n in (1, 2, 3))
TODAY = date(2025, 8, 29)
FIRST = date(2025, 7, 10)
"""The first evening that is photographed; what was before is recorded at once."""
NEW_EDITION, NEW_DAY = date(2025, 8, 1), date(2025, 7, 18)
MOVED_SESSION = POSYANDU[0]
DESKS: tuple[Role, ...] = (
    "kader", "bidan", "desa", "puskesmas-tpg", "puskesmas-dr", "kecamatan", "kabupaten", "inspektorat", "rs",
)  # fmt: skip
SPACE = UUID("3d0f6b52-5c1e-4a55-9d7f-3a0c5b0d6a11")
EVERYTHING = 100_000


class Photograph(NamedTuple):
    """A desk's list of one desa, or of one posyandu, as it stood on an evening."""

    evening: datetime
    desk: Role
    desa: str
    posyandu: str | None
    due: queue.DueState | None
    tasks: tuple[queue.Task, ...]
    counts: queue.Counts


def juknis() -> Juknis:
    """The juknis, and one edition more that comes into force on the way: other deadlines, one rule less."""
    read = following.juknis()
    held = read.edition(edition_on([e.protocol for e in read.editions if not e.protocol.draft], TODAY).edition)
    rules = tuple(
        replace(rule, due="2d", priority=1) if rule.id == "C09" else rule
        for rule in held.protocol.rules
        if rule.id != "C13"
    )
    later = replace(held.protocol, edition="2025-agustus", valid_from=NEW_EDITION, rules=rules)
    return Juknis(read.who, (*read.editions, Edition(later, held.kms)))


class Simulation:
    """Records day by day, follows, and photographs."""

    def __init__(self, dsn: str, store: Store, seed: int = 7) -> None:
        self.dsn, self.store = dsn, store
        self.zone = store.clock
        self.tenant = Tenant("3603", "Kabupaten Tangerang", dsn)
        self.juknis = juknis()
        self.accounts = Accounts(store.pool, self.tenant)
        self._random = random.Random(seed)
        self._day = FIRST
        sealing = Sealing(MASTER_KEY, store.schema)
        projections = following.followed(self.tenant, sealing).projections
        self.followed = Followed(store.schema, projections, sealing.open_many, lambda _: self.book())
        for unit in demo.units():
            self.accounts.put_unit(unit)

    def book(self) -> Book:
        """What the lists of the day rest on, by what the units say now."""
        units = self.accounts.units().values()
        return self.juknis.book(self._day, {u.code: u.session_day for u in units if u.session_day is not None})

    def run(self) -> list[Photograph]:
        """The whole simulation. Returns every photograph."""
        told = self._told()
        before = [e for e in told if e.at.date() < FIRST]
        for first in range(0, len(before), 500):
            assert all(a.outcome == "recorded" for a in self._record(before[first : first + 500]))
        following.catch_up(self.dsn, self.followed)
        photographs: list[Photograph] = []
        while self._day < TODAY:
            self._record([e for e in told if e.at.date() == self._day])
            self._disturb()
            if self._day == NEW_DAY:
                self._move_session()
            following.catch_up(self.dsn, self.followed)
            photographs += self._photographed()
            self._day += timedelta(days=1)
        return photographs

    def _told(self) -> list[Entry]:
        begins = lives.beginning(TODAY)
        begin_units(self.store, self.accounts.units(), begins, datetime.combine(begins, time(6), self.zone))
        told = Lives(TODAY, self.juknis.book(begins), children=2)
        people = told.entries()
        of_here = {e.case for e in people if getattr(e.command, "posyandu", None) in POSYANDU}
        of_here |= {born for e in people if e.case in of_here for born in _born_to(e)}
        both = [e for e in people if e.case in of_here] + told.at_work(people)
        return sorted(both, key=lambda e: e.at)

    def _record(self, told: Sequence[Entry]) -> list[Answer]:
        """What was made up for an undisturbed life may be refused once it was disturbed."""
        return record(self.store, [_asked(e) for e in told])

    def _photographed(self) -> Iterator[Photograph]:
        evening = datetime.combine(self._day, time(20, 30), self.zone)
        with self.store.pool.connection() as conn:
            for desk, desa, posyandu in views():
                for due in (None, "coming") if desk == "bidan" else (None,):
                    narrow = queue.Narrow(due=due, posyandu=posyandu)
                    page = queue.worklist(
                        conn, self.store.schema, desk, [desa], None, evening, narrow, limit=EVERYTHING
                    )
                    yield Photograph(evening, desk, desa, posyandu, due, page.tasks, page.counts)

    def _move_session(self) -> None:
        """The posyandu meets on another day from now on. What the unit says is heard by the clock of the simulation."""
        unit = self.accounts.units()[MOVED_SESSION]
        self.accounts.put_unit(replace(unit, session_day=25))
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute(
                SQL("UPDATE {} SET said_at = %s WHERE code = %s AND said_at > '-infinity'").format(
                    Identifier(self.store.schema, "units_said")
                ),
                [datetime.combine(self._day, time(9), self.zone), MOVED_SESSION],
            )

    # What makes a story change its mind

    def _disturb(self) -> None:
        """A few corrections, retractions, transfers, merges, set-asides and handed tasks of the day."""
        with self.store.pool.connection() as conn:
            told = [s for page in log.all_stories(conn, self.store.schema) for s in page.values()]
            evening = datetime.combine(self._day, time(18), self.zone)
            desa = self._random.choice(DESA)
            open_now = queue.worklist(conn, self.store.schema, "bidan", [desa], None, evening).tasks
        people = [story for story in told if stories.kind(story) in ("child", "pregnancy")]
        deeds = [
            self._correction(self._random.choice(people)),
            self._retraction(self._random.choice(people)),
            self._transfer(self._random.choice(people)),
            self._answer(people),
            self._late(self._random.choice(people)),
        ]
        if self._day.day % 9 == 0:
            deeds.append(self._merge(people))
        if open_now:
            deeds.append(self._put_off(self._random.choice(open_now)))
            deeds.append(self._handed(self._random.choice(open_now)))
        for nth, deed in enumerate(deeds):
            if deed is not None:
                self._ask(*deed, nth)

    def _ask(self, number: UUID, command: Any, role: Role, unit: str, nth: int) -> None:
        """Asked for; what cannot be is refused, as it would be."""
        at = datetime.combine(self._day, time(18, nth), self.zone)
        entry = uuid5(SPACE, f"{self._day} {nth}")
        record(self.store, [Asked(Submitted(entry, number, command), _actor(role, unit), at)])

    def _correction(self, story: Sequence[case.Recorded]) -> tuple[Any, ...] | None:
        wrong = [r for r in story if getattr(r.event, "kg", None) and type(r.event) not in (Corrected, Retracted)]
        if not wrong:
            return None
        one = self._random.choice(wrong)
        reads = {**msgspec.to_builtins(one.event), "kg": round(one.event.kg * 0.93, 1)}
        reads.pop("personal", None)
        return (
            one.case,
            case.Correct(on=self._day, version=one.version, reads=reads, reason="salah-ketik"),
            "bidan",
            DESA[0],
        )

    def _retraction(self, story: Sequence[case.Recorded]) -> tuple[Any, ...] | None:
        if len(story) < 3 or self._random.random() < 0.5:
            return None
        one = self._random.choice(story[1:])
        return one.case, case.Retract(on=self._day, version=one.version, reason="dobel"), "bidan", DESA[0]

    def _transfer(self, story: Sequence[case.Recorded]) -> tuple[Any, ...]:
        there = self._random.choice(POSYANDU)
        asked = person.RequestTransfer(on=self._day, desa=there.split(".")[0], posyandu=there)
        return story[0].case, asked, "kader", there

    def _answer(self, people: Sequence[Sequence[case.Recorded]]) -> tuple[Any, ...] | None:
        for story in self._random.sample(people, len(people)):
            state = stories.fold(story)
            assert isinstance(state, person.Person)
            asked = person.open_transfer(state)
            if asked is None or story[asked.version - 1].by.recorded_at.date() == self._day:
                continue
            event: Any = asked.event
            said = person.AcceptTransfer(on=self._day, desa=event.desa, posyandu=event.posyandu)
            return story[0].case, said, "bidan", state.desa
        return None

    def _late(self, story: Sequence[case.Recorded]) -> tuple[Any, ...] | None:
        if not isinstance(stories.fold(story), Child):
            return None
        on = self._day - timedelta(days=self._random.randint(5, 40))
        return story[0].case, child.Measure(on=on, kg=round(self._random.uniform(6, 11), 1)), "kader", POSYANDU[0]

    def _merge(self, people: Sequence[Sequence[case.Recorded]]) -> tuple[Any, ...]:
        one, other = self._random.sample([s for s in people if stories.kind(s) == "child"], 2)
        return one[0].case, person.MergeRecords(on=self._day, into=other[0].case), "bidan", DESA[0]

    def _put_off(self, task: queue.Task) -> tuple[Any, ...]:
        until = self._day + timedelta(days=self._random.randint(2, 12))
        said = case.SetAside(on=self._day, rule=task.rule, key=task.key, reason="tidak-ditemukan", until=until)
        return task.case, said, "bidan", task.desa

    def _handed(self, task: queue.Task) -> tuple[Any, ...]:
        said = case.Reassign(on=self._day, rule=task.rule, key=task.key, desk="kader", reason="petugas-tidak-ada")
        return task.case, said, "puskesmas-tpg", lives.PUSKESMAS


def _born_to(entry: Entry) -> Iterator[UUID]:
    if isinstance(entry.command, pregnancy.RecordOutcome):
        yield from (pregnancy.child_case(entry.case, order) for order in (1, 2))


def _asked(entry: Entry) -> Asked:
    return Asked(Submitted(entry.entry, entry.case, entry.command), _actor(entry.role, entry.unit), entry.at)


def _actor(role: Role, unit: str) -> Actor:
    return Actor(str(uuid5(SPACE, unit + role)), role, unit, _may)


def _may(_command: Any, _state: Any) -> None:
    """What somebody may ask is tested elsewhere."""


def views() -> Iterator[tuple[Role, str, str | None]]:
    """Every list that is looked at: of all desks for a desa, and the kader's of some posyandu."""
    for desa in (*DESA, lives.PUSKESMAS, lives.KECAMATAN):
        for desk in DESKS:
            yield desk, desa, None
    for posyandu in POSYANDU[::2]:
        yield "kader", posyandu.split(".")[0], posyandu
