"""The command line: everything an operator can ask of the program."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.request import urlopen

import click
import psycopg
import uvicorn
from psycopg.sql import SQL, Identifier

from projections import log
from service import (
    administration,
    assignment_commands,
    embedded,
    emigration,
    evidence_commands,
    following,
    ledger,
    ledger_commands,
    reads,
    roles,
    rotation,
    traces,
)
from service.exchange.commands import importing
from service.mendable import said_plainly
from service.migrate import MigrationError, migrate, pending
from service.moving import moving_command
from service.rulebook.commands import juknis_group
from service.settings import Settings, load
from service.tenants import Tenant, tenants

HEALTH = "/health"
"""Answers 200 as soon as requests are served; asks nothing of whoever calls."""

CATCHING_UP_SECONDS = 2


def _silently(_line: str) -> None:
    """Where nobody waits for an answer."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Dampingi: daftar siapa perlu didampingi, oleh siapa, mulai kapan, dan mengapa."""


@main.command("migrate")
@said_plainly
def migrate_command() -> None:
    """Menyiapkan atau memperbarui tabel setiap kabupaten."""
    settings = load()
    for name, applied in bring_up_to_date(settings, partial(click.echo, err=True)):
        click.echo(f"{name}: {', '.join(applied) or 'sudah yang terbaru'}")


@main.command()
@click.option("--host", help="Alamat untuk didengarkan (DAMPINGI_HOST).")
@click.option("--port", type=int, help="Porta (DAMPINGI_PORT).")
@click.option("--workers", type=click.IntRange(1, 8), default=1, show_default=True, help="Banyaknya proses.")
@said_plainly
def serve(host: str | None, port: int | None, workers: int) -> None:
    """Melayani halaman dan API."""
    following.juknis()  # a mistake in it is said here, not in a traceback of the web server
    settings = load()
    if settings.database_url is None:
        bring_up_to_date(settings)
    else:
        refuse_yesterdays_tables(settings)
    rotation.refuse_wrong_key(settings)
    uvicorn.run(
        "service.app:create",
        factory=True,
        host=host or settings.host,
        port=port or settings.port,
        workers=workers,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


@main.command()
@click.option("--once", is_flag=True, help="Mutakhirkan sekali saja, lalu berhenti.")
@said_plainly
def follow(once: bool) -> None:
    """Memutakhirkan daftar setiap kali ada catatan baru."""
    settings = load()
    if settings.database_url is None:
        bring_up_to_date(settings)
    else:
        refuse_yesterdays_tables(settings)
    rotation.refuse_wrong_key(settings)
    following.follow(settings, once)


@main.command()
@said_plainly
def demo() -> None:
    """Menyiapkan satu kecamatan contoh dan melayaninya: semua yang perlu untuk mencoba."""
    from service import demo as contoh  # only the demo extra carries the made-up names

    settings = load()
    bring_up_to_date(settings)
    contoh.run(settings, next(iter(tenants(settings, embedded.dsn(settings)).values())))


@main.group()
def health() -> None:
    """Apakah bagian ini bekerja? Untuk pemeriksaan berkala; kode keluar 0 berarti ya."""


@health.command("service")
@said_plainly
def service_health() -> None:
    """Apakah halaman dan API menjawab?"""
    port = load().port
    try:
        with urlopen(f"http://127.0.0.1:{port}{HEALTH}", timeout=3) as answer:
            click.echo(f"menjawab {answer.status}")
    except OSError as problem:
        raise click.ClickException(f"tidak menjawab di porta {port}: {problem}") from None


@health.command("follower")
@said_plainly
def follower_health() -> None:
    """Apakah daftar mengikuti catatan? Ya, bila tidak tertinggal atau sedang mengejar."""
    settings = load()
    for tenant in tenants(settings, embedded.dsn(settings)).values():
        with psycopg.connect(tenant.dsn, autocommit=True) as conn:
            behind = _behind(conn, tenant)
            if behind > 0:
                time.sleep(CATCHING_UP_SECONDS)
                if _behind(conn, tenant) >= behind:
                    raise click.ClickException(f"{tenant.name}: daftar tertinggal {behind} catatan dan tidak bergerak")
    click.echo("mengikuti")


def _behind(conn: psycopg.Connection[Any], tenant: Tenant) -> int:
    """Events that the slowest projection has not read. One that is parked needs a person, and is not healthy."""
    table = Identifier(tenant.schema, "follower")
    rows = conn.execute(SQL("SELECT name, position, error FROM {}").format(table)).fetchall()
    for name, _, error in rows:
        if error is not None:
            raise click.ClickException(f"{tenant.name}: {name} berhenti: {error}")
    if (broken := ledger.error(conn, tenant.schema)) is not None:
        raise click.ClickException(f"{tenant.name}: buku catatan tidak lagi ditandatangani: {broken}")
    return log.head(conn, tenant.schema) - min((position for _, position, _ in rows), default=0)


@main.command()
@said_plainly
def stop() -> None:
    """Menghentikan PostgreSQL bawaan; datanya tetap tersimpan."""
    folder = load().data_dir
    click.echo("PostgreSQL dihentikan." if embedded.stop(folder) else "PostgreSQL memang tidak sedang berjalan.")


def bring_up_to_date(settings: Settings, say: Callable[[str], None] = _silently) -> list[tuple[str, tuple[str, ...]]]:
    """Make the roles that are missing and migrate every tenant; returns what was applied to which."""
    served = list(tenants(settings, embedded.owner_dsn(settings)).values())
    named = embedded.app_role(settings)
    done = []
    for dsn in dict.fromkeys(tenant.dsn for tenant in served):
        with psycopg.connect(dsn) as conn:
            made = roles.prepare(conn, named, settings.db_password, settings.reader_password)
            for tenant in (tenant for tenant in served if tenant.dsn == dsn):
                done.append((tenant.name, migrate(conn, tenant.schema, made.service)))
                reads.make_ahead(conn, tenant.schema, settings.months_ahead)
                roles.grant(conn, tenant.schema, made.service, made.reader)
                conn.commit()
        for line in roles.said(made):
            say(line)
    return done


def refuse_yesterdays_tables(settings: Settings) -> None:
    """On a server, tables change when the operator says so, not when a service happens to start."""
    for tenant in tenants(settings, embedded.dsn(settings)).values():
        with psycopg.connect(tenant.dsn) as conn:
            if missing := pending(conn, tenant.schema):
                raise MigrationError(f"{tenant.name}: {', '.join(missing)} belum dijalankan; jalankan dampingi migrate")


_FILES = (
    administration, assignment_commands, emigration, evidence_commands, following, ledger_commands, rotation, traces,
)  # fmt: skip
for command in (importing, juknis_group, moving_command, *(one for file in _FILES for one in file.COMMANDS)):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="dampingi")
