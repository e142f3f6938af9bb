"""A family or a couple about to marry: what can be asked, what can have happened, what we remember of it."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from domain import case
from domain.case import Act, Case, Envelope, Event, Personal, Recorded, Refused, Sealed, act, asks

# What can have happened


class Registered(Event, frozen=True, tag="family.registered"):
    """The family is in the desa's book. Its personal part names the head of the family and the KK."""

    desa: str
    posyandu: str
    personal: Personal | Sealed | None = None


class Identified(Event, frozen=True, tag="family.identified"):
    """Who the family is became known or changed: the whole identity, not only what changed."""

    personal: Personal | Sealed


# What can be asked

Register = asks(Registered, "Register", "family.register")
Identify = asks(Identified, "Identify", "family.identify")

EVENTS: tuple[type[Event], ...] = (Registered, Identified)
COMMANDS = (Register, Identify)

# What we remember


class Family(Case, frozen=True, kw_only=True):
    """What the story of a family adds up to."""

    KIND = "family"

    registered: Act


# How it adds up


def evolve(family: Family | None, recorded: Recorded) -> Family:
    """The family after one event more. Events come in the order of their days."""
    family = _begun(recorded) if family is None else case.evolve(family, recorded)
    return family if recorded.version <= family.latest else replace(family, latest=recorded.version)


def _begun(recorded: Recorded) -> Family:
    event = recorded.event
    if not isinstance(event, Registered):
        raise ValueError(f"a family's story cannot begin with {type(event).__name__}")
    first = act(recorded)
    return Family(desa=event.desa, posyandu=event.posyandu, first=first, registered=first)


# What is refused


def check(family: Family | None, event: Event, today: date, by: Envelope) -> None:
    """Refuses only what cannot have happened."""
    if event.on > today:
        raise Refused("future-day", on=event.on, today=today)
    if isinstance(event, Registered):
        if family is not None:
            raise Refused("already-registered")
        return
    if family is None:
        raise Refused("no-such-case")
    case.check(family, event)
