"""Who opened whose record is noted once and only once, whatever dies meanwhile."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from msgspec.structs import replace
from psycopg.sql import SQL, Identifier

from service import reads as reading
from service.migrate import FILES, migrate
from service.reads import Narrow, NotNoted, Read, Reads
from service.spool import Spool
from service.store import Pool, connect
from tests.store.noting import NOTED, RINA, case

ROOT = Path(__file__).parents[2]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def reads(pool: Pool, schema: str, spool: Spool) -> Iterator[Reads]:
    """Nothing is brought in by itself here; a test says when."""
    made = Reads(pool, schema, spool, seconds=3600)
    yield made
    made.close()


def stored(conn: psycopg.Connection, schema: str) -> list[tuple[UUID, str]]:
    query = SQL("SELECT case_id, what FROM {} ORDER BY at, id").format(Identifier(schema, "reads"))
    return conn.execute(query).fetchall()


def test_a_read_is_in_the_spool_at_once_and_in_the_database_after_it_was_brought_in(
    conn: psycopg.Connection, schema: str, reads: Reads, spool: Spool
) -> None:
    budi = uuid4()
    reads.note(RINA, [budi], "case")
    assert stored(conn, schema) == []
    assert spool.waiting() > 0
    reads.flush()
    assert stored(conn, schema) == [(budi, "case")]
    assert spool.waiting() == 0
    assert list(spool.folder.iterdir()) == []


def test_the_spool_holds_no_name_and_is_closed_to_others(reads: Reads, spool: Spool) -> None:
    reads.note(RINA, [uuid4()], "case")
    [file] = spool.folder.iterdir()
    assert b"Rina" not in file.read_bytes()
    assert (file.stat().st_mode & 0o777, spool.folder.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_search_that_found_nobody_is_noted_too(conn: psycopg.Connection, schema: str, reads: Reads) -> None:
    reads.note(RINA, [None], "search")
    reads.flush()
    assert stored(conn, schema) == [(None, "search")]


def test_a_batch_brought_in_twice_is_there_once(conn: psycopg.Connection, schema: str, reads: Reads) -> None:
    reads.note(RINA, [case(1, 1), case(1, 2)], "search")
    reads.flush()
    for again in (1, 2):
        reading.store(conn, schema, reads.page(Narrow(), None, 10))
        assert len(stored(conn, schema)) == 2, again


def test_what_waits_is_brought_in_when_the_service_stops(
    conn: psycopg.Connection, pool: Pool, schema: str, spool: Spool
) -> None:
    stopping = Reads(pool, schema, spool, seconds=3600)
    stopping.note(RINA, [case(1, 1)], "page")
    stopping.close()
    assert stored(conn, schema) == [(case(1, 1), "page")]


def test_nothing_is_lost_while_the_database_is_away(
    conn: psycopg.Connection, dsn: str, schema: str, spool: Spool
) -> None:
    with connect(dsn, 1, 2) as pool:
        reads = Reads(pool, schema, spool, seconds=3600)
        reads.note(RINA, [case(1, 1)], "page")
        conn.execute(SQL("ALTER TABLE {} RENAME TO away").format(Identifier(schema, "reads")))
        with pytest.raises(psycopg.Error):
            reads.flush()
        reads.note(RINA, [case(1, 2)], "page")
        conn.execute(SQL("ALTER TABLE {} RENAME TO reads").format(Identifier(schema, "away")))
        reads.close()
    assert stored(conn, schema) == [(case(1, 1), "page"), (case(1, 2), "page")]


class Full(Spool):
    """A disk without room."""

    def put(self, lines: bytes) -> None:
        raise OSError(errno.ENOSPC, "no room")


def test_without_a_spool_a_read_goes_to_the_database_directly(
    conn: psycopg.Connection, pool: Pool, schema: str, tmp_path: Path
) -> None:
    reads = Reads(pool, schema, Full(tmp_path), seconds=3600)
    reads.note(RINA, [case(1, 1)], "case")
    assert stored(conn, schema) == [(case(1, 1), "case")]
    reads.close()


def test_where_a_folder_cannot_be_made_a_read_goes_to_the_database_directly(
    conn: psycopg.Connection, pool: Pool, schema: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    reads = Reads(pool, schema, Spool(tmp_path / "file" / "spool"), seconds=3600)
    reads.note(RINA, [case(1, 1)], "case")
    assert stored(conn, schema) == [(case(1, 1), "case")]
    reads.close()


def test_a_read_that_can_be_noted_nowhere_is_not_made(dsn: str, schema: str, tmp_path: Path) -> None:
    pool = connect(dsn, 1, 1)
    reads = Reads(pool, schema, Full(tmp_path), seconds=3600)
    reads.close()
    pool.close()
    with pytest.raises(NotNoted):
        reads.note(RINA, [case(1, 1)], "case")


def test_a_line_that_did_not_fit_leaves_no_half_behind(
    monkeypatch: pytest.MonkeyPatch, conn: psycopg.Connection, schema: str, reads: Reads
) -> None:
    """The disk takes ten bytes of the second line and no more."""
    reads.note(RINA, [case(1, 1)], "case")
    write = os.write
    with monkeypatch.context() as narrow:
        narrow.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:10]))
        reads.note(RINA, [case(1, 2)], "case")
    reads.note(RINA, [case(1, 3)], "case")
    assert stored(conn, schema) == [(case(1, 2), "case")]
    reads.flush()
    assert {found for found, _ in stored(conn, schema)} == {case(1, 1), case(1, 2), case(1, 3)}


def test_a_spoilt_line_holds_up_nothing_and_is_kept_to_be_looked_at(
    conn: psycopg.Connection, schema: str, reads: Reads, spool: Spool
) -> None:
    spool.put(b'{"id": "no')
    reads.note(RINA, [case(1, 1)], "case")
    reads.flush()
    assert stored(conn, schema) == [(case(1, 1), "case")]
    [aside] = spool.folder.iterdir()
    assert aside.suffix == ".unreadable"
    reads.flush()
    assert len(stored(conn, schema)) == 1


# Processes that die


def start(dsn: str, schema: str, spool: Spool, process: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.noting", dsn, schema, str(spool.folder), str(process)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_processes_killed_at_any_moment_lose_no_read_and_double_none(
    conn: psycopg.Connection, dsn: str, schema: str, pool: Pool, spool: Spool
) -> None:
    """Two at once write, bring in, and take up what dead ones left, while they are killed one after another."""
    dice, promised = random.Random(20260304), set[UUID]()
    running = [start(dsn, schema, spool, number) for number in (1, 2)]
    for number in range(3, 9):
        victim = running.pop(0)
        assert victim.stdout is not None
        said = [victim.stdout.readline() for _ in range(dice.randint(1, 400))]
        victim.send_signal(signal.SIGKILL)
        said += victim.communicate(timeout=30)[0].splitlines(keepends=True)
        noted = [int(line.removeprefix(NOTED)) for line in said if line.endswith("\n")]
        promised |= {case(number - 2, one) for one in noted}
        running.append(start(dsn, schema, spool, number))
    for process in running:
        process.kill()
        process.communicate()
    after = Reads(pool, schema, spool, seconds=3600)
    after.close()
    there = Counter(found for found, _ in stored(conn, schema))
    assert promised <= there.keys(), "noted and lost"
    assert set(there.values()) == {1}, "noted twice"
    assert list(spool.folder.iterdir()) == []


def test_a_living_process_keeps_its_file(conn: psycopg.Connection, schema: str, reads: Reads, spool: Spool) -> None:
    reads.note(RINA, [case(1, 1)], "case")
    assert list(Spool(spool.folder).taken()) == []
    reads.flush()
    assert len(stored(conn, schema)) == 1


# Months


def read(at: datetime, number: int = 1, what: str = "case") -> Read:
    return Read(
        id=uuid4(), at=at, account=RINA.account, post=RINA.post.id, role="bidan", unit="9901012001",
        case=case(1, number), what=what,
    )  # fmt: skip


def part_of(conn: psycopg.Connection, schema: str, number: int) -> str:
    query = SQL("SELECT tableoid::regclass::text FROM {} WHERE case_id = %s").format(Identifier(schema, "reads"))
    row = conn.execute(query, [case(1, number)]).fetchone()
    assert row is not None
    return str(row[0]).rpartition(".")[2]


def test_each_month_has_a_part_and_what_falls_in_none_is_not_refused(conn: psycopg.Connection, schema: str) -> None:
    now = datetime.now(UTC)
    reading.store(conn, schema, [read(now, 1), read(datetime(2099, 1, 5, tzinfo=UTC), 2)])
    assert (part_of(conn, schema, 1), part_of(conn, schema, 2)) == (f"reads_{now:%Y_%m}", "reads_rest")


def test_a_part_made_late_takes_over_what_the_rest_holds_of_its_month(conn: psycopg.Connection, schema: str) -> None:
    late = datetime.now(UTC).replace(day=15) + timedelta(days=31 * 8)
    reading.store(conn, schema, [read(late)])
    assert part_of(conn, schema, 1) == "reads_rest"
    reading.make_ahead(conn, schema, 12)
    assert part_of(conn, schema, 1) == f"reads_{late:%Y_%m}"


def test_it_is_known_for_how_many_months_there_is_a_part(conn: psycopg.Connection, schema: str) -> None:
    assert reading.months_ahead(conn, schema) >= reading.MONTHS_WANTED
    before = reading.months_ahead(conn, schema)
    conn.execute(
        SQL("DROP TABLE {}").format(
            Identifier(schema, f"reads_{datetime.now(UTC).replace(day=1) + timedelta(days=32):%Y_%m}")
        )
    )
    assert reading.months_ahead(conn, schema) == before - 1


def test_what_was_noted_before_there_were_parts_moves_over(
    conn: psycopg.Connection, schema: str, tmp_path: Path
) -> None:
    conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))
    for path in FILES.glob("*.sql"):
        if path.stem < "0007":
            (tmp_path / path.name).write_text(path.read_text())
    migrate(conn, schema, files=tmp_path)
    conn.execute(
        SQL(
            "INSERT INTO {} (at, account, post, role, unit, case_id, what)"
            " VALUES (%s, %s, %s, 'bidan', '9901012001', %s, 'page')"
        ).format(Identifier(schema, "reads")),
        [datetime(2025, 3, 4, 2, 0, tzinfo=UTC), RINA.account, RINA.post.id, case(1, 1)],
    )
    (tmp_path / "0007_reads.sql").write_text((FILES / "0007_reads.sql").read_text())
    migrate(conn, schema, files=tmp_path)
    assert stored(conn, schema) == [(case(1, 1), "page")]
    assert part_of(conn, schema, 1) == "reads_2025_03"


# Asking


def test_reads_are_paged_without_a_limit_of_depth(conn: psycopg.Connection, schema: str, reads: Reads) -> None:
    start_at = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
    reading.store(conn, schema, [read(start_at + timedelta(seconds=n // 3), n) for n in range(2500)])
    assert [one.case for one in reads.all(Narrow())] != []
    seen = list(reads.all(Narrow()))
    assert len({one.id for one in seen}) == 2500
    assert [one.at for one in seen] == sorted((one.at for one in seen), reverse=True)


def test_reads_are_narrowed_by_who_what_which_case_and_when(
    conn: psycopg.Connection, schema: str, reads: Reads
) -> None:
    day = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
    reading.store(conn, schema, [read(day, 1), read(day + timedelta(hours=1), 2, "letter")])
    asked = {
        "what": Narrow(what="letter"),
        "case": Narrow(case=case(1, 2)),
        "since": Narrow(since=day + timedelta(minutes=1)),
        "both": Narrow(role="bidan", units=("9901012001",), account=RINA.account, what="letter"),
    }
    for how, narrow in asked.items():
        assert [one.case for one in reads.page(narrow, None, 10)] == [case(1, 2)], how
    for narrow in (Narrow(role="desa"), Narrow(units=("x",)), Narrow(account=uuid4()), Narrow(until=day)):
        assert reads.page(narrow, None, 10) == []


def test_a_note_that_the_database_never_takes_holds_up_no_other(
    conn: psycopg.Connection, schema: str, reads: Reads, spool: Spool
) -> None:
    """It should not come so far; where a line does, it is set aside for somebody to look at."""
    broken = replace(read(datetime(2026, 11, 28, tzinfo=UTC)), why="a\x00b")
    spool.put(msgspec.json.encode(broken))
    reads.settle()
    reads.note(RINA, [UUID(int=9)], "case", "a\x00b")
    reads.flush()
    assert stored(conn, schema) == [(UUID(int=9), "case")]
    assert len(list(spool.folder.glob("*.unreadable"))) == 1
