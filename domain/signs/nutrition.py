"""Signs of how a child grows: what the scale and the tape screen, what a health worker confirmed, what endangers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import structs

from domain import figures
from domain.care import ClinicallyAssessed, DangerSignReported
from domain.case import Act, Evidence, done, worked_out
from domain.child import CORRECTED_MONTHS, Category, Child, HeightClass, StatusConfirmed, WeightClass
from domain.labels import label, listed
from domain.referral import THERE, Referral
from domain.signs.sign import (
    ChildSign,
    Deed,
    Word,
    answered_until,
    in_hospital_since,
    referred_until,
    rests_on,
    rules_out_danger,
)

if TYPE_CHECKING:
    from domain.chart import Chart, Point
    from domain.kms import KmsMark

Index = Literal["bb-u", "tb-u", "bb-tb", "imt-u"]
Status = Category | WeightClass | HeightClass

LILA_MONTHS = 6
"""Below this age the arm says nothing (Pedoman gizi buruk 2019)."""
INFANT_MONTHS = 6


# What was screened


class DoubtfulMeasurement(ChildSign, frozen=True, tag="doubtful-measurement"):
    """A measurement hardly possible beside WHO's limits or the one before; not verified and not corrected since."""

    shrunk_cm: float
    """Shorter than before by more than this."""
    cm_per_month: float
    months: int
    """From this age on, the two rules about growing too fast hold."""
    percent: float
    days: int
    """A weight that changed by more than so many per cent in less than so many days."""
    times: float
    """A weight so many times the one before, or that part of it: a slipped comma."""
    times_days: int
    """Over longer than this a child may well have grown so much."""

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        return tuple(
            rests_on([point.weighing], f"Ukuran {figures.day(point.weighing.on)} meragukan: {why}.", key=str(version))
            for version, point, why in self._doubts(child, chart)
        )

    def _doubts(self, child: Child, chart: Chart) -> Iterator[tuple[int, Point, str]]:
        """A doubtful one is never what the next is compared with."""
        weighed: Point | None = None
        tallest: Point | None = None
        for point in chart.points:
            w = point.weighing
            why = "" if w.verified else self._why(child, point, weighed, tallest)
            if why:
                yield w.version, point, why
                continue
            if w.kg is not None:
                weighed = point
            if w.cm is not None:
                tallest = point

    def _why(self, child: Child, point: Point, weighed: Point | None, tallest: Point | None) -> str:
        if point.z.flags:
            return "nilai z di luar batas WHO"
        if point.z.entry_error:
            return "bayi di bawah 9 bulan dicatat diukur berdiri"
        return self._weight(child, point, weighed) or self._length(child, point, tallest)

    def _weight(self, child: Child, point: Point, before: Point | None) -> str:
        if before is None or before.weighing.kg is None or point.weighing.kg is None:
            return ""
        was, now = before.weighing.kg, point.weighing.kg
        days = point.age - before.age
        changed = days < self.days and abs(now - was) > was * self.percent / 100
        why = ""
        if days <= self.times_days and (now >= was * self.times or now * self.times <= was):
            why = "mungkin salah koma"
        elif changed and (now < was or self._grown(child, before)):
            why = f"berubah lebih dari {figures.number(self.percent)}% dalam {days} hari"
        return why and f"{figures.kg(was)} ({figures.day(before.weighing.on)}) lalu {figures.kg(now)}, {why}"

    def _grown(self, child: Child, before: Point) -> bool:
        return before.weighing.on >= child.birthday(self.months)

    def _length(self, child: Child, point: Point, before: Point | None) -> str:
        if before is None or before.weighing.cm is None or point.weighing.cm is None:
            return ""
        was, now = before.weighing.cm, point.weighing.cm
        months = max((point.age - before.age) / 30.4375, 1)
        why = ""
        if was - now > self.shrunk_cm + 1e-9:
            why = "lebih pendek dari sebelumnya"
        elif now - was > self.cm_per_month * months and self._grown(child, before):
            why = f"bertambah lebih dari {figures.number(self.cm_per_month)} cm sebulan"
        return why and f"{figures.cm(was)} ({figures.day(before.weighing.on)}) lalu {figures.cm(now)}, {why}"


class ScreenedBelow(ChildSign, frozen=True, tag="screened-below"):
    """The newest value of an index, or the arm, is below a limit, and no health worker has confirmed any status since.

    A value no worse than what is already confirmed asks for nothing new.
    """

    z: float
    indices: tuple[Index, ...]
    lila: float
    severe_lila: float = 11.5

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        runs = {name: run for name in (*self.indices, "lila") if (run := self._run(child, chart, name))}
        if not runs:
            return ()
        words = list(dict.fromkeys(p.weighing for run in runs.values() for p in (run[0], run[-1])))
        says = "; ".join(self._says(name, run[-1]) for name, run in runs.items())
        since = min(run[0].weighing.on for run in runs.values())
        return (rests_on(words, f"Hasil penapisan {says}, belum dipastikan tenaga kesehatan.", since=since),)

    def _run(self, child: Child, chart: Chart, name: str) -> list[Point]:
        """The points since an index got below its limit and stayed there; empty where its newest value is not below."""
        run: list[Point] = []
        known: tuple[date, int] | None = None
        for point in reversed(chart.points):
            value = point.weighing.lila if name == "lila" else z_of(point, name)
            if value is None:
                continue
            if value >= (self.lila if name == "lila" else self.z):
                break
            known = known or (_confirmed_until(child), _confirmed_severity(statuses(child), name))
            if point.weighing.on <= known[0] or self._severity(child, point, name, value) <= known[1]:
                break
            run.append(point)
        return run[::-1]

    def _severity(self, child: Child, point: Point, name: str, value: float) -> int:
        if name != "lila":
            return 2 if value < -3 else 1
        if point.weighing.on < child.birthday(LILA_MONTHS):
            return 0
        return 2 if value < self.severe_lila else 1

    def _says(self, name: str, point: Point) -> str:
        on = figures.day(point.weighing.on)
        if name == "lila":
            assert point.weighing.lila is not None
            return f"LILA {figures.cm(point.weighing.lila)} ({on})"
        value = z_of(point, name)
        assert value is not None
        return f"{_INDEX[name]} {figures.z(value)} SD ({on})"


class NotGaining(ChildSign, frozen=True, tag="not-gaining"):
    """The KMS says T so many times in a row (and at most so many), and it was not dealt with since.

    It is dealt with when all of `ends` were done, or while a referral to puskesmas or hospital carries it on.
    """

    times: int
    ends: tuple[Deed, ...]
    at_most: int | None = None

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        months = not_gained(chart)
        if len(months) < self.times or (self.at_most is not None and len(months) > self.at_most):
            return ()
        answered = max(answered_until(child.acts, self.ends), referred_until(child.referrals))
        left = [month for month in months[self.times - 1 :] if month.first.weighing.on > answered]
        if not left:
            return ()
        points = [months[0].before, *(p for month in months for p in (month.first, month.now))]
        return (rests_on([p.weighing for p in points], _not_gained_says(months), since=left[0].first.weighing.on),)


class Gainless(NamedTuple):
    """A month without enough gain: what it is compared with, the weighing that first showed it, the one that stands."""

    before: Point
    first: Point
    now: Point


def not_gained(chart: Chart) -> list[Gainless]:
    """The months in a row without enough gain, up to the newest weighing, oldest first."""
    return chart.worked_out(_not_gained)


def _not_gained(chart: Chart) -> list[Gainless]:
    if not chart.marks or not chart.marks[-1].times:
        return []
    marked = list(zip((p for p in chart.points if p.weighing.kg is not None), chart.marks, strict=True))
    months: list[Gainless] = []
    wanted = marked[-1][1].times
    for n in range(len(marked) - 1, -1, -1):
        point, mark = marked[n]
        if len(months) == wanted:
            break
        if mark.counts and mark.status == "T":
            months.append(_gainless(marked[: n + 1], point, mark))
    return months[::-1]


def _gainless(marked: list[tuple[Point, KmsMark]], now: Point, mark: KmsMark) -> Gainless:
    """Weekly weighings of one month show the same want again; it began with the first of them."""
    before = next(p for p, m in reversed(marked) if m.on == mark.previous and m.counts)
    first = now
    for point, earlier in reversed(marked):
        if earlier.status != "T" or (earlier.on.year, earlier.on.month) != (mark.on.year, mark.on.month):
            break
        first = point
    return Gainless(before, first, now)


def _not_gained_says(months: Sequence[Gainless]) -> str:
    row = [months[0].before, *(month.now for month in months)]
    weights = ", ".join(f"{figures.kg(p.weighing.kg or 0)} ({figures.day(p.weighing.on)})" for p in row)
    return f"Berat tidak naik {f'{len(months)} kali berturut-turut' if len(months) > 1 else 'cukup'}: {weights}."


def month_says(month: Gainless) -> str:
    """ "8,2 kg lalu 8,1 kg"."""
    return f"{figures.kg(month.before.weighing.kg or 0)} lalu {figures.kg(month.first.weighing.kg or 0)}"


class BelowRedLine(ChildSign, frozen=True, tag="below-red-line"):
    """Weight below the red line, confirmed by the bidan or read twice; the puskesmas has not judged it since."""

    z: float
    readings: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        reasons = [r for r in (self._confirmed(child), self._read(child, chart)) if r is not None]
        if not reasons:
            return ()
        evidence = min(reasons, key=lambda e: e.since)
        return (evidence,)

    def _confirmed(self, child: Child) -> Evidence | None:
        """The bidan's word opens it; the puskesmas' own word, or another class, ends it."""
        run = statuses(child).get("weight_age")
        if run is None or run[0] != "bb-sangat-kurang" or _by_puskesmas_since(child, run[1].on):
            return None
        says = f"BGM (BB/U di bawah {figures.number(self.z)} SD) ditetapkan {figures.day(run[1].on)}."
        return rests_on([run[1]], says, branch=preterm(child, run[1].on))

    def _read(self, child: Child, chart: Chart) -> Evidence | None:
        status = statuses(child)
        confirmed = _confirmed_until(child)
        run: list[Point] = []
        for point in reversed(chart.points):
            waz = point.z.waz
            if waz is not None and (waz >= self.z or point.weighing.on <= confirmed):
                break
            if waz is not None:
                run.insert(0, point)
        if not run or not (len(run) >= self.readings or any(p.weighing.verified for p in run)):
            return None
        if _confirmed_severity(status, "bb-u") >= 2 and _by_puskesmas_since(child, status["weight_age"][1].on):
            return None
        reads = ", ".join(
            f"{figures.kg(p.weighing.kg or 0)} = {figures.z(z_of(p, 'bb-u') or 0)} SD ({figures.day(p.weighing.on)})"
            for p in run
        )
        second = run[min(self.readings, len(run)) - 1]
        says = f"Berat di bawah garis merah (BGM) pada {len(run)} kali timbang: {reads}."
        return rests_on(
            [p.weighing for p in run], says, since=second.weighing.on, branch=preterm(child, second.weighing.on)
        )


_INDEX = {"bb-u": "BB/U", "tb-u": "PB/U atau TB/U", "bb-tb": "BB/PB atau BB/TB", "imt-u": "IMT/U"}
_FIELD = {"bb-u": "weight_age", "tb-u": "height_age", "bb-tb": "weight_height", "imt-u": "weight_height",
          "lila": "weight_height"}  # fmt: skip


def z_of(point: Point, index: str) -> float | None:
    """One z-score of a point; None where it was not measured."""
    match index:
        case "bb-u":
            return point.z.waz
        case "tb-u":
            return point.z.haz
        case "bb-tb":
            return point.z.whz
    return point.z.baz


# What was confirmed

Statuses = dict[str, tuple[str, Act]]

_SEVERITY = {
    "gizi-buruk": 2, "gizi-kurang": 1, "bb-sangat-kurang": 2, "bb-kurang": 1, "sangat-pendek": 2, "pendek": 1,
}  # fmt: skip


def statuses(child: Child) -> Statuses:
    """For each index the class that holds by a health worker's word, with the first word of it in a row."""
    return worked_out(child.acts, _statuses)


def _statuses(acts: tuple[Act, ...]) -> Statuses:
    found: Statuses = {}
    for act in done(acts, StatusConfirmed):
        for field in ("weight_height", "weight_age", "height_age"):
            value = getattr(act.event, field)
            if value is not None and (field not in found or found[field][0] != value):
                found[field] = (value, act)
    return found


def _confirmed_until(child: Child) -> date:
    """The last day whose screening a health worker has answered."""
    words = done(child.acts, StatusConfirmed)
    return words[-1].on if words else date.min


def problem(child: Child) -> tuple[str, Act] | None:
    """The gravest confirmed status that is a problem, with the word it was confirmed by."""
    bad = [(value, act) for value, act in statuses(child).values() if value in _SEVERITY]
    if not bad:
        return None
    value, _ = max(bad, key=lambda b: _SEVERITY[b[0]])
    return label(value), min((act for _, act in bad), key=lambda a: (a.on, a.version))


def preterm(child: Child, on: date) -> str:
    """The branch of a child born too early, for as long as its chronological z alone says little.

    The TPG judges it before anybody sends it on (protocol 2.5).
    """
    return "preterm" if child.preterm and on < child.birthday(CORRECTED_MONTHS) else ""


def _confirmed_severity(status: Statuses, name: str) -> int:
    run = status.get(_FIELD[name])
    return 0 if run is None else _SEVERITY.get(run[0], 0)


def _by_puskesmas_since(child: Child, on: date) -> bool:
    words = done(child.acts, StatusConfirmed)
    return any(a.on >= on and a.role in ("puskesmas-tpg", "puskesmas-dr", "rs") for a in words)


class Confirmed(ChildSign, frozen=True, tag="confirmed"):
    """A health worker confirmed one of these classes, and not all of `ends` were done since."""

    AFTER = frozenset({StatusConfirmed})

    ends: tuple[Deed, ...]
    weight_height: tuple[Category, ...] = ()
    weight_age: tuple[WeightClass, ...] = ()
    height_age: tuple[HeightClass, ...] = ()
    not_wasted: bool = False

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        status = statuses(child)
        if self.not_wasted and _confirmed_severity(status, "bb-tb"):
            return ()
        asked: dict[str, tuple[str, ...]] = {
            "weight_height": self.weight_height, "weight_age": self.weight_age, "height_age": self.height_age,
        }  # fmt: skip
        answered = answered_until(child.acts, self.ends)
        runs = [(value, act) for field, (value, act) in status.items() if value in asked[field] and act.on > answered]
        if not runs:
            return ()
        says = "Status " + ", ".join(f"{label(v)} ditetapkan {figures.day(a.on)}" for v, a in runs) + "."
        words = [act for _, act in runs]
        since = min(act.on for act in words)
        return (rests_on(words, says, since=since, branch=preterm(child, since)),)


class StuntedBeyondPuskesmas(ChildSign, frozen=True, tag="stunted-beyond-puskesmas"):
    """Confirmed severely stunted, or stunted with a red flag or no better after PMT; not referred to hospital since."""

    AFTER = frozenset({StatusConfirmed})

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        run = statuses(child).get("height_age")
        if run is None or run[0] not in ("pendek", "sangat-pendek"):
            return ()
        value, confirmed = run
        why = self._why(child, value, confirmed)
        if why is None or _sent_to_hospital(child.referrals, why[1].on):
            return ()
        reason, word = why
        since = max(confirmed.on, word.on)
        says = f"Status {label(value)} ditetapkan {figures.day(confirmed.on)}{reason}; belum dirujuk ke rumah sakit."
        return (rests_on(list(dict.fromkeys([confirmed, word])), says, since=since, branch=preterm(child, since)),)

    def _why(self, child: Child, value: str, confirmed: Act) -> tuple[str, Act] | None:
        if value == "sangat-pendek":
            return "", confirmed
        for act in child.acts:
            event = act.event
            if isinstance(event, ClinicallyAssessed) and event.red_flag and act.on >= confirmed.on:
                return f", tanda bahaya penyebab lain ditemukan {figures.day(act.on)}", act
            if getattr(event, "outcome", None) == "belum-sembuh" and act.on >= confirmed.on:
                return f", PMT selesai {figures.day(act.on)} tanpa perbaikan", act
        return None


def _sent_to_hospital(referrals: Sequence[Referral], since: date) -> bool:
    return any(r.kind == "rs" and r.made.on >= since and r.state not in ("ditolak", "batal") for r in referrals)


# What is dangerous


class Oedema(ChildSign, frozen=True, tag="oedema"):
    """Pitting oedema of both feet was seen, and nobody examined the child since."""

    grade: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        assessed = done(child.acts, ClinicallyAssessed)
        seen = [
            w for w in child.weighings
            if (w.oedema or 0) >= self.grade and not any(a.after(w.on, w.version) for a in assessed)
        ]  # fmt: skip
        if not seen:
            return ()
        says = ", ".join(f"+{w.oedema} ({figures.day(w.on)})" for w in seen)
        return (rests_on(seen, f"Bengkak pada kedua kaki: {says}, belum diperiksa.", since=seen[0].on),)


class SevereWasting(ChildSign, frozen=True, tag="severe-wasting"):
    """Confirmed gizi buruk that can be treated at the puskesmas; examination and plan not both done since."""

    AFTER = frozenset({StatusConfirmed})

    months: int
    """From this age on; a younger one belongs in hospital."""
    ends: tuple[Deed, ...]

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        confirmed = _severely_wasted(child)
        if confirmed is None or confirmed.on < child.birthday(self.months):
            return ()
        if confirmed.on <= answered_until(child.acts, self.ends) or _complicated(child, confirmed):
            return ()
        if any(r.kind == "rs" and r.state in THERE and r.last.on >= confirmed.on for r in child.referrals):
            return ()
        says = f"Gizi buruk ditetapkan {figures.day(confirmed.on)}, belum diperiksa dan belum ada rencana rawat jalan."
        back = [r.last for r in child.referrals if r.kind == "rs" and r.state == "rujuk-balik"]
        since = max(confirmed.on, *(step.on for step in back)) if back else confirmed.on
        return (rests_on([confirmed, *back], says, since=since),)


def _severely_wasted(child: Child) -> Act | None:
    """The word by which gizi buruk holds for a registered child."""
    run = statuses(child).get("weight_height")
    return None if child.born is None or run is None or run[0] != "gizi-buruk" else run[1]


class SevereWastingInDanger(ChildSign, frozen=True, tag="severe-wasting-in-danger"):
    """Gizi buruk with a complication, no appetite, a danger sign, grave oedema, or in a young infant.

    It ends when the child arrives at a hospital, or a health worker rules the danger out.
    """

    months: int
    """Below this age gizi buruk is itself a danger."""
    oedema: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        arrived = in_hospital_since(child.referrals)
        calm = [a for a in child.acts if rules_out_danger(a)]
        left = [
            (word, why) for word, why in self._dangers(child)
            if word.on > arrived and not any(a.after(word.on, word.version) for a in calm)
        ]  # fmt: skip
        if not left:
            return ()
        words = [word for word, _ in left]
        says = "; ".join(f"{why} ({figures.day(word.on)})" for word, why in left)
        since = min(word.on for word in words)
        return (rests_on(words, f"Gizi buruk dengan bahaya: {says}.", since=since),)

    def _dangers(self, child: Child) -> Iterator[tuple[Word, str]]:
        for w in child.weighings:
            if (w.oedema or 0) >= self.oedema:
                yield w, f"bengkak kedua kaki +{w.oedema}"
        confirmed = _severely_wasted(child)
        if confirmed is None:
            return
        if confirmed.on < child.birthday(self.months):
            yield confirmed, f"umur di bawah {self.months} bulan"
        for act in child.acts:
            if act.on < confirmed.on:
                continue
            if isinstance(act.event, DangerSignReported):
                yield act, listed(act.event.signs)
            elif isinstance(act.event, ClinicallyAssessed) and _complication(act.event):
                yield act, _complication(act.event)


def _complication(event: ClinicallyAssessed) -> str:
    if event.complication:
        return "ada komplikasi"
    return "tidak nafsu makan" if event.appetite is False else ""


def _complicated(child: Child, confirmed: Act) -> bool:
    """What the last examination of this illness said."""
    last = [a.event for a in done(child.acts, ClinicallyAssessed) if a.on >= confirmed.on]
    return bool(last) and isinstance(last[-1], ClinicallyAssessed) and bool(_complication(last[-1]))


class InfantFailing(ChildSign, frozen=True, tag="infant-failing"):
    """An infant that does not gain, is thin for its length or too weak to suckle; not all of `ends` were done since."""

    months: int
    z: float
    ends: tuple[Deed, ...]

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None:
            return ()
        grown = child.birthday(self.months)
        if (
            chart.points
            and min(p.weighing.on for p in chart.points) >= grown
            and not done(child.acts, DangerSignReported)
        ):
            return ()
        answered = answered_until(child.acts, self.ends)
        found = [(w, why) for w, why in self._failing(child, chart) if answered < w.on < grown]
        if not found:
            return ()
        says = "; ".join(f"{why} ({figures.day(w.on)})" for w, why in found)
        words = [w for w, _ in found]
        evidence = rests_on(words, f"Bayi di bawah {self.months} bulan: {says}.", since=min(w.on for w in words))
        return (structs.replace(evidence, until=grown),)

    def _failing(self, child: Child, chart: Chart) -> Iterator[tuple[Word, str]]:
        for month in not_gained(chart):
            yield month.first.weighing, f"berat tidak naik cukup, {month_says(month)}"
        thin = [p for p in chart.points if p.z.whz is not None]
        if thin and (thin[-1].z.whz or 0) < self.z:
            yield thin[-1].weighing, f"BB/PB {figures.z(thin[-1].z.whz or 0)} SD"
        for act in done(child.acts, DangerSignReported):
            event = act.event
            if isinstance(event, DangerSignReported) and {"tidak-mau-minum", "lemas"} & set(event.signs):
                yield act, listed(event.signs)
