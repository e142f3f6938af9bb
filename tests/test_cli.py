"""What an operator types, and what the program answers."""

from __future__ import annotations

import base64
import re
import secrets
from pathlib import Path

import click
import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier
from psycopg_pool import ConnectionPool

from service.accounts import Accounts, SignInFailed
from service.cli import main
from service.mendable import said_plainly
from service.migrate import FILES
from service.store import connect
from service.tenants import Tenant


@pytest.fixture
def server_environment(dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """As on a server: a database given, a kabupaten whose tables are not there yet."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", "9999")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("DAMPINGI_MASTER_KEY", base64.b64encode(bytes(32)).decode())
    monkeypatch.setenv("DAMPINGI_LEDGER_KEY", base64.b64encode(bytes(32)).decode())
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier("kab_9999")))
    return dsn


def asked(*words: str) -> Result:
    return CliRunner().invoke(main, words)


HELD = ("buku", "bukti", "penugasan")


@pytest.mark.parametrize(
    "words", [(group, name) for group in HELD for name in main.commands[group].commands], ids=" ".join
)
def test_what_is_to_be_typed_for_an_inspector_is_said_in_indonesian(words: tuple[str, ...]) -> None:
    said = asked(*words, "--help").output
    assert not set(re.findall(r"\b[A-Z]{4,}\b", said)) & {
        "TEXT", "FILE", "PATH", "DIRECTORY", "UUID", "INTEGER", "CASE", "CYCLE", "CODE", "QUARTER", "REQUEST", "LOGIN",
    }  # fmt: skip


def test_a_database_that_does_not_answer_a_pool_is_one_line() -> None:
    @click.command()
    @said_plainly
    def asking() -> None:
        with ConnectionPool("host=127.0.0.1 port=1 dbname=none", min_size=1, timeout=0.1) as pool, pool.connection():
            pass

    said = CliRunner().invoke(asking)
    assert said.exit_code == 1
    assert said.stderr.splitlines()[-1].startswith("Error: PostgreSQL: ")


def test_migrate_says_which_tables_it_made_and_the_second_time_that_all_is_new(server_environment: str) -> None:
    first = asked("migrate")
    assert first.exit_code == 0, first.output
    assert all(path.stem in first.output for path in FILES.glob("*.sql"))
    again = asked("migrate")
    assert again.stdout == "Kabupaten 9999: sudah yang terbaru\n"
    assert "layanan dapat mengubah catatannya sendiri" in again.stderr


def test_migrate_makes_the_role_of_the_service_and_says_so_once(
    server_environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"layanan_{secrets.token_hex(4)}"
    monkeypatch.setenv("DATABASE_OWNER_URL", server_environment)
    monkeypatch.setenv("DATABASE_URL", make_conninfo(server_environment, user=name))
    monkeypatch.setenv("DAMPINGI_DB_PASSWORD", "sandi-layanan")
    first = asked("migrate")
    assert first.exit_code == 0, first.output
    assert first.stderr == f"peran {name} dibuat\nperan {name}_baca dibuat\n"
    assert asked("migrate").stderr == ""
    with psycopg.connect(server_environment, autocommit=True) as conn:
        conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier("kab_9999")))
        for role in (f"{name}_baca", name):
            conn.execute(SQL("DROP OWNED BY {}").format(Identifier(role)))
            conn.execute(SQL("DROP ROLE {}").format(Identifier(role)))


def test_a_server_does_not_start_on_yesterdays_tables(server_environment: str) -> None:
    said = asked("serve")
    assert said.exit_code == 1
    assert "jalankan dampingi migrate" in said.output


def test_a_database_that_does_not_answer_is_one_line_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://rina:rahasia@127.0.0.1:1/dampingi")
    said = asked("migrate")
    assert said.exit_code == 1
    assert said.output.startswith("Error: PostgreSQL: ")
    assert "rahasia" not in said.output


def test_a_misspelt_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAMPINGI_PROT", "9000")
    assert "DAMPINGI_PROT" in asked("migrate").output


def test_a_service_that_is_not_there_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAMPINGI_PORT", "1")
    assert asked("health", "service").exit_code == 1


def test_the_follower_makes_missing_lists_and_makes_those_of_other_rules_anew(server_environment: str) -> None:
    asked("migrate")
    first = asked("follow", "--once")
    assert (first.exit_code, first.output) == (0, "")
    assert asked("health", "follower").output == "mengikuti\n"
    with psycopg.connect(server_environment, autocommit=True) as conn:
        conn.execute("UPDATE kab_9999.follower SET shape = 'yesterday' WHERE name = 'queue'")
        assert asked("follow", "--once").exit_code == 0
        assert conn.execute("SELECT 1 FROM kab_9999.follower WHERE shape = 'yesterday'").fetchone() is None


def test_a_follower_that_has_read_everything_is_healthy(server_environment: str) -> None:
    asked("migrate")
    said = asked("health", "follower")
    assert (said.exit_code, said.output) == (0, "mengikuti\n")


def test_a_follower_that_does_not_move_is_not_healthy(server_environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked("migrate")
    monkeypatch.setattr("service.cli.CATCHING_UP_SECONDS", 0)
    with psycopg.connect(server_environment, autocommit=True) as conn:
        conn.execute("INSERT INTO kab_9999.follower (name, position, shape) VALUES ('queue', 40, '1')")
        conn.execute("UPDATE kab_9999.head SET last = 42")
    said = asked("health", "follower")
    assert (said.exit_code, said.output) == (
        1,
        "Error: Kabupaten 9999: daftar tertinggal 2 catatan dan tidak bergerak\n",
    )


def test_a_parked_projection_is_an_alarm(server_environment: str) -> None:
    asked("migrate")
    with psycopg.connect(server_environment, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO kab_9999.follower VALUES ('queue', 0, '1', '2026-11-23 08:00+07', 'KeyError at position 1')"
        )
    assert "queue berhenti: KeyError at position 1" in asked("health", "follower").output


def test_stopping_what_does_not_run_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    said = asked("stop")
    assert (said.exit_code, said.output) == (0, "PostgreSQL memang tidak sedang berjalan.\n")


UNITS = """code;kind;name;parent;session_day
9999;kabupaten;Kabupaten Contoh;;
999901;kecamatan;Contoh;9999;
9999010101;puskesmas;Puskesmas Contoh;999901;
9999012001;desa;Kedaung;9999010101;
9999012001.01;posyandu;Posyandu Melati;9999012001;12
"""


def test_an_operator_makes_units_known_and_opens_accounts(server_environment: str, tmp_path: Path) -> None:
    file = tmp_path / "unit.csv"
    file.write_text(UNITS)
    asked("migrate")
    assert asked("units", str(file)).output == "5 unit tercatat\n"
    assert asked("units", str(file)).exit_code == 0
    with psycopg.connect(server_environment) as conn:
        told = conn.execute("SELECT count(*) FROM kab_9999.events").fetchone()
    assert told == (4,), "each unit but the posyandu has begun its story, once"
    opened = asked("account", "open", "siti", "Siti Aminah", "--role", "kader", "--unit", "9999012001.01")
    assert opened.exit_code == 0, opened.output
    assert opened.output.startswith("siti: kata sandi pertama ")
    password = opened.output.split()[-1]
    with connect(server_environment, 1, 1) as pool:
        accounts = Accounts(pool, Tenant("9999", "Kabupaten Contoh", server_environment))
        account, post = accounts.sign_in("siti", password, "127.0.0.1")
        assert (post.role, post.unit.name) == ("kader", "Posyandu Melati")
        who = accounts.who(account.id, post.id)
        assert who is not None
        assert who.must_change
        assert asked("account", "close", "siti").output == "siti: ditutup\n"
        with pytest.raises(SignInFailed):
            accounts.sign_in("siti", password, "127.0.0.1")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("open", "siti", "Siti", "--role", "kader", "--unit", "9999012001"), "kader dipegang di posyandu"),
        (("open", "siti", "Siti", "--role", "kader", "--unit", "1"), "Tidak ada unit 1"),
        (("close", "nobody"), "Tidak ada akun nobody"),
        (("post", "nobody", "--role", "bidan", "--unit", "9999012001"), "Tidak ada akun nobody"),
    ],
)
def test_what_the_operator_got_wrong_is_said_in_one_line(
    server_environment: str, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    file = tmp_path / "unit.csv"
    file.write_text(UNITS)
    asked("migrate")
    asked("units", str(file))
    said = asked("account", *words)
    assert said.exit_code == 1
    assert says in said.output


def test_a_unit_of_an_unknown_kind_is_named_with_its_row(server_environment: str, tmp_path: Path) -> None:
    file = tmp_path / "unit.csv"
    file.write_text(UNITS.replace("desa;Kedaung", "dukuh;Kedaung"))
    asked("migrate")
    assert "Baris 5: jenis 'dukuh' tidak dikenal" in asked("units", str(file)).output
