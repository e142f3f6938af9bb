"""The growth of one child worked out once: every measurement with its z-scores, every weighing with its KMS mark."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from msgspec import Struct

from domain import growth, kms
from domain.case import Case
from domain.child import Child, Weighing

T = TypeVar("T")


class Point(Struct, frozen=True):
    """A measurement and what WHO's tables make of it."""

    weighing: Weighing
    age: int
    """Days since birth."""
    z: growth.ZScores


class Chart:
    """What signs, the growth lists and the page ask of a case's growth. Only a child has points."""

    def __init__(self, case: Case, who: growth.Tables, table: kms.KmsTable, session_day: int) -> None:
        self.case = case
        self.session_day = session_day
        """Day of the month on which its posyandu meets."""
        self._who = who
        self._table = table
        self._results: dict[Callable[..., Any], Any] = {}

    def worked_out(self, how: Callable[[Chart], T]) -> T:
        """What comes of this case's growth, once: more than a hundred rules ask for it in turn."""
        if how not in self._results:
            self._results[how] = how(self)
        found: T = self._results[how]
        return found

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Every measurement of a registered child, in the order of the days."""
        case = self.case
        if not isinstance(case, Child) or case.born is None or case.sex is None:
            return ()
        return tuple(self._point(case, w) for w in case.weighings)

    def _point(self, child: Child, w: Weighing) -> Point:
        assert child.born is not None and child.sex is not None
        age = (w.on - child.born).days
        z = growth.z_scores(
            self._who, child.sex, age, kg=w.kg, cm=w.cm, lying=w.lying, lila=w.lila, head=w.head, oedema=w.oedema
        )
        return Point(w, age, z)

    def corrected(self, point: Point) -> growth.ZScores | None:
        """The z-scores at the corrected age, of a child born too early and not yet two; None of all others."""
        child = self.case
        assert isinstance(child, Child) and child.sex is not None
        age, w = child.corrected_age(point.weighing.on), point.weighing
        if age is None or age < 0:
            return None
        return growth.z_scores(
            self._who, child.sex, age, kg=w.kg, cm=w.cm, lying=w.lying, lila=w.lila, head=w.head, oedema=w.oedema
        )

    @property
    def latest(self) -> Point | None:
        return self.points[-1] if self.points else None

    def below_p5(self, before: Weighing, now: Weighing) -> bool:
        """The weight gained less between the two than 5 in 100 healthy children of WHO's do."""
        child = self.case
        if (
            not isinstance(child, Child)
            or child.born is None
            or child.sex is None
            or before.kg is None
            or now.kg is None
        ):
            return False
        weights = (before.on, before.kg), (now.on, now.kg)
        return kms.below_velocity_p5(*weights, child.born, child.sex, self._table.velocity) is True

    @cached_property
    def marks(self) -> tuple[kms.KmsMark, ...]:
        """One KMS mark for each measurement with a weight, in the order of the days."""
        case = self.case
        if not isinstance(case, Child) or case.born is None or case.sex is None:
            return ()
        weighed = tuple((p.weighing.on, p.weighing.kg) for p in self.points if p.weighing.kg is not None)
        return kms.marks(weighed, case.born, case.sex, self._who, self._table)
