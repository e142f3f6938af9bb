"""Events a second that a rebuild of every list takes in, by one and two processes: python -m bench.rebuild [--json F]

The bound is reading and decoding the same log in its order, folding nothing. The memory is that of the process which
rebuilds, looked at after a third of the log and at the end: it must not grow with the log.
"""

from __future__ import annotations

import multiprocessing
import resource
from time import perf_counter
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from bench.ground import Figures, Ground, ground, ground_at, show, where_asked
from domain.stories import decode
from projections import follow, log, rebuild

KECAMATAN = 3
ROUNDS = 2
REACH, REACH_TWO, REACH_MB = 0.15, 1.6, 300


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(KECAMATAN) as made:
        figures = measure(made)
    show(figures, path)


def measure(made: Ground) -> Figures:
    """Bound and figures in one run; the better of two rounds, since the other one was disturbed."""
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        tenant = made.followed()
        follow.prepare(conn, tenant, tenant.book(conn))
        events = log.head(conn, made.schema)
        bound = events / min(bare(conn, made.schema) for _ in range(3))
        whole = events / min(stories(conn, made.schema) for _ in range(2))
    one = min((alone(made, 1) for _ in range(ROUNDS)), key=lambda found: found["seconds"])
    two = min((alone(made, 2) for _ in range(ROUNDS)), key=lambda found: found["seconds"])
    return {
        "events": events,
        "bound_events_per_second": round(bound),
        "whole_stories_events_per_second": round(whole),
        "one_process_events_per_second": round(events / one["seconds"]),
        "ratio": round(events / one["seconds"] / bound, 3),
        "reach_ratio": REACH,
        "two_processes_events_per_second": round(events / two["seconds"]),
        "two_processes_times": round(one["seconds"] / two["seconds"], 2),
        "reach_two_processes_times": REACH_TWO,
        "memory_after_a_third_mb": round(one["third_mb"]),
        "memory_mb": round(one["most_mb"]),
        "memory_of_each_of_two_mb": round(two["child_mb"]),
        "reach_memory_mb": REACH_MB,
    }


def bare(conn: psycopg.Connection[Any], schema: str) -> float:
    """Seconds to read every row of the log and decode what it says."""
    query = SQL("SELECT {}, position FROM {} WHERE position > %s ORDER BY position LIMIT 5000")
    page = query.format(SQL(log.COLUMNS), Identifier(schema, "events"))
    start, after = perf_counter(), 0
    while rows := conn.execute(page, [after], binary=True, prepare=True).fetchall():
        for row in rows:
            decode(row[3])
        after = rows[-1][2]
    return perf_counter() - start


def stories(conn: psycopg.Connection[Any], schema: str) -> float:
    """Seconds to read every whole story as the domain knows it, which is what a rebuild reads."""
    start = perf_counter()
    for _ in log.all_stories(conn, schema):
        pass
    return perf_counter() - start


def alone(made: Ground, processes: int) -> dict[str, float]:
    """A rebuild in a process of its own, whose memory is nobody else's."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_rebuild, args=(made.dsn, processes, theirs))
    process.start()
    theirs.close()
    try:
        found: dict[str, float] = ours.recv()
    finally:
        process.join()
    return found


def _rebuild(dsn: str, processes: int, told: Any) -> None:
    made = ground_at(dsn)
    tenant = made.followed()
    with psycopg.connect(dsn, autocommit=True) as conn:
        book, events = tenant.book(conn), log.head(conn, made.schema)
    done, third = 0, 0.0

    def progress(count: int) -> None:
        nonlocal done, third
        done += count
        if not third and done * 3 >= events:
            third = _most_mb(resource.RUSAGE_SELF)

    start = perf_counter()
    rebuild.rebuild(dsn, tenant, book, tenant.projections, progress, processes)
    seconds = perf_counter() - start
    told.send({
        "seconds": seconds,
        "third_mb": third,
        "most_mb": _most_mb(resource.RUSAGE_SELF),
        "child_mb": _most_mb(resource.RUSAGE_CHILDREN),
    })  # fmt: skip


def _most_mb(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss / 1024


if __name__ == "__main__":
    main()
