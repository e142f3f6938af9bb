"""What pages show and ask of a desa, puskesmas, kecamatan or kabupaten: its facts, its neighbours, what is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from uuid import UUID

from domain import desa as events
from domain import figures, oversight
from domain.case import Act, Event, done
from domain.desa import Desa
from domain.labels import DESKS, label
from domain.signs.calendar import MONTH, QUARTER, SEMESTER, Period, months_after
from service import access
from service.access import Who
from service.formbook import Form
from service.forms import fact

Choices = tuple[tuple[str, str], ...]

# The page of a unit


def facts(state: Desa, units: access.Units) -> Iterator[tuple[str, str]]:
    """Its posyandu, when they last met, the last month closed, and what meetings left open."""
    if state.posyandus:
        yield "Posyandu", ", ".join(_called(p.code, units) for p in state.posyandus)
    held = done(state.acts, events.SessionHeld)
    if held:
        yield "Sesi terakhir", f"{figures.day(held[-1].on)}, {_called(held[-1].event.posyandu, units)}"  # type: ignore[attr-defined]
    closed = [a.event.month for a in done(state.acts, events.MonthClosed)]  # type: ignore[attr-defined]
    if closed:
        yield "Bulan terakhir ditutup", figures.month(max(closed))
    for item in events.open_items(state):
        yield "Tindak lanjut rapat", _item(item)


def _item(item: events.ActionItem) -> str:
    return f"{label(item.what)}: {DESKS[item.desk]}, sampai {figures.day(item.due)}"


def _called(code: str, units: access.Units) -> str:
    return units[code].name if code in units else code


def under(state: Desa, units: access.Units) -> Choices:
    """Links to the units right under this one that have stories of their own."""
    found = (u for u in units.values() if u.parent == state.desa and u.kind in access.STORIED)
    return tuple((_page(u.code), u.name) for u in sorted(found, key=lambda u: u.code))


def own(who: Who, units: access.Units) -> Choices:
    """Links to the units whose work this post does or watches: its own, for a kader the desa of the posyandu."""
    seat = "desa" if who.role == "kader" else access.SEAT[who.role]
    mine = [units[code] for code in sorted(who.territory.desa) if code in units and units[code].kind == seat]
    if len(mine) == 1:
        return ((_page(mine[0].code), "Pekerjaan wilayah"),)
    return tuple((_page(u.code), f"Pekerjaan wilayah {u.name}") for u in mine)


def _page(code: str) -> str:
    return f"/kasus/{events.number(code)}"


# Its forms

_OPEN = ("item", "line", "incident", "request", "breach", "leaving", "flag")
_PERIODS: Mapping[str, Period] = {"month": MONTH, "quarter": QUARTER, "semester": SEMESTER}


def possible(form: Form, state: Desa) -> bool:
    """It may stand in a unit of this level, and what it answers is there."""
    event = fact(form.tag)
    if state.level not in events.TAKEN_AT.get(event, frozenset({state.level})):
        return False
    if event is oversight.ImportRowsResolved:
        return bool(oversight.open_rows(state.acts))
    needed = [name for name in _OPEN if name in form.fields]
    return all(_open(name, state) for name in needed)


def options(form: Form, state: Desa, who: Who, units: access.Units, today: date) -> dict[str, Choices]:
    """Choices that depend on the unit: its posyandu, what is open there, and the periods that may be meant."""
    found: dict[str, Choices] = {name: _open(name, state) for name in _OPEN if name in form.fields}
    for name, period in _PERIODS.items():
        if name in form.fields:
            found[name] = _periods(period, today)
    if "monday" in form.fields:
        found["monday"] = _weeks(today)
    if "year" in form.fields:
        found["year"] = tuple((str(year), str(year)) for year in (today.year, today.year + 1))
    if "posyandu" in form.fields:
        may = who.territory.only
        mine = (p.code for p in state.posyandus if may is None or p.code in may)
        found["posyandu"] = tuple((code, _called(code, units)) for code in mine)
    return found


def _open(name: str, state: Desa) -> Choices:
    """What is not yet answered, by its number, in words."""
    acts = state.acts
    match name:
        case "item":
            return tuple((str(item.id), _item(item)) for item in events.open_items(state))
        case "line":
            return tuple(
                (str(line.id), f"{label(line.what)}, temuan {figures.day(found.on)}")
                for line, found in oversight.open_lines(acts)
            )
        case "incident":
            closed = {a.event.incident for a in done(acts, events.IncidentClosed)}  # type: ignore[attr-defined]
            told = {a.event.incident: a for a in done(acts, events.IncidentReported)}  # type: ignore[attr-defined]
            return _days({number: a for number, a in told.items() if number not in closed}, "dilaporkan")
        case "request":
            return _still(acts, oversight.EvidenceRequested, oversight.EvidenceProvided, "diminta")
        case "breach":
            return _still(acts, oversight.BreachDetected, oversight.BreachNotified, "dilaporkan")
        case "flag":
            return _still(acts, oversight.IntegrityFlagRaised, oversight.IntegrityFlagResolved, "diajukan")
    return _still(acts, oversight.OfficerLeft, oversight.AccessReviewed, "berhenti")


def _still(acts: tuple[Act, ...], asked: type[Event], answered: type[Event], word: str) -> Choices:
    return _days(oversight.still_open(acts, asked, answered), word)


def _days(acts: Mapping[UUID, Act], word: str) -> Choices:
    return tuple((str(number), f"{word} {figures.day(act.on)}") for number, act in acts.items())


def _periods(period: Period, today: date) -> Choices:
    """The current one and the three before it, newest first."""
    starts = [months_after(period.start(today), -n * period.months) for n in range(4)]
    return tuple((start.isoformat(), period.name(start)) for start in starts)


def _weeks(today: date) -> Choices:
    monday = today - timedelta(days=today.weekday())
    weeks = [monday + timedelta(days=7 * n) for n in range(-1, 3)]
    return tuple((week.isoformat(), figures.day(week)) for week in weeks)


def given(form: Form, state: Desa, key: str) -> dict[str, list[str]]:
    """What the key of the task says already: the posyandu, the month, what is open, the file and its rows."""
    if not key:
        return {}
    found = {name: [key] for name in (*_OPEN, "monday", "file") if name in form.fields}
    if "month" in form.fields:
        found["month"] = [f"{key[:7]}-01"]
    posyandu = key.partition("-")[0]
    if "posyandu" in form.fields and any(p.code == posyandu for p in state.posyandus):
        found["posyandu"] = [posyandu]
    if form.tag == "desa.share-work":
        desk, _, unit = key.rpartition("-")
        found |= {"desk": [desk], "unit": [unit]}
    if form.tag == "desa.resolve-import-rows":
        found["rows"] = [", ".join(str(row) for row in oversight.open_rows(state.acts).get(key, ()))]
    return found
