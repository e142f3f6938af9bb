"""KMS: did a child gain enough since last month (N, T, O, B), how often in a row did it not, is it below the red line.

Several weighings in one calendar month: the last one stands in the KMS and is what the next month is compared with.
Earlier ones of that month (weekly ones of a PMT, say) get a mark as well, as it was on their day, against the last one
of the month before. They are never compared with each other, and no chain counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from math import floor
from typing import Literal

import msgspec
from msgspec import Struct

from domain import growth
from domain.case import Sex
from domain.figures import months_between

Status = Literal["B", "O", "N", "T"]
"""Baru (first weighing), O (not weighed last month, so nothing to compare with), naik, tidak naik."""

Weighed = tuple[date, float]
"""The day and the kilograms."""

# The programme's figures, as juknis/<edition>/kms.toml holds them

Standing = Literal["official", "proposal", "unconfirmed"]


class KbmRow(Struct, frozen=True, forbid_unknown_fields=True):
    """The least gain in grams, at these completed months of age (both included)."""

    months: tuple[int, int]
    grams: int


class Kbm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kenaikan berat minimal by age at the weighing."""

    source: str
    status: Standing
    by_sex_source: str
    by_sex_status: Standing
    L: tuple[KbmRow, ...]
    P: tuple[KbmRow, ...]

    def __post_init__(self) -> None:
        for rows in (self.L, self.P):
            covered = [month for row in rows for month in range(row.months[0], row.months[1] + 1)]
            if covered != list(range(1, 61)):
                raise ValueError("tabel KBM harus memuat setiap bulan dari 1 sampai 60 tepat satu kali")

    def grams(self, sex: Sex, months: int) -> int | None:
        """None in the first month of life and from 61 months on, for which the KMS prints no figure."""
        for row in self.L if sex == "L" else self.P:
            if row.months[0] <= months <= row.months[1]:
                return row.grams
        return None


class Lms(Struct, frozen=True, forbid_unknown_fields=True):
    """WHO's power, median and spread of a gain."""

    l: float  # noqa: E741 - WHO's name for it
    m: float
    s: float


class Velocity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """WHO's gains of one month, by the month in which they begin."""

    source: str
    status: Standing
    offset: int
    """Grams that WHO adds to every gain, so that losses can be fitted too."""
    z: float
    """The z-score of the percentile."""
    days: tuple[int, int]
    """How many days apart two weighings may be to count as one month apart."""
    days_source: str
    days_status: Standing
    L: tuple[Lms, ...]
    P: tuple[Lms, ...]

    def __post_init__(self) -> None:
        if len(self.L) != 12 or len(self.P) != 12:
            raise ValueError("tabel kecepatan tumbuh harus memuat 12 bulan untuk L dan P")

    def gain_at(self, sex: Sex, start: int, z: float) -> int | None:
        """Grams gained in the month that begins at `start` completed months, at a z-score; None after a year."""
        if not 0 <= start < 12:
            return None
        row = (self.L if sex == "L" else self.P)[start]
        return round(growth.at((row.l, row.m, row.s), z) - self.offset)


class KmsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """What one edition says about gaining weight."""

    kbm: Kbm
    velocity: Velocity


def read_table(text: str) -> KmsTable:
    """The text of kms.toml. Raises msgspec.ValidationError naming the place."""
    return msgspec.toml.decode(text, type=KmsTable)


# What is said of a weighing


class KmsMark(Struct, frozen=True):
    """How one weighing stands in the KMS."""

    on: date
    kg: float
    months: int
    """Completed calendar months of age."""
    waz: float | None
    status: Status
    counts: bool = True
    """The last weighing of its calendar month, the one that stands in the KMS."""
    bgm: bool = False
    """Below the red line: BB/U below −3."""
    times: int = 0
    """T in a row up to here; 2 is "2T"."""
    previous: date | None = None
    """The weighing it is compared with: the last one of the calendar month before."""
    gain: int | None = None
    """Grams since then."""
    kbm: int | None = None
    """Grams it should have been."""
    n_from_line: bool | None = None
    """Gained by the line; None where WHO has no line."""
    n_from_kbm: bool | None = None
    """Gained by the KBM; None where the KMS has no figure."""

    @property
    def needs_plot_check(self) -> bool:
        """Line and KBM disagree: the KBM decides, and a health worker looks at the plot again."""
        return self.n_from_line is not None and self.n_from_kbm is not None and self.n_from_line != self.n_from_kbm


def marks(
    weighings: Sequence[Weighed], born: date, sex: Sex, tables: growth.Tables, table: KmsTable
) -> tuple[KmsMark, ...]:
    """One mark for each weighing, in the order given, which is that of the days."""
    found: list[KmsMark] = []
    before: KmsMark | None = None
    at_last_t = 0.0
    for _, month in groupby(weighings, key=_month_of):
        *earlier, last = month
        for on, kg in earlier:
            found.append(_mark(on, kg, False, before, at_last_t, born, sex, tables, table.kbm))
        before = _mark(*last, True, before, at_last_t, born, sex, tables, table.kbm)
        found.append(before)
        if before.status == "T":
            at_last_t = before.kg
    return tuple(found)


def _mark(
    on: date,
    kg: float,
    counts: bool,
    before: KmsMark | None,
    at_last_t: float,
    born: date,
    sex: Sex,
    tables: growth.Tables,
    kbm: Kbm,
) -> KmsMark:
    """One weighing beside `before`, which counts for the newest earlier month in which the child was weighed."""
    months = months_between(born, on)
    waz = growth.weight_z(tables, sex, (on - born).days, kg)
    bgm = waz is not None and waz < -3
    if before is None:
        return KmsMark(on, kg, months, waz, "B", counts, bgm)
    if _month(on) - _month(before.on) > 1:
        # A missed month breaks the chain, unless the child now weighs even less than when it last did not gain.
        return KmsMark(on, kg, months, waz, "O", counts, bgm, before.times if kg < at_last_t else 0)
    gain = _grams(kg) - _grams(before.kg)
    least = kbm.grams(sex, months)
    by_line = _follows_line(gain, waz, before.waz)
    by_kbm = None if least is None else gain >= least
    status = _status(by_line, by_kbm)
    times = before.times + 1 if status == "T" else 0
    return KmsMark(on, kg, months, waz, status, counts, bgm, times, before.on, gain, least, by_line, by_kbm)


def _status(by_line: bool | None, by_kbm: bool | None) -> Status:
    """The KBM decides where there is one; with neither there is nothing to compare with."""
    gained = by_line if by_kbm is None else by_kbm
    if gained is None:
        return "O"
    return "N" if gained else "T"


def _follows_line(gain: int, waz: float | None, waz_before: float | None) -> bool | None:
    """The line rises and does not cross down into a lower colour of the KMS."""
    if waz is None or waz_before is None:
        return None
    return gain > 0 and _band(waz) >= _band(waz_before)


def _band(waz: float) -> int:
    """Which strip between the lines −3, −2, … 3; all below −3 is one strip, all above 3 another."""
    if waz < -3:
        return -4
    return 3 if waz >= 3 else floor(waz)


def _grams(kg: float) -> int:
    return round(kg * 1000)


def _month(on: date) -> int:
    return on.year * 12 + on.month


def _month_of(weighed: Weighed) -> int:
    return _month(weighed[0])


# WHO's weight velocity: for health workers, never mixed with N and T


def below_velocity_p5(before: Weighed, now: Weighed, born: date, sex: Sex, velocity: Velocity) -> bool | None:
    """Gained less in a month than 5 in 100 healthy children do. None after a year, or not about a month apart.

    The month of WHO's table that begins nearest to the age at the first weighing.
    """
    shortest, longest = velocity.days
    if not shortest <= (now[0] - before[0]).days <= longest:
        return None
    start = floor(growth.who_months((before[0] - born).days) + 0.5)
    p5 = velocity.gain_at(sex, start, velocity.z)
    return None if p5 is None else _grams(now[1]) - _grams(before[1]) < p5
