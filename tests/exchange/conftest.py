"""A kabupaten with one kecamatan, ready to import into."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from msgspec import Struct

from domain.case import Recorded, Role
from projections import follow, log
from projections.follow import Followed
from projections.queue import Task, tasks_of
from service import following
from service.access import SEAT, Unit
from service.accounts import Accounts
from service.exchange import eppgbm
from service.exchange.door import ImportDoor
from service.exchange.intake import Intake
from service.exchange.placing import Places
from service.exchange.rejected import Aside
from service.exchange.sorting import Sorting
from service.exchange.tables import open_table
from service.exchange.whole import Tally, bring_in
from service.sealing import Sealing
from service.store import Pool, Store
from service.tenants import Tenant

MASTER_KEY = bytes(range(32))
PUSKESMAS = "3603330101"
POSYANDU = ("Melati", "Mawar", "Anggrek", "Dahlia", "Kenanga", "Flamboyan")
UNITS = {
    unit.code: unit
    for unit in (
        Unit("3603", "kabupaten", "Kabupaten Tangerang"),
        Unit("360333", "kecamatan", "Mekar Baru", "3603"),
        Unit(PUSKESMAS, "puskesmas", "Puskesmas Mekar Baru", "360333"),
        Unit("3603332001", "desa", "Mekar Baru", PUSKESMAS),
        Unit("3603332002", "desa", "Kedaung", PUSKESMAS),
        *(
            Unit(f"{desa}.0{n}", "posyandu", f"Posyandu {name}", desa)
            for desa in ("3603332001", "3603332002")
            for n, name in enumerate(POSYANDU, start=1)
        ),
    )
}


class Kabupaten(Struct, frozen=True):
    """What the tests ask of it."""

    dsn: str
    tenant: Tenant
    store: Store
    followed: Followed
    folder: Path

    @property
    def door(self) -> ImportDoor:
        return ImportDoor(self.tenant.code, self.store, UNITS, "puskesmas-tpg")

    def bring(self, found: Iterable[Any], posyandu: str | None = None, name: str = "data") -> Tally:
        rejected = Aside(self.folder / f"{name}.ditolak.csv", "alasan")
        notes = Aside(self.folder / f"{name}.catatan.csv", "catatan")
        sorting = Sorting(Places(UNITS, posyandu), MASTER_KEY, self.door.today)
        return bring_in(sorting.sort(found), Intake(self.door), rejected, notes)

    def bring_file(self, path: Path, posyandu: str | None = None) -> Tally:
        return self.bring(eppgbm.read(open_table(path).lines), posyandu, path.name)

    def catch_up(self) -> None:
        following.catch_up(self.dsn, self.followed)

    def stories(self) -> dict[UUID, list[Recorded]]:
        """Every story of the log, in the order in which we heard of the children."""
        with self.store.pool.connection() as conn:
            told = [list(story) for some in log.all_stories(conn, self.store.schema) for story in some.values()]
        return {story[0].case: story for story in sorted(told, key=lambda s: s[0].position or 0)}

    def names(self) -> dict[str, UUID]:
        """Every case by the name it was registered under."""
        sealed = [(s[0].case, 1, s[0].event.personal) for s in self.stories().values()]
        with self.store.pool.connection() as conn:
            opened = self.store.sealing.open_many(conn, sealed)
        return {who.name or "": case for (case, _), who in opened.items() if who is not None}

    def tasks(self, case: UUID) -> tuple[Task, ...]:
        """What stands on any desk's list for a case, each task once."""
        desks: list[Role] = list(SEAT)
        with self.store.pool.connection() as conn:
            found = tasks_of(conn, self.store.schema, case, desks, datetime.now(self.tenant.zone))
        return tuple({(task.rule, task.key): task for task in found}.values())


@pytest.fixture
def kabupaten(dsn: str, pool: Pool, schema: str, tmp_path: Path) -> Kabupaten:
    return kabupaten_in(dsn, pool, schema, tmp_path)


def kabupaten_in(dsn: str, pool: Pool, schema: str, folder: Path) -> Kabupaten:
    """An empty schema with the units of the kecamatan and empty lists."""
    tenant = Tenant(schema.removeprefix("kab_"), "Kabupaten Tangerang", dsn)
    accounts = Accounts(pool, tenant)
    for unit in UNITS.values():
        accounts.put_unit(unit)
    sealing = Sealing(MASTER_KEY, schema)
    followed = following.followed(tenant, sealing)
    with psycopg.connect(dsn, autocommit=True) as conn:
        follow.prepare(conn, followed, followed.book(conn))
    return Kabupaten(dsn, tenant, Store(pool, schema, sealing, tenant.zone, lambda _day: "2025"), followed, folder)
