"""The KMS as a drawing: weights of one child on WHO's curves in the card's colours. Pure: values in, SVG out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from msgspec import Struct

from domain import figures, growth
from domain.case import Sex

WIDTH, HEIGHT = 460, 380
LEFT, RIGHT, TOP, BOTTOM = 34, 50, 12, 48

# From the bottom: yellow above the red line, light green, green, light green, yellow (Buku KIA 2023, KMS).
BANDS = ((-3, -2, "#fbe58a"), (-2, -1, "#cfe8b4"), (-1, 1, "#a9d592"), (1, 2, "#cfe8b4"), (2, 3, "#fbe58a"))
LINES = (
    (-3, "#c1121f", 2.6, "BGM"), (-2, "#7d7a2a", 1.0, "-2"), (-1, "#5d7f4b", 0.8, "-1"), (0, "#2f6b2f", 1.2, "0"),
    (1, "#c46a00", 1.6, "+1"), (2, "#7d7a2a", 1.0, "+2"), (3, "#7d7a2a", 1.0, "+3"),
)  # fmt: skip


class Dot(Struct, frozen=True):
    """One weighing as it is drawn and read out."""

    day: int
    """Days since birth."""
    kg: float
    label: str
    """What a pointer over it or a screen reader says: day, weight, KMS mark."""
    falls: bool = False
    """Not gained, or below the red line."""


def weight_chart(tables: growth.Tables, sex: Sex, dots: Sequence[Dot], name: str = "") -> str:
    """The weight-for-age chart with everything that was weighed; prints in grey as well."""
    first, last = _months([dot.day for dot in dots])
    low, high = _kilograms(tables, sex, first, last, dots)
    place = _place(first, last, low, high)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(_said(dots, name), quote=True)}" font-family="system-ui, sans-serif" font-size="16">',
        f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}" fill="#fff"/>',
        *_bands(tables, sex, first, last, place),
        *_grid(first, last, low, high, place),
        *_curves(tables, sex, first, last, place),
        *_weights(dots, place),
        "</svg>",
    ]
    return "".join(parts)


Place = Callable[[float, float], tuple[float, float]]


def _months(days: Sequence[int]) -> tuple[int, int]:
    """The page of the card that holds all dots: the first two years, the next three, or both."""
    two_years = growth.days_from_months(24)
    if not days or max(days) <= two_years:
        return 0, 24
    return (24, 60) if min(days) >= two_years else (0, 60)


def _kilograms(tables: growth.Tables, sex: Sex, first: int, last: int, dots: Sequence[Dot]) -> tuple[int, int]:
    bottom = min([growth.weight_at(tables, sex, growth.days_from_months(first), -3), *(dot.kg for dot in dots)])
    top = max([growth.weight_at(tables, sex, _day(last), 3), *(dot.kg for dot in dots)])
    return max(int(bottom) - 1, 0), int(top) + 1


def _day(month: float) -> int:
    return min(growth.days_from_months(month), growth.LAST_DAY)


def _place(first: int, last: int, low: int, high: int) -> Place:
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    start, end = growth.days_from_months(first), growth.days_from_months(last)

    def place(day: float, kg: float) -> tuple[float, float]:
        return LEFT + wide * (day - start) / (end - start), TOP + tall * (high - kg) / (high - low)

    return place


def _steps(first: int, last: int) -> list[int]:
    halves = range(first * 2, last * 2 + 1)
    return [_day(half / 2) for half in halves]


def _curve(tables: growth.Tables, sex: Sex, z: int, days: Sequence[int], place: Place) -> str:
    points = (place(day, growth.weight_at(tables, sex, day, z)) for day in days)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _bands(tables: growth.Tables, sex: Sex, first: int, last: int, place: Place) -> Iterator[str]:
    days = _steps(first, last)
    for below, above, colour in BANDS:
        lower, upper = _curve(tables, sex, below, days, place), _curve(tables, sex, above, days[::-1], place)
        yield f'<polygon points="{lower} {upper}" fill="{colour}"/>'


def _curves(tables: growth.Tables, sex: Sex, first: int, last: int, place: Place) -> Iterator[str]:
    days = _steps(first, last)
    for z, colour, width, words in LINES:
        points = _curve(tables, sex, z, days, place)
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        x, y = place(days[-1], growth.weight_at(tables, sex, days[-1], z))
        yield f'<text x="{x + 5:.1f}" y="{y + 4:.1f}" fill="{colour}">{words}</text>'


def _grid(first: int, last: int, low: int, high: int, place: Place) -> Iterator[str]:
    step = 2 if last - first <= 24 else 6
    for month in range(first, last + 1, step):
        x, y = place(growth.days_from_months(month), low)
        yield f'<path d="M{x:.1f} {y:.1f}V{TOP}" stroke="#1b2a27" stroke-opacity=".14"/>'
        yield f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{month}</text>'
    kg_step = 1 if high - low <= 14 else 2
    for kg in range(low, high + 1, kg_step):
        x, y = place(growth.days_from_months(first), kg)
        yield f'<path d="M{x:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#1b2a27" stroke-opacity=".14"/>'
        yield f'<text x="{x - 6:.1f}" y="{y + 5:.1f}" text-anchor="end">{kg}</text>'
    yield f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">umur (bulan)</text>'
    yield f'<text x="{LEFT + 6}" y="{TOP + 16}">kg</text>'


def _weights(dots: Sequence[Dot], place: Place) -> Iterator[str]:
    placed = [(*place(dot.day, dot.kg), dot) for dot in dots]
    if len(placed) > 1:
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in placed)
        yield f'<polyline points="{line}" fill="none" stroke="#12312a" stroke-width="2.5"/>'
    for x, y, dot in placed:
        fill = "#c1121f" if dot.falls else "#12312a"
        title = f"<title>{escape(dot.label)}</title>"
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" stroke="#fff">{title}</circle>'


def _said(dots: Sequence[Dot], name: str) -> str:
    """What the drawing says in one sentence; the table under it says the rest."""
    whose = f" {name}" if name else ""
    if not dots:
        return f"Grafik berat menurut umur{whose}. Belum ada penimbangan."
    return f"Grafik berat menurut umur{whose}. {len(dots)} penimbangan, terakhir {figures.kg(dots[-1].kg)}."
