"""Signs of a pregnancy beside its windows: scan, blood, pressure, risk score, tablets, weight, classes, plan, term."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from domain import figures
from domain.antenatal import BirthPlanMade, ClassAttended, Factor, Place, RiskScored
from domain.care import CarePlanStarted, ClinicallyAssessed, HomeVisited
from domain.case import NAKES, Act, Evidence, done
from domain.checkups import body_mass, doctor_scans, supplies, tablets
from domain.child import plus_months
from domain.labels import label, listed
from domain.pregnancy import RESTRICTED_TESTS, Check, LabResultRecorded, Pregnancy, TabletsGiven, trimester
from domain.signs.pregnancy import DAY, Window, open_windows
from domain.signs.sign import (
    Deed,
    PregnancySign,
    answered_until,
    in_hospital_since,
    referred_until,
    rests_on,
)


class Expecting(PregnancySign, frozen=True):
    """A sign that is over when the child is born."""

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        registered = pregnancy.registered
        if registered is None or pregnancy.start is None or pregnancy.delivered:
            return ()
        return tuple(self.expecting(pregnancy, registered))

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        raise NotImplementedError


def _calendar(registered: Act, says: str, since: date, *, key: str = "", by: date | None = None) -> Evidence:
    """A need that comes with the weeks; it rests on the registration."""
    return Evidence(says=says, events=(registered.version,), since=max(since, registered.on), key=key, by=by)


class ContactWindowMissed(Expecting, frozen=True, tag="contact-window-missed"):
    """The window of a contact went by without a visit, and no health worker has been at her house since.

    The first such window: whoever sees her then answers for those after it as well.
    """

    windows: tuple[Window, ...]

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        seen = [v.on for v in done(pregnancy.acts, HomeVisited) if v.role in NAKES]
        seen += [v.on for v in pregnancy.antenatal]
        for window, _, last, _ in open_windows(pregnancy, self.windows):
            if not any(on > last for on in seen):
                says = f"Waktu {window.k} habis {figures.day(last)} tanpa pemeriksaan."
                yield _calendar(registered, says, last + DAY, key=window.k)
                return


class NoDoctorScan(Expecting, frozen=True, tag="no-doctor-scan"):
    """In the last trimester no doctor has seen her with a scan; to be done between these weeks."""

    first: int
    last: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        last = pregnancy.week(self.last, 6)
        if 3 not in doctor_scans(pregnancy) and registered.on <= last:
            says = f"Belum diperiksa dokter dengan USG pada trimester 3; paling lambat {figures.day(last)}."
            yield _calendar(registered, says, pregnancy.week(self.first), by=last)


class HbLimits(Expecting, frozen=True):
    """A sign that knows below which haemoglobin a woman is anaemic in each trimester."""

    first: float
    second: float
    third: float

    def low(self, pregnancy: Pregnancy, act: Act) -> bool:
        return _hb(act) < (self.first, self.second, self.third)[trimester(pregnancy, act.on) - 1]


class Anaemia(HbLimits, frozen=True, tag="anaemia"):
    """The newest haemoglobin is below the limit of its trimester and not below `severe`; no plan for it since."""

    moderate: float
    """Below this it is called moderate."""
    severe: float

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        run = _run(haemoglobin(pregnancy), lambda a: self.low(pregnancy, a) and _hb(a) >= self.severe)
        planned = max((a.on for a in _plans(pregnancy)), default=date.min)
        if run and run[0].on > planned:
            band = "sedang" if _hb(run[-1]) < self.moderate else "ringan"
            yield rests_on(run, f"{_hb_says(run)}: anemia {band}.", since=run[0].on)


def haemoglobin(pregnancy: Pregnancy) -> list[Act]:
    """Every Hb result, oldest first."""
    results = done(pregnancy.acts, LabResultRecorded)
    return [a for a in results if a.event.test == "hb" and a.event.value is not None]  # type: ignore[attr-defined]


def _hb(act: Act) -> float:
    value: float = act.event.value  # type: ignore[attr-defined]
    return value


def _hb_says(results: Sequence[Act]) -> str:
    return "Hb " + ", ".join(f"{figures.number(_hb(a))} g/dL ({figures.day(a.on)})" for a in results)


def _run(acts: Sequence[Act], bad: Callable[[Act], bool]) -> list[Act]:
    """Those in a row, up to the newest, that are bad."""
    run: list[Act] = []
    for act in reversed(acts):
        if not bad(act):
            break
        run.insert(0, act)
    return run


def _plans(pregnancy: Pregnancy) -> list[Act]:
    return [a for a in done(pregnancy.acts, CarePlanStarted) if a.event.reason == "anemia"]  # type: ignore[attr-defined]


class SevereAnaemia(PregnancySign, frozen=True, tag="severe-anaemia"):
    """Haemoglobin so low that she belongs in a hospital, before or after the birth; not arrived there since."""

    below: float

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        arrived = in_hospital_since(pregnancy.referrals)
        run = [a for a in _run(haemoglobin(pregnancy), lambda a: _hb(a) < self.below) if a.on > arrived]
        if not run or pregnancy.died is not None:
            return ()
        return (rests_on(run, f"{_hb_says(run)}: anemia berat.", since=run[0].on),)


class HbNotRepeated(HbLimits, frozen=True, tag="hb-not-repeated"):
    """Haemoglobin is to be measured again so many days after a plan for anaemia, until it is no longer low.

    Where it did not rise, a doctor looks first (branch `tidak-naik`).
    """

    days: int
    ahead: int
    """It is asked for so many days before, and counts from then on; the doctor has as many."""

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        plan = next(reversed(_plans(pregnancy)), None)
        if plan is None:
            return
        results = haemoglobin(pregnancy)
        last = self._last_look(plan, results)
        if results and results[-1].on > plan.on and not self.low(pregnancy, results[-1]):
            return
        if last is not plan and not _seen_by_doctor(pregnancy, last.on):
            before = [a for a in results if a.on < last.on][-1:]
            if before and _hb(last) <= _hb(before[0]):
                says = f"{_hb_says([*before, last])}: tidak naik sesudah pengobatan."
                found = rests_on([*before, last], says, since=last.on, key=f"{last.on}", branch="tidak-naik")
                yield replace(found, by=last.on + timedelta(days=self.ahead))
                return
        due = last.on + timedelta(days=self.days)
        says = f"Pengobatan anemia sejak {figures.day(plan.on)}; Hb diulang {figures.day(due)}."
        yield replace(rests_on([last], says, since=due - timedelta(days=self.ahead), key=f"{last.on}"), by=due)

    def _last_look(self, plan: Act, results: Sequence[Act]) -> Act:
        """The newest repeat that came late enough after the one before it, or the plan itself."""
        last = plan
        for result in results:
            if result.on >= last.on + timedelta(days=self.days - self.ahead):
                last = result
        return last


def _seen_by_doctor(pregnancy: Pregnancy, since: date) -> bool:
    examined = done(pregnancy.acts, ClinicallyAssessed)
    return any(a.on >= since and a.role in ("puskesmas-dr", "rs") for a in examined)


class HighPressure(PregnancySign, frozen=True, tag="high-pressure"):
    """Blood pressure from here on and below the severe limit, before or after the birth; not examined since."""

    systolic: int
    diastolic: int
    severe_systolic: int
    severe_diastolic: int

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        examined = done(pregnancy.acts, ClinicallyAssessed)
        high = [
            c for c in pregnancy.checks if self._high(c) and not any(a.after(c.on, c.version) for a in examined)
        ]  # fmt: skip
        if not high or pregnancy.died is not None:
            return ()
        says = ", ".join(f"{c.event.systolic or '-'}/{c.event.diastolic or '-'} ({figures.day(c.on)})" for c in high)
        return (rests_on(high, f"Tekanan darah {says}.", since=high[0].on),)

    def _high(self, check: Check) -> bool:
        up, down = check.event.systolic or 0, check.event.diastolic or 0
        severe = up >= self.severe_systolic or down >= self.severe_diastolic
        return not severe and (up >= self.systolic or down >= self.diastolic)


class RiskNotScored(Expecting, frozen=True, tag="risk-not-scored"):
    """From the first contact on, and again in each trimester, the risk was not scored."""

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        scored = max((a.on for a in done(pregnancy.acts, RiskScored)), default=None)
        first = pregnancy.antenatal[0].on if pregnancy.antenatal else registered.on
        begins = {1: first, 2: max(first, pregnancy.week(13)), 3: max(first, pregnancy.week(24) + DAY)}
        now = trimester(pregnancy, first) if scored is None else trimester(pregnancy, scored) + 1
        if now <= 3:
            yield _calendar(registered, f"KSPR trimester {now} belum dinilai.", begins[now], key=f"trimester-{now}")


class RiskHigh(Expecting, frozen=True, tag="risk-high"):
    """The newest risk score is in this range, and the birth is not planned at such a place (and referred since)."""

    start: int
    points: int
    heavy: int
    eights: tuple[Factor, ...]
    """Factors that count `heavy`; every other counts `points`."""
    least: int
    most: int
    places: tuple[Place, ...]
    """Where a birth of this risk is to be planned."""
    refer: bool = False
    """She is sent to a hospital as well."""

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        scored = done(pregnancy.acts, RiskScored)
        if not scored:
            return
        run = _run(list(scored), lambda a: self.least <= self.score(a) <= self.most)
        if not run or self._answered(pregnancy, run[0].on):
            return
        factors = listed(run[-1].event.factors)  # type: ignore[attr-defined]
        says = f"KSPR {self.score(run[-1])} ({figures.day(run[-1].on)}): {factors}."
        yield rests_on(run, says, since=run[0].on)

    def score(self, act: Act) -> int:
        """Poedji Rochjati's score of what was found."""
        factors: tuple[Factor, ...] = act.event.factors  # type: ignore[attr-defined]
        return self.start + sum(self.heavy if f in self.eights else self.points for f in factors)

    def _answered(self, pregnancy: Pregnancy, since: date) -> bool:
        plan = next(reversed(done(pregnancy.acts, BirthPlanMade)), None)
        planned = plan is not None and plan.event.place in self.places  # type: ignore[attr-defined]
        return planned and (not self.refer or referred_until(pregnancy.referrals, ("rs",)) >= since)


class FourTooMuch(Expecting, frozen=True, tag="four-too-much"):
    """Too young, too old, too close or too many at registration; not all of `ends` were done since."""

    protected: int
    """Below this age she is a child herself: that is not for the village, and TeenMother sees to it."""
    youngest: int
    oldest: int
    years_between: int
    children: int
    ends: tuple[Deed, ...]

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        why = ", ".join(self._why(pregnancy))
        if (
            why
            and not _younger(pregnancy, self.protected)
            and registered.on > answered_until(pregnancy.acts, self.ends)
        ):
            yield rests_on([registered], f"4 terlalu: {why}.")

    def _why(self, pregnancy: Pregnancy) -> Iterator[str]:
        assert pregnancy.start is not None
        if _younger(pregnancy, self.youngest):
            yield "terlalu muda"
        if pregnancy.mother_born is not None and not _younger(pregnancy, self.oldest + 1):
            yield "terlalu tua"
        last = pregnancy.last_birth
        if last is not None and pregnancy.start < plus_months(last, self.years_between * 12):
            yield "terlalu dekat"
        if pregnancy.para is not None and pregnancy.para > self.children:
            yield "terlalu banyak"


def _younger(pregnancy: Pregnancy, years: int) -> bool:
    """She is known to have been younger than that when the pregnancy began."""
    born, start = pregnancy.mother_born, pregnancy.start
    return born is not None and start is not None and start < plus_months(born, years * 12)


class TabletsShort(Expecting, frozen=True, tag="tablets-short"):
    """No tablets recorded for so many days, or fewer taken than that share of what was handed out before.

    A larger supply lasts as many days as it has tablets. TTD and MMS are one supply: MMS replaces TTD.
    """

    days: int
    share: float

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        told = [a for a in done(pregnancy.acts, TabletsGiven) if a.event.taken is not None]  # type: ignore[attr-defined]
        if told:
            supply = [a for a in supplies(pregnancy) if (a.on, a.version) < (told[-1].on, told[-1].version)]
            taken: int = told[-1].event.taken  # type: ignore[attr-defined]
            if supply and taken < tablets(supply[-1]) * self.share:
                says = f"Diminum {taken} dari {tablets(supply[-1])} tablet ({figures.day(told[-1].on)})."
                yield rests_on([supply[-1], told[-1]], says, since=told[-1].on)
                return
        yield self._lasting(supplies(pregnancy), registered)

    def _lasting(self, supply: Sequence[Act], registered: Act) -> Evidence:
        if not supply:
            since = registered.on + timedelta(days=self.days + 1)
            return rests_on([registered], "Belum ada tablet yang dicatat.", since=since)
        last = supply[-1]
        since = last.on + timedelta(days=max(self.days, tablets(last)) + 1)
        return rests_on([last], f"{tablets(last)} tablet terakhir diberikan {figures.day(last.on)}.", since=since)


class TripleMissing(Expecting, frozen=True, tag="triple-missing"):
    """By the contact of that number, HIV, syphilis and HBsAg were not all tested for."""

    contact: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        known = {a.event.test for a in done(pregnancy.acts, LabResultRecorded)}  # type: ignore[attr-defined]
        if len(pregnancy.antenatal) >= self.contact and not known >= RESTRICTED_TESTS:
            visit = pregnancy.antenatal[self.contact - 1]
            yield rests_on([visit], f"Tripel eliminasi belum lengkap sampai kontak ke-{self.contact}.")


class InfectionFound(PregnancySign, frozen=True, tag="infection-found"):
    """A restricted test was positive and no plan was made since, for her or her newborn. Never for kader or desa."""

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        plans = [a.on for a in done(pregnancy.acts, CarePlanStarted) if a.event.reason == "infeksi"]  # type: ignore[attr-defined]
        planned = max(plans, default=date.min)
        positive = [
            a for a in done(pregnancy.acts, LabResultRecorded)
            if a.event.restricted and a.event.result in ("reaktif", "positif") and a.on > planned  # type: ignore[attr-defined]
        ]  # fmt: skip
        if not positive:
            return ()
        says = "; ".join(f"{label(a.event.test)} ({figures.day(a.on)})" for a in positive)  # type: ignore[attr-defined]
        return (rests_on(positive, f"Hasil reaktif: {says}.", since=positive[0].on),)


class GainBand(Struct, frozen=True, forbid_unknown_fields=True):
    """Kilograms to gain in the whole pregnancy, for a body mass index below so much before it."""

    below: float
    least: float
    most: float


class GainOffTarget(Expecting, frozen=True, tag="gain-off-target"):
    """At so many checks in a row the weight was off the target of her body mass index.

    It ends when all of `ends` were done and she was weighed since; as many checks off after that are a new need.
    """

    bands: tuple[GainBand, ...]
    first_least: float
    first_most: float
    """Kilograms by the end of the first trimester, whatever the band."""
    after: int
    """The weeks from which a check says something; before, many lose weight and need not worry."""
    checks: int
    ends: tuple[Deed, ...]

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        before, bmi = pregnancy.weight_before, body_mass(pregnancy)
        if before is None or bmi is None:
            return
        run = self._run(pregnancy, bmi)
        if len(run) < self.checks:
            return
        since = run[self.checks - 1].on
        if run[-1].on > since and since <= answered_until(pregnancy.acts, self.ends):
            return
        gains = ", ".join(f"{(c.event.kg or 0) - before:+.1f} kg".replace(".", ",") for c in run)
        yield rests_on(run, f"Kenaikan berat di luar target: {gains}.", since=since)

    def _run(self, pregnancy: Pregnancy, bmi: float) -> list[Check]:
        """The checks off the target in a row, one a day, since the need before them ended."""
        weighed = [c for c in pregnancy.checks if c.event.kg is not None and c.on >= pregnancy.week(self.after)]
        run: list[Check] = []
        for check in {c.on: c for c in weighed}.values():
            if len(run) >= self.checks:
                until = answered_until(tuple(a for a in pregnancy.acts if a.on <= check.on), self.ends)
                run = [] if until >= run[self.checks - 1].on else run
            run = [*run, check] if self._off(pregnancy, check, bmi) else []
        return run

    def _off(self, pregnancy: Pregnancy, check: Check, bmi: float) -> bool:
        """A straight line to the first trimester's end, and another to forty weeks."""
        assert pregnancy.start is not None
        assert pregnancy.weight_before is not None
        band = next((b for b in self.bands if bmi < b.below), self.bands[-1])
        weeks = (check.on - pregnancy.start).days / 7
        early, late = min(weeks, 13) / 13, max(weeks - 13, 0) / 27
        gain = (check.event.kg or 0) - pregnancy.weight_before
        least = self.first_least * early + (band.least - self.first_least) * late
        most = self.first_most * early + (band.most - self.first_most) * late
        return not least <= gain <= most


class ClassesFew(Expecting, frozen=True, tag="classes-few"):
    """By this week she has been at fewer sessions of the class than that."""

    count: int
    weeks: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        been = len({a.on for a in done(pregnancy.acts, ClassAttended)})
        if been < self.count:
            says = f"Kelas ibu hamil baru {been} dari {self.count} kali sampai {self.weeks} minggu."
            yield _calendar(registered, says, pregnancy.week(self.weeks))


class NoBirthPlan(Expecting, frozen=True, tag="no-birth-plan"):
    """By this week nobody has planned the birth with her."""

    weeks: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        if not done(pregnancy.acts, BirthPlanMade):
            since = pregnancy.week(self.weeks)
            says = f"Hamil {self.weeks} minggu pada {figures.day(since)}, belum ada rencana persalinan."
            yield _calendar(registered, says, since)


class WeeklyContact(Expecting, frozen=True, tag="weekly-contact"):
    """From this week on she is seen once in each week of the pregnancy, at home or at a check, until the birth."""

    weeks: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        term = pregnancy.week(self.weeks)
        seen = [v for v in done(pregnancy.acts, HomeVisited) if v.event.found != "tidak-di-rumah"]  # type: ignore[attr-defined]
        last = max((v for v in (*seen, *pregnancy.antenatal) if v.on >= term), key=lambda v: v.on, default=None)
        week = self.weeks if last is None else (last.on - pregnancy.week(0)).days // 7 + 1
        says = f"Hamil {week} minggu; kontak setiap minggu sampai lahir."
        found = rests_on([last or registered], says, since=max(pregnancy.week(week), registered.on))
        yield replace(found, key=f"minggu-{week}")


class PostTerm(Expecting, frozen=True, tag="post-term"):
    """The pregnancy has lasted so many weeks, and she was not referred to a puskesmas or hospital since."""

    weeks: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        since = pregnancy.week(self.weeks)
        if referred_until(pregnancy.referrals) < since:
            yield _calendar(registered, f"Kehamilan {self.weeks} minggu pada {figures.day(since)}, belum lahir.", since)


class TeenMother(Expecting, frozen=True, tag="teen-mother"):
    """She was younger than this when the pregnancy began; not all of `ends` were done since registration."""

    years: int
    protected: int
    """Below this age she is a child herself (branch `anak`)."""
    ends: tuple[Deed, ...]

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        if not _younger(pregnancy, self.years) or registered.on <= answered_until(pregnancy.acts, self.ends):
            return
        if _younger(pregnancy, self.protected):
            says = f"Hamil pada umur di bawah {self.protected} tahun: jalur perlindungan anak."
            yield rests_on([registered], says, branch="anak")
        else:
            yield rests_on([registered], f"Hamil pada umur di bawah {self.years} tahun.")
