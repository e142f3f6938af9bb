"""Whose hands the database knows: the owner makes the tables, the service works on them, the reader looks and no more.

`dampingi migrate` makes the two that are missing and says anew what each may do, so that nobody has to by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier, Literal

from projections.projection import READER

_LOOK: LiteralString = "SELECT"
_ADD: LiteralString = "SELECT, INSERT"
_CHANGE: LiteralString = "SELECT, INSERT, UPDATE"
_ALL: LiteralString = "SELECT, INSERT, UPDATE, DELETE"

MAY: Mapping[str, LiteralString] = {
    "migration": _LOOK,
    "events": _ADD,
    "entries": _ADD,
    "reads": _ADD,
    "emergency_tries": _ADD,
    "assignments": _ADD,
    "assignment_ends": _ADD,
    "checkpoints": _ADD,
    "units_said": _ADD,
    "head": "SELECT, UPDATE",
    "ledger": "SELECT, UPDATE",
    "person_key": _CHANGE,
    "kept_secret": _CHANGE,
    "cleaned": _CHANGE,
    "checkpoint_outlets": _CHANGE,
    "policies": _CHANGE,
    "tokens": _CHANGE,
    "webhooks": _CHANGE,
    "dead_letters": _CHANGE,
    "tiles": _ALL,
    "follower": _ALL,
    "units": _ALL,
    "accounts": _ALL,
    "posts": _ALL,
    "sessions": _ALL,
    "failed_sign_ins": _ALL,
}
"""What the service may do to each lasting table. Where it may not UPDATE or DELETE, the table is append-only to it.

A part of a table is reached through the whole only: on the parts themselves it may do nothing.
"""

READABLE = (
    "events", "entries", "head", "reads", "emergency_tries", "assignments", "assignment_ends", "follower", "migration",
    "units", "units_said", "tiles", "ledger", "checkpoints", "checkpoint_outlets",
)  # fmt: skip
"""What the reader may see: the log with the identities sealed, who looked, and how far the lists are. No keys of
persons, no passwords, sessions or tokens, and none of the lists that have names in them. Of the others each list says
itself which columns are for everybody (`Table.public`)."""


class CannotMakeRoles(Exception):
    """Whoever migrates may not make roles. The message holds what an administrator of the database has to run."""


class Roles(Struct, frozen=True):
    """The roles of one installation."""

    owner: str
    service: str
    reader: str
    made: tuple[str, ...] = ()
    alone: bool = False
    """The service can do all that the owner can, so nothing keeps it from changing its own log."""


def prepare(
    conn: Connection[Any], service: str | None, password: str | None = None, reader_password: str | None = None
) -> Roles:
    """Make the service's and the reader's role where they are missing: both, or neither.

    Without CREATEROLE a missing service stops everything, with the SQL to be run; a missing reader only is left out.
    """
    owner = _one(conn, "SELECT current_user")
    service = service or owner
    reader = service + READER
    missing = [name for name in (service, reader) if not _is_there(conn, name)]
    if missing and not _may_make(conn):
        if service in missing:
            raise CannotMakeRoles(_for_an_administrator(owner, missing, reader))
        missing = []
    made = []
    with conn.transaction():
        for name in missing:
            made += _make(conn, name, password if name == service else reader_password, login=name == service)
    return Roles(owner, service, reader if _is_there(conn, reader) else "", tuple(made), _same(conn, owner, service))


def grant(conn: Connection[Any], schema: str, service: str, reader: str = "") -> None:
    """Say of every lasting table what the service and the reader may do; everybody else may do nothing."""
    conn.execute(_sql("REVOKE ALL ON SCHEMA {s} FROM PUBLIC", schema))
    conn.execute(_sql("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {s} FROM PUBLIC", schema))
    there = {name for (name,) in conn.execute(_TABLES, [schema])}
    for name in sorted(there):
        conn.execute(_sql("REVOKE ALL ON {t} FROM PUBLIC", schema, name))
    if service != _one(conn, "SELECT current_user"):
        conn.execute(_sql("GRANT USAGE, CREATE ON SCHEMA {s} TO {to}", schema, to=service))
        conn.execute(_sql("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {s} TO {to}", schema, to=service))
        for name in sorted(there & MAY.keys()):
            conn.execute(_sql("REVOKE ALL ON {t} FROM {to}", schema, name, service))
            conn.execute(_sql("GRANT " + MAY[name] + " ON {t} TO {to}", schema, name, service))
        for (part,) in conn.execute(_PARTS, [schema]).fetchall():
            conn.execute(_sql("REVOKE ALL ON {t} FROM {to}", schema, part, service))
    if reader:
        conn.execute(_sql("GRANT USAGE ON SCHEMA {s} TO {to}", schema, to=reader))
        for name in sorted(there.intersection(READABLE)):
            conn.execute(_sql("GRANT SELECT ON {t} TO {to}", schema, name, reader))


def said(roles: Roles) -> list[str]:
    """What the operator should know of them, one line each."""
    lines = [f"peran {name} dibuat" for name in roles.made]
    if not roles.reader:
        missing = roles.service + READER
        lines.append(
            f"Peran pembaca {missing} belum ada dan peran {roles.owner} tidak boleh membuatnya. Bila perlu, mintalah "
            f"pengelola PostgreSQL menjalankan: {_create(missing, login=False)} Sesudah itu: dampingi migrate"
        )
    if roles.alone:
        lines.append(
            f"Perhatian: layanan bekerja sebagai {roles.service}, yang berkuasa atas tabelnya sendiri, jadi layanan "
            "dapat mengubah catatannya sendiri. Untuk memisahkan: isi DATABASE_OWNER_URL dengan peran pemilik tabel "
            "dan DATABASE_URL dengan peran lain, misalnya dampingi, lalu jalankan dampingi migrate sekali lagi."
        )
    return lines


def _make(conn: Connection[Any], name: str, password: str | None, login: bool) -> list[str]:
    """Two starts at once may both find it missing: the one that comes second has made nothing."""
    try:
        with conn.transaction():
            conn.execute(SQL("CREATE ROLE {} {}").format(Identifier(name), SQL("LOGIN" if login else "NOLOGIN")))
            if password:
                # Worked out here, so that the server's own log never holds the password itself.
                secret = conn.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
                conn.execute(SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(Identifier(name), Literal(secret)))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return []
    return [name]


def _for_an_administrator(owner: str, missing: list[str], reader: str) -> str:
    wanted = " ".join(_create(name, login=name != reader) for name in missing)
    return (
        f"Peran {owner} tidak boleh membuat peran lain, dan belum ada yang diubah. "
        f"Mintalah pengelola PostgreSQL menjalankan: {wanted} Sesudah itu: dampingi migrate"
    )


def _create(name: str, login: bool) -> str:
    quoted = Identifier(name).as_string()
    return f"CREATE ROLE {quoted} LOGIN PASSWORD '...';" if login else f"CREATE ROLE {quoted} NOLOGIN;"


def _is_there(conn: Connection[Any], name: str) -> bool:
    return conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone() is not None


def _may_make(conn: Connection[Any]) -> bool:
    return bool(_one(conn, "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"))


def _same(conn: Connection[Any], owner: str, service: str) -> bool:
    asked = "SELECT rolsuper OR pg_has_role(rolname, %s::name, 'MEMBER') FROM pg_roles WHERE rolname = %s"
    row = conn.execute(asked, [owner, service]).fetchone()
    return bool(row and row[0])


def _one(conn: Connection[Any], query: LiteralString) -> Any:
    row = conn.execute(query).fetchone()
    assert row is not None
    return row[0]


_TABLES: LiteralString = """
SELECT relname
FROM pg_class
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)
  AND relkind IN ('r', 'p')
  AND pg_has_role(relowner, 'USAGE')
"""

_PARTS: LiteralString = _TABLES + " AND relispartition"


def _sql(text: LiteralString, schema: str, table: str = "", to: str = "") -> Composed:
    return SQL(text).format(s=Identifier(schema), t=Identifier(schema, table or "-"), to=Identifier(to or "-"))
