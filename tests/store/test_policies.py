"""What the system has recorded by itself: seen once, asked once, and settled by people for good."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from domain import child, desa, person
from domain.case import SYSTEM, Personal
from domain.oversight import ShareWork, WorkloadCounted
from domain.person import DuplicateSuspected
from domain.words import event_sentence
from projections import log
from projections import queue as lists
from service import beside, following, policies
from service import watched as watched_
from service.access import Unit
from service.accounts import Accounts
from service.handle import Actor, Asked, Submitted, record
from service.policies import count_workloads, suspect_duplicates
from service.store import Store
from service.tenants import Tenant
from service.watched import Watched
from tests.store.given import DESA, HEARD, POSYANDU, SITI, anything, asked, register, weigh

ON = date(2025, 3, 4)
NOW = datetime(2025, 3, 10, 3, tzinfo=UTC)
PUSKESMAS = "3603330101"
DEWI = Actor("dewi", "puskesmas-tpg", PUSKESMAS, anything)


@pytest.fixture
def tenant(store: Store, dsn: str) -> Tenant:
    return Tenant(store.schema.removeprefix("kab_"), "Kabupaten Contoh", dsn)


def caught_up(store: Store, tenant: Tenant) -> None:
    following.catch_up(tenant.dsn, following.followed(tenant, store.sealing))


def looked(store: Store, tenant: Tenant, now: datetime = NOW) -> int:
    caught_up(store, tenant)
    return suspect_duplicates(store, now)


def story(store: Store, case: UUID) -> list[Any]:
    with store.pool.connection() as conn:
        return log.stories(conn, store.schema, [case])[case]


def suspected(store: Store, case: UUID) -> list[tuple[UUID, str]]:
    return [(r.event.other, r.event.why) for r in story(store, case) if isinstance(r.event, DuplicateSuspected)]


# Two cases of one person


def test_the_second_case_of_a_nik_asks_to_be_looked_at(store: Store, tenant: Tenant) -> None:
    first, second = uuid4(), uuid4()
    record(store, asked(register(first)))
    assert looked(store, tenant) == 0
    record(store, asked(register(second, name="Budi S.")))
    assert looked(store, tenant) == 1
    assert (suspected(store, first), suspected(store, second)) == ([], [(first, "nik")])
    last = story(store, second)[-1]
    assert (last.by.actor, last.event.on) == (SYSTEM, date(2025, 3, 10))
    assert event_sentence(last, None, "bidan") == (
        "Mungkin orang yang sama dengan kasus lain (NIK sama), dicatat oleh sistem."
    )


def test_it_is_asked_once_however_often_it_is_looked_for(store: Store, tenant: Tenant) -> None:
    first, second = uuid4(), uuid4()
    record(store, asked(register(first), register(second)))
    assert looked(store, tenant) == 1
    with store.pool.connection() as conn:
        conn.execute(policies._sql(store.schema, "UPDATE {policies} SET position = 0"))
    assert looked(store, tenant, NOW + timedelta(days=3)) == 0
    identify = child.Identify(on=ON, personal=Personal(name="Budi", nik="3603330112240001"))
    record(store, asked(Submitted(uuid4(), first, identify)))
    assert looked(store, tenant) == 0
    assert suspected(store, second) == [(first, "nik")]


def test_nobody_keeps_a_second_case_from_being_asked_about(store: Store, tenant: Tenant) -> None:
    first, second = uuid4(), uuid4()
    guessed = uuid5(UUID("5b1f3a70-0f6e-4b0e-9d52-6a3c9a1c7e41"), f"{second} {first} nik")
    record(store, asked(register(first), register(second), weigh(second, 6.1, entry=guessed)))
    assert looked(store, tenant) == 1
    assert suspected(store, second) == [(first, "nik")]


def test_a_second_case_asked_about_under_a_number_of_before_is_not_asked_about_again(
    store: Store, tenant: Tenant
) -> None:
    first, second = uuid4(), uuid4()
    record(store, asked(register(first), register(second)))
    former = uuid5(UUID("5b1f3a70-0f6e-4b0e-9d52-6a3c9a1c7e41"), f"{second} {first} nik")
    suspect = person.SuspectDuplicate(on=ON, other=first, why="nik")
    assert watched_.recorded(store, [watched_.asked(former, second, suspect, NOW)]) == 1
    assert looked(store, tenant) == 0


def test_two_who_look_at_the_same_time_ask_once(store: Store, tenant: Tenant) -> None:
    first, second = uuid4(), uuid4()
    record(store, asked(register(first), register(second)))
    caught_up(store, tenant)
    threads = [threading.Thread(target=suspect_duplicates, args=(store, NOW)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert suspected(store, second) == [(first, "nik")]


def test_whoever_is_told_apart_is_not_asked_of_again_and_may_be_a_third(store: Store, tenant: Tenant) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    record(store, asked(register(first), register(second), register(third)))
    looked(store, tenant)
    assert (suspected(store, second), suspected(store, third)) == ([(first, "nik")], [(first, "nik")])
    record(store, asked(Submitted(uuid4(), third, person.DeclareDistinct(on=ON, other=first))))
    assert looked(store, tenant) == 1
    assert suspected(store, third) == [(first, "nik"), (second, "nik")]
    assert looked(store, tenant) == 0


def test_a_nik_that_is_known_later_finds_the_older_case(store: Store, tenant: Tenant) -> None:
    first, second = uuid4(), uuid4()
    other = child.Register(on=ON, born=date(2024, 11, 2), sex="P", desa=DESA, posyandu=POSYANDU)
    record(store, asked(Submitted(uuid4(), first, other), register(second)))
    assert looked(store, tenant) == 0
    identify = child.Identify(on=ON, personal=Personal(name="Budi", nik="3603330112240001"))
    record(store, asked(Submitted(uuid4(), first, identify)))
    assert looked(store, tenant) == 1
    assert suspected(store, second) == [(first, "nik")]


def test_nothing_is_looked_at_before_the_list_of_people_shows_it(store: Store, tenant: Tenant) -> None:
    caught_up(store, tenant)
    record(store, asked(register(uuid4()), register(uuid4())))
    assert suspect_duplicates(store, NOW) == 0
    assert looked(store, tenant) == 1


# Desks with too much to do


UNITS = {
    unit.code: unit
    for unit in (
        Unit("3603", "kabupaten", "Kabupaten"),
        Unit(PUSKESMAS, "puskesmas", "Puskesmas", "3603"),
        Unit(DESA, "desa", "Kedaung", PUSKESMAS),
        Unit(POSYANDU, "posyandu", "Melati", DESA),
    )
}


@pytest.fixture
def watched(store: Store, tenant: Tenant) -> Watched:
    accounts = Accounts(store.pool, tenant)
    for unit in UNITS.values():
        accounts.put_unit(unit)
    begins = desa.Register(on=date(2025, 1, 1), desa=PUSKESMAS, level="puskesmas")
    operator = Actor("operator", "kabupaten", PUSKESMAS, anything)
    record(store, [Asked(Submitted(uuid4(), desa.number(PUSKESMAS), begins), operator, HEARD)])
    return Watched(store, accounts, following.juknis().book)


def counts(store: Store) -> list[WorkloadCounted]:
    return [r.event for r in story(store, desa.number(PUSKESMAS)) if isinstance(r.event, WorkloadCounted)]


def test_a_kader_with_late_tasks_is_counted_and_told_of_once_a_month(
    watched: Watched, store: Store, tenant: Tenant
) -> None:
    record(store, asked(*(register(uuid4()) for _ in range(3)), by=SITI))
    caught_up(store, tenant)
    much = datetime(2025, 4, 20, 3, tzinfo=UTC)
    assert count_workloads(watched, much) == 2
    kader = next(c for c in counts(store) if c.desk == "kader")
    assert (kader.unit, kader.on) == (POSYANDU, date(2025, 4, 20))
    assert kader.late > 0.2 * kader.open > 0
    assert count_workloads(watched, much) == 0
    assert count_workloads(watched, much + timedelta(days=8)) == 0
    share = ShareWork(on=date(2025, 4, 22), desk="kader", unit=POSYANDU, how=("ditambah-petugas",))
    record(store, [Asked(Submitted(uuid4(), desa.number(PUSKESMAS), share), DEWI, much)])
    assert count_workloads(watched, much + timedelta(days=9)) == 0
    assert count_workloads(watched, datetime(2025, 5, 2, 3, tzinfo=UTC)) == 2


def test_nobody_keeps_a_desk_from_being_counted(watched: Watched, store: Store, tenant: Tenant) -> None:
    case, much = uuid4(), datetime(2025, 4, 20, 3, tzinfo=UTC)
    guessed = uuid5(UUID("9d7c1c36-4e0a-4a1e-8f2b-1c8f3a5d2b90"), f"kader {POSYANDU} 2025-04-20")
    record(store, asked(*(register(uuid4()) for _ in range(2)), register(case), weigh(case, 5, entry=guessed), by=SITI))
    caught_up(store, tenant)
    count_workloads(watched, much)
    assert "kader" in {c.desk for c in counts(store)}


def test_what_a_bidan_sees_of_late_kader_is_not_counted_as_hers(watched: Watched, store: Store, tenant: Tenant) -> None:
    record(store, asked(*(register(uuid4()) for _ in range(3)), by=SITI))
    caught_up(store, tenant)
    much = datetime(2025, 4, 20, 3, tzinfo=UTC)
    count_workloads(watched, much)
    with store.pool.connection() as conn:
        tasks = lists.worklist(conn, store.schema, "bidan", [DESA], None, much, limit=200).tasks
    own = [task for task in tasks if task.owner == "bidan"]
    bidan = next(c for c in counts(store) if c.desk == "bidan")
    assert (bidan.open, bidan.late) == (len(own), sum(task.late for task in own))
    assert 0 < len(own) < len(tasks)


def test_a_desk_that_has_no_longer_too_much_is_told_of_too(watched: Watched, store: Store, tenant: Tenant) -> None:
    cases = [uuid4() for _ in range(3)]
    record(store, asked(*(register(case) for case in cases), by=SITI))
    caught_up(store, tenant)
    much = datetime(2025, 4, 20, 3, tzinfo=UTC)
    count_workloads(watched, much)
    record(store, asked(*(Submitted(uuid4(), case, child.Die(on=ON)) for case in cases), at=much))
    caught_up(store, tenant)
    assert count_workloads(watched, much + timedelta(days=3)) == 0  # not every day
    count_workloads(watched, much + timedelta(days=8))
    newest = {c.desk: c for c in counts(store)}
    assert newest["kader"].on == date(2025, 4, 28)
    assert newest["kader"].late <= 0.2 * newest["kader"].open


def test_a_puskesmas_without_a_story_is_told_nothing(watched: Watched, store: Store, tenant: Tenant) -> None:
    watched.accounts.put_unit(Unit("3603330102", "puskesmas", "Lain", "3603"))
    watched.accounts.put_unit(Unit("3603332009", "desa", "Jauh", "3603330102"))
    caught_up(store, tenant)
    assert count_workloads(watched, NOW) == 0


# All the while


def test_the_thread_sees_what_is_recorded_and_ends_when_it_is_told(
    watched: Watched, store: Store, tenant: Tenant
) -> None:
    first, second = uuid4(), uuid4()
    record(store, asked(register(first), register(second)))
    caught_up(store, tenant)
    stop = threading.Event()
    thread = threading.Thread(target=policies.run, args=(tenant.dsn, {store.schema: watched}, stop))
    thread.start()
    ends = time.monotonic() + 20
    while not suspected(store, second) and time.monotonic() < ends:
        time.sleep(0.05)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert suspected(store, second) == [(first, "nik")]


def test_a_policy_that_breaks_off_is_taken_up_again(
    watched: Watched, store: Store, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[str] = []

    def broken(schema: str, _watched: Watched, _counted: dict[str, date]) -> None:
        rounds.append(schema)
        if len(rounds) == 1:
            raise RuntimeError("once")
        stop.set()

    monkeypatch.setattr(policies, "_round", broken)
    monkeypatch.setattr(beside, "PAUSE_SECONDS", 0.01)
    stop = threading.Event()
    policies.run(tenant.dsn, {store.schema: watched}, stop)
    assert rounds == [store.schema, store.schema]


def test_the_system_may_ask_for_nothing_else(store: Store) -> None:
    sent = register(uuid4())
    [answer] = record(store, [watched_.asked(sent.entry, sent.case, sent.command, NOW)])
    assert (answer.outcome, answer.code) == ("refused", "not-allowed")
