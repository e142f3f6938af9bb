"""Two editions compared over very many stories: python -m bench.compare [--json FILE]

One kecamatan's log is copied under other case numbers until there are as many stories as a kabupaten has; then the
shipped draft is compared with the edition in force, by two processes. The bound reads the same stories, decodes them
and does nothing, also by two processes.
"""

from __future__ import annotations

import multiprocessing
from datetime import datetime
from time import perf_counter
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from bench.ground import Figures, Ground, ground, show, where_asked
from projections import log, rebuild
from service.following import juknis
from service.rulebook.compare import RANGES, compare

STORIES = 200_000
PROCESSES = 2
REACH_MINUTES = 10


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(1) as made:
        multiply(made, STORIES)
        figures = measure(made)
    show(figures, path)


def multiply(made: Ground, wanted: int) -> None:
    """Copy every story until there are so many."""
    events = Identifier(made.schema, "events")
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        row = conn.execute(SQL("SELECT count(*), max(position) FROM {} WHERE version = 1").format(events)).fetchone()
        assert row is not None
        stories, last = row[0], log.head(conn, made.schema)
        columns = SQL("version, topic, state, entry, recorded_at, actor, role, unit, device, edition")
        copy = SQL("""
        INSERT INTO {0} (position, case_id, {1})
        SELECT position + %(last)s * %(n)s, md5(case_id::text || %(n)s)::uuid, {1}
        FROM {0}
        WHERE position <= %(last)s
        """).format(events, columns)
        for n in range(1, -(-wanted // stories)):
            conn.execute(copy, {"last": last, "n": n})
        conn.execute(SQL("VACUUM ANALYZE {}").format(events))


def measure(made: Ground) -> Figures:
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        ranges = rebuild.ranges(conn, made.schema, RANGES)
    start = perf_counter()
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        stories = sum(pool.imap_unordered(_read, [(made.dsn, made.schema, low, high) for low, high in ranges]))
    bound = perf_counter() - start
    books = juknis()
    start = perf_counter()
    before, after = books.book(made.today()), books.book_of("2026-usulan")
    now = datetime.now(made.tenant.zone)
    compared = compare(made.dsn, made.schema, before, after, now, lambda _: None, PROCESSES)
    seconds = perf_counter() - start
    return {
        "stories": compared.stories,
        "stories_that_change": compared.changed,
        "bound_stories_per_second": round(stories / bound),
        "compared_stories_per_second": round(compared.stories / seconds),
        "ratio": round(bound / seconds, 3),
        "minutes": round(seconds / 60, 1),
        "reach_minutes": REACH_MINUTES,
    }


def _read(work: tuple[str, str, UUID, UUID]) -> int:
    dsn, schema, low, high = work
    with psycopg.connect(dsn, autocommit=True) as conn:
        return sum(len(page) for page in log.all_stories(conn, schema, low, high))


if __name__ == "__main__":
    main()
