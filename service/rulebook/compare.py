"""Two editions over all stored stories: which tasks there would be more and which fewer, at which desk, desa and rule.

Nothing is written. The stories are folded once in ranges of their numbers, by several processes, and judged by both.
"""

from __future__ import annotations

import csv
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from msgspec import Struct

from domain import stories
from domain.case import Case, Recorded, Role
from domain.protocol import Book, Obligation, obligations, state
from projections import log, rebuild
from projections.follow import uncollected

RANGES = 128
"""So many pieces the stories are cut into, so that the progress bar moves and no process waits for another for long."""


class Place(NamedTuple):
    """One cell of the comparison: a rule at a desk in a desa, as a task of that desk or as one it watches over."""

    desk: Role
    desa: str
    rule: str
    supervision: bool


class Change(Struct):
    """How many tasks stand in one place, by one edition and by the other."""

    before: int = 0
    after: int = 0
    more: int = 0
    fewer: int = 0

    def __add__(self, other: Change) -> Change:
        return Change(
            self.before + other.before, self.after + other.after, self.more + other.more, self.fewer + other.fewer
        )


Changes = dict[Place, Change]


class Compared(Struct, frozen=True):
    """What a comparison comes to."""

    stories: int
    changed: int
    """Stories whose tasks differ."""
    changes: Changes


def compare(
    dsn: str,
    schema: str,
    before: Book,
    after: Book,
    now: datetime,
    progress: Callable[[int], None],
    processes: int = 2,
) -> Compared:
    """The tasks that stand at `now` by either edition. `progress` is told of every some stories that are through."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        ranges = rebuild.ranges(conn, schema, RANGES)
    work = [(dsn, schema, before, after, now, low, high) for low, high in ranges]
    if processes == 1:
        return _added(map(_one_range, work), progress)
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return _added(pool.imap_unordered(_one_range, work), progress)


def _added(parts: Iterable[Compared], progress: Callable[[int], None]) -> Compared:
    told = changed = 0
    changes: Changes = {}
    for part in parts:
        told, changed = told + part.stories, changed + part.changed
        for place, change in part.changes.items():
            changes[place] = changes.get(place, Change()) + change
        progress(part.stories)
    return Compared(told, changed, changes)


def _one_range(work: tuple[str, str, Book, Book, datetime, UUID, UUID]) -> Compared:
    dsn, schema, before, after, now, low, high = work
    told = changed = 0
    changes: Changes = {}
    with psycopg.connect(dsn, autocommit=True) as conn, uncollected():
        for page in log.all_stories(conn, schema, low, high):
            for story in page.values():
                told += 1
                changed += _judge(story, before, after, now, changes)
    return Compared(told, changed, changes)


def _judge(story: Sequence[Recorded], before: Book, after: Book, now: datetime, changes: Changes) -> bool:
    case = stories.fold(story)
    if case is None:
        return False
    was, will = _standing(case, before, now), _standing(case, after, now)
    for place, key in was | will:
        change = changes.setdefault(place, Change())
        change.before += (place, key) in was
        change.after += (place, key) in will
        change.more += (place, key) not in was
        change.fewer += (place, key) not in will
    return was != will


def _standing(case: Case, book: Book, now: datetime) -> set[tuple[Place, str]]:
    owed = obligations(case, book.chart(case), book)
    return {one for o in owed if state(o, now) in ("open", "late") for one in _lines(o, case.desa, now)}


def _lines(o: Obligation, desa: str, now: datetime) -> Iterator[tuple[Place, str]]:
    return ((Place(d.desk, desa, o.rule, d.supervision), o.key) for d in o.desks if d.opens <= now)


# What is made of it


def by(changes: Changes, *names: str) -> dict[tuple[Any, ...], Change]:
    """The changes added up by some of desk, desa, rule and supervision, in that order of names."""
    added: dict[tuple[Any, ...], Change] = {}
    for place, change in changes.items():
        key = tuple(getattr(place, name) for name in names)
        added[key] = added.get(key, Change()) + change
    return dict(sorted(added.items()))


HEADINGS = ("meja", "kode_desa", "desa", "aturan", "jenis", "sebelum", "sesudah", "bertambah", "berkurang")


def write_csv(path: Path, compared: Compared, units: dict[str, str]) -> None:
    """Every cell as a line, for a spreadsheet."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, delimiter=";")
        lines.writerow(HEADINGS)
        for place, change in sorted(compared.changes.items()):
            kind = "pengawasan" if place.supervision else "tugas"
            lines.writerow([
                place.desk, place.desa, units.get(place.desa, ""), place.rule, kind, change.before, change.after,
                change.more, change.fewer,
            ])  # fmt: skip


def grown_most(changes: dict[tuple[Any, ...], Change], most: int) -> list[tuple[tuple[Any, ...], Change]]:
    """Those that change most come first; those that do not change are left out."""
    moved = [(key, change) for key, change in changes.items() if change.more or change.fewer]
    return sorted(moved, key=lambda one: (-(one[1].more + one[1].fewer), one[0]))[:most]
