"""What was acknowledged is there after a process or the server was killed, and no batch is there in part."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from service import embedded
from service.handle import record
from service.migrate import migrate
from service.store import Store
from tests.store.given import asked, register
from tests.store.writing import ACKNOWLEDGED, AT_ONCE, entry

ROOT = Path(__file__).parents[2]
ENOUGH = 30
"""Acknowledged batches after which the blow may fall."""


def start_writing(dsn: str, schema: str, writer: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.writing", dsn, schema, str(writer)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def wait_for(writer: subprocess.Popen[str], batches: int) -> list[int]:
    assert writer.stdout is not None
    return [int(writer.stdout.readline().removeprefix(ACKNOWLEDGED)) for _ in range(batches)]


def rest(writer: subprocess.Popen[str]) -> list[int]:
    """What it still said before it ended; the last line may be cut off."""
    said, _ = writer.communicate(timeout=30)
    whole = [line for line in said.splitlines(keepends=True) if line.endswith("\n")]
    return [int(line.removeprefix(ACKNOWLEDGED)) for line in whole if line.startswith(ACKNOWLEDGED)]


def stored(conn: psycopg.Connection, schema: str) -> Counter[int]:
    """How many entries of each batch are there, of all writers."""
    rows = conn.execute(SQL("SELECT entry FROM {}").format(Identifier(schema, "entries"))).fetchall()
    return Counter(number.int >> 8 for (number,) in rows)


def assert_whole(conn: psycopg.Connection, schema: str, acknowledged: dict[int, list[int]]) -> None:
    there = stored(conn, schema)
    assert set(there.values()) <= {AT_ONCE}, "part of a batch"
    promised = {entry(writer, batch, 0).int >> 8 for writer, told in acknowledged.items() for batch in told}
    assert promised <= there.keys(), "acknowledged and lost"
    counted = conn.execute(
        SQL("SELECT count(*), count(DISTINCT entry), max(position), (SELECT last FROM {}) FROM {}").format(
            Identifier(schema, "head"), Identifier(schema, "events")
        )
    ).fetchone()
    assert counted is not None
    assert len(set(counted)) == 1, "positions have a gap"


def test_a_killed_writer_leaves_whole_batches_and_nothing_locked(
    dsn: str, schema: str, conn: psycopg.Connection, store: Store
) -> None:
    acknowledged: dict[int, list[int]] = {}
    for number in range(1, 6):
        writer = start_writing(dsn, schema, number)
        acknowledged[number] = wait_for(writer, ENOUGH)
        writer.send_signal(signal.SIGKILL)
        acknowledged[number] += rest(writer)
        after = [register(uuid4(), entry=entry(100, number, place)) for place in range(AT_ONCE)]
        assert {answer.outcome for answer in record(store, asked(*after), 0)} == {"recorded"}
    assert_whole(conn, schema, acknowledged)


@pytest.fixture
def folder() -> Iterator[Path]:
    name = Path(tempfile.mkdtemp(prefix="dampingi-crash-", dir="/tmp"))
    yield name
    embedded.stop(name)
    shutil.rmtree(name, ignore_errors=True)


def test_a_killed_server_has_all_it_acknowledged_when_it_is_back(folder: Path) -> None:
    dsn, schema = embedded.start(folder), "kab_3603"
    with psycopg.connect(dsn) as conn:
        migrate(conn, schema)
    acknowledged: dict[int, list[int]] = {}
    for blow in range(5):
        numbers = (2 * blow + 1, 2 * blow + 2)
        writers = [start_writing(dsn, schema, number) for number in numbers]
        for number, writer in zip(numbers, writers, strict=True):
            acknowledged[number] = wait_for(writer, ENOUGH)
        os.kill(postmaster(folder), signal.SIGKILL)
        for number, writer in zip(numbers, writers, strict=True):
            acknowledged[number] += rest(writer)
        dsn = embedded.start(folder)
        with patiently(dsn) as conn:
            assert_whole(conn, schema, acknowledged)


def postmaster(folder: Path) -> int:
    return int((folder / "postgresql" / "postmaster.pid").read_text().split("\n", 1)[0])


def patiently(dsn: str) -> psycopg.Connection:
    """The server may still be reading its log."""
    for _ in range(100):
        try:
            return psycopg.connect(dsn, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    return psycopg.connect(dsn, autocommit=True)
