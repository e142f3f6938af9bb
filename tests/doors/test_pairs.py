"""A child in two cases: the list asks, the page shows the other as far as one may know it, and somebody decides."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from service import following, policies
from service.places import Place
from service.settings import Settings
from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.kabupaten import ANGGREK, CODE, MELATI, SCHEMA

Phones = Callable[[str], Phone]


def nik() -> str:
    return f"36033304032{uuid7().int % 100_000:05d}"


@pytest.fixture
def looked(places: dict[str, Place], settings: Settings, dsn: str) -> Callable[[], None]:
    """Let the policies look at everything sent until now, and the lists show what they asked."""

    def look() -> None:
        shown(places[CODE])
        with following.watched(settings, dsn) as watched:
            policies.suspect_duplicates(watched[SCHEMA].store, watched[SCHEMA].now)
        shown(places[CODE])

    return look


def shown(place: Place) -> None:
    ends = time.monotonic() + 20
    while place.behind() and time.monotonic() < ends:
        time.sleep(0.01)
    assert not place.behind()


@pytest.fixture
def two(phone: Phones, looked: Callable[[], None]) -> tuple[str, str]:
    """The younger and the older case of one NIK, both in Melati, as the kader sent them."""
    number = nik()
    of = {"name": "Budi", "mother": "Ani", "nik": number}
    older = register(MELATI, personal=of)
    younger = register(MELATI, personal={**of, "name": "Budi Santoso"})
    phone("siti").send(older, younger)
    looked()
    return str(younger["case"]), str(older["case"])


def task(phone: Phone, case: str, rule: str) -> dict[str, Any] | None:
    newest = phone.get(f"/cases/{case}/story").json()["told"][0]["position"]
    found = phone.get(f"/cases/{case}?not_older_than={newest}").json()["tasks"]
    return next((one for one in found if one["rule"] == rule), None)


def test_the_bidan_finds_the_pair_on_her_list_and_merges_it(phone: Phones, two: tuple[str, str]) -> None:
    younger, older = two
    rina = phone("rina")
    found = task(rina, younger, "X01")
    assert found is not None
    assert found["key"] == older
    assert task(rina, older, "X01") is None
    form = rina.page(f"/isi/person.merge?kasus={younger}&aturan=X01&kunci={older}").text
    assert "Budi Santoso" in form
    assert f'href="/kasus/{older}"' in form
    assert f'name="into" value="{older}"' in form
    assert "Orang yang berbeda" in form
    typed = {"entry": str(uuid7()), "case": younger, "on": today().isoformat(), "into": older}
    assert rina.fill("/isi/person.merge", typed).status_code == 303
    assert task(rina, younger, "X01") is None
    page = rina.page(f"/kasus/{younger}").text
    assert "Sudah digabung; dilanjutkan di kasus ini" in page
    assert f'href="/kasus/{older}"' in page
    assert "Riwayat lama orang yang sama" in rina.page(f"/kasus/{older}").text


def test_what_a_kader_without_signal_weighed_under_the_old_number_is_not_lost(
    phone: Phones, two: tuple[str, str]
) -> None:
    younger, older = two
    on = today().isoformat()
    phone("rina").send(entry(younger, {"do": "person.merge", "on": on, "into": older}))
    [answer] = phone("siti").send(weigh(younger, on=on, kg=6.4))
    assert (answer["answer"], answer["case"]) == ("recorded", older)
    assert [m["kg"] for m in phone("siti").get(f"/cases/{older}/growth").json()["measures"]] == [6.4]


def test_told_apart_on_the_page_they_are_two(phone: Phones, two: tuple[str, str]) -> None:
    younger, older = two
    rina = phone("rina")
    form = rina.page(f"/isi/person.declare-distinct?kasus={younger}&kunci={older}").text
    assert "Orang yang sama: gabungkan" in form
    typed = {"entry": str(uuid7()), "case": younger, "on": today().isoformat(), "other": older}
    assert rina.fill("/isi/person.declare-distinct", typed).status_code == 303
    assert task(rina, younger, "X01") is None
    story = [line["sentence"] for line in rina.get(f"/cases/{older}/story").json()["told"]]
    assert any("orang yang berbeda" in line for line in story)


def test_a_kader_may_tell_two_apart_and_does_not_merge(phone: Phones, two: tuple[str, str]) -> None:
    younger, older = two
    form = phone("siti").page(f"/isi/person.declare-distinct?kasus={younger}&kunci={older}").text
    assert "/isi/person.merge" not in form
    assert phone("siti").page(f"/isi/person.merge?kasus={younger}&kunci={older}").status_code == 403


def test_of_a_case_elsewhere_only_the_place_is_said(phone: Phones, looked: Callable[[], None]) -> None:
    number, name = nik(), f"Rahasia {uuid7().hex[-6:]}"
    older = register(ANGGREK, personal={"name": name, "nik": number})
    younger = register(MELATI, personal={"name": "Budi", "nik": number})
    phone("wati").send(older)
    phone("siti").send(younger)
    looked()
    form = phone("rina").page(f"/isi/person.merge?kasus={younger['case']}&kunci={older['case']}").text
    assert "Posyandu Anggrek, Waliwis" in form
    assert name not in form
    assert f'href="/kasus/{older["case"]}"' not in form


def test_a_kader_reports_a_double_that_she_found_by_name(phone: Phones) -> None:
    name = f"Kembar {uuid7().hex[-6:]}"
    one, other = register(MELATI, name, personal={"name": name}), register(MELATI, name, personal={"name": name})
    siti = phone("siti")
    siti.send(one, other)
    assert siti.get(f"/queues/kader?not_older_than={siti.position}").json()["fresh"]
    case, same = str(one["case"]), str(other["case"])
    page = siti.page(f"/kasus/{case}").text
    assert f"/cari?kasus={case}" in page
    found = siti.page(f"/cari?kasus={case}&q={name}").text
    assert f"/isi/person.suspect-duplicate?kasus={case}&amp;kunci={same}" in found
    assert f"kunci={case}" not in found
    typed = {"entry": str(uuid7()), "case": case, "on": today().isoformat(), "other": same, "why": "nama"}
    assert siti.fill("/isi/person.suspect-duplicate", typed).status_code == 303
    assert task(siti, case, "X02") is not None


def test_a_merge_cannot_be_mended_in_one_of_the_two(phone: Phones, two: tuple[str, str]) -> None:
    younger, older = two
    on = today().isoformat()
    rina = phone("rina")
    [merged] = rina.send(entry(younger, {"do": "person.merge", "on": on, "into": older}))
    page = rina.page(f"/kasus/{younger}").text
    assert f'href="/salah/{younger}/{merged["version"]}"' not in page
    [refused] = rina.send(
        entry(younger, {"do": "case.retract", "on": on, "version": merged["version"], "reason": "salah-orang"})
    )
    assert refused["code"] == "told-in-two-cases"
    before = (today() - timedelta(days=1)).isoformat()
    [refused] = rina.send(entry(younger, {"do": "person.declare-distinct", "on": before, "other": older}))
    assert refused["code"] == "before-merge"
    [apart] = rina.send(entry(younger, {"do": "person.declare-distinct", "on": on, "other": older}))
    assert apart["answer"] == "recorded"
