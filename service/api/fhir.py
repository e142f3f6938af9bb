"""FHIR R4 for hospitals and puskesmas: referrals and what belongs to them, read, searched, answered, and taken in.

Only tokens open these doors. Everything recorded here goes through the write path like a kader's entry, and every
failure is an OperationOutcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, patch, post, put
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath
from msgspec import UNSET, Struct

from domain.case import Refused
from domain.referral import Referral
from projections.referral import Narrow, Tracked
from service.access import Who
from service.api.asked import numbered, numbered_or_404
from service.fhir import codes, intake, resources, searching
from service.fhir.capability import CREATED, FHIR_JSON, capability
from service.fhir.outcome import outcome
from service.fhir.resources import REQUEST_STATUS, TASK_STATUS, Resource, Seen
from service.fhir.searching import PARAMETERS, RESOURCES, Search
from service.handle import Answer, Submitted
from service.places import Place
from service.problems import Problem, Trouble, log_failure, problem_of

READS = {"token": "rujukan:baca", "tokens_only": True, "exclude_from_csrf": True}
WRITES = {"token": "rujukan:tulis", "tokens_only": True, "exclude_from_csrf": True}

SEARCHED = 100_000
"""Referrals that one search looks through, the urgent and then the oldest first."""

BATCH = 200
"""Stories folded at a time while a search looks for its page."""


class Asked(Struct, frozen=True):
    """A request, with who asks and where."""

    request: Request[Any, Any, Any]
    who: Who
    place: Place

    @property
    def today(self) -> date:
        return self.place.now().date()


def _answer(resource: Resource, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    etag = {}
    version = resource.get("meta", {}).get("versionId")
    if version is not None:
        etag = {"ETag": f'W/"{version}"'}
    return Response(
        msgspec.json.encode(resource), status_code=status, media_type=FHIR_JSON, headers={**etag, **(headers or {})}
    )  # fmt: skip


# Reading


def read(asked: Asked, kind: str, number: str) -> Response[bytes]:
    """One resource."""
    return _answer(_one(asked, kind, number))


def _one(asked: Asked, kind: str, number: str) -> Resource:
    _known(kind)
    if kind == "Organization":
        unit = asked.place.accounts.units().get(number)
        if unit is None:
            raise Trouble(404, "not-found")
        return resources.organization(unit)
    if kind == "Observation":
        case = numbered_or_404(number.partition(".")[0])
        seen = _case(asked, case, kind)
        return _or_404(next((o for o in resources.observations(seen) if o["id"] == number), None))
    if kind == "Patient":
        return resources.patient(_case(asked, numbered_or_404(number), kind))
    seen, referral = _referral(asked, numbered_or_404(number), kind)
    return _or_404(_of_referral(kind, seen, referral))


def _known(kind: str) -> None:
    if kind not in PARAMETERS:
        raise Trouble(404, "fhir-resource", name=kind[:60], known=", ".join(RESOURCES))


def _or_404(resource: Resource | None) -> Resource:
    if resource is None:
        raise Trouble(404, "not-found")
    return resource


def _case(asked: Asked, case: UUID, kind: str) -> Seen:
    found = asked.place.seen(asked.who, [case], f"fhir {kind}").get(case)
    if found is None:
        raise Trouble(404, "not-found")
    return found


def _referral(asked: Asked, number: UUID, kind: str) -> tuple[Seen, Referral]:
    asked.place.newest()
    found = asked.place.referral(asked.who, number, f"fhir {kind}")
    if found is None:
        raise Trouble(404, "not-found")
    seen = _case(asked, found[0].case, kind)
    return seen, _in(seen, number)


def _in(seen: Seen, number: UUID) -> Referral:
    found = next((r for r in seen.state.referrals if r.id == number), None)
    if found is None:
        raise Trouble(404, "not-found")
    return found


def _of_referral(kind: str, seen: Seen, referral: Referral) -> Resource | None:
    makers: dict[str, Callable[[Seen, Referral], Resource | None]] = {
        "ServiceRequest": resources.service_request,
        "Task": resources.task,
        "Condition": resources.condition,
        "Encounter": resources.encounter,
        "CarePlan": resources.care_plan,
    }
    return makers[kind](seen, referral)


# Searching


def search(asked: Asked, kind: str, given: Sequence[tuple[str, str]]) -> Response[bytes]:
    """A page of resources; its link leads to the next."""
    _known(kind)
    search = searching.read(kind, given)
    asked.place.newest()
    found: list[Resource] = []
    more = False
    for one in _candidates(asked, kind, search):
        if one["id"] > search.after and search.matches(one):
            if len(found) == search.count:
                more = True
                break
            found.append(one)
    base = _base(asked)
    links = [{"relation": "self", "url": f"{base}/{kind}?{urlencode(list(given))}"}]
    if more and found:
        rest = [(n, v) for n, v in given if n != "_page"] + [("_page", found[-1]["id"])]
        links.append({"relation": "next", "url": f"{base}/{kind}?{urlencode(rest)}"})
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": links,
        "entry": [
            {"fullUrl": f"{base}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in found
        ],
    }  # fmt: skip
    if not more and not search.after:
        bundle["total"] = len(found)
    if not found:
        del bundle["entry"]
    return _answer(bundle)


def _base(asked: Asked) -> str:
    return f"{str(asked.request.base_url).rstrip('/')}/fhir"


def _candidates(asked: Asked, kind: str, search: Search) -> Iterator[Resource]:
    """What may be meant, in the order of ids."""
    if kind == "Organization":
        units = asked.place.accounts.units()
        yield from (resources.organization(units[code]) for code in sorted(units))
        return
    tracked = _tracked(asked, search)
    if kind in ("ServiceRequest", "Task"):
        tracked = [one for one in tracked if search.matches(_light(kind, one))]
    if kind in ("Patient", "Observation"):
        yield from _of_patients(asked, kind, search, tracked)
        return
    by_id = sorted((t for t in tracked if str(t.referral) > search.after), key=lambda t: str(t.referral))
    for first in range(0, len(by_id), BATCH):
        batch = by_id[first : first + BATCH]
        seen = asked.place.seen(asked.who, list({t.case for t in batch}), f"fhir {kind}")
        for one in batch:
            if one.case in seen:
                made = _of_referral(kind, seen[one.case], _in(seen[one.case], one.referral))
                if made is not None:
                    yield made


def _tracked(asked: Asked, search: Search) -> list[Tracked]:
    """The referrals of the patients asked for, or all. A number that is none of ours is no patient."""
    cases = tuple(number for one in search.patients if (number := numbered(one))) if search.patients else None
    return list(asked.place.referrals(asked.who, Narrow(every=True, cases=cases), None, SEARCHED)[0])


def _light(kind: str, one: Tracked) -> Resource:
    """What can be searched for without reading the story."""
    shared: Resource = {
        "id": str(one.referral),
        "meta": {"lastUpdated": one.since.isoformat(timespec="milliseconds")},
        "priority": "urgent" if one.urgent else "routine",
        "authoredOn": one.made.isoformat(timespec="milliseconds"),
        "requester": {"reference": f"Organization/{one.sender}"},
    }
    patient = {"reference": f"Patient/{one.case}"}
    if kind == "Task":
        return {
            **shared,
            "status": TASK_STATUS[one.state],
            "businessStatus": {"coding": [{"system": codes.STEP, "code": one.state}]},
            "code": {"coding": [codes.APPROVAL._asdict()]},
            "lastModified": one.since.isoformat(timespec="milliseconds"),
            "for": patient,
            "focus": {"reference": f"ServiceRequest/{one.referral}"},
            "owner": {"reference": f"Organization/{one.receiver}"},
        }
    numbers = [{"system": f"{codes.REQUEST_NUMBER}/{one.sender}", "value": str(one.referral)}]
    if one.number:
        numbers.append({"system": codes.REFERRAL_NUMBER, "value": one.number})
    return {
        **shared,
        "status": REQUEST_STATUS[one.state],
        "code": {"coding": [codes.REFERRAL._asdict()]},
        "category": [{"coding": [codes.REFERRAL._asdict()]}],
        "identifier": numbers,
        "subject": patient,
        "performer": [{"reference": f"Organization/{one.receiver}"}],
        "basedOn": [{"reference": f"ServiceRequest/{one.follows}"}] if one.follows else [],
    }


def _of_patients(asked: Asked, kind: str, search: Search, tracked: Iterable[Tracked]) -> Iterator[Resource]:
    cases = {t.case for t in tracked} | set(_asked_by_nik(asked, search))
    after = search.after.partition(".")[0]
    ordered = sorted((case for case in cases if str(case) >= after), key=str)
    for first in range(0, len(ordered), BATCH):
        seen = asked.place.seen(asked.who, ordered[first : first + BATCH], f"fhir {kind}")
        for case in ordered[first : first + BATCH]:
            if case in seen:
                if kind == "Patient":
                    yield resources.patient(seen[case])
                else:
                    yield from sorted(resources.observations(seen[case]), key=lambda o: str(o["id"]))


def _asked_by_nik(asked: Asked, search: Search) -> Iterator[UUID]:
    """A patient who has no referral yet is found by the number only."""
    known = PARAMETERS["Patient"]["identifier"]
    for parameter, values in search.wanted:
        for value in values if parameter is known else ():
            system, _, number = value.rpartition("|")
            yield from asked.place.by_nik(number, mothers=system == codes.MOTHERS_NIK)


# Writing


class Wanted(Struct, frozen=True):
    """One thing to be recorded, and where it will be found."""

    submitted: Submitted
    kind: str
    number: str
    new: bool = True
    """The resource is made by this; else it was there and changes."""


def write(asked: Asked, kind: str, raw: bytes) -> Response[bytes]:
    """A new resource: a referral, an arrival, a counter-referral, a measurement."""
    if kind not in CREATED:
        raise Trouble(405, "method-not-allowed")
    wanted = _wanted(asked, kind, raw, {}, {})
    made = _recorded(asked, [wanted])[0]
    where = f"{_base(asked)}/{made.kind}/{made.number}"
    return _answer(_one(asked, made.kind, made.number), 201, {"Location": where})


def change(asked: Asked, number: str, raw: bytes) -> Response[bytes]:
    """The receiver's word on a referral: the status of its task."""
    if_match = asked.request.headers.get("if-match")
    wanted = _of_task(asked, number, raw, if_match)
    _recorded(asked, [wanted])
    return _answer(_one(asked, "Task", number))


def patched(asked: Asked, number: str, raw: bytes) -> Response[bytes]:
    """The same with a JSON Patch, or with the changed elements alone."""
    try:
        said = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Trouble(400, "not-json") from None
    if isinstance(said, list):
        said = _from_patch(said)
    if not isinstance(said, dict):
        raise Trouble(400, "fhir-element", what="PATCH")
    whole = {**said, "resourceType": "Task", "id": number}
    return change(asked, number, msgspec.json.encode(whole))


def _from_patch(steps: list[Any]) -> dict[str, Any]:
    """Elements at the top of the resource, added or replaced. `test` and deeper paths nobody needs here."""
    said: dict[str, Any] = {}
    for step in steps:
        path = step.get("path", "") if isinstance(step, dict) else ""
        if not isinstance(step, dict) or step.get("op") not in ("add", "replace") or path.count("/") != 1:
            raise Trouble(422, "fhir-element", what=f"PATCH {path}")
        said[path[1:]] = step.get("value")
    return said


def transaction(asked: Asked, raw: bytes) -> Response[bytes]:
    """A Bundle: all of it is recorded, or nothing."""
    bundle = intake.read(raw, "Bundle")
    if bundle.type != "transaction" or not bundle.entry:
        raise Trouble(422, "fhir-bundle")
    patients: dict[str, UUID] = {}
    made: dict[str, UUID] = {}
    wanted: list[Wanted] = []
    for nth, entry in enumerate(bundle.entry):
        if entry.resource is UNSET or entry.request is UNSET:
            raise Trouble(422, "fhir-bundle")
        one = _of_entry(asked, entry, patients, made)
        if one is not None:
            wanted.append(one)
            made.setdefault(entry.full_url or f"#{nth}", numbered_or_404(one.number.partition(".")[0]))
    recorded = _recorded(asked, wanted)
    return _answer({
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [
            {"response": {"status": "201 Created" if one.new else "200 OK",
                          "location": f"{_base(asked)}/{one.kind}/{one.number}"}}
            for one in recorded
        ],
    })  # fmt: skip


def _of_entry(
    asked: Asked, entry: intake.BundleEntry, patients: dict[str, UUID], made: dict[str, UUID]
) -> Wanted | None:
    """A Patient says only whom the others are about: people are registered in the posyandu, not by a hospital."""
    raw = bytes(entry.resource)  # type: ignore[arg-type]
    request = entry.request
    assert isinstance(request, intake.Request)
    kind, _, number = request.url.strip("/").partition("/")
    if kind == "Patient" and request.method in ("POST", "PUT"):
        patients[entry.full_url] = _patient_sent(asked, raw)
        return None
    if request.method in ("PUT", "PATCH") and kind == "Task":
        version = request.if_match if isinstance(request.if_match, str) else None
        return _of_task(asked, number, raw, version)
    if request.method != "POST" or kind not in CREATED:
        raise Trouble(422, "fhir-bundle")
    return _wanted(asked, kind, raw, patients, made)


class _Patient(Struct, frozen=True, rename="camel"):
    identifier: tuple[intake.Identifier, ...] = ()


def _patient_sent(asked: Asked, raw: bytes) -> UUID:
    try:
        sent = msgspec.json.decode(raw, type=_Patient)
    except msgspec.MsgspecError:
        raise Trouble(400, "fhir-element", what="Patient") from None
    return _by_identifiers(asked, sent.identifier)


def _by_identifiers(asked: Asked, identifiers: Iterable[intake.Identifier]) -> UUID:
    """The one patient of these numbers whom this post may see."""
    for one in identifiers:
        if one.system in (codes.NIK, codes.MOTHERS_NIK):
            found = asked.place.by_nik(one.value, mothers=one.system == codes.MOTHERS_NIK)
            may = [case for case in found if case in asked.place.seen(asked.who, found, "fhir Patient")]
            if len(may) == 1:
                return may[0]
    raise Trouble(422, "no-such-patient")


def _wanted(asked: Asked, kind: str, raw: bytes, patients: Mapping[str, UUID], made: Mapping[str, UUID]) -> Wanted:
    resource = intake.read(raw, kind)
    today, unit = asked.today, asked.who.post.unit.code
    entry = intake.entry_number(asked.who.account, raw)
    if isinstance(resource, intake.Observation):
        case = _subject(asked, resource.subject, patients)
        seen = _case(asked, case, kind)
        command = intake.of_observation(resource, seen.state, today)
        return Wanted(Submitted(entry, case, command), "Observation", f"{case}.{seen.version + 1}")
    if isinstance(resource, intake.ServiceRequest) and not resource.code.has(codes.FOLLOW_UP):
        case = _subject(asked, resource.subject, patients)
        _case(asked, case, kind)
        number = intake.referral_number(unit, resource.identifier, raw)
        command = intake.of_request(resource, number, asked.place.accounts.units(), today)
        entry = intake.entry_number(asked.who.account, number.bytes)
        return Wanted(Submitted(entry, case, command), kind, str(number))
    seen, referral = _named(asked, resource, made)
    if isinstance(resource, intake.Encounter):
        command = intake.of_encounter(resource, referral, unit, today)
    elif isinstance(resource, intake.CarePlan):
        command = intake.of_care_plan(resource, referral, today)
    else:
        command, kind = intake.of_follow_up(resource, referral, today), "CarePlan"
    return Wanted(Submitted(entry, seen.case, command), kind, str(referral.id))


def _subject(asked: Asked, subject: intake.Reference, patients: Mapping[str, UUID]) -> UUID:
    if subject.reference in patients:
        return patients[subject.reference]
    if not subject.reference and subject.identifier is not None:
        return _by_identifiers(asked, [subject.identifier])
    return intake.number(subject.reference, "Patient")


def _named(asked: Asked, resource: Any, made: Mapping[str, UUID]) -> tuple[Seen, Referral]:
    """The referral that an arrival or a way back is about."""
    references = [*getattr(resource, "based_on", ()), *getattr(resource, "supporting_info", ())]
    for one in references:
        if one.reference in made:
            raise Trouble(422, "fhir-reference", what=one.reference)  # it is not recorded before the others are
        if "ServiceRequest/" in one.reference:
            return _referral(asked, intake.number(one.reference, "ServiceRequest"), "ServiceRequest")
    raise Trouble(422, "fhir-reference", what="ServiceRequest")


def _of_task(asked: Asked, number: str, raw: bytes, if_match: str | None) -> Wanted:
    task = intake.read(raw, "Task")
    seen, referral = _referral(asked, numbered_or_404(number), "Task")
    task = intake.as_said(task, resources.moment(referral.last.heard))
    version = str(referral.last.version)
    entry = intake.entry_number(asked.who.account, number.encode() + raw)
    if if_match is not None and if_match.removeprefix("W/").strip('"') != version:
        raise Trouble(412, "fhir-version", version=version)
    if not task.last_modified:
        # The same answer to another state of the referral is another answer.
        entry = intake.entry_number(asked.who.account, f"{number} {version} ".encode() + raw)
    command = intake.of_task(task, referral, asked.who.post.unit.code, asked.today)
    return Wanted(Submitted(entry, seen.case, command), "Task", number, new=False)


def _recorded(asked: Asked, wanted: Sequence[Wanted]) -> Sequence[Wanted]:
    """Everything is recorded, or the first refusal is raised."""
    answers = asked.place.submit_whole([one.submitted for one in wanted], asked.who)
    for answer in answers:
        if answer.outcome in ("refused", "unreadable") or (answer.outcome == "held" and answer.code != "together"):
            raise _refusal(answer)
    return [_numbered(one, answer) for one, answer in zip(wanted, answers, strict=True)]


def _refusal(answer: Answer) -> Exception:
    if answer.outcome == "held":
        return Trouble(503, answer.code or "busy", **answer.facts)
    return Refused(answer.code or "unreadable", **answer.facts)


def _numbered(one: Wanted, answer: Answer) -> Wanted:
    """An observation is found by the version it was recorded under."""
    if one.kind != "Observation":
        return one
    field = {"kg": "berat", "cm": "panjang", "lila": "lila", "head": "kepala"}
    name = next((word for name, word in field.items() if getattr(one.submitted.command, name, None) is not None), "")
    return Wanted(one.submitted, one.kind, f"{one.submitted.case}.{answer.version}.{name}")


# The doors


def failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The one answer to every failure under /fhir."""
    problem = problem_of(error)
    if problem.status >= 500:
        log_failure(request, error)
    status = 422 if isinstance(error, Refused) else problem.status
    return _answer(outcome(Problem(status, problem.title, problem.code, problem.detail)), status)


async def _in_thread(
    request: Request[Any, Any, Any], call: Callable[..., Response[bytes]], *given: Any
) -> Response[bytes]:
    place: Place = request.app.state.places[request.user.tenant]
    return await sync_to_thread(call, Asked(request, request.user, place), *given)


@get("/metadata", opt={"open": True}, sync_to_thread=False)
def metadata(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What can be done here; told to everybody, as clients ask before they sign in."""
    return _answer(capability(f"{str(request.base_url).rstrip('/')}/fhir"))


@get("/{kind:str}", opt=READS)
async def search_door(request: Request[Any, Any, Any], kind: FromPath[str]) -> Response[bytes]:
    """Resources of a kind."""
    return await _in_thread(request, search, kind, list(request.query_params.multi_items()))


@post("/{kind:str}/_search", opt=READS, status_code=200)
async def search_posted(request: Request[Any, Any, Any], kind: FromPath[str]) -> Response[bytes]:
    """The same, for what should not stand in an address."""
    form = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
    return await _in_thread(request, search, kind, [*request.query_params.multi_items(), *form])


@get("/{kind:str}/{number:str}", opt=READS)
async def read_door(request: Request[Any, Any, Any], kind: FromPath[str], number: FromPath[str]) -> Response[bytes]:
    """One resource."""
    return await _in_thread(request, read, kind, number)


@post("/{kind:str}", opt=WRITES)
async def create_door(request: Request[Any, Any, Any], kind: FromPath[str]) -> Response[bytes]:
    """A new resource."""
    return await _in_thread(request, write, kind, await request.body())


@put("/{kind:str}/{number:str}", opt=WRITES)
async def update_door(request: Request[Any, Any, Any], kind: FromPath[str], number: FromPath[str]) -> Response[bytes]:
    """The receiver's word on a referral."""
    return await _in_thread(request, change, _task_only(kind, number), await request.body())


@patch("/{kind:str}/{number:str}", opt=WRITES)
async def patch_door(request: Request[Any, Any, Any], kind: FromPath[str], number: FromPath[str]) -> Response[bytes]:
    """The same, told by what changes."""
    return await _in_thread(request, patched, _task_only(kind, number), await request.body())


def _task_only(kind: str, number: str) -> str:
    if kind != "Task":
        raise Trouble(405, "method-not-allowed")
    return number


@post("/", opt=WRITES, status_code=200)
async def transaction_door(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A Bundle, whole or not at all."""
    return await _in_thread(request, transaction, await request.body())


ROUTER = Router(
    "/fhir",
    route_handlers=[
        metadata, search_door, search_posted, read_door, create_door, update_door, patch_door, transaction_door,
    ],
    include_in_schema=False,
)  # fmt: skip
