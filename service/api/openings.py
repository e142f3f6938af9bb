"""Doors to what a post may not open otherwise: a case in an emergency, and an identity under an assignment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from domain import figures
from domain.labels import label
from service import access, emergency, unmasking
from service.access import Who
from service.api.asked import numbered
from service.api.cases import opened_or_404
from service.api.subject import subject
from service.api.threads import in_thread
from service.api.typed import Page, Posted, first, texts
from service.places import Opened, Place
from service.problems import Trouble, problem_of


@get("/darurat", include_in_schema=False, sync_to_thread=False)
def emergency_page(who: NamedDependency[Who], place: NamedDependency[Place], kasus: FromQuery[str] = "") -> Template:
    """Buka karena darurat."""
    if who.role not in access.EMERGENCY:
        raise Trouble(403, "not-allowed")
    return _emergency_form(who, place, kasus[:100], "", "", "")


@post("/darurat", include_in_schema=False)
@in_thread
def open_in_emergency(data: Posted, who: NamedDependency[Who], place: NamedDependency[Place]) -> Page:
    """The case, or the form again with why not."""
    typed = texts(data)
    asked, reason, note = (first(typed, name) for name in ("nomor", "alasan", "catatan"))
    try:
        case = emergency.open_case(place, who, asked, reason, note)
    except Trouble as trouble:
        if trouble.status_code not in (400, 404, 429):
            raise
        return _emergency_form(who, place, asked, reason, note, problem_of(trouble).detail, trouble.status_code)
    return Redirect(f"/kasus/{case}", status_code=303)


def _emergency_form(
    who: Who, place: Place, asked: str, reason: str, note: str, problem: str, status: int = 200
) -> Template:
    return Template(
        "darurat.html",
        context={
            "who": who,
            "asked": asked,
            "reason": reason,
            "note": note,
            "problem": problem,
            "reasons": [(code, label(code)) for code in emergency.REASONS],
            "hours": place.settings.emergency_hours,
            "tries": place.settings.emergency_tries,
        },
        status_code=status,
    )


@get("/kasus/{case:uuid}/identitas", include_in_schema=False)
@in_thread
def unmask_page(case: FromPath[UUID], who: NamedDependency[Who], place: NamedDependency[Place]) -> Page:
    """Which assignment it is for, and why; nobody is named here yet."""
    if who.role not in access.AUDITS:
        raise Trouble(403, "not-allowed")
    opened, _ = opened_or_404(who, place, case, "page")
    return _unmask_form(opened, who, place, "", 200)


@post("/kasus/{case:uuid}/identitas", include_in_schema=False)
@in_thread
def unmask(case: FromPath[UUID], data: Posted, who: NamedDependency[Who], place: NamedDependency[Place]) -> Page:
    """One page with the identity, which is nowhere else: an answer to POST is never kept."""
    typed = texts(data)
    try:
        found = unmasking.unmasked(place, who, case, numbered(first(typed, "penugasan")), first(typed, "alasan"))
    except Trouble as trouble:
        if trouble.code not in ("not-assigned", "unmask-reason"):
            raise
        opened, _ = opened_or_404(who, place, case, "page")
        return _unmask_form(opened, who, place, problem_of(trouble).detail, trouble.status_code)
    shown = (
        ("Nama", found.name), ("NIK", found.nik), ("Ibu", found.mother),
        ("Lahir", figures.day(found.born) if found.born else ""), ("Telepon", found.phone), ("Alamat", found.address),
        ("RT/RW", f"{found.rt or '-'}/{found.rw or '-'}" if found.rt or found.rw else ""),
    )  # fmt: skip
    facts = [(words, value) for words, value in shown if value]
    return Template("identitas.html", context={"who": who, "case": case, "facts": facts, "assignments": ()})


def _unmask_form(opened: Opened, who: Who, place: Place, problem: str, status: int) -> Template:
    return Template(
        "identitas.html",
        context={
            "who": who,
            "case": opened.case,
            "facts": (),
            "subject": subject(opened, who, place),
            "assignments": unmasking.assigned(place, who, opened.state.desa),
            "reasons": [(code, label(code)) for code in unmasking.REASONS],
            "problem": problem,
        },
        status_code=status,
    )


HANDLERS: tuple[Any, ...] = (emergency_page, open_in_emergency, unmask_page, unmask)
