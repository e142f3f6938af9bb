"""The way of a referral, driven through every order of steps: nobody is lost on it, and what was said stays said."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import referral, stories
from domain.case import Envelope, Recorded, Refused, Role, zone
from domain.person import Person
from domain.referral import AFTER, EXPECTED, OPEN, STEPS, THERE, WAITING, Reached, Referral
from tests.pure.telling import CASE, PLACE

WIB = zone("36")
FIRST = date(2025, 3, 3)
BUDI = {"do": "child.register", "born": "2024-06-02", "sex": "L", **PLACE}
REFERRALS = [uuid5(CASE, f"rujukan {n}") for n in range(3)]
PLACES = [("3603330101", "puskesmas"), ("3603RS01", "rs"), ("3603RS02", "rs")]

Step = tuple[str, int, int, int]
"""A tag, which referral, which place, who."""

WRITERS: tuple[tuple[Role, str], ...] = (
    ("bidan", "3603332001"), ("puskesmas-tpg", "3603330101"), ("rs", "3603RS01"), ("rs", "3603RS02"),
)  # fmt: skip
TAGS = [c.__struct_config__.tag for c in referral.COMMANDS]


def command(step: Step, on: date) -> Any:
    tag, which, place, _ = step
    to, kind = PLACES[place]
    said: dict[str, Any] = {"do": tag, "on": on.isoformat(), "referral": str(REFERRALS[which])}
    said |= {
        "referral.create": {"to": to, "kind": kind, "reason": "stunting"},
        "referral.redirect": {"to": to, "kind": kind, "reason": "penuh"},
        "referral.refer-onward": {"to": to, "kind": kind, "reason": "stunting",
                                  "onward": str(REFERRALS[(which + 1) % len(REFERRALS)])},
        "referral.send": {"via": "aplikasi", "consent": "diberikan"},
        "referral.reject": {"reason": "penuh"},
        "referral.no-show": {"reason": "biaya"},
        "referral.cancel": {"reason": "menolak"},
        "referral.close": {"result": "membaik"},
    }.get(tag, {})  # fmt: skip
    return stories.command(msgspec.json.encode(said))


def take(story: tuple[Recorded, ...], step: Step) -> tuple[Recorded, ...]:
    """The story after the step; Refused where it cannot follow."""
    on = FIRST + timedelta(days=len(story))
    role, unit = WRITERS[step[3]]
    by = Envelope(
        recorded_at=datetime.combine(on, time(10), WIB), actor=role, role=role, unit=unit,
        entry=uuid5(CASE, str(len(story))), edition="2025",
    )  # fmt: skip
    for event in stories.decide(CASE, story, stories.fold(story), command(step, on), on, by):
        story = (*story, Recorded(CASE, len(story) + 1, event, by))
    return story


def begun() -> tuple[Recorded, ...]:
    by = Envelope(
        recorded_at=datetime.combine(FIRST, time(9), WIB), actor="ani", role="kader", unit="3603332001.01",
        entry=uuid5(CASE, "0"), edition="2025",
    )  # fmt: skip
    asked = stories.command(msgspec.json.encode({**BUDI, "on": FIRST.isoformat()}))
    [event] = stories.decide(CASE, (), None, asked, FIRST, by)
    return (Recorded(CASE, 1, event, by),)


def referrals(story: tuple[Recorded, ...]) -> dict[UUID, Referral]:
    folded = stories.fold(story)
    assert isinstance(folded, Person)
    return {r.id: r for r in folded.referrals}


STEP = st.tuples(st.sampled_from(TAGS), st.integers(0, 2), st.integers(0, 2), st.integers(0, len(WRITERS) - 1))


@settings(max_examples=400, deadline=None)
@given(steps=st.lists(STEP, max_size=24))
def test_whatever_is_tried_in_whatever_order_a_referral_only_goes_where_it_can(steps: list[Step]) -> None:
    story = begun()
    for step in steps:
        before = referrals(story)
        try:
            story = take(story, step)
        except Refused:
            assert referrals(story) == before
            continue
        after = referrals(story)
        assert set(before) <= set(after)
        for number, was in before.items():
            now = after[number]
            assert now.steps[: len(was.steps)] == was.steps
            if now.state != was.state or len(now.steps) > len(was.steps):
                assert was.state in AFTER[now.state]
        _chains_hold(after)


def _chains_hold(known: dict[UUID, Referral]) -> None:
    """Whoever was sent further is found from both ends, and nobody who was has two next places."""
    for one in known.values():
        assert (one.onward is not None) == any(s.state == "dirujuk-lanjut" for s in one.steps)
        if one.onward is not None:
            assert known[one.onward].follows == one.id
        if one.follows is not None:
            assert known[one.follows].onward == one.id
    followed = [r.follows for r in known.values() if r.follows is not None]
    assert len(followed) == len(set(followed))


def test_every_step_is_reached_by_some_order_of_steps() -> None:
    """So that the walk above can go everywhere, and no step of protocol 9.2 is only a word."""
    seen: set[Reached] = {"dibuat"}
    grown = True
    while grown:
        more = {step for step, before in AFTER.items() if before & seen} - seen
        grown, seen = bool(more), seen | more
    assert seen == {"dibuat", *STEPS.values()}


def test_an_open_referral_can_always_go_on_and_an_ended_one_asks_for_nothing() -> None:
    for state in OPEN:
        assert any(state in before for before in AFTER.values()), state
    assert WAITING < EXPECTED < OPEN
    assert THERE < OPEN
    assert {"tutup", "batal", "selesai", "dirujuk-lanjut"}.isdisjoint(OPEN)
    assert all("tutup" not in before and "batal" not in before for before in AFTER.values())


# What each step needs


def refused(story: tuple[Recorded, ...], *step: Any) -> str:
    with pytest.raises(Refused) as refusal:
        take(story, step)  # type: ignore[arg-type]
    return refusal.value.code


BIDAN, TPG, RS1, RS2 = range(4)


def test_a_hospital_answers_only_what_was_sent_to_it() -> None:
    story = take(begun(), ("referral.create", 0, 1, BIDAN))
    assert refused(story, "referral.accept", 0, 0, RS2) == "referral-elsewhere"
    story = take(story, ("referral.redirect", 0, 2, RS1))
    assert refused(story, "referral.accept", 0, 0, RS1) == "referral-elsewhere"
    story = take(story, ("referral.accept", 0, 0, RS2))
    [one] = referrals(story).values()
    assert [(s.state, s.to) for s in one.steps] == [
        ("dibuat", "3603RS01"), ("dialihkan", "3603RS02"), ("diterima", "3603RS02"),
    ]  # fmt: skip
    assert one.sender == "3603332001"


def test_a_hospital_is_sent_nothing_without_the_familys_word() -> None:
    story = take(begun(), ("referral.create", 0, 1, BIDAN))
    on = FIRST + timedelta(days=5)
    unasked = stories.command(
        msgspec.json.encode(
            {"do": "referral.send", "on": on.isoformat(), "referral": str(REFERRALS[0]), "via": "telepon"}
        )
    )
    by = story[-1].by
    with pytest.raises(Refused, match="referral-without-consent"):
        stories.decide(CASE, story, stories.fold(story), unasked, on, by)
    assert referrals(take(story, ("referral.send", 0, 0, BIDAN)))[REFERRALS[0]].state == "dikirim"
    near = take(begun(), ("referral.create", 0, 0, BIDAN))
    assert stories.decide(CASE, near, stories.fold(near), unasked, on, by)


def test_to_send_a_patient_further_makes_a_referral_that_carries_on() -> None:
    story = take(begun(), ("referral.create", 0, 1, BIDAN))
    story = take(take(story, ("referral.arrive", 0, 0, RS1)), ("referral.begin-treatment", 0, 0, RS1))
    story = take(story, ("referral.refer-onward", 0, 2, RS1))
    first, second = referrals(story).values()
    assert (first.state, first.onward) == ("dirujuk-lanjut", second.id)
    assert (second.state, second.follows, second.to, second.sender) == ("dibuat", first.id, "3603RS02", "3603RS01")
    assert refused(story, "referral.refer-onward", 0, 2, RS1) == "referral-exists"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("temperature", 98.6, "temperature-impossible"),
        ("pulse", 9, "pulse-impossible"),
        ("breaths", 400, "breaths-impossible"),
        ("planned", "2025-03-01", "planned-before-referral"),
    ],
)
def test_what_no_body_has_is_refused(field: str, value: object, code: str) -> None:
    said = {"do": "referral.create", "on": "2025-03-04", "referral": str(REFERRALS[0]), "to": "3603RS01",
            "kind": "rs", "reason": "stunting", field: value}  # fmt: skip
    story, asked = begun(), stories.command(msgspec.json.encode(said))
    with pytest.raises(Refused, match=code):
        stories.decide(CASE, story, stories.fold(story), asked, date(2025, 3, 4), story[0].by)
