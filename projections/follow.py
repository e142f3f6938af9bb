"""Keeps the lists up to date: reads new events in order and replaces the rows of the cases they touch, a batch a transaction.

No projection knows an event by name. Whole stories are folded and each projection makes its rows from the result, so a
correction, a late entry or a new rule needs no code here.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event as Flag
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from domain import stories
from domain.case import Personal, Recorded
from domain.protocol import Book
from projections import log, people, projection
from projections.growth import Growth
from projections.people import People
from projections.projection import Folded, Projection, Row, Table
from projections.queue import Queue

Conn = Connection[Any]
CHANNEL = "dampingi"
"""Writers call here after their commit, with the schema; a call that is lost costs a sweep's wait and nothing else."""

Opener = Callable[[Conn, Sequence[Recorded]], Mapping[tuple[UUID, int], Personal]]
"""Opens the sealed identities of these events, by (case, version); those of erased people are missing from the answer."""


class Reading(Struct, frozen=True):
    """What the projections of one kabupaten need beside its log."""

    schema: str
    book: Book
    open: Opener
    nik_hash: people.NikHash

    def projections(self) -> tuple[Projection, ...]:
        """Every projection there is."""
        return (Queue(), People(self.nik_hash), Growth())


def fold(conn: Conn, told: Mapping[UUID, Sequence[Recorded]], reading: Reading) -> list[Folded]:
    """Fold some stories, opening all their identities in one go."""
    sealed = [r for story in told.values() for r in story if people.tells_who(r.event) and r.event.personal]
    opened = reading.open(conn, sealed) if sealed else {}
    return [_folded(case, story, opened, reading.book) for case, story in told.items() if story]


def _folded(
    case: UUID, story: Sequence[Recorded], opened: Mapping[tuple[UUID, int], Personal], book: Book
) -> Folded:
    counting = stories.counting(story)
    state = stories.add_up(stories.kind(story), counting)
    telling = [(r.event, opened.get((case, r.version))) for r in counting if people.tells_who(r.event)]
    who = people.identity((event, personal) for event, personal in telling if personal is not None)
    return Folded(case, story, state, who, book)


class Parked(Exception):
    """A projection met an error it cannot answer; the events have to be taken one by one to find where."""


class Follower:
    """Brings the lists of one kabupaten up to date. A second one beside it waits its turn and does nothing twice."""

    def __init__(self, reading: Reading, batch: int = 1000) -> None:
        self.schema = reading.schema
        self.reading = reading
        self.batch = batch
        self.projections = reading.projections()
        self._one_by_one = 0

    def catch_up(self, conn: Conn, stop: Flag | None = None) -> int:
        """Follow until there is nothing new. Returns how many events were taken."""
        taken = 0
        while step := self.step(conn):
            taken += step
            if stop is not None and stop.is_set():
                break
        return taken

    def step(self, conn: Conn) -> int:
        """Take the next batch in one transaction; 0 where there is nothing new."""
        try:
            taken = self._step(conn, 1 if self._one_by_one else self.batch)
        except Parked:
            self._one_by_one = self.batch
            return self._step(conn, 1)
        self._one_by_one = max(0, self._one_by_one - taken)
        return taken

    def _step(self, conn: Conn, limit: int) -> int:
        with conn.transaction():
            standing = self._standing(conn)
            if not standing:
                return 0
            position = min(standing.values())
            news = log.touched(conn, self.schema, position, limit)
            if not news:
                return 0
            told = log.stories(conn, self.schema, {case for _, case in news})
            due = [p for p in self.projections if standing.get(p.NAME) == position]
            moved = self._project(conn, told, due, alone=limit == 1)
            conn.execute(self._sql("UPDATE {} SET position = %s WHERE name = ANY(%s)"), [news[-1][0], moved])
            return len(news)

    def _standing(self, conn: Conn) -> dict[str, int]:
        """Where each projection stands, locked until the batch is through; parked ones are left out."""
        query = self._sql("SELECT name, position FROM {} WHERE parked_at IS NULL ORDER BY name FOR UPDATE")
        return dict(conn.execute(query).fetchall())

    def _project(
        self, conn: Conn, told: Mapping[UUID, Sequence[Recorded]], due: Sequence[Projection], alone: bool
    ) -> list[str]:
        """Replace the rows of these cases. Returns the projections that went through; one that cannot is parked."""
        try:
            folded = fold(conn, told, self.reading)
        except psycopg.Error:
            raise
        except Exception as error:
            return self._park(conn, due, error, alone)
        moved: list[str] = []
        for one in due:
            try:
                with conn.transaction():
                    replace(conn, self.schema, one, list(told), folded)
                moved.append(one.NAME)
            except psycopg.OperationalError:
                raise
            except Exception as error:
                self._park(conn, [one], error, alone)
        return moved

    def _park(self, conn: Conn, due: Sequence[Projection], error: Exception, alone: bool) -> list[str]:
        """It stands before that event until somebody has looked. Said is the place in the code, nothing of the event."""
        if not alone:
            raise Parked from error
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f" ({trace.tb_frame.f_code.co_name}:{trace.tb_lineno})" if trace is not None else ""
        conn.execute(
            self._sql("UPDATE {} SET parked_at = clock_timestamp(), error = %s WHERE name = ANY(%s)"),
            [type(error).__name__ + place, [p.NAME for p in due]],
        )
        return []

    def _sql(self, text: LiteralString) -> Composed:
        return SQL(text).format(Identifier(self.schema, "follower"))


def replace(conn: Conn, schema: str, one: Projection, cases: Sequence[UUID], folded: Sequence[Folded]) -> None:
    """The rows of these cases as they are now, in place of those that were there."""
    for table in one.TABLES:
        forget(conn, schema, table, cases)
    copy_in(conn, schema, one, folded)


def forget(conn: Conn, schema: str, table: Table, cases: Sequence[UUID], suffix: LiteralString = "") -> None:
    """Take out the rows of these cases."""
    name = Identifier(schema, table.name + suffix)
    conn.execute(SQL("DELETE FROM {} WHERE case_id = ANY(%s)").format(name), [cases])


def copy_in(
    conn: Conn, schema: str, one: Projection, folded: Sequence[Folded], suffix: LiteralString = ""
) -> None:
    """Add the rows of these cases."""
    lines: dict[str, list[Row]] = {table.name: [] for table in one.TABLES}
    for case in folded:
        for name, rows in one.rows(case).items():
            lines[name].extend(rows)
    for table in one.TABLES:
        if lines[table.name]:
            _copy(conn, Identifier(schema, table.name + suffix), table, lines[table.name])


def _copy(conn: Conn, name: Identifier, table: Table, rows: Sequence[Row]) -> None:
    with conn.cursor() as cur, cur.copy(SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(name)) as copy:
        copy.set_types(table.types)
        for row in rows:
            copy.write_row(row)


# Which tables are there


def shape(one: Projection, book: Book) -> str:
    """By which columns and which rules rows are made. Other ones call for a rebuild."""
    rules = msgspec.json.encode(book.protocol) + msgspec.json.encode(sorted(book.session_days.items()))
    return hashlib.sha256(projection.shape(one).encode() + rules).hexdigest()[:16]


def outdated(conn: Conn, reading: Reading) -> list[Projection]:
    """The projections whose tables are not there, or were made by another edition or another program."""
    query = SQL("SELECT name, shape FROM {}").format(Identifier(reading.schema, "follower"))
    made = dict(conn.execute(query).fetchall())
    return [p for p in reading.projections() if made.get(p.NAME) != shape(p, reading.book)]


# The process


def run(conninfo: str, followers: Sequence[Follower], stop: Flag, sweep_seconds: float = 5.0) -> None:
    """Follow until told to stop. A lost server is looked for again every second."""
    while not stop.is_set():
        try:
            _listen(conninfo, followers, stop, sweep_seconds)
        except psycopg.OperationalError:
            stop.wait(1.0)


def _listen(conninfo: str, followers: Sequence[Follower], stop: Flag, sweep_seconds: float) -> None:
    """LISTEN comes before the first read, and every sweep looks at all of them anyway."""
    by_schema = {follower.schema: follower for follower in followers}
    with (
        psycopg.connect(conninfo, autocommit=True) as ear,
        psycopg.connect(conninfo, autocommit=True) as conn,
    ):
        ear.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
        called, swept = set(by_schema), time.monotonic()
        while not stop.is_set():
            for schema in called:
                by_schema[schema].catch_up(conn, stop)
            called = {call.payload for call in ear.notifies(timeout=min(0.5, sweep_seconds), stop_after=1)}
            called &= by_schema.keys()
            if time.monotonic() - swept >= sweep_seconds:
                called, swept = set(by_schema), time.monotonic()
