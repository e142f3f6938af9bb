"""The list, the case and the referrals as they were: with what was known by a moment, and had happened by a day."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from domain.case import NAKES, Corrected, Retracted, Role
from domain.stories import TOPICS
from projections import asof
from projections.asof import Clocks
from projections.people import born_and_sex
from projections.queue import Counts, DueState, Narrow, Task
from projections.referral import Tracked
from projections.timeline import Told
from service import access
from service.access import Who
from service.api.cases import Identity
from service.api.queues import covered, text_of
from service.api.referrals import covered as covered_referral
from service.past import Looked, Where
from service.places import Opened, Place
from service.problems import Trouble

# When and where


def clocks(place: Place, known: str | None, happened: str | None = None) -> Clocks:
    """The two clocks as somebody wrote them. A day without an hour is looked at as it ended; nothing said is now."""
    now = place.now()
    at = now if not known else read_moment(known, now.tzinfo)
    if at is None:
        raise Trouble(400, "bad-moment")
    if known and len(known.strip()) <= _DAY and at.date() == now.date():
        at = now
    if at > now:
        raise Trouble(400, "future-moment")
    day = _day(happened)
    if day is not None and day > now.date():
        raise Trouble(400, "future-moment")
    _check_begun(place, at)
    return Clocks(at, day)


_DAY = len("2026-03-03")


def read_moment(text: str, clock: tzinfo | None) -> datetime | None:
    """A day, or a day and an hour, by the clock of the place where it names no other; None where it is neither."""
    text = text.strip()
    try:
        if len(text) <= _DAY:
            return _end(date.fromisoformat(text), clock)
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=clock) if at.tzinfo is None else at.astimezone(clock)
    except (ValueError, OverflowError):
        return None


def _end(day: date, clock: tzinfo | None) -> datetime:
    return datetime.combine(day, time(23, 59, 59), clock)


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Trouble(400, "bad-moment") from None


def _check_begun(place: Place, at: datetime) -> None:
    begun = place.past.begun()
    if begun is None:
        raise Trouble(400, "nothing-recorded")
    if at < begun:
        raise Trouble(400, "before-records", on=begun.astimezone(place.tenant.zone).date())


def chosen(who: Who, desa: str | None, posyandu: str | None) -> Where:
    """Where to look: one desa or posyandu of this post's own. A post in several desa has to say which."""
    territory = who.territory
    only = None if territory.only is None else tuple(sorted(territory.only))
    if posyandu:
        above = territory.posyandus.get(posyandu)
        if above is None or (desa and desa != above):
            raise Trouble(404, "no-such-place")
        return Where((above,), (posyandu,))
    if desa:
        if desa not in territory.desa:
            raise Trouble(404, "no-such-place")
        return Where((desa,), only)
    if only is None and len(territory.desa) > 1:
        raise Trouble(400, "choose-desa")
    return Where(tuple(sorted(territory.desa)), only)


def open_desk(who: Who, desk: str) -> Role:
    """A desk whose list this post may read."""
    found: Role | None = next((one for one in access.DESKS[who.role] if one == desk), None)
    if found is None:
        raise Trouble(404, "not-found")
    return found


# A list


class PastQueue(Struct, frozen=True):
    """A desk's list as it was. `moment` is when it is looked at; `edition` is the juknis valid then."""

    desk: Role
    known: datetime
    happened: date | None
    moment: datetime
    edition: str
    tasks: tuple[Task, ...]
    counts: Counts
    after: int | None


@get("/asof/queues/{desk:str}", sync_to_thread=True, tags=["asof"])
def queue(
    desk: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    at: FromQuery[str | None] = None,
    happened: FromQuery[str | None] = None,
    desa: FromQuery[str | None] = None,
    posyandu: FromQuery[str | None] = None,
    due: FromQuery[DueState | None] = None,
    rule: FromQuery[str | None] = None,
    q: FromQuery[str | None] = None,
    after: FromQuery[int] = 0,
    limit: FromQuery[int | None] = None,
) -> PastQueue:
    """What stood on a desk's list at a moment. `at` is a day or a day and an hour; `happened` a day not after it."""
    narrow = Narrow(due=due, rule=text_of(rule), text=text_of(q))
    return listed(who, place, desk, clocks(place, at, happened), chosen(who, desa, posyandu), narrow, after, limit)


def listed(
    who: Who,
    place: Place,
    desk: str,
    when: Clocks,
    where: Where,
    narrow: Narrow = Narrow(),  # noqa: B008  # frozen
    after: int = 0,
    limit: int | None = None,
) -> PastQueue:
    """The list, for the door and for the page alike: read as the list of today is read."""
    own = open_desk(who, desk)
    rows = min(max(limit or place.settings.page_rows, 1), 200)
    named = who.role in access.NAMED
    if not named:
        narrow = Narrow(due=narrow.due, rule=narrow.rule)  # or names could be found out by searching for them
    page, looked = place.past.worklist(who, own, where, when, narrow, max(after, 0), rows)
    if narrow.text is not None:
        place.reads.note(who, list({task.case: None for task in page.tasks if task.case}) or [None], "search")
    tasks = page.tasks if named else tuple(map(covered, page.tasks))
    return PastQueue(own, when.known, when.happened, looked.moment, looked.edition, tasks, page.counts, page.after)


# A case


class PastCase(Struct, frozen=True):
    """A case as it was: who, where, what was owed, and what had been told, newest first."""

    case: UUID
    kind: str
    version: int
    known: datetime
    happened: date | None
    moment: datetime
    edition: str
    desa: str
    posyandu: str
    active: bool
    who: Identity | None
    tasks: tuple[Task, ...]
    told: tuple[Told, ...]


@get("/asof/cases/{case:uuid}", sync_to_thread=True, tags=["asof"])
def view(
    case: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    known: FromQuery[str | None] = None,
    happened: FromQuery[str | None] = None,
) -> PastCase:
    """A case with the story, the facts and the tasks of a moment. Whoever may open it today may open it as it was."""
    return viewed(who, place, case, clocks(place, known, happened))


def viewed(who: Who, place: Place, case: UUID, when: Clocks) -> PastCase:
    """The case, for the door and for the page alike."""
    found = place.opened_then(who, case, when)
    if found is None:
        raise Trouble(404, "not-found")
    opened, looked = found
    state = opened.state
    return PastCase(
        case,
        opened.kind,
        opened.version,
        when.known,
        when.happened,
        looked.moment,
        looked.edition,
        state.desa,
        state.posyandu,
        state.active,
        _identity(who, looked),
        _tasks(who, looked),
        _told(who, place, opened, when.happened),
    )


def _identity(who: Who, looked: Looked) -> Identity | None:
    """By what was told by then; empty where the key was destroyed since."""
    one = looked.cases[0]
    if who.role not in access.NAMED or one.kind == "desa":
        return None
    told = access.shown(who.role, one.who)
    assert told is not None
    born, sex = born_and_sex(one.state)
    return Identity(
        told.name or "", told.mother or "", born, sex, told.nik, told.phone, told.address or "", told.rt or "",
        told.rw or "",
    )  # fmt: skip


def _tasks(who: Who, looked: Looked) -> tuple[Task, ...]:
    desks = access.DESKS[who.role]
    secret = () if who.role in NAKES else looked.restricted
    found = asof.tasks_of(looked.cases[0], desks, looked.moment)
    own: dict[tuple[str, str], Task] = {}
    for task in sorted((t for t in found if t.rule not in secret), key=lambda t: desks.index(t.desk)):
        own.setdefault((task.rule, task.key), task)
    tasks = tuple(own.values())
    return tasks if who.role in access.NAMED else tuple(map(covered, tasks))


def _told(who: Who, place: Place, opened: Opened, happened: date | None) -> tuple[Told, ...]:
    """What had happened by a day, and whatever mends it, however late."""
    told = place.told(who, opened, limit=len(opened.story)).told
    if happened is None:
        return told
    there = {one.number for one in told if one.on <= happened and one.topic not in _MENDING}
    mending = {n for one in told if one.number in there for n in (one.corrected_by, one.retracted_by)}
    return tuple(one for one in told if one.number in there or one.number in mending)


_MENDING = frozenset({TOPICS[Corrected], TOPICS[Retracted]})

# Referrals


class PastReferrals(Struct, frozen=True):
    """The referrals of a desa or posyandu as they stood, the urgent first, then whatever had waited longest."""

    known: datetime
    happened: date | None
    moment: datetime
    edition: str
    referrals: tuple[Tracked, ...]


@get("/asof/referrals", sync_to_thread=True, tags=["asof"])
def referrals(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    at: FromQuery[str | None] = None,
    happened: FromQuery[str | None] = None,
    desa: FromQuery[str | None] = None,
    posyandu: FromQuery[str | None] = None,
    ended: FromQuery[bool] = False,
) -> PastReferrals:
    """The referrals as they stood at a moment. A hospital names the desa whose patients it asks about."""
    if who.role not in access.TRACKERS:
        raise Trouble(403, "not-allowed")
    when = clocks(place, at, happened)
    facility = who.territory.facility
    where = chosen(who, desa, posyandu) if facility is None else _sending_desa(place, desa)

    found, looked = place.past.referrals(where, when, facility)
    shown = tuple(covered_referral(one, who) for one in found if ended or one.open)
    return PastReferrals(when.known, when.happened, looked.moment, looked.edition, shown)


def _sending_desa(place: Place, desa: str | None) -> Where:
    if not desa:
        raise Trouble(400, "choose-desa")
    unit = place.accounts.units().get(desa)
    if unit is None or unit.kind != "desa":
        raise Trouble(404, "no-such-place")
    return Where((desa,))


HANDLERS: tuple[Any, ...] = (queue, view, referrals)
