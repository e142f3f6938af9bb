"""What every table is to its reader: lines of cells, some limits, and a way to say that it is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from msgspec import Struct

Cell = str | float | date
"""What stands in a cell; the empty text where nothing does."""


class Line(Struct, frozen=True):
    """One row of a table, with the number by which a person finds it again in that sheet."""

    number: int
    cells: tuple[Cell, ...]
    sheet: int = 1


class Limits(Struct, frozen=True):
    """What is too much to be a table somebody filled in."""

    file_bytes: int = 256 * 1024 * 1024
    unpacked_bytes: int = 2 * 1024 * 1024 * 1024
    strings_bytes: int = 256 * 1024 * 1024
    """The list of texts of an xlsx, which has to be kept at hand while its rows are read."""
    xls_bytes: int = 64 * 1024 * 1024
    cell_characters: int = 32_767
    columns: int = 256


LIMITS = Limits()


class TableError(Exception):
    """A file that is no table, or too large for one. The message is Indonesian, for the person who chose the file."""


class Table(Struct, frozen=True):
    """The rows of a file, and what kind of file it is; `bytes_read` says how far we are, for a progress bar."""

    kind: str
    size: int
    lines: Iterator[Line]
    bytes_read: Callable[[], int]


def megabytes(size: int) -> str:
    return f"{max(1, round(size / 1024 / 1024))} MB"
