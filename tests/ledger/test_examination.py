"""Whoever recomputes the log finds what was altered behind the system's back, as far as it can be found."""

from __future__ import annotations

import base64
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from projections import ledger
from service.cli import main
from service.ledger import Ledger, newest, work
from service.notes import Signer
from service.store import Store
from tests.ledger.conftest import SEED, tell


@pytest.fixture
def asked(store: Store, dsn: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """The command line as the operator of this kabupaten uses it."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", store.schema.removeprefix("kab_"))
    monkeypatch.setenv("DAMPINGI_LEDGER_KEY", base64.b64encode(SEED).decode())

    def ask(*words: str) -> Result:
        return CliRunner().invoke(main, ["buku", *words])

    return ask


@pytest.fixture
def kept(store: Store, book: Ledger, tmp_path: Path) -> Path:
    """The inspector's own copy of the checkpoint of ten events; ten more were recorded since."""
    tell(store, 0, 10)
    work(book)
    with store.pool.connection() as conn:
        made = newest(conn, store.schema)
    assert made is not None
    (tmp_path / "titik.txt").write_text(made.note)
    tell(store, 10, 10)
    work(book)
    return tmp_path / "titik.txt"


def test_a_whole_log_fits(asked, kept: Path) -> None:  # type: ignore[no-untyped-def]
    said = asked("periksa", "--titik", str(kept))
    assert said.exit_code == 0, said.output
    assert "Cocok: 20 catatan dihitung ulang, 2 titik uji tersimpan dan 1 dari luar." in said.output
    assert "Tanpa titik uji dari luar" in asked("periksa").output


FOUND = {
    "changed": (
        "UPDATE {s}.events SET state = state || ' ' WHERE position = 3",
        "isi log sampai di situ sudah berubah",
    ),
    "taken out": ("DELETE FROM {s}.events WHERE position = 3", "Catatan hilang dari log"),
    "cut off": (
        "DELETE FROM {s}.events WHERE position > 18; UPDATE {s}.head SET last = 18",
        "log sekarang lebih pendek",
    ),
    "cut off, the head left": ("DELETE FROM {s}.events WHERE position > 18", "tetapi isinya lebih sedikit"),
    "swapped": (
        "UPDATE {s}.events SET position = 99 WHERE position = 3; UPDATE {s}.events SET position = 3 WHERE position = 4;"
        " UPDATE {s}.events SET position = 4 WHERE position = 99",
        "isi log sampai di situ sudah berubah",
    ),
}


@pytest.mark.parametrize(("statement", "says"), FOUND.values(), ids=FOUND)
def test_what_was_done_to_the_log_is_said(  # type: ignore[no-untyped-def]
    asked, kept: Path, store: Store, conn: psycopg.Connection, statement: str, says: str
) -> None:
    conn.execute(statement.format(s=store.schema))
    for words in (("periksa",), ("periksa", "--titik", str(kept))):
        said = asked(*words)
        assert said.exit_code == 1
        assert says in said.output


def test_a_log_made_anew_with_all_its_checkpoints_is_found_by_the_one_kept_outside_only(  # type: ignore[no-untyped-def]
    asked, kept: Path, store: Store, book: Ledger, conn: psycopg.Connection
) -> None:
    """Somebody with the rights of the superuser and the key that signs, who starts the follower anew."""
    book.remembered.clear()
    conn.execute(f"UPDATE {store.schema}.events SET state = state || ' ' WHERE position = 3")
    conn.execute(f"DELETE FROM {store.schema}.checkpoints")
    ledger.rebuild(conn, store.schema, lambda _: None)
    assert work(book)
    assert asked("periksa").exit_code == 0
    said = asked("periksa", "--titik", str(kept))
    assert said.exit_code == 1
    assert "Titik uji dari luar untuk 10 catatan" in said.output


def test_a_checkpoint_signed_with_another_key_is_not_believed(  # type: ignore[no-untyped-def]
    asked, kept: Path, signer: Signer
) -> None:
    text = kept.read_text().rpartition("\n\n")[0] + "\n"
    kept.write_text(Signer(signer.key.name, bytes(32)).sign(text))
    said = asked("periksa", "--titik", str(kept.parent))
    assert said.exit_code == 1
    assert "ditandatangani dengan kunci lain" in said.output


def test_tiles_that_do_not_fit_are_made_anew_by_a_rebuild(
    asked, kept: Path, store: Store, conn: psycopg.Connection
) -> None:  # type: ignore[no-untyped-def]
    conn.execute(f"UPDATE {store.schema}.tiles SET hashes = decode(repeat('07', 640), 'hex') WHERE level = 0")
    said = asked("periksa")
    assert said.exit_code == 1
    assert "dampingi rebuild" in said.output
    ledger.rebuild(conn, store.schema, lambda _: None)
    assert asked("periksa").exit_code == 0


def test_the_newest_checkpoint_is_made_and_given(asked, kept: Path, store: Store, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    tell(store, 30, 4)
    said = asked("titik")
    assert said.output.splitlines()[:2] == [f"dampingi/{store.schema}", "24"]
    assert asked("titik", "--ke", str(tmp_path / "luar")).output == f"{store.schema}-{24:012}.txt\n"
    (tmp_path / "luar" / f"{store.schema}-{24:012}.txt").write_text("lain")
    said = asked("titik", "--ke", str(tmp_path / "luar"))
    assert said.exit_code == 1
    assert "Jangan dihapus" in said.output


def test_what_is_no_key_is_said_to_be_none(asked, kept: Path) -> None:  # type: ignore[no-untyped-def]
    said = asked("periksa", "--kunci", "bukan-kunci")
    assert said.exit_code == 1
    assert "bukan kunci pemeriksa" in said.output
    key = asked("kunci").output.strip()
    assert asked("periksa", "--kunci", key).exit_code == 0
