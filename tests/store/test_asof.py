"""The lists of past days, asked for later, are the lists that were photographed on those days: all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from domain.case import zone
from projections import asof
from projections.asof import Clocks, Scope
from projections.queue import Narrow
from service.migrate import migrate
from service.past import Chosen, Past
from service.sealing import Sealing
from service.store import Store, connect
from tests.store.given import MASTER_KEY
from tests.store.simulation import EVERYTHING, FIRST, TODAY, Photograph, Simulation, views

SCHEMA = "kab_3603"


class Told(NamedTuple):
    """A simulation that is over, and the past of its kabupaten."""

    photographs: list[Photograph]
    past: Past
    simulation: Simulation


@pytest.fixture(scope="module")
def told(dsn: str) -> Iterator[Told]:
    with psycopg.connect(dsn, autocommit=True) as conn, connect(dsn, 1, 4) as pool:
        migrate(conn, SCHEMA)
        simulation = Simulation(dsn, Store(pool, SCHEMA, Sealing(MASTER_KEY, SCHEMA), zone("3603"), lambda _: "2025"))
        photographs = simulation.run()
        past = Past(pool, simulation.tenant, simulation.followed, simulation.juknis, simulation.accounts)
        yield Told(photographs, past, simulation)
        conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(SCHEMA)))


def test_every_list_photographed_in_the_evening_is_the_list_asked_for_later(told: Told) -> None:
    wrong = []
    for (evening, desa, posyandu), taken in groupby(told.photographs, attrgetter("evening", "desa", "posyandu")):
        chosen = Chosen((desa,), None if posyandu is None else (posyandu,))
        looked = told.past.look(told.past.gathered(chosen), Clocks(evening))
        for one in taken:
            scope = Scope(one.desk, chosen.desa, chosen.posyandu)
            page = asof.worklist(looked.cases, scope, looked.moment, Narrow(due=one.due), limit=EVERYTHING)
            if (page.tasks, page.counts) != (one.tasks, one.counts):
                wrong.append((evening, one.desk, desa, posyandu, len(one.tasks), len(page.tasks)))
    assert wrong == []


def test_the_simulation_is_long_and_full_enough_to_prove_something(told: Told) -> None:
    evenings = {p.evening.date() for p in told.photographs}
    full = Counter(p.desk for p in told.photographs if p.tasks)
    assert len(evenings) == (TODAY - FIRST).days
    assert len(told.photographs) == len(evenings) * (len(list(views())) + 4)
    assert {"kader", "bidan", "desa", "puskesmas-tpg", "puskesmas-dr", "kecamatan"} <= set(full)
    assert sum(len(p.tasks) for p in told.photographs) > 10_000


def test_its_stories_change_their_mind_in_every_way(told: Told) -> None:
    simulation = told.simulation
    with simulation.store.pool.connection() as conn:
        events = Identifier(SCHEMA, "events")
        topics = {row[0] for row in conn.execute(SQL("SELECT DISTINCT topic FROM {}").format(events))}
        said = SQL("SELECT count(*) FROM {} WHERE said_at > '-infinity'").format(Identifier(SCHEMA, "units_said"))
        (moved,) = conn.execute(said).fetchone() or (0,)
    assert moved == 1
    assert {
        "case.corrected", "case.retracted", "case.task-set-aside", "case.task-reassigned", "person.merged",
        "person.transfer-requested", "person.transfer-accepted",
    } <= topics  # fmt: skip
    assert {one.edition for one in (told.past.look([], Clocks(p.evening)) for p in told.photographs[::500])} >= {
        "2025", "2025-agustus",
    }  # fmt: skip
