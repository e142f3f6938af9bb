"""Every referral with where it stands, and each step it made with how long it waited for the next.

A step is under the position of its event, so that a receiver who was cut off goes on from where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from domain.case import Case, Corrected, Event, Personal, Recorded, Retracted, Role
from domain.person import Person
from domain.referral import STEPS as REACHED
from domain.referral import Kind, Reach, Reached, Referral, Referred
from projections.people import born_and_sex
from projections.projection import Folded, Row, Table

TABLE = Table(
    name="referral",
    columns=(
        ("case_id", "uuid NOT NULL"),
        ("referral", "uuid NOT NULL"),
        ("about", "text NOT NULL"),
        ("desa", "text NOT NULL"),
        ("posyandu", "text NOT NULL"),
        ("sender", "text NOT NULL"),
        ("receiver", "text NOT NULL"),
        ("places", "text[] NOT NULL"),
        ("kind", "text NOT NULL"),
        ("reason", "text NOT NULL"),
        ("urgent", "boolean NOT NULL"),
        ("state", "text NOT NULL"),
        ("open", "boolean NOT NULL"),
        ("desk", "text"),
        ("made", "timestamptz NOT NULL"),
        ("made_on", "date NOT NULL"),
        ("since", "timestamptz NOT NULL"),
        ("planned", "date"),
        ("control", "date"),
        ("follows", "uuid"),
        ("onward", "uuid"),
        ("number", "text"),
        ("position", "bigint NOT NULL"),
        ("name", "text NOT NULL"),
        ("born", "date"),
        ("sex", "text"),
    ),
    key=("case_id", "referral"),
    indexes=("(referral)", "(receiver, state)", "(desa, state)", "USING gin (places)", "(case_id, position)"),
    public=(
        "case_id",
        "referral",
        "about",
        "desa",
        "posyandu",
        "sender",
        "receiver",
        "kind",
        "urgent",
        "state",
        "open",
        "made",
    ),
)

STEPS = Table(
    name="referral_step",
    columns=(
        ("case_id", "uuid NOT NULL"),
        ("version", "integer NOT NULL"),
        ("referral", "uuid NOT NULL"),
        ("position", "bigint NOT NULL"),
        ("state", "text NOT NULL"),
        ("counts", "boolean NOT NULL"),
        ("on", "date NOT NULL"),
        ("at", "timestamptz NOT NULL"),
        ("until", "timestamptz"),
        ("role", "text NOT NULL"),
        ("unit", "text NOT NULL"),
        ("place", "text NOT NULL"),
        ("desa", "text NOT NULL"),
        ("posyandu", "text NOT NULL"),
        ("places", "text[] NOT NULL"),
    ),
    key=("case_id", "version"),
    indexes=("(position)", "(place, state, at)"),
    public=("case_id", "version", "referral", "position", "state", "on", "at", "until", "role", "unit", "place"),
)

MENDED = "diperbaiki"
"""A step that says of an earlier one that it was corrected or taken back."""


def lines(case: UUID, state: Case, who: Personal, story: Sequence[Recorded]) -> list[Row]:
    """The referrals of one case, as plain tuples in the order of the columns."""
    if not isinstance(state, Person) or not state.referrals:
        return []
    born, sex = born_and_sex(state)
    positions = {r.version: r.position or 0 for r in story}
    newest = _newest(state, story, positions)
    return [
        (
            case, r.id, state.KIND, state.desa, state.posyandu, r.sender, r.to, _places(r), r.kind, r.reason, r.urgent,
            r.state, r.open, r.desk, r.made.heard, r.made.on, r.last.heard, r.planned, r.control, r.follows, r.onward,
            r.number, newest[r.id], who.name or "", born, sex,
        )
        for r in state.referrals
    ]  # fmt: skip


def steps(case: UUID, state: Case, story: Sequence[Recorded]) -> list[Row]:
    """Every step that was recorded, also one taken back later, and the word that took it back."""
    if not isinstance(state, Person) or not any(type(r.event) in _STEPS for r in story):
        return []
    counting = {step.version: _Counted(r, n) for r in state.referrals for n, step in enumerate(r.steps)}
    known = {r.id: r for r in state.referrals}
    of: dict[int, tuple[UUID, str]] = {}
    found: list[Row] = []
    for told in story:
        step = _step(told, counting, known, of)
        if step is not None:
            number, name, counts, until, place = step
            by, referral = told.by, known.get(number)
            places = _places(referral) if referral is not None else [place]
            found.append((
                case, told.version, number, told.position or 0, name, counts, told.event.on, by.recorded_at, until,
                by.role, by.unit, place, state.desa, state.posyandu, places,
            ))  # fmt: skip
    return found


class _Counted(NamedTuple):
    """A step that counts: the so-manieth of its referral."""

    referral: Referral
    nth: int

    @property
    def step(self) -> Reach:
        return self.referral.steps[self.nth]

    @property
    def until(self) -> datetime | None:
        later = self.referral.steps[self.nth + 1 :]
        return later[0].heard if later else None


def _step(
    told: Recorded, counting: Mapping[int, _Counted], known: Mapping[UUID, Referral], of: dict[int, tuple[UUID, str]]
) -> tuple[UUID, str, bool, datetime | None, str] | None:
    """Of which referral, what it is called, whether it counts, until when it waited, and the place it leads to."""
    event = told.event
    if type(event) in _STEPS:
        counted = counting.get(told.version)
        place = counted.step.to if counted else _place(event, known.get(event.referral))
        of[told.version] = event.referral, place
        return event.referral, _STEPS[type(event)], counted is not None, counted.until if counted else None, place
    if isinstance(event, Corrected | Retracted) and event.version in of:
        number, place = of[event.version]
        return number, MENDED, False, None, place
    return None


def _place(event: Any, referral: Referral | None) -> str:
    """Where a step that no longer counts was to lead."""
    named = getattr(event, "to", None) or getattr(event, "at", None)
    return str(named or (referral.to if referral is not None else ""))


def _places(referral: Referral) -> list[str]:
    """Every place that has or had a part in it, so that each may read what became of it."""
    return sorted({referral.sender, *(step.to for step in referral.steps)})


def _newest(state: Person, story: Sequence[Recorded], positions: dict[int, int]) -> dict[UUID, int]:
    """The position of the last word on each referral, mending included."""
    found = {r.id: max(positions.get(step.version, 0) for step in r.steps) for r in state.referrals}
    of = {r.version: r.event.referral for r in story if type(r.event) in _STEPS}
    for told in story:
        if isinstance(told.event, Corrected | Retracted) and of.get(told.event.version) in found:
            number = of[told.event.version]
            found[number] = max(found[number], told.position or 0)
    return found


_STEPS: dict[type[Event], str] = {Referred: "dibuat", **REACHED}


class Referrals:
    """The projection of referrals and their steps."""

    NAME = "referral"
    TABLES = (TABLE, STEPS)

    def rows(self, folded: Folded) -> dict[str, list[Row]]:
        return {
            TABLE.name: lines(folded.case, folded.state, folded.who, folded.story),
            STEPS.name: steps(folded.case, folded.state, folded.story),
        }


# What can be asked


class Tracked(Struct, frozen=True):
    """A referral as a list of referrals shows it."""

    case: UUID
    referral: UUID
    about: str
    desa: str
    posyandu: str
    sender: str
    receiver: str
    kind: Kind
    reason: str
    urgent: bool
    state: Reached
    open: bool
    desk: Role | None
    """Whose turn it is."""
    made: datetime
    made_on: date
    since: datetime
    """When the last step was recorded."""
    planned: date | None
    control: date | None
    follows: UUID | None
    onward: UUID | None
    number: str | None
    position: int
    name: str
    born: date | None
    sex: str | None


class Step(Struct, frozen=True):
    """One step of a referral, and how long it waited for the next."""

    case: UUID
    referral: UUID
    version: int
    position: int
    state: str
    """A step of domain.referral, or that one was mended."""
    counts: bool
    on: date
    at: datetime
    until: datetime | None
    role: str
    unit: str
    place: str

    @property
    def seconds(self) -> int | None:
        """How long it waited; None where it still does."""
        return None if self.until is None else round((self.until - self.at).total_seconds())


class Change(Struct, frozen=True):
    """A step as feed and webhooks tell it: no name, no number of a person. `position` is where to go on from."""

    position: int
    referral: UUID
    case: UUID
    state: str
    counts: bool
    on: date
    at: datetime
    by: str
    unit: str
    place: str


def change(step: Step) -> Change:
    """What is told of a step."""
    return Change(
        step.position, step.referral, step.case, step.state, step.counts, step.on, step.at, step.role, step.unit,
        step.place,
    )  # fmt: skip


class Narrow(Struct, frozen=True, kw_only=True):
    """What a list of referrals is narrowed to. Nothing said: all that are open."""

    facility: str | None = None
    """Sent there, or made there."""
    states: tuple[Reached, ...] = ()
    urgent: bool | None = None
    desk: Role | None = None
    """Whose turn it is."""
    older_than: datetime | None = None
    """Whose last step was recorded before."""
    every: bool = False
    """Ended ones too."""
    cases: tuple[UUID, ...] | None = None


class Scope(Struct, frozen=True):
    """Whose referrals somebody may see: of cases in these places, and whatever a facility sent or was sent."""

    desa: tuple[str, ...] = ()
    posyandu: tuple[str, ...] | None = None
    """Where set, only the cases of these."""
    facility: str | None = None
    every: bool = False
    """All of them: for what is no person's question."""


def tracked(
    conn: Connection[Any],
    schema: str,
    scope: Scope,
    narrow: Narrow = Narrow(),  # noqa: B008  # frozen
    after: tuple[bool, datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[Tracked, ...]:
    """Referrals, the urgent first, then those whose last step is longest ago; `after` is where the last page ended."""
    where = [_within(scope), *_narrowed(narrow)]
    if after is not None:
        where.append(SQL("(NOT urgent, since, referral) > (%(after_urgent)s, %(after_since)s, %(after_referral)s)"))
    asked = {**_asked(scope), **_asked_of(narrow), "limit": limit}
    if after is not None:
        asked |= {"after_urgent": not after[0], "after_since": after[1], "after_referral": after[2]}
    query = SQL("SELECT {shown} FROM {table} WHERE {where} ORDER BY NOT urgent, since, referral LIMIT %(limit)s")
    text = query.format(shown=_SHOWN, table=Identifier(schema, "referral"), where=SQL(" AND ").join(where))
    return tuple(Tracked(*row) for row in conn.execute(text, asked, binary=True))


def one(conn: Connection[Any], schema: str, scope: Scope, referral: UUID) -> Tracked | None:
    """One referral, if this scope may see it."""
    query = SQL("SELECT {shown} FROM {table} WHERE referral = %(referral)s AND {where}")
    text = query.format(shown=_SHOWN, table=Identifier(schema, "referral"), where=_within(scope))
    row = conn.execute(text, {**_asked(scope), "referral": referral}, binary=True).fetchone()
    return None if row is None else Tracked(*row)


def of_case(conn: Connection[Any], schema: str, case: UUID) -> tuple[Tracked, ...]:
    """Every referral of a case, the oldest first."""
    query = SQL("SELECT {shown} FROM {table} WHERE case_id = %s ORDER BY position")
    text = query.format(shown=_SHOWN, table=Identifier(schema, "referral"))
    return tuple(Tracked(*row) for row in conn.execute(text, [case], binary=True))


def steps_of(conn: Connection[Any], schema: str, case: UUID, referral: UUID) -> tuple[Step, ...]:
    """The steps of a referral, in the order in which they were recorded."""
    query = SQL("SELECT {shown} FROM {table} WHERE case_id = %s AND referral = %s ORDER BY version")
    text = query.format(shown=_STEP, table=Identifier(schema, "referral_step"))
    return tuple(Step(*row) for row in conn.execute(text, [case, referral], binary=True))


def feed(
    conn: Connection[Any], schema: str, scope: Scope, after: int, limit: int = 200
) -> tuple[tuple[Step, ...], int]:
    """The steps recorded after a position in the order of positions, and how far the reader is then.

    What the lists do not show yet is not told, so that no step with a lower position can come later.
    """
    upto = _shown(conn, schema, after)
    where = [SQL("position > %(after)s AND position <= %(upto)s"), _within(scope)]
    query = SQL("SELECT {shown} FROM {table} WHERE {where} ORDER BY position LIMIT %(limit)s")
    text = query.format(shown=_STEP, table=Identifier(schema, "referral_step"), where=SQL(" AND ").join(where))
    asked = {**_asked(scope), "after": after, "upto": upto, "limit": limit}
    found = tuple(Step(*row) for row in conn.execute(text, asked, binary=True))
    return found, found[-1].position if len(found) == limit else upto


class Wait(Struct, frozen=True):
    """How long one kind of step waited for the next at a facility."""

    place: str
    state: str
    count: int
    waiting: int
    """How many still do."""
    median: float | None
    """In seconds, of those that were answered."""
    p90: float | None


def waits(conn: Connection[Any], schema: str, scope: Scope, since: date) -> tuple[Wait, ...]:
    """How long each step took by facility, of steps recorded since a day."""
    query = SQL("""
        SELECT place, state, count(*), count(*) FILTER (WHERE until IS NULL),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM until - at)::float8),
               percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM until - at)::float8)
        FROM {table}
        WHERE counts AND at >= %(since)s AND {where}
        GROUP BY place, state
        ORDER BY place, state
    """)
    text = query.format(table=Identifier(schema, "referral_step"), where=_within(scope))
    return tuple(Wait(*row) for row in conn.execute(text, {**_asked(scope), "since": since}, binary=True))


def _shown(conn: Connection[Any], schema: str, after: int) -> int:
    row = conn.execute(
        SQL("SELECT position FROM {} WHERE name = 'referral'").format(Identifier(schema, "follower"))
    ).fetchone()
    return max(after, row[0] if row is not None else 0)


def _within(scope: Scope) -> Composed:
    if scope.every:
        return SQL("(true)").format()
    ways = [SQL("desa = ANY(%(desa)s::text[])")]
    if scope.posyandu is not None:
        ways = [SQL("desa = ANY(%(desa)s::text[]) AND posyandu = ANY(%(posyandu)s::text[])")]
    if scope.facility is not None:
        ways.append(SQL("places @> ARRAY[%(facility)s]::text[]"))
    return SQL("({})").format(SQL(" OR ").join(ways))


def _asked(scope: Scope) -> dict[str, Any]:
    return {
        "desa": list(scope.desa),
        "posyandu": None if scope.posyandu is None else list(scope.posyandu),
        "facility": scope.facility,
    }


def _narrowed(narrow: Narrow) -> Iterator[SQL]:
    if narrow.facility is not None:
        yield SQL("(receiver = %(at)s OR sender = %(at)s)")
    if narrow.states:
        yield SQL("state = ANY(%(states)s::text[])")
    elif not narrow.every:
        yield SQL("open")
    if narrow.urgent is not None:
        yield SQL("urgent = %(urgent)s")
    if narrow.desk is not None:
        yield SQL("desk = %(desk)s")
    if narrow.older_than is not None:
        yield SQL("since < %(older)s")
    if narrow.cases is not None:
        yield SQL("case_id = ANY(%(cases)s::uuid[])")


def _asked_of(narrow: Narrow) -> dict[str, Any]:
    return {
        "at": narrow.facility,
        "states": list(narrow.states),
        "urgent": narrow.urgent,
        "desk": narrow.desk,
        "older": narrow.older_than,
        "cases": None if narrow.cases is None else list(narrow.cases),
    }


def _columns(of: type[Struct]) -> Composed:
    """Those that fill its fields, in their order."""
    names = ("case_id" if name == "case" else name for name in of.__struct_fields__)
    return SQL(", ").join(map(Identifier, names))


_SHOWN, _STEP = _columns(Tracked), _columns(Step)
