"""What stands on the paper of an evidence pack: what it is about, its events in order, the checkpoint, how to check."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timezone

from msgspec import Struct

from domain import figures
from service.choosing import Chosen
from service.notes import Checkpoint, VerifierKey

LINES_ON_PAPER = 2_000
"""Events printed; more would be a book that nobody reads. All of them stand in bukti.json."""


class Line(Struct, frozen=True):
    """One event as it is read on paper."""

    position: int
    on: str
    heard: str
    who: str
    says: str


class Sheet(Struct, frozen=True):
    """The pages of a pack."""

    title: str
    about: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    left_out: str
    """How many more stand in bukti.json alone; empty where none does."""
    proof: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    foot: str


def sheet(
    chosen: Chosen, lines: Sequence[Line], point: Checkpoint, key: VerifierKey | None, clock: timezone, reader: str
) -> Sheet:
    """The pages, as they are printed."""
    more = len(chosen.positions) - len(lines)
    return Sheet(
        title=chosen.title,
        about=_about(chosen, point),
        figures=chosen.figures,
        lines=tuple(lines),
        left_out=f"{more} kejadian lagi ada di bukti.json." if more else "",
        proof=(
            ("Buku", point.origin),
            ("Panjang buku", f"{point.size} catatan"),
            ("Akar", base64.b64encode(point.root).decode()),
            ("Ditandatangani", clock_time(point.at, clock)),
            ("Kunci", str(key) if key is not None else "tidak ada di sini; pakai kunci yang Anda catat sendiri"),
        ),
        steps=_STEPS,
        foot=f"Paket bukti {reader}. Nama dan catatan bebas tetap terkunci. {point.origin}, {point.size} catatan.",
    )


_STEPS = (
    "Simpan paket zip ini apa adanya, dan titik.txt di tempat yang hanya Anda pegang.",
    "Di komputer Anda, dengan Python 3.9 atau lebih baru: python -m pip install cryptography",
    "Jalankan: python periksa.py PAKET.zip --kunci KUNCI --titik FOLDER-TITIK-ANDA",
    "Pakai periksa.py dan kunci dari kunjungan pertama, bukan yang ada di paket ini, bila Anda sudah punya.",
    "Kertas ini hanya untuk dibaca. Yang membuktikan ialah bukti.json bersama titik yang ditandatangani.",
)


def _about(chosen: Chosen, point: Checkpoint) -> tuple[tuple[str, str], ...]:
    told = tuple((_NAMES[name], value) for name, value in chosen.about.items() if name in _NAMES)
    withheld = ((("Ditahan", f"{len(chosen.secret)} kejadian"),) if chosen.secret else ())  # fmt: skip
    editions = ", ".join(sorted(chosen.editions)) or "-"
    return (
        *told,
        ("Kejadian", f"{len(chosen.positions)} dari {point.size} catatan di buku"),
        *withheld,
        ("Edisi juknis", editions),
    )


_NAMES = {
    "case": "Nomor kasus", "cycle": "Siklus PMT", "desa": "Kode desa", "unit": "Kode unit",
    "request": "Nomor permintaan", "letter": "Surat tugas", "first": "Dari", "last": "Sampai",
}  # fmt: skip


def clock_time(at: datetime, clock: timezone) -> str:
    """A moment by the clock of the place: "4 Maret 2025 09.30"."""
    there = at.astimezone(clock)
    return f"{figures.day(there.date())} {there:%H.%M}"
