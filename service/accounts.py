"""Units, accounts and the posts they hold: what is asked of them, and what is done to them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import reduce
from operator import or_
from threading import Lock
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from msgspec.structs import asdict
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier
from psycopg_pool import ConnectionPool
from uuid_utils.compat import uuid7

from domain.case import Role
from service.access import SEAT, Post, Unit, UnitKind, Units, Who, territory
from service.tenants import Tenant

FRESH_SECONDS = 2.0
"""How long a revoked right may still hold in another process."""

SHORTEST_PASSWORD = 8

NOBODY = UUID(int=0)
"""Stands in the log of reads where a command was typed on the server: whoever did so has no account."""


class SignInFailed(Exception):
    """Wrong name, wrong password, closed account, no post: all the same to whoever asks."""


class TooManyTries(Exception):
    """This name was tried too often of late."""


class PasswordRefused(Exception):
    """The new password is too easy, or the old one was wrong. `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Account(Struct, frozen=True):
    """Somebody who may sign in."""

    id: UUID
    login: str
    name: str
    must_change: bool = False


class Accounts:
    """The accounts of one kabupaten. Each question is one short transaction of its own."""

    def __init__(self, pool: ConnectionPool[Any], tenant: Tenant, tries: int = 10, minutes: int = 10) -> None:
        self._pool = pool
        self.tenant = tenant
        self._tries = tries
        self._minutes = minutes
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash("nobody has this password")
        self._known: dict[tuple[UUID, UUID], tuple[float, Who | None]] = {}
        self._units: tuple[float, Units] = (0.0, {})
        self._lock = Lock()
        self._sql = {name: _composed(text, tenant.schema) for name, text in _STATEMENTS.items()}

    # What is asked

    def units(self) -> Units:
        """All units of today, by code; read again after two seconds."""
        read_at, units = self._units
        if time.monotonic() - read_at < FRESH_SECONDS and units:
            return units
        with self._conn() as conn:
            rows = conn.execute(self._sql["units"], {"today": self.today()}).fetchall()
        units = {row[0]: Unit(*row) for row in rows}
        self._units = (time.monotonic(), units)
        return units

    def session_days(self, known: datetime) -> dict[str, int]:
        """Day of the month on which each posyandu met, as was known at a moment."""
        with self._conn() as conn:
            return dict(conn.execute(self._sql["session_days"], {"known": known}).fetchall())

    def sessions_moved(self, codes: Collection[str], after: datetime, known: datetime) -> tuple[datetime, ...]:
        """The moments at which one of these posyandu said that it meets on another day."""
        asked = {"codes": list(codes), "after": after, "known": known}
        with self._conn() as conn:
            rows = conn.execute(self._sql["sessions_moved"], asked).fetchall()
        return tuple(row[0] for row in rows)

    def who(self, account: UUID, post: UUID) -> Who | None:
        """The person in the post they work from, or None where either is no longer valid. At most two seconds old."""
        known = self.remembered(account, post)
        if known is not None:
            return known[0]
        found = self._who(account, post)
        with self._lock:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[account, post] = (time.monotonic(), found)
        return found

    def remembered(self, account: UUID, post: UUID) -> tuple[Who | None] | None:
        """What was known of them a moment ago; no query."""
        entry = self._known.get((account, post))
        if entry is None or time.monotonic() - entry[0] >= FRESH_SECONDS:
            return None
        return (entry[1],)

    def _who(self, account: UUID, post: UUID) -> Who | None:
        units = self.units()
        with self._conn() as conn:
            row = conn.execute(self._sql["account"], {"account": account}).fetchone()
            if row is None:
                return None
            posts = tuple(self._posts(conn, account, units))
        held = next((p for p in posts if p.id == post), None)
        if held is None:
            return None
        same = [p.unit for p in posts if p.role == held.role]
        return Who(
            tenant=self.tenant.code,
            account=account,
            name=row[2],
            post=held,
            territory=reduce(or_, (territory(held.role, unit, units) for unit in same)),
            where=", ".join(unit.name for unit in same),
            others=tuple(p for p in posts if p.role != held.role),
            must_change=row[3],
        )

    def called(self, actors: Collection[str]) -> dict[str, str]:
        """The names of accounts, open or closed, by their numbers as events have them."""
        with self._conn() as conn:
            names = dict(conn.execute(self._sql["called"], {"actors": sorted(actors)}).fetchall())
        return {**names, str(NOBODY): "Pengelola server"} if str(NOBODY) in actors else names

    def numbered(self, accounts: Collection[UUID]) -> dict[UUID, Account]:
        """Accounts, open or closed, by their numbers."""
        with self._conn() as conn:
            rows = conn.execute(self._sql["numbered"], {"accounts": sorted(accounts)}).fetchall()
        return {row[0]: Account(*row) for row in rows}

    def officers(self, text: str) -> tuple[Account, ...]:
        """Accounts, open or closed, with this in their name or sign-in."""
        asked = {"text": text.strip().lower()}
        with self._conn() as conn:
            return tuple(Account(*row) for row in conn.execute(self._sql["officers"], asked).fetchall())

    def posts(self, account: UUID) -> tuple[Post, ...]:
        """The posts this account holds today."""
        units = self.units()
        with self._conn() as conn:
            return tuple(self._posts(conn, account, units))

    def _posts(self, conn: Connection[Any], account: UUID, units: Units) -> Iterator[Post]:
        today = self.today()
        for number, role, unit, valid_from, valid_to in conn.execute(self._sql["posts"], {"account": account}):
            if unit not in units:
                continue
            post = Post(number, role, units[unit], valid_from, valid_to)
            if post.held(today):
                yield post

    def today(self) -> date:
        """Today where the kabupaten is."""
        return datetime.now(self.tenant.zone).date()

    def sign_in(self, login: str, password: str, address: str) -> tuple[Account, Post]:
        """The account and its first post. Takes the time of one argon2 hash whether or not the name is known."""
        login = login.strip().lower()[:100]
        with self._conn() as conn:
            self._check_tries(conn, login, address)
            row = conn.execute(self._sql["login"], {"login": login}).fetchone()
        right = self._right(row[4] if row else self._nobody, password)
        posts = self.posts(row[0]) if row and right else ()
        if not row or not posts:
            with self._conn() as conn:
                conn.execute(self._sql["failed"], {"login": login, "address": address})
                conn.execute(self._sql["old_failures"])
            raise SignInFailed
        return Account(row[0], row[1], row[2], row[3]), posts[0]

    def _check_tries(self, conn: Connection[Any], login: str, address: str) -> None:
        """A village shares one address, so a name is counted there by itself, and more generously from everywhere."""
        asked = {"login": login, "address": address, "minutes": self._minutes}
        row = conn.execute(self._sql["tries"], asked).fetchone()
        assert row is not None
        if row[0] >= self._tries or row[1] >= self._tries * 5:
            raise TooManyTries

    def _right(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password[:1000])
        except (VerificationError, InvalidHashError):
            return False

    # What is done

    def put_unit(self, unit: Unit) -> None:
        """Make a unit known, or known better; what it said before is kept. Its parent comes first."""
        asked = asdict(unit)
        with self._conn() as conn, conn.transaction():
            conn.execute(self._sql["put_unit"], asked)
            conn.execute(self._sql["unit_said"], asked)
        self._units = (0.0, {})

    def known(self, login: str) -> UUID | None:
        """The account of this name, if there is one."""
        with self._conn() as conn:
            row = conn.execute(self._sql["login"], {"login": login}).fetchone()
        return row[0] if row else None

    def open_account(self, login: str, name: str, password: str, must_change: bool = False) -> UUID:
        """A new account; without a post it can do nothing."""
        number = uuid7()
        with self._conn() as conn:
            conn.execute(
                self._sql["open"],
                {
                    "id": number,
                    "login": login.strip().lower(),
                    "name": name,
                    "password": self._hasher.hash(password),
                    "must_change": must_change,
                },
            )
        return number

    def give_post(self, account: UUID, role: Role, unit: str, valid_from: date, valid_to: date | None = None) -> UUID:
        """A post in a unit of the kind that role is held in."""
        kind: UnitKind = self.units()[unit].kind
        if SEAT[role] != kind:
            raise ValueError(f"{role} is held in a {SEAT[role]}, and {unit} is a {kind}")
        number = uuid7()
        with self._conn() as conn:
            conn.execute(
                self._sql["give_post"],
                {
                    "id": number,
                    "account": account,
                    "role": role,
                    "unit": unit,
                    "valid_from": valid_from,
                    "valid_to": valid_to,
                },
            )
        self.forget()
        return number

    def end_post(self, post: UUID, valid_to: date) -> None:
        """The post is held until before that day."""
        with self._conn() as conn:
            conn.execute(self._sql["end_post"], {"id": post, "valid_to": valid_to})
        self.forget()

    def change_password(self, account: UUID, old: str, new: str) -> None:
        """The owner's own new password."""
        with self._conn() as conn:
            row = conn.execute(self._sql["account"], {"account": account}).fetchone()
        if row is None or not self._right(row[4], old):
            raise PasswordRefused("old-password-wrong")
        if len(new) < SHORTEST_PASSWORD:
            raise PasswordRefused("password-too-short")
        if new == old or row[1] in new.lower():
            raise PasswordRefused("password-too-easy")
        with self._conn() as conn:
            conn.execute(self._sql["password"], {"account": account, "password": self._hasher.hash(new)})
        self.forget()

    def close_account(self, account: UUID) -> None:
        """Nobody signs in with it any more, and whoever is signed in is out within two seconds."""
        with self._conn() as conn, conn.transaction():
            conn.execute(self._sql["close"], {"account": account})
            conn.execute(self._sql["end_sessions"], {"account": account})
        self.forget()

    def end_sessions(self, account: UUID) -> None:
        """A phone was lost: everything this account has open anywhere is closed."""
        with self._conn() as conn:
            conn.execute(self._sql["end_sessions"], {"account": account})

    def forget(self) -> None:
        """Read rights anew in this process."""
        with self._lock:
            self._known.clear()

    def _conn(self) -> AbstractContextManager[Connection[Any]]:
        return self._pool.connection()


class Sessions:
    """Open sessions of one kabupaten, each under the SHA-256 of its cookie."""

    def __init__(self, pool: ConnectionPool[Any], tenant: Tenant) -> None:
        self._pool = pool
        self._sql = {name: _composed(text, tenant.schema) for name, text in _SESSIONS.items()}

    def read(self, key: str) -> tuple[bytes, float] | None:
        """What the session holds and in how many seconds it ends."""
        with self._pool.connection() as conn:
            row = conn.execute(self._sql["read"], {"key": _hashed(key)}).fetchone()
        return None if row is None else (bytes(row[0]), float(row[1]))

    def begin(self, key: str, account: UUID, state: bytes, seconds: float) -> None:
        """A new session; what has run out goes at the same time."""
        asked = {"key": _hashed(key), "account": account, "state": state, "seconds": seconds}
        with self._pool.connection() as conn, conn.transaction():
            conn.execute(self._sql["clear"])
            conn.execute(self._sql["begin"], asked)

    def change(self, key: str, state: bytes, seconds: float) -> None:
        """Only an open session is changed: one that was closed meanwhile stays closed."""
        with self._pool.connection() as conn:
            conn.execute(self._sql["change"], {"key": _hashed(key), "state": state, "seconds": seconds})

    def renew(self, key: str, seconds: float) -> None:
        with self._pool.connection() as conn:
            conn.execute(self._sql["renew"], {"key": _hashed(key), "seconds": seconds})

    def end(self, key: str) -> None:
        with self._pool.connection() as conn:
            conn.execute(self._sql["end"], {"key": _hashed(key)})

    def end_all(self) -> None:
        with self._pool.connection() as conn:
            conn.execute(self._sql["end_all"])


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _composed(text: str, schema: str) -> Composed:
    return SQL(text).format(s=Identifier(schema))


_STATEMENTS: Mapping[str, str] = {
    "units": """
SELECT code, kind, name, parent, session_day
FROM {s}.units
WHERE valid_from <= %(today)s AND (valid_to IS NULL OR valid_to > %(today)s)
ORDER BY code
""",
    "put_unit": """
INSERT INTO {s}.units (code, kind, name, parent, session_day)
VALUES (%(code)s, %(kind)s, %(name)s, %(parent)s, %(session_day)s)
ON CONFLICT (code) DO UPDATE
SET kind = excluded.kind, name = excluded.name, parent = excluded.parent, session_day = excluded.session_day
""",
    "unit_said": """
INSERT INTO {s}.units_said (code, said_at, kind, name, parent, session_day)
SELECT u.code, CASE WHEN before.code IS NULL THEN '-infinity' ELSE clock_timestamp() END,
       u.kind, u.name, u.parent, u.session_day
FROM {s}.units AS u
LEFT JOIN LATERAL (
    SELECT *
    FROM {s}.units_said
    WHERE code = u.code
    ORDER BY said_at DESC
    LIMIT 1
) AS before ON true
WHERE u.code = %(code)s
  AND (u.kind, u.name, u.parent, u.session_day)
      IS DISTINCT FROM (before.kind, before.name, before.parent, before.session_day)
""",
    "session_days": """
SELECT code, session_day
FROM (
    SELECT DISTINCT ON (code) code, session_day
    FROM {s}.units_said
    WHERE said_at <= %(known)s
    ORDER BY code, said_at DESC
) AS said
WHERE session_day IS NOT NULL
""",
    "sessions_moved": """
SELECT DISTINCT said_at
FROM {s}.units_said
WHERE code = ANY(%(codes)s::text[]) AND kind = 'posyandu' AND said_at > %(after)s AND said_at <= %(known)s
ORDER BY said_at
""",
    "account": """
SELECT id, login, name, must_change, password
FROM {s}.accounts
WHERE id = %(account)s AND closed_at IS NULL
""",
    "login": """
SELECT id, login, name, must_change, password
FROM {s}.accounts
WHERE login = %(login)s AND closed_at IS NULL
""",
    "called": """
SELECT id::text, name
FROM {s}.accounts
WHERE id::text = ANY(%(actors)s)
""",
    "numbered": """
SELECT id, login, name
FROM {s}.accounts
WHERE id = ANY(%(accounts)s)
""",
    "officers": """
SELECT id, login, name
FROM {s}.accounts
WHERE strpos(lower(name), %(text)s) > 0 OR login = %(text)s
ORDER BY name, id
LIMIT 20
""",
    "posts": """
SELECT id, role, unit, valid_from, valid_to
FROM {s}.posts
WHERE account = %(account)s
ORDER BY valid_from, id
""",
    "open": """
INSERT INTO {s}.accounts (id, login, name, password, must_change)
VALUES (%(id)s, %(login)s, %(name)s, %(password)s, %(must_change)s)
""",
    "give_post": """
INSERT INTO {s}.posts (id, account, role, unit, valid_from, valid_to)
VALUES (%(id)s, %(account)s, %(role)s, %(unit)s, %(valid_from)s, %(valid_to)s)
""",
    "end_post": """
UPDATE {s}.posts
SET valid_to = greatest(%(valid_to)s, valid_from)
WHERE id = %(id)s
""",
    "password": """
UPDATE {s}.accounts
SET password = %(password)s, must_change = false
WHERE id = %(account)s
""",
    "close": """
UPDATE {s}.accounts
SET closed_at = now()
WHERE id = %(account)s AND closed_at IS NULL
""",
    "end_sessions": """
DELETE FROM {s}.sessions
WHERE account = %(account)s
""",
    "failed": """
INSERT INTO {s}.failed_sign_ins (login, address)
VALUES (%(login)s, %(address)s)
""",
    "old_failures": """
DELETE FROM {s}.failed_sign_ins
WHERE at < now() - interval '1 day'
""",
    "tries": """
SELECT count(*) FILTER (WHERE address = %(address)s), count(*)
FROM {s}.failed_sign_ins
WHERE login = %(login)s AND at > now() - make_interval(mins => %(minutes)s)
""",
}

_SESSIONS: Mapping[str, str] = {
    "read": """
SELECT state, extract(epoch FROM expires_at - now())
FROM {s}.sessions
WHERE key = %(key)s AND expires_at > now()
""",
    "clear": """
DELETE FROM {s}.sessions
WHERE expires_at < now()
""",
    "begin": """
INSERT INTO {s}.sessions (key, account, state, expires_at)
VALUES (%(key)s, %(account)s, %(state)s, now() + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO NOTHING
""",
    "change": """
UPDATE {s}.sessions
SET state = %(state)s, expires_at = now() + make_interval(secs => %(seconds)s)
WHERE key = %(key)s AND expires_at > now()
""",
    "renew": """
UPDATE {s}.sessions
SET expires_at = now() + make_interval(secs => %(seconds)s)
WHERE key = %(key)s AND expires_at > now()
""",
    "end": """
DELETE FROM {s}.sessions
WHERE key = %(key)s
""",
    "end_all": "DELETE FROM {s}.sessions",
}
