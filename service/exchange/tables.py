"""Tables as other systems hand them over: xlsx, old xls, HTML that is called xls, csv.

What a file is, its content says, not its name. Rows come one at a time, so a file of any length takes the same memory;
only the old xls format, which ends at 65,536 rows, is read whole. Limits hold before anything is unpacked.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import IO
from xml.parsers import expat

import python_calamine
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


def open_table(path: Path, limits: Limits = LIMITS) -> Table:
    """The rows of a file, to be gone through once. Raises TableError at once or on the way."""
    size = path.stat().st_size
    if size == 0:
        raise TableError("Berkas kosong.")
    if size > limits.file_bytes:
        raise TableError(f"Berkas terlalu besar: {_mb(size)}; paling besar {_mb(limits.file_bytes)}.")
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK\x03\x04"):
        return _xlsx(path, size, limits)
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


def _mb(size: int) -> str:
    return f"{max(1, round(size / 1024 / 1024))} MB"


# xlsx


def _xlsx(path: Path, size: int, limits: Limits) -> Table:
    """Read as a stream by us: the library that reads xls would hold 3.5 kB a row, and unpack before it looks."""
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as broken:
        raise TableError("Berkas xlsx rusak atau tidak selesai diunduh.") from broken
    unpacked = sum(m.file_size for m in members)
    if len(members) > 2_000 or unpacked > limits.unpacked_bytes:
        raise TableError(f"Isi berkas xlsx terlalu besar setelah dibuka: {_mb(unpacked)}.")
    names = {m.filename: m for m in members}
    if "xl/workbook.xml" not in names:
        raise TableError("Berkas zip ini bukan buku kerja Excel (xlsx).")
    if any(m.flag_bits & 0x1 for m in members):
        raise TableError("Berkas xlsx dilindungi kata sandi. Simpan ulang tanpa kata sandi.")
    sheets = _sheets(archive, names, limits)
    whole = sum(names[s].file_size for s in sheets)
    parsed = [0]

    def lines() -> Iterator[Line]:
        with archive:
            strings = _strings(archive, names, limits)
            for number, sheet in enumerate(sheets, start=1):
                yield from _Sheet(strings, limits, number).lines(archive, sheet, parsed)

    return Table("xlsx", size, lines(), lambda: size * parsed[0] // max(1, whole))


def _sheets(archive: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], limits: Limits) -> list[str]:
    """The files of the visible worksheets, in the order of their tabs."""
    targets: dict[str, str] = {}
    listed: list[str] = []

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet" and attributes.get("state", "visible") == "visible":
            listed.append(next((v for k, v in attributes.items() if k == "id" or k.endswith(":id")), ""))
        elif tag == "workbookPr" and attributes.get("date1904", "0") in ("1", "true"):
            raise TableError("Berkas memakai sistem tanggal 1904. Salin isinya ke buku kerja baru, lalu simpan.")

    if "xl/_rels/workbook.xml.rels" in names:
        _walk(archive, "xl/_rels/workbook.xml.rels", relation, limits)
    _walk(archive, "xl/workbook.xml", sheet, limits)
    found = [_member(targets.get(number, "")) for number in listed]
    found = [f for f in found if f in names]
    if not found:
        found = sorted(n for n in names if n.startswith("xl/worksheets/") and n.endswith(".xml"))
    return found


def _member(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _walk(archive: zipfile.ZipFile, name: str, start: Callable[[str, dict[str, str]], None], limits: Limits) -> None:
    parser = _parser()
    parser.StartElementHandler = lambda tag, attributes: start(_plain(tag), attributes)
    _feed(parser, archive, name, min(limits.strings_bytes, 16 * 1024 * 1024), lambda: None)


def _parser() -> expat.XMLParserType:
    """An XML parser for which a file cannot declare entities: no office program needs them, and a bomb does."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 16_384

    def refuse(*_: object) -> None:
        raise TableError("Berkas xlsx memuat deklarasi XML yang tidak diperbolehkan.")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _feed(
    parser: expat.XMLParserType, archive: zipfile.ZipFile, name: str, most: int, after: Callable[[], None]
) -> None:
    for chunk in _chunks(archive, name, most):
        _parse(parser, chunk)
        after()
    _parse(parser, b"", last=True)
    after()


def _chunks(archive: zipfile.ZipFile, name: str, most: int) -> Iterator[bytes]:
    """The unpacked bytes. What the archive says of its sizes was read before; here is counted what comes."""
    total = 0
    try:
        with archive.open(name) as file:
            while chunk := file.read(65_536):
                total += len(chunk)
                if total > most:
                    raise TableError(f"Isi berkas xlsx terlalu besar setelah dibuka: lebih dari {_mb(most)}.")
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as broken:
        raise TableError("Berkas xlsx rusak atau tidak selesai diunduh.") from broken


def _parse(parser: expat.XMLParserType, chunk: bytes, last: bool = False) -> None:
    try:
        parser.Parse(chunk, last)
    except expat.ExpatError as broken:
        raise TableError(f"Berkas xlsx rusak: {broken}.") from broken


def _plain(tag: str) -> str:
    """A tag without its prefix; LibreOffice and some exporters write `x:row`."""
    return tag.rpartition(":")[2] if ":" in tag else tag


def _strings(archive: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], limits: Limits) -> list[str]:
    """The texts that cells name by their number; without the reading aids of Asian scripts."""
    if "xl/sharedStrings.xml" not in names:
        return []
    texts: list[str] = []
    piece: list[str] = []
    inside = [False]

    def start(tag: str, _: dict[str, str]) -> None:
        tag = _plain(tag)
        if tag == "si":
            piece.clear()
        elif tag == "t":
            inside[0] = True
        elif tag == "rPh":
            inside[0] = False

    def end(tag: str) -> None:
        tag = _plain(tag)
        if tag == "t":
            inside[0] = False
        elif tag == "si":
            texts.append("".join(piece))

    def said(text: str) -> None:
        if inside[0]:
            piece.append(text)

    parser = _parser()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = said
    _feed(parser, archive, "xl/sharedStrings.xml", limits.strings_bytes, lambda: None)
    return texts


class _Sheet:
    """One worksheet of an xlsx as it is being read."""

    def __init__(self, strings: list[str], limits: Limits, sheet: int) -> None:
        self._strings = strings
        self._limits = limits
        self._sheet = sheet
        self._ready: list[Line] = []
        self._row: list[Cell] = []
        self._number = 0
        self._column = 0
        self._kind: str | None = None
        self._text: list[str] = []
        self._length = 0
        self._reads = False

    def lines(self, archive: zipfile.ZipFile, name: str, parsed: list[int]) -> Iterator[Line]:
        parser = _parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._said
        for chunk in _chunks(archive, name, self._limits.unpacked_bytes):
            _parse(parser, chunk)
            parsed[0] += len(chunk)
            yield from self._ready
            self._ready.clear()
        _parse(parser, b"", last=True)
        yield from self._ready

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if ":" in tag:
            tag = _plain(tag)
        if tag == "c":
            self._kind = attributes.get("t")
            place = attributes.get("r")
            self._column = len(self._row) if place is None else _column(place)
            self._text.clear()
            self._length = 0
        elif tag == "v" or tag == "t":
            self._reads = True
        elif tag == "row":
            number = attributes.get("r", "")
            self._number = int(number) if number.isdecimal() and len(number) < 9 else self._number + 1
            self._row = []

    def _end(self, tag: str) -> None:
        if ":" in tag:
            tag = _plain(tag)
        if tag == "v" or tag == "t":
            self._reads = False
        elif tag == "c":
            self._put("".join(self._text))
        elif tag == "row":
            self._ready.append(Line(self._number, tuple(self._row), self._sheet))

    def _said(self, text: str) -> None:
        if not self._reads:
            return
        self._length += len(text)
        if self._length > self._limits.cell_characters:
            raise TableError(f"Sel terlalu panjang di baris {self._number}.")
        self._text.append(text)

    def _put(self, text: str) -> None:
        if self._column >= self._limits.columns or text == "":
            return
        while len(self._row) < self._column:
            self._row.append("")
        self._row.append(self._value(text))

    def _value(self, text: str) -> Cell:
        if self._kind is None or self._kind == "n":
            try:
                return float(text)
            except ValueError:
                return text
        if self._kind == "s":
            index = int(text) if text.isdecimal() else len(self._strings)
            return self._strings[index] if index < len(self._strings) else ""
        return "" if self._kind == "e" else text


def _column(place: str) -> int:
    """ "C7" is column 2, counted from 0."""
    return _COLUMNS.get(place.rstrip("0123456789"), 1_000_000)


def _letters(column: int) -> str:
    return chr(65 + column) if column < 26 else _letters(column // 26 - 1) + chr(65 + column % 26)


_COLUMNS = {_letters(column): column for column in range(1_024)}


# xls as Excel 97 wrote it


def _xls(path: Path, size: int, limits: Limits) -> Table:
    if size > limits.xls_bytes:
        raise TableError(f"Berkas xls terlalu besar: {_mb(size)}. Simpan sebagai xlsx atau csv.")
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
                page.feed(text)
                if len(page.rawdata) > _UNFINISHED:
                    raise TableError("Berkas HTML rusak: ada tag yang tidak ditutup.")
                yield from page.taken()
            page.close()
            yield from page.taken()

    return Table("html", size, lines(), count)


_UNFINISHED = 1024 * 1024
"""Characters of a tag or remark without its end; the parser begins it anew with every piece that is read."""


class _Page(HTMLParser):
    """The rows of all tables of a page, one after the other; a cell over several columns leaves the others empty."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(convert_charrefs=True)
        self._limits = limits
        self._ready: list[Line] = []
        self._row: list[Cell] | None = None
        self._cell: list[str] | None = None
        self._span = 1
        self._length = 0
        self._number = 0

    def taken(self) -> list[Line]:
        ready, self._ready = self._ready, []
        return ready

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th"):
            self._finish_cell()
            self._cell, self._length = [], 0
            self._span = _span(attrs) if attrs else 1
        elif tag == "tr":
            self._finish_row()
            self._row = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._finish_cell()
        elif tag in ("tr", "table"):
            self._finish_row()

    def handle_data(self, data: str) -> None:
        if self._cell is None:
            return
        self._length += len(data)
        if self._length > self._limits.cell_characters:
            raise TableError(f"Sel terlalu panjang di baris {self._number + 1}.")
        self._cell.append(data)

    def close(self) -> None:
        super().close()
        self._finish_row()

    def _finish_cell(self) -> None:
        if self._cell is None:
            return
        if self._row is None:
            self._row = []
        room = self._limits.columns - len(self._row)
        if room > 0:
            self._row.append(" ".join("".join(self._cell).split()))
            self._row.extend([""] * (min(self._span, room) - 1))
        self._cell = None

    def _finish_row(self) -> None:
        self._finish_cell()
        if self._row is not None:
            self._number += 1
            self._ready.append(Line(self._number, tuple(self._row)))
            self._row = None


def _span(attrs: list[tuple[str, str | None]]) -> int:
    text = dict(attrs).get("colspan") or "1"
    return min(int(text), 256) if text.isascii() and text.isdecimal() and len(text) < 5 and int(text) > 0 else 1
