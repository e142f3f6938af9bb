"""Signs of what protects a child: doses due or overdue, vitamin A, deworming, KPSP, feeding, catching up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from domain import figures
from domain.birth import NewbornCareRecorded
from domain.care import ClinicallyAssessed, Counselled, HomeVisited
from domain.case import Act, Event, Evidence, done
from domain.child import Child, Died, FeedingRecorded, month_after, plus_months
from domain.preventive import (
    Dewormed,
    DewormingMissed,
    ImmunizationDeferred,
    ImmunizationHistoryCopied,
    KpspDone,
    RiskTagCleared,
    Vaccine,
    VitaminAGiven,
    VitaminAMissed,
    doses_told,
)
from domain.signs.sign import ChildSign, rests_on

if TYPE_CHECKING:
    from domain.chart import Chart

DAY = timedelta(days=1)


class Dose(Struct, frozen=True, forbid_unknown_fields=True):
    """A vaccine and the age in months at which it is due; 0 is at birth."""

    vaccine: Vaccine
    months: int


class DosesDue(ChildSign, frozen=True, tag="doses-due"):
    """So many days before the next doses are due, or so many after, and not yet given.

    The doses of one age are one task. What is long overdue is caught up with before the next is planned.
    """

    schedule: tuple[Dose, ...]
    days: int
    overdue: bool = False
    endemic: bool = False
    """Japanese encephalitis is in this district."""

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None or child.known is None:
            return ()
        wanted = self._wanted(child)
        if not wanted:
            return ()
        first = min(d.months for d in wanted)
        due = max(child.birthday(first), self._deferred(child, [d.vaccine for d in wanted if d.months == first]))
        since = due + timedelta(days=self.days + 1) if self.overdue else due - timedelta(days=self.days)
        names = ", ".join(d.vaccine for d in wanted if d.months == first)
        says = f"Imunisasi {names}, waktunya {figures.day(due)}" + (", belum diberikan." if self.overdue else ".")
        return _of(child, says, max(since, child.known), key=f"{first}-bulan")

    def _wanted(self, child: Child) -> list[Dose]:
        """Doses not given. What was due before we knew the child counts from when its history has been copied on."""
        given = {vaccine for told in doses_told(child.acts) for vaccine in told.vaccines}
        if any("hb0" in a.event.done for a in done(child.acts, NewbornCareRecorded)):  # type: ignore[attr-defined]
            given.add("HB0")
        left = [d for d in self.schedule if d.vaccine not in given and (self.endemic or d.vaccine != "JE")]
        if not left or done(child.acts, ImmunizationHistoryCopied):
            return left
        before = _months_before(child)
        return [d for d in left if d.months >= before]

    def _deferred(self, child: Child, vaccines: list[str]) -> date:
        put_off = [a.event.until for a in done(child.acts, ImmunizationDeferred) if a.event.vaccine in vaccines]  # type: ignore[attr-defined]
        return max((day for day in put_off if day is not None), default=date.min)


class HistoryUnknown(ChildSign, frozen=True, tag="history-unknown"):
    """A child that was of an age to have had vaccines when we came to know it, and nobody has copied which."""

    months: int
    """From this age on; a younger one's doses are all still to come here."""
    oldest: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.known is None or done(child.acts, ImmunizationHistoryCopied):
            return ()
        if not child.birthday(self.months) < child.known < child.birthday(self.oldest):
            return ()
        says = f"Terdaftar di sini sejak {figures.day(child.known)}; imunisasi sebelum itu belum disalin."
        return _of(child, says, child.known, until=child.birthday(self.oldest))


def _months_before(child: Child) -> int:
    """The first age in months that the child reached when we knew of it already."""
    born, known = child.born, child.known
    assert born is not None and known is not None
    months = (known.year - born.year) * 12 + known.month - born.month
    return months if child.birthday(months) >= known else months + 1


class RoundMissed(ChildSign, frozen=True, tag="round-missed"):
    """The first round in these months in which a child of that age got nothing and nobody said why."""

    what: Literal["vitamin-a", "obat-cacing"]
    months: tuple[int, ...]
    """Months of the year."""
    youngest: int
    oldest: int
    """From so many months of age, and until before so many."""

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None or child.known is None:
            return ()
        answers = [a.on for kind in _ROUNDS[self.what] for a in done(child.acts, kind)]
        old_enough = child.birthday(self.youngest)
        earliest = max([child.known.replace(day=1), *(month_after(on) for on in answers), old_enough.replace(day=1)])
        start = self._round(earliest)
        since = max(start, old_enough, child.known)
        if since >= child.birthday(self.oldest):
            return ()
        says = f"Bulan {_called(self.what)} {figures.month(start)}: {self._dose(child, since)}, belum dicatat."
        last = month_after(since) - DAY
        return _of(child, says, since, key=f"{start:%Y-%m}", by=last, until=child.birthday(self.oldest))

    def _round(self, month: date) -> date:
        """The first month of a round, from a month on."""
        wait = min((m - month.month) % 12 for m in self.months)
        return plus_months(month, wait)

    def _dose(self, child: Child, on: date) -> str:
        if self.what == "vitamin-a":
            return "kapsul merah" if on >= child.birthday(12) else "kapsul biru"
        return "400 mg" if on >= child.birthday(24) else "200 mg"


_ROUNDS: dict[str, tuple[type[Event], ...]] = {
    "vitamin-a": (VitaminAGiven, VitaminAMissed), "obat-cacing": (Dewormed, DewormingMissed),
}  # fmt: skip


def _called(what: str) -> str:
    return "vitamin A" if what == "vitamin-a" else "obat cacing"


class KpspDue(ChildSign, frozen=True, tag="kpsp-due"):
    """The next age at which development is looked at has come."""

    ages: tuple[int, ...]

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None or child.known is None:
            return ()
        told = done(child.acts, KpspDone)
        last = max((a.event.months for a in told), default=0)  # type: ignore[attr-defined]
        known = child.known - timedelta(days=31)
        for age in self.ages:
            if age > last and child.birthday(age) >= known:
                says = f"Umur {age} bulan tercapai {figures.day(child.birthday(age))}: waktunya KPSP."
                return _of(child, says, max(child.birthday(age), child.known), key=f"{age}-bulan")
        return ()


class KpspLow(ChildSign, frozen=True, tag="kpsp-low"):
    """The newest KPSP has a score in this range; where that is grave, neither examined nor referred since."""

    AFTER = frozenset({KpspDone})

    least: int
    most: int
    grave: bool = False

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        told = done(child.acts, KpspDone)
        if not told:
            return ()
        newest = told[-1]
        score = newest.event.score  # type: ignore[attr-defined]
        if not self.least <= score <= self.most or (self.grave and self._seen_to(child, newest)):
            return ()
        return (rests_on([newest], f"KPSP {figures.day(newest.on)}: {score} dari 10."),)

    def _seen_to(self, child: Child, newest: Act) -> bool:
        examined = any(a.on >= newest.on for a in done(child.acts, ClinicallyAssessed))
        return examined or any(r.made.on >= newest.on for r in child.referrals)


class BreastFeedingUnknown(ChildSign, frozen=True, tag="breast-feeding-unknown"):
    """An infant whose feeding is not recorded for this month of its life, or that gets more than breast milk."""

    months: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None or child.known is None:
            return ()
        grown = child.birthday(self.months)
        told = [a for a in done(child.acts, FeedingRecorded) if a.event.breast is not None]  # type: ignore[attr-defined]
        if told and told[-1].event.breast != "asi-saja" and not _advised(child, told[-1], ("asi",)):  # type: ignore[attr-defined]
            says = f"Tidak ASI saja lagi (dicatat {figures.day(told[-1].on)})."
            return _of(child, says, told[-1].on, until=grown, words=[told[-1]])
        month = next((m for m in range(self.months) if self._unsaid(child, m, told)), self.months)
        since = max(child.birthday(month), child.known)
        if since >= grown or (told and told[-1].event.breast != "asi-saja"):  # type: ignore[attr-defined]
            return ()
        return _of(child, f"ASI bulan ke-{month} belum dicatat.", since, key=f"bulan-{month}", until=grown)

    def _unsaid(self, child: Child, month: int, told: list[Act]) -> bool:
        """Nothing was said in this month of its life, and we knew the child before it was over."""
        assert child.known is not None
        return child.birthday(month + 1) > child.known and (not told or child.birthday(month) > told[-1].on)


class FoodPoor(ChildSign, frozen=True, tag="food-poor"):
    """A child that eats: not recorded for so many days, or fewer food groups than that; not both told and advised."""

    youngest: int
    oldest: int
    days: int
    groups: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None or child.known is None:
            return ()
        eats, grown = child.birthday(self.youngest), child.birthday(self.oldest)
        told = [a for a in done(child.acts, FeedingRecorded) if a.event.groups is not None]  # type: ignore[attr-defined]
        if told and told[-1].event.groups < self.groups and not _advised(child, told[-1], ("mpasi", "makan")):  # type: ignore[attr-defined]
            groups: int = told[-1].event.groups  # type: ignore[attr-defined]
            says = f"Makan {groups} kelompok makanan ({figures.day(told[-1].on)}), kurang dari {self.groups}."
            return _of(child, says, max(told[-1].on, eats), until=grown, words=[told[-1]])
        since = eats
        if told or child.known > eats:
            since = max(eats, (told[-1].on if told else child.known) + timedelta(days=self.days + 1))
        if since >= grown:
            return ()
        says = f"Makan terakhir dicatat {figures.day(told[-1].on)}." if told else "Makanan anak belum pernah dicatat."
        return _of(child, says, since, until=grown)


def _advised(child: Child, told: Act, topics: tuple[str, ...]) -> bool:
    return any(a.on >= told.on and a.event.topic in topics for a in done(child.acts, Counselled))  # type: ignore[attr-defined]


class BornAtRisk(ChildSign, frozen=True, tag="born-at-risk"):
    """Born small, short or early: visited weekly until so heavy, then monthly, until a health worker ends it."""

    kg: float
    cm: float
    weeks: int
    months: int
    """Until this age."""

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        why = self._why(child)
        if not why or child.known is None or done(child.acts, RiskTagCleared):
            return ()
        visits = done(child.acts, HomeVisited)
        last = max([child.known, *(v.on for v in visits)])
        heavy = any(w.kg is not None and w.kg >= self.kg for w in child.weighings)
        light = child.birth_kg is not None and child.birth_kg < self.kg and not heavy
        since = last + timedelta(days=7) if light else plus_months(last, 1)
        if not visits:
            since = child.known
        if since >= child.birthday(self.months):
            return ()
        says = f"{why}; kunjungan {'setiap minggu' if light else 'setiap bulan'}."
        return _of(child, says, since, key=since.isoformat(), until=child.birthday(self.months))

    def _why(self, child: Child) -> str:
        parts = (
            f"berat lahir {figures.kg(child.birth_kg)}"
            if child.birth_kg is not None and child.birth_kg < self.kg
            else "",
            f"panjang lahir {figures.cm(child.birth_cm)}"
            if child.birth_cm is not None and child.birth_cm < self.cm
            else "",
            f"lahir {child.weeks} minggu" if child.weeks is not None and child.weeks < self.weeks else "",
        )
        said = ", ".join(part for part in parts if part)
        return said[:1].upper() + said[1:]


class FifthBirthday(ChildSign, frozen=True, tag="fifth-birthday"):
    """The child turns so many months and the case is still open."""

    months: int

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if child.born is None:
            return ()
        fifth = child.birthday(self.months)
        return _of(child, f"Genap {self.months} bulan pada {figures.day(fifth)}.", fifth)


class DeathUnclosed(ChildSign, frozen=True, tag="death-unclosed"):
    """The child died and its case is not closed."""

    AFTER = frozenset({Died})

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        died = done(child.acts, Died)
        if not died or child.closed is not None:
            return ()
        return (
            rests_on([died[-1]], f"Meninggal {figures.day(died[-1].on)}; tanggal dan sebab dipastikan, kasus ditutup."),
        )


def _of(
    child: Child,
    says: str,
    since: date,
    *,
    key: str = "",
    by: date | None = None,
    until: date | None = None,
    words: list[Act] | None = None,
) -> tuple[Evidence, ...]:
    """A need of the calendar; it rests on the registration, or on these words."""
    assert child.registered is not None
    told = words or [child.registered]
    heard = max((w.heard for w in told if w.on <= since), default=None) if words else None
    versions = tuple(w.version for w in told)
    return (Evidence(says=says, events=versions, since=since, heard=heard, key=key, by=by, until=until),)
