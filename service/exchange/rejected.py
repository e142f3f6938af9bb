"""The rows that were not taken, in a file that can be mended and imported again."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import IO, Any

from service.exchange.lines import Cell, Line
from service.exchange.rows import FileError


class Aside:
    """A csv file with `;` that comes into being with its first row; it holds names, so only its owner may read it."""

    def __init__(self, path: Path, extra: str) -> None:
        self.path = path
        self.count = 0
        self._extra = extra
        self._titles: tuple[Cell, ...] = ()
        self._file: IO[str] | None = None
        self._rows: Any = None

    def titles(self, cells: Sequence[Cell]) -> None:
        """The names of the columns to come; what the file itself had under our name is not repeated."""
        if not self._titles:
            self._titles = tuple(cells)

    def put(self, line: Line, says: str) -> None:
        """A row with all its cells, and why it is here."""
        self.line(line.cells, says)

    def line(self, told: Sequence[Cell], says: str) -> None:
        if self._rows is None:
            self._open()
        width = len(self._titles)
        cells = [*told[:width], *[""] * (width - len(told))]
        self._rows.writerow([*(harmless(written(cell)) for cell in cells), harmless(says)])
        self.count += 1

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _open(self) -> None:
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise FileError(f"Berkas {self.path} sudah ada dan tidak akan ditimpa.") from None
        except OSError as problem:
            raise FileError(f"Berkas {self.path} tidak dapat dibuat: {problem.strerror}.") from None
        # The mark at the beginning tells Excel that it is UTF-8.
        self._file = os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._file, delimiter=";")
        self._rows.writerow([*(harmless(written(cell)) for cell in self._titles), self._extra])


def beside(source: Path, word: str) -> Path:
    """A name next to the source that nothing has yet: an earlier file may be under repair."""
    path = source.with_name(f"{source.stem}.{word}.csv")
    number = 2
    while path.exists():
        path = source.with_name(f"{source.stem}.{word}-{number}.csv")
        number += 1
    return path


def written(cell: Cell) -> str:
    """A cell as text that is read back as what it was. A NIK from a number cell stays recognisably not sure."""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        if abs(cell) >= 1e15:
            return f"{cell:.14E}".replace(".", ",")
        return f"{cell:.0f}" if cell == int(cell) else repr(cell).replace(".", ",")
    return cell


def harmless(words: str) -> str:
    """Text that a spreadsheet will not run as a formula; negative numbers stay numbers."""
    if words[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and not _NUMBER.fullmatch(words) and words != "-":
        return "'" + words
    return words


_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
