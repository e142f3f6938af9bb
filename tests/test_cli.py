"""What an operator types, and what the program answers."""

from __future__ import annotations

import base64
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.sql import SQL, Identifier

from service.cli import main
from service.migrate import FILES


@pytest.fixture
def server_environment(dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """As on a server: a database given, a kabupaten whose tables are not there yet."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", "9999")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier("kab_9999")))
    return dsn


def asked(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_migrate_says_which_tables_it_made_and_the_second_time_that_all_is_new(server_environment: str) -> None:
    first = asked("migrate")
    assert first.exit_code == 0, first.output
    assert all(path.stem in first.output for path in FILES.glob("*.sql"))
    assert asked("migrate").output == "Kabupaten 9999: sudah yang terbaru\n"


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


def test_the_follower_makes_missing_lists_and_makes_those_of_other_rules_anew(
    server_environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAMPINGI_MASTER_KEY", base64.b64encode(bytes(32)).decode())
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
