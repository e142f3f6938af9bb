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
from domain.pmt import Reason as PmtReason
from domain.protocol import Asking, Book, Protocol, Rule, Standing, Supervision, edition_on
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
        return self.book_of(edition_on(self.in_force(), on).edition, session_days)

    def in_force(self) -> list[Protocol]:
        """The editions that are or were in force on some day; a draft never is."""
        return [e.protocol for e in self.editions if not e.protocol.draft]

    def book_of(self, name: str, session_days: Mapping[str, int] | None = None) -> Book:
        """The same by an edition that is named, in force or not."""
        edition = self.edition(name)
        return Book(self.who, edition.kms, edition.protocol, dict(session_days or {}))

    def edition(self, name: str) -> Edition:
        """Raises JuknisError where there is none of that name."""
        found = next((e for e in self.editions if e.protocol.edition == name), None)
        if found is None:
            known = ", ".join(e.protocol.edition for e in self.editions)
            raise JuknisError(f"Edisi {name!r} tidak ada. Yang ada: {known}")
        return found


def read_juknis(folder: Path) -> Juknis:
    """The whole folder. Raises JuknisError."""
    homes = sorted(path.parent for path in folder.glob("*/edisi.toml"))
    if not homes:
        raise JuknisError(f"{folder}: tidak ada satu pun edisi (folder dengan edisi.toml)")
    editions = tuple(read_edition(home) for home in homes)
    if all(e.protocol.draft for e in editions):
        raise JuknisError(f"{folder}: semua edisi masih usulan, tidak ada yang berlaku")
    return Juknis(read_who(folder / "who2006"), editions)


class PmtDays(Struct, frozen=True, forbid_unknown_fields=True):
    """How many days of extra food are planned where the decision names none."""

    days: int
    source: str
    status: Standing


class _About(Struct, frozen=True, forbid_unknown_fields=True):
    edition: str
    valid_from: date
    title: str
    source: str
    draft: bool = False
    """Proposed: it can be compared with the others and comes into force on no day by itself."""
    based_on: str | None = None
    """Another edition, whose rows hold wherever this one has none of the same id."""
    pmt_days: dict[PmtReason, PmtDays] = {}


def read_edition(home: Path) -> Edition:
    """One edition: edisi.toml, kms.toml, and every other file as rows of rules. Raises JuknisError."""
    return _read_edition(home, ())


def _read_edition(home: Path, above: tuple[str, ...]) -> Edition:
    about = _read(home / "edisi.toml", "", _toml(home / "edisi.toml"), _About)
    if about.edition != home.name:
        raise JuknisError(f"{_place(home / 'edisi.toml')}: edition harus sama dengan nama folder, {home.name!r}")
    base = _base(home, about, above)
    files = sorted(p for p in home.glob("*.toml") if p.name not in ("edisi.toml", "kms.toml"))
    rules, supervision = _rules(files, base), _supervision(files)
    protocol = Protocol(
        edition=about.edition,
        valid_from=about.valid_from,
        title=about.title,
        rules=rules,
        supervision=supervision or (base.protocol.supervision if base else ()),
        pmt_days={**(base.protocol.pmt_days if base else {}), **{why: n.days for why, n in about.pmt_days.items()}},
        patterns=_patterns(files, base),
        draft=about.draft,
    )
    return Edition(protocol, _kms(home, base))


def _base(home: Path, about: _About, above: tuple[str, ...]) -> Edition | None:
    if about.based_on is None:
        return None
    if about.based_on in (*above, about.edition):
        raise JuknisError(f"{_place(home / 'edisi.toml')}: based_on berputar: {about.based_on!r} berdasar pada ini")
    if not (home.parent / about.based_on / "edisi.toml").exists():
        raise JuknisError(f"{_place(home / 'edisi.toml')}: based_on menyebut edisi {about.based_on!r} yang tidak ada")
    return _read_edition(home.parent / about.based_on, (*above, about.edition))


def _kms(home: Path, base: Edition | None) -> kms.KmsTable:
    if base is not None and not (home / "kms.toml").exists():
        return base.kms
    return _read(home / "kms.toml", "", _toml(home / "kms.toml"), kms.KmsTable)


def _rules(files: list[Path], base: Edition | None) -> tuple[Rule, ...]:
    own: dict[str, Rule] = {}
    places: dict[str, str] = {}
    for path, row, rule in (found for file in files for found in _rows(file)):
        if rule.id in own:
            raise JuknisError(f"{_place(path)}, {row}: id sudah dipakai di {places[rule.id]}")
        own[rule.id], places[rule.id] = rule, _place(path)
    rules = {**({rule.id: rule for rule in base.protocol.rules} if base else {}), **own}
    for rule in own.values():
        if rule.form not in _FORMS:
            raise JuknisError(f"{places[rule.id]}, aturan {rule.id}: isian {rule.form!r} tidak dikenal")
        for other in (*rule.absorbs, *rule.not_from):
            if other not in rules:
                raise JuknisError(f"{places[rule.id]}, aturan {rule.id}: menyebut aturan {other!r} yang tidak ada")
    return tuple(rules.values())


_FORMS = frozenset(command.__struct_config__.tag for command in COMMANDS)


def _rows(path: Path) -> Iterator[tuple[Path, str, Rule]]:
    content = _toml(path)
    rows, supervision, patterns = (content.pop(name, None) for name in ("rule", "supervision", "pattern"))
    if content:
        raise JuknisError(f"{_place(path)}: {min(content)!r} tidak dikenal; setiap aturan dimulai dengan [[rule]]")
    if rows is None and (isinstance(supervision, list) or isinstance(patterns, list)):
        return
    if not isinstance(rows, list):
        raise JuknisError(f"{_place(path)}: tidak berisi satu pun [[rule]]")
    for name, row in _named(rows):
        yield path, name, _read(path, name, row, Rule)


def _supervision(files: list[Path]) -> tuple[Supervision, ...]:
    """The rows of supervision, which stand beside the rules of any file."""
    rows = ((path, *row) for path in files for row in _named(_toml(path).get("supervision", [])))
    return tuple(_read(path, name, row, Supervision) for path, name, row in rows)


def _patterns(files: list[Path], base: Edition | None) -> tuple[Asking, ...]:
    """The rows of patterns; one of an edition below stands in the place of its namesake."""
    rows = ((path, *row) for path in files for row in _named(_toml(path).get("pattern", []), "pola"))
    own = {asking.id: asking for asking in (_read(path, name, row, Asking) for path, name, row in rows)}
    above = base.protocol.patterns if base else ()
    return tuple({**{asking.id: asking for asking in above}, **own}.values())


def _named(rows: list[dict[str, Any]], what: str = "aturan") -> Iterator[tuple[str, dict[str, Any]]]:
    for number, row in enumerate(rows, start=1):
        yield f"{what} {row['id']}" if isinstance(row.get("id"), str) else f"{what} ke-{number}", row


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
