"""What patterns look at: entries in the order they were heard of, and which cases are worth a look at their stories."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain.patterns import Noted, typed_at
from domain.stories import TOPICS, decode
from domain.words import PERHAPS_HIDDEN

PAGE = 5_000


class Heard(NamedTuple):
    """An entry, whose it was, and when we heard of it. `noted` is None where patterns do not look into it."""

    position: int
    case: UUID
    at: datetime
    actor: str
    topic: str
    noted: Noted | None


class _Measures(Struct, gc=False):
    """What patterns read of a stored event."""

    on: date
    kg: float | None = None
    cm: float | None = None
    context: str = ""


class _Day(Struct, gc=False):
    on: date


_measures, _day = msgspec.json.Decoder(_Measures), msgspec.json.Decoder(_Day)
_MEASURED = "child.measured"
_OFFICES = ("desa.", "case.")
"""What units tell of their own work, and what is said about tasks and mistakes, is no field work."""
_PERHAPS_HIDDEN = frozenset(TOPICS[kind] for kind in PERHAPS_HIDDEN)


def entries(
    conn: Connection[Any], schema: str, after: int, clock: tzinfo, without: Collection[str], page: int = PAGE
) -> Iterator[Heard]:
    """Every entry after a position, a page at a time; those of the actors `without`, and of hospitals, unread.

    So are those of which only health workers may know: the offices that read a question would count them by its gaps.
    """
    while True:
        asked = {"after": after, "limit": page}
        rows = conn.execute(_sql(schema, _HEARD), asked, binary=True, prepare=True).fetchall()
        for row in rows:
            yield _heard(row, clock, without)
        if len(rows) < page:
            return
        after = rows[-1][0]


def _heard(row: Sequence[Any], clock: tzinfo, without: Collection[str]) -> Heard:
    position, case, at, actor, role, entry, topic, state = row
    at = at.astimezone(clock)
    if actor in without or role == "rs" or topic.startswith(_OFFICES) or _hidden(topic, state):
        return Heard(position, case, at, actor, topic, None)
    return Heard(position, case, at, actor, topic, _noted(position, case, at, entry, topic, state))


def _hidden(topic: str, state: bytes) -> bool:
    return topic in _PERHAPS_HIDDEN and decode(state).restricted


def _noted(position: int, case: UUID, at: datetime, entry: UUID, topic: str, state: bytes) -> Noted | None:
    typed = typed_at(entry, at)
    if topic != _MEASURED:
        return Noted(position, case, _day.decode(state).on, typed or at, typed is not None, topic)
    said = _measures.decode(state)
    if said.context == "impor":
        return None
    return Noted(position, case, said.on, typed or at, typed is not None, topic, said.kg, said.cm)


# Where it was, and what is worth a look


def places(conn: Connection[Any], schema: str, positions: Sequence[int]) -> list[tuple[str, str | None, str | None]]:
    """Of each entry the unit it was told from, and the desa and posyandu where the person lives, if it is of one."""
    return conn.execute(_sql(schema, _PLACES), [list(positions)], prepare=True).fetchall()


def gone(conn: Connection[Any], schema: str, cases: Collection[UUID]) -> list[UUID]:
    """Those of these cases that are no longer active: moved away, died, closed."""
    return _ids(conn, _sql(schema, _GONE), [list(cases)])


def compared(conn: Connection[Any], schema: str, cases: Collection[UUID]) -> list[UUID]:
    """Those of these cases in which an account compared, closed or approved, and recorded what it was about."""
    return _ids(conn, _sql(schema, _COMPARED), [list(cases)])


def settled(conn: Connection[Any], schema: str, cases: Collection[UUID]) -> list[UUID]:
    """Those of these cases in which spending on extra food was settled."""
    return _ids(conn, _sql(schema, _SETTLED), [list(cases)])


def fed_twice(conn: Connection[Any], schema: str, cases: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """Pairs of one of these cases and another that has its NIK and was given extra food on a common day."""
    return conn.execute(_sql(schema, _FED_TWICE), [list(cases)], binary=True, prepare=True).fetchall()


def unchanged(conn: Connection[Any], schema: str, first: date, before: date) -> list[UUID]:
    """Children whose last measurement in these days was the same in weight and height as the one before it."""
    return _ids(conn, _sql(schema, _UNCHANGED), {"first": first, "before": before})


def portions(conn: Connection[Any], schema: str, desa: str, actor: str) -> list[Noted]:
    """Portions that an account recorded for people who live in a desa."""
    rows = conn.execute(_sql(schema, _PORTIONS), {"desa": desa, "actor": actor}, binary=True, prepare=True).fetchall()
    return [one for row in rows if (one := _noted(*row)) is not None]


def _ids(conn: Connection[Any], query: bytes, asked: Any) -> list[UUID]:
    return [row[0] for row in conn.execute(query, asked, binary=True, prepare=True).fetchall()]


_HEARD: LiteralString = """
SELECT position, case_id, recorded_at, actor, role, entry, topic, state
FROM {events}
WHERE position > %(after)s
ORDER BY position
LIMIT %(limit)s
"""

_PLACES: LiteralString = """
SELECT e.unit, p.desa, p.posyandu
FROM {events} AS e
LEFT JOIN {people} AS p ON p.case_id = e.case_id
WHERE e.position = ANY(%s)
ORDER BY e.position
"""

_GONE: LiteralString = """
SELECT case_id
FROM {people}
WHERE case_id = ANY(%s) AND state <> 'active'
"""

_COMPARED: LiteralString = """
SELECT DISTINCT one.case_id
FROM {events} AS one
JOIN {events} AS other ON other.case_id = one.case_id AND other.actor = one.actor
WHERE one.case_id = ANY(%s)
  AND one.topic IN ('pmt.reconciled', 'desa.spending-reconciled', 'desa.month-closed', 'desa.menu-approved')
  AND other.topic IN ('pmt.given', 'pmt.missed', 'pmt.week-closed', 'desa.spending-recorded', 'desa.session-held',
                      'desa.menu-planned')
"""

_SETTLED: LiteralString = """
SELECT DISTINCT case_id
FROM {events}
WHERE case_id = ANY(%s) AND topic = 'desa.spending-reconciled'
"""

_FED_TWICE: LiteralString = """
SELECT DISTINCT one.case_id, other.case_id
FROM {people} AS one
JOIN {people} AS other
  ON other.nik_hash = one.nik_hash AND other.kind = one.kind AND other.case_id <> one.case_id
JOIN {pmt} AS fed ON fed.case_id = one.case_id
JOIN {pmt} AS again ON again.case_id = other.case_id AND again.told && fed.told
WHERE one.case_id = ANY(%s)
"""

_UNCHANGED: LiteralString = """
SELECT DISTINCT case_id
FROM (
    SELECT case_id, day, kg, cm, lag(kg) OVER told AS kg_before, lag(cm) OVER told AS cm_before
    FROM {growth}
    WHERE day >= %(first)s::date - 62 AND day < %(before)s AND context <> 'impor'
    WINDOW told AS (PARTITION BY case_id ORDER BY day, version)
) AS g
WHERE day >= %(first)s AND kg = kg_before AND cm = cm_before
"""

_PORTIONS: LiteralString = """
SELECT e.position, e.case_id, e.recorded_at, e.entry, e.topic, e.state
FROM {people} AS p
JOIN {events} AS e ON e.case_id = p.case_id
WHERE p.desa = %(desa)s AND e.topic = 'pmt.given' AND e.actor = %(actor)s
ORDER BY e.position
"""


@lru_cache(maxsize=4096)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = ("events", "people", "pmt", "growth")
    return SQL(text).format(**{name: Identifier(schema, name) for name in names}).as_bytes()
