"""A child that came another way, from a phone, is the same child in the file; a doubtful one is asked about."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from domain import child
from domain.case import Personal, Sex
from service.handle import Actor, Asked, Submitted, record
from tests.exchange.conftest import Kabupaten
from tests.exchange.eppgbm_files import SITI, as_csv, table

NIK = "3603334503240001"
MOTHERS = "3603334507900003"


def registered(
    kabupaten: Kabupaten, name: str, born: date = date(2024, 3, 5), posyandu: str = "3603332001.01", **who: str
) -> UUID:
    """As a kader's phone does it, under a number of its own."""
    case = uuid4()
    sex: Sex = "P"
    command = child.Register(
        on=born, born=born, sex=sex, desa="3603332001", posyandu=posyandu, personal=Personal(name=name, **who)
    )
    by = Actor("siti", "kader", posyandu, lambda *_: None)
    [answer] = record(kabupaten.store, [Asked(Submitted(uuid4(), case, command), by, datetime.now().astimezone())])
    assert answer.outcome == "recorded"
    kabupaten.catch_up()
    return case


def bring(kabupaten: Kabupaten, *children: dict[str, Any], titles: tuple[str, ...] = ()) -> dict[str, int]:
    rows = table(*children) if not titles else table(*children, titles=titles)
    return dict(kabupaten.bring_file(as_csv(kabupaten.folder / "a.csv", rows)).rows)


def test_by_its_nik_whatever_its_name(kabupaten: Kabupaten) -> None:
    case = registered(kabupaten, "Neng Siti", nik=NIK, posyandu="3603332001.02")
    assert bring(kabupaten, SITI) == {"measured": 1}
    assert list(kabupaten.stories()) == [case]


def test_not_by_its_nik_alone_where_the_birthday_is_another(kabupaten: Kabupaten) -> None:
    registered(kabupaten, "Kakaknya", born=date(2022, 3, 5), nik=NIK)
    assert bring(kabupaten, SITI) == {"new": 1}


def test_by_the_nik_of_its_mother_and_its_birthday(kabupaten: Kabupaten) -> None:
    case = registered(kabupaten, "Siti Aminah", mother_nik=MOTHERS, posyandu="3603332001.03")
    row = SITI | {"NIK": "-", "NIK Ortu": MOTHERS}
    assert bring(kabupaten, row, titles=tuple(row)) == {"measured": 1}
    assert list(kabupaten.stories()) == [case]


def test_by_name_birthday_and_posyandu_in_another_spelling(kabupaten: Kabupaten) -> None:
    case = registered(kabupaten, "St. Aminah")
    assert bring(kabupaten, SITI | {"NIK": "360333450324****"}) == {"measured": 1}
    assert list(kabupaten.stories()) == [case]


def test_not_by_name_and_birthday_in_another_posyandu(kabupaten: Kabupaten) -> None:
    registered(kabupaten, "Siti Aminah", posyandu="3603332001.02")
    assert bring(kabupaten, SITI | {"NIK": "-"}) == {"new": 1}


def test_never_by_a_nik_that_a_spreadsheet_rounded(kabupaten: Kabupaten) -> None:
    registered(kabupaten, "Orang Lain", nik="3603334503240000".replace("0000", "0010"))
    assert bring(kabupaten, SITI | {"NIK": "3,60333450324001E+15"}) == {"new": 1}


def test_who_answers_to_two_children_is_handed_back(kabupaten: Kabupaten) -> None:
    registered(kabupaten, "Siti Aminah")
    registered(kabupaten, "Sitti Aminah")
    assert bring(kabupaten, SITI | {"NIK": "-"}) == {"rejected": 1}
    assert "Cocok dengan 2 anak" in (kabupaten.folder / "a.csv.ditolak.csv").read_text(encoding="utf-8-sig")


def test_what_was_imported_is_found_again_after_the_lists_caught_up(kabupaten: Kabupaten) -> None:
    assert bring(kabupaten, SITI) == {"new": 1}
    kabupaten.catch_up()
    for path in kabupaten.folder.glob("a.csv.*"):
        path.unlink()
    assert bring(kabupaten, SITI) == {"already": 1}
    assert bring(kabupaten, SITI | {"Tanggal Pengukuran": "2025-06-10"}) == {"measured": 1}
    assert len(kabupaten.stories()) == 1
