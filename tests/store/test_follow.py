"""The lists follow the log, whatever happens to projection, connection or follower; and rebuilt they are the same."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain import case, pmt
from domain.case import zone
from domain.child import Child
from domain.protocol import Book
from projections import follow, log, rebuild
from projections.follow import Followed, Follower
from projections.growth import Growth
from projections.people import People
from projections.projection import Folded, Projection, Row, Table
from projections.queue import Queue
from service import following
from service.handle import Submitted, record
from service.migrate import migrate
from service.sealing import Sealing
from service.store import Store, connect
from service.writer import Writer
from tests.store.given import MASTER_KEY, RINA, asked, register, weigh

ROOT = Path(__file__).parents[2]
BAD = 6.66


class Weights:
    """The simplest projection there can be: who weighed how much."""

    NAME = "weights"
    TABLES = (
        Table(
            "weights",
            (("case_id", "uuid NOT NULL"), ("version", "integer NOT NULL"), ("kg", "double precision NOT NULL")),
            ("case_id", "version"),
        ),
    )

    def rows(self, folded: Folded) -> Mapping[str, Sequence[Row]]:
        assert isinstance(folded.state, Child)
        return {"weights": [(folded.case, w.version, w.kg) for w in folded.state.weighings]}


class Fragile(Weights):
    """A projection with a bug: it cannot take one weight."""

    NAME = "fragile"
    TABLES = (Table("fragile", Weights.TABLES[0].columns, ("case_id", "version")),)

    def rows(self, folded: Folded) -> Mapping[str, Sequence[Row]]:
        rows = super().rows(folded)["weights"]
        if any(kg == BAD for _, _, kg in rows):
            raise ZeroDivisionError(folded.who.name)
        return {"fragile": rows}


class Nulls(Fragile):
    """Another bug: a row that the database does not take."""

    def rows(self, folded: Folded) -> Mapping[str, Sequence[Row]]:
        return {"fragile": [(c, v, None if kg == BAD else kg) for c, v, kg in Weights.rows(self, folded)["weights"]]}


@cache
def book() -> Book:
    return following.juknis().book(date(2025, 3, 4))


def followed(store: Store, *projections: Projection) -> Followed:
    return Followed(store.schema, projections or (Weights(),), store.sealing.open_many, lambda _conn: book())


def follower(conn: psycopg.Connection, store: Store, *projections: Projection, events: int = 1000) -> Follower:
    tenant = followed(store, *projections)
    follow.prepare(conn, tenant, book())
    return Follower(tenant, book(), events)


def rows(conn: psycopg.Connection, store: Store, table: str = "weights") -> set[tuple[UUID, int, float]]:
    return set(conn.execute(f"SELECT case_id, version, kg FROM {store.schema}.{table}").fetchall())


def standing(conn: psycopg.Connection, store: Store) -> dict[str, tuple[int, str | None]]:
    found = conn.execute(f"SELECT name, position, error FROM {store.schema}.follower").fetchall()
    return {name: (position, error) for name, position, error in found}


def no_rebuild(*_: Any) -> None:
    raise AssertionError("nothing has changed that would need it")


@contextmanager
def running(dsn: str, tenant: Followed, **how: Any) -> Iterator[threading.Event]:
    stop = threading.Event()
    settings = {"rebuild": no_rebuild, "sweep_seconds": 3600, **how}
    thread = threading.Thread(target=follow.run, args=(dsn, [tenant], stop), kwargs=settings)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.parametrize("events", [1, 2, 1000])
def test_the_lists_are_what_the_stories_add_up_to(store: Store, conn: psycopg.Connection, events: int) -> None:
    budi, tono = uuid4(), uuid4()
    record(store, asked(register(budi), weigh(budi, 5.0), register(tono), weigh(tono, 6.0), weigh(budi, 5.4)))
    assert follower(conn, store, events=events).catch_up(conn) == 5
    assert rows(conn, store) == {(budi, 2, 5.0), (budi, 3, 5.4), (tono, 2, 6.0)}
    assert standing(conn, store) == {"weights": (5, None)}


def test_a_correction_changes_rows_that_were_there(store: Store, conn: psycopg.Connection) -> None:
    budi = uuid4()
    record(store, asked(register(budi), weigh(budi, 5.0), weigh(budi, 5.4)))
    one = follower(conn, store)
    one.catch_up(conn)
    wrong = {"is": "child.measured", "on": "2025-02-10", "kg": 5.9}
    mends = case.Correct(on=date(2025, 2, 11), version=2, reads=wrong, reason="salah-ketik")
    takes_back = case.Retract(on=date(2025, 2, 11), version=3, reason="salah-orang")
    answers = record(store, asked(Submitted(uuid4(), budi, mends), Submitted(uuid4(), budi, takes_back)))
    assert {a.outcome for a in answers} == {"recorded"}
    one.catch_up(conn)
    assert rows(conn, store) == {(budi, 2, 5.9)}


@pytest.mark.parametrize("bug", [Fragile, Nulls])
def test_a_projection_with_a_bug_stops_there_and_the_others_go_on(
    store: Store, conn: psycopg.Connection, bug: Callable[[], Projection]
) -> None:
    budi, tono, ani = uuid4(), uuid4(), uuid4()
    record(store, asked(register(budi), weigh(budi, 5.0), register(tono), weigh(tono, BAD), register(ani)))
    record(store, asked(weigh(ani, 7.0), weigh(budi, 5.5)))
    one = follower(conn, store, Weights(), bug())
    one.catch_up(conn)
    assert rows(conn, store) == {(budi, 2, 5.0), (budi, 3, 5.5), (tono, 2, BAD), (ani, 2, 7.0)}
    assert rows(conn, store, "fragile") == {(budi, 2, 5.0), (budi, 3, 5.5)}
    at, error = standing(conn, store)["fragile"]
    assert standing(conn, store)["weights"] == (7, None)
    assert at == 2  # the story of Tono was first touched by event 3
    assert error is not None
    assert "Budi" not in error
    record(store, asked(weigh(ani, 7.2)))
    one.catch_up(conn)
    assert standing(conn, store)["fragile"][0] == 2
    assert standing(conn, store)["weights"] == (8, None)


def test_a_parked_projection_goes_on_with_a_mended_program(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    budi = uuid4()
    record(store, asked(register(budi), weigh(budi, BAD)))
    follower(conn, store, Weights(), Fragile()).catch_up(conn)
    assert standing(conn, store)["fragile"][1] is not None

    class Whole(Fragile):
        def rows(self, folded: Folded) -> Mapping[str, Sequence[Row]]:
            return {"fragile": Weights.rows(self, folded)["weights"]}

    record(store, asked(register(uuid4())))
    with running(dsn, followed(store, Weights(), Whole())):
        assert log.wait_for(conn, store.schema, 3, 20)
    assert rows(conn, store, "fragile") == {(budi, 2, BAD)}
    assert standing(conn, store)["fragile"] == (3, None)


def test_an_event_nobody_knows_stops_every_list_at_that_event(store: Store, conn: psycopg.Connection) -> None:
    budi, tono = uuid4(), uuid4()
    record(store, asked(register(budi), register(tono), weigh(tono, 6.0)))
    conn.execute(f'UPDATE {store.schema}.events SET state = \'{{"is": "child.unheard-of"}}\' WHERE position = 2')
    follower(conn, store).catch_up(conn)
    at, error = standing(conn, store)["weights"]
    assert at == 1
    assert error is not None
    assert "ValidationError" in error
    assert rows(conn, store) == set()


def test_a_call_after_the_commit_is_enough(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    """There is no sweep within the time of this test."""
    writer = Writer(store)
    with running(dsn, followed(store)):
        for turn in range(5):
            budi = uuid4()
            answers = writer.submit([register(budi), weigh(budi, 5.0 + turn)], RINA).result(10)
            assert log.wait_for(conn, store.schema, answers[-1].position or 0, 20)
            assert (budi, 2, 5.0 + turn) in rows(conn, store)
    writer.close()


def test_a_sweep_is_enough_where_nobody_calls(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    with running(dsn, followed(store), sweep_seconds=0.1):
        assert log.wait_for(conn, store.schema, 0, 20)
        record(store, asked(register(uuid4())))
        assert log.wait_for(conn, store.schema, 1, 20)


def test_a_follower_that_is_cut_off_goes_on(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    with running(dsn, followed(store), sweep_seconds=0.1):
        record(store, asked(register(uuid4())))
        assert log.wait_for(conn, store.schema, 1, 20)
        for position in (2, 3):
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'dampingi follower'"
            )
            record(store, asked(register(uuid4())))
            assert log.wait_for(conn, store.schema, position, 20)


def test_a_second_follower_waits_and_takes_over(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    cases = [uuid4() for _ in range(40)]
    tenant = followed(store)
    follow.prepare(conn, tenant, book())
    with running(dsn, tenant, sweep_seconds=0.1, events=3):
        with running(dsn, tenant, sweep_seconds=0.1, events=3):
            for number in cases[:20]:
                record(store, asked(register(number), weigh(number, 5.0)))
            assert log.wait_for(conn, store.schema, 20, 20)
        for number in cases[20:]:
            record(store, asked(register(number), weigh(number, 5.0)))
        assert log.wait_for(conn, store.schema, 80, 20)
    assert rows(conn, store) == {(number, 2, 5.0) for number in cases}


def test_a_follower_leaves_the_work_to_whoever_is_at_it(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    record(store, asked(register(uuid4())))
    one = follower(conn, store)
    with psycopg.connect(dsn) as other:
        other.execute(f"SELECT 1 FROM {store.schema}.follower FOR UPDATE")
        assert one.step(conn) == 0
    assert one.step(conn) == 1


# Rebuilt


def real(store: Store) -> Followed:
    return followed(store, Queue(), People(store.sealing.nik_hash), Growth())


def lives(store: Store, number: int = 30) -> list[UUID]:
    cases = [uuid4() for _ in range(number)]
    for index, one in enumerate(cases):
        sent = [register(one, name=f"Budi {index}"), weigh(one, 3.4 + index / 50)]
        sent += [weigh(one, 3.5 + index / 40, date(2025, 3, 1))] if index % 3 else []
        if index % 4 == 0:
            decides = pmt.DecidePmt(on=date(2025, 3, 2), eligible=True, reason="tidak-naik", days=56)
            sent.append(Submitted(uuid4(), one, decides))
        record(store, asked(*sent))
    return cases


def no_progress(_events: int) -> None:
    pass


@pytest.mark.parametrize("processes", [1, 2])
def test_rebuilt_lists_are_the_live_ones_row_by_row(
    dsn: str, store: Store, conn: psycopg.Connection, processes: int
) -> None:
    lives(store)
    tenant = real(store)
    follow.prepare(conn, tenant, book())
    Follower(tenant, book(), 7).catch_up(conn)
    counted = conn.execute(f"SELECT count(*) FROM {store.schema}.queue").fetchone()
    assert counted is not None
    assert counted[0] > 30
    assert rebuild.check(dsn, tenant, book(), no_progress, processes=processes) == []
    rebuild.rebuild(dsn, tenant, book(), tenant.projections, no_progress, processes)
    assert rebuild.check(dsn, tenant, book(), no_progress) == []
    assert conn.execute(f"SELECT count(*) FROM {store.schema}.queue").fetchone() == counted


def test_rows_that_have_not_changed_are_not_written_again(store: Store, conn: psycopg.Connection) -> None:
    _, second, *_ = lives(store)
    tenant = real(store)
    follow.prepare(conn, tenant, book())
    following_it = Follower(tenant, book())
    following_it.catch_up(conn)
    before = placed(conn, store)
    conn.execute(f"UPDATE {store.schema}.follower SET position = 0")
    assert following_it.catch_up(conn)
    assert placed(conn, store) == before
    record(store, asked(weigh(second, 3.9, date(2025, 3, 2))))
    following_it.catch_up(conn)
    after = placed(conn, store)
    assert {case for _, case, _ in before ^ after} == {second}
    own = {place for place in after if place[1] == second}
    assert len(own & before) > len(own) / 2
    assert rebuild.check(conn.info.dsn, tenant, book(), no_progress) == []


def placed(conn: psycopg.Connection, store: Store) -> set[tuple[str, UUID, str]]:
    """Where each row of the lists lies: a row that is written again lies elsewhere."""
    return {
        (table, case, place)
        for table in ("queue", "people", "growth")
        for case, place in conn.execute(f"SELECT case_id, ctid::text FROM {store.schema}.{table}")
    }


def test_a_row_that_does_not_follow_from_the_log_is_found_and_mended(
    dsn: str, store: Store, conn: psycopg.Connection
) -> None:
    first, second, *_ = lives(store)
    tenant = real(store)
    follow.prepare(conn, tenant, book())
    Follower(tenant, book()).catch_up(conn)
    conn.execute(f"UPDATE {store.schema}.people SET desa = 'elsewhere' WHERE case_id = %s", [first])
    conn.execute(f"DELETE FROM {store.schema}.growth WHERE case_id = %s", [second])
    found = rebuild.check(dsn, tenant, book(), no_progress)
    assert {(d.table, d.live, d.case) for d in found} >= {
        ("people", True, first), ("people", False, first), ("growth", False, second),
    }  # fmt: skip
    rebuild.rebuild(dsn, tenant, book(), tenant.projections, no_progress)
    assert rebuild.check(dsn, tenant, book(), no_progress) == []


def test_a_rebuild_loses_nothing_that_is_recorded_meanwhile(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    lives(store, 10)
    tenant = real(store)
    follow.prepare(conn, tenant, book())
    with running(dsn, tenant, sweep_seconds=0.1):
        record(store, asked(register(uuid4())))
        meanwhile = lambda _events: lives(store, 3)  # noqa: E731
        for _ in range(3):
            rebuild.rebuild(dsn, tenant, book(), tenant.projections, meanwhile)
        assert log.wait_for(conn, store.schema, log.head(conn, store.schema), 20)
        assert rebuild.check(dsn, tenant, book(), no_progress) == []


def test_a_rebuild_frees_a_parked_projection(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    budi = uuid4()
    record(store, asked(register(budi), weigh(budi, BAD)))
    follower(conn, store, Fragile()).catch_up(conn)

    class Whole(Fragile):
        def rows(self, folded: Folded) -> Mapping[str, Sequence[Row]]:
            return {"fragile": Weights.rows(self, folded)["weights"]}

    tenant = followed(store, Whole())
    rebuild.rebuild(dsn, tenant, book(), tenant.projections, no_progress)
    assert rows(conn, store, "fragile") == {(budi, 2, BAD)}
    assert standing(conn, store)["fragile"] == (2, None)


def test_tables_of_another_shape_are_built_anew(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    budi = uuid4()
    record(store, asked(register(budi), weigh(budi, 5.0)))
    follower(conn, store).catch_up(conn)

    class Wider(Weights):
        TABLES = (Table("weights", (*Weights.TABLES[0].columns, ("born", "date")), ("case_id", "version")),)

        def rows(self, folded: Folded) -> Mapping[str, Sequence[Row]]:
            assert isinstance(folded.state, Child)
            return {"weights": [(*row, folded.state.born) for row in super().rows(folded)["weights"]]}

    def build(_conn: Any, tenant: Followed, today: Book, stale: Sequence[Projection]) -> None:
        rebuild.rebuild(dsn, tenant, today, stale, no_progress)

    with running(dsn, followed(store, Wider()), rebuild=build):
        record(store, asked(register(uuid4())))
        writer = Writer(store)
        answers = writer.submit([weigh(budi, 5.2)], RINA).result(10)
        writer.close()
        assert log.wait_for(conn, store.schema, answers[0].position or 0, 20)
    found = conn.execute(f"SELECT kg, born FROM {store.schema}.weights ORDER BY kg").fetchall()
    assert found == [(5.0, date(2024, 12, 1)), (5.2, date(2024, 12, 1))]


def test_an_erased_name_is_gone_from_the_lists_when_they_are_built_anew(
    dsn: str, store: Store, conn: psycopg.Connection
) -> None:
    first, *_ = lives(store, 3)
    tenant = real(store)
    follow.prepare(conn, tenant, book())
    store.sealing.destroy(conn, first)
    rebuild.rebuild(dsn, tenant, book(), tenant.projections, no_progress)
    names = conn.execute(f"SELECT name FROM {store.schema}.people WHERE case_id = %s", [first]).fetchall()
    assert names == [("",)]


def test_the_follow_command_stops_when_told_and_has_done_its_work(dsn: str, conn: psycopg.Connection) -> None:
    conn.execute("DROP SCHEMA IF EXISTS kab_3603 CASCADE")
    migrate(conn, "kab_3603")
    environment = {
        **os.environ,
        "DATABASE_URL": dsn,
        "DAMPINGI_TENANTS": "3603",
        "DAMPINGI_MASTER_KEY": base64.b64encode(MASTER_KEY).decode(),
        "DAMPINGI_LEDGER_KEY": base64.b64encode(MASTER_KEY).decode(),
    }
    process = subprocess.Popen([sys.executable, "-m", "service.cli", "follow"], cwd=ROOT, env=environment)
    try:
        with connect(dsn, 1, 1) as pool:
            store = Store(pool, "kab_3603", Sealing(MASTER_KEY, "kab_3603"), zone("3603"), lambda _day: "2025")
            lives(store, 3)
            assert log.wait_for(conn, store.schema, log.head(conn, store.schema), 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        conn.execute("DROP SCHEMA kab_3603 CASCADE")
