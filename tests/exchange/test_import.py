"""An imported file is in the log once, however often and in whatever form it is imported."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from domain import child
from service.exchange import intake
from service.exchange.door import ImportDoor
from service.exchange.tables import open_table
from service.exchange.whole import CutShort
from service.handle import Answer, Submitted, not_recorded
from tests.exchange.conftest import PUSKESMAS, Kabupaten
from tests.exchange.eppgbm_files import BUDI, SITI, as_csv, as_html, as_xls, as_xlsx, table


def rejected(kabupaten: Kabupaten, name: str) -> list[dict[str, str]]:
    with (kabupaten.folder / f"{name}.ditolak.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def bring(kabupaten: Kabupaten, *children: dict[str, Any], name: str = "a.csv", posyandu: str | None = None) -> Any:
    tally = kabupaten.bring_file(as_csv(kabupaten.folder / name, table(*children)), posyandu)
    return {what: count for what, count in tally.rows.items() if count}


def test_a_row_registers_the_child_and_measures_it(kabupaten: Kabupaten) -> None:
    assert bring(kabupaten, SITI) == {"new": 1}
    [story] = kabupaten.stories().values()
    registered, measured = (r.event for r in story)
    assert (registered.on, registered.born, registered.sex) == (date(2025, 5, 10), date(2024, 3, 5), "P")
    assert (registered.desa, registered.posyandu, registered.born_from) == ("3603332001", "3603332001.01", "impor")
    assert measured == child.Measured(
        on=date(2025, 5, 10), kg=7.1, cm=71.5, lying=True, lila=12.4, context="impor",
        reported={"waz": -2.35, "haz": -1.65, "whz": -2.1},
    )  # fmt: skip
    assert {(r.by.role, r.by.unit) for r in story} == {("puskesmas-tpg", PUSKESMAS)}


def test_names_and_nik_are_sealed(kabupaten: Kabupaten) -> None:
    bring(kabupaten, SITI)
    with kabupaten.store.pool.connection() as conn:
        states = conn.execute(f"SELECT state FROM {kabupaten.store.schema}.events").fetchall()
    stored = b"".join(bytes(state) for (state,) in states)
    assert b"SITI" not in stored
    assert b"3603334503240001" not in stored
    assert b"Cikandang" not in stored
    assert list(kabupaten.names()) == ["SITI AMINAH"]


def test_the_same_file_again_records_nothing_in_any_format(kabupaten: Kabupaten) -> None:
    assert bring(kabupaten, SITI, BUDI) == {"new": 2}
    before = kabupaten.stories()
    rows = table(SITI, BUDI)
    for path in (
        as_xlsx(kabupaten.folder / "b.xlsx", rows),
        as_xls(kabupaten.folder / "b.xls", rows),
        as_html(kabupaten.folder / "html.xls", rows),
        as_csv(kabupaten.folder / "b.csv", rows, ","),
    ):
        assert dict(kabupaten.bring_file(path).rows) == {"already": 2}
    assert kabupaten.stories() == before


def test_next_months_file_finds_the_same_children(kabupaten: Kabupaten) -> None:
    bring(kabupaten, SITI, BUDI)
    june = {"Tanggal Pengukuran": "2025-06-10", "Berat": "7,4"}
    assert bring(kabupaten, SITI | june, BUDI | june, name="juni.csv") == {"measured": 2}
    assert [len(story) for story in kabupaten.stories().values()] == [3, 3]


def test_a_child_whose_name_is_spelt_otherwise_is_found_by_its_nik_within_a_file(kabupaten: Kabupaten) -> None:
    june = SITI | {"Nama": "ST. AMINAH BINTI JUNAEDI", "Tanggal Pengukuran": "2025-06-10", "Berat": "7,4"}
    assert bring(kabupaten, SITI, june) == {"new": 1, "measured": 1}
    assert len(kabupaten.stories()) == 1


def test_two_children_with_one_nik_are_two(kabupaten: Kabupaten) -> None:
    brother = SITI | {"Nama": "AHMAD", "JK": "L", "Tgl Lahir": "2022-01-04"}
    assert bring(kabupaten, SITI, brother) == {"new": 2}


def test_two_children_with_the_same_unsure_nik_are_two(kabupaten: Kabupaten) -> None:
    one, other = SITI | {"NIK": "3603334503******"}, BUDI | {"NIK": "3603334503******"}
    assert bring(kabupaten, one, other) == {"new": 2}


def test_two_weights_of_one_child_and_day_are_both_recorded(kabupaten: Kabupaten) -> None:
    assert bring(kabupaten, SITI, SITI | {"Berat": "7,3"}) == {"new": 1, "measured": 1}
    [story] = kabupaten.stories().values()
    assert [r.event.kg for r in story[1:]] == [7.1, 7.3]


def test_the_same_row_twice_in_a_file_is_recorded_once(kabupaten: Kabupaten) -> None:
    assert bring(kabupaten, SITI, SITI | {"No": 2, "Detail": "lagi"}) == {"new": 1, "already": 1}


def test_rejected_rows_are_in_a_file_with_their_reasons_and_the_others_are_recorded(kabupaten: Kabupaten) -> None:
    wrong = [
        BUDI | {"Berat": "tujuh"},
        BUDI | {"Berat": "710"},
        BUDI | {"Tanggal Pengukuran": "2023-07-11"},
        BUDI | {"Tanggal Pengukuran": "2099-01-01"},
        BUDI | {"Posyandu": "TERATAI"},
        BUDI | {"Kec": "KRONJO"},
        BUDI | {"Berat": "-", "Tinggi": "-", "LiLA": "-"},
        BUDI | {"Tgl Lahir": "2019-07-12"},
    ]
    assert bring(kabupaten, SITI, *wrong) == {"new": 1, "rejected": 7, "outside": 1}
    reasons = [row["alasan"] for row in rejected(kabupaten, "a.csv")]
    assert reasons == [
        "Berat tidak terbaca: 'tujuh'.",
        "Berat 710 kg tidak mungkin. Yang diketik mungkin gram; tulis 0,71.",
        "Tanggal 11 Juli 2023 sebelum lahir (12 Juli 2023). Periksa tanggal kejadian dan tanggal lahir.",
        *[says for says in reasons if says.startswith("Tanggal 1 Januari 2099 belum terjadi; hari ini")],
        "Posyandu 'TERATAI' tidak dikenal di desa Mekar Baru.",
        "Kecamatan 'KRONJO' tidak dikenal.",
        "Belum ada angka yang diisi. Isi paling sedikit satu hasil.",
        "Di luar usia balita: anak sudah berumur 5 tahun pada hari pengukuran.",
    ]
    assert rejected(kabupaten, "a.csv")[0]["Nama"] == "BUDI SANTOSO"


def test_the_fifth_birthday_is_the_last_day_of_a_balita(kabupaten: Kabupaten) -> None:
    four = SITI | {"Tgl Lahir": "2020-05-10", "Tanggal Pengukuran": "2025-05-10"}
    assert bring(kabupaten, four, four | {"Tanggal Pengukuran": "2025-05-11"}) == {"new": 1, "outside": 1}


def test_a_mended_file_of_rejected_rows_can_be_imported(kabupaten: Kabupaten) -> None:
    bring(kabupaten, SITI, BUDI | {"Berat": "tujuh"})
    mended = kabupaten.folder / "diperbaiki.csv"
    text = (kabupaten.folder / "a.csv.ditolak.csv").read_text(encoding="utf-8-sig")
    mended.write_text(text.replace("tujuh", "10,2"))
    assert dict(kabupaten.bring_file(mended).rows) == {"new": 1}
    assert sorted(kabupaten.names()) == ["BUDI SANTOSO", "SITI AMINAH"]


def test_what_was_read_otherwise_than_written_is_told_by_row(kabupaten: Kabupaten) -> None:
    assert bring(kabupaten, SITI, BUDI | {"Berat": "10200"}) == {"new": 2}
    notes = [line.cells for line in open_table(kabupaten.folder / "a.csv.catatan.csv").lines]
    assert notes == [("lembar", "baris", "catatan"), ("1", "6", "Berat 10200 dibaca sebagai gram: 10,2 kg.")]


def test_a_default_posyandu_takes_the_rows_without_one(kabupaten: Kabupaten) -> None:
    assert bring(kabupaten, SITI | {"Posyandu": ""}, posyandu="3603332001.03") == {"new": 1}
    [story] = kabupaten.stories().values()
    assert story[0].event.posyandu == "3603332001.03"


def test_an_import_that_was_cut_short_goes_on_where_it_stopped(kabupaten: Kabupaten) -> None:
    children = [SITI | {"Nama": f"ANAK {n}", "NIK": "-"} for n in range(600)]
    path = as_csv(kabupaten.folder / "a.csv", table(*children))
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2].rsplit("\n", 1)[0] + '\n"' + "x" * 200_000)
    with pytest.raises(CutShort, match="tercatat"):
        kabupaten.bring_file(path)
    assert 0 < len(kabupaten.stories()) < 600
    (kabupaten.folder / "b.csv").write_text(whole)
    tally = kabupaten.bring_file(kabupaten.folder / "b.csv")
    assert tally.rows["new"] + tally.rows["already"] == 600
    assert len(kabupaten.stories()) == 600


JUNE = {"Tanggal Pengukuran": "2025-06-10", "Berat": "7,4"}


def test_a_row_that_comes_while_its_twin_is_being_written_is_recorded_once(
    kabupaten: Kabupaten, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BATCH", 1)
    assert bring(kabupaten, SITI, SITI, SITI | JUNE, BUDI) == {"new": 2, "already": 1, "measured": 1}
    assert sorted(len(story) for story in kabupaten.stories().values()) == [2, 3]


def test_what_rests_on_a_child_that_was_not_registered_after_all_registers_it_itself(
    kabupaten: Kabupaten, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BATCH", 1)
    submit, busy = ImportDoor.submit, ["first"]

    def at_first_busy(door: ImportDoor, entries: Sequence[tuple[Submitted, str]]) -> Sequence[Answer]:
        if busy:
            busy.pop()
            return [not_recorded(sent, "held", "busy") for sent, _ in entries]
        return submit(door, entries)

    monkeypatch.setattr(ImportDoor, "submit", at_first_busy)
    assert bring(kabupaten, SITI, SITI | JUNE, SITI) == {"rejected": 1, "new": 1, "measured": 1}
    [story] = kabupaten.stories().values()
    assert [type(r.event).__name__ for r in story] == ["Registered", "Measured", "Measured"]
