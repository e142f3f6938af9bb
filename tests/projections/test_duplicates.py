"""Two cases of one person are recognised by NIK, mother or name, and nobody else is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.sql import SQL, Identifier

from domain import child
from domain.case import Act, Personal
from domain.child import Child
from domain.pregnancy import Pregnancy
from projections import duplicates, people
from projections.duplicates import MOST, Pair
from projections.projection import Row
from tests.projections.standing import stand

MELATI, MAWAR = "3603332001.01", "3603332001.02"
BORN = date(2024, 6, 1)
NIK, MOTHER = "3603330106240001", "3603334107950002"
BUDI = Personal(name="Budi Santoso", mother="Siti Djoeariah", nik=NIK, mother_nik=MOTHER)
NAMELESS_NIK = replace(BUDI, nik=None)


def case(number: int) -> UUID:
    return UUID(int=0x018900000000_7000_8000_000000000000 + number)


def of(number: int, who: Personal = BUDI, posyandu: str = MELATI, **changed: object) -> Row:
    registered = child.Registered(on=BORN, born=BORN, sex="L", desa=posyandu[:10], posyandu=posyandu)
    first = Act(BORN, 1, datetime(2024, 6, 1, tzinfo=UTC), "kader", "a1", registered)
    state = Child(desa=posyandu[:10], posyandu=posyandu, first=first, born=BORN, sex="L")
    return people.line(case(number), replace(state, **changed), who, lambda nik: hashlib.sha256(nik.encode()).digest())


def pregnant(number: int, nik: str) -> Row:
    first = Act(BORN, 1, datetime(2024, 6, 1, tzinfo=UTC), "bidan", "a1", child.Died(on=BORN))
    state = Pregnancy(desa=MELATI[:10], posyandu=MELATI, first=first, mother_born=date(1995, 7, 1))
    return people.line(
        case(number), state, Personal(name="Siti", nik=nik), lambda nik: hashlib.sha256(nik.encode()).digest()
    )


def found(conn: psycopg.Connection, schema: str, rows: Sequence[Row], *asked: int) -> tuple[Pair, ...]:
    """The pairs of the cases asked for, all cases having been begun in the order of their numbers."""
    stand(conn, schema, people.TABLE, rows)
    insert = SQL("""
        INSERT INTO {}
            (position, case_id, version, topic, state, entry, recorded_at, actor, role, unit, device, edition)
        VALUES (%s, %s, 1, 'child.registered', '', gen_random_uuid(), now(), 'siti', 'kader', '', '', '2025')
    """).format(Identifier(schema, "events"))
    for position, row in enumerate(sorted(rows), start=1):
        conn.execute(insert, [position, row[0]])
    return duplicates.pairs(conn, schema, [case(number) for number in asked])


def test_whoever_is_asked_about_the_younger_points_to_the_older(conn: psycopg.Connection, schema: str) -> None:
    rows = [of(1), of(2, posyandu=MAWAR)]
    assert found(conn, schema, rows, 2) == (Pair(case(2), case(1), "nik"),)
    assert duplicates.pairs(conn, schema, [case(1)]) == (Pair(case(2), case(1), "nik"),)
    assert duplicates.pairs(conn, schema, [case(1), case(2)]) == (Pair(case(2), case(1), "nik"),)


def test_the_strongest_ground_is_told(conn: psycopg.Connection, schema: str) -> None:
    rows = [of(1), of(2, NAMELESS_NIK), of(3, Personal(name="Boedi Santosso"))]
    assert found(conn, schema, rows, 1) == (Pair(case(2), case(1), "nik-ibu"), Pair(case(3), case(1), "nama"))


def test_a_twin_of_another_name_is_another_child_and_a_newborn_without_one_may_be_the_same(
    conn: psycopg.Connection, schema: str
) -> None:
    unnamed = Personal(name="Bayi Ny. Siti", mother="Siti", mother_nik=MOTHER)
    rows = [of(1, NAMELESS_NIK), of(2, replace(NAMELESS_NIK, name="Bayu")), of(3, unnamed)]
    assert found(conn, schema, rows, 1) == (Pair(case(3), case(1), "nik-ibu"),)


def test_two_newborns_of_one_birth_are_two(conn: psycopg.Connection, schema: str) -> None:
    unnamed = Personal(name="Bayi Ny. Siti", mother="Siti", mother_nik=MOTHER)
    rows = [of(1, unnamed, mother=case(9)), of(2, unnamed, mother=case(9)), of(3, unnamed)]
    assert {(p.younger, p.older) for p in found(conn, schema, rows, 1, 2, 3) if p.why == "nik-ibu"} == {
        (case(3), case(1)),
        (case(3), case(2)),
    }


@pytest.mark.parametrize(
    "other",
    [
        of(2, Personal(name="Budi")),
        of(2, Personal(name="Budi Santoso"), posyandu=MAWAR),
        of(2, Personal(name="Budi Santoso"), born=date(2024, 6, 2)),
        of(2, Personal(mother="Siti Djoeariah")),
        of(2, Personal(nik="3603330106240009", name="Rina")),
        of(2, died=BORN),
        of(2, moved=BORN),
        of(2, closed=BORN),
        of(2, merged=case(1)),
        pregnant(2, NIK),
    ],
)
def test_whoever_agrees_in_less_or_is_gone_is_nobodys_double(conn: psycopg.Connection, schema: str, other: Row) -> None:
    assert found(conn, schema, [of(1), other], 1, 2) == ()


def test_two_running_pregnancies_of_one_woman_are_one_person(conn: psycopg.Connection, schema: str) -> None:
    rows = [pregnant(1, MOTHER), pregnant(2, MOTHER)]
    assert found(conn, schema, rows, 1) == (Pair(case(2), case(1), "nik"),)


def test_a_number_that_hundreds_share_makes_no_flood(conn: psycopg.Connection, schema: str) -> None:
    rows = [of(n, Personal(name=f"Anak {n}", nik=NIK)) for n in range(1, 60)]
    assert len(found(conn, schema, rows, 30)) == MOST
