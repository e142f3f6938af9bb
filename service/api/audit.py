"""The audit trail over HTTP, for the inspectorate: the log by case, person, role, place, kind and time, with proofs.

Names are covered here as everywhere for an inspector; what is for health workers only is told as withheld, with its
hash, so that the proof of its neighbours stands.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from msgspec import Struct

from domain import stories, words
from domain.case import Corrected, Kind, Role
from projections import trail
from projections.trail import Sought, Stored
from service import access
from service.access import Who
from service.api import files
from service.api.asked import begins, ends, with_all_below
from service.places import Place
from service.problems import Trouble
from service.proofs import Proof, State, prove, state_of

PAGE, MOST = 50, 1000


class Event(Struct, frozen=True, omit_defaults=True):
    """One event with everything of how it was heard of. One that is `withheld` tells where it stands and its hash."""

    position: int
    case: UUID
    version: int
    digest: str
    """SHA-256 of the stored row, in base64: the entry of the ledger."""
    recorded_at: datetime
    withheld: bool = False
    topic: str = ""
    says: str = ""
    on: date | None = None
    late: int = 0
    """Days between the day in the field and the day we heard of it."""
    actor: str = ""
    name: str = ""
    """Of the account, where it is one of today's."""
    role: str = ""
    unit: str = ""
    device: str = ""
    entry: UUID | None = None
    edition: str = ""
    facts: Mapping[str, Any] = {}
    """What was recorded, without what tells who it is."""
    state: State | None = None
    """How it stands with the ledger; only where a proof was asked for."""


class Trail(Struct, frozen=True):
    """Events, the newest first. Where `after` is there, there may be older ones: ask with it, to the very first."""

    events: tuple[Event, ...]
    after: int | None


@get("/audit/events", sync_to_thread=True, tags=["audit"])
def events(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    case: FromQuery[UUID | None] = None,
    actor: FromQuery[str | None] = None,
    role: FromQuery[Role | None] = None,
    unit: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
    after: FromQuery[int | None] = None,
    limit: FromQuery[int] = PAGE,
) -> Trail:
    """What was recorded. `unit` takes in all below it; `kind` is an event or a group of them, `pmt`; days included."""
    check(who)
    sought = wanted(place, case, actor, role, unit, kind, since, until)
    place.reads.note(who, [case], "trail")
    return trailed(place, sought, after, min(max(limit, 1), MOST))


@get("/audit/events/{shape:str}", sync_to_thread=True, tags=["audit"])
def export(
    shape: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    case: FromQuery[UUID | None] = None,
    actor: FromQuery[str | None] = None,
    role: FromQuery[Role | None] = None,
    unit: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
) -> Stream:
    """The same as a file, `csv` or `jsonl`, written while it is read, so that any length takes the same memory."""
    check(who)
    files.known(shape)
    sought = wanted(place, case, actor, role, unit, kind, since, until)
    place.reads.note(who, [case], "trail-export")
    return files.rows(shape, "jejak-catatan", _COLUMNS, _all(place, sought))


class CaseTrail(Struct, frozen=True):
    """The story of a case with its envelope, in the order of versions, and the proof of what is on this page."""

    case: UUID
    kind: Kind
    total: int
    events: tuple[Event, ...]
    after: int | None
    proof: Proof


@get("/audit/cases/{case:uuid}", sync_to_thread=True, tags=["audit"])
def case_trail(
    case: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    after: FromQuery[int] = 0,
    limit: FromQuery[int] = PAGE,
) -> CaseTrail:
    """A case event by event: who, when in the field, when recorded, on what device, and whether the ledger holds it."""
    check(who)
    found = of_case(place, case, after, min(max(limit, 1), MOST))
    place.reads.note(who, [case], "trail")
    return found


# For the doors and the pages alike


def check(who: Who) -> None:
    """The trail is for the inspectorate: neither for those in it nor for those who administer it."""
    if who.role not in access.AUDITS:
        raise Trouble(403, "not-allowed-to-audit")


def wanted(
    place: Place,
    case: UUID | None,
    actor: str | None,
    role: Role | None,
    unit: str | None,
    kind: str | None,
    since: date | None,
    until: date | None,
) -> Sought:
    """What is looked for. An unknown unit or kind is said, or its empty answer would look like an all-clear."""
    kinds = kinds_of(kind) if kind else None
    if kinds == ():
        raise Trouble(400, "no-such-kind")
    return Sought(
        case=case,
        actor=actor or None,
        role=role,
        units=with_all_below(unit, place.accounts.units()),
        kinds=kinds,
        first=begins(since, place),
        last=ends(until, place),
    )


def kinds_of(kind: str) -> tuple[str, ...]:
    """An event by its stored name, or all whose names begin with the word."""
    return tuple(topic for topic in TOPICS if topic == kind or topic.startswith(f"{kind}."))


TOPICS = tuple(sorted(stories.TOPICS.values()))


def trailed(place: Place, sought: Sought, before: int | None, limit: int) -> Trail:
    """A page of the trail. Who asks by kind, hand or place must not learn so what a withheld event is, or whose."""
    with place.connection() as conn:

        def shown(found: Sequence[Stored]) -> Sequence[Stored]:
            withheld = _withheld(conn, place, found)
            return [one for one in found if one.recorded.version not in withheld[one.recorded.case]]

        by_what_it_is = (sought.kinds, sought.actor, sought.role, sought.units) != (None, None, None, None)
        how = (shown,) if by_what_it_is else ()
        page = trail.trail(conn, place.schema, sought, before, limit, *how)
        withheld = _withheld(conn, place, page.events)
    return Trail(tuple(_told(place, page.events, withheld)), page.after)


def of_case(place: Place, case: UUID, after: int, limit: int) -> CaseTrail:
    """A page of a case's story with its proof. Raises Trouble where there is no such case."""
    with place.connection() as conn:
        total = trail.length(conn, place.schema, case)
        if not total:
            raise Trouble(404, "not-found")
        found = trail.of_case(conn, place.schema, case, after, limit)
        first = found if after == 0 else trail.of_case(conn, place.schema, case, 0, 1)
        proof = prove(conn, place.schema, found)
        withheld = _withheld(conn, place, found)
    told = tuple(_told(place, found, withheld, proof))
    more = found[-1].recorded.version if found and found[-1].recorded.version < total else None
    return CaseTrail(case, stories.kind([first[0].recorded]), total, told, more, proof)


_Withheld = Mapping[UUID, Collection[int]]
"""Of each case the versions that a reader of the trail must not know of."""


def _withheld(conn: Any, place: Place, found: Sequence[Stored]) -> _Withheld:
    return trail.hidden(conn, place.schema, {one.recorded.case for one in found}, "inspektorat")


def _told(place: Place, found: Sequence[Stored], withheld: _Withheld, proof: Proof | None = None) -> Iterator[Event]:
    names = place.accounts.called({one.recorded.by.actor for one in found})
    for one in found:
        yield _event(one, one.recorded.version in withheld[one.recorded.case], names, place, proof)


def _event(one: Stored, withheld: bool, names: Mapping[str, str], place: Place, proof: Proof | None) -> Event:
    recorded, by = one.recorded, one.recorded.by
    assert recorded.position is not None
    digest = base64.b64encode(one.entry).decode()
    state = None if proof is None else state_of(proof, recorded.position)
    if withheld:
        return Event(
            recorded.position, recorded.case, recorded.version, digest, by.recorded_at, withheld=True, state=state
        )
    return Event(
        position=recorded.position,
        case=recorded.case,
        version=recorded.version,
        digest=digest,
        recorded_at=by.recorded_at,
        topic=one.topic,
        says=words.event_sentence(recorded, None, "inspektorat") or "",
        on=recorded.event.on,
        late=max(0, (by.recorded_at.astimezone(place.tenant.zone).date() - recorded.event.on).days),
        actor=by.actor,
        name=names.get(by.actor, ""),
        role=by.role,
        unit=by.unit,
        device=by.device,
        entry=by.entry,
        edition=by.edition,
        facts=_facts(recorded.event),
        state=state,
    )


def _facts(event: Any) -> dict[str, Any]:
    """Without who it is, and without a diagnosis, which is for those who treat."""
    told: dict[str, Any] = msgspec.to_builtins(event)
    if isinstance(event, Corrected):
        told["reads"] = _told_of(event.reads)
    return _told_of(told)


def _told_of(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in ("personal", "on", "is", "diagnosis")}


# As files


def _all(place: Place, sought: Sought) -> Iterator[Event]:
    """A connection is held for a page and not while the reader is slow."""
    before: int | None = None
    while True:
        page = trailed(place, sought, before, MOST)
        yield from page.events
        if page.after is None:
            return
        before = page.after


_COLUMNS = (
    "position", "case", "version", "topic", "says", "on", "recorded_at", "late", "actor", "name", "role", "unit",
    "device", "entry", "edition", "withheld", "digest",
)  # fmt: skip

HANDLERS: tuple[Any, ...] = (events, export, case_trail)
