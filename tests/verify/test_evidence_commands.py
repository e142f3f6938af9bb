"""What an operator types to get a pack, and what comes of it."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.sql import SQL, Identifier

from domain.case import zone
from service import settings
from service.accounts import NOBODY, Accounts
from service.cli import main
from service.handle import record
from service.ledger import verifier_key
from service.migrate import migrate
from service.notes import Signer, checkpoint
from service.sealing import Sealing
from service.store import Store, connect
from service.tenants import Tenant
from tests.store.given import MASTER_KEY, asked, register, weigh
from tests.verify.packs import checked

BUDI = UUID("01890000-0000-7000-8000-0000000000b1")


@pytest.fixture(scope="module")
def kabupaten(dsn: str) -> Iterator[str]:
    """A kabupaten with two children in its log."""
    schema = "kab_9998"
    with psycopg.connect(dsn, autocommit=True) as conn, connect(dsn, 1, 2) as pool:
        migrate(conn, schema)
        store = Store(pool, schema, Sealing(MASTER_KEY, schema), zone("3603"), lambda _day: "2025")
        ani = uuid4()
        told = record(store, asked(register(BUDI), register(ani, "Ani"), weigh(BUDI, 6.1), weigh(ani, 5.9)))
        assert {one.outcome for one in told} == {"recorded"}
        yield "9998"
        conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))


@pytest.fixture
def key(dsn: str, kabupaten: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """On its server; the key an inspector wrote down."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", kabupaten)
    monkeypatch.setenv("DAMPINGI_MASTER_KEY", base64.b64encode(MASTER_KEY).decode())
    monkeypatch.setenv("DAMPINGI_LEDGER_KEY", base64.b64encode(bytes(32)).decode())
    return str(verifier_key(settings.load(), kabupaten))


def typed(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["bukti", *map(str, words)])


def test_the_story_of_a_child_comes_as_a_file_that_proves_itself(key: str, tmp_path: Path) -> None:
    path = tmp_path / "budi.zip"
    said = typed("kasus", str(BUDI), "--ke", path)
    assert said.exit_code == 0, said.output
    assert "2 kejadian, SHA-256 " in said.output
    assert checked(path, "--kunci", key).code == 0


def test_the_whole_book_comes_as_a_file_that_proves_itself(key: str, tmp_path: Path) -> None:
    path = tmp_path / "buku.zip"
    said = typed("buku", "--ke", path)
    assert said.exit_code == 0, said.output
    assert "Buku ini utuh" in checked(path, "--kunci", key).text
    with zipfile.ZipFile(path) as pack:
        assert "Budi" not in pack.read("bukti.json").decode()


def test_a_later_pack_goes_on_from_an_earlier_one(key: str, tmp_path: Path) -> None:
    first, later = tmp_path / "dulu.zip", tmp_path / "nanti.zip"
    typed("kasus", str(BUDI), "--ke", first)
    with zipfile.ZipFile(first) as pack:
        size = json.loads(pack.read("bukti.json"))["checkpoint"].split("\n")[1]
    assert typed("buku", "--titik", size, "--ke", later).exit_code == 0
    assert checked(later, "--kunci", key, "--titik", first).code == 0


def test_checkpoints_an_inspector_kept_are_named_by_their_files_or_folder(key: str, tmp_path: Path) -> None:
    folder = tmp_path / "titik"
    folder.mkdir()
    for n in range(2):
        assert typed("buku", "--ke", tmp_path / "dulu.zip").exit_code == 0
        with zipfile.ZipFile(tmp_path / "dulu.zip") as pack:
            (folder / f"{n}.txt").write_bytes(pack.read("titik.txt"))
    elsewhere = checkpoint(Signer("dampingi/kab_3604", bytes(32)), 7, bytes(32), datetime(2026, 3, 2, tzinfo=UTC))
    (folder / "tetangga.txt").write_text(elsewhere.note)
    for kept in (folder / "0.txt", folder):
        later = tmp_path / "nanti.zip"
        said = typed("kasus", str(BUDI), "--titik", kept, "--ke", later)
        assert said.exit_code == 0, said.output
        assert ("tetangga.txt" in said.stderr) == (kept == folder)
        assert checked(later, "--kunci", key, "--titik", kept).code == 0
    said = typed("kasus", str(BUDI), "--titik", folder / "tetangga.txt", "--ke", later)
    assert "titik uji dari buku lain, dampingi/kab_3604" in said.output


@pytest.mark.parametrize(
    ("words", "cases"), [(("kasus", str(BUDI), "--untuk", "bidan"), [BUDI]), (("buku",), [None])], ids=["kasus", "buku"]
)
def test_whose_records_left_by_a_command_is_noted(
    key: str, tmp_path: Path, dsn: str, kabupaten: str, words: tuple[str, ...], cases: list[UUID | None]
) -> None:
    before = noted(dsn, kabupaten)
    assert typed(*words, "--ke", tmp_path / "paket.zip").exit_code == 0
    role = "bidan" if "bidan" in words else "inspektorat"
    new = noted(dsn, kabupaten)[len(before) :]
    assert new == [(NOBODY, role, kabupaten, case, "evidence", "baris perintah") for case in cases]
    with connect(dsn, 1, 1) as pool:
        accounts = Accounts(pool, Tenant(kabupaten, "Kabupaten", dsn))
        assert accounts.called([str(new[0][0])]) == {str(NOBODY): "Pengelola server"}


def noted(dsn: str, kabupaten: str) -> list[tuple[object, ...]]:
    query = SQL("SELECT account, role, unit, case_id, what, why FROM {} ORDER BY at, id")
    with psycopg.connect(dsn) as conn:
        return conn.execute(query.format(Identifier(f"kab_{kabupaten}", "reads"))).fetchall()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("kasus", str(UUID(int=9))), "Tidak ditemukan"),
        (("kasus", str(BUDI), "--untuk", "desa"), "hanya untuk inspektorat dan tenaga kesehatan"),
        (("kasus", str(BUDI), "--titik", "1"), "tidak ada di sini; ini perlu dijelaskan"),
        (("kasus", str(BUDI), "--titik", str(2**70)), "tidak ada di sini; ini perlu dijelaskan"),
        (("kasus", str(BUDI), "--titik", "tidak-ada.txt"), "tidak-ada.txt: No such file"),
        (("kasus", str(BUDI), "--titik", __file__), "bukan titik uji"),
        (("kasus", str(BUDI), "--titik", str(Path(__file__).parent)), "tidak ada titik uji dari buku"),
        (("kasus", str(BUDI), "--kabupaten", "1234"), "Kabupaten 1234 tidak dilayani"),
        (("pmt", str(BUDI), "1"), "Tidak ditemukan"),
        (("desa", "3603332001", "2025-5"), "tahun-nomor, misalnya 2026-3"),
        (("desa", "tidak-ada", "2025-1"), "Tidak ditemukan"),
        (("permintaan", "tidak-ada", str(UUID(int=9))), "Tidak ditemukan"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_leaves_no_file(
    key: str, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    said = typed(*words, "--ke", tmp_path / "paket.zip")
    assert said.exit_code == 1
    assert says in said.output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(key: str, tmp_path: Path) -> None:
    said = typed("kasus", str(BUDI), "--ke", tmp_path / "tidak" / "ada.zip")
    assert said.exit_code == 1
    assert "Traceback" not in said.output


def test_a_process_without_the_key_says_that_nobody_signs(
    key: str, tmp_path: Path, kabupaten: str, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(dsn, 1, 2) as pool:
        schema = f"kab_{kabupaten}"
        store = Store(pool, schema, Sealing(MASTER_KEY, schema), zone("3603"), lambda _day: "2025")
        record(store, asked(weigh(BUDI, 6.3)))
    monkeypatch.delenv("DAMPINGI_LEDGER_KEY")
    monkeypatch.setenv("DAMPINGI_CHECKPOINT_WAIT_SECONDS", "0.1")
    said = typed("kasus", str(BUDI), "--ke", tmp_path / "paket.zip")
    assert said.exit_code == 1
    assert "Apakah dampingi follow berjalan?" in said.output


def test_a_pack_made_without_a_key_at_hand_is_checked_with_the_inspector_s_own(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "budi.zip"
    assert typed("kasus", str(BUDI), "--ke", path).exit_code == 0  # signed with the key
    monkeypatch.delenv("DAMPINGI_LEDGER_KEY")
    assert typed("kasus", str(BUDI), "--ke", path).exit_code == 0
    assert "tidak memuat kunci" in checked(path).text
    assert checked(path, "--kunci", key).code == 0
    monkeypatch.setenv("DAMPINGI_LEDGER_VERIFIER_KEY", key)
    assert typed("kasus", str(BUDI), "--ke", path).exit_code == 0
    assert checked(path).code == 0
