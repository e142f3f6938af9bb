"""A mother's page shows what is owed to her newborns, and theirs lead to her, for whoever may open both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.pregnancy import child_case
from tests.doors.conftest import Phone, entry, today
from tests.kabupaten import ANGGREK, MELATI, WALIWIS


@pytest.fixture
def sari(phone: Callable[[str], Phone]) -> UUID:
    """Ibu Sari, who has had twins today."""
    case, rina = UUID(str(uuid7())), phone("rina")
    hpht = (today() - timedelta(days=270)).isoformat()
    registered = {"do": "pregnancy.register", "on": (today() - timedelta(days=200)).isoformat(), "hpht": hpht,
                  "desa": MELATI.split(".")[0], "posyandu": MELATI, "personal": {"name": "Sari"}}  # fmt: skip
    born = {"do": "pregnancy.record-outcome", "on": today().isoformat(), "outcome": "lahir-hidup",
            "children": [{"sex": "P", "kg": 2.4}, {"sex": "L", "kg": 2.6}]}  # fmt: skip
    answers = rina.send(entry(case, registered), entry(case, born))
    assert [answer["answer"] for answer in answers] == ["recorded", "recorded"]
    return case


def page(phone: Phone, case: UUID) -> Any:
    return phone.page(f"/kasus/{case}?posisi={phone.position}")


def test_a_mothers_page_shows_the_tasks_of_each_of_her_newborns(phone: Callable[[str], Phone], sari: UUID) -> None:
    text = page(phone("rina"), sari).text
    for order in (1, 2):
        baby = child_case(sari, order)
        assert f'<a href="/kasus/{baby}">Bayi ke-{order}</a>' in text
        assert f"/isi/child.record-neonatal-visit?kasus={baby}" in text


def test_a_task_of_a_newborn_goes_from_its_mothers_page_when_it_was_seen(
    phone: Callable[[str], Phone], sari: UUID
) -> None:
    rina, first, second = phone("rina"), child_case(sari, 1), child_case(sari, 2)
    rina.send(entry(first, {"do": "child.record-neonatal-visit", "on": today().isoformat()}))
    text = page(rina, sari).text
    assert f"/isi/child.record-neonatal-visit?kasus={first}" not in text
    assert f"/isi/child.record-neonatal-visit?kasus={second}" in text


def test_a_newborns_page_leads_to_its_mother_and_says_what_it_brings_along(
    phone: Callable[[str], Phone], sari: UUID
) -> None:
    text = page(phone("rina"), child_case(sari, 1)).text
    assert f'<a href="/kasus/{sari}">Kasus ibu</a>' in text
    assert "berat lahir rendah" in text


def test_a_newborn_that_was_given_to_another_desa_is_not_on_the_page_of_its_mother(
    phone: Callable[[str], Phone], sari: UUID
) -> None:
    rina, baby = phone("rina"), child_case(sari, 1)
    elsewhere = {"desa": WALIWIS, "posyandu": ANGGREK}
    assert (
        rina.send(entry(baby, {"do": "child.move", "on": today().isoformat(), **elsewhere}))[0]["answer"] == "recorded"
    )
    text = page(rina, sari).text
    assert str(baby) not in text
    assert str(child_case(sari, 2)) in text


def test_the_forms_of_a_newborn_are_not_offered_for_an_older_child(phone: Callable[[str], Phone], sari: UUID) -> None:
    rina, old = phone("rina"), uuid7()
    two_years = (today() - timedelta(days=730)).isoformat()
    rina.send(entry(old, {"do": "child.register", "on": today().isoformat(), "born": two_years, "sex": "L",
                          "desa": MELATI.split(".")[0], "posyandu": MELATI, "personal": {"name": "Tono"}}))  # fmt: skip
    assert "/isi/child.record-newborn-care?" in page(rina, child_case(sari, 1)).text
    assert "/isi/child.record-newborn-care?" not in page(rina, UUID(str(old))).text


@pytest.fixture
def wati(phone: Callable[[str], Phone]) -> UUID:
    """Ibu Wati, pregnant, tested for HIV and syphilis and seen once by a doctor."""
    case, rina = UUID(str(uuid7())), phone("rina")
    on = (today() - timedelta(days=30)).isoformat()
    told: list[dict[str, Any]] = [
        {"do": "pregnancy.register", "on": on, "hpht": (today() - timedelta(days=90)).isoformat(), "height": 155,
         "desa": MELATI.split(".")[0], "posyandu": MELATI, "personal": {"name": "Wati"}},
        {"do": "pregnancy.record-antenatal-visit", "on": on, "by": "dokter", "usg": True},
        {"do": "pregnancy.measure", "on": on, "kg": 51.0, "lila": 24.5},
        {"do": "pregnancy.record-lab-result", "on": on, "test": "hiv", "result": "nonreaktif"},
        {"do": "pregnancy.record-lab-result", "on": on, "test": "sifilis", "result": "nonreaktif"},
    ]  # fmt: skip
    answers = rina.send(*(entry(case, command) for command in told))
    assert {answer["answer"] for answer in answers} == {"recorded"}
    return case


def test_a_mothers_page_says_which_of_the_ten_t_she_has_had(phone: Callable[[str], Phone], wati: UUID) -> None:
    text = page(phone("rina"), wati).text
    assert "2 dari 10; belum: tekanan darah" in text
    assert "trimester 1" in text
    assert "2 dari 3 diperiksa" in text


def test_a_kader_reads_the_ten_t_and_nothing_of_triple_elimination(phone: Callable[[str], Phone], wati: UUID) -> None:
    text = phone("siti").page(f"/kasus/{wati}?posisi={phone('rina').position}").text
    assert "2 dari 10" in text
    assert "liminasi" not in text
    assert "HIV" not in text
