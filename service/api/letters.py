"""The papers of a referral: the letter, the counter-referral, and the family's slip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from domain import stories, words
from domain.case import NAKES, Role
from domain.labels import ROLES, label
from domain.letter import Letter, letter
from domain.person import Person
from domain.referral import EXPECTED, Referral
from service import access
from service.access import Who
from service.api import files
from service.api.cases import opened_or_404
from service.letters import paper, wording
from service.places import Opened, Place
from service.problems import Trouble

READERS: frozenset[Role] = access.NAMED - {"desa"}
"""Who reads what a referral says of the patient. The desa helps the family on its way, and prints the slip only."""


@get("/rujukan/{case:uuid}/{number:uuid}/surat.pdf", include_in_schema=False, sync_to_thread=True)
def referral_letter(
    case: FromPath[UUID],
    number: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    request: Request[Any, Any, Any],
) -> Response[bytes]:
    """The letter that goes with the patient, filled from the story."""
    opened, person, referral = _asked(who, place, case, number, READERS)
    told = _letter(opened, person, referral, who, place)
    of = _of(opened, who, place, request)
    sheet = wording.referral_sheet(told, _with_notes(of, told, opened, who, place))
    return files.printed("surat", sheet, place, "surat-rujukan")


@get("/rujukan/{case:uuid}/{number:uuid}/balasan.pdf", include_in_schema=False, sync_to_thread=True)
def counter_letter(
    case: FromPath[UUID],
    number: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    request: Request[Any, Any, Any],
) -> Response[bytes]:
    """What the receiver sends back; 404 until it has."""
    opened, person, referral = _asked(who, place, case, number, READERS)
    told = _letter(opened, person, referral, who, place)
    if told.counter is None:
        raise Trouble(404, "not-found")
    of = _with_notes(_of(opened, who, place, request), told, opened, who, place)
    return files.printed("surat", wording.counter_sheet(told, told.counter, of), place, "surat-rujuk-balik")


@get("/rujukan/{case:uuid}/{number:uuid}/slip.pdf", include_in_schema=False, sync_to_thread=True)
def family_slip(
    case: FromPath[UUID],
    number: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    request: Request[Any, Any, Any],
) -> Response[bytes]:
    """Where to go, when, and what to bring, in large letters."""
    opened, person, referral = _asked(who, place, case, number, access.NAMED)
    sheet = wording.slip(referral, _of(opened, who, place, request), person.KIND)
    return files.printed("slip", sheet, place, "slip-keluarga")


# On the page of the case


class Printed(Struct, frozen=True):
    """A referral as the page of its case shows it, with the papers this post may print."""

    line: str
    state: str
    links: tuple[tuple[str, str], ...]


def on_page(opened: Opened, who: Who, place: Place) -> Iterator[Printed]:
    """The referrals of a case, newest first."""
    if not isinstance(opened.state, Person) or who.role not in access.NAMED:
        return
    units = place.accounts.units()
    for referral in reversed(opened.state.referrals):
        if links := tuple(_links(opened, referral, who)):
            line = f"{words.day(referral.made.on)}: ke {wording.place(referral.to, units)}"
            yield Printed(line, label(referral.state), links)


def _links(opened: Opened, referral: Referral, who: Who) -> Iterator[tuple[str, str]]:
    if not _own(who, referral):
        return
    at = f"/rujukan/{opened.case}/{referral.id}"
    if who.role in READERS:
        yield f"{at}/surat.pdf", "Cetak surat rujukan"
    if referral.state in EXPECTED or wording.control(referral) is not None:
        yield f"{at}/slip.pdf", "Cetak slip keluarga"
    if who.role in READERS and referral.reached("rujuk-balik") is not None:
        yield f"{at}/balasan.pdf", "Cetak rujuk balik"


# What all three ask first


def _asked(
    who: Who, place: Place, case: UUID, number: UUID, readers: frozenset[Role]
) -> tuple[Opened, Person, Referral]:
    """The referral, where this post may have the paper of it. The role comes first: nothing is opened in vain."""
    if who.role not in readers:
        raise Trouble(403, "not-allowed")
    opened, _ = opened_or_404(who, place, case, "letter")
    person = opened.state
    found = person.referrals if isinstance(person, Person) else ()
    referral = next((r for r in found if r.id == number and _own(who, r)), None)
    if referral is None or not isinstance(person, Person):
        raise Trouble(404, "not-found")
    return opened, person, referral


def _own(who: Who, referral: Referral) -> bool:
    """A hospital has the papers of what was sent to it and of what it sent further; others those of their places."""
    facility = who.territory.facility
    return facility is None or facility in (referral.to, referral.sender)


def _letter(opened: Opened, person: Person, referral: Referral, who: Who, place: Place) -> Letter:
    return letter(person, place.book().chart(person), referral, stories.counting(opened.story), who.role)


def _of(opened: Opened, who: Who, place: Place, request: Request[Any, Any, Any]) -> wording.Of:
    return wording.Of(
        who=opened.person,
        desa=opened.state.desa,
        posyandu=opened.state.posyandu,
        units=place.accounts.units(),
        qr=paper.qr(link(str(request.base_url), opened.case)),
        clinical=who.role in NAKES,
        printed=wording.printed(place.now(), ROLES[who.role], place.signed()),
    )


def link(base: str, case: UUID) -> str:
    """What the code on a paper says: the address of the case and nothing else, since anybody can scan it."""
    return f"{base.rstrip('/')}/kasus/{case}"


def _with_notes(of: wording.Of, told: Letter, opened: Opened, who: Who, place: Place) -> wording.Of:
    """With what was written by hand, for those who may read it, and the name under it where the writer prints it."""
    counter = told.counter.version if told.counter is not None else 0
    notes = place.notes(who, opened, (told.version, counter))
    signer = who.name if told.actor == str(who.account) else ""
    return wording.noted(of, notes.get(told.version, ""), notes.get(counter, ""), signer)


HANDLERS: tuple[Any, ...] = (referral_letter, counter_letter, family_slip)
