"""What becomes of entries: each gets its own answer, none is recorded twice, and none is lost."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import child, pregnancy, stories
from domain.case import Command, Personal, Refused
from projections import log
from service import handle
from service.handle import Actor, Submitted, record
from service.store import Store
from tests.store.given import DESA, POSYANDU, RINA, SITI, asked, register, weigh


def outcomes(answers: list[handle.Answer]) -> list[tuple[str, str | None]]:
    return [(answer.outcome, answer.code) for answer in answers]


def story(store: Store, case: UUID) -> list[Any]:
    with store.pool.connection() as conn:
        return log.stories(conn, store.schema, [case])[case]


def test_a_child_is_registered_and_weighed_in_one_commit(store: Store) -> None:
    budi = uuid4()
    answers = record(store, asked(register(budi), weigh(budi, 5.1)))
    assert outcomes(answers) == [("recorded", None), ("recorded", None)]
    assert [(a.version, a.position) for a in answers] == [(1, 1), (2, 2)]
    assert [type(r.event) for r in story(store, budi)] == [child.Registered, child.Measured]


def test_the_log_remembers_who_recorded_it_and_how_we_heard(store: Store) -> None:
    budi = uuid4()
    sent = register(budi)
    record(store, asked(sent, by=replace(SITI, device="hp-1")))
    by = story(store, budi)[0].by
    assert (by.actor, by.role, by.unit, by.device, by.entry, by.edition) == (
        "siti", "kader", POSYANDU, "hp-1", sent.entry, "2025",
    )  # fmt: skip


def test_what_is_sent_again_is_answered_as_before(store: Store) -> None:
    budi = uuid4()
    sent = [register(budi), weigh(budi, 5.1)]
    record(store, asked(*sent))
    answers = record(store, asked(*sent))
    assert outcomes(answers) == [("already", None), ("already", None)]
    assert [(a.version, a.position) for a in answers] == [(1, 1), (2, 2)]
    assert len(story(store, budi)) == 2


def test_what_is_sent_twice_in_one_batch_is_recorded_once(store: Store) -> None:
    budi = uuid4()
    sent = register(budi)
    answers = record(store, asked(sent, sent))
    assert outcomes(answers) == [("recorded", None), ("already", None)]
    assert [a.position for a in answers] == [1, 1]


def test_an_entry_number_cannot_be_used_for_something_else(store: Store) -> None:
    budi, entry = uuid4(), uuid4()
    record(store, asked(register(budi), weigh(budi, 5.1, entry=entry)))
    (answer,) = record(store, asked(weigh(budi, 5.3, entry=entry)))
    assert (answer.outcome, answer.code) == ("refused", "entry-reused")
    assert answer.says == "Nomor kiriman ini sudah dipakai untuk isi yang lain. Catat ulang dari formulirnya."


def test_one_bad_entry_holds_up_nothing(store: Store) -> None:
    budi, tono = uuid4(), uuid4()
    answers = record(store, asked(register(budi), weigh(budi, 5100), weigh(tono, 5.0), weigh(budi, 5.1)))
    assert outcomes(answers) == [
        ("recorded", None), ("refused", "grams-for-kilograms"), ("refused", "no-such-case"), ("recorded", None),
    ]  # fmt: skip
    assert answers[1].says == "Berat 5100 kg tidak mungkin. Yang diketik mungkin gram; tulis 5,1."


def test_a_bug_in_one_decision_does_not_lose_its_neighbours(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    decide = stories.decide

    def broken(number: UUID, told: Any, state: Any, command: Command, *rest: Any) -> Any:
        if getattr(command, "kg", None) == 6.66:
            raise ZeroDivisionError("Budi")
        return decide(number, told, state, command, *rest)

    monkeypatch.setattr(stories, "decide", broken)
    budi = uuid4()
    answers = record(store, asked(register(budi), weigh(budi, 6.66), weigh(budi, 5.1)))
    assert outcomes(answers) == [("recorded", None), ("held", "internal"), ("recorded", None)]


def test_what_builds_on_something_held_waits_with_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    decide = stories.decide

    def broken(number: UUID, told: Any, state: Any, command: Command, *rest: Any) -> Any:
        if isinstance(command, child.Register):
            raise ZeroDivisionError
        return decide(number, told, state, command, *rest)

    monkeypatch.setattr(stories, "decide", broken)
    budi = uuid4()
    assert outcomes(record(store, asked(register(budi), weigh(budi, 5.1)))) == [("held", "internal"), ("held", "held")]


def test_who_may_not_is_refused_before_anything_is_told_of_the_case(store: Store) -> None:
    def nothing(_command: Command, _state: Any) -> None:
        raise Refused("other-desa")

    budi = uuid4()
    record(store, asked(register(budi)))
    stranger = Actor("joko", "kader", "3603332002.01", nothing)
    mine = record(store, asked(weigh(budi, 5.1), by=stranger))
    none = record(store, asked(weigh(uuid4(), 5.1), by=stranger))
    assert outcomes(mine) == outcomes(none) == [("refused", "other-desa")]


def test_a_case_that_moved_on_since_it_was_seen_is_not_overwritten(store: Store) -> None:
    budi = uuid4()
    record(store, asked(register(budi), weigh(budi, 5.1)))
    seen = replace(weigh(budi, 5.2), expects=1)
    assert outcomes(record(store, asked(seen))) == [("held", "stale")]
    assert outcomes(record(store, asked(replace(seen, expects=2)))) == [("recorded", None)]


def test_a_birth_begins_the_stories_of_the_newborns(store: Store) -> None:
    ani = uuid4()
    mother = Personal(name="Ani", nik="3603334101990002", address="Kp. Rawa 3")
    expecting = pregnancy.Register(
        on=date(2024, 8, 1), hpht=date(2024, 6, 3), dated_by="hpht", desa=DESA, posyandu=POSYANDU, personal=mother
    )
    record(store, asked(Submitted(uuid4(), ani, expecting)))
    birth = pregnancy.RecordOutcome(
        on=date(2025, 3, 2),
        outcome="lahir-hidup",
        alive=2,
        children=(pregnancy.Newborn(sex="L", kg=2.4), pregnancy.Newborn(sex="P", kg=2.3)),
    )
    (answer,) = record(store, asked(Submitted(uuid4(), ani, birth)))
    assert answer.outcome == "recorded", answer.says
    assert (answer.version, answer.position) == (4, 6)
    twins = [r.event.child for r in story(store, ani) if isinstance(r.event, pregnancy.NewbornRegistered)]
    with store.pool.connection() as conn:
        told = log.stories(conn, store.schema, twins)
        sealed = [(r.case, r.version, r.event.personal) for one in told.values() for r in one]
        opened = store.sealing.open_many(conn, sealed)
    assert [personal.mother for personal in opened.values() if personal] == ["Ani", "Ani"]


def test_sealed_text_is_not_taken_from_outside(store: Store) -> None:
    budi = uuid4()
    sent = register(budi)
    forged = replace(sent, command=replace(sent.command, personal=b"anything"))
    assert outcomes(record(store, asked(forged))) == [("unreadable", "unreadable")]


def test_nobody_who_was_erased_comes_back(store: Store) -> None:
    budi = uuid4()
    record(store, asked(register(budi)))
    with store.pool.connection() as conn:
        store.sealing.destroy(conn, budi)
    name = child.Identify(on=date(2025, 2, 1), personal=Personal(name="Budi"))
    assert outcomes(record(store, asked(Submitted(uuid4(), budi, name)))) == [("refused", "erased")]
    assert outcomes(record(store, asked(weigh(budi, 5.1)))) == [("recorded", None)]


def test_a_commit_whose_answer_was_lost_is_found_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    written = handle._Batch.written
    cut: list[bool] = []

    def once_cut_off(batch: handle._Batch) -> Any:
        answers = written(batch)
        if not cut:
            cut.append(True)
            batch._conn.close()
            batch._conn.execute("SELECT 1")
        return answers

    monkeypatch.setattr(handle._Batch, "written", once_cut_off)
    budi = uuid4()
    (answer,) = record(store, asked(register(budi)))
    assert (answer.outcome, answer.version, answer.position) == ("already", 1, 1)
    assert len(story(store, budi)) == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_entries_sent_up_to_ten_times_in_any_order_have_one_effect(store: Store, data: st.DataObject) -> None:
    """As a phone with a bad line does: the registration arrives, the rest in any order, cut into any batches."""
    budi = uuid4()
    record(store, asked(register(budi)))
    sent = [weigh(budi, 5 + n / 10) for n in range(4)]
    copies = [one for one in sent for _ in range(data.draw(st.integers(1, 10)))]
    arriving = data.draw(st.permutations(copies))
    size = data.draw(st.integers(1, 7))
    told = [a for n in range(0, len(arriving), size) for a in record(store, asked(*arriving[n : n + size]))]
    assert {a.outcome for a in told} <= {"recorded", "already"}
    assert sorted(a.entry for a in told if a.outcome == "recorded") == sorted(one.entry for one in sent)
    places: dict[UUID, set[int | None]] = {}
    for answer in told:
        places.setdefault(answer.entry, set()).add(answer.position)
    assert all(len(found) == 1 for found in places.values())
    assert len(story(store, budi)) == 5


def test_the_role_of_the_service_can_only_add_to_the_log(store: Store, conn: psycopg.Connection, app_role: str) -> None:
    from service.migrate import migrate

    conn.execute(f"DROP SCHEMA {store.schema} CASCADE")
    migrate(conn, store.schema, app_role)
    record(store, asked(register(uuid4())))
    conn.execute(f"SET ROLE {app_role}")
    for statement in (
        "UPDATE {}.events SET state = ''", "DELETE FROM {}.events", "TRUNCATE {}.events",
        "UPDATE {}.entries SET count = 0", "DELETE FROM {}.entries", "DELETE FROM {}.head", "DELETE FROM {}.person_key",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement.format(store.schema))
    assert conn.execute(f"SELECT count(*) FROM {store.schema}.events").fetchone() == (1,)


def test_the_answers_of_a_bidan_and_a_kader_do_not_depend_on_each_other(store: Store) -> None:
    budi, tono = uuid4(), uuid4()
    both = [*asked(register(budi), by=RINA), *asked(weigh(tono, 5.0), by=SITI)]
    assert outcomes(record(store, both)) == [("recorded", None), ("refused", "no-such-case")]
