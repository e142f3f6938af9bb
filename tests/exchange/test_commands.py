"""What an operator types to import a file, and what the program answers."""

from __future__ import annotations

import base64
from datetime import date, datetime
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.sql import SQL, Identifier

from service.accounts import Accounts
from service.beginnings import begin_units
from service.cli import main
from service.migrate import migrate
from service.sealing import Sealing
from service.store import Pool, Store
from service.tenants import Tenant
from tests.exchange.conftest import MASTER_KEY, UNITS
from tests.exchange.eppgbm_files import BUDI, SITI, as_csv, as_xlsx, table

CODE = "9902"


@pytest.fixture
def installed(dsn: str, pool: Pool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A server whose kabupaten has its units."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", CODE)
    monkeypatch.setenv("DAMPINGI_MASTER_KEY", base64.b64encode(MASTER_KEY).decode())
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    schema = f"kab_{CODE}"
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
        migrate(conn, schema)
    accounts = Accounts(pool, Tenant(CODE, "Kabupaten Contoh", dsn))
    for unit in UNITS.values():
        accounts.put_unit(unit)
    return dsn


def asked(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def people(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(SQL("SELECT count(*) FROM {}").format(Identifier(f"kab_{CODE}", "people"))).fetchone()
    assert row is not None
    return int(row[0])


def test_a_file_is_imported_the_lists_know_of_it_and_the_second_time_nothing_is_new(
    installed: str, tmp_path: Path
) -> None:
    path = as_xlsx(tmp_path / "ekspor.xlsx", table(SITI, BUDI | {"Berat": "10200"}, BUDI | {"Berat": "?"}))
    said = asked("import", "eppgbm", path)
    assert said.exit_code == 0, said.output
    assert "3 baris (data tanggal 31 Agustus 2025): 2 tercatat (2 anak baru), 1 ditolak." in said.output
    assert str(tmp_path / "ekspor.ditolak.csv") in said.output
    assert str(tmp_path / "ekspor.catatan.csv") in said.output
    assert people(installed) == 2
    again = asked("import", "eppgbm", path, "--rejected", tmp_path / "lagi.csv")
    assert "0 tercatat (0 anak baru), 2 sudah tercatat sebelumnya, 1 ditolak." in again.output
    assert (tmp_path / "lagi.csv").exists()
    assert people(installed) == 2


def test_visits_go_to_the_first_twelve_posyandu(installed: str, tmp_path: Path) -> None:
    titles = ["child_id", "sex", "age_days", "weight_kg", "length_cm", "height_cm"]
    rows = [titles, *([n, 1, 1, "3.2", 50, 50] for n in range(12))]
    said = asked("import", "visits", as_csv(tmp_path / "cpp.csv", rows, ","), "--born-from", "2025-01-01")
    assert "12 baris: 12 tercatat (12 anak baru)." in said.output
    with psycopg.connect(installed) as conn:
        found = conn.execute(SQL("SELECT DISTINCT posyandu FROM {}").format(Identifier(f"kab_{CODE}", "people")))
        assert {row[0] for row in found} == {u.code for u in UNITS.values() if u.kind == "posyandu"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Berkas kosong."),
        (b"%PDF-1.7", "bukan tabel"),
        (b"Nama;Umur\nSiti;3\n", "Judul kolom e-PPGBM tidak ditemukan"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_line(installed: str, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.xls").write_bytes(content)
    said = asked("import", "eppgbm", tmp_path / "a.xls")
    assert said.exit_code == 1
    assert says in said.output
    assert "Traceback" not in said.output


def test_a_posyandu_that_is_not_there_is_told_before_anything_is_recorded(installed: str, tmp_path: Path) -> None:
    path = as_csv(tmp_path / "a.csv", table(SITI))
    said = asked("import", "eppgbm", path, "--posyandu", "9999999999.01")
    assert said.exit_code == 1
    assert "tidak dikenal" in said.output
    assert people(installed) == 0


def test_a_kabupaten_that_is_not_served_is_told(installed: str, tmp_path: Path) -> None:
    said = asked("import", "eppgbm", as_csv(tmp_path / "a.csv", table(SITI)), "--kabupaten", "3604")
    assert said.exit_code == 1
    assert "3604 tidak dilayani" in said.output


def lines(dsn: str, rule: str) -> list[bytes]:
    """The lines of a rule on the list of the puskesmas."""
    query = SQL("SELECT line FROM {} WHERE rule = %s AND desk = 'puskesmas-tpg'")
    with psycopg.connect(dsn) as conn:
        return [row[0] for row in conn.execute(query.format(Identifier(f"kab_{CODE}", "queue")), [rule])]


@pytest.fixture
def begun(installed: str, pool: Pool) -> str:
    """The same, with the stories of its units."""
    tenant = Tenant(CODE, "Kabupaten Contoh", installed)
    sealing = Sealing(MASTER_KEY, tenant.schema)
    store = Store(pool, tenant.schema, sealing, tenant.zone, lambda _day: "2025")
    begin_units(store, UNITS, date(2025, 8, 1), datetime(2025, 8, 1, 6, tzinfo=tenant.zone))
    return installed


def test_z_scores_that_differ_from_ours_become_a_task_until_a_file_agrees(begun: str, tmp_path: Path) -> None:
    right = {"ZS BB/U": "-2,38", "ZS TB/U": "-1,87", "ZS BB/TB": "-2,01"}  # to the rounding, as ours
    wrong = as_xlsx(tmp_path / "salah.xlsx", table(SITI | right | {"ZS BB/U": "-1,05"}, BUDI))
    for _ in range(2):
        said = asked("import", "eppgbm", wrong)
        assert said.exit_code == 0, said.output
    [line] = lines(begun, "V10")
    assert b"2 dari 2 baris berbeda" in line
    assert "Z-skor dalam berkas: 2 dari 2 baris berbeda" in said.output
    agreeing = as_xlsx(tmp_path / "benar.xlsx", table(SITI | right))
    said = asked("import", "eppgbm", agreeing)
    assert "Z-skor dalam berkas" not in said.output
    assert lines(begun, "V10") == []


def test_rejected_rows_become_one_task_of_the_puskesmas_however_often_the_file_is_imported(
    begun: str, tmp_path: Path
) -> None:
    path = as_xlsx(tmp_path / "ekspor.xlsx", table(SITI, BUDI | {"Berat": "?"}))
    for _ in range(2):
        said = asked("import", "eppgbm", path)
        assert said.exit_code == 0, said.output
        assert "tidak menjadi tugas" not in said.output
    [line] = lines(begun, "X05")
    assert b"baris 6 belum masuk" in line
