"""Many cases at once into another posyandu, when posyandu are merged or split: `dampingi pindahkan`.

Each goes through the ordinary write path as one accepted transfer that nobody asked for, with its reason, under an
entry number made of the case, where it was and where it goes. A run that was killed is begun again and goes on.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal, get_args
from uuid import UUID, uuid5

import click
import psycopg
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain import stories
from domain.case import Case, Command, Refused
from domain.person import AcceptTransfer, Person
from domain.refusals import refusal
from projections import log
from service import embedded, following
from service.access import Units
from service.accounts import Accounts
from service.exchange.rejected import Aside, beside
from service.exchange.rows import FileError
from service.handle import Actor, Asked, Submitted, record
from service.sealing import Sealing
from service.settings import SettingsError, load, master_key
from service.store import Store, connect
from service.tenants import tenants

Reason = Literal["posyandu-digabung", "posyandu-dipecah", "lain"]

BATCH = 250
"""Cases of one commit."""

COLUMNS = ("case_id", "posyandu")

_ENTRIES = UUID("4c0f6f0e-6d0b-4a59-9a7e-0b9d0d6a3c52")


class Wanted(Struct, frozen=True):
    """A case and the posyandu that it shall belong to, as they are written."""

    case: str
    posyandu: str


class Moved(Struct, frozen=True):
    """What became of a case that was to be moved. `why` says what a person needs to act; empty where all is well."""

    wanted: Wanted
    outcome: Literal["moved", "there", "refused"]
    why: str = ""


def cases_of(conn: Connection[object], schema: str, posyandu: str) -> list[UUID]:
    """The children and mothers of a posyandu whose cases still make work."""
    text = SQL("SELECT case_id FROM {} WHERE posyandu = %s AND state = 'active' AND kind = ANY(%s) ORDER BY case_id")
    rows = conn.execute(text.format(Identifier(schema, "people")), [posyandu, ["child", "pregnancy"]]).fetchall()
    return [row[0] for row in rows]  # type: ignore[index]


def families_of(conn: Connection[object], schema: str, posyandu: str) -> int:
    """How many families stay behind: a family has no transfer."""
    text = SQL("SELECT count(*) FROM {} WHERE posyandu = %s AND state = 'active' AND kind = 'family'")
    row = conn.execute(text.format(Identifier(schema, "people")), [posyandu]).fetchone()
    return int(row[0]) if row else 0  # type: ignore[index]


def move(
    store: Store, units: Units, kabupaten: str, wanted: Sequence[Wanted], reason: Reason, at: datetime
) -> Iterator[Moved]:
    """Move them, so many to a commit, and say of each what became of it. Where a case is, is asked of its story."""
    for first in range(0, len(wanted), BATCH):
        yield from _move(store, units, kabupaten, wanted[first : first + BATCH], reason, at)


def _move(
    store: Store, units: Units, kabupaten: str, some: Sequence[Wanted], reason: Reason, at: datetime
) -> Iterator[Moved]:
    numbers = [_number(one.case) for one in some]
    with store.pool.connection() as conn:
        told = log.stories(conn, store.schema, {number for number in numbers if number is not None})
    asked: dict[int, Asked] = {}
    found: dict[int, Moved] = {}
    for place, (one, number) in enumerate(zip(some, numbers, strict=True)):
        state = None if number is None else stories.fold(told[number])
        if number is None or not isinstance(state, Person):
            found[place] = Moved(one, "refused", refusal("no-such-case"))
        elif state.posyandu == one.posyandu:
            found[place] = Moved(one, "there")
        elif one.posyandu not in units or units[one.posyandu].kind != "posyandu":
            found[place] = Moved(one, "refused", refusal("no-such-posyandu"))
        elif not state.active:
            found[place] = Moved(one, "refused", "Kasus ini sudah selesai; tidak dipindahkan.")
        else:
            asked[place] = _asked(store, units, kabupaten, number, state, one.posyandu, reason, at)
    for place, answer in zip(asked, record(store, list(asked.values())) if asked else (), strict=True):
        well = answer.outcome in ("recorded", "already")
        found[place] = Moved(some[place], "moved") if well else Moved(some[place], "refused", answer.says or "")
    yield from (found[place] for place in range(len(some)))


def _asked(
    store: Store,
    units: Units,
    kabupaten: str,
    number: UUID,
    person: Person,
    to: str,
    reason: Reason,
    at: datetime,
) -> Asked:
    # How often it moved before is part of the number: a case may come back, and go the same way again.
    entry = uuid5(_ENTRIES, f"{number} {person.posyandu} {to} {len(person.former)}")
    today = at.astimezone(store.clock).date()
    command = AcceptTransfer(on=today, desa=units[to].parent or "", posyandu=to, reason=reason)
    by = Actor("operator", "kabupaten", kabupaten, partial(_may, person.posyandu))
    return Asked(Submitted(entry, number, command), by, at)


def _may(out_of: str, command: Command, state: Case | None) -> None:
    """Only this, and only out of where the case was when it was chosen: somebody may have moved it meanwhile."""
    if not isinstance(command, AcceptTransfer) or command.reason is None:
        raise Refused("not-allowed")
    if state is None or state.posyandu != out_of:
        raise Refused("stale")


def _number(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# The command


@click.command("pindahkan")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dari", help="Kode posyandu lama; semua kasusnya yang masih berjalan dipindahkan.")
@click.option("--ke", help="Kode posyandu baru.")
@click.option(
    "--alasan", type=click.Choice(get_args(Reason)), default="posyandu-digabung", show_default=True, help="Mengapa."
)
@click.option("--kabupaten", help="Kode kabupaten, bila lebih dari satu dilayani.")
def moving_command(file: Path | None, dari: str | None, ke: str | None, alasan: Reason, kabupaten: str | None) -> None:
    """Memindahkan banyak kasus ke posyandu lain: dengan --dari dan --ke, atau dari FILE csv case_id;posyandu.

    Boleh diulang: yang sudah pindah tidak dicatat dua kali. Bila terhenti, jalankan lagi dengan isian yang sama.
    """
    if (file is None) == (dari is None) or (dari is None) != (ke is None):
        raise click.ClickException("Isi --dari dan --ke, atau FILE; salah satu saja.")
    try:
        with _store(kabupaten) as (store, units, code, up_to_date):
            up_to_date()
            wanted = _of_file(file) if file is not None else _of_posyandu(store, units, dari or "", ke or "")
            source = file or Path(f"pindah-{dari}-ke-{ke}.csv")
            with closing(Aside(beside(source, "ditolak"), "alasan")) as aside:
                said = _moved(move(store, units, code, wanted, alasan, datetime.now(store.clock)), len(wanted), aside)
            up_to_date()
    except (SettingsError, FileError, embedded.EmbeddedError) as problem:
        raise click.ClickException(str(problem)) from None
    except psycopg.OperationalError as problem:
        raise click.ClickException(f"PostgreSQL: {problem}") from None
    click.echo(said)


def _moved(moving: Iterator[Moved], count: int, aside: Aside) -> str:
    """Watch it being done. What was refused is put aside with the reason."""
    counted = {"moved": 0, "there": 0, "refused": 0}
    aside.titles(COLUMNS)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("memindahkan", total=count)
        for one in moving:
            counted[one.outcome] += 1
            if one.outcome == "refused":
                aside.line((one.wanted.case, one.wanted.posyandu), one.why)
            progress.advance(task)
    said = f"{counted['moved']} kasus dipindahkan, {counted['there']} sudah di sana, {counted['refused']} ditolak"
    return f"{said}, lihat {aside.path}" if aside.count else said


def _of_posyandu(store: Store, units: Units, out_of: str, to: str) -> list[Wanted]:
    if to not in units or units[to].kind != "posyandu":
        raise click.ClickException(f"Tidak ada posyandu {to}; catat dulu dengan dampingi units")
    with store.pool.connection() as conn:
        cases, families = cases_of(conn, store.schema, out_of), families_of(conn, store.schema, out_of)
    if families:
        click.echo(f"{families} keluarga tetap di {out_of}: kasus keluarga tidak dapat dipindahkan.", err=True)
    return [Wanted(str(case), to) for case in cases]


def _of_file(file: Path) -> list[Wanted]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.DictReader(text, delimiter=";")
        if not set(COLUMNS) <= set(rows.fieldnames or ()):
            raise click.ClickException(f"Baris pertama harus: {';'.join(COLUMNS)}")
        return [Wanted((row["case_id"] or "").strip(), (row["posyandu"] or "").strip()) for row in rows]


@contextmanager
def _store(kabupaten: str | None) -> Iterator[tuple[Store, Units, str, Callable[[], None]]]:
    """The kabupaten to write into, and how to bring its lists to the end of its log."""
    settings = load()
    served = tenants(settings, embedded.dsn(settings))
    tenant = served.get(kabupaten or next(iter(served)))
    if tenant is None:
        raise click.ClickException(f"Kabupaten {kabupaten} tidak dilayani di sini")
    sealing = Sealing(master_key(settings), tenant.schema)
    followed = following.followed(tenant, sealing)
    with connect(tenant.dsn, 1, 2, settings.statement_seconds, settings.lock_seconds) as pool:

        def up_to_date() -> None:
            following.catch_up(tenant.dsn, followed, settings.follow_events)
            with pool.connection() as conn:  # a follower that is running may be at it
                if not log.wait_for(conn, tenant.schema, log.head(conn, tenant.schema), 60):
                    raise click.ClickException("Daftar tertinggal. Jalankan dampingi follow, lalu ulangi.")

        store = Store(
            pool, tenant.schema, sealing, tenant.zone, lambda on: following.juknis().book(on).protocol.edition
        )
        yield store, Accounts(pool, tenant).units(), tenant.code, up_to_date
