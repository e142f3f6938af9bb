"""Many people write at once, in one process and in several: nothing is lost, nothing twice, nobody waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from projections import log
from projections.follow import CHANNEL
from service import handle, writer
from service.handle import record
from service.sealing import Sealing
from service.store import Store, connect
from service.writer import Writer
from tests.store.given import MASTER_KEY, RINA, SITI, asked, register, weigh


@contextmanager
def writing(store: Store, **how: Any) -> Iterator[Writer]:
    one = Writer(store, **how)
    try:
        yield one
    finally:
        one.close()


@contextmanager
def another_process(dsn: str, store: Store) -> Iterator[Store]:
    """As a second worker has it: connections, keys and thread of its own."""
    with connect(dsn, 1, 4) as pool:
        yield Store(pool, store.schema, Sealing(MASTER_KEY, store.schema), store.clock, store.edition)


def commits(conn: psycopg.Connection, store: Store) -> int:
    """Rows of one commit share their transaction number."""
    row = conn.execute(f"SELECT count(DISTINCT xmin::text) FROM {store.schema}.events").fetchone()
    assert row is not None
    return int(row[0])


def test_requests_that_arrive_together_share_a_commit(
    store: Store, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = threading.Event()

    def when_all_are_there(*args: Any) -> list[handle.Answer]:
        arrived.wait(10)
        return record(*args)

    monkeypatch.setattr(writer, "record", when_all_are_there)
    with writing(store) as one:
        first = one.submit([register(uuid4())], RINA)
        rest = [one.submit([register(uuid4())], SITI) for _ in range(20)]
        arrived.set()
        answers = [future.result(10)[0] for future in [first, *rest]]
    assert {a.outcome for a in answers} == {"recorded"}
    assert sorted(a.position or 0 for a in answers) == list(range(1, 22))
    assert commits(conn, store) <= 2


def test_each_request_gets_its_own_answers(store: Store) -> None:
    budi, tono = uuid4(), uuid4()
    with writing(store) as one:
        futures = [one.submit([register(budi), weigh(budi, 5100)], RINA), one.submit([weigh(tono, 5)], SITI)]
        assert [[a.code for a in future.result(10)] for future in futures] == [
            [None, "grams-for-kilograms"],
            ["no-such-case"],
        ]


def test_whoever_hangs_up_cannot_take_back_what_was_sent(store: Store) -> None:
    with writing(store) as one:
        hung_up = one.submit([register(uuid4())], RINA)
        assert not hung_up.cancel()
        (after,) = one.submit([register(uuid4())], SITI).result(10)
    assert (hung_up.result(10)[0].outcome, after.outcome) == ("recorded", "recorded")


def test_what_does_not_fit_is_busy_and_not_lost_silently(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slow(*args: Any) -> list[handle.Answer]:
        go_on.wait(10)
        return record(*args)

    monkeypatch.setattr(writer, "record", slow)
    with writing(store, requests=2) as one:
        futures: list[Future[list[handle.Answer]]] = []
        while not (futures and futures[-1].done()):
            futures.append(one.submit([register(uuid4())], RINA))
        (busy,) = futures.pop().result(0)
        assert (busy.outcome, busy.code) == ("held", "busy")
        go_on.set()
        assert {future.result(10)[0].outcome for future in futures} == {"recorded"}


def test_a_request_that_spoils_the_batch_is_held_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = weigh(uuid4(), 6.66)

    def breaks(store: Store, all_asked: list[handle.Asked], retries: int) -> list[handle.Answer]:
        time.sleep(0.05)  # the others arrive meanwhile
        if any(one.sent is bad for one in all_asked):
            raise MemoryError
        return record(store, all_asked, retries)

    monkeypatch.setattr(writer, "record", breaks)
    with writing(store) as one:
        futures = [
            one.submit([register(uuid4())], RINA),
            one.submit([bad], RINA),
            one.submit([register(uuid4())], RINA),
        ]
        answers = [future.result(10)[0] for future in futures]
    assert [(a.outcome, a.code) for a in answers] == [("recorded", None), ("held", "internal"), ("recorded", None)]


def test_closing_finishes_what_was_taken_in(store: Store) -> None:
    one = Writer(store)
    futures = [one.submit([register(uuid4())], RINA) for _ in range(30)]
    one.close()
    assert {future.result(0)[0].outcome for future in futures} == {"recorded"}
    (late,) = one.submit([register(uuid4())], RINA).result(0)
    assert (late.outcome, late.code) == ("held", "busy")


def test_people_who_write_into_one_case_at_once_lose_nothing(dsn: str, store: Store) -> None:
    budi = uuid4()
    record(store, asked(register(budi)))
    with another_process(dsn, store) as second, another_process(dsn, store) as third:
        stores = [store, second, third]

        def weigh_ten_times(number: int) -> list[handle.Answer]:
            return [record(stores[number % 3], asked(weigh(budi, 5.1)))[0] for _ in range(10)]

        with ThreadPoolExecutor(9) as people:
            answers = [a for told in people.map(weigh_ten_times, range(9)) for a in told]
    assert {a.outcome for a in answers} == {"recorded"}
    assert sorted(a.version or 0 for a in answers) == list(range(2, 92))
    assert sorted(a.position or 0 for a in answers) == list(range(2, 92))


def test_the_same_entry_sent_to_two_processes_at_once_is_recorded_once(dsn: str, store: Store) -> None:
    with another_process(dsn, store) as second, ThreadPoolExecutor(8) as people:
        for _ in range(10):
            sent = register(uuid4())
            answers = list(people.map(lambda n: record((store, second)[n % 2], asked(sent))[0], range(8)))  # noqa: B023
            assert sorted(a.outcome for a in answers) == ["already"] * 7 + ["recorded"]
            assert len({(a.version, a.position) for a in answers}) == 1


def test_whoever_is_beaten_every_time_decides_at_last_under_the_lock(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    budi = uuid4()
    record(store, asked(register(budi)))
    begin = handle._Batch.__init__
    tries: list[bool] = []

    def beaten(batch: handle._Batch, *args: Any) -> None:
        begin(batch, *args)
        if len(tries) < 3:
            tries.append(True)
            other = handle._attempt
            with monkeypatch.context() as calm:
                calm.setattr(handle._Batch, "__init__", begin)
                other(store, asked(weigh(budi, 5.0)), locked=False)

    monkeypatch.setattr(handle._Batch, "__init__", beaten)
    (answer,) = record(store, asked(weigh(budi, 6.0)), 3)
    assert (answer.outcome, answer.version) == ("recorded", 5)


def test_a_log_locked_for_too_long_is_busy(dsn: str, store: Store) -> None:
    with connect(dsn, 1, 2, lock_seconds=1) as pool, psycopg.connect(dsn) as other:
        other.execute(SQL("SELECT last FROM {} FOR UPDATE").format(Identifier(store.schema, "head")))
        hasty = Store(pool, store.schema, store.sealing, store.clock, store.edition)
        (answer,) = record(hasty, asked(register(uuid4())), 0)
        assert (answer.outcome, answer.code) == ("held", "busy")


def test_whoever_follows_positions_misses_nothing_while_many_write(dsn: str, store: Store) -> None:
    """Writers dawdle inside their transactions, so that commits come in another order than they began."""
    done = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        with psycopg.connect(dsn, autocommit=True) as conn:
            while True:
                ends = done.is_set()
                while new := log.touched(conn, store.schema, seen[-1] if seen else 0, 7):
                    seen.extend(position for position, _ in new)
                if ends:
                    return

    def dawdle(number: int) -> None:
        with psycopg.connect(dsn) as conn:
            slow = Store(OneConnection(conn), store.schema, store.sealing, store.clock, store.edition)  # type: ignore[arg-type]
            for turn in range(12):
                time.sleep((number * 7 + turn * 3) % 5 / 1000)
                record(slow, asked(register(uuid4()), *[register(uuid4()) for _ in range(turn % 3)]))
                time.sleep((number * 3 + turn) % 4 / 1000)
                conn.commit()

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(6) as people:
        list(people.map(dawdle, range(6)))
    done.set()
    reader.join()
    with store.pool.connection() as conn:
        assert seen == list(range(1, log.head(conn, store.schema) + 1))
    assert len(seen) == 6 * 24


class OneConnection:
    """A pool that lends the same connection, in the transaction it is in."""

    conninfo = ""

    def __init__(self, conn: psycopg.Connection) -> None:
        self._conn = conn

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        yield self._conn


def test_followers_are_called_after_the_commit(dsn: str, store: Store) -> None:
    with psycopg.connect(dsn, autocommit=True) as ear, writing(store) as one:
        ear.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
        (answer,) = one.submit([register(uuid4())], RINA).result(10)
        called = next(iter(ear.notifies(timeout=10, stop_after=1)))
        assert called.payload == store.schema
        assert log.head(ear, store.schema) >= (answer.position or 0)
