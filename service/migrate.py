"""The lasting tables of a tenant, as numbered plain SQL files applied once each, in order, inside that tenant's schema.

In a file `{schema}` stands for the quoted schema, `{schema_text}` for its name as a string literal, and `{app}` for the
quoted role the service works under. That role may read and write every table made here unless the file revokes
it, until `roles.grant`, which runs after it, says anew what it may.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.sql import SQL, Identifier, Literal

FILES = Path(__file__).with_name("migrations")


class MigrationError(Exception):
    """The files and what the schema remembers of them do not agree."""


class _Step(NamedTuple):
    name: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrate(conn: Connection[Any], schema: str, app: str | None = None, files: Path = FILES) -> tuple[str, ...]:
    """Bring the schema up to date and name the files that were applied; all of them are, or none is.

    Whoever calls holds the right to create the schema. `app` is the role that serves afterwards: the same one if None.
    """
    with conn.transaction():
        app = app or _whoami(conn)
        _prepare(conn, schema, app)
        return tuple(_apply(conn, schema, app, step) for step in _pending(conn, schema, files))


def pending(conn: Connection[Any], schema: str, files: Path = FILES) -> tuple[str, ...]:
    """The files still to be applied, so that a service can refuse to start on yesterday's tables."""
    made = conn.execute("SELECT to_regclass(%s)", [Identifier(schema, "migration").as_string()]).fetchone()
    if made is None or made[0] is None:
        return tuple(step.name for step in _steps(files))
    return tuple(step.name for step in _pending(conn, schema, files))


def _prepare(conn: Connection[Any], schema: str, app: str) -> None:
    """Two starts at once wait for each other here: the lock is held until the transaction ends."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"dampingi migrate {schema}"])
    if conn.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone() is None:
        conn.execute(_filled(_BEGINNING, schema, app))


_BEGINNING = """
CREATE SCHEMA {schema};
GRANT USAGE, CREATE ON SCHEMA {schema} TO {app};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {app};
CREATE TABLE {schema}.migration (
    name       text PRIMARY KEY,
    digest     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE INSERT, UPDATE, DELETE ON {schema}.migration FROM {app};
GRANT INSERT ON {schema}.migration TO CURRENT_USER;
"""


def _pending(conn: Connection[Any], schema: str, files: Path) -> Iterator[_Step]:
    table = Identifier(schema, "migration")
    applied: dict[str, str] = dict(conn.execute(SQL("SELECT name, digest FROM {}").format(table)).fetchall())
    steps = _steps(files)
    for name in sorted(applied.keys() - {step.name for step in steps}):
        raise MigrationError(f"{schema} was made by a newer program: it has had {name}, which this one does not know")
    for step in steps:
        if step.name not in applied:
            yield step
        elif applied[step.name] != step.digest:
            raise MigrationError(f"{step.name} was changed after {schema} had it; write a new file instead")


def _apply(conn: Connection[Any], schema: str, app: str, step: _Step) -> str:
    conn.execute(_filled(step.text, schema, app))
    table = Identifier(schema, "migration")
    conn.execute(SQL("INSERT INTO {} (name, digest) VALUES (%s, %s)").format(table), [step.name, step.digest])
    return step.name


def _steps(files: Path) -> list[_Step]:
    return [_Step(path.stem, path.read_text(encoding="utf-8")) for path in sorted(files.glob("*.sql"))]


def _filled(text: str, schema: str, app: str) -> SQL:
    """Not str.format: PL/pgSQL and array literals are full of braces."""
    filled = (
        text.replace("{schema}", Identifier(schema).as_string())
        .replace("{schema_text}", Literal(schema).as_string())
        .replace("{app}", Identifier(app).as_string())
    )
    return SQL(filled)


def _whoami(conn: Connection[Any]) -> str:
    row = conn.execute("SELECT current_user").fetchone()
    assert row is not None
    return str(row[0])
