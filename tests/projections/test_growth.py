"""The growth lists say of each measurement what WHO's tables and the KMS make of it, and who is to be weighed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain import stories
from domain.case import CaseClosed, Envelope, Event, Personal, Recorded
from domain.child import Child, Measured, Moved, Registered
from domain.pregnancy import Registered as PregnancyRegistered
from domain.protocol import Book
from projections import growth, people
from projections.growth import Measurement, lines, roster, series
from projections.projection import Row
from service.juknis import read_juknis
from service.settings import root
from tests.projections.standing import stand

MELATI, MAWAR = "3603332001.01", "3603332001.02"
BORN = date(2024, 9, 3)


def case(number: int) -> UUID:
    return UUID(int=0x018900000000_7000_8000_000000000000 + number)


@cache
def book() -> Book:
    return read_juknis(root() / "juknis").book(date(2025, 3, 4))


def told(number: int, *events: Event, born: date = BORN, posyandu: str = MELATI) -> list[Recorded]:
    by = Envelope(
        recorded_at=datetime(2025, 3, 4, 9, tzinfo=UTC), actor="a1", role="kader", unit=posyandu, entry=case(0),
        edition="2025",
    )  # fmt: skip
    registered = Registered(on=born, born=born, sex="L", desa=posyandu[:10], posyandu=posyandu)
    return [Recorded(case(number), n, event, by) for n, event in enumerate((registered, *events), start=1)]


def rows(story: list[Recorded]) -> list[Row]:
    state = stories.fold(story)
    assert state is not None
    return list(lines(story[0].case, state, book().chart(state)))


def named(row: Row) -> dict[str, Any]:
    return dict(zip((name for name, _ in growth.TABLE.columns), row, strict=True))


def weighed(on: date, kg: float | None = None, **more: Any) -> Measured:
    return Measured(on=on, kg=kg, **more)


# Rows


def test_a_measurement_stands_with_its_scores_classes_and_mark() -> None:
    first = weighed(date(2025, 2, 4), 7.0, cm=66.0, lying=True)
    second = weighed(date(2025, 3, 4), 7.1, cm=66.5, lying=True, lila=12.0)
    _, row = map(named, rows(told(1, first, second)))
    assert (row["version"], row["day"], row["age_days"], row["months"]) == (3, date(2025, 3, 4), 182, 6)
    assert (row["kms"], row["gain"], row["kbm"], row["times"]) == ("T", 100, 400, 1)
    assert row["waz"] == book().chart(stories.fold(told(1, first, second))).points[1].z.waz  # type: ignore[arg-type]
    assert (row["weight_age"], row["height_age"], row["lila_class"]) == ("bb-normal", "normal", "gizi-kurang")
    assert (row["desa"], row["posyandu"], row["sex"], row["born"]) == (MELATI[:10], MELATI, "L", BORN)


def test_a_flagged_score_gives_no_class() -> None:
    (row,) = map(named, rows(told(1, weighed(date(2025, 3, 4), 25.0))))
    assert row["flags"] == ["waz"]
    assert row["weight_age"] is None
    assert row["kms"] == "B"


def test_oedema_counts_as_severe_whatever_the_scale_says() -> None:
    (row,) = map(named, rows(told(1, weighed(date(2025, 3, 4), 8.0, cm=66.5, lying=True, oedema=1))))
    assert (row["weight_age"], row["weight_height"], row["height_age"]) == ("bb-sangat-kurang", "gizi-buruk", "normal")
    assert row["waz"] is row["whz"] is None


def test_a_length_without_a_weight_has_no_mark_and_takes_none_away() -> None:
    taped = weighed(date(2025, 2, 20), cm=66.0, lying=True)
    found = [named(r) for r in rows(told(1, weighed(date(2025, 2, 4), 7.0), taped, weighed(date(2025, 3, 4), 7.5)))]
    assert [row["kms"] for row in found] == ["B", None, "N"]


def test_rows_come_in_the_order_of_the_days_not_of_hearing() -> None:
    found = [named(r) for r in rows(told(1, weighed(date(2025, 3, 4), 7.5), weighed(date(2025, 2, 4), 7.0)))]
    assert [(row["version"], row["kms"]) for row in found] == [(3, "B"), (2, "N")]


def test_who_is_only_reported_and_who_is_pregnant_has_no_growth() -> None:
    by = told(1)[0].by
    mother = PregnancyRegistered(on=BORN, desa=MELATI[:10], posyandu=MELATI, hpht=date(2024, 8, 1))
    assert rows([Recorded(case(1), 1, mother, by)]) == []


def test_the_same_story_gives_the_same_rows() -> None:
    story = told(1, *(weighed(date(2025, month, 4), 7.0 + month / 10, cm=60.0 + month) for month in range(1, 7)))
    assert rows(story) == rows(list(story))


# Questions


def test_a_series_comes_back_as_it_was_written(conn: psycopg.Connection, schema: str) -> None:
    found = rows(
        told(1, weighed(date(2025, 3, 4), 25.0, oedema=0), weighed(date(2025, 2, 4), 7.05, cm=66.1, lying=False))
    )
    stand(conn, schema, growth.TABLE, [*found, *rows(told(2, weighed(date(2025, 3, 4), 7.0)))])
    read = series(conn, schema, case(1))
    assert [m.day for m in read] == [date(2025, 2, 4), date(2025, 3, 4)]
    for measurement, row in zip(read, found, strict=True):
        kept = {f: getattr(measurement, f) for f in Measurement.__struct_fields__}
        kept["flags"] = list(kept["flags"])
        assert kept == {f: value for f, value in named(row).items() if f in kept}


def test_the_weighing_sheet_has_the_children_of_the_posyandu_with_what_they_had_last(
    conn: psycopg.Connection, schema: str
) -> None:
    both = weighed(date(2025, 1, 7), 6.8, cm=64.0, lying=True)
    stand_all(
        conn, schema,
        {
            1: told(1, both, weighed(date(2025, 2, 4), 6.9), weighed(date(2025, 4, 8), 7.8)),
            2: told(2),
            3: told(3, posyandu=MAWAR),
            4: told(4, Moved(on=date(2025, 2, 1))),
            5: told(5, CaseClosed(on=date(2025, 2, 1), reason="dobel")),
            6: told(6, born=date(2020, 3, 4)),
            7: told(7, born=date(2020, 3, 5)),
            8: told(8, born=date(2025, 3, 5)),
        },
    )  # fmt: skip
    sheet = roster(conn, schema, MELATI, date(2025, 3, 4))
    assert [child.case.int & 0xFF for child in sheet] == [1, 2, 7]
    first, second, _ = sheet
    assert (first.name, first.weighed, first.kg, first.kms, first.times) == ("Anak 1", date(2025, 2, 4), 6.9, "T", 1)
    assert (first.measured, first.cm, first.lying) == (date(2025, 1, 7), 64.0, True)
    assert (second.weighed, second.kg, second.kms, second.measured) == (None, None, None, None)


@pytest.mark.parametrize("on", [date(2024, 2, 29), date(2025, 3, 1)])
def test_a_weighing_sheet_can_be_asked_for_any_day(conn: psycopg.Connection, schema: str, on: date) -> None:
    stand_all(conn, schema, {1: told(1, born=date(2024, 1, 1))})
    assert len(roster(conn, schema, MELATI, on)) == 1


def stand_all(conn: psycopg.Connection, schema: str, told: dict[int, list[Recorded]]) -> None:
    states: dict[int, Child] = {n: stories.fold(story) for n, story in told.items()}  # type: ignore[misc]
    who = {n: Personal(name=f"Anak {n}", rt=f"{n}", rw="1") for n in told}
    stand(conn, schema, growth.TABLE, [row for story in told.values() for row in rows(story)])
    stand(conn, schema, people.TABLE, [people.line(case(n), states[n], who[n], str.encode) for n in told])
