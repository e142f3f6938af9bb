"""Two cases that may be one person, on the pages: what of the other is shown, and the ways to decide."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain import figures
from domain.case import Case, done
from domain.child import Child
from domain.person import Person, RecordsAbsorbed
from domain.pregnancy import Pregnancy
from service import access
from service.access import Who
from service.api.asked import numbered
from service.api.subject import subject
from service.formbook import Form
from service.places import Opened, Place

_FIELDS = ("into", "other")
"""Where a form names the other case."""


class Other(Struct, frozen=True):
    """The other case, as far as this post may know it."""

    name: str
    line: str
    href: str
    """Empty where it may not be opened: then only the place is said, so that people there can be asked."""
    says: str = ""
    """What it is to the case that is read."""
    since: str = ""
    """When it was registered and when somebody was last seen in it, to tell two of one name apart."""
    ways: tuple[tuple[str, str], ...] = ()
    """What else can be decided of the two."""
    own: str = ""
    """The same as `since`, of the case that is read."""


def on_form(form: Form, who: Who, place: Place, opened: Opened, key: str, back: str) -> Other | None:
    """The other case of a form that is about two, with the forms that decide otherwise."""
    if not any(name in form.hidden for name in _FIELDS):
        return None
    other = numbered(key)
    if other is None:
        return None
    ways = tuple(_ways(who, opened.case, other, back, without=form.tag))
    return replace(_other(who, place, other, "Kasus yang lain", ways), own=_since(opened.state))


def on_page(opened: Opened, who: Who, place: Place) -> Iterator[Other]:
    """The case that carries this one on, and those that this one carries on."""
    state = opened.state
    if not isinstance(state, Person):
        return
    back = f"/kasus/{opened.case}"
    if state.merged is not None:
        apart = _ways(who, opened.case, state.merged, back, without="person.merge") if opened.until is None else ()
        yield _other(who, place, state.merged, "Sudah digabung; dilanjutkan di kasus ini", tuple(apart))
    absorbed: dict[UUID, None] = {a.event.other: None for a in done(state.acts, RecordsAbsorbed)}  # type: ignore[attr-defined]
    for other in absorbed:
        if place.merged_into(other) == opened.case:
            yield _other(who, place, other, "Riwayat lama orang yang sama", ())


def suspicion(opened: Opened, other: UUID) -> str:
    """Where to say that the other may be the same person."""
    asked = {"kasus": opened.case, "kunci": other, "kembali": f"/kasus/{opened.case}"}
    return f"/isi/person.suspect-duplicate?{urlencode(asked)}"


def _ways(who: Who, case: UUID, other: UUID, back: str, without: str) -> Iterator[tuple[str, str]]:
    for tag, words in (
        ("person.merge", "Orang yang sama: gabungkan"),
        ("person.declare-distinct", "Orang yang berbeda"),
    ):
        if tag != without and access.may(who.role, tag):
            yield f"/isi/{tag}?{urlencode({'kasus': case, 'kunci': other, 'kembali': back})}", words


def _other(who: Who, place: Place, case: UUID, says: str, ways: tuple[tuple[str, str], ...]) -> Other:
    found = place.open(who, case, "pair")
    if found is not None:
        shown = subject(found[0], who, place)
        return Other(shown.name or "Tanpa nama", shown.line, f"/kasus/{case}", says, _since(found[0].state), ways)
    units = place.accounts.units()
    names = [units[code].name for code in place.where(case) if code in units]
    if access.may(who.role, "person.request-transfer"):
        asked = urlencode({"kasus": case})
        ways = (*ways, (f"/isi/person.request-transfer?{asked}", "Minta kasus itu pindah ke posyandu Anda"))
    return Other("Di tempat lain", ", ".join(names) or "tidak diketahui", "", says, "", ways)


def _since(state: Case) -> str:
    begun = f"Didaftar {figures.day(state.first.on)}"
    if isinstance(state, Child) and state.weighings:
        return f"{begun}, terakhir diukur {figures.day(state.weighings[-1].on)}"
    if isinstance(state, Pregnancy) and state.checks:
        return f"{begun}, terakhir diukur {figures.day(state.checks[-1].on)}"
    return begun
