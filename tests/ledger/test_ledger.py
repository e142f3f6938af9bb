"""The ledger holds every stored byte, grows in order, and signs only what goes on from what was signed before."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Thread
from uuid import UUID, uuid4

import psycopg
import pytest
from msgspec.structs import replace

from projections import ledger, merkle
from projections.ledger import COLUMNS, Gap, Tree
from service import ledger as keeping
from service import outlets
from service.ledger import Broken, Ledger, covering, newest, work
from service.notes import BadNote, Signer, read_checkpoint, read_key
from service.outlets import Outlets
from service.settings import SettingsError, load
from service.store import Pool, Store
from tests import reading_proofs
from tests.ledger.conftest import SEED, tell

ROOT = Path(__file__).parents[2]


def every_leaf(conn: psycopg.Connection, schema: str) -> list[bytes]:
    rows = conn.execute(f"SELECT {COLUMNS} FROM {schema}.events ORDER BY position", binary=True).fetchall()
    return [merkle.leaf(ledger.entry(ledger.record(row))) for row in rows]


def test_postgresql_and_python_write_one_and_the_same_record(conn: psycopg.Connection, schema: str) -> None:
    odd = [
        ("bidan", "3603332001", "", datetime(2025, 3, 4, 2, 30, tzinfo=UTC), b"{}"),
        ("é", "Désa ☕", "HP Bu Sri 📱", datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), b"\x00\xff,:"),
        ("x" * 300, "-", "12:34,", datetime(2030, 1, 1, 0, 0, 0, 7, tzinfo=UTC), b"x" * 100_000),
    ]
    for number, (actor, unit, device, at, state) in enumerate(odd, start=1):
        conn.execute(
            f"INSERT INTO {schema}.events (position, case_id, version, topic, entry, recorded_at, actor, role, unit,"
            " device, edition, state) VALUES (%s, %s, 1, 'child.measured', %s, %s, %s, 'kader', %s, %s, '2025', %s)",
            [number, uuid4(), uuid4(), at, actor, unit, device, state],
        )
    conn.execute("SET TimeZone = 'Asia/Jakarta'")
    rows = conn.execute(f"SELECT {COLUMNS}, {ledger.RECORD} FROM {schema}.events ORDER BY position", binary=True)
    for *row, record in rows.fetchall():
        assert ledger.record(row) == record


def test_the_record_is_as_it_is_written_down(conn: psycopg.Connection) -> None:
    case, entry = UUID(int=1), UUID(int=2)
    at = datetime(2025, 3, 4, 2, 30, tzinfo=UTC)
    row = (7, case, 3, "child.measured", entry, at, "rina", "bidan", "3603332001", "", "2025", b'{"kg":9.2}')
    assert ledger.record(row) == (
        b"17:dampingi/record/1,1:7,36:00000000-0000-0000-0000-000000000001,1:3,14:child.measured,"
        b"36:00000000-0000-0000-0000-000000000002,27:2025-03-04T02:30:00.000000Z,4:rina,5:bidan,10:3603332001,0:,"
        b'4:2025,10:{"kg":9.2},'
    )


@pytest.mark.parametrize("steps", [(2, 6, 40, 252), (300,), (2,) * 20], ids=["uneven", "at once", "two by two"])
def test_the_tree_is_that_of_the_log_however_it_grew(
    store: Store, conn: psycopg.Connection, steps: tuple[int, ...]
) -> None:
    told = 0
    for count in steps:
        tell(store, told, count)
        told += count
        assert ledger.extend(conn, store.schema) == count
    assert ledger.extend(conn, store.schema) == 0
    found, size = every_leaf(conn, store.schema), ledger.size(conn, store.schema)
    assert size == len(found) == told
    assert Tree(conn, store.schema, size).root() == merkle.root(found)
    for smaller in {1, 2, size // 2, size - 1, size}:
        assert Tree(conn, store.schema, smaller).root() == merkle.root(found[:smaller])
    assert ledger.roots(conn, store.schema, {1, size}, no_progress) == {
        1: found[0], size: merkle.root(found),
    }  # fmt: skip


def no_progress(_count: int) -> None:
    pass


def test_ten_thousand_events_stand_in_three_levels_of_tiles(conn: psycopg.Connection, schema: str) -> None:
    conn.execute(
        f"INSERT INTO {schema}.events (position, case_id, version, topic, entry, recorded_at, actor, role, unit,"
        " device, edition, state) SELECT n, gen_random_uuid(), 1, 'child.measured', gen_random_uuid(), now(), 'rina',"
        " 'bidan', '3603332001', '', '2025', '{}' FROM generate_series(1, 70000) AS n"
    )
    conn.execute(f"UPDATE {schema}.head SET last = 70000")
    while ledger.extend(conn, schema, 30_000):
        pass
    grown = conn.execute(f"SELECT * FROM {schema}.tiles ORDER BY level, nth").fetchall()
    assert {level for level, *_ in grown} == {0, 1, 2}
    root = Tree(conn, schema, 70_000).root()
    assert root == merkle.root(every_leaf(conn, schema))
    conn.execute(f"UPDATE {schema}.tiles SET hashes = decode(repeat('00', 32), 'hex') WHERE level = 1")
    ledger.rebuild(conn, schema, no_progress, 20_000)
    assert conn.execute(f"SELECT * FROM {schema}.tiles ORDER BY level, nth").fetchall() == grown
    tree = Tree(conn, schema, 70_000)
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        path = tree.inclusion(index)
        (leaf,) = leaves_at(conn, schema, index)
        assert reading_proofs.root_by_inclusion(70_000, index, leaf, path) == root
    leaves = every_leaf(conn, schema)
    for indexes in ([3, 700, 65_535, 65_536, 69_999], range(500, 900), range(0, 70_000, 97)):
        proof = Tree(conn, schema, 70_000).shared(list(indexes))
        assert reading_proofs.root_by_shared(70_000, {n: leaves[n] for n in indexes}, proof) == root
    proof = tree.consistency(65_537)
    first = Tree(conn, schema, 65_537).root()
    assert reading_proofs.roots_by_consistency(65_537, 70_000, first, proof) == root


def leaves_at(conn: psycopg.Connection, schema: str, index: int) -> list[bytes]:
    query = f"SELECT {COLUMNS} FROM {schema}.events WHERE position = %s"
    return [merkle.leaf(ledger.entry(ledger.record(row))) for row in conn.execute(query, [index + 1], binary=True)]


def test_two_who_build_it_at_once_build_it_once(store: Store, pool: Pool) -> None:
    tell(store, 0, 600)

    def build() -> None:
        with pool.connection() as conn:
            while ledger.size(conn, store.schema) < 600:
                ledger.extend(conn, store.schema, 20)

    threads = [Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pool.connection() as conn:
        assert ledger.size(conn, store.schema) == 600
        assert Tree(conn, store.schema, 600).root() == merkle.root(every_leaf(conn, store.schema))


def test_anothers_program_comes_to_the_same_root(store: Store, conn: psycopg.Connection, tmp_path: Path) -> None:
    """pymerkle, in its own process since its licence is not ours, over the entries of the tree."""
    tell(store, 0, 74)
    ledger.extend(conn, store.schema)
    bundle = ledger.bundle(conn, store.schema, 0, 74)
    assert bundle is not None
    entries = [bundle[n + 2 : n + 34] for n in range(0, len(bundle), 34)]
    (tmp_path / "entries").write_text("\n".join(entry.hex() for entry in entries))
    asked = [sys.executable, str(ROOT / "tests/ledger/second_opinion.py"), str(tmp_path / "entries"), "33"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    tree = Tree(conn, store.schema, 74)
    assert said[0] == tree.root().hex()
    assert said[1] == Tree(conn, store.schema, 33).root().hex()
    assert said[2:] == ["inclusion", "holds", "consistency", "holds"]


# Checkpoints


def test_a_checkpoint_is_a_note_that_anybody_with_the_key_can_read(store: Store, book: Ledger, signer: Signer) -> None:
    tell(store, 0, 10)
    assert work(book)
    with store.pool.connection() as conn:
        made = newest(conn, store.schema)
        assert made is not None
        assert made.root == merkle.root(every_leaf(conn, store.schema))
    assert read_checkpoint(made.note, read_key(str(signer.key))) == made
    assert made.note.splitlines()[:2] == [f"dampingi/{store.schema}", "10"]


def test_the_published_note_opens_and_an_altered_one_does_not() -> None:
    """From the documentation of golang.org/x/mod/sumdb/note, whose format C2SP's is."""
    from service.notes import opened

    key = read_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    note = f"{text}\n— PeterNeumann {signature}\n"
    assert opened(note, key) == text
    with pytest.raises(BadNote, match="tanda tangannya salah"):
        opened(note.replace("answer", "Answer"), key)
    with pytest.raises(BadNote, match="kunci lain"):
        opened(note, Signer("PeterNeumann", SEED).key)
    for broken in ("", "no note", note.replace("—", "-"), note[:-1], f"{text}\n"):
        with pytest.raises(BadNote, match="bukan catatan bertanda tangan"):
            opened(broken, key)


def test_it_is_signed_when_enough_was_recorded_or_time_has_passed(store: Store, book: Ledger) -> None:
    patient = replace(book, every=timedelta(hours=1), events=100)
    tell(store, 0, 10)
    work(patient)  # the first one at once
    tell(store, 10, 20)
    work(patient)
    assert sizes(store) == [10]
    tell(store, 40, 90)
    work(patient)
    assert sizes(store) == [10, 120]
    tell(store, 200, 2)
    work(replace(patient, every=timedelta(0)))
    work(replace(patient, every=timedelta(0)))
    assert sizes(store) == [10, 120, 122]


def test_of_two_signed_at_once_the_longer_one_is_the_later_one(store: Store, book: Ledger) -> None:
    for told in range(0, 8, 2):
        tell(store, told, 2)
        work(book)
    with store.pool.connection() as conn:
        moments = [one.at for one in keeping.every(conn, store.schema)]
    assert len(moments) == len(set(moments)) == 4
    assert moments == sorted(moments)


def sizes(store: Store) -> list[int]:
    with store.pool.connection() as conn:
        return [one.size for one in keeping.every(conn, store.schema)]


def test_who_waits_for_a_checkpoint_gets_one_from_whoever_holds_the_key(store: Store, book: Ledger) -> None:
    follower = replace(book, every=timedelta(hours=1), events=1000)
    tell(store, 0, 10)
    work(follower)
    tell(store, 10, 10)
    without = replace(follower, signer=None)
    assert covering(without, 20, 0.01) is None
    work(follower)
    found = covering(without, 20, 0.01)
    assert found is not None and found.size == 20
    tell(store, 30, 2)
    found = covering(follower, 22, 5)
    assert found is not None and found.size == 22


ALTERATIONS = {
    "a weight is changed": "UPDATE {s}.events SET state = state || ' ' WHERE position = 3",
    "the moment is changed": "UPDATE {s}.events SET recorded_at = recorded_at + interval '1 us' WHERE position = 4",
    "somebody else is said to have recorded it": "UPDATE {s}.events SET actor = 'tuti' WHERE position = 5",
}


@pytest.mark.parametrize("statement", ALTERATIONS.values(), ids=ALTERATIONS)
def test_a_tree_made_anew_over_a_changed_log_is_signed_no_more(
    store: Store, book: Ledger, conn: psycopg.Connection, statement: str
) -> None:
    tell(store, 0, 10)
    work(book)
    conn.execute(statement.format(s=store.schema))
    ledger.rebuild(conn, store.schema, no_progress)
    tell(store, 20, 10)
    assert not work(book)
    assert sizes(store) == [10]
    assert "tidak lagi cocok" in (keeping.error(conn, store.schema) or "")


def test_a_log_that_got_shorter_or_has_a_hole_is_signed_no_more(
    store: Store, book: Ledger, conn: psycopg.Connection
) -> None:
    tell(store, 0, 10)
    work(book)
    conn.execute(f"DELETE FROM {store.schema}.events WHERE position = 10")
    assert work(book)  # nothing new: found by whoever recomputes
    with pytest.raises(Gap):
        ledger.rebuild(conn, store.schema, no_progress)
    tell(store, 20, 4)
    conn.execute(f"DELETE FROM {store.schema}.events WHERE position = 12")
    assert not work(book)
    assert sizes(store) == [10]


def test_a_log_whose_end_was_cut_off_and_told_anew_is_not_gone_on_with(
    store: Store, book: Ledger, conn: psycopg.Connection
) -> None:
    tell(store, 0, 10)
    work(book)
    conn.execute(f"DELETE FROM {store.schema}.events WHERE position > 8")
    conn.execute(f"UPDATE {store.schema}.head SET last = 8")
    conn.execute(f"DELETE FROM {store.schema}.entries WHERE first > 8")
    tell(store, 20, 6)
    assert not work(book)
    assert sizes(store) == [10]
    assert "position 10" in (keeping.error(conn, store.schema) or "")


def test_nothing_is_signed_of_a_tree_set_back(store: Store, book: Ledger, conn: psycopg.Connection) -> None:
    tell(store, 0, 10)
    work(book)
    conn.execute(f"UPDATE {store.schema}.ledger SET size = 8")
    conn.execute(f"DELETE FROM {store.schema}.events WHERE position > 8")
    conn.execute(f"UPDATE {store.schema}.head SET last = 8")
    assert book.signer is not None
    with pytest.raises(Broken, match="kini hanya memuat 8"):
        keeping.sign(conn, book, book.signer)


def test_a_checkpoint_that_was_taken_out_is_missed_by_who_has_seen_it(
    store: Store, book: Ledger, conn: psycopg.Connection
) -> None:
    tell(store, 0, 10)
    work(book)
    conn.execute(f"DELETE FROM {store.schema}.checkpoints")
    assert not work(book)
    assert "tadi ada" in (keeping.error(conn, store.schema) or "")


def test_a_checkpoint_that_has_left_the_house_is_missed_by_everybody(
    store: Store, pool: Pool, book: Ledger, folder: Path, conn: psycopg.Connection
) -> None:
    tell(store, 0, 10)
    work(book)
    outlets.send(Outlets(pool, store.schema, folder, None), None)
    conn.execute(f"DELETE FROM {store.schema}.checkpoints")
    assert not work(replace(book, remembered={}))
    assert "dikirim keluar" in (keeping.error(conn, store.schema) or "")


# Out of the house


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "inspektorat"


def test_a_checkpoint_is_not_sent_where_somebody_could_put_another_in_its_place(pool: Pool, store: Store) -> None:
    home = {"HOME": "/", "DAMPINGI_CHECKPOINT_URL": "http://inspektorat.go.id/titik"}
    with pytest.raises(SettingsError, match="DAMPINGI_CHECKPOINT_URL harus diawali https://"):
        outlets.open_outlets(pool, load(home), store.schema)
    safe = outlets.open_outlets(pool, load({**home, "DAMPINGI_CHECKPOINT_URL": "https://x.go.id/titik"}), store.schema)
    assert safe.url == "https://x.go.id/titik"


def test_every_checkpoint_is_put_into_the_folder_once_and_stays(
    store: Store, pool: Pool, book: Ledger, folder: Path
) -> None:
    to = Outlets(pool, store.schema, folder, None)
    for first in (0, 10, 20):
        tell(store, first, 10)
        work(book)
        assert outlets.send(to, None) == 1
        assert outlets.send(to, None) == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"{store.schema}-{size:012}.txt" for size in (10, 20, 30)]
    with store.pool.connection() as conn:
        kept = [path.read_text() for path in sorted(folder.iterdir())]
        assert kept == [one.note for one in keeping.every(conn, store.schema)]


def test_a_folder_that_cannot_be_written_is_said_and_tried_again(
    store: Store, pool: Pool, book: Ledger, folder: Path, conn: psycopg.Connection
) -> None:
    folder.write_text("in the way")
    tell(store, 0, 10)
    work(book)
    to = Outlets(pool, store.schema, folder, None)
    assert outlets.send(to, None) == 0
    assert conn.execute(f"SELECT size, error FROM {store.schema}.checkpoint_outlets").fetchall() == [
        (0, "FileExistsError")
    ]
    folder.unlink()
    assert outlets.send(to, None) == 0  # left alone for a while
    conn.execute(f"UPDATE {store.schema}.checkpoint_outlets SET at = at - interval '2 minutes'")
    assert outlets.send(to, None) == 1


def test_another_file_under_the_name_of_a_checkpoint_is_never_written_over(
    store: Store, pool: Pool, book: Ledger, folder: Path, conn: psycopg.Connection
) -> None:
    tell(store, 0, 10)
    work(book)
    folder.mkdir()
    path = folder / f"{store.schema}-{10:012}.txt"
    path.write_text("another")
    assert outlets.send(Outlets(pool, store.schema, folder, None), None) == 0
    assert path.read_text() == "another"


def test_the_digest_of_an_entry_tells_nothing_and_commits_to_everything(store: Store, conn: psycopg.Connection) -> None:
    tell(store, 0, 2)
    ledger.extend(conn, store.schema)
    bundle = ledger.bundle(conn, store.schema, 0, 2)
    rows = conn.execute(f"SELECT {COLUMNS} FROM {store.schema}.events ORDER BY position", binary=True).fetchall()
    digests = [sha256(ledger.record(row)).digest() for row in rows]
    assert bundle == b"".join(b"\x00\x20" + digest for digest in digests)
