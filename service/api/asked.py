"""How questions are read that several doors ask alike: numbers, days both included, and units with all below them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

from service import access
from service.access import Units
from service.places import Place
from service.problems import Trouble


def numbered(text: str) -> UUID | None:
    """The number of a case, an account or an entry; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def numbered_or_404(text: str) -> UUID:
    """The same, where an address names it."""
    number = numbered(text)
    if number is None:
        raise Trouble(404, "not-found")
    return number


def begins(day: date | None, place: Place) -> datetime | None:
    """The first moment of a day."""
    return None if day is None else datetime.combine(day, time(), place.tenant.zone)


def ends(day: date | None, place: Place) -> datetime | None:
    """The moment after a day. The last day there can be has none after it, and is no bound."""
    return None if day is None or day == date.max else begins(day + timedelta(days=1), place)


def with_all_below(code: str | None, units: Units) -> tuple[str, ...] | None:
    """A unit and the units under it. An unknown one is said, or its empty answer would look like an all-clear."""
    if not code:
        return None
    if code not in units:
        raise Trouble(400, "no-such-unit")
    return tuple(sorted(one.code for one in access.below(units[code], units)))
