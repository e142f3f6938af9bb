"""A task given to another desk, what stays when a case has ended, and who is told of what is late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.case import Refused
from domain.protocol import Book, Protocol, Rule, Step, Supervision
from tests.pure.telling import Telling, at, child, day, juknis
from tests.pure.test_protocol import Needs, need, rule

STEPS = (Step("kader"), Step("bidan", "due"), Step("puskesmas-tpg", "2due"))
V01 = Supervision(id="V01", over=("kader",), task="Bantu", source="Uji", status="proposal")
V11 = Supervision(
    id="V11", over=("kader", "bidan"), task="Telepon", source="Uji", status="proposal", desk="kecamatan",
    opens="2due", priorities=(0,),
)  # fmt: skip


def book(*rules: Rule) -> Book:
    whole = juknis().book(day("2025-01-01"))
    return replace(whole, protocol=Protocol("uji", day("2025-01-01"), "Uji", rules, (V01, V11)))


def desks(telling: Telling, *rules: Rule) -> list[tuple[str, bool, str]]:
    (task,) = telling.owed(book(*rules))
    return [(d.desk, d.supervision, d.under) for d in task.desks]


def test_what_is_late_is_told_under_the_row_of_supervision() -> None:
    assert desks(child(), rule(steps=STEPS)) == [
        ("kader", False, ""), ("bidan", True, "V01"), ("puskesmas-tpg", True, "V01"),
    ]  # fmt: skip


def test_the_kecamatan_is_told_of_an_emergency_that_lasts_twice_its_time() -> None:
    urgent = replace(rule("X1", need(heard=at("2025-03-04", 10)), due="24h", steps=STEPS[:2]), priority=0)
    (task,) = child().owed(book(urgent))
    told = {d.desk: (d.opens, d.under) for d in task.desks}
    assert told["kecamatan"] == (at("2025-03-04", 10) + timedelta(hours=48), "V11")


def test_a_task_that_is_no_emergency_never_comes_to_the_kecamatan() -> None:
    assert "kecamatan" not in [desk for desk, _, _ in desks(child(), rule(steps=STEPS))]


def handed(to: str = "bidan", on: str = "2025-03-06", **fields: Any) -> Telling:
    told = {"rule": "X1", "desk": to, "reason": "petugas-tidak-ada", **fields}
    return child().told(on, "puskesmas-tpg Dewi", "case.reassign", **told)


def test_a_task_given_to_the_bidan_is_hers_from_that_day() -> None:
    (task,) = handed().owed(book(rule(steps=STEPS)))
    assert [(d.desk, d.supervision) for d in task.desks] == [("bidan", False), ("puskesmas-tpg", True)]
    assert task.owner == "bidan"
    assert task.desks[0].opens == at("2025-03-06")
    assert task.due == at("2025-03-11", 23, 59, 59)


def test_only_the_task_that_was_meant_changes_hands() -> None:
    assert desks(handed(key="2025-04"), rule(steps=STEPS))[0] == ("kader", False, "")
    assert desks(handed(rule="X2"), rule(steps=STEPS))[0] == ("kader", False, "")


def test_a_need_that_arises_later_is_the_first_desks_again() -> None:
    assert desks(handed(), rule("X1", need("2025-04-01"), steps=STEPS))[0] == ("kader", False, "")


def test_a_restricted_task_cannot_be_given_to_kader_or_desa() -> None:
    secret = rule(steps=(Step("puskesmas-dr"), Step("kabupaten", "due")), restricted=True)
    assert desks(handed("kader"), secret)[0][0] == "puskesmas-dr"
    assert desks(handed("bidan"), secret)[0][0] == "bidan"


def test_a_restricted_row_may_not_name_kader_or_desa() -> None:
    with pytest.raises(ValueError, match="aturan tertutup tidak boleh sampai ke meja kader"):
        rule(steps=STEPS, restricted=True)


def test_when_a_child_has_died_only_what_survives_is_owed() -> None:
    dead = child().told("2025-03-10", "bidan Rina", "child.die")
    owed = dead.owed(book(rule("X1", steps=STEPS), rule("X2", steps=STEPS, survives=True)))
    assert [o.rule for o in owed] == ["X2"]


def test_a_rule_may_look_for_several_signs() -> None:
    both = replace(rule(), when=(Needs(evidence=(need(key="a"),)), Needs(evidence=(need(key="b"),))))
    assert [o.key for o in child().owed(book(both))] == ["a", "b"]


def test_a_task_cannot_be_put_off_into_the_past() -> None:
    with pytest.raises(Refused, match="until-not-later"):
        child().told("2025-03-06", "kader Ani", "case.set-aside", rule="X1", reason="lain", until="2025-03-06")
