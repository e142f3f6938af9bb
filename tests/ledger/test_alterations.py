"""What somebody who may do everything in the database can do to the log, and by which means it is found.

`FOUND_BY` is the table in docs/memeriksa-buku.md. What is not found by anything stands in it too.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain.case import zone
from projections import ledger as trees
from projections import log
from projections.ledger import Gap, Tree
from service import choosing, evidence, following, ledger
from service.evidence import Maker
from service.examination import examine
from service.handle import record
from service.ledger import Broken, Ledger
from service.notes import Signer, checkpoint
from service.settings import root
from service.store import Pool, Store
from tests.store.given import asked, register, weigh
from tests.verify.packs import Said, checked

BUDI = UUID(int=2)
"""The second of four children: his events are those at 4, 5 and 6."""

KEPT, LAST = 9, 12
"""The log was signed when it had so many events, and the inspector kept both checkpoints."""

CASE, BOOK, EXAMINED, SIGNER, OWN = "paket kasus", "paket buku", "buku periksa", "penanda tangan", "titik simpanan"
MEANS = (CASE, BOOK, EXAMINED, SIGNER, OWN)


class Attacked(NamedTuple):
    """The kabupaten, and who is at it."""

    conn: Connection[Any]
    schema: str
    store: Store
    book: Ledger
    signer: Signer
    folder: Path
    """The inspector's own, in which his checkpoints are."""

    def does(self, text: str, *values: Any) -> None:
        tables = ("events", "head", "ledger", "tiles", "checkpoints")
        named = SQL(text).format(**{table: Identifier(self.schema, table) for table in tables})  # type: ignore[arg-type]
        self.conn.execute(named, values)

    def child(self, number: int) -> None:
        case = UUID(int=number)
        told = record(self.store, asked(register(case), weigh(case, 6.0), weigh(case, 6.5)))
        assert {one.outcome for one in told} == {"recorded"}


@pytest.fixture
def attacked(dsn: str, pool: Pool, schema: str, store: Store, book: Ledger, signer: Signer, tmp_path: Path) -> Any:
    """Four children, each registered and weighed twice; signed after three of them and after all."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        of = Attacked(conn, schema, store, book, signer, tmp_path / "titik")
        of.folder.mkdir()
        for upto, numbers in ((KEPT, (1, 2, 3)), (LAST, (4,))):
            for number in numbers:
                of.child(number)
            assert ledger.work(book)
            newest = ledger.newest(conn, schema)
            assert newest is not None
            assert newest.size == upto
            (of.folder / f"{upto}.txt").write_text(newest.note, encoding="utf-8")
        yield of


# What is done


def change_state(of: Attacked) -> None:
    of.does("UPDATE {events} SET state = replace(convert_from(state, 'UTF8'), '6.0', '7.9')::bytea WHERE position = 5")


def change_time(of: Attacked) -> None:
    of.does("UPDATE {events} SET recorded_at = recorded_at - interval '1 microsecond' WHERE position = 5")


def change_actor(of: Attacked) -> None:
    of.does("UPDATE {events} SET actor = 'siti' WHERE position = 5")


def delete(of: Attacked) -> None:
    of.does("DELETE FROM {events} WHERE position = 5")


def delete_and_close_the_gap(of: Attacked) -> None:
    delete(of)
    of.does("UPDATE {events} SET position = -position WHERE position > 5")
    of.does("UPDATE {events} SET position = -position - 1 WHERE position < 0")
    of.does("UPDATE {events} SET version = 2 WHERE case_id = %s AND version = 3", BUDI)
    of.does("UPDATE {head} SET last = last - 1")


def insert(of: Attacked) -> None:
    of.does("UPDATE {events} SET version = 4 WHERE case_id = %s AND version = 3", BUDI)
    of.does("UPDATE {events} SET position = -position WHERE position > 5")
    of.does("UPDATE {events} SET position = -position + 1 WHERE position < 0")
    of.does(
        "INSERT INTO {events}"
        " (position, case_id, entry, recorded_at, version, topic, actor, role, unit, device, edition, state)"
        " SELECT 6, case_id, gen_random_uuid(), recorded_at, 3, topic, actor, role, unit, device, edition, state"
        " FROM {events} WHERE position = 5"
    )
    of.does("UPDATE {head} SET last = last + 1")


def swap(of: Attacked) -> None:
    """Two weighings of one child change places, with positions and versions."""
    of.does("UPDATE {events} SET position = 0, version = 0 WHERE position = 5")
    of.does("UPDATE {events} SET position = 5, version = 2 WHERE position = 6")
    of.does("UPDATE {events} SET position = 6, version = 3 WHERE position = 0")


def cut(of: Attacked) -> None:
    of.does("DELETE FROM {events} WHERE position > 10")
    of.does("UPDATE {head} SET last = 10")


def cut_all_along(of: Attacked) -> None:
    """With head, tiles and checkpoints set back, and then the work goes on with a follower that was started anew."""
    cut(of)
    _made_anew(of, of.signer, KEPT)
    assert ledger.work(of.book)


def chain_anew(of: Attacked) -> None:
    change_state(of)
    trees.rebuild(of.conn, of.schema, lambda _: None)


def sign_anew_with_another_key(of: Attacked) -> None:
    change_state(of)
    _made_anew(of, Signer(of.signer.key.name, b"x" * 32), KEPT, LAST)


def sign_anew_with_the_stolen_key(of: Attacked) -> None:
    change_state(of)
    _made_anew(of, of.signer, KEPT, LAST)


def change_before_it_was_signed(of: Attacked) -> None:
    """Written, and changed within the minutes before anybody signed it."""
    of.child(5)
    of.does("UPDATE {events} SET state = replace(convert_from(state, 'UTF8'), '6.0', '7.9')::bytea WHERE position = 14")
    assert ledger.work(of.book)


def _made_anew(of: Attacked, signer: Signer, *sizes: int) -> None:
    """And the follower is started anew, or it would remember what it has seen."""
    of.book.remembered.clear()
    trees.rebuild(of.conn, of.schema, lambda _: None)
    notes = {one.size: one for one in ledger.every(of.conn, of.schema)}
    of.does("DELETE FROM {checkpoints}")
    for size in sizes:
        made = checkpoint(signer, size, Tree(of.conn, of.schema, size).root(), notes[size].at)
        of.does("INSERT INTO {checkpoints} VALUES (%s, %s, %s, %s)", made.size, made.root, made.at, made.note)


# By what it is found


def by_pack(of: Attacked, choose: Callable[[], choosing.Chosen], tmp_path: Path, *more: str | Path) -> bool:
    """A pack made now, checked with the key the inspector holds; that none can be made is found as well."""
    try:
        maker = Maker(of.book, of.signer.key, zone("3603"), {}, following.juknis(), 0)
        out = io.BytesIO()
        evidence.make(maker, choose(), "inspektorat", out, [KEPT])
    except (evidence.TakenOut, evidence.NoSuchPoint, Gap, Broken):
        return True
    path = tmp_path / "paket.zip"
    path.write_bytes(out.getvalue())
    said: Said = checked(path, "--kunci", str(of.signer.key), *more)
    return said.code != 0


def found(of: Attacked, tmp_path: Path) -> set[str]:
    def case() -> choosing.Chosen:
        return choosing.case(BUDI, log.stories(of.conn, of.schema, [BUDI])[BUDI], "inspektorat")

    def book() -> choosing.Chosen:
        newest = ledger.newest(of.conn, of.schema)
        assert newest is not None
        return choosing.book(of.conn, of.schema, newest.size, "inspektorat")

    told = {
        CASE: by_pack(of, case, tmp_path),
        BOOK: by_pack(of, book, tmp_path),
        EXAMINED: bool(examine(of.conn, of.schema, of.signer.key, [], lambda _: None).wrong),
        OWN: by_pack(of, case, tmp_path, "--titik", of.folder),
    }
    of.child(6)  # the work goes on, and what is new has to be signed
    told[SIGNER] = not ledger.work(replace(of.book, signer=of.signer))
    return {means for means, was in told.items() if was}


FOUND_BY: dict[str, tuple[Callable[[Attacked], None], set[str]]] = {
    "Isi satu catatan diubah": (change_state, {CASE, BOOK, EXAMINED, OWN}),
    "Waktu dicatat diubah": (change_time, {CASE, BOOK, EXAMINED, OWN}),
    "Akun pencatat diganti": (change_actor, {CASE, BOOK, EXAMINED, OWN}),
    "Satu catatan dihapus": (delete, {CASE, BOOK, EXAMINED, OWN}),
    "Satu catatan dihapus, lubangnya ditutup": (delete_and_close_the_gap, {CASE, BOOK, EXAMINED, SIGNER, OWN}),
    "Satu catatan disisipkan": (insert, {CASE, BOOK, EXAMINED, SIGNER, OWN}),
    "Dua catatan ditukar": (swap, {CASE, BOOK, EXAMINED, OWN}),
    "Ekor buku dipotong": (cut, {BOOK, EXAMINED, SIGNER}),
    "Ekor dipotong bersama titik ujinya, lalu kerja berlanjut": (cut_all_along, {OWN}),
    "Seluruh pohon dibuat ulang": (chain_anew, {CASE, BOOK, EXAMINED, SIGNER, OWN}),
    "Ditandatangani ulang dengan kunci lain": (sign_anew_with_another_key, {CASE, BOOK, EXAMINED, OWN}),
    "Ditandatangani ulang dengan kunci asli yang dicuri": (sign_anew_with_the_stolen_key, {OWN}),
    "Diubah sebelum sempat ditandatangani": (change_before_it_was_signed, set()),
}


@pytest.mark.parametrize("what", FOUND_BY)
def test_by_which_means_an_alteration_is_found(what: str, attacked: Attacked, tmp_path: Path) -> None:
    attack, expected = FOUND_BY[what]
    attack(attacked)
    assert found(attacked, tmp_path) == expected


def test_a_log_that_nobody_touched_is_found_fault_with_by_nothing(attacked: Attacked, tmp_path: Path) -> None:
    assert found(attacked, tmp_path) == set()


def test_the_changed_event_is_named(attacked: Attacked, tmp_path: Path) -> None:
    change_state(attacked)
    out = io.BytesIO()
    maker = Maker(attacked.book, attacked.signer.key, zone("3603"), {}, following.juknis(), 0)
    story = log.stories(attacked.conn, attacked.schema, [BUDI])[BUDI]
    evidence.make(maker, choosing.case(BUDI, story, "inspektorat"), "inspektorat", out)
    path = tmp_path / "paket.zip"
    path.write_bytes(out.getvalue())
    assert "1 kejadian diubah sesudah masuk buku: posisi 5. 2 kejadian lainnya cocok" in checked(path).text


def test_the_guide_for_inspectors_has_this_table() -> None:
    lines = (root() / "docs" / "memeriksa-buku.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    head = next(row for row in rows if CASE in row)
    table = {
        row[0]: {means for means, cell in zip(head, row, strict=True) if cell == "ya"}
        for row in rows
        if len(row) == len(head)
    }
    assert {what: table.get(what) for what in FOUND_BY} == {what: by for what, (_, by) in FOUND_BY.items()}
