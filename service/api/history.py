"""When a task came and why, when it went and by whom; and what a desk's list lost and won between two days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from domain import words
from domain.case import NAKES, PERSONS, Recorded, Role
from domain.protocol import Book
from domain.stories import kind
from projections.lifetimes import Cause, Life
from projections.queue import NAMELESS, UNTOLD, Task
from projections.timeline import as_seen
from service import access
from service.access import Who
from service.api.asof import chosen, clocks, open_desk
from service.api.cases import opened_or_404
from service.api.queues import covered
from service.past import Changed, Where
from service.places import Opened, Place
from service.problems import Trouble


class Record(Struct, frozen=True):
    """Something that was recorded, as this reader may know it: when it happened, when we heard, and from whom."""

    number: int
    sentence: str
    on: date
    heard: datetime
    role: Role
    unit: str
    actor: str


class Why(Struct, frozen=True):
    """By what a task came or went. `says` is one sentence; `record` what was recorded, where somebody did."""

    how: str
    says: str
    record: Record | None = None


class Stood(Struct, frozen=True):
    """One task from when it came until it went. `went` is None while it stands."""

    rule: str
    key: str
    desk: Role
    desa: str
    posyandu: str
    task: str
    says: str
    evidence: tuple[Record, ...]
    due: datetime
    came: datetime
    by: Why
    went: datetime | None
    through: Why | None
    late: bool
    """It was still there when its time was over."""


class History(Struct, frozen=True):
    """The tasks of one case, the latest to come first."""

    case: UUID
    tasks: tuple[Stood, ...]


@get("/cases/{case:uuid}/tasks/history", sync_to_thread=True, tags=["asof"])
def history(
    case: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    rule: FromQuery[str | None] = None,
    key: FromQuery[str | None] = None,
) -> History:
    """Every task this case has had at the desks of this post, or those of one rule: when, why, and by what it went."""
    opened, _ = opened_or_404(who, place, case, "task-history")
    return History(case, told_of(who, place, opened, rule, key))


def told_of(
    who: Who, place: Place, opened: Opened, rule: str | None = None, key: str | None = None
) -> tuple[Stood, ...]:
    """The same for the door and for the page."""
    now = place.now()
    secret = _secret(who, place, now)
    reader = _Reader(who, opened.story, now, secret, place.book())
    return tuple(
        reader.stood(life)
        for life in _own(place.past.lives(opened.story, now), who)
        if life.at.rule not in secret and rule in (None, life.at.rule) and key in (None, life.at.key)
    )


def _secret(who: Who, place: Place, known: datetime) -> frozenset[str]:
    """Rules that this reader may not know of."""
    return frozenset() if who.role in NAKES else place.past.restricted(known)


def _own(lives: Sequence[Life], who: Who) -> list[Life]:
    """A task that stood on several lists of this post is told once, of the desk that comes first."""
    desks = access.DESKS[who.role]
    found: dict[tuple[Any, ...], Life] = {}
    for life in sorted((one for one in lives if one.at.desk in desks), key=lambda one: desks.index(one.at.desk)):
        found.setdefault((life.at.rule, life.at.key, life.first.opens, life.went), life)
    return sorted(found.values(), key=lambda life: (life.came, life.at), reverse=True)


class _Reader:
    """How one story is told to somebody."""

    def __init__(self, who: Who, story: Sequence[Recorded], now: datetime, secret: Collection[str], book: Book) -> None:
        self._role = who.role
        self._now = now
        self._secret = secret
        self._tasks = {rule.id: rule.task for rule in book.protocol.rules}
        self._person = bool(story) and kind(story) in PERSONS
        hidden = words.hidden(story, who.role)
        visible = [recorded for recorded in story if recorded.version not in hidden]
        self._seen = {own.version: seen for own, seen in zip(visible, as_seen(story, who.role), strict=True)}

    def stood(self, life: Life) -> Stood:
        at, first = life.at, life.first
        untold = at.desk in UNTOLD and self._person
        records = (self._record(version) for version in first.events)
        return Stood(
            at.rule, at.key, at.desk, at.desa, at.posyandu, first.task,
            f"Perlu dikerjakan sejak {words.day(first.since)}." if untold else first.says,
            () if untold else tuple(one for one in records if one is not None),
            life.last.due, life.came, self.why(life.by, "came"), life.went,
            None if life.through is None else self.why(life.through, "went"),
            life.last.due < (life.went or self._now),
        )  # fmt: skip

    def why(self, cause: Cause, what: Literal["came", "went"]) -> Why:
        """By what it came or went. A record that this reader may not know of did nothing that could be named."""
        record = None if cause.version is None else self._record(cause.version)
        unseen = cause.rule in self._secret or (cause.version is not None and record is None)
        says = _UNTOLD[what] if unseen else _SAYS[what, cause.how]
        heavier = self._tasks.get(cause.rule, cause.rule)
        return Why("unseen" if unseen else cause.how, says.format(edition=cause.edition, heavier=heavier), record)

    def _record(self, version: int) -> Record | None:
        """An event as this reader may know it; None where they must not know that it happened."""
        seen = self._seen.get(version)
        sentence = None if seen is None else words.event_sentence(seen, None, self._role)
        if seen is None or sentence is None:
            return None
        by = seen.by
        return Record(seen.version, sentence, seen.event.on, by.recorded_at, by.role, by.unit, by.actor)


_SAYS = {
    ("came", "recorded"): "Muncul karena catatan ini.",
    ("came", "calendar"): "Muncul karena sudah tiba waktunya.",
    ("came", "edition"): "Muncul karena aturan edisi {edition} mulai berlaku.",
    ("came", "session-day"): "Muncul karena hari buka posyandu berubah.",
    ("went", "recorded"): "Selesai karena catatan ini.",
    ("went", "calendar"): "Waktunya sudah lewat, tanpa dikerjakan.",
    ("went", "set-aside"): "Ditunda, belum dikerjakan.",
    ("went", "handed-over"): "Diserahkan ke meja lain, belum dikerjakan.",
    ("went", "absorbed"): "Masuk ke tugas yang lebih berat: {heavier}.",
    ("went", "edition"): "Tidak ada lagi sejak aturan edisi {edition} berlaku.",
    ("went", "session-day"): "Tidak ada lagi karena hari buka posyandu berubah.",
}
_UNTOLD = {"came": "Perlu dikerjakan sejak hari itu.", "went": "Tidak diperlukan lagi."}

# Two days


class Differs(Struct, frozen=True):
    """A task that came or went. Where nobody may be told whose it is, nothing is told of why."""

    task: Task
    at: datetime | None
    why: Why | None


class HowMany(Struct, frozen=True):
    """Tasks that went, came and stayed, on whatever page they are."""

    went: int
    came: int
    stayed: int


class Difference(Struct, frozen=True):
    """A page of what went from a desk's list between two moments, what came, and what stood at both."""

    desk: Role
    first: datetime
    second: datetime
    went: tuple[Differs, ...]
    came: tuple[Differs, ...]
    stayed: tuple[Task, ...]
    counts: HowMany
    after: int | None
    """Ask with this for the next page of all three; None at the end."""


@get("/asof/queues/{desk:str}/difference", sync_to_thread=True, tags=["asof"])
def difference(
    desk: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    first: Annotated[str, QueryParameter(name="from")],
    second: Annotated[str | None, QueryParameter(name="to")] = None,
    desa: FromQuery[str | None] = None,
    posyandu: FromQuery[str | None] = None,
    after: FromQuery[int] = 0,
) -> Difference:
    """What became of a desk's list between two moments. Without `to`, up to now."""
    return differed(who, place, desk, first, second, chosen(who, desa, posyandu), after)


def differed(
    who: Who, place: Place, desk: str, first: str, second: str | None, where: Where, after: int = 0
) -> Difference:
    """The same for the door and for the page."""
    own = open_desk(who, desk)
    one, other = _span(place, first, second)
    begins = min(max(after, 0), _FAR)
    ends = begins + place.settings.difference_rows
    found = place.past.difference(who, own, where, one, other, slice(begins, ends))
    named, secret, book = who.role in access.NAMED, _secret(who, place, other), place.book()

    def differs(changed: Changed, what: Literal["came", "went"]) -> Differs:
        life, task = changed.life, changed.task if named else covered(changed.task)
        if life is None or (own in NAMELESS and task.case is None):
            return Differs(task, None, None)
        cause = life.through if what == "went" else life.by
        why = None if cause is None else _Reader(who, changed.story, other, secret, book).why(cause, what)
        return Differs(task, life.went if what == "went" else life.came, why)

    return Difference(
        own,
        one,
        other,
        tuple(differs(changed, "went") for changed in found.went),
        tuple(differs(changed, "came") for changed in found.came),
        found.stayed if named else tuple(map(covered, found.stayed)),
        HowMany(*found.counts),
        ends if max(found.counts) > ends else None,
    )


_FAR = 2**31


def _span(place: Place, first: str, second: str | None) -> tuple[datetime, datetime]:
    one, other = clocks(place, first).known, clocks(place, second).known
    if one >= other:
        raise Trouble(400, "wrong-way-round")
    if other - one > timedelta(days=place.settings.difference_days):
        raise Trouble(400, "span-too-long", days=place.settings.difference_days)
    return one, other


HANDLERS: tuple[Any, ...] = (history, difference)
