"""The resources of one child and one mother, to the letter: whoever changes them sees what a hospital will see."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain import stories
from domain.case import Personal
from domain.person import Person
from service.fhir import intake, resources
from service.fhir.resources import Resource, Seen, of_referral
from tests.pure.telling import CASE, PLACE, Telling, juknis

GOLDEN = Path(__file__).with_name("fhir")
FIRST = "6f1f9a54-3c5e-4e7f-9a53-0d1c4d0a5e11"


def budi() -> Telling:
    """Referred, redirected, treated and sent home."""
    told = Telling().told("2025-03-03", "kader Ani", "child.register", born="2024-06-02", sex="L", **PLACE)
    told.told("2025-04-05", "kader Ani", "child.measure", kg=6.4, cm=66.5, lying=True, lila=11.8)
    told.told("2025-05-05", "kader Ani", "child.measure", kg=6.3, oedema=1)
    told.told("2025-05-06", "bidan Rina", "referral.create", referral=FIRST, to="3603RS02", kind="rs",
              reason="gizi-buruk", urgent=True, consent="diberikan", temperature=38.2, pulse=120, escort="bidan",
              vehicle="ambulans", personal={"note": "Lemas."})  # fmt: skip
    told.told("2025-05-06", "bidan Rina", "referral.send", referral=FIRST, via="satusehat", number="0123R001")
    told.told("2025-05-06", "bidan Rina", "referral.redirect", referral=FIRST, to="3603RS01", kind="rs", reason="penuh")
    told.told("2025-05-06", "rs Sari", "referral.accept", referral=FIRST)
    told.told("2025-05-06", "rs Sari", "referral.arrive", referral=FIRST)
    return told.told("2025-05-20", "rs Sari", "referral.counter-refer", referral=FIRST, diagnosis="E43",
                     control="2025-06-03", tasks=["kunjungan", "obat"], personal={"note": "F100."})  # fmt: skip


def sri() -> Telling:
    """A mother whose restricted results stay out."""
    told = Telling().told(
        "2025-03-03", "bidan Rina", "pregnancy.register", hpht="2024-12-01", born="1996-02-03", **PLACE
    )
    told.told(
        "2025-04-05", "bidan Rina", "pregnancy.measure", kg=48.5, lila=22.9, systolic=142, diastolic=92, fundus=18
    )
    told.told("2025-04-05", "bidan Rina", "pregnancy.record-lab-result", test="hb", value=9.4)
    told.told("2025-04-05", "bidan Rina", "pregnancy.record-lab-result", test="hiv", result="reaktif")
    return told.told("2025-04-06", "bidan Rina", "referral.create", referral=FIRST, to="3603330101", kind="puskesmas",
                     reason="hipertensi", planned="2025-04-08")  # fmt: skip


def seen(told: Telling, who: Personal) -> Seen:
    state = stories.fold(told.story)
    assert isinstance(state, Person)
    counting = stories.counting(told.story)
    said = {r.version: r.event for r in counting if of_referral(r.event)}
    notes = {v: p.note for v, e in said.items() if isinstance(p := getattr(e, "personal", None), Personal) and p.note}
    chart = juknis().book(date(2025, 6, 1)).chart(state)
    last = told.story[-1]
    return Seen(CASE, state, chart, who, said, notes, last.by.recorded_at, last.version)


BUDI = Personal(name="Budi Santoso", mother="Siti", nik="3603330206240001", mother_nik="3603334107950002", phone="0812")
SRI = Personal(name="Sri", nik="3603334302960003")


def every(of: Seen) -> list[Resource]:
    found: list[Resource | None] = [resources.patient(of)]
    for one in of.state.referrals:
        makers: tuple[Any, ...] = (
            resources.service_request, resources.task, resources.condition, resources.encounter, resources.care_plan,
        )  # fmt: skip
        found += [make(of, one) for make in makers]
    return [one for one in found if one is not None] + list(resources.observations(of))


@pytest.mark.parametrize(("name", "told", "who"), [("budi", budi, BUDI), ("sri", sri, SRI)])
def test_resources_are_as_they_were(name: str, told: Any, who: Personal) -> None:
    made = json.loads(json.dumps(every(seen(told(), who))))
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert [(r["resourceType"], r["id"]) for r in made] == [(r["resourceType"], r["id"]) for r in golden]
    for one, before in zip(made, golden, strict=True):
        assert one == before


def test_a_restricted_result_is_told_nobody() -> None:
    text = json.dumps(every(seen(sri(), SRI)))
    assert "68961-2" not in text
    assert "hiv" not in text.casefold()
    assert "718-7" in text


def test_the_sample_goes_every_step_it_names() -> None:
    kinds = {r["resourceType"] for r in every(seen(budi(), BUDI))}
    assert kinds == {"Patient", "ServiceRequest", "Task", "Condition", "Encounter", "CarePlan", "Observation"}


def test_a_task_that_is_given_back_as_it_was_read_says_nothing_of_the_day() -> None:
    of = seen(sri(), SRI)
    [sent] = of.state.referrals
    read = resources.task(of, sent)
    given_back = intake.read(json.dumps({**read, "status": "accepted"}).encode(), "Task")
    today = date(2025, 4, 20)
    on = intake.of_task(intake.as_said(given_back, read["lastModified"]), sent, "3603330101", today).on
    assert (read["lastModified"][:10], on) == ("2025-04-06", today)
    said = intake.read(json.dumps({**read, "status": "accepted", "lastModified": "2025-04-09"}).encode(), "Task")
    assert intake.of_task(intake.as_said(said, read["lastModified"]), sent, "3603330101", today).on == date(2025, 4, 9)
