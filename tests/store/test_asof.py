"""The lists of past days, asked for later, are the lists that were photographed on those days: all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.sql import SQL, Identifier

from domain.case import Role, zone
from projections import asof, follow, whereabouts
from projections.asof import Clocks, Scope
from projections.queue import Narrow, Task
from service import following
from service.access import Post, Territory, Unit, Who
from service.accounts import Accounts
from service.handle import record
from service.migrate import migrate
from service.past import Past, Where
from service.sealing import Sealing
from service.store import Store, connect
from service.tenants import Tenant
from tests.store.given import MASTER_KEY, POSYANDU, asked, register
from tests.store.simulation import DESA, EVERYTHING, FIRST, TODAY, Photograph, Simulation, views

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


def test_a_table_that_is_behind_or_parked_leaves_no_case_out(store: Store) -> None:
    budi = uuid4()
    tenant = tenant_of(store)
    with store.pool.connection() as conn:
        follow.prepare(conn, following.followed(tenant, store.sealing), following.juknis().book(FIRST))
        record(store, asked(register(budi)))
        assert whereabouts.cases_of(conn, store.schema, [POSYANDU]) == {budi}
        assert whereabouts.cases_of(conn, store.schema, [POSYANDU], "3603RS01") == {budi}


def test_nothing_is_told_while_too_much_is_unseen(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whereabouts, "MOST_UNSEEN", 1)
    record(store, asked(register(uuid4())))
    with store.pool.connection() as conn, pytest.raises(whereabouts.Behind):
        whereabouts.cases_of(conn, store.schema, [POSYANDU])


def test_what_a_unit_said_is_kept_and_what_it_said_first_it_had_always_said(store: Store) -> None:
    accounts, long_ago = Accounts(store.pool, tenant_of(store)), datetime(1990, 1, 1, tzinfo=UTC)
    melati = Unit(POSYANDU, "posyandu", "Posyandu Melati", None, 5)
    for unit in (melati, melati, replace(melati, session_day=9)):
        accounts.put_unit(unit)
    between = datetime.now(UTC)
    accounts.put_unit(replace(melati, session_day=None))
    assert accounts.session_days(long_ago) == {POSYANDU: 5}
    assert accounts.session_days(between) == {POSYANDU: 9}
    assert accounts.session_days(datetime.now(UTC)) == {}
    assert len(accounts.sessions_moved([POSYANDU], long_ago, datetime.now(UTC))) == 2


def test_the_role_of_the_service_can_only_add_to_what_units_said(
    store: Store, conn: psycopg.Connection, app_role: str
) -> None:
    conn.execute(f"DROP SCHEMA {store.schema} CASCADE")
    migrate(conn, store.schema, app_role)
    Accounts(store.pool, tenant_of(store)).put_unit(Unit(POSYANDU, "posyandu", "Posyandu Melati"))
    conn.execute(f"SET ROLE {app_role}")
    for statement in (
        "UPDATE {}.units_said SET session_day = 9",
        "DELETE FROM {}.units_said",
        "TRUNCATE {}.units_said",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement.format(store.schema))
    assert conn.execute(f"SELECT name FROM {store.schema}.units_said").fetchall() == [("Posyandu Melati",)]


def tenant_of(store: Store) -> Tenant:
    return Tenant(store.schema.removeprefix("kab_"), "Kabupaten Tangerang", "")


def test_every_list_photographed_in_the_evening_is_the_list_asked_for_later(told: Told) -> None:
    wrong = []
    for (evening, desa, posyandu), taken in groupby(told.photographs, attrgetter("evening", "desa", "posyandu")):
        chosen = Where((desa,), None if posyandu is None else (posyandu,))
        looked = told.past.look(told.past.gathered(chosen), Clocks(evening))
        for one in taken:
            scope = Scope(one.desk, chosen.desa, chosen.posyandu)
            page = asof.worklist(looked.cases, scope, looked.moment, Narrow(due=one.due), limit=EVERYTHING)
            if (page.tasks, page.counts) != (one.tasks, one.counts):
                wrong.append((evening, one.desk, desa, posyandu, len(one.tasks), len(page.tasks)))
    assert wrong == []


@pytest.mark.parametrize("desk", ["kader", "bidan", "desa", "puskesmas-tpg"])
def test_what_went_and_came_between_two_evenings_is_what_two_photographs_show(told: Told, desk: Role) -> None:
    """And each that went or came is told of: at which moment between the two, and by what."""
    taken = [p for p in told.photographs if (p.desk, p.desa, p.posyandu, p.due) == (desk, DESA[0], None, None)]
    how = Counter[str]()
    for first, second in pairwise(taken[::10]):
        found = told.past.difference(
            somebody(desk), desk, Where((DESA[0],)), first.evening, second.evening, slice(None)
        )
        one, other = ({key(task) for task in p.tasks} for p in (first, second))
        assert {key(changed.task) for changed in found.went} == one - other
        assert {key(changed.task) for changed in found.came} == other - one
        assert {key(task) for task in found.stayed} == one & other
        for changed in (*found.went, *found.came):
            life = changed.life
            assert life is not None, changed.task
            assert (life.went if changed in found.went else life.came) is not None
        lives = [changed.life for changed in found.went if changed.life is not None]
        assert all(first.evening < (life.went or first.evening) <= second.evening for life in lives)
        how.update(life.through.how for life in lives if life.through is not None)
    assert how["recorded"] > 0


def key(task: Task) -> tuple[object, ...]:
    return task.case, task.rule, task.key


def somebody(role: Role) -> Who:
    post = Post(uuid4(), role, Unit(DESA[0], "desa", "Mekar Baru"), FIRST)
    return Who("3603", uuid4(), "Rina", post, Territory())


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
