"""A case opened in an emergency by somebody who may not open it otherwise: why, for how long, and was it right."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from domain.case import Act, Case, Envelope, Event, Personal, Refused, Sealed, asks, done

# What can have happened

Reason = Literal["gawat-darurat", "persalinan", "rujukan-datang", "bencana", "lain"]


class EmergencyOpened(Event, frozen=True, tag="person.opened-in-emergency"):
    """A health worker from elsewhere opened the case. They read it for so many hours, and write nothing in it."""

    emergency: UUID
    reason: Reason
    hours: int
    personal: Personal | Sealed | None = None


class EmergencyReviewed(Event, frozen=True, tag="person.emergency-access-reviewed"):
    """The supervisor of the case looked into it: was there an emergency?"""

    emergency: UUID
    verdict: Literal["wajar", "tidak-wajar"]
    personal: Personal | Sealed | None = None


# What can be asked

OpenInEmergency = asks(EmergencyOpened, "OpenInEmergency", "person.open-in-emergency")
ReviewEmergencyAccess = asks(EmergencyReviewed, "ReviewEmergencyAccess", "person.review-emergency-access")

EVENTS: tuple[type[Event], ...] = (EmergencyOpened, EmergencyReviewed)
COMMANDS = (OpenInEmergency, ReviewEmergencyAccess)


def open_until(case: Case | None, account: str, now: datetime) -> datetime | None:
    """Until when this account reads the case for an emergency; None where it does not, or where it was none."""
    if case is None:
        return None
    none = {a.event.emergency for a in done(case.acts, EmergencyReviewed) if a.event.verdict == "tidak-wajar"}  # type: ignore[attr-defined]
    opened = [a for a in done(case.acts, EmergencyOpened) if a.actor == account and a.event.emergency not in none]  # type: ignore[attr-defined]
    ends = (a.heard + timedelta(hours=a.event.hours) for a in opened)  # type: ignore[attr-defined]
    return max((end for end in ends if now < end), default=None)


def unreviewed(case: Case) -> tuple[Act, ...]:
    """Emergencies that nobody has looked into yet, the oldest first."""
    seen = {a.event.emergency for a in done(case.acts, EmergencyReviewed)}  # type: ignore[attr-defined]
    return tuple(a for a in done(case.acts, EmergencyOpened) if a.event.emergency not in seen)  # type: ignore[attr-defined]


def check(case: Case, event: Event, by: Envelope) -> None:
    """A review needs its emergency, once, and another hand."""
    if not isinstance(event, EmergencyReviewed):
        return
    about = next((a for a in unreviewed(case) if a.event.emergency == event.emergency), None)  # type: ignore[attr-defined]
    if about is None:
        raise Refused("no-such-emergency")
    if about.actor == by.actor:
        raise Refused("review-own-emergency")
