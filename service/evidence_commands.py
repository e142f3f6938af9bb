"""Evidence packs from the command line: `dampingi bukti`, for the operator whom an inspector asks for a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import click
from psycopg import Connection

from domain.case import Role
from projections import ledger as trees
from projections import log
from projections.ledger import Gap
from service import access, choosing, evidence, ledger, reads
from service.accounts import Accounts
from service.administration import kabupaten_option, served
from service.choosing import Chosen
from service.following import progressing
from service.ledger import Broken, Ledger
from service.ledger_commands import note_files
from service.mendable import said_plainly
from service.notes import BadNote, claimed
from service.settings import Settings
from service.tenants import Tenant

READERS: tuple[Role, ...] = ("inspektorat", "bidan", "puskesmas-tpg", "puskesmas-dr", "desa", "kecamatan", "kabupaten")

_to = click.option(
    "--ke",
    "to",
    metavar="BERKAS",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Berkas zip yang dibuat.",
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
    "kept",
    metavar="TITIK",
    multiple=True,
    help="Titik uji yang disimpan inspektur: berkasnya, folder penuh, atau ukurannya saja. Boleh diulang.",
)

Choose = Callable[["Here"], Chosen | None]


@click.group("bukti")
def evidence_group() -> None:
    """Paket bukti untuk inspektorat: kejadian, buktinya, dan program pemeriksanya."""


@evidence_group.command("kasus")
@click.argument("case", metavar="KASUS", type=click.UUID)
@_reader
@_points
@_to
@kabupaten_option
@said_plainly
def case_command(case: UUID, role: str, kept: tuple[str, ...], to: Path, kabupaten: str | None) -> None:
    """Riwayat satu kasus seutuhnya."""
    if role not in choosing.STORIES:
        raise click.ClickException("Riwayat satu kasus hanya untuk inspektorat dan tenaga kesehatan.")
    _pack(lambda here: _of_case(here, case), role, kept, to, kabupaten)


def _of_case(here: Here, case: UUID) -> Chosen | None:
    story = log.stories(here.conn, here.tenant.schema, [case])[case]
    return choosing.case(case, story, here.role) if story else None


@evidence_group.command("pmt")
@click.argument("case", metavar="KASUS", type=click.UUID)
@click.argument("cycle", metavar="SIKLUS", type=click.IntRange(1))
@_reader
@_points
@_to
@kabupaten_option
@said_plainly
def cycle_command(case: UUID, cycle: int, role: str, kept: tuple[str, ...], to: Path, kabupaten: str | None) -> None:
    """Satu siklus PMT dari satu kasus, dengan penimbangan dan keputusan yang mendasarinya."""

    def chosen(here: Here) -> Chosen | None:
        return choosing.cycle(case, log.stories(here.conn, here.tenant.schema, [case])[case], cycle, here.role)

    _pack(chosen, role, kept, to, kabupaten)


@evidence_group.command("desa")
@click.argument("code", metavar="KODE")
@click.argument("quarter", metavar="TRIWULAN")
@_reader
@_points
@_to
@kabupaten_option
@said_plainly
def desa_command(code: str, quarter: str, role: str, kept: tuple[str, ...], to: Path, kabupaten: str | None) -> None:
    """Satu triwulan di satu desa, misalnya: desa 3603332001 2026-3."""

    def chosen(here: Here) -> Chosen | None:
        days = choosing.quarter_named(quarter, here.tenant.zone)
        if days is None:
            raise click.ClickException(f"{quarter}: triwulan ditulis tahun-nomor, misalnya 2026-3")
        if code not in here.units or here.units[code].kind != "desa":
            return None
        return choosing.desa_quarter(here.conn, here.tenant.schema, code, days, here.role)

    _pack(chosen, role, kept, to, kabupaten)


@evidence_group.command("permintaan")
@click.argument("unit", metavar="UNIT")
@click.argument("request", metavar="PERMINTAAN", type=click.UUID)
@_reader
@_points
@_to
@kabupaten_option
@said_plainly
def request_command(
    unit: str, request: UUID, role: str, kept: tuple[str, ...], to: Path, kabupaten: str | None
) -> None:
    """Jawaban atas permintaan bukti kepada satu unit. Menyerahkannya tetap dicatat oleh unit itu sendiri."""

    def chosen(here: Here) -> Chosen | None:
        if unit not in here.units:
            return None
        below = access.storied_below(here.units[unit], here.units)
        return choosing.answer(here.conn, here.tenant.schema, unit, below, request, here.tenant.zone, here.role)

    _pack(chosen, role, kept, to, kabupaten)


@evidence_group.command("buku")
@_reader
@_points
@_to
@kabupaten_option
@said_plainly
def book_command(role: str, kept: tuple[str, ...], to: Path, kabupaten: str | None) -> None:
    """Buku seutuhnya, sampai titik uji terbaru."""
    if role not in choosing.STORIES:
        raise click.ClickException("Buku seutuhnya hanya untuk inspektorat dan tenaga kesehatan.")

    def chosen(here: Here) -> Chosen | None:
        last = log.head(here.conn, here.tenant.schema)
        point = ledger.covering(here.of, last, here.settings.checkpoint_wait_seconds)
        point = point or ledger.newest(here.conn, here.tenant.schema)
        if point is None:
            raise evidence.NotCovered
        with progressing(trees.size(here.conn, here.tenant.schema), "membaca") as told:
            return choosing.book(here.conn, here.tenant.schema, point.size, here.role, told)

    _pack(chosen, role, kept, to, kabupaten)


class Here:
    """The kabupaten of this run, and for whom the pack is."""

    def __init__(self, settings: Settings, tenant: Tenant, of: Ledger, conn: Connection[Any], role: str) -> None:
        self.settings, self.tenant, self.of, self.conn = settings, tenant, of, conn
        self.role = cast(Role, role)
        self.units = Accounts(of.pool, tenant).units()


def _pack(choose: Choose, role: str, kept: Sequence[str], to: Path, kabupaten: str | None) -> None:
    """The file appears whole under its name, or not at all."""
    draft = to.with_name(f"{to.name}.{os.getpid()}")
    try:
        with served(kabupaten, 3) as (settings, tenant, pool), pool.connection() as conn:
            here = Here(settings, tenant, ledger.open_ledger(pool, settings, tenant), conn, role)
            sizes = list(_sizes(kept, ledger.origin(settings, tenant.code)))
            chosen = choose(here)
            if chosen is None:
                raise click.ClickException("Tidak ditemukan. Periksa nomornya.")
            digest = _made(here, chosen, sizes, draft)
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


def _made(here: Here, chosen: Chosen, sizes: Sequence[int], draft: Path) -> str:
    """Whose records are in it is noted before there is anything to hand on."""
    maker = evidence.maker(here.of, here.settings, here.tenant, here.units)
    with draft.open("w+b") as out, progressing(len(chosen.positions), "menyusun paket") as told:
        cases = chosen.cases or (None,)
        reads.note_operator(here.conn, here.tenant.schema, here.role, here.tenant.code, cases, "evidence")
        return evidence.make(maker, chosen, here.role, out, sizes, told)


# Checkpoints that were kept


def _sizes(kept: Iterable[str], origin: str) -> Iterator[int]:
    for given in kept:
        if given.isascii() and given.isdecimal():
            yield int(given)
        elif Path(given).is_dir():
            yield from _sizes_in(Path(given), origin)
        else:
            yield _size(Path(given), origin)


def _size(path: Path, origin: str) -> int:
    """The verifier will see who signed it; here it only has to be one of this ledger."""
    try:
        whose, size = claimed(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as problem:
        raise click.ClickException(f"{path}: {problem.strerror or problem}") from None
    except BadNote as bad:
        raise click.ClickException(f"{path}: {bad}") from None
    if whose != origin:
        raise click.ClickException(f"{path}: titik uji dari buku lain, {whose}")
    return size


def _sizes_in(folder: Path, origin: str) -> Iterator[int]:
    """Of this ledger: an inspector of several kabupaten may keep them all in one folder."""
    found = []
    for path in note_files([folder]):
        try:
            found.append(_size(path, origin))
        except click.ClickException as other:
            click.echo(f"Dilewati: {other.message}", err=True)
    if not found:
        raise click.ClickException(f"{folder}: tidak ada titik uji dari buku {origin}")
    yield from found


COMMANDS: tuple[click.Command, ...] = (evidence_group,)
