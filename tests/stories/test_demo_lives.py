"""The made-up kecamatan: nothing in it is refused on any day of the year, every desk has work, no list is a flood."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, time
from uuid import UUID, uuid5

import pytest

from domain import desa, stories
from domain.case import Case, Elsewhere, Envelope, Recorded, Role, by_kind, zone
from domain.protocol import Book, obligations, state
from service import lives
from service.demo import units
from service.juknis import read_juknis
from service.lives import Entry, Lives
from service.settings import root

JUKNIS = read_juknis(root() / "juknis")
CLOCK = zone("3603")


@pytest.mark.parametrize(
    "today",
    [date(2026, 1, 2), date(2026, 3, 31), date(2026, 6, 15), date(2028, 2, 29), date(2027, 9, 1), date(2026, 12, 31)],
    ids=str,
)
def test_what_is_told_on_any_day_could_have_happened(today: date) -> None:
    assert len(told(today, children=2)) > 200


def test_every_desk_of_the_juknis_has_work_and_no_desk_is_flooded() -> None:
    today = date(2026, 11, 27)
    book = JUKNIS.book(today)
    cases = told(today, children=24)
    now = datetime.combine(today, time(9), CLOCK)
    lines: Counter[Role] = Counter()
    of_siti: Counter[str] = Counter()
    for case in cases.values():
        for owed in obligations(case, book.chart(case), book):
            if state(owed, now) not in ("open", "late"):
                continue
            lines.update({desk.desk for desk in owed.desks if desk.opens <= now})
            if "kader" in {desk.desk for desk in owed.desks} and "3603332002.01" in (case.posyandu, owed.place):
                of_siti[state(owed, now)] += 1
    desks = {step.desk for rule in book.protocol.rules for step in rule.steps}
    assert desks <= set(lines)
    assert lines["bidan"] / len(lives.DESA) < 60
    assert 5 <= of_siti["open"] + of_siti["late"] <= 40
    assert of_siti["open"] > of_siti["late"] / 2


def told(today: date, children: int) -> dict[UUID, Case]:
    """Every case of the kecamatan as the service would have recorded it. Raises Refused where that cannot be."""
    book = JUKNIS.book(today)
    made_up = Lives(today, book, children=children)
    people = made_up.entries()
    log: dict[UUID, list[Recorded]] = defaultdict(list)
    states: dict[UUID, Case | None] = {}
    assert all(entry.at.astimezone(CLOCK).date() < today for entry in people)
    for entry in sorted([*_units(today, book), *people, *made_up.at_work(people)], key=lambda e: e.at):
        _record(entry, log, states)
    return {number: case for number, case in states.items() if case is not None}


def _units(today: date, book: Book) -> list[Entry]:
    """What `dampingi units` records before anything else."""
    begins = lives.beginning(today)
    at = datetime.combine(begins, time(6), CLOCK)
    every = list(units())
    found = []
    for unit in every:
        if unit.kind in ("desa", "puskesmas", "kecamatan", "kabupaten"):
            posyandus = tuple(u.code for u in every if u.parent == unit.code and u.kind == "posyandu")
            command = desa.Register(on=begins, desa=unit.code, level=unit.kind, posyandus=posyandus)
            number = desa.number(unit.code)
            found.append(Entry(at, uuid5(number, "begin"), number, command, "kabupaten", unit.code))
    return found


def _record(entry: Entry, log: dict[UUID, list[Recorded]], states: dict[UUID, Case | None]) -> None:
    by = Envelope(
        recorded_at=entry.at, actor=f"{entry.role} {entry.unit}", role=entry.role, unit=entry.unit, entry=entry.entry,
        edition="2025",
    )  # fmt: skip
    today = entry.at.astimezone(CLOCK).date()
    case = entry.case
    decided = stories.decide(case, log[case], states.get(case), entry.command, today, by)
    for one in decided:
        number, event = (one.case, one.event) if isinstance(one, Elsewhere) else (case, one)
        new = Recorded(number, len(log[number]) + 1, event, by)
        states[number] = stories.grow(states.get(number), log[number], [new])
        log[number].append(new)


def test_a_sign_that_comes_only_after_something_is_not_seen_where_that_never_happened() -> None:
    today = date(2026, 11, 27)
    book = JUKNIS.book(today)
    signs = {sign for rule in book.protocol.rules for sign in rule.signs if sign.AFTER}
    asked: Counter[str] = Counter()
    for case in told(today, children=8).values():
        for sign in signs:
            if case.KIND in sign.OF and sign.AFTER.isdisjoint(by_kind(case.acts)):
                assert sign.seen(case, book.chart(case)) == ()
                asked[type(sign).__name__] += 1
    assert set(asked) == {type(sign).__name__ for sign in signs}
