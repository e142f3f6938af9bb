"""Whom a page is about, in a name and a line."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from domain import figures
from domain.child import Child
from domain.desa import Desa
from domain.erasure import erased
from domain.labels import KINDS, SEX, label
from domain.pregnancy import Pregnancy
from service import access
from service.access import Who
from service.places import Opened, Place


class Subject(Struct, frozen=True):
    """Whom a page is about, in a name and a line."""

    name: str
    line: str


def short(case: UUID) -> str:
    """The end of its number, by which people who may not name a case speak of it."""
    return str(case)[-12:]


def subject(opened: Opened, who: Who, place: Place) -> Subject:
    """The name, as far as this role may know it, and age, sex and place."""
    state, units = opened.state, place.accounts.units()
    name = opened.person.name if opened.person is not None else ""
    if who.role in access.OFFICES and not isinstance(state, Desa):
        return Subject(f"Kasus {short(opened.case)}", units[state.desa].name if state.desa in units else "")
    if erased(state):
        name = "Identitas dihapus"
    parts = []
    if isinstance(state, Child):
        parts.append(SEX[state.sex] if state.sex else "")
        parts.append(figures.age(state.born, place.now().date()) if state.born else "belum didaftar lengkap")
        parts.append(f"ibu {opened.person.mother}" if opened.person is not None and opened.person.mother else "")
    elif isinstance(state, Pregnancy):
        parts.append("ibu hamil" if not state.delivered else "ibu nifas")
        if state.start is not None and not state.delivered:
            parts.append(f"hamil {(place.now().date() - state.start).days // 7} minggu")
    if isinstance(state, Desa):
        return Subject(units[state.desa].name if state.desa in units else state.desa, label(state.level).capitalize())
    parts += [units[code].name for code in (state.posyandu, state.desa) if code in units]
    if not state.active:
        parts.append("kasus selesai")
    return Subject(name or KINDS[state.KIND], ", ".join(part for part in parts if part))
