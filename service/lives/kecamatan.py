"""The kecamatan in which the made-up people live, and the one who tells of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

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

NEXT = "3603332002.02"
"""The other posyandu of her desa that a family may go to."""

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


def posyandu() -> Iterator[tuple[str, str, str]]:
    """Code, name and desa of every posyandu."""
    for code, _ in DESA:
        for number, name in enumerate(POSYANDU, start=1):
            yield f"{code}.{number:02d}", f"Posyandu {name} {code[-1]}", code


def session(posyandu: str, month: date) -> date:
    """The day a posyandu meets in a month: each on its own day, so that one bidan can be at all of hers."""
    return month.replace(day=session_day(posyandu))


def session_day(posyandu: str) -> int:
    """Between the 3rd and the 20th."""
    desa, number = posyandu.split(".")
    return 3 + (int(desa[-1]) * 2 + int(number) * 5) % 18


def beginning(today: date) -> date:
    """The first day of the made-up history."""
    return plus_months(today.replace(day=1), -MONTHS)


def months(today: date) -> list[date]:
    """The first days of the months of the made-up history, this one among them."""
    return [plus_months(beginning(today), n) for n in range(MONTHS + 1)]


class Teller:
    """Throws the dice, gives names and numbers, and writes down who recorded what, and when."""

    def __init__(self, today: date, seed: int) -> None:
        from faker import Faker  # only the demo extra carries it

        self.today = today
        self.dice = random.Random(seed)
        self.faker = Faker("id_ID")
        self.faker.seed_instance(seed)
        self._entries = 0
        self._niks = 0

    def entry(self, day: date, hour: int, case: UUID, command: Command, role: Role, unit: str) -> Entry:
        at = datetime.combine(day, time(hour, self.dice.randrange(60), self.dice.randrange(60)), zone(unit))
        self._entries += 1
        return Entry(at, uuid5(case, f"{self._entries}"), case, command, role, unit)

    def sessions(self, code: str) -> list[date]:
        """The days on which a posyandu has met."""
        return [day for day in (session(code, month) for month in months(self.today)) if day < self.today]

    def nik(self, desa: str, born: date, sex: Sex) -> str:
        self._niks += 1
        day = born.day + (40 if sex == "P" else 0)
        return f"{desa[:6]}{day:02d}{born:%m%y}{self._niks:04d}"

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def woman(self) -> str:
        return f"{self.faker.first_name_female()} {self.faker.last_name()}"

    def home(self) -> Personal:
        """Where a made-up family lives."""
        return Personal(
            rt=f"{self.dice.randrange(1, 7):03d}",
            rw=f"{self.dice.randrange(1, 4):03d}",
            address=f"Kp. {self.dice.choice(('Pasir', 'Kelapa', 'Sawah', 'Kebon', 'Rawa'))}",
        )
