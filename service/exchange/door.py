"""What an import asks of a kabupaten, answered by its log, its lists and its write door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache, partial
from typing import Any, LiteralString
from uuid import UUID, uuid5

import psycopg
from msgspec import Struct
from psycopg.sql import SQL, Identifier

from domain import desa, oversight
from domain.case import Role
from projections import follow, people
from service import embedded, following
from service.access import SEAT, Post, Units, Who, check, territory
from service.accounts import Accounts
from service.exchange.comparing import Compared
from service.exchange.intake import Wanted
from service.handle import Actor, Answer, Asked, Submitted, record
from service.masterkey import IMPORTS
from service.migrate import MigrationError, pending
from service.sealing import sealing_of
from service.settings import Settings, SettingsError
from service.store import Store, connect
from service.tenants import Tenant, tenants

ACTOR = "impor"
"""Who recorded it, in the place of an account: nobody can sign in as it."""


class ImportDoor:
    """The write door with the importer before it, in a post at the puskesmas of each row."""

    def __init__(self, tenant: str, store: Store, units: Units, role: Role) -> None:
        self._tenant = tenant
        self._store = store
        self._units = units
        self._role = role
        self._at: dict[str, Actor] = {}

    @property
    def today(self) -> date:
        return datetime.now(self._store.clock).date()

    def recognise(self, wanted: Sequence[Wanted]) -> Sequence[tuple[UUID, ...]]:
        """For each, the cases it may be, by the strongest ground that finds any."""
        hashed = self._store.sealing.nik_hash
        with self._store.pool.connection() as conn:
            self._store.sealing.learn(conn)
            asked = [
                people.Wanted(
                    None if w.nik is None else hashed(w.nik),
                    None if w.mother_nik is None else hashed(w.mother_nik),
                    w.name,
                    w.born,
                    w.posyandu,
                )
                for w in wanted
            ]
            return people.recognise(conn, self._store.schema, asked)

    def begun(self, cases: Sequence[UUID]) -> set[UUID]:
        """Those that have a story. The log knows at once what the lists learn a little later."""
        return self._ids("SELECT case_id FROM {}.events WHERE case_id = ANY(%s) AND version = 1", cases)

    def entered(self, entries: Sequence[UUID]) -> set[UUID]:
        """Those that were recorded before."""
        return self._ids("SELECT entry FROM {}.entries WHERE entry = ANY(%s)", entries)

    def submit(self, entries: Sequence[tuple[Submitted, str]]) -> Sequence[Answer]:
        """Each entry with the puskesmas that answers for it; all in one commit."""
        now = datetime.now(self._store.clock)
        return record(self._store, [Asked(entry, self._actor(puskesmas), now) for entry, puskesmas in entries])

    def reject(self, puskesmas: str | None, file: str, rows: Sequence[int]) -> bool:
        """Tell in the story of the puskesmas which rows of a file it has still to mend (X05). Once for a file.

        Without a puskesmas it is the only one there is. False where none can be told, or its story has not begun.
        """
        every = [unit.code for unit in self._units.values() if unit.kind == "puskesmas"]
        puskesmas = puskesmas or (every[0] if len(every) == 1 else None)
        if puskesmas is None:
            return False
        command = oversight.RejectImportRows(on=self.today, file=file, rows=tuple(rows))
        entry = uuid5(_REJECTED, f"{puskesmas} {file} {','.join(map(str, rows))}")
        [answer] = self.submit([(Submitted(entry, desa.number(puskesmas), command), puskesmas)])
        return answer.outcome in ("recorded", "already") or answer.code == "entry-reused"

    def compared(self, puskesmas: str, file: str, month: date, found: Compared) -> None:
        """Tell in the story of the puskesmas how far z-scores are from ours (V10). Once for a file and month."""
        command = oversight.CompareExport(
            on=self.today, month=month, rows=found.rows, differing=found.differing, widest=found.widest
        )
        entry = uuid5(_COMPARED, f"{puskesmas} {file} {month}")
        self.submit([(Submitted(entry, desa.number(puskesmas), command), puskesmas)])

    def _ids(self, text: LiteralString, asked: Sequence[UUID]) -> set[UUID]:
        with self._store.pool.connection() as conn:
            return {row[0] for row in conn.execute(_sql(text, self._store.schema), [list(asked)])}

    def _actor(self, puskesmas: str) -> Actor:
        actor = self._at.get(puskesmas)
        if actor is None:
            unit = self._units[puskesmas]
            post = Post(uuid5(_POSTS, f"{self._role} {puskesmas}"), self._role, unit, date.min)
            who = Who(self._tenant, _POSTS, ACTOR, post, territory(self._role, unit, self._units))
            actor = Actor(ACTOR, self._role, puskesmas, partial(check, who))
            self._at[puskesmas] = actor
        return actor


_COMPARED = UUID("0c7e5a14-1f3d-5f53-9a2e-7b4f8d2c6e90")
_REJECTED = UUID("4b0f6a0e-9c55-4a53-8f0c-5a1d2f0b7c11")
_POSTS = UUID("6d3b9a52-7f0e-5c1d-8a44-2b9e60f1c7d4")


class Opened(Struct, frozen=True):
    """A kabupaten, ready to be imported into."""

    door: ImportDoor
    units: Units
    key: bytes
    """From which the numbers of rows and children are made."""
    up_to_date: Callable[[], None]
    """Brings the lists to the end of the log, in case nobody follows it."""


@contextmanager
def opened(settings: Settings, code: str | None, role: Role) -> Iterator[Opened]:
    """The kabupaten of this code, or the only one. Raises SettingsError or MigrationError for the operator."""
    tenant = _tenant(settings, code)
    sealing = sealing_of(settings, tenant.schema)
    followed = following.followed(tenant, sealing)
    with psycopg.connect(tenant.dsn, autocommit=True) as conn:
        if missing := pending(conn, tenant.schema):
            raise MigrationError(f"{tenant.name}: {', '.join(missing)} belum dijalankan; jalankan dampingi migrate")
        follow.prepare(conn, followed, followed.book(conn))
        key = sealing.secret(conn, IMPORTS)
    with connect(tenant.dsn, 1, 2, settings.statement_seconds, settings.lock_seconds) as pool:
        store = Store(pool, tenant.schema, sealing, tenant.zone, _edition)
        units = Accounts(pool, tenant).units()
        up_to_date = partial(following.catch_up, tenant.dsn, followed, settings.follow_events)
        yield Opened(ImportDoor(tenant.code, store, units, role), units, key, up_to_date)


def _tenant(settings: Settings, code: str | None) -> Tenant:
    found = tenants(settings, embedded.dsn(settings))
    if code is None and len(found) > 1:
        raise SettingsError(f"Sebutkan --kabupaten; yang dilayani: {', '.join(found)}.")
    if code is not None and code not in found:
        raise SettingsError(f"Kabupaten {code} tidak dilayani di sini; yang dilayani: {', '.join(found)}.")
    return found[code or next(iter(found))]


def _edition(on: date) -> str:
    return following.juknis().book(on).protocol.edition


ROLES: tuple[Role, ...] = tuple(role for role, kind in SEAT.items() if kind == "puskesmas")
"""Who may import: a file is a puskesmas's own."""


@cache
def _sql(text: LiteralString, schema: str) -> Any:
    return SQL(text).format(Identifier(schema))
