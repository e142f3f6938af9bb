"""Tracking referrals: which there are, what became of one, what changed since, and where they wait.

People read these doors with their session, other systems with a token.
"""

from __future__ import annotations

import base64
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct
from msgspec.structs import replace

from domain.case import NAKES, Role
from domain.labels import label
from domain.referral import AFTER, Reached
from projections.referral import MENDED, Change, Narrow, Step, Tracked, Wait, change
from service import access
from service.access import Who
from service.places import Place
from service.problems import Trouble

TOKEN = {"token": "rujukan:baca"}
"""Another system may ask with a token of this scope."""

MOST = 200


class Referrals(Struct, frozen=True):
    """A page of referrals, the urgent first, then whatever has waited longest since its last step."""

    referrals: tuple[Tracked, ...]
    after: str | None
    """Ask with this for the next page; None at the end."""
    fresh: bool
    """False when it does not yet hold all up to `not_older_than`."""


@get("/referrals", sync_to_thread=True, tags=["referrals"], opt=TOKEN)
def referrals(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    facility: FromQuery[str | None] = None,
    status: FromQuery[list[Reached] | None] = None,
    urgent: FromQuery[bool | None] = None,
    desk: FromQuery[Role | None] = None,
    waiting_hours: FromQuery[int | None] = None,
    ended: FromQuery[bool] = False,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    not_older_than: FromQuery[int | None] = None,
) -> Referrals:
    """Referrals of one's places: by facility, state, urgency, the desk whose turn it is, or the hours since a step."""
    older = None if waiting_hours is None else place.now() - timedelta(hours=min(max(waiting_hours, 0), 100_000))
    narrow = Narrow(
        facility=facility, states=tuple(status or ()), urgent=urgent, desk=desk, older_than=older, every=ended
    )
    rows = min(max(limit, 1), MOST)
    found, fresh = place.referrals(_reader(who), narrow, _cursor(after), rows + 1, not_older_than)
    page = found[:rows]
    more = _packed(page[-1]) if len(found) > rows else None
    return Referrals(tuple(covered(one, who) for one in page), more, fresh)


def _reader(who: Who) -> Who:
    if who.role not in access.TRACKERS:
        raise Trouble(403, "not-allowed")
    return who


def covered(one: Tracked, who: Who) -> Tracked:
    """A desa acts on a name and a step and is not told what was found; the inspectorate is told neither."""
    if who.role not in NAKES | {"kader"}:
        one = replace(one, reason="")
    return one if who.role in access.NAMED else replace(one, name=access.initials(one.name))


def _packed(last: Tracked) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([last.urgent, last.since, last.referral])).decode()


def _cursor(given: str | None) -> tuple[bool, datetime, UUID] | None:
    if given is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(given), type=tuple[bool, datetime, UUID])
    except (ValueError, msgspec.MsgspecError):
        raise Trouble(400, "bad-question") from None


class HandOver(Struct, frozen=True):
    """One step of a referral, in words, and how long it waited for the next."""

    state: str
    words: str
    on: date
    at: datetime
    until: datetime | None
    seconds: int | None
    """None while it waits."""
    by: str
    """The role of whoever recorded it."""
    unit: str
    place: str
    """Where the patient was to go, or was, from then on."""
    position: int
    counts: bool
    """False where it was taken back later."""


class Way(Struct, frozen=True):
    """One referral and the way it went. `follows` and `onward` are the referrals before and after it."""

    referral: Tracked
    steps: tuple[HandOver, ...]
    possible: tuple[Reached, ...]
    """Steps that may be recorded next."""
    fresh: bool


@get("/referrals/{referral:uuid}", sync_to_thread=True, tags=["referrals"], opt=TOKEN)
def referral(
    referral: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    not_older_than: FromQuery[int | None] = None,
) -> Way:
    """One referral with every hand-over and how long it waited."""
    found = place.referral(_reader(who), referral, "referral", not_older_than)
    if found is None:
        raise Trouble(404, "not-found")
    one, told, fresh = found
    return Way(covered(one, who), tuple(map(hand_over, told)), possible(one.state), fresh)


def hand_over(step: Step) -> HandOver:
    """A step as the doors tell it."""
    words = "catatan sebelumnya diperbaiki" if step.state == MENDED else label(step.state)
    return HandOver(
        step.state, words, step.on, step.at, step.until, step.seconds, step.role, step.unit, step.place, step.position,
        step.counts,
    )  # fmt: skip


def possible(state: Reached) -> tuple[Reached, ...]:
    """The steps that may follow one."""
    return tuple(step for step, before in AFTER.items() if state in before)


class Feed(Struct, frozen=True):
    """What changed after a position, complete and in order. Ask again with `after`; nothing is told twice."""

    changes: tuple[Change, ...]
    after: int
    more: bool


@get("/referrals/feed", sync_to_thread=True, tags=["referrals"], opt=TOKEN)
def feed(
    who: NamedDependency[Who], place: NamedDependency[Place], after: FromQuery[int] = 0, limit: FromQuery[int] = MOST
) -> Feed:
    """What changed after a position: a system that was cut off goes on where it stopped."""
    rows = min(max(limit, 1), 1000)
    changes, upto = place.referral_feed(_reader(who), max(after, 0), rows)
    return Feed(tuple(map(change, changes)), upto, len(changes) == rows)


class Waits(Struct, frozen=True):
    """How long each step waited for the next, by facility."""

    since: date
    waits: tuple[Wait, ...]


@get("/referrals/waits", sync_to_thread=True, tags=["referrals"], opt=TOKEN)
def waits(who: NamedDependency[Who], place: NamedDependency[Place], since: FromQuery[date | None] = None) -> Waits:
    """Where referrals wait: median and ninth decile of each step by facility, in seconds; ninety days unless told."""
    if who.role not in access.TRACKERS | access.UNITS:
        raise Trouble(403, "not-allowed")
    begins = since or place.now().date() - timedelta(days=90)
    return Waits(begins, place.referral_waits(who, begins))


HANDLERS: tuple[Any, ...] = (referrals, feed, waits, referral)
