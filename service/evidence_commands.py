"""Evidence packs from the command line: `dampingi bukti`, for the operator whom an inspector asks for a file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import click
from psycopg import Connection
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain.case import Role
from projections import ledger as trees
from projections import log
from projections.ledger import Gap
from service import access, choosing, embedded, evidence, following, ledger
from service.accounts import Accounts
from service.choosing import Chosen
from service.evidence import Maker
from service.ledger import Broken, Ledger
from service.notes import BadNote
from service.settings import Settings, SettingsError, load
from service.store import connect
from service.tenants import Tenant, tenants

READERS: tuple[Role, ...] = ("inspektorat", "bidan", "puskesmas-tpg", "puskesmas-dr", "desa", "kecamatan", "kabupaten")

_tenant = click.option("--kabupaten", help="Kode kabupaten, bila lebih dari satu dilayani.")
_to = click.option(
    "--ke", "to", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Berkas zip yang dibuat."
)
_reader = click.option(
    "--untuk",
    "role",
    type=click.Choice(READERS),
    default="inspektorat",
    show_default=True,
    help="Jabatan pembaca; yang tidak boleh dibacanya tidak disertakan.",
)
_points = click.option(
    "--titik",
    "sizes",
    type=click.IntRange(0),
    multiple=True,
    help="Ukuran titik uji yang disimpan inspektur. Boleh diulang.",
)

Choose = Callable[["Here"], Chosen | None]


@click.group("bukti")
def evidence_group() -> None:
    """Paket bukti untuk inspektorat: kejadian, buktinya, dan program pemeriksanya."""


@evidence_group.command("kasus")
@click.argument("case", type=click.UUID)
@_reader
@_points
@_to
@_tenant
def case_command(case: UUID, role: str, sizes: tuple[int, ...], to: Path, kabupaten: str | None) -> None:
    """Riwayat satu kasus seutuhnya."""
    if role not in choosing.STORIES:
        raise click.ClickException("Riwayat satu kasus hanya untuk inspektorat dan tenaga kesehatan.")
    _pack(lambda here: _of_case(here, case), role, sizes, to, kabupaten)


def _of_case(here: Here, case: UUID) -> Chosen | None:
    story = log.stories(here.conn, here.tenant.schema, [case])[case]
    return choosing.case(case, story, here.role) if story else None


@evidence_group.command("pmt")
@click.argument("case", type=click.UUID)
@click.argument("cycle", type=click.IntRange(1))
@_reader
@_points
@_to
@_tenant
def cycle_command(case: UUID, cycle: int, role: str, sizes: tuple[int, ...], to: Path, kabupaten: str | None) -> None:
    """Satu siklus PMT dari satu kasus, dengan penimbangan dan keputusan yang mendasarinya."""

    def chosen(here: Here) -> Chosen | None:
        return choosing.cycle(case, log.stories(here.conn, here.tenant.schema, [case])[case], cycle, here.role)

    _pack(chosen, role, sizes, to, kabupaten)


@evidence_group.command("desa")
@click.argument("code")
@click.argument("quarter")
@_reader
@_points
@_to
@_tenant
def desa_command(code: str, quarter: str, role: str, sizes: tuple[int, ...], to: Path, kabupaten: str | None) -> None:
    """Satu triwulan di satu desa, misalnya: desa 3603332001 2026-3."""
    asked = re.fullmatch(r"(20\d\d)-([1-4])", quarter)
    if asked is None:
        raise click.ClickException(f"{quarter}: triwulan ditulis tahun-nomor, misalnya 2026-3")

    def chosen(here: Here) -> Chosen | None:
        if code not in here.units or here.units[code].kind != "desa":
            return None
        days = choosing.quarter(int(asked[1]), int(asked[2]), here.tenant.zone)
        return choosing.desa_quarter(here.conn, here.tenant.schema, code, days, here.role)

    _pack(chosen, role, sizes, to, kabupaten)


@evidence_group.command("permintaan")
@click.argument("unit")
@click.argument("request", type=click.UUID)
@_reader
@_points
@_to
@_tenant
def request_command(
    unit: str, request: UUID, role: str, sizes: tuple[int, ...], to: Path, kabupaten: str | None
) -> None:
    """Jawaban atas permintaan bukti kepada satu unit. Menyerahkannya tetap dicatat oleh unit itu sendiri."""

    def chosen(here: Here) -> Chosen | None:
        if unit not in here.units:
            return None
        under = access.below(here.units[unit], here.units)
        below = {one.code for one in under if one.kind in access.STORIED}
        return choosing.answer(here.conn, here.tenant.schema, unit, below, request, here.tenant.zone, here.role)

    _pack(chosen, role, sizes, to, kabupaten)


@evidence_group.command("buku")
@_reader
@_points
@_to
@_tenant
def book_command(role: str, sizes: tuple[int, ...], to: Path, kabupaten: str | None) -> None:
    """Buku seutuhnya, sampai titik uji terbaru."""
    if role not in choosing.STORIES:
        raise click.ClickException("Buku seutuhnya hanya untuk inspektorat dan tenaga kesehatan.")

    def chosen(here: Here) -> Chosen | None:
        last = log.head(here.conn, here.tenant.schema)
        point = ledger.covering(here.of, last, here.settings.checkpoint_wait_seconds)
        point = point or ledger.newest(here.conn, here.tenant.schema)
        if point is None:
            raise evidence.NotCovered
        with _progress(trees.size(here.conn, here.tenant.schema), "membaca") as told:
            return choosing.book(here.conn, here.tenant.schema, point.size, here.role, told)

    _pack(chosen, role, sizes, to, kabupaten)


class Here:
    """The kabupaten of this run, and for whom the pack is."""

    def __init__(self, settings: Settings, tenant: Tenant, of: Ledger, conn: Connection[Any], role: str) -> None:
        self.settings, self.tenant, self.of, self.conn = settings, tenant, of, conn
        self.role = cast(Role, role)
        self.units = Accounts(of.pool, tenant).units()

    def maker(self) -> Maker:
        return Maker(
            self.of,
            evidence.key_of(self.of, self.settings),
            self.tenant.zone,
            self.units,
            following.juknis(),
            self.settings.checkpoint_wait_seconds,
        )


def _pack(choose: Choose, role: str, sizes: tuple[int, ...], to: Path, kabupaten: str | None) -> None:
    """The file appears whole under its name, or not at all."""
    draft = to.with_name(f"{to.name}.{os.getpid()}")
    try:
        with _here(kabupaten, role) as here:
            chosen = choose(here)
            if chosen is None:
                raise click.ClickException("Tidak ditemukan. Periksa nomornya.")
            with draft.open("w+b") as out, _progress(len(chosen.positions), "menyusun paket") as told:
                digest = evidence.make(here.maker(), chosen, here.role, out, sizes, told)
        draft.replace(to)
    except evidence.NotCovered:
        raise click.ClickException(
            "Catatan terbaru belum masuk titik uji yang ditandatangani. Apakah dampingi follow berjalan?"
        ) from None
    except evidence.NoSuchPoint as missing:
        raise click.ClickException(
            f"Titik uji untuk {missing} catatan tidak ada di sini; ini perlu dijelaskan"
        ) from None
    except evidence.TakenOut as gone:
        raise click.ClickException(f"Catatan posisi {gone} ada di buku tetapi hilang dari log") from None
    except (Broken, Gap) as broken:
        raise click.ClickException(f"Tidak ditandatangani: {broken}") from None
    except OSError as problem:
        raise click.ClickException(f"{to}: {problem.strerror or problem}") from None
    finally:
        draft.unlink(missing_ok=True)
    click.echo(f"{to}: {len(chosen.positions)} kejadian, SHA-256 {digest}")


@contextmanager
def _here(kabupaten: str | None, role: str) -> Iterator[Here]:
    try:
        settings = load()
        served = tenants(settings, embedded.dsn(settings))
        tenant = served.get(kabupaten or next(iter(served)))
        if tenant is None:
            raise click.ClickException(f"Kabupaten {kabupaten} tidak dilayani di sini")
        with connect(tenant.dsn, 2, 3, settings.statement_seconds, settings.lock_seconds) as pool:
            of = ledger.open_ledger(pool, settings, tenant)
            with pool.connection() as conn:
                yield Here(settings, tenant, of, conn, role)
    except (SettingsError, embedded.EmbeddedError, BadNote) as problem:
        raise click.ClickException(str(problem)) from None


@contextmanager
def _progress(size: int, what: str) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=size)
        yield lambda done: progress.advance(task, done)
