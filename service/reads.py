"""Who opened whose record, holding which post, and why: noted at the moment of reading, in the database a moment later.

The note is one line in a file of the spool, so it costs a reader no commit, and a crash of the service loses none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
import structlog
from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import Gauge
from psycopg import Connection
from psycopg.sql import SQL, Identifier
from psycopg_pool import ConnectionPool, PoolTimeout
from uuid_utils.compat import uuid7

from service.access import Who
from service.accounts import NOBODY
from service.spool import Piece, Spool

BATCH = 1000
"""Rows in one statement."""

COMMAND_LINE = "baris perintah"
"""Why something was read by an account that is none: somebody typed a command on the server."""

LOOK_SECONDS = 3600
"""How often it is looked whether the coming months have their parts."""

MONTHS_WANTED = 2
"""With room for fewer months ahead than this the owner of the tables should be told."""

_WAITING = Gauge(
    "dampingi_reads_waiting_bytes", "Notes of reads not yet in the database", ["kabupaten"], multiprocess_mode="max"
)
_AHEAD = Gauge("dampingi_reads_months_ahead", "Months ahead with a part made", ["kabupaten"], multiprocess_mode="min")

_log = structlog.get_logger()


class NotNoted(Exception):
    """A read could be noted nowhere, so nothing may be shown."""


class Read(Struct, frozen=True, kw_only=True):
    """One record opened by one account. `case` is None where somebody searched and found nobody."""

    id: UUID
    at: datetime
    account: UUID
    post: UUID
    role: str
    unit: str
    case: UUID | None
    what: str
    why: str = ""


class Narrow(Struct, frozen=True):
    """What the log of reads is narrowed to."""

    account: UUID | None = None
    role: str | None = None
    units: tuple[str, ...] | None = None
    case: UUID | None = None
    what: str | None = None
    since: datetime | None = None
    until: datetime | None = None


Key = tuple[datetime, UUID]


class Reads:
    """The reads of one kabupaten."""

    def __init__(self, pool: ConnectionPool[Any], schema: str, spool: Spool, seconds: float = 1.0) -> None:
        self._pool = pool
        self._schema = schema
        self._spool = spool
        self._seconds = seconds
        self._stop = Flag()
        self._storing = Lock()
        self._thread = Thread(target=self._run, name="reads", daemon=True)
        self._thread.start()

    # Noting

    def note(self, who: Who, cases: Sequence[UUID | None], what: str, why: str = "") -> None:
        """These named records are about to be shown. Raises NotNoted where that cannot be put down anywhere."""
        if not cases:
            return
        at, post, why = datetime.now(UTC), who.post, "".join(filter(str.isprintable, why))
        reads = [
            Read(
                id=uuid7(), at=at, account=who.account, post=post.id, role=who.role, unit=post.unit.code, case=case,
                what=what, why=why,
            )
            for case in cases
        ]  # fmt: skip
        try:
            self._spool.put(b"\n".join(map(_encoder.encode, reads)))
        except OSError as full:
            _log.error("spool not writable", schema=self._schema, why=type(full).__name__)
            self._put_directly(reads)

    def _put_directly(self, reads: Sequence[Read]) -> None:
        try:
            with self._pool.connection() as conn:
                store(conn, self._schema, reads)
        except (psycopg.Error, PoolTimeout) as problem:
            raise NotNoted from problem

    # Bringing into the database

    def flush(self) -> None:
        """Bring in all that this process has noted, and what dead ones left."""
        with self._storing:
            for piece in self._spool.taken():
                try:
                    self._store(piece)
                except (
                    psycopg.DataError
                ) as unreadable:  # the database never takes it; what lies behind it must not wait
                    _log.error("notes set aside", schema=self._schema, why=type(unreadable).__name__)
                    piece.set_aside()
                    piece.drop()

    def settle(self) -> None:
        """Bring in what is noted where that can be done now, for whoever is about to ask."""
        with suppress(OSError, psycopg.Error, PoolTimeout):
            self.flush()

    def _store(self, piece: Piece) -> None:
        noted, unreadable = _read_lines(piece.lines())
        with self._pool.connection() as conn:
            for start in range(0, len(noted), BATCH):
                store(conn, self._schema, noted[start : start + BATCH])
        if unreadable:
            _log.error("unreadable notes set aside", schema=self._schema, lines=unreadable)
            piece.set_aside()
        piece.drop()

    def _run(self) -> None:
        looked: float | None = None
        while True:
            stopping = self._stop.wait(self._seconds)
            try:
                self.flush()
                if looked is None or time.monotonic() - looked > LOOK_SECONDS:
                    self.months_ahead()
                    looked = time.monotonic()
            except (OSError, psycopg.Error, PoolTimeout) as problem:  # the files stay; the next round finds them
                _log.warning("reads wait", schema=self._schema, why=type(problem).__name__)
            with suppress(OSError):
                _WAITING.labels(self._schema).set(self._spool.waiting())
            if stopping:
                return

    def close(self) -> None:
        """Bring in what is left, and stop."""
        self._stop.set()
        self._thread.join()

    # Asking

    def of_case(self, case: UUID, limit: int = 500) -> list[Read]:
        """Who opened a case, newest first."""
        return self.page(Narrow(case=case), None, limit)

    def page(self, narrow: Narrow, after: Key | None, limit: int) -> list[Read]:
        """Reads, newest first, on from a key."""
        with self._pool.connection() as conn:
            return page(conn, self._schema, narrow, after, limit)

    def all(self, narrow: Narrow) -> Iterator[Read]:
        """Every read, newest first, in pages: no transaction lasts as long as whoever takes them."""
        after: Key | None = None
        while some := self.page(narrow, after, BATCH):
            yield from some
            after = (some[-1].at, some[-1].id)

    def months_ahead(self) -> int:
        """For how many coming months there is a part of the table."""
        with self._pool.connection() as conn:
            ahead = months_ahead(conn, self._schema)
        _AHEAD.labels(self._schema).set(ahead)
        return ahead


def store(conn: Connection[Any], schema: str, reads: Sequence[Read]) -> None:
    """One statement for all of them. What is there already stays as it is."""
    columns = list(zip(*(msgspec.structs.astuple(read) for read in reads), strict=True))
    conn.execute(_sql(schema, _STORE), [list(column) for column in columns], binary=True, prepare=True)


def note_operator(
    conn: Connection[Any], schema: str, role: str, unit: str, cases: Sequence[UUID | None], what: str
) -> None:
    """Records left the house by a command on the server, for a reader in this role; whoever typed it has no account."""
    at = datetime.now(UTC)
    read = Read(
        id=NOBODY, at=at, account=NOBODY, post=NOBODY, role=role, unit=unit, case=None, what=what, why=COMMAND_LINE
    )
    noted = [replace(read, id=uuid7(), case=case) for case in cases]
    for start in range(0, len(noted), BATCH):
        store(conn, schema, noted[start : start + BATCH])


def page(conn: Connection[Any], schema: str, narrow: Narrow, after: Key | None, limit: int) -> list[Read]:
    """Reads, newest first, on from a key."""
    at, number = after or (None, None)
    units = None if narrow.units is None else list(narrow.units)
    asked: Mapping[str, Any] = {
        **msgspec.structs.asdict(narrow), "units": units, "at": at, "id": number, "limit": limit,
    }  # fmt: skip
    text = _OF_CASE if narrow.case is not None else _PAGE
    return [
        Read(**dict(zip(Read.__struct_fields__, row, strict=True))) for row in conn.execute(_sql(schema, text), asked)
    ]


def make_ahead(conn: Connection[Any], schema: str, months: int) -> None:
    """Make the parts of this month and the coming ones; only the owner of the table may."""
    today = datetime.now(UTC).date()
    conn.execute(_sql(schema, _MAKE), {"since": today, "until": today + timedelta(days=31 * months)})


def months_ahead(conn: Connection[Any], schema: str) -> int:
    """Parts of months that have not begun."""
    row = conn.execute(_MONTHS, {"schema": schema, "now": datetime.now(UTC)}).fetchone()
    assert row is not None
    return int(row[0])


def _read_lines(lines: Sequence[bytes]) -> tuple[list[Read], int]:
    """The reads, and how many lines are none: a disk may have spoilt them."""
    noted, unreadable = [], 0
    for line in lines:
        try:
            noted.append(_decoder.decode(line))
        except msgspec.DecodeError:
            unreadable += 1
    return noted, unreadable


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Read)

_STORE: LiteralString = """
INSERT INTO {reads} (id, at, account, post, role, unit, case_id, what, why)
SELECT *
FROM unnest(
    %b::uuid[], %b::timestamptz[], %b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::uuid[], %b::text[], %b::text[]
)
ON CONFLICT DO NOTHING
"""

_PAGE: LiteralString = """
SELECT id, at, account, post, role, unit, case_id, what, why
FROM {reads}
WHERE (%(at)s::timestamptz IS NULL OR (at, id) < (%(at)s, %(id)s::uuid))
  AND at >= coalesce(%(since)s::timestamptz, '-infinity')
  AND at < coalesce(%(until)s::timestamptz, 'infinity')
  AND at <= coalesce(%(at)s::timestamptz, 'infinity')
  AND (%(account)s::uuid IS NULL OR account = %(account)s)
  AND (%(role)s::text IS NULL OR role = %(role)s)
  AND (%(units)s::text[] IS NULL OR unit = ANY(%(units)s))
  AND (%(what)s::text IS NULL OR what = %(what)s)
ORDER BY at DESC, id DESC
LIMIT %(limit)s
"""

_OF_CASE: LiteralString = _PAGE.replace("WHERE ", "WHERE case_id = %(case)s\n  AND ", 1)

_MAKE: LiteralString = "SELECT {make_read_months}(%(since)s::date, %(until)s::date)"

_MONTHS: LiteralString = r"""
SELECT count(*)
FROM pg_class
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
  AND relispartition
  AND relkind = 'r'
  AND relname ~ '^reads_\d{4}_\d{2}$'
  AND relname > to_char(%(now)s::timestamptz AT TIME ZONE 'UTC', '"reads_"YYYY_MM')
"""


@lru_cache(maxsize=1024)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("reads", "make_read_months")}
    return SQL(text).format(**names).as_bytes()
