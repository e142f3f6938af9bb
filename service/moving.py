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
from typing import Any, Literal, get_args
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
from service.administration import chosen, kabupaten_option
from service.exchange.rejected import Aside, beside
from service.exchange.rows import FileError
from service.handle import Actor, Answer, Asked, Submitted, record
from service.sealing import sealing_of
from service.settings import SettingsError
from service.store import Store, connect

Reason = Literal["posyandu-digabung", "posyandu-dipecah", "lain"]

BATCH = 250
"""Cases of one commit."""

STANDSTILL_SECONDS = 30

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


def cases_of(conn: Connection[Any], schema: str, posyandu: str) -> list[UUID]:
    """The children and mothers of a posyandu whose cases still make work."""
    text = SQL("SELECT case_id FROM {} WHERE posyandu = %s AND state = 'active' AND kind = ANY(%s) ORDER BY case_id")
    rows = conn.execute(text.format(Identifier(schema, "people")), [posyandu, ["child", "pregnancy"]]).fetchall()
    return [row[0] for row in rows]


def families_of(conn: Connection[Any], schema: str, posyandu: str) -> int:
    """How many families stay behind: a family has no transfer."""
    text = SQL("SELECT count(*) FROM {} WHERE posyandu = %s AND state = 'active' AND kind = 'family'")
    row = conn.execute(text.format(Identifier(schema, "people")), [posyandu]).fetchone()
    return int(row[0]) if row else 0


class Errand(Struct, frozen=True):
    """What is the same for all cases of a run."""

    store: Store
    units: Units
    kabupaten: str
    reason: Reason
    at: datetime


def move(errand: Errand, wanted: Sequence[Wanted]) -> Iterator[Moved]:
    """Move them, so many to a commit, and say of each what became of it. Where a case is, is asked of its story."""
    for first in range(0, len(wanted), BATCH):
        yield from _move(errand, wanted[first : first + BATCH])


def _move(errand: Errand, some: Sequence[Wanted], again: bool = True) -> list[Moved]:
    """A case that somebody else moves at the same moment is looked at once more."""
    numbers = [_number(one.case) for one in some]
    with errand.store.pool.connection() as conn:
        told = log.stories(conn, errand.store.schema, {number for number in numbers if number is not None})
    states = [None if number is None else stories.fold(told[number]) for number in numbers]
    settled = [_settled(errand, one, state) for one, state in zip(some, states, strict=True)]
    open_ = [nth for nth, done in enumerate(settled) if done is None]
    asked = [_asked(errand, UUID(some[nth].case), states[nth], some[nth].posyandu) for nth in open_]
    answers = dict(zip(open_, record(errand.store, asked) if asked else (), strict=True))
    overtaken = [nth for nth in open_ if again and answers[nth].code == "stale"]
    later = dict(
        zip(overtaken, _move(errand, [some[nth] for nth in overtaken], False) if overtaken else (), strict=True)
    )
    return [settled[nth] or later.get(nth) or _became(one, answers[nth]) for nth, one in enumerate(some)]


def _settled(errand: Errand, one: Wanted, state: Case | None) -> Moved | None:
    """What becomes of a case without anything being recorded; None where it is to be moved."""
    there = errand.units.get(one.posyandu)
    if not isinstance(state, Person):
        return Moved(one, "refused", refusal("no-such-case"))
    if state.posyandu == one.posyandu:
        return Moved(one, "there")
    if there is None or there.kind != "posyandu":
        return Moved(one, "refused", refusal("no-such-posyandu"))
    if not state.active:
        return Moved(one, "refused", "Kasus ini sudah selesai; tidak dipindahkan.")
    return None


def _became(one: Wanted, answer: Answer) -> Moved:
    well = answer.outcome in ("recorded", "already")
    return Moved(one, "moved") if well else Moved(one, "refused", answer.says or "")


def _asked(errand: Errand, number: UUID, person: Case | None, to: str) -> Asked:
    assert isinstance(person, Person)
    # How often it moved before is part of the number: a case may come back, and go the same way again.
    entry = uuid5(_ENTRIES, f"{number} {person.posyandu} {to} {len(person.former)}")
    today = errand.at.astimezone(errand.store.clock).date()
    command = AcceptTransfer(on=today, desa=errand.units[to].parent or "", posyandu=to, reason=errand.reason)
    by = Actor("operator", "kabupaten", errand.kabupaten, partial(_may, person.posyandu))
    return Asked(Submitted(entry, number, command), by, errand.at)


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
@kabupaten_option
def moving_command(file: Path | None, dari: str | None, ke: str | None, alasan: Reason, kabupaten: str | None) -> None:
    """Memindahkan banyak kasus ke posyandu lain: dengan --dari dan --ke, atau dari FILE csv case_id;posyandu.

    Boleh diulang: yang sudah pindah tidak dicatat dua kali. Bila terhenti, jalankan lagi dengan isian yang sama.
    """
    if (file is None) == (dari is None) or (dari is None) != (ke is None):
        raise click.ClickException("Isi --dari dan --ke, atau FILE; salah satu saja.")
    try:
        with _store(kabupaten) as (store, units, code, up_to_date):
            up_to_date()
            wanted = wanted_in(file) if file is not None else _of_posyandu(store, units, dari or "", ke or "")
            source = file or Path(f"pindah-{dari}-ke-{ke}.csv")
            with closing(Aside(beside(source, "ditolak"), "alasan")) as aside:
                errand = Errand(store, units, code, alasan, datetime.now(store.clock))
                click.echo(_moved(move(errand, wanted), len(wanted), aside))
            up_to_date()
    except (SettingsError, FileError, embedded.EmbeddedError) as problem:
        raise click.ClickException(str(problem)) from None
    except psycopg.OperationalError as problem:
        raise click.ClickException(f"PostgreSQL: {problem}") from None


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


def wanted_in(file: Path) -> list[Wanted]:
    """The rows of a CSV file with these columns, as they are written. Raises ClickException."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.DictReader(text, delimiter=";")
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise click.ClickException(f"Baris pertama harus: {';'.join(COLUMNS)}")
            return [Wanted((row["case_id"] or "").strip(), (row["posyandu"] or "").strip()) for row in rows]
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} bukan teks UTF-8. Simpan lagi sebagai CSV UTF-8.") from None


def _wait(conn: Connection[Any], schema: str) -> None:
    """Where a follower is running, the lists are its to bring up to date; as long as they move on, it is at it."""
    upto, shown = log.head(conn, schema), -1
    while not log.wait_for(conn, schema, upto, STANDSTILL_SECONDS):
        before, shown = shown, log.followed(conn, schema)
        if shown == before:
            raise click.ClickException("Daftar tertinggal dan tidak bergerak. Periksa: dampingi health follower")


@contextmanager
def _store(kabupaten: str | None) -> Iterator[tuple[Store, Units, str, Callable[[], None]]]:
    """The kabupaten to write into, and how to bring its lists to the end of its log."""
    settings, tenant = chosen(kabupaten)
    sealing = sealing_of(settings, tenant.schema)
    followed = following.followed(tenant, sealing)
    with connect(tenant.dsn, 1, 2, settings.statement_seconds, settings.lock_seconds) as pool:

        def up_to_date() -> None:
            with Console(stderr=True).status("Memutakhirkan daftar"):
                following.catch_up(tenant.dsn, followed, settings.follow_events)
                with pool.connection() as conn:
                    _wait(conn, tenant.schema)

        store = Store(pool, tenant.schema, sealing, tenant.zone, following.edition)
        yield store, Accounts(pool, tenant).units(), tenant.code, up_to_date
