"""Random lives: what could be recorded of one child or mother, by anybody, in any order, right or wrong."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid5

import msgspec
from hypothesis import strategies as st
from msgspec import inspect as types

from domain import stories
from domain.case import Command, Elsewhere, Envelope, Kind, Recorded, Refused, Role, zone
from domain.person import other_of

WIB = zone("36")
CASE = UUID("6f1f9a54-3c5e-4e7f-9a53-0d1c4d0a5e77")
BEGUN = date(2025, 1, 6)
PLACE = {"desa": "3603332001", "posyandu": "3603332001.01"}
NUMBERS = [str(uuid5(CASE, str(n))) for n in range(3)]
"""So few that an answer often meets what it answers."""

WRITERS: tuple[tuple[Role, str], ...] = (
    ("kader", "Ani"), ("kader", "Wati"), ("bidan", "Rina"), ("puskesmas-tpg", "Dewi"), ("puskesmas-dr", "Bagus"),
    ("desa", "Hasan"), ("rs", "Sari"),
)  # fmt: skip

_NOT_DRAWN = frozenset({"case.correct", "pregnancy.record-outcome", "pregnancy.register-newborns"})
"""A correction needs an event to correct, and a birth another case; they have tests of their own."""

_OFTEN = frozenset({"child.measure", "pregnancy.measure", "pmt.give", "person.merge",
                    "person.request-transfer", "person.accept-transfer"})  # fmt: skip
"""What a life is mostly made of, and what moves or merges it."""

_SANE: dict[str, st.SearchStrategy[Any]] = {
    "kg": st.sampled_from([2.4, 5.9, 6.8, 7.1, 7.2, 8.4, 9.0, 12.5, 48.0, 51.5]),
    "cm": st.sampled_from([48.0, 62.5, 66.0, 67.2, 71.0, 74.5]),
    "lila": st.sampled_from([11.2, 12.1, 13.5, 22.8, 24.0]),
    "head": st.sampled_from([41.0, 44.0, 46.5]),
    "systolic": st.sampled_from([110, 142, 165]),
    "diastolic": st.sampled_from([70, 92, 112]),
    "value": st.sampled_from([6.5, 9.9, 11.4]),
    "cycle": st.sampled_from([1, 1, 1, 2]),
    "week": st.sampled_from([1, 2]),
    "days": st.sampled_from([14, 56]),
    "version": st.integers(1, 8),
    "groups": st.integers(0, 8),
    "score": st.integers(0, 10),
    "months": st.sampled_from([9, 12, 15]),
    "rule": st.sampled_from(["C03", "C09", "B03"]),
    "key": st.just(""),
    "posyandu": st.sampled_from([PLACE["posyandu"], "3603332001.02"]),
}


def _of(kind: types.Type, name: str) -> st.SearchStrategy[Any]:
    if name in _SANE:
        return _SANE[name]
    match kind:
        case types.UnionType():
            known = [t for t in kind.types if not isinstance(t, types.NoneType)]
            return st.one_of(st.none(), _of(known[0], name)) if len(known) < len(kind.types) else _of(known[0], name)
        case types.LiteralType():
            return st.sampled_from(kind.values)
        case types.DateType():
            return st.integers(0, 200).map(lambda n: (BEGUN + timedelta(days=n)).isoformat())
        case types.UUIDType():
            return st.sampled_from(NUMBERS)
        case types.BoolType():
            return st.booleans()
        case types.IntType():
            return st.integers(0, 40)
        case types.FloatType():
            return st.sampled_from([1.0, 7.5])
        case types.DictType():
            return st.just({})
        case types.VarTupleType():
            return st.lists(_of(kind.item_type, name), max_size=2)
        case types.StructType():
            return st.just({"name": "Budi"})
    return st.just(str(PLACE.get(name, "x")))


@cache
def _command(command: type[Command]) -> st.SearchStrategy[dict[str, Any]]:
    info = types.type_info(command)
    assert isinstance(info, types.StructType)
    drawn = {f.name: _of(f.type, f.name) for f in info.fields if f.name not in ("on", "personal")}
    if any(f.name == "personal" and f.required for f in info.fields):
        drawn["personal"] = st.just({"name": "Budi"})
    tag = command.__struct_config__.tag
    return st.fixed_dictionaries(drawn).map(
        lambda said: {"do": tag, **{k: v for k, v in said.items() if v is not None}}
    )


@cache
def commands(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Anything that may be asked of a case of this kind once it is begun."""
    fit = [
        c
        for c in stories.COMMANDS
        if kind in stories.TAKEN_BY.get(c.FACT, {kind})  # type: ignore[attr-defined]
        and c.FACT not in stories.BEGINS  # type: ignore[attr-defined]
        and c.__struct_config__.tag not in _NOT_DRAWN
    ]
    often = [c for c in fit if c.__struct_config__.tag in _OFTEN]
    return st.sampled_from([*fit, *often * 6]).flatmap(_command)


class Deed(msgspec.Struct, frozen=True):
    """Something asked, the day it happened, the days until it was heard of, and who said it."""

    day: int
    late: int
    writer: int
    said: dict[str, Any]

    @property
    def on(self) -> date:
        return BEGUN + timedelta(days=self.day)

    def envelope(self, nth: int) -> Envelope:
        role, actor = WRITERS[self.writer]
        heard = datetime.combine(self.on + timedelta(days=self.late), time(10, nth % 60), WIB)
        return Envelope(
            recorded_at=heard, actor=actor, role=role, unit=PLACE["desa"], entry=uuid5(CASE, f"e{nth}"), edition="2025"
        )


def deeds(kind: Kind, most: int = 10) -> st.SearchStrategy[list[Deed]]:
    """Deeds on days of their own, so that their order in the field is certain."""
    one = st.builds(Deed, st.integers(1, 200), st.integers(0, 20), st.integers(0, len(WRITERS) - 1), commands(kind))
    return st.lists(one, max_size=most, unique_by=lambda d: d.day)


BEGIN: dict[Kind, dict[str, Any]] = {
    "child": {"do": "child.register", "born": "2024-07-20", "sex": "L", "birth_kg": 2.4, "weeks": 36, **PLACE},
    "pregnancy": {"do": "pregnancy.register", "hpht": "2024-11-20", "born": "2006-05-01", "height": 150.0,
                  "weight_before": 47.0, **PLACE},
    "family": {"do": "family.register", **PLACE},
}  # fmt: skip


def begun(kind: Kind) -> tuple[Recorded, ...]:
    """The registration."""
    return take((), 0, Deed(0, 0, 0, BEGIN[kind]))


def take(story: tuple[Recorded, ...], nth: int, deed: Deed) -> tuple[Recorded, ...]:
    """The story with what a deed comes to at its end; as it was where the deed is refused."""
    by = deed.envelope(nth)
    command = stories.command(msgspec.json.encode({**deed.said, "on": deed.on.isoformat()}))
    state = stories.fold(story)
    other = state if other_of(command) is not None else None  # the other of two cases: one like this
    try:
        decided = stories.decide(CASE, story, state, command, by.recorded_at.date(), by, other=other)
    except Refused:
        return story
    for event in decided:
        if not isinstance(event, Elsewhere):
            story = (*story, Recorded(CASE, len(story) + 1, event, by))
    return story


def told(kind: Kind, life: list[Deed]) -> tuple[Recorded, ...]:
    """The story of a life, heard in the order in which it was heard."""
    story = begun(kind)
    for nth, deed in enumerate(sorted(life, key=lambda d: (d.day + d.late, d.day)), start=1):
        story = take(story, nth, deed)
    return story
