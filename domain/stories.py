"""The closed list of what can stand in a story, how it is stored, and what a story adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Union, cast
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain import (
    antenatal,
    birth,
    care,
    case,
    child,
    desa,
    emergency,
    erasure,
    family,
    oversight,
    person,
    pmt,
    pregnancy,
    preventive,
    referral,
)
from domain.case import PERSONS, Case, Command, Elsewhere, Envelope, Event, Kind, Personal, Recorded, Refused
from domain.pregnancy import Pregnancy

EVENTS: tuple[type[Event], ...] = (
    *case.EVENTS, *care.EVENTS, *pmt.EVENTS, *referral.EVENTS, *person.EVENTS, *emergency.EVENTS,
    *child.EVENTS, *preventive.EVENTS, *pregnancy.EVENTS, *family.EVENTS, *desa.EVENTS, *oversight.EVENTS,
    *antenatal.EVENTS, *erasure.EVENTS, *birth.EVENTS_OF_MOTHER, *birth.EVENTS_OF_CHILD,
)  # fmt: skip
COMMANDS: tuple[type[Command], ...] = (
    *case.COMMANDS, *care.COMMANDS, *pmt.COMMANDS, *referral.COMMANDS, *person.COMMANDS,
    *emergency.COMMANDS, *child.COMMANDS, *preventive.COMMANDS, *pregnancy.COMMANDS, *family.COMMANDS, *desa.COMMANDS,
    *oversight.COMMANDS, *antenatal.COMMANDS, *birth.COMMANDS, *erasure.COMMANDS,
)  # fmt: skip

AnyEvent: Any = Union[EVENTS]  # noqa: UP007
AnyCommand: Any = Union[COMMANDS]  # noqa: UP007

BEGINS: dict[type[Event], Kind] = {
    child.Reported: "child",
    child.Registered: "child",
    pregnancy.Reported: "pregnancy",
    pregnancy.Registered: "pregnancy",
    family.Registered: "family",
    family.CoupleRegistered: "family",
    desa.Registered: "desa",
}

_PERSONS_AND_FAMILIES: frozenset[Kind] = PERSONS | {"family"}
TAKEN_BY: dict[type[Event], frozenset[Kind]] = {
    **dict.fromkeys(
        (*care.EVENTS, *pmt.EVENTS, *referral.EVENTS, referral.OnwardOf, *person.EVENTS, *emergency.EVENTS), PERSONS
    ),
    **dict.fromkeys(emergency.EVENTS, PERSONS),
    **dict.fromkeys((*child.EVENTS, *preventive.EVENTS), frozenset({"child"})),
    **dict.fromkeys((*pregnancy.EVENTS, pregnancy.BirthOf, pregnancy.NewbornsOf), frozenset({"pregnancy"})),
    **dict.fromkeys(antenatal.EVENTS, frozenset({"pregnancy"})),
    **dict.fromkeys(birth.EVENTS_OF_MOTHER, frozenset({"pregnancy"})),
    **dict.fromkeys(birth.EVENTS_OF_CHILD, frozenset({"child"})),
    **dict.fromkeys(family.EVENTS, frozenset({"family"})),
    **dict.fromkeys((*desa.EVENTS, *oversight.EVENTS), frozenset({"desa"})),
    **dict.fromkeys((case.CaseClosed, case.CaseReopened), _PERSONS_AND_FAMILIES),
    **dict.fromkeys(family.SHARED, _PERSONS_AND_FAMILIES),
    **dict.fromkeys((*erasure.EVENTS, *person.KEPT), _PERSONS_AND_FAMILIES),
    care.HomeVisited: _PERSONS_AND_FAMILIES,
    care.Counselled: _PERSONS_AND_FAMILIES,
}
"""In whose stories an event may stand; one that is not named here, in all."""

_evolve: dict[Kind, Any] = {
    "child": child.evolve, "pregnancy": pregnancy.evolve, "family": family.evolve, "desa": desa.evolve,
}  # fmt: skip
_checks: dict[Kind, Any] = {
    "child": child.check, "pregnancy": pregnancy.check, "family": family.check, "desa": desa.check,
}  # fmt: skip

_decoder = msgspec.json.Decoder(AnyEvent)
_encoder = msgspec.json.Encoder()
_commands = msgspec.json.Decoder(AnyCommand)
TOPICS: dict[type[Event], str] = {e: e.__struct_config__.tag for e in EVENTS}  # type: ignore[misc]


def encode(event: Event) -> bytes:
    """An event as it is stored: JSON with its tag, so that the log can be read in psql."""
    return _encoder.encode(event)


def decode(state: bytes) -> Event:
    """A stored event. An unknown tag or field is an error, never an import."""
    event: Event = _decoder.decode(state)
    return event


def topic(event: Event) -> str:
    """The stored name of an event, `child.measured`."""
    return TOPICS[type(event)]


def command(body: bytes) -> Command:
    """A request as it comes through a door. Raises msgspec.ValidationError."""
    asked: Command = _commands.decode(body)
    return asked


def kind(story: Sequence[Recorded]) -> Kind:
    """What kind of case a story is of; its first event says so."""
    return BEGINS[type(story[0].event)]


def fold(story: Sequence[Recorded]) -> Case | None:
    """What a story adds up to; None where there is none."""
    return add_up(kind(story), counting(story)) if story else None


def counting(story: Sequence[Recorded]) -> list[Recorded]:
    """The events that count, corrections read in their place, in the order of their days."""
    return case.in_order(story, _read)


def add_up(kind: Kind, counting: Sequence[Recorded]) -> Case:
    """Fold events that are in order already."""
    state: Any = None
    evolve = _evolve[kind]
    for recorded in counting:
        state = evolve(state, recorded)
    return cast(Case, state)


def grow(state: Case | None, story: Sequence[Recorded], new: Sequence[Recorded]) -> Case | None:
    """What a story adds up to with `new` at its end, `state` being what it adds up to without: as folding all of it."""
    if state is None or not _comes_last(story, new):
        return fold([*story, *new])
    evolve = _evolve[state.KIND]
    for recorded in new:
        state = evolve(state, recorded)
    return state


def _comes_last(story: Sequence[Recorded], new: Sequence[Recorded]) -> bool:
    """In the order of days, too, and nothing is read in another's place."""
    if not _MENDING.isdisjoint(type(r.event) for r in (*story, *new)):
        return False
    last = max((r.event.on for r in story[1:]), default=date.min)
    return all(before <= after for before, after in pairwise([last, *(r.event.on for r in new)]))


_MENDING = frozenset({case.Corrected, case.Retracted})


def decide(
    number: UUID,
    story: Sequence[Recorded],
    state: Case | None,
    command: Command,
    today: date,
    by: Envelope,
    who: Personal | None = None,
    other: Case | None = None,
) -> tuple[Event | Elsewhere, ...]:
    """The events a request comes to, or Refused.

    `state` is the folded `story`; `who` is the identity of the mother, opened, where the request is a birth; `other` is
    the case named by one that is about two (`person.other_of`).
    """
    event = case.asked(command)
    belongs = kind(story) if story else BEGINS.get(type(event))
    if belongs is None:
        raise Refused("no-such-case")
    if belongs not in TAKEN_BY.get(type(event), {belongs}):
        raise Refused("other-kind-of-case")
    if getattr(event, "personal", None) is not None and state is not None and erasure.erased(state):
        raise Refused("erased")
    if isinstance(event, case.Corrected | case.Retracted):
        _check_mending(story, state, event, today, by)
        return (event,)
    _check(belongs, state, event, today, by)
    if isinstance(event, pregnancy.BirthOf | pregnancy.NewbornsOf):
        assert isinstance(state, Pregnancy)
        return pregnancy.births(number, state, event, who)
    if isinstance(event, referral.OnwardOf):
        return referral.onward(event)
    if person.other_of(event) is not None:
        assert state is not None
        if isinstance(event, person.RecordsMerged):
            erasure.check_merge(state, other)
        return person.of_two(number, state, event, other)
    return (child.knowing_nik(event),)


def _check(belongs: Kind, state: Case | None, event: Event, today: date, by: Envelope) -> None:
    _checks[belongs](state, event, today, by)
    if state is not None:
        erasure.check(state, event, by)


def _check_mending(
    story: Sequence[Recorded], state: Case | None, event: case.Corrected | case.Retracted, today: date, by: Envelope
) -> None:
    """Whoever recorded it may mend, of a person also a health worker; a registration is corrected, never taken back."""
    wrong = next((r for r in story if r.version == event.version), None)
    if wrong is None or isinstance(wrong.event, case.Corrected | case.Retracted):
        raise Refused("no-such-event", version=event.version)
    if isinstance(wrong.event, person.TOLD_TWICE):
        raise Refused("told-in-two-cases")
    if isinstance(wrong.event, emergency.EVENTS):
        raise Refused("emergency-stays")
    if isinstance(wrong.event, erasure.FINAL):
        raise Refused("erasure-stands")
    if by.actor != wrong.by.actor and (by.role not in case.NAKES or kind(story) == "desa"):
        raise Refused("not-yours-to-mend")
    oversight.check_mending(wrong.event, by)
    if event.on > today:
        raise Refused("future-day", on=event.on, today=today)
    if isinstance(event, case.Retracted):
        if event.version == 1:
            raise Refused("registration-stays")
        return
    _check_correction(story, event, wrong, today, by)


def _check_correction(
    story: Sequence[Recorded], event: case.Corrected, wrong: Recorded, today: date, by: Envelope
) -> None:
    """What it is to be read as must itself be possible: the story with it in place, folded, is asked."""
    if "personal" in event.reads:
        raise Refused("identity-in-correction")
    try:
        reads = _read(event.reads)
    except msgspec.ValidationError as unreadable:
        raise Refused("correction-unreadable") from unreadable
    if type(reads) is not type(wrong.event):
        raise Refused("correction-of-another-kind")
    others = [r for r in story if r.version != event.version]
    if event.version == 1:
        _check(BEGINS[type(reads)], None, reads, today, wrong.by)
        mended = replace(wrong, event=reads)
        if isinstance(reads, child.Registered) and any(
            r.event.on < reads.born for r in case.in_order([mended, *others], _read)[1:]
        ):
            raise Refused("events-before-birth", born=reads.born)
        return
    _check(kind(story), fold(others), reads, today, wrong.by)


def _read(reads: dict[str, Any]) -> Event:
    event: Event = msgspec.convert(reads, AnyEvent)
    return event
