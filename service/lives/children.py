"""Made-up children: registered, weighed every month, some faltering, most cared for in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from domain import care, child, growth, kms
from domain.case import Personal, Sex
from domain.child import plus_months
from domain.protocol import Book
from service.lives.feeding import Feeding
from service.lives.kecamatan import BUDI, NEXT, PUSKESMAS, SPACE, Entry, Teller
from service.lives.protection import Protection
from service.lives.referrals import Referrals

DAY = timedelta(days=1)


class Born(Struct, frozen=True):
    """A made-up child before anything was recorded of it."""

    case: UUID
    desa: str
    posyandu: str
    born: date
    sex: Sex
    personal: Personal
    waz: float
    haz: float
    falters: int = 0
    """In how many of the last months it gained too little."""


class Children:
    """The children of the posyandu of one kecamatan."""

    def __init__(self, teller: Teller, book: Book, number: int) -> None:
        self.tell = teller
        self.who = book.who
        self.table = book.kms
        self.number = number
        """How many in each posyandu."""
        self._feeding = Feeding(teller)
        self._protection = Protection(teller, book)
        self._referrals = Referrals(teller)

    def at(self, code: str, desa: str) -> Iterator[Entry]:
        """What was recorded of the children of a posyandu."""
        if code == BUDI:
            yield from self._budi(code, desa)
            yield from self._putri(code, desa)
            yield from self._twice(code, desa)
        if code == f"{desa}.01":
            yield from self._referred(code, desa)
        for number in range(self.number):
            yield from self._child(self._somebody(code, desa, number))

    def _somebody(self, code: str, desa: str, number: int) -> Born:
        dice = self.tell.dice
        sex: Sex = "L" if dice.random() < 0.51 else "P"
        born = self.tell.today - timedelta(days=dice.randrange(40, 1780))
        faker = self.tell.faker
        first = faker.first_name_male() if sex == "L" else faker.first_name_female()
        personal = replace(
            self.tell.home(),
            name=f"{first} {faker.last_name()}",
            nik=self.tell.nik(desa, born, sex) if dice.random() > 0.06 else None,
            mother=faker.first_name_female(),
            father=faker.first_name_male(),
        )
        falters = dice.choices((0, 1, 2, 3), (80, 11, 6, 3))[0]
        waz = max(dice.gauss(-0.5, 0.75), -2.7)
        haz = max(0.6 * waz + dice.gauss(-0.6, 0.6), -3.2)
        return Born(uuid5(SPACE, f"{code}/{number}"), desa, code, born, sex, personal, waz, haz, falters)

    # The two whom the guide follows

    def _budi(self, code: str, desa: str) -> Iterator[Entry]:
        """The child the guide follows: no gain last month, not yet weighed this month."""
        budi = self._guided("budi", "Budi Santoso", "L", "Sri Wahyuni", code, desa, months=15, waz=-0.9)
        this_month = self.tell.today.replace(day=1)
        sessions = [d for d in self.tell.sessions(code) if budi.born < d < this_month]
        yield self._registered(budi, sessions[0], kg=3.1, cm=49.0, weeks=39)
        kg = 0.0
        for day in sessions:
            if day != sessions[-1]:
                kg = round(max(growth.weight_at(self.who, "L", (day - budi.born).days, budi.waz), kg + 0.3), 1)
            cm = round(growth.length_at(self.who, "L", (day - budi.born).days, budi.haz), 1)
            weigh = child.Measure(on=day, kg=kg, cm=cm, lying=True)
            yield self.tell.entry(day, 9, budi.case, weigh, "kader", code)
        yield from self._protection.always(budi.case, budi.born, code, desa, sessions)

    def _putri(self, code: str, desa: str) -> Iterator[Entry]:
        """A child that gets PMT these days, so that there is somebody on the kader's sheet of portions."""
        putri = self._guided("putri", "Putri Lestari", "P", "Nur Aini", code, desa, months=20, waz=-1.6)
        sessions = [d for d in self.tell.sessions(code) if putri.born < d]
        yield self._registered(putri, sessions[0], kg=2.9, cm=48.5, weeks=39)
        for day in sessions:
            # Her weight stood still at the last two sessions.
            seen = min(day, sessions[max(0, len(sessions) - 3)])
            kg = round(growth.weight_at(self.who, "P", (seen - putri.born).days, putri.waz), 1)
            cm = round(growth.length_at(self.who, "P", (day - putri.born).days, putri.haz), 1)
            yield self.tell.entry(day, 9, putri.case, child.Measure(on=day, kg=kg, cm=cm, lying=True), "kader", code)
        decided = max(self.tell.today - timedelta(days=6), sessions[-1])
        yield from self._examined(putri, sessions[-1], 2)
        yield from self._feeding.fed(putri.case, desa, code, decided, "tidak-naik", 14, all_eaten=True)
        yield from self._protection.always(putri.case, putri.born, code, desa, sessions)

    def _twice(self, code: str, desa: str) -> Iterator[Entry]:
        """Two children with two cases each: one came to the next posyandu with its NIK, one was entered twice."""
        moved = self._guided("dimas", "Dimas Prasetyo", "L", "Ratih", code, desa, months=30, waz=-0.4)
        again = replace(moved, case=uuid5(SPACE, "dimas lagi"), posyandu=NEXT)
        yield from self._steady(moved, 0, 5)
        yield from self._steady(again, 5, None)
        named = self._guided("citra", "Citra Ayu", "P", "Wulan", code, desa, months=11, waz=-0.2)
        named = replace(named, personal=replace(named.personal, nik=None))
        yield from self._steady(named, 0, 6)
        yield from self._steady(replace(named, case=uuid5(SPACE, "citra lagi")), 6, None)

    def _referred(self, code: str, desa: str) -> Iterator[Entry]:
        """A small child on its way to hospital, or back."""
        name = f"{self.tell.faker.first_name_male()} {self.tell.faker.last_name()}"
        mother = self.tell.faker.first_name_female()
        one = self._guided(f"dirujuk {desa}", name, "L", mother, code, desa, months=27, waz=-1.9)
        yield from self._steady(replace(one, haz=-2.6), 0, None)
        yield from self._referrals.way(one.case, desa, code)

    def _steady(self, one: Born, first: int, last: int | None) -> Iterator[Entry]:
        """Registered and weighed at these of its sessions, and growing as it should."""
        sessions = [d for d in self.tell.sessions(one.posyandu) if one.born < d][first:last]
        if not sessions:
            return
        yield self._registered(one, sessions[0], kg=3.1, cm=49.0, weeks=39)
        for day in sessions:
            kg = round(growth.weight_at(self.who, one.sex, (day - one.born).days, one.waz), 1)
            cm = round(growth.length_at(self.who, one.sex, (day - one.born).days, one.haz), 1)
            weigh = child.Measure(on=day, kg=kg, cm=cm, lying=(day - one.born).days < 730)
            yield self.tell.entry(day, 9, one.case, weigh, "kader", one.posyandu)
        yield from self._protection.always(one.case, one.born, one.posyandu, one.desa, sessions)

    def _guided(
        self, key: str, name: str, sex: Sex, mother: str, code: str, desa: str, *, months: int, waz: float
    ) -> Born:
        born = plus_months(self.tell.today, -months)
        personal = Personal(name=name, nik=self.tell.nik(desa, born, sex), mother=mother, rt="002", rw="001")
        return Born(uuid5(SPACE, key), desa, code, born, sex, personal, waz, -1.0)

    # All others

    def _child(self, one: Born) -> Iterator[Entry]:
        sessions = [d for d in self.tell.sessions(one.posyandu) if d > one.born]
        if not sessions:
            return
        dice = self.tell.dice
        kg = round(max(1.9, dice.gauss(3.05, 0.35)), 2)
        cm = round(dice.gauss(49.4, 1.3), 1)
        weeks = dice.choices((39, 38, 36), (72, 24, 4))[0]
        yield self._registered(one, sessions[0], kg, cm, weeks)
        at_risk = kg < 2.5 or cm < 48 or weeks < 37
        yield from self._weighings(one, sessions, at_risk)
        if one.personal.nik is None:
            yield from self._nik_found(one, sessions[0] + timedelta(days=45))
        yield from self._protection.mostly(one.case, one.born, one.posyandu, one.desa, sessions)

    def _registered(self, one: Born, on: date, kg: float, cm: float, weeks: int) -> Entry:
        register = child.Register(
            on=on, born=one.born, sex=one.sex, desa=one.desa, posyandu=one.posyandu, born_from="kia", birth_kg=kg,
            birth_cm=cm, weeks=weeks, personal=one.personal,
        )  # fmt: skip
        return self.tell.entry(on, 8, one.case, register, "kader", one.posyandu)

    def _weighings(self, one: Born, sessions: list[date], at_risk: bool) -> Iterator[Entry]:
        dice = self.tell.dice
        drift = 0.0
        weighed: list[child.Measured] = []
        for number, day in enumerate(sessions):
            left = len(sessions) - number
            if left <= one.falters:
                drift -= 0.28
            if dice.random() < 0.07 and left > one.falters + 1:
                yield from self._away(one, day)
                continue
            age = (day - one.born).days
            kg = growth.weight_at(self.who, one.sex, age, one.waz + drift + dice.gauss(0, 0.03))
            whole = number % 3 == 0 or left == 1
            cm = growth.length_at(self.who, one.sex, age, one.haz + dice.gauss(0, 0.05)) if whole else None
            measured = child.Measured(
                on=day,
                kg=round(kg, 1),
                cm=None if cm is None else round(cm, 1),
                lying=None if cm is None else age < 731,
                lila=round(dice.gauss(14.8, 0.6), 1) if whole and age > 190 else None,
            )
            weighed.append(measured)
            yield self.tell.entry(day, 9, one.case, _asking(measured), "kader", one.posyandu)
        problem = False
        for index, mark in enumerate(kms.marks(_weights(weighed), one.born, one.sex, self.who, self.table)):
            confirm = self._class(one, weighed[index])
            problem = problem or confirm is not None
            yield from self._answered(one, weighed[index], mark, confirm, newest=index == len(weighed) - 1)
            if problem or at_risk:
                yield from self._visited(one, weighed[index].on, at_risk)

    def _nik_found(self, one: Born, day: date) -> Iterator[Entry]:
        """The desa went to Dukcapil with the family, mostly."""
        if day < self.tell.today and self.tell.chance(0.7):
            nik = self.tell.nik(one.desa, one.born, one.sex)
            known = child.Identify(on=day, personal=replace(one.personal, nik=nik))
            yield self.tell.entry(day, 10, one.case, known, "desa", one.desa)

    def _away(self, one: Born, day: date) -> Iterator[Entry]:
        """Not at the session: mostly the kader knows why, and goes there."""
        if self.tell.chance(0.9):
            absent = child.RecordAbsence(on=day, reason=self.tell.dice.choice(("sakit", "pergi", "ibu-bekerja")))
            yield self.tell.entry(day, 12, one.case, absent, "kader", one.posyandu)
            went = day + timedelta(days=4)
            if went < self.tell.today:
                visit = care.VisitHome(on=went, found="bertemu", action=("diajak-ke-posyandu",))
                yield self.tell.entry(went, 15, one.case, visit, "kader", one.posyandu)

    # What was done about it

    def _answered(
        self, one: Born, seen: child.Measured, mark: kms.KmsMark, confirm: Any, newest: bool
    ) -> Iterator[Entry]:
        """What bidan and TPG did about it, mostly. What only a session of these days showed is in part still to do."""
        fresh = newest and seen.on > self.tell.today - timedelta(days=9)
        if self.tell.chance(0.6 if fresh else 0.2 if newest else 0.02):
            return
        not_gained = mark.status == "T"
        if not_gained:
            yield from self._examined(one, seen.on, mark.times)
        if confirm is not None:
            yield self.tell.entry(confirm.on, 10, one.case, confirm, "bidan", one.desa)
            yield from self._planned(one, confirm)
        reason = _pmt_reason(confirm, mark)
        if reason is not None and (seen.on + 2 * DAY) < self.tell.today:
            yield from self._decided(one, seen.on + 2 * DAY, reason, mark.times)

    def _examined(self, one: Born, weighed: date, times: int) -> Iterator[Entry]:
        """At the fifth table of the same session, or two days later at the poskesdes."""
        day = weighed + timedelta(days=self.tell.dice.choice((0, 0, 2)))
        if day >= self.tell.today:
            return
        examined = care.AssessClinically(
            on=day, complication=False, appetite=True, illness=False, plan="pantau", tb_screened=times >= 2 or None
        )
        yield self.tell.entry(day, 11, one.case, examined, "bidan", one.desa)
        yield self.tell.entry(day, 11, one.case, care.Counsel(on=day, topic="makan"), "bidan", one.desa)
        if (day - one.born).days < 183:
            feeding = child.RecordFeeding(on=day, breast="asi-saja")
            yield self.tell.entry(day, 11, one.case, feeding, "bidan", one.desa)

    def _planned(self, one: Born, confirm: child.StatusConfirmed) -> Iterator[Entry]:
        """The doctor's look and plan for a stunted child, and a talk with the mother."""
        on = confirm.on + DAY
        if on >= self.tell.today:
            return
        if confirm.height_age in ("pendek", "sangat-pendek") and self.tell.chance(0.85):
            seen = care.AssessClinically(on=on, complication=False, appetite=True, plan="pantau", tb_screened=True)
            yield self.tell.entry(on, 10, one.case, seen, "puskesmas-dr", PUSKESMAS)
            plan = care.StartCarePlan(on=on, reason="stunting")
            yield self.tell.entry(on, 10, one.case, plan, "puskesmas-dr", PUSKESMAS)
        yield self.tell.entry(confirm.on, 10, one.case, care.Counsel(on=confirm.on, topic="makan"), "bidan", one.desa)

    def _decided(self, one: Born, day: date, reason: Any, times: int) -> Iterator[Entry]:
        wanted = reason != "tidak-naik" or times >= 2
        days = {"gizi-kurang": 56, "bb-kurang": 28, "tidak-naik": 14}[reason]
        if wanted and not self._feeding.had(one.case) and self.tell.chance(0.6):
            yield from self._feeding.fed(one.case, one.desa, one.posyandu, day, reason, days)
        elif not self._feeding.runs(one.case, day):
            yield self._feeding.refused(one.case, day, "tidak-perlu")

    def _visited(self, one: Born, weighed: date, at_risk: bool) -> Iterator[Entry]:
        """Once a month, and until the next session nobody asks again."""
        on = weighed + timedelta(days=5)
        if on >= self.tell.today or not self.tell.chance(0.93):
            return
        visit = care.VisitHome(on=on, found="bertemu", action=("edukasi",))
        if at_risk:
            yield self.tell.entry(on, 15, one.case, visit, "bidan", one.desa)
        else:
            yield self.tell.entry(on, 15, one.case, visit, "kader", one.posyandu)

    def _class(self, one: Born, seen: child.Measured) -> Any:
        """The bidan's word on a screening outside the bounds; None where there is nothing to confirm."""
        age = (seen.on - one.born).days
        z = growth.z_scores(
            self.who, one.sex, age, kg=seen.kg, cm=seen.cm, lying=seen.lying, lila=seen.lila, head=None, oedema=None
        )
        out = [v for v in (z.waz, z.haz, z.whz, z.baz) if v is not None and v < -2]
        if z.waz is not None and z.waz > 1:
            out.append(z.waz)
        if not out or seen.on + DAY >= self.tell.today:
            return None
        return child.ConfirmStatus(
            on=seen.on + DAY,
            weight_age=None if z.waz is None else growth.classify_waz(z.waz),
            height_age=None if z.haz is None else growth.classify_haz(z.haz),
            weight_height=None if z.whz is None else growth.classify_whz(z.whz),
        )


def _pmt_reason(confirm: Any, mark: kms.KmsMark) -> str | None:
    if confirm is not None and confirm.weight_height == "gizi-kurang":
        return "gizi-kurang"
    if confirm is not None and confirm.weight_age == "bb-kurang":
        return "bb-kurang"
    return "tidak-naik" if mark.status == "T" else None


def _asking(measured: child.Measured) -> Any:
    return child.Measure(**{name: getattr(measured, name) for name in measured.__struct_fields__})


def _weights(measured: list[child.Measured]) -> tuple[tuple[date, float], ...]:
    return tuple((m.on, m.kg) for m in measured if m.kg is not None)
