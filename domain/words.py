"""One plain Indonesian sentence for each thing that can happen, as far as the reader may know it."""

from __future__ import annotations

from collections.abc import Sequence

from domain import care, case, child, desa, family, oversight, pregnancy, referral, stories
from domain.case import NAKES, SYSTEM, Event, Personal, Recorded, Role
from domain.figures import age, cm, day, kg, month, number, weekday, z
from domain.labels import ROLES, label, listed
from domain.refusals import refusal, unreadable
from domain.sentences import SENTENCES, WHAT
from domain.sentences.case import right

__all__ = [
    "age", "cm", "day", "event_sentence", "hidden", "kg", "label", "listed", "may_read_note", "may_see", "month",
    "number", "refusal", "unreadable", "weekday", "what", "z",
]  # fmt: skip


def event_sentence(recorded: Recorded, personal: Personal | None, role: Role) -> str | None:
    """What happened, for a reader of this role; None where that reader must not know that it happened.

    `personal` is the event's identity part, opened, or None. Of a mended event the caller knows whether it is hidden.
    """
    event = recorded.event
    if not may_see(event, role):
        return None
    by = "oleh sistem" if recorded.by.actor == SYSTEM else f"oleh {ROLES[recorded.by.role]}"
    if role not in _CLINICAL_READERS and type(event) not in _OF_UNITS:
        return f"{what(event)} {by}."
    said = SENTENCES[type(event)](event, by)
    if personal is None or not may_read_note(event, role):
        return said
    return said + _told(event, personal)


def what(event: Event) -> str:
    """The kind of event and nothing of what is in it: "Penimbangan dan pengukuran"."""
    return WHAT[type(event)]


def may_see(event: Event, role: Role) -> bool:
    """What is restricted (HIV, syphilis, HBsAg) is for health workers only, and so is every word about it."""
    return role in NAKES or not _restricted(event)


def hidden(story: Sequence[Recorded], role: Role) -> frozenset[int]:
    """Versions a reader of this role must not know of: what is restricted, and whatever corrects or retracts it.

    A task that a health worker puts off or hands over may be about a restricted result, so that stays among them.
    """
    if role in NAKES or (story and isinstance(story[0].event, desa.Registered)):
        return frozenset()
    perhaps = [r for r in story if type(r.event) in PERHAPS_HIDDEN]
    secret = {r.version for r in perhaps if _restricted(r.event) and not isinstance(r.event, case.Corrected)}
    secret |= {r.version for r in perhaps if isinstance(r.event, _ABOUT_TASKS) and r.by.role in NAKES}
    if not secret:
        return frozenset()
    return frozenset(secret | {r.version for r in perhaps if isinstance(r.event, _MENDS) and r.event.version in secret})


_ABOUT_TASKS = (case.TaskSetAside, case.TaskReassigned)
_MENDS = (case.Corrected, case.Retracted)
PERHAPS_HIDDEN: frozenset[type[Event]] = frozenset(
    {*_ABOUT_TASKS, *_MENDS, *(kind for kind in stories.EVENTS if kind.restricted is not Event.restricted)}
)
"""With these and the first event of a story it is known what of it is hidden from whom."""


def withheld(story: Sequence[Recorded], role: Role) -> frozenset[int]:
    """Versions of which a reader of this role may not be handed what is stored, byte for byte.

    Besides what is hidden, whatever carries a diagnosis: its sentence leaves that out, and its bytes do not. All of
    them, and not only those that tell an infection: or what is withheld would tell it.
    """
    if role in NAKES:
        return frozenset()
    return hidden(story, role) | {r.version for r in story if _diagnosed(r.event)}


def _diagnosed(event: Event) -> bool:
    if isinstance(event, case.Corrected):
        return event.reads.get("diagnosis") is not None
    return getattr(event, "diagnosis", None) is not None


def _restricted(event: Event) -> bool:
    if isinstance(event, case.Corrected):
        reads = right(event)
        return reads is not None and reads.restricted
    return event.restricted


_CLINICAL_READERS: frozenset[Role] = NAKES | {"kader"}
"""Others read that something was done, not what was found: desa and the offices above act on the task alone."""

_OF_UNITS: frozenset[type[Event]] = frozenset({*desa.EVENTS, *oversight.EVENTS})
"""Nobody is named in what a unit did, so whoever may open its story reads all of it."""

# What nakes write to each other about a patient can hold a diagnosis, so a kader does not read it.
_NAKES_ONLY_NOTES = (care.ClinicallyAssessed, care.CaseReviewed, referral.Referred, referral.CounterReferred)


def may_read_note(event: Event, role: Role) -> bool:
    """What was written by hand beside it may hold a diagnosis, so not everybody who reads the event reads that."""
    return role in _readers_of_notes(event)


def _readers_of_notes(event: Event) -> frozenset[Role]:
    if type(event) in _OF_UNITS:
        return _READERS_OF_MINUTES
    if isinstance(event, (*_NAKES_ONLY_NOTES, case.Corrected, case.Retracted)):
        return NAKES
    return _CLINICAL_READERS


_READERS_OF_MINUTES: frozenset[Role] = _CLINICAL_READERS | {"desa"}
"""Minutes may name people, so they are for those who read names: not for the offices above."""


def _told(event: Event, personal: Personal) -> str:
    name = f" Nama: {personal.name}." if personal.name and isinstance(event, _NAMING) else ""
    note = f" Catatan: {personal.note.strip().rstrip('.')}." if personal.note else ""
    return name + note


_NAMING: tuple[type[Event], ...] = (
    child.Reported, child.Registered, child.Identified, pregnancy.Reported, pregnancy.Registered, pregnancy.Identified,
    family.Registered, family.Identified,
)  # fmt: skip
