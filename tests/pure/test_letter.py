"""What a referral letter says of a child or a mother, and what it never says."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from domain import stories
from domain.case import Role
from domain.letter import Dose, Food, Found, Letter, letter
from domain.person import Person
from tests.pure.telling import Telling, child, day, juknis, mother

REFERRAL = UUID("6f1f9a54-3c5e-4e7f-9a53-0d1c4d0a5e99")
RSUD = "3603RS01"


def referred(told: Telling, on: str, **fields: object) -> Telling:
    said = {"referral": str(REFERRAL), "to": RSUD, "kind": "rs", "reason": "tidak-naik", **fields}
    return told.told(on, "bidan Rina", "referral.create", **said)


def letter_of(told: Telling, reader: Role = "bidan") -> Letter:
    person = stories.fold(told.story)
    assert isinstance(person, Person)
    chart = juknis().book(date(2025, 6, 1)).chart(person)
    return letter(person, chart, person.referrals[0], stories.counting(told.story), reader)


def budi() -> Telling:
    """Four times measured, referred after the fourth."""
    told = child(birth_kg=2.4, weeks=36)
    for on, kg in (("2025-01-10", 7.1), ("2025-02-10", 7.0), ("2025-03-10", 7.0), ("2025-04-10", 6.9)):
        told.told(on, "kader Ani", "child.measure", kg=kg, cm=67.0, lying=True, lila=11.9)
    return told


def sari() -> Telling:
    told = mother()
    told.told("2025-02-10", "bidan Rina", "pregnancy.measure", kg=44.0, lila=22.5)
    for on in ("2025-04-10", "2025-05-10", "2025-06-10"):
        told.told(on, "bidan Rina", "pregnancy.measure", kg=46.0, systolic=150, diastolic=95)
    return told


def test_the_last_three_measurements_show_how_the_child_came_to_be_referred() -> None:
    said = letter_of(referred(budi(), "2025-04-11")).child
    assert said is not None
    assert [m.on for m in said.measures] == [day("2025-02-10"), day("2025-03-10"), day("2025-04-10")]
    assert [m.mark.times for m in said.measures if m.mark] == [1, 2, 3]
    last = said.measures[-1]
    assert (last.kg, last.cm, last.lila, last.waz) == (6.9, 67.0, 11.9, -2.64)
    assert (said.birth_kg, said.weeks) == (2.4, 36)


def test_a_measurement_without_weight_has_no_kms_mark_and_takes_none_from_the_next() -> None:
    told = budi().told("2025-04-12", "kader Ani", "child.measure", head=44.0)
    said = letter_of(referred(told, "2025-04-12")).child
    assert said is not None
    assert [m.mark.times if m.mark else None for m in said.measures] == [2, 3, None]
    assert said.head == Found(day("2025-04-12"), 44.0)


def test_no_oedema_is_said_as_found_and_an_unknown_one_is_not() -> None:
    before = letter_of(referred(budi(), "2025-04-11")).child
    after = letter_of(referred(budi().told("2025-04-11", "bidan Rina", "child.measure", oedema=0), "2025-04-11")).child
    assert before is not None and before.oedema is None
    assert after is not None and after.oedema == Found(day("2025-04-11"), 0)


def test_what_was_measured_after_the_patient_was_there_is_not_in_the_letter() -> None:
    told = referred(budi(), "2025-04-11").told("2025-04-15", "kader Ani", "child.measure", kg=6.8)
    expected = letter_of(told).child
    assert expected is not None and expected.measures[-1].kg == 6.8
    told = referred(budi(), "2025-04-11").told("2025-04-12", "rs Sari", "referral.arrive", referral=str(REFERRAL))
    arrived = letter_of(told.told("2025-04-15", "kader Ani", "child.measure", kg=6.8)).child
    assert arrived is not None and arrived.measures[-1].kg == 6.9


def test_a_refusal_ends_nothing_since_the_patient_still_waits() -> None:
    told = referred(budi(), "2025-04-11").told(
        "2025-04-12", "rs Sari", "referral.reject", referral=str(REFERRAL), reason="penuh"
    )
    said = letter_of(told.told("2025-04-15", "kader Ani", "child.measure", kg=6.8)).child
    assert said is not None and said.measures[-1].kg == 6.8


def test_each_vaccine_stands_once_with_its_day_where_one_is_known() -> None:
    told = budi()
    told.told("2025-04-01", "bidan Rina", "child.immunize", vaccine="OPV2", also=["PCV2"])
    told.told("2025-04-02", "bidan Rina", "child.copy-immunization-history", vaccines=["HB0", "OPV2"])
    said = letter_of(referred(told, "2025-04-11")).child
    assert said is not None
    assert set(said.doses) == {
        Dose("HB0", None), Dose("OPV2", day("2025-04-01")), Dose("PCV2", day("2025-04-01")),
    }  # fmt: skip


def test_pmt_so_far_counts_the_days_on_which_something_was_given() -> None:
    told = budi()
    told.told("2025-02-12", "bidan Rina", "pmt.decide-eligibility", eligible=True, reason="gizi-kurang", days=56)
    told.told("2025-02-14", "kader Ani", "pmt.start", cycle=1)
    told.told("2025-02-14", "kader Ani", "pmt.give", cycle=1, eaten=75)
    told.told("2025-02-15", "kader Ani", "pmt.miss", cycle=1, reason="libur")
    told.told("2025-02-16", "kader Ani", "pmt.give", cycle=1, eaten=0)
    assert letter_of(referred(told, "2025-04-11")).food == (Food(1, "pemulihan", day("2025-02-14"), 2, 56, None),)


def test_vitals_and_consent_come_from_the_referral_and_from_its_correction() -> None:
    told = referred(budi(), "2025-04-11", temperature=39.5, pulse=130, escort="bidan", consciousness="mengantuk")
    reads = {"is": "referral.created", "on": "2025-04-11", "referral": str(REFERRAL), "to": RSUD, "kind": "rs",
             "reason": "tidak-naik", "temperature": 38.5}  # fmt: skip
    said = letter_of(told)
    assert (said.temperature, said.pulse, said.escort, said.consciousness) == (39.5, 130, "bidan", "mengantuk")
    told.told("2025-04-11", "bidan Rina", "case.correct", version=said.version, reads=reads, reason="salah-ketik")
    assert letter_of(told).temperature == 38.5
    sent = {"referral": str(REFERRAL), "via": "surat", "consent": "diberikan"}
    assert letter_of(told.told("2025-04-11", "bidan Rina", "referral.send", **sent)).consent == "diberikan"


def test_danger_signs_are_those_that_were_called_out_last() -> None:
    told = budi()
    told.told("2025-04-01", "kader Ani", "care.report-danger-sign", signs=["kejang"])
    told.told("2025-04-10", "kader Ani", "care.report-danger-sign", signs=["diare-darah", "lemas"])
    said = letter_of(referred(told, "2025-04-11")).danger
    assert said is not None and (said.on, said.signs) == (day("2025-04-10"), ("diare-darah", "lemas"))


def test_a_mothers_letter_says_how_far_she_is_on_the_day_of_the_referral() -> None:
    said = letter_of(referred(sari(), "2025-06-12", reason="hipertensi")).mother
    assert said is not None
    assert (said.gestation, said.due) == (22 * 7 + 3, day("2025-10-13"))
    assert [check.on for check in said.checks] == [day("2025-04-10"), day("2025-05-10"), day("2025-06-10")]
    assert said.lila == Found(day("2025-02-10"), 22.5)


def test_after_the_birth_she_is_of_no_gestation() -> None:
    told = sari().told("2025-09-20", "bidan Rina", "pregnancy.record-outcome", outcome="lahir-hidup", alive=1)
    said = letter_of(referred(told, "2025-09-25", reason="hipertensi")).mother
    assert said is not None and said.gestation is None
    assert said.outcome is not None and said.outcome.on == day("2025-09-20")


@pytest.mark.parametrize("reader", ["kader", "bidan", "puskesmas-dr", "rs"])
@pytest.mark.parametrize("test", ["hiv", "sifilis", "hbsag"])
def test_hiv_syphilis_and_hbsag_are_in_nobodys_letter(reader: Role, test: str) -> None:
    told = sari().told("2025-06-10", "bidan Rina", "pregnancy.record-lab-result", test="hb", value=9.8)
    told.told("2025-06-10", "bidan Rina", "pregnancy.record-lab-result", test=test, result="reaktif")
    said = letter_of(referred(told, "2025-06-12", reason="anemia"), reader).mother
    assert said is not None
    assert [(lab.test, lab.value) for lab in said.labs] == [("hb", 9.8)]


def test_a_kaders_letter_tells_nothing_of_a_scoring_with_an_infection() -> None:
    told = sari()
    told.told("2025-05-10", "bidan Rina", "pregnancy.score-risk", factors=["anak-banyak"])
    told.told("2025-06-10", "bidan Rina", "pregnancy.score-risk", factors=["penyakit-kelamin", "pernah-sesar"])
    referred(told, "2025-06-12", reason="risiko-tinggi")
    bidans, kaders = letter_of(told, "bidan").mother, letter_of(told, "kader").mother
    assert bidans is not None and bidans.risk is not None
    assert (bidans.risk.on, bidans.risk.factors) == (day("2025-06-10"), ("pernah-sesar",))
    assert kaders is not None and kaders.risk is not None
    assert (kaders.risk.on, kaders.risk.factors) == (day("2025-05-10"), ("anak-banyak",))


def counter(diagnosis: str) -> Telling:
    told = referred(budi(), "2025-04-11").told("2025-04-12", "rs Sari", "referral.arrive", referral=str(REFERRAL))
    return told.told("2025-04-20", "rs Sari", "referral.counter-refer", referral=str(REFERRAL), diagnosis=diagnosis,
                     control="2025-04-27", tasks=["kunjungan", "makan"])  # fmt: skip


def test_a_counter_referral_says_what_is_to_be_done_at_home() -> None:
    said = letter_of(counter("E44.0")).counter
    assert said is not None
    assert (said.arrived, said.on, said.control) == (day("2025-04-12"), day("2025-04-20"), day("2025-04-27"))
    assert (said.diagnosis, said.tasks, said.unit) == ("E44.0", ("kunjungan", "makan"), RSUD)


def test_a_kader_is_not_told_the_diagnosis() -> None:
    said = letter_of(counter("E44.0"), "kader").counter
    assert said is not None and said.diagnosis is None and said.tasks == ("kunjungan", "makan")


@pytest.mark.parametrize("diagnosis", ["B20", "b20.6", "Z21", "A53.9", "B18.1", "B181", "O98.7"])
def test_a_diagnosis_that_is_an_hiv_syphilis_or_hepatitis_b_result_is_not_printed(diagnosis: str) -> None:
    said = letter_of(counter(diagnosis)).counter
    assert said is not None and said.diagnosis is None


def test_there_is_no_counter_referral_before_the_patient_was_sent_back() -> None:
    assert letter_of(referred(budi(), "2025-04-11")).counter is None
