"""A story as it is read: one sentence for each event, with when it happened, when we heard of it, and from whom.

It has no table. Sentences are made from the story when somebody looks, so there is no second copy of a note to erase.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from domain import words
from domain.case import NAKES, Corrected, Personal, Recorded, Retracted, Role
from domain.stories import topic

Open = Callable[[Recorded], Personal | None]
"""Opens the identity part of an event; None where it has none or its key is destroyed."""


class Told(Struct, frozen=True):
    """One event of a story, as told to one reader."""

    number: int
    """Counted over what this reader may see. For health workers it is the event's version."""
    position: int | None
    """Its place in the log of the kabupaten."""
    topic: str
    what: str
    """The kind of event in two words."""
    sentence: str
    on: date
    heard: datetime
    late: int
    """Days between the day in the field and the day we heard of it."""
    actor: str
    role: Role
    unit: str
    corrected_by: int | None = None
    """Number of the newest correction of this event."""
    retracted_by: int | None = None
    by_former_desk: bool = False
    """The case had been moved away from whoever recorded it when we heard of it."""
    only_for: tuple[Role, ...] = ()
    """Empty where everybody who may open the case reads it."""


class Page(Struct, frozen=True):
    """A part of a story, in the order we heard of it, and how much there is in all."""

    told: tuple[Told, ...]
    total: int
    after: int | None
    """Ask with this for the next page; None at the end. Nothing is ever left out in between."""


def timeline(
    story: Sequence[Recorded],
    role: Role,
    clock: tzinfo,
    open_: Open,
    after: int = 0,
    limit: int = 200,
    newest_first: bool = False,
    by_former_desk: Callable[[Recorded], bool] = lambda _: False,
) -> Page:
    """The story for a reader of this role. Only the events of the page are opened."""
    seen = as_seen(story, role)
    corrected, retracted = _mended(seen)
    hidden = words.hidden(story, role)
    # What is sealed is bound to the event's own version, so it is opened under that and not under the reader's number.
    pairs = list(zip(seen, (r for r in story if r.version not in hidden), strict=True))
    ordered = pairs[::-1] if newest_first else pairs
    start = next((i + 1 for i, (r, _) in enumerate(ordered) if after and r.version == after), 0)
    page = ordered[start : start + limit]
    told = tuple(_told(r, role, clock, open_(own), corrected, retracted, by_former_desk(own)) for r, own in page)
    return Page(told, len(seen), page[-1][0].version if page and start + limit < len(ordered) else None)


def as_seen(story: Sequence[Recorded], role: Role) -> list[Recorded]:
    """The events a reader may know of, numbered without gaps: a gap would tell of a restricted result by its absence.

    An event corrected into a restricted result reads as taken back.
    """
    if role in NAKES:
        return list(story)
    hidden = words.hidden(story, role)
    number = {r.version: n for n, r in enumerate((r for r in story if r.version not in hidden), start=1)}
    return [_renumbered(r, role, number) for r in story if r.version not in hidden]


def version_of(story: Sequence[Recorded], role: Role, number: int) -> int | None:
    """The version of the event that this reader knows under a number, to correct or verify it; None where none is."""
    hidden = words.hidden(story, role)
    visible = [r.version for r in story if r.version not in hidden]
    return visible[number - 1] if 1 <= number <= len(visible) else None


def _renumbered(recorded: Recorded, role: Role, number: dict[int, int]) -> Recorded:
    event = recorded.event
    if isinstance(event, Corrected) and not words.may_see(event, role):
        event = Retracted(on=event.on, version=number[event.version], reason=event.reason, personal=event.personal)
    elif isinstance(event, Corrected | Retracted):
        event = replace(event, version=number[event.version])
    elif hasattr(event, "version"):
        event = replace(event, version=number.get(event.version, 0))
    return replace(recorded, version=number[recorded.version], event=event)


def _mended(seen: Sequence[Recorded]) -> tuple[dict[int, int], dict[int, int]]:
    corrected = {r.event.version: r.version for r in seen if isinstance(r.event, Corrected)}
    retracted = {r.event.version: r.version for r in seen if isinstance(r.event, Retracted)}
    return corrected, retracted


def _told(
    recorded: Recorded,
    role: Role,
    clock: tzinfo,
    personal: Personal | None,
    corrected: dict[int, int],
    retracted: dict[int, int],
    by_former_desk: bool,
) -> Told:
    event, by = recorded.event, recorded.by
    sentence = words.event_sentence(recorded, personal, role)
    assert sentence is not None, "as_seen has left out what this reader may not know"
    return Told(
        number=recorded.version,
        position=recorded.position,
        topic=topic(event),
        what=words.what(event),
        sentence=sentence,
        on=event.on,
        heard=by.recorded_at,
        late=max(0, (by.recorded_at.astimezone(clock).date() - event.on).days),
        actor=by.actor,
        role=by.role,
        unit=by.unit,
        corrected_by=corrected.get(recorded.version),
        retracted_by=retracted.get(recorded.version),
        by_former_desk=by_former_desk,
        only_for=() if words.may_see(event, "kader") else tuple(sorted(NAKES)),
    )
