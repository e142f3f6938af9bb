"""Signs of the calendar of a child: registered, known by NIK, weighed each month, measured, visited, well."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from domain import child as events
from domain import figures
from domain.care import ClinicallyAssessed, DangerSignReported, HomeVisited, InpatientAdmitted
from domain.case import NAKES, Act, Evidence, done
from domain.child import AbsenceRecorded, Child, Weighing, month_after, plus_months
from domain.labels import listed
from domain.signs.nutrition import problem
from domain.signs.sign import ChildSign, rests_on

if TYPE_CHECKING:
    from domain.chart import Chart

DAY = timedelta(days=1)
BALITA_MONTHS = 60


class ChildNotRegistered(ChildSign, frozen=True, tag="child-not-registered"):
    """A child is known of and nobody has registered it since."""

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.registered is not None:
            return ()
        says = f"Anak sudah diketahui sejak {figures.day(child.first.on)}, tetapi belum didaftarkan."
        return (rests_on([child.first], says),)


class WithoutNik(ChildSign, frozen=True, tag="without-nik"):
    """A registered child has no valid NIK yet."""

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.registered is None or child.nik:
            return ()
        says = f"Terdaftar sejak {figures.day(child.registered.on)} dan belum punya NIK yang sah."
        return (rests_on([child.registered], says),)


class NotWeighed(ChildSign, frozen=True, tag="not-weighed-this-month"):
    """The posyandu's day of the first month in which it was neither weighed nor its absence noted.

    One need until it is weighed again: it opens on the posyandu's day and its window is that month.
    """

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None:
            return ()
        absent = _newest(done(child.acts, AbsenceRecorded))
        session = _first_session(child, chart, max(_weighed(child), absent))
        says = f"Hari posyandu {figures.day(session)}; {_last_weight(chart)}."
        return _while_balita(child, chart, says, session, month=session, by=month_after(session) - DAY)


class LengthOverdue(ChildSign, frozen=True, tag="length-overdue"):
    """More than so many days without a length or height."""

    days: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None or child.registered is None:
            return ()
        last = next((w for w in reversed(child.weighings) if w.cm is not None), None)
        if last is not None:
            since = last.on + timedelta(days=self.days + 1)
            says = f"Panjang/tinggi terakhir diukur {figures.day(last.on)} ({_cm(last)}), lewat {self.days} hari."
        elif child.birth_cm is not None:
            since = child.born + timedelta(days=self.days + 1)
            says = (
                f"Panjang badan belum diukur lagi sejak lahir {figures.day(child.born)} ({figures.cm(child.birth_cm)})."
            )
        else:
            since = child.registered.on
            says = "Panjang/tinggi badan belum pernah diukur."
        return _while_balita(child, chart, says, max(since, child.registered.on))


class MissedSession(ChildSign, frozen=True, tag="missed-session"):
    """A posyandu session is over, the child was not weighed in that month, and nobody has gone to see it since."""

    away_days: int
    """A family that says it will be back within so many days is waited for."""

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None:
            return ()
        session = _first_session(child, chart, _weighed(child), _newest(done(child.acts, HomeVisited)))
        since = _back_home(child, session + DAY, self.away_days)
        says = f"Tidak ditimbang pada posyandu {figures.day(session)}; {_last_weight(chart)}."
        return _while_balita(child, chart, says, since, month=session)


class MonthsNotWeighed(ChildSign, frozen=True, tag="months-not-weighed"):
    """So many months in a row went by without a weight, and no health worker has been at the house since."""

    months: int
    away_days: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None:
            return ()
        visited = _newest(tuple(v for v in done(child.acts, HomeVisited) if v.role in NAKES))
        first = _first_session(child, chart, _weighed(child), visited)
        since = _back_home(child, plus_months(first.replace(day=1), self.months), self.away_days)
        last = plus_months(first, self.months - 1)
        says = (
            f"{self.months} bulan berturut-turut tidak ditimbang "
            f"({figures.month(first)} sampai {figures.month(last)}); {_last_weight(chart)}."
        )
        return _while_balita(child, chart, says, since, month=first)


class ChildInDanger(ChildSign, frozen=True, tag="child-in-danger"):
    """A danger sign was told of, or the child was found ill at home, and nobody has examined it since."""

    AFTER = frozenset({DangerSignReported, HomeVisited})

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        assessed = done(child.acts, ClinicallyAssessed)
        told = [a for a in child.acts if _illness(a) and not any(x.after(a.on, a.version) for x in assessed)]
        if not told:
            return ()
        what = "; ".join(f"{_illness(a)} ({figures.day(a.on)})" for a in told)
        return (rests_on(told, f"Dilaporkan {what}, belum diperiksa.", since=told[0].on),)


class HomeVisitOverdue(ChildSign, frozen=True, tag="home-visit-overdue"):
    """A confirmed nutrition problem, and nobody was met at home for more than so many days."""

    days: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        trouble = problem(child)
        if trouble is None:
            return ()
        name, confirmed = trouble
        met = [v for v in done(child.acts, HomeVisited) if v.event.found in _MET]  # type: ignore[attr-defined]
        says = f"Status {name} ditetapkan {figures.day(confirmed.on)}; "
        if not met:
            return (rests_on([confirmed], says + "belum pernah dikunjungi di rumah."),)
        last = met[-1]
        since = max(confirmed.on, last.on + timedelta(days=self.days + 1))
        says += f"kunjungan rumah terakhir {figures.day(last.on)}, lebih dari {self.days} hari lalu."
        return (rests_on([confirmed, last], says, since=since),)


_MET = frozenset({"bertemu", "sakit"})


def _illness(act: Act) -> str:
    if isinstance(act.event, DangerSignReported):
        return "tanda bahaya: " + listed(act.event.signs)
    if isinstance(act.event, HomeVisited) and act.event.found == "sakit":
        return "anak sakit saat dikunjungi"
    return ""


# The posyandu's calendar


def _first_session(child: Child, chart: Chart, weighed: date, visited: date = date.min) -> date:
    """The first posyandu day that nothing accounts for.

    A weight accounts for its month, a visit for the sessions before it; a child is expected from its registration on.
    """
    assert child.registered is not None and child.born is not None
    start = max(child.registered.on, child.born + DAY)
    if weighed > date.min:
        start = max(start, month_after(weighed))
    if visited > date.min:
        start = max(start, visited + DAY)
    return _session_from(start, chart)


def _newest(acts: tuple[Act, ...]) -> date:
    """The day of the newest; the first of all days where there is none."""
    return acts[-1].on if acts else date.min


def _session_from(day: date, chart: Chart) -> date:
    """The posyandu's day on or next after a day."""
    session = _session(day, chart)
    return session if session >= day else _session(month_after(day), chart)


def _session(month: date, chart: Chart) -> date:
    if chart.session_day <= 28:
        return month.replace(day=chart.session_day)
    return month.replace(day=min(chart.session_day, (month_after(month) - DAY).day))


def _weighed(child: Child) -> date:
    last = events.last_weighed(child)
    return date.min if last is None else last.on


def _while_balita(
    child: Child, chart: Chart, says: str, since: date | None, *, month: date | None = None, by: date | None = None
) -> tuple[Evidence, ...]:
    """A need of the calendar, for as long as the child is under five."""
    fifth = chart.worked_out(_fifth_birthday)
    if since is None or since >= fifth:
        return ()
    key = f"{month:%Y-%m}" if month is not None else ""
    return (Evidence(says=says, events=_support(child), since=since, key=key, until=fifth, by=by),)


def _fifth_birthday(chart: Chart) -> date:
    assert isinstance(chart.case, Child)
    return chart.case.birthday(BALITA_MONTHS)


def _support(child: Child) -> tuple[int, ...]:
    """The last weighing, by which a reader sees since when there is none; the registration where there was none."""
    last = events.last_weighed(child) or child.registered
    return (last.version,) if last is not None else ()


def _last_weight(chart: Chart) -> str:
    return chart.worked_out(_last_weight_says)


def _last_weight_says(chart: Chart) -> str:
    assert isinstance(chart.case, Child)
    last = events.last_weighed(chart.case)
    if last is None or last.kg is None:
        return "belum pernah ditimbang"
    return f"terakhir ditimbang {figures.day(last.on)} ({figures.kg(last.kg)})"


def _cm(weighing: Weighing) -> str:
    assert weighing.cm is not None
    how = "" if weighing.lying is None else (" telentang" if weighing.lying else " berdiri")
    return figures.cm(weighing.cm) + how


# Not to be found at home for a known reason


def _back_home(child: Child, since: date, away_days: int) -> date | None:
    """The day from which the child can be looked for; None while it is not known when it comes back."""
    for act in child.acts:
        if type(act.event) not in _TELL_OF_ABSENCE:
            continue
        back = _away_until(child, act, away_days)
        if back is not None and act.on <= since < back:
            since = back
    return None if since == date.max else since


_TELL_OF_ABSENCE = frozenset({HomeVisited, AbsenceRecorded, InpatientAdmitted})


def _away_until(child: Child, act: Act, away_days: int) -> date | None:
    """The day a family is back that this act says is away; date.max where nobody knows."""
    event = act.event
    match event:
        case HomeVisited(found="sementara-pergi") | AbsenceRecorded(reason="pergi") if event.back is not None:
            return event.back if (event.back - act.on).days <= away_days else None
        case HomeVisited(found="pindah") | AbsenceRecorded(reason="pindah"):
            return _seen_again(child, act)
        case InpatientAdmitted():
            return event.until if event.until is not None else _seen_again(child, act)
    return None


def _seen_again(child: Child, gone: Act) -> date:
    """The first day after which somebody weighed or met the child here, or the hospital sent it back."""
    seen = [w.on for w in child.weighings if w.context != "faskes"]
    seen += [v.on for v in done(child.acts, HomeVisited) if v.event.found in _MET]  # type: ignore[attr-defined]
    seen += [step.on for r in child.referrals for step in r.steps if step.state == "rujuk-balik"]
    seen += [m.on for m in done(child.acts, events.Moved)]
    return min((day for day in seen if day > gone.on), default=date.max)
