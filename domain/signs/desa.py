"""Signs of a desa's own work: sessions, coverage, meetings, budgets, kader, equipment, months, menus, incidents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from msgspec.structs import replace

from domain import figures
from domain.case import Act, Evidence, done
from domain.desa import (
    BudgetRecorded,
    Desa,
    EquipmentChecked,
    IncidentClosed,
    IncidentReported,
    KaderCounted,
    KaderTrained,
    MeetingHeld,
    MenuApproved,
    MenuPlanned,
    MonthClosed,
    PlanRecorded,
    Posyandu,
    RembukHeld,
    ScorecardSubmitted,
    SessionCancelled,
    SessionHeld,
    SpendingReconciled,
    SpendingRecorded,
    open_items,
    same_month,
)  # fmt: skip
from domain.labels import label
from domain.oversight import Explained, SupervisionVisited
from domain.signs.calendar import DAY, MONTH, QUARTER, Period, first_open, months_after
from domain.signs.sign import DesaSign, rests_on


class SessionNotHeld(DesaSign, frozen=True, tag="session-not-held"):
    """A posyandu has neither met nor said why not by that day of the month."""

    day: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        return tuple(self._of(desa, posyandu) for posyandu in desa.posyandus)

    def _of(self, desa: Desa, posyandu: Posyandu) -> Evidence:
        told = [a.on for a in _at(desa, posyandu, SessionHeld, SessionCancelled)]
        counts_from = posyandu.since if posyandu.since.day <= self.day else months_after(posyandu.since, 1)
        month = MONTH.start(max(counts_from, *(MONTH.after(on) for on in told)) if told else counts_from)
        held = [a.on for a in _at(desa, posyandu, SessionHeld)]
        last = f"sesi terakhir {figures.day(held[-1])}" if held else "belum ada sesi yang tercatat"
        return _for(
            posyandu,
            f"Belum ada sesi posyandu bulan {figures.month(month)} sampai tanggal {self.day}; {last}.",
            since=month.replace(day=self.day) + DAY,
            key=MONTH.key(month),
        )


class FewWeighed(DesaSign, frozen=True, tag="few-weighed"):
    """In the last month a posyandu met, fewer children were weighed than this share, and no plan was made since."""

    share: float

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        return tuple(e for posyandu in desa.posyandus for e in self._of(desa, posyandu))

    def _of(self, desa: Desa, posyandu: Posyandu) -> Iterator[Evidence]:
        held = _at(desa, posyandu, SessionHeld)
        if not held:
            return
        month = [a for a in held if same_month(a.on, held[-1].on)]
        weighed = sum(a.event.weighed for a in month)  # type: ignore[attr-defined]
        registered: int = month[-1].event.registered  # type: ignore[attr-defined]
        planned = any(a.on >= month[0].on for a in _at(desa, posyandu, PlanRecorded))
        if planned or not registered or weighed >= self.share * registered:
            return
        says = (
            f"Ditimbang {weighed} dari {registered} balita ({weighed * 100 // registered}%) pada "
            f"{figures.month(month[-1].on)}; sasaran {figures.number(self.share * 100)}%."
        )
        found = rests_on(month, says)
        yield _placed(found, posyandu, MONTH.key(month[-1].on))


class MeetingNotHeld(DesaSign, frozen=True, tag="meeting-not-held"):
    """The TPPS of this level has not met in the first whole month without a meeting."""

    level: Literal["desa", "kecamatan"]

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        if desa.level != self.level:
            return ()
        held = done(desa.acts, MeetingHeld)
        left = len(open_items(desa))
        says = f"; {left} tindak lanjut rapat belum selesai" if left else ""
        last = f"rapat terakhir {figures.day(held[-1].on)}" if held else "belum pernah ada rapat yang tercatat"
        return (_in_period(desa, MONTH, (a.on for a in held), f"Rapat TPPS {{}}: {last}{says}."),)


class RembukNotHeld(DesaSign, frozen=True, tag="rembuk-not-held"):
    """The rembuk stunting for next year's plan is due between these months and was not held."""

    first_month: int
    last_month: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        if desa.level != "desa":
            return ()
        registered = desa.registered.on
        begins = registered.year + (registered >= _last_of(registered.year, self.last_month))
        year = max([begins, *(a.event.year for a in done(desa.acts, RembukHeld))])  # type: ignore[attr-defined]
        opens = date(year, self.first_month, 1)
        says = f"Rembuk stunting desa untuk rencana tahun {year + 1} belum tercatat."
        by = _last_of(year, self.last_month)
        return (Evidence(says=says, events=(), since=max(opens, registered), key=str(year + 1), by=by),)


class BudgetMissing(DesaSign, frozen=True, tag="budget-missing"):
    """After the rembuk, its activities are not yet in the RKPDes, and then in the APBDes."""

    rkpdes_month: int
    """The last month in which the RKPDes of the coming year is made."""
    apbdes_month: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        newest = {a.event.year: a for a in done(desa.acts, RembukHeld)}  # type: ignore[attr-defined]
        return tuple(e for year, held in newest.items() for e in self._of(desa, year, held))

    def _of(self, desa: Desa, year: int, held: Act) -> Iterator[Evidence]:
        recorded = {
            a.event.document: a.on for a in done(desa.acts, BudgetRecorded) if a.event.year == year  # type: ignore[attr-defined]
        }  # fmt: skip
        plan, budget = _last_of(year - 1, self.rkpdes_month), _last_of(year - 1, self.apbdes_month)
        agreed = f"Rembuk {figures.day(held.on)} menyepakati kegiatan tahun {year}; "
        if "rkpdes" not in recorded and "apbdes" not in recorded:
            says = f"{agreed}RKPDes belum dicatat."
            yield Evidence(says=says, events=(held.version,), since=held.on, key=f"{year}-rkpdes", by=plan)
        if "apbdes" not in recorded:
            since = max(recorded.get("rkpdes", plan + DAY), held.on)
            says = f"{agreed}APBDes belum dicatat."
            yield Evidence(says=says, events=(held.version,), since=since, key=f"{year}-apbdes", by=budget)


class ScorecardMissing(DesaSign, frozen=True, tag="scorecard-missing"):
    """The quarter's scorecard and eHDW were not filled in; asked for so many days before the quarter ends."""

    days_before: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        if desa.level != "desa":
            return ()
        sent = (a.event.quarter for a in done(desa.acts, ScorecardSubmitted))  # type: ignore[attr-defined]
        found = _in_period(desa, QUARTER, sent, "Skor konvergensi (scorecard) dan eHDW {} belum dikirim.")
        assert found.by is not None
        return (_since(found, found.by - timedelta(days=self.days_before)),)


class TooFewKader(DesaSign, frozen=True, tag="too-few-kader"):
    """A posyandu has fewer kader than this, or none was trained for so many months."""

    kader: int
    months: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        return tuple(self._of(desa, posyandu) for posyandu in desa.posyandus)

    def _of(self, desa: Desa, posyandu: Posyandu) -> Evidence:
        trained, counted = _at(desa, posyandu, KaderTrained), _at(desa, posyandu, KaderCounted)
        last = trained[-1] if trained else None
        count: int | None = counted[-1].event.count if counted else None  # type: ignore[attr-defined]
        if count is not None and count < self.kader and (last is None or last.on < counted[-1].on):
            few = rests_on(counted[-1:], f"Hanya ada {count} kader; paling sedikit {self.kader}.")
            return _placed(few, posyandu)
        since = months_after(last.on if last else posyandu.since, self.months) + DAY
        when = f"sejak {figures.day(last.on)}" if last else f"sejak tercatat {figures.day(posyandu.since)}"
        return _for(posyandu, f"Belum ada kader yang dilatih {when}, lebih dari {self.months} bulan.", since=since)


class EquipmentUnchecked(DesaSign, frozen=True, tag="equipment-unchecked"):
    """The scale or length board of a posyandu is broken or missing, or was not looked at for so many months."""

    months: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        return tuple(self._of(desa, posyandu) for posyandu in desa.posyandus)

    def _of(self, desa: Desa, posyandu: Posyandu) -> Evidence:
        checked = _at(desa, posyandu, EquipmentChecked)
        if checked:
            event = checked[-1].event
            assert isinstance(event, EquipmentChecked)
            if {event.scale, event.board} != {"baik"}:
                says = f"Timbangan {label(event.scale)}, alat ukur panjang {label(event.board)}."
                return _placed(rests_on(checked[-1:], says), posyandu)
        last = checked[-1].on if checked else posyandu.since
        what = f"terakhir {figures.day(last)}" if checked else "belum pernah tercatat"
        says = f"Pemeriksaan timbangan dan alat ukur panjang: {what}, lewat {self.months} bulan."
        return _for(posyandu, says, since=months_after(last, self.months) + DAY)


class SpendingUnmatched(DesaSign, frozen=True, tag="spending-unmatched"):
    """More or fewer portions of PMT were paid for than are recorded as given; neither settled nor explained since."""

    rule: str
    """The row whose explanation counts."""

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        newest = {_money(a.event): a for a in done(desa.acts, SpendingRecorded)}
        settled = {_money(a.event): a for a in done(desa.acts, SpendingReconciled)}
        said = {
            a.event.key: a for a in done(desa.acts, Explained) if a.event.rule == self.rule  # type: ignore[attr-defined]
        }  # fmt: skip
        answers = {**settled, **said}
        return tuple(
            rests_on([act], _unmatched(act), key=key)
            for key, act in newest.items()
            if act.event.portions != act.event.delivered  # type: ignore[attr-defined]
            and not (key in answers and answers[key].after(act.on, act.version))
        )


def _money(event: object) -> str:
    assert isinstance(event, SpendingRecorded | SpendingReconciled)
    return f"{MONTH.key(event.month)}-{event.funding}"


def _unmatched(act: Act) -> str:
    event = act.event
    assert isinstance(event, SpendingRecorded)
    return (
        f"PMT {figures.month(event.month)} dari {label(event.funding)}: dibayar {event.portions} porsi, "
        f"tercatat diberikan {event.delivered}."
    )


class CountsRising(DesaSign, frozen=True, tag="counts-rising"):
    """In the desa's months as they were closed, stunted children or those below the red line rose so often in a row."""

    months: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        closed = {MONTH.start(a.event.month): a for a in done(desa.acts, MonthClosed)}  # type: ignore[attr-defined]
        if not closed:
            return ()
        last = max(closed)
        row = [closed.get(months_after(last, -n)) for n in range(self.months, -1, -1)]
        told = [a for a in row if a is not None]
        risen = [words for name, words in _RISING if len(told) == len(row) and _rises(told, name)]
        if not risen or any(_joint(v) and v.after(row[-1].on, row[-1].version) for v in _visits(desa)):  # type: ignore[union-attr]
            return ()
        what = ", ".join(
            f"{words} {' lalu '.join(str(getattr(a.event, name)) for a in told)}"
            for name, words in _RISING
            if words in risen
        )
        months = f"{figures.month(months_after(last, -self.months))} sampai {figures.month(last)}"
        return (rests_on(told, f"Naik {self.months} bulan berturut-turut, {months}: {what}.", key=MONTH.key(last)),)


_RISING = (("stunted", "balita pendek"), ("below_line", "balita BGM"))


def _rises(row: list[Act], name: str) -> bool:
    counts = [getattr(a.event, name) for a in row]
    return all(before < now for before, now in pairwise(counts))


def _visits(desa: Desa) -> tuple[Act, ...]:
    return done(desa.acts, SupervisionVisited)


def _joint(visit: Act) -> bool:
    return {"kecamatan", "puskesmas"} <= set(visit.event.visitors)  # type: ignore[attr-defined]


class MonthNotClosed(DesaSign, frozen=True, tag="month-not-closed"):
    """The figures of a month are not closed by that day of the next."""

    day: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        if desa.level != "desa":
            return ()
        closed = (a.event.month for a in done(desa.acts, MonthClosed))  # type: ignore[attr-defined]
        month = first_open(MONTH, desa.registered.on, closed)
        since = months_after(month, 1).replace(day=self.day) + DAY
        says = f"Data bulan {figures.month(month)} belum ditutup; batasnya tanggal {self.day} bulan berikutnya."
        return (Evidence(says=says, events=(), since=since, key=MONTH.key(month)),)


class MenuUnapproved(DesaSign, frozen=True, tag="menu-unapproved"):
    """The PMT menu of a week was planned and the nutritionist has not approved it as it now stands."""

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        newest = {a.event.monday: a for a in done(desa.acts, MenuPlanned)}  # type: ignore[attr-defined]
        approved = {a.event.monday: a for a in done(desa.acts, MenuApproved)}  # type: ignore[attr-defined]
        return tuple(
            rests_on(
                [act],
                f"Menu PMT minggu mulai {figures.day(monday)}: {act.event.menu}. Belum disetujui.",  # type: ignore[attr-defined]
                key=monday.isoformat(),
            )
            for monday, act in newest.items()
            if monday not in approved or not approved[monday].after(act.on, act.version)
        )


class PmtIncident(DesaSign, frozen=True, tag="pmt-incident"):
    """So many fell ill after PMT, or so many of them badly, and the doctor is not done with it."""

    people: int
    severe: int

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        closed = {a.event.incident for a in done(desa.acts, IncidentClosed)}  # type: ignore[attr-defined]
        return tuple(
            self._of(desa, act)
            for act in done(desa.acts, IncidentReported)
            if act.event.incident not in closed and self._counts(act)  # type: ignore[attr-defined]
        )

    def _counts(self, act: Act) -> bool:
        event = act.event
        assert isinstance(event, IncidentReported)
        return event.people >= self.people or event.severe >= self.severe

    def _of(self, desa: Desa, act: Act) -> Evidence:
        event = act.event
        assert isinstance(event, IncidentReported)
        food = f", menu {event.menu}" if event.menu else ""
        says = f"{event.people} orang sakit sesudah makan PMT, {event.severe} di antaranya berat{food}."
        posyandu = next(p for p in desa.posyandus if p.code == event.posyandu)
        return _placed(rests_on([act], says), posyandu, str(event.incident))


# One posyandu, one period


def _at(desa: Desa, posyandu: Posyandu, *events: type) -> list[Act]:
    """What was told of one posyandu, in the order of its days."""
    found = [a for event in events for a in done(desa.acts, event) if a.event.posyandu == posyandu.code]  # type: ignore[attr-defined]
    return sorted(found, key=lambda a: (a.on, a.version))


def _for(posyandu: Posyandu, says: str, *, since: date, key: str = "") -> Evidence:
    return _placed(Evidence(says=says, events=(), since=since), posyandu, key)


def _placed(found: Evidence, posyandu: Posyandu, key: str = "") -> Evidence:
    return replace(found, place=posyandu.code, key=f"{posyandu.code}-{key}" if key else posyandu.code)


def _since(found: Evidence, day: date) -> Evidence:
    return replace(found, since=max(found.since, day))


def _in_period(desa: Desa, period: Period, answered: Iterable[date], says: str) -> Evidence:
    """The first whole period that nobody answered; its window is the period. `{}` in the sentence is its name."""
    start = first_open(period, desa.registered.on, answered)
    by = period.after(start) - DAY
    return Evidence(says=says.format(period.name(start)), events=(), since=start, key=period.key(start), by=by)


def _last_of(year: int, month: int) -> date:
    return months_after(date(year, month, 1), 1) - DAY
