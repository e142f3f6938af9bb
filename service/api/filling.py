"""The pages people fill in: one form, a whole weighing session at once, and mending what was typed wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from msgspec import Struct
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import figures
from domain.case import NAKES, Event, Role
from domain.desa import Desa
from domain.labels import label
from domain.stories import encode
from projections import timeline
from projections.growth import InRoster
from projections.queue import BY_NUMBER
from service import access, forms, plainly
from service.access import Who
from service.api import kin, offered, pairing, sheet
from service.api import units as regions
from service.api.asked import numbered_or_404
from service.api.cases import own_or_404
from service.api.entries import Answer, answers
from service.api.subject import subject
from service.api.threads import in_thread
from service.api.typed import Page, Posted, Typed, first, texts
from service.formbook import FORMS, Form
from service.forms import Field
from service.places import Opened, Place
from service.problems import Trouble

PAST = frozenset({"on", "born", "hpht"})
"""Days that cannot be later than today."""

# One form


@get("/isi/{tag:str}", include_in_schema=False)
@in_thread
def form_page(
    tag: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    kasus: FromQuery[UUID | None] = None,
    aturan: FromQuery[str] = "",
    kunci: FromQuery[str] = "",
    kembali: FromQuery[str] = "",
) -> Page:
    """An empty form, with today's date and what follows from the case already in it."""
    form = _form(tag, who)
    opened = None if form.begins and kasus is None else _opened(form, who, place, _case(kasus))
    if opened is not None and not offered.fits(form, opened):
        raise Trouble(404, "not-found")
    typed = {
        "on": [place.now().date().isoformat()],
        "rule": [aturan],
        "key": [kunci],
        **offered.given(form, opened, kunci),
    }
    because = _task(who, place, opened, aturan, kunci)
    return _form_page(
        form, who, place, opened, typed, {},
        entry=uuid7(), because=because, back=_back(kembali), case=str(kasus or ""),
    )  # fmt: skip


def _opened(form: Form, who: Who, place: Place, case: UUID) -> Opened | None:
    """The case of a form. For a transfer the other side has a form, too, which shows no more than it may know."""
    if form.tag in BY_NUMBER:
        return _unnamed(who, place, case)
    found = place.open(who, case, "form")
    if found is not None:
        if found[0].until is not None:
            raise Trouble(403, "emergency-reads-only")
        return found[0]
    if form.tag in ANSWERS and (asked := place.asked_for(who, case)) is not None:
        return asked
    if form.tag == "person.request-transfer":
        return None
    raise Trouble(404, "not-found")


def _unnamed(who: Who, place: Place, case: UUID) -> Opened:
    opened = place.unnamed(who, case)
    if opened is None:
        raise Trouble(404, "not-found")
    return opened


ANSWERS = frozenset({"person.accept-transfer", "person.refuse-transfer"})
"""What the side says that did not ask."""
_LEAVING = ANSWERS | {"person.request-transfer", "child.move"}
"""After these whoever sent them may no longer open the case, or not yet."""


def _form(tag: str, who: Who) -> Form:
    form = FORMS.get(tag)
    if form is None:
        raise Trouble(404, "not-found")
    if not access.may(who.role, tag):
        raise Trouble(403, "not-allowed")
    if who.role not in NAKES:
        form = replace(form, fields=tuple(name for name in form.fields if name not in form.nakes))
    return form


def _case(given: UUID | None) -> UUID:
    if given is None:
        raise Trouble(404, "not-found")
    return given


def _task(who: Who, place: Place, opened: Opened | None, rule: str, key: str) -> str:
    """Why the list asked for this."""
    if opened is None or not rule:
        return ""
    found = (t for t in place.tasks(who, opened.case) if t.rule == rule and t.key == key)
    return next((task.why for task in found), "")


def _form_page(
    form: Form,
    who: Who,
    place: Place,
    opened: Opened | None,
    typed: Typed,
    errors: Mapping[str, str],
    *,
    entry: UUID | str,
    because: str = "",
    back: str = "",
    problem: str = "",
    case: str = "",
    status: int = 200,
) -> Page:
    case = str(opened.case) if opened is not None else case or str(uuid7())
    return Template(
        "isian.html",
        context={
            "who": who,
            "form": form,
            "fields": forms.fields(form, typed, options(form, who, place, opened), errors),
            "baby": lambda name: (typed.get(name) or [""])[-1],
            "PAST": PAST,
            "today": place.now().date().isoformat(),
            "subject": subject(opened, who, place) if opened is not None else None,
            "because": because,
            "pair": pairing.on_form(form, who, place, opened, _other(form, typed), back) if opened else None,
            "relatives": list(_relatives(form, who, place, opened)),
            "problem": problem,
            "action": f"/isi/{form.tag}",
            "entry": entry,
            "case": case,
            "back": back,
            "linked": form.tag not in BY_NUMBER,
            "back_to": back or (f"/kasus/{opened.case}" if opened is not None and form.tag not in BY_NUMBER else "/"),
        },
        status_code=status,
    )


def _relatives(form: Form, who: Who, place: Place, opened: Opened | None) -> Iterator[kin.Relative]:
    if form.tag == "person.decide-erasure" and opened is not None:
        yield from kin.relatives(opened, who, place)


def _other(form: Form, typed: Typed) -> str:
    return next((first(typed, name) for name in ("into", "other") if name in form.hidden), "")


def options(form: Form, who: Who, place: Place, opened: Opened | None) -> dict[str, tuple[tuple[str, str], ...]]:
    """Choices that depend on where one's post is: posyandu, and whom one may refer to; of a unit, its own."""
    units = place.accounts.units()
    if opened is not None and isinstance(opened.state, Desa):
        return regions.options(form, opened.state, who, units, place.now().date())
    found = {} if opened is None else offered.options(form, opened.state)
    if "posyandu" in form.fields:
        posyandus = who.territory.posyandus
        if form.tag in _LEAVING and opened is not None:
            posyandus = {u.code: u.parent or "" for u in units.values() if u.kind == "posyandu"}
            posyandus.pop(opened.state.posyandu, None)
        several = len(set(posyandus.values())) > 1
        found["posyandu"] = tuple(
            (code, f"{units[code].name}, {units[desa].name}" if several else units[code].name)
            for code, desa in sorted(posyandus.items())
            if code in units and desa in units
        )
    if "to" in form.fields:
        found["to"] = tuple(_facilities(who, units))
    return found


def _facilities(who: Who, units: access.Units) -> list[tuple[str, str]]:
    """Up the chain from one's own place: the bidan of the desa, the puskesmas, then every hospital."""
    chain: list[tuple[str, str]] = []
    unit: access.Unit | None = who.post.unit
    while unit is not None:
        if unit.kind == "desa" and who.role == "kader":
            chain.append((unit.code, f"Bidan {unit.name}"))
        if unit.kind == "puskesmas":
            chain.append((unit.code, unit.name))
        unit = units.get(unit.parent) if unit.parent else None
    return [*chain, *((u.code, u.name) for u in units.values() if u.kind == "rs")]


@post("/isi/{tag:str}", include_in_schema=False)
@in_thread
def fill(tag: FromPath[str], who: NamedDependency[Who], place: NamedDependency[Place], data: Posted) -> Page:
    """Record what was typed. A refused form comes back with everything in it and a sentence."""
    form, typed = _form(tag, who), texts(data)
    command, errors = forms.read(form, typed)
    _complete(form, command, who, place)
    entry, case, back = first(typed, "entry"), first(typed, "case"), _back(first(typed, "kembali"))
    problem = "Periksa isian yang ditandai." if errors else ""
    if not errors:
        answer = _submit(place, who, entry, case, command)
        if answer.answer in ("recorded", "already"):
            elsewhere = answer.code == "case-moved" or tag in _LEAVING or tag in BY_NUMBER
            return _recorded(answer, "/" if elsewhere else back or f"/kasus/{answer.case}")
        problem = answer.says or plainly.NEWS["gagal"]
    opened = _opened_again(form, who, place, numbered_or_404(case)) if not form.begins else None
    return _form_page(
        form, who, place, opened, typed, errors,
        entry=entry, back=back, problem=problem, case=case, status=422,
    )  # fmt: skip


def _opened_again(form: Form, who: Who, place: Place, case: UUID) -> Opened | None:
    """Without a refusal: what was typed is shown even where the case has gone meanwhile."""
    try:
        return _opened(form, who, place, case)
    except Trouble:
        return None


def _complete(form: Form, command: dict[str, Any], who: Who, place: Place) -> None:
    """What follows from a choice: the desa from the posyandu, the kind of referral from its destination."""
    if "posyandu" in command and form.kind != "desa" and "desa" not in form.hidden:
        command["desa"] = who.territory.posyandus.get(command["posyandu"], "")
        if form.tag in _LEAVING and (there := place.accounts.units().get(command["posyandu"])) is not None:
            command["desa"] = there.parent or ""
    if "to" in command:
        unit = place.accounts.units().get(command["to"])
        kinds = {"desa": "masyarakat", "puskesmas": "puskesmas", "rs": "rs"}
        command["kind"] = kinds.get(unit.kind if unit is not None else "", "puskesmas")


def _submit(place: Place, who: Who, entry: str, case: str, command: Mapping[str, Any]) -> Answer:
    """Through the same door as a phone's entries."""
    sent = msgspec.json.encode({"entry": entry, "case": case, "command": command})
    return answers([msgspec.Raw(sent)], who, place).answers[0]


def _news(answer: Answer) -> str:
    if answer.code == "case-moved":
        return "pindah"
    return "sudah" if answer.answer == "already" else "tercatat"


def _recorded(answer: Answer, to: str) -> Page:
    """Back, with the position, so that the list is not older than what was just recorded."""
    query = urlencode({"kabar": _news(answer), **({"posisi": answer.position} if answer.position else {})})
    return Redirect(f"{to}{'&' if '?' in to else '?'}{query}", status_code=303)


def _back(given: str) -> str:
    """Only to a page of ours: an address from elsewhere would lead people astray."""
    ours = given.startswith(("/daftar/", "/kasus/")) or given == "/rujukan"
    return given if ours and "\\" not in given and "//" not in given else ""


# A whole weighing session

SESSION_ROLES: frozenset[Role] = frozenset({"kader", "bidan", "puskesmas-tpg"})


class Sheet(Struct, frozen=True):
    """One child on the sheet, with what was typed for it and what became of it."""

    case: UUID
    name: str
    age: str
    last: str
    entry: str
    kg: str = ""
    cm: str = ""
    lying: str = ""
    error: str = ""
    done: str = ""


@get("/timbang", include_in_schema=False)
@in_thread
def session_page(who: NamedDependency[Who], place: NamedDependency[Place], posyandu: FromQuery[str] = "") -> Page:
    """The sheet of a posyandu: every child of it, a weight beside each."""
    unit, today = sheet.posyandu(who, place, posyandu, SESSION_ROLES), place.now().date()
    rows = [_sheet(one, today, {}) for one in place.roster(who, unit.code)]
    return sheet.page("sesi.html", who, place, unit, today.isoformat(), rows)


def _sheet(one: InRoster, today: date, typed: Typed) -> Sheet:
    last = ""
    if one.kg is not None and one.weighed is not None:
        last = f"{figures.kg(one.kg)} ({figures.day(one.weighed)})"
    key = str(one.case)
    return Sheet(
        one.case,
        one.name or "Tanpa nama",
        figures.age(one.born, today),
        last,
        entry=first(typed, f"entry-{key}") or str(uuid7()),
        kg=first(typed, f"kg-{key}"),
        cm=first(typed, f"cm-{key}"),
        lying=first(typed, f"lying-{key}"),
    )


def _left(typed: Typed, there: Set[UUID]) -> list[Sheet]:
    """The filled rows of children who left the posyandu since the page was opened: the write door says what of them."""
    keys = [name.removeprefix("entry-") for name in typed if name.startswith("entry-")]
    cases = (
        UUID(key) for key in keys if _UUID.fullmatch(key) and (first(typed, f"kg-{key}") or first(typed, f"cm-{key}"))
    )
    return [
        Sheet(
            case, first(typed, f"name-{case}") or "Tanpa nama", "tidak lagi di posyandu ini", "",
            entry=first(typed, f"entry-{case}"), kg=first(typed, f"kg-{case}"), cm=first(typed, f"cm-{case}"),
            lying=first(typed, f"lying-{case}"),
        )
        for case in cases if case not in there
    ]  # fmt: skip


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@post("/timbang", include_in_schema=False)
@in_thread
def weigh_session(who: NamedDependency[Who], place: NamedDependency[Place], data: Posted) -> Page:
    """Record every row that has something in it; the others stay as they are, those that fail say why."""
    typed = texts(data)
    unit, on = sheet.posyandu(who, place, first(typed, "posyandu"), SESSION_ROLES), first(typed, "on")
    today = place.now().date()
    rows = [_sheet(one, today, typed) for one in place.roster(who, unit.code)]
    rows += _left(typed, {row.case for row in rows})
    filled = [row for row in rows if row.kg or row.cm]
    if not filled:
        return sheet.page("sesi.html", who, place, unit, on, rows, "Belum ada anak yang diisi.", 422)
    if len(filled) > place.settings.entries_per_request:  # rows that are not of the roster can be as many as one sends
        raise Trouble(413, "too-many")
    read = {row.case: _weighed(row, on) for row in filled}
    sent = [(row, weighed) for row in filled if isinstance(weighed := read[row.case], dict)]
    answered = answers([sheet.entry(row.entry, row.case, command) for row, command in sent], who, place)
    told = {row.case: answer for (row, _), answer in zip(sent, answered.answers, strict=True)}
    rows = [_after(row, read.get(row.case), told.get(row.case)) for row in rows]
    rows.sort(key=lambda row: (not row.error, bool(row.done)))
    failed = sum(1 for row in rows if row.error)
    if failed:
        done = sum(1 for row in rows if row.done)
        problem = f"{done} anak tercatat, {failed} belum. Periksa yang bertanda merah."
        return sheet.page("sesi.html", who, place, unit, on, rows, problem, 422)
    query = urlencode({"kabar": "sesi", "posisi": answered.position})
    return Redirect(f"/daftar/{who.role}?{query}", status_code=303)


def _weighed(row: Sheet, on: str) -> dict[str, Any] | str:
    """The command of a row, or why it cannot be read."""
    typed = {"on": [on], "kg": [row.kg], "cm": [row.cm], "lying": [row.lying if row.cm else ""]}
    command, errors = forms.read(FORMS["child.measure"], typed)
    return " ".join(errors.values()) if errors else command


def _after(row: Sheet, read: dict[str, Any] | str | None, answer: Answer | None) -> Sheet:
    if isinstance(read, str):
        return replace(row, error=read)
    if answer is None:
        return row
    if answer.answer in ("recorded", "already"):
        done = " dan ".join(f"{v} {u}" for v, u in ((row.kg, "kg"), (row.cm, "cm")) if v)
        return replace(row, done=f"{done}. {answer.says}" if answer.says else done)
    return replace(row, error=answer.says or "")


# What was typed wrongly

REASONS = ("salah-ketik", "salah-alat", "salah-orang", "dobel", "diukur-ulang", "lain")


@get("/salah/{case:uuid}/{number:int}", include_in_schema=False)
@in_thread
def mending_page(
    case: FromPath[UUID], number: FromPath[int], who: NamedDependency[Who], place: NamedDependency[Place]
) -> Page:
    """An event as it was typed, to be typed right or taken back."""
    opened, event, says = _wrong(who, place, case, number)
    form = forms.FORM_OF.get(type(event))
    typed = forms.typed_again(event, form) if form is not None else {}
    return _mending_page(who, place, opened, number, event, says, typed, {})


def _wrong(who: Who, place: Place, case: UUID, number: int) -> tuple[Opened, Event, str]:
    opened = own_or_404(who, place, case, "mend")
    told = next((t for t in place.told(who, opened, limit=10_000).told if t.number == number), None)
    version = timeline.version_of(opened.story, who.role, number)
    if told is None or version is None:
        raise Trouble(404, "not-found")
    return opened, next(r.event for r in opened.story if r.version == version), told.sentence


def _mending_page(
    who: Who,
    place: Place,
    opened: Opened,
    number: int,
    event: Event,
    says: str,
    typed: Typed,
    errors: Mapping[str, str],
    *,
    problem: str = "",
    entry: str = "",
    status: int = 200,
) -> Page:
    form = _form_to_mend(event)
    fields: tuple[Field, ...] = ()
    if form is not None:
        fields = forms.fields(form, typed, options(form, who, place, opened), errors)
    return Template(
        "salah.html",
        context={
            "who": who,
            "subject": subject(opened, who, place),
            "case": opened.case,
            "version": number,
            "on": event.on,
            "says": says,
            "fields": fields,
            "baby": lambda _: "",
            "PAST": PAST,
            "today": place.now().date().isoformat(),
            "reasons": [(code, label(code).capitalize()) for code in REASONS],
            "reason": first(typed, "mengapa"),
            "problem": problem,
            "entry": entry or uuid7(),
            "entry2": uuid7(),
        },
        status_code=status,
    )


def _form_to_mend(event: Event) -> Form | None:
    """The form without identity: names are mended by the identity form, which seals them."""
    form = forms.FORM_OF.get(type(event))
    if form is None or form.tag.endswith(".identify") or not form.fields:
        return None
    return replace(form, personal=())


@post("/salah/{case:uuid}/{number:int}", include_in_schema=False)
@in_thread
def mend(
    case: FromPath[UUID],
    number: FromPath[int],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    data: Posted,
) -> Page:
    """Correct an event or take it back. The wrong one stays in the story."""
    typed = texts(data)
    opened, event, says = _wrong(who, place, case, number)
    today = place.now().date().isoformat()
    command: dict[str, Any] = {"on": today, "version": number, "reason": first(typed, "mengapa") or "lain"}
    errors: dict[str, str] = {}
    if first(typed, "cara") == "tarik":
        command["do"] = "case.retract"
    else:
        command["do"] = "case.correct"
        command["reads"], errors = _reads(event, typed, who, place)
    problem = "Periksa isian yang ditandai."
    if not errors:
        answer = _submit(place, who, first(typed, "entry"), str(case), command)
        if answer.answer in ("recorded", "already"):
            return _recorded(answer, f"/kasus/{case}")
        problem = answer.says or ""
    return _mending_page(
        who,
        place,
        opened,
        number,
        event,
        says,
        typed,
        errors,
        problem=problem,
        entry=first(typed, "entry"),
        status=422,
    )


def _reads(event: Event, data: Typed, who: Who, place: Place) -> tuple[dict[str, Any], dict[str, str]]:
    """The event as it should have been: what the form does not show stays as it was."""
    form = _form_to_mend(event)
    if form is None:
        raise Trouble(404, "not-found")
    typed, errors = forms.read(form, {**forms.typed_again(event, form), **data})
    _complete(form, typed, who, place)
    stored: dict[str, Any] = msgspec.json.decode(encode(event))
    stored.pop("personal", None)
    for name in form.fields:
        stored.pop(name, None)
    del typed["do"]
    return {**stored, **typed}, errors


HANDLERS: tuple[Any, ...] = (form_page, fill, session_page, weigh_session, mending_page, mend)
