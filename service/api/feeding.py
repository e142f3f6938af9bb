"""A PMT day on one page: everybody of a posyandu who is fed that day, how much was eaten, one request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import figures
from domain.case import Role
from domain.labels import KINDS, label
from projections.pmt import Fed
from service import access, forms
from service.access import Who
from service.api import sheet
from service.api.entries import Answer, answers
from service.api.threads import in_thread
from service.api.typed import Page, Posted, Typed, first, texts
from service.formbook import FORMS
from service.places import Place

ROLES: frozenset[Role] = frozenset({"kader", "desa", "bidan", "puskesmas-tpg"})

EATEN = next(f.options for f in forms.fields(FORMS["pmt.give"], {}, {}, {}) if f.name == "eaten")
REASONS = next(f.options for f in forms.fields(FORMS["pmt.miss"], {}, {}, {}) if f.name == "reason")


class Portion(Struct, frozen=True):
    """One person on the page, with what was chosen for them and what became of it."""

    key: str
    """Case and cycle: somebody may be fed by two purses."""
    case: UUID
    cycle: int
    name: str
    line: str
    told: bool
    entry: str
    eaten: str = ""
    """How much was eaten, or why nothing was given."""
    error: str = ""
    done: str = ""


@get("/pmt", include_in_schema=False)
@in_thread
def day_page(
    who: NamedDependency[Who], place: NamedDependency[Place], posyandu: FromQuery[str] = "", on: FromQuery[str] = ""
) -> Page:
    """Everybody who is fed on a day."""
    unit, day = sheet.posyandu(who, place, posyandu, ROLES), _day(on) or place.now().date()
    rows = [_row(one, {}) for one in place.fed(unit.code, day)]
    return _page(who, place, unit, day.isoformat(), rows)


def _day(text: str) -> date | None:
    try:
        return forms.day(text) if text else None
    except forms.Unusable:
        return None


def _row(one: Fed, typed: Typed) -> Portion:
    key = f"{one.case}-{one.cycle}"
    paid = f" · {label(one.funding)}" if one.funding else ""
    return Portion(
        key,
        one.case,
        one.cycle,
        one.name or "Tanpa nama",
        f"{KINDS[one.kind]} · hari ke-{one.day} dari {one.days}{paid} · terakhir dicatat {figures.day(one.last)}",
        one.told,
        entry=first(typed, f"entry-{key}") or str(uuid7()),
        eaten=first(typed, f"eaten-{key}"),
    )


def _page(
    who: Who, place: Place, unit: access.Unit, on: str, rows: Sequence[Portion], problem: str = "", status: int = 200
) -> Page:
    return sheet.page("pmt.html", who, place, unit, on, rows, problem, status, eaten=EATEN, reasons=REASONS)


@post("/pmt", include_in_schema=False)
@in_thread
def feed_day(who: NamedDependency[Who], place: NamedDependency[Place], data: Posted) -> Page:
    """Record every row in which something was chosen; the others stay open, those that fail say why."""
    typed = texts(data)
    unit, on = sheet.posyandu(who, place, first(typed, "posyandu"), ROLES), first(typed, "on")
    day = _day(on)
    if day is None:
        return _page(who, place, unit, on, [], "Tanggalnya belum terbaca. Pilih tanggal PMT.", 422)
    rows = [_row(one, typed) for one in place.fed(unit.code, day)]
    chosen = [row for row in rows if row.eaten]
    gone = _filled(typed) - len(chosen)
    if not chosen and not gone:
        return _page(who, place, unit, on, rows, "Belum ada yang diisi.", 422)
    answered = answers([_sent(row, day) for row in chosen], who, place)
    told = {row.key: answer for row, answer in zip(chosen, answered.answers, strict=True)}
    rows = sorted((_after(row, told.get(row.key)) for row in rows), key=lambda row: (not row.error, bool(row.done)))
    failed = sum(1 for row in rows if row.error)
    if failed or gone:
        problem = f"{len(chosen) - failed} tercatat, {failed + gone} belum."
        problem += " Periksa yang bertanda merah." if failed else ""
        problem += f" {gone} orang tidak lagi mendapat PMT di posyandu ini pada hari itu." if gone else ""
        return _page(who, place, unit, on, rows, problem, 422)
    query = urlencode({"kabar": "sesi", "posisi": answered.position})
    return Redirect(f"/daftar/{who.role}?{query}", status_code=303)


def _filled(typed: Typed) -> int:
    """The rows in which something was chosen, also of those no longer fed since the page was opened."""
    return sum(1 for name, values in typed.items() if name.startswith("eaten-") and any(values))


def _sent(row: Portion, day: date) -> msgspec.Raw:
    """One entry: a number is what was eaten, a word is why nothing was given."""
    command: dict[str, Any] = {"on": day, "cycle": row.cycle}
    if row.eaten.isdecimal():
        command |= {"do": "pmt.give", "eaten": int(row.eaten)}
    else:
        command |= {"do": "pmt.miss", "reason": row.eaten}
    return sheet.entry(row.entry, row.case, command)


def _after(row: Portion, answer: Answer | None) -> Portion:
    if answer is None:
        return row
    if answer.answer in ("recorded", "already"):
        return replace(row, done=dict((*EATEN, *REASONS)).get(row.eaten, row.eaten))
    return replace(row, error=answer.says or "")


HANDLERS: tuple[Any, ...] = (day_page, feed_day)
