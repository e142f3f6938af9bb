"""How pages say things: days left, ages, places and names, in the words a kader uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from domain import figures
from domain.case import PERSONS, Role
from domain.labels import DESKS, ROLES


def due(deadline: datetime, now: datetime, clock: tzinfo) -> str:
    """ "terlambat 3 hari", "hari ini", "besok", "5 hari lagi": counted in days of the place, as people count."""
    days = (deadline.astimezone(clock).date() - now.astimezone(clock).date()).days
    if deadline < now:
        return "terlambat hari ini" if days == 0 else f"terlambat {-days} hari"
    return {0: "paling lambat hari ini", 1: "paling lambat besok"}.get(days, f"{days} hari lagi")


def opens(moment: datetime, clock: tzinfo) -> str:
    """When a coming task begins."""
    return f"mulai {figures.day(moment.astimezone(clock).date())}"


def age(kind: str, born: date | None, today: date) -> str:
    """A child's age; a mother's where it is known when she was born; of a family that it is one, of a unit nothing."""
    if born is None or kind not in PERSONS:
        return {"child": "umur belum diketahui", "pregnancy": "ibu hamil", "family": "keluarga"}.get(kind, "")
    if kind == "pregnancy":
        return f"ibu hamil, {figures.months_between(born, today) // 12} tahun"
    return figures.age(born, today)


def heard(moment: datetime, on: date, clock: tzinfo) -> str:
    """When it was recorded, said fully only where that was on another day."""
    local = moment.astimezone(clock)
    at = f"pukul {local:%H.%M}"
    return at if local.date() == on else f"{figures.day(local.date())} {at}"


def desk(role: Role) -> str:
    return DESKS[role]


def post(role: Role) -> str:
    return ROLES[role].capitalize()


def day(on: date | str) -> str:
    return figures.day(date.fromisoformat(on) if isinstance(on, str) else on)


FILTERS: Mapping[str, Callable[..., Any]] = {"meja": desk, "jabatan": post, "tanggal": day}

# What a task's button says, by the form that does it.
BUTTONS: Mapping[str, str] = {
    "child.measure": "Timbang",
    "child.register": "Daftarkan",
    "pregnancy.register": "Daftarkan",
    "child.verify-measurement": "Periksa ulang",
    "child.confirm-status": "Pastikan status",
    "care.visit-home": "Catat kunjungan",
    "care.assess": "Periksa",
    "pregnancy.record-postnatal-visit": "Catat kunjungan",
    "child.record-neonatal-visit": "Catat kunjungan",
    "child.record-newborn-care": "Catat perawatan",
    "referral.create": "Rujuk",
}

NEWS: Mapping[str, str] = {
    "tercatat": "Sudah tercatat.",
    "pindah": "Sudah tercatat. Kasus ini sekarang milik posyandu lain.",
    "sudah": "Kiriman ini sudah tercatat sebelumnya; tidak dicatat dua kali.",
    "sandi": "Kata sandi sudah diganti.",
    "sesi": "Semua yang diisi sudah tercatat.",
    "gagal": "Belum tercatat. Coba lagi.",
}
"""What a page may say after a redirect; the address carries only the word."""
