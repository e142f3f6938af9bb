"""Tokens: what another system, a hospital's say, shows with each request instead of a session, and what it may do.

A token stands for an account with a post in a unit, so that what is recorded with it is credited like anybody's work.
It may do what its scopes say and its post may, and ends on a day.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from psycopg.sql import SQL, Composed, Identifier
from uuid_utils.compat import uuid7

from domain.case import Role
from service.access import Who
from service.accounts import FRESH_SECONDS, Accounts
from service.store import Pool
from service.tenants import Tenant

Scope = Literal["rujukan:baca", "rujukan:tulis"]
SCOPES: tuple[Scope, ...] = ("rujukan:baca", "rujukan:tulis")
PREFIX = "dampingi"
ROLES: tuple[Role, ...] = ("rs", "puskesmas-tpg")
"""The posts a system may hold: that of a hospital, or of a puskesmas."""

DAYS = 365
"""How long a token is good for, unless the operator says otherwise."""


class Bearer(Struct, frozen=True):
    """Who a token stands for, and what it may be used for."""

    who: Who
    scopes: tuple[str, ...]


class Token(Struct, frozen=True):
    """A token as an operator sees it; never its secret."""

    id: UUID
    label: str
    unit: str
    role: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def tenant_of(token: str) -> str | None:
    """The kabupaten whose token this is; None where it cannot be one of ours."""
    parts = token.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == PREFIX else None


class Tokens:
    """The tokens of one kabupaten."""

    def __init__(self, pool: Pool, tenant: Tenant, accounts: Accounts) -> None:
        self._pool = pool
        self._tenant = tenant
        self._accounts = accounts
        self._known: dict[bytes, tuple[float, Bearer | None]] = {}
        self._sql = {name: _composed(text, tenant.schema) for name, text in _STATEMENTS.items()}

    def bearer(self, token: str) -> Bearer | None:
        """Who shows this token; None where it is unknown, revoked, or has ended. At most two seconds old."""
        key = _key(token)
        known = self._known.get(key)
        if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        with self._pool.connection() as conn:
            row = conn.execute(self._sql["bearer"], {"key": key}).fetchone()
        found = None
        if row is not None:
            who = self._accounts.who(row[0], row[1])
            found = None if who is None else Bearer(who, tuple(row[2]))
        if len(self._known) > 1000:
            self._known.clear()
        self._known[key] = (time.monotonic(), found)
        return found

    def make(self, unit: str, role: Role, label: str, scopes: Sequence[Scope], days: int = DAYS) -> str:
        """A new token for a system in a unit. It is told this once."""
        token = f"{PREFIX}_{self._tenant.code}_{secrets.token_urlsafe(32)}"
        account = self._accounts.open_account(f"sistem-{uuid7()}", label, secrets.token_urlsafe(32))
        post = self._accounts.give_post(account, role, unit, self._accounts.today())
        asked = {
            "id": uuid7(), "key": _key(token), "account": account, "post": post, "label": label,
            "scopes": list(scopes), "days": days,
        }  # fmt: skip
        with self._pool.connection() as conn:
            conn.execute(self._sql["make"], asked)
        return token

    def revoke(self, token: UUID) -> bool:
        """It is good for nothing within two seconds. False where there is none, or it was revoked before."""
        with self._pool.connection() as conn:
            gone = conn.execute(self._sql["revoke"], {"id": token}).rowcount
        self._known.clear()
        return bool(gone)

    def all(self) -> Iterator[Token]:
        """Every token there was, the newest first."""
        with self._pool.connection() as conn:
            rows = conn.execute(self._sql["all"]).fetchall()
        for number, label, unit, role, scopes, *times in rows:
            yield Token(number, label, unit, role, tuple(scopes), *times)


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _composed(text: str, schema: str) -> Composed:
    return SQL(text).format(s=Identifier(schema))


_STATEMENTS: Mapping[str, str] = {
    "bearer": """
SELECT account, post, scopes
FROM {s}.tokens
WHERE key = %(key)s AND revoked_at IS NULL AND expires_at > now()
""",
    "make": """
INSERT INTO {s}.tokens (id, key, account, post, label, scopes, expires_at)
VALUES (%(id)s, %(key)s, %(account)s, %(post)s, %(label)s, %(scopes)s, now() + make_interval(days => %(days)s))
""",
    "revoke": "UPDATE {s}.tokens SET revoked_at = now() WHERE id = %(id)s AND revoked_at IS NULL",
    "all": """
SELECT t.id, t.label, p.unit, p.role, t.scopes, t.created_at, t.expires_at, t.revoked_at
FROM {s}.tokens AS t
JOIN {s}.posts AS p ON p.id = t.post
ORDER BY t.created_at DESC, t.id
""",
}
