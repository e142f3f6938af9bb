"""What is told of the past of every life is what stood there: its places, its tasks, their coming and their going."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import stories
from domain.case import Kind, Personal, Recorded
from domain.protocol import Book, edition_on
from projections import asof, queue
from projections.lifetimes import At, Basis, Life, lives
from projections.projection import Folded
from projections.whereabouts import places
from service.juknis import read_juknis
from service.settings import root
from tests.properties.lives import BEGUN, CASE, WIB, deeds, told

KINDS: tuple[Kind, ...] = ("child", "pregnancy", "family")
LIVES = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
CHANGE = datetime(2025, 4, 1, tzinfo=WIB)


@cache
def books() -> tuple[Book, Book]:
    """An edition, and one that comes after it: other deadlines, a rule less, another day of the posyandu."""
    first = read_juknis(root() / "juknis").book_of("2025")
    rules = tuple(replace(r, due="3d") for r in first.protocol.rules if r.id not in ("C05", "B03"))
    later = replace(first.protocol, edition="2025-april", valid_from=CHANGE.date(), rules=rules)
    return first, replace(first, protocol=later, session_days={"3603332001.01": 25})


def at(moment: datetime) -> Book:
    first, later = books()
    on = moment.astimezone(WIB).date()
    return first if edition_on([first.protocol, later.protocol], on) is first.protocol else later


def folded(story: tuple[Recorded, ...], moment: datetime) -> Folded | None:
    known = tuple(r for r in story if r.by.recorded_at <= moment)
    state = stories.fold(known)
    return None if state is None else Folded(CASE, known, state, Personal(), at(moment))


def moments(story: tuple[Recorded, ...]) -> Iterator[datetime]:
    """When something was heard, a moment before it, and some nights in between."""
    for recorded in story:
        for apart in (-timedelta(seconds=1), timedelta(0), timedelta(days=2, hours=3), timedelta(days=33)):
            yield recorded.by.recorded_at + apart
    yield from (CHANGE, CHANGE - timedelta(seconds=1))


@pytest.mark.parametrize("kind", KINDS)
@LIVES
@given(data=st.data())
def test_a_task_stood_between_its_coming_and_its_going_and_at_no_other_time(kind: Kind, data: Any) -> None:
    story = told(kind, data.draw(deeds(kind)))
    until = story[-1].by.recorded_at + timedelta(days=60)
    bases = [Basis(story[0].by.recorded_at, "edition", books()[0])]
    if CHANGE > story[0].by.recorded_at:
        bases.append(Basis(CHANGE, "edition", books()[1]))
    found = lives(story, bases, until)
    for moment in moments(story):
        if moment <= until:
            assert stood(found, moment) == standing(folded(story, moment), moment), moment
    since = data.draw(st.sampled_from(sorted({m for m in moments(story) if story[0].by.recorded_at <= m <= until})))
    of_late = lives(story, bases, until, since)
    assert gone(of_late, since) == gone(found, since)
    assert stood(of_late, since) == stood(found, since)


def gone(found: tuple[Life, ...], since: datetime) -> set[tuple[Any, ...]]:
    """What went after a moment and by what, and what came after it and by what."""
    went = {(life.at, life.went, life.through) for life in found if life.went is not None and life.went > since}
    return went | {(life.at, life.came, life.by) for life in found if life.came > since}


def stood(found: tuple[Life, ...], moment: datetime) -> set[At]:
    return {life.at for life in found if life.came <= moment and (life.went is None or life.went > moment)}


def standing(one: Folded | None, moment: datetime) -> set[At]:
    """By the lines of the list, as the live table would have them."""
    if one is None:
        return set()
    return {
        At(seat.desk, owed.desa or one.state.desa, owed.place or one.state.posyandu, owed.rule, owed.key)
        for owed in one.owed
        for seat in owed.desks
        if seat.opens <= moment and (owed.until is None or owed.until > moment)
    }


@pytest.mark.parametrize("kind", KINDS)
@LIVES
@given(data=st.data())
def test_every_place_in_which_a_case_ever_had_a_line_is_among_its_whereabouts(kind: Kind, data: Any) -> None:
    story = told(kind, data.draw(deeds(kind)))
    known = places(story)
    for n in range(1, len(story) + 1):
        one = folded(story[:n], story[n - 1].by.recorded_at + timedelta(days=365))
        assert one is not None
        rows = queue.lines(one.case, one.state, one.who, one.owed, one.story)
        assert {code for row in rows for code in row[3:5] if code[:4].isdigit()} <= known


@pytest.mark.parametrize("kind", KINDS)
@LIVES
@given(data=st.data())
def test_with_all_days_counting_what_happened_by_today_is_what_is_known(kind: Kind, data: Any) -> None:
    story = told(kind, data.draw(deeds(kind)))
    last = max(r.event.on for r in story) + timedelta(days=1)
    moment = max(r.by.recorded_at for r in story) + timedelta(days=1)
    assert asof.counting(last, moment)(story) == asof.counting(None, moment)(story)


@pytest.mark.parametrize("kind", KINDS)
@LIVES
@given(data=st.data(), days=st.integers(0, 220))
def test_nothing_that_happened_later_and_nothing_heard_later_is_counted(kind: Kind, data: Any, days: int) -> None:
    story = told(kind, data.draw(deeds(kind)))
    on = BEGUN + timedelta(days=days)
    moment = datetime.combine(on, datetime.max.time().replace(microsecond=0), WIB)
    read = asof.counting(on, moment)(story)
    assert all(r.event.on <= on and r.by.recorded_at <= moment for r in read)
    assert [r.version for r in read] == [r.version for r in stories.counting(story) if r.event.on <= on]
