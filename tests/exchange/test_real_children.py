"""The real visits of cpp.csv, imported: who is on which list since which day. Every fact was looked up in the file.

Child n was born on 1 January 2021 plus n days (n less 365 from 365 on), and goes to posyandu n modulo 12.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from msgspec import Struct
from psycopg.sql import SQL, Identifier

from domain.case import Recorded, zone
from domain.protocol import Obligation, obligations
from domain.stories import fold
from projections.queue import Task
from service import following
from service.exchange import visits
from service.exchange.tables import open_table
from service.exchange.whole import Tally
from service.migrate import migrate
from service.store import Pool
from tests.exchange.conftest import UNITS, Kabupaten, kabupaten_in

CPP = Path(__file__).resolve().parents[3] / "shared" / "data" / "cpp.csv"
POSYANDU = sorted(unit.code for unit in UNITS.values() if unit.kind == "posyandu")
SCHEMA = "kab_7001"
WIB = zone("3603")
BOOK = following.juknis().book(date(2026, 11, 23))

pytestmark = [
    pytest.mark.skipif(not CPP.exists(), reason="the real visits, shared/data/cpp.csv, are not beside this checkout"),
    pytest.mark.sql,
]


class Imported(Struct, frozen=True):
    """The file in the log, and the lists brought up to date once."""

    kabupaten: Kabupaten
    first: Tally
    again: Tally
    before: dict[UUID, list[Recorded]]
    after: dict[UUID, list[Recorded]]
    cases: dict[str, UUID]

    def story(self, child: int) -> list[Recorded]:
        return self.after[self.cases[visits.name_of(child)]]

    @property
    def numbers(self) -> set[int]:
        return {int(name.rpartition(" ")[2]) for name in self.cases}

    def owed(self, child: int) -> dict[str, Obligation]:
        """All that followed from the story, also what is over by now."""
        state = fold(self.story(child))
        assert state is not None
        return {o.rule: o for o in obligations(state, BOOK.chart(state), BOOK)}

    def tasks(self, child: int) -> dict[str, Task]:
        return {task.rule: task for task in self.kabupaten.tasks(self.cases[visits.name_of(child)])}

    def children(self, rule: str) -> set[int]:
        """Who has this task on any list."""
        query = SQL("SELECT DISTINCT case_id FROM {} WHERE rule = %s").format(Identifier(SCHEMA, "queue"))
        with self.kabupaten.store.pool.connection() as conn:
            found = {row[0] for row in conn.execute(query, [rule])}
        return {int(name.rpartition(" ")[2]) for name, case in self.cases.items() if case in found}


@pytest.fixture(scope="module")
def imported(dsn: str, pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        migrate(conn, SCHEMA)
        kabupaten = kabupaten_in(dsn, pool, SCHEMA, tmp_path_factory.mktemp("cpp"))
        first = kabupaten.bring(visits.read(open_table(CPP).lines, POSYANDU), name="cpp")
        before = kabupaten.stories()
        again = kabupaten.bring(visits.read(open_table(CPP).lines, POSYANDU), name="lagi")
        kabupaten.catch_up()
        yield Imported(kabupaten, first, again, before, kabupaten.stories(), kabupaten.names())
        conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(SCHEMA)))


def test_every_row_of_the_file_has_an_outcome(imported: Imported) -> None:
    assert imported.first.rows == {"new": 500, "measured": 1025, "outside": 387}
    assert imported.first.rows.total() == 1912
    assert imported.first.says() == "1912 baris: 1525 tercatat (500 anak baru), 387 di luar usia balita."


def test_the_visits_after_the_fifth_birthday_are_handed_back_with_the_reason(imported: Imported) -> None:
    with (imported.kabupaten.folder / "cpp.ditolak.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert Counter(row["age_days"] for row in rows) == {"2558": 387}
    assert {row["alasan"] for row in rows} == {"Di luar usia balita: anak sudah berumur 5 tahun pada hari pengukuran."}
    assert (rows[0]["child_id"], rows[0]["weight_kg"]) == ("2", "19.1")


def test_the_file_again_records_nothing(imported: Imported) -> None:
    assert imported.again.rows == {"already": 1525, "outside": 387}
    assert imported.after == imported.before


def test_the_log_holds_each_child_once_and_each_visit_once(imported: Imported) -> None:
    assert len(imported.after) == 500
    assert sum(len(story) for story in imported.after.values()) == 500 + 1525


def test_a_visit_is_stored_as_it_was_measured(imported: Imported) -> None:
    """139,5,2: 1462 days old, 15.4 kg, standing 93 cm."""
    registered, *measured = (r.event for r in imported.story(139))
    assert (registered.born, registered.on, registered.sex) == (date(2021, 5, 20), date(2021, 5, 21), "P")
    assert (registered.birth_kg, registered.birth_cm, registered.weeks) == (2.438, 35, 40)
    assert registered.posyandu == POSYANDU[139 % 12]
    assert [(m.on, m.kg, m.cm, m.lying) for m in measured] == [
        (date(2021, 5, 21), 2.438, 35, True),
        (date(2021, 9, 20), 4.93, None, None),
        (date(2022, 5, 21), 7.9, 69, True),
        (date(2025, 5, 21), 15.4, 93, False),
    ]
    assert measured[-1].reported == {"waz": -0.31, "haz": -2.26, "whz": 1.52, "baz": 1.61}


# Measuring faults


def test_only_three_visits_are_measured_impossibly(imported: Imported) -> None:
    assert imported.children("C07") == {126, 139, 472}


@pytest.mark.parametrize(
    ("child", "on", "cm"),
    [
        (126, date(2021, 5, 8), 31),  # a newborn of 3.544 kg and 31 cm
        (139, date(2021, 5, 21), 35),  # a newborn of 2.438 kg and 35 cm
        (472, date(2022, 4, 19), 65),  # a year old, 12.2 kg and 65 cm: weight for length +6.05
    ],
)
def test_an_impossible_length_is_recorded_and_asks_for_a_second_measurement(
    imported: Imported, child: int, on: date, cm: float
) -> None:
    task = imported.tasks(child)["C07"]
    assert task.since == on
    assert [r.event.cm for r in imported.story(child) if r.event.on == on and r.version > 1] == [cm]


# Too thin, too small


def test_only_two_children_are_suspected_of_gizi_buruk(imported: Imported) -> None:
    assert imported.children("C41") == {226, 300}


@pytest.mark.parametrize(
    ("child", "on", "z"),
    [
        (226, date(2022, 8, 16), "-3,66"),  # a year old, 6.3 kg and 70 cm
        (300, date(2021, 10, 29), "-3,85"),  # a newborn of 3.062 kg and 54 cm
    ],
)
def test_a_child_below_three_is_verified_within_a_day(imported: Imported, child: int, on: date, z: str) -> None:
    task = imported.tasks(child)["C41"]
    assert task.since == on
    assert z in task.why


def test_exactly_minus_three_is_not_gizi_buruk_but_is_screened(imported: Imported) -> None:
    """466,5,1: a newborn of 2.58 kg and 50 cm, weight for length -3.00."""
    assert 466 not in imported.children("C41")
    task = imported.tasks(466)["C08"]
    assert task.since == date(2021, 4, 13)
    assert "-3,00" in task.why


@pytest.mark.parametrize(
    ("child", "since", "z"),
    [
        (12, date(2021, 1, 14), "-2,76"),  # weight for length at birth, and no length since
        (66, date(2021, 3, 9), "-2,03"),
        (15, date(2022, 1, 17), "-2,94"),  # short at one year, still at four
        (79, date(2022, 3, 22), "-2,85"),
        (226, date(2021, 12, 16), "-3,77"),  # underweight at four months (-3.18), more so at one year
        (139, date(2025, 5, 21), "-2,26"),  # the impossible 35 cm at birth do not count, the 93 cm at four years do
    ],
)
def test_a_child_below_two_is_screened_since_the_day_it_was_seen(
    imported: Imported, child: int, since: date, z: str
) -> None:
    task = imported.tasks(child)["C08"]
    assert task.since == since
    assert z in task.why


def test_a_child_that_recovered_is_on_no_list_of_thin_children(imported: Imported) -> None:
    """2,5,1: 4.34 kg at four months (-3.99), 8.4 kg and 73 cm at one year, all well above -2."""
    assert not {"C07", "C08", "C11", "C41"} & set(imported.tasks(2))


def test_what_was_over_before_the_import_is_on_no_list_and_yet_known(imported: Imported) -> None:
    """Child 12, wasted at birth, was under six months until 12 July 2021; nobody is told of that five years later."""
    assert "C40" not in imported.tasks(12)
    owed = imported.owed(12)["C40"]
    assert (owed.since, owed.events) == (date(2021, 1, 14), (2,))
    assert owed.until == datetime(2021, 7, 13, tzinfo=WIB)


def test_eight_infants_were_wasted_before_six_months(imported: Imported) -> None:
    assert {child for child in imported.numbers if "C40" in imported.owed(child)} == {
        12, 66, 233, 276, 301, 302, 354, 466,
    }  # fmt: skip


def test_a_child_that_was_not_measured_for_ninety_days_is_due_the_day_after(imported: Imported) -> None:
    """1,5,1: last measured lying 79 cm at 366 days, on 3 January 2022. Its fifth birthday is 2 January 2026."""
    owed = imported.owed(1)["C04"]
    assert owed.since == date(2022, 4, 4)
    assert owed.until == datetime(2026, 1, 2, tzinfo=WIB)
    assert "79,0 cm telentang" in owed.says


def test_a_child_that_stayed_away_is_missed_at_every_session(imported: Imported) -> None:
    """3,5,1: seen once, on 5 January 2021, with 3.827 kg; the posyandu meets on the 10th."""
    assert imported.owed(3)["C03"].since == date(2021, 2, 10)
    assert imported.owed(3)["C06"].since == date(2021, 4, 1)
