"""The embedded PostgreSQL: one server for a folder, kept over restarts, wherever that folder is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service import embedded, roles
from service.settings import load, master_key


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own folder: that one is closed again to all but its owner by the next run beside this one."""
    with tempfile.TemporaryDirectory(prefix="dampingi-embedded-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name) / "data"
        yield folder
        embedded.stop(folder)


def value(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as conn:
        row = conn.execute(query).fetchone()
        assert row is not None
        return row[0]


def test_what_was_written_is_there_after_a_restart(folder: Path) -> None:
    dsn = embedded.start(folder)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("CREATE TABLE kader AS SELECT 'Siti' AS name")
    assert embedded.stop(folder)
    assert not embedded.running(folder)
    assert not embedded.stop(folder)
    assert value(embedded.start(folder), "SELECT name FROM kader") == "Siti"


def test_the_write_ahead_log_is_not_kept_for_reuse_by_a_server_that_was_there_before(folder: Path) -> None:
    """A file of it that is used again keeps what it held: names of people who asked to be forgotten."""
    dsn = embedded.start(folder)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("ALTER SYSTEM RESET wal_recycle")
    assert embedded.stop(folder)
    embedded.start(folder)
    assert embedded.stop(folder)
    assert value(embedded.start(folder), "SHOW wal_recycle") == "off"


def test_commits_wait_for_the_disk_and_texts_sort_the_same_on_every_machine(folder: Path) -> None:
    dsn = embedded.start(folder)
    assert value(dsn, "SHOW synchronous_commit") == "on"
    assert value(dsn, "SHOW fsync") == "on"
    assert value(dsn, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C"


def test_the_service_does_not_work_as_superuser(folder: Path) -> None:
    with psycopg.connect(embedded.start(folder), autocommit=True) as conn:
        roles.prepare(conn, embedded.APP)
    dsn = embedded.start(folder, embedded.APP)
    assert (
        value(dsn, "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
        is False
    )
    with psycopg.connect(dsn) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("CREATE SCHEMA kab_3603")


def test_nobody_else_may_enter_the_data(folder: Path) -> None:
    embedded.start(folder)
    assert stat.S_IMODE((folder / "postgresql").stat().st_mode) & 0o077 == 0
    assert value(embedded.start(folder), "SHOW listen_addresses") == ""


def test_several_processes_start_and_share_one_server(folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        dsns = pool.map(embedded.start, [folder] * 3)
    assert len(set(dsns)) == 1
    pids = {value(dsn, "SELECT pg_postmaster_start_time()") for dsn in dsns}
    assert len(pids) == 1


@pytest.mark.parametrize("name", ["x" * 120, "Data Ibu Rina, desa 'Sukamaju'"], ids=["long", "odd"])
def test_a_long_or_odd_home_folder_is_no_hindrance(folder: Path, name: str) -> None:
    deep = folder / name
    dsn = embedded.start(deep)
    assert value(dsn, "SELECT 1") == 1
    socket = Path(psycopg.conninfo.conninfo_to_dict(dsn)["host"])
    assert stat.S_IMODE(socket.stat().st_mode) & 0o077 == 0
    embedded.stop(deep)
    socket.rmdir()


def test_after_a_crash_the_next_start_serves_everything_that_was_committed(folder: Path) -> None:
    dsn = embedded.start(folder)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("CREATE TABLE weighed AS SELECT 8.4 AS kg")
    postmaster = int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    while embedded.running(folder):
        time.sleep(0.01)
    assert str(value(embedded.start(folder), "SELECT kg FROM weighed")) == "8.4"


def test_a_start_that_was_cut_off_half_way_is_done_again(folder: Path) -> None:
    draft = folder / "postgresql.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    assert value(embedded.start(folder), "SELECT 1") == 1


def test_a_given_database_wins(folder: Path) -> None:
    settings = load({"DATABASE_URL": "postgresql://rina@db/dampingi", "HOME": str(folder)})
    assert embedded.dsn(settings) == "postgresql://rina@db/dampingi"
    assert embedded.owner_dsn(settings) == "postgresql://rina@db/dampingi"
    assert embedded.app_role(settings) == "rina"
    assert not folder.exists()


def test_the_demos_master_key_lies_beside_the_data_and_is_the_owners_alone(folder: Path) -> None:
    settings = load({"XDG_DATA_HOME": str(folder)})
    key = master_key(settings)
    assert len(key) == 32
    assert master_key(settings) == key
    file = folder / "dampingi" / "master.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["master.key"]
