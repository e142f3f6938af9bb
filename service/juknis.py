"""Reads juknis/ once, at start: WHO's tables and every edition. A mistake in a row stops the start and says where."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from domain import growth, kms
from domain.protocol import Book, Protocol, Rule, Supervision, edition_on
from domain.stories import COMMANDS
from service.who import read_who

T = TypeVar("T")


class JuknisError(Exception):
    """A file of the juknis cannot be used; the message names file, row and reason for whoever wrote it."""


class Edition(Struct, frozen=True):
    """The rules of one edition and its table of weight gain."""

    protocol: Protocol
    kms: kms.KmsTable


class Juknis(Struct, frozen=True):
    """All that the programme decided, as read from the folder."""

    who: growth.Tables
    editions: tuple[Edition, ...]

    def book(self, on: date, session_days: Mapping[str, int] | None = None) -> Book:
        """What the lists of a day rest on: the edition in force, and the days on which the posyandu meet."""
        held = edition_on([e.protocol for e in self.editions], on)
        edition = next(e for e in self.editions if e.protocol is held)
        return Book(self.who, edition.kms, edition.protocol, dict(session_days or {}))


def read_juknis(folder: Path) -> Juknis:
    """The whole folder. Raises JuknisError."""
    homes = sorted(path.parent for path in folder.glob("*/edisi.toml"))
    if not homes:
        raise JuknisError(f"{folder}: tidak ada satu pun edisi (folder dengan edisi.toml)")
    return Juknis(read_who(folder / "who2006"), tuple(read_edition(home) for home in homes))


class _About(Struct, frozen=True, forbid_unknown_fields=True):
    edition: str
    valid_from: date
    title: str
    source: str


def read_edition(home: Path) -> Edition:
    """One edition: edisi.toml, kms.toml, and every other file as rows of rules."""
    about = _read(home / "edisi.toml", "", _toml(home / "edisi.toml"), _About)
    if about.edition != home.name:
        raise JuknisError(f"{_place(home / 'edisi.toml')}: edition harus sama dengan nama folder, {home.name!r}")
    table = _read(home / "kms.toml", "", _toml(home / "kms.toml"), kms.KmsTable)
    files = sorted(p for p in home.glob("*.toml") if p.name not in ("edisi.toml", "kms.toml"))
    rules, supervision = _rules(files), _supervision(files)
    protocol = Protocol(about.edition, about.valid_from, about.title, tuple(rules.values()), supervision)
    return Edition(protocol, table)


def _rules(files: list[Path]) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    places: dict[str, Path] = {}
    for path, row, rule in (found for file in files for found in _rows(file)):
        if rule.id in rules:
            raise JuknisError(f"{_place(path)}, {row}: id sudah dipakai di {_place(places[rule.id])}")
        rules[rule.id], places[rule.id] = rule, path
    for rule in rules.values():
        if rule.form not in _FORMS:
            raise JuknisError(f"{_place(places[rule.id])}, aturan {rule.id}: isian {rule.form!r} tidak dikenal")
        for other in (*rule.absorbs, *rule.not_from):
            if other not in rules:
                raise JuknisError(
                    f"{_place(places[rule.id])}, aturan {rule.id}: menyebut aturan {other!r} yang tidak ada"
                )
    return rules


_FORMS = frozenset(command.__struct_config__.tag for command in COMMANDS)


def _rows(path: Path) -> Iterator[tuple[Path, str, Rule]]:
    content = _toml(path)
    rows, supervision = content.pop("rule", None), content.pop("supervision", None)
    if content:
        raise JuknisError(f"{_place(path)}: {min(content)!r} tidak dikenal; setiap aturan dimulai dengan [[rule]]")
    if rows is None and isinstance(supervision, list):
        return
    if not isinstance(rows, list):
        raise JuknisError(f"{_place(path)}: tidak berisi satu pun [[rule]]")
    for name, row in _named(rows):
        yield path, name, _read(path, name, row, Rule)


def _supervision(files: list[Path]) -> tuple[Supervision, ...]:
    """The rows of supervision, which stand beside the rules of any file."""
    rows = ((path, *row) for path in files for row in _named(_toml(path).get("supervision", [])))
    return tuple(_read(path, name, row, Supervision) for path, name, row in rows)


def _named(rows: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, row in enumerate(rows, start=1):
        yield f"aturan {row['id']}" if isinstance(row.get("id"), str) else f"aturan ke-{number}", row


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise JuknisError(f"{_place(path)}: berkas tidak ada") from missing
    except tomllib.TOMLDecodeError as broken:
        raise JuknisError(f"{_place(path)}: bukan TOML yang benar ({broken})") from broken


def _read(path: Path, row: str, content: Any, into: type[T]) -> T:
    try:
        return msgspec.convert(content, into)
    except msgspec.ValidationError as wrong:
        where = f"{_place(path)}, {row}" if row else _place(path)
        raise JuknisError(f"{where}: {_reason(str(wrong))}") from wrong


def _place(path: Path) -> str:
    return f"juknis/{path.parent.name}/{path.name}"


_TYPES = {
    "int": "angka bulat", "float": "angka", "str": "teks dalam tanda kutip", "bool": "true atau false",
    "array": "daftar [ ]", "object": "isian { }", "date": "tanggal seperti 2025-01-01", "null": "kosong",
}  # fmt: skip


def _reason(error: str) -> str:
    """What msgspec says, as a sentence for a health worker."""
    message, _, at = error.partition(" - at `$")
    field = at.rstrip("`").lstrip(".")
    place = f"{field!r} " if field else ""
    if found := re.search(r"missing required field `([^`]+)`", message):
        inside = f" di {field!r}" if field else ""
        return f"{found[1]!r} belum diisi{inside}"
    if found := re.search(r"unknown field `([^`]+)`", message):
        inside = f" di {field!r}" if field else ""
        return f"{found[1]!r} tidak dikenal{inside}"
    if found := re.search(r"Expected `([^`]+)`, got `([^`]+)`", message):
        return f"{place}harus {_type(found[1])}, bukan {_type(found[2])}"
    if found := re.search(r"Invalid (?:enum )?value '?(.+?)'?$", message):
        return f"{place}berisi {found[1]!r} yang tidak dikenal"
    return f"{place}{message}".strip()


def _type(names: str) -> str:
    return " atau ".join(_TYPES.get(name.strip(), name.strip()) for name in names.split("|"))
