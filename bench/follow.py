"""Events a second the follower takes in when behind, and its lag when not: python -m bench.follow [--json FILE]

Catching up begins with empty lists; a whole story is folded once, however many of its events are waiting. The bound is
reading and decoding the same batches and the same whole stories, folding nothing. For the lag this process writes at a
steady pace while the follower runs in another one; what is counted is the time from the answer of a commit until every
list holds it, looked at once a millisecond. That is done twice: while the same process looks through all that was ever
recorded for patterns, as it does of a day once a day, and when it has.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep
from typing import Any
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from bench.ground import Figures, Ground, asked, entries, furnish, ground, percentiles, show, where_asked
from projections import follow, log
from service.accounts import Accounts
from service.handle import Asked, record
from service.store import Store
from service.writer import Caller

KECAMATAN = 2
PER_SECOND, SECONDS = 200, 20
PATTERNS_SECONDS = 180
REACH, REACH_P50_MS, REACH_P99_MS = 5_000, 10, 50


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(KECAMATAN) as made:
        figures = {**catching_up(made), **lag(made)}
    show(figures, path)


# Behind


def catching_up(made: Ground) -> Figures:
    tenant = made.followed()
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        conn.execute("SET TimeZone TO 'UTC'")
        book = tenant.book(conn)
        follow.prepare(conn, tenant, book)
        events = log.head(conn, made.schema)
        bound = events / reading(conn, made.schema)
        row = conn.execute(SQL("SELECT count(DISTINCT case_id) FROM {}").format(Identifier(made.schema, "events")))
        stories = row.fetchone()[0]
        start = perf_counter()
        follow.Follower(tenant, book).catch_up(conn)
        seconds = perf_counter() - start
    return {
        "events": events,
        "bound_events_per_second": round(bound),
        "follower_events_per_second": round(events / seconds),
        "ratio": round(events / seconds / bound, 3),
        "reach_events_per_second": REACH,
        "stories": stories,
        "follower_stories_per_second": round(stories / seconds),
    }


def reading(conn: psycopg.Connection[Any], schema: str) -> float:
    """Seconds to read every batch of the log and the whole stories it begins."""
    start, after = perf_counter(), 0
    read: set[UUID] = set()
    while new := log.touched(conn, schema, after, 1000):
        cases = {case for _, case in new} - read
        log.stories(conn, schema, cases)
        read |= cases
        after = new[-1][0]
    return perf_counter() - start


# Abreast


def lag(made: Ground) -> Figures:
    """Entries of children of one more kecamatan, one a commit as one phone after the other would send them."""
    with made.store() as store, following_process(made) as follower, psycopg.connect(made.dsn, autocommit=True) as conn:
        furnish(Accounts(store.pool, made.tenant), KECAMATAN)
        told = [asked(entry) for entry in entries(KECAMATAN, made.today())[: PER_SECOND * (2 * SECONDS + 1)]]
        awake, first, second = (
            told[:PER_SECOND],
            told[PER_SECOND : PER_SECOND * (SECONDS + 1)],
            told[-PER_SECOND * SECONDS :],
        )
        if not log.wait_for(conn, made.schema, record(store, awake)[-1].position or 0, 30):
            raise RuntimeError("the follower does not follow")
        busy, _ = lagging(made, conn, store, first)
        await_patterns(conn, made.schema)
        late, per_second = lagging(made, conn, store, second)
        memory = memory_mb(str(follower.pid))
    return {
        "lag_events": len(late),
        "written_per_second": per_second,
        **{f"lag_{name}": value for name, value in percentiles(late).items()},
        **{f"lag_while_patterns_are_looked_for_{name}": value for name, value in percentiles(busy).items()},
        "reach_lag_p50_ms": REACH_P50_MS,
        "reach_lag_p99_ms": REACH_P99_MS,
        "follower_process_memory_mb": round(memory),
    }


def lagging(made: Ground, conn: psycopg.Connection[Any], store: Store, told: list[Asked]) -> tuple[list[float], int]:
    """The lag of each of these, and how many were written a second."""
    written: list[tuple[int, float]] = []
    writer = Thread(target=write, args=(store, told, written))
    writer.start()
    seen = list(watched(conn, made.schema, writer))
    return list(lags(written, seen)), round(len(written) / (written[-1][1] - written[0][1]))


def await_patterns(conn: psycopg.Connection[Any], schema: str) -> None:
    """Until the days and then the months before today were looked through."""
    query = SQL("SELECT position > 0 FROM {} WHERE name = 'months'").format(Identifier(schema, "policies"))
    ends = time.monotonic() + PATTERNS_SECONDS
    while conn.execute(query).fetchone() != (True,):
        if time.monotonic() > ends:
            raise RuntimeError("the patterns of the months were not looked for")
        sleep(1)


@contextmanager
def following_process(made: Ground) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "service.cli", "follow"], env=made.environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def write(store: Store, told: list[Asked], written: list[tuple[int, float]]) -> None:
    """At a steady pace, each in a commit of its own, the followers called as the service calls them."""
    caller = Caller(store)
    start = perf_counter()
    for number, one in enumerate(told):
        if (early := start + number / PER_SECOND - perf_counter()) > 0:
            sleep(early)
        answer = record(store, [one])[0]
        caller.call()
        if answer.position is not None:
            written.append((answer.position, perf_counter()))
    caller.close()


def watched(conn: psycopg.Connection[Any], schema: str, writer: Thread) -> Iterator[tuple[int, float]]:
    """Each position that all lists came to, and when we saw it."""
    before = log.followed(conn, schema)
    until = None
    while until is None or time.monotonic() < until:
        if until is None and not writer.is_alive():
            until = time.monotonic() + 1
        position = log.followed(conn, schema)
        if position > before:
            before = position
            yield position, perf_counter()
        sleep(0.001)


def lags(written: list[tuple[int, float]], seen: list[tuple[int, float]]) -> Iterator[float]:
    """From the commit of each event to the first look at which the lists held it."""
    looks = iter(seen)
    reached, at = 0, 0.0
    for position, committed in written:
        while reached < position:
            reached, at = next(looks)
        yield max(0.0, at - committed)


def memory_mb(process: str) -> float:
    """The most that a process ever held."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
