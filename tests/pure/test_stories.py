"""What can have happened and what cannot, and what a story adds up to, for children and pregnancies."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from domain import child as children
from domain import pregnancy as pregnancies
from domain import stories
from domain.case import Elsewhere, Personal, Refused
from tests.pure.telling import CASE, Telling, at, child, mother, weighed


def refused(telling: Telling, on: str, who: str, do: str, **fields: Any) -> str:
    before = telling.story
    with pytest.raises(Refused) as refusal:
        telling.told(on, who, do, **fields)
    assert telling.story == before
    return refusal.value.code


def state(telling: Telling) -> Any:
    return stories.fold(telling.story)


def test_a_story_that_grows_adds_up_as_if_told_at_once() -> None:
    budi = child(born="2024-06-02", on="2025-01-05")
    budi.told("2025-03-05", "kader Ani", "child.measure", kg=7.1)
    budi.told("2025-02-05", "kader Ani", "child.measure", kg=6.9, heard=at("2025-03-06", 9))  # late
    budi.told("2025-03-05", "bidan Rina", "child.measure", kg=7.2)
    budi.told("2025-03-07", "bidan Rina", "case.retract", version=2, reason="salah-ketik")
    budi.told("2025-04-05", "kader Ani", "child.measure", kg=7.4)
    for before in range(len(budi.story)):
        for after in range(before, len(budi.story)):
            story, new = budi.story[:before], budi.story[before : after + 1]
            assert stories.grow(stories.fold(story), story, new) == stories.fold((*story, *new))


# A child


def test_a_child_cannot_be_weighed_before_birth() -> None:
    budi = child(born="2024-06-02")
    assert refused(budi, "2024-06-01", "kader Ani", "child.measure", kg=3.0) == "before-birth"


@pytest.mark.parametrize(
    ("measured", "code"),
    [
        ({"kg": 7100}, "grams-for-kilograms"),
        ({"kg": 0.1}, "weight-impossible"),
        ({"kg": 120}, "weight-impossible"),
        ({"cm": 0.71}, "metres-for-centimetres"),
        ({"cm": 710}, "millimetres-for-centimetres"),
        ({"cm": 15}, "length-impossible"),
        ({"lila": 2}, "lila-impossible"),
        ({"head": 90}, "head-impossible"),
        ({}, "nothing-measured"),
    ],
)
def test_what_no_child_measures_is_refused(measured: dict[str, float], code: str) -> None:
    assert refused(child(), "2025-02-05", "kader Ani", "child.measure", **measured) == code


def test_a_doubtful_weight_is_recorded_for_a_second_look() -> None:
    budi = child().told("2025-02-05", "kader Ani", "child.measure", kg=71)
    assert state(budi).weighings[-1].kg == 71


def test_two_weights_of_one_day_by_two_people_both_stay() -> None:
    budi = child()
    budi.told("2025-02-05", "kader Ani", "child.measure", kg=8.1)
    budi.told("2025-02-05", "bidan Rina", "child.measure", kg=8.4)
    assert [(w.kg, w.actor) for w in state(budi).weighings] == [(8.1, "Ani"), (8.4, "Rina")]


def test_a_late_entry_stands_on_its_own_day() -> None:
    budi = weighed("2024-06-02", ("2025-01-05", 8.0), ("2025-03-05", 8.6))
    budi.told("2025-02-05", "kader Ani", "child.measure", kg=8.3)
    assert [w.kg for w in state(budi).weighings] == [8.0, 8.3, 8.6]


def test_a_corrected_weight_counts_as_if_it_had_been_typed_right() -> None:
    wrong = weighed("2024-06-02", ("2025-01-05", 8.0), ("2025-02-05", 83.0))
    right = weighed("2024-06-02", ("2025-01-05", 8.0), ("2025-02-05", 8.3))
    reads = {"is": "child.measured", "on": "2025-02-05", "kg": 8.3}
    wrong.told("2025-02-06", "kader Ani", "case.correct", version=3, reads=reads, reason="salah-ketik")
    assert [(w.on, w.kg) for w in state(wrong).weighings] == [(w.on, w.kg) for w in state(right).weighings]


def test_a_retracted_weight_counts_for_nothing_and_stays_in_the_story() -> None:
    budi = weighed("2024-06-02", ("2025-01-05", 8.0), ("2025-02-05", 8.3))
    budi.told("2025-02-06", "kader Ani", "case.retract", version=3, reason="salah-orang")
    assert [w.kg for w in state(budi).weighings] == [8.0]
    assert len(budi.story) == 4


def test_a_kader_mends_her_own_entries_only_and_a_bidan_every_one() -> None:
    budi = weighed("2024-06-02", ("2025-01-05", 8.0))
    taken_back = {"version": 2, "reason": "salah-orang"}
    assert refused(budi, "2025-01-06", "kader Wati", "case.retract", **taken_back) == "not-yours-to-mend"
    budi.told("2025-01-06", "bidan Rina", "case.retract", **taken_back)
    assert state(budi).weighings == ()


def test_a_correction_must_itself_be_possible() -> None:
    budi = weighed("2024-06-02", ("2025-01-05", 8.0))
    for reads, code in (
        ({"is": "child.measured", "on": "2025-01-05", "kg": 8000}, "grams-for-kilograms"),
        ({"is": "child.measured", "on": "2024-01-05", "kg": 8}, "before-birth"),
        ({"is": "child.absent", "on": "2025-01-05", "reason": "sakit"}, "correction-of-another-kind"),
        ({"is": "child.sold", "on": "2025-01-05"}, "correction-unreadable"),
        ({"is": "child.measured", "on": "2025-01-05", "kg": 8, "personal": {"name": "x"}}, "identity-in-correction"),
    ):
        answer = refused(budi, "2025-01-06", "kader Ani", "case.correct", version=2, reads=reads, reason="lain")
        assert answer == code


def test_a_birth_date_is_not_corrected_past_what_was_measured() -> None:
    budi = weighed("2024-06-02", ("2024-08-05", 5.0))
    reads = {"is": "child.registered", "on": "2024-08-05", "born": "2024-08-20", "sex": "L", "desa": "3603332001",
             "posyandu": "3603332001.01"}  # fmt: skip
    answer = refused(budi, "2024-09-01", "kader Ani", "case.correct", version=1, reads=reads, reason="salah-ketik")
    assert answer == "events-before-birth"


def test_a_status_is_confirmed_by_a_health_worker_only() -> None:
    assert refused(child(), "2025-02-05", "kader Ani", "child.confirm-status", weight_age="bb-kurang") == (
        "only-nakes-confirm"
    )


def test_nobody_verifies_their_own_measurement() -> None:
    budi = child().told("2025-02-05", "bidan Rina", "child.measure", kg=8.0)
    assert refused(budi, "2025-02-06", "bidan Rina", "child.verify-measurement", version=2) == "verify-own-measurement"
    budi.told("2025-02-06", "bidan Tuti", "child.verify-measurement", version=2)
    assert state(budi).weighings[0].verified


def test_nothing_is_recorded_after_a_death_but_what_was_late() -> None:
    budi = child().told("2025-03-10", "bidan Rina", "child.die", place="rs")
    assert refused(budi, "2025-03-11", "kader Ani", "child.measure", kg=8.0) == "after-death"
    budi.told("2025-03-05", "kader Ani", "child.measure", kg=8.0)
    assert state(budi).died == date(2025, 3, 10)


def test_a_child_is_registered_once() -> None:
    again = {"born": "2024-06-02", "sex": "L", "desa": "3603332001", "posyandu": "3603332001.01"}
    assert refused(child(), "2025-02-05", "kader Ani", "child.register", **again) == "already-registered"


def test_a_pregnancys_command_is_refused_for_a_child() -> None:
    assert refused(child(), "2025-02-05", "bidan Rina", "pregnancy.give-tablets", count=30) == "other-kind-of-case"


def test_months_are_counted_by_the_calendar() -> None:
    assert children.plus_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert children.plus_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert children.plus_months(date(2025, 11, 30), 3) == date(2026, 2, 28)


# PMT and referral


def test_no_portion_is_given_before_somebody_decided_and_started() -> None:
    budi = child()
    assert refused(budi, "2025-02-05", "kader Ani", "pmt.give", cycle=1, eaten=100) == "pmt-not-decided"
    decide = {"eligible": True, "reason": "tidak-naik", "days": 14, "funding": "dana-desa"}
    budi.told("2025-02-05", "puskesmas-tpg Dewi", "pmt.decide-eligibility", **decide)
    assert refused(budi, "2025-02-06", "kader Ani", "pmt.give", cycle=1, eaten=100) == "pmt-not-started"
    budi.told("2025-02-06", "kader Ani", "pmt.start", cycle=1)
    budi.told("2025-02-06", "kader Ani", "pmt.give", cycle=1, eaten=75)
    assert state(budi).cycles[0].portions[0].eaten == 75


def test_the_later_word_about_a_portion_day_counts_once() -> None:
    budi = child()
    decide = {"eligible": True, "reason": "tidak-naik", "days": 14}
    budi.told("2025-02-05", "puskesmas-tpg Dewi", "pmt.decide-eligibility", **decide)
    budi.told("2025-02-06", "kader Ani", "pmt.start", cycle=1)
    budi.told("2025-02-06", "kader Ani", "pmt.miss", cycle=1, reason="tidak-di-rumah")
    budi.told("2025-02-06", "kader Ani", "pmt.give", cycle=1, eaten=50)
    assert [(p.on, p.eaten) for p in state(budi).cycles[0].portions] == [(date(2025, 2, 6), 50)]


def test_a_referral_goes_its_way_and_takes_no_step_that_cannot_follow() -> None:
    budi, number = child(), str(uuid4())
    sent = {"referral": number, "to": "3603330101", "kind": "puskesmas", "reason": "tidak-naik"}
    budi.told("2025-02-05", "bidan Rina", "referral.create", **sent)
    assert refused(budi, "2025-02-05", "bidan Rina", "referral.create", **sent) == "referral-exists"
    assert refused(budi, "2025-02-06", "rs Sari", "referral.counter-refer", referral=number) == "referral-step"
    budi.told("2025-02-06", "puskesmas-tpg Dewi", "referral.accept", referral=number)
    budi.told("2025-02-07", "puskesmas-tpg Dewi", "referral.arrive", referral=number)
    budi.told("2025-02-08", "puskesmas-tpg Dewi", "referral.counter-refer", referral=number, control="2025-03-08")
    assert refused(budi, "2025-02-09", "bidan Rina", "referral.cancel", referral=number, reason="lain") == (
        "referral-step"
    )
    [referral] = state(budi).referrals
    assert [step.state for step in referral.steps] == ["dibuat", "diterima", "tiba", "rujuk-balik"]
    assert refused(budi, "2025-02-09", "bidan Rina", "referral.arrive", referral=str(uuid4())) == "no-such-referral"


# A pregnancy


def test_the_k_of_a_visit_is_worked_out_by_the_trimesters() -> None:
    sari = mother(hpht="2025-01-06", on="2025-02-10")
    for on in ("2025-02-20", "2025-05-01", "2025-06-05", "2025-07-20", "2025-08-20", "2025-09-20"):
        sari.told(on, "bidan Rina", "pregnancy.record-antenatal-visit", by="bidan")
    assert pregnancies.contacts(state(sari)) == ("K1M", "K2", "K3", "K4", "K5", "K6")


def test_a_woman_first_seen_late_has_k1_akses_and_never_reaches_k6() -> None:
    sari = mother(hpht="2025-01-06", on="2025-05-20")
    for on in ("2025-05-26", "2025-07-20", "2025-08-20", "2025-09-20", "2025-09-27"):
        sari.told(on, "bidan Rina", "pregnancy.record-antenatal-visit", by="bidan")
    assert pregnancies.contacts(state(sari)) == ("K1A", "K4", "K5", "K6", "")


def test_the_scan_dates_the_pregnancy_where_it_was_made() -> None:
    place = {"desa": "3603332001", "posyandu": "3603332001.01"}
    sari = Telling().told(
        "2025-03-10", "bidan Rina", "pregnancy.register", hpht="2025-01-06", dated_by="usg", due="2025-10-20", **place
    )
    assert state(sari).due == date(2025, 10, 20)


def test_twins_are_two_children_with_their_mothers_name_and_nik() -> None:
    sari = mother()
    birth = pregnancies.RecordOutcome(
        on=date(2025, 10, 10),
        outcome="lahir-hidup",
        weeks=38,
        children=(
            pregnancies.Newborn(sex="P", kg=2.6, cm=47.0),
            pregnancies.Newborn(sex="L", kg=2.4, cm=46.5, name="Umar"),
        ),
    )
    who = Personal(name="Sari", nik="3603334601990001")
    by = sari.story[0].by
    decided = stories.decide(CASE, sari.story, state(sari), birth, date(2025, 10, 11), by, who)
    born = [one for one in decided if isinstance(one, Elsewhere)]
    assert [(b.event.sex, b.event.birth_kg, b.event.weeks, b.event.mother) for b in born] == [
        ("P", 2.6, 38, CASE),
        ("L", 2.4, 38, CASE),
    ]
    assert [b.event.personal.name for b in born] == ["Bayi Ny. Sari", "Umar"]
    assert {b.event.personal.mother_nik for b in born} == {"3603334601990001"}
    again = stories.decide(CASE, sari.story, state(sari), birth, date(2025, 10, 11), by, who)
    assert [one.case for one in again if isinstance(one, Elsewhere)] == [b.case for b in born]


def test_no_more_newborns_are_registered_than_were_born_alive() -> None:
    sari = mother().told("2025-10-10", "bidan Rina", "pregnancy.record-outcome", outcome="lahir-hidup", alive=1)
    newborn = {"sex": "P", "kg": 3.0}
    code = refused(sari, "2025-10-11", "bidan Rina", "pregnancy.register-newborns", children=[newborn, newborn])
    assert code == "more-newborns-than-born"
    sari.told("2025-10-11", "bidan Rina", "pregnancy.register-newborns", children=[newborn])
    assert len(state(sari).newborns) == 1


def test_a_pregnancy_needs_a_day_to_count_from() -> None:
    place = {"desa": "3603332001", "posyandu": "3603332001.01"}
    for fields, code in (
        ({}, "pregnancy-not-dated"),
        ({"hpht": "2025-04-01"}, "hpht-in-future"),
        ({"hpht": "2023-01-01"}, "hpht-too-old"),
    ):
        assert refused(Telling(), "2025-03-10", "kader Ani", "pregnancy.register", **place, **fields) == code
