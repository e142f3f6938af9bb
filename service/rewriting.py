"""Writing tables anew, so that their files hold nothing of what rows were before.

PostgreSQL passes over a table that a role may not rewrite with a mere warning. So it is asked first.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any, Final, LiteralString

import click
from psycopg import Connection
from psycopg.errors import Diagnostic
from psycopg.sql import SQL, Identifier

Conn = Connection[Any]

PATIENCE_SECONDS: Final = 30

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
    """Nobody reads or writes it meanwhile.

    Rows of before are taken along for as long as somebody's transaction might still look at them. So it is done again
    until none is left, and a ClickException says so when that takes longer than `PATIENCE_SECONDS`.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while _taken_along(conn, table):
        if time.monotonic() > end:
            raise click.ClickException(
                f"{table.as_string(conn)} sudah ditulis ulang, tetapi isi yang lama masih ada di dalamnya, karena masih"
                " ada transaksi lama yang terbuka di basis data ini (lihat pg_stat_activity). Akhiri transaksi itu,"
                " lalu jalankan perintah ini lagi."
            )
        time.sleep(0.1)


def _taken_along(conn: Conn, table: Identifier) -> int:
    """How many rows of before are still there after it was written anew, as PostgreSQL reports in its own language."""
    details: list[str] = []

    def hear(report: Diagnostic) -> None:
        details.append(report.message_detail or "")

    conn.add_notice_handler(hear)
    try:
        conn.execute(SQL("VACUUM (FULL, VERBOSE) {}").format(table))
    finally:
        conn.remove_notice_handler(hear)
    # "2 dead row versions cannot be removed yet.": of the table itself, then perhaps of what is kept outside its rows.
    return sum(int(found[0]) for detail in details if (found := re.search(r"\d+", detail)))


# As PostgreSQL decides it: the table's owner may, and the database's.
_MAY: LiteralString = """
SELECT current_user, pg_has_role(c.relowner, 'USAGE') OR pg_has_role(d.datdba, 'USAGE')
FROM pg_class AS c, pg_database AS d
WHERE c.oid = %s::regclass AND d.datname = current_database()
"""
