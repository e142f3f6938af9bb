"""A projection's table with rows in it, without follower or log."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg.sql import SQL, Identifier

from projections.projection import Row, Table, create, finish


def stand(conn: psycopg.Connection, schema: str, table: Table, rows: Iterable[Row]) -> None:
    """Make the table, with the rows copied in as a rebuild does."""
    conn.execute(create(schema, table))
    whole = Identifier(schema, table.name)
    with conn.cursor().copy(SQL("COPY {} FROM STDIN (FORMAT binary)").format(whole)) as copy:
        copy.set_types(table.types)
        for row in rows:
            copy.write_row(row)
    for statement in finish(schema, table):
        conn.execute(statement)
    conn.execute(SQL("ANALYZE {}").format(whole))
