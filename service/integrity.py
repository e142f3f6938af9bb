"""Looks at what was recorded for patterns that call for a question, and asks: each day after it, each month after it.

What is asked stands in the story of the desa concerned, under a number made of pattern, hand, key and a secret. So two
processes, a crash or a second look ask nothing twice, and what was answered is not asked again; and nobody can take the
number of a question about themselves before it is asked. A day begins at five.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID, uuid5

import structlog
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain import desa, patterns, stories
from domain.case import Recorded
from domain.child import Child, month_after
from domain.desa import Desa, SpendingReconciled
from domain.oversight import RaiseFlag
from domain.patterns import DAY_BEGINS, NOT_HANDS, Finding, Noted, Tally, working_day
from domain.protocol import Asking, midnight
from projections import heard, log
from projections.heard import Heard
from service.access import Units
from service.watched import Watched, asked, recorded, stands

_FORMER = UUID("2f0b6a3e-9c1d-4f52-8f0a-6d1f0b7c5e23")

WAIT_SECONDS = 1.0
"""How long the lists may take to show what was recorded; else it is looked at in the next round."""

CASES = 500
"""Stories read at once."""

_log = structlog.get_logger()


def look(watched: Watched, now: datetime) -> int | None:
    """Ask about the days, and the months, that are over and not looked at. None where the lists are not as far yet."""
    with watched.store.pool.connection() as conn:
        schema = watched.store.schema
        if not log.wait_for(conn, schema, log.head(conn, schema), WAIT_SECONDS):
            return None
    return look_at_days(watched, now) + look_at_months(watched, now)


# Days


_STORIED = frozenset({
    "pmt.given", "pmt.missed", "pmt.week-closed", "pmt.reconciled", "child.moved", "child.died", "pregnancy.outcome",
    "pregnancy.mother-died", "person.left-kabupaten", "desa.spending-recorded", "desa.spending-reconciled",
    "desa.session-held", "desa.month-closed", "desa.menu-planned", "desa.menu-approved",
})  # fmt: skip
"""After these the story of the case is looked at as a whole."""


def look_at_days(watched: Watched, now: datetime) -> int:
    """Ask about what was recorded until five this morning."""
    until = midnight(working_day(now), now.tzinfo) + DAY_BEGINS  # type: ignore[arg-type]
    count = 0
    for last, findings in _days(watched, until, _rows(watched, now)):
        count += ask(watched, findings, now)
        _move(watched, "days", last)
    return count


def _days(watched: Watched, until: datetime, rows: Sequence[Asking]) -> Iterator[tuple[int, list[Finding]]]:
    """Of each day up to which position it goes and what is found in it; no more than a day is held at a time."""
    store, looks = watched.store, _of(rows, patterns.OfDay)
    with store.pool.connection() as conn:
        after, without = _position(conn, store.schema, "days"), _without(conn, store.schema)
        hands: dict[str, list[Noted]] = {}
        touched: set[UUID] = set()
        day, last = None, after
        for one in heard.entries(conn, store.schema, after, store.clock, without):
            if one.at >= until:
                break
            if day is not None and working_day(one.at) > day:
                yield last, [*_in_day(hands, looks), *_in_cases(conn, watched, rows, touched)]
                hands, touched = {}, set()
            day, last = max(working_day(one.at), day or date.min), one.position
            if one.noted is not None:
                hands.setdefault(one.actor, []).append(one.noted)
            if one.topic in _STORIED:
                touched.add(one.case)
        if last > after:
            yield last, [*_in_day(hands, looks), *_in_cases(conn, watched, rows, touched)]


def _in_day(hands: dict[str, list[Noted]], looks: Sequence[patterns.OfDay]) -> Iterator[Finding]:
    for hand, entries in hands.items():
        for pattern in looks:
            yield from pattern.of_day(hand, entries)


def _in_cases(
    conn: Connection[Any], watched: Watched, rows: Sequence[Asking], touched: Collection[UUID]
) -> Iterator[Finding]:
    """What the stories say of those who are gone, of comparisons, and of two cases with one NIK."""
    schema, cases = watched.store.schema, sorted(touched)
    units = {desa.number(code): code for code in watched.accounts.units()}
    for first in range(0, len(cases), CASES):
        some = cases[first : first + CASES]
        after = set(heard.gone(conn, schema, some))
        compared = set(heard.compared(conn, schema, some))
        settled = set(heard.settled(conn, schema, [case for case in some if case in units]))
        told = log.stories(conn, schema, after | compared | settled)
        for pattern in _of(rows, patterns.PmtAfterLeaving):
            yield from (found for case in after for found in pattern.of_case(told[case]))
        for own in _of(rows, patterns.OwnReconciliation):
            yield from (found for case in compared for found in own.of_case(told[case]))
        for deliveries in _of(rows, patterns.OwnDeliveries):
            yield from _deliveries(conn, schema, deliveries, [told[case] for case in settled], units)
        yield from _pairs(conn, schema, _of(rows, patterns.SharedNik), some)


def _deliveries(
    conn: Connection[Any],
    schema: str,
    pattern: patterns.OwnDeliveries,
    told: Sequence[Sequence[Recorded]],
    units: dict[UUID, str],
) -> Iterator[Finding]:
    for story in told:
        for settled in story:
            if isinstance(settled.event, SpendingReconciled):
                given = heard.portions(conn, schema, units[settled.case], settled.by.actor)
                yield from pattern.of_spending(settled, given)


def _pairs(
    conn: Connection[Any], schema: str, looks: Sequence[patterns.SharedNik], cases: Sequence[UUID]
) -> Iterator[Finding]:
    pairs = {frozenset(pair) for pair in heard.fed_twice(conn, schema, cases)} if looks else set()
    told = log.stories(conn, schema, {case for pair in pairs for case in pair}) if pairs else {}
    for one, other in map(sorted, pairs):
        for pattern in looks:
            yield from pattern.of_pair(told[one], told[other])


# Months


def look_at_months(watched: Watched, now: datetime) -> int:
    """Ask about the months that are over. Of each hand only counts are held, whatever it recorded."""
    this, rows = working_day(now).replace(day=1), _rows(watched, now)
    last, findings = _months(watched, this, rows)
    if last is None:
        return 0
    count = ask(watched, findings, now)
    _move(watched, "months", last)
    return count


def _months(watched: Watched, this: date, rows: Sequence[Asking]) -> tuple[int | None, list[Finding]]:
    store, looks = watched.store, _of(rows, patterns.OfMonth)
    tallies: dict[tuple[date, str, int], Tally] = {}
    last, months = None, set[date]()
    with store.pool.connection() as conn:
        after, without = _position(conn, store.schema, "months"), _without(conn, store.schema)
        for one in heard.entries(conn, store.schema, after, store.clock, without):
            month = working_day(one.at).replace(day=1)
            if month >= this:
                break
            last = one.position
            months.add(month)
            _count(tallies, month, one, looks)
        found = [
            finding
            for (month, hand, nth), tally in tallies.items()
            if (finding := looks[nth].of_month(hand, month, tally)) is not None
        ]
        for pattern in _of(rows, patterns.SameMeasures):
            found += [one for month in sorted(months) for one in _same_measures(conn, store.schema, pattern, month)]
    return last, patterns.gathered(found)


def _count(
    tallies: dict[tuple[date, str, int], Tally], month: date, one: Heard, looks: Sequence[patterns.OfMonth]
) -> None:
    if one.noted is None:
        return
    for nth, pattern in enumerate(looks):
        hit = pattern.hit(one.noted)
        if hit is not None:
            tallies.setdefault((month, one.actor, nth), Tally()).take(one.noted, hit)


def _same_measures(
    conn: Connection[Any], schema: str, pattern: patterns.SameMeasures, month: date
) -> Iterator[Finding]:
    cases = heard.unchanged(conn, schema, month, month_after(month))
    for first in range(0, len(cases), CASES):
        for story in log.stories(conn, schema, cases[first : first + CASES]).values():
            child = stories.fold(story)
            found = pattern.of_child(child, story, month) if isinstance(child, Child) else None
            if found is not None and found.concerns not in NOT_HANDS:
                yield found


# How it asks


def ask(watched: Watched, findings: Sequence[Finding], now: datetime) -> int:
    """Raise what was found in the stories of the desa concerned. Returns how many questions are new."""
    store, units = watched.store, watched.accounts.units()
    new = _unasked(watched, patterns.gathered(findings))
    questions = []
    with store.pool.connection() as conn:
        states: dict[str, Desa | None] = {}
        for flag, finding in new.items():
            code, posyandu = _place(conn, store.schema, finding, units)
            if code not in states:
                state = stories.fold(log.stories(conn, store.schema, [desa.number(code)])[desa.number(code)])
                states[code] = state if isinstance(state, Desa) else None
            if (unit := states[code]) is None:
                _log.warning("nobody to ask", schema=store.schema, pattern=finding.pattern)
                continue
            known = posyandu if any(p.code == posyandu for p in unit.posyandus) else None
            questions.append(asked(flag, desa.number(code), _command(flag, finding, known, now.date()), now))
    return recorded(store, questions)


def _unasked(watched: Watched, findings: Sequence[Finding]) -> dict[UUID, Finding]:
    store = watched.store
    with store.pool.connection() as conn:
        of = {store.sealing.number(conn, f"question {said(finding)}"): finding for finding in findings}
        known = stands(conn, store.schema, [*of, *map(former_number, of.values())])
    return {flag: finding for flag, finding in of.items() if flag not in known and former_number(finding) not in known}


def said(finding: Finding) -> str:
    """What makes a question the same: the same pattern of the same hand is asked about once for each key."""
    return f"{finding.pattern} {finding.concerns} {finding.key}"


def former_number(finding: Finding) -> UUID:
    """Under which it was asked before the numbers were made with a secret."""
    return uuid5(_FORMER, said(finding))


def _command(flag: UUID, finding: Finding, posyandu: str | None, today: date) -> RaiseFlag:
    return RaiseFlag(
        on=today,
        flag=flag,
        pattern=finding.pattern,
        posyandu=posyandu,
        concerns=finding.concerns,
        cases=finding.cases,
        found=finding.found,
        positions=finding.positions,
    )


def _place(conn: Connection[Any], schema: str, finding: Finding, units: Units) -> tuple[str, str | None]:
    """The desa, and the posyandu if it is one: where the hand sits, or else where most of those people live."""
    numbers = {desa.number(code): code for code, unit in units.items() if unit.kind == "desa"}
    if finding.cases and finding.cases[0] in numbers:
        return numbers[finding.cases[0]], None
    found = heard.places(conn, schema, finding.positions)
    seat = units.get(Counter(unit for unit, _, _ in found).most_common(1)[0][0]) if found else None
    if seat is not None and seat.kind == "posyandu":
        return seat.parent or "", seat.code
    homes = Counter((home, posyandu) for _, home, posyandu in found if home)
    if not homes:
        return (seat.code if seat is not None else ""), None
    code = Counter(home for _, home, _ in found if home).most_common(1)[0][0] or ""
    only = {posyandu for _, home, posyandu in found if home}
    return code, only.pop() if len(only) == 1 else None


# What it goes by


def _rows(watched: Watched, now: datetime) -> tuple[Asking, ...]:
    return watched.book(now.date()).protocol.patterns


def _of(rows: Sequence[Asking], kind: Any) -> list[Any]:
    """The patterns of one kind, or of one of several."""
    return [row.look for row in rows if isinstance(row.look, kind)]


def _without(conn: Connection[Any], schema: str) -> frozenset[str]:
    """Accounts behind which nobody types: the system, the operator, files, and other systems with a token."""
    return NOT_HANDS | {str(row[0]) for row in conn.execute(_sql(schema, _SYSTEMS)).fetchall()}


def _position(conn: Connection[Any], schema: str, name: str) -> int:
    row = conn.execute(_sql(schema, _STANDING), [name]).fetchone()
    assert row is not None
    return int(row[0])


def _move(watched: Watched, name: str, position: int) -> None:
    with watched.store.pool.connection() as conn:
        conn.execute(_sql(watched.store.schema, _MOVE), {"name": name, "position": position})


_STANDING: LiteralString = "SELECT position FROM {policies} WHERE name = %s"

_MOVE: LiteralString = """
UPDATE {policies}
SET position = %(position)s
WHERE name = %(name)s AND position < %(position)s
"""

_SYSTEMS: LiteralString = "SELECT DISTINCT account FROM {tokens}"


@lru_cache(maxsize=4096)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = ("policies", "tokens")
    return SQL(text).format(**{name: Identifier(schema, name) for name in names}).as_bytes()
