"""A family can be forgotten: asked, decided and carried out by different people, in one commit with the key."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from msgspec.structs import replace

from domain import child, erasure, family, person, pregnancy
from domain.case import Command, Correct, Personal, Retract
from projections import asof, log, people
from projections.asof import Clocks
from projections.follow import Follower, prepare
from service.handle import Actor, Submitted, record
from service.sealing import Sealing
from service.store import Store
from tests.store.given import DESA, HEARD, MASTER_KEY, POSYANDU, RINA, anything, asked, register, weigh
from tests.store.test_follow import book, followed

BAGUS = Actor("bagus", "puskesmas-dr", "9901010101", anything)
KARTIKA = Actor("kartika", "kabupaten", "9901", anything)
REQUEST = UUID("01890000-0000-7000-8000-0000000000f1")
ON = date(2025, 3, 1)
Conn = psycopg.Connection


def sent(case: UUID, command: Command) -> Submitted:
    return Submitted(uuid4(), case, command)


def receive(case: UUID, asks: Any = "menghapus") -> Submitted:
    return sent(case, person.ReceiveDataRequest(on=ON, request=REQUEST, asks=asks))


def decide(case: UUID, decision: str = "hapus") -> Submitted:
    return sent(case, erasure.DecideErasure(on=ON, request=REQUEST, decision=decision, ground="tidak-perlu-lagi"))


def erase(case: UUID) -> Submitted:
    return sent(case, erasure.EraseIdentity(on=ON, request=REQUEST))


def told(store: Store, one: Submitted, by: Actor = RINA) -> str:
    (answer,) = record(store, asked(one, by=by))
    return answer.code or answer.outcome


def agreed(store: Store, name: str = "Budi") -> UUID:
    """A case that is to be forgotten: bidan Rina took the request, doctor Bagus decided."""
    budi = uuid4()
    assert [told(store, register(budi, name=name)), told(store, receive(budi))] == ["recorded", "recorded"]
    assert told(store, decide(budi), BAGUS) == "recorded"
    return budi


def wrapped(conn: Conn, store: Store, case: UUID) -> object:
    row = conn.execute(f"SELECT wrapped FROM {store.schema}.person_key WHERE person = %s", [case]).fetchone()
    assert row is not None
    return row[0]


def test_nobody_is_forgotten_without_a_decision(store: Store, conn: Conn) -> None:
    budi = uuid4()
    record(store, asked(register(budi), receive(budi)))
    assert told(store, erase(budi), KARTIKA) == "erasure-not-decided"
    for decision in ("batasi", "tolak"):
        assert told(store, decide(budi, decision), BAGUS) == "recorded"
        assert told(store, erase(budi), KARTIKA) == "erasure-not-decided"
    assert wrapped(conn, store, budi) is not None


@pytest.mark.parametrize("by", [RINA, BAGUS])
def test_whoever_received_or_decided_cannot_carry_it_out(store: Store, by: Actor) -> None:
    assert told(store, erase(agreed(store)), by) == "erase-own-decision"


def test_a_request_to_see_is_not_one_to_forget(store: Store) -> None:
    budi = uuid4()
    record(store, asked(register(budi), receive(budi, "melihat")))
    assert told(store, decide(budi), BAGUS) == "no-such-erasure-request"


def test_neither_decision_nor_erasure_can_be_mended(store: Store) -> None:
    budi = agreed(store)
    assert told(store, sent(budi, Retract(on=ON, version=3, reason="lain")), BAGUS) == "erasure-stands"
    reads = {"is": "person.erasure-decided", "on": "2025-03-01", "request": str(REQUEST), "decision": "tolak"}
    mend = Correct(on=ON, version=3, reason="lain", reads={**reads, "ground": "lain"})
    assert told(store, sent(budi, mend), BAGUS) == "erasure-stands"


def test_the_key_goes_with_the_event_and_facts_are_still_taken(store: Store, conn: Conn) -> None:
    budi = agreed(store)
    assert told(store, erase(budi), KARTIKA) == "recorded"
    assert wrapped(conn, store, budi) is None
    assert told(store, weigh(budi, 6.1)) == "recorded"
    noted = person.ReceiveDataRequest(on=ON, request=uuid4(), asks="melihat", personal=Personal(note="Ibu Siti"))
    assert told(store, sent(budi, noted)) == "erased"
    assert told(store, sent(budi, child.Identify(on=ON, personal=Personal(name="Budi")))) == "erased"
    assert told(store, erase(budi), KARTIKA) == "already-erased"


def test_a_crash_between_event_and_key_leaves_neither(
    store: Store, conn: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    budi = agreed(store)
    destroy = type(store.sealing).destroy

    def crash(*how: Any) -> None:
        destroy(*how)
        raise ZeroDivisionError

    monkeypatch.setattr(type(store.sealing), "destroy", crash)
    with pytest.raises(ZeroDivisionError):
        record(store, asked(erase(budi), by=KARTIKA))
    assert wrapped(conn, store, budi) is not None
    assert len(log.stories(conn, store.schema, [budi])[budi]) == 3


def test_cases_that_were_merged_into_it_are_forgotten_with_it(store: Store, conn: Conn) -> None:
    budi, twice, thrice = uuid4(), uuid4(), uuid4()
    record(store, asked(*[register(case, name=f"Budi {case}") for case in (budi, twice, thrice)]))
    assert told(store, sent(thrice, person.MergeRecords(on=ON, into=twice)), BAGUS) == "recorded"
    assert told(store, sent(twice, person.MergeRecords(on=ON, into=budi)), BAGUS) == "recorded"
    record(store, asked(receive(budi)))
    record(store, asked(decide(budi), by=BAGUS))
    assert told(store, erase(budi), KARTIKA) == "recorded"
    assert [wrapped(conn, store, case) for case in (budi, twice, thrice)] == [None, None, None]


def test_a_case_with_a_name_is_not_merged_with_one_that_was_forgotten(store: Store, conn: Conn) -> None:
    budi, twice = agreed(store), uuid4()
    record(store, asked(register(twice)))
    assert told(store, erase(budi), KARTIKA) == "recorded"
    for case, into in ((twice, budi), (budi, twice)):
        assert told(store, sent(case, person.MergeRecords(on=ON, into=into)), BAGUS) == "merge-erased"
    record(store, asked(receive(twice)))
    record(store, asked(decide(twice), by=BAGUS))
    assert told(store, erase(twice), KARTIKA) == "recorded"
    assert told(store, sent(twice, person.MergeRecords(on=ON, into=budi)), BAGUS) == "recorded"
    assert wrapped(conn, store, twice) is None


def test_one_told_apart_again_keeps_its_name(store: Store, conn: Conn) -> None:
    budi, ani = uuid4(), uuid4()
    record(store, asked(register(budi), register(ani, name="Ani")))
    assert told(store, sent(ani, person.MergeRecords(on=ON, into=budi)), BAGUS) == "recorded"
    assert told(store, sent(ani, person.DeclareDistinct(on=ON, other=budi)), BAGUS) == "recorded"
    record(store, asked(receive(budi)))
    record(store, asked(decide(budi), by=BAGUS))
    assert told(store, erase(budi), KARTIKA) == "recorded"
    assert wrapped(conn, store, ani) is not None


def test_a_process_that_still_holds_the_key_shows_nobody(store: Store, conn: Conn) -> None:
    """The follower is another process, and remembers keys for a minute."""
    budi = agreed(store, "Budi Santoso")
    elsewhere = Store(store.pool, store.schema, Sealing(MASTER_KEY, store.schema), store.clock, store.edition)
    lists = followed(elsewhere, people.People(elsewhere.sealing.nik_hash))
    prepare(conn, lists, book())
    follower = Follower(lists, book())
    follower.catch_up(conn)
    assert people.search(conn, store.schema, "Budi", None)
    assert told(store, erase(budi), KARTIKA) == "recorded"
    follower.catch_up(conn)
    assert people.search(conn, store.schema, "Budi", None) == ()
    row = conn.execute(f"SELECT * FROM {store.schema}.people WHERE case_id = %s", [budi]).fetchone()
    assert row is not None
    assert "Santoso" not in str(row)


def test_a_writer_that_still_holds_the_key_seals_no_new_name(store: Store) -> None:
    elsewhere = Store(store.pool, store.schema, Sealing(MASTER_KEY, store.schema), store.clock, store.edition)
    budi = agreed(store)
    renamed = child.Identify(on=ON, personal=Personal(name="Budi Santoso"))
    assert told(elsewhere, sent(budi, renamed)) == "recorded"
    assert told(store, erase(budi), KARTIKA) == "recorded"
    assert told(elsewhere, sent(budi, renamed)) == "erased"


def test_a_forgotten_mother_can_still_give_birth(store: Store) -> None:
    siti = uuid4()
    registers = pregnancy.Register(on=date(2024, 9, 1), hpht=date(2024, 6, 1), desa=DESA, posyandu=POSYANDU,
                                   personal=Personal(name="Siti"))  # fmt: skip
    record(store, asked(sent(siti, registers), receive(siti)))
    record(store, asked(decide(siti), by=BAGUS))
    assert told(store, erase(siti), KARTIKA) == "recorded"
    newborn = pregnancy.Newborn(sex="L", kg=3.1)
    birth = pregnancy.RecordOutcome(on=date(2025, 3, 2), outcome="lahir-hidup", children=(newborn,))
    assert told(store, sent(siti, birth)) == "recorded"


def test_a_family_with_a_case_of_its_own_can_be_forgotten_too(store: Store, conn: Conn) -> None:
    rumah = uuid4()
    registers = family.Register(on=ON, desa=DESA, posyandu=POSYANDU, personal=Personal(name="Pak Joko", kk="3603"))
    record(store, asked(sent(rumah, registers), receive(rumah)))
    assert told(store, decide(rumah), BAGUS) == "recorded"
    assert told(store, erase(rumah), KARTIKA) == "recorded"
    assert wrapped(conn, store, rumah) is None


def test_a_list_of_the_time_before_names_nobody_who_was_forgotten_since(store: Store, conn: Conn) -> None:
    """Not even in a process that still holds the key: what was known then does not say that she was forgotten."""
    budi = agreed(store)
    another_process = replace(followed(store), open=Sealing(MASTER_KEY, store.schema).open_many)
    then = Clocks(HEARD)
    (named,) = asof.folded(another_process, conn, [budi], then, HEARD, book())
    assert named.who.name == "Budi"
    record(store, asked(erase(budi), by=KARTIKA, at=HEARD + timedelta(days=1)))
    (forgotten,) = asof.folded(another_process, conn, [budi], then, HEARD, book())
    assert forgotten.who == Personal()
    assert len(forgotten.story) == len(named.story)
