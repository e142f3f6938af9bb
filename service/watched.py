"""A kabupaten as what the system does by itself sees it, and how the system asks to have something recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import structlog
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain.case import SYSTEM, Case, Command, Refused
from domain.oversight import CountWorkload, RaiseFlag
from domain.person import SuspectDuplicate
from domain.protocol import Book
from service.accounts import Accounts
from service.handle import Actor, Asked, Submitted, record
from service.store import Store

_log = structlog.get_logger()


class Watched(Struct, frozen=True):
    """A kabupaten, as far as its policies are concerned."""

    store: Store
    accounts: Accounts
    book: Callable[[date], Book]

    @property
    def now(self) -> datetime:
        """This moment, by the clock of the place."""
        return datetime.now(self.store.clock)


def asked(entry: UUID, case: UUID, command: Command, at: datetime) -> Asked:
    """What the system asks to have recorded, under a number made of what was found."""
    return Asked(Submitted(entry, case, command), Actor(SYSTEM, "kabupaten", "", _may), at)


def stands(conn: Connection[Any], schema: str, entries: Collection[UUID]) -> set[UUID]:
    """Those of these numbers under which the system itself recorded something; others choose theirs freely."""
    return {row[0] for row in conn.execute(_sql(schema), [list(entries), SYSTEM]).fetchall()}


_STANDS: LiteralString = """
SELECT n.entry
FROM {entries} AS n
JOIN {events} AS e ON e.position = n.first AND e.entry = n.entry
WHERE n.entry = ANY(%s) AND e.actor = %s
"""


@lru_cache(maxsize=1024)
def _sql(schema: str) -> bytes:
    return SQL(_STANDS).format(**{name: Identifier(schema, name) for name in ("entries", "events")}).as_bytes()


def _may(command: Command, _state: Case | None) -> None:
    if not isinstance(command, SuspectDuplicate | CountWorkload | RaiseFlag):
        raise Refused("not-allowed")


def recorded(store: Store, asked: list[Asked]) -> int:
    """What was asked and came to something new. What a person has settled meanwhile is refused, and rightly."""
    answers = record(store, asked) if asked else []
    for answer in answers:
        if answer.outcome == "held":
            raise psycopg.OperationalError(f"a policy was held back: {answer.code}")
        if answer.outcome == "refused":
            _log.info("policy refused", schema=store.schema, code=answer.code)
    return sum(1 for answer in answers if answer.outcome == "recorded")
