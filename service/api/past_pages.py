"""The pages of past days: a desk's list as it was, what changed between two days, and how the tasks of a case went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from msgspec import Struct

from domain import figures
from service import access, plainly
from service.access import Unit, Who
from service.api import asof, history
from service.api.cases import opened_or_404
from service.api.history import Differs, Record, Stood, Why
from service.api.pages import Row, row_of
from service.api.subject import subject
from service.past import Where
from service.places import Place
from service.problems import Trouble


class Places(Struct, frozen=True):
    """What a reader can choose between: nothing where the post is in one place only."""

    desa: tuple[Unit, ...]
    posyandu: tuple[Unit, ...]


def _places(who: Who, units: access.Units) -> Places:
    desa = tuple(units[code] for code in sorted(who.territory.desa) if code in units)
    posyandu = tuple(units[code] for code in sorted(who.territory.posyandus) if code in units)
    return Places(desa if len(desa) > 1 else (), posyandu if len(posyandu) > 1 else ())


def _where(who: Who, desa: str, posyandu: str) -> Where | None:
    """None where it has to be chosen first."""
    try:
        return asof.chosen(who, desa or None, posyandu or None)
    except Trouble as trouble:
        if trouble.code == "choose-desa":
            return None
        raise


def _named(where: Where | None, units: access.Units) -> str:
    codes: Sequence[str] = () if where is None else where.posyandu or where.desa
    return ", ".join(units[code].name for code in codes if code in units)


# A list on a day


@get("/daftar/{desk:str}/pada", include_in_schema=False, sync_to_thread=True)
def list_page(
    desk: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    tanggal: FromQuery[str] = "",
    jam: FromQuery[str] = "",
    desa: FromQuery[str] = "",
    posyandu: FromQuery[str] = "",
    sesudah: FromQuery[int] = 0,
) -> Template:
    """What stood on the list at the end of a day, or at an hour of it."""
    asof.open_desk(who, desk)
    units, today = place.accounts.units(), place.now().date()
    day = tanggal or (today - timedelta(days=1)).isoformat()
    where = _where(who, desa, posyandu)
    context: dict[str, Any] = {
        "who": who, "desk": desk, "places": _places(who, units), "desa": desa, "posyandu": posyandu, "today": today,
        "day": day, "hour": jam, "named": _named(where, units), "asked": None, "rows": (), "more": "",
    }  # fmt: skip
    if where is None:
        return Template("pada.html", context=context)
    asked = asof.listed(who, place, desk, asof.clocks(place, f"{day}T{jam}" if jam else day), where, after=sesudah)
    query = {"tanggal": day, "jam": jam, "desa": desa, "posyandu": posyandu, "sesudah": asked.after or ""}
    rows = [row_of(task, who, place, units, asked.moment, "") for task in asked.tasks]
    more = f"/daftar/{desk}/pada?{urlencode(query)}" if asked.after else ""
    moment = asked.moment.astimezone(place.tenant.zone)
    said = f"{figures.day(moment.date())} pukul {moment:%H.%M}"
    told = {"asked": asked, "day": asked.known.date(), "said": said, "rows": rows, "more": more}
    return Template("pada.html", context={**context, **told})


# Two days


class Line(Struct, frozen=True):
    """A task that went or came, as the page shows it."""

    row: Row
    at: str
    why: str
    record: str


@get("/daftar/{desk:str}/beda", include_in_schema=False, sync_to_thread=True)
def difference_page(
    desk: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    dari: FromQuery[str] = "",
    sampai: FromQuery[str] = "",
    desa: FromQuery[str] = "",
    posyandu: FromQuery[str] = "",
    sesudah: FromQuery[int] = 0,
) -> Template:
    """What went from the list between the ends of two days and by what, what came, and how much stayed."""
    asof.open_desk(who, desk)
    units, today = place.accounts.units(), place.now().date()
    first, second = dari or (today - timedelta(days=7)).isoformat(), sampai or today.isoformat()
    where = _where(who, desa, posyandu)
    context: dict[str, Any] = {
        "who": who, "desk": desk, "places": _places(who, units), "desa": desa, "posyandu": posyandu, "today": today,
        "first": first, "second": second, "named": _named(where, units), "asked": None,
    }  # fmt: skip
    if where is None:
        return Template("beda.html", context=context)
    found = history.differed(who, place, desk, first, second, where, sesudah)

    def line(one: Differs, day: date) -> Line:
        row = row_of(one.task, who, place, units, found.second, "")
        at = "" if one.at is None else figures.day(one.at.astimezone(place.tenant.zone).date())
        says, record = ("", "") if one.why is None else _why(one.why, place)
        return Line(row, at, says, record)

    query = {"dari": first, "sampai": second, "desa": desa, "posyandu": posyandu, "sesudah": found.after or ""}
    return Template(
        "beda.html",
        context={
            **context,
            "asked": found,
            "first": found.first.date(),  # whatever hour was asked for
            "second": found.second.date(),
            "went": [line(one, found.first.date()) for one in found.went],
            "came": [line(one, found.second.date()) for one in found.came],
            "counts": found.counts,
            "left": {"went": _left(found.counts.went, found.after), "came": _left(found.counts.came, found.after)},
            "more": f"/daftar/{desk}/beda?{urlencode(query)}" if found.after else "",
        },
    )


def _left(count: int, after: int | None) -> int:
    """How many are on the pages that follow."""
    return 0 if after is None else max(0, count - after)


def _why(why: Why, place: Place) -> tuple[str, str]:
    return why.says, "" if why.record is None else _told(why.record, place)


def _told(record: Record, place: Place) -> str:
    heard = plainly.heard(record.heard, record.on, place.tenant.zone)
    return f"{figures.day(record.on)}: {record.sentence} Dicatat {heard}."


# The tasks of a case


class Was(Struct, frozen=True):
    """One task of a case from when it came until it went, as the page shows it."""

    task: str
    rule: str
    says: str
    desk: str
    came: str
    by: tuple[str, str]
    evidence: tuple[str, ...]
    went: str
    through: tuple[str, str]
    state: str


@get("/kasus/{case:uuid}/riwayat-tugas", include_in_schema=False, sync_to_thread=True)
def history_page(case: FromPath[UUID], who: NamedDependency[Who], place: NamedDependency[Place]) -> Template:
    """Every task the case has had: why it came, and by what and by whom it went."""
    opened, _ = opened_or_404(who, place, case, "task-history")
    stood = history.told_of(who, place, opened)
    return Template(
        "riwayat-tugas.html",
        context={
            "who": who,
            "case": case,
            "subject": subject(opened, who, place),
            "open": [_was(one, place) for one in stood if one.went is None],
            "gone": [_was(one, place) for one in stood if one.went is not None],
        },
    )


def _was(one: Stood, place: Place) -> Was:
    clock = place.tenant.zone
    went = None if one.went is None else one.went.astimezone(clock).date()
    return Was(
        one.task,
        one.rule,
        one.says,
        plainly.desk(one.desk),
        figures.day(one.came.astimezone(clock).date()),
        _why(one.by, place),
        tuple(_told(record, place) for record in one.evidence),
        "" if went is None else figures.day(went),
        ("", "") if one.through is None else _why(one.through, place),
        "late" if one.late else "open",
    )


HANDLERS: tuple[Any, ...] = (list_page, difference_page, history_page)
