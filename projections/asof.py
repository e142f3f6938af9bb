"""The lists as they were: the same folding and the same comparisons as today's, over what was recorded by a moment.

There are two clocks. `known`: only what was recorded by then counts, so that the answer is what stood on the screen.
`happened`: only what happened in the field by that day counts, with all that is known of it, corrected and late.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import takewhile
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from domain import stories
from domain.case import Recorded, Role
from domain.erasure import IdentityErased, without_identity
from domain.protocol import Book, Obligation, end_of
from projections import log, queue, referral
from projections.follow import Followed, fold, uncollected
from projections.projection import Folded, Row
from projections.queue import AHEAD, ORDER, Counts, Narrow, Task, as_task, counted
from projections.referral import Tracked


class Clocks(Struct, frozen=True):
    """What was known by a moment, and of that what had happened by the end of a day; no day is all of it."""

    known: datetime
    happened: date | None = None

    def moment(self, clock: tzinfo) -> datetime:
        """The moment as of which a list is looked at: when it was known, or the end of the day if that is earlier."""
        if self.happened is None:
            return self.known
        return min(self.known, end_of(self.happened, clock))  # type: ignore[arg-type]


def folded(
    tenant: Followed, conn: Connection[Any], cases: Collection[UUID], clocks: Clocks, moment: datetime, book: Book
) -> list[Folded]:
    """These cases as they were. One that was not begun by then is left out."""
    with uncollected():
        told = known(conn, tenant.schema, cases, clocks.known)
        return list(fold(tenant, conn, told, book, counting(clocks.happened, moment)))


def folded_twice(
    tenant: Followed,
    conn: Connection[Any],
    cases: Collection[UUID],
    first: tuple[datetime, Book],
    second: tuple[datetime, Book],
) -> tuple[list[Folded], list[Folded]]:
    """These cases as they were known at two moments. What has not changed in between is folded once."""
    (before, book), (after, later_book) = first, second
    with uncollected():
        told = known(conn, tenant.schema, cases, after)
        later = list(fold(tenant, conn, told, later_book))
        earlier = {case: list(takewhile(lambda r: r.by.recorded_at <= before, story)) for case, story in told.items()}
        same = _rest_on_the_same(book, later_book)
        kept = [one for one in later if same and len(earlier[one.case]) == len(one.story)]
        for one in kept:
            del earlier[one.case]
        return [*kept, *fold(tenant, conn, {case: s for case, s in earlier.items() if s}, book)], later


def known(conn: Connection[Any], schema: str, cases: Collection[UUID], moment: datetime) -> log.Stories:
    """The stories as they were known by a moment; who was forgotten since has no name in them either."""
    told = log.stories_known(conn, schema, cases, moment)
    for case in log.containing(conn, schema, told, stories.TOPICS[IdentityErased]):
        told[case] = without_identity(told[case])
    return told


def _rest_on_the_same(one: Book, other: Book) -> bool:
    return (one.protocol.edition, one.session_days) == (other.protocol.edition, other.session_days)


def counting(happened: date | None, moment: datetime) -> Callable[[Sequence[Recorded]], list[Recorded]]:
    """How a story is read under these clocks: corrections in their place first, and then only what had happened."""
    if happened is None:
        return stories.counting

    def counts(story: Sequence[Recorded]) -> list[Recorded]:
        read = stories.counting(story)
        if not read or read[0].event.on > happened:
            return []
        return [_told_in_time(r, moment) for r in read if r.event.on <= happened]

    return counts


def _told_in_time(recorded: Recorded, moment: datetime) -> Recorded:
    """Heard of later than the moment looked at, it is taken as told at the end of its own day, as it should have been.

    Otherwise no task that rests on it would have opened by then, and the day would look better for being told late.
    """
    if recorded.by.recorded_at <= moment:
        return recorded
    told = min(end_of(recorded.event.on, moment.tzinfo), moment)  # type: ignore[arg-type]
    return replace(recorded, by=replace(recorded.by, recorded_at=told))


# A list


class Scope(Struct, frozen=True):
    """A desk's list, or a part of it: the places whose lines stand there."""

    desk: Role
    desa: tuple[str, ...] | None
    """None is everywhere."""
    posyandu: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    """Rules that this reader may not know of."""

    def holds(self, desa: str, posyandu: str) -> bool:
        return (self.desa is None or desa in self.desa) and (self.posyandu is None or posyandu in self.posyandu)


class Page(Struct, frozen=True):
    """A part of a list as it was. A past list does not change, so a page begins at a number."""

    tasks: tuple[Task, ...]
    counts: Counts
    after: int | None
    """Ask with this for the next page; None at the end."""


def worklist(
    cases: Iterable[Folded],
    scope: Scope,
    now: datetime,
    narrow: Narrow = Narrow(),  # noqa: B008  # frozen
    after: int = 0,
    limit: int = 50,
) -> Page:
    """What `queue.worklist` gave at that moment, order, comparisons and counts alike."""
    scope = replace(scope, posyandu=_tuple(queue.both(scope.posyandu, narrow.posyandu)))
    rows = [row for row in _rows(cases, scope, now) if _there(row, now) and _sought(row, narrow.text)]
    shown = [row for row in rows if _in_view(row, now, narrow)]
    page = sorted(shown, key=_order)[after : after + limit]
    tasks = tuple(as_task(row[_LINE], _opened(row, now) and _late(row, now), not _opened(row, now)) for row in page)
    return Page(tasks, counted(_groups(rows, now), narrow), after + limit if after + limit < len(shown) else None)


def _tuple(places: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if places is None else tuple(places)


def _rows(cases: Iterable[Folded], scope: Scope, now: datetime) -> Iterator[Row]:
    """The lines of a scope that are open or will be soon."""
    for one in cases:
        for row in queue.lines(one.case, one.state, one.who, one.owed, one.story, (scope.desk,)):
            if (
                scope.holds(row[_DESA], row[_POSYANDU])
                and row[_OPENS] <= now + AHEAD
                and row[_RULE] not in scope.without
            ):
                yield row


_COLUMNS = [name for name, _ in queue.TABLE.columns]
_DESA, _POSYANDU, _OPENS, _DUE, _UNTIL, _PRIORITY, _RULE, _SEARCHED, _LINE = map(
    _COLUMNS.index,
    ("desa", "posyandu", "opens", "due", "until", "priority", "rule", "searched", "line"),
)
_order = itemgetter(*(_COLUMNS.index(name) for name in ORDER))

# The same comparisons as those of the statement in queue.py; a test holds them together


def _there(row: Row, now: datetime) -> bool:
    return row[_UNTIL] is None or row[_UNTIL] > now


def _opened(row: Row, now: datetime) -> bool:
    return bool(row[_OPENS] <= now)


def _late(row: Row, now: datetime) -> bool:
    return bool(row[_DUE] < now)


def _in_week(row: Row, now: datetime) -> bool:
    return not _late(row, now) and row[_DUE] <= now + timedelta(days=7)


def _sought(row: Row, text: str | None) -> bool:
    return not text or text.strip().lower() in row[_SEARCHED]


def _in_view(row: Row, now: datetime, narrow: Narrow) -> bool:
    if narrow.rule and row[_RULE] != narrow.rule:
        return False
    if narrow.due == "coming":
        return not _opened(row, now)
    return _opened(row, now) and {
        None: True, "late": _late(row, now), "due": not _late(row, now), "week": _in_week(row, now),
    }[narrow.due]  # fmt: skip


def _groups(rows: Iterable[Row], now: datetime) -> list[list[Any]]:
    """Rule, priority, and how many lines are not late, late, due within seven days, and coming."""
    found: dict[tuple[str, int], list[Any]] = {}
    for row in rows:
        group = found.setdefault((row[_RULE], row[_PRIORITY]), [row[_RULE], row[_PRIORITY], 0, 0, 0, 0])
        if not _opened(row, now):
            group[5] += 1
            continue
        late = _late(row, now)
        group[3 if late else 2] += 1
        group[4] += _in_week(row, now)
    return list(found.values())


# One task


class Standing(NamedTuple):
    """A task that stands on a list; two moments are compared by these."""

    case: UUID
    rule: str
    key: str


def standing(cases: Iterable[Folded], scope: Scope, now: datetime) -> dict[Standing, tuple[Folded, Obligation]]:
    """What is open on a desk's list at a moment, by task."""
    found: dict[Standing, tuple[Folded, Obligation]] = {}
    for one in cases:
        for owed in one.owed:
            told = nameless(one, scope.desk) or owed.rule not in scope.without
            if told and scope.holds(*place_of(one, owed, scope.desk)) and _open(owed, scope, now):
                found[Standing(one.case, owed.rule, owed.key)] = one, owed
    return found


def nameless(one: Folded, desk: Role) -> bool:
    """The desk is told of this case's tasks, and not whose nor which they are."""
    return desk in queue.NAMELESS and one.state.KIND != "desa"


def place_of(one: Folded, owed: Obligation, desk: Role) -> tuple[str, str]:
    """Desa and posyandu of a task's line at a desk."""
    return owed.desa or one.state.desa, "" if nameless(one, desk) else owed.place or one.state.posyandu


def _open(owed: Obligation, scope: Scope, now: datetime) -> bool:
    if owed.until is not None and owed.until <= now:
        return False
    return any(at.desk == scope.desk and at.opens <= now for at in owed.desks)


def task(one: Folded, owed: Obligation, desk: Role, now: datetime) -> Task:
    """The line of one task at a desk."""
    (row, *_) = queue.lines(one.case, one.state, one.who, [owed], one.story, (desk,))
    return as_task(row[_LINE], _opened(row, now) and _late(row, now), not _opened(row, now))


def tasks_of(one: Folded, desks: Collection[Role], now: datetime) -> tuple[Task, ...]:
    """What was open for one case at these desks."""
    rows = [
        row
        for row in queue.lines(one.case, one.state, one.who, one.owed, one.story, desks)
        if _there(row, now) and _opened(row, now)
    ]
    return tuple(as_task(row[_LINE], _late(row, now), coming=False) for row in sorted(rows, key=_order))


# Referrals


def tracked(cases: Iterable[Folded], scope: referral.Scope) -> tuple[Tracked, ...]:
    """Every referral in a scope as it stood then, in the order of today's list."""
    found = [
        Tracked(*(row[at] for at in _SHOWN))
        for one in cases
        for row in referral.lines(one.case, one.state, one.who, one.story)
        if _within(row, scope)
    ]
    return tuple(sorted(found, key=lambda r: (not r.urgent, r.since, r.referral)))


def _within(row: Row, scope: referral.Scope) -> bool:
    """The same question as that of the statement in referral.py."""
    if scope.facility is not None and scope.facility in row[_PLACES]:
        return True
    return row[_OF_DESA] in scope.desa and (scope.posyandu is None or row[_OF_POSYANDU] in scope.posyandu)


_NAMES = [name for name, _ in referral.TABLE.columns]
_OF_DESA, _OF_POSYANDU, _PLACES = (_NAMES.index(name) for name in ("desa", "posyandu", "places"))
_SHOWN = [_NAMES.index("case_id" if name == "case" else name) for name in Tracked.__struct_fields__]
