"""Signs of supervision: load, visits, audits, evidence, files that differ, breaches, officers who leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec.structs import replace

from domain import figures
from domain.case import Act, Evidence, done
from domain.desa import Desa, Posyandu
from domain.labels import label, listed
from domain.oversight import (
    AccessReviewed,
    AuditCaseSelected,
    AuditLine,
    BreachDetected,
    BreachNotified,
    DifferenceResolved,
    EvidenceProvided,
    EvidenceRequested,
    Explained,
    ExportCompared,
    ImportRowsRejected,
    IntegrityFlagRaised,
    IntegrityFlagResolved,
    OfficerLeft,
    SupervisionVisited,
    WorkloadCounted,
    WorkShared,
    open_lines,
    open_rows,
    still_open,
)  # fmt: skip
from domain.questions import question
from domain.signs.calendar import DAY, MONTH, QUARTER, SEMESTER, first_open
from domain.signs.sign import DesaSign, rests_on


class Overloaded(DesaSign, frozen=True, tag="overloaded"):
    """At the last count a desk had more open tasks than this, or a larger share of them late; no plan made since."""

    open: int
    late: float

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        newest = {(a.event.desk, a.event.unit): a for a in done(desa.acts, WorkloadCounted)}  # type: ignore[attr-defined]
        shared = {(a.event.desk, a.event.unit): a for a in done(desa.acts, WorkShared)}  # type: ignore[attr-defined]
        return tuple(
            replace(
                rests_on([act], self._says(act), key="-".join(place)),
                place=place[1] if place[0] == "kader" else "",  # a kader's unit is a posyandu
            )
            for place, act in newest.items()
            if self._counts(act) and not (place in shared and shared[place].after(act.on, act.version))
        )

    def _counts(self, act: Act) -> bool:
        event = act.event
        assert isinstance(event, WorkloadCounted)
        return self.heavy(event.open, event.late)

    def heavy(self, open_: int, late: int) -> bool:
        """So many open and late tasks are too much for one desk."""
        return open_ > self.open or late > self.late * open_

    def _says(self, act: Act) -> str:
        event = act.event
        assert isinstance(event, WorkloadCounted)
        return (
            f"Meja {label(event.desk)} {event.unit}: {event.open} tugas terbuka, {event.late} terlambat "
            f"(batas {self.open} tugas atau {figures.number(self.late * 100)}% terlambat)."
        )


class NotSupervised(DesaSign, frozen=True, tag="not-supervised"):
    """In the first quarter not answered, bidan or puskesmas has not remeasured so many children at a posyandu."""

    remeasured: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        return tuple(self._of(desa, posyandu) for posyandu in desa.posyandus)

    def _of(self, desa: Desa, posyandu: Posyandu) -> Evidence:
        counted: dict[date, int] = {}
        for act in done(desa.acts, SupervisionVisited):
            event = act.event
            assert isinstance(event, SupervisionVisited)
            if event.posyandu == posyandu.code and {"bidan", "puskesmas"} & set(event.visitors):
                quarter = QUARTER.start(act.on)
                counted[quarter] = counted.get(quarter, 0) + event.remeasured
        full = [quarter for quarter, children in counted.items() if children >= self.remeasured]
        start = first_open(QUARTER, posyandu.since, full)
        says = f"Supervisi {QUARTER.name(start)}: {counted.get(start, 0)} dari {self.remeasured} anak diukur ulang."
        return Evidence(
            says=says,
            events=(),
            since=start,
            key=f"{posyandu.code}-{QUARTER.key(start)}",
            by=QUARTER.after(start) - DAY,
            place=posyandu.code,
        )


class AuditUnselected(DesaSign, frozen=True, tag="audit-unselected"):
    """No case was chosen for the stunting audit in the first semester without one."""

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        if desa.level != "kecamatan":
            return ()
        chosen = (a.event.semester for a in done(desa.acts, AuditCaseSelected))  # type: ignore[attr-defined]
        start = first_open(SEMESTER, desa.registered.on, chosen)
        says = f"Kasus audit stunting {SEMESTER.name(start)} belum dipilih."
        by = SEMESTER.after(start) - DAY
        return (Evidence(says=says, events=(), since=start, key=SEMESTER.key(start), by=by),)


class AuditLineOpen(DesaSign, frozen=True, tag="audit-line-open"):
    """A line of an audit's follow-up is not done; where it names no day, it has so many days."""

    days: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        return tuple(
            replace(
                rests_on([found], _line_says(line, found), key=str(line.id), branch=line.desk),
                by=_line_by(line, found, self.days),
            )
            for line, found in open_lines(desa.acts)
        )


class AuditLineLate(DesaSign, frozen=True, tag="audit-line-late"):
    """A line of an audit's follow-up was not done by its day, and nobody has explained it since."""

    days: int
    rule: str
    """The row whose explanation counts."""

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        return tuple(e for line, found in open_lines(desa.acts) for e in self._of(desa, line, found))

    def _of(self, desa: Desa, line: AuditLine, found: Act) -> Iterator[Evidence]:
        by = _line_by(line, found, self.days)
        said = (a for a in done(desa.acts, Explained) if (a.event.rule, a.event.key) == (self.rule, str(line.id)))  # type: ignore[attr-defined]
        if not any(a.on > by for a in said):
            says = f"{_line_says(line, found)} Batasnya {figures.day(by)}."
            yield Evidence(says=says, events=(found.version,), since=by + DAY, key=str(line.id))


def _line_by(line: AuditLine, found: Act, days: int) -> date:
    return line.due or found.on + timedelta(days=days)


def _line_says(line: AuditLine, found: Act) -> str:
    money = f", dana {label(line.funding)}" if line.funding else ""
    return f"Tindak lanjut audit {figures.day(found.on)}: {label(line.what)}{money}."


class EvidenceOwed(DesaSign, frozen=True, tag="evidence-owed"):
    """The inspectorate asked for proof and has not got it."""

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        asked = still_open(desa.acts, EvidenceRequested, EvidenceProvided)
        return tuple(
            rests_on([act], _asked_says(act), key=str(number), branch=desa.level) for number, act in asked.items()
        )


def _asked_says(act: Act) -> str:
    event = act.event
    assert isinstance(event, EvidenceRequested)
    days = f" dari {figures.day(event.first)} sampai {figures.day(event.last)}" if event.first and event.last else ""
    return f"Inspektorat meminta bukti {listed(event.what)}{days}, surat tugas {event.letter}."


class ExportDiffers(DesaSign, frozen=True, tag="export-differs"):
    """An e-PPGBM export differs from the stories in more than this share of rows, or by more than this z-score."""

    share: float
    z: float

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        newest = {MONTH.key(a.event.month): a for a in done(desa.acts, ExportCompared)}  # type: ignore[attr-defined]
        solved = {MONTH.key(a.event.month): a for a in done(desa.acts, DifferenceResolved)}  # type: ignore[attr-defined]
        return tuple(
            rests_on([act], _differs(act), key=month)
            for month, act in newest.items()
            if self._counts(act) and not (month in solved and solved[month].after(act.on, act.version))
        )

    def _counts(self, act: Act) -> bool:
        event = act.event
        assert isinstance(event, ExportCompared)
        return event.differing > self.share * event.rows or event.widest > self.z


def _differs(act: Act) -> str:
    event = act.event
    assert isinstance(event, ExportCompared)
    return (
        f"Ekspor e-PPGBM {figures.month(event.month)}: {event.differing} dari {event.rows} baris berbeda, "
        f"beda z-skor terbesar {figures.z(event.widest)}."
    )


class ImportRowsOpen(DesaSign, frozen=True, tag="import-rows-open"):
    """Rows of an imported file were rejected, and neither mended nor dropped."""

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        left = open_rows(desa.acts)
        told = done(desa.acts, ImportRowsRejected)
        return tuple(
            rests_on(words, _rows_says(file, rows), since=words[0].on, key=file)
            for file, rows in left.items()
            if (words := [a for a in told if a.event.file == file and set(a.event.rows) & set(rows)])  # type: ignore[attr-defined]
        )


def _rows_says(file: str, rows: tuple[int, ...]) -> str:
    first = ", ".join(str(row) for row in sorted(set(rows))[:10])
    more = f" dan {len(set(rows)) - 10} lagi" if len(set(rows)) > 10 else ""
    return f"Berkas {file[:8]}: baris {first}{more} belum masuk."


class BreachOpen(DesaSign, frozen=True, tag="breach-open"):
    """A breach was told of, and keys are not revoked or subjects and authority not told."""

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        left = still_open(desa.acts, BreachDetected, BreachNotified)
        return tuple(rests_on([act], _breach_says(act), key=str(number)) for number, act in left.items())


def _breach_says(act: Act) -> str:
    event = act.event
    assert isinstance(event, BreachDetected)
    people = f", menyangkut {event.people} orang" if event.people is not None else ""
    return f"Dilaporkan {figures.day(event.on)}: {label(event.what)}{people}."


class AccessUnreviewed(DesaSign, frozen=True, tag="access-unreviewed"):
    """Somebody left a post, and the account is not ended or the tasks not handed over."""

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        left = still_open(desa.acts, OfficerLeft, AccessReviewed)
        return tuple(rests_on([act], _left_says(act), key=str(number)) for number, act in left.items())


def _left_says(act: Act) -> str:
    event = act.event
    assert isinstance(event, OfficerLeft)
    return f"Petugas di meja {label(event.desk)} berhenti atau pindah pada {figures.day(event.on)}."


class IntegrityDoubtful(DesaSign, frozen=True, tag="integrity-doubtful"):
    """A pattern in the entries calls for a question, and nobody whom it does not concern has answered it."""

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        raised = still_open(desa.acts, IntegrityFlagRaised, IntegrityFlagResolved)
        return tuple(rests_on([act], _flag_says(act), key=str(number)) for number, act in raised.items())


def _flag_says(act: Act) -> str:
    event = act.event
    assert isinstance(event, IntegrityFlagRaised)
    if asked := question(event):
        return asked
    cases = f", {len(event.cases)} kasus" if event.cases else ""
    return f"Perlu dijelaskan: {label(event.pattern)}{cases} ({figures.day(act.on)})."
