"""What the system asks about by itself: falsifications among honest lives are found, and the honest are not asked."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain import child, desa, pregnancy, stories
from domain.case import SYSTEM, zone
from domain.oversight import IntegrityFlagRaised, RaiseFlag, ResolveFlag
from domain.patterns import Noted
from domain.protocol import obligations
from domain.words import event_sentence
from projections import heard, log, questions
from service import demo, following, integrity, lives, rotation
from service.accounts import Accounts
from service.beginnings import begin_units
from service.handle import Actor, Asked, Submitted, record
from service.lives import Lives
from service.masterkey import MasterKey
from service.sealing import Sealing
from service.store import Store
from service.tenants import Tenant
from service.watched import Watched, asked, recorded
from tests.store.given import MASTER_KEY, anything
from tests.store.planted import CLOCK, DESA, HANDS, POSYANDU, honest, planted
from tests.store.rotating import NEW_KEY

TODAY = date(2026, 11, 27)
NOW = datetime.combine(TODAY, time(9), zone("3603"))
RATNA = Actor("ratna", "kecamatan", "360333", anything)


@pytest.fixture
def tenant(store: Store, dsn: str) -> Tenant:
    return Tenant(store.schema.removeprefix("kab_"), "Kabupaten Contoh", dsn)


@pytest.fixture
def watched(store: Store, tenant: Tenant) -> Watched:
    """The kecamatan of the demo, whose desa take part since March."""
    accounts = Accounts(store.pool, tenant)
    for unit in demo.units():
        accounts.put_unit(unit)
    begins = lives.beginning(TODAY)
    begin_units(store, accounts.units(), begins, datetime.combine(begins, time(6), CLOCK))
    return Watched(store, accounts, following.juknis().book)


def told(store: Store, asked: list[Asked]) -> None:
    for first in range(0, len(asked), 1000):
        answers = record(store, asked[first : first + 1000])
        assert {(a.outcome, a.code) for a in answers} == {("recorded", None)}


def looked(watched: Watched, tenant: Tenant, now: datetime = NOW) -> int | None:
    following.catch_up(tenant.dsn, following.followed(tenant, watched.store.sealing))
    return integrity.look(watched, now)


def flags(store: Store) -> list[Any]:
    with store.pool.connection() as conn:
        every = log.read(conn, store.schema, 0, 1_000_000)
    return [r for r in every if isinstance(r.event, IntegrityFlagRaised)]


# Among honest lives


def test_each_falsification_is_found_and_the_honest_are_not_asked(
    watched: Watched, store: Store, tenant: Tenant
) -> None:
    made_up = Lives(TODAY, watched.book(TODAY), children=8)
    people = made_up.entries()
    every = [*honest([*people, *made_up.at_work(people)]), *planted(people)]
    told(store, sorted(every, key=lambda one: one.at))
    by_people = len(flags(store))
    looked(watched, tenant)
    found = Counter((r.event.concerns, r.event.pattern) for r in flags(store)[by_people:])
    assert found == Counter(HANDS.items())
    assert {r.case for r in flags(store)[by_people:]} == {desa.number(DESA)}
    assert {r.by.actor for r in flags(store)[by_people:]} == {SYSTEM}
    assert looked(watched, tenant, NOW + timedelta(days=40)) == 0


# One session of nine children with one weight


ON = date(2026, 11, 24)
AT = datetime.combine(ON, time(10), CLOCK)


def session(on: date = ON, weights: tuple[float, ...] = (9.5,) * 9, hand: str = "ani") -> Iterator[Asked]:
    """Children who are registered and weighed on one day."""
    by = Actor(hand, "kader", POSYANDU, anything)
    for kg in weights:
        case = uuid4()
        born = child.Register(on=on, born=date(2025, 3, 1), sex="L", desa=DESA, posyandu=POSYANDU)
        yield Asked(Submitted(uuid4(), case, born), by, datetime.combine(on, time(9), CLOCK))
        yield Asked(Submitted(uuid4(), case, child.Measure(on=on, kg=kg)), by, datetime.combine(on, time(10), CLOCK))


def test_the_question_stands_in_the_story_of_the_desa_with_its_evidence(
    watched: Watched, store: Store, tenant: Tenant
) -> None:
    told(store, list(session()))
    assert looked(watched, tenant) == 1
    [flag] = flags(store)
    event = flag.event
    assert (flag.case, flag.by.actor, event.on, event.posyandu) == (desa.number(DESA), SYSTEM, TODAY, POSYANDU)
    with store.pool.connection() as conn:
        behind = [r for r in log.read(conn, store.schema, 0, 1000) if r.position in event.positions]
    assert [type(r.event) for r in behind] == [child.Measured] * 9
    assert {r.case for r in behind} == set(event.cases)
    assert event_sentence(flag, None, "kecamatan") == (
        "Mohon dijelaskan: 9 dari 9 anak yang ditimbang 24 November 2026 beratnya sama, 9,5 kg."
    )


def test_kecamatan_and_inspectorate_see_it_at_once(watched: Watched, store: Store, tenant: Tenant) -> None:
    told(store, list(session()))
    looked(watched, tenant)
    with store.pool.connection() as conn:
        state = stories.fold(log.stories(conn, store.schema, [desa.number(DESA)])[desa.number(DESA)])
    assert state is not None
    book = watched.book(TODAY)
    [owed] = [o for o in obligations(state, book.chart(state), book) if o.rule == "V08"]
    assert {d.desk for d in owed.desks if d.opens <= NOW} == {"kecamatan", "inspektorat"}
    assert owed.says.startswith("Mohon dijelaskan: 9 dari 9 anak")


def test_today_is_not_looked_at_before_it_is_over(watched: Watched, store: Store, tenant: Tenant) -> None:
    told(store, list(session()))
    assert looked(watched, tenant, AT + timedelta(hours=18, minutes=59)) == 0  # 4.59 the next morning
    assert looked(watched, tenant, AT + timedelta(hours=19)) == 1


def test_a_crash_after_asking_asks_nothing_twice(watched: Watched, store: Store, tenant: Tenant) -> None:
    told(store, list(session()))
    looked(watched, tenant)
    with store.pool.connection() as conn:
        conn.execute(integrity._sql(store.schema, "UPDATE {policies} SET position = 0"))
    assert looked(watched, tenant, NOW + timedelta(days=1)) == 0
    assert len(flags(store)) == 1


def test_what_was_answered_is_not_asked_again(watched: Watched, store: Store, tenant: Tenant) -> None:
    told(store, list(session()))
    looked(watched, tenant)
    [flag] = flags(store)
    answer = ResolveFlag(on=TODAY, flag=flag.event.flag, finding="wajar")
    told(store, [Asked(Submitted(uuid4(), flag.case, answer), RATNA, NOW)])
    told(store, list(session()))  # the same hand and day, heard of again
    with store.pool.connection() as conn:
        conn.execute(integrity._sql(store.schema, "UPDATE {policies} SET position = 0"))
    assert looked(watched, tenant, NOW + timedelta(days=1)) == 0


def test_no_number_tells_of_a_result_that_only_health_workers_know_of(
    watched: Watched, store: Store, tenant: Tenant
) -> None:
    rina, night = Actor("rina", "bidan", DESA, anything), datetime.combine(ON, time(1), CLOCK)
    for nth in range(25):
        case = uuid4()
        begun = pregnancy.Register(on=ON - timedelta(days=2), hpht=date(2026, 8, 1), desa=DESA, posyandu=POSYANDU)
        told(store, [Asked(Submitted(uuid4(), case, begun), rina, night - timedelta(hours=8))])
        test: Any = {"test": "hiv", "result": "nonreaktif"} if nth < 3 else {"test": "hb", "value": 11.0}
        result = pregnancy.RecordLabResult(on=ON - timedelta(days=2), **test)
        told(store, [Asked(Submitted(uuid4(), case, result), rina, night)])
    assert looked(watched, tenant) == 1
    [flag] = flags(store)
    assert (flag.event.pattern, flag.event.found.count, len(flag.event.positions)) == ("dicatat-malam", 22, 22)
    with store.pool.connection() as conn:
        behind = questions.behind(conn, store.schema, flag.event.positions)
    assert {r.event.test for r in behind if isinstance(r.event, pregnancy.LabResultRecorded)} == {"hb"}
    assert len({r.case for r in behind}) == len(flag.event.cases) == 22


def test_one_question_is_read_without_reading_the_others(
    watched: Watched, store: Store, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def about(flag: UUID) -> RaiseFlag:
        return RaiseFlag(on=ON, flag=flag, pattern="angka-sama", concerns="ani", positions=(1,))

    by_system, by_ratna, unit = [uuid4() for _ in range(20)], uuid4(), desa.number(DESA)
    assert recorded(store, [asked(flag, unit, about(flag), AT) for flag in by_system]) == 20
    by_hand = RaiseFlag(on=ON, flag=by_ratna, pattern="angka-sama")
    told(store, [Asked(Submitted(uuid4(), unit, by_hand), RATNA, AT)])
    read: list[Any] = []
    decoded = questions.recorded
    monkeypatch.setattr(questions, "recorded", lambda row: read.append(row) or decoded(row))  # type: ignore[func-returns-value]
    for flag in (by_system[7], by_ratna):
        found = questions.asked_as(conn, store.schema, [unit], flag)
        assert found is not None
        assert found.asked.flag == flag
    assert questions.asked_as(conn, store.schema, [unit], uuid4()) is None
    assert questions.asked_as(conn, store.schema, [uuid4()], by_ratna) is None
    assert len(read) == 2


ABOUT_ANI = UUID("f3877077-ea3a-5a23-a3f7-2c5ac27ea46d")
"""Under which anybody could work out that the session would be asked about, before a secret made the numbers."""


def test_nobody_takes_the_number_of_a_question_about_themselves(watched: Watched, store: Store, tenant: Tenant) -> None:
    told(store, list(session()))
    case, ani = uuid4(), Actor("ani", "kader", POSYANDU, anything)
    born = child.Register(on=ON, born=date(2025, 3, 1), sex="L", desa=DESA, posyandu=POSYANDU)
    told(store, [Asked(Submitted(ABOUT_ANI, case, born), ani, AT)])
    assert looked(watched, tenant) == 1
    [flag] = flags(store)
    assert flag.event.flag == flag.by.entry != ABOUT_ANI


def test_what_was_asked_under_a_number_of_before_is_not_asked_again(
    watched: Watched, store: Store, tenant: Tenant
) -> None:
    told(store, list(session()))
    before = RaiseFlag(on=ON, flag=ABOUT_ANI, pattern="angka-sama", concerns="ani", positions=(1, 2))
    assert recorded(store, [asked(ABOUT_ANI, desa.number(DESA), before, AT)]) == 1
    assert looked(watched, tenant) == 0


def test_a_question_has_its_number_whatever_master_key_is_in_force(
    watched: Watched, store: Store, tenant: Tenant, conn: psycopg.Connection
) -> None:
    told(store, list(session()))
    looked(watched, tenant)
    rotation.rotate(conn, store.schema, MasterKey(NEW_KEY, MASTER_KEY))
    conn.execute(integrity._sql(store.schema, "UPDATE {policies} SET position = 0"))
    changed = Store(store.pool, store.schema, Sealing(NEW_KEY, store.schema), store.clock, store.edition)
    assert looked(Watched(changed, watched.accounts, watched.book), tenant) == 0
    assert len(flags(store)) == 1


def test_two_processes_at_once_ask_once(watched: Watched, store: Store, tenant: Tenant) -> None:
    told(store, [*session(), *session(hand="ida"), *session(ON - timedelta(days=9))])
    following.catch_up(tenant.dsn, following.followed(tenant, store.sealing))
    threads = [threading.Thread(target=integrity.look_at_days, args=(watched, NOW)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(r.event.concerns for r in flags(store)) == {"ani": 2, "ida": 1}


def test_files_the_operator_and_the_system_are_nobodys_hand(watched: Watched, store: Store, tenant: Tenant) -> None:
    for nobody in ("impor", "operator", SYSTEM):
        told(store, list(session(hand=nobody)))
    assert looked(watched, tenant) == 0


def test_a_hospital_is_asked_nothing_and_a_month_is_not_asked_about_before_it_ends(
    watched: Watched, store: Store, tenant: Tenant
) -> None:
    many = tuple(5.0 + n % 17 / 2 for n in range(50))
    told(store, list(session(weights=many)))
    assert looked(watched, tenant) == 0
    assert looked(watched, tenant, datetime(2026, 12, 1, 4, 59, tzinfo=CLOCK)) == 0
    assert looked(watched, tenant, datetime(2026, 12, 1, 5, tzinfo=CLOCK)) == 1
    [flag] = flags(store)
    assert (flag.event.pattern, flag.event.found.count, flag.event.found.usual) == ("berat-bulat", 50, 10)
    assert looked(watched, tenant, datetime(2026, 12, 2, 5, tzinfo=CLOCK)) == 0


def test_a_desa_that_does_not_take_part_is_asked_nothing_and_holds_up_nobody(store: Store, tenant: Tenant) -> None:
    accounts = Accounts(store.pool, tenant)
    for unit in demo.units():
        accounts.put_unit(unit)
    watched = Watched(store, accounts, following.juknis().book)
    told(store, list(session()))
    assert looked(watched, tenant) == 0


def test_lists_that_are_behind_are_waited_for(watched: Watched, store: Store, tenant: Tenant) -> None:
    looked(watched, tenant)
    told(store, list(session()))
    assert integrity.look(watched, NOW) is None
    assert looked(watched, tenant) == 1


def test_what_was_recorded_before_questions_were_there_is_not_asked_about(store: Store) -> None:
    with store.pool.connection() as conn:
        rows = conn.execute(integrity._sql(store.schema, "SELECT name, position FROM {policies} ORDER BY name"))
        assert rows.fetchall() == [("days", 0), ("duplicates", 0), ("months", 0)]  # the log was empty then


def test_the_pages_of_the_log_are_read_one_after_the_other(watched: Watched, store: Store) -> None:
    told(store, list(session()))
    with store.pool.connection() as conn:
        whole = list(heard.entries(conn, store.schema, 0, CLOCK, frozenset()))
        paged = list(heard.entries(conn, store.schema, 0, CLOCK, frozenset(), page=3))
    assert whole == paged
    weighed = [one.noted for one in whole if isinstance(one.noted, Noted) and one.noted.kg is not None]
    assert [(n.on, n.kg, n.typed, n.known) for n in weighed] == [(ON, 9.5, AT, False)] * 9
