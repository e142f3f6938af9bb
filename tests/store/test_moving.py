"""Many cases go into another posyandu: once each, whatever is killed or done twice, and on one list at a time."""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.sql import SQL, Identifier

from domain import child, pregnancy
from domain.case import Recorded
from domain.person import TransferAccepted
from projections import follow, log
from projections.follow import Followed, Follower
from service import cli, following, moving
from service.accounts import Accounts
from service.handle import Submitted, record
from service.moving import Moved, Wanted
from service.store import Store
from service.tenants import Tenant
from tests.store.given import MASTER_KEY, asked, register
from tests.store.places import ANGGREK, MAWAR, MELATI, UNITS

ROOT = Path(__file__).parents[2]
CASES = 240
ON = date(2025, 3, 4)


def told(store: Store, case: UUID) -> list[Recorded]:
    with store.pool.connection() as conn:
        return log.stories(conn, store.schema, [case])[case]


def move(store: Store, *wanted: tuple[UUID | str, str], days: int = 0) -> list[Moved]:
    at = datetime.now(store.clock) + timedelta(days=days)
    some = [Wanted(str(case), to) for case, to in wanted]
    return list(moving.move(moving.Errand(store, UNITS, "3603", "posyandu-digabung", at), some))


@pytest.fixture
def lists(store: Store, dsn: str, conn: psycopg.Connection) -> Followed:
    """The projections of this test's kabupaten, ready to follow."""
    tenant = Tenant(store.schema.removeprefix("kab_"), "Kabupaten Tangerang", dsn)
    followed = following.followed(tenant, store.sealing)
    follow.prepare(conn, followed, followed.book(conn))
    return followed


@pytest.fixture
def melati(store: Store, lists: Followed, dsn: str) -> list[UUID]:
    """Some hundred children of Melati, and their lists."""
    cases = [uuid4() for _ in range(CASES)]
    record(store, asked(*(register(case) for case in cases)))
    following.catch_up(dsn, lists)
    return cases


def start(dsn: str, schema: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.moving", dsn, schema, MELATI, ANGGREK]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_a_run_that_is_killed_goes_on_where_it_stopped(
    dsn: str, conn: psycopg.Connection, store: Store, lists: Followed, melati: list[UUID]
) -> None:
    killed = start(dsn, store.schema)
    assert killed.stdout is not None
    for _ in range(CASES // 4):
        assert killed.stdout.readline() == "moved\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=30)
    transfers = SQL("SELECT count(*) FROM {} WHERE topic = 'person.transfer-accepted'").format(
        Identifier(store.schema, "events")
    )
    half = conn.execute(transfers).fetchone()
    assert half is not None
    assert CASES // 4 <= half[0] < CASES, "the blow fell in the middle"
    again = start(dsn, store.schema)  # the lists have not heard of the first half: it is asked for once more
    said, _ = again.communicate(timeout=60)
    assert Counter(said.split()) == {"there": half[0], "moved": CASES - half[0]}
    following.catch_up(dsn, lists)
    assert moving.cases_of(conn, store.schema, MELATI) == []
    assert moving.cases_of(conn, store.schema, ANGGREK) == sorted(melati)
    assert conn.execute(transfers).fetchone() == (CASES,)


def test_two_runs_at_once_move_each_case_once(
    dsn: str, conn: psycopg.Connection, store: Store, melati: list[UUID]
) -> None:
    for run in [start(dsn, store.schema), start(dsn, store.schema)]:
        said, _ = run.communicate(timeout=60)  # and in between what the log says of deciding again
        outcomes = Counter(line for line in said.splitlines() if line in ("moved", "there", "refused"))
        assert outcomes["moved"] + outcomes["there"] == CASES
        assert outcomes["refused"] == 0
    for case in melati[:: CASES // 12]:
        assert [type(r.event) for r in told(store, case)] == [child.Registered, TransferAccepted]


def test_a_case_is_moved_by_the_operator_with_a_reason_and_keeps_what_others_did(store: Store) -> None:
    budi, sari = uuid4(), uuid4()
    begins = pregnancy.Register(on=ON, hpht=date(2024, 12, 1), desa="3603332001", posyandu=MELATI)
    record(store, asked(register(budi), Submitted(uuid4(), sari, begins)))
    assert [one.outcome for one in move(store, (budi, ANGGREK), (sari, ANGGREK))] == ["moved", "moved"]
    for case in (budi, sari):
        first, moved = told(store, case)
        assert (first.by.actor, moved.by.actor, moved.by.unit) == ("rina", "operator", "3603")
        assert isinstance(moved.event, TransferAccepted)
        assert (moved.event.posyandu, moved.event.desa) == (ANGGREK, "3603332002")
        assert moved.event.reason == "posyandu-digabung"


def test_a_case_that_came_back_can_go_the_same_way_again(store: Store) -> None:
    record(store, asked(register(budi := uuid4())))
    ways = [(ANGGREK, 0), (MELATI, 0), (ANGGREK, 0), (ANGGREK, 1)]
    outcomes = [move(store, (budi, to), days=days)[0].outcome for to, days in ways]
    assert outcomes == ["moved", "moved", "moved", "there"]


def test_a_case_that_ended_or_is_nowhere_is_said_with_the_reason(store: Store) -> None:
    ended = uuid4()
    record(store, asked(register(ended), Submitted(uuid4(), ended, child.Die(on=ON))))
    record(store, asked(register(budi := uuid4())))
    found = move(store, (ended, ANGGREK), (uuid4(), ANGGREK), ("tidak-terbaca", ANGGREK), (budi, "3603332009.01"))
    assert [one.outcome for one in found] == ["refused"] * 4
    assert [one.why.split(".")[0] for one in found] == [
        "Kasus ini sudah selesai; tidak dipindahkan",
        "Kasus ini belum terdaftar",
        "Kasus ini belum terdaftar",
        "Posyandu ini tidak tercatat di wilayah ini",
    ]


# On one list at a time


def test_at_no_position_is_a_case_on_two_lists_or_on_none(
    store: Store, lists: Followed, conn: psycopg.Connection
) -> None:
    record(store, asked(register(budi := uuid4())))
    follower = Follower(lists, lists.book(conn))
    follower.catch_up(conn)
    assert places(conn, store.schema, budi) == {MELATI}
    for position, to in enumerate((ANGGREK, MAWAR, MELATI), start=2):
        move(store, (budi, to))
        follower.catch_up(conn)
        assert log.followed(conn, store.schema) == position
        assert places(conn, store.schema, budi) == {to}


def test_who_looks_while_the_lists_move_on_sees_the_case_on_one_of_them(
    store: Store, lists: Followed, dsn: str, conn: psycopg.Connection
) -> None:
    record(store, asked(register(budi := uuid4())))
    Follower(lists, lists.book(conn)).catch_up(conn)
    times, done = 60, Event()

    def follow_each() -> None:
        with psycopg.connect(dsn, autocommit=True) as own:
            follower = Follower(lists, lists.book(own))
            for nth in range(times):
                move(store, (budi, (ANGGREK, MELATI)[nth % 2]))
                follower.catch_up(own)
        done.set()

    seen: Counter[frozenset[str]] = Counter()
    thread = Thread(target=follow_each)
    thread.start()
    while thread.is_alive():
        seen[frozenset(places(conn, store.schema, budi))] += 1
    assert done.is_set()
    assert seen.keys() == {frozenset({MELATI}), frozenset({ANGGREK})}


def places(conn: psycopg.Connection, schema: str, case: UUID) -> set[str]:
    """The posyandu on whose lists a case stands; lists of supervisors name none."""
    query = SQL("SELECT DISTINCT posyandu FROM {} WHERE case_id = %s AND posyandu <> ''")
    return {row[0] for row in conn.execute(query.format(Identifier(schema, "queue")), [case])}


# The command


@pytest.fixture
def served(dsn: str, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """An operator's command line in this kabupaten."""
    code = store.schema.removeprefix("kab_")
    accounts = Accounts(store.pool, Tenant(code, "Kabupaten Tangerang", dsn))
    for unit in UNITS.values():
        accounts.put_unit(unit)
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", code)
    monkeypatch.setenv("DAMPINGI_MASTER_KEY", base64.b64encode(MASTER_KEY).decode())
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def test_the_operator_moves_a_posyandu_and_does_it_again(
    served: CliRunner, conn: psycopg.Connection, store: Store
) -> None:
    record(store, asked(*(register(uuid4()) for _ in range(3))))
    command = ["pindahkan", "--dari", MELATI, "--ke", ANGGREK]
    first = served.invoke(cli.main, command)
    assert first.exit_code == 0, first.output
    assert "3 kasus dipindahkan, 0 sudah di sana, 0 ditolak" in first.output
    assert len(moving.cases_of(conn, store.schema, ANGGREK)) == 3
    again = served.invoke(cli.main, command)
    assert "0 kasus dipindahkan, 0 sudah di sana, 0 ditolak" in again.output


def test_what_a_file_asks_for_in_vain_is_put_aside_with_the_reason(served: CliRunner, store: Store) -> None:
    record(store, asked(register(budi := uuid4())))
    nobody = uuid4()
    Path("pecah.csv").write_text(f"case_id;posyandu\n{budi};{MAWAR}\n{nobody};{MAWAR}\n")
    said = served.invoke(cli.main, ["pindahkan", "pecah.csv", "--alasan", "posyandu-dipecah"])
    assert "1 kasus dipindahkan, 0 sudah di sana, 1 ditolak, lihat pecah.ditolak.csv" in said.output
    rows = Path("pecah.ditolak.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == "case_id;posyandu;alasan"
    assert rows[1].startswith(f"{nobody};{MAWAR};Kasus ini belum terdaftar.")
    event = told(store, budi)[-1].event
    assert isinstance(event, TransferAccepted)
    assert event.reason == "posyandu-dipecah"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "salah satu saja"),
        (("--dari", MELATI), "salah satu saja"),
        (("--dari", MELATI, "--ke", "3603332009.01"), "Tidak ada posyandu 3603332009.01"),
    ],
)
def test_what_the_operator_got_wrong_is_said(served: CliRunner, words: tuple[str, ...], says: str) -> None:
    said = served.invoke(cli.main, ["pindahkan", *words])
    assert said.exit_code == 1
    assert says in said.output


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"case_id,posyandu\n", "Baris pertama harus: case_id;posyandu"),
     ("case_id;posyandu;ket\n1;2;caf\u00e9\n".encode("cp1252"), "bukan teks UTF-8")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_moves_nobody(served: CliRunner, content: bytes, says: str) -> None:
    Path("salah.csv").write_bytes(content)
    said = served.invoke(cli.main, ["pindahkan", "salah.csv"])
    assert said.exit_code == 1
    assert says in said.output
