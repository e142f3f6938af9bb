"""What children and mothers share beside their care: they are referred and get extra food."""

from __future__ import annotations

from typing import Literal, TypeVar

from msgspec.structs import replace

from domain import case, pmt, referral
from domain.case import Case, Event, Personal, Recorded, Sealed, asks


class DeathReviewed(Event, frozen=True, tag="person.death-reviewed"):
    """The death of a mother, or of a child before, at or after birth, was reported and looked into (AMPSR)."""

    whose: Literal["ibu", "bayi"]
    avoidable: bool | None = None
    """It could have been prevented."""
    personal: Personal | Sealed | None = None


ReviewDeath = asks(DeathReviewed, "ReviewDeath", "person.review-death")

EVENTS: tuple[type[Event], ...] = (DeathReviewed,)
COMMANDS = (ReviewDeath,)


class Person(Case, frozen=True, kw_only=True):
    """A case that is a child or a mother."""

    referrals: referral.Referrals = ()
    cycles: pmt.Cycles = ()


P = TypeVar("P", bound=Person)


def evolve(person: P, recorded: Recorded) -> P:
    """A child or a mother after an event that both take in the same way."""
    event = recorded.event
    if type(event) in _REFERRAL:
        return replace(person, referrals=referral.evolve(person.referrals, recorded))
    if type(event) in _PMT:
        person = replace(person, cycles=pmt.evolve(person.cycles, recorded))
    return case.evolve(person, recorded)


_REFERRAL = frozenset(referral.EVENTS)
_PMT = frozenset(pmt.EVENTS)


def check(person: Person, event: Event) -> None:
    """Refuses what can follow in the story of neither a child nor a mother."""
    case.check(person, event)
    if type(event) in _REFERRAL:
        referral.check(person.referrals, event)
    if type(event) in _PMT:
        pmt.check(person.cycles, event)
