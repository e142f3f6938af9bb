"""What is asked of the ledger on the command line: its key, its newest checkpoint, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import psycopg

from projections import log
from projections.ledger import Gap
from service import ledger, outlets
from service.administration import chosen, kabupaten_option, served
from service.examination import examine
from service.following import progressing
from service.mendable import said_plainly
from service.notes import BadNote, VerifierKey, read_key

_key = click.option(
    "--kunci",
    metavar="KUNCI",
    help="Kunci pemeriksa, atau berkas yang memuatnya. Tanpa ini: kunci yang dipakai di sini.",
)


@click.group("buku")
def ledger_group() -> None:
    """Buku catatan: bukti bahwa tidak ada catatan yang diubah, dihapus atau disisipkan."""


@ledger_group.command("kunci")
@kabupaten_option
@said_plainly
def key_command(kabupaten: str | None) -> None:
    """Menampilkan kunci pemeriksa. Berikan kepada inspektorat sekali saja, lewat jalan lain daripada layanan ini."""
    settings, tenant = chosen(kabupaten)
    click.echo(str(ledger.verifier_key(settings, tenant.code)))


@ledger_group.command("titik")
@kabupaten_option
@click.option(
    "--ke",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Simpan ke folder ini.",
)
@said_plainly
def checkpoint_command(kabupaten: str | None, folder: Path | None) -> None:
    """Menampilkan titik uji terbaru; bila kuncinya ada di sini, dibuat dulu untuk semua catatan sampai sekarang."""
    with served(kabupaten) as (settings, tenant, pool):
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
@kabupaten_option
@_key
@click.option(
    "--titik",
    "kept",
    metavar="TITIK",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Titik uji yang disimpan di luar: berkas, atau folder penuh. Boleh diulang.",
)
@said_plainly
def examine_command(kabupaten: str | None, kunci: str | None, kept: tuple[Path, ...]) -> None:
    """Menghitung ulang buku dari semua catatan dan mencocokkannya dengan setiap titik uji; kode keluar 1 bila beda."""
    notes = [path.read_text(encoding="utf-8", errors="replace") for path in note_files(kept)]
    settings, tenant = chosen(kabupaten)
    key = _given_key(kunci) if kunci is not None else ledger.verifier_key(settings, tenant.code)
    with psycopg.connect(tenant.dsn, autocommit=True, options="-c TimeZone=UTC") as conn:
        size = log.head(conn, tenant.schema)
        with progressing(size, tenant.schema) as told:
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


def note_files(kept: Iterable[Path]) -> Iterator[Path]:
    """Files as they are named, and of a folder all that may be checkpoints."""
    for path in kept:
        yield from sorted(path.glob("*.txt")) if path.is_dir() else [path]


def _given_key(text: str) -> VerifierKey:
    try:
        return read_key(Path(text).read_text(encoding="utf-8") if Path(text).is_file() else text)
    except (BadNote, UnicodeDecodeError):
        raise click.ClickException(f"{text}: bukan kunci pemeriksa") from None


COMMANDS: tuple[click.Command, ...] = (ledger_group,)
