"""A follower that is far behind folds each waiting story once, and its lists are right all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

import psycopg

from projections import rebuild
from projections.projection import Folded, Row
from service.handle import record
from service.store import Store
from tests.store.given import asked, register, weigh
from tests.store.test_follow import Weights, book, followed, follower, rows


class Counted(Weights):
    """Remembers whose rows were asked for."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []

    def rows(self, folded: Folded) -> Mapping[str, Sequence[Row]]:
        self.asked.append(folded.case)
        return super().rows(folded)


def test_a_story_with_many_waiting_events_is_folded_once(store: Store, conn: psycopg.Connection) -> None:
    budi, tono = uuid4(), uuid4()
    record(store, asked(register(budi), weigh(budi, 5.0), register(tono), weigh(budi, 5.4), weigh(tono, 6.0)))
    counted = Counted()
    assert follower(conn, store, counted, events=1).catch_up(conn) == 5
    assert counted.asked == [budi, tono]


def test_what_is_recorded_after_a_story_was_folded_ahead_is_folded_as_well(
    store: Store, conn: psycopg.Connection
) -> None:
    budi = uuid4()
    record(store, asked(register(budi), weigh(budi, 5.0), weigh(budi, 5.4)))
    one = follower(conn, store, events=1)
    one.step(conn)
    record(store, asked(weigh(budi, 5.9)))
    one.catch_up(conn)
    assert rows(conn, store) == {(budi, 2, 5.0), (budi, 3, 5.4), (budi, 4, 5.9)}


def test_what_a_broken_batch_had_folded_is_folded_again(store: Store, conn: psycopg.Connection) -> None:
    budi = uuid4()
    record(store, asked(register(budi), weigh(budi, 5.0)))
    one = follower(conn, store, events=1)
    with conn.transaction():
        one.step(conn)
        raise psycopg.Rollback
    one.catch_up(conn)
    assert rows(conn, store) == {(budi, 2, 5.0)}


def test_rebuilt_in_between_the_lists_stay_right(dsn: str, store: Store, conn: psycopg.Connection) -> None:
    budi = uuid4()
    record(store, asked(register(budi), weigh(budi, 5.0), weigh(budi, 5.4)))
    one = follower(conn, store, events=1)
    one.step(conn)
    record(store, asked(weigh(budi, 5.9)))
    rebuild.rebuild(dsn, followed(store), book(), followed(store).projections, lambda _done: None)
    record(store, asked(weigh(budi, 6.2)))
    one.catch_up(conn)
    assert rows(conn, store) == {(budi, 2, 5.0), (budi, 3, 5.4), (budi, 4, 5.9), (budi, 5, 6.2)}
