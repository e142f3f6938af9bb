"""What holds of every life, however it was told: late, twice, corrected, by many hands."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import case as cases
from domain import stories
from domain.case import Envelope, Kind, Personal, Recorded
from domain.protocol import Book, Obligation, obligations, state
from domain.words import hidden
from projections.queue import lines
from projections.timeline import timeline
from service.juknis import read_juknis
from service.settings import root
from tests.properties.lives import BEGUN, CASE, WIB, Deed, begun, deeds, take, told

KINDS: tuple[Kind, ...] = ("child", "pregnancy", "family")
LIVES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
VILLAGE = ("kader", "desa")


@cache
def book() -> Book:
    return read_juknis(root() / "juknis").book_of("2025")


def owed(story: tuple[Recorded, ...]) -> tuple[Obligation, ...]:
    folded = stories.fold(story)
    assert folded is not None
    return obligations(folded, book().chart(folded), book())


def life(kind: Kind) -> st.SearchStrategy[list[Deed]]:
    return deeds(kind)


@pytest.mark.parametrize("kind", KINDS)
@LIVES
@given(data=st.data())
def test_the_order_in_which_we_hear_of_it_changes_neither_the_case_nor_its_tasks(kind: Kind, data: Any) -> None:
    """The events of a story that stands, delivered in another order; all of it heard at one moment."""
    story = told(kind, data.draw(life(kind)))
    rest = [r for r in story[1:] if not isinstance(r.event, cases.Corrected | cases.Retracted)]
    rest = [r for r in rest if not hasattr(r.event, "version")]
    shuffled = data.draw(st.permutations(rest))
    heard = datetime.combine(BEGUN + timedelta(days=230), time(10), WIB)
    assert seen(story[0], rest, heard) == seen(story[0], shuffled, heard)


def seen(first: Recorded, rest: list[Recorded], heard: datetime) -> object:
    """The tasks by the days of the events they rest on: versions are the order of arrival."""
    first = replace(first, by=replace(first.by, recorded_at=heard))
    story = (
        first,
        *(replace(r, version=n, by=replace(r.by, recorded_at=heard)) for n, r in enumerate(rest, start=2)),
    )
    days = {r.version: r.event.on for r in story}
    return sorted(
        (
            o.rule,
            str(days[int(o.key)]) if o.key.isdigit() else o.key,
            o.says,
            o.opens,
            o.due,
            str(o.until),
            str(o.desks),
            sorted(days[v] for v in o.events),
        )
        for o in owed(story)
    )


@pytest.mark.parametrize("kind", KINDS)
@LIVES
@given(data=st.data())
def test_every_task_names_its_evidence_and_stands_once(kind: Kind, data: Any) -> None:
    story = told(kind, data.draw(life(kind)))
    counting = {r.version for r in stories.counting(story)}
    tasks = owed(story)
    for o in tasks:
        assert o.says.endswith(".")
        assert o.events
        assert set(o.events) <= counting, (o.rule, o.events)
        assert o.opens <= max(d.opens for d in o.desks) + timedelta(0)
        assert o.desks[0].supervision is False
    for day in range(0, 230, 23):
        now = datetime.combine(BEGUN + timedelta(days=day), time(12), WIB)
        keys = [(o.rule, o.key) for o in tasks if state(o, now) in ("open", "late")]
        assert len(keys) == len(set(keys)), sorted(keys)


@pytest.mark.parametrize("kind", KINDS)
@LIVES
@given(data=st.data())
def test_a_wrong_value_corrected_is_as_if_the_right_one_had_been_typed(kind: Kind, data: Any) -> None:
    right = told(kind, data.draw(life(kind)))
    able = [r for r in right[1:] if isinstance(getattr(r.event, "kg", None), float) and "measured" in _tag(r)]
    if not able:
        return
    meant = data.draw(st.sampled_from(able))
    wrong = replace(meant, event=replace(meant.event, kg=meant.event.kg + 1.5))
    story = tuple(wrong if r is meant else r for r in right)
    reads = msgspec.json.decode(stories.encode(meant.event))
    by = replace(meant.by, recorded_at=meant.by.recorded_at + timedelta(days=300))
    mending = cases.Corrected(on=meant.event.on, version=meant.version, reads=reads, reason="salah-ketik")
    corrected = (*story, Recorded(CASE, len(story) + 1, mending, by))
    assert owed(corrected) == owed(right)


def _tag(recorded: Recorded) -> str:
    return stories.topic(recorded.event)


@LIVES
@given(life=deeds("pregnancy"), results=st.lists(st.sampled_from(["reaktif", "nonreaktif"]), min_size=1, max_size=3))
def test_a_restricted_result_reaches_neither_kader_nor_desa(life: list[Deed], results: list[str]) -> None:
    """Not by value, reason, sign, count or absence: what they list and read is the same without it."""
    plain = told("pregnancy", life)
    story = plain
    tests = ("hiv", "sifilis", "hbsag")
    for nth, (test, result) in enumerate(zip(tests, results, strict=False)):
        said = {"do": "pregnancy.record-lab-result", "test": test, "result": result}
        story = take(story, 900 + nth, Deed(205 + nth, 0, 2, said))
    story = take(story, 950, Deed(215, 0, 4, {"do": "care.start-plan", "reason": "infeksi"}))
    for desk in VILLAGE:
        assert rows(story, desk) == rows(plain, desk)
        assert read(story, desk) == read(plain, desk)
    assert hidden(story, "kader") == hidden(plain, "kader") | set(range(len(plain) + 1, len(story) + 1))


def rows(story: tuple[Recorded, ...], desk: str) -> list[object]:
    folded = stories.fold(story)
    assert folded is not None
    found = lines(CASE, folded, Personal(name="Sari"), owed(story), story)
    return [row for row in found if row[1] == desk]


def read(story: tuple[Recorded, ...], role: Any) -> list[tuple[int, str]]:
    return [(t.number, t.sentence) for t in timeline(story, role, WIB, lambda _: None, limit=1000).told]


@pytest.mark.parametrize("kind", KINDS)
@LIVES
@given(data=st.data())
def test_growing_a_story_event_by_event_is_folding_all_of_it(kind: Kind, data: Any) -> None:
    story = told(kind, data.draw(life(kind)))
    grown = stories.fold(begun(kind))
    for n in range(1, len(story)):
        grown = stories.grow(grown, story[:n], story[n : n + 1])
    assert grown == stories.fold(story)


@pytest.mark.parametrize("kind", KINDS)
@LIVES
@given(data=st.data())
def test_every_event_of_a_life_comes_back_from_the_log_as_it_went_in(kind: Kind, data: Any) -> None:
    for recorded in told(kind, data.draw(life(kind))):
        assert stories.decode(stories.encode(recorded.event)) == recorded.event


@LIVES
@given(life=deeds("child"))
def test_a_child_that_is_gone_makes_no_work_but_what_survives(life: list[Deed]) -> None:
    story = take(told("child", life), 990, Deed(240, 0, 2, {"do": "child.die"}))
    folded = stories.fold(story)
    assert folded is not None
    if folded.died is not None:  # type: ignore[attr-defined]
        survivors = {rule.id for rule in book().protocol.rules if rule.survives}
        assert {o.rule for o in owed(story)} <= survivors


def test_a_late_phone_is_given_a_day_and_the_law_is_not() -> None:
    said = {"do": "person.receive-data-request", "request": str(CASE), "asks": "salinan"}
    story = take(begun("child"), 1, Deed(10, 9, 2, said))
    (request,) = [o for o in owed(story) if o.rule == "X06"]
    assert request.due < _heard(story[-1].by)


def _heard(by: Envelope) -> datetime:
    return by.recorded_at
