"""One kecamatan and ten of them: does anybody wait longer where there are ten times the cases?: python -m bench.tenfold

The same desks ask the same of the real service on both grounds: a bidan's and a TPG's list, the story of a case, and a
measurement through the door; sixteen people at once.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

import psycopg
import uvloop
from psycopg.sql import SQL, Identifier

from bench import entries, lists
from bench.ground import Figures, Ground, ground, percentiles, show, where_asked
from projections import log
from service import following

SIZES = (1, 10)
CHILDREN = 30
"""In each posyandu: fewer than in the field, so that ten kecamatan are made in minutes."""
REACH = 1.5


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    figures: Figures = {}
    waits: dict[int, dict[str, float]] = {}
    for size in SIZES:
        with ground(size, CHILDREN) as made:
            following.catch_up(made.dsn, made.followed(), 5_000)
            with psycopg.connect(made.dsn, autocommit=True) as conn:
                conn.execute("VACUUM ANALYZE")
                figures[f"events_{size}_kecamatan"] = log.head(conn, made.schema)
            waits[size] = measure(made)
    small, large = waits.values()
    for what, p95 in small.items():
        figures |= {f"{what}_p95_ms": p95, f"{what}_p95_ms_tenfold": large[what]}
        figures[f"{what}_ratio"] = round(large[what] / p95, 2)
    show({**figures, "reach_ratio": REACH}, path)


def measure(made: Ground) -> dict[str, float]:
    """How long nineteen of twenty wait at most, in milliseconds."""
    desks = [(desk, lists.hire(made, desk)) for desk in lists.DESKS]
    people, children = entries.hire(made), own(made)
    waits: dict[str, float] = {}
    with lists.serving(made) as port:
        for desk, logins in desks:
            phones = [lists.Phone(port, login) for login in logins]
            path = f"/queues/{desk.role}?limit={lists.ROWS}"
            waits[f"{desk.name}_list"] = _p95(lists.run([phone.asking(path) for phone in phones]))
        story = f"/cases/{_seen(phones[0])}/story"
        waits["story"] = _p95(lists.run([phone.asking(story) for phone in phones]))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            door = entries.Door(loop, port, people)
            waits["entry"] = _p95(door.run(lists.CLIENTS, entries.measurements(children, made.today(), 1), 1))
    return waits


def own(made: Ground) -> list[UUID]:
    """Children of the first kecamatan with a story of about 20 events: the TPG who sends answers for no other."""
    query = SQL("SELECT case_id FROM {} WHERE desa = ANY(%s) AND kind = 'child'")
    with psycopg.connect(made.dsn) as conn:
        theirs = conn.execute(query.format(Identifier(made.schema, "people")), [list(lists.DESKS[1].desa)])
        cases = {row[0] for row in theirs}
    return [case for case in entries.about_twenty(made) if case in cases]


def _p95(took: list[float]) -> float:
    return percentiles(took)["p95_ms"]


def _seen(phone: lists.Phone) -> str:
    """A case on the list of the TPG."""
    tasks = phone.get("/queues/puskesmas-tpg?limit=50")["tasks"]
    return str(next(task["case"] for task in tasks if task["kind"] == "child"))


if __name__ == "__main__":
    main()
