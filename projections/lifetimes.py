"""When each task of a case came and why, and when it went: by a record, the calendar, another task, another edition.

The story is told again event by event in the order in which it was recorded, and the tasks are looked at in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Literal, NamedTuple

from msgspec import Struct

from domain import stories
from domain.case import Case, Recorded, Role, TaskReassigned, TaskSetAside
from domain.protocol import Book, Obligation, obligations

How = Literal["recorded", "calendar", "edition", "session-day", "set-aside", "handed-over", "absorbed"]


class Cause(Struct, frozen=True):
    """By what a task came or went."""

    how: How
    version: int | None = None
    """Version of the event that did it; None where nobody recorded anything."""
    rule: str = ""
    """The heavier task it went into."""
    edition: str = ""


class At(NamedTuple):
    """Where a task stands: two lines of one task at two desks, or before and after a move, live apart."""

    desk: Role
    desa: str
    posyandu: str
    rule: str
    key: str


class Life(Struct, frozen=True):
    """A task on one desk's list, from when it came until it went."""

    at: At
    first: Obligation
    """As it came."""
    last: Obligation
    """As it stood last: what it rests on may have been told anew meanwhile."""
    came: datetime
    by: Cause
    went: datetime | None = None
    """None while it stands."""
    through: Cause | None = None


class Basis(Struct, frozen=True):
    """What the lists rested on from a moment on."""

    at: datetime
    what: Literal["edition", "session-day"]
    book: Book


def lives(
    story: Sequence[Recorded], bases: Sequence[Basis], until: datetime, since: datetime | None = None
) -> tuple[Life, ...]:
    """Every task of a case at every desk that saw it, the latest to come first. `bases` hold from the beginning on.

    With `since` only those that stood then or later: when and by what they came is right only of what came after it.
    """
    found: list[Life] = []
    running: dict[At, Life] = {}
    for span in _spans(story, bases, until, since or story[0].by.recorded_at):
        standing = {at: list(_whole(spells)) for at, spells in groupby(_spells(span), attrgetter("at"))}
        for at, life in list(running.items()):
            if at not in standing or standing[at][0].start > span.start:
                found.append(_ended(running.pop(at), span.start, _through(span, life)))
        for at, spells in standing.items():
            for spell in spells:
                running[at] = _begun_or_going_on(running.get(at), spell, span)
                if spell.stop is not None:
                    found.append(_ended(running.pop(at), spell.stop, _by_the_calendar(span, spell)))
    stood = (life for life in (*found, *running.values()) if life.went is None or life.went > life.came)
    return tuple(sorted(stood, key=lambda life: (life.came, life.at), reverse=True))


class _Span(NamedTuple):
    """A time in which neither the story nor what the lists rest on changed."""

    start: datetime
    end: datetime
    last: bool
    change: Recorded | Basis
    owed: tuple[Obligation, ...]
    state: Case
    book: Book


def _spans(story: Sequence[Recorded], bases: Sequence[Basis], until: datetime, since: datetime) -> Iterator[_Span]:
    """One for each event and each change of the book, in the order in which they came; some are of no length."""
    changes: list[tuple[datetime, int, Recorded | Basis]] = [(basis.at, 0, basis) for basis in bases]
    changes += [(at, 1, event) for at, event in _heard(story)]
    changes.sort(key=itemgetter(0, 1))
    state: Case | None = None
    book, told = bases[0].book, list[Recorded]()
    for n, (start, _, change) in enumerate(changes):
        if start > until:
            return
        if isinstance(change, Basis):
            book = change.book
        else:
            state = stories.grow(state, told, [change])
            told.append(change)
        last = n + 1 == len(changes) or changes[n + 1][0] > until
        end = until if last else changes[n + 1][0]
        if state is not None and end >= since:
            owed = obligations(state, book.chart(state), book)
            yield _Span(start, end, last, change, owed, state, book)


def _heard(story: Sequence[Recorded]) -> Iterator[tuple[datetime, Recorded]]:
    """When each event was known. An event is not known before the one it stands after, whatever two clocks say."""
    latest: datetime | None = None
    for recorded in story:
        latest = recorded.by.recorded_at if latest is None else max(latest, recorded.by.recorded_at)
        yield latest, recorded


class _Spell(NamedTuple):
    """A time within a span in which a task stood at a desk; `stop` is None where it went on beyond."""

    at: At
    start: datetime
    stop: datetime | None
    owed: Obligation


def _spells(span: _Span) -> list[_Spell]:
    found = [
        _Spell(
            At(seat.desk, owed.desa or span.state.desa, owed.place or span.state.posyandu, owed.rule, owed.key),
            max(seat.opens, span.start),
            owed.until if owed.until is not None and owed.until <= span.end else None,
            owed,
        )
        for owed in span.owed
        for seat in owed.desks
    ]
    return sorted((s for s in found if _falls_in(s, span)), key=itemgetter(0, 1))


def _falls_in(spell: _Spell, span: _Span) -> bool:
    """What begins just as the span ends begins in the next one."""
    if spell.owed.until is not None and spell.owed.until <= spell.start:
        return False
    return spell.start < span.end or spell.start == span.start or (span.last and spell.start == span.end)


def _whole(spells: Iterable[_Spell]) -> Iterator[_Spell]:
    """Spells of one task that touch are one."""
    before: _Spell | None = None
    for spell in spells:
        if before is None:
            before = spell
        elif before.stop is None or before.stop >= spell.start:
            longer = before.stop is not None and (spell.stop is None or spell.stop > before.stop)
            before = before._replace(stop=spell.stop) if longer else before
        else:
            yield before
            before = spell
    if before is not None:
        yield before


def _begun_or_going_on(life: Life | None, spell: _Spell, span: _Span) -> Life:
    if life is not None:
        return Life(life.at, life.first, spell.owed, life.came, life.by)
    by = _change(span) if spell.start == span.start else Cause("calendar")
    return Life(spell.at, spell.owed, spell.owed, spell.start, by)


def _ended(life: Life, at: datetime, through: Cause) -> Life:
    return Life(life.at, life.first, life.last, life.came, life.by, at, through)


# By what


def _change(span: _Span) -> Cause:
    if isinstance(span.change, Basis):
        return Cause(span.change.what, edition=span.book.protocol.edition)
    return Cause("recorded", span.change.version)


def _through(span: _Span, life: Life) -> Cause:
    """What the change at the beginning of a span did to a task that stood until then."""
    change = span.change
    if isinstance(change, Basis):
        return _change(span)
    event = change.event
    if isinstance(event, TaskSetAside | TaskReassigned) and (event.rule, event.key) == (life.at.rule, life.at.key):
        return Cause("set-aside" if isinstance(event, TaskSetAside) else "handed-over", change.version)
    open_now = (o for o in span.owed if o.opens <= span.start and (o.until is None or o.until > span.start))
    heavier = _heavier(life.at.rule, open_now, span.book)
    return Cause("absorbed" if heavier else "recorded", change.version, heavier)


def _by_the_calendar(span: _Span, spell: _Spell) -> Cause:
    heavier = _heavier(spell.at.rule, (o for o in span.owed if o.opens == spell.stop), span.book)
    return Cause("absorbed" if heavier else "calendar", rule=heavier)


def _heavier(rule: str, others: Iterable[Obligation], book: Book) -> str:
    """The rule among these whose task contains this one; empty where there is none."""
    absorbs: Mapping[str, tuple[str, ...]] = {r.id: r.absorbs for r in book.protocol.rules if r.absorbs}
    return next((o.rule for o in others if rule in absorbs.get(o.rule, ())), "")


def standing_at(found: Iterable[Life], desk: Role, rule: str, key: str, moment: datetime) -> Life | None:
    """The life of a task at a desk that stood at a moment."""
    return next(
        (
            life
            for life in found
            if (life.at.desk, life.at.rule, life.at.key) == (desk, rule, key)
            and life.came <= moment
            and (life.went is None or life.went > moment)
        ),
        None,
    )
