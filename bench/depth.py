"""The story of a case, at depth 100 and 1,000, with four million events stored: python -m bench.depth [--json FILE]

A bidan asks the real service for the page of a case, for its first view and for its story in sentences, first and last
page, one request at a time and sixteen at once. An inspector asks for the story with its envelope and the proof of each
event in the signed ledger; the events of those cases lie all over the log, as those of years do, so that hardly two
share a tile. The other events are one kecamatan's log copied under other numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import cycle
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg.sql import SQL, Identifier

from bench.compare import multiply
from bench.ground import BATCH, MASTER, Figures, Ground, asked, ground, in_kecamatan, percentiles, show, where_asked
from bench.lists import CLIENTS, DESKS, Ask, Desk, Phone, hire, run, serving
from domain import care, child
from domain.case import Command, Personal
from projections import ledger, log
from service import following, lives
from service import ledger as keeping
from service.handle import record
from service.lives import Entry
from service.notes import Signer
from service.store import connect

EVENTS = 4_000_000
CASES = 40
"""Of each depth, all in one desa, so that no single story stays in a cache."""
DEPTHS = (100, 1_000)
REACH_P95_MS = {100: 25, 1_000: 60}
FIRST = date(2023, 1, 2)


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(1) as made:
        following.catch_up(made.dsn, made.followed(), 5_000)
        fill(made)
        scattered = {depth: of_years(made, depth) for depth in DEPTHS}
        cases = {depth: told(made, depth) for depth in DEPTHS}
        following.catch_up(made.dsn, made.followed(), 5_000)
        people = hire(made, DESKS[0])
        inspectors = hire(made, Desk("inspektorat", "inspektorat", made.tenant.code, ()))
        sign(made)
        with psycopg.connect(made.dsn, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
        with serving(made) as port:
            figures = measure(made, [Phone(port, login) for login in people], cases)
            figures |= proven([Phone(port, login) for login in inspectors], scattered)
    show(figures, path)


def fill(made: Ground) -> None:
    """Copies that no list shows: what is measured is how a story is found among so many events."""
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        events, head = Identifier(made.schema, "events"), log.head(conn, made.schema)
        row = conn.execute(SQL("SELECT count(*) FROM {} WHERE version = 1").format(events)).fetchone()
        assert row is not None
        multiply(made, row[0] * -(-EVENTS // head))
        conn.execute(SQL("UPDATE {} SET last = (SELECT max(position) FROM {})").format(_in(made, "head"), events))
        conn.execute(SQL("UPDATE {} SET position = (SELECT last FROM {})").format(
            _in(made, "follower"), _in(made, "head")
        ))  # fmt: skip


def _in(made: Ground, table: str) -> Identifier:
    return Identifier(made.schema, table)


def told(made: Ground, depth: int) -> list[UUID]:
    """Children of whom something was recorded on so many days."""
    cases = [uuid5(lives.SPACE, f"depth {depth} {number}") for number in range(CASES)]
    every = [entry for case in cases for entry in life(made, case, depth)]
    with made.store() as store:
        for first in range(0, len(every), BATCH):
            for answer in record(store, [asked(entry) for entry in every[first : first + BATCH]]):
                if answer.outcome != "recorded":
                    raise RuntimeError(f"a made-up entry was {answer.outcome}: {answer.code}")
    return cases


def life(made: Ground, case: UUID, depth: int) -> Iterator[Entry]:
    """A child with something recorded on so many days."""
    desa = in_kecamatan(lives.DESA[1][0], 0)
    personal = Personal(name="Budi Santoso", mother="Siti")
    register = child.Register(on=FIRST, born=FIRST, sex="L", desa=desa, posyandu=f"{desa}.01", personal=personal)
    for number, command in enumerate([register, *(_of_day(number) for number in range(1, depth))]):
        at = datetime.combine(command.on, time(9), made.tenant.zone)
        yield Entry(at, uuid5(case, str(number)), case, command, "bidan", desa)


def _of_day(number: int) -> Command:
    """Weighed, advised, visited, in turn."""
    on = FIRST + timedelta(days=number)
    made: tuple[Command, ...] = (
        child.Measure(on=on, kg=round(3.2 + number * 0.01, 2), cm=round(50 + number * 0.04, 1), lying=True),
        care.Counsel(on=on, topic="mpasi"),
        care.VisitHome(on=on, found="bertemu"),
    )
    return made[number % 3]


def of_years(made: Ground, depth: int) -> list[UUID]:
    """Stories whose events lie anywhere in the log: a registration and weighings of others, under one number."""
    cases = [uuid5(lives.SPACE, f"years {depth} {number}") for number in range(CASES)]
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        first = _anywhere(made, conn, "child.registered", CASES)
        later = sorted(_anywhere(made, conn, "child.measured", CASES * (depth - 1)))
        numbered = [(position, case, 1) for position, case in zip(sorted(first), cases, strict=True)]
        numbered += [(p, cases[n % CASES], n // CASES + 2) for n, p in enumerate(later)]
        columns = [list(column) for column in zip(*numbered, strict=True)]
        conn.execute(
            SQL(
                "UPDATE {} AS e SET case_id = n.case_id, version = n.version"
                " FROM unnest(%s::bigint[], %s::uuid[], %s::integer[]) AS n (position, case_id, version)"
                " WHERE e.position = n.position"
            ).format(_in(made, "events")),
            columns,
        )
    return cases


def _anywhere(made: Ground, conn: psycopg.Connection[Any], topic: str, count: int) -> list[int]:
    query = SQL("SELECT position FROM {} WHERE topic = %s AND case_id <> ALL(%s) ORDER BY random() LIMIT %s")
    taken = [uuid5(lives.SPACE, f"years {depth} {number}") for depth in DEPTHS for number in range(CASES)]
    return [row[0] for row in conn.execute(query.format(_in(made, "events")), [topic, taken, count])]


def sign(made: Ground) -> None:
    """The ledger over all of it, and a checkpoint."""
    with connect(made.dsn, 1, 2) as pool, pool.connection() as conn:
        ledger.rebuild(conn, made.schema, lambda _: None)
        of = keeping.Ledger(pool, made.schema, Signer("dampingi/kab_3603", MASTER), timedelta(0), 1)
        assert of.signer is not None
        keeping.sign(conn, of, of.signer, at_once=True)


def proven(phones: Sequence[Phone], cases: dict[int, list[UUID]]) -> Figures:
    """The story with its proofs: its first page of 100, and its last of 50."""
    figures: Figures = {}
    for depth, those in cases.items():
        page = phones[0].get(f"/audit/cases/{those[0]}?limit=100")
        assert page["total"] == depth
        assert page["proof"]["state"] == "proven"
        for name, path in (
            ("100_events_with_proofs", "/audit/cases/{}?limit=100"),
            ("last_50_with_proofs", f"/audit/cases/{{}}?limit=50&after={depth - 50}"),
        ):
            took = run([_turning(phones[0], path, those)])
            figures |= {f"depth_{depth}_{name}_1_client_{p}": ms for p, ms in percentiles(took).items()}
    return figures


def measure(made: Ground, phones: Sequence[Phone], cases: dict[int, list[UUID]]) -> Figures:
    with psycopg.connect(made.dsn) as conn:
        figures: Figures = {"events": log.head(conn, made.schema)}
    for depth, those in cases.items():
        last = phones[0].get(f"/cases/{those[0]}/story?limit=50&after=51")
        assert last["total"] == depth
        for name, path in (
            ("case", "/cases/{}"),
            ("story", "/cases/{}/story"),
            ("last_page_of_the_story", "/cases/{}/story?limit=50&after=51"),
            ("growth", "/cases/{}/growth"),
        ):
            alone = run([_turning(phones[0], path, those)])
            together = run([_turning(phone, path, those) for phone in phones])
            figures[f"depth_{depth}_{name}_1_client_p50_ms"] = percentiles(alone)["p50_ms"]
            figures[f"depth_{depth}_{name}_1_client_p95_ms"] = percentiles(alone)["p95_ms"]
            figures[f"depth_{depth}_{name}_{CLIENTS}_clients_p95_ms"] = percentiles(together)["p95_ms"]
    return {**figures, **{f"reach_p95_ms_depth_{depth}": ms for depth, ms in REACH_P95_MS.items()}}


def _turning(phone: Phone, path: str, cases: Sequence[UUID]) -> Ask:
    asks = cycle([phone.asking(path.format(case)) for case in cases])
    return lambda: next(asks)()


if __name__ == "__main__":
    main()
