"""The referral board: every open referral stands in its place, with the steps that can follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.doors.conftest import Phone, today
from tests.doors.test_fhir import refer
from tests.doors.test_referrals import steps
from tests.kabupaten import PUSKESMAS, RSUD

Phones = Callable[[str], Phone]


def board(phone: Phone, position: int) -> dict[str, str]:
    """What the board shows, by section."""
    page = phone.page(f"/rujukan?posisi={position}")
    assert page.status_code == 200
    parts = re.split(r'<h2 id="([a-z-]+)">', page.text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def where(phone: Phone, position: int, referral: str) -> list[str]:
    return [name for name, text in board(phone, position).items() if f"kunci={referral}" in text]


def test_a_referral_goes_from_section_to_section(phone: Phones) -> None:
    case, number = refer(phone)
    sari = phone("sari")
    assert where(sari, phone("rina").position, number) == ["jawaban"]
    tomorrow = (today() + timedelta(days=1)).isoformat()
    steps(sari, case, number, "accept", planned=tomorrow)
    assert where(sari, sari.position, number) == ["ditunggu"]
    steps(sari, case, number, "no-show", reason="biaya")
    assert where(sari, sari.position, number) == ["ditunggu"]  # the day that was agreed is still to come
    steps(sari, case, number, "arrive")
    assert where(sari, sari.position, number) == ["di-sini"]
    steps(sari, case, number, "counter-refer")
    assert where(sari, sari.position, number) == []
    assert where(phone("rina"), sari.position, number) == ["pulang"]


def test_who_did_not_come_stands_apart(phone: Phones) -> None:
    case, number = refer(phone)
    steps(phone("sari"), case, number, "no-show", reason="transportasi")
    assert where(phone("sari"), phone("sari").position, number) == ["belum-datang"]


def test_each_is_offered_the_steps_of_their_side(phone: Phones) -> None:
    case, _ = refer(phone, PUSKESMAS, "puskesmas")
    position = phone("rina").position

    def offered(login: str) -> set[str]:
        page = phone(login).page(f"/rujukan?posisi={position}").text
        return set(re.findall(rf"/isi/(referral\.[a-z-]+)\?kasus={case}", page))

    assert offered("dewi") == {"referral.accept", "referral.arrive", "referral.redirect"}
    assert offered("rina") == {"referral.send", "referral.arrive", "referral.no-show"}
    assert offered("sari") == set()


def test_a_kader_refers_in_fewer_words_than_a_bidan(phone: Phones) -> None:
    case, _ = refer(phone)
    path = f"/isi/referral.create?kasus={case}"
    asked = {who: set(re.findall(r'name="([a-z_]+)"', phone(who).page(path).text)) for who in ("siti", "rina")}
    assert asked["rina"] - asked["siti"] == {
        "consent", "consciousness", "temperature", "pulse", "breaths", "escort", "vehicle",
    }  # fmt: skip
    assert {"to", "reason", "urgent", "note"} <= asked["siti"]


def test_an_answer_leads_back_to_the_board(phone: Phones) -> None:
    case, number = refer(phone)
    sari = phone("sari")
    form = sari.page(f"/isi/referral.accept?kasus={case}&kunci={number}&kembali=/rujukan").text
    entry = re.search(r'name="entry" value="([^"]+)"', form)
    assert entry is not None
    assert f'name="referral" value="{number}"' in form
    typed = {"entry": entry[1], "case": case, "on": today().isoformat(), "referral": number, "kembali": "/rujukan"}
    answer = sari.fill("/isi/referral.accept", typed)
    assert answer.headers["location"].startswith("/rujukan?kabar=tercatat&posisi=")
    assert "Sudah tercatat." in sari.page(answer.headers["location"]).text
    assert where(sari, int(answer.headers["location"].rpartition("=")[2]), number) == ["ditunggu"]


def test_an_emergency_stands_first_and_is_marked(phone: Phones) -> None:
    refer(phone)
    _, number = refer(phone, urgent=True)
    section = board(phone("sari"), phone("rina").position)["jawaban"]
    first = section.split("<li ")[1]
    assert "DARURAT" in first
    assert "keadaan-late" in first
    assert any(f"kunci={number}" in part and "DARURAT" in part for part in section.split("<li "))


@pytest.mark.parametrize(
    ("login", "desk", "status"),
    [
        ("siti", "kader", 403),
        ("hasan", "desa", 403),
        ("yusuf", "inspektorat", 403),
        ("bagus", "puskesmas-dr", 200),
        ("sari", "rs", 200),
    ],
)
def test_the_board_is_for_those_who_refer_or_receive(phone: Phones, login: str, desk: str, status: int) -> None:
    assert phone(login).page("/rujukan").status_code == status
    assert ('href="/rujukan"' in phone(login).page(f"/daftar/{desk}").text) == (status == 200)


def test_the_way_is_told_by_names_of_places(phone: Phones) -> None:
    refer(phone, RSUD)
    text = phone("sari").page(f"/rujukan?posisi={phone('rina').position}").text
    assert "Kedaung → RSUD Contoh" in text
