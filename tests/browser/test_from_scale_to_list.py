"""From the scale to the list and off it again, as kader and bidan do it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain import child
from domain.case import Personal
from domain.child import plus_months
from service.access import Who
from service.handle import Submitted
from service.places import Place
from tests.doors.conftest import today
from tests.kabupaten import KEDAUNG, MELATI

NAMES = (
    f"{first} {last}"
    for first in ("Raka", "Intan", "Bagas", "Nadia", "Gilang")
    for last in ("Pratama", "Lestari", "Wirawan", "Putri", "Ramadan")
)
"""Everybody is called otherwise, since they all live in the same posyandu."""


def who(place: Place, login: str) -> Who:
    account, post = place.accounts.sign_in(login, "melati-mawar-7", "127.0.0.1")
    found = place.accounts.who(account.id, post.id)
    assert found is not None
    return found


def months_ago(count: int) -> date:
    """The fourth of a month, so that two of them are always in months that follow each other."""
    return plus_months(today().replace(day=1), -count) + timedelta(days=3)


@pytest.fixture
def faltering(place: Place) -> tuple[UUID, str]:
    """A child of Melati, ten months old, that gained until two months ago and did not last month."""
    case, name = uuid7(), next(NAMES)
    born = months_ago(10)
    commands: list[Any] = [
        child.Register(
            on=born, born=born, sex="L", desa=KEDAUNG, posyandu=MELATI, personal=Personal(name=name, mother="Ani")
        ),
        *(child.Measure(on=months_ago(ago), kg=kg) for ago, kg in ((4, 7.6), (3, 8.0), (2, 8.4), (1, 8.4))),
    ]
    answers = place.submit([Submitted(uuid7(), case, command) for command in commands], who(place, "siti"))
    assert [answer.outcome for answer in answers] == ["recorded"] * len(commands)
    return case, name


@pytest.fixture(scope="session")
def place(places: dict[str, Place]) -> Place:
    return next(iter(places.values()))


def card(page: Any, name: str) -> Any:
    return page.locator("ol.tugas > li").filter(has_text=name)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_child_that_does_not_gain_twice_reaches_the_bidan_and_leaves_her_list_when_referred(
    as_: Callable[..., Any], faltering: tuple[UUID, str], script: bool
) -> None:
    _, name = faltering
    kader = as_("siti", script=script)
    kader.get_by_role("link", name="Cari").click()
    kader.get_by_role("searchbox").fill(name)
    kader.get_by_role("button", name="Cari").click()
    kader.get_by_role("link", name=re.compile(name)).click()
    kader.get_by_role("link", name="Timbang dan ukur").click()
    kader.get_by_label("Berat (kg)").fill("8,4")
    kader.get_by_role("button", name="Simpan penimbangan").click()
    assert kader.get_by_role("status").first.inner_text() == "Sudah tercatat."

    bidan = as_("rina", script=script)
    task = card(bidan, name).filter(has_text="2T")
    assert "Berat tidak naik 2 kali berturut-turut" in task.inner_text()
    task.get_by_role("link", name=name, exact=True).click()
    why = bidan.locator("details.mengapa").first
    assert "8,4 kg" in why.inner_text()
    bidan.get_by_role("link", name="Rujuk", exact=True).first.click()
    bidan.get_by_label("Puskesmas Mekar Baru").check()
    bidan.get_by_label("Alasan").select_option("tidak-naik")
    bidan.get_by_role("button", name="Buat rujukan").click()
    assert bidan.get_by_role("status").first.inner_text() == "Sudah tercatat."
    position = re.search(r"posisi=(\d+)", bidan.url)
    assert position is not None
    bidan.goto(f"/daftar/bidan?posisi={position[1]}&q={name.split()[0]}")
    assert card(bidan, name).filter(has_text="2T").count() == 0


def test_a_session_is_typed_on_one_page(as_: Callable[..., Any], faltering: tuple[UUID, str]) -> None:
    case, name = faltering
    kader = as_("siti")
    kader.get_by_role("link", name="Timbang satu sesi").click()
    row = kader.locator("ol.sesi > li").filter(has_text=name)
    row.get_by_label("Berat (kg)").fill("8.400")
    kader.get_by_role("button", name="Simpan semua").click()
    assert "bisa berarti dua hal" in row.inner_text()
    assert row.get_by_label("Berat (kg)").input_value() == "8.400"
    row.get_by_label("Berat (kg)").fill("8,4")
    kader.get_by_role("button", name="Simpan semua").click()
    assert kader.get_by_role("status").first.inner_text() == "Semua yang diisi sudah tercatat."
    kader.goto(f"/kasus/{case}")
    assert "8,4 kg" in kader.locator("ol.cerita > li").first.inner_text()


def test_the_list_can_be_worked_with_the_keyboard_alone(as_: Callable[..., Any], faltering: tuple[UUID, str]) -> None:
    kader = as_("siti")
    kader.goto("/daftar/kader")
    kader.bring_to_front()
    kader.wait_for_function("document.readyState === 'complete' && document.hasFocus()")
    kader.keyboard.press("Tab")
    assert kader.evaluate("document.activeElement.textContent") == "Langsung ke isi"
    seen = []
    for _ in range(12):
        kader.keyboard.press("Tab")
        seen.append(kader.evaluate("document.activeElement.textContent.trim()"))
    assert "Timbang satu sesi" in seen


TOO_SMALL = """() => [...document.querySelectorAll(
    'button, .tombol, input:not([type=hidden], [type=radio], [type=checkbox]), select, header a, summary, nav a'
)].filter(e => e.offsetParent && e.getBoundingClientRect().height < 47.5).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize(
    "path", ["/daftar/kader", "/timbang", "/pmt", "/isi/child.register", "/cari?q=a", "/kasus/{case}"]
)
def test_nothing_is_too_wide_too_small_or_too_close_to_touch(
    as_: Callable[..., Any], faltering: tuple[UUID, str], path: str
) -> None:
    page = as_("siti")
    page.goto(path.format(case=faltering[0]))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(TOO_SMALL)
    assert small == []
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16
