"""Two cases of one person: merged, told apart again, and both numbers keep working all the while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import case, child, person, pregnancy
from domain.case import Command, Refused
from domain.person import Person
from domain.stories import fold
from projections import log
from service.handle import Actor, Submitted, record
from service.store import Store
from tests.store.given import DESA, POSYANDU, RINA, SITI, anything, asked, register, weigh

ON = date(2025, 3, 4)
DEWI = Actor("dewi", "puskesmas-tpg", DESA, anything)


@pytest.fixture
def two(store: Store) -> tuple[UUID, UUID]:
    """Two cases that Siti registered: the younger, and the older."""
    younger, older = uuid4(), uuid4()
    record(store, asked(register(older), register(younger), by=SITI))
    return younger, older


def merge(younger: UUID, older: UUID) -> Submitted:
    return Submitted(uuid4(), younger, person.MergeRecords(on=ON, into=older))


def apart(one: UUID, other: UUID, on: date = ON) -> Submitted:
    return Submitted(uuid4(), one, person.DeclareDistinct(on=on, other=other))


def told(store: Store, one: UUID) -> list[Any]:
    with store.pool.connection() as conn:
        return [r.event for r in log.stories(conn, store.schema, [one])[one]]


def state(store: Store, one: UUID) -> Person:
    with store.pool.connection() as conn:
        found = fold(log.stories(conn, store.schema, [one])[one])
    assert isinstance(found, Person)
    return found


def code(store: Store, sent: Submitted, by: Actor = RINA) -> str | None:
    [answer] = record(store, asked(sent, by=by))
    return answer.code if answer.outcome != "recorded" else None


def test_a_merge_is_told_in_both_stories(store: Store, two: tuple[UUID, UUID]) -> None:
    younger, older = two
    assert code(store, merge(younger, older)) is None
    assert told(store, younger)[-1] == person.RecordsMerged(on=ON, into=older)
    assert told(store, older)[-1] == person.RecordsAbsorbed(on=ON, other=younger)
    assert (state(store, younger).active, state(store, older).active) == (False, True)


def test_what_is_sent_to_the_old_number_is_recorded_in_the_case_that_goes_on(
    store: Store, two: tuple[UUID, UUID]
) -> None:
    younger, older = two
    record(store, asked(weigh(younger, 5.0, entry=(before := uuid4())), merge(younger, older)))
    sent = weigh(younger, 6.1, entry=uuid4())
    [answer] = record(store, asked(sent, by=SITI))
    assert (answer.outcome, answer.case, answer.version) == ("recorded", older, 3)
    assert told(store, older)[-1] == child.Measured(on=date(2025, 2, 10), kg=6.1)
    [again] = record(store, asked(sent, by=SITI))
    assert (again.outcome, again.case, again.version) == ("already", older, 3)
    [old] = record(store, asked(weigh(younger, 5.0, entry=before)))
    assert (old.outcome, old.case, old.version) == ("already", younger, 2)


def test_a_person_told_at_the_old_number_is_sealed_under_the_key_of_the_case_that_goes_on(
    store: Store, two: tuple[UUID, UUID]
) -> None:
    younger, older = two
    record(store, asked(merge(younger, older)))
    identify = child.Identify(on=ON, personal=case.Personal(name="Budi Santoso"))
    assert code(store, Submitted(uuid4(), younger, identify)) is None
    with store.pool.connection() as conn:
        story = log.stories(conn, store.schema, [older])[older]
        opened = store.sealing.open_many(conn, [(older, r.version, r.event.personal) for r in story[-1:]])
    assert opened[older, story[-1].version].name == "Budi Santoso"  # type: ignore[union-attr]


def test_who_may_write_is_asked_of_the_case_they_knew(store: Store, two: tuple[UUID, UUID]) -> None:
    younger, older = two
    elsewhere = uuid4()
    moved = Submitted(uuid4(), older, child.Move(on=ON, desa="3603332002", posyandu="3603332002.01"))
    record(store, asked(moved, merge(younger, older)))

    def own_posyandu(_command: Command, known: Any) -> None:
        if known is None or known.posyandu != POSYANDU:
            raise Refused("not-yours")

    siti = Actor("siti", "kader", POSYANDU, own_posyandu)
    assert code(store, weigh(younger, 6.1), by=siti) is None
    assert code(store, weigh(older, 6.2), by=siti) == "not-yours"
    assert code(store, weigh(elsewhere, 6.2), by=siti) == "not-yours"


def test_told_apart_they_are_two_again(store: Store, two: tuple[UUID, UUID]) -> None:
    younger, older = two
    record(store, asked(merge(younger, older), apart(younger, older)))
    assert told(store, older)[-1] == person.RecordsDeclaredDistinct(on=ON, other=younger)
    assert state(store, younger).active
    [answer] = record(store, asked(weigh(younger, 6.1)))
    assert answer.case == younger
    assert code(store, merge(younger, older)) is None
    assert not state(store, younger).active


def test_three_cases_of_one_person_end_in_one(store: Store, two: tuple[UUID, UUID]) -> None:
    younger, older = two
    youngest = uuid4()
    record(store, asked(register(youngest), by=SITI))
    record(store, asked(merge(youngest, younger), merge(younger, older)))
    [answer] = record(store, asked(weigh(youngest, 6.1)))
    assert answer.case == older


REFUSED: dict[str, Callable[[UUID, UUID], Submitted]] = {
    "no-such-other": lambda younger, _: merge(younger, uuid4()),
    "other-is-itself": lambda younger, _: merge(younger, younger),
    "other-merged": lambda younger, older: merge(older, younger),
    "before-merge": lambda younger, older: apart(younger, older, ON - timedelta(days=1)),
    "told-in-two-cases": lambda younger, _: Submitted(
        uuid4(), younger, case.Retract(on=ON, version=2, reason="salah-orang")
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_true_of_two_cases_is_refused(store: Store, two: tuple[UUID, UUID], reason: str) -> None:
    younger, older = two
    assert code(store, merge(younger, older)) is None
    if reason in ("no-such-other", "other-is-itself"):
        record(store, asked(apart(younger, older)))
    assert code(store, REFUSED[reason](younger, older)) == reason


def test_a_child_and_a_mother_are_not_one_person(store: Store, two: tuple[UUID, UUID]) -> None:
    younger, _ = two
    mother = uuid4()
    begins = pregnancy.Register(on=ON, hpht=date(2024, 12, 1), desa=DESA, posyandu=POSYANDU)
    record(store, asked(Submitted(uuid4(), mother, begins), by=SITI))
    assert code(store, merge(younger, mother)) == "other-kind-of-person"


def test_whoever_registered_a_case_does_not_merge_it(store: Store, two: tuple[UUID, UUID]) -> None:
    younger, older = two
    assert code(store, merge(younger, older), by=Actor("siti", "bidan", DESA, anything)) == "merge-own-record"
    assert code(store, merge(younger, older), by=DEWI) is None


def test_two_merges_against_each_other_at_once_leave_one(store: Store, two: tuple[UUID, UUID]) -> None:
    younger, older = two
    answers = record(store, asked(merge(younger, older), merge(older, younger)))
    assert [a.code for a in answers] == [None, "other-merged"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "apart", "weigh"]), st.integers(0, 3), st.integers(0, 3)), max_size=14
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_however_cases_are_merged_and_told_apart_every_number_leads_to_one_that_goes_on(
    store: Store, steps: list[tuple[str, int, int]]
) -> None:
    cases = [uuid4() for _ in range(4)]
    record(store, asked(*(register(one) for one in cases), by=SITI))
    for step, one, other in steps:
        match step:
            case "merge":
                record(store, asked(merge(cases[one], cases[other])))
            case "apart":
                record(store, asked(apart(cases[one], cases[other])))
            case _:
                [answer] = record(store, asked(weigh(cases[one], 6.1)))
                assert (answer.outcome, answer.case) == ("recorded", leads_to(store, cases[one]))
    for one in cases:
        assert state(store, leads_to(store, one)).active


def leads_to(store: Store, one: UUID) -> UUID:
    seen = [one]
    while (into := state(store, seen[-1]).merged) is not None:
        assert into not in seen
        seen.append(into)
    return seen[-1]
