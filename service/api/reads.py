"""Who opened what: of one case for those who answer for it and the family, of the kabupaten for the inspectorate."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream, Template
from msgspec import Struct

from domain.case import Role
from domain.labels import ROLES, label
from service.access import Units, Who
from service.api import files
from service.api.asked import begins, ends, with_all_below
from service.api.audit import check
from service.api.cases import own_or_404
from service.api.subject import subject
from service.letters.readers import Opening, readers_sheet
from service.letters.wording import printed
from service.places import Opened, Place
from service.problems import Trouble
from service.reads import Key, Narrow, Read

LOOKERS: frozenset[Role] = frozenset({"bidan", "puskesmas-tpg", "puskesmas-dr", "inspektorat"})
"""Who may see who opened a case: those of them who answer for it, so that the family can be told, and the inspectorate.

The read log as a whole is for the inspectorate alone: whoever runs the accounts does not also watch over them."""

PAGE = 100

# Of one case


class CaseReads(Struct, frozen=True):
    """Who opened a case, newest first; ask with `after` for those before."""

    reads: tuple[Read, ...]
    after: str | None


@get("/cases/{case:uuid}/reads", sync_to_thread=True, tags=["cases"])
def case_reads(
    case: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = PAGE,
) -> CaseReads:
    """Every time this case was opened or came up in a search: by which account, in which post, what of it, and why."""
    _open(who, place, case)
    return CaseReads(*paged(place, Narrow(case=case), after, limit))


@get("/kasus/{case:uuid}/pembuka", include_in_schema=False, sync_to_thread=True)
def readers_page(
    case: FromPath[UUID], who: NamedDependency[Who], place: NamedDependency[Place], sesudah: FromQuery[str] = ""
) -> Template:
    """Siapa yang membuka: role, unit, day and time, what, and why."""
    opened = _open(who, place, case)
    found, more = paged(place, Narrow(case=case), sesudah or None, PAGE)
    units = place.accounts.units()
    return Template(
        "pembuka.html",
        context={
            "who": who,
            "case": case,
            "subject": subject(opened, who, place),
            "lines": [opening(read, units, place) for read in found],
            "more": f"/kasus/{case}/pembuka?sesudah={more}" if more else "",
        },
    )


@get("/kasus/{case:uuid}/pembuka.pdf", include_in_schema=False, sync_to_thread=True)
def readers_paper(case: FromPath[UUID], who: NamedDependency[Who], place: NamedDependency[Place]) -> Response[bytes]:
    """The same for the family to take along. It names roles and units and no officer."""
    opened = _open(who, place, case)
    units = place.accounts.units()
    about, by = subject(opened, who, place), printed(place.now(), ROLES[who.role], place.signed())
    sheet = readers_sheet(about.name, about.line, opened_by(case, units, place), by)
    return files.printed("pembuka", sheet, place, "siapa-yang-membuka")


def opened_by(case: UUID, units: Units, place: Place) -> tuple[Opening, ...]:
    """Who opened a case of late, newest first, as many as go on a paper."""
    return tuple(opening(read, units, place) for read in place.reads.of_case(case))


def _open(who: Who, place: Place, case: UUID) -> Opened:
    """The case, where this post may see who else opened it. That they looked is noted like every other read."""
    if who.role not in LOOKERS:
        raise Trouble(403, "not-allowed")
    opened = own_or_404(who, place, case, "reads")
    place.reads.settle()
    return opened


def opening(read: Read, units: Units, place: Place) -> Opening:
    at = read.at.astimezone(place.tenant.zone)
    unit = units[read.unit].name if read.unit in units else read.unit
    why = read.why if read.what == "identity" else label(read.why)
    return Opening(at.date(), f"{at:%H.%M}", ROLES[cast(Role, read.role)], unit, _what(read.what), why)


def _what(code: str) -> str:
    return "dibaca sistem rumah sakit atau puskesmas" if code.startswith("fhir ") else _WHATS.get(code, code)


_WHATS: Mapping[str, str] = {
    "case": "data kasus",
    "page": "halaman kasus",
    "story": "riwayat",
    "growth": "catatan pertumbuhan",
    "form": "formulir kasus",
    "mend": "perbaikan catatan",
    "letter": "surat rujukan",
    "referral": "rujukan",
    "kin": "kasus ibu atau bayinya",
    "pair": "kasus yang mungkin orang yang sama",
    "transfer": "permintaan pindah",
    "search": "muncul dalam pencarian",
    "reads": "daftar siapa yang membuka",
    "evidence": "paket bukti",
    "read-log": "catatan siapa membuka apa",
    "trail": "jejak catatan",
    "trail-export": "jejak catatan, disimpan sebagai berkas",
    "asof": "keadaan pada hari yang lalu",
    "task-history": "riwayat tugas",
    "flag": "catatan di balik pertanyaan tentang data",
    "copy": "salinan data untuk keluarga",
    "emergency": "dibuka karena darurat",
    "identity": "identitas lengkap untuk pengawasan",
}
"""What of a case was opened, as a family understands it."""

# Of the kabupaten


class AuditReads(Struct, frozen=True):
    """The read log, newest first; ask with `after` for what is older. There is no limit of depth."""

    reads: tuple[Read, ...]
    after: str | None


@get("/audit/reads", sync_to_thread=True, tags=["audit"])
def audit_reads(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    account: FromQuery[UUID | None] = None,
    role: FromQuery[Role | None] = None,
    unit: FromQuery[str | None] = None,
    case: FromQuery[UUID | None] = None,
    what: FromQuery[str | None] = None,
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = PAGE,
) -> AuditReads:
    """Who opened what in this kabupaten. `unit` takes in all below it; days included. For the inspectorate alone."""
    narrow = sought(who, place, account, role, unit, case, what, since, until)
    return AuditReads(*paged(place, narrow, after, limit))


@get("/audit/reads/{shape:str}", sync_to_thread=True, tags=["audit"])
def audit_export(
    shape: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    account: FromQuery[UUID | None] = None,
    role: FromQuery[Role | None] = None,
    unit: FromQuery[str | None] = None,
    case: FromQuery[UUID | None] = None,
    what: FromQuery[str | None] = None,
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
) -> Stream:
    """The same as a file, `csv` or `jsonl`, written while it is read, so that any length takes the same memory."""
    files.known(shape)
    narrow = sought(who, place, account, role, unit, case, what, since, until)
    return files.rows(shape, "pembukaan-data", Read.__struct_fields__, place.reads.all(narrow))


def sought(
    who: Who,
    place: Place,
    account: UUID | None,
    role: Role | None,
    unit: str | None,
    case: UUID | None,
    what: str | None,
    since: date | None,
    until: date | None,
) -> Narrow:
    """What is looked for. That somebody looked through the log is noted in it."""
    check(who)
    units = with_all_below(unit, place.accounts.units())
    place.reads.note(who, [case], "read-log")
    place.reads.settle()
    return Narrow(account, role, units, case, what, begins(since, place), ends(until, place))


def paged(place: Place, narrow: Narrow, after: str | None, limit: int) -> tuple[tuple[Read, ...], str | None]:
    rows = min(max(limit, 1), 1000)
    found = place.reads.page(narrow, _key(after), rows + 1)
    return tuple(found[:rows]), _cursor(found[rows - 1]) if len(found) > rows else None


def _cursor(read: Read) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((read.at, read.id))).decode()


def _key(given: str | None) -> Key | None:
    if given is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(given), type=tuple[datetime, UUID])
    except (ValueError, msgspec.MsgspecError):
        raise Trouble(400, "bad-cursor") from None


def link(opened: Opened, who: Who) -> str:
    """Where the page of a case leads to the page of its readers."""
    return f"/kasus/{opened.case}/pembuka" if who.role in LOOKERS and opened.until is None else ""


HANDLERS: tuple[Any, ...] = (case_reads, readers_page, readers_paper, audit_reads, audit_export)
