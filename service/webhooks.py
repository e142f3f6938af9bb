"""Calling other systems when a referral changes: in order, signed, until they take it.

The outbox is the log: a webhook has a position, and is told every change after it, one at a time. A receiver that
cannot be reached is tried again after growing pauses, for ever; it goes on where it stopped. A change that it answers
and will not take becomes a dead letter after some tries, so that the next can be told; it can be sent again by hand.
After a crash a change may be told twice, under the same position.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, LiteralString
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import astuple
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier
from uuid_utils.compat import uuid7

from projections import referral as ways
from projections.referral import Change, Step, change
from service import beside
from service.access import Unit, Units, below
from service.accounts import Accounts
from service.masterkey import of_webhook
from service.sealing import Sealing
from service.store import Pool
from service.tenants import Tenant

if TYPE_CHECKING:
    import httpx

PAUSES = (5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
"""Seconds until the next try, after so many failures; then always the last."""

TRIES = 8
"""So often a change is told to a receiver that answers and does not take it."""

TIMEOUT_SECONDS = 10.0
SWEEP_SECONDS = 15.0
MOST = 200
"""Changes told to one receiver before the next has its turn."""

_log = structlog.get_logger()


class Webhook(Struct, frozen=True):
    """Who is called, and how far they have been told."""

    id: UUID
    unit: str
    label: str
    url: str
    position: int
    failures: int
    """In a row, of whatever kind."""
    refusals: int
    """Of these, answered and not taken."""
    next_at: datetime
    error: str | None
    ended_at: datetime | None
    dead: int
    """Changes that it would not take."""


class DeadLetter(Struct, frozen=True):
    """A change that a receiver would not take."""

    webhook: UUID
    position: int
    at: datetime
    error: str
    replay: bool
    taken_at: datetime | None


class Told(Change, frozen=True, kw_only=True):
    """What is sent: what changed, and nothing that tells who it is. The rest is asked for with a token."""

    kabupaten: str


class Webhooks:
    """The webhooks of one kabupaten."""

    def __init__(self, pool: Pool, tenant: Tenant, sealing: Sealing) -> None:
        self._pool = pool
        self.tenant = tenant
        self._sealing = sealing
        self._accounts = Accounts(pool, tenant)
        self._sql = {name: _composed(text, tenant.schema) for name, text in _STATEMENTS.items()}

    # What an operator asks

    def add(self, unit: str, url: str, label: str, after: int | None = None) -> UUID:
        """Call this address for the referrals of a unit, from now on or from after a position. Raises ValueError."""
        _check_url(url)
        if unit not in self._accounts.units():
            raise ValueError(f"Tidak ada unit {unit}")
        number = uuid7()
        with self._pool.connection() as conn, conn.transaction():
            asked = {"id": number, "unit": unit, "url": url, "label": label, "after": after}
            conn.execute(self._sql["add"], asked)
            self._sealing.keep(conn, of_webhook(number))
        return number

    def secret(self, webhook: UUID) -> str:
        """What its messages are signed with."""
        with self._pool.connection() as conn:
            return self._sealing.secret(conn, of_webhook(webhook)).hex()

    def all(self) -> tuple[Webhook, ...]:
        """Every webhook there was."""
        with self._pool.connection() as conn:
            return tuple(Webhook(*row) for row in conn.execute(self._sql["all"]).fetchall())

    def end(self, webhook: UUID) -> bool:
        """Call it no more."""
        return self._changed("end", {"id": webhook})

    def rewind(self, webhook: UUID, position: int) -> bool:
        """Tell it again everything after a position."""
        return self._changed("rewind", {"id": webhook, "position": max(position, 0)})

    def dead_letters(self, webhook: UUID | None = None) -> tuple[DeadLetter, ...]:
        """What was not taken, the oldest first."""
        with self._pool.connection() as conn:
            return tuple(DeadLetter(*row) for row in conn.execute(self._sql["dead"], {"id": webhook}).fetchall())

    def replay(self, webhook: UUID, position: int | None = None) -> int:
        """Send dead letters once more, all of them or one. Returns how many."""
        with self._pool.connection() as conn:
            return conn.execute(self._sql["replay"], {"id": webhook, "position": position}).rowcount

    def _changed(self, name: str, asked: Mapping[str, Any]) -> bool:
        with self._pool.connection() as conn:
            return bool(conn.execute(self._sql[name], asked).rowcount)

    # Calling

    def deliver(self, client: httpx.Client) -> int:
        """Tell every webhook whose turn it is what it has not heard. Returns how many changes were taken."""
        with self._pool.connection() as conn:
            due = conn.execute(self._sql["due"]).fetchall()
        return sum(self._deliver(client, Webhook(*row)) for row in due)

    def _deliver(self, client: httpx.Client, webhook: Webhook) -> int:
        with self._pool.connection() as conn, _alone(conn, webhook.id) as alone:
            if not alone:
                return 0
            row = conn.execute(self._sql["one"], {"id": webhook.id}).fetchone()
            if row is None:
                return 0
            secret = self._sealing.secret(conn, of_webhook(webhook.id)).hex()
            again = self._again(conn, client, webhook, secret)
            return again + self._onward(conn, client, Webhook(*row), secret)

    def _onward(self, conn: Connection[Any], client: httpx.Client, webhook: Webhook, secret: str) -> int:
        units = self._accounts.units()
        unit = units.get(webhook.unit)
        if unit is None:
            return 0
        changes, upto = ways.feed(conn, self.tenant.schema, _scope(unit, units), webhook.position, MOST)
        taken = 0
        for step in changes:
            outcome = self._tell(client, webhook, step, secret)
            if outcome.reached and not outcome.taken and webhook.refusals + 1 >= TRIES:
                conn.execute(self._sql["bury"], {"id": webhook.id, "position": step.position, "error": outcome.error})
                _log.warning("dead letter", schema=self.tenant.schema, webhook=str(webhook.id), position=step.position)
            elif not outcome.taken:
                pause = timedelta(seconds=PAUSES[min(webhook.failures, len(PAUSES) - 1)])
                asked = {"id": webhook.id, "pause": pause, "error": outcome.error, "refused": int(outcome.reached)}
                conn.execute(self._sql["failed"], asked)
                return taken
            conn.execute(self._sql["told"], {"id": webhook.id, "position": step.position})
            webhook = msgspec.structs.replace(webhook, failures=0, refusals=0)
            taken += outcome.taken
        if upto > (changes[-1].position if changes else webhook.position):
            conn.execute(self._sql["told"], {"id": webhook.id, "position": upto})
        return taken

    def _again(self, conn: Connection[Any], client: httpx.Client, webhook: Webhook, secret: str) -> int:
        """Dead letters that somebody asked to have sent once more."""
        taken = 0
        for (position,) in conn.execute(self._sql["replayed"], {"id": webhook.id}).fetchall():
            found, _ = ways.feed(conn, self.tenant.schema, ways.Scope(every=True), position - 1, 1)
            if not found or found[0].position != position:
                continue
            outcome = self._tell(client, webhook, found[0], secret)
            asked = {"id": webhook.id, "position": position, "taken": outcome.taken, "error": outcome.error}
            conn.execute(self._sql["replay_done"], asked)
            taken += outcome.taken
        return taken

    def _tell(self, client: httpx.Client, webhook: Webhook, step: Step, secret: str) -> _Outcome:
        body = msgspec.json.encode(self._told(step))
        at = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "dampingi-position": str(step.position),
            "dampingi-signature": f"t={at},v1={signature(secret, at, body)}",
        }
        import httpx

        try:
            answer = client.post(webhook.url, content=body, headers=headers)
        except httpx.HTTPError as problem:
            return _Outcome(False, False, type(problem).__name__)
        return _Outcome(answer.is_success, True, f"HTTP {answer.status_code}")

    def _told(self, step: Step) -> Told:
        return Told(*astuple(change(step)), kabupaten=self.tenant.code)


class _Outcome(Struct, frozen=True):
    taken: bool
    reached: bool
    error: str


def signature(secret: str, at: str, body: bytes) -> str:
    """HMAC-SHA256 over `at.body`, in hexadecimal: the receiver works it out too, and refuses what is old."""
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _check_url(url: str) -> None:
    """Over the network only what nobody on the way can read."""
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("Alamat harus https://")
    if not parts.hostname or parts.username or parts.password:
        raise ValueError("Alamat tidak lengkap, atau memuat nama dan kata sandi")


def _scope(unit: Unit, units: Units) -> ways.Scope:
    """Of a hospital, what it is sent; of a puskesmas, that and everything of its desa."""
    desa = tuple(sorted(one.code for one in below(unit, units) if one.kind == "desa")) if unit.kind != "rs" else ()
    return ways.Scope(desa, None, unit.code)


@contextmanager
def _alone(conn: Connection[Any], webhook: UUID) -> Iterator[bool]:
    """False while another process tells this webhook."""
    key = int.from_bytes(webhook.bytes[:8], signed=True)
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()
    got = bool(row and row[0])
    try:
        yield got
    finally:
        if got:
            conn.execute("SELECT pg_advisory_unlock(%s)", [key])


def _composed(text: LiteralString, schema: str) -> Composed:
    s = Identifier(schema)
    return SQL(text).format(s=s, webhook=SQL(_WEBHOOK).format(s=s))


_WEBHOOK: LiteralString = """
SELECT w.id, w.unit, w.label, w.url, w.position, w.failures, w.refusals, w.next_at, w.error, w.ended_at,
       (SELECT count(*) FROM {s}.dead_letters AS d WHERE d.webhook = w.id AND d.taken_at IS NULL)
FROM {s}.webhooks AS w
"""
_STATEMENTS: Mapping[str, LiteralString] = {
    "add": """
INSERT INTO {s}.webhooks (id, unit, url, label, position)
VALUES (%(id)s, %(unit)s, %(url)s, %(label)s, coalesce(%(after)s::bigint, (SELECT last FROM {s}.head)))
""",
    "all": "{webhook} ORDER BY w.created_at, w.id",
    "one": "{webhook} WHERE w.id = %(id)s AND w.ended_at IS NULL",
    "due": """
{webhook}
WHERE w.ended_at IS NULL
  AND ((w.next_at <= now() AND w.position < (SELECT position FROM {s}.follower WHERE name = 'referral'))
       OR EXISTS (SELECT FROM {s}.dead_letters AS d WHERE d.webhook = w.id AND d.replay))
ORDER BY w.next_at
""",
    "end": "UPDATE {s}.webhooks SET ended_at = now() WHERE id = %(id)s AND ended_at IS NULL",
    "rewind": """
UPDATE {s}.webhooks
SET position = %(position)s, failures = 0, refusals = 0, next_at = now(), error = NULL
WHERE id = %(id)s AND ended_at IS NULL
""",
    "told": """
UPDATE {s}.webhooks
SET position = greatest(position, %(position)s), failures = 0, refusals = 0, next_at = now(), error = NULL
WHERE id = %(id)s
""",
    "failed": """
UPDATE {s}.webhooks
SET failures = failures + 1, refusals = refusals + %(refused)s, next_at = now() + %(pause)s, error = %(error)s
WHERE id = %(id)s
""",
    "bury": """
INSERT INTO {s}.dead_letters (webhook, position, error)
VALUES (%(id)s, %(position)s, %(error)s)
ON CONFLICT DO NOTHING
""",
    "dead": """
SELECT webhook, position, at, error, replay, taken_at
FROM {s}.dead_letters
WHERE webhook = coalesce(%(id)s::uuid, webhook)
ORDER BY at, position
""",
    "replay": """
UPDATE {s}.dead_letters
SET replay = true
WHERE webhook = %(id)s AND position = coalesce(%(position)s::bigint, position) AND taken_at IS NULL
""",
    "replayed": "SELECT position FROM {s}.dead_letters WHERE webhook = %(id)s AND replay ORDER BY position",
    "replay_done": """
UPDATE {s}.dead_letters
SET replay = false, error = %(error)s, taken_at = CASE WHEN %(taken)s THEN now() END
WHERE webhook = %(id)s AND position = %(position)s
""",
}


# The thread


def run(dsn: str, places: Mapping[str, Webhooks], stop: Flag) -> None:
    """Call the webhooks of these kabupaten of one database, by their schemas, until told to stop."""
    import httpx  # only the follower calls anybody; a worker of the service need not hold it

    with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
        beside.run("webhooks", dsn, places, stop, lambda schema: places[schema].deliver(client), SWEEP_SECONDS)
