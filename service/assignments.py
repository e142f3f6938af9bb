"""Letters of assignment: which inspector was sent where, from which day to which. An end is a row of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.sql import SQL, Identifier
from psycopg_pool import ConnectionPool
from uuid_utils.compat import uuid7

from service.access import Units, below


class Assignment(Struct, frozen=True):
    """An inspector may see who somebody is, in these units and all below them, on these days."""

    id: UUID
    letter: str
    account: UUID
    units: tuple[str, ...]
    valid_from: date
    valid_to: date
    """The last day."""
    ended_at: datetime | None = None

    def holds(self, on: date) -> bool:
        """It is in force on a day."""
        return self.ended_at is None and self.valid_from <= on <= self.valid_to

    def covers(self, unit: str, units: Units) -> bool:
        """The unit is one of its own or below one."""
        own = (units[code] for code in self.units if code in units)
        return any(unit == one.code for top in own for one in below(top, units))


class Assignments:
    """The assignments of one kabupaten."""

    def __init__(self, pool: ConnectionPool[Any], schema: str) -> None:
        self._pool = pool
        self._sql = {
            name: SQL(text).format(
                assignments=Identifier(schema, "assignments"), ends=Identifier(schema, "assignment_ends")
            )
            for name, text in _STATEMENTS.items()
        }

    def give(self, letter: str, account: UUID, units: Iterable[str], valid_from: date, valid_to: date) -> UUID:
        """A new assignment."""
        number = uuid7()
        row = {"id": number, "letter": letter, "account": account, "units": list(units)}
        with self._pool.connection() as conn:
            conn.execute(self._sql["give"], {**row, "from": valid_from, "to": valid_to})
        return number

    def end(self, assignment: UUID) -> bool:
        """It holds no longer; False where it is not there or was ended already."""
        with self._pool.connection() as conn:
            ended: int = conn.execute(self._sql["end"], {"id": assignment}).rowcount
        return ended == 1

    def all(self) -> tuple[Assignment, ...]:
        """Every assignment ever given, oldest first."""
        return self._found("all", {})

    def of(self, account: UUID, on: date) -> tuple[Assignment, ...]:
        """Those of an inspector that hold on a day."""
        return tuple(one for one in self._found("of", {"account": account}) if one.holds(on))

    def _found(self, name: str, asked: Mapping[str, Any]) -> tuple[Assignment, ...]:
        with self._pool.connection() as conn:
            rows = conn.execute(self._sql[name], asked).fetchall()
        return tuple(Assignment(row[0], row[1], row[2], tuple(row[3]), row[4], row[5], row[6]) for row in rows)


_ALL: LiteralString = """
SELECT a.id, a.letter, a.account, a.units, a.valid_from, a.valid_to, e.at
FROM {assignments} AS a LEFT JOIN {ends} AS e ON e.assignment = a.id
"""

_STATEMENTS: Mapping[str, LiteralString] = {
    "all": _ALL + "ORDER BY a.id",
    "of": _ALL + "WHERE a.account = %(account)s ORDER BY a.id",
    "give": """
INSERT INTO {assignments} (id, letter, account, units, valid_from, valid_to)
VALUES (%(id)s, %(letter)s, %(account)s, %(units)s, %(from)s, %(to)s)
""",
    "end": """
INSERT INTO {ends} (assignment)
SELECT id FROM {assignments} WHERE id = %(id)s
ON CONFLICT DO NOTHING
""",
}
