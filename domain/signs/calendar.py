"""Months, quarters and semesters as work is owed in them: one at a time, the first that was not answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

from domain import figures

DAY = timedelta(days=1)


class Period(Struct, frozen=True):
    """A part of the year of so many months."""

    months: int
    short: str
    called: str

    def start(self, day: date) -> date:
        """The first day of the period a day lies in."""
        return date(day.year, day.month - (day.month - 1) % self.months, 1)

    def after(self, day: date) -> date:
        """The first day of the period after the one a day lies in."""
        return months_after(self.start(day), self.months)

    def key(self, day: date) -> str:
        """ "2025-03" for a month, "2025-tw1", "2025-smt1"."""
        return f"{day.year}-{day.month:02}" if self.months == 1 else f"{day.year}-{self.short}{self._number(day)}"

    def name(self, day: date) -> str:
        """ "Maret 2025", "triwulan 1 tahun 2025"."""
        return figures.month(day) if self.months == 1 else f"{self.called} {self._number(day)} tahun {day.year}"

    def _number(self, day: date) -> int:
        return (day.month - 1) // self.months + 1


MONTH = Period(1, "", "bulan")
QUARTER = Period(3, "tw", "triwulan")
SEMESTER = Period(6, "smt", "semester")


def first_open(period: Period, since: date, answered: Iterable[date]) -> date:
    """The first day of the first whole period from a day on that comes after every answered one."""
    start = since if period.start(since) == since else period.after(since)
    return max([start, *(period.after(day) for day in answered)])


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a shorter month."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    first = date(year, month + 1, 1)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - DAY).day
    return first.replace(day=min(day.day, last))
