"""The pages of the inspectorate: to find, to read the trail, and to read a story with its proof."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from msgspec import Struct

from domain import desa as desas
from domain import figures, stories
from domain.case import SYSTEM, Case, Role, done
from domain.labels import KINDS, ROLES
from domain.oversight import EvidenceRequested
from domain.person import Person
from domain.refusals import refusal
from domain.sentences import WHAT
from domain.stories import TOPICS
from projections import people, trail
from service import access, ledger, unmasking
from service.access import Units, Who
from service.api import reads
from service.api.asked import numbered
from service.api.audit import PAGE, Event, check, kinds_of, of_case, trailed, wanted
from service.letters.readers import Opening
from service.notes import Checkpoint
from service.places import Place
from service.proofs import State
from service.reads import Read

# What there is


@get("/inspektorat", include_in_schema=False, sync_to_thread=True)
def home_page(who: NamedDependency[Who], place: NamedDependency[Place], q: FromQuery[str] = "") -> Template:
    """Look for a case, an event, an officer or a place; and how the ledger stands."""
    check(who)
    text = q.strip()[:100]
    with place.connection() as conn:
        error = ledger.error(conn, place.schema)
    return Template(
        "inspektorat.html",
        context={
            "who": who,
            "q": text,
            "hits": list(_hits(who, place, text)) if text else [],
            "by_nik": refusal("nik-needs-letter", {}) if people.whole_nik(text) else "",
            "signed": _signed(place.signed(), place),
            "code": place.tenant.code,
            "desks": access.DESKS[who.role],
            "error": error,
        },
    )


class Signed(Struct, frozen=True):
    """The newest checkpoint in words."""

    size: str
    at: str
    root: str
    """As it stands in the checkpoint itself, to be compared by eye."""


def _signed(last: Checkpoint | None, place: Place) -> Signed | None:
    if last is None:
        return None
    at = last.at.astimezone(place.tenant.zone)
    root = base64.b64encode(last.root).decode()
    return Signed(f"{last.size:,}".replace(",", "."), f"{figures.day(at.date())} pukul {at:%H.%M}", root)


class Hit(Struct, frozen=True):
    """Something that was found."""

    href: str
    name: str
    line: str


def _hits(who: Who, place: Place, text: str) -> Iterator[Hit]:
    """By what was typed: the number of a case or an entry, a position, a NIK, the name of an officer or of a unit."""
    digits = text.replace(".", "").replace(" ", "")
    if (nik := people.whole_nik(text)) is not None:
        yield from _by_nik(who, place, nik)
        return
    if (number := numbered(text.rpartition("/")[2])) is not None:
        yield from _by_number(place, number)
        return
    if digits.isdecimal() and len(digits) < 10:
        yield from _by_position(place, int(digits))
    units = place.accounts.units()
    for unit in units.values():
        if text.lower() in unit.name.lower() or unit.code == text:
            href = f"/inspektorat/kasus/{desas.number(unit.code)}" if unit.kind in access.STORIED else ""
            yield Hit(href or f"/inspektorat/jejak?unit={unit.code}", unit.name, f"{unit.kind}, kode {unit.code}")
    for officer in place.accounts.officers(text):
        yield Hit(f"/inspektorat/jejak?petugas={officer.id}", officer.name, f"petugas, nama pengguna {officer.login}")


def _by_nik(who: Who, place: Place, nik: str) -> Iterator[Hit]:
    """Only where a letter of assignment holds: whoever may try numbers could find out whose a covered case is."""
    cases = place.by_nik(nik)
    place.reads.note(who, list(cases) or [None], "search")
    for case in cases:
        state = stories.fold(place.story(case))
        if state is not None and unmasking.assigned(place, who, state.desa):
            yield Hit(f"/inspektorat/kasus/{case}", "Kasus dengan NIK ini", f"nomor {case}")


def _by_number(place: Place, number: UUID) -> Iterator[Hit]:
    with place.connection() as conn:
        length = trail.length(conn, place.schema, number)
        positions = trail.entry_positions(conn, place.schema, number)
        told = trail.case_at(conn, place.schema, positions[0]) if positions else None
    if length:
        yield Hit(f"/inspektorat/kasus/{number}", "Kasus", f"{length} catatan, nomor {number}")
    if told is not None and positions is not None:
        yield Hit(f"/inspektorat/kasus/{told[0]}?sesudah={told[1] - 1}", "Kiriman", f"posisi {positions[0]} dalam buku")


def _by_position(place: Place, position: int) -> Iterator[Hit]:
    with place.connection() as conn:
        told = trail.case_at(conn, place.schema, position)
    if told is not None:
        yield Hit(f"/inspektorat/kasus/{told[0]}?sesudah={told[1] - 1}", f"Posisi {position}", f"kasus {told[0]}")


# The trail


class Row(Struct, frozen=True):
    """An event as the pages show it."""

    position: int
    version: int
    href: str
    says: str
    on: date | None
    recorded: str
    late: int
    by: str
    more: str
    digest: str
    state: State | None


@get("/inspektorat/jejak", include_in_schema=False, sync_to_thread=True)
def trail_page(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    kasus: FromQuery[str] = "",
    petugas: FromQuery[str] = "",
    jabatan: FromQuery[str] = "",
    unit: FromQuery[str] = "",
    jenis: FromQuery[str] = "",
    dari: FromQuery[str] = "",
    sampai: FromQuery[str] = "",
    sebelum: FromQuery[int | None] = None,
) -> Template:
    """What was recorded, the newest first, by whom and where."""
    check(who)
    form = _read(
        place, True, kasus=kasus, petugas=petugas, jabatan=jabatan, unit=unit, jenis=jenis, dari=dari, sampai=sampai
    )
    found = None
    if not form.wrong:
        sought = wanted(place, form.case, form.actor, form.role, form.unit, form.kind, form.since, form.until)
        place.reads.note(who, [form.case], "trail")
        found = trailed(place, sought, sebelum, PAGE)
    units = place.accounts.units()
    return Template(
        "inspektorat-jejak.html",
        context={
            **_on_page(form, who, units),
            "rows": [_row(one, units, place) for one in found.events] if found else [],
            "more": _further(form, "sebelum", found.after if found else None),
            "export": _exported(form, "case", "actor", "role", "unit", "kind", "since", "until"),
            "kinds": _KINDS,
            "officer": place.accounts.called([form.actor]).get(form.actor, form.actor),
        },
    )


class Form(Struct, frozen=True):
    """What was typed into the form that narrows, and what of it was understood."""

    typed: Mapping[str, str]
    case: UUID | None
    actor: str
    account: UUID | None
    role: Role | None
    unit: str
    kind: str
    since: date | None
    until: date | None
    wrong: str
    """What of it cannot be read, in a sentence."""


def _read(place: Place, anybody: bool, **fields: str) -> Form:
    """With `anybody`, an actor need be no account: the system and the operator record too."""
    typed = {name: value.strip() for name, value in fields.items()}
    actor, unit, kind = typed["petugas"], typed["unit"], typed.get("jenis", "")
    case, account = numbered(typed["kasus"].rpartition("/")[2]), numbered(actor)
    role, since, until = _role(typed["jabatan"]), _day(typed["dari"]), _day(typed["sampai"])
    read = {
        "kasus": case, "petugas": account or anybody, "jabatan": role, "unit": unit in place.accounts.units(),
        "jenis": kinds_of(kind), "dari": since, "sampai": until,
    }  # fmt: skip
    wrong = next((_WRONG[name] for name, value in typed.items() if value and not read[name]), "")
    return Form(typed, case, actor, account, role, unit, kind, since, until, wrong)


_WRONG = {
    "kasus": "Nomor kasus tidak terbaca.",
    "petugas": "Petugas tidak dikenal.",
    "jabatan": "Jabatan tidak dikenal.",
    "unit": "Wilayah tidak dikenal.",
    "jenis": "Jenis catatan tidak dikenal.",
    "dari": "Tanggal awal tidak terbaca.",
    "sampai": "Tanggal akhir tidak terbaca.",
}


def _on_page(form: Form, who: Who, units: Units) -> dict[str, Any]:
    return {
        "who": who,
        "asked": form.typed,
        "wrong": form.wrong,
        "roles": list(ROLES.items()),
        "units": sorted((unit.code, unit.name) for unit in units.values()),
    }


def _further(form: Form, name: str, after: Any) -> str:
    """The same question from there on."""
    here = {field: text for field, text in form.typed.items() if text}
    return f"?{urlencode({**here, name: after})}" if after else ""


def _exported(form: Form, *names: str) -> str:
    """The same question as the door for files asks it."""
    return urlencode({name: value for name in names if (value := getattr(form, name))})


def _role(text: str) -> Role | None:
    return next((role for role in ROLES if role == text), None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_KINDS = sorted(((topic, WHAT[event]) for event, topic in TOPICS.items()), key=lambda pair: pair[1])


def _row(one: Event, units: Units, place: Place) -> Row:
    at = one.recorded_at.astimezone(place.tenant.zone)
    href = f"/inspektorat/kasus/{one.case}?sesudah={one.version - 1}"
    recorded = f"{figures.day(at.date())} pukul {at:%H.%M.%S}"
    if one.withheld:
        says = "Catatan yang tertutup bagi selain tenaga kesehatan. Yang tampak hanya sidiknya."
        return Row(one.position, one.version, href, says, None, recorded, 0, "", "", one.digest, one.state)
    unit = units[one.unit].name if one.unit in units else one.unit
    who = "sistem" if one.actor == SYSTEM else f"{one.name or _account(one.actor)}, {ROLES.get(one.role, one.role)}"  # type: ignore[call-overload]
    more = f"kiriman {one.entry}, edisi {one.edition}" + (f", perangkat {one.device}" if one.device else "")
    by = who + (f", {unit}" if unit else "")
    return Row(one.position, one.version, href, one.says, one.on, recorded, one.late, by, more, one.digest, one.state)


def _account(actor: str) -> str:
    """An account that is none of ours today."""
    return f"akun {actor[:8]}"


# Who looked


@get("/inspektorat/pembuka", include_in_schema=False, sync_to_thread=True)
def reads_page(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    petugas: FromQuery[str] = "",
    jabatan: FromQuery[str] = "",
    unit: FromQuery[str] = "",
    kasus: FromQuery[str] = "",
    dari: FromQuery[str] = "",
    sampai: FromQuery[str] = "",
    sesudah: FromQuery[str] = "",
) -> Template:
    """Who opened what in this kabupaten, the newest first."""
    check(who)
    form = _read(place, False, kasus=kasus, petugas=petugas, jabatan=jabatan, unit=unit, dari=dari, sampai=sampai)
    found: tuple[Read, ...] = ()
    more = None
    if not form.wrong:
        narrow = reads.sought(who, place, form.account, form.role, form.unit, form.case, None, form.since, form.until)
        found, more = reads.paged(place, narrow, sesudah or None, PAGE)
    units = place.accounts.units()
    names = place.accounts.called({str(read.account) for read in found} | {form.actor})
    return Template(
        "inspektorat-pembuka.html",
        context={
            **_on_page(form, who, units),
            "lines": [_looked(read, names, units, place) for read in found],
            "more": _further(form, "sesudah", more),
            "export": _exported(form, "account", "role", "unit", "case", "since", "until"),
            "officer": names.get(form.actor, form.actor),
        },
    )


class Looked(Struct, frozen=True):
    """Somebody who opened something, as the page shows it."""

    account: UUID
    name: str
    case: UUID | None
    opening: Opening


def _looked(read: Read, names: Mapping[str, str], units: Units, place: Place) -> Looked:
    name = names.get(str(read.account), str(read.account))
    return Looked(read.account, name, read.case, reads.opening(read, units, place))


# Evidence


@get("/inspektorat/bukti", include_in_schema=False, sync_to_thread=True)
def evidence_page(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    kasus: FromQuery[str] = "",
    desa: FromQuery[str] = "",
    triwulan: FromQuery[str] = "",
    titik: FromQuery[str] = "",
) -> Template:
    """Which pack: of a case, of one of its PMT cycles, of a desa's quarter, or the answer to a request."""
    check(who)
    case = numbered(kasus.strip().rpartition("/")[2])
    units, today = place.accounts.units(), place.now().date()
    packs = list(_packs(place, case, desa, triwulan))
    sizes = [part for part in re.split(r"[\s,.;]+", titik) if part.isdecimal()]
    kept = "?" + urlencode([("size", size) for size in sizes]) if sizes else ""
    return Template(
        "inspektorat-bukti.html",
        context={
            "who": who,
            "case": kasus.strip(),
            "desa": desa,
            "quarter": triwulan,
            "kept": titik,
            "asked": bool(kasus or desa),
            "packs": [(href + kept, name) for href, name in packs],
            "desas": sorted((u.code, u.name) for u in units.values() if u.kind == "desa"),
            "quarters": list(_quarters(today)),
        },
    )


def _packs(place: Place, case: UUID | None, code: str, quarter: str) -> Iterator[tuple[str, str]]:
    if case is not None:
        story = place.story(case)
        if story:
            yield f"/evidence/cases/{case}.zip", "Seluruh riwayat kasus ini"
            state = stories.fold(story)
            for cycle in state.cycles if isinstance(state, Person) else ():
                yield f"/evidence/cases/{case}/pmt/{cycle.number}.zip", f"Siklus PMT ke-{cycle.number}"
    units = place.accounts.units()
    if code in units and units[code].kind == "desa":
        if quarter:
            yield f"/evidence/desa/{code}/{quarter}.zip", f"{units[code].name}, triwulan {quarter.replace('-', ' / ')}"
        state = stories.fold(place.story(desas.number(code)))
        for request, letter in _requests(state):
            yield f"/evidence/requests/{code}/{request}.zip", f"Jawaban permintaan bukti, surat tugas {letter}"


def _requests(state: Case | None) -> Iterator[tuple[UUID, str]]:
    for act in done(state.acts, EvidenceRequested) if state is not None else ():
        event = act.event
        assert isinstance(event, EvidenceRequested)
        yield event.request, event.letter


def _quarters(today: date) -> Iterator[tuple[str, str]]:
    """The running one and the seven before it."""
    year, quarter = today.year, (today.month + 2) // 3
    for _ in range(8):
        yield f"{year}-{quarter}", f"Triwulan {quarter} {year}"
        year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)


# One case


@get("/inspektorat/kasus/{case:uuid}", include_in_schema=False, sync_to_thread=True)
def case_page(
    case: FromPath[UUID], who: NamedDependency[Who], place: NamedDependency[Place], sesudah: FromQuery[int] = 0
) -> Template:
    """A story with its envelope, event by event, and whether each stands in the ledger as it was signed."""
    check(who)
    found = of_case(place, case, max(sesudah, 0), PAGE)
    place.reads.note(who, [case], "trail")
    units = place.accounts.units()
    return Template(
        "inspektorat-kasus.html",
        context={
            "who": who,
            "case": case,
            "kind": KINDS[found.kind],
            "person": found.kind != "desa",
            "total": found.total,
            "rows": [_row(one, units, place) for one in found.events],
            "first": f"/inspektorat/kasus/{case}" if sesudah > 0 else "",
            "more": f"/inspektorat/kasus/{case}?sesudah={found.after}" if found.after else "",
            "proof": found.proof,
            "signed": _signed(place.signed(), place),
        },
    )


HANDLERS: tuple[Any, ...] = (home_page, trail_page, reads_page, evidence_page, case_page)
