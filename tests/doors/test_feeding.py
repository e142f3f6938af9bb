"""A PMT day on one page: everybody of the posyandu, one request, what fails stays as it was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.doors.conftest import Phone, entry, register
from tests.kabupaten import ANGGREK, MAWAR

ON = "2025-06-10"


@pytest.fixture
def fed(phone: Callable[[str], Phone]) -> list[str]:
    """Two children of Mawar with a cycle that began on 5 June 2025."""
    rina = phone("rina")
    cases = []
    for name in ("Laras", "Bima"):
        sent = register(MAWAR, name)
        decided = {"do": "pmt.decide-eligibility", "on": "2025-06-04", "eligible": True, "reason": "gizi-kurang",
                   "days": 56, "funding": "dana-desa"}  # fmt: skip
        begun = {"do": "pmt.start", "on": "2025-06-05", "cycle": 1, "kg": 7.0}
        rina.send(sent, entry(sent["case"], decided), entry(sent["case"], begun))
        cases.append(str(sent["case"]))
    rina.get(f"/queues/bidan?not_older_than={rina.position}")
    return cases


def typed(page: str, **chosen: str) -> dict[str, Any]:
    """The page as it is, with something chosen for some of its cases."""
    hidden = dict(re.findall(r'name="(entry-[0-9a-f-]+)" value="([0-9a-f-]{36})"', page))
    return {"posyandu": MAWAR, "on": ON, **hidden, **{f"eaten-{case}-1": value for case, value in chosen.items()}}


def test_a_whole_day_is_recorded_with_one_request_and_sending_it_again_is_harmless(
    phone: Callable[[str], Phone], fed: list[str]
) -> None:
    one, two = fed
    page = phone("hasan").page(f"/pmt?posyandu={MAWAR}&on={ON}").text
    assert "hari ke-6 dari 56" in page
    sent = typed(page, **{one: "75", two: "anak-sakit"})
    answer = phone("hasan").fill("/pmt", sent)
    assert (answer.status_code, "kabar=sesi" in answer.headers["location"]) == (303, True)
    assert phone("hasan").fill("/pmt", sent).status_code == 303
    told = [phone("rina").get(f"/cases/{case}/story").json() for case in fed]
    assert [story["total"] for story in told] == [4, 4]
    assert "dimakan 75%" in told[0]["told"][0]["sentence"]
    assert "anak sakit" in told[1]["told"][0]["sentence"]


def test_a_row_that_fails_stays_as_it_was_chosen_and_the_others_are_recorded(
    phone: Callable[[str], Phone], fed: list[str]
) -> None:
    one, two = fed
    page = phone("rina").page(f"/pmt?posyandu={MAWAR}&on={ON}").text
    answer = phone("rina").fill("/pmt", typed(page, **{one: "100", two: "30"}))
    assert answer.status_code == 422
    assert "1 tercatat, 1 belum" in answer.text
    assert phone("rina").get(f"/cases/{one}/story").json()["total"] == 4
    assert phone("rina").get(f"/cases/{two}/story").json()["total"] == 3


def test_what_was_chosen_for_somebody_no_longer_fed_is_told_and_not_lost_in_silence(
    phone: Callable[[str], Phone], fed: list[str]
) -> None:
    one, two = fed
    page = phone("rina").page(f"/pmt?posyandu={MAWAR}&on={ON}").text
    phone("rina").send(entry(UUID(two), {"do": "pmt.stop", "on": "2025-06-09", "cycle": 1, "reason": "pindah"}))
    phone("rina").get(f"/queues/bidan?not_older_than={phone('rina').position}")
    answer = phone("rina").fill("/pmt", typed(page, **{one: "100", two: "75"}))
    assert answer.status_code == 422
    assert "1 tercatat, 1 belum. 1 orang tidak lagi mendapat PMT" in answer.text
    alone = phone("rina").fill("/pmt", typed(page, **{two: "75"}))
    assert (alone.status_code, "0 tercatat, 1 belum. 1 orang" in alone.text) == (422, True)


def test_nobody_sees_who_is_fed_in_somebody_elses_posyandu(phone: Callable[[str], Phone], fed: list[str]) -> None:
    assert phone("siti").page(f"/pmt?posyandu={ANGGREK}&on={ON}").status_code == 404
    assert phone("wati").page(f"/pmt?posyandu={MAWAR}&on={ON}").status_code == 404
    assert phone("kartika").page("/pmt").status_code == 403


def test_the_lists_of_kader_and_desa_lead_to_the_page(phone: Callable[[str], Phone]) -> None:
    for login, desk in (("siti", "kader"), ("hasan", "desa")):
        assert 'href="/pmt"' in phone(login).page(f"/daftar/{desk}").text
