"""Seconds that moving 10,000 cases takes, and events a second: python -m bench.moving [--json FILE]

Each case is a child with six events. Counted are the commits of the move, then the lists until they show it, then a
second run over the same cases, which has nothing to do but to see that. The bound is reading and folding the stories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from time import perf_counter
from uuid import UUID, uuid5

import psycopg

from bench.ground import BATCH, Figures, Ground, furnish, ground, in_kecamatan, show, where_asked
from domain import child, stories
from domain.case import Command, Personal
from projections import log
from service import following, lives, moving
from service.accounts import Accounts
from service.handle import Actor, Asked, Submitted, record
from service.store import Store

CASES = 10_000
WEIGHINGS = 5


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(0) as made, made.store() as store:
        furnish(accounts := Accounts(store.pool, made.tenant), 0)
        out_of, to = [in_kecamatan(code, 0) for code, _, _ in list(lives.posyandu())[:2]]
        cases = [uuid5(lives.SPACE, f"moving {nth}") for nth in range(CASES)]
        _tell(store, cases, out_of, made.today())
        following.catch_up(made.dsn, made.followed())
        units = accounts.units()
        wanted = [moving.Wanted(str(case), to) for case in cases]
        figures: Figures = {"cases": CASES, "folding_only_seconds": round(_folded(made, store, cases), 2)}
        for name in ("first", "second"):
            start = perf_counter()
            errand = moving.Errand(store, units, made.tenant.code, "posyandu-digabung", datetime.now(store.clock))
            outcomes = Counter(one.outcome for one in moving.move(errand, wanted))
            seconds = perf_counter() - start
            if outcomes != {"moved" if name == "first" else "there": CASES}:
                raise SystemExit(f"{name}: {outcomes}")
            figures[f"{name}_run_seconds"] = round(seconds, 2)
            if name == "first":
                figures["events_per_second"] = round(CASES / seconds)
                start = perf_counter()
                following.catch_up(made.dsn, made.followed())
                figures["lists_seconds"] = round(perf_counter() - start, 2)
    show(figures, path)


def _tell(store: Store, cases: Sequence[UUID], posyandu: str, today: date) -> None:
    asked = [one for case in cases for one in _story(case, posyandu, today)]
    for first in range(0, len(asked), BATCH):
        if {answer.outcome for answer in record(store, asked[first : first + BATCH])} != {"recorded"}:
            raise SystemExit("a made-up entry was not recorded")


def _story(case: UUID, posyandu: str, today: date) -> list[Asked]:
    begun = today - timedelta(days=200)
    desa = posyandu.split(".")[0]
    told: list[Command] = [
        child.Register(on=begun, born=begun, sex="P", desa=desa, posyandu=posyandu, personal=Personal(name="Anak"))
    ]
    told += [child.Measure(on=begun + timedelta(days=30 * nth), kg=3.5 + nth / 2) for nth in range(1, WEIGHINGS + 1)]
    by = Actor("kader", "kader", posyandu, lambda _command, _state: None)
    return [
        Asked(Submitted(uuid5(case, str(nth)), case, one), by, datetime.now().astimezone())
        for nth, one in enumerate(told)
    ]


def _folded(made: Ground, store: Store, cases: Sequence[UUID]) -> float:
    start = perf_counter()
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        for first in range(0, len(cases), moving.BATCH):
            for story in log.stories(conn, store.schema, cases[first : first + moving.BATCH]).values():
                stories.fold(story)
    return perf_counter() - start


if __name__ == "__main__":
    main()
