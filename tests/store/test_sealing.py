"""Who a story is about is readable only under that person's key, and only where it was written."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from msgspec.structs import asdict

from domain.case import Personal
from projections import log
from service.handle import record
from service.masterkey import WrongMasterKey
from service.sealing import KEPT_SECONDS, Sealing
from service.store import Store
from tests.store.given import MASTER_KEY, asked, register, weigh

SITI, BUDI = uuid4(), uuid4()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def sealed_in(conn: psycopg.Connection, store: Store) -> list[tuple[object, int, bytes]]:
    events = log.read(conn, store.schema, 0, 1000)
    return [(r.case, r.version, r.event.personal) for r in events if getattr(r.event, "personal", None)]


def test_nothing_that_tells_who_it_is_stands_in_the_log(store: Store, conn: psycopg.Connection) -> None:
    sent = register(BUDI, name="Budi Santoso")
    record(store, asked(sent))
    told = asdict(sent.command.personal).values()  # type: ignore[attr-defined]
    dump = b"".join(row[0] for row in conn.execute(f"SELECT state FROM {store.schema}.events").fetchall())
    assert not [text for text in told if text and text.encode() in dump]
    (only,) = sealed_in(conn, store)
    assert store.sealing.open_many(conn, [only]) == {(BUDI, 1): sent.command.personal}  # type: ignore[attr-defined]


def test_the_database_alone_opens_nothing(store: Store, conn: psycopg.Connection) -> None:
    record(store, asked(register(BUDI)))
    stranger = Sealing(bytes(32), store.schema)
    with pytest.raises(WrongMasterKey):
        stranger.open_many(conn, sealed_in(conn, store))


def test_nobody_gets_a_second_key_because_nobody_looked_for_the_first(store: Store, conn: psycopg.Connection) -> None:
    keys = store.sealing.keys(conn, [SITI])
    with pytest.raises(ValueError, match="not looked up"):
        keys.seal(BUDI, 1, Personal(name="Budi"))
    assert keys.made == []


def test_sealed_text_cannot_be_moved_to_another_event_or_person(store: Store, conn: psycopg.Connection) -> None:
    record(store, asked(register(BUDI), register(SITI)))
    (_, _, budis), (_, _, sitis) = sealed_in(conn, store)
    for moved in ((BUDI, 2, budis), (SITI, 1, budis), (BUDI, 1, sitis), (BUDI, 1, budis[:-1] + b"\0")):
        with pytest.raises(InvalidTag):
            store.sealing.open_many(conn, [moved])


def test_a_destroyed_key_takes_the_name_and_leaves_the_story(store: Store, conn: psycopg.Connection) -> None:
    record(store, asked(register(BUDI), weigh(BUDI, 5.1), register(SITI)))
    store.sealing.destroy(conn, BUDI)
    opened = store.sealing.open_many(conn, sealed_in(conn, store))
    assert opened[BUDI, 1] is None
    assert opened[SITI, 1] is not None
    assert len(log.stories(conn, store.schema, [BUDI])[BUDI]) == 2
    assert conn.execute(f"SELECT wrapped FROM {store.schema}.person_key WHERE person = %s", [BUDI]).fetchone() == (
        None,
    )


def test_another_process_forgets_a_destroyed_key_within_a_minute(store: Store, conn: psycopg.Connection) -> None:
    record(store, asked(register(BUDI)))
    clock = Clock()
    other = Sealing(MASTER_KEY, store.schema, clock)
    assert other.open_many(conn, sealed_in(conn, store))[BUDI, 1] is not None
    store.sealing.destroy(conn, BUDI)
    clock.now = KEPT_SECONDS
    assert other.open_many(conn, sealed_in(conn, store)) == {(BUDI, 1): None}


def test_the_hash_of_a_nik_needs_the_key(schema: str, conn: psycopg.Connection) -> None:
    ours, same, other = Sealing(MASTER_KEY, schema), Sealing(MASTER_KEY, schema), Sealing(bytes(32), schema)
    for sealing in (ours, same, other):
        sealing.learn(conn)
    nik = "3603330112240001"
    assert ours.nik_hash(nik) == same.nik_hash(nik) != other.nik_hash(nik)


def test_a_hash_is_never_made_with_a_secret_that_was_only_guessed() -> None:
    with pytest.raises(RuntimeError, match="before any connection"):
        Sealing(MASTER_KEY, "kab_3603").nik_hash("3603330112240001")


def test_two_people_who_begin_at_once_do_not_share_a_key(store: Store, conn: psycopg.Connection) -> None:
    record(store, asked(register(BUDI), register(SITI)))
    wrapped = conn.execute(f"SELECT wrapped FROM {store.schema}.person_key").fetchall()
    assert len({row[0] for row in wrapped}) == 2
