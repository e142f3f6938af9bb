"""What an evidence pack is made of, read from the log: chosen events as they are stored, and whose they may be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from projections.ledger import COLUMNS

AT_ONCE = 2_000
"""Rows held in memory at a time."""


def rows(conn: Connection[Any], schema: str, positions: Sequence[int]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows at these positions in the order of COLUMNS, some at a time. One that was taken out is not there."""
    for first in range(0, len(positions), AT_ONCE):
        some = list(positions[first : first + AT_ONCE])
        yield conn.execute(_sql(schema, _ROWS), [some], binary=True, prepare=True).fetchall()


def cases_in(conn: Connection[Any], schema: str, desa: Collection[str]) -> list[UUID]:
    """The cases that belong to these desa now."""
    return [row[0] for row in conn.execute(_sql(schema, _CASES), [sorted(desa)], prepare=True).fetchall()]


_ROWS: LiteralString = """
SELECT {columns}
FROM {events}
WHERE position = ANY(%b::bigint[])
ORDER BY position
"""

_CASES: LiteralString = """
SELECT case_id
FROM {people}
WHERE desa = ANY(%s)
ORDER BY case_id
"""


@lru_cache(maxsize=2048)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("events", "people")}
    return SQL(text).format(columns=SQL(COLUMNS), **names).as_bytes()
