"""From what another system sends to what is asked of the stories: each resource becomes one request.

An entry has a number made of who sent it and what it says, so that a request sent again records nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from domain import child, pregnancy
from domain.case import Command, Personal
from domain.child import Child
from domain.person import Person
from domain.referral import (
    AcceptReferral,
    BeginTreatment,
    CancelReferral,
    CloseReferral,
    CompleteTreatment,
    CounterRefer,
    NoShowReason,
    Reason,
    RecordArrival,
    RecordNoShow,
    Refer,
    Referral,
    RejectReferral,
)
from service.access import FACILITIES, Units
from service.fhir import codes
from service.problems import Trouble

_ENTRIES = UUID("b6e1f0c2-7a4d-5f0b-8d3e-2f9a1c6b4e57")

# What is read of a resource. Elements that say nothing to us are passed over, as FHIR allows.


class _Loose(Struct, frozen=True, rename="camel"):
    pass


class Coding(_Loose, frozen=True):
    code: str = ""
    system: str = ""


class Concept(_Loose, frozen=True):
    coding: tuple[Coding, ...] = ()
    text: str = ""

    def has(self, code: codes.Code) -> bool:
        """One of its codings is this code."""
        return any((c.system, c.code) == (code.system, code.code) for c in self.coding)


class Identifier(_Loose, frozen=True):
    value: str = ""
    system: str = ""


class Reference(_Loose, frozen=True):
    reference: str = ""
    identifier: Identifier | None = None


class Annotation(_Loose, frozen=True):
    text: str = ""


class Quantity(_Loose, frozen=True):
    value: float | None = None
    unit: str = ""
    code: str = ""


class Output(_Loose, frozen=True):
    type: Concept = Concept()
    value_code: str = ""
    value_string: str = ""


class Task(_Loose, frozen=True):
    """What a receiver may say by changing a task."""

    status: str = ""
    id: str = ""
    status_reason: Concept | None = None
    business_status: Concept | None = None
    output: tuple[Output, ...] = ()
    note: tuple[Annotation, ...] = ()
    last_modified: str = ""


class Period(_Loose, frozen=True):
    start: str = ""
    end: str = ""


class Encounter(_Loose, frozen=True):
    """The patient is there."""

    status: str = ""
    based_on: tuple[Reference, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    period: Period = Period()
    service_provider: Reference | None = None


class Detail(_Loose, frozen=True):
    description: str = ""
    code: Concept = Concept()
    scheduled_string: str = ""
    scheduled_period: Period | None = None


class Activity(_Loose, frozen=True):
    detail: Detail = Detail()


class CarePlan(_Loose, frozen=True):
    """The counter-referral."""

    supporting_info: tuple[Reference, ...] = ()
    description: str = ""
    created: str = ""
    activity: tuple[Activity, ...] = ()
    note: tuple[Annotation, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    period: Period = Period()


class ServiceRequest(_Loose, frozen=True):
    """A new referral, or, with the code of a follow-up visit, the day of control."""

    subject: Reference = Reference()
    status: str = ""
    intent: str = ""
    code: Concept = Concept()
    category: tuple[Concept, ...] = ()
    priority: str = "routine"
    identifier: tuple[Identifier, ...] = ()
    requester: Reference | None = None
    performer: tuple[Reference, ...] = ()
    occurrence_date_time: str = ""
    authored_on: str = ""
    reason_code: tuple[Concept, ...] = ()
    based_on: tuple[Reference, ...] = ()
    note: tuple[Annotation, ...] = ()


class Observation(_Loose, frozen=True):
    """A measurement."""

    subject: Reference = Reference()
    code: Concept = Concept()
    value_quantity: Quantity | None = None
    effective_date_time: str = ""
    identifier: tuple[Identifier, ...] = ()
    status: str = ""


class Request(_Loose, frozen=True):
    method: Literal["POST", "PUT", "PATCH", "GET", "DELETE", "HEAD"] = "POST"
    url: str = ""
    if_match: str | UnsetType = UNSET


class BundleEntry(_Loose, frozen=True):
    resource: msgspec.Raw | UnsetType = UNSET
    request: Request | UnsetType = UNSET
    full_url: str = ""


class Bundle(_Loose, frozen=True):
    """Several things that are recorded together, or none of them."""

    type: str = ""
    entry: tuple[BundleEntry, ...] = ()


_TYPES: Mapping[str, type[_Loose]] = {
    "Bundle": Bundle,
    "Task": Task,
    "Encounter": Encounter,
    "CarePlan": CarePlan,
    "ServiceRequest": ServiceRequest,
    "Observation": Observation,
}


class _Named(Struct, frozen=True, rename="camel"):
    resource_type: str = ""


def read(raw: bytes, kind: str) -> Any:
    """The resource, of the kind that is expected: one of those that may be sent. Raises Trouble."""
    try:
        named = msgspec.json.decode(raw, type=_Named).resource_type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Trouble(400, "not-json") from None
    if named != kind:
        raise Trouble(400, "fhir-resource", name=named or "?", known=kind)
    try:
        return msgspec.json.decode(raw, type=_TYPES[kind])
    except msgspec.ValidationError as wrong:
        raise Trouble(400, "fhir-element", what=str(wrong)) from None


def entry_number(account: UUID, said: bytes) -> UUID:
    """Of a request by this account that says this."""
    return uuid5(_ENTRIES, f"{account} {said.hex()}")


def referral_number(unit: str, identifiers: tuple[Identifier, ...], said: bytes) -> UUID:
    """A system's own number of a referral, if it gives one, makes ours: sent again it is the same referral."""
    own = next((f"{i.system}|{i.value}" for i in identifiers if i.value), said.hex())
    return uuid5(_ENTRIES, f"{unit} {own}")


def number(reference: str, kind: str) -> UUID:
    """The number in `Kind/number`. Raises Trouble."""
    named, _, given = reference.rpartition("/")
    try:
        if named.rpartition("/")[2] not in (kind, ""):
            raise ValueError(reference)
        return UUID(given)
    except ValueError:
        raise Trouble(422, "fhir-reference", what=reference or f"{kind}/?") from None


def day(text: str, today: date) -> date:
    """The day of a FHIR date or dateTime, by the clock of whoever wrote it; today where nothing is said."""
    if not text:
        return today
    try:
        return datetime.fromisoformat(text).date() if len(text) > 10 else date.fromisoformat(text)
    except ValueError:
        raise Trouble(422, "fhir-element", what=text) from None


# Each resource as a request


def as_said(task: Task, read_at: str) -> Task:
    """Without the day of the last change, where the sender only gave back the one it had read."""
    return replace(task, last_modified="") if task.last_modified == read_at else task


def of_task(task: Task, referral: Referral, unit: str, today: date) -> Command:
    """What a receiver says by a status of the task."""
    command: Command = _answer(task, referral, unit, today)
    return command


def _answer(task: Task, referral: Referral, unit: str, today: date) -> Any:
    on = day(task.last_modified, today)
    note = _note(task.note)
    said = {"on": on, "referral": referral.id}
    answered = next((o.value_code for o in task.output if o.type.has(codes.RESPONSE)), "")
    business = _code(task.business_status, codes.STEP)
    match "rejected" if task.status == "completed" and answered == "rejected" else task.status:
        case "accepted":
            return AcceptReferral(**said, personal=note)
        case "completed" if answered == "accepted":
            return AcceptReferral(**said, personal=note)
        case "rejected":
            return RejectReferral(**said, reason=_one_of(_REJECTIONS, task.status_reason), personal=note)
        case "in-progress":
            if business == "ditangani" or referral.state == "tiba":
                return BeginTreatment(**said)
            return RecordArrival(**said, at=unit if unit != referral.to else None)
        case "completed":
            if business == "tutup":
                return CloseReferral(**said, result="tidak-diketahui", personal=note)
            return CompleteTreatment(**said, personal=note)
        case "on-hold":
            return RecordNoShow(**said, reason=_one_of(get_args(NoShowReason), task.status_reason), personal=note)
        case "cancelled":
            return CancelReferral(**said, reason="lain", personal=note)
    raise Trouble(422, "task-status", said=task.status or "?")


def _note(notes: tuple[Annotation, ...]) -> Personal | None:
    text = " ".join(n.text.strip() for n in notes if n.text.strip())
    return Personal(note=text) if text else None


def _code(concept: Concept | None, system: str) -> str:
    return next((c.code for c in concept.coding if c.system == system), "") if concept is not None else ""


_REJECTIONS = ("penuh", "data-kurang", "bukan-kewenangan", "alat-tidak-ada")


def _one_of(known: Sequence[str], concept: Concept | None) -> Any:
    """A reason of ours, where the code or the words are one."""
    said = next((c.code for c in concept.coding), concept.text) if concept is not None else ""
    return said if said in known else "lain"


def of_encounter(encounter: Encounter, referral: Referral, unit: str, today: date) -> Command:
    """The patient has arrived."""
    command: Command = RecordArrival(
        on=day(encounter.period.start, today), referral=referral.id, at=unit if unit != referral.to else None
    )  # fmt: skip
    return command


_TASKS: dict[str, str] = {
    "kunjungan": "kunjungan", "kunjungi": "kunjungan", "obat": "obat", "makan": "makan", "timbang": "timbang",
    "kontrol": "kontrol", "penyuluhan": "penyuluhan", "edukasi": "penyuluhan",
}  # fmt: skip


def of_care_plan(plan: CarePlan, referral: Referral, today: date) -> Command:
    """The counter-referral. An activity that is no task we know stays in the note, word by word."""
    tasks: list[str] = []
    rest: list[str] = []
    control: date | None = None
    for activity in plan.activity:
        detail = activity.detail
        words = (detail.description or detail.code.text).strip()
        task = next((known for word, known in _TASKS.items() if word in words.casefold()), None)
        if detail.code.has(codes.FOLLOW_UP) or task == "kontrol":
            when = detail.scheduled_string or (detail.scheduled_period.start if detail.scheduled_period else "")
            control = day(when, today) if when else control
            task = "kontrol"
        if task is not None:
            tasks.append(task)
        if words and words.casefold() not in _TASKS:
            rest.append(words)
    text = " ".join(part.strip() for part in (plan.description, *(n.text for n in plan.note), *rest) if part.strip())
    command: Command = CounterRefer(
        on=day(plan.created, today), referral=referral.id, control=control, tasks=tuple(dict.fromkeys(tasks)),
        personal=Personal(note=text) if text else None,
    )  # fmt: skip
    return command


def of_follow_up(request: ServiceRequest, referral: Referral, today: date) -> Command:
    """A follow-up visit asked for is the way back: the patient goes home and comes again on that day."""
    control = day(request.occurrence_date_time, today) if request.occurrence_date_time else None
    command: Command = CounterRefer(
        on=day(request.authored_on, today), referral=referral.id, control=control, tasks=("kontrol",),
        personal=_note(request.note),
    )  # fmt: skip
    return command


def of_request(request: ServiceRequest, referral: UUID, units: Units, today: date) -> Command:
    """A new referral to one of the facilities we know."""
    to = request.performer[0].reference.rpartition("/")[2] if request.performer else ""
    unit = units.get(to)
    if unit is None or unit.kind not in FACILITIES:
        raise Trouble(422, "no-such-facility", unit=to or "?")
    planned = day(request.occurrence_date_time, today) if request.occurrence_date_time else None
    texts = [c.text for c in request.reason_code if c.text]
    urgent = request.priority in ("urgent", "asap", "stat")
    note = " ".join([*texts, *(n.text for n in request.note if n.text)])
    command: Command = Refer(
        on=day(request.authored_on, today), referral=referral, to=unit.code, kind=FACILITIES[unit.kind],
        reason=_why(request.reason_code), urgent=urgent, planned=planned,
        consent="darurat" if urgent else "diberikan", personal=Personal(note=note) if note else None,
    )  # fmt: skip
    return command


def _why(reasons: tuple[Concept, ...]) -> Any:
    given = {(c.system, c.code) for concept in reasons for c in concept.coding}
    own = next((code for system, code in given if system == codes.REASON), None)
    known = next((why for why, code in codes.DIAGNOSES.items() if (code.system, code.code) in given), None)
    reason = own or known or "lain"
    return reason if reason in get_args(Reason) else "lain"


def of_observation(observation: Observation, person: Person, today: date) -> Command:
    """A weight, a length or a mid-upper-arm circumference of a patient we know."""
    quantity = observation.value_quantity
    if quantity is None or quantity.value is None:
        raise Trouble(422, "fhir-element", what="Observation.valueQuantity")
    on, value = day(observation.effective_date_time, today), _in_our_unit(quantity)
    named = next((field for code, field in _MEASURES if observation.code.has(code)), None)
    if named is None:
        raise Trouble(422, "observation-code", said=_first(observation.code))
    field, lying = named
    if isinstance(person, Child) or field in ("kg", "lila"):
        asks: Any = child.Measure if isinstance(person, Child) else pregnancy.Measure
        command: Command = asks(on=on, **{field: value}, **({"lying": lying} if lying is not None else {}))
        return command
    raise Trouble(422, "observation-code", said=_first(observation.code))


_MEASURES: tuple[tuple[codes.Code, tuple[str, bool | None]], ...] = (
    (codes.WEIGHT.code, ("kg", None)), (codes.LENGTH.code, ("cm", True)), (codes.HEIGHT.code, ("cm", False)),
    (codes.TALL.code, ("cm", None)), (codes.LILA.code, ("lila", None)), (codes.HEAD.code, ("head", None)),
)  # fmt: skip
_UNITS = {"kg": 1.0, "g": 0.001, "cm": 1.0, "mm": 0.1}


def _in_our_unit(quantity: Quantity) -> float:
    """Kilograms and centimetres."""
    unit = quantity.code or quantity.unit
    if unit not in _UNITS or quantity.value is None:
        raise Trouble(422, "observation-unit", unit=unit or "?")
    return round(quantity.value * _UNITS[unit], 4)


def _first(concept: Concept) -> str:
    return next((c.code for c in concept.coding), concept.text or "?")
