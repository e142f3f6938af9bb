"""A case goes to another kabupaten with its story: nothing lost or twice, and everybody's work stays theirs."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.sql import SQL, Identifier

from domain import case, child, pregnancy, referral, stories
from domain.case import Recorded, zone
from domain.child import Child
from domain.person import LeftKabupaten, TransferAccepted
from projections import log
from service import emigration
from service.access import Unit
from service.accounts import Accounts
from service.cli import main
from service.emigration import Side, Went, emigrate
from service.handle import Submitted, record
from service.migrate import migrate
from service.sealing import Sealing
from service.store import Pool, Store
from service.tenants import Tenant
from tests.store.given import MASTER_KEY, RINA, SITI, asked, register, weigh
from tests.store.places import UNITS

ON = date(2025, 3, 4)
NOW = datetime(2025, 3, 10, 3, tzinfo=UTC)
SEPATAN = "3604012001.01"
THERE = {
    unit.code: unit
    for unit in (
        Unit("3604", "kabupaten", "Kabupaten Serang"),
        Unit("3604012001", "desa", "Sepatan", "3604"),
        Unit(SEPATAN, "posyandu", "Posyandu Sepatan", "3604012001"),
    )
}


@pytest.fixture
def here(store: Store) -> Side:
    return Side(store, UNITS, "3603")


@pytest.fixture
def there(pool: Pool, conn: psycopg.Connection) -> Iterator[Side]:
    schema = "kab_3604"
    conn.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
    migrate(conn, schema)
    yield Side(Store(pool, schema, Sealing(MASTER_KEY, schema), zone("3604"), lambda _day: "2025"), THERE, "3604")
    conn.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))


def told(side: Side, case: UUID) -> list[Recorded]:
    with side.store.pool.connection() as conn:
        return log.stories(conn, side.store.schema, [case])[case]


def state(side: Side, case: UUID) -> Any:
    return stories.fold(told(side, case))


def name(side: Side, one: Recorded) -> str | None:
    with side.store.pool.connection() as conn:
        opened = side.store.sealing.open_many(conn, [(one.case, one.version, one.event.personal)])
    found = opened[one.case, one.version]
    return found.name if found is not None else None


@pytest.fixture
def budi(here: Side) -> UUID:
    """Registered by Siti, weighed by Rina, once wrongly, and on the way to hospital."""
    number = uuid4()
    record(here.store, asked(register(number), weigh(number, 50.0), by=SITI))
    right = stories.encode(child.Measured(on=date(2025, 2, 10), kg=5.0))
    reads = case.msgspec.json.decode(right)
    mend = case.Correct(on=date(2025, 2, 11), version=2, reads=reads, reason="salah-ketik")
    sent = referral.Refer(on=ON, referral=uuid4(), to="3603RS01", kind="rs", reason="stunting")
    record(here.store, asked(Submitted(uuid4(), number, mend), Submitted(uuid4(), number, sent)))
    return number


def test_the_whole_story_goes_along_with_who_told_it_and_when(here: Side, there: Side, budi: UUID) -> None:
    before = told(here, budi)
    assert emigrate(here, there, budi, SEPATAN, NOW) == Went(budi, "moved", len(before) + 1)
    after = told(there, budi)
    assert [type(r.event) for r in after] == [*(type(r.event) for r in before), TransferAccepted]
    assert [(r.by.actor, r.by.role, r.by.unit, r.by.recorded_at) for r in after[:-1]] == [
        (r.by.actor, r.by.role, r.by.unit, r.by.recorded_at) for r in before
    ]
    assert name(there, after[0]) == "Budi"
    assert after[0].event.personal != before[0].event.personal
    moved = state(there, budi)
    assert isinstance(moved, Child)
    assert (moved.posyandu, moved.active, [w.kg for w in moved.weighings]) == (SEPATAN, True, [5.0])
    assert [r.state for r in moved.referrals] == ["dibuat"]


def test_the_old_kabupaten_says_where_it_went_and_nobody_there_has_it_any_more(
    here: Side, there: Side, budi: UUID
) -> None:
    emigrate(here, there, budi, SEPATAN, NOW)
    assert told(here, budi)[-1].event == LeftKabupaten(on=date(2025, 3, 10), kabupaten="3604", posyandu=SEPATAN)
    left = state(here, budi)
    assert (left.active, left.away, left.desa, left.posyandu) == (False, "3604", "", "")


def test_a_second_run_copies_nothing_and_carries_over_what_was_told_late(here: Side, there: Side, budi: UUID) -> None:
    emigrate(here, there, budi, SEPATAN, NOW)
    upto = len(told(there, budi))
    assert emigrate(here, there, budi, SEPATAN, NOW) == Went(budi, "there", 0)
    record(there.store, asked(weigh(budi, 6.0, on=date(2025, 3, 3))))
    record(here.store, asked(weigh(budi, 5.5, on=date(2025, 2, 25), entry=(late := uuid4()))))
    mend = case.Retract(on=ON, version=told(here, budi)[-1].version, reason="dobel")
    record(here.store, asked(Submitted(uuid4(), budi, mend)))
    assert emigrate(here, there, budi, SEPATAN, NOW).events == 2
    assert [r.version for r in told(there, budi)[upto:]] == [upto + 1, upto + 2, upto + 3]
    assert told(there, budi)[-1].event.version == upto + 2
    assert sorted(w.kg for w in state(there, budi).weighings) == [5.0, 6.0]
    assert late not in {r.by.entry for r in told(there, budi)}


def test_a_run_that_was_killed_between_the_two_logs_goes_on(
    here: Side, there: Side, budi: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(emigration, "_leave", killed)
        with pytest.raises(KeyboardInterrupt):
            emigrate(here, there, budi, SEPATAN, NOW)
    assert state(here, budi).away is None
    copied = len(told(there, budi))
    assert emigrate(here, there, budi, SEPATAN, NOW) == Went(budi, "moved", 0)
    assert state(here, budi).away == "3604"
    assert len(told(there, budi)) == copied


def test_mother_and_newborn_of_one_entry_both_go(here: Side, there: Side) -> None:
    mother = uuid4()
    begins = pregnancy.Register(
        on=date(2024, 9, 1), hpht=date(2024, 6, 1), desa="3603332001", posyandu="3603332001.01",
        personal=case.Personal(name="Sri"),
    )  # fmt: skip
    birth = pregnancy.RecordOutcome(
        on=ON, outcome="lahir-hidup", alive=1, children=(pregnancy.Newborn(sex="P", kg=3.0),)
    )  # fmt: skip
    record(here.store, asked(Submitted(uuid4(), mother, begins), Submitted(uuid4(), mother, birth)))
    baby = state(here, mother).newborns[0]
    assert emigrate(here, there, mother, SEPATAN, NOW).outcome == "moved"
    assert emigrate(here, there, baby, SEPATAN, NOW).outcome == "moved"
    assert state(there, mother).newborns == (baby,)
    assert state(there, baby).mother == mother
    assert not state(here, mother).active
    assert state(here, mother).away == "3604"


def test_whoever_was_erased_stays_erased(here: Side, there: Side, budi: UUID) -> None:
    with here.store.pool.connection() as conn:
        here.store.sealing.destroy(conn, budi)
    emigrate(here, there, budi, SEPATAN, NOW)
    first = told(there, budi)[0]
    assert first.event.personal is None


@pytest.mark.parametrize(("posyandu", "why"), [("3604012001.99", "Posyandu ini tidak tercatat"), ("3604", "Posyandu")])
def test_where_it_cannot_go_it_stays(here: Side, there: Side, budi: UUID, posyandu: str, why: str) -> None:
    went = emigrate(here, there, budi, posyandu, NOW)
    assert (went.outcome, why in went.why) == ("refused", True)
    assert told(there, budi) == []
    assert emigrate(here, there, uuid4(), SEPATAN, NOW).outcome == "refused"


def test_a_case_that_has_ended_stays(here: Side, there: Side, budi: UUID) -> None:
    record(here.store, asked(Submitted(uuid4(), budi, case.Close(on=ON, reason="bukan-sasaran")), by=RINA))
    assert emigrate(here, there, budi, SEPATAN, NOW).outcome == "refused"


def test_nobody_but_the_operator_says_that_a_case_has_left() -> None:
    from service import access

    assert access.WRITES["person.leave-kabupaten"] == frozenset()


def test_the_operator_moves_a_file_of_them(
    dsn: str, here: Side, there: Side, budi: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = here.store.schema.removeprefix("kab_")
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", f"{old},3604")
    monkeypatch.setenv("DAMPINGI_MASTER_KEY", base64.b64encode(MASTER_KEY).decode())
    for code, side in ((old, here), ("3604", there)):
        accounts = Accounts(side.store.pool, Tenant(code, "Kabupaten", dsn))
        for unit in side.units.values():
            accounts.put_unit(unit)
    file = tmp_path / "pindah.csv"
    file.write_text(f"case_id;posyandu\nx;{SEPATAN}\n{budi};{SEPATAN}\n{uuid4()};{SEPATAN}\n", encoding="utf-8")
    asked_for = ["pindahkan-kabupaten", str(file), "--dari", old, "--ke", "3604"]
    said = CliRunner().invoke(main, asked_for)
    assert said.exit_code == 0, said.output
    assert "1 kasus dipindahkan (5 catatan), 0 sudah di sana, 2 ditolak" in said.output
    assert "x: Kasus ini belum terdaftar." in said.output
    again = CliRunner().invoke(main, asked_for)
    assert "0 kasus dipindahkan (0 catatan), 1 sudah di sana, 2 ditolak" in again.output
    assert state(there, budi).posyandu == SEPATAN
