"""What a family may ask about what is kept of it, and to be forgotten: a request, a decision, and another hand.

The doctor of the puskesmas decides, since the law on personal data and the 25 years of a clinical record pull apart;
the kabupaten carries it out. What happened stays, and who it was about is gone: the key of the identity is destroyed in
the same commit in which that is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from domain.case import Act, Case, Envelope, Event, Personal, Recorded, Refused, Sealed, asks, done
from domain.person import DataRequestFulfilled, DataRequestReceived

# What can have happened


class ErasureDecided(Event, frozen=True, tag="person.erasure-decided"):
    """The doctor decided on a request to be forgotten. The newest decision holds until it is carried out."""

    request: UUID
    decision: Literal["hapus", "batasi", "tolak"]
    ground: Literal[
        "tidak-perlu-lagi",
        "persetujuan-ditarik",
        "rekam-medis-25-tahun",
        "diperlukan-hukum",
        "bukan-yang-berhak",
        "lain",
    ]
    personal: Personal | Sealed | None = None


class IdentityErased(Event, frozen=True, tag="person.identity-erased"):
    """Nobody can read any more who this case is about. It cannot be taken back."""

    request: UUID


# What can be asked

DecideErasure = asks(ErasureDecided, "DecideErasure", "person.decide-erasure")
EraseIdentity = asks(IdentityErased, "EraseIdentity", "person.erase-identity")

EVENTS: tuple[type[Event], ...] = (ErasureDecided, IdentityErased)
COMMANDS = (DecideErasure, EraseIdentity)

FINAL = EVENTS
"""Neither is mended: on a decision somebody may have acted already, and what is forgotten stays forgotten."""

# How a request stands


def erased(case: Case) -> bool:
    """Who this was about is gone."""
    return bool(done(case.acts, IdentityErased))


def forgotten(story: Sequence[Recorded]) -> bool:
    """The same, before the story is folded. A key that a process still holds must not open what it tells of whom."""
    return any(type(recorded.event) is IdentityErased for recorded in story)


def without_identity(story: Sequence[Recorded]) -> list[Recorded]:
    """A story of the time before as it may be told of somebody who was forgotten since."""
    return [
        replace(r, event=replace(r.event, personal=None)) if getattr(r.event, "personal", None) is not None else r
        for r in story
    ]


def requests(case: Case) -> tuple[Act, ...]:
    """What the family asked, oldest first."""
    return done(case.acts, DataRequestReceived)


def decision(case: Case, request: UUID) -> Act | None:
    """What was decided last on a request to be forgotten."""
    found = [a for a in done(case.acts, ErasureDecided) if a.event.request == request]  # type: ignore[attr-defined]
    return max(found, key=lambda a: a.version, default=None)


def unanswered(case: Case) -> tuple[Act, ...]:
    """The requests that have neither an answer nor a decision."""
    answered = {a.event.request for a in done(case.acts, DataRequestFulfilled)}  # type: ignore[attr-defined]
    answered |= {a.event.request for kind in EVENTS for a in done(case.acts, kind)}  # type: ignore[attr-defined]
    return tuple(a for a in requests(case) if a.event.request not in answered)  # type: ignore[attr-defined]


def to_erase(case: Case) -> tuple[tuple[Act, Act], ...]:
    """The requests on which it was decided to forget, with the decision, while that is not done."""
    if erased(case):
        return ()
    decided = [(asked, decision(case, asked.event.request)) for asked in requests(case)]  # type: ignore[attr-defined]
    return tuple((asked, act) for asked, act in decided if act is not None and _to_forget(act))


def _to_forget(act: Act) -> bool:
    return act.event.decision == "hapus"  # type: ignore[attr-defined,no-any-return]


# What is refused


def check(case: Case, event: Event, by: Envelope) -> None:
    """Of every kind of case in which a family may ask."""
    match event:
        case DataRequestReceived() if _asked(case, event.request) is not None:
            raise Refused("data-request-exists")
        case DataRequestFulfilled() if _asked(case, event.request) is None:
            raise Refused("no-such-data-request")
        case ErasureDecided():
            _check_decision(case, event)
        case IdentityErased():
            _check_erasure(case, event, by)


def check_merge(case: Case, into: Case | None) -> None:
    """A name merged into a case that was forgotten would stay for ever: what is asked there was done already."""
    if into is not None and erased(case) != erased(into):
        raise Refused("merge-erased")


def _asked(case: Case, request: UUID) -> Act | None:
    return next((a for a in requests(case) if a.event.request == request), None)  # type: ignore[attr-defined]


def _check_decision(case: Case, event: ErasureDecided) -> None:
    asked = _asked(case, event.request)
    if asked is None or asked.event.asks != "menghapus":  # type: ignore[attr-defined]
        raise Refused("no-such-erasure-request")
    if erased(case):
        raise Refused("already-erased")
    _check_day(event.on, asked)


def _check_erasure(case: Case, event: IdentityErased, by: Envelope) -> None:
    """Two people, and a third if the request came in by the hand of either: nobody can make somebody vanish alone."""
    if erased(case):
        raise Refused("already-erased")
    asked, decided = _asked(case, event.request), decision(case, event.request)
    if asked is None or decided is None or not _to_forget(decided):
        raise Refused("erasure-not-decided")
    if by.actor in (asked.actor, decided.actor):
        raise Refused("erase-own-decision")
    _check_day(event.on, decided)


def _check_day(on: date, act: Act) -> None:
    if on < act.on:
        raise Refused("before-data-request", on=on, asked=act.on)
