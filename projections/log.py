"""Reading the log: in the order it was written, or whole stories, many at a time. Rows come binary, by one decoder."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain.case import Envelope, Recorded
from domain.stories import decode

Stories = dict[UUID, list[Recorded]]

COLUMNS: LiteralString = "case_id, version, position, state, recorded_at, actor, role, unit, entry, edition, device"

FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)


def read(conn: Connection[Any], schema: str, after: int, limit: int) -> list[Recorded]:
    """What was recorded after a position, in the order of the positions."""
    asked = {"after": after, "limit": limit}
    return list(map(recorded, conn.execute(_sql(schema, _READ), asked, binary=True, prepare=True).fetchall()))


def touched(conn: Connection[Any], schema: str, after: int, limit: int) -> list[tuple[int, UUID]]:
    """The positions after one, and whose story each of them is in."""
    asked = {"after": after, "limit": limit}
    return conn.execute(_sql(schema, _TOUCHED), asked, binary=True, prepare=True).fetchall()


def stories(conn: Connection[Any], schema: str, cases: Collection[UUID]) -> Stories:
    """The whole stories of these cases, each in the order of its versions; empty where there is none."""
    found: Stories = {case: [] for case in cases}
    for row in conn.execute(_sql(schema, _STORIES), [list(found)], binary=True, prepare=True).fetchall():
        found[row[0]].append(recorded(row))
    return found


def stories_known(conn: Connection[Any], schema: str, cases: Collection[UUID], known: datetime) -> Stories:
    """The stories of these cases as far as they were recorded by a moment; a case that nobody knew then has none.

    The clocks of two servers differ by a blink: a story is known up to the first event that was not yet recorded.
    """
    found: Stories = {}
    asked = {"cases": list(cases), "known": known}
    for row in conn.execute(_sql(schema, _KNOWN), asked, binary=True, prepare=True).fetchall():
        if row[1] == 1:
            found[row[0]] = []
        story = found.get(row[0])
        if story is not None and row[1] == len(story) + 1:
            story.append(recorded(row))
    return found


def containing(conn: Connection[Any], schema: str, cases: Collection[UUID], topic: str) -> set[UUID]:
    """Those of these cases in whose stories an event of this kind stands, whenever it was recorded."""
    asked = {"cases": list(cases), "topic": topic}
    return {row[0] for row in conn.execute(_sql(schema, _CONTAINING), asked, binary=True, prepare=True)}


def all_stories(
    conn: Connection[Any], schema: str, low: UUID = FIRST, high: UUID = LAST, events: int = 20_000
) -> Iterator[Stories]:
    """Every story with a number above `low` and up to `high`, in the order of numbers, about so many events at a time.

    Each page is a statement of its own, so that a long rebuild holds no old snapshot; what is recorded meanwhile shows.
    """
    limit = events
    while True:
        asked = {"low": low, "high": high, "limit": limit}
        rows = conn.execute(_sql(schema, _IN_CASE_ORDER), asked, binary=True, prepare=True).fetchall()
        full = len(rows) == limit
        whole = _without_last(rows) if full else rows
        if whole:
            yield {case: list(map(recorded, of_case)) for case, of_case in groupby(whole, itemgetter(0))}
            low = whole[-1][0]
        if not full:
            return
        limit = events if whole else limit * 4  # one story is longer than a page


def _without_last(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """A page that is full may have cut its last story."""
    cut = rows[-1][0]
    end = len(rows)
    while end and rows[end - 1][0] == cut:
        end -= 1
    return rows[:end]


def head(conn: Connection[Any], schema: str) -> int:
    """The position of the newest event; 0 where there is none."""
    row = conn.execute(_sql(schema, _HEAD), prepare=True).fetchone()
    assert row is not None
    return int(row[0])


def followed(conn: Connection[Any], schema: str) -> int:
    """The position up to which every list is right; a parked projection does not hold up the readers of the others."""
    row = conn.execute(_sql(schema, _FOLLOWED), prepare=True).fetchone()
    assert row is not None
    return int(row[0])


def wait_for(conn: Connection[Any], schema: str, position: int, seconds: float) -> bool:
    """Wait until the lists are not older than a position; False if that takes too long."""
    ends = time.monotonic() + seconds
    pause = 0.002
    while followed(conn, schema) < position:
        if time.monotonic() > ends:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    return True


def recorded(row: Sequence[Any]) -> Recorded:
    """A row in the order of COLUMNS as the domain knows it."""
    case, version, position, state, recorded_at, actor, role, unit, entry, edition, device = row
    return Recorded(
        case,
        version,
        decode(state),
        Envelope(
            recorded_at=recorded_at, actor=actor, role=role, unit=unit, entry=entry, edition=edition, device=device
        ),
        position,
    )


_READ: LiteralString = """
SELECT {columns}
FROM {events}
WHERE position > %(after)s
ORDER BY position
LIMIT %(limit)s
"""

_TOUCHED: LiteralString = """
SELECT position, case_id
FROM {events}
WHERE position > %(after)s
ORDER BY position
LIMIT %(limit)s
"""

_STORIES: LiteralString = """
SELECT {columns}
FROM {events}
WHERE case_id = ANY(%s)
ORDER BY case_id, version
"""

_KNOWN: LiteralString = """
SELECT {columns}
FROM {events}
WHERE case_id = ANY(%(cases)s::uuid[]) AND recorded_at <= %(known)s
ORDER BY case_id, version
"""

_CONTAINING: LiteralString = """
SELECT DISTINCT case_id
FROM {events}
WHERE case_id = ANY(%(cases)s::uuid[]) AND topic = %(topic)s
"""

_IN_CASE_ORDER: LiteralString = """
SELECT {columns}
FROM {events}
WHERE case_id > %(low)s AND case_id <= %(high)s
ORDER BY case_id, version
LIMIT %(limit)s
"""

_HEAD: LiteralString = "SELECT last FROM {head}"

_FOLLOWED: LiteralString = "SELECT coalesce(min(position) FILTER (WHERE parked_at IS NULL), 0) FROM {follower}"


@lru_cache(maxsize=4096)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("events", "head", "follower")}
    return SQL(text).format(columns=SQL(COLUMNS), **names).as_bytes()
