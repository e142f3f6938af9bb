"""A large file is read by a process of its own, and nothing else changes for whoever imports it."""

from __future__ import annotations

import os
import signal
import time
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from service.exchange import eppgbm, visits
from service.exchange.ahead import Ahead, Source
from service.exchange.cells import Unclear
from service.exchange.intake import Intake
from service.exchange.lines import TableError
from service.exchange.rejected import Aside
from service.exchange.rows import FileError, Outcome
from service.exchange.sorting import Placed
from service.exchange.whole import CutShort, bring_in
from tests.exchange.conftest import MASTER_KEY, UNITS, Kabupaten
from tests.exchange.eppgbm_files import BUDI, SITI, as_csv, as_xlsx, table

CHILDREN = [SITI | {"Nama": f"ANAK {n}", "NIK": "-"} for n in range(600)]
MANY = [SITI | {"Nama": f"ANAK {n}", "NIK": "-"} for n in range(6_000)]


def source(path: Path, default: str | None = None) -> Source:
    return Source(path, eppgbm.read, UNITS, default, MASTER_KEY, date(2025, 9, 1))


def readers() -> set[int]:
    """The processes we began that still run."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def until_gone(before: set[int]) -> bool:
    ends = time.monotonic() + 10
    while readers() - before and time.monotonic() < ends:
        time.sleep(0.01)
    return not readers() - before


def test_a_file_has_the_same_rows_whoever_reads_it(tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "a.xlsx", table(SITI, BUDI | {"Berat": "tujuh"}, *CHILDREN, BUDI | {"Berat": "10200"}))
    here, apart = Ahead(source(path), path.stat().st_size + 1), Ahead(source(path), 0)
    told = list(apart)
    assert told == list(here)
    assert sum(isinstance(one, Placed) for one in told) == 602
    assert sum(isinstance(one, Outcome) for one in told) == 1
    assert apart.bytes_read == here.bytes_read == path.stat().st_size


def test_a_reader_made_for_the_file_is_taken_along(tmp_path: Path) -> None:
    titles = ["child_id", "sex", "age_days", "weight_kg", "length_cm", "height_cm"]
    path = as_csv(tmp_path / "cpp.csv", [titles, [7, 1, 1, "3.2", 50, 50]], ",")
    read = partial(visits.read, posyandu=["3603332001.02"], born_from=date(2025, 1, 1))
    rows = list(Ahead(Source(path, read, UNITS, None, MASTER_KEY, date(2025, 9, 1)), 0))
    assert [row.spot.posyandu for row in rows if isinstance(row, Placed)] == ["3603332001.02"]


@pytest.mark.parametrize(
    ("content", "default", "problem"),
    [
        (b"", None, TableError),
        (b"Nama;Umur\nSiti;3\n", None, FileError),
        (b"Nama;Umur\nSiti;3\n", "9999999999.01", Unclear),
    ],
)
def test_what_the_other_process_cannot_read_is_raised_here(
    tmp_path: Path, content: bytes, default: str | None, problem: type[Exception]
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(problem) as apart:
        list(Ahead(source(tmp_path / "a.csv", default), 0))
    with pytest.raises(problem) as here:
        list(Ahead(source(tmp_path / "a.csv", default), 1_000_000))
    assert str(apart.value) == str(here.value)


def test_the_reader_ends_when_nobody_reads_on(tmp_path: Path) -> None:
    before = readers()
    rows = iter(Ahead(source(as_csv(tmp_path / "a.csv", table(*MANY))), 0))
    next(rows)
    assert len(readers() - before) == 1
    rows.close()  # type: ignore[attr-defined]
    assert until_gone(before)


def test_the_reader_waits_when_it_is_far_enough_ahead(tmp_path: Path) -> None:
    before = readers()
    path = as_csv(tmp_path / "a.csv", table(*CHILDREN * 20))
    rows = iter(Ahead(source(path), 0))
    next(rows)
    [reader] = readers() - before
    assert where_it_rests(reader, path) < path.stat().st_size / 2
    assert sum(isinstance(row, Placed) for row in rows) == 12_000


def where_it_rests(reader: int, path: Path) -> int:
    """The byte of the file before which the reader stands, once it does not move on any more."""
    [fd] = [fd.name for fd in Path(f"/proc/{reader}/fd").iterdir() if fd.resolve() == path]
    seen = -1
    while (stands := int(Path(f"/proc/{reader}/fdinfo/{fd}").read_text().split()[1])) != seen:
        seen = stands
        time.sleep(0.5)
    return seen


def test_an_import_whose_reader_is_killed_says_what_is_recorded_and_goes_on_later(kabupaten: Kabupaten) -> None:
    path = as_csv(kabupaten.folder / "a.csv", table(*MANY))
    before = readers()

    def kill() -> None:
        for reader in readers() - before:
            os.kill(reader, signal.SIGKILL)

    rows = Ahead(source(path), 0)
    asides = [Aside(kabupaten.folder / f"{word}.csv", word) for word in ("ditolak", "catatan")]
    with pytest.raises(CutShort, match="berhenti di tengah jalan"):
        bring_in(rows, Intake(kabupaten.door), *asides, kill)
    recorded = len(kabupaten.stories())
    assert 0 < recorded < 6_000
    assert kabupaten.bring_file(path).rows == {"already": recorded, "new": 6_000 - recorded}
