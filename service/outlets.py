"""Checkpoints that leave the house: into a folder or to an address that the inspectorate names.

What lies there cannot be taken back by anybody here, and so shows a log that was made anew from end to end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, LiteralString
from urllib.parse import urlsplit

import structlog
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from service import beside, ledger
from service.notes import Checkpoint
from service.settings import Settings, SettingsError
from service.store import Pool

if TYPE_CHECKING:
    import httpx

Conn = Connection[Any]

SWEEP_SECONDS = 10.0
AT_ONCE = 100
"""Checkpoints sent to one place in one round."""
TRY_AGAIN = timedelta(minutes=1)
"""How long a place that could not be reached is left alone."""
TIMEOUT_SECONDS = 10.0

_log = structlog.get_logger()


class Outlets(Struct, frozen=True):
    """Where the checkpoints of one kabupaten go."""

    pool: Pool
    schema: str
    folder: Path | None
    url: str | None

    @property
    def any(self) -> bool:
        return self.folder is not None or self.url is not None


def open_outlets(pool: Pool, settings: Settings, schema: str) -> Outlets:
    """As the settings name them. Raises SettingsError."""
    if settings.checkpoint_url is not None:
        _check_url(settings.checkpoint_url)
    return Outlets(pool, schema, settings.checkpoint_folder, settings.checkpoint_url)


def _check_url(url: str) -> None:
    """Nothing in it is secret, but on the way nobody may put another one in its place."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        raise SettingsError("DAMPINGI_CHECKPOINT_URL harus diawali https://")


def send(of: Outlets, client: httpx.Client | None) -> int:
    """What these places have not been given; in a place that is new, the newest only. Returns how many were taken."""
    taken = 0
    with of.pool.connection() as conn:
        if of.folder is not None:
            folder = of.folder
            taken += _send(conn, of.schema, f"folder {folder}", lambda one: into(folder, one))
        if of.url is not None and client is not None:
            url, caller = of.url, client
            taken += _send(conn, of.schema, url, lambda one: _post(caller, url, one))
    return taken


def _send(conn: Conn, schema: str, outlet: str, deliver: Callable[[Checkpoint], None]) -> int:
    told = conn.execute(_sql(schema, _OUTLET), [outlet], prepare=True).fetchone()
    if told is not None and told[2] is not None and datetime.now(UTC) - told[1] < TRY_AGAIN:
        return 0
    size, taken, error = told[0] if told is not None else 0, 0, None
    for one in _waiting(conn, schema, told):
        try:
            deliver(one)
        except Exception as problem:  # noqa: BLE001  # a disk, a network: said to whoever watches, and tried again
            error = type(problem).__name__
            _log.warning("checkpoint not sent", schema=schema, size=one.size, error=error)
            break
        size, taken = one.size, taken + 1
    if taken or error is not None:
        conn.execute(_sql(schema, _TOLD), {"outlet": outlet, "size": size, "error": error})
    return taken


def _waiting(conn: Conn, schema: str, told: tuple[Any, ...] | None) -> list[Checkpoint]:
    if told is not None:
        return ledger.after(conn, schema, told[0], AT_ONCE)
    last = ledger.newest(conn, schema)
    return [] if last is None else [last]


def into(folder: Path, one: Checkpoint) -> None:
    """Put it there whole under its name, or not at all. Raises FileExistsError where another one has that name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(one)
    if path.exists():
        if path.read_text(encoding="utf-8") != one.note:
            raise FileExistsError(path.name)
        return
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        file.write(one.note)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def file_name(one: Checkpoint) -> str:
    """In the order of their sizes, which is that of time: `kab_3603-000000012345.txt`."""
    return f"{one.origin.rpartition('/')[2]}-{one.size:012}.txt"


def _post(client: httpx.Client, url: str, one: Checkpoint) -> None:
    answer = client.post(url, content=one.note.encode(), headers={"content-type": "text/plain; charset=utf-8"})
    answer.raise_for_status()


# The thread


def run(dsn: str, places: Mapping[str, Outlets], stop: Flag) -> None:
    """Send the checkpoints of these kabupaten of one database, by their schemas, until told to stop."""
    there = {schema: of for schema, of in places.items() if of.any}
    if there:
        with calling(there) as client:
            beside.run("checkpoints", dsn, there, stop, lambda schema: send(there[schema], client), SWEEP_SECONDS)


@contextmanager
def calling(places: Mapping[str, Outlets]) -> Iterator[httpx.Client | None]:
    """What calls an address; None where there is none to call, and nothing for it need be held."""
    if all(of.url is None for of in places.values()):
        yield None
        return
    import httpx

    with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
        yield client


_OUTLET: LiteralString = """
SELECT size, at, error
FROM {checkpoint_outlets}
WHERE outlet = %s
"""

_TOLD: LiteralString = """
INSERT INTO {checkpoint_outlets} (outlet, size, error)
VALUES (%(outlet)s, %(size)s, %(error)s)
ON CONFLICT (outlet) DO UPDATE
SET size = excluded.size, at = now(), error = excluded.error
"""


@lru_cache(maxsize=1024)
def _sql(schema: str, text: LiteralString) -> bytes:
    return SQL(text).format(checkpoint_outlets=Identifier(schema, "checkpoint_outlets")).as_bytes()
