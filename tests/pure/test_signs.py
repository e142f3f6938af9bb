"""What each sign sees, and what it must not see."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.case import Refused
from tests.pure.telling import PLACE, Telling, at, child, day, juknis, mother, weighed

# Not gaining


def test_a_third_month_without_gain_does_not_give_the_second_a_new_deadline() -> None:
    budi = weighed("2024-06-02", ("2025-05-05", 8.3), ("2025-06-05", 8.3), ("2025-07-05", 8.2))
    before = budi.must("C10")
    budi.told("2025-08-05", "kader Ani", "child.measure", kg=8.2)
    after = budi.must("C10")
    assert (after.since, after.due) == (before.since, before.due) == (day("2025-07-05"), at("2025-07-08", 23, 59, 59))
    assert "3 kali berturut-turut" in after.says
    assert set(before.events) < set(after.events)


def test_a_new_month_without_gain_after_an_answer_is_a_new_task() -> None:
    budi = weighed("2024-06-02", ("2025-05-05", 8.3), ("2025-06-05", 8.3), ("2025-07-05", 8.2))
    budi.told("2025-07-06", "puskesmas-tpg Dewi", "care.assess", plan="pantau")
    budi.told("2025-07-06", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=False, reason="tidak-perlu")
    assert budi.of("C10") is None
    budi.told("2025-08-05", "kader Ani", "child.measure", kg=8.2)
    assert budi.must("C10").since == day("2025-08-05")


def test_weekly_weighings_of_one_month_do_not_open_an_answered_task_again() -> None:
    budi = weighed("2024-06-02", ("2025-05-05", 8.3), ("2025-06-05", 8.3))
    budi.told("2025-06-06", "bidan Rina", "care.assess", plan="pantau")
    budi.told("2025-06-06", "bidan Rina", "care.counsel", topic="makan")
    budi.told("2025-06-12", "kader Ani", "child.measure", kg=8.3, context="pmt")
    assert budi.of("C09") is None


def test_what_the_bidan_did_at_the_same_session_counts_even_if_the_scale_was_heard_of_later() -> None:
    budi = weighed("2024-06-02", ("2025-05-05", 8.3))
    budi.told("2025-06-05", "bidan Rina", "care.assess", plan="pantau")
    budi.told("2025-06-05", "bidan Rina", "care.counsel", topic="makan")
    budi.told("2025-06-05", "kader Ani", "child.measure", kg=8.3, heard=at("2025-06-05", 20))
    assert budi.of("C09") is None


def test_a_missed_month_breaks_the_row() -> None:
    budi = weighed("2024-06-02", ("2025-05-05", 8.3), ("2025-06-05", 8.3), ("2025-08-05", 8.6), ("2025-09-05", 8.6))
    assert budi.of("C10") is None
    assert budi.must("C09").since == day("2025-09-05")


def test_a_referral_by_the_kader_to_the_bidan_does_not_do_the_bidans_work() -> None:
    budi = weighed("2024-06-02", ("2025-05-05", 8.3), ("2025-06-05", 8.3))
    referral = "6f1f9a54-3c5e-4e7f-9a53-0d1c4d0a5e02"
    budi.told(
        "2025-06-05", "kader Ani", "referral.create", referral=referral, to="x", kind="masyarakat", reason="tidak-naik"
    )
    assert budi.of("C09") is not None


# Doubtful measurements


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ({"kg": 9.0, "cm": 74.0, "lying": True}, {"kg": 9.2, "cm": 72.9, "lying": True}, "lebih pendek"),
        ({"kg": 9.0, "cm": 74.0, "lying": True}, {"kg": 9.2, "cm": 79.0, "lying": True}, "bertambah lebih dari 4 cm"),
        ({"kg": 9.0}, {"kg": 11.0}, "lebih dari 20%"),
        ({"kg": 9.0}, {"kg": 1.1}, "di luar batas WHO"),
        ({"kg": 9.0}, {"kg": 9.2, "cm": 95.0, "lying": True}, "di luar batas WHO"),
    ],
)
def test_a_measurement_that_is_hardly_possible_asks_to_be_taken_again(first: dict, second: dict, why: str) -> None:
    budi = child(on="2025-05-05").told("2025-05-05", "kader Ani", "child.measure", **first)
    budi.told("2025-06-05", "kader Ani", "child.measure", **second)
    assert why in budi.must("C07").says
    assert budi.must("C07").events == (3,)


@pytest.mark.parametrize("second", [{"kg": 9.3, "cm": 73.0, "lying": True}, {"kg": 10.7, "cm": 78.0, "lying": True}])
def test_a_measurement_just_within_the_limits_asks_for_nothing(second: dict) -> None:
    budi = child(on="2025-05-05").told("2025-05-05", "kader Ani", "child.measure", kg=9.0, cm=74.0, lying=True)
    budi.told("2025-06-05", "kader Ani", "child.measure", **second)
    assert budi.of("C07") is None


def test_a_newborn_that_gains_a_quarter_of_its_weight_is_not_doubtful() -> None:
    putri = weighed("2025-04-01", ("2025-04-05", 3.3), ("2025-05-05", 4.3), sex="P")
    assert putri.of("C07") is None


def test_a_weight_that_grew_eightfold_over_years_is_no_slipped_comma() -> None:
    agus = weighed("2020-06-20", ("2020-06-22", 2.6), ("2025-05-20", 21.0))
    assert agus.of("C07") is None
    comma = weighed("2024-06-02", ("2025-02-05", 9.0), ("2025-05-05", 1.1))
    assert comma.of("C07") is not None


def test_the_next_measurement_is_not_compared_with_a_doubtful_one() -> None:
    budi = weighed("2024-06-02", ("2025-05-05", 9.0), ("2025-06-05", 12.0), ("2025-07-05", 9.4))
    assert budi.must("C07").events == (3,)


def test_nobody_verifies_what_he_measured_himself() -> None:
    budi = weighed("2024-06-02", ("2025-05-05", 9.0), ("2025-06-05", 12.0))
    with pytest.raises(Refused, match="verify-own-measurement"):
        budi.told("2025-06-06", "kader Ani", "child.verify-measurement", version=3)
    budi.told("2025-06-06", "kader Tuti", "child.verify-measurement", version=3)
    assert budi.of("C07") is None


# Screened and confirmed


def test_a_screening_keeps_its_first_day_while_it_stays_below() -> None:
    wati = weighed("2024-05-10", ("2025-05-10", 6.8), ("2025-06-10", 6.9), sex="P")
    assert wati.must("C08").since == day("2025-05-10")
    assert wati.must("C08").events == (2, 3)


def test_a_month_with_only_a_weight_does_not_hide_a_thin_child() -> None:
    wati = child("2024-05-10", "P").told("2025-05-10", "kader Ani", "child.measure", kg=7.4, cm=76.5, lying=True)
    assert "BB/PB" in wati.must("C08").says
    wati.told("2025-06-10", "kader Ani", "child.measure", kg=7.9)
    assert "BB/PB" in wati.must("C08").says


def test_a_screening_ends_by_itself_when_the_child_is_above_again() -> None:
    wati = weighed("2024-05-10", ("2025-05-10", 6.8), ("2025-06-10", 8.0), sex="P")
    assert wati.of("C08") is None


def test_the_arm_says_nothing_before_six_months() -> None:
    putri = child("2025-01-10", "P", "2025-01-12").told("2025-07-09", "kader Ani", "child.measure", lila=11.0)
    assert putri.of("C41") is None
    putri.told("2025-07-10", "kader Ani", "child.measure", lila=11.0)
    assert putri.must("C41").since == day("2025-07-10")


@pytest.mark.parametrize(("lila", "rules"), [(11.4, {"C08", "C41"}), (11.5, {"C08"}), (12.4, {"C08"}), (12.5, set())])
def test_the_limits_of_the_arm_are_the_guidelines(lila: float, rules: set[str]) -> None:
    joko = child("2024-01-10").told("2025-05-10", "kader Ani", "child.measure", lila=lila)
    assert {o.rule for o in joko.owed()} & {"C08", "C41"} == rules


def test_worse_than_confirmed_is_asked_again() -> None:
    joko = child("2024-01-10").told("2025-05-10", "kader Ani", "child.measure", lila=12.0)
    joko.told("2025-05-11", "bidan Rina", "child.confirm-status", weight_height="gizi-kurang")
    joko.told("2025-06-10", "kader Ani", "child.measure", lila=12.1)
    assert joko.of("C08") is None
    joko.told("2025-07-10", "kader Ani", "child.measure", lila=11.2)
    assert joko.must("C41").since == day("2025-07-10")


def test_a_second_reading_by_somebody_else_makes_the_red_line_certain() -> None:
    joko = weighed("2024-05-10", ("2025-05-12", 6.8))
    assert joko.of("C11") is None
    joko.told("2025-05-13", "bidan Rina", "child.verify-measurement", version=2)
    assert joko.must("C11").since == day("2025-05-12")


def test_the_bidans_word_opens_the_red_line_and_the_puskesmas_word_ends_it() -> None:
    joko = child("2024-05-10").told("2025-05-12", "bidan Rina", "child.confirm-status", weight_age="bb-sangat-kurang")
    assert joko.must("C11").owner == "puskesmas-tpg"
    joko.told("2025-05-14", "puskesmas-tpg Dewi", "child.confirm-status", weight_age="bb-sangat-kurang")
    assert joko.of("C11") is None


def test_only_a_health_worker_confirms() -> None:
    with pytest.raises(Refused, match="only-nakes-confirm"):
        child().told("2025-05-12", "kader Ani", "child.confirm-status", weight_age="bb-kurang")


def test_confirming_the_same_again_does_not_give_a_new_deadline() -> None:
    wati = child("2024-05-10", "P").told(
        "2025-05-12", "bidan Rina", "child.confirm-status", weight_height="gizi-kurang"
    )
    wati.told("2025-05-18", "puskesmas-tpg Dewi", "child.confirm-status", weight_height="gizi-kurang")
    assert wati.must("C14").due == at("2025-05-19", 23, 59, 59)


def test_a_decision_against_pmt_with_its_reason_ends_the_start_of_pmt() -> None:
    wati = child("2024-05-10", "P").told(
        "2025-05-12", "bidan Rina", "child.confirm-status", weight_height="gizi-kurang"
    )
    wati.told(
        "2025-05-13", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=True, reason="gizi-kurang", days=56
    )
    assert wati.of("C14") is not None
    wati.told("2025-05-14", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=False, reason="menolak")
    assert wati.of("C14") is None


def test_stunting_that_pmt_did_not_help_goes_to_the_hospital() -> None:
    agus = child("2023-05-10").told("2025-03-01", "puskesmas-tpg Dewi", "child.confirm-status", height_age="pendek")
    agus.told(
        "2025-03-02", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=True, reason="gizi-kurang", days=56
    )
    agus.told("2025-03-05", "kader Ani", "pmt.start", cycle=1, kg=9.5)
    assert agus.of("C19") is None
    agus.told("2025-04-30", "puskesmas-tpg Dewi", "pmt.complete", cycle=1, outcome="belum-sembuh")
    assert agus.must("C19").since == day("2025-04-30")


def test_a_child_born_early_goes_to_the_hospital_only_after_its_second_birthday() -> None:
    early = child("2023-05-10", weeks=33)
    early.told("2025-05-09", "puskesmas-tpg Dewi", "child.confirm-status", height_age="sangat-pendek")
    assert [d.desk for d in early.must("C19").desks] == ["puskesmas-tpg"]
    grown = child("2023-05-10", weeks=33)
    grown.told("2025-05-10", "puskesmas-tpg Dewi", "child.confirm-status", height_age="sangat-pendek")
    assert grown.must("C19").owner == "puskesmas-dr"


def test_gizi_buruk_is_treated_at_the_puskesmas_once_the_hospital_sends_the_child_back() -> None:
    rs = "6f1f9a54-3c5e-4e7f-9a53-0d1c4d0a5e03"
    joko = child("2024-05-10").told("2025-05-12", "bidan Rina", "child.confirm-status", weight_height="gizi-buruk")
    joko.told("2025-05-12", "bidan Rina", "referral.create", referral=rs, to="3603RS01", kind="rs", reason="gizi-buruk")
    joko.told("2025-05-13", "rs Rudi", "referral.arrive", referral=rs)
    assert joko.of("C15") is None
    joko.told("2025-05-28", "rs Rudi", "referral.counter-refer", referral=rs)
    assert joko.must("C15").since == day("2025-05-28")


def test_gizi_buruk_under_six_months_is_an_emergency() -> None:
    putri = child("2025-01-10", "P", "2025-01-12").told(
        "2025-07-09", "bidan Rina", "child.confirm-status", weight_height="gizi-buruk"
    )
    assert "umur di bawah 6 bulan" in putri.must("C16").says
    assert putri.of("C15") is None


def test_an_examination_before_the_alarm_of_the_same_day_does_not_silence_it() -> None:
    siti = child("2024-06-05", "P").told("2025-05-12", "bidan Rina", "care.assess", complication=False, plan="pantau")
    siti.told("2025-05-12", "kader Ani", "care.report-danger-sign", signs=["kejang"], heard=at("2025-05-12", 16))
    assert siti.must("C33").opens == at("2025-05-12", 16)


def test_what_is_asked_of_an_infant_ends_at_six_months_and_the_lighter_task_comes_back() -> None:
    putri = weighed("2025-02-08", ("2025-04-10", 4.6), ("2025-05-10", 4.8), sex="P")
    assert (putri.must("C40").opens, putri.must("C40").until) == (at("2025-05-10", 10), at("2025-08-08"))
    assert putri.must("C09").opens == at("2025-08-08")


# The calendar


def test_a_family_said_to_have_moved_is_not_looked_for_until_it_is_seen() -> None:
    budi = weighed("2024-06-02", ("2025-02-10", 8.0))
    budi.told("2025-03-12", "kader Ani", "care.visit-home", found="pindah")
    assert (budi.of("C05"), budi.of("C06")) == (None, None)
    assert budi.must("C03").since == day("2025-03-10")
    budi.told("2025-06-20", "kader Ani", "care.visit-home", found="bertemu")
    assert budi.must("C05").since == day("2025-07-11")


def test_a_family_that_stays_away_longer_than_sixty_days_is_looked_for() -> None:
    budi = weighed("2024-06-02", ("2025-02-10", 8.0))
    budi.told("2025-03-10", "kader Ani", "child.record-absence", reason="pergi", back="2025-05-10")
    assert budi.must("C05").since == day("2025-03-11")
    budi = weighed("2024-06-02", ("2025-02-10", 8.0))
    budi.told("2025-03-10", "kader Ani", "child.record-absence", reason="pergi", back="2025-05-09")
    assert budi.must("C05").since == day("2025-05-09")


def test_the_posyandu_of_the_thirty_first_meets_on_the_last_day_of_february() -> None:
    book = replace(juknis().book(day("2025-01-01")), session_days={PLACE["posyandu"]: 31})
    budi = weighed("2024-06-02", ("2025-01-31", 8.0))
    weighing = next(o for o in budi.owed(book) if o.rule == "C03")
    assert (weighing.since, weighing.due) == (day("2025-02-28"), at("2025-02-28", 23, 59, 59))


def test_a_child_is_waited_for_until_it_is_five() -> None:
    agus = weighed("2020-06-20", ("2025-05-10", 15.0))
    assert agus.must("C03").until == at("2025-06-20")
    agus.told("2025-06-10", "kader Ani", "child.measure", kg=15.2)
    assert agus.of("C03") is None


def test_a_masked_nik_is_no_nik() -> None:
    siti = Telling().told("2025-05-05", "kader Ani", "child.register", born="2024-06-05", sex="P",
                          personal={"name": "Siti", "nik": "36033341032*****"}, **PLACE)  # fmt: skip
    assert siti.must("C02").owner == "desa"


def test_nobody_can_claim_a_nik_that_is_not_there() -> None:
    assert child(nik=True).of("C02") is not None


def test_correcting_the_birth_date_does_not_forget_the_nik() -> None:
    siti = Telling().told("2025-05-05", "kader Ani", "child.register", born="2024-06-05", sex="P",
                          personal={"name": "Siti", "nik": "3603334506240001"}, **PLACE)  # fmt: skip
    reads = {"is": "child.registered", "on": "2025-05-05", "born": "2024-06-06", "sex": "P", **PLACE}
    siti.told("2025-05-06", "kader Ani", "case.correct", version=1, reason="salah-ketik", reads=reads)
    assert siti.of("C02") is None


# PMT


def on_pmt(reason: str = "gizi-kurang", days: int = 56) -> Telling:
    wati = child("2024-05-10", "P")
    wati.told("2025-05-20", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=True, reason=reason, days=days)
    return wati.told("2025-05-23", "kader Ani", "pmt.start", cycle=1, kg=7.0)


def test_every_gap_in_the_portion_days_is_asked_for_and_the_day_after_the_last() -> None:
    wati = on_pmt().told("2025-05-26", "kader Ani", "pmt.give", cycle=1, eaten=100)
    keys = [o.key.removeprefix("siklus-1-") for o in wati.all_of("M03")]
    assert keys == ["2025-05-24", "2025-05-25", "2025-05-27"]


def test_no_portion_is_asked_for_after_the_last_day() -> None:
    wati = on_pmt(days=2).told("2025-05-24", "kader Ani", "pmt.give", cycle=1, eaten=100)
    assert list(wati.all_of("M03")) == []


def test_a_refused_portion_asks_for_a_visit_at_once() -> None:
    wati = on_pmt().told("2025-05-24", "kader Ani", "pmt.miss", cycle=1, reason="menolak")
    assert wati.must("M04").since == day("2025-05-24")


def test_two_missed_days_with_one_between_are_not_in_a_row() -> None:
    wati = on_pmt().told("2025-05-24", "kader Ani", "pmt.miss", cycle=1, reason="anak-sakit")
    wati.told("2025-05-25", "kader Ani", "pmt.give", cycle=1, eaten=50)
    wati.told("2025-05-26", "kader Ani", "pmt.miss", cycle=1, reason="anak-sakit")
    assert wati.of("M04") is None


def test_a_child_that_had_not_gained_must_have_gained_by_day_fourteen_of_pmt() -> None:
    wati = on_pmt("tidak-naik", 14).told("2025-05-30", "kader Ani", "child.measure", kg=7.0, context="pmt")
    assert wati.must("M06").since == day("2025-06-06")
    wati.told("2025-06-05", "kader Ani", "child.measure", kg=7.1, context="pmt")
    assert wati.of("M06") is None


def test_the_mothers_pmt_is_followed_like_the_childs() -> None:
    sari = mother().told("2025-02-12", "bidan Rina", "pregnancy.measure", kg=44.0, lila=22.8)
    sari.told("2025-02-13", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=True, reason="kek", days=120)
    sari.told("2025-02-14", "kader Ani", "pmt.start", cycle=1)
    assert sari.must("M05").since == day("2025-02-20")
    assert sari.must("M08").since == day("2025-06-13")
    sari.told("2025-02-21", "bidan Rina", "pregnancy.measure", kg=43.5)
    assert sari.must("M06").since == day("2025-02-21")


# Pregnancy


def test_a_woman_first_seen_in_the_second_trimester_has_used_its_first_place() -> None:
    sari = mother("2025-01-06", "2025-05-05").told(
        "2025-05-05", "bidan Rina", "pregnancy.record-antenatal-visit", by="bidan"
    )
    assert [o.key for o in sari.all_of("B03")] == ["K3", "K4", "K5", "K6"]
    assert sari.of("B02") is None


def test_k2_can_no_longer_be_had_when_the_second_trimester_is_over() -> None:
    windows = {o.key: o for o in mother().all_of("B03")}
    assert windows["K2"].until == at("2025-06-24")
    assert windows["K6"].until is None


@pytest.mark.parametrize(("systolic", "diastolic", "danger"), [(159, 109, False), (160, 80, True), (120, 110, True)])
def test_blood_pressure_is_an_emergency_from_160_or_110(systolic: int, diastolic: int, danger: bool) -> None:
    sari = mother().told("2025-03-03", "bidan Rina", "pregnancy.measure", systolic=systolic, diastolic=diastolic)
    assert (sari.of("B11") is not None) is danger


def test_a_restricted_result_changes_nothing_that_kader_or_desa_reads_in_a_list() -> None:
    sari = mother()
    before = seen_by(sari, "kader", "desa")
    sari.told("2025-03-03", "bidan Rina", "pregnancy.record-lab-result", test="hiv", result="reaktif")
    sari.told("2025-03-03", "bidan Rina", "pregnancy.record-lab-result", test="sifilis", result="reaktif")
    assert seen_by(sari, "kader", "desa") == before
    assert sari.must("B36").owner == "puskesmas-dr"
    sari.told("2025-03-04", "puskesmas-dr Bagus", "care.start-plan", reason="infeksi")
    assert seen_by(sari, "kader", "desa") == before


def seen_by(told: Telling, *desks: str) -> list[tuple[object, ...]]:
    return [
        (o.rule, o.key, o.says, o.events, d.desk, d.opens, o.due, o.until)
        for o in told.owed()
        for d in o.desks
        if d.desk in desks
    ]
