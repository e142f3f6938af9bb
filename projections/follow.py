"""Keeps every list up to date: folds the stories that new events touch, and puts those cases' rows in place of the old.

A batch is one transaction together with the position of the projections in it, so nothing is ever done twice or left
out. Whoever holds the position rows follows; a second follower finds them locked and waits for its turn.
"""

from __future__ import annotations

import gc
import hashlib
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Event as Flag
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import msgspec
import psycopg
import structlog
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain import stories
from domain.case import Personal, Recorded
from domain.erasure import forgotten
from domain.protocol import Book
from projections import log, people
from projections.projection import Folded, Projection, Row, Table, create, finish, shape, show

CHANNEL = "dampingi"
"""Writers call here after their commit; the payload is the schema that moved on. A lost call costs a sweep's wait."""

HEARING_SECONDS = 0.5
"""How long the follower listens before it looks whether it should stop."""

Conn = Connection[Any]
Opened = Mapping[tuple[UUID, int], Personal | None]
Opener = Callable[[Conn, Iterable[tuple[UUID, int, bytes]]], Opened]
"""Opens sealed identities by case and version; None is one whose key was destroyed."""

_log = structlog.get_logger()


class Followed(Struct, frozen=True):
    """A kabupaten, as far as its projections are concerned."""

    schema: str
    projections: tuple[Projection, ...]
    open: Opener
    book: Callable[[Conn], Book]
    """What the lists rest on besides the stories, as it stands now."""


# Folding


Counting = Callable[[Sequence[Recorded]], list[Recorded]]
"""The events of a story that count, in their order; none where the case is not to be seen at all."""


def fold(
    tenant: Followed, conn: Conn, told: log.Stories, book: Book, counting: Counting = stories.counting
) -> Iterator[Folded]:
    """Each story folded once for every projection; all identities opened in one go."""
    opened = tenant.open(conn, [one for story in told.values() for one in _sealed(story)])
    for case, story in told.items():
        if counts := counting(story):
            yield _folded(case, story, counts, opened, book)


def _sealed(story: Sequence[Recorded]) -> Iterator[tuple[UUID, int, bytes]]:
    """What tells who somebody is. Notes stay sealed: no list shows them; nor does any show who was forgotten."""
    if forgotten(story):  # this process may still hold the key that was destroyed
        return
    for recorded in story:
        if people.tells_who(recorded.event) and isinstance(recorded.event.personal, bytes):
            yield recorded.case, recorded.version, recorded.event.personal


def _folded(case: UUID, story: Sequence[Recorded], counting: Sequence[Recorded], opened: Opened, book: Book) -> Folded:
    told = ((r.event, opened.get((case, r.version))) for r in counting if people.tells_who(r.event))
    who = people.identity((event, part) for event, part in told if part is not None)
    return Folded(case, story, stories.add_up(stories.kind(story), counting), who, book)


@contextmanager
def uncollected() -> Iterator[None]:
    """Stories hold no cycles, and looking through so many of them for garbage again and again took a fifth of the time.

    What is no longer used goes at once all the same, being counted.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


# One step


class Halt(NamedTuple):
    """Where a projection met an event it cannot take, and what it said."""

    position: int
    error: str


class _Cannot(Exception):
    """Something in this batch cannot be written; it is to be taken again, carefully."""


class _Ahead(NamedTuple):
    """Stories are folded as far as they go: up to which position these projections show those that go further.

    A follower that is far behind would otherwise fold a story again for each of its events, and come to the same rows.
    """

    names: tuple[str, ...]
    at: int
    """Where they stood then. Found elsewhere, they were moved by somebody else, or our batch was undone."""
    shown: dict[UUID, int]

    def of(self, due: Sequence[Projection], at: int) -> _Ahead:
        """As far as it is still true of all of these projections."""
        names = tuple(projection.NAME for projection in due)
        return self if (names, at) == (self.names, self.at) else _Ahead(names, at, {})

    def unshown(self, new: Iterable[tuple[int, UUID]]) -> dict[UUID, int]:
        """The cases whose rows have to be made anew, and the first event that each needs it for."""
        first: dict[UUID, int] = {}
        for position, case in new:
            if position > self.shown.get(case, 0):
                first.setdefault(case, position)
        return first

    def beyond(self, last: int) -> _Ahead:
        """What is still of use from here on; nothing, once the follower is abreast."""
        return _Ahead(self.names, last, {case: upto for case, upto in self.shown.items() if upto > last})


class Follower:
    """Follows one kabupaten."""

    def __init__(self, tenant: Followed, book: Book, events: int = 1000) -> None:
        self.tenant = tenant
        self.book = book
        self._events = events
        self._by_name = {p.NAME: p for p in tenant.projections}
        self._ahead = _Ahead((), 0, {})

    def catch_up(self, conn: Conn, stop: Flag | None = None) -> int:
        """Follow until there is nothing new. Returns how many events were taken."""
        taken = 0
        while step := self.step(conn):
            taken += step
            if stop is not None and stop.is_set():
                break
        return taken

    def step(self, conn: Conn) -> int:
        """Take the next events in one transaction. 0: nothing new, or somebody else is at it."""
        try:
            return self._step(conn, careful=False)
        except _Cannot:
            return self._step(conn, careful=True)

    def _step(self, conn: Conn, careful: bool) -> int:
        known, self._ahead = self._ahead, _Ahead((), 0, {})  # believed no longer, unless this batch goes through
        with conn.transaction():
            standing = self._standing(conn)
            if not standing:
                return 0
            low = min(standing.values())
            due = [self._by_name[name] for name, position in standing.items() if position == low]
            to_others = [position - low for position in standing.values() if position > low]
            new = log.touched(conn, self.tenant.schema, low, min([self._events, *to_others]))
            if not new:
                return 0
            last, ahead = new[-1][0], known.of(due, low)
            halted = self._project(conn, ahead, ahead.unshown(new), due, careful)
            self._move(conn, [p.NAME for p in due if p.NAME not in halted], last)
            for name, halt in halted.items():
                self._park(conn, name, halt)
        self._ahead = ahead.beyond(last)
        return len(new)

    def _standing(self, conn: Conn) -> dict[str, int]:
        """Where each projection that is not parked stands, locked for this batch; empty if somebody else is at it."""
        names = list(self._by_name)
        rows = conn.execute(_sql(self.tenant.schema, _STANDING), [names], prepare=True).fetchall()
        if len(rows) < len(names):
            return {}
        return {name: position for name, position, parked in rows if not parked}

    def _project(
        self, conn: Conn, ahead: _Ahead, first: Mapping[UUID, int], due: Sequence[Projection], careful: bool
    ) -> dict[str, Halt]:
        """Put the new rows in place. Returns the projections that stopped on the way, and where."""
        if careful:
            return self._one_by_one(conn, first, due)
        if not first:
            return {}
        try:
            with uncollected():
                told = log.stories(conn, self.tenant.schema, first)
                folded = list(fold(self.tenant, conn, told, self.book))
                rows = [(projection, rows_of(projection, folded)) for projection in due]
        except psycopg.Error:
            raise
        except Exception as problem:
            raise _Cannot from problem
        try:
            replace_rows(conn, self.tenant.schema, rows, first)
        except (psycopg.DataError, psycopg.IntegrityError) as problem:
            raise _Cannot from problem
        ahead.shown.update((case, story[-1].position or 0) for case, story in told.items())
        return {}

    def _one_by_one(self, conn: Conn, first: Mapping[UUID, int], due: Sequence[Projection]) -> dict[str, Halt]:
        """The slow way, which finds the event that a projection cannot take and goes on with the others."""
        halted: dict[str, Halt] = {}
        for case, position in first.items():
            for projection in due:
                if projection.NAME in halted:
                    continue
                try:
                    with conn.transaction():
                        told = log.stories(conn, self.tenant.schema, [case])
                        rows = rows_of(projection, fold(self.tenant, conn, told, self.book))
                        replace_rows(conn, self.tenant.schema, [(projection, rows)], [case])
                except psycopg.OperationalError:
                    raise
                except Exception as problem:  # noqa: BLE001  # whatever it is, this projection stops here
                    halted[projection.NAME] = Halt(position, _where(problem))
        return halted

    def _move(self, conn: Conn, names: list[str], last: int) -> None:
        conn.execute(_sql(self.tenant.schema, _MOVE), [last, names], prepare=True)

    def _park(self, conn: Conn, name: str, halt: Halt) -> None:
        conn.execute(_sql(self.tenant.schema, _PARK), [halt.position - 1, f"{halt.error} di {halt.position}", name])
        _log.error("projection parked", schema=self.tenant.schema, projection=name, at=halt.position, error=halt.error)


def _where(problem: Exception) -> str:
    """The kind of error and its place in the code. Its text may hold a name or a number, so it is left out."""
    frame = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__} ({frame.name}, baris {frame.lineno})"


# Rows


def rows_of(projection: Projection, folded: Iterable[Folded]) -> dict[str, list[Row]]:
    """The rows of many cases by table."""
    found: dict[str, list[Row]] = {table.name: [] for table in projection.TABLES}
    for one in folded:
        for name, rows in projection.rows(one).items():
            found[name].extend(rows)
    return found


def replace_rows(
    conn: Conn,
    schema: str,
    made: Sequence[tuple[Projection, Mapping[str, Sequence[Row]]]],
    cases: Collection[UUID],
    suffix: LiteralString = "",
) -> None:
    """These cases' rows as they are now. Most are as they were, and writing them again costs more than reading them."""
    tables = [(table, rows[table.name]) for projection, rows in made for table in projection.TABLES]
    those = [list(cases)]
    with conn.pipeline():  # one trip to PostgreSQL and back for all of them
        asked = [conn.execute(_there(schema, t, suffix), those, binary=True, prepare=True) for t, _ in tables]
    for (table, rows), found in zip(tables, asked, strict=True):
        _replace(conn, schema, table, rows, found.fetchall(), suffix)


def _replace(
    conn: Conn, schema: str, table: Table, rows: Sequence[Row], found: Sequence[Row], suffix: LiteralString
) -> None:
    at, told, width = table.key_of, table.told_of, len(table.key)
    there = {row[:width]: row[width:] for row in found}
    wanted = {at(row): told(row) for row in rows}
    gone = [key for key, row in there.items() if wanted.get(key) != row]
    if gone:
        conn.execute(_delete(schema, table, suffix), list(map(list, zip(*gone, strict=True))), prepare=True)
    copy_rows(conn, schema, table, [row for row in rows if there.get(at(row)) != told(row)], suffix)


def copy_rows(conn: Conn, schema: str, table: Table, rows: Sequence[Row], suffix: LiteralString = "") -> None:
    """Add rows by a binary COPY."""
    if not rows:
        return
    with conn.cursor() as cursor, cursor.copy(_copy(schema, table.name, suffix)) as copy:
        copy.set_types(table.types)
        for row in rows:
            copy.write_row(row)


@lru_cache(maxsize=4096)
def _there(schema: str, table: Table, suffix: str) -> bytes:
    columns = SQL(", ").join(map(Identifier, (*table.key, *table.told_by)))
    whole = Identifier(schema, table.name + suffix)
    return SQL("SELECT {} FROM {} WHERE case_id = ANY(%s)").format(columns, whole).as_bytes()


@lru_cache(maxsize=4096)
def _delete(schema: str, table: Table, suffix: str) -> bytes:
    types = dict(zip((name for name, _ in table.columns), table.types, strict=True))
    keys = SQL(", ").join(map(Identifier, table.key))
    lists = SQL(", ".join(f"%s::{types[name]}[]" for name in table.key))
    whole = Identifier(schema, table.name + suffix)
    text = "DELETE FROM {} WHERE ({}) IN (SELECT * FROM unnest({}))"
    return SQL(text).format(whole, keys, lists).as_bytes()


@lru_cache(maxsize=4096)
def _copy(schema: str, table: str, suffix: str) -> bytes:
    return SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(Identifier(schema, table + suffix)).as_bytes()


# Tables


def prepare(conn: Conn, tenant: Followed, book: Book) -> list[Projection]:
    """Make what tables are missing, so that readers find them. Returns the projections that need a rebuild."""
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"dampingi {tenant.schema}"])
        made: dict[str, str] = dict(conn.execute(_sql(tenant.schema, _SHAPES)).fetchall())
        for projection in tenant.projections:
            if projection.NAME not in made:
                _make(conn, tenant.schema, projection, book)
            if made.get(projection.NAME) in (None, shape_of(projection, book)):
                for table in projection.TABLES:
                    show(conn, tenant.schema, table)
    return [p for p in tenant.projections if made.get(p.NAME, shape_of(p, book)) != shape_of(p, book)]


def _make(conn: Conn, schema: str, projection: Projection, book: Book) -> None:
    for table in projection.TABLES:
        conn.execute(create(schema, table))
        for statement in finish(schema, table):
            conn.execute(statement)
    conn.execute(_sql(schema, _BEGIN), [projection.NAME, shape_of(projection, book)])


def shape_of(projection: Projection, book: Book) -> str:
    """Of the tables, the edition, the posyandu calendar and the program. Where one has changed, every row may have."""
    rests_on = msgspec.json.encode((shape(projection), book.protocol, sorted(book.session_days.items())))
    return hashlib.sha256(rests_on + _program()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _program() -> bytes:
    """The text of what makes rows from stories: a mended sign must mend the lists as well."""
    digest = hashlib.sha256()
    for path in sorted([*Path(stories.__file__).parent.rglob("*.py"), *Path(__file__).parent.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.digest()


# The process

Rebuild = Callable[[Conn, Followed, Book, Sequence[Projection]], None]
"""Makes the tables of some projections anew."""


def run(
    dsn: str,
    tenants: Sequence[Followed],
    stop: Flag,
    rebuild: Rebuild,
    events: int = 1000,
    sweep_seconds: float = 5.0,
) -> None:
    """Follow these kabupaten of one database until told to stop, whatever happens to the connections."""
    pause = 0.2
    while not stop.is_set():
        try:
            _Run(dsn, tenants, stop, rebuild, events, sweep_seconds).follow()
            pause = 0.2
        except psycopg.OperationalError as problem:
            _log.warning("follower lost its connection", error=type(problem).__name__)
            stop.wait(pause)
            pause = min(pause * 2, 5.0)


def run_all(
    places: Mapping[str, Sequence[Followed]], stop: Flag, rebuilding: Callable[[str], Rebuild], **how: Any
) -> None:
    """The same over several databases, one thread for each. Where one cannot go on, all stop and it is said why."""
    with ThreadPoolExecutor(len(places)) as threads:
        work = [threads.submit(run, dsn, tenants, stop, rebuilding(dsn), **how) for dsn, tenants in places.items()]
        for ended in as_completed(work):
            if ended.exception() is not None:
                stop.set()
        for ended in work:
            ended.result()


class _Run:
    """As long as the two connections hold: one that hears, one that works."""

    def __init__(
        self,
        dsn: str,
        tenants: Sequence[Followed],
        stop: Flag,
        rebuild: Rebuild,
        events: int,
        sweep_seconds: float,
    ) -> None:
        self._dsn = dsn
        self._tenants = {tenant.schema: tenant for tenant in tenants}
        self._stop = stop
        self._rebuild = rebuild
        self._events = events
        self._sweep_seconds = sweep_seconds
        self._followers: dict[str, Follower] = {}

    def follow(self) -> None:
        with self._connected() as ear, self._connected() as conn:
            ear.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
            for tenant in self._tenants.values():
                self._take_up(conn, tenant)
            called: Collection[str] = self._tenants
            swept = time.monotonic()
            while not self._stop.is_set():
                self._round(conn, called)
                called = {call.payload for call in ear.notifies(timeout=HEARING_SECONDS, stop_after=1)}
                if time.monotonic() - swept >= self._sweep_seconds:
                    called, swept = self._tenants, time.monotonic()
                    self._look_at_books(conn)

    def _connected(self) -> Conn:
        return psycopg.connect(
            self._dsn,
            autocommit=True,
            application_name="dampingi follower",
            options="-c TimeZone=UTC -c enable_seqscan=off -c jit=off",
        )

    def _take_up(self, conn: Conn, tenant: Followed) -> None:
        """What was parked is tried again with today's program; what rests on yesterday's rules is built anew."""
        book = tenant.book(conn)
        stale = prepare(conn, tenant, book)
        conn.execute(_sql(tenant.schema, _UNPARK))
        if stale:
            self._rebuild(conn, tenant, book, stale)
        self._followers[tenant.schema] = Follower(tenant, book, self._events)

    def _look_at_books(self, conn: Conn) -> None:
        """An edition comes into force on its day, and a posyandu may change its own."""
        for tenant in self._tenants.values():
            if tenant.book(conn) != self._followers[tenant.schema].book:
                self._take_up(conn, tenant)

    def _round(self, conn: Conn, called: Collection[str]) -> None:
        """A batch of each in turn, so that a kabupaten with much to catch up on does not hold up the others."""
        waiting = [self._followers[schema] for schema in called if schema in self._followers]
        while waiting and not self._stop.is_set():
            waiting = [follower for follower in waiting if follower.step(conn) and not self._stop.is_set()]


_STANDING: LiteralString = """
SELECT name, position, parked_at IS NOT NULL
FROM {follower}
WHERE name = ANY(%s)
ORDER BY name
FOR UPDATE SKIP LOCKED
"""

_MOVE: LiteralString = "UPDATE {follower} SET position = %s WHERE name = ANY(%s)"

_PARK: LiteralString = "UPDATE {follower} SET position = %s, parked_at = clock_timestamp(), error = %s WHERE name = %s"

_UNPARK: LiteralString = "UPDATE {follower} SET parked_at = NULL, error = NULL WHERE parked_at IS NOT NULL"

_SHAPES: LiteralString = "SELECT name, shape FROM {follower}"

_BEGIN: LiteralString = "INSERT INTO {follower} (name, position, shape) VALUES (%s, 0, %s)"


@lru_cache(maxsize=4096)
def _sql(schema: str, text: LiteralString) -> bytes:
    return SQL(text).format(follower=Identifier(schema, "follower")).as_bytes()
