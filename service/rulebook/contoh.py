"""The stories of juknis/contoh, told through decide and fold as the write door does, and the lists they come to."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
from msgspec import Struct

from domain import case, person, stories
from domain.case import Elsewhere, Envelope, Event, Recorded, Refused, zone
from domain.protocol import Book, Obligation, obligations, state
from domain.refusals import refusal, unreadable
from service.juknis import JuknisError

WIB = zone("36")


class Daftar(Struct, forbid_unknown_fields=True, kw_only=True):
    """What must stand on a desk's list on a day (at `jam`, else at noon), with what was known by then."""

    pada: date
    meja: case.Role
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
    edisi: str = "2025"


class Told:
    """A story as recorded, in the order in which we heard of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.contoh = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Contoh)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
            raise JuknisError(f"juknis/contoh/{path.name}: {wrong}") from wrong

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def story(self) -> tuple[Recorded, ...]:
        number = uuid5(NAMESPACE_OID, self.name)
        story: tuple[Recorded, ...] = ()
        for nth, kejadian in enumerate(sorted(self.contoh.kejadian, key=_heard), start=1):
            by = self._envelope(nth, kejadian)
            for event in self._decided(number, story, kejadian, by):
                if not isinstance(event, Elsewhere):
                    story = (*story, Recorded(number, len(story) + 1, _stored(event), by))
        return story

    def _decided(
        self, number: UUID, story: tuple[Recorded, ...], kejadian: dict[str, Any], by: Envelope
    ) -> tuple[Event | Elsewhere, ...]:
        place = f"juknis/contoh/{self.path.name}, kejadian {kejadian.get('perintah')} {kejadian['pada']}"
        try:
            command = stories.command(msgspec.json.encode(_asked(kejadian)))
            today = by.recorded_at.astimezone(WIB).date()
            state = stories.fold(story)
            other = None if person.other_of(command) is None else state  # told alone, as if the other were like it
            return stories.decide(number, story, state, command, today, by, other=other)
        except msgspec.ValidationError as wrong:
            raise JuknisError(f"{place}: {unreadable(str(wrong))}") from wrong
        except Refused as refused:
            raise JuknisError(f"{place}: {refusal(refused.code, refused.facts)}") from refused

    def _envelope(self, nth: int, kejadian: dict[str, Any]) -> Envelope:
        role, _, name = kejadian["oleh"].partition(" ")
        return Envelope(
            recorded_at=_heard(kejadian),
            actor=name or role,
            role=msgspec.convert(role, case.Role),
            unit=kejadian.get("di", "3603RS01" if role == "rs" else "3603332001"),
            entry=uuid5(NAMESPACE_OID, f"{self.name}-{nth}"),
            edition=self.contoh.edisi,
        )

    def owed(self, book: Book, moment: datetime) -> tuple[Obligation, ...]:
        """All obligations of the story's case, by what was known at the moment."""
        known = tuple(r for r in self.story if r.by.recorded_at <= moment)
        folded = stories.fold(known)
        book = msgspec.structs.replace(book, session_days={}, session_day=self.contoh.hari_posyandu)
        return () if folded is None else obligations(folded, book.chart(folded), book)

    def on_desk(self, book: Book, daftar: Daftar) -> dict[str, Obligation]:
        """What that desk sees then, by rule, by rule with key, and by the row of supervision by which it is told."""
        now = daftar.moment
        seen: dict[str, Obligation] = {}
        for o in self.owed(book, now):
            here = [d for d in o.desks if d.desk == daftar.meja and d.opens <= now]
            if here and state(o, now) in ("open", "late"):
                seen[o.rule] = seen[f"{o.rule} {o.key}"] = o
                seen.update({d.under: o for d in here if d.under})
        return seen

    def wrong(self, book: Book, daftar: Daftar) -> Iterator[str]:
        """Sentences on how the list differs from what the story says; none is good."""
        seen = self.on_desk(book, daftar)
        late = {rule for rule, o in seen.items() if state(o, daftar.moment) == "late"}
        found = (
            ("seharusnya ada", set(daftar.ada) - set(seen)),
            ("seharusnya tidak ada", set(daftar.tidak) & set(seen)),
            ("seharusnya terlambat", set(daftar.terlambat) - late),
            (
                "sebabnya lain",
                {f"{r}: {_says(seen, r)}" for r, why in daftar.sebab.items() if why not in _says(seen, r)},
            ),
        )
        for what, rules in found:
            if rules:
                at = f"{daftar.moment:%Y-%m-%d %H.%M} di meja {daftar.meja}"
                yield f"{self.path.name}, {at}: {what} {sorted(rules)}; daftar berisi {sorted(seen)}"


def read_contoh(folder: Path) -> tuple[Told, ...]:
    """Every story of the folder, by name. Raises JuknisError."""
    return tuple(Told(path) for path in sorted(folder.glob("*.toml")))


def _says(seen: dict[str, Obligation], rule: str) -> str:
    return seen[rule].says if rule in seen else ""


def _stored(event: Event) -> Event:
    """The event after a journey through the store."""
    return stories.decode(stories.encode(event))


def _heard(kejadian: dict[str, Any]) -> datetime:
    """`dicatat` is a day or a moment; else it is told at ten o'clock of its own day."""
    when = kejadian.get("dicatat", kejadian["pada"])
    if isinstance(when, datetime):
        return when.replace(tzinfo=when.tzinfo or WIB)
    return datetime.combine(when, time(10), WIB)


def _asked(kejadian: dict[str, Any]) -> dict[str, Any]:
    own = {
        name: value
        for name, value in kejadian.items()
        if name not in ("pada", "oleh", "di", "perintah", "dicatat", "nama")
    }
    if "nama" in kejadian:
        own["personal"] = {**own.get("personal", {}), "name": kejadian["nama"]}
    return {"do": kejadian["perintah"], "on": kejadian["pada"], **_numbered(own)}


_NUMBERED = frozenset(
    {"referral", "onward", "incident", "request", "breach", "leaving", "line", "item", "id", "audited"}
)
"""Numbers that a phone makes up; a story writes a word in their place."""


def _numbered(own: dict[str, Any]) -> dict[str, Any]:
    """Every such word as its number, in the rows of a list as well."""
    rows = {name: [_numbered(row) for row in value] for name, value in own.items() if _is_rows(value)}
    numbers = {name: str(uuid5(NAMESPACE_OID, value)) for name, value in own.items() if name in _NUMBERED}
    return {**own, **rows, **numbers}


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)
