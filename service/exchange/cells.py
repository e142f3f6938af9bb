"""What people write into cells, read as what they meant: numbers, weights, lengths, days, NIK.

What can mean two things is not guessed: it is Unclear, and the row goes back to whoever wrote it.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache

from msgspec import Struct

from domain import figures
from service.exchange.lines import Cell


class Unclear(Exception):
    """A cell that cannot be read without guessing. The message is the Indonesian reason."""


class Quantity(Struct, frozen=True):
    """A number as it is meant, and what was done to the one in the file, if anything."""

    value: float
    note: str | None = None


def text(cell: Cell) -> str:
    """The words of a cell; empty where it holds nothing or one of the many ways of writing nothing."""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell == int(cell) and abs(cell) < 1e17 else repr(cell)
    words = cell.strip()
    if words[:1] in _APOSTROPHES:
        words = words.lstrip("'`’ ").strip()
    if not words.isprintable():
        words = "".join(c if c.isprintable() else " " for c in words)
    if "  " in words:
        words = " ".join(words.split())
    return "" if len(words) <= 9 and words.lower() in _NOTHING else words


usual = lru_cache(maxsize=4096)(text)
"""`text`, remembered: for columns in which the same few words stand again and again."""


_APOSTROPHES = ("'", "`", "’")
_NOTHING = frozenset(
    {"", "-", "--", "---", "–", "—", ".", "n/a", "na", "#n/a", "nan", "null", "none", "(null)", "tidak ada", "kosong"}
)  # fmt: skip


# Numbers


def number(cell: Cell, what: str) -> float | None:
    """A number with decimal comma or point; None where there is none."""
    found = _number(cell, what)
    return None if found is None else found[0]


def _number(cell: Cell, what: str) -> tuple[float, str] | None:
    if isinstance(cell, float):
        return (cell, "") if cell == cell and abs(cell) != float("inf") else None
    return _worded(cell, what)


@lru_cache(maxsize=8192)  # a file has a few hundred different weights and lengths, and thousands of rows
def _worded(cell: str | date, what: str) -> tuple[float, str] | None:
    words = text(cell)
    if not words:
        return None
    match = _NUMBER.fullmatch(words.replace(" ", "").lower())
    if match is None:
        raise Unclear(f"{what} tidak terbaca: {words!r}.")
    digits, unit = match[1], match[2]
    if "." in digits and "," in digits:
        thousands = "." if digits.rindex(",") > digits.rindex(".") else ","
        digits = digits.replace(thousands, "")
    return float(digits.replace(",", ".")), unit


_NUMBER = re.compile(
    r"([+-]?(?:\d+(?:[.,]\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:,\d{3})+\.\d+))(kg|gram|gr|g|cm|mm|m|)\.?"
)


def kilograms(cell: Cell, what: str = "Berat") -> Quantity | None:
    """A weight. A scale that shows grams gives four or five digits, which no child weighs in kilograms."""
    found = _number(cell, what)
    if found is None or found[0] == 0:
        return None
    value, unit = found
    if unit in ("g", "gr", "gram") or (not unit and 1_000 <= value <= 40_000):
        kg = round(value / 1_000, 3)
        return Quantity(kg, f"{what} {figures.number(value)} dibaca sebagai gram: {figures.kg(kg)}.")
    if unit not in ("", "kg"):
        raise Unclear(f"{what} memakai satuan yang bukan satuan berat: {text(cell)!r}.")
    return Quantity(round(value, 3))


def centimetres(cell: Cell, what: str = "Tinggi") -> Quantity | None:
    """A length or height of a child up to five years, also where it was written in millimetres or metres."""
    found = _number(cell, what)
    if found is None or found[0] == 0:
        return None
    value, unit = found
    if unit == "mm" or (not unit and 300 <= value <= 1_500):
        cm = round(value / 10, 2)
        return Quantity(cm, f"{what} {figures.number(value)} dibaca sebagai milimeter: {figures.cm(cm)}.")
    if unit == "m" or (not unit and 0.3 <= value < 1.5):
        cm = round(value * 100, 2)
        return Quantity(cm, f"{what} {figures.number(value)} dibaca sebagai meter: {figures.cm(cm)}.")
    if unit not in ("", "cm"):
        raise Unclear(f"{what} memakai satuan yang bukan satuan panjang: {text(cell)!r}.")
    return Quantity(round(value, 2))


def arm(cell: Cell, what: str = "LiLA") -> Quantity | None:
    """The round of an upper arm; the tape for millimetres is as common as the one for centimetres."""
    found = _number(cell, what)
    if found is None or found[0] == 0:
        return None
    value, unit = found
    if unit == "mm" or (not unit and 60 <= value <= 300):
        cm = round(value / 10, 2)
        return Quantity(cm, f"{what} {figures.number(value)} dibaca sebagai milimeter: {figures.cm(cm)}.")
    return Quantity(round(value, 2))


def birth_weight(cell: Cell) -> tuple[float | None, str | None]:
    """Kilograms, from kilograms or grams; an impossible one is left out with a note, it must not cost the weighing."""
    try:
        found = _number(cell, "BB lahir")
    except Unclear as unclear:
        return None, f"{unclear} Tidak dipakai."
    if found is None or found[0] == 0:
        return None, None
    value, unit = found
    kg = round(value / 1_000 if value >= 300 or unit in ("g", "gr", "gram") else value, 3)
    if 0.3 <= kg <= 8:
        return kg, None
    return None, f"BB lahir {figures.number(value)} tidak mungkin dan tidak dipakai."


def birth_length(cell: Cell) -> tuple[float | None, str | None]:
    """Centimetres; an impossible one is left out with a note."""
    try:
        found = centimetres(cell, "TB lahir")
    except Unclear as unclear:
        return None, f"{unclear} Tidak dipakai."
    if found is None:
        return None, None
    if 20 <= found.value <= 70:
        return found.value, found.note
    return None, f"TB lahir {figures.number(found.value)} tidak mungkin dan tidak dipakai."


# Days


def day(cell: Cell, what: str) -> date | None:
    """A day as Excel counts it, as ISO or Indonesia writes it; never month first."""
    if isinstance(cell, date):
        return cell
    if isinstance(cell, float):
        return _serial(cell, what)
    return _day(cell, what)


@lru_cache(maxsize=8192)
def _day(cell: str, what: str) -> date | None:
    words = text(cell)
    if not words:
        return None
    try:
        return _written(words, what)
    except ValueError:
        raise Unclear(f"{what} tidak ada di kalender: {words!r}.") from None


def _written(words: str, what: str) -> date:
    if match := _ISO.match(words):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _DAY_FIRST.match(words):
        return date(_year(match[3]), int(match[2]), int(match[1]))
    if match := _NAMED.match(words):
        month = _MONTHS.get(match[2][:3].lower())
        if month is not None:
            return date(_year(match[3]), month, int(match[1]))
    if _SERIAL.fullmatch(words):
        return _serial(float(words.replace(",", ".")), what)
    raise Unclear(f"{what} tidak terbaca: {words!r}. Tulis misalnya 4/3/2025.")


_AFTER = r"(?:$|[T ,]\s*\d{1,2}[:.].*$)"
"""A time of day may follow; it means nothing here."""
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _AFTER)
_DAY_FIRST = re.compile(r"(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4}|\d{2})" + _AFTER)
_NAMED = re.compile(r"(?:[^\W\d]+,?\s+)?(\d{1,2})[-/. ]*([^\W\d]{3,})[-/. ,]*(\d{4}|\d{2})" + _AFTER)
_SERIAL = re.compile(r"[2-5]\d{4}(?:[.,]\d+)?")
_MONTHS = {
    "jan": 1, "feb": 2, "peb": 2, "mar": 3, "apr": 4, "mei": 5, "may": 5, "jun": 6, "jul": 7, "agu": 8, "agt": 8,
    "ags": 8, "aug": 8, "sep": 9, "okt": 10, "oct": 10, "nov": 11, "nop": 11, "des": 12, "dec": 12,
}  # fmt: skip


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _serial(count: float, what: str) -> date:
    """Days since 30 December 1899, which is what Excel's count comes to for every day after February 1900."""
    if not 20_000 <= count < 60_000:
        raise Unclear(f"{what} tidak terbaca: {figures.number(count)}. Tulis misalnya 4/3/2025.")
    return date(1899, 12, 30) + timedelta(days=int(count))


# NIK


class Nik(Struct, frozen=True):
    """A NIK as the file has it. Only a sure one says who somebody is."""

    digits: str
    sure: bool


def nik(cell: Cell) -> Nik | None:
    """A spreadsheet keeps fifteen digits, so the last digit of a NIK from a number cell is invented: it is not sure."""
    if isinstance(cell, float):
        return Nik(f"{cell:.0f}", sure=False) if cell > 0 else None
    words = text(cell).replace(" ", "").replace(".", "")
    if not words or not words.strip("0"):
        return None
    return Nik(words, sure=_plausible(words))


def _plausible(digits: str) -> bool:
    """Sixteen digits, a province, a birthday (women: day + 40), a serial."""
    if len(digits) != 16 or not digits.isascii() or not digits.isdecimal():
        return False
    day, month = int(digits[6:8]) % 40, int(digits[8:10])
    return 11 <= int(digits[:2]) <= 96 and 1 <= day <= 31 and 1 <= month <= 12 and digits[12:] != "0000"


def of_a_woman(digits: str) -> bool:
    return int(digits[6:8]) > 40
