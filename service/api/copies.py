"""A printed copy of everything kept of somebody, while the family waits for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from domain import erasure
from domain.labels import ROLES
from service import access
from service.access import Who
from service.api import files
from service.api.cases import own_or_404
from service.api.letters import link
from service.api.reads import opened_by
from service.letters import paper
from service.letters.whole import copy_sheet
from service.letters.wording import printed
from service.places import Opened, Place
from service.problems import Trouble

HANDS_OVER = "person.fulfil-data-request"
"""Whoever may answer the request may print what is asked for."""


def asked_for_copy(opened: Opened) -> bool:
    """The family asked to see what is kept, or for a copy of it, and has no answer."""
    return any(a.event.asks in ("melihat", "salinan") for a in erasure.unanswered(opened.state))  # type: ignore[attr-defined]


def on_page(opened: Opened, who: Who) -> str:
    """Where the copy is printed, on the page of a case whose family waits for it."""
    may = opened.until is None and access.may(who.role, HANDS_OVER) and asked_for_copy(opened)
    return f"/kasus/{opened.case}/salinan.pdf" if may else ""


@get("/kasus/{case:uuid}/salinan.pdf", include_in_schema=False, sync_to_thread=True)
def whole_copy(
    case: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    request: Request[Any, Any, Any],
) -> Response[bytes]:
    """Identity and story, as far as a health worker may read them; 404 where nobody asked."""
    if not access.may(who.role, HANDS_OVER):
        raise Trouble(403, "not-allowed")
    opened = own_or_404(who, place, case, "copy")
    if not asked_for_copy(opened):
        raise Trouble(404, "not-found")
    told = place.told(who, opened, limit=100_000).told[::-1]
    units, now = place.accounts.units(), place.now()
    qr = paper.qr(link(str(request.base_url), case))
    place.reads.settle()
    sheet = copy_sheet(
        opened.state,
        place.told_of(opened),
        told,
        opened_by(case, units, place),
        units,
        who.name,
        who.post.unit.code,
        now,
        printed(now, ROLES[who.role], place.signed()),
        qr,
    )
    return files.printed("surat", sheet, place, "salinan-data")


HANDLERS: tuple[Any, ...] = (whole_copy,)
