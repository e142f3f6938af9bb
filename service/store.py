"""The log of one kabupaten, written: our recorder and mapper behind the eventsourcing library's abstractions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timezone
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    ApplicationRecorder,
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    Mapper,
    Notification,
    NotSupportedError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
    Subscription,
)
from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection
from psycopg.sql import SQL, Identifier
from psycopg_pool import ConnectionPool, PoolTimeout

from domain.case import Envelope, Personal, Recorded
from domain.stories import decode, encode, topic
from service.sealing import Keys, NewKey, Sealing
from service.subscription import LogSubscription

Pool = ConnectionPool[Connection[Any]]


class Store(Struct, frozen=True):
    """Everything that writing into one kabupaten's log needs."""

    pool: Pool
    schema: str
    sealing: Sealing
    clock: timezone
    """Of this kabupaten: it decides which day it is."""
    edition: Callable[[date], str]
    """Edition of the juknis in force on a day."""

    @property
    def recorder(self) -> LogRecorder:
        return LogRecorder(self.pool, self.schema)


def connect(dsn: str, least: int, most: int, statement_seconds: int = 30, lock_seconds: int = 5) -> Pool:
    """Connections that commit by themselves; one call of `append` is one commit.

    A prepared statement is planned once: none of ours has a better plan for some values than for others. It is planned
    without sequential scans, since one planned while a table was empty would read the whole of it ever after. Before
    PostgreSQL 18 a scan that cannot be avoided is priced so high by that, that the statement would be compiled each
    time it runs; hence no JIT.
    """
    limits = f"-c statement_timeout={statement_seconds}s -c lock_timeout={lock_seconds}s"
    settings = {
        "autocommit": True,
        "options": f"{limits} -c idle_in_transaction_session_timeout=10s -c TimeZone=UTC"
        " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off",
        "application_name": "dampingi",
    }
    return ConnectionPool(dsn, min_size=least, max_size=most, timeout=10, kwargs=settings, open=True)


class Entry(Struct, frozen=True):
    """An entry as the log remembers it: whose hand made its events, and how to know it again."""

    by: Envelope
    digest: bytes
    count: int


@dataclass(frozen=True)
class StoredFact(StoredEvent):
    """An event as it is stored, with how we heard of it."""

    by: Envelope


class FactMapper(Mapper[UUID]):
    """Between `Recorded` and what is stored. Identity is sealed on the way in; on the way out it stays sealed."""

    def __init__(self, keys: Keys) -> None:  # no transcoder: the closed registry in domain.stories is the codec
        self._keys = keys

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredFact:
        assert isinstance(domain_event, Recorded)
        case, version, event = domain_event.case, domain_event.version, domain_event.event
        personal = getattr(event, "personal", None)
        if isinstance(personal, Personal):
            event = replace(event, personal=self._keys.seal(case, version, personal))
        return StoredFact(case, version, topic(event), encode(event), domain_event.by)

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        assert isinstance(stored_event, StoredFact)
        assert isinstance(stored_event.originator_id, UUID)
        event = decode(stored_event.state)
        return Recorded(stored_event.originator_id, stored_event.originator_version, event, stored_event.by)


class LogRecorder(ApplicationRecorder):
    """Appends to the log and reads it, as the library's recorders do; positions are its notification ids."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self.pool = pool
        self.schema = schema

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """All or nothing, in one commit. Beside the events: `entries` they belong to in order, `keys`, and `conn`.

        Without `entries` each event is an entry of its own, under the entry id in its envelope.
        """
        facts = [_fact(event) for event in stored_events]
        entries: Sequence[Entry] | None = kwargs.get("entries")
        if entries is None:
            entries = [Entry(fact.by, b"", 1) for fact in facts]
        if not entries:
            return []
        keys: Sequence[NewKey] = kwargs.get("keys", ())
        with _as_library_errors(), self._connection(kwargs.get("conn")) as conn:
            before = append(conn, self.schema, facts, entries, keys)
        return list(range(before + 1, before + 1 + len(facts)))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        asked = {"case": originator_id, "gt": gt, "lte": lte, "limit": limit}
        text = _SELECT_EVENTS_DESC if desc else _SELECT_EVENTS
        return [
            StoredFact(case, version, name, state, _envelope(by))
            for case, version, name, state, *by in self._rows(text, asked)
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = (start or 0) - (1 if inclusive_of_start else 0)
        asked = {"after": after, "stop": stop, "topics": list(topics) or None, "limit": limit}
        return [
            Notification(case, version, name, state, id=position)
            for position, case, version, name, state in self._rows(_SELECT_NOTIFICATIONS, asked)
        ]

    def max_notification_id(self) -> int | None:
        return self._rows(_LAST, {})[0][0] or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        return LogSubscription(self, self.pool, self.schema, gt, topics)

    def _rows(self, text: LiteralString, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
        with _as_library_errors(), self.pool.connection() as conn:
            return conn.execute(_sql(self.schema, text), asked, binary=True, prepare=True).fetchall()

    @contextmanager
    def _connection(self, given: Connection[Any] | None) -> Iterator[Connection[Any]]:
        if given is not None:
            yield given
            return
        with self.pool.connection() as conn:
            yield conn


def append(
    conn: Connection[Any], schema: str, facts: Sequence[StoredFact], entries: Sequence[Entry], keys: Sequence[NewKey]
) -> int:
    """The batch write: many entries of many cases in one commit. Returns the position before the first event.

    `facts` stand in the order of their entries, as many for each as it counts.
    """
    by = [entry.by for entry in entries]
    row = conn.execute(
        _sql(schema, _APPEND),
        (
            [fact.originator_id for fact in facts],
            [fact.originator_version for fact in facts],
            [fact.topic for fact in facts],
            [fact.state for fact in facts],
            [number for number, entry in enumerate(entries, start=1) for _ in range(entry.count)],
            [envelope.recorded_at for envelope in by],
            [envelope.actor for envelope in by],
            [envelope.role for envelope in by],
            [envelope.unit for envelope in by],
            [envelope.device for envelope in by],
            [envelope.edition for envelope in by],
            [envelope.entry for envelope in by],
            [entry.count for entry in entries],
            [entry.digest for entry in entries],
            [key.person for key in keys],
            [key.wrapped for key in keys],
        ),
        binary=True,
        prepare=True,
    ).fetchone()
    assert row is not None
    return int(row[0])


_APPEND: LiteralString = """
SELECT {append}(
    %b::uuid[], %b::integer[], %b::text[], %b::bytea[], %b::integer[],
    %b::timestamptz[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[],
    %b::uuid[], %b::integer[], %b::bytea[],
    %b::uuid[], %b::bytea[]
)
"""

_SELECT_EVENTS: LiteralString = """
SELECT case_id, version, topic, state, recorded_at, actor, role, unit, entry, edition, device
FROM {events}
WHERE case_id = %(case)s
  AND (%(gt)s::bigint IS NULL OR version > %(gt)s)
  AND (%(lte)s::bigint IS NULL OR version <= %(lte)s)
ORDER BY version
LIMIT %(limit)s
"""

_SELECT_EVENTS_DESC: LiteralString = _SELECT_EVENTS.replace("ORDER BY version", "ORDER BY version DESC")

_SELECT_NOTIFICATIONS: LiteralString = """
SELECT position, case_id, version, topic, state
FROM {events}
WHERE position > %(after)s
  AND (%(stop)s::bigint IS NULL OR position <= %(stop)s)
  AND (%(topics)s::text[] IS NULL OR topic = ANY(%(topics)s))
ORDER BY position
LIMIT %(limit)s
"""

_LAST: LiteralString = "SELECT last FROM {head}"


@lru_cache(maxsize=4096)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("append", "events", "head")}
    return SQL(text).format(**names).as_bytes()


def _fact(stored: StoredEvent) -> StoredFact:
    if not isinstance(stored, StoredFact):
        raise ProgrammingError("an event without an envelope: nobody would know who recorded it, and when")
    return stored


def _envelope(row: Sequence[Any]) -> Envelope:
    recorded_at, actor, role, unit, entry, edition, device = row
    return Envelope(
        recorded_at=recorded_at, actor=actor, role=role, unit=unit, entry=entry, edition=edition, device=device
    )


_ERRORS: tuple[tuple[type[Exception], type[PersistenceError]], ...] = (
    (psycopg.IntegrityError, IntegrityError),
    (psycopg.DataError, DataError),
    (psycopg.OperationalError, OperationalError),
    (psycopg.InternalError, InternalError),
    (psycopg.ProgrammingError, ProgrammingError),
    (psycopg.NotSupportedError, NotSupportedError),
    (psycopg.DatabaseError, DatabaseError),
    (psycopg.InterfaceError, InterfaceError),
    (PoolTimeout, OperationalError),
)


@contextmanager
def _as_library_errors() -> Iterator[None]:
    """Whoever uses the library's abstractions catches the library's errors."""
    try:
        yield
    except Exception as problem:
        for ours, theirs in _ERRORS:
            if isinstance(problem, ours):
                raise theirs(problem) from problem
        raise
