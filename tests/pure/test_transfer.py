"""Where a case belongs: who asked, who answers, and which place held it on which day."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import stories
from domain.case import Recorded, Refused
from domain.former import Former
from domain.person import Person, RecordsAbsorbed, along, by_former_desk, moved, open_transfer
from tests.pure.telling import PLACE, Telling, child, mother, weighed

MELATI, MAWAR, ANGGREK = ("3603332001.01", "3603332001.02", "3603332002.01")


def at(posyandu: str) -> dict[str, str]:
    return {"desa": posyandu.split(".")[0], "posyandu": posyandu}


def person(telling: Telling) -> Person:
    state = stories.fold(telling.story)
    assert isinstance(state, Person)
    return state


def places(telling: Telling) -> list[tuple[str, date | None, date]]:
    return [(place.posyandu, place.since, place.until) for place in person(telling).former]


def test_a_case_remembers_until_which_day_each_place_held_it() -> None:
    budi = child().told("2025-02-03", "kader Ani", "child.move", **at(MAWAR))
    budi.told("2025-03-03", "kader Wati", "person.request-transfer", **at(ANGGREK))
    budi.told("2025-03-05", "kader Ani", "person.accept-transfer", **at(ANGGREK))
    assert places(budi) == [
        (MELATI, None, date(2025, 2, 3)),
        (MAWAR, date(2025, 2, 3), date(2025, 3, 5)),
    ]
    assert person(budi).posyandu == ANGGREK


def test_a_pregnancy_is_moved_in_the_same_way() -> None:
    sari = mother().told("2025-03-03", "kader Ani", "person.request-transfer", offer=True, **at(ANGGREK))
    sari.told("2025-03-05", "kader Wati", "person.accept-transfer", **at(ANGGREK))
    assert (person(sari).desa, person(sari).posyandu) == ("3603332002", ANGGREK)
    assert places(sari) == [(MELATI, None, date(2025, 3, 5))]


def test_a_child_registered_in_another_posyandu_than_it_was_reported_in_was_held_by_both() -> None:
    who = {"born": "2025-01-02", "sex": "L"}
    baby = Telling().told("2025-01-03", "kader Ani", "child.report", **at(MELATI))
    baby.told("2025-01-10", "puskesmas-tpg Dewi", "child.register", **who, **at(MAWAR))
    assert (person(baby).posyandu, places(baby)) == (MAWAR, [(MELATI, None, date(2025, 1, 10))])


def test_a_late_registration_does_not_bring_a_child_back() -> None:
    who = {"born": "2025-01-02", "sex": "L"}
    baby = Telling().told("2025-01-03", "kader Ani", "child.report", **at(MELATI))
    baby.told("2025-01-10", "kader Ani", "child.move", **at(ANGGREK))
    baby.told("2025-01-10", "kader Ani", "child.register", **who, **at(MELATI))
    assert (person(baby).posyandu, places(baby)) == (ANGGREK, [(MELATI, None, date(2025, 1, 10))])


def test_a_new_address_in_the_same_posyandu_is_no_transfer() -> None:
    assert places(child().told("2025-02-03", "kader Ani", "child.move", **PLACE)) == []


def test_moving_out_of_the_kabupaten_leaves_the_last_place_what_it_was() -> None:
    gone = child().told("2025-02-03", "kader Ani", "child.move")
    assert (places(gone), person(gone).posyandu) == ([], MELATI)


def test_a_move_that_is_taken_back_never_was() -> None:
    budi = child().told("2025-02-03", "kader Ani", "child.move", **at(MAWAR))
    budi.told("2025-02-04", "kader Ani", "case.retract", version=2, reason="salah-orang")
    assert (places(budi), person(budi).posyandu) == ([], MELATI)


@pytest.mark.parametrize(
    ("on", "held"), [("2025-01-01", True), ("2025-03-05", True), ("2025-03-06", False)], ids=["before", "on", "after"]
)
def test_a_place_holds_a_case_to_the_end_of_the_day_of_the_transfer(on: str, held: bool) -> None:
    assert Former(*PLACE.values(), None, date(2025, 3, 5), 2).held(date.fromisoformat(on)) is held


def test_a_place_that_came_second_holds_nothing_before_its_time() -> None:
    assert not Former(*PLACE.values(), date(2025, 2, 3), date(2025, 3, 5), 3).held(date(2025, 2, 2))


ASKED: dict[str, Any] = {"do": "person.request-transfer", **at(ANGGREK)}
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "no-transfer-requested": ("2025-03-06", {"do": "person.refuse-transfer", "reason": "lain"}),
    "transfer-other-place": ("2025-03-06", {"do": "person.accept-transfer", **at(MAWAR)}),
    "before-transfer-request": ("2025-03-02", {"do": "person.accept-transfer", **at(ANGGREK)}),
    "already-in-posyandu": ("2025-03-06", {"do": "person.request-transfer", **PLACE}),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_no_answer_to_the_request_is_refused(code: str) -> None:
    budi = child()
    if code != "no-transfer-requested":
        budi.told("2025-03-03", "kader Wati", **ASKED)
    on, said = REFUSED[code]
    with pytest.raises(Refused, match=code):
        budi.told(on, "kader Ani", **said)


def test_after_a_refusal_it_may_be_asked_again() -> None:
    budi = child().told("2025-03-03", "kader Wati", **ASKED)
    budi.told("2025-03-04", "kader Ani", "person.refuse-transfer", reason="alamat-tidak-jelas")
    assert open_transfer(person(budi)) is None
    budi.told("2025-03-05", "kader Wati", **ASKED)
    budi.told("2025-03-06", "kader Ani", "person.accept-transfer", **at(ANGGREK))
    assert person(budi).posyandu == ANGGREK


def test_a_child_that_has_moved_meanwhile_is_asked_for_no_longer() -> None:
    budi = child().told("2025-03-03", "kader Wati", **ASKED)
    budi.told("2025-03-04", "kader Ani", "child.move", **at(ANGGREK))
    assert (open_transfer(person(budi)), budi.of("X04")) == (None, None)


def test_the_task_of_an_offer_stands_where_the_case_may_go() -> None:
    offered = child().told("2025-03-03", "kader Ani", **ASKED, offer=True).must("X04")
    assert (offered.desa, offered.place) == ("3603332002", ANGGREK)
    asked = child().told("2025-03-03", "kader Wati", **ASKED).must("X04")
    assert (asked.desa, asked.place) == ("", "")


# Who told it, and for which place


def in_unit(told: Recorded, unit: str) -> Recorded:
    return replace(told, by=replace(told.by, unit=unit))


def answers_for(recorded: Recorded, desa: str, posyandu: str) -> bool:
    return recorded.by.unit in (desa, posyandu)


def late(budi: Telling, unit: str) -> list[int]:
    state = person(budi)
    return [r.version for r in budi.story if by_former_desk(state, in_unit(r, unit), answers_for)]


def test_only_what_was_heard_after_the_move_is_by_a_former_desk() -> None:
    budi = weighed("2024-06-02", ("2025-01-06", 6.1)).told("2025-02-03", "kader Ani", "child.move", **at(ANGGREK))
    budi.told("2025-02-03", "kader Ani", "child.measure", kg=6.4)
    assert late(budi, MELATI) == [4]
    assert late(budi, ANGGREK) == []
    assert late(budi, "3603332001") == [4], "her bidan, too"


def test_a_desk_that_holds_the_case_again_is_no_former_one() -> None:
    budi = child().told("2025-02-03", "kader Ani", "child.move", **at(ANGGREK))
    budi.told("2025-02-03", "kader Ani", "child.measure", kg=6.4)
    budi.told("2025-03-03", "kader Wati", "child.move", **at(MELATI))
    budi.told("2025-03-04", "kader Ani", "child.measure", kg=6.6)
    weighed_first, weighed_again = 3, 5
    assert weighed_first in late(budi, MELATI)
    assert weighed_again not in late(budi, MELATI)
    assert weighed_again in late(budi, ANGGREK)


def test_a_former_desk_that_asks_for_the_case_is_not_late() -> None:
    budi = child().told("2025-02-03", "kader Ani", "child.move", **at(ANGGREK))
    budi.told("2025-02-04", "kader Ani", "person.request-transfer", **PLACE)
    assert late(budi, MELATI) == []


# Two cases of one person

OTHER = UUID(int=7)


def absorbed(budi: Telling, on: str) -> Telling:
    first = budi.story[0]
    told = replace(first, version=len(budi.story) + 1, event=RecordsAbsorbed(on=date.fromisoformat(on), other=OTHER))
    budi.story = (*budi.story, told)
    return budi


def test_a_merged_case_goes_along_with_the_one_that_carries_it_on() -> None:
    into = absorbed(child(), "2025-02-01").told("2025-02-03", "kader Ani", "child.move", **at(ANGGREK))
    went = along(person(child()), OTHER, person(into))
    assert went.posyandu == ANGGREK
    assert [(p.posyandu, p.until) for p in went.former] == [(MELATI, date(2025, 2, 3))]


def test_a_case_merged_into_one_that_had_left_before_stays_where_it_is() -> None:
    into = absorbed(child().told("2025-02-03", "kader Ani", "child.move", **at(ANGGREK)), "2025-02-04")
    assert along(person(child()), OTHER, person(into)) == person(child())


def test_what_a_desk_tells_under_a_merged_number_after_the_merge_is_by_a_former_desk() -> None:
    younger = moved(person(child()), "3603332002", ANGGREK, date(2025, 1, 20), 2)
    into = absorbed(child().told("2025-01-25", "kader Ani", "child.move", **at(MAWAR)), "2025-02-01")
    into.told("2025-01-20", "kader Ani", "child.measure", kg=6.4)
    into.story = (*into.story[:-1], in_unit(into.story[-1], ANGGREK))
    assert by_former_desk(person(into), into.story[-1], answers_for, [(OTHER, younger)])
    assert not by_former_desk(person(into), in_unit(into.story[-1], MAWAR), answers_for, [(OTHER, younger)])
