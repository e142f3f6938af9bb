"""Questions about entries: who sees them, with which evidence, and that whom one concerns never closes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from uuid_utils.compat import uuid7

from domain import desa
from domain.oversight import Counted, RaiseFlag
from service.places import Place
from service.store import Store
from service.watched import asked, recorded
from tests.doors.conftest import Phone, entry, register, weigh
from tests.doors.test_units import store  # noqa: F401  the units take part since New Year
from tests.kabupaten import KEDAUNG, MELATI, PASSWORD, SCHEMA

Phones = Callable[[str], Phone]
OF_KEDAUNG = desa.number(KEDAUNG)


@pytest.fixture
def flag(phone: Phones, place: Place, store: Store, conn: psycopg.Connection) -> str:  # noqa: F811
    """A question about three weighings that Siti recorded, asked by the system."""
    siti = phone("siti")
    born = [register(MELATI, name) for name in ("Dimas Prasetyo", "Putri Lestari", "Bagas Wibowo")]
    siti.send(*born)
    weighed = siti.send(*(weigh(one["case"], kg=9.5) for one in born))
    return raised(place, store, tuple(one["position"] for one in weighed), account(conn, "siti"))


def raised(place: Place, store: Store, positions: tuple[int, ...], concerns: str) -> str:  # noqa: F811
    number = UUID(str(uuid7()))
    now = place.now()
    command = RaiseFlag(
        on=now.date(), flag=number, pattern="angka-sama", posyandu=MELATI, concerns=concerns, positions=positions,
        found=Counted(count=3, of=4, kg=9.5, first=now.date(), last=now.date()),
    )  # fmt: skip
    assert recorded(store, [asked(number, OF_KEDAUNG, command, now)]) == 1
    return str(number)


def account(conn: psycopg.Connection, login: str) -> str:
    row = conn.execute(SQL("SELECT id FROM {} WHERE login = %s").format(Identifier(SCHEMA, "accounts")), [login])
    found = row.fetchone()
    assert found is not None
    return str(found[0])


def answer(flag: str, **more: Any) -> dict[str, Any]:
    return entry(OF_KEDAUNG, {"do": "desa.resolve-flag", "on": "2026-01-05", "flag": flag, "finding": "wajar"} | more)


# Who sees it


@pytest.mark.parametrize("login", ["ratna", "kartika", "yusuf"])
def test_kecamatan_kabupaten_and_inspectorate_see_it_at_once(phone: Phones, flag: str, login: str) -> None:
    [newest, *_] = phone(login).get("/flags").json()["flags"]
    assert (newest["flag"], newest["desa"], newest["posyandu"], newest["mine"]) == (flag, KEDAUNG, MELATI, False)
    assert newest["question"].startswith("Mohon dijelaskan: 3 dari 4 anak yang ditimbang ")
    page = phone(login).page("/pertanyaan-data").text
    assert f'href="/pertanyaan-data/{flag}">Posyandu Melati, Kedaung</a>' in page
    way = phone(login).page("/inspektorat").text if login == "yusuf" else page
    assert 'href="/pertanyaan-data">Pertanyaan' in way


@pytest.mark.parametrize("login", ["siti", "rina", "hasan", "dewi", "bagus", "sari"])
def test_those_who_work_in_the_field_have_no_list_of_questions(phone: Phones, flag: str, login: str) -> None:
    for path in ("/flags", f"/flags/{flag}", "/pertanyaan-data", f"/pertanyaan-data/{flag}"):
        assert phone(login).get(path).status_code == 403


def test_a_question_elsewhere_and_none_at_all_are_the_same(phone: Phones, flag: str) -> None:
    assert phone("ratna").get(f"/flags/{uuid7()}").json()["code"] == "not-found"
    assert phone("ratna").get("/flags/bukan-nomor").status_code == 404
    assert phone("ratna").get("/flags?after=x").status_code == 400
    assert phone("ratna").get("/flags?after=99999999999999999999").status_code in (200, 400)


def test_the_pages_of_the_list_leave_nothing_out(phone: Phones, flag: str, place: Place, store: Store) -> None:  # noqa: F811
    for _ in range(3):
        raised(place, store, (), "siapa")
    whole = [one["flag"] for one in phone("ratna").get("/flags?limit=200").json()["flags"]]
    paged, after = [], ""
    while after is not None:
        page = phone("ratna").get(f"/flags?limit=2{f'&after={after}' if after else ''}").json()
        paged += [one["flag"] for one in page["flags"]]
        after = page["after"]
    assert paged == whole
    assert flag in whole


# What stands behind it


def test_the_offices_see_entries_days_and_figures_and_no_name(phone: Phones, flag: str) -> None:
    found = phone("ratna").get(f"/flags/{flag}").json()
    assert [(one["on"], one["kg"], one["unit"]) for one in found["entries"]] == [("2025-06-05", 9.5, MELATI)] * 3
    assert {one["says"] for one in found["entries"]} == {"Penimbangan dan pengukuran oleh kader."}
    assert all(one["typed_at"] and one["recorded_at"] and one["position"] for one in found["entries"])
    page = phone("ratna").page(f"/pertanyaan-data/{flag}").text
    assert page.split("<h2")[1].count("9,5 kg.") == 3
    assert "/kasus/" not in re.sub(r'href="/isi[^"]*"', "", page).split("<h2")[1]
    for text in (page, phone("ratna").get(f"/flags/{flag}").text):
        assert not re.search("Dimas|Putri|Bagas|Siti|Ani|3603330403250001", text)


def test_the_inspector_may_open_the_cases_and_nobody_is_named(phone: Phones, flag: str) -> None:
    page = phone("yusuf").page(f"/pertanyaan-data/{flag}").text
    assert page.count("Buka kasus") == 3
    assert "desa.resolve-flag" not in page
    assert not re.search("Dimas|Putri|Bagas|Siti", page)


def test_that_somebody_looked_is_noted_for_each_case(
    phone: Phones, flag: str, place: Place, conn: psycopg.Connection
) -> None:
    reads = Identifier(SCHEMA, "reads")
    place.reads.settle()
    before = conn.execute(SQL("SELECT count(*) FROM {} WHERE what = 'flag'").format(reads)).fetchone()
    phone("yusuf").get(f"/flags/{flag}")
    place.reads.settle()
    after = conn.execute(SQL("SELECT count(*) FROM {} WHERE what = 'flag'").format(reads)).fetchone()
    assert before is not None
    assert after == (before[0] + 3,)


# Who answers it


def test_the_kecamatan_answers_on_the_page(phone: Phones, flag: str) -> None:
    ratna = phone("ratna")
    form = re.search(r'href="(/isi/desa.resolve-flag[^"]+)"', ratna.page(f"/pertanyaan-data/{flag}").text)
    assert form is not None
    assert flag in ratna.page(form[1].replace("&amp;", "&")).text
    typed = {"entry": str(uuid7()), "case": str(OF_KEDAUNG), "on": "2026-01-05", "flag": flag, "finding": "wajar"}
    assert ratna.fill("/isi/desa.resolve-flag", typed).status_code == 303
    page = ratna.page(f"/pertanyaan-data/{flag}").text
    assert "Dijawab 5 Januari 2026: ada penjelasan yang wajar." in page
    assert "Jawab pertanyaan ini" not in page


@pytest.mark.parametrize("login", ["siti", "rina", "hasan", "dewi", "bagus", "yusuf"])
def test_nobody_of_the_desa_and_no_inspector_answers(phone: Phones, flag: str, login: str) -> None:
    [told] = phone(login).send(answer(flag))
    assert (told["answer"], told["code"]) == ("refused", "not-allowed")


def test_whom_it_concerns_does_not_answer_from_another_post_either(
    phone: Phones, flag: str, place: Place, conn: psycopg.Connection, service: Any
) -> None:
    """Siti is by day a kader and holds a post in the kecamatan besides."""
    number = UUID(account(conn, "siti"))
    place.accounts.give_post(number, "kecamatan", "990101", date(2020, 1, 1))
    posts = SQL("SELECT id FROM {} WHERE account = %s AND role = 'kecamatan'").format(Identifier(SCHEMA, "posts"))
    found = conn.execute(posts, [number]).fetchone()
    assert found is not None
    place.accounts.forget()
    siti = Phone(service)
    assert siti.sign_in("siti", PASSWORD).status_code == 200
    assert siti.fill("/jabatan", {"post": str(found[0])}).status_code == 303
    try:
        [listed, *_] = siti.get("/flags").json()["flags"]
        assert (listed["flag"], listed["mine"]) == (flag, True)
        page = siti.page(f"/pertanyaan-data/{flag}").text
        assert "Jawab pertanyaan ini" not in page
        assert "jadi orang lain yang menjawabnya" in page
        [told] = siti.send(answer(flag))
        assert (told["answer"], told["code"]) == ("refused", "resolve-own-flag")
    finally:
        conn.execute(SQL("DELETE FROM {} WHERE id = %s").format(Identifier(SCHEMA, "posts")), [found[0]])
        place.accounts.forget()
