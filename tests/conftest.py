"""A real PostgreSQL for the tests: DATABASE_URL if given, else an embedded one in a temporary folder."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from domain.case import zone
from service import embedded
from service.migrate import migrate
from service.sealing import Sealing
from service.store import Pool, Store, connect
from tests.store.given import MASTER_KEY

pytest_plugins = ["tests.kabupaten"]

_FOLDER = "TESTS_OF_DAMPINGI"
_SQL_FIXTURES = {"server", "dsn", "database", "schema", "conn", "app_role"}


def pytest_configure(config: pytest.Config) -> None:
    """One folder for all the workers of a run; each of them finds its name in the environment."""
    if "DATABASE_URL" in os.environ or hasattr(config, "workerinput"):
        return
    _clear_after_the_dead()
    os.environ[_FOLDER] = tempfile.mkdtemp(prefix=f"dampingi-tests-{os.getpid()}-", dir="/tmp")


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = os.environ.get(_FOLDER)
    if folder is not None and not hasattr(config, "workerinput"):
        _remove(Path(folder))
        del os.environ[_FOLDER]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _SQL_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.sql)
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server() -> str:
    """A connection string of a role that may do everything, to a database nobody tests in."""
    if url := os.environ.get("DATABASE_URL"):
        return url
    dsn = make_conninfo(embedded.start(Path(os.environ[_FOLDER])), dbname="postgres")
    with psycopg.connect(dsn, autocommit=True) as conn:
        # A test's data need not outlive a power cut, and flushing is most of what a small test waits for.
        for name in ("fsync", "full_page_writes"):
            conn.execute(SQL("ALTER SYSTEM SET {} = off").format(SQL(name)))
        conn.execute("SELECT pg_reload_conf()")
    return dsn


@pytest.fixture(scope="session")
def dsn(server: str) -> Iterator[str]:
    """A database of this worker's own."""
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(SQL("CREATE DATABASE {} TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'").format(Identifier(name)))
    yield make_conninfo(**{**conninfo_to_dict(server), "dbname": name})
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(scope="session")
def database(dsn: str) -> str:
    """The same as `dsn`, for tests that read better with this word."""
    return dsn


@pytest.fixture(scope="session")
def app_role(dsn: str) -> Iterator[str]:
    """A role with no rights but those a migration gives it."""
    name = f"test_app_{secrets.token_hex(4)}"
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(name)))
        yield name
        conn.execute(SQL("DROP OWNED BY {}").format(Identifier(name)))
        conn.execute(SQL("DROP ROLE {}").format(Identifier(name)))


@pytest.fixture(scope="session")
def _standing(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        yield conn


_numbers = itertools.count(1)


@pytest.fixture
def schema(_standing: psycopg.Connection) -> Iterator[str]:
    """A kabupaten of this test's own, migrated and empty."""
    name = f"kab_{next(_numbers):04}"
    migrate(_standing, name)
    yield name
    _standing.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(name)))


@pytest.fixture
def conn(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection of this test's own, committing by itself."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        yield conn


@pytest.fixture(scope="session")
def pool(dsn: str) -> Iterator[Pool]:
    with connect(dsn, 1, 20) as pool:
        yield pool


@pytest.fixture
def store(pool: Pool, schema: str) -> Store:
    """That kabupaten's log to write into."""
    return Store(pool, schema, Sealing(MASTER_KEY, schema), zone("3603"), lambda _day: "2025")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The machine's own Chromium, for Playwright's `executable_path`; started by root it needs `--no-sandbox`."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if os.environ.get("CI"):
        pytest.fail("no Chromium on the machine that checks everything")
    pytest.skip("no Chromium found: apt install chromium, or name it in CHROMIUM")


def _clear_after_the_dead() -> None:
    """A run that was killed could not stop its server; the next one does."""
    for folder in Path("/tmp").glob("dampingi-tests-*"):
        pid = folder.name.split("-")[2]
        if folder.stat().st_uid == os.geteuid() and pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    embedded.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)
