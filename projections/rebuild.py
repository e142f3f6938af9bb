"""Makes the lists anew from the whole log, beside the live ones, and changes them over; or only compares the two.

It is the follower's own fold over all stories: streamed in the order of the case numbers, copied into new tables.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg import Connection, IsolationLevel
from psycopg.errors import SerializationFailure
from psycopg.sql import SQL, Composed, Identifier

from domain.protocol import Book
from projections import log, projection
from projections.follow import Followed, Follower, copy_rows, fold, replace_rows, rows_of, shape_of, uncollected
from projections.projection import Projection, Table

Conn = Connection[Any]
Progress = Callable[[int], None]
"""Told of every some thousand events that are through."""

NEW: LiteralString = "__new"
SIDE: LiteralString = "__check"
TAIL = 5_000
"""So few events may be left for the moment in which the live lists stand still."""
TRIES = 20


class Difference(Struct, frozen=True):
    """A row that only one of live and rebuilt has."""

    table: str
    live: bool
    case: UUID


def rebuild(
    conninfo: str, tenant: Followed, book: Book, wanted: Sequence[Projection], progress: Progress, processes: int = 1
) -> int:
    """Make the tables of these projections anew and change them over; readers and writers go on meanwhile.

    Returns the position they stand at. A projection that was parked goes on from there.
    """
    with psycopg.connect(conninfo, autocommit=True) as conn:
        begun = _begin(conn, tenant.schema, wanted, NEW)
        _fill(conninfo, tenant, book, wanted, NEW, progress, processes)
        _finish(conn, tenant.schema, wanted, NEW)
        begun = _catch_up(conn, tenant, book, wanted, NEW, begun)
        with conn.transaction():
            _hold(conn, tenant.schema)
            position = _tail(conn, tenant, book, wanted, NEW, begun)
            for one in wanted:
                _change_over(conn, tenant, book, one, position)
        return position


def check(
    conninfo: str, tenant: Followed, book: Book, progress: Progress, most: int = 20, processes: int = 1
) -> list[Difference]:
    """The rows, `most` a table and side, in which the live lists differ from what the log comes to. None is good."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        wanted = tenant.projections
        begun = _begin(conn, tenant.schema, wanted, SIDE)
        try:
            _fill(conninfo, tenant, book, wanted, SIDE, progress, processes)
            _finish(conn, tenant.schema, wanted, SIDE)
            begun = _catch_up(conn, tenant, book, wanted, SIDE, begun)
            return _compared(conn, tenant, book, wanted, begun, most)
        finally:
            for table in _tables(wanted):
                conn.execute(_sql("DROP TABLE IF EXISTS {}", tenant.schema, table, SIDE))


# The new tables


def _begin(conn: Conn, schema: str, wanted: Sequence[Projection], suffix: LiteralString) -> int:
    """Empty tables, and the position from which on events have to be caught up with."""
    with conn.transaction():
        for table in _tables(wanted):
            conn.execute(_sql("DROP TABLE IF EXISTS {}", schema, table, suffix))
            conn.execute(projection.create(schema, table, suffix))
    return log.head(conn, schema)


def _fill(
    conninfo: str,
    tenant: Followed,
    book: Book,
    wanted: Sequence[Projection],
    suffix: LiteralString,
    progress: Progress,
    processes: int,
) -> None:
    if processes == 1:
        with psycopg.connect(conninfo, autocommit=True) as conn:
            _fill_range(conn, tenant, book, wanted, suffix, progress, log.FIRST, log.LAST)
        return
    with psycopg.connect(conninfo, autocommit=True) as conn:
        cut = ranges(conn, tenant.schema, processes)
    _in_processes(conninfo, tenant, book, wanted, suffix, progress, cut)


def _fill_range(
    conn: Conn,
    tenant: Followed,
    book: Book,
    wanted: Sequence[Projection],
    suffix: LiteralString,
    progress: Progress,
    low: UUID,
    high: UUID,
) -> None:
    with uncollected():
        for told in log.all_stories(conn, tenant.schema, low, high):
            folded = list(fold(tenant, conn, told, book))
            with conn.transaction():
                for one in wanted:
                    rows = rows_of(one, folded)
                    for table in one.TABLES:
                        copy_rows(conn, tenant.schema, table, rows[table.name], suffix)
            progress(sum(map(len, told.values())))


def ranges(conn: Conn, schema: str, parts: int) -> list[tuple[UUID, UUID]]:
    """All stories in so many ranges of their numbers, above the first and up to the second, of about as many stories.

    Case numbers made on phones grow with time, so the cuts are taken from the cases that are there.
    """
    query = SQL("SELECT percentile_disc(%s::float8[]) WITHIN GROUP (ORDER BY case_id) FROM {} WHERE version = 1")
    row = conn.execute(query.format(Identifier(schema, "events")), [[n / parts for n in range(1, parts)]]).fetchone()
    cuts = [cut for cut in (row[0] or []) if cut is not None] if row else []
    return list(pairwise([log.FIRST, *cuts, log.LAST]))


def _in_processes(
    conninfo: str,
    tenant: Followed,
    book: Book,
    wanted: Sequence[Projection],
    suffix: LiteralString,
    progress: Progress,
    ranges: Sequence[tuple[UUID, UUID]],
) -> None:
    fork = multiprocessing.get_context("fork")
    done: Any = fork.SimpleQueue()
    work = [
        fork.Process(target=_one_range, args=(conninfo, tenant, book, wanted, suffix, low, high, done), daemon=True)
        for low, high in ranges
    ]
    for process in work:
        process.start()
    left, failed = len(work), ""
    while left:
        told = done.get()
        if isinstance(told, int):
            progress(told)
            continue
        left -= 1
        failed = failed or told
    for process in work:
        process.join()
    if failed:
        raise RuntimeError(f"rebuild: {failed}")


def _one_range(
    conninfo: str,
    tenant: Followed,
    book: Book,
    wanted: Sequence[Projection],
    suffix: LiteralString,
    low: UUID,
    high: UUID,
    done: Any,
) -> None:
    """The work of one process. It says how far it is in numbers, and its end in words, empty where all went well."""
    try:
        with psycopg.connect(conninfo, autocommit=True) as conn:
            _fill_range(conn, tenant, book, wanted, suffix, done.put, low, high)
        done.put("")
    except Exception as error:  # noqa: BLE001  # said to the process that waits for it
        done.put(type(error).__name__)


def _finish(conn: Conn, schema: str, wanted: Sequence[Projection], suffix: LiteralString) -> None:
    conn.execute("SET default_statistics_target = 25")  # every question goes by an index; a quarter of the time
    for table in _tables(wanted):
        for statement in projection.finish(schema, table, suffix):
            conn.execute(statement)
        conn.execute(projection.settle(schema, table, suffix))


# What was recorded meanwhile


def _catch_up(
    conn: Conn, tenant: Followed, book: Book, wanted: Sequence[Projection], suffix: LiteralString, position: int
) -> int:
    """Follow until little is left; the rest is done while the live lists stand still."""
    while log.head(conn, tenant.schema) - position > TAIL:
        with conn.transaction():
            position = _batch(conn, tenant, book, wanted, suffix, position)
    return position


def _tail(
    conn: Conn, tenant: Followed, book: Book, wanted: Sequence[Projection], suffix: LiteralString, position: int
) -> int:
    while (reached := _batch(conn, tenant, book, wanted, suffix, position)) != position:
        position = reached
    return position


def _batch(
    conn: Conn, tenant: Followed, book: Book, wanted: Sequence[Projection], suffix: LiteralString, position: int
) -> int:
    news = log.touched(conn, tenant.schema, position, 1000)
    if not news:
        return position
    cases = list({case for _, case in news})
    folded = list(fold(tenant, conn, log.stories(conn, tenant.schema, cases), book))
    replace_rows(conn, tenant.schema, [(one, rows_of(one, folded)) for one in wanted], cases, suffix)
    return news[-1][0]


# Changing over, or comparing


def _hold(conn: Conn, schema: str) -> None:
    """The followers wait at their rows until this transaction is through."""
    conn.execute(SQL("SELECT 1 FROM {} ORDER BY name FOR UPDATE").format(Identifier(schema, "follower")))


def _change_over(conn: Conn, tenant: Followed, book: Book, one: Projection, position: int) -> None:
    schema = tenant.schema
    for table in one.TABLES:
        conn.execute(_sql("DROP TABLE IF EXISTS {}", schema, table, ""))
        conn.execute(
            SQL("ALTER TABLE {} RENAME TO {}").format(Identifier(schema, table.name + NEW), Identifier(table.name))
        )
        for name in projection.index_names(table):
            conn.execute(SQL("ALTER INDEX {} RENAME TO {}").format(Identifier(schema, name + NEW), Identifier(name)))
        projection.show(conn, schema, table)
    conn.execute(
        SQL(
            "INSERT INTO {} (name, position, shape) VALUES (%s, %s, %s) ON CONFLICT (name) DO UPDATE"
            " SET position = excluded.position, shape = excluded.shape, parked_at = NULL, error = NULL"
        ).format(Identifier(schema, "follower")),
        [one.NAME, position, shape_of(one, book)],
    )


def _compared(
    conn: Conn, tenant: Followed, book: Book, wanted: Sequence[Projection], begun: int, most: int
) -> list[Difference]:
    """Both are brought to the same position inside one snapshot, or a list that is only behind would count as wrong."""
    conn.isolation_level = IsolationLevel.REPEATABLE_READ
    for _ in range(TRIES):
        try:
            with conn.transaction():
                _hold(conn, tenant.schema)
                Follower(tenant, book).catch_up(conn)
                _tail(conn, tenant, book, wanted, SIDE, begun)
                return [found for table in _tables(wanted) for found in _differences(conn, tenant.schema, table, most)]
        except SerializationFailure:
            continue  # the live follower moved between our snapshot and our lock
    raise RuntimeError("the lists move too fast to be compared; try again in a quieter moment")


def _differences(conn: Conn, schema: str, table: Table, most: int) -> Iterable[Difference]:
    query: LiteralString = "SELECT case_id FROM (SELECT * FROM {} EXCEPT ALL SELECT * FROM {}) AS d LIMIT %s"
    live, side = Identifier(schema, table.name), Identifier(schema, table.name + SIDE)
    for first, second, is_live in ((live, side, True), (side, live, False)):
        for (case,) in conn.execute(SQL(query).format(first, second), [most]):
            yield Difference(table.name, is_live, case)


def _tables(wanted: Sequence[Projection]) -> list[Table]:
    return [table for one in wanted for table in one.TABLES]


def _sql(text: LiteralString, schema: str, table: Table, suffix: LiteralString) -> Composed:
    return SQL(text).format(Identifier(schema, table.name + suffix))
