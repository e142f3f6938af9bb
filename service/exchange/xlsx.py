"""Workbooks of Excel since 2007, read as a stream.

By us: the library that reads the older ones would hold 3.5 kB a row, and unpack before it looks.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

from service.exchange.lines import Cell, Limits, Line, Table, TableError, megabytes


def open_xlsx(path: Path, size: int, limits: Limits) -> Table:
    """Every sheet that is not hidden, one after the other. Raises TableError."""
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as broken:
        raise TableError("Berkas xlsx rusak atau tidak selesai diunduh.") from broken
    unpacked = sum(m.file_size for m in members)
    if len(members) > 2_000 or unpacked > limits.unpacked_bytes:
        raise TableError(f"Isi berkas xlsx terlalu besar setelah dibuka: {megabytes(unpacked)}.")
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
                    raise TableError(f"Isi berkas xlsx terlalu besar setelah dibuka: lebih dari {megabytes(most)}.")
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
        while len(self._row) <= self._column:
            self._row.append("")
        self._row[self._column] = self._value(text)

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
