"""The figures of a month in one desa or posyandu, each with what it is a share of and the cases behind it.

These are for those who work there: no figure is rounded or withheld for being small, and none of them is published.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Struct

from domain.case import NAKES, Role
from domain.child import month_after
from projections import coverage
from projections.asof import Clocks, Scope
from service import access
from service.access import Who
from service.api.asof import chosen, clocks
from service.past import Where
from service.places import Place
from service.problems import Trouble

READERS: frozenset[Role] = frozenset(role for role in access.DESKS if role != "rs")
"""Everybody who answers for a place."""

LISTS: frozenset[Role] = NAKES | {"kader", "inspektorat"}
"""Who may see which cases are behind a figure: it tells what was found of them."""


class Share(Struct, frozen=True):
    """One figure: how many, of how many, and the cases. `percent` is None where there is nothing to divide by."""

    code: str
    words: str
    count: int
    of: str | None
    out_of: int | None
    percent: float | None
    cases: tuple[UUID, ...] | None
    """None for whoever may know how many they are and not which."""


class Coverage(Struct, frozen=True):
    """The figures of a month as they were known at a moment. With another `known` they may well be others."""

    month: date
    desa: tuple[str, ...]
    posyandu: tuple[str, ...] | None
    known: datetime
    happened: date | None
    edition: str
    figures: tuple[Share, ...]


@get("/asof/coverage", sync_to_thread=True, tags=["asof"])
def coverage_of(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    month: FromQuery[str | None] = None,
    known: FromQuery[str | None] = None,
    happened: FromQuery[str | None] = None,
    desa: FromQuery[str | None] = None,
    posyandu: FromQuery[str | None] = None,
) -> Coverage:
    """Who was there in a month, who was weighed and grew, and how many of it were told late. Without `month`, this one.

    As reported at the end of April: `month=2026-04&known=2026-04-30`. April with what came later: without `known`.
    Every percentage names its denominator; `terlambat` is the share of weighings recorded after the month was over.
    """
    if who.role not in READERS:
        raise Trouble(403, "not-allowed")
    first = _month(month, place)
    last = min(month_after(first) - timedelta(days=1), place.now().date()).isoformat()
    return figured(who, place, first, clocks(place, known, happened or last), chosen(who, desa, posyandu))


def figured(who: Who, place: Place, month: date, when: Clocks, where: Where) -> Coverage:
    """The figures of the places chosen."""
    looked = place.past.look(place.past.gathered(where), when)
    scope = Scope(who.role, where.desa, where.posyandu)
    found = coverage.figures(looked.cases, scope, month, looked.moment)
    counts = {figure.code: figure.count for figure in found}
    shares = tuple(_share(figure, counts, who.role in LISTS) for figure in found)
    return Coverage(month, where.desa, where.posyandu, when.known, when.happened, looked.edition, shares)


def _share(figure: coverage.Figure, counts: dict[coverage.Code, int], listed: bool) -> Share:
    out_of = None if figure.of is None else counts[figure.of]
    percent = round(figure.count * 100 / out_of, 1) if out_of else None
    cases = figure.cases if listed else None
    return Share(figure.code, figure.words, figure.count, figure.of, out_of, percent, cases)


def _month(text: str | None, place: Place) -> date:
    if not text:
        return place.now().date().replace(day=1)
    try:
        found = datetime.strptime(text.strip(), "%Y-%m").date()  # noqa: DTZ007  # a month has no hour
    except ValueError:
        raise Trouble(400, "bad-month") from None
    if found > place.now().date():
        raise Trouble(400, "future-moment")
    return found


HANDLERS: tuple[Any, ...] = (coverage_of,)
