"""One kecamatan to try things in: its units, the people who may sign in, and a made-up history of eight months."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from uuid import uuid5

import uvicorn
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from domain.case import Case, Command, Role
from service import app, following, lives
from service.access import Unit
from service.accounts import Accounts
from service.beginnings import begin_units
from service.handle import Actor, Asked, Submitted, record
from service.lives import Entry, Lives
from service.sealing import sealing_of
from service.settings import Settings
from service.store import Store, connect
from service.tenants import Tenant

PASSWORD = "dampingi-demo"  # printed for everybody
BATCH = 500


class Someone(Struct, frozen=True):
    """A person of the demo who may sign in."""

    login: str
    name: str
    role: Role
    units: tuple[str, ...]
    does: str


RINA = ("3603332002", "3603332003", "3603332004", "3603332005")

PEOPLE = (
    Someone("siti", "Siti Aminah", "kader", ("3603332002.01",), "kader Posyandu Melati 2, Desa Kedaung"),
    Someone("rina", "Bidan Rina", "bidan", RINA, "bidan Kedaung, Cijeruk, Waliwis, Klutuk"),
    Someone("hasan", "Hasan Basri", "desa", ("3603332002",), "sekretaris Desa Kedaung"),
    Someone("dewi", "Dewi Lestari", "puskesmas-tpg", (lives.PUSKESMAS,), "petugas gizi (TPG) Puskesmas Mekar Baru"),
    Someone("bagus", "dr. Bagus", "puskesmas-dr", (lives.PUSKESMAS,), "dokter Puskesmas Mekar Baru"),
    Someone("sari", "dr. Sari", "rs", (lives.HOSPITAL,), "dokter anak RSUD Balaraja"),
    Someone("ratna", "Ratna Sari", "kecamatan", (lives.KECAMATAN,), "Kasi PM Kecamatan Mekar Baru"),
    Someone("yusuf", "Yusuf Hidayat", "inspektorat", ("3603",), "inspektorat Kabupaten Tangerang"),
)


def units() -> Iterator[Unit]:
    """Kabupaten Tangerang down to the posyandu of Mekar Baru, parents first."""
    yield Unit("3603", "kabupaten", "Kabupaten Tangerang")
    yield Unit(lives.HOSPITAL, "rs", "RSUD Balaraja", "3603")
    yield Unit(lives.KECAMATAN, "kecamatan", "Mekar Baru", "3603")
    yield Unit(lives.PUSKESMAS, "puskesmas", "Puskesmas Mekar Baru", lives.KECAMATAN)
    for code, name in lives.DESA:
        yield Unit(code, "desa", name, lives.PUSKESMAS)
    for code, name, desa in lives.posyandu():
        yield Unit(code, "posyandu", name, desa, lives.session_day(code))


def furnish(accounts: Accounts, today: date) -> None:
    """The units and the people. What is there already stays as it is."""
    for unit in units():
        accounts.put_unit(unit)
    for someone in PEOPLE:
        if accounts.known(someone.login) is not None:
            continue
        account = accounts.open_account(someone.login, someone.name, PASSWORD)
        for code in someone.units:
            accounts.give_post(account, someone.role, code, today - timedelta(days=400))


def fill(settings: Settings, tenant: Tenant) -> None:
    """Make the kecamatan, unless it is made. Broken off, it goes on for the same day, and nothing is doubled."""
    mark = settings.data_dir / f"demo-{tenant.code}"
    if mark.exists() and mark.read_text().endswith("lengkap\n"):
        return
    today = datetime.now(tenant.zone).date()
    if mark.exists():
        today = date.fromisoformat(mark.read_text().split()[0])
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(f"{today}\n")
    with connect(tenant.dsn, 1, 4, settings.statement_seconds, settings.lock_seconds) as pool:
        accounts = Accounts(pool, tenant)
        furnish(accounts, today)
        sealing = sealing_of(settings, tenant.schema)
        book = following.juknis().book(today)
        store = Store(pool, tenant.schema, sealing, tenant.zone, lambda _: book.protocol.edition)
        begins = lives.beginning(today)
        begin_units(store, accounts.units(), begins, datetime.combine(begins, time(6), tenant.zone))
        told = Lives(today, book)
        people = told.entries()
        _tell(store, sorted([*people, *told.at_work(people)], key=lambda e: e.at), _hands(accounts))
    following.catch_up(tenant.dsn, following.followed(tenant, sealing))
    mark.write_text(f"{today}\nlengkap\n")


def _tell(store: Store, entries: Sequence[Entry], hands: Callable[[Role, str], str]) -> None:
    """Record it day by day, as the phones would have sent it, each entry heard of at its own hour."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("mengisi satu kecamatan contoh", total=len(entries))
        for batch in _batches(entries):
            asked = [
                Asked(Submitted(e.entry, e.case, e.command), Actor(hands(e.role, e.unit), e.role, e.unit, _may), e.at)
                for e in batch
            ]
            for entry, answer in zip(batch, record(store, asked), strict=True):
                if answer.outcome not in ("recorded", "already"):
                    raise RuntimeError(f"the made-up history was {answer.outcome}: {answer.code} {entry.command}")
            progress.advance(task, len(batch))


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for first in range(0, len(entries), BATCH):
        yield entries[first : first + BATCH]


def _hands(accounts: Accounts) -> Callable[[Role, str], str]:
    """Who recorded it: the people who may sign in at their own posts, and made-up ones at all others."""
    own = {(p.role, unit): accounts.known(p.login) for p in PEOPLE for unit in p.units}
    return lambda role, unit: str(own.get((role, unit)) or uuid5(lives.SPACE, f"{role} {unit}"))


def _may(command: Command, state: Case | None) -> None:
    """The made-up people keep to what they may do."""


# The command


def run(settings: Settings, tenant: Tenant) -> None:
    """Fill, follow and serve until told to stop."""
    fill(settings, tenant)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn hands the signal on when it has stopped
    follower = subprocess.Popen([sys.executable, "-m", "service.cli", "follow"])
    try:
        _greet(settings)
        people = [(f"{p.name} ({p.does})", p.login, PASSWORD) for p in PEOPLE]
        uvicorn.run(app.create(settings, demo=people), host=settings.host, port=settings.port, log_level="warning")
    finally:
        follower.terminate()
        follower.wait(10)


def _greet(settings: Settings) -> None:
    table = Table("Nama", "Kata sandi", "Siapa", box=None)
    for someone in PEOPLE:
        table.add_row(someone.login, PASSWORD, f"{someone.name}, {someone.does}")
    host = "localhost" if settings.host == "127.0.0.1" else settings.host
    console = Console(highlight=False)
    console.print(f"\nDampingi siap di [bold]http://{host}:{settings.port}[/]  (hentikan dengan Ctrl-C)\n")
    console.print("Yang dapat masuk:")
    console.print(table)
