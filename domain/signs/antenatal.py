"""Signs of a pregnancy beside its windows: scan, blood, pressure, risk score, tablets, weight, classes, plan, term."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from domain import figures
from domain.antenatal import BirthPlanMade, ClassAttended, Factor, RiskScored
from domain.care import CarePlanStarted, ClinicallyAssessed, HomeVisited
from domain.case import NAKES, Act, Evidence, done
from domain.child import plus_months
from domain.labels import label, listed
from domain.pregnancy import RESTRICTED_TESTS, AntenatalVisited, Check, LabResultRecorded, Pregnancy, TabletsGiven
from domain.signs.pregnancy import DAY, Window, open_windows, trimester
from domain.signs.sign import Deed, PregnancySign, Word, answered_until, in_hospital_since, rests_on


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
    """The window of a contact went by without a visit, and no health worker has been at her house since."""

    windows: tuple[Window, ...]

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        seen = [v.on for v in done(pregnancy.acts, HomeVisited) if v.role in NAKES]
        seen += [v.on for v in pregnancy.antenatal]
        for window, _, last, _ in open_windows(pregnancy, self.windows):
            if not any(on > last for on in seen):
                says = f"Waktu {window.k} habis {figures.day(last)} tanpa pemeriksaan."
                yield _calendar(registered, says, last + DAY, key=window.k)


class NoDoctorScan(Expecting, frozen=True, tag="no-doctor-scan"):
    """In the last trimester no doctor has seen her with a scan; to be done between these weeks."""

    first: int
    last: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        third = pregnancy.week(24) + DAY
        if any(v.on >= third and _by_doctor(v) for v in pregnancy.antenatal):
            return
        last = pregnancy.week(self.last, 6)
        if registered.on <= last:
            says = f"Belum diperiksa dokter dengan USG pada trimester 3; paling lambat {figures.day(last)}."
            yield _calendar(registered, says, pregnancy.week(self.first), by=last)


def _by_doctor(visit: Act) -> bool:
    event = visit.event
    return isinstance(event, AntenatalVisited) and event.usg and event.by in ("dokter", "dokter-spesialis")


class Anaemia(Expecting, frozen=True, tag="anaemia"):
    """The newest haemoglobin is below the limit of its trimester and not below `severe`; no plan for it since."""

    first: float
    second: float
    third: float
    severe: float

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        run = _run(haemoglobin(pregnancy), lambda a: self.severe <= _hb(a) < self._limit(pregnancy, a.on))
        planned = max((a.on for a in _plans(pregnancy)), default=date.min)
        if run and run[0].on > planned:
            says = ", ".join(f"{figures.number(_hb(a))} g/dL ({figures.day(a.on)})" for a in run)
            yield rests_on(run, f"Hb {says}: anemia.", since=run[0].on)

    def _limit(self, pregnancy: Pregnancy, on: date) -> float:
        return {1: self.first, 2: self.second, 3: self.third}[trimester(pregnancy, on)]


def haemoglobin(pregnancy: Pregnancy) -> list[Act]:
    """Every Hb result, oldest first."""
    results = done(pregnancy.acts, LabResultRecorded)
    return [a for a in results if a.event.test == "hb" and a.event.value is not None]  # type: ignore[attr-defined]


def _hb(act: Act) -> float:
    value: float = act.event.value  # type: ignore[attr-defined]
    return value


def _run(acts: list[Act], bad: Callable[[Act], bool]) -> list[Act]:
    """Those in a row, up to the newest, that are bad."""
    run: list[Act] = []
    for act in reversed(acts):
        if not bad(act):
            break
        run.insert(0, act)
    return run


def _plans(pregnancy: Pregnancy) -> list[Act]:
    return [a for a in done(pregnancy.acts, CarePlanStarted) if a.event.reason == "anemia"]  # type: ignore[attr-defined]


class SevereAnaemia(Expecting, frozen=True, tag="severe-anaemia"):
    """Haemoglobin so low that she belongs in a hospital; she has not arrived there since."""

    below: float

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        arrived = in_hospital_since(pregnancy.referrals)
        run = [a for a in _run(haemoglobin(pregnancy), lambda a: _hb(a) < self.below) if a.on > arrived]
        if run:
            says = f"Hb {figures.number(_hb(run[-1]))} g/dL ({figures.day(run[-1].on)}): anemia berat."
            yield rests_on(run, says, since=run[0].on)


class HbNotRepeated(Expecting, frozen=True, tag="hb-not-repeated"):
    """So many days after a plan for anaemia began, haemoglobin was not measured again; asked for some days before."""

    days: int
    ahead: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        plans = _plans(pregnancy)
        if not plans or any(a.on > plans[-1].on for a in haemoglobin(pregnancy)):
            return
        last = plans[-1].on + timedelta(days=self.days)
        says = f"Pengobatan anemia dimulai {figures.day(plans[-1].on)}; Hb diulang {figures.day(last)}."
        yield replace(rests_on([plans[-1]], says, since=last - timedelta(days=self.ahead)), by=last)


class HighPressure(Expecting, frozen=True, tag="high-pressure"):
    """Blood pressure from here on, and not as high as the severe limit; not examined since."""

    systolic: int
    diastolic: int
    severe_systolic: int
    severe_diastolic: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        examined = done(pregnancy.acts, ClinicallyAssessed)
        high = [
            c for c in pregnancy.checks if self._high(c) and not any(a.after(c.on, c.version) for a in examined)
        ]  # fmt: skip
        if high:
            says = ", ".join(
                f"{c.event.systolic or '-'}/{c.event.diastolic or '-'} ({figures.day(c.on)})" for c in high
            )
            yield rests_on(high, f"Tekanan darah {says}.", since=high[0].on)

    def _high(self, check: Check) -> bool:
        up, down = check.event.systolic or 0, check.event.diastolic or 0
        severe = up >= self.severe_systolic or down >= self.severe_diastolic
        return not severe and (up >= self.systolic or down >= self.diastolic)


def _pressure(check: Check) -> str:
    return f"{check.event.systolic or '-'}/{check.event.diastolic or '-'}"


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
    """The newest risk score is in this range, and the birth was not planned at a facility (and referred) since."""

    start: int
    points: int
    heavy: int
    eights: tuple[Factor, ...]
    """Factors that count `heavy`; every other counts `points`."""
    least: int
    most: int
    refer: bool = False

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
        plans = done(pregnancy.acts, BirthPlanMade)
        planned = any(a.on >= since and a.event.place in ("puskesmas", "rs") for a in plans)  # type: ignore[attr-defined]
        return planned and (not self.refer or any(r.made.on >= since for r in pregnancy.referrals))


class FourTooMuch(Expecting, frozen=True, tag="four-too-much"):
    """Too young, too old, too close or too many at registration; not all of `ends` were done since."""

    youngest: int
    oldest: int
    years_between: int
    children: int
    ends: tuple[Deed, ...]

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        why = ", ".join(self._why(pregnancy))
        if why and registered.on > answered_until(pregnancy.acts, self.ends):
            yield rests_on([registered], f"4 terlalu: {why}.")

    def _why(self, pregnancy: Pregnancy) -> Iterator[str]:
        assert pregnancy.start is not None
        if pregnancy.mother_born is not None:
            if pregnancy.start < plus_months(pregnancy.mother_born, self.youngest * 12):
                yield "terlalu muda"
            if pregnancy.start >= plus_months(pregnancy.mother_born, (self.oldest + 1) * 12):
                yield "terlalu tua"
        last = pregnancy.last_birth
        if last is not None and pregnancy.start < plus_months(last, self.years_between * 12):
            yield "terlalu dekat"
        if pregnancy.para is not None and pregnancy.para > self.children:
            yield "terlalu banyak"


class TabletsShort(Expecting, frozen=True, tag="tablets-short"):
    """No tablets recorded for so many days, or fewer taken than that share of what was handed out before.

    TTD and MMS are one supply: MMS replaces TTD and is never counted beside it.
    """

    days: int
    share: float

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        given = done(pregnancy.acts, TabletsGiven)
        if len(given) > 1:
            before, now = given[-2].event, given[-1].event
            assert isinstance(before, TabletsGiven)
            assert isinstance(now, TabletsGiven)
            if now.taken is not None and now.taken < before.count * self.share:
                says = f"Diminum {now.taken} dari {before.count} tablet ({figures.day(given[-1].on)})."
                yield rests_on(given[-2:], says, since=given[-1].on)
                return
        last = given[-1] if given else registered
        what = f"Tablet terakhir diberikan {figures.day(last.on)}" if given else "Belum ada tablet yang dicatat"
        yield rests_on([last], f"{what}.", since=last.on + timedelta(days=self.days + 1))


class TripleMissing(Expecting, frozen=True, tag="triple-missing"):
    """By the contact of that number, HIV, syphilis and HBsAg were not all tested for."""

    contact: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        known = {a.event.test for a in done(pregnancy.acts, LabResultRecorded)}  # type: ignore[attr-defined]
        if len(pregnancy.antenatal) >= self.contact and not known >= RESTRICTED_TESTS:
            visit = pregnancy.antenatal[self.contact - 1]
            yield rests_on([visit], f"Tripel eliminasi belum lengkap sampai kontak ke-{self.contact}.")


class InfectionFound(Expecting, frozen=True, tag="infection-found"):
    """A restricted test was positive and no plan was made since. Never for kader or desa."""

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        plans = [a.on for a in done(pregnancy.acts, CarePlanStarted) if a.event.reason == "infeksi"]  # type: ignore[attr-defined]
        planned = max(plans, default=date.min)
        positive = [
            a for a in done(pregnancy.acts, LabResultRecorded)
            if a.event.restricted and a.event.result in ("reaktif", "positif") and a.on > planned  # type: ignore[attr-defined]
        ]  # fmt: skip
        if positive:
            says = "; ".join(f"{label(a.event.test)} ({figures.day(a.on)})" for a in positive)  # type: ignore[attr-defined]
            yield rests_on(positive, f"Hasil reaktif: {says}.", since=positive[0].on)


class GainBand(Struct, frozen=True, forbid_unknown_fields=True):
    """Kilograms to gain in the whole pregnancy, for a body mass index below so much before it."""

    below: float
    least: float
    most: float


class GainOffTarget(Expecting, frozen=True, tag="gain-off-target"):
    """At so many checks in a row the weight was off the target of her body mass index; not all of `ends` since."""

    bands: tuple[GainBand, ...]
    first_least: float
    first_most: float
    """Kilograms by the end of the first trimester, whatever the band."""
    checks: int
    ends: tuple[Deed, ...]

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        if pregnancy.weight_before is None or pregnancy.height is None:
            return
        weighed = [c for c in pregnancy.checks if c.event.kg is not None]
        run: list[Check] = []
        for check in reversed(weighed):
            if not self._off(pregnancy, check):
                break
            run.insert(0, check)
        if len(run) < self.checks:
            return
        since = run[self.checks - 1].on
        if since <= answered_until(pregnancy.acts, self.ends) and any(c.on > since for c in weighed):
            return
        gains = ", ".join(f"{(c.event.kg or 0) - pregnancy.weight_before:+.1f} kg".replace(".", ",") for c in run)
        yield rests_on(run, f"Kenaikan berat di luar target: {gains}.", since=since)

    def _off(self, pregnancy: Pregnancy, check: Check) -> bool:
        """A straight line to the first trimester's end, and another to forty weeks."""
        assert pregnancy.start is not None
        assert pregnancy.weight_before is not None
        assert pregnancy.height is not None
        bmi = pregnancy.weight_before / (pregnancy.height / 100) ** 2
        band = next(b for b in self.bands if bmi < b.below)
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
        been = len(done(pregnancy.acts, ClassAttended))
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
    """From this week on she is seen at home every so many days until the birth."""

    weeks: int
    days: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        term = pregnancy.week(self.weeks)
        visits = [v for v in done(pregnancy.acts, HomeVisited) if v.on >= term]
        since = visits[-1].on + timedelta(days=self.days) if visits else term
        says = f"Hamil {self.weeks} minggu ke atas; kontak setiap {self.days} hari sampai lahir."
        words: list[Word] = [visits[-1]] if visits else [registered]
        yield replace(rests_on(words, says, since=max(since, registered.on)), key=since.isoformat())


class PostTerm(Expecting, frozen=True, tag="post-term"):
    """The pregnancy has lasted so many weeks, and she was not referred since."""

    weeks: int

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        since = pregnancy.week(self.weeks)
        if not any(r.made.on >= since for r in pregnancy.referrals):
            yield _calendar(registered, f"Kehamilan {self.weeks} minggu pada {figures.day(since)}, belum lahir.", since)


class TeenMother(Expecting, frozen=True, tag="teen-mother"):
    """She was younger than this when the pregnancy began; not all of `ends` were done since registration."""

    years: int
    protected: int
    """Below this age she is a child herself."""
    ends: tuple[Deed, ...]

    def expecting(self, pregnancy: Pregnancy, registered: Act) -> Iterator[Evidence]:
        born, start = pregnancy.mother_born, pregnancy.start
        assert start is not None
        if born is None or start >= plus_months(born, self.years * 12):
            return
        if registered.on > answered_until(pregnancy.acts, self.ends):
            child = start < plus_months(born, self.protected * 12)
            path = f"; di bawah {self.protected} tahun: jalur perlindungan anak" if child else ""
            yield rests_on([registered], f"Hamil pada umur di bawah {self.years} tahun{path}.")
