"""Every story in juknis/contoh, told through decide and fold as the write door does, must give the lists it names."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import msgspec
import pytest
from msgspec import Struct

from domain import stories
from domain.case import Elsewhere, Envelope, Event, Recorded, zone
from domain.protocol import Book, Obligation, obligations, state
from service.juknis import Juknis, read_juknis
from service.settings import root

FOLDER = root() / "juknis" / "contoh"
WIB = zone("36")


class Daftar(Struct, forbid_unknown_fields=True, kw_only=True):
    """What must stand on a desk's list on a day (at `jam`, else at noon), with what was known by then."""

    pada: date
    meja: str
    jam: int = 12
    ada: tuple[str, ...] = ()
    tidak: tuple[str, ...] = ()
    terlambat: tuple[str, ...] = ()
    sebab: dict[str, str] = {}

    @property
    def moment(self) -> datetime:
        return datetime.combine(self.pada, time(self.jam), WIB)


class Contoh(Struct, forbid_unknown_fields=True, kw_only=True):
    """One file of juknis/contoh."""

    judul: str
    aturan: tuple[str, ...]
    """Rules that this story shows coming and going."""
    kejadian: tuple[dict[str, Any], ...]
    daftar: tuple[Daftar, ...]
    hari_posyandu: int = 10


@cache
def juknis() -> Juknis:
    return read_juknis(root() / "juknis")


@cache
def contoh(path: Path) -> Contoh:
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Contoh)


FILES = sorted(FOLDER.glob("*.toml"))
EXPECTED = [
    pytest.param(path, daftar, id=f"{path.stem}-{daftar.pada}-{daftar.meja}")
    for path in FILES
    for daftar in contoh(path).daftar
]


@cache
def told(path: Path) -> tuple[Recorded, ...]:
    """The story as recorded, in the order in which we heard of it."""
    case = uuid5(NAMESPACE_OID, path.stem)
    story: tuple[Recorded, ...] = ()
    for number, kejadian in enumerate(sorted(contoh(path).kejadian, key=heard), start=1):
        by = envelope(path, number, kejadian)
        command = stories.command(msgspec.json.encode(asked(kejadian)))
        today = by.recorded_at.astimezone(WIB).date()
        for event in stories.decide(case, story, stories.fold(story), command, today, by):
            if not isinstance(event, Elsewhere):
                story = (*story, Recorded(case, len(story) + 1, stored(event), by))
    return story


def stored(event: Event) -> Event:
    """The event after a journey through the store."""
    return stories.decode(stories.encode(event))


def heard(kejadian: dict[str, Any]) -> datetime:
    """`dicatat` is a day or a moment; else it is told at ten o'clock of its own day."""
    when = kejadian.get("dicatat", kejadian["pada"])
    if isinstance(when, datetime):
        return when.replace(tzinfo=when.tzinfo or WIB)
    return datetime.combine(when, time(10), WIB)


def envelope(path: Path, number: int, kejadian: dict[str, Any]) -> Envelope:
    role, _, name = kejadian["oleh"].partition(" ")
    return Envelope(
        recorded_at=heard(kejadian),
        actor=name or role,
        role=msgspec.convert(role, stories.case.Role),
        unit="3603332001",
        entry=uuid5(NAMESPACE_OID, f"{path.stem}-{number}"),
        edition="2025",
    )


def asked(kejadian: dict[str, Any]) -> dict[str, Any]:
    own = {
        name: value for name, value in kejadian.items() if name not in ("pada", "oleh", "perintah", "dicatat", "nama")
    }
    if "nama" in kejadian:
        own["personal"] = {**own.get("personal", {}), "name": kejadian["nama"]}
    return {"do": kejadian["perintah"], "on": kejadian["pada"], **numbered(own)}


NUMBERED = frozenset({"referral", "incident", "request", "breach", "leaving", "line", "item", "id", "audited"})
"""Numbers that a phone makes up; a story writes a word in their place."""


def numbered(own: dict[str, Any]) -> dict[str, Any]:
    """Every such word as its number, in the rows of a list as well."""
    rows = {name: [numbered(row) for row in value] for name, value in own.items() if is_rows(value)}
    numbers = {name: str(uuid5(NAMESPACE_OID, value)) for name, value in own.items() if name in NUMBERED}
    return {**own, **rows, **numbers}


def is_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def owed(path: Path, moment: datetime) -> tuple[Obligation, ...]:
    """All obligations of the story's case, by what was known at the moment."""
    known = tuple(r for r in told(path) if r.by.recorded_at <= moment)
    case = stories.fold(known)
    book = juknis().book(moment.date())
    book = Book(book.who, book.kms, book.protocol, {}, contoh(path).hari_posyandu)
    return () if case is None else obligations(case, book.chart(case), book)


def on_desk(path: Path, daftar: Daftar) -> dict[str, Obligation]:
    """What that desk sees then, by rule and by rule with key."""
    now = daftar.moment
    seen: dict[str, Obligation] = {}
    for o in owed(path, now):
        if state(o, now) in ("open", "late") and any(d.desk == daftar.meja and d.opens <= now for d in o.desks):
            seen[o.rule] = seen[f"{o.rule} {o.key}"] = o
    return seen


@pytest.mark.parametrize(("path", "daftar"), EXPECTED)
def test_the_desk_has_on_its_list_what_the_story_says(path: Path, daftar: Daftar) -> None:
    seen = on_desk(path, daftar)
    told_so = f"{contoh(path).judul} Pada {daftar.moment:%Y-%m-%d %H:%M} daftar {daftar.meja} berisi {sorted(seen)}"
    assert set(daftar.ada) <= set(seen), f"{told_so}, seharusnya ada {sorted(set(daftar.ada) - set(seen))}"
    assert not set(daftar.tidak) & set(seen), f"{told_so}, seharusnya tidak ada {sorted(set(daftar.tidak) & set(seen))}"
    late = {rule for rule, o in seen.items() if state(o, daftar.moment) == "late"}
    assert set(daftar.terlambat) <= late, f"{told_so}, seharusnya terlambat {sorted(set(daftar.terlambat) - late)}"
    for rule, words in daftar.sebab.items():
        assert words in seen[rule].says, f"{told_so}, sebab {rule}: {seen[rule].says}"


@pytest.mark.parametrize("rule", juknis().editions[0].protocol.rules, ids=lambda r: r.id)
def test_every_rule_has_a_story_in_which_it_comes_and_goes(rule: Any) -> None:
    assert any(comes_and_goes(path, rule.id, rule.steps[0].desk) for path in FILES), (
        f"tidak ada contoh yang menunjukkan {rule.id} datang di meja {rule.steps[0].desk} lalu hilang"
    )


@pytest.mark.parametrize(
    "rule", [r for r in juknis().editions[0].protocol.rules if len(r.steps) > 1], ids=lambda r: r.id
)
def test_every_rule_has_a_story_in_which_the_next_desk_is_told(rule: Any) -> None:
    later = {step.desk for step in rule.steps[1:] if step.opens != "0d"}
    assert any(not_yet_then_there(path, rule.id, desk) for path in FILES for desk in later), (
        f"tidak ada contoh yang menunjukkan {rule.id} naik ke salah satu meja {sorted(later)}"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_no_task_stands_on_the_lists_twice(path: Path) -> None:
    for moment in sorted({d.moment for d in contoh(path).daftar}):
        keys = [(o.rule, o.key) for o in owed(path, moment) if state(o, moment) in ("open", "late")]
        assert len(keys) == len(set(keys)), f"{path.stem} {moment}: {sorted(keys)}"


def lists(path: Path, desk: str) -> list[Daftar]:
    return sorted((d for d in contoh(path).daftar if d.meja == desk), key=lambda d: d.moment)


def rules(names: tuple[str, ...]) -> set[str]:
    return {name.partition(" ")[0] for name in names}


def comes_and_goes(path: Path, rule: str, desk: str) -> bool:
    there = [d.moment for d in lists(path, desk) if rule in rules(d.ada)]
    gone = [d.moment for d in lists(path, desk) if rule in d.tidak]
    return bool(there and gone) and min(there) < max(gone)


def not_yet_then_there(path: Path, rule: str, desk: str) -> bool:
    """Absent there on the day before, or at a moment of the same day."""
    absent = [d.moment for d in lists(path, desk) if rule in rules(d.tidak)]
    there = [d.moment for d in lists(path, desk) if rule in rules(d.ada)]
    return any(0 < (t - a).total_seconds() <= 24 * 3600 for a in absent for t in there)


def test_a_story_says_which_rules_it_shows() -> None:
    for path in FILES:
        named = {name for d in contoh(path).daftar for name in rules(d.ada)}
        assert set(contoh(path).aturan) <= named, path.name
