"""People are found by name however it is spelt, and recognised again by NIK, mother or name; a NIK is shown to few."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from domain import child, pregnancy
from domain.case import Act, Personal
from domain.child import Child
from domain.pregnancy import Pregnancy
from projections import people
from projections.people import identity, line, normal, person, search
from projections.projection import Row
from tests.projections.standing import stand

MELATI, MAWAR = "3603332001.01", "3603332001.02"
BORN = date(2024, 6, 1)
NIK, MOTHER = "3603330106240001", "3603334107950002"
BUDI = Personal(name="Budi Santoso", mother="Siti Djoeariah", nik=NIK, mother_nik=MOTHER, phone="0812", rt="2", rw="1")


def case(number: int) -> UUID:
    return UUID(int=0x018900000000_7000_8000_000000000000 + number)


def hashed(nik: str) -> bytes:
    return hashlib.sha256(nik.encode()).digest()


def of(number: int, who: Personal = BUDI, posyandu: str = MELATI, state: Child | Pregnancy | None = None) -> Row:
    registered = child.Registered(on=BORN, born=BORN, sex="L", desa=posyandu[:10], posyandu=posyandu)
    first = Act(BORN, 1, datetime(2024, 6, 1, tzinfo=UTC), "kader", "a1", registered)
    found = Child(desa=posyandu[:10], posyandu=posyandu, first=first, born=BORN, sex="L")
    return line(case(number), state or found, who, hashed)


def names(conn: psycopg.Connection, schema: str, text: str, **places: list[str]) -> list[str]:
    return [p.name for p in search(conn, schema, text, places.get("desa"), places.get("posyandu"))]


# Names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Djoko", "Joko"),
        ("Tjahjono", "Cahyono"),
        ("Soekarno", "Sukarno"),
        ("Jusuf", "Yusuf"),
        ("Achmad", "Ahmad"),
        ("Akhmad Fauzi", "Ahmad Fauzi"),
        ("Muh. Rizky", "Muhammad Rizki"),
        ("M. Rizky", "Mohamad Rizki"),
        ("Ny. Siti Aisyah", "SITI AISAH"),
        ("Hj. Fatimah, S.Pd", "fatima"),
        ("Annisa", "Anisa"),
        ("Fitri", "Vitri"),
        ("Syarif", "Sarif"),
        ("An. Budhi", "Budi"),
        ("Nurul  Hidayah ", "nurul hidayah"),
    ],
)
def test_one_name_in_two_spellings_is_one_name(one: str, other: str) -> None:
    assert normal(one) == normal(other) != ""


@pytest.mark.parametrize(("one", "other"), [("Budi", "Badi"), ("Siti", "Sita"), ("Rina", "Rini"), ("Adi", "Ardi")])
def test_different_names_stay_different(one: str, other: str) -> None:
    assert normal(one) != normal(other)


def test_a_name_that_is_a_title_only_is_still_a_name() -> None:
    assert normal("Ibu") != ""
    assert normal(None) == normal("") == ""


# Who somebody is


def test_an_identification_is_the_whole_identity_and_a_move_only_the_address() -> None:
    registered = child.Registered(on=BORN, born=BORN, sex="L", desa=MELATI[:10], posyandu=MELATI)
    told = [
        (registered, Personal(name="Bayi Ny. Siti", mother="Siti", address="Kp. Sawah", rt="1", note="lahir di rumah")),
        (child.Identified(on=date(2024, 7, 1), personal=b""), Personal(name="Budi", mother="Siti", rt="1")),
        (child.Moved(on=date(2024, 8, 1), desa=MAWAR[:10], posyandu=MAWAR), Personal(name="X", rt="5", rw="2")),
    ]
    assert identity(told) == Personal(name="Budi", mother="Siti", rt="5", rw="2")
    assert identity(told[:1]) == Personal(name="Bayi Ny. Siti", mother="Siti", address="Kp. Sawah", rt="1")
    assert identity([]) == Personal()


def test_a_name_with_a_sign_that_no_database_keeps_is_kept_without_it() -> None:
    odd = (child.Identified(on=BORN, personal=b""), Personal(name="Bu\0di", note="\0"))
    assert identity([odd]) == Personal(name="Budi", note="")


def test_only_events_that_name_somebody_tell_who_it_is() -> None:
    assert people.tells_who(pregnancy.Reported(on=BORN, desa=MELATI[:10], posyandu=MELATI))
    assert not people.tells_who(child.Died(on=BORN))


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ({}, "active"),
        ({"moved": BORN}, "moved"),
        ({"died": BORN}, "died"),
        ({"died": BORN, "closed": BORN}, "died"),
        ({"closed": BORN}, "closed"),
        ({"moved": BORN, "closed": BORN}, "closed"),
    ],
)
def test_a_child_is_active_or_it_is_said_why_not(change: dict[str, date], standing: str) -> None:
    first = Act(BORN, 1, datetime(2024, 6, 1, tzinfo=UTC), "kader", "a1", child.Died(on=BORN))
    assert people.standing(replace(Child(desa=MELATI[:10], posyandu=MELATI, first=first), **change)) == standing


# Searching


def test_a_child_is_found_by_part_of_its_name_or_its_mothers_however_spelt(
    conn: psycopg.Connection, schema: str
) -> None:
    stand(conn, schema, people.TABLE, [of(1), of(2, Personal(name="Rina", mother="Ani"))])
    for text in ("budi", "SANTOSO", "juariyah", "siti budi", "sant"):
        assert names(conn, schema, text) == ["Budi Santoso"], text
    for text in ("", "  ", "%", "_", "joko", "santoso rina"):
        assert names(conn, schema, text) == [], text


def test_nobody_outside_the_own_places_is_found(conn: psycopg.Connection, schema: str) -> None:
    stand(conn, schema, people.TABLE, [of(1), of(2, posyandu=MAWAR), of(3, posyandu="3603332002.01")])
    assert len(names(conn, schema, "budi")) == 3
    assert len(names(conn, schema, "budi", desa=["3603332001"])) == 2
    assert len(names(conn, schema, "budi", desa=["3603332001"], posyandu=[MAWAR])) == 1
    assert names(conn, schema, "budi", desa=[]) == []


def test_the_active_come_first(conn: psycopg.Connection, schema: str) -> None:
    first = Act(BORN, 1, datetime(2024, 6, 1, tzinfo=UTC), "kader", "a1", child.Died(on=BORN))
    gone = Child(desa=MELATI[:10], posyandu=MELATI, first=first, born=BORN, sex="L", died=BORN)
    stand(conn, schema, people.TABLE, [of(1, Personal(name="Budi A"), state=gone), of(2, Personal(name="Budi B"))])
    assert names(conn, schema, "budi") == ["Budi B", "Budi A"]


# NIK


def test_a_nik_is_masked_but_for_its_last_two_digits(conn: psycopg.Connection, schema: str) -> None:
    stand(conn, schema, people.TABLE, [of(1)])
    assert [p.nik for p in search(conn, schema, "budi", None)] == ["**************01"]
    assert [p.nik for p in search(conn, schema, "budi", None, full_nik=True)] == [NIK]
    masked, full = person(conn, schema, case(1)), person(conn, schema, case(1), full_nik=True)
    assert masked is not None
    assert full is not None
    assert (masked.nik, full.nik) == ("**************01", NIK)
    assert person(conn, schema, case(2)) is None


def test_only_who_may_see_a_whole_nik_may_search_by_one(conn: psycopg.Connection, schema: str) -> None:
    stand(conn, schema, people.TABLE, [of(1)])
    assert len(search(conn, schema, NIK, None, full_nik=True)) == 1
    assert search(conn, schema, NIK, None) == ()
    assert search(conn, schema, NIK[:10], None, full_nik=True) == ()


@pytest.mark.parametrize("nik", ["3603330106240001", "'3603330106240001", "3603.3301.0624.0001", " 3603330106240001 "])
def test_a_nik_is_read_with_the_marks_people_write(nik: str) -> None:
    assert people.whole_nik(nik) == NIK


@pytest.mark.parametrize(
    "nik", [None, "", "360333010624****", "36033301062400", "٣٦٠٣٣٣٠١٠٦٢٤٠٠٠١", "0000000000000000"]
)
def test_a_masked_or_broken_nik_identifies_nobody(nik: str | None) -> None:
    assert people.whole_nik(nik) is None
