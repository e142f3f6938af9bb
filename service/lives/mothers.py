"""Made-up mothers: expecting, seen each trimester, some thin or anaemic, some delivered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import replace

from domain import antenatal, birth, care, child, pregnancy
from domain.case import Role
from service.lives.feeding import Feeding
from service.lives.kecamatan import PUSKESMAS, SPACE, Entry, Teller, beginning

EXPECTING = 3
"""In each posyandu."""
CONTACTS = (16, 20, 26, 31, 35)
"""Completed weeks of the contacts after the first."""
CLASSES = (18, 22, 28, 33)
TERM_DAYS = 276
KEK_DAYS = 120


class Mothers:
    """The mothers of the posyandu of one kecamatan."""

    def __init__(self, teller: Teller) -> None:
        self.tell = teller
        self._feeding = Feeding(teller)

    def at(self, code: str, desa: str) -> Iterator[Entry]:
        """What was recorded of the mothers of a posyandu: some expecting, one delivered."""
        today, dice = self.tell.today, self.tell.dice
        for number in range(EXPECTING):
            yield from self._mother(code, desa, number, today - timedelta(days=dice.randrange(50, 270)))
        delivered = today - timedelta(days=dice.randrange(4, 60))
        yield from self._mother(code, desa, EXPECTING, delivered - timedelta(days=TERM_DAYS))

    def _mother(self, code: str, desa: str, number: int, hpht: date) -> Iterator[Entry]:
        dice, today = self.tell.dice, self.tell.today
        case = uuid5(SPACE, f"{code}/hamil/{number}")
        first = max(
            hpht + timedelta(days=dice.randrange(45, 80)), beginning(today) + timedelta(days=dice.randrange(20))
        )
        first = min(first, today - timedelta(days=1))
        born = today - timedelta(days=dice.randrange(20 * 365, 36 * 365))
        personal = replace(
            self.tell.home(), name=self.tell.woman(), nik=self.tell.nik(desa, born, "P"),
            father=self.tell.faker.first_name_male(),
        )  # fmt: skip
        gravida = dice.choices((1, 2, 3, 4), (35, 35, 22, 8))[0]
        register = pregnancy.Register(
            on=first, desa=desa, posyandu=code, hpht=hpht, gravida=gravida, para=gravida - 1, abortus=0, born=born,
            height=round(dice.gauss(153, 4), 1), weight_before=round(dice.gauss(52, 5), 1),
            last_birth=None if gravida == 1 else hpht - timedelta(days=dice.randrange(800, 2200)), personal=personal,
        )  # fmt: skip
        yield self.tell.entry(first, 8, case, register, "kader", code)
        if gravida > 3:
            yield from self._talked_over(case, code, first)
        yield from self._seen(case, code, desa, hpht, first, register)
        if (today - hpht).days > TERM_DAYS:
            yield from self._delivered(case, code, desa, hpht + timedelta(days=TERM_DAYS))

    def _talked_over(self, case: UUID, code: str, day: date) -> Iterator[Entry]:
        if self.tell.chance(0.7):
            yield self.tell.entry(day, 9, case, care.Counsel(on=day, topic="kb"), "kader", code)

    # Until the birth

    def _seen(self, case: UUID, code: str, desa: str, hpht: date, first: date, register: Any) -> Iterator[Entry]:
        """The contacts, and what is done at each of them."""
        if self.tell.chance(0.06):
            return
        born = hpht + timedelta(days=TERM_DAYS)
        days = [first, *(hpht + timedelta(days=week * 7 + self.tell.dice.randrange(4)) for week in CONTACTS)]
        kept = [d for d in days if d == first or (first + timedelta(days=14) < d < min(self.tell.today, born))]
        thin = self.tell.chance(0.1)
        pale = self.tell.chance(0.15)
        scored = 0
        for number, day in enumerate(kept):
            weeks = (day - hpht).days // 7
            if number and not self.tell.chance(0.95):
                continue
            doctor = number == 0 or weeks in (31, 32, 33, 34, 35)
            yield from self._contact(case, desa, day, doctor=doctor)
            lila = round(22.9 if thin else self.tell.dice.uniform(24.0, 28.0), 1)
            kg = round((register.weight_before or 52) + max(0, weeks - 10) * 0.42, 1)
            measure = pregnancy.Measure(on=day, kg=kg, lila=lila, systolic=110, diastolic=70)
            yield self.tell.entry(day, 9, case, measure, "bidan", desa)
            yield from self._tested(case, desa, day, pale=pale and number == 0, first=number == 0)
            trimester = 1 if weeks < 13 else 2 if weeks < 25 else 3
            if trimester > scored:
                scored = trimester
                score = antenatal.ScoreRisk(on=day, factors=("anak-banyak",) if register.gravida > 3 else ())
                yield self.tell.entry(day, 10, case, score, "bidan", desa)
            if thin and number == 0:
                yield from self._thin(case, code, desa, day, expecting=born > self.tell.today)
            if weeks >= 31 and number == len(kept) - 1 and self.tell.chance(0.9):
                plan = antenatal.PlanBirth(
                    on=day, place="puskesmas", helper="bidan", transport=True, donor=True, jkn=True, companion=True
                )
                yield self.tell.entry(day, 11, case, plan, "bidan", desa)
        yield from self._near_her(case, code, hpht, first)

    def _contact(self, case: UUID, desa: str, day: date, *, doctor: bool) -> Iterator[Entry]:
        by = "dokter" if doctor else "bidan"
        role: Role = "puskesmas-dr" if doctor else "bidan"
        visit = pregnancy.RecordAntenatalVisit(on=day, by=by, usg=doctor)
        yield self.tell.entry(day, 9, case, visit, role, PUSKESMAS if doctor else desa)
        tablets = pregnancy.GiveTablets(on=day, kind="ttd", count=30 if self.tell.chance(0.1) else 60)
        yield self.tell.entry(day, 9, case, tablets, "bidan", desa)

    def _tested(self, case: UUID, desa: str, day: date, *, pale: bool, first: bool) -> Iterator[Entry]:
        value = round(10.2 if pale else self.tell.dice.uniform(11.2, 12.8), 1)
        hb = pregnancy.RecordLabResult(on=day, test="hb", value=value)
        yield self.tell.entry(day, 10, case, hb, "bidan", desa)
        if pale:
            treated = care.StartCarePlan(on=day, reason="anemia")
            yield self.tell.entry(day, 11, case, treated, "bidan", desa)
            yield self.tell.entry(day, 11, case, care.Counsel(on=day, topic="makan"), "bidan", desa)
        if first:
            for test in ("hiv", "sifilis", "hbsag"):
                result = pregnancy.RecordLabResult(on=day, test=test, result="nonreaktif")
                yield self.tell.entry(day, 10, case, result, "bidan", desa)

    def _thin(self, case: UUID, code: str, desa: str, day: date, *, expecting: bool) -> Iterator[Entry]:
        """KEK: some wait for the TPG, some get PMT, the others get food elsewhere and were told what to eat."""
        if self.tell.chance(0.3):
            return
        yield self.tell.entry(day, 11, case, care.Counsel(on=day, topic="makan"), "puskesmas-tpg", PUSKESMAS)
        if expecting and self.tell.chance(0.6):
            yield from self._feeding.fed(case, desa, code, day, "kek", KEK_DAYS)
            return
        yield self._feeding.refused(case, day, "skema-lain")

    def _near_her(self, case: UUID, code: str, hpht: date, first: date) -> Iterator[Entry]:
        """Classes, and from week 37 on a visit every week."""
        last = min(self.tell.today, hpht + timedelta(days=TERM_DAYS))
        for week in CLASSES:
            day = hpht + timedelta(days=week * 7)
            if first < day < last and self.tell.chance(0.9):
                yield self.tell.entry(day, 9, case, antenatal.AttendClass(on=day), "kader", code)
        day = hpht + timedelta(days=37 * 7)
        while day < last:
            if self.tell.chance(0.85):
                visit = care.VisitHome(on=day, found="bertemu", action=("edukasi",))
                yield self.tell.entry(day, 16, case, visit, "kader", code)
            day += timedelta(days=7)

    # The birth and after

    def _delivered(self, case: UUID, code: str, desa: str, day: date) -> Iterator[Entry]:
        dice = self.tell.dice
        newborn = pregnancy.Newborn(
            sex="L" if dice.random() < 0.51 else "P", kg=round(max(2.2, dice.gauss(3.05, 0.3)), 2), cm=49.5,
            name=f"{self.tell.faker.first_name()} {self.tell.faker.last_name()}",
        )  # fmt: skip
        outcome = pregnancy.RecordOutcome(
            on=day, outcome="lahir-hidup", alive=1, children=(newborn,), weeks=39, place="puskesmas", helper="bidan",
            hour=3,
        )  # fmt: skip
        yield self.tell.entry(day, 6, case, outcome, "bidan", desa)
        baby = pregnancy.child_case(case, 1)
        cared_for = birth.RecordNewbornCare(on=day, done=("imd", "vitamin-k", "salep-mata", "hb0", "shk", "pjb"))
        yield self.tell.entry(day, 7, baby, cared_for, "bidan", desa)
        capsule = birth.GiveVitaminA(on=day, capsules=2)
        yield self.tell.entry(day, 8, case, capsule, "bidan", desa)
        for after in (0, 4, 14, 35):
            on = day + timedelta(days=after)
            if on >= self.tell.today or not self.tell.chance(0.95):
                continue
            yield self.tell.entry(on, 14, case, pregnancy.RecordPostnatalVisit(on=on), "bidan", desa)
            if after < 28:
                yield self.tell.entry(on, 14, baby, birth.RecordNeonatalVisit(on=on), "bidan", desa)
                milk = child.RecordFeeding(on=on, breast="asi-saja")
                yield self.tell.entry(on, 15, baby, milk, "bidan", desa)
            if after == 35:
                yield self.tell.entry(on, 15, case, birth.StartKb(on=on, method="suntik"), "bidan", desa)
