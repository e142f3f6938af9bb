"""The protocol's table, row by row, and what of it is in the juknis: the page docs/protocol-coverage.md."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from domain.labels import DESKS
from domain.protocol import Protocol, Rule, Supervision
from service.juknis import JuknisError
from service.rulebook.contoh import Told
from service.rulebook.explain import STANDINGS, due, span

Pages = Iterator[str]


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """The rows of one letter, numbered from 1."""

    letter: str
    about: str
    rows: int


class Absent(Struct, frozen=True, forbid_unknown_fields=True):
    """A row that is deliberately not there, and why."""

    id: str
    why: str


class Added(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule of ours that the protocol's table does not have, and why."""

    id: str
    why: str


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """Something only Dinkes or puskesmas can answer, what holds meanwhile, and where that is written."""

    group: int
    asks: str
    default: str
    where: tuple[str, ...]
    """Rows, or places in edisi.toml and kms.toml."""


class Tabel(Struct, frozen=True, forbid_unknown_fields=True):
    """juknis/tabel.toml."""

    group: tuple[Group, ...]
    absent: tuple[Absent, ...] = ()
    added: tuple[Added, ...] = ()
    question: tuple[Question, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(f"{g.letter}{n:02d}" for g in self.group for n in range(1, g.rows + 1))


def read_tabel(path: Path) -> Tabel:
    """Raises JuknisError."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Tabel)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise JuknisError(f"juknis/{path.name}: {wrong}") from wrong


def unexplained(tabel: Tabel, protocol: Protocol) -> list[str]:
    """Rows of the protocol that are neither in the edition nor said to be left out, and the other way round."""
    there = {rule.id for rule in protocol.rules} | {row.id for row in protocol.supervision}
    said = there | {row.id for row in tabel.absent}
    added = {row.id for row in tabel.added}
    missing = [f"{row} tidak ada dan tidak dijelaskan" for row in tabel.ids if row not in said]
    strange = [f"{row} tidak ada di tabel protokol" for row in sorted(said - set(tabel.ids) - added)]
    added_twice = [f"{row} ditambahkan, padahal ada di tabel protokol" for row in sorted(added & set(tabel.ids))]
    unwritten = [f"{row} dikatakan ditambahkan, padahal tidak ada" for row in sorted(added - there)]
    both = [f"{row.id} dikatakan tidak ada, padahal ada" for row in tabel.absent if row.id in there]
    return [*missing, *strange, *both, *added_twice, *unwritten]


def page(tabel: Tabel, protocol: Protocol, stories: Sequence[Told]) -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines(tabel, protocol, stories)) + "\n"


def _lines(tabel: Tabel, protocol: Protocol, stories: Sequence[Told]) -> Pages:
    shown = _shown(stories)
    rules = {rule.id: rule for rule in protocol.rules}
    count = len(protocol.rules) + len(protocol.supervision) - len(tabel.added)
    yield "# Protokol dan juknis"
    yield ""
    yield (
        f"Dibuat dari data oleh `./dampingi juknis coverage`; jangan disunting. Edisi {protocol.edition}: "
        f"{len(tabel.ids)} baris protokol, {count} di juknis, {len(tabel.absent)} sengaja tidak ada, "
        f"{len(tabel.added)} ditambahkan. "
        "Kedudukan ditulis untuk tindakan / tenggat."
    )
    for group in tabel.group:
        yield from _group(group, tabel, rules, protocol, shown)
    yield from _added(tabel, rules, shown)
    yield from _questions(tabel)


def _group(
    group: Group, tabel: Tabel, rules: Mapping[str, Rule], protocol: Protocol, shown: Mapping[str, list[str]]
) -> Pages:
    yield ""
    yield f"## {group.letter}: {group.about}"
    yield from _HEAD
    absent = {row.id: row.why for row in tabel.absent}
    supervision = {row.id: row for row in protocol.supervision}
    for number in range(1, group.rows + 1):
        name = f"{group.letter}{number:02d}"
        if name in rules:
            yield _row(rules[name], shown.get(name, []))
        elif name in supervision:
            yield _watched(supervision[name], shown.get(name, []))
        else:
            yield f"| {name} | *tidak ada*: {absent.get(name, 'BELUM DIJELASKAN')} | | | | | | |"


_HEAD = (
    "",
    "| baris | tugas | tanda | pemilik, lalu | waktu | contoh | kedudukan | dasar |",
    "|---|---|---|---|---|---|---|---|",
)


def _added(tabel: Tabel, rules: Mapping[str, Rule], shown: Mapping[str, list[str]]) -> Pages:
    if not tabel.added:
        return
    yield ""
    yield "## Di luar tabel protokol"
    yield from _HEAD
    for row in tabel.added:
        yield _row(rules[row.id], shown.get(row.id, []))
    yield ""
    yield from (f"- {row.id}: {row.why}" for row in tabel.added)


def _row(rule: Rule, stories: list[str]) -> str:
    signs = ", ".join(f"`{sign.__struct_config__.tag}`" for sign in rule.signs)
    desks = ", ".join(DESKS[step.desk] for step in rule.steps)
    when = due(rule) if rule.due == "window" or rule.legal else span(rule.due)
    standing = f"{STANDINGS[rule.status]} / {STANDINGS[rule.due_status]}"
    return _cells(rule.id, rule.task, signs, desks, when, ", ".join(stories), standing, rule.source)


def _watched(row: Supervision, stories: list[str]) -> str:
    over = ", ".join(DESKS[desk] for desk in row.over)
    told = DESKS[row.desk] if row.desk is not None else "meja menurut setiap aturan"
    return _cells(
        row.id, row.task, f"terlambat di meja {over}", told, "", ", ".join(stories), STANDINGS[row.status], row.source
    )


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _shown(stories: Sequence[Told]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for told in stories:
        for rule in told.contoh.aturan:
            found.setdefault(rule, []).append(f"[{told.name}](../juknis/contoh/{told.path.name})")
    return found


def _questions(tabel: Tabel) -> Pages:
    yield ""
    yield "## Pertanyaan yang masih terbuka"
    yield ""
    yield "Dijawab Dinkes atau puskesmas. Sampai dijawab berlaku kolom ketiga, dengan kedudukan belum dipastikan."
    yield ""
    yield "| kelompok | pertanyaan | sementara | ditulis di |"
    yield "|---|---|---|---|"
    for question in tabel.question:
        yield f"| {question.group} | {question.asks} | {question.default} | {', '.join(question.where)} |"
