"""No page has a fault that axe knows of, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain import child
from domain.case import Personal
from service.handle import Submitted
from service.places import Place
from tests.browser.test_from_scale_to_list import months_ago, who
from tests.kabupaten import KEDAUNG, MELATI

AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWPORTS = {"phone": {"width": 360, "height": 640}, "desk": {"width": 1280, "height": 800}}

PAGES = (
    "/daftar/bidan", "/daftar/kader", "/cari?q=sekar", "/timbang", "/sandi", "/kasus/{}", "/isi/child.measure?kasus={}",
    "/isi/child.register", "/isi/pregnancy.register", "/isi/referral.create?kasus={}", "/isi/care.visit-home?kasus={}",
    "/isi/child.confirm-status?kasus={}", "/isi/pmt.decide-eligibility?kasus={}", "/salah/{}/2", "/tidak-ada",
    "/rujukan", "/cari?kasus={}&q=sekar", "/isi/person.declare-distinct?kasus={}&kunci={}",
    "/daftar/bidan/pada", "/daftar/bidan/beda", "/kasus/{}/riwayat-tugas",
)  # fmt: skip


@pytest.fixture(scope="module")
def case(places: dict[str, Place]) -> str:
    place, number = next(iter(places.values())), uuid7()
    born = months_ago(10)
    commands: list[Any] = [
        child.Register(
            on=born, born=born, sex="P", desa=KEDAUNG, posyandu=MELATI, personal=Personal(name="Sekar", mother="Ani")
        ),
        *(child.Measure(on=months_ago(ago), kg=7.0, cm=66.0, lying=True) for ago in (3, 2, 1)),
    ]
    place.submit([Submitted(uuid7(), number, command) for command in commands], who(place, "siti"))
    return str(number)


def faults(page: Any) -> list[str]:
    """What axe finds, in words short enough to read."""
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", TAGS)
    return [f"{v['id']}: {v['help']}: {[n['target'] for n in v['nodes']][:3]}" for v in found["violations"]]


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_no_page_has_a_fault_that_axe_knows(as_: Callable[..., Any], case: str, viewport: str) -> None:
    page = as_("rina", viewport=VIEWPORTS[viewport])
    found = {}
    for path in PAGES:
        page.goto(path.format(case, case))
        found[path] = faults(page)
    assert found == {path: [] for path in PAGES}


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_the_page_of_questions_has_none(as_: Callable[..., Any], viewport: str) -> None:
    page = as_("ratna", viewport=VIEWPORTS[viewport])
    page.goto("/pertanyaan-data")
    assert faults(page) == []


def test_the_sign_in_page_has_none_either(chromium: Any, address: str) -> None:
    page = chromium.new_page(base_url=address)
    page.goto("/masuk")
    assert faults(page) == []
    page.close()
