"""What an operator does with letters of assignment: `dampingi penugasan beri | daftar | akhiri`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import click

from service import access
from service.accounts import Accounts
from service.administration import kabupaten_option, served
from service.assignments import Assignments
from service.mendable import said_plainly

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("penugasan")
def assignment_group() -> None:
    """Surat tugas inspektorat: siapa boleh melihat identitas, di mana, dan sampai kapan."""


@assignment_group.command("beri")
@click.argument("login", metavar="NAMA")
@click.option("--nomor", metavar="NOMOR", required=True, help="Nomor surat tugas.")
@click.option(
    "--unit", "units", metavar="UNIT", multiple=True, required=True, help="Kode unit yang diperiksa; boleh diulang."
)
@click.option("--dari", metavar="HARI", type=_DAY, required=True, help="Hari pertama, misalnya 2026-03-02.")
@click.option("--sampai", metavar="HARI", type=_DAY, required=True, help="Hari terakhir.")
@kabupaten_option
@said_plainly
def give_command(
    login: str, nomor: str, units: tuple[str, ...], dari: datetime, sampai: datetime, kabupaten: str | None
) -> None:
    """Mencatat surat tugas inspektur yang masuk dengan nama pengguna NAMA."""
    with served(kabupaten) as (_, tenant, pool):
        accounts = Accounts(pool, tenant)
        account = accounts.known(login)
        if account is None or not any(post.role in access.AUDITS for post in accounts.posts(account)):
            raise click.ClickException(f"{login} bukan akun inspektorat")
        known = accounts.units()
        for unit in units:
            if unit not in known:
                raise click.ClickException(f"Tidak ada unit {unit}")
        if not nomor.strip():
            raise click.ClickException("Nomor surat tugas belum diisi")
        if sampai < dari:
            raise click.ClickException("Hari terakhir sebelum hari pertama")
        number = Assignments(pool, tenant.schema).give(nomor.strip(), account, units, dari.date(), sampai.date())
    click.echo(f"{number}: {nomor} untuk {login}, {dari:%Y-%m-%d} sampai {sampai:%Y-%m-%d}")


@assignment_group.command("daftar")
@kabupaten_option
@said_plainly
def list_command(kabupaten: str | None) -> None:
    """Menampilkan semua surat tugas, juga yang sudah berakhir."""
    with served(kabupaten) as (_, tenant, pool):
        given = Assignments(pool, tenant.schema).all()
        known = Accounts(pool, tenant).numbered({a.account for a in given})
        for a in given:
            who = f"{known[a.account].login} ({known[a.account].name})"
            ended = f"diakhiri {a.ended_at.astimezone(tenant.zone):%Y-%m-%d}" if a.ended_at else f"sampai {a.valid_to}"
            click.echo(f"{a.id}  {a.letter}  {who}  {','.join(a.units)}  dari {a.valid_from}  {ended}")


@assignment_group.command("akhiri")
@click.argument("penugasan", type=click.UUID)
@kabupaten_option
@said_plainly
def end_command(penugasan: UUID, kabupaten: str | None) -> None:
    """Mengakhiri surat tugas sebelum hari terakhirnya; berlaku seketika."""
    with served(kabupaten) as (_, tenant, pool):
        if not Assignments(pool, tenant.schema).end(penugasan):
            raise click.ClickException(f"{penugasan}: tidak ada, atau sudah diakhiri")
    click.echo("diakhiri")


COMMANDS: tuple[click.Command, ...] = (assignment_group,)
