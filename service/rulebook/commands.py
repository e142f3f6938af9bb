"""`dampingi juknis`: check an edition, compare two, write the page of what is covered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
import psycopg
from psycopg.sql import SQL, Identifier
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from domain.labels import DESKS
from domain.protocol import Protocol
from service import embedded
from service.administration import kabupaten_option
from service.juknis import Juknis, JuknisError, read_juknis
from service.rulebook import check, coverage, explain
from service.rulebook.compare import Change, Compared, by, compare, grown_most, write_csv
from service.rulebook.contoh import read_contoh
from service.settings import load, root
from service.tenants import Tenant, tenants

MOST = 15
"""So many rules and desa are shown; the csv has all."""


@click.group("juknis")
def juknis_group() -> None:
    """Aturan program: periksa, bandingkan dua edisi, tulis halaman cakupan."""


@juknis_group.command("check")
@click.argument("edition", required=False)
def check_command(edition: str | None) -> None:
    """Jelaskan setiap baris, dan sebutkan yang bertentangan, tidak terjangkau, atau contohnya tidak cocok lagi."""
    juknis = _read()
    wrong = 0
    for name in [edition] if edition else [e.protocol.edition for e in juknis.editions]:
        wrong += _check(juknis, name)
    if wrong:
        raise click.ClickException(f"{wrong} hal perlu dibetulkan.")


def _check(juknis: Juknis, name: str) -> int:
    with _sentences():
        book = juknis.book_of(name)
        stories = read_contoh(root() / "juknis" / "contoh")
    click.echo(f"Edisi {name}: {book.protocol.title}\n")
    for sentence in explain.all_explained(book.protocol):
        click.echo(f"- {sentence}")
    found = [*check.conflicts(book.protocol), *check.unreached(book, stories), *check.broken(book, stories)]
    if not book.protocol.draft:
        found += coverage.unexplained(coverage.read_tabel(root() / "juknis" / "tabel.toml"), book.protocol)
    for problem in found:
        click.echo(f"! {problem}")
    click.echo(f"\n{len(book.protocol.rules)} aturan, {len(stories)} contoh, {len(found)} hal perlu dibetulkan.\n")
    return len(found)


@juknis_group.command("coverage")
def coverage_command() -> None:
    """Halaman docs/protocol-coverage.md: setiap baris protokol dan di mana ia di juknis."""
    click.echo(coverage_page(), nl=False)


def coverage_page() -> str:
    """The page, from the data as they are."""
    juknis = _read()
    protocol = next(e.protocol for e in juknis.editions if not e.protocol.draft)
    tabel = coverage.read_tabel(root() / "juknis" / "tabel.toml")
    return coverage.page(tabel, protocol, read_contoh(root() / "juknis" / "contoh"))


@juknis_group.command("compare")
@click.argument("before")
@click.argument("after")
@click.option("--pada", type=click.DateTime(["%Y-%m-%d"]), help="Hari yang dilihat, pukul 12. Tanpa ini: sekarang.")
@kabupaten_option
@click.option("--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="Tulis semua angka ke berkas ini.")
@click.option("--processes", type=click.IntRange(1, 16), default=2, show_default=True, help="Banyaknya proses.")
def compare_command(
    before: str, after: str, pada: datetime | None, kabupaten: str | None, file: Path | None, processes: int
) -> None:
    """Jalankan dua edisi atas semua kasus tersimpan: tugas mana bertambah dan berkurang, di meja siapa."""
    settings, juknis = load(), _read()
    with _sentences():
        juknis.edition(before), juknis.edition(after)
    served = tenants(settings, embedded.dsn(settings))
    tenant = served.get(kabupaten or next(iter(served)))
    if tenant is None:
        raise click.ClickException(f"Kabupaten {kabupaten} tidak dilayani di sini")
    now = pada.replace(hour=12, tzinfo=tenant.zone) if pada else datetime.now(tenant.zone)
    cases, days, units = _about(tenant)
    with _progress(cases, tenant.name) as told:
        compared = compare(
            tenant.dsn, tenant.schema, juknis.book_of(before, days), juknis.book_of(after, days), now, told, processes
        )
    _show(compared, juknis.edition(before).protocol, juknis.edition(after).protocol, now, units)
    if file is not None:
        write_csv(file, compared, units)
        click.echo(f"Semua angka: {file}")


def _about(tenant: Tenant) -> tuple[int, dict[str, int], dict[str, str]]:
    """How many cases there are, when the posyandu meet, and what the units are called."""
    with psycopg.connect(tenant.dsn, autocommit=True) as conn:
        events, units = Identifier(tenant.schema, "events"), Identifier(tenant.schema, "units")
        row = conn.execute(SQL("SELECT count(*) FROM {} WHERE version = 1").format(events)).fetchone()
        known = conn.execute(SQL("SELECT code, name, session_day FROM {}").format(units)).fetchall()
    days = {code: day for code, _, day in known if day is not None}
    return row[0] if row else 0, days, {code: name for code, name, _ in known}


def _show(compared: Compared, before: Protocol, after: Protocol, now: datetime, units: dict[str, str]) -> None:
    console = Console(width=110, highlight=False)
    console.print(f"\nEdisi {before.edition} dibanding {after.edition}. Yang berbeda di aturannya:\n")
    for sentence in explain.differences(before, after):
        console.print(f"- {sentence}")
    console.print(
        f"\nAkibatnya bila {after.edition} yang berlaku, {compared.stories} kasus, keadaan {now:%d-%m-%Y %H.%M}: "
        f"{compared.changed} kasus berubah tugasnya.\n"
    )
    for sentence in sentences(compared):
        console.print(f"- {sentence}")
    own = _own(compared, "desk")
    desks = [((name,), own[(desk,)]) for desk, name in DESKS.items() if (desk,) in own]
    console.print(_table("Tugas sendiri menurut meja", ("meja",), desks))
    tasks = {rule.id: rule.task for protocol in (before, after) for rule in protocol.rules}
    rules = [((id, tasks.get(id, "")), change) for (id,), change in grown_most(_own(compared, "rule"), MOST)]
    console.print(_table("Menurut aturan", ("aturan", "tugas"), rules))
    places = {(units.get(desa, desa),): change for (desa,), change in _own(compared, "desa").items()}
    console.print(_table("Menurut wilayah", ("wilayah",), grown_most(places, MOST)))


def _own(compared: Compared, name: str) -> dict[tuple[str, ...], Change]:
    """Without what a desk only watches over: that is counted where it is to be done."""
    return by({place: change for place, change in compared.changes.items() if not place.supervision}, name)


def sentences(compared: Compared) -> Iterator[str]:
    """What it would mean for each desk, for somebody who has to decide."""
    own = _own(compared, "desk")
    for desk, name in DESKS.items():
        change = own.get((desk,), Change())
        if not change.more and not change.fewer:
            continue
        gap = change.after - change.before
        whole = "tetap" if not gap else f"{'naik' if gap > 0 else 'turun'} {abs(gap)}"
        yield (
            f"{name}: dari {change.before} menjadi {change.after} tugas ({whole}); "
            f"{change.more} tugas baru, {change.fewer} tidak ada lagi."
        )
    if not any(c.more or c.fewer for c in compared.changes.values()):
        yield "Tidak ada satu tugas pun yang berubah."


def _table(title: str, names: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], Change]]) -> Table:
    table = Table(*names, title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("sebelum", "sesudah", "bertambah", "berkurang"):
        table.add_column(heading, justify="right")
    for key, change in rows:
        table.add_row(*key, str(change.before), str(change.after), str(change.more), str(change.fewer))
    return table


def _read() -> Juknis:
    with _sentences():
        return read_juknis(root() / "juknis")


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except JuknisError as wrong:
        raise click.ClickException(str(wrong)) from None


@contextmanager
def _progress(size: int, what: str) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"menilai kasus {what}", total=size)
        yield lambda done: progress.advance(task, done)
