"""z-scores a second on one core, beside the arithmetic alone: python bench/zscores.py [--json FILE]

The bound is the bare formula over the same children with L, M and S at hand: nothing looked up, corrected, bent in the
tails, rounded or flagged. Loading the tables is timed as well.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from domain import growth, kms  # noqa: E402 - the checkout need not be installed
from domain.case import Sex  # noqa: E402
from service.who import read_who  # noqa: E402

CHILDREN = 20_000
ROUNDS = 5
REACH = 400_000

Child = tuple[Sex, int, float, float, float, float]
Bare = tuple[tuple[float, growth.Row], ...]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--json", type=Path, help="write the figures to this file as well")
    path: Path | None = asked.parse_args().json
    figures = measure()
    show(figures)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=2) + "\n")


def measure() -> dict[str, float]:
    """Everything in one run, since the bound is worth something beside its figure only."""
    loading = best(lambda: read_who(ROOT / "juknis" / "who2006"))
    tables = read_who(ROOT / "juknis" / "who2006")
    children = made_up(tables)
    bare = [formulas(tables, child) for child in children]
    count = sum(len(one) for one in bare)
    arithmetic = count / best(lambda: [alone(one) for one in bare])
    whole = count / best(lambda: [of(tables, child) for child in children])
    return {
        "children": CHILDREN,
        "z_scores": count,
        "z_per_second": round(whole),
        "children_per_second": round(whole * CHILDREN / count),
        "bound_z_per_second": round(arithmetic),
        "ratio": round(whole / arithmetic, 3),
        "reach_z_per_second": REACH,
        "kms_marks_per_second": round(marks(tables)),
        "loading_seconds": round(loading, 4),
    }


def best(work: Callable[[], object]) -> float:
    """The shortest of a few rounds: the others were disturbed."""
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


def made_up(tables: growth.Tables) -> list[Child]:
    """Children spread over the ages and around −1, so that a few lie in the tails, as in the field."""
    dice = random.Random(2006)
    return [child(tables, dice) for _ in range(CHILDREN)]


def child(tables: growth.Tables, dice: random.Random) -> Child:
    sex: Sex = dice.choice(("L", "P"))
    age = dice.randrange(91, growth.LAST_DAY)
    kg = round(growth.weight_at(tables, sex, age, dice.gauss(-1, 1.1)), 1)
    cm = round(growth.length_at(tables, sex, age, dice.gauss(-1, 1.1)), 1)
    return sex, age, kg, cm, round(dice.gauss(14.5, 1), 1), round(dice.gauss(45, 2), 1)


def of(tables: growth.Tables, child: Child) -> growth.ZScores:
    sex, age, kg, cm, lila, head = child
    return growth.z_scores(tables, sex, age, kg=kg, cm=cm, lying=age < 731, lila=lila, head=head)


def formulas(tables: growth.Tables, child: Child) -> Bare:
    """The measures of one child, each beside the row it is read from."""
    sex, age, kg, cm, lila, head = child
    standing = tables.wfh[sex] if age >= growth.FIRST_STANDING_DAY else tables.wfl[sex]
    given = (
        (kg, tables.wfa[sex].at(age)),
        (cm, tables.lhfa[sex].at(age)),
        (kg, standing.at(round(cm * 10))),
        (kg / (cm * cm) * 10_000, tables.bfa[sex].at(age)),
        (lila, tables.acfa[sex].at(age)),
        (head, tables.hcfa[sex].at(age)),
    )
    return tuple((y, row) for y, row in given if row is not None)


def alone(bare: Bare) -> list[float]:
    return [((y / median) ** power - 1) / (power * spread) for y, (power, median, spread) in bare]


def marks(tables: growth.Tables) -> float:
    """KMS marks a second for a child weighed in each of 59 months."""
    table = kms.read_table((ROOT / "juknis" / "2025" / "kms.toml").read_text(encoding="utf-8"))
    born = date(2020, 1, 10)
    row = [(date(2020 + n // 12, n % 12 + 1, 14), 3.5 + 0.25 * n) for n in range(1, 60)]
    return 100 * len(row) / best(lambda: [kms.marks(row, born, "L", tables, table) for _ in range(100)])


def show(figures: dict[str, float]) -> None:
    print(f"{'what':<36}{'figure':>14}")
    for name, figure in figures.items():
        print(f"{name.replace('_', ' '):<36}{figure:>14,}")


if __name__ == "__main__":
    main()
