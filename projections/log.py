"""Reading the log of a kabupaten: what came after a position, and the whole stories of some cases."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from domain.case import Envelope, Recorded
from domain.stories import decode

Conn = Connection[Any]

_FIELDS: LiteralString = "case_id, version, state, recorded_at, actor, role, unit, device, entry, edition, position"


class New(NamedTuple):
    """An event that is to be followed: where it stands and whose story it belongs to."""

    position: int
    case: UUID


def head(conn: Conn, schema: str) -> int:
    """The position of the newest event; 0 where there is none."""
    row = conn.execute(_sql("SELECT last FROM {}.head", schema)).fetchone()
    assert row is not None
    return int(row[0])


def after(conn: Conn, schema: str, position: int, limit: int) -> list[New]:
    """The next events after a position. Positions are gapless and in commit order, so none is ever missed."""
    query = _sql("SELECT position, case_id FROM {}.events WHERE position > %s ORDER BY position LIMIT %s", schema)
    with conn.cursor(binary=True) as cur:
        return [New(*row) for row in cur.execute(query, [position, limit])]


def stories(conn: Conn, schema: str, cases: Collection[UUID], until: int | None = None) -> dict[UUID, list[Recorded]]:
    """The whole story of each case, in the order of its versions; `until` a position, where only what was known then counts."""
    told: dict[UUID, list[Recorded]] = {case: [] for case in cases}
    query = _STORIES if until is None else _STORIES_UNTIL
    with conn.cursor(binary=True) as cur:
        cur.execute(_sql(query, schema), {"cases": list(told), "until": until})
        for row in cur:
            told[row[0]].append(recorded(row))
    return told


_STORIES: LiteralString = (
    "SELECT " + _FIELDS + " FROM {}.events WHERE case_id = ANY(%(cases)s) ORDER BY case_id, version"
)
_STORIES_UNTIL: LiteralString = (
    "SELECT " + _FIELDS + " FROM {}.events WHERE case_id = ANY(%(cases)s) AND position <= %(until)s"
    " ORDER BY case_id, version"
)


def page(conn: Conn, schema: str, case: UUID, after: int, limit: int) -> list[Recorded]:
    """The part of a story after a version; a case with a thousand events is read in pages."""
    query = _sql("SELECT " + _FIELDS + " FROM {}.events WHERE case_id = %s AND version > %s ORDER BY version LIMIT %s", schema)
    with conn.cursor(binary=True) as cur:
        return [recorded(row) for row in cur.execute(query, [case, after, limit])]


def all_stories(
    conn: Conn, schema: str, until: int, low: UUID | None = None, high: UUID | None = None, events: int = 20_000
) -> Iterator[dict[UUID, list[Recorded]]]:
    """Every story up to a position, in the order of the case numbers, some at a time; memory stays flat.

    `low` (from) and `high` (before) take a range of case numbers, so that several processes can share the work.
    """
    case, version = low or UUID(int=0), 0
    held: list[Recorded] = []
    while True:
        with conn.cursor(binary=True) as cur:
            cur.execute(
                _sql(_ALL if high is None else _ALL_BELOW, schema),
                {"case": case, "version": version, "until": until, "high": high, "limit": events},
            )
            rows = cur.fetchall()
        held.extend(recorded(row) for row in rows)
        if len(rows) < events:
            break
        case, version = rows[-1][0], rows[-1][1]
        # The last case may go on in the next page.
        whole = [r for r in held if r.case != case]
        held = held[len(whole) :]
        if whole:
            yield _by_case(whole)
    if held:
        yield _by_case(held)


_ALL: LiteralString = (
    "SELECT " + _FIELDS + " FROM {}.events WHERE (case_id, version) > (%(case)s, %(version)s)"
    " AND position <= %(until)s ORDER BY case_id, version LIMIT %(limit)s"
)
_ALL_BELOW: LiteralString = (
    "SELECT " + _FIELDS + " FROM {}.events WHERE (case_id, version) > (%(case)s, %(version)s) AND case_id < %(high)s"
    " AND position <= %(until)s ORDER BY case_id, version LIMIT %(limit)s"
)


def _by_case(rows: list[Recorded]) -> dict[UUID, list[Recorded]]:
    told: dict[UUID, list[Recorded]] = {}
    for row in rows:
        told.setdefault(row.case, []).append(row)
    return told


def recorded(row: tuple[Any, ...]) -> Recorded:
    """One row of the log, decoded through the closed list of events."""
    case, version, state, at, actor, role, unit, device, entry, edition, position = row
    by = Envelope(recorded_at=at, actor=actor, role=role, unit=unit, entry=entry, edition=edition, device=device)
    return Recorded(case, version, decode(state), by, position)


def followed(conn: Conn, schema: str) -> int:
    """The position that every projection has reached; parked ones do not hold the others up."""
    row = conn.execute(_sql("SELECT max(position) FROM {}.followers", schema)).fetchone()
    return int(row[0] or 0) if row else 0


def wait_for(conn: Conn, schema: str, position: int, seconds: float) -> bool:
    """Wait until the lists are not older than a position; False where the time ran out first."""
    ends = time.monotonic() + seconds
    pause = 0.002
    while followed(conn, schema) < position:
        if time.monotonic() >= ends:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    return True


@cache
def _sql(text: LiteralString, schema: str) -> Composed:
    return SQL(text).format(Identifier(schema))
