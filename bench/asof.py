"""The list of a posyandu as it was, the difference of two days, and the tasks of a long story: python -m bench.asof

A posyandu of 90 children and their mothers in a kabupaten of one kecamatan, asked about days of the last months, by
one person and by four through one process. The bound is loading and decoding the same stories, folding nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from threading import Thread
from time import perf_counter
from uuid import UUID

import psycopg
from msgspec.structs import replace

from bench.ground import CHILDREN, Figures, Ground, ground, in_kecamatan, percentiles, show, where_asked
from domain.case import Recorded
from projections import log
from projections.asof import Clocks
from projections.queue import Narrow
from service import following, lives
from service.access import Who
from service.accounts import Accounts
from service.past import Past, Where
from service.store import connect

KECAMATAN = 1
CLIENTS = 4
TIMES = 60
DEPTH = 100
REACH_P95_MS = 300
POSYANDU = in_kecamatan(f"{lives.DESA[1][0]}.01", 0)


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(KECAMATAN) as made:
        following.catch_up(made.dsn, made.followed(), 5_000)
        with psycopg.connect(made.dsn, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
        with past(made) as (told, who):
            figures = measure(made, told, who)
    show(figures, path)


def measure(made: Ground, told: Past, who: Who) -> Figures:
    where = Where((POSYANDU.split(".")[0],), (POSYANDU,))
    cases = told.gathered(where)
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        events = sum(map(len, log.stories(conn, made.schema, cases).values()))
        bound = timed(lambda at: log.stories_known(conn, made.schema, cases, at), made)

    def ask(at: datetime) -> object:
        return told.worklist(who, "kader", where, Clocks(at), Narrow(), 0, 50)

    alone, together = timed(ask, made), at_once(ask, made)
    story = deep(made)
    now = datetime.now(made.tenant.zone)
    return {
        "children": CHILDREN,
        "cases_gathered": len(cases),
        "their_events": events,
        **{f"bound_{p}": value for p, value in percentiles(bound).items()},
        **{f"list_1_client_{p}": value for p, value in percentiles(alone).items()},
        "list_ratio_of_p50": round(percentiles(bound)["p50_ms"] / percentiles(alone)["p50_ms"], 3),
        **{f"list_{CLIENTS}_clients_{p}": value for p, value in percentiles(together).items()},
        **{
            f"difference_of_a_week_{p}": value
            for p, value in percentiles(
                timed(lambda at: told.difference(who, "kader", where, at - timedelta(days=7), at, slice(100)), made)
            ).items()
        },
        **{
            f"tasks_of_{DEPTH}_events_{p}": value
            for p, value in percentiles(timed(lambda _: told.lives(story, now), made)).items()
        },
        "reach_p95_ms": REACH_P95_MS,
    }


def days(made: Ground) -> Iterator[datetime]:
    """Evenings of the last half year, in no order."""
    chance = random.Random(1)
    while True:
        on = made.today() - timedelta(days=chance.randint(1, 180))
        yield datetime.combine(on, time(20, chance.randint(0, 59)), made.tenant.zone)


def timed(ask: Callable[[datetime], object], made: Ground, times: int = TIMES) -> list[float]:
    took = []
    for _, at in zip(range(times), days(made), strict=False):
        start = perf_counter()
        ask(at)
        took.append(perf_counter() - start)
    return took


def at_once(ask: Callable[[datetime], object], made: Ground) -> list[float]:
    took: list[float] = []
    threads = [Thread(target=lambda: took.extend(timed(ask, made))) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


@contextmanager
def past(made: Ground) -> Iterator[tuple[Past, Who]]:
    """The past as the doors ask for it, and a kader of the posyandu."""
    with connect(made.dsn, 1, 8) as pool:
        accounts = Accounts(pool, made.tenant)
        account = accounts.open_account("kader", "Kader", "bench-of-past-lists")
        post = accounts.give_post(account, "kader", POSYANDU, date(2020, 1, 1))
        who = accounts.who(account, post)
        assert who is not None
        yield Past(pool, made.tenant, made.followed(), following.juknis(), accounts), who


def deep(made: Ground) -> list[Recorded]:
    """A story of a hundred events: the longest there is, its last event told again and again a day later."""
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        query = (
            f"SELECT case_id FROM {made.schema}.events WHERE topic = 'child.measured' GROUP BY 1 ORDER BY count(*) DESC"
        )
        row = conn.execute(f"{query} LIMIT 1").fetchone()
        assert row is not None
        case: UUID = row[0]
        story = log.stories(conn, made.schema, [case])[case][:DEPTH]
    last = next(r for r in reversed(story) if getattr(r.event, "kg", None))
    while len(story) < DEPTH:
        n = len(story)
        by = replace(last.by, recorded_at=story[-1].by.recorded_at + timedelta(hours=6))
        story.append(Recorded(last.case, n + 1, last.event, by))
    return story


if __name__ == "__main__":
    main()
