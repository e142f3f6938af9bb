"""Every file that is called a table in the field gives its rows; what is none, or a trap, says so."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from service.exchange.lines import Limits, TableError
from service.exchange.tables import open_table
from tests.exchange.eppgbm_files import as_csv, as_html, as_xls, as_xlsx

ROWS = [["No", "Nama", "Berat"], [], [1, "Siti", "7,1"], [2, "Ahmad Dani", "8,25"]]


def cells(path: Path, limits: Limits | None = None) -> list[tuple[object, ...]]:
    table = open_table(path, limits) if limits else open_table(path)
    return [tuple(c for c in line.cells) for line in table.lines if any(line.cells)]


@pytest.mark.parametrize("name", ["data.xlsx", "data.xls", "data.csv", "tanpa-akhiran"])
def test_an_xlsx_is_read_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    assert cells(as_xlsx(tmp_path / name, ROWS)) == [
        ("No", "Nama", "Berat"),
        (1.0, "Siti", "7,1"),
        (2.0, "Ahmad Dani", "8,25"),
    ]


@pytest.mark.parametrize("name", ["data.xls", "data.xlsx"])
def test_an_old_xls_is_read_with_its_dates(tmp_path: Path, name: str) -> None:
    path = as_xls(tmp_path / name, [["Nama", "Tgl Lahir"], ["Siti", date(2024, 3, 5)]])
    assert cells(path) == [("Nama", "Tgl Lahir"), ("Siti", date(2024, 3, 5))]


def test_html_that_is_called_xls_is_read_with_its_entities(tmp_path: Path) -> None:
    path = as_html(tmp_path / "ekspor.xls", [["Nama", "Ortu"], ["NUR'AINI", "ADE & IDA"], ["<b>", "x"]])
    assert cells(path) == [("Nama", "Ortu"), ("NUR'AINI", "ADE & IDA"), ("<b>", "x")]


def test_html_without_closing_tags_and_with_joined_cells_keeps_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "ekspor.xls"
    path.write_text("\n<table><tr><td>a<td colspan=2>b<td>c<tr><td>1<td>2<td>3<td>4&nbsp;<br>5</table>")
    assert cells(path) == [("a", "b", "", "c"), ("1", "2", "3", "4 5")]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_is_read_with_any_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = as_csv(
        tmp_path / "a.csv", [["Nama", "Berat", "Alamat"], ["André", "7,1", "Kp. Baru, RT 1"]], delimiter, encoding
    )
    assert cells(path) == [("Nama", "Berat", "Alamat"), ("André", "7,1", "Kp. Baru, RT 1")]


def test_rows_keep_the_numbers_a_person_sees_beside_them(tmp_path: Path) -> None:
    for path in (
        as_xlsx(tmp_path / "a.xlsx", ROWS),
        as_xls(tmp_path / "a.xls", ROWS),
        as_csv(tmp_path / "a.csv", ROWS),
    ):
        assert [line.number for line in open_table(path).lines if any(line.cells)] == [1, 3, 4]


def test_a_csv_row_over_two_lines_does_not_shift_the_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Nama;Alamat\nSiti;"Kp. Baru\nRT 1"\nBudi;x\n')
    assert [line.number for line in open_table(path).lines] == [1, 2, 4]


def test_all_sheets_are_read_one_after_the_other(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Sampul"])
    book.create_sheet("Isi").append(["Siti"])
    hidden = book.create_sheet("Rahasia")
    hidden.append(["tidak"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    assert [(line.sheet, line.cells) for line in open_table(tmp_path / "a.xlsx").lines] == [
        (1, ("Sampul",)),
        (2, ("Siti",)),
    ]


def test_cells_stand_in_the_columns_they_say_in_whatever_order_they_come(tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "a.xlsx", ROWS)
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="7">'
        '<c r="D7" t="inlineStr"><is><t>d</t></is></c><c r="B7"><v>2.5</v></c><c r="XFD7"><v>9</v></c>'
        '<c r="C7" t="str"><f>A1&amp;"x"</f><v>c</v></c></row></sheetData></worksheet>'
    )
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else old.read(name))
    assert [(line.number, line.cells) for line in open_table(tmp_path / "b.xlsx").lines] == [(7, ("", 2.5, "c", "d"))]


def test_an_xlsx_with_entities_is_refused(tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "a.xlsx", ROWS)
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        "<worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>"
    )
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, bomb if name == "xl/worksheets/sheet1.xml" else old.read(name))
    with pytest.raises(TableError, match="tidak diperbolehkan"):
        cells(tmp_path / "b.xlsx")


def test_an_xlsx_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bom.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", "<workbook><sheets/></workbook>")
        bomb.writestr("xl/worksheets/sheet1.xml", " " * 5_000_000)
    with pytest.raises(TableError, match="terlalu besar setelah dibuka"):
        cells(tmp_path / "bom.xlsx", Limits(unpacked_bytes=1_000_000))


def test_an_xlsx_that_lies_about_its_size_is_not_unpacked_beyond_it(tmp_path: Path) -> None:
    path = tmp_path / "bohong.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", "<workbook><sheets/></workbook>")
        bomb.writestr("xl/worksheets/sheet1.xml", " " * 5_000_000)
    size = (5_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (1_000).to_bytes(4, "little")))
    with pytest.raises(TableError, match="rusak"):
        cells(path, Limits(unpacked_bytes=1_000_000))


def test_a_file_that_is_too_large_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "a.csv", ROWS)
    with pytest.raises(TableError, match="terlalu besar"):
        open_table(path, Limits(file_bytes=10))


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 ...", b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600]
)
def test_a_file_that_is_no_table_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xls").write_bytes(content)
    with pytest.raises(TableError):
        cells(tmp_path / "a.xls")


def test_an_xlsx_cut_short_says_so(tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "a.xlsx", ROWS)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(TableError, match="rusak"):
        cells(path)


def test_a_csv_with_an_open_quote_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Nama;Berat\nSiti;7\nBudi;"8\n' + "Ani;9\n" * 40_000)
    with pytest.raises(TableError, match="baris 3"):
        cells(path)


def test_html_is_read_the_same_wherever_a_piece_of_it_ends(tmp_path: Path) -> None:
    filler = "<!-- <td>bukan</td> > -->" + "<p class='x'>" * 4_000
    for shift in range(0, 60, 7):
        path = tmp_path / f"{shift}.xls"
        path.write_text(
            f"<table>{'.' * shift}{filler}<tr><td>5 < 6 &amp; 7 > 3</td><TD ColSpan='2'>b</TD><th>c</table>" * 2
        )
        assert cells(path) == [("5 < 6 & 7 > 3", "b", "", "c")] * 2


def test_html_that_never_ends_a_remark_is_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_text("<table><tr><td>a</td></tr><!--" + "x" * 3_000_000)
    with pytest.raises(TableError, match="tidak ditutup"):
        cells(path)
