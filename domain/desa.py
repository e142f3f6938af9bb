"""A desa, puskesmas, kecamatan or kabupaten at work: its sessions, meetings, money, supervision and audits."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID, uuid5

from msgspec.structs import replace

from domain import case
from domain.case import Act, Case, Envelope, Event, Recorded, Refused, act, asks

Level = Literal["desa", "puskesmas", "kecamatan", "kabupaten"]

# What can have happened


class Registered(Event, frozen=True, tag="desa.registered"):
    """The unit takes part, with the posyandu it has."""

    desa: str
    """Code of the unit, whatever its level."""
    level: Level = "desa"
    posyandus: tuple[str, ...] = ()


# What can be asked

Register = asks(Registered, "Register", "desa.register")

EVENTS: tuple[type[Event], ...] = (Registered,)
COMMANDS = (Register,)

# What we remember


class Desa(Case, frozen=True, kw_only=True):
    """What the story of a unit adds up to. `desa` is its code; `posyandu` is empty."""

    KIND = "desa"

    level: Level
    registered: Act
    posyandus: tuple[str, ...] = ()


def number(code: str) -> UUID:
    """The number of a unit's case: everybody finds it by the unit's code."""
    return uuid5(_UNITS, code)


_UNITS = UUID("5d1c0a4e-7c0b-4b43-9d2b-6f1f0a2f6d11")

# How it adds up


def evolve(desa: Desa | None, recorded: Recorded) -> Desa:
    """The unit after one event more. Events come in the order of their days."""
    desa = _begun(recorded) if desa is None else case.evolve(desa, recorded)
    return desa if recorded.version <= desa.latest else replace(desa, latest=recorded.version)


def _begun(recorded: Recorded) -> Desa:
    event = recorded.event
    if not isinstance(event, Registered):
        raise ValueError(f"a unit's story cannot begin with {type(event).__name__}")
    first = act(recorded)
    return Desa(
        desa=event.desa, posyandu="", first=first, level=event.level, registered=first, posyandus=event.posyandus
    )


# What is refused


def check(desa: Desa | None, event: Event, today: date, by: Envelope) -> None:
    """Refuses only what cannot have happened."""
    if event.on > today:
        raise Refused("future-day", on=event.on, today=today)
    if isinstance(event, Registered):
        if desa is not None:
            raise Refused("already-registered")
        return
    if desa is None:
        raise Refused("no-such-case")
    case.check(desa, event)
