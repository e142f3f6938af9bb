"""The audit trail: the log itself, looked through by case, by who recorded it, by role, unit, kind and time.

It has no table and no index of its own, which every recorded event would have to pay for. A question walks the log from
the newest event back, so far a time, and says how far it has come; whoever goes on asking reaches the first event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain import words
from domain.case import Recorded, Role
from domain.stories import TOPICS
from projections import ledger, log

Conn = Connection[Any]

STRIDE = 100_000
"""Positions looked through by one statement."""
STRIDES = 10
"""And so many of them before a page is given as it is."""


class Sought(Struct, frozen=True, kw_only=True):
    """What of the log is meant. Nothing said: all of it."""

    case: UUID | None = None
    actor: str | None = None
    role: str | None = None
    units: tuple[str, ...] | None = None
    """Units in which whoever recorded it held their post."""
    kinds: tuple[str, ...] | None = None
    """Stored names of events."""
    first: datetime | None = None
    last: datetime | None = None
    """Recorded from a moment on, and before another."""


class Stored(Struct, frozen=True):
    """An event with what the ledger holds of it."""

    recorded: Recorded
    topic: str
    entry: bytes
    """What the tree has at this position, if nobody changed the row."""


class Page(Struct, frozen=True):
    """Events, the newest first. Where `after` is not None there may be older ones; ask with it."""

    events: tuple[Stored, ...]
    after: int | None


Shown = Callable[[Sequence[Stored]], Sequence[Stored]]
"""Those of some events that a reader may learn of at all."""


def trail(
    conn: Conn, schema: str, sought: Sought, before: int | None, limit: int, shown: Shown = lambda found: found
) -> Page:
    """One page of what is meant, from before a position on.

    What is not shown counts for nothing, and `after` is never its position: neither a short page nor where the next one
    begins tells of it.
    """
    top = log.head(conn, schema) + 1 if before is None else before
    found: list[Stored] = []
    for _ in range(STRIDES):
        low = 1 if sought.case is not None else max(1, top - STRIDE)
        while rows := _between(conn, schema, sought, low, top, limit - len(found)):
            full, top = len(rows) == limit - len(found), rows[-1].recorded.position or low
            found += shown(rows)
            if len(found) == limit:
                return Page(tuple(found), found[-1].recorded.position)
            if not full:
                break
        if low == 1:
            return Page(tuple(found), None)
        top = low
    return Page(tuple(found), top)


def _between(conn: Conn, schema: str, sought: Sought, low: int, top: int, limit: int) -> list[Stored]:
    asked: dict[str, Any] = {
        "low": low, "top": top, "limit": limit, "case": sought.case, "actor": sought.actor, "role": sought.role,
        "units": _list(sought.units), "kinds": _list(sought.kinds), "first": sought.first, "last": sought.last,
    }  # fmt: skip
    shape = tuple(name for name in _CONDITIONS if asked[name] is not None)
    rows = conn.execute(_between_sql(schema, shape), asked, binary=True, prepare=True).fetchall()
    return list(map(_stored, rows))


def _list(values: Collection[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def _stored(row: Sequence[Any]) -> Stored:
    position, case, version, topic, entry, at, actor, role, unit, device, edition, state = row
    told = log.recorded((case, version, position, state, at, actor, role, unit, entry, edition, device))
    return Stored(told, topic, ledger.entry(ledger.record(row)))


# One case


def of_case(conn: Conn, schema: str, case: UUID, after: int, limit: int) -> tuple[Stored, ...]:
    """The events of a case after a version, in the order of versions."""
    asked = {"case": case, "after": after, "limit": limit}
    return tuple(map(_stored, conn.execute(_sql(schema, _OF_CASE), asked, binary=True, prepare=True).fetchall()))


def length(conn: Conn, schema: str, case: UUID) -> int:
    """How many events a case has; 0 where there is none."""
    row = conn.execute(_sql(schema, _LENGTH), [case], prepare=True).fetchone()
    return int(row[0]) if row and row[0] else 0


def hidden(conn: Conn, schema: str, cases: Collection[UUID], role: Role) -> dict[UUID, frozenset[int]]:
    """The versions of each of these cases that a reader of this role must not know of."""
    asked = {"cases": list(cases), "topics": _PERHAPS}
    rows = conn.execute(_sql(schema, _HIDDEN), asked, binary=True, prepare=True).fetchall()
    told: dict[UUID, list[Recorded]] = {}
    for row in rows:
        told.setdefault(row[0], []).append(log.recorded(row))
    return {case: words.hidden(told.get(case, ()), role) for case in cases}


_PERHAPS = sorted(TOPICS[kind] for kind in words.PERHAPS_HIDDEN)


def entry_positions(conn: Conn, schema: str, entry: UUID) -> tuple[int, int] | None:
    """The first and last position of what an entry came to; None where there is no such entry or it came to nothing."""
    row = conn.execute(_sql(schema, _ENTRY), [entry], prepare=True).fetchone()
    return None if row is None or not row[1] else (row[0], row[0] + row[1] - 1)


def case_at(conn: Conn, schema: str, position: int) -> tuple[UUID, int] | None:
    """The case and version of the event at a position."""
    row = conn.execute(_sql(schema, _AT), [position], binary=True, prepare=True).fetchone()
    return None if row is None else (row[0], row[1])


_CONDITIONS: dict[str, LiteralString] = {
    "case": "case_id = %(case)s",
    "actor": "actor = %(actor)s",
    "role": "role = %(role)s",
    "units": "unit = ANY(%(units)s::text[])",
    "kinds": "topic = ANY(%(kinds)s::text[])",
    "first": "recorded_at >= %(first)s",
    "last": "recorded_at < %(last)s",
}

_BETWEEN: LiteralString = """
SELECT {columns}
FROM {events}
WHERE position >= %(low)s AND position < %(top)s{narrow}
ORDER BY position DESC
LIMIT %(limit)s
"""

_OF_CASE: LiteralString = """
SELECT {columns}
FROM {events}
WHERE case_id = %(case)s AND version > %(after)s
ORDER BY version
LIMIT %(limit)s
"""

_LENGTH: LiteralString = "SELECT max(version) FROM {events} WHERE case_id = %s"

_HIDDEN: LiteralString = """
SELECT {in_story}
FROM {events}
WHERE case_id = ANY(%(cases)s) AND (version = 1 OR topic = ANY(%(topics)s::text[]))
ORDER BY case_id, version
"""

_ENTRY: LiteralString = "SELECT first, count FROM {entries} WHERE entry = %s"

_AT: LiteralString = "SELECT case_id, version FROM {events} WHERE position = %s"


@lru_cache(maxsize=1024)
def _between_sql(schema: str, shape: tuple[str, ...]) -> bytes:
    narrow = SQL("").join(SQL(" AND " + _CONDITIONS[name]) for name in shape)
    columns, events = SQL(ledger.COLUMNS), Identifier(schema, "events")
    return SQL(_BETWEEN).format(columns=columns, events=events, narrow=narrow).as_bytes()


@lru_cache(maxsize=1024)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("events", "entries")}
    return SQL(text).format(columns=SQL(ledger.COLUMNS), in_story=SQL(log.COLUMNS), **names).as_bytes()
