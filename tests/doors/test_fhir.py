"""FHIR as a hospital's system speaks it: read, searched, answered, taken in; and every mistake has its own answer."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient
from uuid_utils.compat import uuid7

from service.fhir import codes
from service.places import Place
from service.tokens import SCOPES, Scope
from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.kabupaten import CODE, KEDAUNG, MELATI, PUSKESMAS, RSUD

Phones = Callable[[str], Phone]
JSON = "application/fhir+json"


def nik() -> str:
    return f"36033304032{uuid7().int % 100_000:05d}"


class Hospital:
    """A hospital's system with its token."""

    def __init__(self, service: TestClient[Any], token: str) -> None:
        self._service = service
        self._headers = {"authorization": f"Bearer {token}", "accept": JSON}

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def send(self, method: str, path: str, resource: Any, **headers: str) -> httpx.Response:
        return self._ask(method, path, json.dumps(resource), **{"content-type": JSON, **headers})

    def _ask(self, method: str, path: str, content: str | None = None, **headers: str) -> httpx.Response:
        self._service.cookies.clear()
        return self._service.request(
            method, f"/fhir{path}", content=content,
            headers={**self._headers, **{n.replace("_", "-"): v for n, v in headers.items()}},
        )  # fmt: skip

    def one(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith(JSON)
        found: dict[str, Any] = answer.json()
        return valid(found)


def valid(resource: dict[str, Any]) -> dict[str, Any]:
    """Checked by the models of fhir.resources, every nested one too."""
    kind = resource["resourceType"]
    module = importlib.import_module(f"fhir.resources.R4B.{kind.lower()}")
    getattr(module, kind).model_validate(resource)
    return resource


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    issue = valid(answer.json())["issue"][0]
    assert issue["details"]["coding"][0]["code"] == code
    assert issue["details"]["text"].endswith((".", "…"))
    found: dict[str, Any] = issue
    return found


@pytest.fixture
def hospital(service: TestClient[Any], places: dict[str, Place]) -> Hospital:
    return Hospital(service, places[CODE].tokens.make(RSUD, "rs", "SIMRS", SCOPES))


@pytest.fixture
def system(service: TestClient[Any], places: dict[str, Place]) -> Callable[..., Hospital]:
    def of(unit: str, role: str, *scopes: Scope) -> Hospital:
        return Hospital(service, places[CODE].tokens.make(unit, role, "SIM", scopes or SCOPES))  # type: ignore[arg-type]

    return of


@pytest.fixture
def referred(phone: Phones) -> tuple[str, str]:
    """A child weighed three times and referred to the hospital by the bidan."""
    return refer(phone)


def refer(phone: Phones, to: str = RSUD, kind: str = "rs", **more: Any) -> tuple[str, str]:
    number = str(uuid7())
    child = register(MELATI, personal={"name": "Budi Santoso", "mother": "Ani", "nik": nik(), "mother_nik": nik()})
    case = str(child["case"])
    phone("siti").send(
        child, weigh(case, "2025-06-05", 6.1), weigh(case, "2025-07-05", 6.2, cm=64.5, lying=True),
        weigh(case, "2025-08-05", 6.2, lila=11.9, oedema=1),
    )  # fmt: skip
    step = {"do": "referral.create", "on": today().isoformat(), "referral": number, "to": to, "kind": kind,
            "reason": "gizi-buruk", "consent": "diberikan", "temperature": 38.4, "escort": "kader",
            "personal": {"note": "Tidak mau makan tiga hari."}, **more}  # fmt: skip
    [answer] = phone("rina").send(entry(case, step))
    assert answer["answer"] == "recorded", answer
    return case, number


# Read


def test_the_request_says_everything_the_receiver_must_know(hospital: Hospital, referred: tuple[str, str]) -> None:
    case, number = referred
    request = hospital.one(f"/ServiceRequest/{number}")
    assert (request["status"], request["intent"], request["priority"]) == ("active", "original-order", "routine")
    assert request["subject"]["reference"] == f"Patient/{case}"
    assert request["requester"]["reference"] == f"Organization/{KEDAUNG}"
    assert request["performer"] == [{"reference": f"Organization/{RSUD}"}]
    assert request["code"]["coding"][0]["code"] == "3457005"
    assert request["note"] == [{"text": "Tidak mau makan tiga hari."}]
    assert request["patientInstruction"] == "Diantar kader"
    seen = {}
    for info in request["supportingInfo"]:
        one = hospital.one("/" + info["reference"])
        seen.setdefault(one["code"]["coding"][0]["code"], []).append(one["valueQuantity"]["value"])
    assert seen["29463-7"] == [6.1, 6.2, 6.2]
    assert seen["8306-3"] == [64.5]
    assert seen["284473002"] == [11.9]
    assert seen["8310-5"] == [38.4]
    assert set(seen) >= {"1153593003", "1153590000", "284521000"}


def test_the_patient_is_known_by_nik_and_by_the_mothers(hospital: Hospital, referred: tuple[str, str]) -> None:
    case, _ = referred
    patient = hospital.one(f"/Patient/{case}")
    systems = {i["system"]: i["value"] for i in patient["identifier"]}
    assert set(systems) == {codes.NIK, codes.MOTHERS_NIK}
    assert (patient["name"][0]["text"], patient["gender"], patient["birthDate"]) == (
        "Budi Santoso", "male", "2025-03-04",
    )  # fmt: skip
    found = hospital.one(f"/Patient?identifier={codes.NIK}|{systems[codes.NIK]}")
    assert [e["resource"]["id"] for e in found["entry"]] == [case]
    assert "entry" not in hospital.one(f"/Patient?identifier={codes.NIK}|3603330403259999")
    mothers = hospital.one(f"/Patient?identifier={codes.MOTHERS_NIK}|{systems[codes.MOTHERS_NIK]}")
    assert [e["resource"]["id"] for e in mothers["entry"]] == [case]


@pytest.mark.parametrize("kind", ["Task", "ServiceRequest", "Condition"])
def test_what_belongs_to_a_referral_is_under_its_number(
    hospital: Hospital, referred: tuple[str, str], kind: str
) -> None:
    answer = hospital.get(f"/{kind}/{referred[1]}")
    assert answer.headers["etag"] == f'W/"{valid(answer.json())["meta"]["versionId"]}"'
    assert hospital.get(f"/{kind}/{uuid7()}").status_code == 404


def test_there_is_no_stay_before_the_arrival_and_no_plan_before_the_way_back(
    hospital: Hospital, referred: tuple[str, str]
) -> None:
    refused(hospital.get(f"/Encounter/{referred[1]}"), 404, "not-found")
    refused(hospital.get(f"/CarePlan/{referred[1]}"), 404, "not-found")


def test_units_are_organisations(hospital: Hospital) -> None:
    one = hospital.one(f"/Organization/{RSUD}")
    assert (one["name"], one["partOf"]["reference"]) == ("RSUD Contoh", f"Organization/{CODE}")
    assert {CODE, KEDAUNG, MELATI, RSUD} <= {
        e["resource"]["id"] for e in hospital.one("/Organization?_count=200")["entry"]
    }


def test_what_can_be_done_is_told_to_everybody(service: TestClient[Any]) -> None:
    service.cookies.clear()
    statement = valid(service.get("/fhir/metadata").json())
    assert statement["fhirVersion"] == "4.0.1"
    kinds = {r["type"]: {i["code"] for i in r["interaction"]} for r in statement["rest"][0]["resource"]}
    assert kinds["Task"] == {"read", "search-type", "update", "patch"}


# Search


def test_a_search_finds_by_patient_status_code_and_time(
    hospital: Hospital, phone: Phones, referred: tuple[str, str]
) -> None:
    case, number = referred

    def found(query: str) -> list[str]:
        return [e["resource"]["id"] for e in hospital.one(f"/ServiceRequest?patient={case}&{query}").get("entry", [])]

    tomorrow = today() + timedelta(days=1)
    assert found("") == found("status=active") == found("status=active,completed") == [number]
    assert found("status=completed") == []
    assert found(f"code={codes.SNOMED}|3457005") == found("code=3457005") == [number]
    assert found("code=1") == []
    assert found(f"authored=ge{today().replace(day=1)}") == found(f"_lastUpdated=lt{tomorrow}") == [number]
    assert found(f"authored=gt{tomorrow}") == found("_lastUpdated=lt2020") == []
    assert found(f"performer=Organization/{RSUD}") == [number]
    tasks = hospital.one(f"/Task?patient=Patient/{case}&status=requested&owner={RSUD}")
    assert [e["resource"]["id"] for e in tasks["entry"]] == [number]
    weights = hospital.one(f"/Observation?patient={case}&code={codes.LOINC}|29463-7&date=ge2025-07-01")
    assert [e["resource"]["valueQuantity"]["value"] for e in weights["entry"]] == [6.2, 6.2]


def test_pages_follow_each_other_without_a_gap(hospital: Hospital, phone: Phones) -> None:
    made = {refer(phone)[1] for _ in range(3)}
    seen: list[str] = []
    path = "/ServiceRequest?_count=2"
    while path:
        page = hospital.one(path)
        seen += [e["resource"]["id"] for e in page.get("entry", [])]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        path = following[0].split("/fhir", 1)[1] if following else ""
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


def test_a_search_may_be_posted(hospital: Hospital, referred: tuple[str, str]) -> None:
    answer = hospital._ask(
        "POST", "/Task/_search", f"patient={referred[0]}", content_type="application/x-www-form-urlencoded"
    )
    assert [e["resource"]["id"] for e in valid(answer.json())["entry"]] == [referred[1]]


# The receiver's word


def answer(status: str, number: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Task", "id": number, "intent": "order", "status": status, **more}


def test_one_child_goes_all_the_way_and_comes_back(
    hospital: Hospital, phone: Phones, referred: tuple[str, str]
) -> None:
    case, number = referred
    task = hospital.one(f"/Task/{number}")
    accepted = hospital.send("PUT", f"/Task/{number}", {**task, "status": "accepted"})
    assert accepted.status_code == 200, accepted.text
    assert valid(accepted.json())["businessStatus"]["coding"][0]["code"] == "diterima"
    arrived = hospital.send("POST", "/Encounter", {
        "resourceType": "Encounter", "status": "arrived", "class": {"code": "AMB"},
        "basedOn": [{"reference": f"ServiceRequest/{number}"}], "period": {"start": today().isoformat()},
    })  # fmt: skip
    assert arrived.status_code == 201, arrived.text
    assert arrived.headers["location"].endswith(f"/fhir/Encounter/{number}")
    assert valid(arrived.json())["status"] == "in-progress"
    control = (today() + timedelta(days=14)).isoformat()
    back = hospital.send("POST", "/CarePlan", {
        "resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": {"reference": f"Patient/{case}"},
        "supportingInfo": [{"reference": f"ServiceRequest/{number}"}],
        "description": "F100 dilanjutkan di rumah.",
        "activity": [
            {"detail": {"status": "not-started", "description": "kunjungan"}},
            {"detail": {"status": "not-started", "description": "Timbang setiap minggu"}},
            {"detail": {"status": "not-started", "code": {"coding": [{"system": codes.SNOMED, "code": "185389009"}]},
                        "scheduledString": control}},
        ],
    })  # fmt: skip
    assert back.status_code == 201, back.text
    plan = valid(back.json())
    assert [a["detail"]["description"] for a in plan["activity"]][:2] == ["kunjungan", "menimbang berat"]
    assert "Timbang setiap minggu" in plan["description"]
    assert hospital.one(f"/Task/{number}")["status"] == "completed"
    assert hospital.one(f"/Encounter/{number}")["status"] == "finished"
    rina = phone("rina")
    newest = rina.get(f"/cases/{case}/story").json()["told"][0]
    assert newest["topic"] == "referral.counter-referred"
    tasks = rina.get(f"/cases/{case}?not_older_than={newest['position']}").json()["tasks"]
    assert "F07" in {t["rule"] for t in tasks}
    rina.send(entry(case, {"do": "referral.plan-follow-up", "on": today().isoformat(), "referral": number}))
    seen = rina.get(f"/cases/{case}?not_older_than={rina.position}").json()["tasks"]
    assert "F08" in {t["rule"] for t in seen}
    phone("siti").send(entry(case, {"do": "care.visit-home", "on": today().isoformat(), "found": "bertemu"}))
    left = rina.get(f"/cases/{case}?not_older_than={phone('siti').position}").json()["tasks"]
    assert "F08" not in {t["rule"] for t in left}


@pytest.mark.parametrize("how", ["merge", "patch"])
def test_a_task_may_be_patched(hospital: Hospital, referred: tuple[str, str], how: str) -> None:
    said: Any = {"status": "rejected", "statusReason": {"coding": [{"code": "penuh"}]}}
    kind = JSON
    if how == "patch":
        said = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in said.items()]
        kind = "application/json-patch+json"
    answered = hospital.send("PATCH", f"/Task/{referred[1]}", said, **{"content-type": kind})
    assert answered.status_code == 200, answered.text
    task = valid(answered.json())
    assert (task["status"], task["output"][0]["valueCode"]) == ("rejected", "rejected")


def test_satusehat_answers_by_an_output(hospital: Hospital, referred: tuple[str, str]) -> None:
    output = [{"type": {"coding": [codes.RESPONSE._asdict()]}, "valueCode": "accepted"}]
    answered = hospital.send("PATCH", f"/Task/{referred[1]}", {"status": "completed", "output": output})
    assert valid(answered.json())["status"] == "accepted"


def test_the_same_answer_sent_again_is_recorded_once(
    hospital: Hospital, phone: Phones, referred: tuple[str, str]
) -> None:
    case, number = referred
    said = answer("accepted", number, lastModified=today().isoformat())
    before = phone("rina").get(f"/cases/{case}/story").json()["total"]
    for _ in range(3):
        assert hospital.send("PUT", f"/Task/{number}", said).status_code == 200
    assert phone("rina").get(f"/cases/{case}/story").json()["total"] == before + 1


def test_an_answer_to_what_has_changed_since_is_refused(hospital: Hospital, referred: tuple[str, str]) -> None:
    number = referred[1]
    etag = hospital.get(f"/Task/{number}").headers["etag"]
    assert hospital.send("PUT", f"/Task/{number}", answer("accepted", number), if_match=etag).status_code == 200
    stale = hospital.send("PUT", f"/Task/{number}", answer("in-progress", number), if_match=etag)
    assert refused(stale, 412, "fhir-version")["code"] == "conflict"
    assert hospital.one(f"/Task/{number}")["status"] == "accepted"


# What comes in


def bundle(*entries: tuple[str, str, dict[str, Any]], kind: str = "transaction") -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [
            {"fullUrl": f"urn:uuid:{uuid7()}" if r["resourceType"] != "Patient" else "urn:uuid:pasien",
             "resource": r, "request": {"method": method, "url": url}}
            for method, url, r in entries
        ],
    }  # fmt: skip


def a_child(phone: Phones) -> tuple[str, str]:
    """A child nobody has referred, and its NIK."""
    number = nik()
    child = register(MELATI, personal={"name": "Rina", "nik": number})
    phone("siti").send(child)
    assert phone("siti").get(f"/queues/kader?not_older_than={phone('siti').position}").json()["fresh"]
    return str(child["case"]), number


def intake(number: str, **more: Any) -> dict[str, Any]:
    patient = {"resourceType": "Patient", "identifier": [{"system": codes.NIK, "value": number}]}
    weight = {
        "resourceType": "Observation", "status": "final", "code": {"coding": [codes.WEIGHT.code._asdict()]},
        "subject": {"reference": "urn:uuid:pasien"}, "effectiveDateTime": today().isoformat(),
        "valueQuantity": {"value": 6400, "unit": "g", "code": "g"},
    }  # fmt: skip
    request = {
        "resourceType": "ServiceRequest", "status": "active", "intent": "original-order", "priority": "urgent",
        "identifier": [{"system": f"{codes.REQUEST_NUMBER}/{PUSKESMAS}", "value": f"R-{number}"}],
        "code": {"coding": [codes.REFERRAL._asdict()]}, "subject": {"reference": "urn:uuid:pasien"},
        "performer": [{"reference": f"Organization/{RSUD}"}],
        "reasonCode": [{"coding": [{"system": codes.ICD10, "code": "E43"}], "text": "Bengkak dan lemas"}],
        **more,
    }  # fmt: skip
    return bundle(
        ("POST", "Patient", patient), ("POST", "Observation", weight), ("POST", "ServiceRequest", request)
    )  # fmt: skip


def test_a_bundle_brings_a_referral_in_and_the_hospital_sees_it(
    system: Callable[..., Hospital], hospital: Hospital, phone: Phones
) -> None:
    case, number = a_child(phone)
    clinic = system(PUSKESMAS, "puskesmas-tpg")
    sent = intake(number)
    first = clinic.send("POST", "", sent)
    assert first.status_code == 200, first.text
    assert [e["response"]["status"] for e in valid(first.json())["entry"]] == ["201 Created", "201 Created"]
    assert clinic.send("POST", "", sent).json() == first.json()
    [found] = hospital.one(f"/ServiceRequest?patient={case}")["entry"]
    request = found["resource"]
    assert (request["priority"], request["requester"]["reference"]) == ("urgent", f"Organization/{PUSKESMAS}")
    assert request["note"] == [{"text": "Bengkak dan lemas"}]
    assert hospital.one(f"/Condition/{request['id']}")["code"]["coding"][0]["code"] == "E43"
    weights = hospital.one(f"/Observation?patient={case}&code=29463-7")["entry"]
    assert [e["resource"]["valueQuantity"]["value"] for e in weights] == [6.4]


def test_of_a_bundle_with_one_bad_entry_nothing_is_recorded(system: Callable[..., Hospital], phone: Phones) -> None:
    case, number = a_child(phone)
    clinic = system(PUSKESMAS, "puskesmas-tpg")
    before = phone("rina").get(f"/cases/{case}/story").json()["total"]
    late = intake(number, authoredOn="2999-01-01")
    refused(clinic.send("POST", "", late), 422, "future-day")
    refused(
        clinic.send("POST", "", intake(number, performer=[{"reference": "Organization/X"}])), 422, "no-such-facility"
    )
    refused(clinic.send("POST", "", intake("3603330403250099")), 422, "no-such-patient")
    for kind in ("Condition", "Basic", "Task", "Bundle"):  # which nobody takes in as something new
        other = intake(number)
        other["entry"].append({"resource": {"resourceType": kind}, "request": {"method": "POST", "url": kind}})
        refused(clinic.send("POST", "", other), 422, "fhir-bundle")
    assert phone("rina").get(f"/cases/{case}/story").json()["total"] == before


# Mistakes


MISTAKES: dict[str, tuple[str, str, Any, int, str]] = {
    "no json": ("POST", "/Encounter", None, 400, "not-json"),
    "another kind": ("POST", "/Encounter", {"resourceType": "Patient"}, 400, "fhir-resource"),
    "a kind nobody serves": ("POST", "/Basic", {"resourceType": "Basic"}, 405, "method-not-allowed"),
    "an element of the wrong type": ("POST", "/Encounter", {"resourceType": "Encounter", "basedOn": 7}, 400,
                                     "fhir-element"),
    "no referral": ("POST", "/Encounter", {"resourceType": "Encounter"}, 422, "fhir-reference"),
    "no bundle": ("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": []}, 422, "fhir-bundle"),
    "a facility that is not": ("POST", "/ServiceRequest", {
        "resourceType": "ServiceRequest", "subject": {"reference": "Patient/{case}"},
        "performer": [{"reference": "Organization/9999RS99"}]}, 422, "no-such-facility"),
    "a status that says nothing": ("PUT", "/Task/{number}", {"resourceType": "Task", "status": "draft"}, 422,
                                   "task-status"),
    "a step that cannot follow": ("POST", "/CarePlan", {
        "resourceType": "CarePlan", "supportingInfo": [{"reference": "ServiceRequest/{number}"}]}, 422,
        "referral-step"),
    "a patch too deep": ("PATCH", "/Task/{number}", [{"op": "replace", "path": "/a/b", "value": 1}], 422,
                         "fhir-element"),
    "a unit nobody knows": ("POST", "/Observation", {
        "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/{case}"},
        "code": {"coding": [{"system": codes.LOINC, "code": "29463-7"}]},
        "valueQuantity": {"value": 14, "unit": "lb"}}, 422, "observation-unit"),
    "a measurement nobody takes": ("POST", "/Observation", {
        "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/{case}"},
        "code": {"coding": [{"system": codes.LOINC, "code": "1-1"}]},
        "valueQuantity": {"value": 14, "unit": "kg"}}, 422, "observation-code"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_has_its_own_answer_and_nothing_is_half_done(
    hospital: Hospital, phone: Phones, referred: tuple[str, str], mistake: str
) -> None:
    case, number = referred
    method, path, resource, status, code = MISTAKES[mistake]
    sent = json.dumps(resource).replace("{case}", case).replace("{number}", number) if resource else "{"
    before = phone("rina").get(f"/cases/{case}/story").json()["total"]
    answered = hospital._ask(method, path.replace("{number}", number), sent, content_type=JSON)
    refused(answered, status, code)
    assert phone("rina").get(f"/cases/{case}/story").json()["total"] == before


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/ServiceRequest?colour=red", 400, "search-parameter"),
        ("/ServiceRequest?authored=yesterday", 400, "search-value"),
        ("/Task?_count=many", 400, "search-value"),
        ("/Medication", 404, "fhir-resource"),
        ("/Patient/nobody", 404, "not-found"),
        ("/Observation/x.y.z", 404, "not-found"),
        ("/Task/1/_history/2/3", 404, "not-found"),
    ],
)
def test_a_question_nobody_understands_is_answered_so(hospital: Hospital, path: str, status: int, code: str) -> None:
    refused(hospital.get(path), status, code)


def test_what_is_known_is_named_as_it_is_written(hospital: Hospital) -> None:
    text = refused(hospital.get("/Task?colour_of-eyes=red"), 400, "search-parameter")["details"]["text"]
    assert text.startswith("Parameter pencarian colour_of-eyes tidak dikenal. Yang dikenal: _id, ")
    assert "business-status" in text


def test_without_a_token_or_with_too_small_a_one_nothing_opens(
    service: TestClient[Any], system: Callable[..., Hospital], phone: Phones, referred: tuple[str, str]
) -> None:
    service.cookies.clear()
    refused(service.get("/fhir/Task"), 401, "token-missing")
    refused(phone("rina").get("/fhir/Task"), 401, "token-missing")
    refused(Hospital(service, "dampingi_9901_x").get("/Task"), 401, "token-unknown")
    reader = system(RSUD, "rs", "rujukan:baca")
    refused(reader.send("PUT", f"/Task/{referred[1]}", answer("accepted", referred[1])), 403, "token-scope")


def test_another_hospital_sees_nothing_of_it(
    system: Callable[..., Hospital], places: dict[str, Place], referred: tuple[str, str]
) -> None:
    from service.access import Unit

    places[CODE].accounts.put_unit(Unit("9901RS02", "rs", "RS Lain", CODE))
    other = system("9901RS02", "rs")
    case, number = referred
    for path in (f"/Task/{number}", f"/Patient/{case}", f"/ServiceRequest/{number}"):
        refused(other.get(path), 404, "not-found")
    assert "entry" not in other.one(f"/Observation?patient={case}")
    refused(other.send("PUT", f"/Task/{number}", answer("accepted", number)), 404, "not-found")
