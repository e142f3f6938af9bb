"""WHO z-scores of children from birth to day 1826, and the classes of Permenkes 2/2020 that follow from them.

The rules are those of WHO's own igrowup and anthro; the figures are in juknis/who2006 and come in as a value.
Kilograms and centimetres are rounded to whole grams and tenths of a millimetre at the door: 103.1 − 0.7 is
102.39999… in binary and would read the wrong neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from domain.case import Sex

if TYPE_CHECKING:
    from domain.child import Category, HeightClass, WeightClass

Index = Literal["waz", "haz", "whz", "baz", "hcz", "acz"]
"""BB/U, PB/U or TB/U, BB/PB or BB/TB, IMT/U, LK/U, LILA/U."""

LAST_DAY = 1826
FIRST_STANDING_DAY = 731
"""From this day on children are measured standing; 24 months are 730.5 days."""
CORRECTION = 70
"""Lying makes a child 0.7 cm longer; in tenths of a millimetre."""
_EARLIEST_STANDING_DAY = 274
"""Nine months. A younger child cannot have stood at the board."""
_TALL = 8700
"""Age and way of measuring unknown: from 87 cm on it will have stood."""

# WHO's figures

Row = tuple[float, float, float]
"""L, M and S at one age or length: the power that takes the skew out, the median, and the spread about it."""


class Series(Struct, frozen=True):
    """The rows of one index for one sex, without a gap, from the key `first` on."""

    first: int
    """A day, or a length in millimetres."""
    rows: tuple[Row, ...]

    def at(self, key: int) -> Row | None:
        place = key - self.first
        return self.rows[place] if 0 <= place < len(self.rows) else None


BySex = dict[Sex, Series]


class Tables(Struct, frozen=True, kw_only=True):
    """WHO Child Growth Standards 2006 and 2007, named as WHO names the files."""

    wfa: BySex
    lhfa: BySex
    bfa: BySex
    hcfa: BySex
    acfa: BySex
    tsfa: BySex
    ssfa: BySex
    wfl: BySex
    wfh: BySex


def tables(texts: Mapping[str, str]) -> Tables:
    """The figures from their CSV texts, by name: `wfa`, `lhfa`, … as in juknis/who2006."""
    return Tables(**{name: _by_sex(name, texts[name]) for name in Tables.__struct_fields__})


def _by_sex(name: str, text: str) -> BySex:
    header, *lines = text.splitlines()
    millimetres = header == "sex,cm,l,m,s"
    if not millimetres and header != "sex,day,l,m,s":
        raise ValueError(f"{name}: unexpected header {header!r}")
    found: dict[str, list[tuple[int, Row]]] = {"L": [], "P": []}
    for line in lines:
        sex, key, power, median, spread = line.split(",")
        place = round(float(key) * 10) if millimetres else int(key)
        found[sex].append((place, (float(power), float(median), float(spread))))
    return {"L": _series(name, found["L"]), "P": _series(name, found["P"])}


def _series(name: str, keyed: list[tuple[int, Row]]) -> Series:
    first = keyed[0][0]
    if [key for key, _ in keyed] != list(range(first, first + len(keyed))):
        raise ValueError(f"{name}: rows are missing or out of order")
    return Series(first, tuple(row for _, row in keyed))


# All of one measurement


class ZScores(Struct, frozen=True):
    """What one measurement is worth, each figure rounded to two decimals as WHO rounds; None where there is none."""

    waz: float | None = None
    haz: float | None = None
    whz: float | None = None
    baz: float | None = None
    hcz: float | None = None
    acz: float | None = None
    flags: tuple[Index, ...] = ()
    """Indices that WHO holds to be implausible; kept out of prevalences (protocol 2.3)."""
    cm_used: float | None = None
    """Length or height after the 0.7 cm correction."""
    counts_as_severe: bool = False
    """Oedema: no z-score from the weight, but counted as below −3 there (gizi buruk)."""
    entry_error: bool = False
    """Said to have stood before nine months of age, which is taken for a slip of the pen: no correction."""


_NOTHING = ZScores()


def z_scores(
    tables: Tables,
    sex: Sex,
    age: int | None,
    *,
    kg: float | None = None,
    cm: float | None = None,
    lying: bool | None = None,
    lila: float | None = None,
    head: float | None = None,
    oedema: int | None = None,
) -> ZScores:
    """All indices of one measurement at an age in whole days. From day 1827 on there are none (WHO 2006 ends)."""
    if age is not None and not 0 <= age <= LAST_DAY:
        return _NOTHING
    length, entry_error = corrected(cm, lying, age)
    weight = None if oedema else kg
    waz = haz = baz = hcz = acz = None
    if age is not None:
        waz = None if weight is None else weight_z(tables, sex, age, weight)
        hcz = None if head is None else head_z(tables, sex, age, head)
        acz = None if lila is None else arm_z(tables, sex, age, lila)
    whz = None
    if length is not None:
        if age is not None:
            haz = length_z(tables, sex, age, length)
            baz = None if weight is None else bmi_z(tables, sex, age, weight, length)
        if weight is not None:
            whz = weight_for_length_z(tables, sex, weight, length, standing=_stood(age, lying, length))
    return ZScores(
        waz, haz, whz, baz, hcz, acz, _flags(waz, haz, whz, baz, hcz, acz),
        None if length is None else length / 100, bool(oedema), entry_error,
    )  # fmt: skip


def corrected(cm: float | None, lying: bool | None, age: int | None) -> tuple[int | None, bool]:
    """Length or height in tenths of a millimetre as the age wants it measured, and whether `lying` was a slip.

    Lying until day 730, standing from day 731 on. Not told how, it is taken as right for the age.
    """
    if cm is None or cm <= 0:
        return None, False
    tenths = round(cm * 100)
    if age is None or lying is None:
        return tenths, False
    if age < FIRST_STANDING_DAY:
        if lying:
            return tenths, False
        if age < _EARLIEST_STANDING_DAY:
            return tenths, True
        return tenths + CORRECTION, False
    return (tenths - CORRECTION if lying else tenths), False


def _stood(age: int | None, lying: bool | None, length: int) -> bool:
    """Which weight table: the age decides, not the length. Age unknown: the way of measuring, else 87 cm."""
    if age is not None:
        return age >= FIRST_STANDING_DAY
    return length >= _TALL if lying is None else not lying


def _flags(
    waz: float | None, haz: float | None, whz: float | None, baz: float | None, hcz: float | None, acz: float | None
) -> tuple[Index, ...]:
    if (
        (waz is None or -6 <= waz <= 5)
        and (haz is None or -6 <= haz <= 6)
        and (whz is None or -5 <= whz <= 5)
        and (baz is None or -5 <= baz <= 5)
        and (hcz is None or -5 <= hcz <= 5)
        and (acz is None or -5 <= acz <= 5)
    ):
        return ()
    given: dict[Index, float | None] = {"waz": waz, "haz": haz, "whz": whz, "baz": baz, "hcz": hcz, "acz": acz}
    outside = []
    for index, (low, high) in LIMITS.items():
        z = given[index]
        if z is not None and not low <= z <= high:
            outside.append(index)
    return tuple(outside)


LIMITS: dict[Index, tuple[int, int]] = {
    "waz": (-6, 5), "haz": (-6, 6), "whz": (-5, 5), "baz": (-5, 5), "hcz": (-5, 5), "acz": (-5, 5),
}  # fmt: skip
"""Outside of these WHO flags a z-score as implausible."""

# One index. Ages in whole days; lengths corrected, in tenths of a millimetre.


def weight_z(tables: Tables, sex: Sex, age: int, kg: float) -> float | None:
    """BB/U."""
    return _restricted(tables.wfa[sex].at(age), round(kg * 1000) / 1000)


def length_z(tables: Tables, sex: Sex, age: int, tenths: int) -> float | None:
    """PB/U until day 730, TB/U from day 731 on. Never restricted in the tails."""
    return _plain(tables.lhfa[sex].at(age), tenths / 100)


def weight_for_length_z(tables: Tables, sex: Sex, kg: float, tenths: int, *, standing: bool) -> float | None:
    """BB/TB where the child stood, else BB/PB."""
    series = tables.wfh[sex] if standing else tables.wfl[sex]
    return _restricted(_between(series, tenths), round(kg * 1000) / 1000)


def bmi_z(tables: Tables, sex: Sex, age: int, kg: float, tenths: int) -> float | None:
    """IMT/U."""
    metres = tenths / 10_000
    return _restricted(tables.bfa[sex].at(age), round(kg * 1000) / 1000 / (metres * metres))


def head_z(tables: Tables, sex: Sex, age: int, cm: float) -> float | None:
    """LK/U. Never restricted in the tails."""
    return _plain(tables.hcfa[sex].at(age), round(cm * 100) / 100)


def arm_z(tables: Tables, sex: Sex, age: int, cm: float) -> float | None:
    """LILA/U, from day 91 on."""
    return _restricted(tables.acfa[sex].at(age), round(cm * 100) / 100)


def triceps_z(tables: Tables, sex: Sex, age: int, mm: float) -> float | None:
    """Triceps skinfold for age, from day 91 on."""
    return _restricted(tables.tsfa[sex].at(age), round(mm * 10) / 10)


def subscapular_z(tables: Tables, sex: Sex, age: int, mm: float) -> float | None:
    """Subscapular skinfold for age, from day 91 on."""
    return _restricted(tables.ssfa[sex].at(age), round(mm * 10) / 10)


def _between(series: Series, tenths: int) -> Row | None:
    """L, M and S at a length, on the straight line between two millimetres."""
    millimetres, rest = divmod(tenths, 10)
    below = series.at(millimetres)
    if below is None or not rest:
        return below
    above = series.at(millimetres + 1)
    if above is None:
        return None
    part = rest / 10
    power, median, spread = below
    return (
        power + part * (above[0] - power),
        median + part * (above[1] - median),
        spread + part * (above[2] - spread),
    )


def _plain(row: Row | None, y: float) -> float | None:
    if row is None or y <= 0:
        return None
    power, median, spread = row
    return rounded(((y / median) ** power - 1) / (power * spread))


def _restricted(row: Row | None, y: float) -> float | None:
    """Beyond ±3 a step is the distance from 2 to 3, since no child of WHO's sample was there to fit a curve to."""
    if row is None or y <= 0:
        return None
    power, median, spread = row
    z = ((y / median) ** power - 1) / (power * spread)
    if z > 3:
        z = 3 + (y - at(row, 3)) / (at(row, 3) - at(row, 2))
    elif z < -3:
        z = -3 + (y - at(row, -3)) / (at(row, -2) - at(row, -3))
    return rounded(z)


def at(row: Row, z: float) -> float:
    """The measure at a z-score."""
    power, median, spread = row
    return float(median * (1 + power * spread * z) ** (1 / power))


def rounded(z: float) -> float:
    """To two decimals, half away from zero, as WHO's programs do it."""
    return int(z * 100 + 0.5) / 100 if z >= 0 else -int(0.5 - z * 100) / 100


# Back from a z-score, to draw the curves


def weight_at(tables: Tables, sex: Sex, age: int, z: float) -> float:
    """Kilograms at a z-score for age; beyond ±3 in steps of the distance from 2 to 3."""
    row = _known(tables.wfa[sex], age)
    if z > 3:
        return at(row, 3) + (z - 3) * (at(row, 3) - at(row, 2))
    if z < -3:
        return at(row, -3) + (z + 3) * (at(row, -2) - at(row, -3))
    return at(row, z)


def length_at(tables: Tables, sex: Sex, age: int, z: float) -> float:
    """Centimetres at a z-score for age; lying until day 730, standing after."""
    return at(_known(tables.lhfa[sex], age), z)


def _known(series: Series, age: int) -> Row:
    row = series.at(age)
    if row is None:
        raise ValueError(f"WHO has no figures for day {age}")
    return row


# Ages as WHO counts them. Completed calendar months, as KMS counts, are figures.months_between.

DAYS_A_MONTH = 30.4375


def days_from_months(months: float) -> int:
    """Whole days of an age that was given in months, half a day upwards."""
    return int(months * DAYS_A_MONTH + 0.5)


def who_months(days: int) -> float:
    """The age in WHO's months of equal length."""
    return days / DAYS_A_MONTH


# Permenkes 2/2020. Exactly −2.00 is normal, exactly −3.00 is not yet severe; always from the rounded figure.


def classify_waz(z: float) -> WeightClass:
    """BB/U."""
    if z < -3:
        return "bb-sangat-kurang"
    if z < -2:
        return "bb-kurang"
    return "bb-normal" if z <= 1 else "risiko-bb-lebih"


def classify_haz(z: float) -> HeightClass:
    """PB/U or TB/U. A screening: clinical stunting is a doctor's word."""
    if z < -3:
        return "sangat-pendek"
    if z < -2:
        return "pendek"
    return "normal" if z <= 3 else "tinggi"


def classify_whz(z: float) -> Category:
    """BB/PB, BB/TB and IMT/U, which share their classes."""
    if z < -3:
        return "gizi-buruk"
    if z < -2:
        return "gizi-kurang"
    if z <= 1:
        return "gizi-baik"
    if z <= 2:
        return "berisiko-gizi-lebih"
    return "gizi-lebih" if z <= 3 else "obesitas"


classify_baz = classify_whz


def classify_lila(cm: float, months: int) -> Category | None:
    """LILA of a child of 6 to 59 completed months; at other ages it says nothing (Kemenkes 2019)."""
    if not 6 <= months <= 59:
        return None
    tenths = round(cm * 100)
    if tenths < 1150:
        return "gizi-buruk"
    return "gizi-kurang" if tenths < 1250 else "gizi-baik"
