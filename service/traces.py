"""What is left of a forgotten person in the files of the database, and how it goes.

A row that was replaced stays in its file until something overwrites it, PostgreSQL's statistics quote common values,
and its write-ahead log holds pages as they were. All lists are therefore written anew beside the old ones, what cannot
be made anew is rewritten, and the write-ahead log is begun afresh.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, LiteralString

import click
import psycopg
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL, Identifier

from projections import rebuild
from service import embedded, rewriting
from service.following import catch_up, followed, progressing
from service.mendable import said_plainly
from service.sealing import sealing_of
from service.settings import Settings, load
from service.tenants import Tenant, tenants


@click.command("bersihkan-jejak")
@click.option("--lagi", is_flag=True, help="Juga bila tidak ada yang dihapus sejak terakhir kali.")
@said_plainly
def clean_command(lagi: bool) -> None:
    """Menghilangkan sisa identitas yang sudah dihapus dari berkas basis data. Layanan boleh tetap berjalan."""
    settings = load()
    served = tenants(settings, embedded.dsn(settings))
    cleaned = {code: upto for code, tenant in served.items() if (upto := _lists(settings, tenant, lagi)) is not None}
    owners = tenants(settings, embedded.owner_dsn(settings))
    for dsn in {owners[code].dsn for code in cleaned}:
        with psycopg.connect(dsn, autocommit=True) as conn:
            _files(conn, [owners[code].schema for code in cleaned if owners[code].dsn == dsn])
    for code, upto in cleaned.items():
        with psycopg.connect(served[code].dsn, autocommit=True) as conn:
            conn.execute(_sql(served[code].schema, _CLEANED), {"upto": upto})
    for code, tenant in served.items():
        click.echo(_said(tenant, cleaned.get(code)))


def _lists(settings: Settings, tenant: Tenant, again: bool) -> datetime | None:
    """Write all lists of a kabupaten anew. Returns the newest erasure they are now clean of; None where none is new."""
    with psycopg.connect(tenant.dsn, autocommit=True) as conn:
        erased, known, size = conn.execute(_sql(tenant.schema, _STANDING)).fetchone() or (None, None, 0)
    if erased is None or (erased == known and not again):
        return None
    lists = followed(tenant, sealing_of(settings, tenant.schema))
    catch_up(tenant.dsn, lists, settings.follow_events)
    with psycopg.connect(tenant.dsn, autocommit=True) as conn, progressing(size, tenant.name) as told:
        rebuild.rebuild(tenant.dsn, lists, lists.book(conn), lists.projections, told)
    upto: datetime = erased
    return upto


def _files(conn: Connection[Any], schemas: list[str]) -> None:
    """What no list is made of, by the owner of the database: keys as they were, statistics, the write-ahead log."""
    tables = [*map(rewriting.keys, schemas), rewriting.STATISTICS]
    rewriting.refuse_strangers(conn, tables)
    for table in tables:
        rewriting.rewrite(conn, table)
    try:
        conn.execute("CHECKPOINT")
        conn.execute("SELECT pg_switch_wal()")
        conn.execute("CHECKPOINT")
    except InsufficientPrivilege as problem:
        raise click.ClickException(
            f"Daftar sudah bersih, berkas PostgreSQL belum: {problem.diag.message_primary}. Minta pengelola PostgreSQL"
            " menjalankan: VACUUM FULL pg_statistic; CHECKPOINT; SELECT pg_switch_wal(); CHECKPOINT;"
            " lalu jalankan perintah ini lagi sebagai pemilik basis data."
        ) from None


def _said(tenant: Tenant, upto: datetime | None) -> str:
    with psycopg.connect(tenant.dsn, autocommit=True) as conn:
        known = (conn.execute(_sql(tenant.schema, _STANDING)).fetchone() or (None, None, 0))[1]
    if known is None:
        return f"{tenant.name}: belum ada identitas yang dihapus"
    until = f"bersih sampai penghapusan {known.astimezone(tenant.zone):%Y-%m-%d %H:%M}"
    return f"{tenant.name}: {until}" if upto is not None else f"{tenant.name}: sudah {until}"


_STANDING: LiteralString = """
SELECT (SELECT max(destroyed_at) FROM {person_key}), (SELECT erased_at FROM {cleaned}), (SELECT last FROM {head})
"""

_CLEANED: LiteralString = """
INSERT INTO {cleaned} (erased_at, cleaned_at)
VALUES (%(upto)s, clock_timestamp())
ON CONFLICT (sole) DO UPDATE SET erased_at = excluded.erased_at, cleaned_at = excluded.cleaned_at
"""


@lru_cache(maxsize=1024)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("person_key", "cleaned", "head")}
    return SQL(text).format(**names).as_bytes()


COMMANDS = (clean_command,)
