"""Who looked is written down at every door, and told to those who may know."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from litestar.testing import TestClient
from uuid_utils.compat import uuid7

from service.api import reads as doors
from service.ledger import Ledger, work
from service.places import Place
from service.reads import Narrow, NotNoted, Read, store
from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.kabupaten import ANGGREK, KEDAUNG, MELATI, PEOPLE, SIGNER, WALIWIS
from tests.paper import says

Of = Callable[[str], Phone]
EVERYBODY = [login for login, *_ in PEOPLE]


@pytest.fixture
def budi(phone: Of) -> str:
    """A child of Posyandu Melati, weighed once."""
    asked = register(name="Budi Dibaca")
    assert [one["answer"] for one in phone("siti").send(asked, weigh(asked["case"]))] == ["recorded"] * 2
    phone("siti").get(f"/cases/{asked['case']}?not_older_than={phone('siti').position}")
    return str(asked["case"])


def noted(place: Place, **narrow: Any) -> list[Read]:
    place.reads.flush()
    return place.reads.page(Narrow(**narrow), None, 1000)


# What is noted


@pytest.fixture
def budi_everywhere(phone: Of, place: Place, budi: str) -> str:
    """The same child, in the signed ledger, and his family has asked for a copy of what is kept."""
    asks = {"do": "person.receive-data-request", "on": today().isoformat(), "request": str(uuid7()), "asks": "salinan"}
    assert [one["answer"] for one in phone("rina").send(entry(budi, asks))] == ["recorded"]
    assert work(Ledger(place._pool, place.schema, SIGNER, timedelta(0), 1))
    return budi


@pytest.mark.parametrize(
    ("login", "path", "what"),
    [
        ("rina", "/cases/{}", "case"),
        ("rina", "/cases/{}/story", "story"),
        ("rina", "/cases/{}/growth", "growth"),
        ("rina", "/cases/{}/reads", "reads"),
        ("rina", "/cases/{}/tasks/history", "task-history"),
        ("rina", "/asof/cases/{}", "asof"),
        ("rina", "/kasus/{}", "page"),
        ("rina", "/kasus/{}/pembuka", "reads"),
        ("rina", "/kasus/{}/pembuka.pdf", "reads"),
        ("rina", "/kasus/{}/riwayat-tugas", "task-history"),
        ("bagus", "/kasus/{}/salinan.pdf", "copy"),
        ("rina", "/isi/child.measure?kasus={}", "form"),
        ("rina", "/salah/{}/2", "mend"),
        ("yusuf", "/evidence/cases/{}.zip", "evidence"),
        ("yusuf", "/audit/cases/{}", "trail"),
        ("yusuf", "/audit/events?case={}", "trail"),
        ("yusuf", "/audit/events/csv?case={}", "trail-export"),
        ("yusuf", "/audit/reads?case={}", "read-log"),
        ("yusuf", "/inspektorat/kasus/{}", "trail"),
        ("yusuf", "/inspektorat/jejak?kasus={}", "trail"),
        ("yusuf", "/inspektorat/pembuka?kasus={}", "read-log"),
    ],
)
def test_every_door_to_a_case_notes_who_came_through_and_in_which_post(
    phone: Of, place: Place, budi_everywhere: str, login: str, path: str, what: str
) -> None:
    before = len(noted(place, case=UUID(budi_everywhere)))
    assert phone(login).get(path.format(budi_everywhere)).status_code == 200
    reads = noted(place, case=UUID(budi_everywhere))
    assert len(reads) == before + 1
    role, unit = next((role, unit) for name, _, role, unit in PEOPLE if name == login)
    assert (reads[0].role, reads[0].unit, reads[0].what) == (role, unit, what)
    assert reads[0].account == place.accounts.known(login)


TELLING_WHAT = {"note": 2, "open": 2, "openable": 2, "referral": 2, "seen": 2, "opened_or_404": 3, "own_or_404": 3}
"""What is called to show a record, and where it is told what of it is shown."""


def whats() -> Iterator[str]:
    """Every word under which anything in the service is noted."""
    for file in Path(doors.__file__).parents[1].rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and any(isinstance(one, ast.Name) and one.id == "who" for one in call.args):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name in TELLING_WHAT and isinstance(told := call.args[TELLING_WHAT[name]], ast.Constant):
                    yield told.value


def test_whatever_is_noted_has_words_a_family_understands() -> None:
    found = set(whats())
    assert {"case", "copy", "trail", "task-history", "flag", "kin", "asof", "emergency"} <= found
    assert found - set(doors._WHATS) == set()


def test_who_is_turned_away_has_read_nothing(phone: Of, place: Place, budi: str) -> None:
    before = len(noted(place, case=UUID(budi)))
    assert phone("wati").get(f"/cases/{budi}").status_code == 404
    assert len(noted(place, case=UUID(budi))) == before


def test_a_search_is_noted_with_those_it_showed(phone: Of, place: Place, budi: str) -> None:
    phone("rina").get("/people?q=Budi Dibaca")
    assert noted(place, case=UUID(budi))[0].what == "search"


def test_a_search_that_finds_nobody_is_noted_without_what_was_typed(phone: Of, place: Place) -> None:
    phone("rina").get("/people?q=Zzzyx Qqq")
    newest = noted(place, account=place.accounts.known("rina"))[0]
    assert (newest.what, newest.case, newest.why) == ("search", None, "")


def test_looking_for_a_name_in_ones_list_is_a_search_and_the_list_itself_is_not(phone: Of, place: Place) -> None:
    rina = place.accounts.known("rina")
    before = len(noted(place, account=rina))
    phone("rina").get("/queues/bidan")
    assert len(noted(place, account=rina)) == before
    phone("rina").get("/queues/bidan?q=Budi")
    assert noted(place, account=rina)[0].what == "search"


def test_so_it_is_in_the_list_of_a_past_day(phone: Of, place: Place, budi: str) -> None:
    rina = place.accounts.known("rina")
    phone("rina").get(f"/cases/{budi}?not_older_than={phone('siti').position}")
    before = len(noted(place, account=rina))
    phone("rina").get("/asof/queues/bidan")
    assert len(noted(place, account=rina)) == before
    phone("rina").get("/asof/queues/bidan?q=Budi Dibaca")
    found = noted(place, account=rina)[0]
    assert (found.what, found.case) == ("search", UUID(budi))
    phone("rina").get("/asof/queues/bidan?q=Zzzyx Qqq")
    newest = noted(place, account=rina)[0]
    assert (newest.what, newest.case, newest.why) == ("search", None, "")


def test_what_cannot_be_noted_is_not_shown(phone: Of, place: Place, budi: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: Any) -> None:
        raise NotNoted

    monkeypatch.setattr(place.reads, "note", nowhere)
    for path in (f"/cases/{budi}", f"/kasus/{budi}", "/people?q=Budi"):
        answer = phone("rina").get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "read-not-noted"), path
        assert "Budi" not in answer.text


# Who is told


def test_those_who_answer_for_a_case_see_who_opened_it(phone: Of, budi: str) -> None:
    phone("dewi").get(f"/cases/{budi}")
    for login in ("rina", "dewi", "bagus", "yusuf"):
        answer = phone(login).get(f"/cases/{budi}/reads")
        assert answer.status_code == 200, login
        assert ("puskesmas-tpg", "case") in [(one["role"], one["what"]) for one in answer.json()["reads"]]


@pytest.mark.parametrize("path", ["/cases/{}/reads", "/kasus/{}/pembuka", "/kasus/{}/pembuka.pdf"])
@pytest.mark.parametrize("login", EVERYBODY)
def test_nobody_else_does(phone: Of, budi: str, login: str, path: str) -> None:
    status = phone(login).get(path.format(budi)).status_code
    if login in ("rina", "dewi", "bagus", "yusuf"):
        assert status == 200
    else:
        assert status == (404 if login == "tuti" else 403)


@pytest.mark.parametrize("path", ["/cases/{}/reads", "/kasus/{}/pembuka", "/kasus/{}/pembuka.pdf"])
def test_a_case_that_is_not_there_and_one_elsewhere_answer_alike(phone: Of, path: str) -> None:
    asked = register(ANGGREK, name="Elsewhere")
    phone("wati").send(asked)
    there, nowhere = (phone("rina").get(path.format(case)) for case in (asked["case"], uuid4()))
    assert (there.status_code, there.json()) == (nowhere.status_code, nowhere.json())
    assert there.status_code == 404


def test_the_page_says_role_unit_day_and_what(phone: Of, budi: str) -> None:
    phone("dewi").get(f"/kasus/{budi}")
    page = phone("rina").page(f"/kasus/{budi}/pembuka").text
    assert "Petugas gizi puskesmas, Puskesmas Mekar Baru: halaman kasus." in page
    assert "Dewi" not in page
    assert f"/kasus/{budi}/pembuka" in phone("rina").page(f"/kasus/{budi}").text


def test_the_paper_for_the_family_names_posts_and_no_officer(phone: Of, budi: str) -> None:
    phone("dewi").get(f"/cases/{budi}")
    answer = phone("rina").get(f"/kasus/{budi}/pembuka.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    for text in ("Siapa yang membuka data keluarga ini", "Budi Dibaca", "Puskesmas Mekar Baru"):
        assert says(answer.content, text)
    assert not says(answer.content, "Dewi") and not says(answer.content, "Rina")


def test_the_inspectorate_sees_who_looked_and_not_whose_it_is(phone: Of, budi: str) -> None:
    for path in (f"/kasus/{budi}/pembuka", f"/cases/{budi}/reads"):
        assert "Budi" not in phone("yusuf").page(path).text
    assert not says(phone("yusuf").get(f"/kasus/{budi}/pembuka.pdf").content, "Budi")


# The log as a whole


@pytest.mark.parametrize("path", ["/audit/reads", "/audit/reads/csv", "/audit/reads/jsonl"])
@pytest.mark.parametrize("login", EVERYBODY)
def test_the_log_of_reads_is_for_the_inspectorate_alone(phone: Of, login: str, path: str) -> None:
    answer = phone(login).get(path)
    assert answer.status_code == (200 if login == "yusuf" else 403)
    if login != "yusuf":
        assert answer.json()["code"] == "not-allowed-to-audit"


def test_a_stranger_gets_none_of_it(stranger: Phone) -> None:
    assert stranger.get("/audit/reads").status_code == 401


def test_the_log_is_narrowed_by_account_role_unit_case_what_and_day(phone: Of, place: Place, budi: str) -> None:
    phone("dewi").get(f"/cases/{budi}/growth")
    dewi, day = place.accounts.known("dewi"), today()
    asked = {"account": dewi, "role": "puskesmas-tpg", "case": budi, "what": "growth", "since": day, "until": day}
    found = phone("yusuf").get("/audit/reads", params=asked).json()["reads"]
    assert [(one["account"], one["what"]) for one in found] == [(str(dewi), "growth")]
    for name, other in (("since", day + timedelta(days=1)), ("until", day - timedelta(days=1)), ("role", "desa")):
        assert phone("yusuf").get("/audit/reads", params={**asked, name: other}).json()["reads"] == []


def test_the_log_is_turned_page_by_page(phone: Of, budi: str) -> None:
    for _ in range(5):
        phone("dewi").get(f"/cases/{budi}")
    pages, after = [], None
    while True:
        asked = {"case": budi, "limit": 2, "role": "puskesmas-tpg", **({"after": after} if after else {})}
        page = phone("yusuf").get("/audit/reads", params=asked).json()
        pages += page["reads"]
        after = page["after"]
        if after is None:
            break
    assert len(pages) == len({one["id"] for one in pages}) == 5


def test_a_unit_takes_in_all_below_it_as_it_does_in_the_trail(phone: Of, place: Place, budi: str) -> None:
    phone("siti").get(f"/cases/{budi}")
    phone("rina").get(f"/cases/{budi}")
    asked = {"case": budi, "what": "case", "limit": 1000}

    def units(unit: str) -> set[str]:
        found = phone("yusuf").get("/audit/reads", params={**asked, "unit": unit}).json()["reads"]
        return {one["unit"] for one in found}

    assert units(KEDAUNG) == {KEDAUNG, MELATI}
    assert units(MELATI) == {MELATI}
    assert units(WALIWIS) == set()


@pytest.mark.parametrize("path", ["/audit/reads", "/audit/reads/csv", "/audit/reads/jsonl"])
def test_an_unknown_unit_is_said_and_not_answered_with_nothing(phone: Of, path: str) -> None:
    answer = phone("yusuf").get(f"{path}?unit=0000")
    assert (answer.status_code, answer.json()["code"]) == (400, "no-such-unit")


@pytest.mark.parametrize("days", ["since=0001-01-01&until=9999-12-31", "until=9999-12-31", "since=9999-12-31"])
@pytest.mark.parametrize("path", ["/audit/reads", "/audit/reads/csv", "/audit/reads/jsonl"])
def test_the_first_and_the_last_day_there_can_be_are_days_like_others(phone: Of, path: str, days: str) -> None:
    answer = phone("yusuf").get(f"{path}?{days}&account={uuid4()}")
    assert answer.status_code == 200
    whole = phone("yusuf").get("/audit/reads?limit=1&until=9999-12-31").json()["reads"]
    assert len(whole) == 1


def test_a_reason_that_begins_like_a_formula_is_run_by_no_spreadsheet(phone: Of, place: Place, budi: str) -> None:
    rina = place.accounts.known("rina")
    assert rina is not None
    post = place.accounts.posts(rina)[0]
    opened = Read(
        id=uuid7(), at=datetime.now(UTC), account=rina, post=post.id, role="inspektorat", unit=KEDAUNG, case=UUID(budi),
        what="identity", why='=HYPERLINK("http://contoh.id";"Klik")',
    )  # fmt: skip
    with place.connection() as conn:
        store(conn, place.schema, [opened])
    text = phone("yusuf").get(f"/audit/reads/csv?case={budi}&what=identity").text
    [row] = csv.DictReader(io.StringIO(text))
    assert row["why"] == "'" + opened.why
    [line] = phone("yusuf").get(f"/audit/reads/jsonl?case={budi}&what=identity").text.splitlines()
    assert json.loads(line)["why"] == opened.why


@pytest.mark.parametrize("asked", ["after=x", "after=bm8", "role=raja", "since=kemarin", "account=1", "limit=x"])
def test_a_question_that_cannot_be_read_is_told_so(phone: Of, asked: str) -> None:
    assert phone("yusuf").get(f"/audit/reads?{asked}").status_code == 400


def test_the_log_is_taken_along_as_lines_or_for_a_spreadsheet(phone: Of, place: Place, budi: str) -> None:
    phone("dewi").get(f"/cases/{budi}")
    lines = phone("yusuf").get(f"/audit/reads/jsonl?case={budi}").text.splitlines()
    rows = phone("yusuf").get(f"/audit/reads/csv?case={budi}").text.splitlines()
    assert all(json.loads(line)["case"] == budi for line in lines)
    assert rows[0] == ",".join(Read.__struct_fields__)
    assert len(rows) - 1 >= len(lines) > 0
    assert phone("yusuf").get("/audit/reads/xlsx").status_code == 404


def test_that_the_log_was_looked_through_stands_in_it(phone: Of, place: Place) -> None:
    phone("yusuf").get("/audit/reads")
    assert noted(place, account=place.accounts.known("yusuf"))[0].what == "read-log"


def test_a_coming_month_without_room_is_told_to_who_watches(
    service: TestClient[Any], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert service.get("/health/ready").json()["warnings"] == []
    monkeypatch.setattr(place.reads, "months_ahead", lambda: 1)
    [said] = service.get("/health/ready").json()["warnings"]
    assert "dampingi migrate" in said


def test_what_waits_and_how_far_there_is_room_is_counted(service: TestClient[Any], place: Place) -> None:
    place.reads.months_ahead()
    told = service.get("/metrics").text
    assert f'dampingi_reads_months_ahead{{kabupaten="{place.schema}"}}' in told
    assert "dampingi_reads_waiting_bytes" in told


def test_a_read_has_no_name_in_it() -> None:
    fields = {"id", "at", "account", "post", "role", "unit", "case", "what", "why"}
    assert {field.name for field in msgspec.structs.fields(Read)} == fields
