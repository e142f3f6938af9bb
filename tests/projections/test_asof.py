"""Two clocks, figures and causes, by stories with names and dates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from domain import stories
from domain.case import Personal
from projections.asof import Clocks, Scope, counting, standing
from projections.coverage import Figure, figures
from projections.lifetimes import Basis, Life, lives
from projections.projection import Folded
from tests.pure.telling import CASE, PLACE, WIB, Telling, at, child, juknis, mother

HERE = Scope("bidan", (PLACE["desa"],), (PLACE["posyandu"],))
BOOK = juknis().book(date(2025, 6, 1))


def budi() -> Telling:
    """Weighed on three days of his months; that of April was told in May, that of March was put right in May."""
    return (
        child("2024-06-02", on="2025-01-05")
        .told("2025-02-05", "kader Ani", "child.measure", kg=8.0)
        .told("2025-03-05", "kader Ani", "child.measure", kg=9.0)
        .told("2025-04-05", "kader Ani", "child.measure", kg=8.5, heard=at("2025-05-03", 9))
        .told("2025-05-04", "bidan Rina", "case.correct", version=3, reason="salah-ketik",
              reads={"is": "child.measured", "on": "2025-03-05", "kg": 8.1})
    )  # fmt: skip


def as_known(telling: Telling, clocks: Clocks) -> Folded | None:
    known = tuple(r for r in telling.story if r.by.recorded_at <= clocks.known)
    read = counting(clocks.happened, clocks.moment(WIB))(known)
    if not read:
        return None
    return Folded(CASE, known, stories.add_up(stories.kind(known), read), Personal(), BOOK)


def april(telling: Telling, clocks: Clocks) -> dict[str, Figure]:
    one = as_known(telling, clocks)
    found = figures([one] if one else [], HERE, date(2025, 4, 1), clocks.moment(WIB))
    return {figure.code: figure for figure in found}


REPORTED = Clocks(at("2025-04-30", 23, 59, 59), date(2025, 4, 30))
LATER = Clocks(at("2025-06-01", 12), date(2025, 4, 30))


def test_april_as_it_was_reported_and_april_with_what_came_later_are_two_figures() -> None:
    reported, later = april(budi(), REPORTED), april(budi(), LATER)
    assert [reported[code].count for code in ("S", "D", "L", "terlambat")] == [1, 0, 1, 0]
    assert [later[code].count for code in ("S", "D", "L", "terlambat")] == [1, 1, 0, 1]


def test_what_was_put_right_later_is_read_right_in_april_as_it_is_told_now() -> None:
    """The nine kilograms of March were a slip of the pen; against the true ones he gained four hundred grams."""
    assert april(budi(), LATER)["N"].count == 1
    wrong = Clocks(at("2025-05-03", 12), date(2025, 4, 30))
    assert april(budi(), wrong)["T"].count == 1


def test_every_figure_is_the_count_of_its_cases_and_lies_within_its_denominator() -> None:
    for clocks in (REPORTED, LATER):
        found = april(budi(), clocks)
        for figure in found.values():
            assert figure.count == len(set(figure.cases))
            assert figure.of is None or set(figure.cases) <= set(found[figure.of].cases)


def test_a_mother_counts_until_she_has_given_birth_and_her_tablets_until_then() -> None:
    sari = mother().told("2025-02-20", "bidan Rina", "pregnancy.record-antenatal-visit", by="bidan")
    sari.told("2025-03-01", "bidan Rina", "pregnancy.give-tablets", count=90, kind="mms")
    found = april(sari, LATER)
    assert [found[code].count for code in ("bumil", "K1", "TTD90", "S")] == [1, 1, 1, 0]


def test_a_weighing_heard_of_late_has_its_task_on_the_day_it_should_have_been_told() -> None:
    sick = child("2024-06-02", on="2025-01-05").told("2025-03-05", "kader Ani", "child.measure", kg=8.0)
    sick.told("2025-04-05", "kader Ani", "child.measure", kg=7.9, heard=at("2025-05-03", 9))
    then, now = Clocks(at("2025-04-10", 20)), Clocks(at("2025-06-01", 12), date(2025, 4, 10))
    rules = [rules_of(sick, clocks) for clocks in (then, now)]
    assert "C09" not in rules[0]
    assert "C09" in rules[1]


def rules_of(telling: Telling, clocks: Clocks) -> set[str]:
    one = as_known(telling, clocks)
    assert one is not None
    return {found.rule for found in standing([one], HERE, clocks.moment(WIB))}


def test_a_case_is_not_there_before_it_was_begun_whichever_clock_is_asked() -> None:
    assert as_known(budi(), Clocks(at("2025-01-04", 12))) is None
    assert as_known(budi(), Clocks(at("2025-06-01", 12), date(2025, 1, 4))) is None


# Why a task came and why it went


def told(telling: Telling, until: str = "2025-12-01", bases: list[Basis] | None = None) -> dict[str, list[Life]]:
    first = telling.story[0].by.recorded_at
    found = lives(telling.story, bases or [Basis(first, "edition", BOOK)], at(until, 12))
    by_rule: dict[str, list[Life]] = {}
    for life in reversed([one for one in found if one.at.desk == one.last.owner]):
        by_rule.setdefault(life.at.rule, []).append(life)
    return by_rule


def faltering() -> Telling:
    return (
        child("2024-06-02", on="2025-01-05")
        .told("2025-02-05", "kader Ani", "child.measure", kg=8.0)
        .told("2025-03-05", "kader Ani", "child.measure", kg=7.9)
    )


def c09(telling: Telling, **how: Any) -> Life:
    return told(telling, **how)["C09"][0]


def test_a_task_came_by_the_weighing_that_it_rests_on_and_goes_by_the_next() -> None:
    life = c09(faltering().told("2025-04-05", "kader Wati", "child.measure", kg=8.6))
    assert (life.by.how, life.by.version, life.came) == ("recorded", 3, at("2025-03-05", 10))
    assert life.through is not None
    assert (life.through.how, life.through.version, life.went) == ("recorded", 4, at("2025-04-05", 10))


def test_a_task_that_was_put_off_or_handed_on_was_not_done() -> None:
    key = c09(faltering()).at.key
    aside = c09(faltering().told("2025-03-06", "bidan Rina", "case.set-aside", rule="C09", key=key,
                                 reason="tidak-ditemukan", until="2025-03-12"))  # fmt: skip
    assert aside.through is not None
    assert (aside.through.how, aside.went) == ("set-aside", at("2025-03-06", 10))
    handed = c09(faltering().told("2025-03-06", "puskesmas-tpg Dewi", "case.reassign", rule="C09", key=key,
                                  desk="kader", reason="petugas-tidak-ada"))  # fmt: skip
    assert handed.through is not None
    assert handed.through.how == "handed-over"


def test_a_mistake_that_is_taken_back_takes_its_task_along() -> None:
    life = c09(faltering().told("2025-03-06", "bidan Rina", "case.retract", version=3, reason="salah-orang"))
    assert life.through is not None
    assert (life.through.how, life.through.version) == ("recorded", 4)


def test_an_edition_without_the_rule_takes_its_tasks_along() -> None:
    telling = faltering()
    rules = tuple(rule for rule in BOOK.protocol.rules if rule.id != "C09")
    later = replace(BOOK, protocol=replace(BOOK.protocol, edition="2025-april", rules=rules))
    bases = [Basis(telling.story[0].by.recorded_at, "edition", BOOK), Basis(at("2025-03-07"), "edition", later)]
    life = c09(telling, bases=bases)
    assert life.through is not None
    assert (life.through.how, life.through.edition, life.went) == ("edition", "2025-april", at("2025-03-07"))


def test_a_lighter_task_goes_into_the_heavier_one_on_its_day() -> None:
    """The doses of nine months are among those a child of ten months has to catch up with."""
    life = told(child("2024-06-02", on="2025-01-05"))["C29"][0]
    assert life.by.how == "calendar"
    assert life.through is not None
    assert (life.through.how, life.through.rule, life.through.version) == ("absorbed", "C30", None)


@pytest.mark.parametrize("moment", [at("2025-03-05", 9), at("2025-03-05", 10), at("2025-03-20", 12)])
def test_whoever_asks_later_gets_the_same_past(moment: datetime) -> None:
    def until_then(found: dict[str, list[Life]]) -> set[tuple[Any, ...]]:
        return {(life.at, life.came) for lives_ in found.values() for life in lives_ if life.came <= moment}

    long = faltering().told("2025-06-08", "bidan Rina", "child.measure", kg=8.9)
    assert until_then(told(faltering(), until="2025-04-01")) == until_then(told(long))
