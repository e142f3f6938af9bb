"""What the system has recorded by itself, since it follows from what stands recorded: cases that may be one person,
desks that have too much, and entries that call for a question (integrity.py).

Each policy looks at the lists once they show the newest events, and asks through the write path under numbers made of
what it found and a secret: an entry that somebody else sent under such a number would keep it from being recorded. So
it may be run again, by two processes or after a crash, and records nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from threading import Event as Flag
from typing import Any, LiteralString
from uuid import UUID, uuid5

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain import child, desa, person, pregnancy, stories
from domain.case import Case, Corrected, Event, Role, done
from domain.oversight import CountWorkload, WorkloadCounted
from domain.patterns import working_day
from domain.person import SuspectDuplicate
from domain.protocol import Rule
from domain.signs.oversight import Overloaded
from projections import duplicates, log
from projections import queue as lists
from projections.duplicates import Pair
from projections.queue import Load
from service import beside, integrity
from service.access import Unit, Units
from service.handle import Asked
from service.store import Store
from service.watched import Watched, asked, recorded, stands

EVENTS = 5000
"""Events looked at in one round."""

SWEEP_SECONDS = 60.0
"""How often every kabupaten is looked at even if nobody called."""


def look(watched: Watched) -> int:
    """One round of every policy, as far as the lists go. Returns how many entries were recorded."""
    now = watched.now
    asked_about = integrity.look(watched, now) or 0
    return suspect_duplicates(watched.store, now) + count_workloads(watched, now) + asked_about


# Two cases of one person (X01, X02)

_TELLING: tuple[type[Event], ...] = (
    child.Reported, child.Registered, child.Identified, child.Moved, pregnancy.Reported, pregnancy.Registered,
    pregnancy.Identified, person.TransferAccepted, person.RecordsDeclaredDistinct, Corrected,
)  # fmt: skip
"""After these a case may look like another. Once told that two are different, it may still be a third."""

_TOPICS = [stories.TOPICS[event] for event in _TELLING]

_PAIRS = UUID("5b1f3a70-0f6e-4b0e-9d52-6a3c9a1c7e41")


def suspect_duplicates(store: Store, now: datetime) -> int:
    """Record for every new pair of cases that may be one person that somebody should look; the younger of them asks."""
    found = 0
    while True:
        with store.pool.connection() as conn:
            after, upto = _ahead(conn, store.schema)
            if upto <= after:
                return found
            touched = _touched(conn, store.schema, after, upto)
            suspected = _suspicions(conn, store, touched, now) if touched else []
        found += recorded(store, suspected)
        with store.pool.connection() as conn:
            conn.execute(_sql(store.schema, _MOVE), {"after": after, "upto": upto}, prepare=True)


def _suspicions(conn: Connection[Any], store: Store, touched: Sequence[UUID], now: datetime) -> list[Asked]:
    """Of each younger case the strongest suspicion that it has not had, against the oldest."""
    pairs = duplicates.pairs(conn, store.schema, touched)
    numbered = {store.sealing.number(conn, f"pair {_said(pair)}"): pair for pair in pairs}
    known = stands(conn, store.schema, [*numbered, *map(former_number, pairs)])
    of: dict[UUID, tuple[UUID, Pair]] = {}
    for number, pair in sorted(numbered.items(), key=lambda one: duplicates.GROUNDS.index(one[1].why)):
        if number not in known and former_number(pair) not in known:
            of.setdefault(pair.younger, (number, pair))
    today = now.astimezone(store.clock).date()
    return [
        asked(number, pair.younger, SuspectDuplicate(on=today, other=pair.older, why=pair.why), now)
        for number, pair in of.values()
    ]


def _said(pair: Pair) -> str:
    return f"{pair.younger} {pair.older} {pair.why}"


def former_number(pair: Pair) -> UUID:
    """Under which it was asked before the numbers were made with a secret."""
    return uuid5(_PAIRS, _said(pair))


def _ahead(conn: Connection[Any], schema: str) -> tuple[int, int]:
    """From where and how far to look: not beyond what the list of people shows."""
    row = conn.execute(_sql(schema, _STANDING), prepare=True).fetchone()
    assert row is not None
    after, shown = row
    return after, min(after + EVENTS, shown)


def _touched(conn: Connection[Any], schema: str, after: int, upto: int) -> list[UUID]:
    asked = {"after": after, "upto": upto, "topics": _TOPICS}
    return [row[0] for row in conn.execute(_sql(schema, _TOUCHED), asked, binary=True, prepare=True)]


# Desks with too much to do (V02)

BETWEEN_COUNTS = timedelta(days=7)
"""A desk at the edge of too much is not told of every day."""


def count_workloads(watched: Watched, now: datetime) -> int:
    """Record the load of every desk that has too much, or no longer has, in the story of its puskesmas.

    As long as it is too much it is counted again each month, since a plan made meanwhile may not have helped.
    """
    store, units = watched.store, watched.accounts.units()
    today = now.astimezone(store.clock).date()
    rules = watched.book(today).protocol.rules
    limit = next((s for rule in rules for s in rule.signs if isinstance(s, Overloaded)), None)
    if limit is None:
        return 0
    with store.pool.connection() as conn:
        counted = dict(_counted(conn, store.schema, units, rules, now))
        told = log.stories(conn, store.schema, {desa.number(code) for _, _, code in counted})
        numbers = {(desk, unit): store.sealing.number(conn, f"load {desk} {unit} {today}") for desk, unit, _ in counted}
    of = {case: _last_counts(stories.fold(story)) for case, story in told.items()}
    counts = []
    for (desk, unit, puskesmas), (open_, late) in sorted(counted.items()):
        case = desa.number(puskesmas)
        command = CountWorkload(on=today, desk=desk, unit=unit, open=open_, late=late)
        if told[case] and _worth_telling(command, of[case].get((desk, unit)), limit, today):
            counts.append(asked(numbers[desk, unit], case, command, now))
    return recorded(store, counts)


_Place = tuple[Role, str, str]
"""A desk, the unit it is in, and the puskesmas above."""


def _counted(
    conn: Connection[Any], schema: str, units: Units, rules: Sequence[Rule], now: datetime
) -> Iterator[tuple[_Place, tuple[int, int]]]:
    """Open and late tasks of each kader's posyandu and each bidan's desa: only those that are theirs to do."""
    for desk, kind in _COUNTED:
        own = [rule.id for rule in rules if rule.steps[0].desk == desk]
        sums: dict[str, tuple[int, int]] = {unit.code: (0, 0) for unit in units.values() if unit.kind == kind}
        for load in lists.loads(conn, schema, desk, own, now):
            code = _seat(load, kind)
            if code in sums:
                sums[code] = (sums[code][0] + load.open, sums[code][1] + load.late)
        for code, both in sums.items():
            puskesmas = _puskesmas(units[code], units)
            if puskesmas is not None:
                yield (desk, code, puskesmas), both


_COUNTED: tuple[tuple[Role, str], ...] = (("kader", "posyandu"), ("bidan", "desa"))


def _seat(load: Load, kind: str) -> str:
    return load.posyandu if kind == "posyandu" else load.desa


def _puskesmas(unit: Unit, units: Units) -> str | None:
    above: Unit | None = unit
    while above is not None and above.kind != "puskesmas":
        above = units.get(above.parent) if above.parent else None
    return None if above is None else above.code


def _last_counts(state: Case | None) -> Mapping[tuple[Role, str], WorkloadCounted]:
    """The newest count of each desk."""
    acts = () if state is None else done(state.acts, WorkloadCounted)
    return {(e.desk, e.unit): e for a in acts if isinstance(e := a.event, WorkloadCounted)}


def _worth_telling(now: CountWorkload, last: WorkloadCounted | None, rule: Overloaded, today: date) -> bool:
    heavy = rule.heavy(now.open, now.late)
    if last is None or not rule.heavy(last.open, last.late):
        return heavy and (last is None or today - last.on >= BETWEEN_COUNTS)
    if not heavy:
        return today - last.on >= BETWEEN_COUNTS
    return (last.on.year, last.on.month) != (today.year, today.month)


# The thread


def run(dsn: str, places: Mapping[str, Watched], stop: Flag) -> None:
    """Watch these kabupaten of one database, by their schemas, until told to stop."""
    looked: dict[tuple[str, str], date] = {}
    beside.run("policies", dsn, places, stop, lambda schema: _round(schema, places[schema], looked), SWEEP_SECONDS)


def _round(schema: str, watched: Watched, looked: dict[tuple[str, str], date]) -> None:
    """What is done at every call, and what is done once a day; `looked` says on which day that was."""
    now = watched.now
    suspect_duplicates(watched.store, now)
    if looked.get(("questions", schema)) != working_day(now) and integrity.look(watched, now) is not None:
        looked["questions", schema] = working_day(now)
    if looked.get(("loads", schema)) != now.date():
        count_workloads(watched, now)
        looked["loads", schema] = now.date()


_STANDING: LiteralString = """
SELECT p.position, f.position
FROM {policies} AS p, {follower} AS f
WHERE p.name = 'duplicates' AND f.name = 'people'
"""

_TOUCHED: LiteralString = """
SELECT DISTINCT case_id
FROM {events}
WHERE position > %(after)s AND position <= %(upto)s AND topic = ANY(%(topics)s)
"""

_MOVE: LiteralString = """
UPDATE {policies}
SET position = %(upto)s
WHERE name = 'duplicates' AND position = %(after)s
"""


@lru_cache(maxsize=4096)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = ("policies", "follower", "events")
    return SQL(text).format(**{name: Identifier(schema, name) for name in names}).as_bytes()
