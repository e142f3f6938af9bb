"""A small kabupaten with its people, a real database and a real follower, shared by the tests of doors and pages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime
from threading import Event, Thread

import psycopg
import pytest
import uvicorn
from psycopg.sql import SQL, Identifier

from projections import follow
from service import app, following
from service.access import Unit
from service.migrate import migrate
from service.notes import Signer
from service.places import Place, open_places
from service.sealing import Sealing
from service.settings import Settings

CODE = "9901"
SCHEMA = f"kab_{CODE}"
MASTER = b"k" * 32
PASSWORD = "melati-mawar-7"
SIGNER = Signer(f"dampingi/{SCHEMA}", b"s" * 32)
"""Whoever signs this kabupaten's ledger signs with this: a checkpoint stays, and a later one goes on from it."""
BEGAN = datetime.fromisoformat("2025-01-01T08:00:00+07:00")
"""When the stories of the units begin, for whoever begins them."""

MELATI, MAWAR = "9901012001.01", "9901012001.02"
KEDAUNG = "9901012001"
ANGGREK, WALIWIS = "9901012002.01", "9901012002"
PUSKESMAS, KECAMATAN, RSUD = "9901010101", "990101", "9901RS01"

UNITS = (
    Unit(CODE, "kabupaten", "Kabupaten Contoh"),
    Unit(KECAMATAN, "kecamatan", "Mekar Baru", CODE),
    Unit(RSUD, "rs", "RSUD Contoh", CODE),
    Unit(PUSKESMAS, "puskesmas", "Puskesmas Mekar Baru", KECAMATAN),
    Unit(KEDAUNG, "desa", "Kedaung", PUSKESMAS),
    Unit(WALIWIS, "desa", "Waliwis", PUSKESMAS),
    Unit(MELATI, "posyandu", "Posyandu Melati", KEDAUNG, 5),
    Unit(MAWAR, "posyandu", "Posyandu Mawar", KEDAUNG, 6),
    Unit(ANGGREK, "posyandu", "Posyandu Anggrek", WALIWIS, 7),
)

PEOPLE = (
    ("siti", "Siti Aminah", "kader", MELATI),
    ("wati", "Wati", "kader", ANGGREK),
    ("rina", "Bidan Rina", "bidan", KEDAUNG),
    ("tuti", "Bidan Tuti", "bidan", WALIWIS),
    ("hasan", "Hasan Basri", "desa", KEDAUNG),
    ("dewi", "Dewi Lestari", "puskesmas-tpg", PUSKESMAS),
    ("bagus", "dr. Bagus", "puskesmas-dr", PUSKESMAS),
    ("ratna", "Ratna Sari", "kecamatan", KECAMATAN),
    ("kartika", "Kartika", "kabupaten", CODE),
    ("yusuf", "Yusuf Hidayat", "inspektorat", CODE),
    ("sari", "dr. Sari", "rs", RSUD),
)


@pytest.fixture(scope="session")
def settings(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        database_url=dsn,
        tenants=CODE,
        master_key=MASTER,
        requests_per_minute=1_000_000,
        wait_ms=3000,
        spool_dir=tmp_path_factory.mktemp("spool"),
    )


@pytest.fixture(scope="session")
def places(settings: Settings, dsn: str) -> Iterator[dict[str, Place]]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        migrate(conn, SCHEMA)
    opened = open_places(settings)
    accounts = opened[CODE].accounts
    for unit in UNITS:
        accounts.put_unit(unit)
    for login, name, role, unit in PEOPLE:
        accounts.give_post(accounts.open_account(login, name, PASSWORD), role, unit, date(2020, 1, 1))  # type: ignore[arg-type]
    stop = Event()
    tenant = following.followed(opened[CODE].tenant, Sealing(MASTER, SCHEMA))
    thread = Thread(target=follow.run, args=(dsn, [tenant], stop, lambda *_: None), kwargs={"sweep_seconds": 0.2})
    thread.start()
    yield opened
    stop.set()
    thread.join()
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(SCHEMA)))


@pytest.fixture(scope="session")
def place(places: dict[str, Place]) -> Place:
    return places[CODE]


@pytest.fixture(scope="session")
def address(settings: Settings, places: dict[str, Place]) -> Iterator[str]:
    """The service on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app.create(settings, places), port=0, log_level="error", lifespan="on"))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
