"""What a mother has had of what every mother is owed: the ten T, doctor's scans, tablets. Worked out, never typed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Literal, get_args

from domain.antenatal import BirthPlanMade, TetanusChecked
from domain.care import CarePlanStarted, ClinicallyAssessed, Counselled
from domain.case import Act, done
from domain.pregnancy import AntenatalVisited, LabResultRecorded, Measured, Pregnancy, TabletsGiven, trimester

T = Literal[
    "timbang-tinggi", "tekanan-darah", "lila", "tinggi-fundus", "letak-janin", "tetanus", "tablet-90", "lab-hamil",
    "tatalaksana", "temu-wicara",
]  # fmt: skip
"""The ten T of an antenatal check (Permenkes 21/2021)."""

TEN_T: tuple[T, ...] = get_args(T)

TABLETS = 90
OPEN_TESTS = frozenset({"hb", "golongan-darah", "protein-urin"})
"""The laboratory as everybody may know it; triple elimination is asked for apart, since it is restricted."""


def ten_t(pregnancy: Pregnancy) -> tuple[T, ...]:
    """Which of the ten T were done at least once in this pregnancy, in their order.

    It rests on nothing restricted, so that a kader who reads it learns nothing of HIV, syphilis or HBsAg.
    """
    measured: list[Measured] = [check.event for check in pregnancy.checks]
    acts = pregnancy.acts
    had: dict[T, bool] = {
        "timbang-tinggi": pregnancy.height is not None and any(m.kg is not None for m in measured),
        "tekanan-darah": any(m.systolic is not None and m.diastolic is not None for m in measured),
        "lila": any(m.lila is not None for m in measured),
        "tinggi-fundus": any(m.fundus is not None for m in measured),
        "letak-janin": any(m.presentation is not None for m in measured)
        and any(m.heartbeat is not None for m in measured),
        "tetanus": bool(done(acts, TetanusChecked)),
        "tablet-90": tablets_in_all(pregnancy) >= TABLETS,
        "lab-hamil": _tested(pregnancy) >= OPEN_TESTS,
        "tatalaksana": bool(done(acts, ClinicallyAssessed)) or _open_plan(done(acts, CarePlanStarted)),
        "temu-wicara": bool(done(acts, Counselled) or done(acts, BirthPlanMade)),
    }
    return tuple(t for t in TEN_T if had[t])


def _tested(pregnancy: Pregnancy) -> set[str]:
    return {a.event.test for a in done(pregnancy.acts, LabResultRecorded)}  # type: ignore[attr-defined]


def _open_plan(plans: Iterable[Act]) -> bool:
    return any(not a.event.restricted for a in plans)


def triple_elimination(pregnancy: Pregnancy) -> int:
    """How many of HIV, syphilis and HBsAg were tested for. For health workers only."""
    tests = (a.event for a in done(pregnancy.acts, LabResultRecorded) if a.event.restricted)
    return len({test.test for test in tests})  # type: ignore[attr-defined]


def doctor_scans(pregnancy: Pregnancy) -> tuple[int, ...]:
    """The trimesters in which a doctor saw her with a scan; two are owed, in the first and in the third."""
    if pregnancy.start is None:
        return ()
    return tuple(sorted({trimester(pregnancy, v.on) for v in pregnancy.antenatal if _by_doctor(v)}))


def _by_doctor(visit: Act) -> bool:
    event = visit.event
    return isinstance(event, AntenatalVisited) and event.usg and event.by in ("dokter", "dokter-spesialis")


def supplies(pregnancy: Pregnancy) -> tuple[Act, ...]:
    """The days on which tablets were handed out, oldest first; a count of none only tells what was taken."""
    return tuple(a for a in done(pregnancy.acts, TabletsGiven) if tablets(a) > 0)


def tablets(given: Act) -> int:
    """How many were handed out on that day."""
    count: int = given.event.count  # type: ignore[attr-defined]
    return count


def tablets_in_all(pregnancy: Pregnancy) -> int:
    """Tablets handed out. One a day: where MMS replaces TTD or the other way, what was left over counts no more."""
    given = supplies(pregnancy)
    lost = sum(_left_over(now, after) for now, after in pairwise(given) if _kind(now) != _kind(after))
    return sum(tablets(one) for one in given) - lost


def _left_over(now: Act, after: Act) -> int:
    return max(tablets(now) - (after.on - now.on).days, 0)


def _kind(given: Act) -> str:
    kind: str = given.event.kind  # type: ignore[attr-defined]
    return kind


def body_mass(pregnancy: Pregnancy) -> float | None:
    """The body mass index before the pregnancy (IMT)."""
    if pregnancy.weight_before is None or pregnancy.height is None:
        return None
    return pregnancy.weight_before / (pregnancy.height / 100) ** 2
