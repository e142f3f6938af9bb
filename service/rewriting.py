"""Writing tables anew, so that their files hold nothing of what rows were before.

PostgreSQL passes over a table that a role may not rewrite with a mere warning. So it is asked first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, LiteralString

import click
from psycopg import Connection
from psycopg.sql import SQL, Identifier

Conn = Connection[Any]

STATISTICS = Identifier("pg_catalog", "pg_statistic")
"""Quotes common values."""


def keys(schema: str) -> Identifier:
    """A key that was destroyed or wrapped anew still lies in the file as it was."""
    return Identifier(schema, "person_key")


def refuse_strangers(conn: Conn, tables: Iterable[Identifier]) -> None:
    """Raises a ClickException at the first table that this role may not write anew."""
    for table in tables:
        role, may = conn.execute(_MAY, [table.as_string(conn)]).fetchone() or ("", False)
        if not may:
            raise click.ClickException(
                f"Peran {role} bukan pemilik {table.as_string(conn)} dan bukan pemilik basis data, jadi tidak boleh"
                " menulisnya ulang. Isi DATABASE_OWNER_URL dengan peran pemilik, lalu jalankan lagi."
            )


def rewrite(conn: Conn, table: Identifier) -> None:
    """Nobody reads or writes it meanwhile."""
    conn.execute(SQL("VACUUM (FULL) {}").format(table))


# As PostgreSQL decides it: the table's owner may, and the database's.
_MAY: LiteralString = """
SELECT current_user, pg_has_role(c.relowner, 'USAGE') OR pg_has_role(d.datdba, 'USAGE')
FROM pg_class AS c, pg_database AS d
WHERE c.oid = %s::regclass AND d.datname = current_database()
"""
