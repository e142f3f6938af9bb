"""From a story to resources: the patient, the request, its task, what was measured, the diagnosis, the way back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from domain.case import Event, Personal, done
from domain.chart import Chart, Point
from domain.child import Child
from domain.labels import label
from domain.person import Person
from domain.pregnancy import Check, LabResultRecorded, Pregnancy
from domain.referral import THERE, CounterReferred, Reach, Reached, Referral, Referred, TreatmentCompleted
from projections.people import born_and_sex, whole_nik
from service.access import Unit
from service.fhir import codes
from service.fhir.codes import Code, Measure

Resource = dict[str, Any]


class Seen(Struct, frozen=True):
    """A case as the reader of its resources may know it."""

    case: UUID
    state: Person
    chart: Chart
    person: Personal | None
    """Its identity, as far as this reader may see it."""
    said: dict[int, Event]
    """The events of its referrals as they count, by version; a case remembers only the steps."""
    notes: dict[int, str]
    """Their opened notes, by version."""
    heard: datetime
    version: int


# Patient and organisation


def patient(seen: Seen) -> Resource:
    """The child or the mother; a newborn without a NIK is found by its mother's."""
    who = seen.person or Personal()
    born, sex = born_and_sex(seen.state)
    found: Resource = {
        "resourceType": "Patient",
        "id": str(seen.case),
        "meta": _meta(seen.version, seen.heard),
        "identifier": list(_identifiers(who)),
        "active": seen.state.active,
        "name": [{"use": "official", "text": who.name}] if who.name else [],
        "gender": {"L": "male", "P": "female"}.get(sex or "", "unknown"),
        "birthDate": born.isoformat() if born else None,
        "telecom": [{"system": "phone", "value": who.phone}] if who.phone else [],
        "address": [{"text": who.address}] if who.address else [],
        "contact": [{"relationship": [_text("ibu")], "name": {"text": who.mother}}] if who.mother else [],
        "managingOrganization": organization_reference(seen.state.desa),
    }
    if getattr(seen.state, "died", None) is not None:
        died = seen.state.died  # type: ignore[attr-defined]
        found["deceasedDateTime"] = (died if isinstance(died, date) else died.on).isoformat()
    return _plain(found)


def _identifiers(who: Personal) -> Iterator[Resource]:
    for system, number in ((codes.NIK, who.nik), (codes.MOTHERS_NIK, who.mother_nik)):
        if whole_nik(number):  # one that is covered would be another person's to a program
            yield {"use": "official", "system": system, "value": number}


def organization(unit: Unit) -> Resource:
    """A unit: desa, puskesmas, hospital."""
    return _plain({
        "resourceType": "Organization",
        "id": unit.code,
        "active": True,
        "type": [_text(unit.kind)],
        "name": unit.name,
        "partOf": organization_reference(unit.parent) if unit.parent else None,
    })  # fmt: skip


def organization_reference(code: str) -> Resource:
    return {"reference": f"Organization/{code}"}


# The request and its task

REQUEST_STATUS: dict[Reached, str] = {
    "dibuat": "active", "dikirim": "active", "dialihkan": "active", "diterima": "active", "tiba": "active",
    "ditangani": "active", "tidak-datang": "on-hold", "ditolak": "revoked", "batal": "revoked", "selesai": "completed",
    "dirujuk-lanjut": "completed", "rujuk-balik": "completed", "tindak-lanjut": "completed", "tutup": "completed",
}  # fmt: skip
TASK_STATUS: dict[Reached, str] = {
    "dibuat": "requested", "dikirim": "requested", "dialihkan": "requested", "diterima": "accepted",
    "ditolak": "rejected", "tiba": "in-progress", "ditangani": "in-progress", "tidak-datang": "on-hold",
    "batal": "cancelled", "selesai": "completed", "dirujuk-lanjut": "completed", "rujuk-balik": "completed",
    "tindak-lanjut": "completed", "tutup": "completed",
}  # fmt: skip


def service_request(seen: Seen, referral: Referral) -> Resource:
    """The referral as it was asked for, with everything that was measured beside it."""
    made = _made(seen, referral)
    note = seen.notes.get(referral.made.version)
    return _plain({
        "resourceType": "ServiceRequest",
        "id": str(referral.id),
        "meta": _meta(referral.last.version, referral.last.heard),
        "identifier": list(_numbers(referral)),
        "basedOn": [_reference("ServiceRequest", referral.follows)] if referral.follows else [],
        "status": REQUEST_STATUS[referral.state],
        "intent": "original-order",
        "category": [_concept(codes.REFERRAL)],
        "priority": "urgent" if referral.urgent else "routine",
        "code": _concept(codes.REFERRAL),
        "subject": _reference("Patient", seen.case),
        "occurrenceDateTime": referral.planned.isoformat() if referral.planned else None,
        "authoredOn": moment(referral.made.heard),
        "requester": organization_reference(referral.sender),
        "performer": [organization_reference(referral.to)],
        "locationCode": [_concept(Code(codes.ROLE, "HOSP", "Hospital"))] if referral.kind == "rs" else [],
        "reasonCode": [_reason(referral.reason)],
        "reasonReference": [_reference("Condition", referral.id)],
        "supportingInfo": [{"reference": f"Observation/{o['id']}"} for o in newest(seen)],
        "note": [{"text": note}] if note else [],
        "patientInstruction": _instruction(made) if made is not None else None,
    })  # fmt: skip


def _numbers(referral: Referral) -> Iterator[Resource]:
    yield {"system": f"{codes.REQUEST_NUMBER}/{referral.sender}", "value": str(referral.id)}
    if referral.number:
        yield {"system": codes.REFERRAL_NUMBER, "value": referral.number}


def _made(seen: Seen, referral: Referral) -> Referred | None:
    event = seen.said.get(referral.made.version)
    return event if isinstance(event, Referred) else None


def _instruction(made: Referred) -> str:
    parts = [f"Diantar {label(made.escort)}" if made.escort else "", label(made.vehicle) if made.vehicle else ""]
    return ", ".join(part for part in parts if part)


def _reason(reason: str) -> Resource:
    return {"coding": [{"system": codes.REASON, "code": reason, "display": label(reason)}], "text": label(reason)}


def task(seen: Seen, referral: Referral) -> Resource:
    """Where the referral stands. The receiver answers by changing its status."""
    back = referral.reached("rujuk-balik")
    return _plain({
        "resourceType": "Task",
        "id": str(referral.id),
        "meta": _meta(referral.last.version, referral.last.heard),
        "status": TASK_STATUS[referral.state],
        "statusReason": _text(label(referral.no_show)) if referral.no_show and referral.state == "tidak-datang" else {},
        "businessStatus": {
            "coding": [{"system": codes.STEP, "code": referral.state, "display": label(referral.state)}],
            "text": label(referral.state),
        },
        "intent": "order",
        "priority": "urgent" if referral.urgent else "routine",
        "code": _concept(codes.APPROVAL),
        "focus": _reference("ServiceRequest", referral.id),
        "for": _reference("Patient", seen.case),
        "encounter": _reference("Encounter", referral.id) if _arrived(referral) else None,
        "authoredOn": moment(referral.made.heard),
        "lastModified": moment(referral.last.heard),
        "requester": organization_reference(referral.sender),
        "owner": organization_reference(referral.to),
        "output": list(_outputs(referral, back is not None)),
    })  # fmt: skip


def _outputs(referral: Referral, back: bool) -> Iterator[Resource]:
    for state, answer in (("diterima", "accepted"), ("ditolak", "rejected")):
        if referral.reached(state) is not None:  # type: ignore[arg-type]
            yield {"type": _concept(codes.RESPONSE), "valueCode": answer}
    if back:
        yield {"type": _concept(codes.FOLLOW_UP), "valueReference": _reference("CarePlan", referral.id)}
    if referral.onward is not None:
        yield {"type": _concept(codes.REFERRAL), "valueReference": _reference("ServiceRequest", referral.onward)}


# Beside the request


def condition(seen: Seen, referral: Referral) -> Resource:
    """Why the patient was referred; the diagnosis of the receiver, once there is one."""
    return _plain({
        "resourceType": "Condition",
        "id": str(referral.id),
        "meta": _meta(referral.last.version, referral.last.heard),
        "clinicalStatus": _concept(Code(codes.CLINICAL, "active", "Active")),
        "code": _diagnosis(referral),
        "subject": _reference("Patient", seen.case),
        "recordedDate": referral.made.on.isoformat(),
    })  # fmt: skip


def _diagnosis(referral: Referral) -> Resource:
    if referral.diagnosis:
        return {"coding": [{"system": codes.ICD10, "code": referral.diagnosis}], "text": label(referral.reason)}
    known = codes.DIAGNOSES.get(referral.reason)
    return {**(_concept(known) if known else {}), "text": label(referral.reason)}


_LEFT: frozenset[Reached] = frozenset({"rujuk-balik", "selesai", "dirujuk-lanjut"})


def _first(referral: Referral, states: Collection[Reached]) -> Reach | None:
    return next((step for step in referral.steps if step.state in states), None)


def _arrived(referral: Referral) -> Reach | None:
    """The first step that says that the patient is or was there."""
    return _first(referral, THERE | _LEFT)


def encounter(seen: Seen, referral: Referral) -> Resource | None:
    """The stay at the receiver; None while the patient is not there."""
    arrived, left = _arrived(referral), _first(referral, _LEFT)
    if arrived is None:
        return None
    return _plain({
        "resourceType": "Encounter",
        "id": str(referral.id),
        "meta": _meta(referral.last.version, referral.last.heard),
        "status": "finished" if left else "in-progress",
        "class": {"system": codes.ACT, "code": "AMB", "display": "ambulatory"},
        "subject": _reference("Patient", seen.case),
        "basedOn": [_reference("ServiceRequest", referral.id)],
        "period": {"start": arrived.on.isoformat(), "end": left.on.isoformat() if left else None},
        "serviceProvider": organization_reference(arrived.to),
    })  # fmt: skip


def care_plan(seen: Seen, referral: Referral) -> Resource | None:
    """The counter-referral: what is to be done at home, and when the patient is to come again."""
    back = referral.reached("rujuk-balik")
    if back is None:
        return None
    event = seen.said.get(back.version)
    note = seen.notes.get(back.version)
    tasks = [_activity(label(task)) for task in event.tasks] if isinstance(event, CounterReferred) else []
    if referral.control is not None:
        tasks.append(_activity("kontrol", referral.control, codes.FOLLOW_UP))
    return _plain({
        "resourceType": "CarePlan",
        "id": str(referral.id),
        "meta": _meta(referral.last.version, referral.last.heard),
        "status": "completed" if referral.state == "tutup" else "active",
        "intent": "plan",
        "title": "Rujuk balik",
        "description": note,
        "subject": _reference("Patient", seen.case),
        "created": back.on.isoformat(),
        "author": organization_reference(back.to),
        "addresses": [_reference("Condition", referral.id)],
        "supportingInfo": [_reference("ServiceRequest", referral.id)],
        "activity": tasks,
    })  # fmt: skip


def _activity(words: str, on: date | None = None, code: Code | None = None) -> Resource:
    return {"detail": _plain({
        "status": "not-started",
        "code": _concept(code) if code else _text(words),
        "description": words,
        "scheduledString": on.isoformat() if on else None,
    })}  # fmt: skip


# What was measured


def observations(seen: Seen) -> Iterator[Resource]:
    """Every figure of every measurement, the oldest first. What is restricted (HIV, syphilis, HBsAg) is not told."""
    state = seen.state
    if isinstance(state, Child):
        for point in seen.chart.points:
            yield from _of_child(seen, point)
    elif isinstance(state, Pregnancy):
        for check in state.checks:
            yield from _of_mother(seen, check)
        yield from _of_laboratory(seen, state)
    for referral in state.referrals:
        made, step = _made(seen, referral), referral.made
        if made is not None:
            vitals = (
                ("suhu", codes.TEMPERATURE, made.temperature), ("nadi", codes.PULSE, made.pulse),
                ("napas", codes.BREATHS, made.breaths),
            )  # fmt: skip
            yield from _figures(seen, step.version, step.on, step.heard, vitals)


def newest(seen: Seen) -> list[Resource]:
    """The newest three of each kind: what a receiver has to know without asking."""
    kept: dict[str, list[Resource]] = {}
    for one in observations(seen):
        kept.setdefault(one["code"]["coding"][0]["code"], []).append(one)
    return [one for found in kept.values() for one in found[-3:]]


def _of_child(seen: Seen, point: Point) -> Iterator[Resource]:
    w, z = point.weighing, point.z
    lying = w.lying if w.lying is not None else point.age < 731
    length = codes.TALL if w.lying is None else codes.LENGTH if w.lying else codes.HEIGHT
    figures = (
        ("berat", codes.WEIGHT, w.kg), ("panjang", length, w.cm), ("lila", codes.LILA, w.lila),
        ("kepala", codes.HEAD, w.head), ("bengkak", codes.OEDEMA, w.oedema),
        ("bbu", codes.WAZ, z.waz), ("tbu", codes.LAZ if lying else codes.HAZ, z.haz),
        ("bbtb", codes.WLZ if lying else codes.WHZ, z.whz),
    )  # fmt: skip
    return _figures(seen, w.version, w.on, w.heard, figures)


def _of_mother(seen: Seen, check: Check) -> Iterator[Resource]:
    m = check.event
    figures = (
        ("berat", codes.WEIGHT, m.kg), ("lila", codes.LILA, m.lila), ("sistole", codes.SYSTOLIC, m.systolic),
        ("diastole", codes.DIASTOLIC, m.diastolic), ("fundus", codes.FUNDUS, m.fundus),
        ("denyut", codes.HEARTBEAT, m.heartbeat),
    )  # fmt: skip
    return _figures(seen, check.version, check.on, check.heard, figures)


def _of_laboratory(seen: Seen, state: Pregnancy) -> Iterator[Resource]:
    for act in done(state.acts, LabResultRecorded):
        event = act.event
        assert isinstance(event, LabResultRecorded)
        if event.test == "hb":
            yield from _figures(seen, act.version, act.on, act.heard, (("hb", codes.HAEMOGLOBIN, event.value),))


def _figures(
    seen: Seen, version: int, on: date, heard: datetime, figures: Iterable[tuple[str, Measure, float | None]]
) -> Iterator[Resource]:
    for name, measure, value in figures:
        if value is not None:
            yield {
                "resourceType": "Observation",
                "id": f"{seen.case}.{version}.{name}",
                "meta": _meta(version, heard),
                "status": "final",
                "category": [_concept(Code(codes.CATEGORY, measure.category, measure.category))],
                "code": _concept(measure.code),
                "subject": _reference("Patient", seen.case),
                "effectiveDateTime": on.isoformat(),
                "issued": moment(heard),
                "valueQuantity": {
                    "value": value, "unit": measure.unit, "system": codes.UCUM, "code": measure.unit,
                },
            }  # fmt: skip


# Pieces


def _reference(kind: str, number: UUID) -> Resource:
    return {"reference": f"{kind}/{number}"}


def _concept(code: Code) -> Resource:
    return {"coding": [{"system": code.system, "code": code.code, "display": code.display}]}


def _text(words: str) -> Resource:
    return {"text": words}


def _meta(version: int, updated: datetime) -> Resource:
    return {"versionId": str(version), "lastUpdated": moment(updated)}


def moment(at: datetime) -> str:
    """As FHIR writes it."""
    return at.isoformat(timespec="milliseconds")


def _plain(resource: Resource) -> Resource:
    """Without what is not known: FHIR has no empty lists and no nulls."""
    kept = {name: _plain(value) if isinstance(value, dict) else value for name, value in resource.items()}
    return {name: value for name, value in kept.items() if value not in (None, "", [], {})}


def of_referral(event: object) -> bool:
    """What a resource is made of beside the steps."""
    return isinstance(event, Referred | CounterReferred | TreatmentCompleted)
