"""The figures of one month and place, each with the cases behind it: a figure is the count of the cases it lists.

It has no table: the cases are folded as they were known at a moment, so that April as it was reported in April and
April with what came later are both there, side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from domain import checkups, growth
from domain.chart import Point
from domain.child import Child, month_after, plus_months
from domain.kms import KmsMark
from domain.person import Person
from domain.pregnancy import Pregnancy, contacts
from domain.protocol import midnight
from projections.asof import Scope
from projections.projection import Folded

Code = Literal[
    "S", "D", "L", "D'", "N", "T", "O", "B", "BGM", "2T", "terlambat", "HAZ", "stunting", "WAZ", "underweight", "WHZ",
    "wasting", "bumil", "K1", "TTD90", "PMT",
]  # fmt: skip


class Figure(Struct, frozen=True):
    """One figure: the cases of which something is so, and the figure it is a share of."""

    code: Code
    words: str
    cases: tuple[UUID, ...]
    of: Code | None = None

    @property
    def count(self) -> int:
        return len(self.cases)


class Seen(Struct, frozen=True):
    """One case and what the month says of it."""

    one: Folded
    state: Child | Pregnancy
    mark: KmsMark | None = None
    """Of the last weighing of the month, the one that stands in the KMS."""
    measured: Point | None = None
    """The last measurement of the month."""
    late: bool = False
    """The weighing was heard of after the month, or the day looked at, was over."""


def figures(cases: Iterable[Folded], scope: Scope, month: date, moment: datetime) -> tuple[Figure, ...]:
    """The figures of a month, as these cases tell it at a moment."""
    end = min(month_after(month) - timedelta(days=1), moment.date())
    people = [one for one in cases if isinstance(one.state, Person) and _lives_here(one.state, scope)]
    children = [_child(one, month, moment) for one in people if isinstance(one.state, Child)]
    mothers = [Seen(one, one.state) for one in people if isinstance(one.state, Pregnancy)]
    under_five = [seen for seen in children if _under_five(seen.state, end)]
    expecting = [seen for seen in mothers if not _delivered(seen.state)]
    return (
        *(_figure(code, words, under_five, so, of) for code, words, so, of in _OF_CHILDREN),
        *(_figure(code, words, expecting, so, of) for code, words, so, of in _OF_MOTHERS),
        _figure("PMT", "Sedang menerima PMT", [*children, *mothers], _fed),
    )


So = Callable[[Seen], bool]


def _figure(code: Code, words: str, among: Sequence[Seen], so: So, of: Code | None = None) -> Figure:
    return Figure(code, words, tuple(sorted(seen.one.case for seen in among if so(seen))), of)


def _lives_here(state: Person, scope: Scope) -> bool:
    return state.active and scope.holds(state.desa, state.posyandu)


def _under_five(state: Child | Pregnancy, end: date) -> bool:
    """Until before the fifth birthday; a child that is only reported is not one of the posyandu's yet."""
    return isinstance(state, Child) and state.born is not None and state.born <= end < plus_months(state.born, 60)


def _delivered(state: Child | Pregnancy) -> bool:
    return isinstance(state, Pregnancy) and state.delivered


def _child(one: Folded, month: date, moment: datetime) -> Seen:
    assert isinstance(one.state, Child)
    marks = iter(one.chart.marks)
    mark: KmsMark | None = None
    measured: Point | None = None
    late = False
    heard = {recorded.version: recorded.by.recorded_at for recorded in one.story}
    over = _over(month, moment)
    for point in one.chart.points:
        its = next(marks) if point.weighing.kg is not None else None
        if not month <= point.weighing.on < month_after(month):
            continue
        measured = point if point.weighing.cm is not None or its is not None else measured
        if its is not None and its.counts:
            mark, late = its, heard[point.weighing.version] > over
    return Seen(one, one.state, mark, measured, late)


def _over(month: date, moment: datetime) -> datetime:
    """When the month was over, or the day looked at if that was earlier."""
    return min(moment, midnight(month_after(month), moment.tzinfo))  # type: ignore[arg-type]


# What is so of one case


def _weighed(seen: Seen) -> bool:
    return seen.mark is not None


def _marked(status: str) -> So:
    return lambda seen: seen.mark is not None and seen.mark.status == status


def _comparable(seen: Seen) -> bool:
    """D' = D − (O + B): there was something to compare with."""
    return seen.mark is not None and seen.mark.status in ("N", "T")


def _bgm(seen: Seen) -> bool:
    return seen.mark is not None and seen.mark.bgm


def _twice(seen: Seen) -> bool:
    return seen.mark is not None and seen.mark.times >= 2


def _has(index: growth.Index) -> So:
    """It has a z-score that WHO does not hold to be implausible."""
    return lambda seen: _z(seen, index) is not None


def _low(index: growth.Index) -> So:
    def low(seen: Seen) -> bool:
        z = _z(seen, index)
        return z is not None and z < -2

    return low


def _z(seen: Seen, index: growth.Index) -> float | None:
    if seen.measured is None or index in seen.measured.z.flags:
        return None
    if seen.measured.z.counts_as_severe and index in ("waz", "whz"):
        return -9.99  # oedema: no figure of the weight, and counted as below −3
    found: float | None = getattr(seen.measured.z, index)
    return found


def _fed(seen: Seen) -> bool:
    return any(cycle.running for cycle in seen.state.cycles)


def _first_contact(seen: Seen) -> bool:
    return isinstance(seen.state, Pregnancy) and any(mark.startswith("K1") for mark in contacts(seen.state))


def _ninety(seen: Seen) -> bool:
    return isinstance(seen.state, Pregnancy) and checkups.tablets_in_all(seen.state) >= checkups.TABLETS


_OF_CHILDREN: tuple[tuple[Code, str, So, Code | None], ...] = (
    ("S", "Balita 0-59 bulan di wilayah ini", lambda _: True, None),
    ("D", "Ditimbang bulan ini", _weighed, "S"),
    ("L", "Tidak ditimbang bulan ini (S dikurangi D)", lambda seen: not _weighed(seen), "S"),
    ("D'", "Ditimbang dan ada pembandingnya (D dikurangi O dan B)", _comparable, "D"),
    ("N", "Naik berat badannya", _marked("N"), "D'"),
    ("T", "Tidak naik berat badannya", _marked("T"), "D'"),
    ("O", "Bulan lalu tidak ditimbang", _marked("O"), "D"),
    ("B", "Baru pertama ditimbang", _marked("B"), "D"),
    ("BGM", "Di bawah garis merah", _bgm, "D"),
    ("2T", "Dua kali atau lebih tidak naik", _twice, "D"),
    ("terlambat", "Penimbangan dicatat sesudah waktunya lewat", lambda seen: seen.late, "D"),
    ("HAZ", "Diukur, dan TB/U masuk akal", _has("haz"), "S"),
    ("stunting", "Pendek dan sangat pendek (TB/U di bawah −2)", _low("haz"), "HAZ"),
    ("WAZ", "Ditimbang, dan BB/U masuk akal", _has("waz"), "S"),
    ("underweight", "Berat badan kurang dan sangat kurang (BB/U di bawah −2)", _low("waz"), "WAZ"),
    ("WHZ", "Diukur, dan BB/TB masuk akal", _has("whz"), "S"),
    ("wasting", "Gizi kurang dan gizi buruk (BB/TB di bawah −2)", _low("whz"), "WHZ"),
)

_OF_MOTHERS: tuple[tuple[Code, str, So, Code | None], ...] = (
    ("bumil", "Ibu hamil di wilayah ini", lambda _: True, None),
    ("K1", "Sudah diperiksa pertama kali (K1)", _first_contact, "bumil"),
    ("TTD90", "Sudah menerima 90 tablet atau lebih", _ninety, "bumil"),
)
