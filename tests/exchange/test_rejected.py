"""Rejected rows come back as a file that can be mended, imported again, and opened without harm."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from service.exchange import cells
from service.exchange.lines import Line
from service.exchange.rejected import Aside, beside, harmless, written
from service.exchange.rows import FileError
from service.exchange.tables import open_table


def aside(path: Path, *lines: Line) -> list[list[str]]:
    file = Aside(path, "alasan")
    file.titles(("No", "Nama", "Berat"))
    for line in lines:
        file.put(line, "Berat tidak terbaca.")
    file.close()
    with path.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened, delimiter=";"))


def test_a_rejected_row_keeps_its_cells_and_gets_its_reason(tmp_path: Path) -> None:
    rows = aside(tmp_path / "a.csv", Line(5, (1.0, "Siti", "tujuh")), Line(6, (2.0, "Ani")))
    assert rows == [
        ["No", "Nama", "Berat", "alasan"],
        ["1", "Siti", "tujuh", "Berat tidak terbaca."],
        ["2", "Ani", "", "Berat tidak terbaca."],
    ]


@pytest.mark.parametrize("evil", ["=1+1", "+cmd|'/c calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_made_harmless_and_reads_back_as_it_was(tmp_path: Path, evil: str) -> None:
    name = aside(tmp_path / "a.csv", Line(5, (1.0, evil, "7")))[1][1]
    assert name == "'" + evil
    assert cells.text(name) == evil.strip()


@pytest.mark.parametrize("number", ["-2,35", "-2.35", "-", "+3", "7,1"])
def test_numbers_stay_numbers(number: str) -> None:
    assert harmless(number) == number


def test_a_nik_from_a_number_cell_does_not_become_sure_by_going_through_the_file() -> None:
    assert not cells.nik(3603334503240000.0).sure  # type: ignore[union-attr]
    assert not cells.nik(written(3603334503240000.0)).sure  # type: ignore[union-attr]


def test_numbers_and_days_read_back_as_they_were() -> None:
    assert cells.number(written(7.15), "Berat") == 7.15
    assert cells.day(written(45356.0), "Tgl") == cells.day(written(date(2024, 3, 5)), "Tgl") == date(2024, 3, 5)


def test_the_file_can_be_opened_as_a_table_again(tmp_path: Path) -> None:
    aside(tmp_path / "a.csv", Line(5, (1.0, 'Siti; Kp. "Baru"', "tujuh")))
    assert [line.cells[1] for line in open_table(tmp_path / "a.csv").lines] == ["Nama", 'Siti; Kp. "Baru"']


def test_no_file_is_made_when_nothing_is_rejected_and_none_is_overwritten(tmp_path: Path) -> None:
    Aside(tmp_path / "a.csv", "alasan").close()
    assert not (tmp_path / "a.csv").exists()
    (tmp_path / "b.csv").write_text("perbaikan kader")
    with pytest.raises(FileError, match="tidak akan ditimpa"):
        aside(tmp_path / "b.csv", Line(1, ("x",)))


def test_a_second_import_puts_its_rejected_rows_beside_the_first_ones(tmp_path: Path) -> None:
    assert beside(tmp_path / "data.xlsx", "ditolak").name == "data.ditolak.csv"
    (tmp_path / "data.ditolak.csv").write_text("")
    assert beside(tmp_path / "data.xlsx", "ditolak").name == "data.ditolak-2.csv"


def test_only_the_owner_may_read_the_names_in_it(tmp_path: Path) -> None:
    aside(tmp_path / "a.csv", Line(5, (1.0, "Siti", "tujuh")))
    assert (tmp_path / "a.csv").stat().st_mode & 0o077 == 0
