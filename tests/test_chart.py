"""The drawing of the KMS: every weighing is on it, where it belongs, and it can be read aloud."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from domain import growth
from service.chart import HEIGHT, WIDTH, Dot, weight_chart
from service.settings import root
from service.who import read_who

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def who() -> growth.Tables:
    return read_who(root() / "juknis" / "who2006")


def drawn(svg: str) -> list[tuple[float, float, str]]:
    circles = ElementTree.fromstring(svg).iter(f"{SVG}circle")  # our own
    return [(float(c.get("cx", "0")), float(c.get("cy", "0")), c.find(f"{SVG}title").text or "") for c in circles]  # type: ignore[union-attr]


def test_every_weighing_is_drawn_in_the_order_of_its_days(who: growth.Tables) -> None:
    dots = [Dot(30, 4.2, "4 April"), Dot(61, 5.1, "5 Mei"), Dot(91, 5.1, "4 Juni", falls=True)]
    found = drawn(weight_chart(who, "L", dots, "Budi"))
    assert [title for _, _, title in found] == ["4 April", "5 Mei", "4 Juni"]
    assert found[0][0] < found[1][0] < found[2][0]
    assert found[1][1] == found[2][1] < found[0][1]


def test_a_weight_on_the_red_line_is_drawn_on_the_red_line(who: growth.Tables) -> None:
    day = growth.days_from_months(12)
    svg = weight_chart(who, "P", [Dot(day, growth.weight_at(who, "P", day, -3), "x")])
    line = re.search(r'<polyline points="([^"]+)" fill="none" stroke="#c1121f"', svg)
    assert line is not None
    (x, y, _), *_ = drawn(svg)
    assert any(abs(float(a) - x) < 0.2 and abs(float(b) - y) < 0.2 for a, b in (p.split(",") for p in line[1].split()))


@pytest.mark.parametrize(("days", "page"), [([40, 700], "24"), ([740, 1500], "60"), ([40, 1500], "60")])
def test_the_page_of_the_card_holds_all_weighings(who: growth.Tables, days: list[int], page: str) -> None:
    svg = weight_chart(who, "L", [Dot(day, 9.0, str(day)) for day in days])
    assert f">{page}</text>" in svg
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in drawn(svg))


def test_a_weight_far_outside_the_curves_stays_on_the_paper(who: growth.Tables) -> None:
    assert all(0 <= y <= HEIGHT for _, y, _ in drawn(weight_chart(who, "L", [Dot(30, 0.5, "a"), Dot(60, 60.0, "b")])))


def test_it_says_in_words_what_it_shows_and_lets_no_name_become_markup(who: growth.Tables) -> None:
    svg = weight_chart(who, "L", [Dot(30, 4.2, "<b>")], 'B"udi')
    assert 'aria-label="Grafik berat menurut umur B&quot;udi. 1 penimbangan, terakhir 4,2 kg."' in svg
    assert "<b>" not in svg
    assert "Belum ada penimbangan" in weight_chart(who, "L", [])
