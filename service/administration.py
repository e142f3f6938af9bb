"""What an operator does before anybody can sign in: make units known, open accounts, give and end posts."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast, get_args
from uuid import UUID

import click

from domain.case import Role
from projections.whereabouts import CODE
from service import embedded, following
from service.access import SEAT, Unit, UnitKind
from service.accounts import Accounts
from service.beginnings import begin_units
from service.sealing import sealing_of
from service.settings import Settings, SettingsError, load
from service.store import Pool, Store, connect
from service.tenants import Tenant, tenants
from service.tokens import DAYS, SCOPES, Scope, Tokens
from service.tokens import ROLES as TOKEN_ROLES
from service.webhooks import Webhooks

COLUMNS = ("code", "kind", "name", "parent", "session_day")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letter that is read as another one: the first password is dictated."""

kabupaten_option = click.option("--kabupaten", metavar="KODE", help="Kode kabupaten, bila lebih dari satu dilayani.")
_role = click.option("--role", type=click.Choice(get_args(Role)), required=True, help="Jabatan.")
_unit = click.option("--unit", required=True, help="Kode unit tempat jabatan itu dipegang.")


@click.command("units")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@kabupaten_option
def units_command(file: Path, kabupaten: str | None) -> None:
    """Mencatat unit dari csv: code;kind;name;parent;session_day, induk lebih dulu."""
    with file.open(encoding="utf-8-sig", newline="") as text, served(kabupaten) as (settings, tenant, pool):
        accounts = Accounts(pool, tenant)
        rows = csv.DictReader(text, delimiter=";")
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise click.ClickException(f"Baris pertama harus: {';'.join(COLUMNS)}")
        count = 0
        for number, row in enumerate(rows, start=2):
            accounts.put_unit(_read(row, number))
            count += 1
        _begin(settings, tenant, pool, accounts)
    click.echo(f"{count} unit tercatat")


def _begin(settings: Settings, tenant: Tenant, pool: Pool, accounts: Accounts) -> None:
    """The stories of units that have none yet, and the posyandu that theirs have not heard of."""
    try:
        sealing = sealing_of(settings, tenant.schema)
    except SettingsError as missing:
        raise click.ClickException(str(missing)) from None
    store = Store(pool, tenant.schema, sealing, tenant.zone, following.edition)
    begin_units(store, accounts.units(), accounts.today(), datetime.now(tenant.zone))


def _read(row: dict[str, str], number: int) -> Unit:
    kind, day = row["kind"].strip(), (row["session_day"] or "").strip()
    if kind not in get_args(UnitKind):
        raise click.ClickException(
            f"Baris {number}: jenis {kind!r} tidak dikenal; pakai {', '.join(get_args(UnitKind))}"
        )
    if not CODE.fullmatch(row["code"].strip()):
        raise click.ClickException(f"Baris {number}: kode {row['code']!r} harus diawali empat angka kode kabupaten")
    if day and not (day.isdecimal() and 1 <= int(day) <= 31):
        raise click.ClickException(f"Baris {number}: hari buka {day!r} bukan tanggal 1 sampai 31")
    return Unit(
        row["code"].strip(),
        cast(UnitKind, kind),
        row["name"].strip(),
        row["parent"].strip() or None,
        int(day) if day else None,
    )


@click.group("account")
def account_group() -> None:
    """Akun dan jabatan: siapa boleh masuk, sebagai apa, dan di mana."""


@account_group.command("open")
@click.argument("login")
@click.argument("name")
@_role
@_unit
@kabupaten_option
def open_command(login: str, name: str, role: str, unit: str, kabupaten: str | None) -> None:
    """Membuka akun dengan satu jabatan; kata sandi pertama dicetak sekali dan harus diganti."""
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
    with _accounts(kabupaten) as accounts:
        if accounts.known(login) is not None:
            raise click.ClickException(f"Nama pengguna {login} sudah dipakai")
        _check_seat(accounts, role, unit)
        account = accounts.open_account(login, name, password, must_change=True)
        accounts.give_post(account, cast(Role, role), unit, accounts.today())
    click.echo(f"{login}: kata sandi pertama {password}")


@account_group.command("post")
@click.argument("login")
@_role
@_unit
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Hari pertama jabatan ini tidak lagi dipegang.")
@kabupaten_option
def post_command(login: str, role: str, unit: str, until: datetime | None, kabupaten: str | None) -> None:
    """Memberi satu jabatan lagi, atau mengakhirinya dengan --until."""
    with _accounts(kabupaten) as accounts:
        account = accounts.known(login)
        if account is None:
            raise click.ClickException(f"Tidak ada akun {login}")
        held = [p for p in accounts.posts(account) if (p.role, p.unit.code) == (role, unit)]
        if until is not None:
            for post in held:
                accounts.end_post(post.id, until.date())
            click.echo(f"{login}: {len(held)} jabatan berakhir {until:%Y-%m-%d}")
        elif held:
            raise click.ClickException(f"{login} sudah memegang jabatan ini")
        else:
            _check_seat(accounts, role, unit)
            accounts.give_post(account, cast(Role, role), unit, accounts.today())
            click.echo(f"{login}: {role} di {unit}")


@account_group.command("close")
@click.argument("login")
@kabupaten_option
def close_command(login: str, kabupaten: str | None) -> None:
    """Menutup akun; semua sesi di semua HP berakhir."""
    with _accounts(kabupaten) as accounts:
        account = accounts.known(login)
        if account is None:
            raise click.ClickException(f"Tidak ada akun {login}")
        accounts.close_account(account)
        accounts.end_sessions(account)
    click.echo(f"{login}: ditutup")


@click.group("token")
def token_group() -> None:
    """Kunci bagi sistem lain, misalnya SIMRS rumah sakit, untuk membaca dan mencatat rujukan."""


@token_group.command("make")
@click.option("--unit", required=True, help="Kode rumah sakit atau puskesmas.")
@click.option("--label", required=True, help="Sistem apa ini, misalnya: SIMRS RSUD Balaraja.")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True, help="Boleh diulang.")
@click.option("--days", type=click.IntRange(1, 3650), default=DAYS, show_default=True, help="Berlaku berapa hari.")
@kabupaten_option
def make_command(unit: str, label: str, scopes: tuple[Scope, ...], days: int, kabupaten: str | None) -> None:
    """Membuat kunci. Kuncinya hanya ditampilkan sekali."""
    with served(kabupaten) as (_, tenant, pool):
        accounts = Accounts(pool, tenant)
        known = accounts.units().get(unit)
        role: Role | None = next((r for r in TOKEN_ROLES if known is not None and SEAT[r] == known.kind), None)
        if role is None:
            raise click.ClickException(f"{unit} bukan rumah sakit atau puskesmas yang tercatat")
        token = Tokens(pool, tenant, accounts).make(unit, role, label, scopes, days)
        ends = accounts.today() + timedelta(days=days)
    click.echo(token)
    click.echo(f"Berlaku sampai {ends}. Simpan sekarang; tidak ditampilkan lagi.", err=True)


@token_group.command("list")
@kabupaten_option
def list_command(kabupaten: str | None) -> None:
    """Menampilkan semua kunci, tanpa rahasianya."""
    with served(kabupaten) as (_, tenant, pool):
        for t in Tokens(pool, tenant, Accounts(pool, tenant)).all():
            ends = f"dicabut {t.revoked_at:%Y-%m-%d}" if t.revoked_at else f"sampai {t.expires_at:%Y-%m-%d}"
            click.echo(f"{t.id}  {t.unit}  {t.role}  {','.join(t.scopes)}  {ends}  {t.label}")


@token_group.command("revoke")
@click.argument("token", type=click.UUID)
@kabupaten_option
def revoke_command(token: UUID, kabupaten: str | None) -> None:
    """Mencabut kunci dengan nomornya; berlaku dalam dua detik."""
    with served(kabupaten) as (_, tenant, pool):
        if not Tokens(pool, tenant, Accounts(pool, tenant)).revoke(token):
            raise click.ClickException(f"{token}: tidak ada, atau sudah dicabut")
    click.echo("dicabut")


@click.group("webhook")
def webhook_group() -> None:
    """Sistem lain yang dipanggil setiap kali rujukan berubah."""


@contextmanager
def _webhooks(kabupaten: str | None) -> Iterator[Webhooks]:
    with served(kabupaten) as (settings, tenant, pool):
        try:
            yield Webhooks(pool, tenant, sealing_of(settings, tenant.schema))
        except (ValueError, SettingsError) as wrong:
            raise click.ClickException(str(wrong)) from None


@webhook_group.command("add")
@click.option("--unit", required=True, help="Kode rumah sakit atau puskesmas yang rujukannya dikabarkan.")
@click.option("--url", required=True, help="Alamat yang dipanggil; https, atau http di komputer ini sendiri.")
@click.option("--label", required=True, help="Sistem apa ini.")
@click.option("--after", type=int, help="Kabarkan mulai sesudah posisi ini. Tanpa ini: mulai sekarang.")
@kabupaten_option
def add_webhook(unit: str, url: str, label: str, after: int | None, kabupaten: str | None) -> None:
    """Mulai memanggil satu sistem. Rahasia untuk memeriksa tanda tangan dicetak."""
    with _webhooks(kabupaten) as webhooks:
        number = webhooks.add(unit, url, label, after)
        click.echo(f"{number}\nrahasia {webhooks.secret(number)}")


@webhook_group.command("list")
@kabupaten_option
def list_webhooks(kabupaten: str | None) -> None:
    """Siapa dipanggil, sudah sampai posisi berapa, dan apa hambatannya."""
    with _webhooks(kabupaten) as webhooks:
        for w in webhooks.all():
            state = "berakhir" if w.ended_at else f"gagal {w.failures} kali ({w.error})" if w.failures else "lancar"
            click.echo(f"{w.id}  {w.unit}  posisi {w.position}  {state}  {w.dead} tidak diterima  {w.label}  {w.url}")


@webhook_group.command("dead")
@kabupaten_option
def dead_letters(kabupaten: str | None) -> None:
    """Kabar yang tidak mau diterima."""
    with _webhooks(kabupaten) as webhooks:
        for letter in webhooks.dead_letters():
            state = f"diterima {letter.taken_at:%Y-%m-%d}" if letter.taken_at else letter.error
            click.echo(f"{letter.webhook}  posisi {letter.position}  {letter.at:%Y-%m-%d %H:%M}  {state}")


@webhook_group.command("replay")
@click.argument("webhook", type=click.UUID)
@click.option("--position", type=int, help="Hanya yang ini. Tanpa ini: semua yang tidak diterima.")
@kabupaten_option
def replay_dead_letters(webhook: UUID, position: int | None, kabupaten: str | None) -> None:
    """Mengirim sekali lagi kabar yang tidak diterima."""
    with _webhooks(kabupaten) as webhooks:
        click.echo(f"{webhooks.replay(webhook, position)} kabar dikirim sekali lagi")


@webhook_group.command("rewind")
@click.argument("webhook", type=click.UUID)
@click.argument("position", type=int)
@kabupaten_option
def rewind_webhook(webhook: UUID, position: int, kabupaten: str | None) -> None:
    """Mengabarkan lagi semuanya sesudah satu posisi."""
    with _webhooks(kabupaten) as webhooks:
        if not webhooks.rewind(webhook, position):
            raise click.ClickException(f"{webhook}: tidak ada, atau sudah berakhir")
    click.echo(f"mulai lagi sesudah posisi {position}")


@webhook_group.command("end")
@click.argument("webhook", type=click.UUID)
@kabupaten_option
def end_webhook(webhook: UUID, kabupaten: str | None) -> None:
    """Berhenti memanggil satu sistem."""
    with _webhooks(kabupaten) as webhooks:
        if not webhooks.end(webhook):
            raise click.ClickException(f"{webhook}: tidak ada, atau sudah berakhir")
    click.echo("berakhir")


def _check_seat(accounts: Accounts, role: str, unit: str) -> None:
    known = accounts.units().get(unit)
    seat = SEAT[cast(Role, role)]
    if known is None:
        raise click.ClickException(f"Tidak ada unit {unit}; catat dulu dengan dampingi units")
    if known.kind != seat:
        raise click.ClickException(f"{role} dipegang di {seat}, dan {unit} ({known.name}) adalah {known.kind}")


@contextmanager
def _accounts(kabupaten: str | None) -> Iterator[Accounts]:
    with served(kabupaten) as (_, tenant, pool):
        yield Accounts(pool, tenant)


@contextmanager
def served(kabupaten: str | None, connections: int = 1) -> Iterator[tuple[Settings, Tenant, Pool]]:
    """The kabupaten a command is about, with as many connections at once as it needs."""
    settings, tenant = chosen(kabupaten)
    with connect(tenant.dsn, 1, connections, settings.statement_seconds, settings.lock_seconds) as pool:
        yield settings, tenant, pool


def chosen(kabupaten: str | None) -> tuple[Settings, Tenant]:
    """The kabupaten a command is about: the first one served, where none is named."""
    settings = load()
    found = tenants(settings, embedded.dsn(settings))
    code = kabupaten or next(iter(found))
    if code not in found:
        raise click.ClickException(f"Kabupaten {code} tidak dilayani di sini")
    return settings, found[code]


COMMANDS: tuple[click.Command, ...] = (units_command, account_group, token_group, webhook_group)
