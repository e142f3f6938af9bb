"""What is asked of the ledger on the command line: its key, its newest checkpoint, and whether it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from projections import log
from projections.ledger import Gap
from service import embedded, ledger, outlets
from service.examination import examine
from service.notes import BadNote, VerifierKey, read_key
from service.settings import Settings, SettingsError, load
from service.store import connect
from service.tenants import Tenant, tenants

_tenant = click.option("--kabupaten", help="Kode kabupaten, bila lebih dari satu dilayani.")
_key = click.option(
    "--kunci", help="Kunci pemeriksa, atau berkas yang memuatnya. Tanpa ini: kunci yang dipakai di sini."
)


@click.group("buku")
def ledger_group() -> None:
    """Buku catatan: bukti bahwa tidak ada catatan yang diubah, dihapus atau disisipkan."""


@ledger_group.command("kunci")
@_tenant
def key_command(kabupaten: str | None) -> None:
    """Menampilkan kunci pemeriksa. Berikan kepada inspektorat sekali saja, lewat jalan lain daripada layanan ini."""
    settings, tenant = _served(kabupaten)
    click.echo(str(_own_key(settings, tenant)))


@ledger_group.command("titik")
@_tenant
@click.option("--ke", "folder", type=click.Path(file_okay=False, path_type=Path), help="Simpan ke folder ini.")
def checkpoint_command(kabupaten: str | None, folder: Path | None) -> None:
    """Menampilkan titik uji terbaru; bila kuncinya ada di sini, dibuat dulu untuk semua catatan sampai sekarang."""
    settings, tenant = _served(kabupaten)
    with connect(tenant.dsn, 1, 1, settings.statement_seconds, settings.lock_seconds) as pool:
        of = ledger.open_ledger(pool, settings, tenant)
        with pool.connection() as conn:
            last = log.head(conn, tenant.schema)
        try:
            made = ledger.covering(of, last, settings.checkpoint_wait_seconds) if last else None
        except (ledger.Broken, Gap) as broken:
            raise click.ClickException(f"Tidak ditandatangani: {broken}") from None
        with pool.connection() as conn:
            made = made or ledger.newest(conn, tenant.schema)
    if made is None:
        raise click.ClickException("Belum ada titik uji. Apakah dampingi follow berjalan?")
    if made.size < last:
        click.echo(f"Belum memuat {last - made.size} catatan terbaru; pengikut belum menandatanganinya.", err=True)
    if folder is None:
        click.echo(made.note, nl=False)
        return
    try:
        outlets.into(folder, made)
    except FileExistsError as other:
        raise click.ClickException(
            f"{other}: sudah ada di folder itu dengan isi lain. Jangan dihapus; ini temuan."
        ) from None
    except OSError as problem:
        raise click.ClickException(f"{folder}: {problem.strerror}") from None
    click.echo(outlets.file_name(made))


@ledger_group.command("periksa")
@_tenant
@_key
@click.option(
    "--titik",
    "kept",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Titik uji yang disimpan di luar: berkas, atau folder penuh. Boleh diulang.",
)
def examine_command(kabupaten: str | None, kunci: str | None, kept: tuple[Path, ...]) -> None:
    """Menghitung ulang buku dari semua catatan dan mencocokkannya dengan setiap titik uji; kode keluar 1 bila beda."""
    settings, tenant = _served(kabupaten)
    key = _given_key(kunci) if kunci is not None else _own_key(settings, tenant)
    notes = [path.read_text(encoding="utf-8", errors="replace") for path in _files(kept)]
    with psycopg.connect(tenant.dsn, autocommit=True, options="-c TimeZone=UTC") as conn:
        size = log.head(conn, tenant.schema)
        with _progress(size, tenant.schema) as told:
            found = examine(conn, tenant.schema, key, notes, told)
    for wrong in found.wrong:
        click.echo(wrong, err=True)
    if found.wrong:
        raise click.ClickException(f"{len(found.wrong)} hal tidak cocok")
    held = f"{found.stored} titik uji tersimpan dan {found.outside} dari luar"
    click.echo(f"Cocok: {found.size} catatan dihitung ulang, {held}.")
    if not found.outside:
        click.echo(
            "Tanpa titik uji dari luar, ini tidak membuktikan bahwa buku dan titik uji tidak dibuat ulang bersama."
        )


def _files(kept: tuple[Path, ...]) -> Iterator[Path]:
    for path in kept:
        yield from sorted(path.glob("*.txt")) if path.is_dir() else [path]


def _given_key(text: str) -> VerifierKey:
    try:
        return read_key(Path(text).read_text(encoding="utf-8") if Path(text).is_file() else text)
    except (BadNote, UnicodeDecodeError):
        raise click.ClickException(f"{text}: bukan kunci pemeriksa") from None


def _own_key(settings: Settings, tenant: Tenant) -> VerifierKey:
    try:
        return ledger.verifier_key(settings, tenant.code)
    except SettingsError as missing:
        raise click.ClickException(str(missing)) from None


def _served(kabupaten: str | None) -> tuple[Settings, Tenant]:
    try:
        settings = load()
        served = tenants(settings, embedded.dsn(settings))
    except (SettingsError, embedded.EmbeddedError) as problem:
        raise click.ClickException(str(problem)) from None
    code = kabupaten or next(iter(served))
    if code not in served:
        raise click.ClickException(f"Kabupaten {code} tidak dilayani di sini")
    return settings, served[code]


@contextmanager
def _progress(size: int, what: str) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=size)
        yield lambda done: progress.advance(task, done)
