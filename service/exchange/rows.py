"""What a row of another system's file says, whatever the file: one child, measured on one day, somewhere."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from domain.case import Personal, Sex
from service.exchange.lines import Cell, Line


class Whereabouts(Struct, frozen=True):
    """Where a child is weighed, in the words of the file; empty where it says nothing."""

    kabupaten: str = ""
    kecamatan: str = ""
    puskesmas: str = ""
    desa: str = ""
    posyandu: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """A row that was understood."""

    line: Line
    place: Whereabouts | str
    """What the file calls the place, or the code of the posyandu."""
    personal: Personal
    nik: str | None = None
    """Only where it is sure enough to say who the child is."""
    nik_doubtful: bool = False
    """The file has one that is masked, rounded or wrong."""
    mother_nik: str | None = None
    born: date
    sex: Sex
    birth_kg: float | None = None
    birth_cm: float | None = None
    weeks: int | None = None
    on: date
    kg: float | None = None
    cm: float | None = None
    lying: bool | None = None
    lila: float | None = None
    reported: dict[str, float] | None = None
    notes: tuple[str, ...] = ()
    """What was read differently from how it was written, in Indonesian."""


class Unread(Struct, frozen=True):
    """A row that was not understood, or is not about a balita (OUTSIDE)."""

    line: Line
    reason: str

    @property
    def outside(self) -> bool:
        """Nothing is wrong with it."""
        return self.reason == OUTSIDE


OUTSIDE = "Di luar usia balita: anak sudah berumur 5 tahun pada hari pengukuran."
BALITA_DAYS = 1827
"""The first day of life that is not a balita's any more, as WHO's standards count."""


What = Literal["new", "measured", "already", "rejected", "outside"]


class Outcome(Struct, frozen=True):
    """What became of one row. `says` is the reason, in Indonesian, where it was not taken."""

    line: Line
    what: What
    says: str = ""
    notes: tuple[str, ...] = ()


class Stated(Struct, frozen=True):
    """What the file says of itself above its columns: `data tanggal : 2025-08-31`."""

    on: date


class Titles(Struct, frozen=True):
    """The row with the names of the columns."""

    line: Line

    @property
    def cells(self) -> tuple[Cell, ...]:
        return self.line.cells


Found = Row | Unread | Titles | Stated
"""What the reader of a file comes upon."""


class FileError(Exception):
    """A table that is not what it was said to be. The message is Indonesian."""
