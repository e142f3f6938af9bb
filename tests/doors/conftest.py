"""A small kabupaten with its people, a real database, a real follower, and the real service in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from litestar.testing import TestClient
from psycopg.sql import SQL, Identifier
from uuid_utils.compat import uuid7

from projections import follow
from service import app, following
from service.access import Unit
from service.migrate import migrate
from service.places import Place, open_places
from service.sealing import Sealing
from service.settings import Settings

CODE = "9901"
SCHEMA = f"kab_{CODE}"
MASTER = b"k" * 32
PASSWORD = "melati-mawar-7"

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
def settings(dsn: str) -> Settings:
    return Settings(database_url=dsn, tenants=CODE, master_key=MASTER, requests_per_minute=1_000_000, wait_ms=3000)


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
def service(settings: Settings, places: dict[str, Place]) -> Iterator[TestClient[Any]]:
    with TestClient(app.create(settings, places), raise_server_exceptions=False) as client:
        yield client


class Phone:
    """Somebody with a session of their own."""

    def __init__(self, service: TestClient[Any]) -> None:
        self._service = service
        self.cookies: dict[str, str] = {}

    def sign_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        self.get("/masuk")
        return self.post("/sign-in", json={"login": login, "password": password})

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self._kept("GET", path, **how)

    def post(self, path: str, csrf: bool = True, **how: Any) -> httpx.Response:
        headers = {"x-csrf-token": self.cookies.get("csrf", "")} if csrf else {}
        return self._kept("POST", path, headers={**headers, **how.pop("headers", {})}, **how)

    def page(self, path: str) -> httpx.Response:
        return self.get(path, headers={"accept": "text/html"})

    def fill(self, path: str, data: dict[str, Any]) -> httpx.Response:
        form = {"_csrf_token": self.cookies.get("csrf", ""), **data}
        return self._kept("POST", path, data=form, headers={"accept": "text/html"})

    def _kept(self, method: str, path: str, **how: Any) -> httpx.Response:
        self._service.cookies.clear()
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        how["headers"] = {**how.get("headers", {}), "cookie": cookie}
        answer = self._service.request(method, path, follow_redirects=False, **how)
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        if "sesi=;" in answer.headers.get("set-cookie", "") or 'sesi="";' in answer.headers.get("set-cookie", ""):
            self.cookies.pop("sesi", None)
        return answer

    def send(self, *entries: dict[str, Any]) -> list[dict[str, Any]]:
        """Entries, and the answer of each."""
        answer = self.post("/entries", json=list(entries))
        assert answer.status_code == 200, answer.text
        self.position = answer.json()["position"]
        return answer.json()["answers"]


_signed: dict[str, Phone] = {}


@pytest.fixture
def stranger(service: TestClient[Any]) -> Phone:
    return Phone(service)


@pytest.fixture(scope="session")
def phone(service: TestClient[Any]) -> Callable[[str], Phone]:
    """The phone of somebody who is signed in; the same one all through."""
    signed: dict[str, Phone] = {}

    def of(login: str) -> Phone:
        if login not in signed:
            one = Phone(service)
            assert one.sign_in(login).status_code == 200
            signed[login] = one
        return signed[login]

    return of


def entry(case: UUID | str, command: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"entry": str(uuid7()), "case": str(case), "command": command, **more}


def today() -> date:
    """Today where the small kabupaten is; WIB."""
    from datetime import UTC, datetime

    return (datetime.now(UTC) + timedelta(hours=7)).date()


def register(posyandu: str = MELATI, name: str = "Budi", born: str = "2025-03-04", **more: Any) -> dict[str, Any]:
    """A child in a posyandu."""
    return entry(
        uuid7(),
        {
            "do": "child.register",
            "on": "2025-03-10",
            "born": born,
            "sex": "L",
            "desa": posyandu.split(".")[0],
            "posyandu": posyandu,
            "personal": {"name": name, "mother": "Ani", "nik": "3603330403250001"},
            **more,
        },
    )


def weigh(case: str, on: str = "2025-06-05", kg: Any = 6.1, **more: Any) -> dict[str, Any]:
    return entry(case, {"do": "child.measure", "on": on, "kg": kg, **more})
