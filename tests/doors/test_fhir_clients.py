"""Two FHIR clients that others wrote, against a running service: a child goes to hospital and comes home again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fhirclient import client as smart
from fhirclient.models import careplan, encounter, patient, servicerequest
from fhirclient.models import task as tasks
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from service.fhir import codes
from service.places import Place
from service.tokens import SCOPES
from tests.doors.conftest import Phone, entry, today
from tests.doors.test_fhir import refer
from tests.kabupaten import CODE, RSUD

Phones = Callable[[str], Phone]


@pytest.fixture
def token(places: dict[str, Place]) -> str:
    return places[CODE].tokens.make(RSUD, "rs", "SIMRS", SCOPES)


@pytest.fixture
def fhirpy(address: str, token: str) -> SyncFHIRClient:
    return SyncFHIRClient(f"{address}/fhir", authorization=f"Bearer {token}")


def home(phone: Phones, case: str, number: str) -> None:
    """The way on in the village: the bidan plans, the kader visits, and no task is left of it."""
    rina, on = phone("rina"), today().isoformat()
    rules = {t["rule"] for t in _tasks(rina, case)}
    assert "F07" in rules
    rina.send(entry(case, {"do": "referral.plan-follow-up", "on": on, "referral": number, "visit": on}))
    assert "F08" in {t["rule"] for t in _tasks(rina, case)}
    phone("siti").send(entry(case, {"do": "care.visit-home", "on": on, "found": "bertemu"}))
    assert not {"F07", "F08"} & {t["rule"] for t in _tasks(rina, case)}


def _tasks(phone: Phone, case: str) -> list[dict[str, Any]]:
    newest = phone.get(f"/cases/{case}/story").json()["told"][0]["position"]
    found: list[dict[str, Any]] = phone.get(f"/cases/{case}?not_older_than={newest}").json()["tasks"]
    return found


def test_fhirpy_walks_a_child_from_referral_to_the_visit_at_home(fhirpy: SyncFHIRClient, phone: Phones) -> None:
    case, number = refer(phone)
    waiting = fhirpy.resources("Task").search(status="requested", patient=case).fetch_all()
    assert [task["id"] for task in waiting] == [number]
    request = waiting[0]["focus"].to_resource()
    assert request["subject"].to_resource()["name"][0]["text"] == "Budi Santoso"
    z = fhirpy.resources("Observation").search(patient=case, code=f"{codes.SNOMED}|1153593003").fetch_all()
    assert [one["valueQuantity"]["code"] for one in z] == ["{Zscore}"] * 2  # a child with oedema has none
    waiting[0].patch(status="accepted")
    assert fhirpy.reference("Task", number).to_resource()["status"] == "accepted"
    arrived = fhirpy.resource(
        "Encounter", status="arrived", basedOn=[{"reference": f"ServiceRequest/{number}"}],
        subject={"reference": f"Patient/{case}"}, **{"class": {"code": "AMB"}},
    )  # fmt: skip
    arrived.save()
    assert arrived["id"] == number
    control = (today() + timedelta(days=14)).isoformat()
    plan = fhirpy.resource(
        "CarePlan", status="active", intent="plan", subject={"reference": f"Patient/{case}"},
        supportingInfo=[{"reference": f"ServiceRequest/{number}"}], description="Makan lima kali sehari.",
        activity=[
            {"detail": {"status": "not-started", "description": "kunjungan"}},
            {"detail": {"status": "not-started", "description": "kontrol", "scheduledString": control}},
        ],
    )  # fmt: skip
    plan.save()
    assert [a["detail"]["description"] for a in plan["activity"]] == ["kunjungan", "kontrol", "kontrol"]
    assert fhirpy.resources("Task").search(patient=case, status="completed").first()["id"] == number
    home(phone, case, number)


def test_fhirpy_is_told_of_mistakes_as_it_expects(fhirpy: SyncFHIRClient, phone: Phones) -> None:
    _, number = refer(phone)
    with pytest.raises(OperationOutcome, match="tidak dikenal"):
        fhirpy.resources("Task").search(colour="red").fetch()
    with pytest.raises(ResourceNotFound):
        fhirpy.reference("Task", "0").to_resource()
    task = fhirpy.reference("Task", number).to_resource()
    with pytest.raises(OperationOutcome, match="jadi tidak dapat dicatat"):
        task.patch(status="completed")


def test_fhirclient_walks_a_child_the_same_way(address: str, token: str, phone: Phones) -> None:
    case, number = refer(phone)
    server = smart.FHIRClient(settings={"app_id": "simrs", "api_base": f"{address}/fhir"}).server
    server.session.headers["Authorization"] = f"Bearer {token}"
    who = patient.Patient.read(case, server)
    assert (who.name[0].text, who.gender) == ("Budi Santoso", "male")
    [request] = servicerequest.ServiceRequest.where({"patient": case, "status": "active"}).perform_resources_iter(
        server
    )
    assert request.id == number
    task = tasks.Task.read(number, server)
    task.status = "accepted"
    task.update(server)
    assert tasks.Task.read(number, server).status == "accepted"
    arrived = encounter.Encounter({
        "resourceType": "Encounter", "status": "arrived", "class": {"code": "AMB"},
        "basedOn": [{"reference": f"ServiceRequest/{number}"}],
    })  # fmt: skip
    arrived.create(server)
    assert encounter.Encounter.read(number, server).status == "in-progress"
    plan = careplan.CarePlan({
        "resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": {"reference": f"Patient/{case}"},
        "supportingInfo": [{"reference": f"ServiceRequest/{number}"}],
        "activity": [{"detail": {"status": "not-started", "description": "obat"}}],
    })  # fmt: skip
    plan.create(server)
    assert careplan.CarePlan.read(number, server).activity[0].detail.description == "minum obat"
    home(phone, case, number)
