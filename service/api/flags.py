"""Questions about entries: which were asked in one's places, and what stands behind each. Nobody is named here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from msgspec import Struct

from domain import desa, figures, words
from domain.case import Recorded, Role
from domain.labels import ROLES, label
from domain.oversight import ANSWERING, Counted, Doubt
from domain.patterns import typed_at
from domain.questions import question
from projections.questions import Question
from service import access, plainly
from service.access import Units, Who
from service.places import Place
from service.plainly import NEWS
from service.problems import Trouble

READERS: frozenset[Role] = ANSWERING | {"inspektorat"}
"""Who answers questions, and who watches that they are answered."""

ROWS, MOST = 50, 200


class Flag(Struct, frozen=True):
    """A question about entries, with its answer where there is one."""

    flag: UUID
    position: int
    on: date
    recorded_at: datetime
    desa: str
    posyandu: str | None
    pattern: Doubt
    question: str
    found: Counted | None
    concerns: str | None
    """The account whose entries it is about."""
    mine: bool
    """It is about the entries of whoever reads this, who may not answer it."""
    answered_on: date | None
    finding: str | None


class Flags(Struct, frozen=True):
    """A page of questions, the newest first."""

    flags: tuple[Flag, ...]
    after: int | None
    """Ask with this for the next page; None at the end."""


class Behind(Struct, frozen=True):
    """An entry behind a question: where it stands, about which day, when typed and heard of, and what it says."""

    position: int
    case: UUID
    on: date
    typed_at: datetime | None
    """When the phone made its number; None where the number does not say."""
    recorded_at: datetime
    role: Role
    unit: str
    says: str
    kg: float | None
    cm: float | None


class Evidence(Struct, frozen=True):
    """A question and the entries behind it; of very many the first ones, `found` says how many there are."""

    flag: Flag
    entries: tuple[Behind, ...]


@get("/flags", sync_to_thread=True, tags=["flags"])
def flags(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    after: FromQuery[int | None] = None,
    limit: FromQuery[int] = ROWS,
) -> Flags:
    """Questions in one's places, open and answered."""
    page, more = place.questions(_reader(who), after, min(max(limit, 1), MOST))
    places = _desa_of(who)
    return Flags(tuple(_flag(one, who, places) for one in page), more)


@get("/flags/{flag:uuid}", sync_to_thread=True, tags=["flags"])
def evidence(flag: FromPath[UUID], who: NamedDependency[Who], place: NamedDependency[Place]) -> Evidence:
    """One question with the entries behind it. That somebody looked at them is noted for each case."""
    asked, entries = _opened(flag, who, place)
    behind = tuple(one for one in (_behind(r, who, place) for r in entries) if one is not None)
    return Evidence(_flag(asked, who, _desa_of(who)), behind)


def _reader(who: Who) -> Who:
    if who.role not in READERS:
        raise Trouble(403, "not-allowed")
    return who


def _opened(flag: UUID, who: Who, place: Place) -> tuple[Question, Sequence[Recorded]]:
    found = place.question(_reader(who), flag)
    if found is None:
        raise Trouble(404, "not-found")
    return found


def _desa_of(who: Who) -> dict[UUID, str]:
    """The desa of one's places, by the number of the story in which its questions stand."""
    return {desa.number(code): code for code in who.territory.desa}


def _flag(one: Question, who: Who, places: Mapping[UUID, str]) -> Flag:
    asked, answer = one.asked, one.answered
    return Flag(
        asked.flag,
        one.raised.position or 0,
        asked.on,
        one.raised.by.recorded_at,
        places.get(one.raised.case, ""),
        asked.posyandu,
        asked.pattern,
        question(asked) or f"Mohon dijelaskan: {label(asked.pattern)}.",
        asked.found,
        asked.concerns,
        asked.concerns == str(who.account),
        answer.event.on if answer else None,
        answer.event.finding if answer else None,
    )


def _behind(recorded: Recorded, who: Who, place: Place) -> Behind | None:
    """What this reader may know of an entry; the offices read what kind it is and its figures."""
    says = words.event_sentence(recorded, None, who.role)
    if says is None:
        return None
    by, event = recorded.by, recorded.event
    heard = by.recorded_at.astimezone(place.tenant.zone)
    return Behind(
        recorded.position or 0,
        recorded.case,
        event.on,
        typed_at(by.entry, heard),
        heard,
        by.role,
        by.unit,
        says,
        getattr(event, "kg", None),
        getattr(event, "cm", None),
    )


# Pages


class Row(Struct, frozen=True):
    """A question on the page."""

    href: str
    place: str
    question: str
    state: str
    open: bool


class Line(Struct, frozen=True):
    """An entry behind it, on the page."""

    position: int
    on: date
    says: str
    figures: str
    heard: str
    typed: str
    where: str
    href: str


@get("/pertanyaan-data", include_in_schema=False, sync_to_thread=True)
def flags_page(
    who: NamedDependency[Who], place: NamedDependency[Place], sesudah: FromQuery[int | None] = None
) -> Template:
    """The questions in one's places, the newest first."""
    page, more = place.questions(_reader(who), sesudah, ROWS)
    units = place.accounts.units()
    places = _desa_of(who)
    rows = [_row(_flag(one, who, places), units) for one in page]
    return Template(
        "pertanyaan.html",
        context={"who": who, "rows": rows, "more": f"/pertanyaan-data?sesudah={more}" if more else ""},
    )


@get("/pertanyaan-data/{flag:uuid}", include_in_schema=False, sync_to_thread=True)
def flag_page(
    flag: FromPath[UUID], who: NamedDependency[Who], place: NamedDependency[Place], kabar: FromQuery[str] = ""
) -> Template:
    """One question, the entries behind it, and the way to answer it for who may."""
    asked, entries = _opened(flag, who, place)
    units = place.accounts.units()
    shown = _flag(asked, who, _desa_of(who))
    behind = [one for one in (_behind(r, who, place) for r in entries) if one is not None]
    return Template(
        "pertanyaan-satu.html",
        context={
            "who": who,
            "news": NEWS.get(kabar, ""),
            "row": _row(shown, units),
            "mine": shown.mine,
            "lines": [_line(one, who, place, units) for one in behind],
            "left_out": max(0, shown.found.count - len(behind)) if shown.found and shown.found.of else 0,
            "cases": len(asked.asked.cases),
            "answer": _answer(asked, shown, who),
        },
    )


def _row(flag: Flag, units: Units) -> Row:
    where = [units[code].name for code in (flag.posyandu, flag.desa) if code and code in units]
    state = f"Diajukan {figures.day(flag.on)}, belum dijawab"
    if flag.answered_on is not None:
        state = f"Dijawab {figures.day(flag.answered_on)}: {label(flag.finding)}"
    return Row(f"/pertanyaan-data/{flag.flag}", ", ".join(where), flag.question, state, flag.answered_on is None)


def _line(one: Behind, who: Who, place: Place, units: Units) -> Line:
    measured = [figures.kg(one.kg) if one.kg is not None else "", figures.cm(one.cm) if one.cm is not None else ""]
    # Who reads what was measured in the sentence is not told it twice.
    told = "" if "kg" in one.says or "cm" in one.says else ", ".join(part for part in measured if part)
    typed = one.typed_at
    return Line(
        one.position,
        one.on,
        one.says,
        told,
        plainly.heard(one.recorded_at, one.on, place.tenant.zone),
        plainly.heard(typed, one.on, place.tenant.zone) if typed is not None else "",
        f"{ROLES[one.role]}, {units[one.unit].name}" if one.unit in units else ROLES[one.role],
        f"/kasus/{one.case}" if who.role in access.CASES else "",
    )


def _answer(asked: Question, shown: Flag, who: Who) -> str:
    """Where it is answered; nowhere for whom it concerns, and for who only watches."""
    if who.role not in ANSWERING or shown.mine or asked.answered is not None:
        return ""
    query = {"kasus": asked.raised.case, "kunci": shown.flag, "kembali": f"/pertanyaan-data/{shown.flag}"}
    return f"/isi/desa.resolve-flag?{urlencode(query)}"


HANDLERS: tuple[Any, ...] = (flags, evidence, flags_page, flag_page)
