"""The import commands of the command line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import cast

import click
import psycopg
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from domain.case import Role
from service import following
from service.access import Units
from service.administration import kabupaten_option
from service.embedded import EmbeddedError
from service.exchange import eppgbm, visits
from service.exchange.ahead import Ahead, Source
from service.exchange.cells import Unclear
from service.exchange.comparing import Comparison
from service.exchange.door import ROLES, ImportDoor, opened
from service.exchange.intake import Intake
from service.exchange.lines import Line, TableError
from service.exchange.rejected import Aside, beside
from service.exchange.rows import FileError, Found
from service.exchange.whole import CutShort, Tally, bring_in
from service.migrate import MigrationError
from service.settings import SettingsError, load

Read = Callable[[Iterable[Line]], Iterator[Found]]

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_rejected = click.option(
    "--rejected",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Berkas untuk baris yang ditolak. Tanpa ini: di sebelah FILE, dengan akhiran .ditolak.csv.",
)
_role = click.option(
    "--role", type=click.Choice(ROLES), default="puskesmas-tpg", show_default=True, help="Jabatan yang mengimpor."
)


@click.group("import")
def importing() -> None:
    """Memasukkan berkas dari sistem lain."""


@importing.command("eppgbm")
@_file
@click.option("--posyandu", help="Kode posyandu untuk baris yang posyandunya tidak dikenal, misalnya 3603332001.01.")
@_rejected
@_role
@kabupaten_option
def import_eppgbm(file: Path, posyandu: str | None, rejected: Path | None, role: str, kabupaten: str | None) -> None:
    """Ekspor pengukuran e-PPGBM (Sigizi): xlsx, xls, HTML bernama xls, atau csv, apa adanya."""
    tally = _import(file, lambda _: eppgbm.read, posyandu, rejected, cast(Role, role), kabupaten)
    click.echo(tally.says())


@importing.command("visits")
@_file
@click.option(
    "--posyandu", multiple=True, help="Kode posyandu tujuan; boleh diulang. Tanpa ini: dua belas yang pertama."
)
@click.option(
    "--born-from",
    type=click.DateTime(["%Y-%m-%d"]),
    default=visits.BORN_FROM.isoformat(),
    show_default=True,
    help="Hari lahir anak pertama; anak lain lahir dalam 365 hari sesudahnya menurut nomornya.",
)
@_rejected
@_role
@kabupaten_option
def import_visits(
    file: Path, posyandu: tuple[str, ...], born_from: datetime, rejected: Path | None, role: str, kabupaten: str | None
) -> None:
    """Kunjungan anak sungguhan dari kumpulan data cpp (cpp.csv), seakan-akan di posyandu kita."""

    def reader(units: Units) -> Read:
        return partial(visits.read, posyandu=posyandu or _first_posyandu(units), born_from=born_from.date())

    click.echo(_import(file, reader, None, rejected, cast(Role, role), kabupaten).says())


def _first_posyandu(units: Units) -> Sequence[str]:
    codes = sorted(u.code for u in units.values() if u.kind == "posyandu")[:12]
    if not codes:
        raise FileError("Belum ada posyandu. Daftarkan wilayah dulu, atau mulai dengan dampingi demo.")
    return codes


def _import(
    file: Path,
    reader: Callable[[Units], Read],
    posyandu: str | None,
    rejected: Path | None,
    role: Role,
    kabupaten: str | None,
) -> Tally:
    """The whole way of a file, with what the operator can mend said in one line."""
    aside = Aside(rejected or beside(file, "ditolak"), "alasan")
    notes = Aside(beside(file, "catatan"), "catatan")
    try:
        with opened(load(), kabupaten, role) as place:
            source = Source(file, reader(place.units), place.units, posyandu, place.key, place.door.today)
            rows = Ahead(source)
            with _progress() as progress:
                task = progress.add_task(file.name, total=file.stat().st_size)
                tick = partial(_advance, progress, task, rows)
                intake, comparison = Intake(place.door), Comparison(following.juknis().book(place.door.today).who)
                tally = bring_in(comparison.watch(rows), intake, aside, notes, tick)
            _ask_to_mend(place.door, intake, file, tally)
            _tell_of_differences(place.door, comparison, file)
            with Console(stderr=True).status("Memutakhirkan daftar"):
                place.up_to_date()
    except (TableError, FileError, Unclear, CutShort, SettingsError, MigrationError, EmbeddedError) as problem:
        raise click.ClickException(str(problem)) from None
    except psycopg.OperationalError as problem:
        raise click.ClickException(f"PostgreSQL: {problem}") from None
    finally:
        _tell_of(aside, "Baris yang tidak dimasukkan")
        _tell_of(notes, "Yang dibaca lain dari yang tertulis")
    return tally


def _ask_to_mend(door: ImportDoor, intake: Intake, file: Path, tally: Tally) -> None:
    """What was rejected becomes a task of the puskesmas whose file it is."""
    if not tally.rejected:
        return
    puskesmas = next((code for code, _ in intake.puskesmas.most_common(1)), None)
    if not door.reject(puskesmas, _digest(file), tally.rejected):
        click.echo("Baris yang ditolak tidak menjadi tugas: puskesmasnya tidak diketahui atau belum dimulai.", err=True)


def _tell_of_differences(door: ImportDoor, comparison: Comparison, file: Path) -> None:
    """A file and the program should come to the same z-scores; where they do not, somebody finds out why."""
    if comparison.found:
        digest = _digest(file)
        for (puskesmas, month), found in sorted(comparison.found.items()):
            door.compared(puskesmas, digest, month, found)
    if said := comparison.says():
        click.echo(said, err=True)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _tell_of(aside: Aside, what: str) -> None:
    if aside.count:
        click.echo(f"{what}: {aside.count} baris, lihat {aside.path}", err=True)


def _advance(progress: Progress, task: TaskID, rows: Ahead) -> None:
    progress.update(task, completed=rows.bytes_read)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
