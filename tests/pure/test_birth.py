"""Birth and nifas: which visit it was, what a newborn brings along, twins, a late birth, and deaths."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from domain import antenatal, birth, stories
from domain.birth import neonatal_contacts, risk_tags
from domain.case import Elsewhere, Personal, Recorded, Refused
from domain.child import Child
from domain.pregnancy import Newborn, RecordOutcome, postnatal_contacts
from domain.protocol import obligations
from domain.signs.antenatal import RiskHigh
from domain.signs.birth import NeonatalVisitDue, NeonatalVisitMissed, NifasOpen, PostnatalVisitDue, PostnatalVisitMissed
from domain.signs.pregnancy import ThinMother
from service.formbook import FORMS
from tests.pure.telling import CASE, PLACE, Telling, at, child, juknis, mother

KF, KN = "pregnancy.record-postnatal-visit", "child.record-neonatal-visit"


def delivered(on: str = "2025-10-10", **fields: Any) -> Telling:
    told = {"outcome": "lahir-hidup", "alive": 1, **fields}
    return mother().told(on, "bidan Rina", "pregnancy.record-outcome", **told)


def newborn(born: str = "2025-10-10", **fields: Any) -> Telling:
    told = {"born": born, "sex": "P", "born_from": "persalinan", **PLACE, **fields}
    return Telling().told(born, "bidan Rina", "child.register", **told)


def state(telling: Telling) -> Any:
    return stories.fold(telling.story)


def refused(telling: Telling, on: str, do: str, **fields: Any) -> str:
    with pytest.raises(Refused) as refusal:
        telling.told(on, "bidan Rina", do, **fields)
    return refusal.value.code


# Which visit it was


def test_the_kf_of_a_visit_is_worked_out_from_its_day() -> None:
    sari = delivered()
    for on in ("2025-10-12", "2025-10-13", "2025-10-15", "2025-11-07", "2025-11-08", "2025-11-22"):
        sari.told(on, "bidan Rina", KF)
    assert postnatal_contacts(state(sari)) == ("KF1", "KF2", "", "KF3", "KF4", "")


def test_the_kn_of_a_visit_is_worked_out_from_its_day() -> None:
    baby = newborn()
    for on in ("2025-10-10", "2025-10-17", "2025-10-18", "2025-11-08"):
        baby.told(on, "bidan Rina", KN)
    assert neonatal_contacts(state(baby)) == ("KN1", "KN2", "KN3", "")


def test_a_visit_in_the_first_six_hours_is_still_the_birth() -> None:
    late = newborn(hour=22).told("2025-10-10", "bidan Rina", KN)
    assert neonatal_contacts(state(late)) == ("",)
    assert late.must("B25").opens == at("2025-10-11", 4)
    early = newborn(hour=3).told("2025-10-10", "bidan Rina", KN)
    assert neonatal_contacts(state(early)) == ("KN1",)
    assert early.of("B25") is None


def test_the_windows_of_the_juknis_are_those_by_which_visits_are_named() -> None:
    kf, kn = set(), set()
    for rule in juknis().book(date(2025, 6, 1)).protocol.rules:
        for sign in rule.signs:
            match sign:
                case PostnatalVisitDue() | NifasOpen():
                    kf.add((sign.window.visit, sign.window.first, sign.window.last))
                case NeonatalVisitDue():
                    kn.add((sign.window.visit, sign.window.first, sign.window.last))
                case PostnatalVisitMissed():
                    assert tuple((w.visit, w.first, w.last) for w in sign.windows) == birth.KF
                case NeonatalVisitMissed():
                    assert tuple((w.visit, w.first, w.last) for w in sign.windows) == birth.KN
    assert (kf, kn) == (set(birth.KF), set(birth.KN))


def test_a_visit_heard_of_late_answers_the_window_it_was_made_in() -> None:
    sari = delivered().told("2025-10-11", "bidan Rina", KF, heard=at("2025-10-20", 8))
    assert sari.of("B25") is None
    assert sari.must("B26").key == "KF2"


def test_a_birth_heard_of_late_asks_at_once_for_the_visit_whose_time_it_is() -> None:
    sari = mother().told(
        "2025-10-10",
        "bidan Rina",
        "pregnancy.record-outcome",
        outcome="lahir-hidup",
        alive=1,
        heard=at("2025-10-19", 9),
    )
    assert sari.must("B27").opens == at("2025-10-19", 9)
    assert sari.of("B25") is None
    assert sari.must("B29").opens == at("2025-10-19", 9)


def test_of_a_child_registered_at_two_months_no_newborns_visit_is_asked() -> None:
    budi = child(born="2025-10-10", on="2025-12-12")
    owed = {o.rule for o in budi.owed()}
    assert owed.isdisjoint({"B25", "B26", "B27", "B29", "B32", "B37"})


def test_what_a_newborn_was_not_given_is_not_asked_of_a_child_that_was_weighed_at_three_months() -> None:
    baby = newborn().told("2026-01-12", "kader Ani", "child.measure", kg=5.9)
    assert {o.rule for o in baby.owed()}.isdisjoint({"B25", "B26", "B27", "B29", "B32", "B37"})


# What is left of a task


def test_after_a_miscarriage_the_form_is_that_of_the_deed_that_is_left() -> None:
    sari = mother().told("2025-03-10", "bidan Rina", "pregnancy.record-outcome", outcome="keguguran")
    forms = [sari.must("B31").form]
    for do, told in ((KF, {}), ("care.counsel", {"topic": "kb"})):
        sari.told("2025-03-12", "bidan Rina", do, **told)
        forms.append(sari.must("B31").form)
    assert forms == [KF, "care.counsel", "case.close"]
    assert set(forms) <= set(FORMS)


def test_the_visit_to_a_newborn_has_its_own_form() -> None:
    assert newborn().must("B25").form == KN
    assert KN in FORMS


# Twins


def twins(sari: Telling, **fields: Any) -> list[tuple[Recorded, ...]]:
    """The stories of the newborns that a birth registers."""
    asked = RecordOutcome(
        on=date(2025, 10, 10), outcome="lahir-hidup", hour=4, weeks=35,
        children=(Newborn(sex="P", kg=2.4), Newborn(sex="L", kg=2.6)), **fields,
    )  # fmt: skip
    by = sari.story[0].by
    decided = stories.decide(CASE, sari.story, state(sari), asked, date(2025, 10, 10), by, Personal(name="Sari"))
    return [(Recorded(one.case, 1, one.event, by),) for one in decided if isinstance(one, Elsewhere)]


def owed_to(story: tuple[Recorded, ...]) -> set[str]:
    book = juknis().book(date(2025, 10, 10))
    case = stories.fold(story)
    assert isinstance(case, Child)
    return {f"{o.rule} {o.key}" for o in obligations(case, book.chart(case), book)}


def test_each_of_two_twins_is_owed_its_own_visits() -> None:
    first, second = twins(mother())
    for story in (first, second):
        assert {"B25 KN1", "B26 KN2", "B27 KN3", "B32 ", "B37 "} <= owed_to(story)
    seen = birth.NeonatalVisited(on=date(2025, 10, 11))
    first = (*first, Recorded(first[0].case, 2, seen, first[0].by))
    assert "B25 KN1" not in owed_to(first)
    assert "B25 KN1" in owed_to(second)


def test_a_newborn_brings_along_what_was_known_of_its_mother() -> None:
    sari = Telling().told(
        "2025-02-10", "kader Ani", "pregnancy.register", hpht="2025-01-06", born="2005-01-07", **PLACE
    )
    sari.told("2025-03-10", "bidan Rina", "pregnancy.measure", lila=23.4)
    sari.told("2025-03-10", "bidan Rina", "pregnancy.record-lab-result", test="hb", value=10.9)
    first, second = (stories.fold(story) for story in twins(sari))
    assert isinstance(first, Child) and isinstance(second, Child)
    assert (first.hour, first.risks) == (4, ("kek", "anemia", "ibu-remaja"))
    assert risk_tags(first) == ("bblr", "kurang-bulan", "kek", "anemia", "ibu-remaja")
    assert risk_tags(second) == ("kurang-bulan", "kek", "anemia", "ibu-remaja")


def test_a_newborn_of_a_well_mother_of_twenty_brings_nothing_along() -> None:
    assert birth.inherited([23.5], [11.0], date(2005, 1, 6), date(2025, 1, 6)) == ()


def test_kek_is_the_same_for_the_mother_and_for_what_her_newborn_brings_along() -> None:
    rule = juknis().book(date(2025, 6, 1)).protocol.rule("B07")
    [sign] = rule.signs
    assert isinstance(sign, ThinMother)
    assert sign.lila == birth.THIN_ARM_CM


# Deaths


def test_the_newborn_of_a_mother_who_died_is_still_to_be_registered() -> None:
    sari = mother().told(
        "2025-10-10", "bidan Rina", "pregnancy.record-outcome", outcome="ibu-meninggal", alive=1
    )  # fmt: skip
    assert {o.rule for o in sari.owed()} == {"B24", "B30"}
    sari.told("2025-10-11", "bidan Rina", "pregnancy.register-newborns", children=[{"sex": "P"}])
    assert not state(sari).active
    assert {o.rule for o in sari.owed()} == {"B30"}


def test_a_twin_born_dead_is_reviewed_and_the_living_one_registered() -> None:
    sari = delivered(stillborn=1)
    assert sari.must("B30").key == "bayi"
    assert sari.must("B24").says == "Lahir hidup 1 anak 10 Oktober 2025, baru 0 yang terdaftar."


def test_mother_and_child_who_both_died_are_reviewed_each() -> None:
    sari = delivered(outcome="lahir-mati", alive=0).told("2025-10-11", "bidan Rina", "pregnancy.record-mothers-death")
    assert sorted(o.key for o in sari.all_of("B30")) == ["bayi", "ibu"]
    sari.told("2025-10-12", "puskesmas-dr Budi", "person.review-death", whose="bayi")
    assert sari.must("B30").key == "ibu"


@pytest.mark.parametrize(("died", "reviewed"), [("2025-11-06", True), ("2025-11-07", False)])
def test_a_death_is_neonatal_in_the_first_28_days(died: str, reviewed: bool) -> None:
    baby = newborn().told(died, "bidan Rina", "child.die")
    assert (baby.of("B30") is not None) == reviewed


# What is refused


def test_nothing_of_nifas_is_recorded_before_the_outcome_or_after_the_mothers_death() -> None:
    assert refused(mother(), "2025-10-10", "pregnancy.give-vitamin-a", capsules=2) == "not-delivered"
    sari = delivered()
    assert refused(sari, "2025-10-09", KF) == "before-outcome"
    sari.told("2025-10-12", "bidan Rina", "pregnancy.record-mothers-death")
    assert refused(sari, "2025-10-13", "pregnancy.start-kb", method="pil") == "after-mothers-death"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({}, "no-care-chosen"),
        ({"not_done": ["hb0"]}, "care-without-reason"),
        ({"done": ["hb0"], "not_done": ["hb0"], "reason": "lain"}, "care-done-and-not"),
    ],
)
def test_care_of_a_newborn_says_what_was_done_or_why_not(told: dict[str, Any], code: str) -> None:
    assert refused(newborn(), "2025-10-10", "child.record-newborn-care", **told) == code


def test_kb_is_a_method_or_a_reason() -> None:
    for told in ({}, {"method": "pil", "reason": "menolak"}):
        assert refused(delivered(), "2025-10-12", "pregnancy.start-kb", **told) == "kb-method-or-reason"


def test_an_hour_that_no_day_has_is_refused() -> None:
    assert refused(mother(), "2025-10-10", "pregnancy.record-outcome", outcome="lahir-hidup", alive=1, hour=24) == (
        "hour-impossible"
    )
    reads = {"is": "pregnancy.outcome", "on": "2025-10-10", "outcome": "lahir-hidup", "alive": 1, "hour": 24}
    mended = {"version": 2, "reads": reads, "reason": "salah-ketik"}
    assert refused(delivered(), "2025-10-10", "case.correct", **mended) == "hour-impossible"


def test_a_danger_sign_in_nifas_and_of_a_newborn_is_an_emergency() -> None:
    sari = delivered().told("2025-10-12", "kader Ani", "care.report-danger-sign", signs=["lokia-berbau"])
    assert "darah nifas berbau" in sari.must("B11").says
    baby = newborn().told("2025-10-12", "kader Ani", "care.report-danger-sign", signs=["napas-cepat", "kuning-dini"])
    assert "napas cepat dan kuning" in baby.must("C33").says


def test_a_child_that_died_takes_no_more_care() -> None:
    baby = newborn().told("2025-10-12", "bidan Rina", "child.die")
    assert refused(baby, "2025-10-13", KN) == "after-death"
    baby.told("2025-10-14", "puskesmas-dr Budi", "person.review-death", whose="bayi")
    assert [o.rule for o in baby.owed()] == ["C39"]
    assert baby.told("2025-10-15", "bidan Rina", "case.close", reason="meninggal").owed() == ()


def test_a_very_high_risk_goes_with_the_newborn_and_an_infection_does_not_show_in_it() -> None:
    assert birth.inherited([], [], None, None, ("pernah-sesar",)) == ()
    assert birth.inherited([], [], None, None, ("pernah-sesar", "anemia")) == ("krst",)
    assert birth.inherited([], [], None, None, ("pernah-sesar", "penyakit-kelamin")) == ()


def test_a_very_high_risk_is_the_same_for_the_mother_and_for_what_her_newborn_brings_along() -> None:
    [sign] = juknis().book(date(2025, 6, 1)).protocol.rule("B14").signs
    assert isinstance(sign, RiskHigh)
    assert (sign.least, sign.start, sign.points, sign.heavy) == (antenatal.KRST, 2, 4, 8)
    assert set(sign.eights) == antenatal.EIGHTS


def test_the_newborn_of_a_mother_scored_very_high_brings_that_along() -> None:
    sari = Telling().told("2025-02-10", "kader Ani", "pregnancy.register", hpht="2025-01-06", **PLACE)
    sari.told("2025-03-10", "bidan Rina", "pregnancy.score-risk", factors=["pernah-sesar", "anemia"])
    first, _ = (stories.fold(story) for story in twins(sari))
    assert isinstance(first, Child)
    assert first.risks == ("krst",)


def test_a_child_born_early_has_a_corrected_age_until_it_is_two() -> None:
    laras = Telling().told(
        "2025-01-10", "kader Ani", "child.register", born="2025-01-06", sex="P", weeks=32, **PLACE
    )  # fmt: skip
    child = stories.fold(laras.story)
    assert isinstance(child, Child)
    assert child.corrected_age(date(2025, 1, 6)) == -56
    assert child.corrected_age(date(2025, 7, 6)) == (date(2025, 7, 6) - date(2025, 1, 6)).days - 56
    assert child.corrected_age(date(2027, 1, 5)) is not None
    assert child.corrected_age(date(2027, 1, 6)) is None
    assert replace(child, weeks=37).corrected_age(date(2025, 7, 6)) is None
