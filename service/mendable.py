"""What an operator can mend is said in one line, without a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click
import psycopg
from psycopg_pool import PoolTimeout

from service.embedded import EmbeddedError
from service.juknis import JuknisError
from service.migrate import MigrationError
from service.notes import BadNote
from service.roles import CannotMakeRoles
from service.settings import SettingsError

P = ParamSpec("P")


def said_plainly(command: Callable[P, None]) -> Callable[P, None]:
    """For a command: the exit code is then not 0."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (SettingsError, EmbeddedError, MigrationError, CannotMakeRoles, JuknisError, BadNote) as problem:
            raise click.ClickException(str(problem)) from None
        except (psycopg.OperationalError, PoolTimeout) as problem:
            raise click.ClickException(f"PostgreSQL: {problem}") from None

    return run
