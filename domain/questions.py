"""What is asked about a pattern that the system found: a question with its numbers, in which nobody is named."""

from __future__ import annotations

from datetime import date

from domain import figures
from domain.oversight import Counted, Doubt, IntegrityFlagRaised


def question(flag: IntegrityFlagRaised) -> str | None:
    """The question; None where a person raised it, who has told those who answer what it is about."""
    if flag.found is None:
        return None
    asked = _asked(flag.pattern, flag.found)
    return None if asked is None else f"Mohon dijelaskan: {asked}"


def _asked(pattern: Doubt, found: Counted) -> str | None:
    match pattern:
        case "berat-bulat" | "tinggi-bulat":
            return _round(pattern, found)
        case "angka-sama":
            return f"{_part(found)} anak yang ditimbang {_days(found)} beratnya sama{_kg(found)}."
        case "angka-tetap":
            times = f"{found.within} kali" if found.within else "beberapa kali"
            return f"berat dan tinggi {found.count} anak sama persis {times} berturut-turut, {_days(found)}."
        case "dicatat-malam":
            hours = f" pukul {found.hours[0]} sampai {found.hours[-1]}" if found.hours else ""
            return f"{found.count} catatan tentang hari lain diisi pada malam{hours}, {_days(found)}."
        case "satu-detik":
            return f"{found.count} catatan untuk hari yang berbeda-beda diisi dalam satu detik, {_days(found)}."
        case "banyak-terlambat":
            return f"{_part(found)} catatan {_month(found)} diisi lebih dari {found.within or 7} hari sesudah harinya."
        case "pmt-untuk-yang-pindah":
            return f"PMT tercatat diberikan {found.count} hari sesudah keluarganya pindah, {_days(found)}."
        case "pmt-untuk-yang-meninggal":
            return f"PMT tercatat diberikan {found.count} hari sesudah penerimanya meninggal, {_days(found)}."
        case "dua-pmt":
            return f"dua kasus dengan NIK yang sama mendapat PMT pada {found.count} hari yang sama, {_days(found)}."
        case "dicocokkan-sendiri":
            return f"{found.count} pencocokan berasal dari akun yang juga mencatat pemberiannya, {_days(found)}."
    return None


def _round(pattern: Doubt, found: Counted) -> str:
    what = "berat badan" if pattern == "berat-bulat" else "panjang atau tinggi badan"
    says = f"{_part(found)} {what} yang dicatat {_month(found)} berakhir ,0 atau ,5"
    if found.usual is not None and found.of is not None:
        says += f"; biasanya sekitar {found.usual} dari {found.of}"
    step = "0,5 kg" if pattern == "berat-bulat" else "0,5 cm"
    return f"{says}. Apakah alatnya hanya menunjukkan langkah {step}?" if found.count == found.of else f"{says}."


def _part(found: Counted) -> str:
    return f"{found.count}" if found.of is None else f"{found.count} dari {found.of}"


def _kg(found: Counted) -> str:
    return "" if found.kg is None else f", {figures.kg(found.kg)}"


def _month(found: Counted) -> str:
    return "sebulan itu" if found.last is None else f"pada {figures.month(found.last)}"


def _days(found: Counted) -> str:
    return between(found.first, found.last)


def between(first: date | None, last: date | None) -> str:
    """ "4 Maret 2025", or "4 Maret 2025 sampai 8 Maret 2025"."""
    if first is None or last is None:
        return "harinya tidak diketahui"
    return figures.day(first) if first == last else f"{figures.day(first)} sampai {figures.day(last)}"
