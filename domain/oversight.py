"""What a unit's story tells of supervision: visits, load, audits, evidence, files that differ, breaches, officers."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from domain.case import (
    SYSTEM,
    Act,
    Envelope,
    Event,
    Personal,
    Refused,
    Role,
    Sealed,
    TaskReassigned,
    TaskSetAside,
    asks,
    done,
)

# What can have happened


class SupervisionVisited(Event, frozen=True, tag="desa.supervision-visited"):
    """Somebody came to see how the work goes: at a posyandu, or in the desa as a whole."""

    visitors: tuple[Literal["bidan", "puskesmas", "kecamatan", "kabupaten"], ...]
    posyandu: str | None = None
    remeasured: int = 0
    """Children measured a second time."""
    personal: Personal | Sealed | None = None


class WorkloadCounted(Event, frozen=True, tag="desa.workload-counted"):
    """How many tasks stood open and late at a desk of a unit, as its list said on that day."""

    desk: Role
    unit: str
    open: int
    late: int


class WorkShared(Event, frozen=True, tag="desa.work-shared"):
    """A plan for a desk that has too much."""

    desk: Role
    unit: str
    how: tuple[Literal["dialihkan", "ditambah-petugas", "dikerjakan-bersama", "jadwal-diubah", "lainnya"], ...]
    personal: Personal | Sealed | None = None


class AuditCaseSelected(Event, frozen=True, tag="desa.audit-case-selected"):
    """A case was chosen for the stunting audit (AKS) of a semester."""

    semester: date
    """Any day of it."""
    audited: UUID
    """Number of the case."""
    who: Literal["catin", "bumil", "bufas", "baduta", "balita"]


class AuditLine(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line of the follow-up (RTL) of an audit: what, by which desk, until when, with whose money."""

    id: UUID
    what: Literal[
        "rujukan", "makanan-tambahan", "jamban", "air-bersih", "bantuan-sosial", "pendampingan", "penyuluhan", "jkn",
        "kb", "data", "lainnya",
    ]  # fmt: skip
    desk: Literal["desa", "bidan", "puskesmas-tpg", "puskesmas-dr", "kecamatan", "kabupaten"] = "desa"
    due: date | None = None
    funding: Literal["dana-desa", "add", "bok", "dak-nonfisik", "apbd", "mitra", "swadaya"] | None = None


class AuditFindingRecorded(Event, frozen=True, tag="desa.audit-finding-recorded"):
    """What an audit found in this unit, and what is to be done about it."""

    audited: UUID | None = None
    """The case it is about, where it is about one."""
    lines: tuple[AuditLine, ...] = ()
    personal: Personal | Sealed | None = None


class AuditLineDone(Event, frozen=True, tag="desa.audit-line-done"):
    """A line of the follow-up was done."""

    line: UUID
    personal: Personal | Sealed | None = None


class Explained(Event, frozen=True, tag="desa.explained"):
    """A desk said why a task of this rule stands as it does."""

    rule: str
    key: str
    reason: Literal["catatan-terlambat", "barang-terlambat", "dana-belum-cair", "petugas-tidak-ada", "lain"]
    personal: Personal | Sealed | None = None


class EvidenceRequested(Event, frozen=True, tag="desa.evidence-requested"):
    """The inspectorate asks this unit for proof, under a letter of assignment."""

    request: UUID
    what: tuple[Literal["makanan-tambahan", "anggaran", "data-bulan", "sesi-posyandu", "rujukan", "lainnya"], ...]
    letter: str
    first: date | None = None
    last: date | None = None
    """The days it is about."""


class EvidenceProvided(Event, frozen=True, tag="desa.evidence-provided"):
    """The proof was handed over; `digest` is the SHA-256 of the pack."""

    request: UUID
    digest: str | None = None


class ExportCompared(Event, frozen=True, tag="desa.export-compared"):
    """An e-PPGBM export was held against the stories."""

    month: date
    rows: int
    differing: int
    widest: float = 0.0
    """The largest difference of a z-score."""


class DifferenceResolved(Event, frozen=True, tag="desa.difference-resolved"):
    """Somebody else found out why an export differed, and put it right."""

    month: date
    how: Literal["eppgbm-dibetulkan", "catatan-dibetulkan", "keduanya-dibetulkan", "beda-cara-hitung"]
    personal: Personal | Sealed | None = None


class ImportRowsRejected(Event, frozen=True, tag="desa.import-rows-rejected"):
    """Rows of a file could not be taken in."""

    file: str
    """SHA-256 of the file."""
    rows: tuple[int, ...]


class ImportRowsResolved(Event, frozen=True, tag="desa.import-rows-resolved"):
    """Rejected rows were mended and taken in, or dropped with a reason."""

    file: str
    rows: tuple[int, ...]
    how: Literal["diperbaiki", "dobel", "bukan-sasaran", "pindah-keluar", "meninggal", "tidak-ditemukan", "lain"]
    personal: Personal | Sealed | None = None


class BreachDetected(Event, frozen=True, tag="desa.breach-detected"):
    """A phone was lost, or somebody saw what they should not."""

    breach: UUID
    what: Literal["hp-hilang", "akun-disalahgunakan", "data-tersebar", "salah-kirim", "lainnya"]
    people: int | None = None
    personal: Personal | Sealed | None = None


class BreachNotified(Event, frozen=True, tag="desa.breach-notified"):
    """The keys were revoked, and the people concerned and the authority told (UU 27/2022 art. 46)."""

    breach: UUID
    revoked: bool
    subjects: bool
    authority: bool


class OfficerLeft(Event, frozen=True, tag="desa.officer-left"):
    """Somebody leaves a post in this unit. The name is sealed."""

    leaving: UUID
    desk: Role
    personal: Personal | Sealed | None = None


class AccessReviewed(Event, frozen=True, tag="desa.access-reviewed"):
    """The account of who left was ended, and the open tasks were handed over."""

    leaving: UUID
    ended: bool
    handed: bool


# What can be asked


Doubt = Literal[
    "pmt-untuk-yang-pindah", "pmt-untuk-yang-meninggal", "foto-atau-nik-sama", "angka-sama", "lokasi-jauh",
    "dicatat-malam", "lain", "satu-detik", "angka-tetap", "berat-bulat", "tinggi-bulat", "banyak-terlambat",
    "dua-pmt", "dicocokkan-sendiri",
]  # fmt: skip
"""What is asked about."""


class Counted(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The numbers of a pattern that the system found: how many of how many, and on which days."""

    count: int
    of: int | None = None
    usual: int | None = None
    """How many of them it is where nothing is to be asked."""
    first: date | None = None
    last: date | None = None
    """The days it is about."""
    kg: float | None = None
    within: int | None = None
    """Days after which an entry is late, or how often in a row a child was measured."""
    hours: tuple[int, ...] = ()
    """From which hour of the night until which."""


class IntegrityFlagRaised(Event, frozen=True, tag="desa.integrity-flag-raised"):
    """A pattern that calls for a question, not an accusation. `concerns` is the account whose entries it is about."""

    flag: UUID
    pattern: Doubt
    posyandu: str | None = None
    concerns: str | None = None
    cases: tuple[UUID, ...] = ()
    found: Counted | None = None
    """None where a person raised it."""
    positions: tuple[int, ...] = ()
    """Where the entries behind it stand in the log, as many as a page can show."""


class IntegrityFlagResolved(Event, frozen=True, tag="desa.integrity-flag-resolved"):
    """Somebody whom it does not concern looked into it, with proof."""

    flag: UUID
    finding: Literal["wajar", "keliru-mencatat", "perlu-tindakan"]


VisitToSupervise = asks(SupervisionVisited, "VisitToSupervise", "desa.visit-to-supervise")
CountWorkload = asks(WorkloadCounted, "CountWorkload", "desa.count-workload")
ShareWork = asks(WorkShared, "ShareWork", "desa.share-work")
SelectAuditCase = asks(AuditCaseSelected, "SelectAuditCase", "desa.select-audit-case")
RecordFinding = asks(AuditFindingRecorded, "RecordFinding", "desa.record-finding")
FinishAuditLine = asks(AuditLineDone, "FinishAuditLine", "desa.finish-audit-line")
Explain = asks(Explained, "Explain", "desa.explain")
RequestEvidence = asks(EvidenceRequested, "RequestEvidence", "desa.request-evidence")
ProvideEvidence = asks(EvidenceProvided, "ProvideEvidence", "desa.provide-evidence")
CompareExport = asks(ExportCompared, "CompareExport", "desa.compare-export")
ResolveDifference = asks(DifferenceResolved, "ResolveDifference", "desa.resolve-difference")
RejectImportRows = asks(ImportRowsRejected, "RejectImportRows", "desa.reject-import-rows")
ResolveImportRows = asks(ImportRowsResolved, "ResolveImportRows", "desa.resolve-import-rows")
DetectBreach = asks(BreachDetected, "DetectBreach", "desa.detect-breach")
NotifyBreach = asks(BreachNotified, "NotifyBreach", "desa.notify-breach")
SayOfficerLeft = asks(OfficerLeft, "SayOfficerLeft", "desa.say-officer-left")
ReviewAccess = asks(AccessReviewed, "ReviewAccess", "desa.review-access")
RaiseFlag = asks(IntegrityFlagRaised, "RaiseFlag", "desa.raise-flag")
ResolveFlag = asks(IntegrityFlagResolved, "ResolveFlag", "desa.resolve-flag")

EVENTS: tuple[type[Event], ...] = (
    SupervisionVisited, WorkloadCounted, WorkShared, AuditCaseSelected, AuditFindingRecorded, AuditLineDone, Explained,
    EvidenceRequested, EvidenceProvided, ExportCompared, DifferenceResolved, ImportRowsRejected, ImportRowsResolved,
    BreachDetected, BreachNotified, OfficerLeft, AccessReviewed, IntegrityFlagRaised,
    IntegrityFlagResolved,
)  # fmt: skip
COMMANDS = (
    VisitToSupervise, CountWorkload, ShareWork, SelectAuditCase, RecordFinding, FinishAuditLine, Explain,
    RequestEvidence, ProvideEvidence, CompareExport, ResolveDifference, RejectImportRows, ResolveImportRows,
    DetectBreach, NotifyBreach, SayOfficerLeft, ReviewAccess, RaiseFlag,
    ResolveFlag,
)  # fmt: skip

_ANY = frozenset({"desa", "puskesmas", "kecamatan", "kabupaten"})
_PUSKESMAS = frozenset({"puskesmas"})

TAKEN_AT: dict[type[Event], frozenset[str]] = {
    **dict.fromkeys(EVENTS, _ANY),
    SupervisionVisited: frozenset({"desa"}),
    WorkloadCounted: _PUSKESMAS,
    WorkShared: _PUSKESMAS,
    AuditCaseSelected: frozenset({"kecamatan"}),
    AuditFindingRecorded: frozenset({"desa"}),
    AuditLineDone: frozenset({"desa"}),
    EvidenceRequested: frozenset({"desa", "puskesmas", "kecamatan"}),
    EvidenceProvided: frozenset({"desa", "puskesmas", "kecamatan"}),
    ExportCompared: _PUSKESMAS,
    DifferenceResolved: _PUSKESMAS,
    ImportRowsRejected: _PUSKESMAS,
    ImportRowsResolved: _PUSKESMAS,
    IntegrityFlagRaised: frozenset({"desa"}),
    IntegrityFlagResolved: frozenset({"desa"}),
    OfficerLeft: frozenset({"desa", "puskesmas"}),
    AccessReviewed: frozenset({"desa", "puskesmas"}),
}
"""A breach is told of where it happened; all the rest stands where the desk that answers for it looks."""

# What is refused


def check(acts: tuple[Act, ...], event: Event, by: Envelope) -> None:
    """Refuses an answer to what nobody asked, and a difference settled by whoever found it."""
    match event:
        case AuditLineDone() if event.line not in {line.id for line, _ in open_lines(acts)}:
            raise Refused("nothing-open-by-this-number")
        case EvidenceProvided() if event.request not in still_open(acts, EvidenceRequested, EvidenceProvided):
            raise Refused("nothing-open-by-this-number")
        case BreachNotified() if event.breach not in _numbers(acts, BreachDetected):
            raise Refused("nothing-open-by-this-number")
        case AccessReviewed() if event.leaving not in _numbers(acts, OfficerLeft):
            raise Refused("nothing-open-by-this-number")
        case ImportRowsResolved() if not set(event.rows) <= set(open_rows(acts).get(event.file, ())):
            raise Refused("no-such-rows")
        case IntegrityFlagRaised() if event.flag in _numbers(acts, IntegrityFlagRaised):
            raise Refused("flag-raised-already")  # or it could be said anew whom it concerns
        case IntegrityFlagRaised() if by.actor != SYSTEM and (event.found is not None or event.positions):
            raise Refused("flag-found-by-system")  # or anybody could point a reader at entries elsewhere
        case IntegrityFlagResolved():
            _check_answer(acts, event.flag, by)
        case DifferenceResolved():
            compared = [a for a in done(acts, ExportCompared) if _month(a.event.month) == _month(event.month)]  # type: ignore[attr-defined]
            if not compared:
                raise Refused("not-compared")
            if compared[-1].actor == by.actor:
                raise Refused("resolve-own-comparison")


def check_put_off(acts: tuple[Act, ...], event: TaskSetAside | TaskReassigned, by: Envelope) -> None:
    """Putting a question off, or handing it on, is for those who may answer it."""
    flag = next((n for n in _numbers(acts, IntegrityFlagRaised) if str(n) == event.key), None)
    if flag is not None:
        _check_answer(acts, flag, by)


def check_mending(wrong: Event, by: Envelope) -> None:
    """Whom a question concerns does not take it back either, whoever raised it."""
    if isinstance(wrong, IntegrityFlagRaised) and by.actor == wrong.concerns:
        raise Refused("resolve-own-flag")


ANSWERING: frozenset[Role] = frozenset({"kecamatan", "kabupaten"})
"""Who may answer a question about entries: nobody of the desa, since they work with whom it concerns."""


def _check_answer(acts: tuple[Act, ...], flag: UUID, by: Envelope) -> None:
    raised = _numbers(acts, IntegrityFlagRaised).get(flag)
    if raised is None:
        raise Refused("nothing-open-by-this-number")
    if by.actor == raised.event.concerns:  # type: ignore[attr-defined]
        raise Refused("resolve-own-flag")
    if by.role not in ANSWERING:
        raise Refused("flag-for-kecamatan")


def open_lines(acts: tuple[Act, ...]) -> tuple[tuple[AuditLine, Act], ...]:
    """Lines of audits that nobody has done, each with its finding."""
    finished = {a.event.line for a in done(acts, AuditLineDone)}  # type: ignore[attr-defined]
    found = ((line, a) for a in done(acts, AuditFindingRecorded) for line in a.event.lines)  # type: ignore[attr-defined]
    return tuple((line, a) for line, a in found if line.id not in finished)


def open_rows(acts: tuple[Act, ...]) -> dict[str, tuple[int, ...]]:
    """Rejected rows that nobody has mended or dropped, by file."""
    left: dict[str, tuple[int, ...]] = {}
    for act in done(acts, ImportRowsRejected):
        left[act.event.file] = (*left.get(act.event.file, ()), *act.event.rows)  # type: ignore[attr-defined]
    for act in done(acts, ImportRowsResolved):
        event = act.event
        assert isinstance(event, ImportRowsResolved)
        left[event.file] = tuple(row for row in left.get(event.file, ()) if row not in event.rows)
    return {file: rows for file, rows in left.items() if rows}


_NUMBER: dict[type[Event], str] = {
    EvidenceRequested: "request", EvidenceProvided: "request", BreachDetected: "breach", BreachNotified: "breach",
    OfficerLeft: "leaving", AccessReviewed: "leaving", IntegrityFlagRaised: "flag", IntegrityFlagResolved: "flag",
}  # fmt: skip


def _numbers(acts: tuple[Act, ...], event: type[Event]) -> dict[UUID, Act]:
    return {getattr(a.event, _NUMBER[event]): a for a in done(acts, event)}


def still_open(acts: tuple[Act, ...], asked: type[Event], answered: type[Event]) -> dict[UUID, Act]:
    """What was asked under a number and not wholly answered: an answer that says no to one of its parts is none."""
    answers = {
        number: a
        for number, a in _numbers(acts, answered).items()
        if False not in (getattr(a.event, name) for name in a.event.__struct_fields__)
    }
    return {number: a for number, a in _numbers(acts, asked).items() if number not in answers}


def _month(day: date) -> tuple[int, int]:
    return (day.year, day.month)
