"""Which cases may be one person by their identities: one NIK, or one birthday with one mother or one name."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any, Literal, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

Ground = Literal["nik", "nik-ibu", "nama"]
"""What speaks for it. `nik-ibu` and `nama` hold with the birthday, `nama` in one posyandu."""

GROUNDS: tuple[Ground, ...] = ("nik", "nik-ibu", "nama")
"""The strongest first."""

MOST = 10
"""Pairs that are told of one case: hundreds may share a number that somebody typed for want of a NIK."""


class Pair(Struct, frozen=True):
    """Two active cases that may be one person."""

    younger: UUID
    """The one that was begun later: the person it is about may have had a case already."""
    older: UUID
    why: Ground


def pairs(conn: Connection[Any], schema: str, cases: Collection[UUID]) -> tuple[Pair, ...]:
    """Every pair that one of these cases is in, each once by its strongest ground, the oldest case first.

    Twins share mother and birthday, so on the mother's NIK the names must not contradict; "Bayi Ny. Siti" does not. Two
    newborns of one birth are two. What was merged, closed, moved away or has died is nobody's double.
    """
    asked = {"cases": list(cases), "most": MOST}
    found = conn.execute(_pairs(schema), asked, binary=True, prepare=True).fetchall()
    best: dict[tuple[UUID, UUID], int] = {}
    for younger, older, ground in found:
        best[younger, older] = min(ground, best.get((younger, older), ground))
    return tuple(Pair(younger, older, GROUNDS[ground]) for (younger, older), ground in best.items())


_PAIRS: LiteralString = """
SELECT CASE WHEN mine.position > its.position THEN one.case_id ELSE other.case_id END,
       CASE WHEN mine.position > its.position THEN other.case_id ELSE one.case_id END,
       other.ground
FROM {people} AS one
JOIN {events} AS mine ON mine.case_id = one.case_id AND mine.version = 1
CROSS JOIN LATERAL (
    (
        SELECT 0 AS ground, case_id
        FROM {people}
        WHERE nik_hash = one.nik_hash AND kind = one.kind AND state = 'active' AND case_id <> one.case_id
        LIMIT %(most)s
    )
    UNION ALL
    (
        SELECT 1, case_id
        FROM {people}
        WHERE mother_nik_hash = one.mother_nik_hash
          AND born = one.born
          AND kind = one.kind
          AND (normal = one.normal OR '' IN (normal, one.normal) OR normal = mother_normal
               OR one.normal = one.mother_normal)
          AND (mother_case <> one.mother_case) IS NOT FALSE
          AND state = 'active'
          AND case_id <> one.case_id
        LIMIT %(most)s
    )
    UNION ALL
    (
        SELECT 2, case_id
        FROM {people}
        WHERE posyandu = one.posyandu
          AND born = one.born
          AND normal = one.normal
          AND normal <> ''
          AND kind = one.kind
          AND state = 'active'
          AND case_id <> one.case_id
        LIMIT %(most)s
    )
) AS other
JOIN {events} AS its ON its.case_id = other.case_id AND its.version = 1
WHERE one.case_id = ANY(%(cases)s) AND one.state = 'active'
ORDER BY least(mine.position, its.position), greatest(mine.position, its.position)
"""


@lru_cache(maxsize=64)
def _pairs(schema: str) -> bytes:
    tables = {name: Identifier(schema, name) for name in ("people", "events")}
    return SQL(_PAIRS).format(**tables).as_bytes()
