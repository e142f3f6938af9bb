"""The follower of this installation: which kabupaten it follows, by which book, and its commands."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from functools import cache
from threading import Event as Flag
from threading import Thread
from typing import Any, Final

import click
import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Identifier
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain.protocol import Book
from projections import follow as projecting
from projections import ledger as trees
from projections import log, rebuild
from projections.follow import Followed
from projections.growth import Growth
from projections.people import People
from projections.pmt import Pmt
from projections.queue import Queue
from projections.referral import Referrals
from projections.whereabouts import Whereabouts
from service import embedded, ledger, outlets, policies, webhooks
from service.accounts import Accounts
from service.juknis import Juknis, read_juknis
from service.sealing import Sealing, sealing_of
from service.settings import Settings, load, root, signing_key
from service.store import Store, connect
from service.tenants import Tenant, tenants
from service.watched import Watched

SWITCH_SECONDS: Final = 0.0001
"""So long a thread keeps the interpreter while the follower waits for it, which it does many times a batch. The lists
must be ahead of what is worked out beside them, such as a year of entries looked through for patterns."""


@cache
def juknis() -> Juknis:
    """What the programme decided, read once in a process."""
    return read_juknis(root() / "juknis")


def book(conn: Connection[Any], tenant: Tenant) -> Book:
    """What the lists of today rest on: the edition in force, and the days on which the posyandu meet."""
    query = SQL("SELECT code, session_day FROM {} WHERE session_day IS NOT NULL")
    days = dict(conn.execute(query.format(Identifier(tenant.schema, "units"))).fetchall())
    return juknis().book(datetime.now(tenant.zone).date(), days)


def followed(tenant: Tenant, sealing: Sealing) -> Followed:
    """A kabupaten with its projections."""
    return Followed(
        tenant.schema,
        (Queue(), People(sealing.nik_hash), Growth(), Pmt(), Referrals(), Whereabouts()),
        sealing.open_many,
        lambda conn: book(conn, tenant),
    )


def all_followed(settings: Settings, dsn: str) -> dict[str, list[Followed]]:
    """Every kabupaten by the database it lives in."""
    places: dict[str, list[Followed]] = {}
    for tenant in tenants(settings, dsn).values():
        places.setdefault(tenant.dsn, []).append(followed(tenant, sealing_of(settings, tenant.schema)))
    return places


def follow(settings: Settings, once: bool) -> None:
    """Follow until told to stop, or `once` as far as the log goes. Lists made by old rules are built anew first."""
    signing_key(settings)  # without it nothing that is recorded could be proven, so it is said at once
    places = all_followed(settings, embedded.dsn(settings))
    if once:
        for dsn, tenants_there in places.items():
            for tenant in tenants_there:
                catch_up(dsn, tenant, settings.follow_events)
            with watched(settings, dsn) as watching:
                asked = {schema for schema, one in watching.items() if policies.look(one)}
            for tenant in tenants_there:
                if tenant.schema in asked:
                    catch_up(dsn, tenant, settings.follow_events)
            with _ledgers(settings, dsn) as (keeping, sending), outlets.calling(sending) as client:
                for schema in keeping:
                    ledger.work(keeping[schema])
                    outlets.send(sending[schema], client)
        return
    stop = until_told()
    sys.setswitchinterval(SWITCH_SECONDS)
    with ExitStack() as watching_all:
        for dsn in places:
            watching_all.enter_context(_policies(settings, dsn, stop))
            watching_all.enter_context(_webhooks(settings, dsn, stop))
            watching_all.enter_context(_bookkeeping(settings, dsn, stop))
        projecting.run_all(
            places, stop, rebuilding, events=settings.follow_events, sweep_seconds=settings.sweep_seconds
        )


def _served(settings: Settings, dsn: str) -> Iterator[Tenant]:
    """The kabupaten of one database."""
    return (t for t in tenants(settings, embedded.dsn(settings)).values() if t.dsn == dsn)


@contextmanager
def watched(settings: Settings, dsn: str) -> Iterator[dict[str, Watched]]:
    """The kabupaten of a database as the policies see them, by schema."""
    with connect(dsn, 1, 2, settings.statement_seconds, settings.lock_seconds) as pool:
        yield {
            t.schema: Watched(
                Store(pool, t.schema, sealing_of(settings, t.schema), t.zone, edition),
                Accounts(pool, t),
                juknis().book,
            )
            for t in _served(settings, dsn)
        }


def edition(on: date) -> str:
    """Of the juknis in force on a day."""
    return juknis().book(on).protocol.edition


@contextmanager
def _webhooks(settings: Settings, dsn: str, stop: Flag) -> Iterator[None]:
    """Call other systems beside whatever is done within, and end with it."""
    with connect(dsn, 1, 2, settings.statement_seconds, settings.lock_seconds) as pool:
        calling = {t.schema: webhooks.Webhooks(pool, t, sealing_of(settings, t.schema)) for t in _served(settings, dsn)}
        with _beside(webhooks.run, dsn, calling, stop):
            yield


@contextmanager
def _ledgers(settings: Settings, dsn: str) -> Iterator[tuple[dict[str, ledger.Ledger], dict[str, outlets.Outlets]]]:
    """The ledgers of a database and where their checkpoints go, by schema."""
    with connect(dsn, 1, 2, settings.statement_seconds, settings.lock_seconds) as pool:
        served = list(_served(settings, dsn))
        yield (
            {t.schema: ledger.open_ledger(pool, settings, t) for t in served},
            {t.schema: outlets.open_outlets(pool, settings, t.schema) for t in served},
        )


@contextmanager
def _bookkeeping(settings: Settings, dsn: str, stop: Flag) -> Iterator[None]:
    """Keep the ledgers and send their checkpoints beside whatever is done within, and end with it."""
    with (
        _ledgers(settings, dsn) as (keeping, sending),
        _beside(ledger.run, dsn, keeping, stop),
        _beside(outlets.run, dsn, sending, stop),
    ):
        yield


@contextmanager
def _policies(settings: Settings, dsn: str, stop: Flag) -> Iterator[None]:
    """Watch beside whatever is done within, and end with it."""
    with watched(settings, dsn) as watching, _beside(policies.run, dsn, watching, stop):
        yield


@contextmanager
def _beside(work: Callable[..., None], dsn: str, places: Any, stop: Flag) -> Iterator[None]:
    thread = Thread(target=work, args=(dsn, places, stop), name=work.__module__, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def until_told() -> Flag:
    """The batch at work is finished before the process ends."""
    stop = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def catch_up(dsn: str, tenant: Followed, events: int = 1000) -> None:
    """Bring the lists of one kabupaten up to the end of its log."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        today = tenant.book(conn)
        stale = projecting.prepare(conn, tenant, today)
        if stale:
            rebuilding(dsn)(conn, tenant, today, stale)
        projecting.Follower(tenant, today, events).catch_up(conn)


def rebuilding(dsn: str) -> projecting.Rebuild:
    def build(conn: Connection[Any], tenant: Followed, today: Book, stale: Any) -> None:
        with progressing(log.head(conn, tenant.schema), f"menyusun ulang {tenant.schema}") as told:
            rebuild.rebuild(dsn, tenant, today, stale, told)

    return build


@click.command("rebuild")
@click.option("--processes", type=click.IntRange(1, 16), default=1, show_default=True, help="Banyaknya proses.")
def rebuild_command(processes: int) -> None:
    """Menyusun ulang semua daftar dan buku dari catatan, di samping daftar yang sedang dipakai."""
    for dsn, places in all_followed(load(), _dsn()).items():
        for tenant in places:
            with psycopg.connect(dsn, autocommit=True) as conn:
                today = tenant.book(conn)
                projecting.prepare(conn, tenant, today)
                size = log.head(conn, tenant.schema)
            with progressing(size, tenant.schema) as told:
                position = rebuild.rebuild(dsn, tenant, today, tenant.projections, told, processes)
            with psycopg.connect(dsn, autocommit=True) as conn, progressing(size, f"buku {tenant.schema}") as told:
                trees.rebuild(conn, tenant.schema, told)
            click.echo(f"{tenant.schema}: {position} catatan, daftar dan buku tersusun ulang")


@click.command("check")
@click.option("--processes", type=click.IntRange(1, 16), default=1, show_default=True, help="Banyaknya proses.")
def check_command(processes: int) -> None:
    """Membandingkan daftar yang dipakai dengan hasil menyusun ulang, baris demi baris; kode keluar 1 bila berbeda."""
    wrong = 0
    for dsn, places in all_followed(load(), _dsn()).items():
        for tenant in places:
            with psycopg.connect(dsn, autocommit=True) as conn:
                today = tenant.book(conn)
                size = log.head(conn, tenant.schema)
            with progressing(size, tenant.schema) as told:
                found = rebuild.check(dsn, tenant, today, told, processes=processes)
            wrong += len(found)
            for one in found:
                where = "hanya di daftar yang dipakai" if one.live else "hanya di hasil susun ulang"
                click.echo(f"{tenant.schema}.{one.table}: kasus {one.case}, {where}", err=True)
    if wrong:
        raise click.ClickException("Daftar berbeda dari catatan. Jalankan: dampingi rebuild")
    click.echo("Daftar sama dengan catatan, baris demi baris.")


def _dsn() -> str:
    return embedded.dsn(load())


@contextmanager
def progressing(size: int, what: str) -> Iterator[Callable[[int], None]]:
    """A bar for what may take long, shown only where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=size)
        yield lambda done: progress.advance(task, done)


COMMANDS = (rebuild_command, check_command)
