"""Who is being fed: every PMT cycle that has started, with the days of its portions and the last one accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain.case import Case, Personal
from domain.person import Person
from domain.pmt import Cycle
from domain.protocol import Protocol
from projections.projection import Folded, Row, Table

TABLE = Table(
    name="pmt",
    columns=(
        ("case_id", "uuid NOT NULL"),
        ("cycle", "smallint NOT NULL"),
        ("kind", "text NOT NULL"),
        ("desa", "text NOT NULL"),
        ("posyandu", "text NOT NULL"),
        ("name", "text NOT NULL"),
        ("rt", "text NOT NULL"),
        ("rw", "text NOT NULL"),
        ("scheme", "text NOT NULL"),
        ("funding", "text"),
        ("days", "smallint NOT NULL"),
        ("started", "date NOT NULL"),
        ("until", "date NOT NULL"),
        ("last", "date NOT NULL"),
        ("told", "date[] NOT NULL"),
    ),
    key=("case_id", "cycle"),
    indexes=("(posyandu, started, until)",),
    public=(
        "case_id",
        "cycle",
        "kind",
        "desa",
        "posyandu",
        "scheme",
        "funding",
        "days",
        "started",
        "until",
        "last",
        "told",
    ),
)


def lines(case: UUID, state: Case, who: Personal, protocol: Protocol) -> list[Row]:
    """The cycles of one case that have started, as plain tuples; none where the case has ended."""
    if not isinstance(state, Person) or not state.cycles or not state.active:
        return []
    return [_line(case, state, who, cycle, protocol) for cycle in state.cycles if cycle.started is not None]


def _line(case: UUID, state: Person, who: Personal, cycle: Cycle, protocol: Protocol) -> Row:
    assert cycle.started is not None
    days = cycle.days or protocol.pmt_days.get(cycle.reason, 1)
    until = min(cycle.started + timedelta(days=days - 1), cycle.ended or date.max)
    # The start is itself the first portion.
    told = sorted({cycle.started, *(portion.on for portion in cycle.portions)})
    place = (state.KIND, state.desa, state.posyandu, who.name or "", who.rt or "", who.rw or "")
    return (case, cycle.number, *place, cycle.scheme, cycle.funding, days, cycle.started, until, told[-1], told)


class Pmt:
    """The projection of those who are being fed."""

    NAME = "pmt"
    TABLES = (TABLE,)

    def rows(self, folded: Folded) -> dict[str, list[Row]]:
        return {TABLE.name: lines(folded.case, folded.state, folded.who, folded.book.protocol)}


# What can be asked


class Fed(Struct, frozen=True):
    """Somebody who gets PMT on a day."""

    case: UUID
    cycle: int
    kind: str
    name: str
    rt: str
    rw: str
    scheme: str
    funding: str | None
    day: int
    """Which portion day it is, counted from the start."""
    days: int
    last: date
    """The last day accounted for."""
    told: bool
    """The day asked about is accounted for."""


def fed(conn: Connection[Any], schema: str, posyandu: str, on: date) -> tuple[Fed, ...]:
    """Who of a posyandu is given PMT on a day, in the order of a walk."""
    rows: Sequence[Any] = conn.execute(_fed(schema), {"posyandu": posyandu, "on": on}).fetchall()
    return tuple(Fed(*row) for row in rows)


@lru_cache(maxsize=64)
def _fed(schema: str) -> bytes:
    return (
        SQL("""
        SELECT case_id, cycle, kind, name, rt, rw, scheme, funding,
               %(on)s::date - started + 1, days, last, %(on)s = ANY(told)
        FROM {pmt}
        WHERE posyandu = %(posyandu)s
          AND started <= %(on)s
          AND until >= %(on)s
        ORDER BY lpad(rw, 3, '0'), lpad(rt, 3, '0'), name COLLATE "C", case_id, cycle
        """)
        .format(pmt=Identifier(schema, "pmt"))
        .as_bytes()
    )
