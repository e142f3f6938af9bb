"""Seconds to look for patterns in a day and in a month of entries: python -m bench.integrity [--json FILE]

The ground is the made-up year of one kecamatan with as many children as in the field. All its days and then all its
months are looked at, as after a long pause; the bound is reading and decoding the same rows once. What is asked about
these honest lives is counted: it should be nothing.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time
from time import perf_counter

import psycopg

from bench.ground import Figures, Ground, ground, show, where_asked
from domain.oversight import IntegrityFlagRaised
from projections import follow, log
from service import following, integrity, lives
from service.accounts import Accounts
from service.beginnings import begin_units
from service.watched import Watched

MONTHS = 12
DAY, MONTH = 10_000, 300_000
REACH = 0.15


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    lives.kecamatan.MONTHS = MONTHS
    with ground(1) as made:
        show(looked_at(made), path)


def looked_at(made: Ground) -> Figures:
    """Everything that stands in the log, after the lists have caught up with it."""
    with made.store() as store:
        watched = Watched(store, Accounts(store.pool, made.tenant), following.juknis().book)
        begins = lives.beginning(made.today())
        begin_units(store, watched.accounts.units(), begins, datetime.combine(begins, time(6), made.tenant.zone))
        with psycopg.connect(made.dsn, autocommit=True) as conn:
            tenant = made.followed()
            book = tenant.book(conn)
            follow.prepare(conn, tenant, book)
            follow.Follower(tenant, book).catch_up(conn)
            conn.execute("VACUUM ANALYZE")
            events = log.head(conn, made.schema)
            bound = reading(conn, made.schema)
            days = timed(integrity.look_at_days, watched)
            months = timed(integrity.look_at_months, watched)
            asked = questions(conn, made.schema, events)
    return {
        "events": events,
        "bound_events_per_second": round(events / bound),
        "day_of_10000_seconds": round(days * DAY / events, 3),
        "days_ratio": round(bound / days, 3),
        "month_of_300000_seconds": round(months * MONTH / events, 2),
        "months_ratio": round(bound / months, 3),
        "reach_ratio": REACH,
        "kecamatan_months": MONTHS,
        "questions_about_honest_lives": asked.total(),
        **{f"questions_{pattern}": count for pattern, count in asked.items()},
    }


def reading(conn: psycopg.Connection, schema: str) -> float:
    """Seconds to read and decode the log once."""
    start, after = perf_counter(), 0
    while page := log.read(conn, schema, after, 5_000):
        after = page[-1].position or 0
    return perf_counter() - start


def timed(look: object, watched: Watched) -> float:
    start = perf_counter()
    look(watched, watched.now)  # type: ignore[operator]
    return perf_counter() - start


def questions(conn: psycopg.Connection, schema: str, after: int) -> Counter[str]:
    """What was asked, by pattern."""
    return Counter(
        r.event.pattern for r in log.read(conn, schema, after, 100_000) if isinstance(r.event, IntegrityFlagRaised)
    )


if __name__ == "__main__":
    main()
