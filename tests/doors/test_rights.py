"""What a family may ask: to see what is kept, to have it corrected; a task of 72 hours that ends with its answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from service.places import Place
from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.doors.test_pairs import shown
from tests.paper import says

Phones = Callable[[str], Phone]


def ask(phone: Phones, case: str, asks: str) -> str:
    request = str(uuid4())
    said = {"do": "person.receive-data-request", "on": today().isoformat(), "request": request, "asks": asks}
    assert phone("rina").send(entry(case, said))[0]["answer"] == "recorded"
    return request


def owed(phone: Phones, place: Place, case: str) -> list[dict[str, Any]]:
    shown(place)
    return [task for task in phone("bagus").get(f"/cases/{case}").json()["tasks"] if task["rule"] == "X06"]


@pytest.fixture
def dewa(phone: Phones) -> str:
    sent = register(name="Dewantara", personal={"name": "Dewantara", "mother": "Sulastri", "kk": "3603330101010009",
                                                "father": "Wiryo", "address": "Kampung Baru"})  # fmt: skip
    case = str(sent["case"])
    visit = {
        "do": "care.visit-home",
        "on": "2025-06-06",
        "found": "bertemu",
        "personal": {"note": "Rumah dekat sungai"},
    }
    phone("siti").send(sent, weigh(case), entry(case, visit))
    return case


@pytest.mark.parametrize("asks", ["melihat", "memperbaiki", "salinan"])
def test_what_a_family_asks_is_a_task_of_72_hours_until_it_is_answered(
    phone: Phones, place: Place, dewa: str, asks: str
) -> None:
    request = ask(phone, dewa, asks)
    (task,) = owed(phone, place, dewa)
    opens, due = (datetime.fromisoformat(task[name]) for name in ("opens", "due"))
    assert due - opens == timedelta(hours=72)
    assert task["form"] == "person.fulfil-data-request"
    said = {"do": "person.fulfil-data-request", "on": today().isoformat(), "request": request, "answer": "dipenuhi"}
    assert phone("bagus").send(entry(dewa, said))[0]["answer"] == "recorded"
    assert owed(phone, place, dewa) == []


def test_the_copy_has_everything_that_was_told(phone: Phones, place: Place, dewa: str) -> None:
    ask(phone, dewa, "salinan")
    shown(place)
    doctor = phone("bagus")
    assert f"/kasus/{dewa}/salinan.pdf" in doctor.page(f"/kasus/{dewa}").text
    answer = doctor.get(f"/kasus/{dewa}/salinan.pdf")
    assert answer.status_code == 200
    words = (
        "Dewantara",
        "Sulastri",
        "3603330101010009",
        "Wiryo",
        "Kampung Baru",
        "6,1 kg",
        "sungai",
        "Dokter puskesmas",
    )
    for told in (*words, "Siapa yang membukanya", "halaman kasus"):
        assert says(answer.content, told), told


def test_nobody_prints_a_copy_that_nobody_asked_for(phone: Phones, place: Place, dewa: str) -> None:
    shown(place)
    assert phone("bagus").get(f"/kasus/{dewa}/salinan.pdf").status_code == 404
    ask(phone, dewa, "memperbaiki")
    assert phone("bagus").get(f"/kasus/{dewa}/salinan.pdf").status_code == 404
    assert phone("siti").get(f"/kasus/{dewa}/salinan.pdf").status_code == 403
