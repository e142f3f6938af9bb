"""From the family's word to nobody knowing any more: every desk by the pages it has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from service.places import Place
from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.doors.test_fhir import Hospital, hospital, refer
from tests.doors.test_pairs import shown

Phones = Callable[[str], Phone]
__all__ = ["hospital"]  # a fixture


def asks_to_be_forgotten(phone: Phones, case: str) -> str:
    request = str(uuid4())
    said = {"do": "person.receive-data-request", "on": today().isoformat(), "request": request, "asks": "menghapus"}
    assert phone("rina").send(entry(case, said))[0]["answer"] == "recorded"
    return request


def link(page: str, tag: str, case: str) -> str:
    found = re.search(rf'href="(/isi/{tag}\?kasus={case}[^"]*)"', page)
    assert found is not None, f"no link to {tag}"
    return found[1].replace("&amp;", "&")


def fill(one: Phone, page: str, **typed: str) -> Any:
    """Fill in the form as a browser does, with what stands in it."""
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    action = re.search(r'<form method="post" action="(/isi/[^"]+)"', page)
    assert action is not None
    return one.fill(action[1], {**hidden, "on": today().isoformat(), **typed})


def erased(phone: Phones, place: Place, case: str) -> None:
    """Through the pages: the doctor decides, the kabupaten carries out."""
    asks_to_be_forgotten(phone, case)
    shown(place)
    doctor, office = phone("bagus"), phone("kartika")
    form = doctor.page(link(doctor.page(f"/kasus/{case}").text, "person.decide-erasure", case)).text
    assert fill(doctor, form, decision="hapus", ground="tidak-perlu-lagi").status_code == 303
    shown(place)
    listed = office.page("/daftar/kabupaten").text
    form = office.page(link(listed, "person.erase-identity", case)).text
    assert fill(office, form).status_code == 303
    shown(place)


@pytest.fixture
def budi(phone: Phones) -> str:
    sent = register(name="Bambang Purnomo")
    assert phone("rina").send(sent, weigh(sent["case"]))[0]["answer"] == "recorded"
    return str(sent["case"])


def test_the_kabupaten_finds_the_case_by_its_number_and_learns_no_name(phone: Phones, place: Place, budi: str) -> None:
    request = asks_to_be_forgotten(phone, budi)
    decided = {"do": "person.decide-erasure", "on": today().isoformat(), "request": request, "decision": "hapus"}
    assert phone("bagus").send(entry(budi, {**decided, "ground": "lain"}))[0]["answer"] == "recorded"
    shown(place)
    office = phone("kartika")
    listed = office.page("/daftar/kabupaten").text
    assert f"Kasus {budi[-12:]}" in listed
    form = office.page(link(listed, "person.erase-identity", budi)).text
    assert "Bambang" not in listed + form
    assert office.page(f"/kasus/{budi}").status_code == 404


def test_only_the_doctor_decides_and_only_the_kabupaten_carries_out(phone: Phones, budi: str) -> None:
    request = asks_to_be_forgotten(phone, budi)
    decide = {"do": "person.decide-erasure", "on": today().isoformat(), "request": request, "decision": "hapus"}
    erase = {"do": "person.erase-identity", "on": today().isoformat(), "request": request}
    for login in ("siti", "rina", "dewi", "hasan"):
        assert phone(login).send(entry(budi, {**decide, "ground": "lain"}))[0]["code"] == "not-allowed"
        assert phone(login).send(entry(budi, erase))[0]["code"] == "not-allowed"
    assert phone("bagus").send(entry(budi, erase))[0]["code"] == "not-allowed"
    assert phone("kartika").send(entry(budi, erase))[0]["code"] == "erasure-not-decided"


def test_the_office_can_do_nothing_else_to_a_case_it_knows_by_number(phone: Phones, budi: str) -> None:
    aside = {"do": "case.set-aside", "on": today().isoformat(), "rule": "X11", "reason": "lain", "until": "2030-01-01"}
    assert phone("kartika").send(entry(budi, aside))[0]["code"] == "not-yours"


def test_after_that_every_door_says_so_and_none_fails(phone: Phones, place: Place, hospital: Hospital) -> None:
    case, referral = refer(phone)
    shown(place)
    erased(phone, place, case)
    bidan = phone("rina")
    assert "Identitas dihapus" in bidan.page(f"/kasus/{case}").text
    open_still = (
        f"/kasus/{case}", "/daftar/bidan", "/daftar/kader", f"/rujukan/{case}/{referral}/surat.pdf",
        f"/rujukan/{case}/{referral}/slip.pdf", "/rujukan", "/timbang?posyandu=9901012001.01", f"/cases/{case}",
        f"/cases/{case}/story", f"/cases/{case}/growth", f"/isi/child.measure?kasus={case}", f"/cari?kasus={case}",
        f"/isi/child.identify?kasus={case}", "/queues/bidan", "/people?q=Budi", "/referrals", f"/referrals/{referral}",
    )  # fmt: skip
    for door in open_still:
        answer = bidan.page(door)
        assert answer.status_code == 200, door
        assert case not in answer.text or "Santoso" not in answer.text.split(case, 1)[1][:400], door
    patient = hospital.one(f"/Patient/{case}")
    assert "name" not in patient
    assert "Tidak mau makan" not in str(hospital.one(f"/ServiceRequest/{referral}"))


def test_nobody_finds_a_forgotten_child_by_name(phone: Phones, place: Place) -> None:
    sent = register(name="Wirogunawan")
    phone("rina").send(sent, weigh(sent["case"]))
    case = str(sent["case"])
    shown(place)
    assert "Wirogunawan" in phone("rina").page("/cari?q=Wirogunawan").text
    erased(phone, place, case)
    for door in ("/cari?kasus=" + case, f"/kasus/{case}", "/daftar/bidan", "/timbang?posyandu=9901012001.01"):
        assert "Wirogunawan" not in phone("rina").page(door).text
    assert "Wirogunawan" not in phone("rina").get("/people?q=Wirogunawan").text
    assert "6,1 kg" in phone("rina").page(f"/kasus/{case}").text


def test_a_measurement_is_still_taken_and_a_name_no_more(phone: Phones, place: Place, budi: str) -> None:
    erased(phone, place, budi)
    (weighed,) = phone("siti").send(weigh(budi, on="2025-07-05", kg=6.6))
    assert weighed["answer"] == "recorded"
    named = {"do": "child.identify", "on": today().isoformat(), "personal": {"name": "Bambang"}}
    (answer,) = phone("siti").send(entry(budi, named))
    assert answer["code"] == "erased"


def test_the_decision_names_the_other_cases_in_which_the_name_stands(phone: Phones, place: Place) -> None:
    siti = str(uuid4())
    registers = {"do": "pregnancy.register", "on": "2025-03-10", "hpht": "2025-01-01", "desa": "9901012001",
                 "posyandu": "9901012001.01", "personal": {"name": "Siti Wirahadi"}}  # fmt: skip
    born = {"do": "pregnancy.record-outcome", "on": "2025-09-20", "outcome": "lahir-hidup", "children": [{"sex": "P"}]}
    answers = phone("rina").send(entry(siti, registers), entry(siti, born))
    assert [one["answer"] for one in answers] == ["recorded", "recorded"]
    asks_to_be_forgotten(phone, siti)
    shown(place)
    doctor = phone("bagus")
    form = doctor.page(link(doctor.page(f"/kasus/{siti}").text, "person.decide-erasure", siti)).text
    assert "Bayi ke-1" in form
    assert "tidak diminta dihapus: namanya tetap di sana" in form
