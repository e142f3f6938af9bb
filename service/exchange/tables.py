"""Tables as other systems hand them over: xlsx, old xls, HTML that is called xls, csv.

What a file is, its content says, not its name. Rows come one at a time, so a file of any length takes the same memory;
only the old xls format, which ends at 65,536 rows, is read whole. Limits hold before anything is unpacked.
"""

from __future__ import annotations

import codecs
import csv
import html
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO

import python_calamine

from service.exchange.lines import LIMITS, Cell, Limits, Line, Table, TableError, megabytes
from service.exchange.xlsx import open_xlsx


def open_table(path: Path, limits: Limits = LIMITS) -> Table:
    """The rows of a file, to be gone through once. Raises TableError at once or on the way."""
    size = path.stat().st_size
    if size == 0:
        raise TableError("Berkas kosong.")
    if size > limits.file_bytes:
        raise TableError(f"Berkas terlalu besar: {megabytes(size)}; paling besar {megabytes(limits.file_bytes)}.")
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK\x03\x04"):
        return open_xlsx(path, size, limits)
    if head.startswith(_OLE):
        return _xls(path, size, limits)
    if head.startswith(_OTHER):
        raise TableError("Berkas ini bukan tabel. Yang dapat dibaca: xlsx, xls, csv, atau tabel HTML.")
    if _looks_like_html(head):
        return _html(path, size, limits)
    return _csv(path, size, limits)


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")


_HTML = (b"<html", b"<table", b"<!doctype html", b"<meta", b"<style", b"<div", b"<body", b"<center")


def _looks_like_html(head: bytes) -> bool:
    text = head.replace(b"\0", b"").lstrip(codecs.BOM_UTF8 + b"\xff\xfe \t\r\n").lower()
    return text.startswith(b"<") and any(tag in text for tag in _HTML)


# xls as Excel 97 wrote it


def _xls(path: Path, size: int, limits: Limits) -> Table:
    if size > limits.xls_bytes:
        raise TableError(f"Berkas xls terlalu besar: {megabytes(size)}. Simpan sebagai xlsx atau csv.")
    try:
        with path.open("rb") as file:  # given a name, the library would believe its ending
            book = python_calamine.load_workbook(file)
    except python_calamine.PasswordError as locked:
        raise TableError("Berkas xls dilindungi kata sandi. Simpan ulang tanpa kata sandi.") from locked
    except python_calamine.CalamineError as broken:
        raise TableError("Berkas xls rusak atau bukan buku kerja Excel.") from broken
    at = [0]

    def lines() -> Iterator[Line]:
        names = book.sheet_names
        for sheet, name in enumerate(names, start=1):
            try:
                rows = book.get_sheet_by_name(name)
            except python_calamine.CalamineError as broken:
                raise TableError("Berkas xls rusak atau bukan buku kerja Excel.") from broken
            first = rows.start[0] if rows.start else 0
            for number, row in enumerate(rows.to_python(skip_empty_area=False)[first:], start=first + 1):
                yield Line(number, tuple(_read_by_library(cell) for cell in row[: limits.columns]), sheet)
            at[0] = size * sheet // len(names)

    return Table("xls", size, lines(), lambda: at[0])


def _read_by_library(cell: object) -> Cell:
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, int | float):
        return float(cell)
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, str | date) else str(cell)


# Text


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is; else what Windows wrote before. A mark at the beginning decides at once."""
    with path.open("rb") as file:
        head = file.read(4)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if head.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            chunk = head
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(1024 * 1024)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _text(path: Path) -> tuple[IO[str], Callable[[], int]]:
    raw = path.open("rb", buffering=0)
    counted = _Counted(raw)
    text = io.TextIOWrapper(io.BufferedReader(counted, 65_536), _encoding(path), errors="replace", newline="")
    return text, lambda: counted.count


class _Counted(io.RawIOBase):
    """A file that knows how much of it was read."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        got = self._file.readinto(buffer)
        self.count += got or 0
        return got or 0

    def close(self) -> None:
        self._file.close()
        super().close()


# csv


def _csv(path: Path, size: int, limits: Limits) -> Table:
    delimiter = _delimiter(path)
    file, count = _text(path)

    def lines() -> Iterator[Line]:
        with file:
            reader = csv.reader(file, delimiter=delimiter)
            number = 1
            try:
                for row in reader:
                    yield Line(number, tuple(row[: limits.columns]))
                    number = reader.line_num + 1
            except csv.Error as broken:
                raise TableError(f"Berkas csv tidak terbaca: tanda kutip di baris {number} tidak ditutup.") from broken

    return Table("csv", size, lines(), count)


def _delimiter(path: Path) -> str:
    """The one that cuts a line near the top into the most cells: Indonesian Excel writes `;` beside decimal commas."""
    file, _ = _text(path)
    with file:
        top = file.read(65_536).splitlines()[:60]

    def most(delimiter: str) -> int:
        try:
            return max((len(row) for row in csv.reader(top, delimiter=delimiter)), default=0)
        except csv.Error:
            return 0

    return max(";\t,|", key=most)


# HTML


def _html(path: Path, size: int, limits: Limits) -> Table:
    file, count = _text(path)

    def lines() -> Iterator[Line]:
        page = _Page(limits)
        with file:
            while text := file.read(65_536):
                yield from page.feed(text)
            yield from page.end()

    return Table("html", size, lines(), count)


_TAG = re.compile(r"<(/?)([a-zA-Z]+)([^<>]*)>")
_UNFINISHED = 1024 * 1024
"""Characters of a tag or remark that does not end; each piece that is read looks at them again."""


class _Page:
    """The rows of all tables of a page, one after the other; a cell over several columns leaves the others empty.

    Only the tags of tables mean something here. The standard library's parser sees to all of HTML and takes three times
    as long, which in a file of a whole kabupaten is minutes.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rest = ""
        self._row: list[Cell] | None = None
        self._cell: list[str] | None = None
        self._length = 0
        self._span = 1
        self._number = 0
        self._ready: list[Line] = []

    def feed(self, text: str) -> list[Line]:
        """The rows that are complete with this piece of the page."""
        text = self._without_remarks(self._rest + text)
        done = 0
        for tag in _TAG.finditer(text):
            if self._cell is not None:
                self._said(text[done : tag.start()])
            done = tag.end()
            self._tag(tag[2].lower(), tag[1] == "/", tag[3])
        self._rest = text[done:] + self._rest
        return self._taken()

    def end(self) -> list[Line]:
        if self._cell is not None:
            self._said(self._rest)
        self._finish_row()
        return self._taken()

    def _without_remarks(self, text: str) -> str:
        """The text up to a remark that does not end here; what follows is kept for the next piece."""
        self._rest = ""
        kept: list[str] = []
        done = 0
        while (start := text.find("<!--", done)) >= 0:
            kept.append(text[done:start])
            end = text.find("-->", start + 4)
            if end < 0:
                self._rest, done = text[start:], len(text)
                break
            done = end + 3
        kept.append(text[done:])
        if len(self._rest) > _UNFINISHED or len(kept[-1]) > 2 * _UNFINISHED:
            raise TableError("Berkas HTML rusak: ada tag yang tidak ditutup.")
        return "".join(kept)

    def _tag(self, name: str, closes: bool, attributes: str) -> None:
        if name in ("td", "th"):
            self._finish_cell()
            if not closes:
                self._cell, self._length = [], 0
                self._span = _span(attributes) if attributes else 1
        elif name in ("tr", "table"):
            self._finish_row()
            self._row = [] if name == "tr" and not closes else None
        elif name == "br" and self._cell is not None:
            self._cell.append(" ")

    def _said(self, text: str) -> None:
        assert self._cell is not None
        self._length += len(text)
        if self._length > self._limits.cell_characters:
            raise TableError(f"Sel terlalu panjang di baris {self._number + 1}.")
        self._cell.append(text)

    def _finish_cell(self) -> None:
        if self._cell is None:
            return
        if self._row is None:
            self._row = []
        room = self._limits.columns - len(self._row)
        if room > 0:
            text = "".join(self._cell)
            if "&" in text:
                text = html.unescape(text)
            self._row.append(" ".join(text.split()))
            if self._span > 1:
                self._row.extend([""] * (min(self._span, room) - 1))
        self._cell = None

    def _finish_row(self) -> None:
        self._finish_cell()
        if self._row is not None:
            self._number += 1
            self._ready.append(Line(self._number, tuple(self._row)))
            self._row = None

    def _taken(self) -> list[Line]:
        ready, self._ready = self._ready, []
        return ready


_COLSPAN = re.compile(r"colspan\s*=\s*[\"']?([1-9]\d{0,2})\b", re.IGNORECASE)


def _span(attributes: str) -> int:
    match = _COLSPAN.search(attributes)
    return 1 if match is None else int(match[1])
