"""The lists: every obligation of every case, once for each desk that sees it, with all that its line shows.

A line is there from `opens` to `until` and late after `due`; nobody ticks it off. A list is one statement on one index.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import astuple
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain import words
from domain.case import PERSONS, Case, Personal, Recorded, Refused, Role
from domain.child import Child, plus_months
from domain.labels import DESKS, PRIORITIES
from domain.protocol import Desk, Obligation
from projections.people import born_and_sex
from projections.projection import Folded, Row, Table

TABLE = Table(
    name="queue",
    columns=(
        ("case_id", "uuid NOT NULL"),
        ("desk", "text NOT NULL"),
        ("nth", "smallint NOT NULL"),
        ("desa", "text NOT NULL"),
        ("posyandu", "text NOT NULL"),
        ("opens", "timestamptz NOT NULL"),
        ("due", "timestamptz NOT NULL"),
        ("until", "timestamptz"),
        ("priority", "smallint NOT NULL"),
        ("risk", "smallint NOT NULL"),
        ("walk", 'text COLLATE "C" NOT NULL'),
        ("rule", "text NOT NULL"),
        ("searched", "text NOT NULL"),
        ("line", "bytea NOT NULL"),
    ),
    key=("case_id", "desk", "nth"),
    telling=("line",),
    indexes=(
        # A kader's list is one posyandu of it, a bidan's one desa, a puskesmas's a few. It is all the counts need.
        "(desk, desa, posyandu, opens, until) INCLUDE (due, priority, rule)",
        # The order of a list, desa by desa: a page is where it begins, and is read no further than it goes.
        "(desk, desa, priority, due, risk, walk, case_id, nth) INCLUDE (opens, until)",
    ),
)

# What stands in a line

NAMELESS: frozenset[Role] = frozenset({"kecamatan", "kabupaten", "inspektorat"})
"""They see that a task is late, how urgent, in which desa and at whose desk. Not of whom, and not which (11.1)."""

BY_NUMBER: frozenset[str] = frozenset({"person.erase-identity"})
"""What they do themselves in a case of somebody, which they are told by its number. It says nothing of anybody."""

UNTOLD: frozenset[Role] = frozenset({"desa"})
"""They act on a name, an address and a task, and are not told what was found (protocol 10)."""


class Line(Struct, frozen=True, array_like=True):
    """What a line shows. It is stored as one piece: nobody asks by its parts, and fifty lines are soon taken apart."""

    case: UUID | None
    """None at desks that may not know whose it is."""
    desk: Role
    desa: str
    posyandu: str
    opens: datetime
    due: datetime
    until: datetime | None
    priority: int
    risk: int
    supervision: bool
    rule: str
    key: str
    owner: Role
    kind: str
    since: date
    task: str
    form: str
    why: str
    events: tuple[int, ...]
    name: str
    mother: str
    born: date | None
    sex: str | None
    address: str
    rt: str
    rw: str


def lines(
    case: UUID,
    state: Case,
    who: Personal,
    owed: Sequence[Obligation],
    story: Sequence[Recorded],
    desks: Collection[Role] | None = None,
) -> list[Row]:
    """The lines of one case at every desk, or at these, as plain tuples in the order of the columns."""
    if not owed:
        return []
    person = _person(state, who)
    hidden: dict[Role, frozenset[int]] = {}
    taken: dict[Role, set[int]] = {}
    found: list[Row] = []
    for obligation in owed:
        for at in obligation.desks:
            desk = at.desk
            if obligation.until is not None and at.opens >= obligation.until:
                continue
            if desks is not None and desk not in desks:
                continue
            numbers = taken.setdefault(desk, set())
            if desk in NAMELESS and state.KIND != "desa":
                own = obligation.form in BY_NUMBER and not at.supervision
                line = _numbered(case, state, obligation, at) if own else _nameless(state, obligation, at)
                found.append(_row(case, _free(numbers, 0), line, "", ""))
                continue
            if desk not in hidden:
                hidden[desk] = words.hidden(story, desk)
            line = _named(case, state, obligation, at, person, hidden[desk])
            nth = _free(numbers, obligation.row * APART)
            found.append(_row(case, nth, line, person.walk, person.searched + obligation.task.lower()))
    return found


APART = 100
"""Numbers between the lines of one rule and those of the next, so that a task that comes or goes moves no others."""


def _free(taken: set[int], nth: int) -> int:
    """The first number from `nth` on that no other line of the case has at this desk."""
    while nth in taken:
        nth += 1
    taken.add(nth)
    return nth


def _row(case: UUID, nth: int, line: Line, walk: str, searched: str) -> Row:
    return (
        case, line.desk, nth, line.desa, line.posyandu, line.opens, line.due, line.until, line.priority, line.risk,
        walk, line.rule, searched, _written.encode(line),
    )  # fmt: skip


_written = msgspec.json.Encoder()
_read = msgspec.json.Decoder(Line)


class _Person(Struct, frozen=True):
    """What a line shows of a person, made once for a case."""

    kind: str
    walk: str
    searched: str
    shown: tuple[Any, ...]
    preterm: bool
    two: date | None
    """The second birthday."""


def _person(state: Case, who: Personal) -> _Person:
    name, mother, address = who.name or "", who.mother or "", who.address or ""
    rt, rw = who.rt or "", who.rw or ""
    child = state if isinstance(state, Child) else None
    born, sex = born_and_sex(state)
    return _Person(
        kind=state.KIND,
        walk=f"{rw.lstrip('0').zfill(3)}/{rt.lstrip('0').zfill(3)}/{name.lower()}",
        searched=f"{name}\n{mother}\n{address}\n".lower(),
        shown=(name, mother, born, sex, address, rt, rw),
        preterm=child is not None and child.preterm,
        two=plus_months(child.born, 24) if child and child.born else None,
    )


def _named(case: UUID, state: Case, obligation: Obligation, at: Desk, person: _Person, hidden: frozenset[int]) -> Line:
    untold = at.desk in UNTOLD and person.kind in PERSONS
    why = f"Perlu dikerjakan sejak {words.day(obligation.since)}." if untold else obligation.says
    return Line(
        case, at.desk, obligation.desa or state.desa, obligation.place or state.posyandu, at.opens, obligation.due,
        obligation.until, obligation.priority, _risk(person, obligation.since), at.supervision, obligation.rule,
        obligation.key, obligation.owner, person.kind, obligation.since, obligation.task, obligation.form, why,
        () if untold else _numbers(obligation.events, hidden), *person.shown,
    )  # fmt: skip


def _numbered(case: UUID, state: Case, obligation: Obligation, at: Desk) -> Line:
    """What an office has to do itself in a case of somebody: what and the number of the case, and not of whom."""
    return Line(
        case, at.desk, obligation.desa or state.desa, "", at.opens, obligation.due, obligation.until,
        obligation.priority, 0, False, obligation.rule, obligation.key, obligation.owner, "", obligation.since,
        obligation.task, obligation.form, obligation.says, (), "", "", None, None, "", "", "",
    )  # fmt: skip


def _nameless(state: Case, obligation: Obligation, at: Desk) -> Line:
    """No rule but that of supervision, no key, no kind of case: their names alone would tell what somebody has."""
    task = f"Tugas {PRIORITIES[obligation.priority]} belum selesai di meja {DESKS[obligation.owner]}"
    return Line(
        None, at.desk, obligation.desa or state.desa, "", at.opens, obligation.due, obligation.until,
        obligation.priority, 0, True, at.under, "", obligation.owner, "", obligation.since, task, "", "", (), "", "",
        None, None, "", "", "",
    )  # fmt: skip


def _numbers(versions: tuple[int, ...], hidden: frozenset[int]) -> tuple[int, ...]:
    """Evidence under the numbers this desk's timeline gives it: a gap would tell of a restricted result."""
    if not hidden:
        return versions
    return tuple(version - sum(h < version for h in hidden) for version in versions if version not in hidden)


def _risk(person: _Person, on: date) -> int:
    """Who comes first among equals: the preterm, then the under-twos and pregnant women, then the others."""
    if person.preterm:
        return 0
    return 1 if person.kind == "pregnancy" or (person.two is not None and on < person.two) else 2


class Queue:
    """The projection of the lists."""

    NAME = "queue"
    TABLES = (TABLE,)

    def rows(self, folded: Folded) -> dict[str, list[Row]]:
        return {TABLE.name: lines(folded.case, folded.state, folded.who, folded.owed, folded.story)}


# What can be asked

DueState = Literal["due", "late", "week", "coming"]


class Narrow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a list is narrowed to. Nothing said: all that is open, late or not."""

    due: DueState | None = None
    """`due` not late, `late`, `week` due within seven days, `coming` opens within AHEAD."""
    rule: str | None = None
    posyandu: str | None = None
    text: str | None = None
    without: tuple[str, ...] = ()
    """Rules that this reader may not know of."""


AHEAD = timedelta(days=30)
"""How far the view of what is coming looks."""


class Task(Line, frozen=True, array_like=False):
    """One line of a list, and how it stands now."""

    late: bool
    coming: bool


class Counts(Struct, frozen=True):
    """How many lines there are, whatever the list is narrowed to by due state and rule."""

    open: int = 0
    late: int = 0
    week: int = 0
    """Not late, and due within seven days."""
    coming: int = 0
    shown: int = 0
    """As many as the list has, all pages together."""
    rules: dict[str, int] = {}
    priorities: dict[int, int] = {}


class Page(Struct, frozen=True):
    """A part of a list, with the counts that were true at the same moment."""

    tasks: tuple[Task, ...]
    counts: Counts
    after: str | None
    """Ask with this for the next page; None at the end."""
    position: int
    """The list is right up to here."""


def worklist(
    conn: Connection[Any],
    schema: str,
    desk: Role,
    desa: Sequence[str] | None,
    posyandu: Sequence[str] | None,
    now: datetime,
    narrow: Narrow = Narrow(),  # noqa: B008  # frozen
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """The list of a desk in these places (None is everywhere), as it stands at `now`: one page and all counts."""
    limit = max(1, limit)
    places = both(posyandu, narrow.posyandu)
    shape = (
        desa is not None, places is not None, bool(narrow.text), bool(narrow.rule), narrow.due, after is not None,
        bool(narrow.without),
    )  # fmt: skip
    statement = _statement(schema, *shape)
    asked: dict[str, Any] = {
        "desk": desk, "desa": _array(desa), "posyandu": _array(places), "now": now, "rule": narrow.rule,
        "week": now + timedelta(days=7), "ahead": now + AHEAD, "text": _like(narrow.text), "limit": limit + 1,
        "without": list(narrow.without),
        **_unpacked(after),
    }  # fmt: skip
    found = conn.execute(statement, asked, binary=True, prepare=True).fetchall()
    groups, position = found[0][0]
    tasks = tuple(as_task(*row[1:4]) for row in found[:limit] if row[1] is not None)
    more = _packed(found[limit - 1][4]) if len(found) > limit else None
    return Page(tasks, counted(groups, narrow), more, position)


def tasks_of(conn: Connection[Any], schema: str, case: UUID, desks: Sequence[Role], now: datetime) -> tuple[Task, ...]:
    """What is open for one case at these desks, for the page of the case."""
    asked = {"case": case, "desks": list(desks), "now": now}
    rows = conn.execute(_of_case(schema), asked, binary=True, prepare=True).fetchall()
    return tuple(as_task(*row) for row in rows)


class Load(Struct, frozen=True):
    """How many tasks stand open on a list, and how many of them are late."""

    desa: str
    posyandu: str
    open: int
    late: int


def loads(conn: Connection[Any], schema: str, desk: Role, rules: Sequence[str], now: datetime) -> tuple[Load, ...]:
    """The tasks of these rules at a desk in every posyandu, counted from the lists; some are of no posyandu."""
    asked = {"desk": desk, "rules": list(rules), "now": now}
    rows = conn.execute(_loads(schema), asked, binary=True, prepare=True).fetchall()
    return tuple(Load(*row) for row in rows)


def both(allowed: Sequence[str] | None, chosen: str | None) -> Sequence[str] | None:
    """A chosen posyandu outside the reader's own narrows the list to nothing."""
    if chosen is None:
        return allowed
    return [chosen] if allowed is None or chosen in allowed else []


def _array(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def _like(text: str | None) -> str | None:
    if not text:
        return None
    plain = text.strip().lower()
    for sign in ("\\", "%", "_"):
        plain = plain.replace(sign, f"\\{sign}")
    return f"%{plain}%"


ORDER: tuple[LiteralString, ...] = ("priority", "due", "risk", "walk", "case_id", "nth")


def as_task(line: bytes, late: bool, coming: bool) -> Task:
    """A stored line, and how it stands."""
    return Task(*(*astuple(_read.decode(line)), late, coming))


# How a moment divides the lines: the same comparisons as domain.protocol.state

_THERE: LiteralString = "(until IS NULL OR until > %(now)s)"
_OPEN: LiteralString = "opens <= %(now)s"
_LATE: LiteralString = "due < %(now)s"
_VIEWS: dict[DueState | None, LiteralString] = {
    None: _OPEN,
    "due": f"{_OPEN} AND NOT {_LATE}",
    "late": f"{_OPEN} AND {_LATE}",
    "week": f"{_OPEN} AND NOT {_LATE} AND due <= %(week)s",
    "coming": "opens > %(now)s AND opens <= %(ahead)s",
}


@lru_cache(maxsize=512)
def _statement(
    schema: str, desa: bool, posyandu: bool, text: bool, rule: bool, due: DueState | None, after: bool, without: bool
) -> bytes:
    """Composed once for each shape of question. Counts and page see the same moment, being one statement."""
    scope = ["desk = %(desk)s", _THERE]
    if desa:
        scope.append("desa = ANY(%(desa)s::text[])")
    if posyandu:
        scope.append("posyandu = ANY(%(posyandu)s::text[])")
    if text:
        scope.append("searched LIKE %(text)s")
    if without:
        scope.append("rule <> ALL(%(without)s::text[])")
    narrow = [_AT_DESA if part.startswith("desa =") else part for part in (*scope, _VIEWS[due])]
    if rule:
        narrow.append("rule = %(rule)s")
    if after:
        narrow.append(_AFTER)
    queue, order = Identifier(schema, "queue"), SQL(", ".join(ORDER))
    return (
        SQL(_LIST)
        .format(
            queue=queue,
            follower=Identifier(schema, "follower"),
            scope=SQL(" AND ".join([*scope, "opens <= %(ahead)s"])),
            narrow=SQL(" AND ".join(narrow)).format(queue=queue),
            places=SQL(_EACH_DESA if desa else _ANYWHERE),
            order=order,
            open=SQL(_OPEN),
            late=SQL(_LATE),
        )
        .as_bytes()
    )


# In each desa the page is read from the index of the order, no further than it can go; what they have together is
# sorted, and only what is left of it fetched from the table.
_LIST: LiteralString = """
WITH counted AS (
    SELECT rule,
           priority,
           count(*) FILTER (WHERE {open} AND NOT {late}) AS not_late,
           count(*) FILTER (WHERE {open} AND {late}) AS late,
           count(*) FILTER (WHERE {open} AND NOT {late} AND due <= %(week)s) AS week,
           count(*) FILTER (WHERE NOT {open}) AS coming
    FROM {queue}
    WHERE {scope}
    GROUP BY rule, priority
), page AS (
    SELECT first.*
    FROM {places} AS place (code)
    CROSS JOIN LATERAL (
        SELECT {order}
        FROM {queue}
        WHERE {narrow}
        ORDER BY {order}
        LIMIT %(limit)s
    ) AS first
    ORDER BY {order}
    LIMIT %(limit)s
), numbered AS (
    SELECT *, row_number() OVER (ORDER BY {order}) AS at
    FROM page
)
SELECT CASE
           WHEN at IS NULL OR at = 1
           THEN json_build_array(
               (SELECT json_agg(json_build_array(rule, priority, not_late, late, week, coming)) FROM counted),
               (SELECT coalesce(min(position) FILTER (WHERE parked_at IS NULL), 0) FROM {follower})
           )
       END,
       whole.line,
       whole.{open} AND whole.{late},
       NOT whole.{open},
       CASE
           WHEN at = %(limit)s - 1
           THEN json_build_array(n.priority, n.due, n.risk, left(n.walk, 8), n.case_id, n.nth)
       END
FROM (SELECT) AS always
LEFT JOIN numbered AS n ON true
LEFT JOIN {queue} AS whole ON whole.case_id = n.case_id AND whole.desk = %(desk)s AND whole.nth = n.nth
ORDER BY at
"""
_EACH_DESA: LiteralString = "unnest(%(desa)s::text[])"
_ANYWHERE: LiteralString = "(VALUES (NULL))"
_AT_DESA: LiteralString = "desa = place.code"

# A cursor stands in addresses and so carries no name; the name that belongs to its place is looked up.
_AFTER: LiteralString = """
(priority, due, risk, walk, case_id, nth) > (
    %(after_priority)s,
    %(after_due)s,
    %(after_risk)s,
    coalesce(
        (SELECT min(walk) FROM {queue} WHERE case_id = %(after_case)s AND desk = %(desk)s),
        %(after_walk)s
    ),
    %(after_case)s,
    %(after_nth)s
)"""


@lru_cache(maxsize=64)
def _loads(schema: str) -> bytes:
    return (
        SQL("""
        SELECT desa, posyandu, count(*), count(*) FILTER (WHERE {late})
        FROM {queue}
        WHERE desk = %(desk)s AND rule = ANY(%(rules)s::text[]) AND {open} AND {there}
        GROUP BY desa, posyandu
        """)
        .format(queue=Identifier(schema, "queue"), open=SQL(_OPEN), late=SQL(_LATE), there=SQL(_THERE))
        .as_bytes()
    )


@lru_cache(maxsize=64)
def _of_case(schema: str) -> bytes:
    return (
        SQL("""
        SELECT line, {open} AND {late}, NOT {open}
        FROM {queue}
        WHERE case_id = %(case)s AND desk = ANY(%(desks)s::text[]) AND {open} AND {there}
        ORDER BY {order}
        """)
        .format(
            queue=Identifier(schema, "queue"),
            order=SQL(", ".join(ORDER)),
            open=SQL(_OPEN),
            late=SQL(_LATE),
            there=SQL(_THERE),
        )
        .as_bytes()
    )


# Pages and counts


class _Cursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page ended. `walk` is RW and RT only."""

    priority: int
    due: datetime
    risk: int
    walk: str
    case: UUID
    nth: int


def _packed(place: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _unpacked(after: str | None) -> dict[str, Any]:
    if after is None:
        return {}
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)), type=_Cursor)
    except (ValueError, msgspec.MsgspecError) as unreadable:
        raise Refused("bad-cursor") from unreadable
    return {f"after_{name}": value for name, value in msgspec.structs.asdict(cursor).items()}


def counted(groups: Sequence[Sequence[Any]] | None, narrow: Narrow) -> Counts:
    """Added up from one small group for each rule and priority."""
    column = {"due": 2, "late": 3, "week": 4, "coming": 5}
    totals = {name: sum(group[at] for group in groups or ()) for name, at in column.items()}
    rules: dict[str, int] = {}
    priorities: dict[int, int] = {}
    for group in groups or ():
        seen = group[2] + group[3] if narrow.due is None else group[column[narrow.due]]
        if seen:
            rules[group[0]] = rules.get(group[0], 0) + seen
            priorities[group[1]] = priorities.get(group[1], 0) + seen
    return Counts(
        open=totals["due"] + totals["late"],
        late=totals["late"],
        week=totals["week"],
        coming=totals["coming"],
        shown=rules.get(narrow.rule, 0) if narrow.rule else sum(rules.values()),
        rules=dict(sorted(rules.items())),
        priorities=dict(sorted(priorities.items())),
    )
