"""Pregnancy until birth: what comes once, what outlives the birth, and what the village never sees."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import pytest

from domain import checkups, stories, words
from domain.antenatal import RiskScored
from domain.case import Refused, Role
from domain.pregnancy import Pregnancy
from domain.protocol import Protocol
from tests.pure.telling import PLACE, Telling, day, juknis, mother

RINA = "bidan Rina"
VILLAGE: tuple[Role, ...] = ("kader", "desa")


def state(told: Telling) -> Pregnancy:
    return cast(Pregnancy, stories.fold(told.story))


def registered(on: str = "2025-02-10", **fields: Any) -> Telling:
    return Telling().told(on, "kader Ani", "pregnancy.register", **PLACE, **fields)


def hb(told: Telling, on: str, value: float) -> Telling:
    return told.told(on, RINA, "pregnancy.record-lab-result", test="hb", value=value)


def born(told: Telling, on: str = "2025-10-10") -> Telling:
    return told.told(on, RINA, "pregnancy.record-outcome", outcome="lahir-hidup", alive=1)


# Dated


def test_an_expected_day_alone_dates_a_pregnancy_whatever_was_chosen_as_its_source() -> None:
    sari = state(registered(due="2025-10-13"))
    assert sari.start == day("2025-01-06")
    assert sari.due == day("2025-10-13")


@pytest.mark.parametrize(("field", "value"), [("height", 1.52), ("height", 300), ("weight_before", 4.8)])
def test_a_height_in_metres_cannot_be_a_mothers(field: str, value: float) -> None:
    with pytest.raises(Refused, match=r"height-impossible|weight-impossible"):
        registered(hpht="2025-01-06", **{field: value})


# Contacts


def test_only_the_first_missed_window_is_asked_about() -> None:
    sari = mother().told("2025-02-20", RINA, "pregnancy.record-antenatal-visit", by="dokter", usg=True)
    assert sari.must("B05").key == "K2"
    sari.told("2025-09-01", RINA, "care.visit-home", found="bertemu")
    assert sari.must("B05").key == "K5"


def test_a_kaders_visit_does_not_answer_a_missed_window() -> None:
    sari = mother().told("2025-02-20", RINA, "pregnancy.record-antenatal-visit", by="dokter", usg=True)
    sari.told("2025-05-20", "kader Ani", "care.visit-home", found="bertemu")
    assert sari.must("B05").key == "K2"


def test_the_doctors_scans_are_told_by_trimester() -> None:
    sari = mother().told("2025-02-20", RINA, "pregnancy.record-antenatal-visit", by="dokter", usg=True)
    sari.told("2025-05-05", RINA, "pregnancy.record-antenatal-visit", by="dokter")
    assert checkups.doctor_scans(state(sari)) == (1,)
    assert sari.of("B06") is not None
    sari.told("2025-08-20", RINA, "pregnancy.record-antenatal-visit", by="dokter-spesialis", usg=True)
    assert checkups.doctor_scans(state(sari)) == (1, 3)
    assert sari.of("B06") is None


# Blood


@pytest.mark.parametrize(
    ("on", "value", "says"),
    [
        ("2025-03-03", 10.9, "ringan"),
        ("2025-03-03", 9.9, "sedang"),
        ("2025-05-05", 10.4, "ringan"),
        ("2025-05-05", 10.6, "ringan"),
        ("2025-05-05", 11.0, None),
        ("2025-08-04", 10.6, "ringan"),
        ("2025-03-03", 11.0, None),
    ],
)
def test_anaemia_begins_below_eleven_in_every_trimester_and_says_how_bad_it_is(
    on: str, value: float, says: str | None
) -> None:
    task = hb(mother(), on, value).of("B08")
    assert (task is not None) is (says is not None)
    assert task is None or f"anemia {says}" in task.says


def test_severe_anaemia_is_one_task_and_not_two() -> None:
    sari = hb(mother(), "2025-03-03", 6.9)
    assert sari.of("B08") is None
    assert sari.must("B09").owner == "puskesmas-dr"


def test_severe_anaemia_and_high_pressure_outlive_the_birth() -> None:
    sari = hb(born(mother()), "2025-10-11", 6.4)
    sari.told("2025-10-11", RINA, "pregnancy.measure", systolic=150, diastolic=95)
    assert sari.of("B09") is not None
    assert "150/95" in next(o for o in _unabsorbed(sari) if o.rule == "B10").says


def _unabsorbed(told: Telling) -> list[Any]:
    """With the severe anaemia seen to, so that what it absorbs can be seen."""
    ref = "01890000-0000-7000-8000-0000000000aa"
    told.told("2025-10-12", RINA, "referral.create", referral=ref, to="rs", kind="rs", reason="lain")
    told.told("2025-10-12", RINA, "referral.arrive", referral=ref)
    return list(told.owed())


def test_a_haemoglobin_of_a_mother_not_yet_registered_is_no_less_severe() -> None:
    sari = Telling().told("2025-02-10", "kader Ani", "pregnancy.report", **PLACE)
    assert hb(sari, "2025-02-11", 6.1).of("B09") is not None


def treated(*results: tuple[str, float]) -> Telling:
    sari = hb(mother(), "2025-03-03", 9.4).told("2025-03-04", RINA, "care.start-plan", reason="anemia")
    for on, value in results:
        hb(sari, on, value)
    return sari


def test_a_haemoglobin_of_the_next_day_is_no_repeat() -> None:
    assert treated(("2025-03-05", 9.5)).must("B35").due.date() == day("2025-04-01")


def test_while_it_rises_and_is_low_it_is_repeated_every_four_weeks() -> None:
    again = treated(("2025-04-01", 9.9)).must("B35")
    assert again.owner == "bidan"
    assert again.due.date() == day("2025-04-29")


def test_a_haemoglobin_that_did_not_rise_is_the_doctors() -> None:
    wati = treated(("2025-04-01", 9.4)).told("2025-04-01", RINA, "care.assess", illness=False)
    assert wati.must("B35").owner == "puskesmas-dr"
    assert "tidak naik" in wati.must("B35").says
    wati.told("2025-04-02", "puskesmas-dr Bagus", "care.assess", illness=True)
    assert wati.must("B35").owner == "bidan"


def test_when_it_is_no_longer_low_nothing_is_asked() -> None:
    assert treated(("2025-03-18", 11.2)).of("B35") is None


# Risk


def scored(*factors: str) -> Telling:
    return mother().told("2025-02-20", RINA, "pregnancy.score-risk", factors=factors)


@pytest.mark.parametrize(
    ("factors", "rule"),
    [
        ((), None),
        (("umur-tua",), "B13"),
        (("umur-tua", "anemia"), "B13"),
        (("pernah-sesar",), "B13"),
        (("pernah-sesar", "umur-tua"), "B14"),
        (("perdarahan-hamil", "sungsang"), "B14"),
    ],
)
def test_the_score_is_two_and_four_or_eight_for_each_factor(factors: tuple[str, ...], rule: str | None) -> None:
    sari = scored(*factors)
    assert [name for name in ("B13", "B14") if sari.of(name) is not None] == ([rule] if rule else [])


def test_a_plan_made_before_the_score_holds_and_one_that_was_changed_does_not() -> None:
    plan = {"helper": "dokter-spesialis"}
    sari = mother().told("2025-02-15", RINA, "pregnancy.plan-birth", place="rs", **plan)
    sari.told("2025-02-20", RINA, "pregnancy.score-risk", factors=["umur-tua"])
    assert sari.of("B13") is None
    sari.told("2025-03-20", RINA, "pregnancy.plan-birth", place="rumah", **plan)
    assert sari.of("B13") is not None


def test_very_high_risk_is_not_answered_by_a_referral_that_failed_or_went_to_the_puskesmas() -> None:
    sari = scored("pernah-sesar", "umur-tua").told(
        "2025-02-21", RINA, "pregnancy.plan-birth", place="rs", helper="dokter-spesialis"
    )
    one, two, three = (f"01890000-0000-7000-8000-0000000000b{n}" for n in range(3))
    sari.told("2025-02-21", RINA, "referral.create", referral=one, to="pkm", kind="puskesmas", reason="lain")
    assert sari.of("B14") is not None
    sari.told("2025-02-22", RINA, "referral.create", referral=two, to="rs", kind="rs", reason="lain")
    assert sari.of("B14") is None
    sari.told("2025-02-23", RINA, "referral.cancel", referral=two, reason="lain")
    assert sari.of("B14") is not None
    sari.told("2025-02-24", RINA, "referral.create", referral=three, to="rs", kind="rs", reason="lain")
    assert sari.of("B14") is None


# Tablets


def given(told: Telling, on: str, count: int, **fields: Any) -> Telling:
    return told.told(on, RINA, "pregnancy.give-tablets", count=count, **fields)


def test_a_large_supply_lasts_as_long_as_it_has_tablets() -> None:
    assert given(mother(), "2025-03-01", 10).must("B16").since == day("2025-04-01")
    assert given(mother(), "2025-03-01", 90).must("B16").since == day("2025-05-31")


def test_what_was_taken_can_be_told_without_handing_out_more() -> None:
    sari = given(given(mother(), "2025-03-01", 30), "2025-03-20", 0, taken=10)
    assert "Diminum 10 dari 30" in sari.must("B16").says
    given(sari, "2025-03-30", 0, taken=26)
    assert sari.must("B16").since == day("2025-04-01")


def test_mms_replaces_ttd_and_the_days_are_not_counted_twice() -> None:
    sari = given(mother(), "2025-03-01", 30, kind="ttd")
    given(sari, "2025-03-11", 30, kind="mms")
    assert checkups.tablets_in_all(state(sari)) == 40
    given(sari, "2025-03-21", 30, kind="mms")
    assert checkups.tablets_in_all(state(sari)) == 70


# Weight


def weighed(*checks: tuple[str, float], before: float = 50, height: float = 155) -> Telling:
    sari = registered(hpht="2025-01-06", height=height, weight_before=before)
    for on, kg in checks:
        sari.told(on, RINA, "pregnancy.measure", kg=kg)
    return sari


LIGHT = (("2025-06-02", 50.5), ("2025-07-02", 51.0))


def test_two_checks_of_one_day_are_one() -> None:
    assert weighed(LIGHT[0], LIGHT[0]).of("B18") is None
    assert weighed(*LIGHT).must("B18").since == day("2025-07-02")


def test_losing_weight_in_the_first_weeks_is_not_off_target() -> None:
    assert weighed(("2025-02-17", 48.5), ("2025-03-17", 48.0)).of("B18") is None


def test_too_much_is_off_target_as_well() -> None:
    assert weighed(("2025-06-02", 62.0), ("2025-07-02", 66.0)).of("B18") is not None


def test_weight_that_stays_off_after_counselling_is_asked_about_again() -> None:
    sari = weighed(*LIGHT).told("2025-07-10", "puskesmas-tpg Dewi", "care.counsel", topic="makan")
    assert sari.must("B18").since == day("2025-07-02")
    sari.told("2025-08-02", RINA, "pregnancy.measure", kg=51.5)
    assert sari.of("B18") is None
    sari.told("2025-09-02", RINA, "pregnancy.measure", kg=52.0)
    assert sari.must("B18").since == day("2025-09-02")


def test_the_heaviest_band_holds_whatever_was_typed() -> None:
    assert weighed(("2025-06-02", 260 - 12.0), ("2025-07-02", 249), before=250, height=100).of("B18") is not None


# Near the birth


def test_each_week_from_37_on_is_answered_by_a_contact_in_it() -> None:
    sari = mother()
    assert (sari.must("B21").key, sari.must("B21").since) == ("minggu-37", day("2025-09-22"))
    sari.told("2025-09-28", "kader Ani", "care.visit-home", found="bertemu")
    assert (sari.must("B21").key, sari.must("B21").since) == ("minggu-38", day("2025-09-29"))
    sari.told("2025-09-29", "kader Ani", "care.visit-home", found="tidak-di-rumah")
    assert sari.must("B21").key == "minggu-38"
    sari.told("2025-09-30", RINA, "pregnancy.record-antenatal-visit", by="bidan")
    assert sari.must("B21").key == "minggu-39"


def test_a_session_of_the_class_recorded_by_two_people_is_one() -> None:
    sari = mother()
    for on in ("2025-06-05", "2025-06-05", "2025-07-03", "2025-08-07"):
        sari.told(on, RINA, "pregnancy.attend-class")
    assert "3 dari 4" in sari.must("B19").says


def test_a_word_to_the_bidan_is_no_referral_of_a_mother_past_her_term() -> None:
    sari = mother()
    ref = "01890000-0000-7000-8000-0000000000c1"
    sari.told("2025-10-21", "kader Ani", "referral.create", referral=ref, to="bidan", kind="masyarakat", reason="lain")
    assert sari.of("B23") is not None


# What the village never sees


@pytest.mark.parametrize("born_on", ["2007-06-01", "2010-01-01"])
def test_a_mother_under_18_stands_at_no_desk_of_the_village_for_her_age(born_on: str) -> None:
    nia = registered(hpht="2025-01-06", born=born_on, para=5)
    assert nia.of("B15") is None
    assert nia.must("B34").owner == "bidan"
    assert not {d.desk for o in nia.owed() if "tahun" in o.says for d in o.desks} & set(VILLAGE)


@pytest.mark.parametrize("rule", ["B13", "B14", "B17", "B34", "B36"])
@pytest.mark.parametrize("desk", VILLAGE)
def test_what_is_for_health_workers_cannot_be_handed_to_the_village(rule: str, desk: Role) -> None:
    nia = registered(hpht="2025-01-06", born="2007-06-01")
    for on in ("2025-02-20", "2025-04-10"):
        nia.told(on, RINA, "pregnancy.record-antenatal-visit", by="bidan")
    factors = ["umur-tua"] if rule == "B13" else ["pernah-sesar", "umur-tua"]
    nia.told("2025-04-10", RINA, "pregnancy.score-risk", factors=factors)
    nia.told("2025-04-10", RINA, "pregnancy.record-lab-result", test="hiv", result="reaktif")
    key = nia.must(rule).key
    nia.told("2025-04-11", RINA, "case.reassign", rule=rule, key=key, desk=desk, reason="lain")
    assert desk not in {d.desk for d in nia.must(rule).desks}


def test_a_positive_result_is_still_owed_a_plan_when_the_child_is_born() -> None:
    sari = mother().told("2025-10-09", RINA, "pregnancy.record-lab-result", test="hbsag", result="reaktif")
    assert born(sari).must("B36").owner == "puskesmas-dr"


def test_a_score_that_counts_an_infection_is_told_to_health_workers_only() -> None:
    on = date(2025, 3, 4)
    assert RiskScored(on=on, factors=("penyakit-kelamin",)).restricted
    assert not RiskScored(on=on, factors=("anemia",)).restricted
    sari = scored("penyakit-kelamin")
    assert words.hidden(sari.story, "kader") == {2}
    assert words.hidden(sari.story, "bidan") == frozenset()


# Ten T


def test_the_ten_t_are_worked_out_from_the_story() -> None:
    sari = registered(hpht="2025-01-06", height=155, weight_before=50)
    assert checkups.ten_t(state(sari)) == ()
    sari.told("2025-03-03", RINA, "pregnancy.measure", kg=51, systolic=110, diastolic=70, lila=24.5)
    assert checkups.ten_t(state(sari)) == ("timbang-tinggi", "tekanan-darah", "lila")
    sari.told("2025-07-03", RINA, "pregnancy.measure", fundus=24, heartbeat=140, presentation="kepala")
    sari.told("2025-07-03", RINA, "pregnancy.check-tetanus", protection="t2", vaccinated=True)
    given(sari, "2025-07-03", 90)
    for test, result in (("golongan-darah", "o"), ("protein-urin", "negatif")):
        sari.told("2025-07-03", RINA, "pregnancy.record-lab-result", test=test, result=result)
    sari.told("2025-07-03", RINA, "care.assess", complication=False)
    sari.told("2025-07-03", RINA, "care.counsel", topic="kehamilan")
    assert set(checkups.TEN_T) - set(checkups.ten_t(state(sari))) == {"lab-hamil"}
    assert checkups.ten_t(state(hb(sari, "2025-07-04", 11.8))) == checkups.TEN_T


def test_the_ten_t_tell_nothing_of_what_is_restricted() -> None:
    sari = mother()
    before = checkups.ten_t(state(sari))
    for test in ("hiv", "sifilis", "hbsag"):
        sari.told("2025-03-03", RINA, "pregnancy.record-lab-result", test=test, result="reaktif")
    sari.told("2025-03-04", "puskesmas-dr Bagus", "care.start-plan", reason="infeksi")
    assert checkups.ten_t(state(sari)) == before
    assert checkups.triple_elimination(state(sari)) == 3


# Precedence


def test_the_heavier_task_of_a_mother_hides_the_lighter_one() -> None:
    order = ["B11", "B09", "B10", "B14", "B13"]
    rules = {rule.id: rule for rule in _protocol().rules}
    for place, name in enumerate(order):
        assert list(rules[name].absorbs) == [*order[place + 1 :], "B07", "B08", "B18"]


def test_both_rows_of_the_risk_score_count_alike() -> None:
    krt, krst = (_protocol().rule(name).signs[0] for name in ("B13", "B14"))
    names = ("start", "points", "heavy", "eights")
    assert [getattr(krt, n) for n in names] == [getattr(krst, n) for n in names]


def _protocol() -> Protocol:
    return juknis().book(date(2025, 6, 1)).protocol
