"""What an e-PPGBM export says is understood as the puskesmas meant it; what could mean two things is handed back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.case import Personal
from service.exchange import eppgbm
from service.exchange.eppgbm import Stated
from service.exchange.lines import Line
from service.exchange.rows import FileError, Row, Unread, Whereabouts
from service.exchange.tables import open_table
from tests.exchange.eppgbm_files import BUDI, SITI, TITLES, as_csv, as_html, as_xls, as_xlsx, table


def lines(rows: list[list[Any]]) -> list[Line]:
    def cell(value: Any) -> Any:
        return float(value) if isinstance(value, int) else value

    return [Line(n, tuple(cell(v) for v in row)) for n, row in enumerate(rows, start=1)]


def seen(*children: dict[str, Any]) -> list[Row | Unread]:
    return [r for r in eppgbm.read(lines(table(*children))) if isinstance(r, Row | Unread)]


def row(**changed: Any) -> Row:
    only = seen(SITI | {_TITLE.get(k, k): v for k, v in changed.items()})[0]
    assert isinstance(only, Row), only
    return only


def reason(**changed: Any) -> str:
    only = seen(SITI | {_TITLE.get(k, k): v for k, v in changed.items()})[0]
    assert isinstance(only, Unread), only
    return only.reason


_TITLE = {
    "nik": "NIK", "name": "Nama", "sex": "JK", "born": "Tgl Lahir", "birth_kg": "BB Lahir", "birth_cm": "TB Lahir",
    "parents": "Nama Ortu", "on": "Tanggal Pengukuran", "kg": "Berat", "cm": "Tinggi", "way": "Cara Ukur",
    "lila": "LiLA", "age": "Usia Saat Ukur", "z": "ZS BB/U",
}  # fmt: skip


def test_a_whole_row_is_understood() -> None:
    siti = row()
    assert (siti.born, siti.sex, siti.on) == (date(2024, 3, 5), "P", date(2025, 5, 10))
    assert (siti.kg, siti.cm, siti.lying, siti.lila, siti.birth_kg, siti.birth_cm) == (7.1, 71.5, True, 12.4, 3.1, 49.0)
    assert siti.nik == "3603334503240001"
    assert siti.place == Whereabouts("TANGERANG", "MEKAR BARU", "MEKAR BARU", "MEKAR BARU", "MELATI")
    assert siti.reported == {"waz": -2.35, "haz": -1.65, "whz": -2.1}
    assert siti.personal == Personal(
        name="SITI AMINAH", nik="3603334503240001", mother="RUKMINI", father="JUNAEDI", address="Kp. Cikandang",
        rt="001", rw="002",
    )  # fmt: skip
    assert siti.notes == ()


@pytest.mark.parametrize(
    "write",
    [
        lambda path, rows: as_xlsx(path / "a.xlsx", rows),
        lambda path, rows: as_xls(path / "a.xls", rows),
        lambda path, rows: as_html(path / "a.xls", rows),
        lambda path, rows: as_csv(path / "a.csv", rows),
        lambda path, rows: as_csv(path / "a.csv", rows, ",", "cp1252"),
    ],
    ids=["xlsx", "xls", "html", "csv;", "csv,cp1252"],
)
def test_every_format_gives_the_same_children(tmp_path: Path, write: Callable[[Path, list[list[Any]]], Path]) -> None:
    rows = [r for r in eppgbm.read(open_table(write(tmp_path, table(SITI, BUDI))).lines) if isinstance(r, Row)]
    assert [(r.personal.name, r.nik, r.born, r.kg, r.birth_kg, r.lila) for r in rows] == [
        ("SITI AMINAH", "3603334503240001", date(2024, 3, 5), 7.1, 3.1, 12.4),
        ("BUDI SANTOSO", "3603331207230002", date(2023, 7, 12), 10.2, 2.9, None),
    ]


def test_the_file_says_of_which_day_it_is() -> None:
    assert Stated(date(2025, 8, 31)) in list(eppgbm.read(lines(table(SITI))))


def test_the_columns_may_come_in_any_order_and_spelling() -> None:
    titles = [
        "  nama_anak ",
        "JENIS KELAMIN",
        "Tanggal Lahir",
        "Tgl. Ukur",
        "Berat Badan (kg)",
        "Desa / Kel.",
        "Puskesmas",
    ]
    found = list(
        eppgbm.read(lines([titles, ["Ani", "Perempuan", "5/3/2024", "10-05-2025", "7.1", "Kedaung", "Kronjo"]]))
    )
    ani = found[-1]
    assert isinstance(ani, Row)
    assert (ani.sex, ani.born, ani.on, ani.kg) == ("P", date(2024, 3, 5), date(2025, 5, 10), 7.1)
    assert ani.place == Whereabouts(puskesmas="Kronjo", desa="Kedaung")


@pytest.mark.parametrize(
    ("written", "kg"),
    [
        ("7,1", 7.1), ("7.1", 7.1), ("7,100", 7.1), ("7.100", 7.1), (7.1, 7.1), ("'7,1", 7.1), (" 7,1 kg", 7.1),
        ("7100", 7.1), (7100.0, 7.1), ("7.100 gram", 0.007), ("7100 gr", 7.1), ("7.100,0", 7.1), ("12.500", 12.5),
        (7.1000000000000005, 7.1),
    ],
)  # fmt: skip
def test_a_weight_is_read_however_it_is_written(written: Any, kg: float) -> None:
    assert row(kg=written).kg == pytest.approx(kg)


def test_grams_are_read_as_kilograms_and_the_row_says_so() -> None:
    assert row(kg="7100").notes == ("Berat 7100 dibaca sebagai gram: 7,1 kg.",)


def test_a_weight_that_could_be_either_is_left_to_be_refused() -> None:
    assert row(kg="710").kg == 710


@pytest.mark.parametrize(
    ("written", "cm", "note"),
    [
        ("715", 71.5, "Tinggi 715 dibaca sebagai milimeter: 71,5 cm."),
        ("0,715", 71.5, "Tinggi 0,715 dibaca sebagai meter: 71,5 cm."),
        ("1,02", 102, "Tinggi 1,02 dibaca sebagai meter: 102,0 cm."),
        ("71,5", 71.5, None),
        ("31", 31, None),
    ],
)
def test_a_length_in_another_unit_is_read_and_noted(written: str, cm: float, note: str | None) -> None:
    siti = row(cm=written)
    assert siti.cm == cm
    assert siti.notes == ((note,) if note else ())


@pytest.mark.parametrize("nothing", ["-", "", " ", "--", "0", "'-", "n/a", "\xa0"])
def test_what_was_not_measured_is_missing(nothing: str) -> None:
    siti = row(cm=nothing, lila=nothing)
    assert (siti.kg, siti.cm, siti.lying, siti.lila) == (7.1, None, None, None)


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-05", "5/3/2024", "05/03/2024", "05-03-2024", "5 Maret 2024", "5-Mar-24", "05.03.2024",
        "Selasa, 5 Maret 2024", "2024-03-05 00:00:00", "2024-03-05T00:00:00", "'2024-03-05", date(2024, 3, 5), 45356.0,
        "45356",
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(written: Any) -> None:
    assert row(born=written).born == date(2024, 3, 5)


@pytest.mark.parametrize(
    ("month", "number"),
    [
        ("Januari", 1),
        ("Pebruari", 2),
        ("Mei", 5),
        ("Agustus", 8),
        ("Agt", 8),
        ("Okt", 10),
        ("Nopember", 11),
        ("Des", 12),
    ],
)
def test_months_go_by_their_indonesian_names(month: str, number: int) -> None:
    assert row(born=f"1 {month} 2024", on="2025-06-01").born == date(2024, number, 1)


def test_a_day_that_cannot_be_is_handed_back() -> None:
    assert reason(born="03/25/2024") == "Tanggal lahir tidak ada di kalender: '03/25/2024'."
    assert reason(on="kemarin").startswith("Tanggal pengukuran tidak terbaca: 'kemarin'.")
    assert reason(on="-") == "Tanggal pengukuran kosong."


@pytest.mark.parametrize(
    "nik", [3603334503240000.0, "36033345********", "3,60333E+15", "3603330000240001", "123", "99" * 8]
)
def test_an_unsure_nik_matches_nobody_and_is_kept_as_a_remark(nik: Any) -> None:
    siti = row(nik=nik)
    assert siti.nik is None
    assert siti.personal.nik is None
    assert "NIK di berkas" in (siti.personal.note or "")


@pytest.mark.parametrize("nik", ["'3603334503240001", " 3603334503240001 ", "3603.3345.0324.0001"])
def test_a_nik_as_text_is_sure(nik: str) -> None:
    assert row(nik=nik).nik == "3603334503240001"


@pytest.mark.parametrize(
    ("written", "father", "mother"),
    [
        ("A / B", "A", "B"),
        ("A/B", "A", "B"),
        ("- / B", None, "B"),
        ("A / -", "A", None),
        ("B", None, "B"),
        ("-", None, None),
    ],
)
def test_the_parents_are_told_apart(written: str, father: str | None, mother: str | None) -> None:
    siti = row(parents=written)
    assert (siti.personal.father, siti.personal.mother) == (father, mother)


@pytest.mark.parametrize(
    ("way", "lying"), [("Telentang", True), ("TERLENTANG", True), ("Berdiri", False), ("berdiri ", False), ("-", None)]
)
def test_lying_and_standing(way: str, lying: bool | None) -> None:
    assert row(way=way).lying is lying


def test_an_impossible_birth_weight_does_not_cost_the_weighing() -> None:
    siti = row(birth_kg="32", birth_cm="abc")
    assert (siti.birth_kg, siti.birth_cm, siti.kg) == (None, None, 7.1)
    assert siti.notes == (
        "BB lahir 32 tidak mungkin dan tidak dipakai.",
        "TB lahir tidak terbaca: 'abc'. Tidak dipakai.",
    )


def test_an_age_that_contradicts_the_days_is_noted() -> None:
    assert row(age="3 Tahun - 0 Bulan - 1 Hari").notes[0].startswith("Usia di berkas (3 Tahun - 0 Bulan - 1 Hari)")


def test_what_cannot_be_read_is_handed_back_with_its_reason() -> None:
    assert reason(kg="tujuh") == "Berat tidak terbaca: 'tujuh'."
    assert reason(name="-") == "Nama anak kosong."
    assert reason(sex="?") == "Jenis kelamin tidak terbaca: '?'. Tulis L atau P."


def test_rows_about_no_child_are_passed_over() -> None:
    rows = table(SITI)
    rows.insert(4, [str(n) for n in range(1, len(TITLES) + 1)])
    rows.append([""] * len(TITLES))
    rows.append(["JUMLAH", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "7,1"])
    rows.append(["", "", "Mengetahui,"])
    rows.append(list(TITLES))
    found = [r for r in eppgbm.read(lines(rows)) if isinstance(r, Row | Unread)]
    assert [type(r).__name__ for r in found] == ["Row"]


def test_another_sheet_may_have_its_columns_in_another_order() -> None:
    first = lines(table(SITI))
    titles = list(reversed(TITLES))
    second = [Line(n, tuple(str(v) for v in row), 2) for n, row in enumerate(table(BUDI, titles=titles), start=1)]
    rows = [r for r in eppgbm.read([*first, *second]) if isinstance(r, Row)]
    assert [(r.personal.name, r.kg) for r in rows] == [("SITI AMINAH", 7.1), ("BUDI SANTOSO", 10.2)]


def test_a_file_without_the_heading_says_what_is_missing() -> None:
    with pytest.raises(FileError, match="tidak ditemukan"):
        list(eppgbm.read(lines([["a", "b"], ["c"]])))
    with pytest.raises(FileError, match="Tanggal Pengukuran"):
        list(eppgbm.read(lines([["Nama", "JK", "Tgl Lahir", "Berat"], ["Siti", "P", "2024-03-05", "7"]])))
