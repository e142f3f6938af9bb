"""Numbers, weights, lengths, days and ages as Indonesian writes them: decimal comma, names of months."""

from __future__ import annotations

from datetime import date

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
    "Desember",
)  # fmt: skip
WEEKDAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")


def number(value: float, places: int | None = None) -> str:
    """7.1 as "7,1" and 7100.0 as "7100"; with `places` exactly so many digits after the comma."""
    text = f"{value:.3f}".rstrip("0").rstrip(".") if places is None else f"{value:.{places}f}"
    return "0" if text == "-0" else text.replace(".", ",")


def kg(value: float) -> str:
    """A weight with at least one decimal, and a second where the scale gave it: "7,1 kg", "3,25 kg"."""
    tenths = abs(value * 10 - round(value * 10)) < 1e-6
    return f"{number(value, 1 if tenths else 2)} kg"


def cm(value: float) -> str:
    """A length to the millimetre: "66,0 cm"."""
    return f"{number(value, 1)} cm"


def z(value: float) -> str:
    """A z-score as the classes compare it, two decimals: "-2,05"."""
    return number(value, 2)


def day(on: date) -> str:
    """ "4 Maret 2025"."""
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def weekday(on: date) -> str:
    """ "Selasa, 4 Maret 2025"."""
    return f"{WEEKDAYS[on.weekday()]}, {day(on)}"


def month(on: date) -> str:
    """ "Maret 2025"."""
    return f"{MONTHS[on.month - 1]} {on.year}"


def months_between(born: date, on: date) -> int:
    """Completed calendar months, as KMS and e-PPGBM count; a 31st is complete on the last day of a shorter month."""
    months = (on.year - born.year) * 12 + on.month - born.month
    if on.day >= born.day or (on.day < born.day and _last_of_month(on)):
        return months
    return months - 1


def _last_of_month(on: date) -> bool:
    return date.fromordinal(on.toordinal() + 1).day == 1


def age(born: date, on: date) -> str:
    """ "12 hari", "9 bulan" or "2 tahun 3 bulan"; days only for the youngest, as one speaks of them."""
    if on < born:
        return "belum lahir"
    months = months_between(born, on)
    if months < 1:
        return f"{(on - born).days} hari"
    if months < 24:
        return f"{months} bulan"
    years, rest = divmod(months, 12)
    return f"{years} tahun {rest} bulan" if rest else f"{years} tahun"
