"""Made-up lives for the demo: children who grow, falter and recover, mothers who are expecting, in one real kecamatan.

Every name is invented. The same seed and day give the same lives, so that what the guide says is there is there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from domain import care, child, growth, kms, pmt, pregnancy
from domain.case import Command, Personal, Role, Sex, zone
from domain.child import plus_months

KECAMATAN = "360333"
DESA = (
    ("3603332001", "Mekar Baru"),
    ("3603332002", "Kedaung"),
    ("3603332003", "Cijeruk"),
    ("3603332004", "Waliwis"),
    ("3603332005", "Klutuk"),
    ("3603332006", "Jenggot"),
    ("3603332007", "Kosambi Dalam"),
    ("3603332008", "Gandaria"),
)
POSYANDU = ("Melati", "Mawar", "Anggrek")
PUSKESMAS = "3603330101"
HOSPITAL = "3603RS01"

BUDI = "3603332002.01"
"""The posyandu of the child that the guide follows."""

MONTHS = 8
"""How far back the made-up history goes."""

SPACE = UUID("8c7f2b1e-52a7-4f0e-9a57-6d5c3f1f4d10")


class Entry(Struct, frozen=True):
    """One thing somebody recorded, and when the server heard of it."""

    at: datetime
    entry: UUID
    case: UUID
    command: Any
    role: Role
    unit: str


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
    falters: int
    """In how many of the last months it gained too little."""


def session(posyandu: str, month: date) -> date:
    """The day a posyandu meets in a month: each on its own day, so that one bidan can be at all of hers."""
    return month.replace(day=session_day(posyandu))


def session_day(posyandu: str) -> int:
    """Between the 3rd and the 20th."""
    desa, number = posyandu.split(".")
    return 3 + (int(desa[-1]) * 2 + int(number) * 5) % 18


def posyandu() -> Iterator[tuple[str, str, str]]:
    """Code, name and desa of every posyandu."""
    for code, _ in DESA:
        for number, name in enumerate(POSYANDU, start=1):
            yield f"{code}.{number:02d}", f"Posyandu {name} {code[-1]}", code


class Lives:
    """Makes up the lives of one kecamatan up to `today`."""

    def __init__(
        self, today: date, who: growth.Tables, table: kms.KmsTable, seed: int = 3603, children: int = 24
    ) -> None:
        from faker import Faker  # only the demo extra carries it

        self.today = today
        self.who = who
        self.table = table
        self.children = children
        """How many in each posyandu."""
        self._dice = random.Random(seed)
        self._faker = Faker("id_ID")
        self._faker.seed_instance(seed)
        self._count = 0
        self._niks = 0
        self._fed_already: set[UUID] = set()

    def entries(self) -> list[Entry]:
        """Everything that was recorded, in the order in which the server heard of it."""
        told = [entry for code, _, desa in posyandu() for entry in self._posyandu(code, desa)]
        return sorted(told, key=lambda e: e.at)

    def _posyandu(self, code: str, desa: str) -> Iterator[Entry]:
        if code == BUDI:
            yield from self._budi(code, desa)
        for number in range(self.children):
            yield from self._child(self._somebody(code, desa, number))
        for number in range(3):
            yield from self._pregnancy(code, desa, number)

    # Children

    def _somebody(self, code: str, desa: str, number: int) -> Born:
        dice = self._dice
        sex: Sex = "L" if dice.random() < 0.51 else "P"
        born = self.today - timedelta(days=dice.randrange(40, 1780))
        mother = self._faker.first_name_female()
        first = self._faker.first_name_male() if sex == "L" else self._faker.first_name_female()
        personal = Personal(
            name=f"{first} {self._faker.last_name()}",
            nik=self._nik(desa, born, sex) if dice.random() > 0.06 else None,
            mother=mother,
            father=self._faker.first_name_male(),
            rt=f"{dice.randrange(1, 7):03d}",
            rw=f"{dice.randrange(1, 4):03d}",
            address=f"Kp. {dice.choice(('Pasir', 'Kelapa', 'Sawah', 'Kebon', 'Rawa'))}",
        )
        falters = dice.choices((0, 1, 2, 3), (80, 11, 6, 3))[0]
        return Born(
            uuid5(SPACE, f"{code}/{number}"), desa, code, born, sex, personal,
            max(dice.gauss(-0.5, 0.7), -2.9), max(dice.gauss(-0.8, 0.8), -3.2), falters,
        )  # fmt: skip

    def _nik(self, desa: str, born: date, sex: Sex) -> str:
        self._niks += 1
        day = born.day + (40 if sex == "P" else 0)
        return f"{desa[:6]}{day:02d}{born:%m%y}{self._niks:04d}"

    def _budi(self, code: str, desa: str) -> Iterator[Entry]:
        """The child the guide follows: no gain last month, not yet weighed this month."""
        born = plus_months(self.today, -15)
        personal = Personal(
            name="Budi Santoso", nik=self._nik(desa, born, "L"), mother="Sri Wahyuni", rt="002", rw="001"
        )
        budi = Born(uuid5(SPACE, "budi"), desa, code, born, "L", personal, -0.9, -1.0, 0)
        this_month = self.today.replace(day=1)
        sessions = [d for d in self._sessions(code) if born < d < this_month]
        register = child.Register(
            on=sessions[0], born=born, sex="L", desa=desa, posyandu=code, birth_kg=3.1, birth_cm=49.0, weeks=39,
            personal=personal,
        )  # fmt: skip
        yield self._entry(sessions[0], 8, budi.case, register, "kader", code)
        kg = 0.0
        for day in sessions:
            if day != sessions[-1]:
                kg = round(max(growth.weight_at(self.who, "L", (day - born).days, budi.waz), kg + 0.3), 1)
            cm = round(growth.length_at(self.who, "L", (day - born).days, budi.haz), 1)
            weigh = child.Measure(on=day, kg=kg, cm=cm, lying=True)
            yield self._entry(day, 9, budi.case, weigh, "kader", code)

    def _child(self, one: Born) -> Iterator[Entry]:
        sessions = [d for d in self._sessions(one.posyandu) if d > one.born]
        if not sessions:
            return
        register = child.Register(
            on=sessions[0],
            born=one.born,
            sex=one.sex,
            desa=one.desa,
            posyandu=one.posyandu,
            born_from="kia",
            birth_kg=round(max(1.9, self._dice.gauss(3.0, 0.4)), 2),
            birth_cm=round(self._dice.gauss(48.8, 1.7), 1),
            weeks=self._dice.choices((39, 38, 36), (70, 24, 6))[0],
            personal=one.personal,
        )
        yield self._entry(sessions[0], 8, one.case, register, "kader", one.posyandu)
        yield from self._weighings(one, sessions)

    def _sessions(self, code: str) -> list[date]:
        first = self.today.replace(day=1)
        months = [plus_months(first, -back) for back in range(MONTHS, -1, -1)]
        return [day for day in (session(code, month) for month in months) if day < self.today]

    def _weighings(self, one: Born, sessions: list[date]) -> Iterator[Entry]:
        dice = self._dice
        drift = 0.0
        weighed: list[child.Measured] = []
        for number, day in enumerate(sessions):
            left = len(sessions) - number
            if left <= one.falters:
                drift -= 0.28
            if dice.random() < 0.07 and left > one.falters + 1:
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
            yield self._entry(day, 9, one.case, _asking(measured), "kader", one.posyandu)
        for index, mark in enumerate(kms.marks(_weights(weighed), one.born, one.sex, self.who, self.table)):
            yield from self._answered(one, weighed[index], mark, newest=index == len(weighed) - 1)

    def _answered(self, one: Born, seen: child.Measured, mark: kms.KmsMark, newest: bool) -> Iterator[Entry]:
        """What bidan and TPG did about it, mostly. What only the newest session showed is in part still to be done."""
        if self._dice.random() < (0.45 if newest else 0.05):
            return
        if mark.status == "T":
            yield from self._cared_for(one, seen.on, mark.times)
        confirm = self._class(one, seen)
        if confirm is not None:
            yield self._entry(seen.on + timedelta(days=1), 10, one.case, confirm, "bidan", one.desa)
            visited = seen.on + timedelta(days=6)
            if visited < self.today:
                visit = care.VisitHome(on=visited, found="bertemu", action=("edukasi",))
                yield self._entry(visited, 15, one.case, visit, "kader", one.posyandu)

    def _cared_for(self, one: Born, weighed: date, times: int) -> Iterator[Entry]:
        """At the fifth table of the same session, or two days later at the poskesdes."""
        day = weighed + timedelta(days=self._dice.choice((0, 0, 2)))
        if day >= self.today:
            return
        assess = care.AssessClinically(on=day, complication=False, appetite=True, illness=False, plan="pantau")
        yield self._entry(day, 11, one.case, assess, "bidan", one.desa)
        yield self._entry(day, 11, one.case, care.Counsel(on=day, topic="makan"), "bidan", one.desa)
        feeding = child.RecordFeeding(on=day, breast="asi-saja")
        if (day - one.born).days < 183:
            yield self._entry(day, 11, one.case, feeding, "bidan", one.desa)
        if times >= 2 and one.case not in self._fed_already and self._dice.random() < 0.4:
            yield from self._fed(one, day + timedelta(days=1))
        else:
            no = pmt.DecidePmt(on=day, eligible=False, reason="tidak-perlu", cycle=99)
            yield self._entry(day, 13, one.case, no, "puskesmas-tpg", PUSKESMAS)

    def _class(self, one: Born, seen: child.Measured) -> Any:
        """The bidan's word on a screening below -2; None where there is nothing to confirm."""
        age = (seen.on - one.born).days
        z = growth.z_scores(
            self.who, one.sex, age, kg=seen.kg, cm=seen.cm, lying=seen.lying, lila=seen.lila, head=None, oedema=None
        )
        low = [value for value in (z.waz, z.haz, z.whz, z.baz) if value is not None and value < -2]
        if not low or seen.on + timedelta(days=1) >= self.today:
            return None
        return child.ConfirmStatus(
            on=seen.on + timedelta(days=1),
            weight_age=None if z.waz is None else growth.classify_waz(z.waz),
            height_age=None if z.haz is None else growth.classify_haz(z.haz),
            weight_height=None if z.whz is None else growth.classify_whz(z.whz),
        )

    def _fed(self, one: Born, day: date) -> Iterator[Entry]:
        self._fed_already.add(one.case)
        decide = pmt.DecidePmt(on=day, eligible=True, reason="tidak-naik", cycle=1, days=14, funding="dana-desa")
        yield self._entry(day, 10, one.case, decide, "puskesmas-tpg", PUSKESMAS)
        yield self._entry(day, 12, one.case, pmt.StartPmt(on=day, cycle=1), "kader", one.posyandu)
        for portion in range(14):
            on = day + timedelta(days=portion)
            if on >= self.today:
                return
            eaten = self._dice.choice((50, 75, 100, 100))
            yield self._entry(on, 16, one.case, pmt.GivePmt(on=on, cycle=1, eaten=eaten), "kader", one.posyandu)
        yield from self._closed(one, day)

    def _closed(self, one: Born, day: date) -> Iterator[Entry]:
        for week in (1, 2):
            on = day + timedelta(days=week * 7)
            if on < self.today:
                close = pmt.ClosePmtWeek(on=on, cycle=1, week=week)
                yield self._entry(on, 17, one.case, close, "kader", one.posyandu)
        done = day + timedelta(days=15)
        if done < self.today and self._dice.random() < 0.8:
            complete = pmt.CompletePmt(on=done, cycle=1, outcome="sembuh")
            yield self._entry(done, 9, one.case, complete, "puskesmas-tpg", PUSKESMAS)

    # Mothers

    def _pregnancy(self, code: str, desa: str, number: int) -> Iterator[Entry]:
        dice = self._dice
        case = uuid5(SPACE, f"{code}/hamil/{number}")
        hpht = self.today - timedelta(days=dice.randrange(50, 275))
        first = min(hpht + timedelta(days=dice.randrange(45, 120)), self.today - timedelta(days=1))
        born = self.today - timedelta(days=dice.randrange(19 * 365, 39 * 365))
        personal = Personal(
            name=f"{self._faker.first_name_female()} {self._faker.last_name()}",
            nik=self._nik(desa, born, "P"),
            father=self._faker.first_name_male(),
            rt=f"{dice.randrange(1, 7):03d}",
            rw=f"{dice.randrange(1, 4):03d}",
        )
        gravida = dice.randrange(1, 5)
        register = pregnancy.Register(
            on=first, desa=desa, posyandu=code, hpht=hpht, gravida=gravida, para=gravida - 1, abortus=0, born=born,
            height=round(dice.gauss(152, 5), 1), personal=personal,
        )  # fmt: skip
        yield self._entry(first, 8, case, register, "kader", code)
        if dice.random() < 0.85:
            visit = pregnancy.RecordAntenatalVisit(on=first, by="dokter", usg=True)
            yield self._entry(first, 9, case, visit, "bidan", desa)
            measure = pregnancy.Measure(
                on=first,
                kg=round(dice.gauss(53, 7), 1),
                lila=round(dice.gauss(25.2, 2.2), 1),
                systolic=110,
                diastolic=70,
            )
            yield self._entry(first, 9, case, measure, "bidan", desa)
        for week in (16, 20, 26, 31, 35):
            day = hpht + timedelta(days=week * 7 + dice.randrange(5))
            if first < day < self.today and dice.random() < 0.8:
                visit = pregnancy.RecordAntenatalVisit(on=day, by="bidan")
                yield self._entry(day, 9, case, visit, "bidan", desa)

    def _entry(self, day: date, hour: int, case: UUID, command: Command, role: Role, unit: str) -> Entry:
        at = datetime.combine(day, time(hour, self._dice.randrange(60), self._dice.randrange(60)), zone(unit))
        self._count += 1
        return Entry(at, uuid5(case, f"{self._count}"), case, command, role, unit)


def _asking(measured: child.Measured) -> Any:
    return child.Measure(**{name: getattr(measured, name) for name in measured.__struct_fields__})


def _weights(measured: list[child.Measured]) -> tuple[tuple[date, float], ...]:
    return tuple((m.on, m.kg) for m in measured if m.kg is not None)
