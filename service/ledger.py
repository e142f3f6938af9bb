"""Builds the ledger beside the follower, and signs checkpoints of it.

Nothing is signed that does not go on from what was signed before: where the tree no longer comes to the root of the
newest checkpoint, somebody has changed what was recorded, and the follower says so and signs no more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Event as Flag
from typing import Any, LiteralString

import structlog
from msgspec import Struct, field
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from projections import ledger
from projections.follow import CHANNEL
from projections.ledger import Gap, Tree
from service import beside
from service.notes import Checkpoint, Signer, VerifierKey, checkpoint
from service.settings import Settings, ledger_key, signing_key
from service.store import Pool
from service.tenants import Tenant

Conn = Connection[Any]

SWEEP_SECONDS = 5.0

_log = structlog.get_logger()


class Broken(Exception):
    """The log or the tree is no longer what was signed. The message says where, for the person who looks."""


class Ledger(Struct, frozen=True):
    """The ledger of one kabupaten, as far as building and signing it is concerned."""

    pool: Pool
    schema: str
    signer: Signer | None
    """None: this process holds no key, and signs nothing."""
    every: timedelta
    """A checkpoint is signed when the newest is so old."""
    events: int
    """And when so many events are not in it."""
    remembered: dict[str, Checkpoint] = field(default_factory=dict)
    """The newest that this process signed or saw: one that is gone from the database was taken out of it."""


def open_ledger(pool: Pool, settings: Settings, tenant: Tenant) -> Ledger:
    """As the settings want it; without a key where this process is given none."""
    seed = ledger_key(settings)
    return Ledger(
        pool,
        tenant.schema,
        Signer(origin(settings, tenant.code), seed) if seed is not None else None,
        timedelta(seconds=settings.checkpoint_seconds),
        settings.checkpoint_events,
    )


def verifier_key(settings: Settings, code: str) -> VerifierKey:
    """What the inspectorate is given, once and for all, by another way than through this service."""
    return Signer(origin(settings, code), signing_key(settings)).key


def origin(settings: Settings, code: str) -> str:
    """The name of a kabupaten's ledger: it stands in each checkpoint and is the name of the key."""
    return f"{settings.ledger_origin}/kab_{code}"


# Building and signing


def work(of: Ledger) -> bool:
    """One round: take in what is new, and sign if it is time. False where something is not as it was signed."""
    with of.pool.connection() as conn:
        try:
            _take_in(conn, of.schema)
            if of.signer is not None:
                sign(conn, of, of.signer)
        except (Gap, Broken) as problem:
            _tell(conn, of.schema, str(problem))
            return False
        _tell(conn, of.schema, None)
        return True


def _take_in(conn: Conn, schema: str) -> None:
    while ledger.extend(conn, schema):
        pass


def sign(conn: Conn, of: Ledger, signer: Signer, at_once: bool = False) -> Checkpoint | None:
    """A new checkpoint, if it is time or `at_once`; None where there is no need. Raises Broken.

    Its moment is later than that of the one before by a second at least, the unit that is signed: whoever holds a
    longer and a shorter one of the same second could not tell a new log from one that was cut.
    """
    with conn.transaction():
        held = conn.execute(_sql(of.schema, _HOLD), prepare=True).fetchone()
        if held is None:
            return None
        size, wanted = held
        last, at = newest(conn, of.schema), datetime.now(UTC)
        _still_known(conn, of, last)
        if last is not None:
            _goes_on(conn, of.schema, size, last)
            of.remembered[of.schema] = last
            at = max(at, last.at + timedelta(seconds=1))
        if not _is_time(of, last, size, wanted, at, at_once):
            return None
        made = checkpoint(signer, size, Tree(conn, of.schema, size, fresh=True).root(), at)
        asked = {"size": made.size, "root": made.root, "at": made.at, "note": made.note}
        conn.execute(_sql(of.schema, _KEEP), asked)
    of.remembered[of.schema] = made
    return made


def _is_time(of: Ledger, last: Checkpoint | None, size: int, wanted: int, at: datetime, at_once: bool) -> bool:
    if size == (last.size if last else 0):
        return False
    if last is None or at_once or size >= wanted > last.size:
        return True
    return size - last.size >= of.events or at - last.at >= of.every


def _still_known(conn: Conn, of: Ledger, last: Checkpoint | None) -> None:
    """No checkpoint was taken out: neither one this process remembers nor one that has left the house."""
    row = conn.execute(_sql(of.schema, _SENT), prepare=True).fetchone()
    sent = row[0] if row and row[0] else 0
    if sent > (last.size if last else 0):
        raise Broken(f"titik uji untuk {sent} catatan sudah dikirim keluar dan kini tidak ada lagi")
    known = of.remembered.get(of.schema)
    if known is not None and (last is None or last.size < known.size):
        raise Broken(f"titik uji untuk {known.size} catatan tadi ada dan kini tidak ada lagi")
    if known is not None and last is not None and last.size == known.size and last.root != known.root:
        raise Broken(f"titik uji untuk {known.size} catatan kini mengatakan lain daripada tadi")


def _goes_on(conn: Conn, schema: str, size: int, last: Checkpoint) -> None:
    """The tree still begins with what was signed."""
    if size < last.size:
        raise Broken(f"ada titik uji untuk {last.size} catatan, dan buku kini hanya memuat {size}")
    if Tree(conn, schema, last.size, fresh=True).root() != last.root:
        raise Broken(f"{last.size} catatan pertama tidak lagi cocok dengan titik uji yang ditandatangani")


def _tell(conn: Conn, schema: str, error: str | None) -> None:
    changed = conn.execute(_sql(schema, _TELL), {"error": error}, prepare=True).rowcount
    if changed and error is not None:
        _log.error("ledger broken", schema=schema, error=error)


# What was signed


def newest(conn: Conn, schema: str) -> Checkpoint | None:
    """The newest checkpoint."""
    row = conn.execute(_sql(schema, _NEWEST), prepare=True).fetchone()
    return None if row is None else _checkpoint(row)


def error(conn: Conn, schema: str) -> str | None:
    """Why nothing is signed any more; None where all is well."""
    row = conn.execute(_sql(schema, _ERROR), prepare=True).fetchone()
    return row[0] if row else None


def after(conn: Conn, schema: str, size: int, limit: int) -> list[Checkpoint]:
    """Checkpoints of more than so many events, the smallest first."""
    asked = {"size": size, "limit": limit}
    return list(map(_checkpoint, conn.execute(_sql(schema, _AFTER), asked, prepare=True).fetchall()))


def every(conn: Conn, schema: str) -> Iterator[Checkpoint]:
    """All that were ever signed, the smallest first."""
    size = -1
    while page := after(conn, schema, size, 1000):
        yield from page
        size = page[-1].size


def milestones(conn: Conn, schema: str, before: int, asked: Sequence[int]) -> list[Checkpoint]:
    """Older checkpoints that somebody may have kept: the last of every month and late day, and those asked for."""
    wanted = {"before": before, "asked": list(asked)}
    return list(map(_checkpoint, conn.execute(_sql(schema, _MILESTONES), wanted, prepare=True).fetchall()))


def _checkpoint(row: Sequence[Any]) -> Checkpoint:
    size, root, at, note = row
    return Checkpoint(note.partition("\n")[0], size, bytes(root), at, note)


def covering(of: Ledger, position: int, seconds: float) -> Checkpoint | None:
    """A checkpoint in which this position stands: signed here where the key is, else by the follower, and awaited.

    None where that takes too long. Raises Gap and Broken where it is signed here.
    """
    ends, pause = time.monotonic() + seconds, 0.05
    while True:
        with of.pool.connection() as conn:
            last = newest(conn, of.schema)
            if last is not None and last.size >= position:
                return last
            if of.signer is not None:
                _take_in(conn, of.schema)
                sign(conn, of, of.signer, at_once=True)
            else:
                _ask(conn, of.schema, position)
        if time.monotonic() > ends:
            return None
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def _ask(conn: Conn, schema: str, position: int) -> None:
    """Whoever holds the key signs as soon as it has come so far."""
    conn.execute(_sql(schema, _WANT), {"position": position})
    conn.execute("SELECT pg_notify(%s, %s)", [CHANNEL, schema])


# The thread


def run(dsn: str, places: Mapping[str, Ledger], stop: Flag) -> None:
    """Keep the ledgers of these kabupaten of one database, by their schemas, until told to stop."""
    beside.run("ledger", dsn, places, stop, lambda schema: work(places[schema]), SWEEP_SECONDS)


_HOLD: LiteralString = "SELECT size, wanted FROM {ledger} FOR UPDATE SKIP LOCKED"

_ERROR: LiteralString = "SELECT error FROM {ledger}"

_SENT: LiteralString = "SELECT max(size) FROM {checkpoint_outlets}"

_TELL: LiteralString = """
UPDATE {ledger}
SET error = %(error)s
WHERE error IS DISTINCT FROM %(error)s
"""

_WANT: LiteralString = """
UPDATE {ledger}
SET wanted = %(position)s
WHERE wanted < %(position)s
"""

_KEEP: LiteralString = """
INSERT INTO {checkpoints} (size, root, at, note)
VALUES (%(size)s, %(root)s, %(at)s, %(note)s)
"""

_NEWEST: LiteralString = """
SELECT size, root, at, note
FROM {checkpoints}
ORDER BY size DESC
LIMIT 1
"""

_MILESTONES: LiteralString = """
SELECT size, root, at, note
FROM {checkpoints}
WHERE size < %(before)s
  AND (
    size = ANY(%(asked)s::bigint[])
    OR size IN (SELECT max(size) FROM {checkpoints} WHERE size < %(before)s GROUP BY date_trunc('month', at))
    OR size IN (
        SELECT max(size)
        FROM {checkpoints}
        WHERE size < %(before)s AND at > now() - interval '31 days'
        GROUP BY date_trunc('day', at)
    )
  )
ORDER BY size
"""

_AFTER: LiteralString = """
SELECT size, root, at, note
FROM {checkpoints}
WHERE size > %(size)s
ORDER BY size
LIMIT %(limit)s
"""


@lru_cache(maxsize=4096)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = ("ledger", "checkpoints", "checkpoint_outlets")
    return SQL(text).format(**{name: Identifier(schema, name) for name in names}).as_bytes()
