"""The one write door: every entry is answered for itself, and nothing bad makes it fall over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from tests.doors.conftest import Phone, entry, register, weigh
from tests.kabupaten import ANGGREK, KEDAUNG


@pytest.fixture
def budi(phone: Callable[[str], Phone]) -> str:
    sent = register()
    assert phone("siti").send(sent)[0]["answer"] == "recorded"
    return str(sent["case"])


def test_a_weighing_is_recorded_and_answered_with_its_version_and_position(
    phone: Callable[[str], Phone], budi: str
) -> None:
    answer = phone("siti").send(weigh(budi))[0]
    assert (answer["answer"], answer["version"]) == ("recorded", 2)
    assert answer["position"] > 0


def test_sent_twice_is_recorded_once(phone: Callable[[str], Phone], budi: str) -> None:
    sent = weigh(budi)
    first, again = phone("siti").send(sent)[0], phone("siti").send(sent)[0]
    assert (first["answer"], again["answer"]) == ("recorded", "already")
    assert again["version"] == first["version"]


def test_the_same_number_for_something_else_is_a_mistake_and_says_so(phone: Callable[[str], Phone], budi: str) -> None:
    sent = weigh(budi)
    phone("siti").send(sent)
    other = {**weigh(budi, kg=6.4), "entry": sent["entry"]}
    answer = phone("siti").send(other)[0]
    assert (answer["answer"], answer["code"]) == ("refused", "entry-reused")


BAD: dict[str, tuple[Callable[[str], dict[str, Any]], str, str, str]] = {
    "an unknown field": (lambda c: weigh(c, weight=6), "unreadable", "unknown-field", "weight"),
    "an unknown field of the entry": (lambda c: {**weigh(c), "actor": "x"}, "unreadable", "unknown-field", "actor"),
    "no day": (lambda c: entry(c, {"do": "child.measure", "kg": 6}), "unreadable", "missing-field", "tanggal"),
    "a word for a weight": (lambda c: weigh(c, kg="berat"), "unreadable", "wrong-value", "berat"),
    "a command nobody knows": (
        lambda c: entry(c, {"do": "child.sell", "on": "2025-06-05"}), "unreadable", "unknown-command", "tidak dikenal",
    ),
    "no command": (lambda c: {"entry": str(uuid7()), "case": c}, "unreadable", "missing-field", "isi catatan"),
    "a number of a case that is none": (lambda _: {**weigh("x")}, "unreadable", "wrong-value", "nomor kasus"),
    "grams for kilograms": (lambda c: weigh(c, kg=7100), "refused", "grams-for-kilograms", "7,1"),
    "a day to come": (lambda c: weigh(c, on="2999-01-01"), "refused", "future-day", "2999"),
    "a day before birth": (lambda c: weigh(c, on="2025-01-01"), "refused", "before-birth", "4 Maret 2025"),
    "a version that has passed": (lambda c: {**weigh(c), "expects": 0}, "held", "stale", "berubah"),
    "a role that may not": (
        lambda c: entry(c, {"do": "child.confirm-status", "on": "2025-06-05", "weight_age": "bb-kurang"}),
        "refused", "not-allowed", "Jabatan",
    ),
    "a case that is nowhere": (lambda _: weigh(str(uuid7())), "refused", "not-yours", "wilayah"),
    "a desa that is not mine": (lambda _: register(ANGGREK), "refused", "wrong-desa", "wilayah"),
    "a posyandu of another desa": (
        lambda _: entry(uuid7(), {**register()["command"], "desa": KEDAUNG, "posyandu": "9901012001.99"}),
        "refused", "wrong-desa", "wilayah",
    ),
    "no object at all": (lambda _: 7, "unreadable", "wrong-value", "tidak"),  # type: ignore[dict-item,return-value]
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_gets_its_own_answer_and_its_neighbours_are_recorded(
    phone: Callable[[str], Phone], budi: str, what: str
) -> None:
    make, outcome, code, word = BAD[what]
    before, bad, after = phone("siti").send(weigh(budi, on="2025-07-05"), make(budi), weigh(budi, on="2025-08-05"))
    assert (bad["answer"], bad["code"]) == (outcome, code)
    assert word in bad["says"]
    assert (before["answer"], after["answer"]) == ("recorded", "recorded")


def test_a_case_of_another_desa_is_refused_like_one_that_does_not_exist(
    phone: Callable[[str], Phone], budi: str
) -> None:
    foreign, nowhere = weigh(budi), weigh(str(uuid7()))
    there, none = phone("wati").send(foreign, nowhere)
    assert {k: there[k] for k in ("answer", "code", "says")} == {k: none[k] for k in ("answer", "code", "says")}
    assert "version" not in there
    assert "position" not in there


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{not json", 400, "not-json"),
        (b"\xff\xfe", 400, "not-json"),
        (b"", 400, "not-json"),
        (b'"text"', 400, "unreadable"),
        (b'{"things": []}', 400, "unreadable"),
        (b"[" * 5000, 400, "not-json"),
    ],
)
def test_a_body_that_is_no_list_is_a_problem_with_a_sentence(
    phone: Callable[[str], Phone], body: bytes, status: int, code: str
) -> None:
    answer = phone("siti").post("/entries", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_ten_megabytes_are_not_read(phone: Callable[[str], Phone]) -> None:
    answer = phone("siti").post("/entries", content=b"[" + b" " * 10_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_more_entries_than_one_request_may_hold_are_sent_back(phone: Callable[[str], Phone], budi: str) -> None:
    answer = phone("siti").post("/entries", json=[weigh(budi)] * 501)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-many")


def test_without_the_token_of_our_own_pages_nothing_is_written(phone: Callable[[str], Phone], budi: str) -> None:
    answer = phone("siti").post("/entries", csrf=False, json=[weigh(budi)])
    assert (answer.status_code, answer.json()["code"]) == (403, "forged")


def test_who_recorded_it_comes_from_the_session(phone: Callable[[str], Phone], budi: str) -> None:
    phone("siti").send(weigh(budi))
    told = phone("siti").get(f"/cases/{budi}/story").json()["told"][0]
    me = phone("siti").get("/me").json()
    assert (told["actor"], told["role"], told["unit"]) == (me["account"], "kader", "9901012001.01")
