"""Search parameters: which each resource knows, and how their values are read. One that nobody knows is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import Struct

from domain.refusals import Quoted
from service.fhir.resources import Resource
from service.problems import Trouble

COUNT, MOST = 50, 200
_PAGING = {"_count", "_page", "_format", "_pretty", "_total"}

Value = Callable[[Resource], Iterable[str]]


class Parameter(Struct, frozen=True):
    """A search parameter: of which type, and the values a resource has for it."""

    type: str
    """token, reference, date, string or number, as in R4."""
    of: Value


def _at(*path: str) -> Value:
    """The values at the end of a path."""
    return lambda resource: [str(one) for one in _ends(resource, path)]


def _tokens(*path: str) -> Value:
    """`system|code` and `code` of every coding or identifier there."""

    def values(resource: Resource) -> Iterable[str]:
        for one in _ends(resource, path):
            code = one.get("code") or one.get("value")
            yield str(code)
            yield f"{one.get('system', '')}|{code}"

    return values


def _ends(resource: Resource, path: Iterable[str]) -> list[Any]:
    """What stands at the end of a path; lists on the way are all followed."""
    found: list[Any] = [resource]
    for name in path:
        found = [one[name] for one in found if isinstance(one, dict) and name in one]
        found = [each for one in found for each in (one if isinstance(one, list) else [one])]
    return found


_ID = Parameter("token", _at("id"))
_UPDATED = Parameter("date", _at("meta", "lastUpdated"))
_PATIENT = Parameter("reference", _at("subject", "reference"))
_BOTH = {"_id": _ID, "_lastUpdated": _UPDATED}
_OF_A_PATIENT = {**_BOTH, "patient": _PATIENT, "subject": _PATIENT}

PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    "Patient": {
        **_BOTH,
        "identifier": Parameter("token", _tokens("identifier")),
        "name": Parameter("string", _at("name", "text")),
        "birthdate": Parameter("date", _at("birthDate")),
        "gender": Parameter("token", _at("gender")),
    },
    "ServiceRequest": {
        **_OF_A_PATIENT,
        "status": Parameter("token", _at("status")),
        "code": Parameter("token", _tokens("code", "coding")),
        "category": Parameter("token", _tokens("category", "coding")),
        "priority": Parameter("token", _at("priority")),
        "authored": Parameter("date", _at("authoredOn")),
        "identifier": Parameter("token", _tokens("identifier")),
        "requester": Parameter("reference", _at("requester", "reference")),
        "performer": Parameter("reference", _at("performer", "reference")),
        "based-on": Parameter("reference", _at("basedOn", "reference")),
    },
    "Task": {
        **_BOTH,
        "patient": Parameter("reference", _at("for", "reference")),
        "subject": Parameter("reference", _at("for", "reference")),
        "status": Parameter("token", _at("status")),
        "business-status": Parameter("token", _tokens("businessStatus", "coding")),
        "code": Parameter("token", _tokens("code", "coding")),
        "priority": Parameter("token", _at("priority")),
        "authored-on": Parameter("date", _at("authoredOn")),
        "modified": Parameter("date", _at("lastModified")),
        "focus": Parameter("reference", _at("focus", "reference")),
        "owner": Parameter("reference", _at("owner", "reference")),
        "requester": Parameter("reference", _at("requester", "reference")),
    },
    "Observation": {
        **_OF_A_PATIENT,
        "code": Parameter("token", _tokens("code", "coding")),
        "category": Parameter("token", _tokens("category", "coding")),
        "date": Parameter("date", _at("effectiveDateTime")),
        "status": Parameter("token", _at("status")),
    },
    "Condition": {
        **_OF_A_PATIENT,
        "code": Parameter("token", _tokens("code", "coding")),
        "recorded-date": Parameter("date", _at("recordedDate")),
    },
    "Encounter": {
        **_OF_A_PATIENT,
        "status": Parameter("token", _at("status")),
        "based-on": Parameter("reference", _at("basedOn", "reference")),
        "date": Parameter("date", _at("period", "start")),
    },
    "CarePlan": {
        **_OF_A_PATIENT,
        "status": Parameter("token", _at("status")),
        "date": Parameter("date", _at("created")),
    },
    "Organization": {
        "_id": _ID,
        "name": Parameter("string", _at("name")),
        "partof": Parameter("reference", _at("partOf", "reference")),
    },
}
"""What each resource may be searched by."""

RESOURCES = tuple(PARAMETERS)


class Search(Struct, frozen=True):
    """A search that was understood."""

    wanted: tuple[tuple[Parameter, tuple[str, ...]], ...]
    """Every one of these must hold; of the values of one, any."""
    patients: tuple[str, ...]
    """Where only these patients are asked for, their numbers."""
    count: int
    after: str
    """The id after which the page begins."""

    def matches(self, resource: Resource) -> bool:
        """The resource is one of those asked for."""
        return all(any(_holds(p, value, resource) for value in values) for p, values in self.wanted)


def read(kind: str, asked: Iterable[tuple[str, str]]) -> Search:
    """Raises Trouble for a parameter or a value that nobody knows."""
    known = PARAMETERS[kind]
    wanted: list[tuple[Parameter, tuple[str, ...]]] = []
    patients: tuple[str, ...] = ()
    count, after = COUNT, ""
    for name, value in asked:
        if name in _PAGING:
            count, after = _page(name, value, count, after)
            continue
        parameter = known.get(name)
        if parameter is None:
            raise Trouble(400, "search-parameter", name=Quoted(name), known=Quoted(", ".join(known)))
        values = tuple(part for part in value.split(",") if part)
        if not values:
            raise Trouble(400, "search-value", name=name, value=value)
        if parameter.type == "date":
            for one in values:
                _span(name, one)
        if name in ("patient", "subject") or (kind == "Patient" and name == "_id"):
            patients = tuple(one.rpartition("/")[2] for one in values)
        wanted.append((parameter, values))
    return Search(tuple(wanted), patients, count, after)


def _page(name: str, value: str, count: int, after: str) -> tuple[int, str]:
    if name == "_page":
        return count, value
    if name == "_count":
        if not value.isdecimal():
            raise Trouble(400, "search-value", name=name, value=value)
        return min(max(int(value), 0), MOST), after
    return count, after


def _holds(parameter: Parameter, value: str, resource: Resource) -> bool:
    has = parameter.of(resource)
    match parameter.type:
        case "date":
            prefix, begins, ends = _span("", value)
            return any(_compares(prefix, begins, ends, *_moments(one)) for one in has)
        case "string":
            return any(one.casefold().startswith(value.casefold()) or value.casefold() in one.casefold() for one in has)
        case "reference":
            return any(one in (value, f"Patient/{value}", f"Organization/{value}") or one.endswith(f"/{value}")
                       for one in has)  # fmt: skip
    return value in has or (value.startswith("|") and value[1:] in has)


_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")


def _span(name: str, value: str) -> tuple[str, datetime, datetime]:
    """The prefix, and the first and the last moment that a date of any precision means."""
    prefix, rest = (value[:2], value[2:]) if value[:2] in _PREFIXES else ("eq", value)
    try:
        return prefix, *_moments(rest)
    except ValueError:
        raise Trouble(400, "search-value", name=name, value=value) from None


def _moments(text: str) -> tuple[datetime, datetime]:
    if len(text) > 10:
        at = datetime.fromisoformat(text.replace(" ", "+"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC),) * 2
    whole = {4: "-01-01", 7: "-01"}.get(len(text), "")
    first = date.fromisoformat(text + whole)
    following = {4: first.replace(year=first.year + 1) if first.year < 9999 else first, 7: _next_month(first)}
    last = following.get(len(text), first + timedelta(days=1))
    begin = datetime.combine(first, time(), UTC)
    return begin, datetime.combine(last, time(), UTC) - timedelta(microseconds=1)


def _next_month(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def _compares(prefix: str, begins: datetime, ends: datetime, first: datetime, last: datetime) -> bool:
    match prefix:
        case "ne":
            return not (begins <= first and last <= ends)
        case "gt" | "sa":
            return last > ends
        case "lt" | "eb":
            return first < begins
        case "ge":
            return last >= begins
        case "le":
            return first <= ends
    return begins <= first and last <= ends
