"""Signing in and out: passwords, sessions that end everywhere, posts that end on their day."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from litestar.testing import TestClient
from psycopg.sql import SQL, Identifier
from uuid_utils.compat import uuid7

from service import app
from service.places import Place, open_places
from service.settings import Settings
from tests.doors.conftest import Phone, entry, register, today
from tests.kabupaten import ANGGREK, CODE, KEDAUNG, MELATI, PASSWORD, SCHEMA, WALIWIS

MOMENT = 2.3
"""A little more than a right may be remembered."""


@pytest.fixture
def somebody(place: Place) -> str:
    """A kader nobody else uses."""
    login = f"kader-{uuid7().hex[-12:]}"
    account = place.accounts.open_account(login, "Lilis", PASSWORD)
    place.accounts.give_post(account, "kader", MELATI, date(2020, 1, 1))
    return login


def account_of(phone: Phone) -> UUID:
    return UUID(phone.get("/me").json()["account"])


def test_whoever_signs_in_is_told_their_post(stranger: Phone, somebody: str) -> None:
    assert stranger.get("/me").json()["code"] == "sign-in"
    assert stranger.sign_in(somebody).status_code == 200
    assert stranger.get("/me").json()["now"]["unit"] == MELATI


def test_a_wrong_name_and_a_wrong_password_are_told_apart_by_nobody(stranger: Phone, somebody: str) -> None:
    wrong = stranger.sign_in(somebody, "salah-sekali")
    unknown = stranger.sign_in("tidak-ada", "salah-sekali")
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
    assert wrong.json()["code"] == "wrong-password"


def test_after_ten_wrong_passwords_the_name_rests(stranger: Phone, somebody: str) -> None:
    codes = [stranger.sign_in(somebody, "salah-sekali").json()["code"] for _ in range(11)]
    assert codes == ["wrong-password"] * 10 + ["too-often"]
    assert stranger.sign_in(somebody).status_code == 429


def test_a_sign_in_gets_a_new_key_whatever_cookie_came_with_it(stranger: Phone, somebody: str) -> None:
    stranger.cookies["sesi"] = f"{CODE}-planted"
    stranger.sign_in(somebody)
    assert stranger.cookies["sesi"] != f"{CODE}-planted"
    assert stranger.get("/me").status_code == 200


def test_the_cookie_is_for_us_alone(stranger: Phone, somebody: str) -> None:
    cookie = stranger.sign_in(somebody).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_the_table_holds_no_cookie_that_signs_in(stranger: Phone, somebody: str, dsn: str) -> None:
    stranger.sign_in(somebody)
    with psycopg.connect(dsn) as conn:
        rows = conn.execute(SQL("SELECT key, state FROM {}").format(Identifier(SCHEMA, "sessions"))).fetchall()
    assert not any(stranger.cookies["sesi"].encode() in bytes(part) for row in rows for part in row)


def test_strangers_leave_no_trace_in_the_sessions(stranger: Phone, dsn: str) -> None:
    count = SQL("SELECT count(*) FROM {}").format(Identifier(SCHEMA, "sessions"))
    with psycopg.connect(dsn, autocommit=True) as conn:
        before = conn.execute(count).fetchone()
        for _ in range(3):
            stranger.get("/masuk")
        assert conn.execute(count).fetchone() == before


def test_signed_out_is_signed_out_for_a_copy_of_the_cookie_too(
    service: TestClient[Any], stranger: Phone, somebody: str
) -> None:
    stranger.sign_in(somebody)
    copy = Phone(service)
    copy.cookies = dict(stranger.cookies)
    assert stranger.post("/sign-out").status_code == 204
    assert copy.get("/me").status_code == 401


@pytest.fixture
def second(settings: Settings) -> Iterator[TestClient[Any]]:
    """Another process of the same service."""
    with TestClient(app.create(settings, open_places(settings)), raise_server_exceptions=False) as client:
        yield client


def test_a_lost_phone_is_signed_out_everywhere_within_two_seconds(
    second: TestClient[Any], stranger: Phone, somebody: str, place: Place
) -> None:
    stranger.sign_in(somebody)
    there = Phone(second)
    there.cookies = dict(stranger.cookies)
    assert there.get("/me").status_code == 200
    place.accounts.end_sessions(account_of(stranger))
    time.sleep(MOMENT)
    assert there.get("/me").json()["code"] == "session-ended"
    assert stranger.get("/me").status_code == 401


def test_a_request_under_way_does_not_bring_a_closed_session_back(stranger: Phone, somebody: str, place: Place) -> None:
    stranger.sign_in(somebody)
    account = account_of(stranger)
    place.accounts.end_sessions(account)
    stranger.get("/me")
    time.sleep(MOMENT)
    assert stranger.get("/me").status_code == 401


def test_a_closed_account_can_do_nothing_more(stranger: Phone, somebody: str, place: Place) -> None:
    stranger.sign_in(somebody)
    place.accounts.close_account(account_of(stranger))
    time.sleep(MOMENT)
    assert stranger.get("/me").status_code == 401
    assert stranger.sign_in(somebody).json()["code"] == "wrong-password"


def test_a_post_ends_on_its_day_and_begins_on_its_day(stranger: Phone, place: Place) -> None:
    login = f"lama-{uuid7().hex[-12:]}"
    account = place.accounts.open_account(login, "Lama", PASSWORD)
    place.accounts.give_post(account, "kader", MELATI, date(2020, 1, 1), today())
    place.accounts.give_post(account, "bidan", KEDAUNG, today() + timedelta(days=1))
    assert stranger.sign_in(login).json()["code"] == "wrong-password"
    place.accounts.give_post(account, "desa", KEDAUNG, today())
    assert stranger.sign_in(login).json()["now"]["role"] == "desa"
    assert stranger.get("/me").json()["others"] == []


def test_somebody_with_two_posts_works_from_one_and_may_change(stranger: Phone, somebody: str, place: Place) -> None:
    stranger.sign_in(somebody)
    place.accounts.give_post(account_of(stranger), "desa", KEDAUNG, date(2020, 1, 1))
    other = stranger.get("/me").json()["others"][0]
    assert stranger.get("/queues/desa").status_code == 404
    assert stranger.post("/me/post", json={"post": other["post"]}).status_code == 204
    assert stranger.get("/me").json()["now"]["role"] == "desa"
    assert stranger.get("/queues/desa").status_code == 200
    assert stranger.get("/queues/kader").status_code == 404


def test_a_bidan_with_two_desa_works_in_both_at_once(
    stranger: Phone, place: Place, phone: Callable[[str], Phone]
) -> None:
    login = f"ani-{uuid7().hex[-12:]}"
    account = place.accounts.open_account(login, "Bidan Ani", PASSWORD)
    for desa in (KEDAUNG, WALIWIS):
        place.accounts.give_post(account, "bidan", desa, date(2020, 1, 1))
    cases = {}
    for kader, posyandu in (("siti", MELATI), ("wati", ANGGREK)):
        sent = register(posyandu)
        danger = entry(sent["case"], {"do": "care.report-danger-sign", "on": str(today()), "signs": ["kejang"]})
        assert [a["answer"] for a in phone(kader).send(sent, danger)] == ["recorded", "recorded"]
        cases[posyandu] = sent["case"]
    stranger.sign_in(login)
    listed = stranger.get(f"/queues/bidan?limit=200&not_older_than={phone('wati').position}").json()["tasks"]
    assert set(cases.values()) <= {task["case"] for task in listed if task["rule"] == "C33"}
    assert stranger.get("/me").json()["others"] == []


def test_nobody_takes_a_post_of_somebody_else(stranger: Phone, somebody: str) -> None:
    stranger.sign_in(somebody)
    assert stranger.post("/me/post", json={"post": str(uuid7())}).json()["code"] == "not-found"


def test_a_role_is_held_only_in_its_kind_of_unit(place: Place, stranger: Phone, somebody: str) -> None:
    stranger.sign_in(somebody)
    with pytest.raises(ValueError, match="bidan is held in a desa"):
        place.accounts.give_post(account_of(stranger), "bidan", MELATI, date(2020, 1, 1))


def test_a_password_given_by_somebody_else_is_changed_first(stranger: Phone, place: Place) -> None:
    login = f"baru-{uuid7().hex[-12:]}"
    account = place.accounts.open_account(login, "Baru", PASSWORD, must_change=True)
    place.accounts.give_post(account, "kader", MELATI, date(2020, 1, 1))
    stranger.page("/masuk")
    first = stranger.fill("/masuk", {"login": login, "password": PASSWORD})
    assert first.headers["location"] == "/sandi"
    assert stranger.page("/").headers["location"] == "/sandi"
    short = stranger.fill("/sandi", {"old": PASSWORD, "new": "pendek"})
    assert (short.status_code, "terlalu pendek" in short.text) == (422, True)
    done = stranger.fill("/sandi", {"old": PASSWORD, "new": "bunga-tanjung-22"})
    assert done.headers["location"] == "/?kabar=sandi"
    assert stranger.sign_in(login, "bunga-tanjung-22").status_code == 200


def test_a_failed_sign_in_on_the_page_keeps_the_name_that_was_typed(stranger: Phone, somebody: str) -> None:
    stranger.page("/masuk")
    answer = stranger.fill("/masuk", {"login": somebody, "password": "bukan"})
    assert answer.status_code == 401
    assert f'value="{somebody}"' in answer.text
    assert "bukan" not in answer.text


def test_a_page_leads_strangers_to_the_sign_in(stranger: Phone) -> None:
    answer = stranger.page("/daftar/kader")
    assert (answer.status_code, answer.headers["location"]) == (303, "/masuk")
