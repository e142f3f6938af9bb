"""The lasting tables are made once, in order, whole or not at all, and only in their own schema."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from service.migrate import MigrationError, migrate, pending

ONE = "CREATE TABLE {schema}.desa (code text PRIMARY KEY, tags text[] NOT NULL DEFAULT '{}');"
TWO = """
CREATE FUNCTION {schema}.greet() RETURNS text LANGUAGE plpgsql AS $$
DECLARE known text[] := '{a,b}';
BEGIN RETURN {schema_text} || cardinality(known); END $$;
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "0001_one.sql").write_text(ONE)
    (tmp_path / "0002_two.sql").write_text(TWO)
    return tmp_path


@pytest.fixture
def empty(conn: psycopg.Connection, schema: str) -> str:
    conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))
    return schema


def test_files_are_applied_in_order_and_only_once(conn: psycopg.Connection, empty: str, files: Path) -> None:
    assert pending(conn, empty, files) == ("0001_one", "0002_two")
    assert migrate(conn, empty, files=files) == ("0001_one", "0002_two")
    assert migrate(conn, empty, files=files) == ()
    assert pending(conn, empty, files) == ()
    assert conn.execute(SQL("SELECT {}.greet()").format(Identifier(empty))).fetchone() == (f"{empty}2",)


def test_a_schema_with_quotes_and_spaces_in_its_name_is_still_one_schema(conn: psycopg.Connection, files: Path) -> None:
    odd = 'kab "3603"; DROP'
    assert migrate(conn, odd, files=files) == ("0001_one", "0002_two")
    conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(odd)))


def test_a_failing_file_leaves_nothing_behind(conn: psycopg.Connection, empty: str, files: Path) -> None:
    (files / "0003_wrong.sql").write_text("CREATE TABLE {schema}.right_one (x int); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(conn, empty, files=files)
    assert conn.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [empty]).fetchone() is None


def test_a_file_changed_after_it_was_applied_is_refused(conn: psycopg.Connection, empty: str, files: Path) -> None:
    migrate(conn, empty, files=files)
    (files / "0001_one.sql").write_text(ONE + "-- a second thought")
    with pytest.raises(MigrationError, match="0001_one was changed"):
        migrate(conn, empty, files=files)


def test_an_older_program_does_not_touch_newer_tables(conn: psycopg.Connection, empty: str, files: Path) -> None:
    migrate(conn, empty, files=files)
    (files / "0002_two.sql").unlink()
    with pytest.raises(MigrationError, match="newer program"):
        migrate(conn, empty, files=files)


def test_two_starts_at_once_make_the_tables_once(dsn: str, empty: str, files: Path) -> None:
    def start(_: int) -> tuple[str, ...]:
        with psycopg.connect(dsn, autocommit=True) as conn:
            return migrate(conn, empty, files=files)

    with ThreadPoolExecutor(4) as pool:
        applied = sorted(pool.map(start, range(4)), reverse=True)
    assert applied == [("0001_one", "0002_two"), (), (), ()]


def test_the_service_role_works_on_tables_it_does_not_own(
    conn: psycopg.Connection, empty: str, files: Path, app_role: str
) -> None:
    (files / "0003_log.sql").write_text(
        "CREATE TABLE {schema}.log (x int); REVOKE UPDATE, DELETE ON {schema}.log FROM {app};"
    )
    migrate(conn, empty, app=app_role, files=files)
    table = Identifier(empty, "log")
    with conn.transaction(force_rollback=True):
        conn.execute(SQL("SET LOCAL ROLE {}").format(Identifier(app_role)))
        conn.execute(SQL("INSERT INTO {} VALUES (1)").format(table))
        conn.execute(SQL("DELETE FROM {}").format(Identifier(empty, "desa")))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(SQL("UPDATE {} SET x = 2").format(table))
