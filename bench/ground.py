"""Ground to measure on: a PostgreSQL of its own, and in it a kabupaten with the made-up lives of a few kecamatan.

`DATABASE_URL` names another server, on which a database is made for the run and dropped after it; else the embedded one
runs in a temporary folder. Its settings are those it comes with: a commit waits for the disk.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
from msgspec import Struct
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from domain import pregnancy
from projections.follow import Followed
from service import demo, embedded, following, lives
from service.access import Unit
from service.accounts import Accounts
from service.handle import Actor, Asked, Submitted, record
from service.lives import Entry, Lives
from service.migrate import migrate
from service.sealing import Sealing
from service.settings import Settings
from service.store import Store, connect
from service.tenants import Tenant

MASTER = bytes(range(32))
CHILDREN = 90
"""In each posyandu, as many as there are in the field."""
BATCH = 2_000

Figures = dict[str, Any]


class Ground(Struct, frozen=True):
    """A kabupaten to measure."""

    dsn: str
    tenant: Tenant
    sealing: Sealing

    @property
    def schema(self) -> str:
        return self.tenant.schema

    @property
    def settings(self) -> Settings:
        return Settings(
            database_url=self.dsn, tenants=self.tenant.code, master_key=MASTER, requests_per_minute=100_000_000
        )

    @property
    def environment(self) -> dict[str, str]:
        """The same settings for a process of the service."""
        return {
            **os.environ,
            "DATABASE_URL": self.dsn,
            "DAMPINGI_TENANTS": self.tenant.code,
            "DAMPINGI_MASTER_KEY": base64.b64encode(MASTER).decode(),
            "DAMPINGI_LEDGER_KEY": base64.b64encode(MASTER).decode(),
            "DAMPINGI_REQUESTS_PER_MINUTE": "100000000",
        }

    def followed(self) -> Followed:
        return following.followed(self.tenant, self.sealing)

    @contextmanager
    def store(self) -> Iterator[Store]:
        edition = following.juknis().book(self.today()).protocol.edition
        with connect(self.dsn, 1, 4) as pool:
            yield Store(pool, self.schema, self.sealing, self.tenant.zone, lambda _: edition)

    def today(self) -> date:
        return datetime.now(self.tenant.zone).date()


@contextmanager
def ground(kecamatan: int, children: int = CHILDREN) -> Iterator[Ground]:
    """An empty database, migrated, and filled with this many kecamatan of so many children in each posyandu."""
    with _database() as dsn:
        made = ground_at(dsn)
        with psycopg.connect(dsn, autocommit=True) as conn:
            migrate(conn, made.schema)
        with made.store() as store:
            for number in range(kecamatan):
                furnish(Accounts(store.pool, made.tenant), number)
                tell(store, entries(number, made.today(), children))
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
            conn.execute("CHECKPOINT")
        yield made


def ground_at(dsn: str) -> Ground:
    """The same ground, found again by another process."""
    tenant = Tenant("3603", "Kabupaten Tangerang", dsn)
    return Ground(dsn, tenant, Sealing(MASTER, tenant.schema))


@contextmanager
def _database() -> Iterator[str]:
    if url := os.environ.get("DATABASE_URL"):
        with _made_in(url) as dsn:
            yield dsn
        return
    folder = Path(tempfile.mkdtemp(prefix="dampingi-bench-", dir="/tmp"))
    try:
        yield embedded.start(folder)
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _made_in(url: str) -> Iterator[str]:
    name = Identifier(f"bench_{os.getpid()}_{secrets.token_hex(4)}")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
        try:
            yield make_conninfo(**{**conninfo_to_dict(url), "dbname": name.as_string().strip('"')})
        finally:
            conn.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


# The made-up lives of one kecamatan, in many


def furnish(accounts: Accounts, number: int) -> None:
    """The units of a kecamatan, its posyandu with their days."""
    for unit in demo.units():
        parent = None if unit.parent is None else in_kecamatan(unit.parent, number)
        accounts.put_unit(Unit(in_kecamatan(unit.code, number), unit.kind, unit.name, parent, unit.session_day))


def in_kecamatan(code: str, number: int) -> str:
    """The code of a unit, put into another kecamatan of the kabupaten."""
    return code.replace(lives.KECAMATAN, f"3603{40 + number}", 1)


def entries(number: int, today: date, children: int = CHILDREN) -> list[Entry]:
    """What was recorded in a kecamatan, in the order in which the server heard of it."""
    book = following.juknis().book(today)
    told = Lives(today, book, seed=number, children=children).entries()
    cases = {entry.case: uuid5(entry.case, str(number)) for entry in told}
    for entry in told:
        if isinstance(entry.command, pregnancy.RecordOutcome):
            cases[pregnancy.child_case(entry.case, 1)] = pregnancy.child_case(cases[entry.case], 1)
    return [_moved(entry, cases[entry.case], number) for entry in told]


def _moved(entry: Entry, case: UUID, number: int) -> Entry:
    command = entry.command
    if hasattr(command, "posyandu"):
        desa, posyandu = in_kecamatan(command.desa, number), in_kecamatan(command.posyandu, number)
        command = replace(command, desa=desa, posyandu=posyandu)
    return replace(
        entry, case=case, entry=uuid5(entry.entry, str(number)), command=command, unit=in_kecamatan(entry.unit, number)
    )


def tell(store: Store, told: Sequence[Entry]) -> None:
    """Record it in big batches, through the service's own write path."""
    for first in range(0, len(told), BATCH):
        for answer in record(store, [asked(entry) for entry in told[first : first + BATCH]]):
            if answer.outcome != "recorded":
                raise RuntimeError(f"a made-up entry was {answer.outcome}: {answer.code}")


def asked(entry: Entry) -> Asked:
    by = Actor(str(uuid5(lives.SPACE, entry.unit)), entry.role, entry.unit, _may)
    return Asked(Submitted(entry.entry, entry.case, entry.command), by, entry.at)


def _may(_command: Any, _state: Any) -> None:
    """Made-up people keep to what they may do."""


# What was measured


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    ordered = sorted(seconds)
    return {f"p{p}_ms": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)] * 1000, 2) for p in (50, 95, 99)}


def where_asked(description: str) -> Path | None:
    """The file the figures should be written to as well."""
    asked = argparse.ArgumentParser(description=description)
    asked.add_argument("--json", type=Path, help="write the figures to this file as well")
    return asked.parse_args().json  # type: ignore[no-any-return]


def show(figures: Figures, path: Path | None) -> None:
    print(f"{'what':<52}{'figure':>14}")
    for name, figure in figures.items():
        print(f"{name.replace('_', ' '):<52}{figure:>14,}")
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=2) + "\n")
