"""A whole file: its rows through the intake, what became of them counted, and those not taken set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from domain import figures
from projections.follow import uncollected
from service.exchange.intake import Intake
from service.exchange.lines import TableError
from service.exchange.rejected import Aside
from service.exchange.rows import FileError, Outcome, Stated, Titles, What
from service.exchange.sorting import Placed, Sorted

REJECTED_MOST = 1_000
"""So many rejected rows are named in the story of the puskesmas; the file beside the import has all of them."""


class Tally:
    """How many rows became what."""

    def __init__(self) -> None:
        self.rows: Counter[What] = Counter()
        self.noted = 0
        self.stated: date | None = None
        """The day of which the file says it is."""
        self.last = 0
        """The last row that has its outcome."""
        self.rejected: list[int] = []
        """The first of the rows that were rejected, by their lines in the file."""

    @property
    def recorded(self) -> int:
        return self.rows["new"] + self.rows["measured"]

    def count(self, outcome: Outcome) -> None:
        self.rows[outcome.what] += 1
        self.noted += bool(outcome.notes)
        self.last = max(self.last, outcome.line.number)
        if outcome.what == "rejected" and len(self.rejected) < REJECTED_MOST:
            self.rejected.append(outcome.line.number)

    def says(self) -> str:
        """What became of the file, for the person who imported it."""
        parts = [f"{self.recorded} tercatat ({self.rows['new']} anak baru)"]
        named: tuple[tuple[What, str], ...] = (
            ("already", "sudah tercatat sebelumnya"),
            ("outside", "di luar usia balita"),
            ("rejected", "ditolak"),
        )
        parts += [f"{self.rows[what]} {words}" for what, words in named if self.rows[what]]
        of = "" if self.stated is None else f" (data tanggal {figures.day(self.stated)})"
        return f"{self.rows.total()} baris{of}: {', '.join(parts)}."


_TICK = 100


class CutShort(Exception):
    """The file could not be read to its end. What came before is recorded and will not be recorded again."""

    def __init__(self, tally: Tally, why: str) -> None:
        super().__init__(f"{why} Yang sudah terbaca: {tally.says()} Perbaiki berkasnya, lalu impor lagi.")
        self.tally = tally


def bring_in(
    found: Iterable[Sorted],
    intake: Intake,
    rejected: Aside,
    notes: Aside,
    tick: Callable[[], None] = lambda: None,
) -> Tally:
    """Takes every row of a file; `tick` is called now and then. Raises CutShort, or FileError if nothing was read."""
    tally = Tally()

    def rows() -> Iterator[Placed | Outcome]:
        for one in found:
            if isinstance(one, Titles):
                rejected.titles(one.cells)
            elif isinstance(one, Stated):
                tally.stated = one.on
            else:
                yield one

    notes.titles(("lembar", "baris"))
    try:
        with uncollected():
            for outcome in intake.take(rows()):
                _put_aside(outcome, rejected, notes)
                tally.count(outcome)
                if tally.rows.total() % _TICK == 0:
                    tick()
    except (TableError, FileError) as problem:
        if not tally.rows:
            raise
        raise CutShort(tally, str(problem)) from problem
    finally:
        rejected.close()
        notes.close()
    return tally


def _put_aside(outcome: Outcome, rejected: Aside, notes: Aside) -> None:
    """Rows that are wrong go back whole; of a taken row only its place in the file is told, not whom it is about."""
    if outcome.what in ("rejected", "outside"):
        rejected.put(outcome.line, outcome.says)
    if outcome.notes and outcome.what in ("new", "measured"):
        line = outcome.line
        notes.line((float(line.sheet), float(line.number)), " ".join(outcome.notes))
