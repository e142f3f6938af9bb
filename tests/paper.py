"""Reads a PDF of ours as a person would: its words, in the order in which they stand, without the spaces between."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PAGE = re.compile(rb"/Type/Page/Resources (\d+) 0 R.*?/Contents (\d+) 0 R", re.DOTALL)
_STRING = rb"\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*\)|<[0-9A-F]*>"
_SHOWN = re.compile(rb"/(f\d+) [\d.]+ Tf|<<.*?>>|(" + _STRING + rb")", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def words(pdf: bytes) -> str:
    """Every glyph of every page, by the maps with which a reader copies text out of it."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    pages = [match for body in objects.values() for match in _PAGE.findall(body)]
    text = "".join(_page(objects, int(resources), int(contents)) for resources, contents in pages)
    return "".join(text.replace("\u200b", "").split())


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type/Page/", pdf))


def says(pdf: bytes, text: str) -> bool:
    """These words stand on it, however the lines break."""
    return "".join(text.split()) in words(pdf)


def _page(objects: dict[int, bytes], resources: int, contents: int) -> str:
    named = re.search(rb"/Font<<(.*?)>>", objects[resources], re.DOTALL)
    fonts = dict(re.findall(rb"/(f\d+) (\d+) 0 R", named[1])) if named else {}
    maps = {name: _map(objects, int(number)) for name, number in fonts.items()}
    found, glyphs = [], {}
    for font, shown in _SHOWN.findall(_inflated(objects[contents])):
        if font:
            glyphs = maps[font]
        codes = _bytes(shown)
        found += [glyphs.get(codes[i : i + 2], "\ufffd") for i in range(0, len(codes), 2)]
    return "".join(found)


def _map(objects: dict[int, bytes], font: int) -> dict[bytes, str]:
    number = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    assert number is not None
    pairs = re.findall(rb"<([0-9A-F]+)> <([0-9A-F]+)>\n", _inflated(objects[int(number[1])]).replace(b"\r", b""))
    return {bytes.fromhex(g.decode()): bytes.fromhex(u.decode()).decode("utf-16-be") for g, u in pairs if len(g) == 4}


def _inflated(body: bytes) -> bytes:
    stream = _STREAM.search(body)
    assert stream is not None
    return zlib.decompressobj().decompress(stream[1])  # its last byte may look like the end of a line


def _bytes(shown: bytes) -> bytes:
    """Of a string as it is written; of what is none, nothing."""
    if shown.startswith(b"<"):
        return bytes.fromhex(shown[1:-1].decode())
    return _ESCAPE.sub(_escaped, shown[1:-1])


def _escaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if code.isdigit() else _PLAIN.get(code, code)
