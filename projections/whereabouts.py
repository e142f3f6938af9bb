"""Every place that the story of a case ever named, so that the list of one posyandu on a past day is soon gathered.

Also places that were a mistake, that a case has left, or to which it was only to go: whoever asks folds these stories
and sees. What may never happen is that a case stood somewhere and is not found there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from msgspec import inspect as types
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain.case import Event, Personal, Recorded
from projections import log
from projections.projection import Folded, Row, Table

TABLE = Table(
    name="whereabouts",
    columns=(("case_id", "uuid NOT NULL"), ("place", "text NOT NULL")),
    key=("case_id", "place"),
    indexes=("(place) INCLUDE (case_id)",),
)


def places(story: Sequence[Recorded]) -> frozenset[str]:
    """Codes of every unit that an event of the story names, as it was recorded. Who sends somebody on is named too."""
    found: set[str] = set()
    for recorded in story:
        event = recorded.event
        kind: type[Event] = type(event)
        for name in _telling(kind):
            found.update(_codes(getattr(event, name)))
        if getattr(event, "to", None):
            found.add(recorded.by.unit)
    return frozenset(found)


@lru_cache(maxsize=1024)
def _telling(event: type[Event]) -> tuple[str, ...]:
    """The fields in which an event may name a unit: all that hold a text of its own, whatever they are called."""
    described = types.type_info(event)
    assert isinstance(described, types.StructType)
    return tuple(field.name for field in described.fields if _may_hold_a_text(field.type))


def _may_hold_a_text(kind: types.Type) -> bool:
    match kind:
        case types.StrType() | types.AnyType():
            return True
        case types.UnionType():
            return any(map(_may_hold_a_text, kind.types))
        case types.VarTupleType():
            return _may_hold_a_text(kind.item_type)
        case types.DictType():
            return _may_hold_a_text(kind.value_type)
        case types.StructType():
            return kind.cls is not Personal and any(_may_hold_a_text(field.type) for field in kind.fields)
    return False


def _codes(value: Any) -> Iterator[str]:
    """The codes of units in a value, however deep."""
    if isinstance(value, str):
        if CODE.fullmatch(value):
            yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _codes(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _codes(one)
    elif hasattr(value, "__struct_fields__"):
        for name in value.__struct_fields__:
            yield from _codes(getattr(value, name))


CODE = re.compile(r"\d{4}[\w.-]{0,16}")
"""Every unit's code begins with the four digits of a kabupaten; no other is taken in (`dampingi units`)."""


class Whereabouts:
    """The projection of the places of a story."""

    NAME = "whereabouts"
    TABLES = (TABLE,)

    def rows(self, folded: Folded) -> dict[str, list[Row]]:
        return {TABLE.name: [(folded.case, place) for place in sorted(places(folded.story))]}


class Behind(Exception):
    """The table is so far behind the log that what it does not show yet cannot be looked through."""


MOST_UNSEEN = 5_000
"""Events that the table may lack. Their cases are looked at as well, wherever they are."""


def cases_of(conn: Connection[Any], schema: str, place: Collection[str], also: str | None = None) -> set[UUID]:
    """The cases that may ever have stood in one of these places, and in `also` as well where that is named.

    Cases of which the follower has not seen everything yet, or met something that it cannot take, are among them.
    """
    row = conn.execute(_upto(schema), prepare=True).fetchone()
    unseen = log.touched(conn, schema, row[0] if row is not None else 0, MOST_UNSEEN)
    if len(unseen) == MOST_UNSEEN:
        raise Behind
    asked = {"place": list(place), "also": also}
    found = conn.execute(_cases(schema), asked, binary=True, prepare=True)
    return {*(row[0] for row in found), *(case for _, case in unseen)}


@lru_cache(maxsize=64)
def _upto(schema: str) -> bytes:
    text = SQL("SELECT position FROM {} WHERE name = 'whereabouts'")
    return text.format(Identifier(schema, "follower")).as_bytes()


@lru_cache(maxsize=64)
def _cases(schema: str) -> bytes:
    return (
        SQL("""
        SELECT DISTINCT case_id
        FROM {table} AS one
        WHERE place = ANY(%(place)s::text[])
          AND (
              %(also)s::text IS NULL
              OR EXISTS (SELECT FROM {table} AS other WHERE other.case_id = one.case_id AND other.place = %(also)s)
          )
        """)
        .format(table=Identifier(schema, "whereabouts"))
        .as_bytes()
    )
