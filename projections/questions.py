"""The questions that were asked about entries, with their answers, and the entries behind one. There is no table: the
log holds them, under an index of their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain import stories
from domain.case import Recorded
from domain.oversight import IntegrityFlagRaised, IntegrityFlagResolved
from projections.log import COLUMNS, recorded


class Question(Struct, frozen=True):
    """What was asked, as it stands, and the answer where there is one."""

    raised: Recorded
    answered: Recorded | None

    @property
    def asked(self) -> IntegrityFlagRaised:
        event = self.raised.event
        assert isinstance(event, IntegrityFlagRaised)
        return event


def asked_in(
    conn: Connection[Any], schema: str, units: Collection[UUID], before: int | None, limit: int
) -> tuple[tuple[Question, ...], int | None]:
    """Questions in the stories of these units, the newest first, and from where the next page goes on."""
    asked = {"units": list(units), "before": None if before is None else max(0, min(before, _LAST)), "limit": limit}
    page = _read(conn, schema, _PAGE, asked)
    return _standing(conn, schema, page), page[-1].position if len(page) == limit else None


def asked_as(conn: Connection[Any], schema: str, units: Collection[UUID], flag: UUID) -> Question | None:
    """One question; None where no unit of these has one of that number."""
    asked = {"units": list(units), "flag": flag, "said": str(flag).encode()}
    raised = _raised(conn, schema, _NUMBERED, asked) or _raised(conn, schema, _SAYING, asked)
    return next(iter(_standing(conn, schema, raised)), None)


def _raised(conn: Connection[Any], schema: str, query: LiteralString, asked: dict[str, Any]) -> list[Recorded]:
    found = _read(conn, schema, query, asked)
    return [r for r in found if isinstance(r.event, IntegrityFlagRaised) and r.event.flag == asked["flag"]]


def behind(conn: Connection[Any], schema: str, positions: Sequence[int]) -> list[Recorded]:
    """The entries at these places of the log."""
    return _read(conn, schema, _BEHIND, {"positions": list(positions)})


def _standing(conn: Connection[Any], schema: str, page: Sequence[Recorded]) -> tuple[Question, ...]:
    """As mended since: what was taken back is no question, and no answer."""
    of: dict[UUID, list[Recorded]] = {}
    for one in [*page, *_read(conn, schema, _AFTER, {"units": list({r.case for r in page})})] if page else ():
        of.setdefault(one.case, []).append(one)
    found = [r for told in of.values() for r in stories.counting(told)]
    answers = {(r.case, r.event.flag): r for r in found if isinstance(r.event, IntegrityFlagResolved)}
    raised = [r for r in found if isinstance(r.event, IntegrityFlagRaised)]
    return tuple(
        Question(r, answers.get((r.case, r.event.flag))) for r in sorted(raised, key=lambda r: -(r.position or 0))
    )


def _read(conn: Connection[Any], schema: str, query: LiteralString, asked: dict[str, Any]) -> list[Recorded]:
    return list(map(recorded, conn.execute(_sql(schema, query), asked, binary=True, prepare=True).fetchall()))


_LAST = 2**63 - 1

_PAGE: LiteralString = """
SELECT {columns}
FROM {events}
WHERE topic = 'desa.integrity-flag-raised'
  AND case_id = ANY(%(units)s)
  AND (%(before)s::bigint IS NULL OR position < %(before)s)
ORDER BY position DESC
LIMIT %(limit)s
"""

# What the system asks, it asks in an entry of the same number.
_NUMBERED: LiteralString = """
SELECT {columns}
FROM {events}
WHERE position = (SELECT first FROM {entries} WHERE entry = %(flag)s)
  AND topic = 'desa.integrity-flag-raised'
  AND case_id = ANY(%(units)s)
"""

# What a person asked has an entry of its own; of the others nothing is taken out of the database.
_SAYING: LiteralString = """
SELECT {columns}
FROM {events}
WHERE topic = 'desa.integrity-flag-raised' AND case_id = ANY(%(units)s) AND position(%(said)s::bytea IN state) > 0
ORDER BY position
"""

_AFTER: LiteralString = """
SELECT {columns}
FROM {events}
WHERE case_id = ANY(%(units)s) AND topic IN ('desa.integrity-flag-resolved', 'case.corrected', 'case.retracted')
ORDER BY case_id, version
"""

_BEHIND: LiteralString = """
SELECT {columns}
FROM {events}
WHERE position = ANY(%(positions)s)
ORDER BY position
"""


@lru_cache(maxsize=64)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("events", "entries")}
    return SQL(text).format(columns=SQL(COLUMNS), **names).as_bytes()
