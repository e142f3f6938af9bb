"""The engine: when a task opens, when it is due, who sees it, what hides it. Signs of its own say what is needed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.case import Evidence, zone
from domain.protocol import Book, Obligation, Protocol, Rule, Step, edition_on, state
from domain.signs.sign import PersonSign
from tests.pure.telling import PLACE, Telling, at, child, day, juknis


class Needs(PersonSign, frozen=True, tag="test-needs"):
    """Says what the test tells it to."""

    evidence: tuple[Evidence, ...]

    def of(self, person: object, chart: object) -> tuple[Evidence, ...]:
        return self.evidence


def need(since: str = "2025-03-04", **fields: Any) -> Evidence:
    return Evidence(says="Sebab.", events=(1,), since=day(since), **fields)


def rule(
    id: str = "X1", *evidence: Evidence, due: str = "7d", steps: tuple[Step, ...] = (Step("kader"),), **rest: Any
) -> Rule:
    needs: Any = Needs(evidence=evidence or (need(),))
    return Rule(
        id=id, when=needs, task="Kerjakan", form="care.visit-home", priority=3, due=due, steps=steps, source="Uji",
        status="proposal", **rest,
    )  # fmt: skip


def book(*rules: Rule) -> Book:
    whole = juknis().book(day("2025-01-01"))
    return replace(whole, protocol=Protocol("uji", day("2025-01-01"), "Uji", rules))


def owed(*rules: Rule, of: Telling | None = None) -> list[Obligation]:
    return list((of or child()).owed(book(*rules)))


# Due


def test_seven_days_end_with_the_seventh_day() -> None:
    (task,) = owed(rule(due="7d"))
    assert (task.opens, task.due) == (at("2025-03-04"), at("2025-03-11", 23, 59, 59))


def test_twenty_four_hours_run_from_the_hour_it_was_heard() -> None:
    (task,) = owed(rule("X1", need(heard=at("2025-03-04", 10)), due="24h"))
    assert (task.opens, task.due) == (at("2025-03-04", 10), at("2025-03-05", 10))


def test_what_is_heard_days_later_opens_then_and_leaves_at_most_a_day() -> None:
    (task,) = owed(rule("X1", need(heard=at("2025-03-20", 10)), due="7d"))
    assert (task.opens, task.due) == (at("2025-03-20", 10), at("2025-03-21", 10))


def test_what_is_heard_late_but_within_its_time_keeps_its_time() -> None:
    (task,) = owed(rule("X1", need(heard=at("2025-03-06", 10)), due="7d"))
    assert task.due == at("2025-03-11", 23, 59, 59)


def test_an_alarm_heard_the_next_day_began_when_its_own_day_ended() -> None:
    (task,) = owed(rule("X1", need(heard=at("2025-03-05", 6)), due="24h"))
    assert task.due == at("2025-03-06", 6)


def test_a_clock_of_the_law_is_never_extended() -> None:
    (task,) = owed(rule("X1", need(heard=at("2025-03-20", 10)), due="72h", legal=True))
    assert task.due == at("2025-03-07", 23, 59, 59)


def test_a_window_ends_with_its_last_day() -> None:
    (task,) = owed(rule("X1", need(by=day("2025-03-31")), due="window"))
    assert task.due == at("2025-03-31", 23, 59, 59)


@pytest.mark.parametrize(("province", "hours"), [("36", 7), ("72", 8), ("64", 8), ("91", 9), ("81", 9)])
def test_days_and_windows_are_those_of_the_place(province: str, hours: int) -> None:
    there = Telling().told("2025-01-05", "kader Ani", "child.register", born="2024-06-02", sex="L",
                           desa=f"{province}01012001", posyandu=f"{province}01012001.01")  # fmt: skip
    (task,) = owed(rule("X1", need(by=day("2025-03-31")), due="window"), of=there)
    assert task.opens.utcoffset() == zone(province).utcoffset(None) == timedelta(hours=hours)
    assert (task.opens.hour, task.opens.minute) == (0, 0)
    assert task.due.isoformat() == f"2025-03-31T23:59:59+0{hours}:00"


@pytest.mark.parametrize("due", ["7", "d", "7 hari", "", "1w"])
def test_a_due_without_a_unit_is_refused(due: str) -> None:
    with pytest.raises(ValueError, match="tenggat tidak terbaca"):
        rule(due=due)


# Desks


def test_the_next_desks_are_told_at_the_due_moment_and_at_twice_the_time() -> None:
    steps = (
        Step("kader"),
        Step("bidan", "due"),
        Step("puskesmas-tpg", "2due"),
        Step("desa", "3d"),
        Step("kecamatan", "half"),
    )
    (task,) = owed(rule(due="24h", steps=steps))
    assert [(d.desk, d.opens, d.supervision) for d in task.desks] == [
        ("kader", at("2025-03-04"), False),
        ("bidan", at("2025-03-05"), True),
        ("puskesmas-tpg", at("2025-03-06"), True),
        ("desa", at("2025-03-07"), True),
        ("kecamatan", at("2025-03-04", 12), True),
    ]


def test_a_desk_that_shares_a_task_from_the_start_does_not_supervise_it() -> None:
    (task,) = owed(rule(steps=(Step("puskesmas-tpg"), Step("bidan"), Step("puskesmas-dr", "due"))))
    assert [(d.desk, d.supervision) for d in task.desks] == [
        ("puskesmas-tpg", False),
        ("bidan", False),
        ("puskesmas-dr", True),
    ]


def test_a_branch_has_desks_of_its_own() -> None:
    branches = {"preterm": (Step("puskesmas-tpg"),)}
    (task,) = owed(rule("X1", need(branch="preterm"), branches=branches))
    assert [d.desk for d in task.desks] == ["puskesmas-tpg"]


# What hides it


def test_a_lighter_task_is_hidden_from_the_moment_the_heavier_one_opens() -> None:
    light = rule("X1", need("2025-03-04"))
    heavy = rule("X2", need("2025-03-10"), absorbs=("X1",))
    tasks = {o.rule: o for o in owed(light, heavy)}
    assert tasks["X1"].until == at("2025-03-10")
    assert state(tasks["X1"], at("2025-03-09", 23)) == "open"
    assert state(tasks["X1"], at("2025-03-10")) == "gone"


def test_a_lighter_task_that_opens_under_a_heavier_one_is_not_there() -> None:
    light = rule("X1", need("2025-03-12"))
    heavy = rule("X2", need("2025-03-10"), absorbs=("X1",))
    assert [o.rule for o in owed(light, heavy)] == ["X2"]


def test_a_lighter_task_comes_back_when_the_heavier_one_goes_by_itself() -> None:
    light = rule("X1", need("2025-03-12"))
    heavy = rule("X2", need("2025-03-10", until=day("2025-03-20")), absorbs=("X1",))
    tasks = {o.rule: o for o in owed(light, heavy)}
    assert tasks["X1"].opens == at("2025-03-20")


def test_what_rests_on_a_doubted_event_waits_and_the_rest_does_not() -> None:
    doubt = rule("X1", replace(need(), events=(7,)))
    resting = rule("X2", replace(need(), events=(3, 7)), not_from=("X1",))
    other = rule("X3", replace(need(), events=(3,)), not_from=("X1",))
    assert [o.rule for o in owed(doubt, resting, other)] == ["X1", "X3"]


def test_a_closed_case_owes_nothing_and_a_reopened_one_does_again() -> None:
    budi = child().told("2025-03-05", "bidan Rina", "case.close", reason="bukan-sasaran")
    assert owed(rule(), of=budi) == []
    budi.told("2025-03-06", "bidan Rina", "case.reopen", reason="salah-tutup")
    assert len(owed(rule(), of=budi)) == 1


# Set aside


def aside(budi: Telling, **fields: Any) -> Telling:
    told = {"rule": "X1", "reason": "tidak-ditemukan", "until": "2025-03-20", **fields}
    return budi.told("2025-03-05", "kader Ani", "case.set-aside", **told)


def test_a_task_set_aside_is_unseen_until_its_day_and_due_no_earlier() -> None:
    (task,) = owed(rule(steps=(Step("kader"), Step("bidan", "due"))), of=aside(child()))
    assert (task.opens, task.due) == (at("2025-03-20"), at("2025-03-20", 23, 59, 59))
    assert [d.opens for d in task.desks] == [at("2025-03-20"), at("2025-03-20", 23, 59, 59)]
    assert task.since == day("2025-03-04")


def test_setting_one_month_aside_leaves_the_next_one_alone() -> None:
    tasks = owed(rule("X1", need(key="2025-03"), need("2025-04-11", key="2025-04")), of=aside(child(), key="2025-03"))
    assert [o.opens for o in tasks] == [at("2025-03-20"), at("2025-04-11")]


def test_a_word_from_before_the_need_does_not_put_it_off() -> None:
    (task,) = owed(rule("X1", need("2025-03-10")), of=aside(child()))
    assert task.opens == at("2025-03-10")


def test_setting_another_rule_aside_changes_nothing() -> None:
    (task,) = owed(rule(), of=aside(child(), rule="X2"))
    assert task.opens == at("2025-03-04")


# How it stands


def test_a_task_is_coming_then_open_then_late_then_gone() -> None:
    (task,) = owed(rule("X1", need(until=day("2025-03-20"))))
    moments = [
        at("2025-03-03", 23, 59),
        at("2025-03-04"),
        at("2025-03-11", 23, 59, 59),
        at("2025-03-12"),
        at("2025-03-20"),
    ]
    assert [state(task, moment) for moment in moments] == ["coming", "open", "open", "late", "gone"]


def test_the_edition_of_a_day_is_the_newest_that_was_valid_by_then() -> None:
    old = Protocol("2025", day("2025-01-01"), "Lama", ())
    new = Protocol("2026", day("2026-01-01"), "Baru", ())
    assert edition_on([new, old], day("2025-12-31")) is old
    assert edition_on([new, old], day("2026-01-01")) is new
    assert edition_on([new, old], day("2020-01-01")) is old


def test_every_place_has_its_own_posyandu_day() -> None:
    budi = child().told("2025-02-05", "kader Ani", "child.measure", kg=8.0)
    whole = replace(juknis().book(day("2025-01-01")), session_days={PLACE["posyandu"]: 17})
    assert next(o for o in budi.owed(whole) if o.rule == "C03").since == day("2025-03-17")
