"""Two editions over real stories in a real database: which tasks more, which fewer; nothing is written."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from uuid import UUID, uuid5

import psycopg

from service.juknis import read_juknis
from service.rulebook import explain
from service.rulebook.commands import sentences
from service.rulebook.compare import Change, Compared, Place, by, compare, grown_most, write_csv
from service.settings import root
from tests.pure.telling import Telling, at, mother, weighed
from tests.store.given import tell

JUKNIS = read_juknis(root() / "juknis")
BUDI, SITI, SARI = (uuid5(UUID(int=7), name) for name in ("budi", "siti", "sari"))


def stories() -> dict[UUID, Telling]:
    once = weighed("2024-06-02", ("2025-05-05", 8.3), ("2025-06-05", 8.3))
    twice = weighed("2024-06-02", ("2025-04-05", 8.3), ("2025-05-05", 8.3), ("2025-06-05", 8.3))
    thin = mother("2025-01-06", "2025-02-10").told("2025-02-10", "bidan Rina", "pregnancy.measure", lila=22.0)
    return {BUDI: once, SITI: twice, SARI: thin}


def compared(dsn: str, schema: str, processes: int = 1) -> tuple[Compared, list[int]]:
    through: list[int] = []
    before, after = JUKNIS.book_of("2025"), JUKNIS.book_of("2026-usulan")
    return compare(dsn, schema, before, after, at("2025-06-06", 12), through.append, processes), through


def test_a_child_that_did_not_gain_once_is_no_task_of_the_tpg_by_the_proposed_edition(dsn: str, schema: str) -> None:
    tell(dsn, schema, stories())
    found, through = compared(dsn, schema)
    assert found.stories == sum(through) == 3
    moved = {place: change for place, change in found.changes.items() if change.more or change.fewer}
    own = {place: change for place, change in moved.items() if not place.supervision}
    assert own == {Place("puskesmas-tpg", "3603332001", "M01", False): Change(before=3, after=2, more=0, fewer=1)}


def test_a_task_that_would_be_due_later_is_watched_over_by_nobody_yet(dsn: str, schema: str) -> None:
    tell(dsn, schema, {SITI: stories()[SITI]})
    found, _ = compared(dsn, schema)
    moved = {(place.desk, place.rule): change for place, change in found.changes.items() if change.fewer}
    assert moved == {(desk, "M01"): Change(1, 0, 0, 1) for desk in ("puskesmas-dr", "kabupaten")}


def test_two_processes_come_to_the_same(dsn: str, schema: str) -> None:
    tell(dsn, schema, stories())
    alone, together = compared(dsn, schema)[0], compared(dsn, schema, 2)[0]
    assert alone.changes == together.changes
    assert alone.stories == together.stories


def test_an_edition_compared_with_itself_changes_nothing(dsn: str, schema: str) -> None:
    tell(dsn, schema, stories())
    book = JUKNIS.book_of("2025")
    found = compare(dsn, schema, book, book, at("2025-06-06", 12), lambda _: None, 1)
    assert found.changed == 0
    assert all(change.before == change.after for change in found.changes.values())
    assert list(sentences(found)) == ["Tidak ada satu tugas pun yang berubah."]


def test_nothing_is_written(dsn: str, schema: str, conn: psycopg.Connection) -> None:
    tell(dsn, schema, stories())
    size = f"SELECT count(*) FROM {schema}.events"
    before = conn.execute(size).fetchone()
    compared(dsn, schema)
    assert conn.execute(size).fetchone() == before


SMALL = Compared(
    10,
    3,
    {
        Place("bidan", "3603332001", "C09", False): Change(5, 7, 3, 1),
        Place("bidan", "3603332002", "C09", False): Change(2, 2, 0, 0),
        Place("puskesmas-tpg", "3603332001", "C09", True): Change(1, 0, 0, 1),
    },
)


def test_a_sentence_for_each_desk_whose_own_tasks_change() -> None:
    assert list(sentences(SMALL)) == [
        "Bidan: dari 7 menjadi 9 tugas (naik 2); 3 tugas baru, 1 tidak ada lagi.",
    ]


def test_changes_are_added_up_by_desk_and_by_desa() -> None:
    assert by(SMALL.changes, "desk")[("bidan",)] == Change(7, 9, 3, 1)
    assert by(SMALL.changes, "desa")[("3603332001",)] == Change(6, 7, 3, 2)
    assert grown_most(by(SMALL.changes, "desa"), 5) == [(("3603332001",), Change(6, 7, 3, 2))]


def test_the_csv_has_every_cell(tmp_path: Path) -> None:
    file = tmp_path / "beda.csv"
    write_csv(file, SMALL, {"3603332001": "Mekar Baru"})
    with file.open(encoding="utf-8", newline="") as text:
        lines = list(csv.reader(text, delimiter=";"))
    assert lines[1] == ["bidan", "3603332001", "Mekar Baru", "C09", "tugas", "5", "7", "3", "1"]
    assert lines[3] == ["puskesmas-tpg", "3603332001", "Mekar Baru", "C09", "pengawasan", "1", "0", "0", "1"]
    assert len(lines) == 4


def test_the_day_decides_what_stands(dsn: str, schema: str) -> None:
    tell(dsn, schema, stories())
    before = JUKNIS.book(date(2025, 6, 1))
    early = compare(dsn, schema, before, before, at("2025-01-01", 12), lambda _: None, 1)
    assert early.changes == {}


def test_what_differs_between_two_editions_is_said_in_words() -> None:
    before, after = JUKNIS.edition("2025").protocol, JUKNIS.edition("2026-usulan").protocol
    said = list(explain.differences(before, after))
    assert "Lama PMT kurang energi kronis (KEK): semula 120 hari, menjadi 90 hari." in said
    assert "Lama PMT berat badan kurang: semula 28 hari, menjadi 14 hari." in said
    assert [s.partition(".")[0][:12] for s in said if "M01" in s] == ["Semula: M01 ", "Menjadi: M01"]
    assert list(explain.differences(before, before)) == []
