"""What the doors ask of a past day: lists, referrals, when tasks came and went, as they were and as they are told now.

No question folds more than the stories that may have stood in one desa, so its cost does not grow with the kabupaten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from psycopg_pool import ConnectionPool

from domain.case import NAKES, Recorded, Role
from domain.protocol import Book, Obligation, midnight
from projections import asof, lifetimes, log, whereabouts
from projections import referral as ways
from projections.asof import Clocks, Page, Scope, Standing
from projections.follow import Followed
from projections.lifetimes import Basis, Life
from projections.projection import Folded
from projections.queue import Narrow, Task
from projections.referral import Tracked
from service.access import Who
from service.accounts import Accounts
from service.juknis import Juknis
from service.problems import Trouble
from service.tenants import Tenant


class Where(Struct, frozen=True):
    """The part of a desk's places that is asked about."""

    desa: tuple[str, ...]
    posyandu: tuple[str, ...] | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """What to gather stories by."""
        return self.desa if self.posyandu is None else self.posyandu


class Looked(Struct, frozen=True):
    """Cases as they were, the moment they are looked at, and what the lists rested on then."""

    cases: list[Folded]
    moment: datetime
    book: Book

    @property
    def edition(self) -> str:
        return self.book.protocol.edition

    @property
    def restricted(self) -> tuple[str, ...]:
        """Rules of that day whose tasks only health workers may know of."""
        return tuple(rule.id for rule in self.book.protocol.rules if rule.restricted)


class Changed(Struct, frozen=True):
    """A task that came or went between two moments."""

    task: Task
    life: Life | None
    story: Sequence[Recorded]
    """As it was known at the later moment."""


class Difference(Struct, frozen=True):
    """A page of what a desk's list lost, won and kept between two moments, and how many there are of each."""

    went: tuple[Changed, ...]
    came: tuple[Changed, ...]
    stayed: tuple[Task, ...]
    counts: tuple[int, int, int]


class Past:
    """One kabupaten as it was. What the lists rested on is asked for at each moment that it changed."""

    def __init__(
        self, pool: ConnectionPool[Any], tenant: Tenant, followed: Followed, juknis: Juknis, accounts: Accounts
    ) -> None:
        self._pool = pool
        self._tenant = tenant
        self._followed = followed
        self._juknis = juknis
        self._accounts = accounts
        self._turn = Lock()
        """Lists are worked out by the interpreter: two at once only take turns, and spoil what the other remembers."""

    def begun(self) -> datetime | None:
        """When the first thing was recorded here; None where nothing was."""
        with self._pool.connection() as conn:
            first = log.read(conn, self._tenant.schema, 0, 1)
        return first[0].by.recorded_at if first else None

    def moment(self, clocks: Clocks) -> datetime:
        """As of which moment these clocks look."""
        return clocks.moment(self._tenant.zone)

    def book(self, clocks: Clocks) -> Book:
        """What the lists of that moment rested on: the edition valid then, the posyandu days known then."""
        on = self.moment(clocks).astimezone(self._tenant.zone).date()
        return self._juknis.book(on, self._accounts.session_days(clocks.known))

    def restricted(self, known: datetime) -> frozenset[str]:
        """Rules whose tasks only health workers may know of, by any edition that held until then."""
        on = known.astimezone(self._tenant.zone).date()
        return frozenset(r.id for e in self._juknis.in_force() if e.valid_from <= on for r in e.rules if r.restricted)

    def gathered(self, where: Where, also: str | None = None) -> set[UUID]:
        """The cases that may ever have stood in these places. Nothing is told while that cannot be known."""
        with self._pool.connection() as conn:
            try:
                return whereabouts.cases_of(conn, self._tenant.schema, where.places, also)
            except whereabouts.Behind:
                raise Trouble(503, "rebuilding") from None

    def look(self, cases: Collection[UUID], clocks: Clocks) -> Looked:
        """These cases as they were."""
        book, moment = self.book(clocks), self.moment(clocks)
        with self._pool.connection() as conn:
            found = asof.folded(self._followed, conn, cases, clocks, moment, book)
        return Looked(found, moment, book)

    def worklist(
        self, who: Who, desk: Role, where: Where, clocks: Clocks, narrow: Narrow, after: int, limit: int
    ) -> tuple[Page, Looked]:
        """A desk's list as it was."""
        cases = self.gathered(where)
        with self._turn:
            looked = self.look(cases, clocks)
            scope = scope_of(who, desk, where, looked)
            return asof.worklist(looked.cases, scope, looked.moment, narrow, after, limit), looked

    def referrals(
        self, where: Where, clocks: Clocks, facility: str | None = None
    ) -> tuple[tuple[Tracked, ...], Looked]:
        """The referrals of these places as they stood; with a facility, those it had a part in of whoever was there."""
        looked = self.look(self.gathered(where, facility), clocks)
        scope = ways.Scope(where.desa, where.posyandu) if facility is None else ways.Scope(facility=facility)
        return asof.tracked(looked.cases, scope), looked

    # When tasks came and went

    def lives(self, story: Sequence[Recorded], until: datetime) -> tuple[Life, ...]:
        """Every task of a case at every desk: when it came, when it went, and by what."""
        return lifetimes.lives(story, self._bases(story, until, self._book_at), until) if story else ()

    def _book_at(self, moment: datetime) -> Book:
        return self.book(Clocks(moment))

    def _bases(self, story: Sequence[Recorded], until: datetime, book: Callable[[datetime], Book]) -> list[Basis]:
        """The editions and posyandu days that the lists rested on while this story was told."""
        began = story[0].by.recorded_at
        changes: list[tuple[datetime, Literal["edition", "session-day"]]] = [
            (midnight(edition.valid_from, self._tenant.zone), "edition") for edition in self._juknis.in_force()
        ]
        moved = self._accounts.sessions_moved(whereabouts.places(story), began, until)
        changes += [(at, "session-day") for at in moved]
        later = sorted(change for change in changes if began < change[0] <= until)
        return [Basis(at, what, book(at)) for at, what in ((began, "edition"), *later)]

    def difference(
        self, who: Who, desk: Role, where: Where, first: datetime, second: datetime, page: slice
    ) -> Difference:
        """What became of a desk's list between two moments. Only the cases that differ on this page are told again."""
        cases = self.gathered(where)
        with self._turn:
            return self._compared(who, desk, where, *self._both(cases, first, second), page)

    def _compared(self, who: Who, desk: Role, where: Where, before: Looked, after: Looked, page: slice) -> Difference:
        first, second = before.moment, after.moment
        stood = asof.standing(before.cases, scope_of(who, desk, where, before), first)
        stands = asof.standing(after.cases, scope_of(who, desk, where, after), second)
        gone, new, both = stood.keys() - stands.keys(), stands.keys() - stood.keys(), stands.keys() & stood.keys()
        lost = _in_order(gone, stood, desk, first)[page]
        won = _in_order(new, stands, desk, second)[page]
        shown = {at.case for at, _ in (*lost, *won)}
        stories = {one.case: one.story for one in after.cases if one.case in shown}
        book = cache(self._book_at)  # most editions and moved days are the same for every case
        told = {
            case: lifetimes.lives(story, self._bases(story, second, book), second, first)
            for case, story in stories.items()
        }

        def changed(at: Standing, task: Task, moment: datetime) -> Changed:
            life = lifetimes.standing_at(told[at.case], desk, at.rule, at.key, moment)
            return Changed(task, life, stories[at.case])

        return Difference(
            tuple(changed(at, task, first) for at, task in lost),
            tuple(changed(at, task, second) for at, task in won),
            tuple(task for _, task in _in_order(both, stands, desk, second)[page]),
            (len(gone), len(new), len(both)),
        )

    def _both(self, cases: Collection[UUID], first: datetime, second: datetime) -> tuple[Looked, Looked]:
        one, other = self.book(Clocks(first)), self.book(Clocks(second))
        with self._pool.connection() as conn:
            before, after = asof.folded_twice(self._followed, conn, cases, (first, one), (second, other))
        return Looked(before, first, one), Looked(after, second, other)


def _in_order(
    some: Collection[Standing], of: Mapping[Standing, tuple[Folded, Obligation]], desk: Role, moment: datetime
) -> list[tuple[Standing, Task]]:
    """The urgent first, as a list has them."""
    return sorted(((at, asof.task(*of[at], desk, moment)) for at in some), key=lambda one: _urgency(one[1]))


def _urgency(task: Task) -> tuple[Any, ...]:
    return task.priority, task.due, task.risk, task.name, task.rule, task.key, str(task.case)


def scope_of(who: Who, desk: Role, where: Where, looked: Looked) -> Scope:
    """The part of a desk's list that this post may read, as the list of today is read."""
    return Scope(desk, where.desa, where.posyandu, () if who.role in NAKES else looked.restricted)
