"""One case: who it is and what is owed to it, its story in sentences, and its growth."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from domain.case import NAKES, Role
from domain.chart import Chart, Point
from domain.child import Child
from projections.queue import Task
from projections.timeline import Told
from service import access
from service.access import Who
from service.api.queues import covered
from service.places import Opened, Place
from service.problems import Trouble


class Identity(Struct, frozen=True):
    """Who it is, as much as this role may know."""

    name: str
    mother: str
    born: date | None
    sex: str | None
    nik: str | None
    phone: str | None
    address: str
    rt: str
    rw: str


class CaseView(Struct, frozen=True):
    """A case now. Send `version` as `expects` to be told when somebody was faster."""

    case: UUID
    kind: str
    version: int
    desa: str
    posyandu: str
    active: bool
    who: Identity | None
    tasks: tuple[Task, ...]
    fresh: bool


@get("/cases/{case:uuid}", sync_to_thread=True, tags=["cases"])
def view(
    case: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    not_older_than: FromQuery[int | None] = None,
) -> CaseView:
    """The case, if it is one of this post's; the same 404 for all others, whether they exist or not."""
    opened, fresh = opened_or_404(who, place, case, "case", not_older_than)
    tasks = place.tasks(who, case)
    return CaseView(
        case,
        opened.kind,
        opened.version,
        opened.state.desa,
        opened.state.posyandu,
        opened.state.active,
        _identity(opened),
        tasks if who.role in access.NAMED else tuple(map(covered, tasks)),
        fresh,
    )


def opened_or_404(
    who: Who, place: Place, case: UUID, what: str, not_older_than: int | None = None
) -> tuple[Opened, bool]:
    """For the doors and the pages alike."""
    found = place.open(who, case, what, not_older_than)
    if found is None:
        raise Trouble(404, "not-found")
    return found


def own_or_404(who: Who, place: Place, case: UUID, what: str) -> Opened:
    """For what is more than reading: whoever reads in an emergency is refused."""
    opened, _ = opened_or_404(who, place, case, what)
    if opened.until is not None:
        raise Trouble(403, "emergency-reads-only")
    return opened


def _identity(opened: Opened) -> Identity | None:
    person = opened.person
    if person is None:
        return None
    return Identity(
        person.name, person.mother, person.born, person.sex, person.nik, person.phone, person.address, person.rt,
        person.rw,
    )  # fmt: skip


class Story(Struct, frozen=True):
    """A part of the story, newest first; ask with `after` for the next part."""

    told: tuple[Told, ...]
    total: int
    after: int | None


@get("/cases/{case:uuid}/story", sync_to_thread=True, tags=["cases"])
def story(
    case: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    after: FromQuery[int] = 0,
    limit: FromQuery[int] = 50,
) -> Story:
    """What happened, in sentences, as much of it as this role may know."""
    opened, _ = opened_or_404(who, place, case, "story")
    page = place.told(who, opened, after, min(max(limit, 1), 200))
    return Story(page.told, page.total, page.after)


class Corrected(Struct, frozen=True):
    """A measurement at the age counted from a birth at term. The chronological age stays the official one."""

    age_days: int
    waz: float | None
    haz: float | None


class Measure(Struct, frozen=True):
    """One measurement with what WHO's tables and the KMS make of it."""

    on: date
    version: int
    by: Role
    heard: datetime
    age_days: int
    kg: float | None
    cm: float | None
    lying: bool | None
    lila: float | None
    head: float | None
    oedema: int | None
    waz: float | None
    haz: float | None
    whz: float | None
    flags: tuple[str, ...]
    kms: str | None
    times: int | None
    bgm: bool | None
    corrected: Corrected | None = None
    """For health workers, of a child born before 37 weeks and not yet two."""


class Growth(Struct, frozen=True):
    """The growth of one child."""

    measures: tuple[Measure, ...]


@get("/cases/{case:uuid}/growth", sync_to_thread=True, tags=["cases"])
def grown(case: FromPath[UUID], who: NamedDependency[Who], place: NamedDependency[Place]) -> Growth:
    """Every measurement of a child with its z-scores and KMS marks; worked out from the story, so never behind it."""
    opened, _ = opened_or_404(who, place, case, "growth")
    return Growth(measures(opened, who, place))


def measures(opened: Opened, who: Who, place: Place) -> tuple[Measure, ...]:
    """For the door and the page alike."""
    if not isinstance(opened.state, Child):
        return ()
    chart = place.book().chart(opened.state)
    marks = iter(chart.marks)
    healing = who.role in NAKES
    found = []
    for point in chart.points:
        w, z = point.weighing, point.z
        mark = next(marks) if w.kg is not None else None
        found.append(
            Measure(
                w.on, w.version, w.role, w.heard, point.age, w.kg, w.cm, w.lying, w.lila, w.head, w.oedema,
                z.waz, z.haz, z.whz, tuple(z.flags),
                None if mark is None else mark.status,
                None if mark is None else mark.times,
                None if mark is None else mark.bgm,
                _corrected(opened.state, chart, point) if healing else None,
            )
        )  # fmt: skip
    return tuple(found)


def _corrected(child: Child, chart: Chart, point: Point) -> Corrected | None:
    z, age = chart.corrected(point), child.corrected_age(point.weighing.on)
    return None if z is None or age is None else Corrected(age, z.waz, z.haz)


HANDLERS: tuple[Any, ...] = (view, story, grown)
