"""Break the glass: who treats may read a case elsewhere for some hours, and somebody looks into it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from psycopg.sql import SQL, Identifier

from service import access
from service.places import Place
from service.reads import Narrow
from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.kabupaten import PEOPLE

Of = Callable[[str], Phone]
NIK = "3603330403250077"


@pytest.fixture(autouse=True)
def _counted_anew(place: Place) -> None:
    """The tests' own database lets its owner forget yesterday's tries."""
    with place.connection() as conn:
        conn.execute(SQL("DELETE FROM {}").format(Identifier(place.schema, "emergency_tries")))


@pytest.fixture
def budi(phone: Of) -> str:
    """A child of Posyandu Melati, in desa Kedaung."""
    asked = register(name="Budi Darurat", personal={"name": "Budi Darurat", "mother": "Ani", "nik": NIK})
    phone("siti").send(asked, weigh(asked["case"]))
    phone("siti").get(f"/cases/{asked['case']}?not_older_than={phone('siti').position}")
    return str(asked["case"])


def opening(phone: Phone, asked: str, reason: str = "gawat-darurat", note: str = "") -> tuple[int, str]:
    answer = phone.fill("/darurat", {"nomor": asked, "alasan": reason, "catatan": note})
    return answer.status_code, answer.headers.get("location", "") or answer.text


def test_a_hospital_reads_a_case_it_was_not_sent_after_saying_why(phone: Of, budi: str) -> None:
    assert phone("sari").get(f"/cases/{budi}").status_code == 404
    assert opening(phone("sari"), budi) == (303, f"/kasus/{budi}")
    page = phone("sari").page(f"/kasus/{budi}").text
    assert "Budi Darurat" in page
    assert "Dibuka karena darurat sampai pukul" in page
    assert phone("sari").get(f"/cases/{budi}/story").status_code == 200


@pytest.mark.parametrize("asked", [NIK, "3603 3304 0325 0077", "https://dampingi.example/kasus/{}", " {} "])
def test_it_is_asked_for_by_nik_by_number_or_by_the_code_on_a_paper(phone: Of, budi: str, asked: str) -> None:
    status, where = opening(phone("tuti"), asked.format(budi))
    assert status == 303
    assert "Budi Darurat" in phone("tuti").page(where).text


@pytest.mark.parametrize("login", [login for login, *_ in PEOPLE])
def test_only_who_treats_may(phone: Of, budi: str, login: str) -> None:
    role = next(role for name, _, role, _ in PEOPLE if name == login)
    may = role in access.EMERGENCY
    assert phone(login).page("/darurat").status_code == (200 if may else 403)
    assert opening(phone(login), budi)[0] == (303 if may else 403)
    assert ("/darurat" in phone(login).page(f"/daftar/{role}").text) == may


def test_it_gives_reading_only(phone: Of, budi: str) -> None:
    opening(phone("sari"), budi)
    assert phone("sari").send(weigh(budi))[0]["code"] == "not-yours"
    told = phone("sari").get(f"/isi/child.measure?kasus={budi}")
    assert (told.status_code, told.json()["code"]) == (403, "emergency-reads-only")
    page = phone("sari").page(f"/kasus/{budi}").text
    assert "/isi/" not in page and "/salah/" not in page
    assert 'href=""' not in page and "Riwayat tugas" not in page
    assert phone("tuti").get(f"/kasus/{budi}/pembuka").status_code == 404


def test_it_gives_it_to_that_account_and_to_nobody_else(phone: Of, budi: str) -> None:
    opening(phone("sari"), budi)
    assert phone("tuti").get(f"/cases/{budi}").status_code == 404


def test_it_ends_by_itself(phone: Of, budi: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    opening(phone("sari"), budi)
    now = place.now()
    monkeypatch.setattr(place, "now", lambda: now + timedelta(hours=2, minutes=59))
    assert phone("sari").get(f"/cases/{budi}").status_code == 200
    monkeypatch.setattr(place, "now", lambda: now + timedelta(hours=3, minutes=1))
    assert phone("sari").get(f"/cases/{budi}").status_code == 404


def test_a_case_that_is_not_there_and_what_cannot_be_opened_answer_alike(phone: Of) -> None:
    for asked in ("3603330403259999", str(uuid4()), "bukan nomor"):
        status, text = opening(phone("sari"), asked)
        assert status == 404
        assert "Tidak ada yang dapat dibuka dengan nomor itu" in text


def test_tries_are_counted_found_or_not(phone: Of, budi: str, place: Place) -> None:
    for _ in range(place.settings.emergency_tries):
        assert opening(phone("sari"), str(uuid4()))[0] == 404
    status, page = opening(phone("sari"), budi)
    assert status == 429
    assert "Batas pembukaan darurat hari ini sudah tercapai" in page
    assert opening(phone("tuti"), budi)[0] == 303


def test_ones_own_case_is_opened_without_an_emergency(phone: Of, budi: str) -> None:
    assert opening(phone("rina"), budi) == (303, f"/kasus/{budi}")
    assert "Dibuka karena darurat" not in phone("rina").page(f"/kasus/{budi}").text


@pytest.mark.parametrize(("asked", "reason"), [("", "gawat-darurat"), ("x", ""), ("x", "iseng")])
def test_without_a_reason_or_a_number_nothing_is_tried(phone: Of, asked: str, reason: str) -> None:
    assert opening(phone("sari"), asked, reason)[0] == 400


def test_it_stands_in_the_story_in_the_read_log_and_as_a_task_for_the_supervisor(
    phone: Of, budi: str, place: Place
) -> None:
    opening(phone("sari"), budi, "rujukan-datang", "Datang dengan kejang.")
    place.newest()
    told = [one["sentence"] for one in phone("bagus").get(f"/cases/{budi}/story").json()["told"]]
    assert told[0].startswith("Dibuka oleh petugas rumah sakit dari tempat lain karena darurat (pasien rujukan datang)")
    place.reads.flush()
    found = place.reads.page(Narrow(case=UUID(budi), what="emergency"), None, 10)
    assert [(one.role, one.why) for one in found] == [("rs", "rujukan-datang")]
    assert "V15" in [task["rule"] for task in phone("bagus").get(f"/cases/{budi}").json()["tasks"]]


def test_another_hand_reviews_it_once(phone: Of, budi: str, place: Place) -> None:
    opening(phone("sari"), budi)
    place.newest()
    [task] = [t for t in phone("bagus").get(f"/cases/{budi}").json()["tasks"] if t["rule"] == "V15"]
    review = {"do": "person.review-emergency-access", "on": str(today()), "verdict": "wajar", "emergency": task["key"]}
    assert phone("sari").send(entry(budi, review))[0]["code"] == "not-allowed"
    page = phone("bagus").page(f"/isi/person.review-emergency-access?kasus={budi}&aturan=V15&kunci={task['key']}")
    assert task["key"] in page.text
    assert phone("bagus").send(entry(budi, review))[0]["answer"] == "recorded"
    assert phone("bagus").send(entry(budi, review))[0]["code"] == "no-such-emergency"


def test_a_reading_without_an_emergency_ends_when_that_is_found(phone: Of, budi: str, place: Place) -> None:
    opening(phone("sari"), budi)
    assert phone("sari").get(f"/cases/{budi}").status_code == 200
    place.newest()
    [task] = [t for t in phone("bagus").get(f"/cases/{budi}").json()["tasks"] if t["rule"] == "V15"]
    none = {"do": "person.review-emergency-access", "on": str(today()), "verdict": "tidak-wajar"}
    assert phone("bagus").send(entry(budi, {**none, "emergency": task["key"]}))[0]["answer"] == "recorded"
    assert phone("sari").get(f"/cases/{budi}").status_code == 404


def test_nobody_takes_it_back(phone: Of, budi: str) -> None:
    opening(phone("sari"), budi)
    version = phone("bagus").get(f"/cases/{budi}").json()["version"]
    retract = {"do": "case.retract", "on": str(today()), "version": version, "reason": "lain"}
    assert phone("bagus").send(entry(budi, retract))[0]["code"] == "emergency-stays"


def test_it_cannot_be_asked_for_at_the_common_door(phone: Of, budi: str) -> None:
    asked = {
        "do": "person.open-in-emergency", "on": str(today()), "emergency": str(uuid4()), "reason": "lain", "hours": 900,
    }  # fmt: skip
    assert phone("sari").send(entry(budi, asked))[0]["code"] == "not-allowed"
