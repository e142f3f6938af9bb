"""z-scores at the edges of WHO's rules, worked out by hand from the tables, and the classes of Permenkes 2/2020."""

from __future__ import annotations

from datetime import date

import pytest

from domain import growth
from domain.case import Sex
from domain.figures import months_between
from domain.growth import (
    ZScores,
    classify_baz,
    classify_haz,
    classify_lila,
    classify_waz,
    classify_whz,
    corrected,
    days_from_months,
    length_at,
    rounded,
    weight_at,
    weight_for_length_z,
    who_months,
    z_scores,
)
from domain.labels import CLASSES
from service.settings import root
from service.who import read_who

WHO = read_who(root() / "juknis" / "who2006")


# The 0.7 cm


@pytest.mark.parametrize(
    ("age", "lying", "used"),
    [
        (730, True, 85.0),
        (730, False, 85.7),
        (731, True, 84.3),
        (731, False, 85.0),
        (274, False, 85.7),
        (730, None, 85.0),
        (731, None, 85.0),
    ],
)
def test_lying_until_day_730_and_standing_from_day_731_on(age: int, lying: bool | None, used: float) -> None:
    assert z_scores(WHO, "L", age, cm=85.0, lying=lying).cm_used == used


def test_standing_before_nine_months_is_a_slip_and_changes_nothing() -> None:
    slip = z_scores(WHO, "P", 273, kg=8.2, cm=70.0, lying=False)
    lying = z_scores(WHO, "P", 273, kg=8.2, cm=70.0, lying=True)
    assert slip.entry_error
    assert not lying.entry_error
    assert (slip.cm_used, slip.haz, slip.whz) == (70.0, lying.haz, lying.whz)


def test_103_1_less_0_7_reads_the_row_of_102_4() -> None:
    """In binary it is 102.39999…, one row lower."""
    assert corrected(103.1, True, 1500) == (10240, False)
    exact = WHO.wfh["L"].at(1024)
    assert exact is not None
    z = z_scores(WHO, "L", 1500, kg=growth.at(exact, 1.0), cm=103.1, lying=True)
    assert z.whz == pytest.approx(1.0, abs=0.01)
    assert growth._between(WHO.wfh["L"], 10240) == exact


# Which weight table


def test_age_decides_between_the_weight_tables_not_the_length() -> None:
    """At 90 cm a boy of 730 days is read from the lying table, one of 731 days from the standing one."""
    lying = z_scores(WHO, "L", 730, kg=13.0, cm=90.0)
    standing = z_scores(WHO, "L", 731, kg=13.0, cm=90.0)
    assert lying.whz == weight_for_length_z(WHO, "L", 13.0, 9000, standing=False)
    assert standing.whz == weight_for_length_z(WHO, "L", 13.0, 9000, standing=True)
    assert lying.whz != standing.whz


@pytest.mark.parametrize(
    ("cm", "lying", "standing"),
    [(86.9, None, False), (87.0, None, True), (86.9, False, True), (90.0, True, False)],
)
def test_age_unknown_the_measure_decides_then_87_cm(cm: float, lying: bool | None, standing: bool) -> None:
    z = z_scores(WHO, "P", None, kg=12.0, cm=cm, lying=lying)
    assert z == ZScores(whz=weight_for_length_z(WHO, "P", 12.0, round(cm * 100), standing=standing), cm_used=cm)


@pytest.mark.parametrize(
    ("tenths", "standing", "known"),
    [
        (4499, False, False),
        (4500, False, True),
        (11000, False, True),
        (11001, False, False),
        (6499, True, False),
        (6500, True, True),
        (12000, True, True),
        (12001, True, False),
    ],
)
def test_the_weight_tables_end_where_whos_end(tenths: int, standing: bool, known: bool) -> None:
    assert (weight_for_length_z(WHO, "L", 12.0, tenths, standing=standing) is not None) == known


def test_between_two_rows_the_figures_lie_on_a_straight_line() -> None:
    """Boys lying: 45.0 cm has median 2.441 kg, 45.1 cm has 2.4577, so 45.05 cm has 2.44935."""
    row = growth._between(WHO.wfl["L"], 4505)
    assert row == pytest.approx((-0.3521, 2.44935, 0.09179))
    assert weight_for_length_z(WHO, "L", 2.449, 4505, standing=False) == 0.0


# By hand


def test_a_newborn_boy_of_2_2_kg_by_hand() -> None:
    """L 0.3487, M 3.3464, S 0.14602: ((2.2 / 3.3464)^0.3487 − 1) / (0.3487 × 0.14602) = −2.672."""
    assert z_scores(WHO, "L", 0, kg=2.2).waz == -2.67


def test_below_minus_3_a_step_is_the_distance_from_minus_2_to_minus_3() -> None:
    """Boys, day 0: −2 SD is 2.459 kg and −3 SD 2.080 kg; 1.5 kg is 0.580 / 0.379 = 1.53 steps below −3."""
    assert z_scores(WHO, "L", 0, kg=1.5).waz == -4.53


def test_above_3_a_step_is_the_distance_from_2_to_3() -> None:
    """Girls, day 365: +2 SD is 11.506 kg and +3 SD 13.114 kg; 15.0 kg is 1.886 / 1.608 = 1.17 steps above +3."""
    assert z_scores(WHO, "P", 365, kg=15.0).waz == 4.17


def test_length_and_head_are_not_bent_in_the_tails() -> None:
    """Girls, day 0: M 49.1477, S 0.0379, L 1, so 40 cm is (40 / 49.1477 − 1) / 0.0379 = −4.911."""
    z = z_scores(WHO, "P", 0, cm=40.0, head=27.0)
    assert z.haz == -4.91
    assert z.hcz == -5.81


def test_measures_of_nothing_or_less_are_missing() -> None:
    assert z_scores(WHO, "L", 400, kg=0, cm=-1, lila=0, head=0) == ZScores()


def test_the_arm_has_figures_from_day_91_on() -> None:
    assert z_scores(WHO, "L", 90, lila=13.0).acz is None
    assert z_scores(WHO, "L", 91, lila=13.4779).acz == 0.0


def test_day_1826_is_the_last() -> None:
    last = z_scores(WHO, "P", 1826, kg=18.0, cm=109.0, lying=False, lila=16.8, head=50.0)
    assert None not in (last.waz, last.haz, last.whz, last.baz, last.hcz, last.acz)
    assert z_scores(WHO, "P", 1827, kg=18.0, cm=109.0, lying=False, lila=16.8, head=50.0) == ZScores()


def test_before_birth_there_is_nothing() -> None:
    assert z_scores(WHO, "P", -1, kg=3.0, cm=50.0) == ZScores()


# Oedema and flags


@pytest.mark.parametrize("grade", [1, 2, 3])
def test_with_oedema_the_weight_says_nothing_and_counts_as_severe(grade: int) -> None:
    z = z_scores(WHO, "L", 800, kg=10.0, cm=82.0, lying=False, lila=12.0, oedema=grade)
    assert (z.waz, z.whz, z.baz) == (None, None, None)
    assert z.counts_as_severe
    assert z.haz is not None
    assert z.acz is not None


@pytest.mark.parametrize("grade", [0, None])
def test_without_oedema_nothing_counts_as_severe_by_itself(grade: int | None) -> None:
    z = z_scores(WHO, "L", 800, kg=10.0, cm=82.0, lying=False, oedema=grade)
    assert not z.counts_as_severe
    assert z.waz is not None


@pytest.mark.parametrize(("z", "flagged"), [(-6.0, False), (-6.01, True), (5.0, False), (5.01, True)])
def test_a_weight_is_flagged_below_minus_6_and_above_5(z: float, flagged: bool) -> None:
    measured = z_scores(WHO, "L", 1000, kg=weight_at(WHO, "L", 1000, z))
    assert measured.waz == pytest.approx(z, abs=0.002)
    assert measured.flags == (("waz",) if flagged else ())


@pytest.mark.parametrize(("cm", "z", "flags"), [(72.64, -6.0, ()), (72.6, -6.01, ("haz",))])
def test_a_length_is_flagged_beyond_6_as_rounded(cm: float, z: float, flags: tuple[str, ...]) -> None:
    """Boys, day 1000: M 93.9706, S 0.03783, so −6 SD is 72.6412 cm; 72.64 cm is −6.0003, which reads −6.00."""
    measured = z_scores(WHO, "L", 1000, cm=cm, lying=False)
    assert measured.haz == z
    assert measured.flags == flags


def test_each_implausible_index_is_named() -> None:
    z = z_scores(WHO, "P", 500, kg=25.0, cm=110.0, lila=30.0, head=70.0)
    assert z.flags == ("waz", "haz", "hcz", "acz")


# Rounding and classes


@pytest.mark.parametrize(
    ("z", "two"), [(-2.005, -2.01), (2.375, 2.38), (-2.375, -2.38), (-0.004, 0.0), (1.994999, 1.99), (-1.9951, -2.0)]
)
def test_rounding_is_half_away_from_zero(z: float, two: float) -> None:
    assert rounded(z) == two


def test_a_tiny_negative_has_no_minus_sign() -> None:
    assert str(rounded(-0.001)) == "0.0"


@pytest.mark.parametrize(
    ("z", "code"),
    [
        (-3.01, "bb-sangat-kurang"),
        (-3.0, "bb-kurang"),
        (-2.01, "bb-kurang"),
        (-2.0, "bb-normal"),
        (1.0, "bb-normal"),
        (1.01, "risiko-bb-lebih"),
    ],
)
def test_classes_of_weight_for_age(z: float, code: str) -> None:
    assert classify_waz(z) == code


@pytest.mark.parametrize(
    ("z", "code"),
    [
        (-3.01, "sangat-pendek"),
        (-3.0, "pendek"),
        (-2.01, "pendek"),
        (-2.0, "normal"),
        (3.0, "normal"),
        (3.01, "tinggi"),
    ],
)
def test_classes_of_height_for_age(z: float, code: str) -> None:
    assert classify_haz(z) == code


@pytest.mark.parametrize(
    ("z", "code"),
    [
        (-3.01, "gizi-buruk"),
        (-3.0, "gizi-kurang"),
        (-2.01, "gizi-kurang"),
        (-2.0, "gizi-baik"),
        (1.0, "gizi-baik"),
        (1.01, "berisiko-gizi-lebih"),
        (2.0, "berisiko-gizi-lebih"),
        (2.01, "gizi-lebih"),
        (3.0, "gizi-lebih"),
        (3.01, "obesitas"),
    ],
)
def test_classes_of_weight_for_height_and_bmi(z: float, code: str) -> None:
    assert classify_whz(z) == classify_baz(z) == code


@pytest.mark.parametrize(
    ("cm", "months", "code"),
    [
        (11.4, 6, "gizi-buruk"),
        (11.5, 6, "gizi-kurang"),
        (12.4, 59, "gizi-kurang"),
        (12.5, 59, "gizi-baik"),
        (11.0, 5, None),
        (11.0, 60, None),
    ],
)
def test_classes_of_the_arm_from_6_to_59_months(cm: float, months: int, code: str | None) -> None:
    assert classify_lila(cm, months) == code


def test_every_class_has_an_indonesian_name() -> None:
    steps = [z / 2 for z in range(-8, 9)]
    codes = {classify(z) for classify in (classify_waz, classify_haz, classify_whz) for z in steps}
    assert len(codes) == 14
    assert codes <= CLASSES.keys()


# Back from z, and ages


@pytest.mark.parametrize("sex", ["L", "P"])
@pytest.mark.parametrize("z", [-4.5, -3.0, -1.25, 0.0, 2.0, 4.0])
def test_the_curves_and_the_z_scores_are_each_others_inverse(sex: Sex, z: float) -> None:
    for age in (0, 91, 730, 731, 1826):
        found = z_scores(WHO, sex, age, kg=weight_at(WHO, sex, age, z), cm=length_at(WHO, sex, age, z))
        assert found.waz == pytest.approx(z, abs=0.011)
        assert found.haz == pytest.approx(z, abs=0.011)


def test_there_is_no_curve_past_the_last_day() -> None:
    with pytest.raises(ValueError, match="1827"):
        weight_at(WHO, "L", 1827, 0)


@pytest.mark.parametrize(("months", "days"), [(24.0, 731), (23.99, 730), (0.0, 0), (60.0, 1826), (4.6324434, 141)])
def test_an_age_in_months_becomes_whole_days_half_upwards(months: float, days: int) -> None:
    """24 months are 730.5 days, which is day 731 and so standing."""
    assert days_from_months(months) == days


def test_whos_months_are_all_of_one_length() -> None:
    assert who_months(1826) == pytest.approx(59.9918, abs=0.0001)


@pytest.mark.parametrize(
    ("born", "on", "months"),
    [
        (date(2025, 1, 31), date(2025, 2, 27), 0),
        (date(2025, 1, 31), date(2025, 2, 28), 1),
        (date(2024, 1, 31), date(2024, 2, 28), 0),
        (date(2024, 1, 31), date(2024, 2, 29), 1),
        (date(2025, 1, 31), date(2025, 3, 30), 1),
        (date(2025, 1, 31), date(2025, 3, 31), 2),
        (date(2025, 1, 31), date(2025, 4, 30), 3),
        (date(2025, 3, 15), date(2026, 3, 14), 11),
        (date(2025, 3, 15), date(2026, 3, 15), 12),
        (date(2024, 2, 29), date(2025, 2, 28), 12),
        (date(2025, 2, 28), date(2025, 3, 27), 0),
        (date(2025, 12, 31), date(2026, 1, 1), 0),
    ],
)
def test_calendar_months_are_complete_on_the_last_day_of_a_shorter_month(born: date, on: date, months: int) -> None:
    assert months_between(born, on) == months
