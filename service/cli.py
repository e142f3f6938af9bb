"""The command line: everything an operator can ask of the program."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click
import psycopg

from service import embedded
from service.migrate import MigrationError, migrate
from service.settings import Settings, SettingsError, load
from service.tenants import tenants

P = ParamSpec("P")


def said_plainly(command: Callable[P, None]) -> Callable[P, None]:
    """What the operator can mend is said in one line, without a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (SettingsError, embedded.EmbeddedError, MigrationError) as problem:
            raise click.ClickException(str(problem)) from None
        except psycopg.OperationalError as problem:
            raise click.ClickException(f"PostgreSQL: {problem}") from None

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Dampingi: daftar siapa perlu didampingi, oleh siapa, mulai kapan, dan mengapa."""


@main.command("migrate")
@said_plainly
def migrate_command() -> None:
    """Menyiapkan atau memperbarui tabel setiap kabupaten."""
    for name, applied in bring_up_to_date(load()):
        click.echo(f"{name}: {', '.join(applied) or 'sudah yang terbaru'}")


@main.command()
@said_plainly
def stop() -> None:
    """Menghentikan PostgreSQL bawaan; datanya tetap tersimpan."""
    folder = load().data_dir
    click.echo("PostgreSQL dihentikan." if embedded.stop(folder) else "PostgreSQL memang tidak sedang berjalan.")


def bring_up_to_date(settings: Settings) -> list[tuple[str, tuple[str, ...]]]:
    """Migrate every tenant, and say what was applied to which."""
    app = embedded.app_role(settings)
    done = []
    for tenant in tenants(settings, embedded.owner_dsn(settings)).values():
        with psycopg.connect(tenant.dsn) as conn:
            done.append((tenant.name, migrate(conn, tenant.schema, app)))
    return done


if __name__ == "__main__":
    main(prog_name="dampingi")
