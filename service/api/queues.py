"""The lists of a desk, and looking for people by name."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct
from msgspec.structs import replace

from domain.case import Role
from projections import people
from projections.queue import Counts, DueState, Narrow, Task
from service import access
from service.access import Who
from service.places import Place
from service.problems import Trouble


class Queue(Struct, frozen=True):
    """One page of a desk's list. `fresh` is False when it does not yet hold all up to `not_older_than`."""

    desk: Role
    tasks: tuple[Task, ...]
    counts: Counts
    after: str | None
    position: int
    fresh: bool
    at: datetime


@get("/queues/{desk:str}", sync_to_thread=True, tags=["queues"])
def queue(
    desk: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    due: FromQuery[DueState | None] = None,
    rule: FromQuery[str | None] = None,
    posyandu: FromQuery[str | None] = None,
    q: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
    not_older_than: FromQuery[int | None] = None,
) -> Queue:
    """What a desk has to do in the places of one's post, with the counts of the whole list."""
    narrow = Narrow(due=due, rule=text_of(rule), posyandu=text_of(posyandu), text=text_of(q))
    return listed(who, place, desk, narrow, after, limit, not_older_than)


def listed(
    who: Who,
    place: Place,
    desk: str,
    narrow: Narrow,
    after: str | None = None,
    limit: int | None = None,
    not_older_than: int | None = None,
) -> Queue:
    """The list, for the door and for the page alike. Only desks this post may open."""
    if desk not in access.DESKS[who.role]:
        raise Trouble(404, "not-found")
    rows = min(max(limit or place.settings.page_rows, 1), 200)
    named = who.role in access.NAMED
    if not named:
        narrow = replace(narrow, text=None)  # or names could be found out by searching for them
    listed = place.queue(who, desk, narrow, after, rows, not_older_than)
    page = listed.page
    return Queue(
        desk,
        page.tasks if named else tuple(map(covered, page.tasks)),
        page.counts,
        page.after,
        page.position,
        listed.fresh,
        listed.at,
    )


def covered(task: Task) -> Task:
    """For whoever may see the work and not whose it is."""
    name, mother = (access.initials(told) if told else "" for told in (task.name, task.mother))
    return replace(task, name=name, mother=mother, address="", rt="", rw="")


def text_of(given: str | None) -> str | None:
    """What was typed into a filter; nothing where it says nothing."""
    return given.strip()[:100] or None if given else None


class Person(Struct, frozen=True):
    """Somebody found by name."""

    case: UUID
    kind: str
    state: str
    desa: str
    posyandu: str
    name: str
    mother: str
    born: date | None
    sex: str | None
    nik: str | None
    address: str


class People(Struct, frozen=True):
    """Who was found, best first; never more than fit on a screen."""

    people: tuple[Person, ...]


@get("/people", sync_to_thread=True, tags=["queues"])
def search(who: NamedDependency[Who], place: NamedDependency[Place], q: FromQuery[str] = "") -> People:
    """People of one's own places by a name, however it is spelt, or by a whole NIK."""
    return People(tuple(_person(one) for one in found(who, place, q)))


def found(who: Who, place: Place, text: str) -> tuple[people.Found, ...]:
    """For the door and the page alike."""
    if who.role not in access.SEARCHES:
        raise Trouble(403, "not-allowed")
    return place.people(who, text.strip()[:100])


def _person(one: people.Found) -> Person:
    return Person(
        one.case, one.kind, one.state, one.desa, one.posyandu, one.name, one.mother, one.born, one.sex, one.nik,
        one.address,
    )  # fmt: skip


HANDLERS: tuple[Any, ...] = (queue, search)
