"""Every story in juknis/contoh, told through decide and fold as the write door does, must give the lists it names."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest

from domain import child, stories
from domain.protocol import Book, state
from service.juknis import Juknis, read_juknis
from service.rulebook.contoh import Daftar, Told, read_contoh
from service.settings import root


@cache
def juknis() -> Juknis:
    return read_juknis(root() / "juknis")


@cache
def book(edition: str, day: date) -> Book:
    return juknis().book(day) if edition == "2025" else juknis().book_of(edition)


STORIES = read_contoh(root() / "juknis" / "contoh")
EXPECTED = [
    pytest.param(told, daftar, id=f"{told.name}-{daftar.pada}-{daftar.meja}")
    for told in STORIES
    for daftar in told.contoh.daftar
]
RULES = juknis().edition("2025").protocol.rules


def of_day(told: Told, day: date) -> Book:
    return book(told.contoh.edisi, day)


@pytest.mark.parametrize(("told", "daftar"), EXPECTED)
def test_the_desk_has_on_its_list_what_the_story_says(told: Told, daftar: Daftar) -> None:
    assert list(told.wrong(of_day(told, daftar.pada), daftar)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_every_rule_has_a_story_in_which_it_comes_and_goes(rule: Any) -> None:
    assert any(comes_and_goes(told, rule.id, rule.steps[0].desk) for told in STORIES), (
        f"tidak ada contoh yang menunjukkan {rule.id} datang di meja {rule.steps[0].desk} lalu hilang"
    )


def test_every_row_of_supervision_has_a_story_in_which_somebody_is_told_by_it() -> None:
    told_by = {name for told in STORIES for daftar in told.contoh.daftar for name in daftar.ada}
    assert {row.id for row in juknis().edition("2025").protocol.supervision} <= told_by


@pytest.mark.parametrize("rule", [r for r in RULES if len(r.steps) > 1], ids=lambda r: r.id)
def test_every_rule_has_a_story_in_which_the_next_desk_is_told(rule: Any) -> None:
    later = {step.desk for step in rule.steps[1:] if step.opens != "0d"}
    if not later:
        pytest.skip("every desk of this rule sees it from the start")
    assert any(not_yet_then_there(told, rule.id, desk) for told in STORIES for desk in later), (
        f"tidak ada contoh yang menunjukkan {rule.id} naik ke salah satu meja {sorted(later)}"
    )


@pytest.mark.parametrize("told", STORIES, ids=lambda t: t.name)
def test_no_task_stands_on_the_lists_twice(told: Told) -> None:
    for moment in sorted({d.moment for d in told.contoh.daftar}):
        owed = told.owed(of_day(told, moment.date()), moment)
        keys = [(o.rule, o.key) for o in owed if state(o, moment) in ("open", "late")]
        assert len(keys) == len(set(keys)), f"{told.name} {moment}: {sorted(keys)}"


def lists(told: Told, desk: str) -> list[Daftar]:
    return sorted((d for d in told.contoh.daftar if d.meja == desk), key=lambda d: d.moment)


def rules(names: tuple[str, ...]) -> set[str]:
    return {name.partition(" ")[0] for name in names}


def comes_and_goes(told: Told, rule: str, desk: str) -> bool:
    there = [d.moment for d in lists(told, desk) if rule in rules(d.ada)]
    gone = [d.moment for d in lists(told, desk) if rule in d.tidak]
    return bool(there and gone) and min(there) < max(gone)


def not_yet_then_there(told: Told, rule: str, desk: str) -> bool:
    """Absent there on the day before, or at a moment of the same day."""
    absent = [d.moment for d in lists(told, desk) if rule in rules(d.tidak)]
    there = [d.moment for d in lists(told, desk) if rule in rules(d.ada)]
    return any(0 < (t - a).total_seconds() <= 24 * 3600 for a in absent for t in there)


def test_a_story_says_which_rules_it_shows() -> None:
    for told in STORIES:
        named = {name for d in told.contoh.daftar for name in rules(d.ada)}
        assert set(told.contoh.aturan) <= named, told.path.name


def test_an_event_that_is_noted_in_one_step_adds_up_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    quickly = [stories.fold(told.story) for told in STORIES]
    monkeypatch.setattr(child, "_PARTICULAR", frozenset(stories.EVENTS))
    assert [stories.fold(told.story) for told in STORIES] == quickly
