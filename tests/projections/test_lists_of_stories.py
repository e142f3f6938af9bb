"""On the example stories of the juknis, the lists in the database are those the domain names, at every moment."""

from __future__ import annotations

import typing
from datetime import datetime
from functools import cache

import psycopg

from domain import stories
from domain.case import Personal, Role
from domain.protocol import Book, Obligation, state
from projections.growth import Growth
from projections.people import People
from projections.projection import Folded
from projections.queue import NAMELESS, Queue, worklist
from tests.projections.standing import stand
from tests.stories import test_contoh as examples

ROLES: tuple[Role, ...] = typing.get_args(Role)
PROJECTIONS = (Queue(), People(str.encode), Growth())


@cache
def folded() -> tuple[Folded, ...]:
    return tuple(_folded(n) for n in range(len(examples.STORIES)))


def _folded(number: int) -> Folded:
    told = examples.STORIES[number]
    book = examples.juknis().book(told.contoh.daftar[-1].pada)
    book = Book(book.who, book.kms, book.protocol, {}, told.contoh.hari_posyandu)
    story = told.story
    case = stories.fold(story)
    assert case is not None
    return Folded(story[0].case, story, case, Personal(name=f"Anak {number}", rt=f"{number % 7}"), book)


def moments() -> list[datetime]:
    return sorted({daftar.moment for told in examples.STORIES for daftar in told.contoh.daftar})


def seen(case: Folded, desk: Role, now: datetime) -> list[tuple[str, Obligation, bool]]:
    """What a desk sees of a case, by the domain's own words."""
    return [
        (case.case.hex, o, state(o, now) == "late")
        for o in case.owed
        for at in o.desks
        if at.desk == desk and at.opens <= now and state(o, now) in ("open", "late")
    ]


def test_every_list_is_what_the_domain_says_at_every_moment(conn: psycopg.Connection, schema: str) -> None:
    stand(conn, schema, Queue.TABLES[0], (row for case in folded() for row in Queue().rows(case)["queue"]))
    lines = 0
    for desk in ROLES:
        for now in moments():
            page = worklist(conn, schema, desk, None, None, now, limit=10_000)
            expected = [one for case in folded() for one in seen(case, desk, now)]
            lines += len(expected)
            assert page.counts.open == len(page.tasks) == len(expected)
            assert page.counts.late == sum(late for *_, late in expected)
            if desk in NAMELESS:
                assert sorted((t.priority, t.due, t.owner) for t in page.tasks) == sorted(
                    (o.priority, o.due, o.owner) for _, o, _ in expected
                )
                continue
            assert sorted((t.case.hex if t.case else "", t.rule, t.key, t.due, t.late) for t in page.tasks) == sorted(
                (case, o.rule, o.key, o.due, late) for case, o, late in expected
            )
    assert lines > 1000


def test_rows_fill_their_tables_and_come_out_the_same_every_time(conn: psycopg.Connection, schema: str) -> None:
    for projection in PROJECTIONS:
        for table in projection.TABLES:
            first = [row for case in folded() for row in projection.rows(case)[table.name]]
            again = [row for n in range(len(folded())) for row in projection.rows(_folded(n))[table.name]]
            assert first == again
            assert first
            stand(conn, schema, table, first)
