"""Signs of PMT: who is owed a decision, which portion days are not accounted for, when a cycle goes wrong or ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from domain import figures
from domain.care import CaseReviewed, HomeVisited
from domain.case import Act, Evidence, done, zone
from domain.child import Child
from domain.family import SupportGranted
from domain.labels import label
from domain.person import Person
from domain.pmt import (
    Cycle,
    OtherFoodRecorded,
    OverlapResolved,
    PmtCompleted,
    PmtEligibilityDecided,
    PmtMissed,
    PmtWeekClosed,
)
from domain.pregnancy import Pregnancy
from domain.signs.nutrition import Index, month_says, not_gained, statuses, z_of
from domain.signs.pregnancy import thin_arm
from domain.signs.sign import ChildSign, PersonSign, Word, rests_on

if TYPE_CHECKING:
    from domain.chart import Chart, Point

DAY = timedelta(days=1)


class PmtUndecided(PersonSign, frozen=True, tag="pmt-undecided"):
    """The nutrition status makes the child or mother eligible, and nobody has decided on PMT since."""

    not_gaining: int
    """Months in a row without gain that make a child eligible."""
    statuses: tuple[str, ...]
    """Confirmed classes that do."""
    mother_lila: float

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        decided = max((a.on for a in done(person.acts, PmtEligibilityDecided)), default=date.min)
        reasons = self._of_child(person, chart) if isinstance(person, Child) else self._of_mother(person)
        left = [(word, why) for word, why in reasons if word.on > decided]
        if not left or any(c.eligible and c.ended is None for c in person.cycles):
            return ()
        words = [word for word, _ in left]
        says = "; ".join(f"{why} ({figures.day(word.on)})" for word, why in left)
        return (rests_on(words, f"Memenuhi syarat PMT: {says}.", since=min(w.on for w in words)),)

    def _of_child(self, child: Child, chart: Chart) -> Iterator[tuple[Word, str]]:
        for value, act in statuses(child).values():
            if value in self.statuses:
                yield act, label(value)
        for month in not_gained(chart)[self.not_gaining - 1 :]:
            yield month.first.weighing, f"berat tidak naik cukup, {month_says(month)}"

    def _of_mother(self, mother: Person) -> Iterator[tuple[Word, str]]:
        if not isinstance(mother, Pregnancy) or mother.delivered:
            return
        for check in thin_arm(mother, self.mother_lila)[:1]:
            yield check, f"LILA {figures.cm(check.event.lila or 0)}"


class PmtNotStarted(PersonSign, frozen=True, tag="pmt-not-started"):
    """PMT was decided on and has not begun. Who pays gives the first portion."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        return tuple(
            rests_on(
                [_Told(c.decided, c.version, c.heard)],
                f"PMT {c.days} hari ({label(c.reason)}) diputuskan {figures.day(c.decided)}, belum dimulai.",
                key=_cycle(c),
                branch=_payer(c),
            )
            for c in person.cycles
            if c.eligible and c.started is None and c.ended is None
        )


class PmtDayOpen(PersonSign, frozen=True, tag="pmt-day-open"):
    """A portion day on which nothing was noted by that hour; the next one opens when the last is accounted for."""

    hour: int

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        clock = zone(person.desa)
        return tuple(
            Evidence(
                says=f"Hari PMT {figures.day(day)} belum dicatat: dimakan berapa, atau mengapa tidak diberikan.",
                events=(cycle.started_version or cycle.version,),
                since=day,
                # Nobody tells us that nothing was told: the silence is heard at this hour.
                heard=datetime.combine(day, time(self.hour), clock),
                key=f"{_cycle(cycle)}-{day.isoformat()}",
            )
            for cycle in person.cycles
            if cycle.running
            for day in _open_days(cycle)
        )


def _open_days(cycle: Cycle) -> list[date]:
    """Every gap before the last day accounted for, and the day after it. The start is itself a portion."""
    assert cycle.started is not None
    told = {cycle.started, *(p.on for p in cycle.portions)}
    upto = max(told) + DAY
    last = last_day(cycle)
    days = (cycle.started + timedelta(days=n) for n in range((min(upto, last) - cycle.started).days + 1))
    return [day for day in days if day not in told]


def last_day(cycle: Cycle) -> date:
    """The last planned portion day."""
    assert cycle.started is not None
    return cycle.started + timedelta(days=(cycle.days or 1) - 1)


class PmtMissedInARow(PersonSign, frozen=True, tag="pmt-missed-in-a-row"):
    """So many portion days in a row were missed, or the food was refused; not yet visited and fed again."""

    days: int

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        return tuple(e for cycle in person.cycles if cycle.running for e in self._of(person, cycle))

    def _of(self, person: Person, cycle: Cycle) -> tuple[Evidence, ...]:
        visited = max((v.on for v in done(person.acts, HomeVisited)), default=date.min)
        eaten = max((p.on for p in cycle.portions if p.eaten is not None), default=date.min)
        versions = {p.version for p in cycle.portions if p.eaten is None}
        missed = [a for a in done(person.acts, PmtMissed) if a.version in versions]
        left = [n for n in range(len(missed)) if self._counts(missed, n) and missed[n].on > min(visited, eaten)]
        if not left:
            return ()
        first = missed[left[0]]
        run = [a for a in missed if a.on >= first.on - DAY * (self.days - 1)]
        says = ", ".join(f"{figures.day(a.on)} ({label(a.event.reason)})" for a in run)  # type: ignore[attr-defined]
        return (rests_on(run, f"PMT tidak diberikan: {says}.", since=first.on, key=_cycle(cycle)),)

    def _counts(self, missed: list[Act], n: int) -> bool:
        if getattr(missed[n].event, "reason", "") == "menolak":
            return True
        days = [a.on for a in missed[max(0, n - self.days + 1) : n + 1]]
        return len(days) == self.days and days[-1] - days[0] == DAY * (self.days - 1)


class PmtWeekOpen(PersonSign, frozen=True, tag="pmt-week-open"):
    """A PMT week is at its end and not both weighed and closed."""

    days: int

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        return tuple(e for cycle in person.cycles if cycle.running for e in self._of(person, cycle))

    def _of(self, person: Person, cycle: Cycle) -> Iterator[Evidence]:
        assert cycle.started is not None
        weeks = -(-(cycle.days or 1) // self.days)
        last = max((w for w in cycle.weeks if w <= weeks), default=0)
        for week in range(1, min(weeks, last + 1) + 1):
            begins = cycle.started + timedelta(days=(week - 1) * self.days)
            ends = min(begins + timedelta(days=self.days - 1), last_day(cycle))
            weighed = [on for on, _, _ in _weights(person) if begins < on]
            if week in cycle.weeks and weighed:
                continue
            lacks = "belum ditimbang" if not weighed else "belum ditutup"
            says = f"Minggu ke-{week} PMT berakhir {figures.day(ends)}, {lacks}."
            yield Evidence(
                says=says,
                events=(cycle.started_version or cycle.version,),
                since=ends,
                key=f"{_cycle(cycle)}-minggu-{week}",
            )


class PmtWithoutGain(PersonSign, frozen=True, tag="pmt-without-gain"):
    """No gain in so many weighings of a PMT cycle, less than at its start, or none by a day; not reviewed since."""

    weighings: int
    days: int
    """For those whose weight had not gained: none by this day."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        reviewed = max((a.on for a in done(person.acts, CaseReviewed)), default=date.min)
        return tuple(
            e for c in person.cycles if c.running for e in self._of(person, c) if e.since > reviewed
        )[:1]  # fmt: skip

    def _of(self, person: Person, cycle: Cycle) -> Iterator[Evidence]:
        assert cycle.started is not None
        begun = _Told(cycle.started, cycle.started_version or cycle.version, cycle.heard)
        weighed = [(on, w, kg) for on, w, kg in _weights(person) if on > cycle.started]
        start = cycle.start_kg or next((kg for on, _, kg in reversed(_weights(person)) if on <= cycle.started), None)
        if start is None:
            return
        row: list[tuple[date, Word, float]] = [(cycle.started, begun, start), *weighed]
        still = 0
        for (_, _, before), (on, _, now) in pairwise(row):
            still = still + 1 if now <= before else 0
            if still >= self.weighings or now < start:
                yield self._says(cycle, [w for w in row if w[0] <= on], on)
        if cycle.reason == "tidak-naik" and weighed and max(kg for _, _, kg in weighed) <= start:
            yield self._says(cycle, row, cycle.started + timedelta(days=self.days))

    def _says(self, cycle: Cycle, row: list[tuple[date, Word, float]], since: date) -> Evidence:
        weights = ", ".join(f"{figures.kg(kg)} ({figures.day(on)})" for on, _, kg in row)
        says = f"Berat tidak naik selama PMT: {weights}."
        return rests_on([word for _, word, _ in row], says, since=since, key=_cycle(cycle))


class PmtWorsened(ChildSign, frozen=True, tag="pmt-worsened"):
    """Signs of gizi buruk during PMT; not both stopped and confirmed by a health worker since."""

    z: float
    indices: tuple[Index, ...]
    lila: float

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        return tuple(e for cycle in child.cycles if cycle.started is not None for e in self._of(child, chart, cycle))

    def _of(self, child: Child, chart: Chart, cycle: Cycle) -> tuple[Evidence, ...]:
        assert cycle.started is not None
        until = cycle.ended or date.max
        confirmed = max((act.on for _, act in statuses(child).values()), default=date.min)
        answered = min(confirmed, cycle.ended or date.min)
        words: list[Word] = []
        says: list[str] = []
        for point in chart.points:
            if not max(cycle.started, answered) < point.weighing.on <= until:
                continue
            why = self._why(point)
            if why:
                words.append(point.weighing)
                says.append(f"{why} ({figures.day(point.weighing.on)})")
        if not words:
            return ()
        since = min(w.on for w in words)
        return (rests_on(words, f"Memburuk selama PMT: {'; '.join(says)}.", since=since, key=_cycle(cycle)),)

    def _why(self, point: Point) -> str:
        if point.weighing.oedema:
            return f"bengkak kedua kaki +{point.weighing.oedema}"
        if point.weighing.lila is not None and point.weighing.lila < self.lila:
            return f"LILA {figures.cm(point.weighing.lila)}"
        values = (z_of(point, index) for index in self.indices)
        low = [v for v in values if v is not None and v < self.z]
        return f"z-skor {figures.z(min(low))} SD" if low else ""


class PmtOver(PersonSign, frozen=True, tag="pmt-over"):
    """The last portion day is there and the cycle has not been judged."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        return tuple(
            Evidence(
                says=f"Hari terakhir PMT {c.days} hari: {figures.day(last_day(c))}, hasilnya belum dinilai.",
                events=(c.started_version or c.version,),
                since=last_day(c),
                key=_cycle(c),
            )
            for c in person.cycles
            if c.running
        )


class PmtNotRecovered(PersonSign, frozen=True, tag="pmt-not-recovered"):
    """A cycle ended without recovery; neither referred since nor started anew."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        return tuple(
            rests_on([act], f"PMT {_key(act)} selesai {figures.day(act.on)}, belum sembuh.", key=_key(act))
            for act in _completed(person, "belum-sembuh")
            if not any(r.made.on >= act.on for r in person.referrals)
            and not any(c.started is not None and c.started >= act.on for c in person.cycles)
        )


class PmtRelapseWatch(ChildSign, frozen=True, tag="pmt-relapse-watch"):
    """A recovered child is weighed in each of so many months after the end of its PMT."""

    times: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        recovered = _completed(child, "sembuh")
        if not recovered or any(c.started is not None and c.started >= recovered[-1].on for c in child.cycles):
            return ()
        end = recovered[-1]
        weighed = [w for w in child.weighings if w.kg is not None and w.on > end.on]
        months = {(w.on.year, w.on.month): w for w in weighed}
        if len(months) >= self.times:
            return ()
        words: list[Word] = [end, *months.values()]
        since = max(word.on for word in words) + DAY
        nth = f"timbang ke-{len(months) + 1} dari {self.times} bulan pantauan"
        says = f"Sembuh sesudah PMT ({figures.day(end.on)}): {nth}."
        return (rests_on(words, says, since=since, key=f"{_key(end)}-{len(months) + 1}"),)


def _completed(person: Person, outcome: str) -> list[Act]:
    return [a for a in done(person.acts, PmtCompleted) if a.event.outcome == outcome]  # type: ignore[attr-defined]


def _key(act: Act) -> str:
    return f"siklus-{act.event.cycle}"  # type: ignore[attr-defined]


class PmtOverlap(PersonSign, frozen=True, tag="pmt-overlap"):
    """Two schemes feed one person on the same days, and nobody has decided which goes on since."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        found = [one for one in self._pairs(person) if one[0] > self._resolved(person)]
        if not found:
            return ()
        since = min(one[0] for one in found)
        says = "; ".join(dict.fromkeys(one[2] for one in found))
        words = [word for one in found for word in one[1]]
        return (rests_on(words, f"Dua sumber makanan pada hari yang sama: {says}.", since=since),)

    def _resolved(self, person: Person) -> date:
        return max((a.on for a in done(person.acts, OverlapResolved)), default=date.min)

    def _pairs(self, person: Person) -> Iterator[tuple[date, list[Word], str]]:
        """The first common day of each two, what they rest on, and what they are called."""
        fed = [
            (c.started, c.ended or last_day(c), _start(c), _scheme(c)) for c in person.cycles if c.started is not None
        ]
        fed += [
            (a.on, a.event.until or date.max, a, label(a.event.scheme))  # type: ignore[attr-defined]
            for a in done(person.acts, OtherFoodRecorded)
        ]
        for nth, (begins, ends, word, name) in enumerate(fed):
            for other_begins, other_ends, other, other_name in fed[nth + 1 :]:
                first = max(begins, other_begins)
                if first <= min(ends, other_ends):
                    yield first, [word, other], f"{name} dan {other_name} sejak {figures.day(first)}"


def _start(cycle: Cycle) -> Word:
    assert cycle.started is not None
    return _Told(cycle.started, cycle.started_version or cycle.version, cycle.heard)


def _scheme(cycle: Cycle) -> str:
    return f"PMT {label(cycle.funding)}" if cycle.funding else f"PMT siklus {cycle.number}"


class PmtUnreconciled(PersonSign, frozen=True, tag="pmt-unreconciled"):
    """A closed PMT week that nobody else has compared with plan and receipts. Who pays compares."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        closed = done(person.acts, PmtWeekClosed)
        return tuple(e for c in person.cycles for e in self._weeks(c, closed))

    def _weeks(self, cycle: Cycle, closed: tuple[Act, ...]) -> Iterator[Evidence]:
        for act in closed:
            event = act.event
            assert isinstance(event, PmtWeekClosed)
            if event.cycle == cycle.number and event.week not in cycle.reconciled:
                says = f"Minggu ke-{event.week} PMT ditutup {figures.day(act.on)}, belum dicocokkan dengan nota."
                yield rests_on([act], says, key=f"{_cycle(cycle)}-minggu-{event.week}", branch=_payer(cycle))


def _payer(cycle: Cycle) -> str:
    return "puskesmas" if cycle.funding in ("dak-nonfisik", "apbd") else ""


class PmtWaiting(PersonSign, frozen=True, tag="pmt-waiting"):
    """Found eligible, not started for more than so many days, and nobody's money named; no help granted since."""

    days: int

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        helped = [a.on for a in done(person.acts, SupportGranted) if a.event.what == "makanan"]  # type: ignore[attr-defined]
        return tuple(
            rests_on(
                [_Told(c.decided, c.version, c.heard)],
                f"Layak PMT sejak {figures.day(c.decided)}, belum ada dana lebih dari {self.days} hari.",
                since=c.decided + timedelta(days=self.days + 1),
                key=_cycle(c),
            )
            for c in person.cycles
            if c.eligible and c.started is None and c.ended is None and c.funding is None
            and not any(on >= c.decided for on in helped)
        )  # fmt: skip


class _Told(Struct, frozen=True):
    on: date
    version: int
    heard: datetime


def _weights(person: Person) -> list[tuple[date, Word, float]]:
    if isinstance(person, Child):
        return [(w.on, w, w.kg) for w in person.weighings if w.kg is not None]
    assert isinstance(person, Pregnancy)
    return [(c.on, c, c.event.kg) for c in person.checks if c.event.kg is not None]


def _cycle(cycle: Cycle) -> str:
    return f"siklus-{cycle.number}"
