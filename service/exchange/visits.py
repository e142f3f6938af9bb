"""Visits of real children from the data set `cpp` (see the README beside it), told as if they lived in our posyandu.

The file gives ages, not days. So every child gets a birthday by its number: the first day of `born_from` plus as many
days as the number leaves when divided by 365; a visit was on the birthday plus the age. The same file and the same
`born_from` always give the same days. The children go to the given posyandu in turn, by their number too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from domain.case import Personal
from service.exchange import cells
from service.exchange.cells import Unclear, text
from service.exchange.lines import Line
from service.exchange.rows import BALITA_DAYS, OUTSIDE, FileError, Found, Row, Titles, Unread

BORN_FROM = date(2021, 1, 1)
LYING_DAYS = 731
"""Children are measured lying until they are this old, then standing (protocol 2.2)."""

NEEDED = ("child_id", "sex", "age_days", "weight_kg", "length_cm", "height_cm")
Z_NAMES = {"src_waz": "waz", "src_haz": "haz", "src_whz": "whz", "src_baz": "baz"}


def birthday(child: int, born_from: date = BORN_FROM) -> date:
    """The day on which a child of the file is said to be born."""
    return born_from + timedelta(days=child % 365)


def posyandu_of(child: int, posyandu: Sequence[str]) -> str:
    """The posyandu a child of the file is said to go to."""
    return posyandu[child % len(posyandu)]


def name_of(child: int) -> str:
    return f"Anak CPP {child}"


def read(lines: Iterable[Line], posyandu: Sequence[str], born_from: date = BORN_FROM) -> Iterator[Found]:
    """Every visit, understood or not. Raises FileError where the columns are not those of the data set."""
    columns: dict[str, int] | None = None
    for line in lines:
        if columns is None:
            columns = {text(cell): index for index, cell in enumerate(line.cells)}
            lacking = [name for name in NEEDED if name not in columns]
            if lacking:
                raise FileError(f"Ini bukan berkas kunjungan cpp: kolom {', '.join(lacking)} tidak ada.")
            yield Titles(line)
        elif any(line.cells):
            yield _read(_Visit(line, columns), posyandu, born_from)
    if columns is None:
        raise FileError("Berkas kunjungan kosong.")


class _Visit:
    def __init__(self, line: Line, columns: dict[str, int]) -> None:
        self.line = line
        self._columns = columns

    def number(self, name: str) -> float | None:
        index = self._columns.get(name)
        if index is None or index >= len(self.line.cells):
            return None
        return cells.number(self.line.cells[index], name)

    def needed(self, name: str) -> int:
        value = self.number(name)
        if value is None or value < 0:
            raise Unclear(f"{name} kosong atau negatif.")
        return int(value)


def _read(visit: _Visit, posyandu: Sequence[str], born_from: date) -> Row | Unread:
    try:
        if visit.needed("age_days") >= BALITA_DAYS:  # the days of later visits may well be to come
            return Unread(visit.line, OUTSIDE)
        return _row(visit, posyandu, born_from)
    except Unclear as unclear:
        return Unread(visit.line, str(unclear))


def _row(visit: _Visit, posyandu: Sequence[str], born_from: date) -> Row:
    child, age = visit.needed("child_id"), visit.needed("age_days")
    lying = age < LYING_DAYS
    cm = visit.number("length_cm" if lying else "height_cm")
    grams, weeks = visit.number("birth_weight_g"), visit.number("gestation_days")
    born = birthday(child, born_from)
    return Row(
        line=visit.line,
        place=posyandu_of(child, posyandu),
        personal=Personal(name=name_of(child)),
        born=born,
        sex="L" if visit.needed("sex") == 1 else "P",
        birth_kg=None if not grams else round(grams / 1_000, 3),
        birth_cm=visit.number("birth_length_cm") or None,
        weeks=None if not weeks else int(weeks) // 7,
        on=born + timedelta(days=age),
        kg=visit.number("weight_kg"),
        cm=cm,
        lying=lying if cm is not None else None,
        reported=_reported(visit),
    )


def _reported(visit: _Visit) -> dict[str, float] | None:
    found = {name: visit.number(title) for title, name in Z_NAMES.items()}
    given = {name: z for name, z in found.items() if z is not None}
    return given or None
