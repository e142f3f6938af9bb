"""Work beside the follower: whatever is to be done when the log of a kabupaten has moved on, and is in no hurry."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from threading import Event as Flag

import psycopg
import structlog
from psycopg.sql import SQL, Identifier

from projections.follow import CHANNEL

PAUSE_SECONDS = 1.0
"""Between two rounds: the lists must be ahead."""

LONGEST_PAUSE_SECONDS = 60.0

_log = structlog.get_logger()


def run(
    name: str, dsn: str, schemas: Collection[str], stop: Flag, work: Callable[[str], object], sweep_seconds: float
) -> None:
    """Do the work for each schema of a database that was called, and for all of them now and then, until told to stop.

    Whatever is met on the way: the lists must go on being followed.
    """
    pause = PAUSE_SECONDS
    while not stop.is_set():
        try:
            _listen(name, dsn, schemas, stop, work, sweep_seconds)
        except Exception as problem:  # noqa: BLE001  # a bug in it must not end the follower
            _log.error("broken off", work=name, error=type(problem).__name__)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _listen(
    name: str, dsn: str, schemas: Collection[str], stop: Flag, work: Callable[[str], object], sweep_seconds: float
) -> None:
    with psycopg.connect(dsn, autocommit=True, application_name=f"dampingi {name}") as ear:
        ear.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
        called, swept = set(schemas), time.monotonic()
        while not stop.is_set():
            for schema in called & set(schemas):
                work(schema)
            stop.wait(PAUSE_SECONDS)
            called = {call.payload for call in ear.notifies(timeout=0)}
            if time.monotonic() - swept >= sweep_seconds:
                called, swept = set(schemas), time.monotonic()
