"""What the KMS says of a row of weighings: N, T, O, B, 2T, below the red line; and, apart from it, WHO's velocity."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from domain import growth, kms
from domain.case import Sex
from domain.kms import KmsMark, Weighed, below_velocity_p5
from service.settings import root
from service.who import read_who

WHO = read_who(root() / "juknis" / "who2006")
TEXT = (root() / "juknis" / "2025" / "kms.toml").read_text(encoding="utf-8")
TABLE = kms.read_table(TEXT)

SITI = date(2024, 3, 4)
"""Siti is a girl; she is 12 months old on 4 March 2025."""


def marks(*weighed: Weighed, born: date = SITI, sex: Sex = "P") -> tuple[KmsMark, ...]:
    return kms.marks(weighed, born, sex, WHO, TABLE)


def statuses(*weighed: Weighed) -> str:
    return "".join(mark.status for mark in marks(*weighed))


# N, T, O, B


def test_the_first_weighing_is_b_and_is_compared_with_nothing() -> None:
    (mark,) = marks((date(2025, 3, 10), 8.5))
    assert (mark.status, mark.previous, mark.gain, mark.kbm, mark.times) == ("B", None, None, None, 0)
    assert (mark.months, mark.n_from_line, mark.n_from_kbm, mark.needs_plot_check) == (12, None, None, False)


def test_a_month_without_weighing_makes_the_next_one_o() -> None:
    _, mark = marks((date(2025, 1, 10), 8.0), (date(2025, 3, 10), 8.5))
    assert (mark.status, mark.previous, mark.gain) == ("O", None, None)


def test_the_month_before_counts_by_the_calendar_also_over_new_year() -> None:
    _, mark = marks((date(2024, 12, 31), 7.9), (date(2025, 1, 2), 8.3))
    assert (mark.status, mark.previous, mark.gain) == ("N", date(2024, 12, 31), 400)


def test_the_same_month_a_year_later_is_not_the_month_before() -> None:
    assert statuses((date(2024, 12, 10), 7.9), (date(2026, 1, 10), 10.4)) == "BO"


@pytest.mark.parametrize(("kg", "status"), [(8.7, "N"), (8.69, "T")])
def test_at_a_year_of_age_200_grams_are_enough_and_190_are_not(kg: float, status: str) -> None:
    _, mark = marks((date(2025, 2, 10), 8.5), (date(2025, 3, 10), kg))
    assert (mark.status, mark.kbm, mark.gain) == (status, 200, round(kg * 1000) - 8500)


def test_the_gain_is_counted_in_whole_grams() -> None:
    """In binary 7.3 − 7.1 is 0.2000000000000002 and 8.1 − 7.9 is 0.1999999999999993."""
    for before, now in ((7.1, 7.3), (7.9, 8.1), (9.4, 9.6)):
        _, mark = marks((date(2025, 2, 10), before), (date(2025, 3, 10), now))
        assert (mark.gain, mark.n_from_kbm) == (200, True)


@pytest.mark.parametrize(
    ("months", "kbm"),
    [(1, 800), (2, 900), (3, 800), (4, 600), (5, 500), (6, 400), (7, 300), (10, 300), (11, 200), (59, 200), (60, 200)],
)
@pytest.mark.parametrize("sex", ["L", "P"])
def test_the_least_gain_by_completed_months_of_age(sex: Sex, months: int, kbm: int) -> None:
    assert TABLE.kbm.grams(sex, months) == kbm


def test_in_the_first_month_of_life_the_line_alone_decides() -> None:
    born = date(2025, 1, 25)
    lost = marks((date(2025, 1, 28), 3.2), (date(2025, 2, 10), 3.1), born=born)[1]
    gained = marks((date(2025, 1, 28), 3.2), (date(2025, 2, 10), 3.6), born=born)[1]
    assert (lost.months, lost.kbm, lost.n_from_kbm, lost.n_from_line, lost.status) == (0, None, None, False, "T")
    assert (gained.n_from_line, gained.status, gained.needs_plot_check) == (True, "N", False)


def test_past_the_kms_nothing_is_compared() -> None:
    born = date(2020, 3, 4)
    _, mark = marks((date(2025, 4, 10), 17.0), (date(2025, 5, 10), 16.0), born=born)
    assert (mark.months, mark.waz, mark.n_from_line, mark.n_from_kbm, mark.status) == (62, None, None, None, "O")


# Line and KBM


def on_line(on: date, z: float) -> Weighed:
    """The weight, to the gram, that a girl born with Siti has at a z-score."""
    return (on, round(growth.weight_at(WHO, "P", (on - SITI).days, z), 3))


def test_line_and_kbm_agree_on_a_good_month() -> None:
    _, mark = marks(on_line(date(2025, 2, 10), -1.5), on_line(date(2025, 3, 10), -1.4))
    assert (mark.n_from_line, mark.n_from_kbm, mark.needs_plot_check) == (True, True, False)


def test_the_line_follows_but_the_gain_is_short_then_the_kbm_decides_and_the_plot_is_looked_at() -> None:
    """At two years a girl on the −1 line gains about 180 g a month, less than the KBM of 200 g."""
    _, mark = marks(on_line(date(2026, 2, 10), -1.02), on_line(date(2026, 3, 10), -1.02))
    assert mark.gain is not None
    assert 0 < mark.gain < 200
    assert (mark.n_from_line, mark.n_from_kbm, mark.status, mark.needs_plot_check) == (True, False, "T", True)


def test_the_line_crosses_down_but_the_gain_suffices_then_the_kbm_decides_and_the_plot_is_looked_at() -> None:
    before, mark = marks((date(2025, 2, 10), 7.8), (date(2025, 3, 17), 8.0))
    assert (before.waz, mark.waz) == (-0.98, -1.01)
    assert (mark.n_from_line, mark.n_from_kbm, mark.status, mark.needs_plot_check) == (False, True, "N", True)


def test_a_flat_line_is_no_gain_even_where_the_band_is_kept() -> None:
    _, mark = marks((date(2025, 2, 10), 8.5), (date(2025, 3, 10), 8.5))
    assert (mark.gain, mark.n_from_line, mark.status) == (0, False, "T")


@pytest.mark.parametrize(
    ("waz", "band"), [(-5.0, -4), (-3.01, -4), (-3.0, -3), (-0.01, -1), (0.0, 0), (2.99, 2), (3.0, 3), (4.5, 3)]
)
def test_the_strips_of_the_kms_lie_between_the_lines_from_minus_3_to_3(waz: float, band: int) -> None:
    assert kms._band(waz) == band


# 2T


def test_two_months_without_gain_are_2t_and_a_gain_ends_it() -> None:
    row = marks(
        (date(2025, 3, 10), 8.5),
        (date(2025, 4, 10), 8.5),
        (date(2025, 5, 10), 8.6),
        (date(2025, 6, 10), 8.9),
        (date(2025, 7, 10), 8.9),
    )
    assert [(mark.status, mark.times) for mark in row] == [("B", 0), ("T", 1), ("T", 2), ("N", 0), ("T", 1)]


def test_a_missed_month_breaks_the_chain() -> None:
    row = marks((date(2025, 3, 10), 8.5), (date(2025, 4, 10), 8.4), (date(2025, 6, 10), 8.6), (date(2025, 7, 10), 8.6))
    assert [(mark.status, mark.times) for mark in row] == [("B", 0), ("T", 1), ("O", 0), ("T", 1)]


def test_a_missed_month_keeps_the_chain_when_the_weight_is_still_lower() -> None:
    row = marks((date(2025, 3, 10), 8.5), (date(2025, 4, 10), 8.4), (date(2025, 6, 10), 8.3), (date(2025, 7, 10), 8.3))
    assert [(mark.status, mark.times) for mark in row] == [("B", 0), ("T", 1), ("O", 1), ("T", 2)]


def test_a_weight_the_same_as_at_the_last_t_is_not_lower() -> None:
    row = marks((date(2025, 3, 10), 8.5), (date(2025, 4, 10), 8.4), (date(2025, 6, 10), 8.4))
    assert [(mark.status, mark.times) for mark in row] == [("B", 0), ("T", 1), ("O", 0)]


def test_after_a_gain_a_missed_month_leaves_nothing_to_keep() -> None:
    row = marks((date(2025, 3, 10), 8.5), (date(2025, 4, 10), 8.4), (date(2025, 5, 10), 8.9), (date(2025, 7, 10), 8.0))
    assert [(mark.status, mark.times) for mark in row] == [("B", 0), ("T", 1), ("N", 0), ("O", 0)]


# Several weighings in a month


def test_the_last_weighing_of_a_month_stands_and_is_what_the_next_month_is_compared_with() -> None:
    row = marks((date(2025, 3, 3), 8.0), (date(2025, 3, 28), 8.3), (date(2025, 4, 10), 8.4))
    assert [mark.counts for mark in row] == [False, True, True]
    assert [mark.status for mark in row] == ["B", "B", "T"]
    assert (row[2].previous, row[2].gain) == (date(2025, 3, 28), 100)


def test_weekly_weighings_of_a_pmt_are_compared_with_last_month_and_not_with_each_other() -> None:
    """After 8.2 kg in February: 8.1, 8.3, 8.35 and 8.5 kg in March. Only the last stands, and it is N."""
    row = marks(
        (date(2025, 2, 10), 8.2),
        (date(2025, 3, 5), 8.1),
        (date(2025, 3, 12), 8.3),
        (date(2025, 3, 19), 8.35),
        (date(2025, 3, 26), 8.5),
    )
    assert [mark.gain for mark in row] == [None, -100, 100, 150, 300]
    assert [mark.status for mark in row] == ["B", "T", "T", "T", "N"]
    assert [mark.times for mark in row] == [0, 1, 1, 1, 0]
    assert [mark.counts for mark in row] == [True, False, False, False, True]


def test_two_weighings_of_one_day_both_get_a_mark() -> None:
    row = marks((date(2025, 3, 10), 8.5), (date(2025, 3, 10), 5.8))
    assert [(mark.kg, mark.counts) for mark in row] == [(8.5, False), (5.8, True)]


def test_no_weighing_no_mark() -> None:
    assert marks() == ()


# The red line


def test_below_the_red_line_is_below_minus_3() -> None:
    """Girls of 371 days: −3 SD is 6.3 kg and a little."""
    day = date(2025, 3, 10)
    at, below = on_line(day, -3.0), on_line(day, -3.02)
    assert [(m.waz, m.bgm) for m in (*marks(at), *marks(below))] == [(-3.0, False), (-3.02, True)]


# WHO's velocity

_P5_P50 = {
    "L": [
        (460, 1023), (713, 1196), (446, 815), (285, 617), (194, 522), (103, 422),
        (42, 357), (-1, 316), (-36, 285), (-66, 259), (-89, 243), (-106, 239),
    ],
    "P": [
        (446, 879), (578, 1011), (368, 718), (259, 585), (172, 489), (93, 401),
        (37, 344), (-2, 311), (-40, 273), (-70, 245), (-89, 233), (-102, 232),
    ],
}  # fmt: skip


@pytest.mark.parametrize("sex", ["L", "P"])
def test_whos_gains_of_one_month_at_the_5th_and_50th_percentile(sex: Sex) -> None:
    velocity = TABLE.velocity
    assert [(velocity.gain_at(sex, n, velocity.z), velocity.gain_at(sex, n, 0)) for n in range(12)] == _P5_P50[sex]
    assert velocity.gain_at(sex, 12, 0) is None


@pytest.mark.parametrize(("kg", "below"), [(6.285, False), (6.284, True)])
def test_a_boy_of_three_months_gains_285_grams_at_the_5th_percentile(kg: float, below: bool) -> None:
    budi = date(2025, 1, 10)
    before, now = (date(2025, 4, 11), 6.0), (date(2025, 5, 11), kg)
    assert below_velocity_p5(before, now, budi, "L", TABLE.velocity) is below


def test_too_little_for_the_kms_may_be_enough_for_whos_velocity() -> None:
    """A girl of ten months gained 100 g: T, since the KBM is 200 g, and yet well above p5, which is −89 g."""
    before, now = (date(2025, 1, 6), 8.0), (date(2025, 2, 6), 8.1)
    assert marks(before, now)[1].status == "T"
    assert below_velocity_p5(before, now, SITI, "P", TABLE.velocity) is False


@pytest.mark.parametrize(
    ("on", "known"),
    [(date(2025, 2, 4), False), (date(2025, 2, 5), True), (date(2025, 2, 14), True), (date(2025, 2, 15), False)],
)
def test_velocity_needs_two_weighings_about_a_month_apart(on: date, known: bool) -> None:
    before = (date(2025, 1, 10), 7.0)
    answer = below_velocity_p5(before, (on, 7.5), date(2024, 9, 10), "L", TABLE.velocity)
    assert (answer is not None) is known


def test_velocity_ends_with_the_first_year() -> None:
    assert below_velocity_p5((date(2025, 3, 10), 8.0), (date(2025, 4, 10), 7.0), SITI, "P", TABLE.velocity) is None


# The table


def test_a_misspelt_name_in_the_table_is_named() -> None:
    with pytest.raises(msgspec.ValidationError, match="gramm"):
        kms.read_table(TEXT.replace("grams = 900", "gramm = 900", 1))


def test_a_table_with_a_missing_month_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="KBM"):
        kms.read_table(TEXT.replace("{ months = [7, 10], grams = 300 },", "", 1))


def test_a_velocity_table_with_a_missing_month_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="12 bulan"):
        kms.read_table(TEXT.replace("    { l = 0.7781, m = 631.7383, s = 0.34627 },\n", "", 1))
