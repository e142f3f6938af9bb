"""Who somebody is, for an inspector who was sent to look: per assignment, with a reason, and noted."""

from __future__ import annotations

from uuid import UUID

from domain.labels import label
from projections.people import Found
from service import access
from service.access import Who
from service.assignments import Assignment
from service.places import Place
from service.problems import Trouble

REASONS = ("orangnya-ada", "penerima-pmt", "pengaduan", "temuan", "permintaan-keluarga")
"""Why somebody's identity is opened. A closed list: in free text stand names, and the log of reads forgets nobody."""


def assigned(place: Place, who: Who, desa: str) -> tuple[Assignment, ...]:
    """The assignments under which this inspector may see today who people of a desa are."""
    if who.role not in access.AUDITS:
        return ()
    units = place.accounts.units()
    return tuple(a for a in place.assignments.of(who.account, place.now().date()) if a.covers(desa, units))


def unmasked(place: Place, who: Who, case: UUID, assignment: UUID | None, reason: str) -> Found:
    """The identity of a case, whole. Noted as "identity" with the letter's number and the reason before it is given.

    Raises where this inspector has no assignment for it today, or gives no reason.
    """
    if who.role not in access.AUDITS:
        raise Trouble(403, "not-allowed")
    found = place.identity(who, case)
    if found is None:
        raise Trouble(404, "not-found")
    letter = next((a for a in assigned(place, who, found.desa) if a.id == assignment), None)
    if letter is None:
        raise Trouble(403, "not-assigned")
    if reason not in REASONS:
        raise Trouble(400, "unmask-reason")
    place.reads.note(who, [case], "identity", f"{letter.letter}: {label(reason)}")
    return found
