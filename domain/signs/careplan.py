"""Signs of a child under treatment: weekly control missed, no better, growing too slowly, head, lungs, too heavy."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from domain import figures
from domain.care import CarePlanStarted, CaseReviewed, ClinicallyAssessed, HomeVisited
from domain.case import Act, Evidence, done
from domain.child import Child
from domain.signs.nutrition import not_gained, statuses
from domain.signs.sign import ChildSign, Deed, Word, answered_until, in_hospital_since, rests_on

if TYPE_CHECKING:
    from domain.chart import Chart, Point


def wasting_plan(child: Child) -> Act | None:
    """The plan by which gizi buruk is treated from home, for as long as the child is ill and not in hospital."""
    plans = [a for a in done(child.acts, CarePlanStarted) if a.event.reason == "gizi-buruk"]  # type: ignore[attr-defined]
    run = statuses(child).get("weight_height")
    if not plans or (run is not None and run[0] != "gizi-buruk" and run[1].on >= plans[-1].on):
        return None
    return None if in_hospital_since(child.referrals) >= plans[-1].on else plans[-1]


class ControlWeekMissed(ChildSign, frozen=True, tag="control-week-missed"):
    """A child with gizi buruk under treatment was neither weighed nor met for more than so many days."""

    AFTER = frozenset({CarePlanStarted})

    days: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        plan = wasting_plan(child)
        if plan is None:
            return ()
        seen: list[Word] = [w for w in child.weighings if w.on >= plan.on]
        seen += [v for v in done(child.acts, HomeVisited) if v.on >= plan.on]
        last = max([plan, *seen], key=lambda w: (w.on, w.version))
        says = f"Rawat jalan gizi buruk: kontrol terakhir {figures.day(last.on)}, lewat {self.days} hari."
        return (rests_on([last], says, since=last.on + timedelta(days=self.days + 1)),)


class NoBetter(ChildSign, frozen=True, tag="no-better"):
    """Under a plan, no gain in so many weighings (gizi buruk) or no better height in so many days (stunting)."""

    AFTER = frozenset({CarePlanStarted})

    weighings: int
    days: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        reviewed = max((a.on for a in done(child.acts, CaseReviewed)), default=date.min)
        found = (self._wasted(child), self._stunted(child, chart))
        return tuple(e for e in found if e is not None and e.since > reviewed)[:1]

    def _wasted(self, child: Child) -> Evidence | None:
        plan = wasting_plan(child)
        if plan is None:
            return None
        row = [w for w in child.weighings if w.kg is not None and w.on >= plan.on][-self.weighings - 1 :]
        weights = [w.kg or 0 for w in row]
        if len(row) <= self.weighings or any(now > before for before, now in pairwise(weights)):
            return None
        says = ", ".join(f"{figures.kg(w.kg or 0)} ({figures.day(w.on)})" for w in row)
        return rests_on(row, f"Rawat jalan gizi buruk tanpa kenaikan berat: {says}.")

    def _stunted(self, child: Child, chart: Chart) -> Evidence | None:
        plans = [a for a in done(child.acts, CarePlanStarted) if a.event.reason == "stunting"]  # type: ignore[attr-defined]
        if not plans:
            return None
        plan = plans[-1]
        heights = [p for p in chart.points if p.z.haz is not None]
        before = [p for p in heights if p.weighing.on <= plan.on]
        after = [p for p in heights if p.weighing.on >= plan.on + timedelta(days=self.days)]
        if not before or not after or (after[-1].z.haz or 0) > (before[-1].z.haz or 0):
            return None
        now = after[-1]
        z = f"{figures.z(before[-1].z.haz or 0)} lalu {figures.z(now.z.haz or 0)} SD"
        return rests_on([before[-1].weighing, now.weighing], f"Rencana pendek sejak {figures.day(plan.on)}: TB/U {z}.")


class GrowingTooSlowly(ChildSign, frozen=True, tag="growing-too-slowly"):
    """In the first year, so many months without enough gain that are below WHO's p5 too; not examined since."""

    times: int
    months: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None:
            return ()
        months = [g for g in not_gained(chart) if chart.below_p5(g.before.weighing, g.first.weighing)]
        if len(months) < self.times:
            return ()
        since = months[self.times - 1].first.weighing.on
        examined = max((a.on for a in done(child.acts, ClinicallyAssessed)), default=date.min)
        if since <= examined or since >= child.birthday(self.months):
            return ()
        words = [g.now.weighing for g in months]
        says = f"Kenaikan berat {len(months)} bulan di bawah KBM dan di bawah persentil 5 WHO."
        return (rests_on(words, says, since=since),)


class HeadUnusual(ChildSign, frozen=True, tag="head-unusual"):
    """The head is too small or too large for the age, or crossed so many bands; not examined since."""

    z: float
    bands: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        points = [p for p in chart.points if p.z.hcz is not None and "hcz" not in p.z.flags]
        examined = max((a.on for a in done(child.acts, ClinicallyAssessed)), default=date.min)
        seen = [(p, why) for n, p in enumerate(points) if (why := self._why(points, n)) and p.weighing.on > examined]
        if not seen:
            return ()
        says = "; ".join(f"{why} ({figures.day(p.weighing.on)})" for p, why in seen)
        return (rests_on([p.weighing for p, _ in seen], f"Lingkar kepala {says}.", since=seen[0][0].weighing.on),)

    def _why(self, points: list[Point], n: int) -> str:
        z = points[n].z.hcz or 0
        if abs(z) > self.z:
            return f"{figures.z(z)} SD"
        if n and abs(int(z // 1) - int((points[n - 1].z.hcz or 0) // 1)) >= self.bands:
            return f"berubah dari {figures.z(points[n - 1].z.hcz or 0)} ke {figures.z(z)} SD"
        return ""


class PerhapsTuberculosis(ChildSign, frozen=True, tag="perhaps-tuberculosis"):
    """A long cough, contact with TB, or so many months without gain and no other cause found; not screened since."""

    AFTER = frozenset({ClinicallyAssessed})

    cough_weeks: int
    times: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        assessed = done(child.acts, ClinicallyAssessed)
        screened = max((a.on for a in assessed if a.event.tb_screened), default=date.min)  # type: ignore[attr-defined]
        seen = [(a, why) for a in assessed if a.on > screened and (why := self._why(a, chart))]
        if not seen:
            return ()
        says = "; ".join(dict.fromkeys(f"{why} ({figures.day(a.on)})" for a, why in seen))
        return (rests_on([a for a, _ in seen], f"Perlu penapisan TB: {says}.", since=seen[0][0].on),)

    def _why(self, act: Act, chart: Chart) -> str:
        event = act.event
        assert isinstance(event, ClinicallyAssessed)
        if event.cough_weeks is not None and event.cough_weeks > self.cough_weeks:
            return f"batuk {event.cough_weeks} minggu"
        if event.tb_contact:
            return "kontak dengan penderita TB"
        months = not_gained(chart) if event.illness is False else []
        if len(months) >= self.times and months[self.times - 1].first.weighing.on <= act.on:
            return f"berat tidak naik {len(months)} kali tanpa sebab"
        return ""


class TooHeavy(ChildSign, frozen=True, tag="too-heavy"):
    """The newest weight is above the orange line, or above that for the length; not all of `ends` were done since."""

    waz: float
    whz: float
    ends: tuple[Deed, ...]

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        run: list[Point] = []
        for point in reversed(chart.points):
            if point.z.waz is None and point.z.whz is None:
                continue
            if not self._why(point):
                break
            run.insert(0, point)
        if not run or run[0].weighing.on <= answered_until(child.acts, self.ends):
            return ()
        words = list(dict.fromkeys((run[0].weighing, run[-1].weighing)))
        since = run[0].weighing.on
        return (rests_on(words, f"Di atas garis oranye: {self._why(run[-1])}.", since=since),)

    def _why(self, point: Point) -> str:
        on = figures.day(point.weighing.on)
        if point.z.waz is not None and point.z.waz > self.waz and "waz" not in point.z.flags:
            return f"BB/U {figures.z(point.z.waz)} SD ({on})"
        if point.z.whz is not None and point.z.whz > self.whz and "whz" not in point.z.flags:
            return f"BB/PB atau BB/TB {figures.z(point.z.whz)} SD ({on})"
        return ""
