"""What is owed to a case under the programme's rules: every task with its days already worked out.

Nothing here knows what day it is. A task is there from `opens` until `until`, late after `due`; whoever looks compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from domain import growth, kms
from domain.case import Case, Evidence, Kind, Role, TaskReassigned, TaskSetAside, by_kind, zone
from domain.chart import Chart
from domain.patterns import Pattern
from domain.person import Person
from domain.signs import Sign

Standing = Literal["official", "proposal", "unconfirmed"]


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """A desk that sees the task from a moment on: `0d`, `3d`, `24h` after it opened, or at `half`, `due`, `2due`."""

    desk: Role
    opens: str = "0d"


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the juknis."""

    id: str
    when: Sign | tuple[Sign, ...]
    """What is looked for; several where the same task is owed to different kinds of case."""
    task: str
    form: str
    priority: Literal[0, 1, 2, 3, 4]
    due: str
    """`24h`, `7d`, or `window`: the last day of the sign's calendar window."""
    steps: tuple[Step, ...]
    """The first is the desk that owns the task; the others are told when it is not done, or share it from `0d` on."""
    source: str
    status: Standing
    due_status: Standing = "proposal"
    """The standing of the number of days, where the action itself is official."""
    absorbs: tuple[str, ...] = ()
    """Rules whose tasks are not shown while this one is open, since its task contains theirs."""
    not_from: tuple[str, ...] = ()
    """Rules whose open task makes doubtful what it rests on; a task of this rule that rests on the same event waits."""
    branches: dict[str, tuple[Step, ...]] = {}
    """Other desks for a case that takes another way (see Evidence.branch)."""
    legal: bool = False
    """The clock is the law's; it is never extended because a phone was late."""
    survives: bool = False
    """The task stays when the case has ended (a death to be reviewed, a person's request to be answered)."""
    restricted: bool = False
    """What it rests on is for health workers only, so it stands at no desk of kader or desa."""

    @property
    def signs(self) -> tuple[Sign, ...]:
        return self.when if isinstance(self.when, tuple) else (self.when,)

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("tidak menyebut meja yang mengerjakan")
        if not _DUE.fullmatch(self.due):
            raise ValueError(f"tenggat tidak terbaca: {self.due!r}, tulis misalnya 7d, 24h atau window")
        for step in (*self.steps, *(s for steps in self.branches.values() for s in steps)):
            if not _OPENS.fullmatch(step.opens):
                raise ValueError(f"waktu langkah tidak terbaca: {step.opens!r}, tulis misalnya 3d, half, due atau 2due")
            if self.restricted and step.desk in _VILLAGE:
                raise ValueError(f"aturan tertutup tidak boleh sampai ke meja {step.desk}")


_VILLAGE: frozenset[Role] = frozenset({"kader", "desa"})


class Supervision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row that says how what is late stands on the list of whoever watches over its owner (protocol 11.1).

    It is a view of each late task and never makes a task of its own. Where `desk` is named, that desk is told as well.
    """

    id: str
    over: tuple[Role, ...]
    """The desks whose late tasks it is about."""
    task: str
    source: str
    status: Standing
    desk: Role | None = None
    opens: str = "due"
    priorities: tuple[Literal[0, 1, 2, 3, 4], ...] = (0, 1, 2, 3, 4)


class Asking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row that says about which pattern in the entries the system asks by itself, and with which numbers."""

    id: str
    look: Pattern
    source: str
    status: Standing


_DUE = re.compile(r"\d+[dh]|window")
_OPENS = re.compile(r"\d+[dh]|half|due|2due")


class Protocol(Struct, frozen=True):
    """One edition of the juknis."""

    edition: str
    valid_from: date
    title: str
    rules: tuple[Rule, ...]
    supervision: tuple[Supervision, ...] = ()
    pmt_days: dict[str, int] = {}
    """Planned days of extra food by its reason, where the decision names none."""
    patterns: tuple[Asking, ...] = ()
    draft: bool = False
    """Proposed, and in force on no day."""

    def rule(self, id: str) -> Rule:
        return next(rule for rule in self.rules if rule.id == id)


class Book(Struct, frozen=True):
    """Everything the lists rest on besides the stories: WHO's and the KMS tables, the edition, the posyandu days."""

    who: growth.Tables
    kms: kms.KmsTable
    protocol: Protocol
    session_days: dict[str, int]
    """Day of the month on which a posyandu meets, by its code."""
    session_day: int = 10
    """The day taken where a posyandu has not said when it meets."""

    def chart(self, case: Case) -> Chart:
        """The case with its growth worked out once, for everybody who asks."""
        return Chart(case, self.who, self.kms, self.session_days.get(case.posyandu, self.session_day))


def edition_on(editions: Sequence[Protocol], day: date) -> Protocol:
    """The edition in force on a day: the newest that was valid by then, or the first one before any was."""
    ordered = sorted(editions, key=lambda e: e.valid_from)
    valid = [e for e in ordered if e.valid_from <= day]
    return valid[-1] if valid else ordered[0]


class Desk(Struct, frozen=True):
    """A desk that sees the task from `opens` on; as `supervision` where the task is another desk's and not done."""

    desk: Role
    opens: datetime
    supervision: bool
    under: str = ""
    """The row of supervision by which it is told."""


class Obligation(Struct, frozen=True, kw_only=True):
    """Something owed to a case under a rule."""

    rule: str
    key: str
    task: str
    form: str
    priority: int
    says: str
    """Why, in one sentence."""
    events: tuple[int, ...]
    """Versions of the events it rests on."""
    since: date
    opens: datetime
    due: datetime
    until: datetime | None
    desks: tuple[Desk, ...]
    place: str = ""
    """Code of the posyandu it is about, where the case is of none or of another one."""
    desa: str = ""
    """Code of the desa whose task it is, where that is not the case's own."""
    row: int = 0
    """Which row of the edition its rule is, counted from 0."""

    @property
    def owner(self) -> Role:
        return self.desks[0].desk


Due = Literal["coming", "open", "late", "gone"]


def state(obligation: Obligation, now: datetime) -> Due:
    """How an obligation stands at a moment. List, count and card all ask this one question (R-6)."""
    if obligation.until is not None and now >= obligation.until:
        return "gone"
    if now < obligation.opens:
        return "coming"
    return "late" if now > obligation.due else "open"


def obligations(case: Case, chart: Chart, book: Book) -> tuple[Obligation, ...]:
    """All that is owed to a case, also what opens later by itself; where the case has ended, what survives its end."""
    clock = zone(case.desa)
    rows = _rows(book.protocol)
    case = _planned(case, book.protocol)
    happened = by_kind(case.acts)
    found = [
        _obligation(rule, evidence, clock, rows)
        for rule, sign in rows.of(case.KIND, case.active)
        if not sign.AFTER or not sign.AFTER.isdisjoint(happened)
        for evidence in sign.seen(case, chart)
    ]
    if not found:
        return ()
    owed = _absorbed(_undoubted(found, rows), rows)
    if case.handed:
        owed = [_handed(o, case.handed, rows, clock) for o in owed]
    return tuple(_set_aside(o, case.aside, clock) for o in owed) if case.aside else tuple(owed)


def _planned(case: Case, protocol: Protocol) -> Case:
    """The case with the planned days of its PMT as the edition says, where the decision named none."""
    if not isinstance(case, Person) or all(c.days or not c.eligible for c in case.cycles):
        return case
    cycles = tuple(
        c if c.days or not c.eligible else replace(c, days=protocol.pmt_days.get(c.reason)) for c in case.cycles
    )
    return replace(case, cycles=cycles)


class _Rows:
    """The rows of an edition as they are looked through for each of very many cases."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.numbers = {rule.id: number for number, rule in enumerate(protocol.rules)}
        self.absorbs = {rule.id: rule.absorbs for rule in protocol.rules if rule.absorbs}
        self.doubting = {rule.id: rule.not_from for rule in protocol.rules if rule.not_from}
        self.restricted = frozenset(rule.id for rule in protocol.rules if rule.restricted)
        self.under = {desk: row.id for row in protocol.supervision if row.desk is None for desk in row.over}
        self.told = tuple(row for row in protocol.supervision if row.desk is not None)
        self._of: dict[tuple[Kind, bool], tuple[tuple[Rule, Sign], ...]] = {}
        self._desks: dict[tuple[str, str], tuple[_Seat, ...]] = {}

    def of(self, kind: Kind, active: bool) -> tuple[tuple[Rule, Sign], ...]:
        """The rules and their signs that can be seen in a case of this kind."""
        found = self._of.get((kind, active))
        if found is None:
            found = self._of[kind, active] = tuple(
                (rule, sign)
                for rule in self.protocol.rules
                if active or rule.survives
                for sign in rule.signs
                if kind in sign.OF
            )
        return found

    def desks(self, rule: Rule, branch: str) -> tuple[_Seat, ...]:
        """The desks of a task, and those that are told of every such task when it is late."""
        found = self._desks.get((rule.id, branch))
        if found is None:
            found = self._desks[rule.id, branch] = tuple(self._seats(rule, rule.branches.get(branch, rule.steps)))
        return found

    def _seats(self, rule: Rule, steps: Sequence[Step]) -> Iterator[_Seat]:
        owner = steps[0].desk
        for number, step in enumerate(steps):
            told = number > 0 and step.opens != "0d"
            yield _Seat(step.desk, step.opens, told, self.under.get(owner, "") if told else "")
        there = {step.desk for step in steps}
        for row in self.told:
            if row.desk is not None and row.desk not in there and owner in row.over and rule.priority in row.priorities:
                yield _Seat(row.desk, row.opens, supervision=True, under=row.id)


class _Seat(NamedTuple):
    """A desk that sees a task from a step on, before it is known when that will be."""

    desk: Role
    opens: str
    supervision: bool
    under: str


_known: dict[int, _Rows] = {}


def _rows(protocol: Protocol) -> _Rows:
    """Sorted once for an edition: an edition is never changed, but it is asked about every case."""
    rows = _known.get(id(protocol))
    if rows is None or rows.protocol is not protocol:
        rows = _known[id(protocol)] = _Rows(protocol)
    return rows


# When it opens, when it is due, who sees it


def _obligation(rule: Rule, evidence: Evidence, clock: timezone, rows: _Rows) -> Obligation:
    opens = _opens(evidence, clock)
    due = _due(rule, evidence, clock)
    return Obligation(
        rule=rule.id,
        key=evidence.key,
        task=rule.task,
        form=evidence.form or rule.form,
        priority=rule.priority,
        says=evidence.says,
        events=evidence.events,
        since=evidence.since,
        opens=opens,
        due=due,
        until=None if evidence.until is None else midnight(evidence.until, clock),
        desks=_desks(rows.desks(rule, evidence.branch), opens, due),
        place=evidence.place,
        desa=evidence.desa,
        row=rows.numbers[rule.id],
    )


def _desks(seats: Sequence[_Seat], opens: datetime, due: datetime) -> tuple[Desk, ...]:
    late = max(due, opens)
    moments = {"0d": opens, "due": late, "2due": late + (late - opens)}
    return tuple(
        Desk(desk, moments[when] if when in moments else _step_opens(when, opens, late), supervision, under)
        for desk, when, supervision, under in seats
    )


def _opens(evidence: Evidence, clock: timezone) -> datetime:
    """Never before the day of the need, and never before we heard of what it rests on."""
    start = midnight(evidence.since, clock)
    return start if evidence.heard is None else max(start, evidence.heard)


def _due(rule: Rule, evidence: Evidence, clock: timezone) -> datetime:
    """The end of the window, or so long after the need arose; a late phone gets up to a day more (protocol 11.1)."""
    if rule.due == "window":
        assert evidence.by is not None, f"{rule.id} has no window"
        return end_of(evidence.by, clock)
    arose = _arose(evidence, clock)
    due = _after(rule.due, arose, clock)
    if rule.legal or evidence.heard is None or evidence.heard <= arose:
        return due
    return max(due, evidence.heard + min(due - arose, timedelta(hours=24)))


def _arose(evidence: Evidence, clock: timezone) -> datetime:
    """Events carry a day. Heard of on that day, the clock starts then; heard of later, when the day ended."""
    if evidence.heard is None:
        return midnight(evidence.since, clock)
    end = end_of(evidence.since, clock)
    return min(max(evidence.heard, midnight(evidence.since, clock)), end)


def _after(duration: str, moment: datetime, clock: timezone) -> datetime:
    """`24h` is to the hour; `7d` is the end of the seventh day after."""
    count = int(duration[:-1])
    if duration.endswith("h"):
        return moment + timedelta(hours=count)
    return end_of(moment.astimezone(clock).date() + timedelta(days=count), clock)


def _step_opens(when: str, opens: datetime, late: datetime) -> datetime:
    return opens + (late - opens) / 2 if when == "half" else opens + _length(when)


@cache
def _length(text: str) -> timedelta:
    """`24h` or `3d`."""
    count = int(text[:-1])
    return timedelta(hours=count) if text.endswith("h") else timedelta(days=count)


def midnight(day: date, clock: timezone) -> datetime:
    """The first moment of a day in the place's own time."""
    return datetime.combine(day, time(), clock)


def end_of(day: date, clock: timezone) -> datetime:
    """The last second of a day in the place's own time."""
    return datetime.combine(day, time(23, 59, 59), clock)


# Which of them stand


def _undoubted(found: list[Obligation], rows: _Rows) -> list[Obligation]:
    """Without what rests on an event that a task of another rule asks to look at again (protocol 11.1, C07)."""
    doubting = rows.doubting
    doubted = {
        o.rule: {v for d in found if d.rule in doubting[o.rule] for v in d.events} for o in found if o.rule in doubting
    }
    return [o for o in found if not doubted.get(o.rule, frozenset()).intersection(o.events)] if doubted else found


def _absorbed(found: list[Obligation], rows: _Rows) -> list[Obligation]:
    """Without what a heavier task of the same case contains, for as long as that one is open."""
    above: dict[str, list[Obligation]] = {}
    for obligation in found:
        for lighter in rows.absorbs.get(obligation.rule, ()):
            above.setdefault(lighter, []).append(obligation)
    if not above:
        return found
    standing: list[Obligation] = []
    for obligation in found:
        standing.extend(_without(obligation, above.get(obligation.rule, ())))
    return standing


def _without(obligation: Obligation, heavier: Iterable[Obligation]) -> list[Obligation]:
    """What is left of a task's time when the times of heavier ones are taken out of it."""
    left = [obligation]
    for other in heavier:
        left = [piece for part in left for piece in _cut(part, other)]
    return left


def _cut(part: Obligation, other: Obligation) -> list[Obligation]:
    pieces = []
    if part.opens < other.opens:
        until = other.opens if part.until is None else min(part.until, other.opens)
        pieces.append(replace(part, until=until))
    if other.until is not None and (part.until is None or other.until < part.until):
        pieces.append(_from(part, max(part.opens, other.until)))
    return pieces


def _handed(obligation: Obligation, handed: Sequence[TaskReassigned], rows: _Rows, clock: timezone) -> Obligation:
    """Given to another desk, which owns it from that day on; those who are told when it is late stay the same."""
    for word in handed:
        mine = word.rule == obligation.rule and word.key == obligation.key and word.on >= obligation.since
        if mine and not (word.desk in _VILLAGE and obligation.rule in rows.restricted):
            owner = Desk(word.desk, max(obligation.opens, midnight(word.on, clock)), supervision=False)
            others = tuple(d for d in obligation.desks[1:] if d.desk != word.desk)
            obligation = replace(obligation, desks=(owner, *others))
    return obligation


def _set_aside(obligation: Obligation, aside: Sequence[TaskSetAside], clock: timezone) -> Obligation:
    """Put off: it comes back on its day, and is due no earlier than that. It is never done by this."""
    for word in aside:
        if word.rule == obligation.rule and word.key == obligation.key and word.on >= obligation.since:
            back = midnight(word.until, clock)
            if back > obligation.opens:
                obligation = _from(_due_by(obligation, end_of(word.until, clock)), back)
    return obligation


def _due_by(obligation: Obligation, moment: datetime) -> Obligation:
    """The same task, due no earlier than a moment; those who are told when it is late are told as much later."""
    longer = max(moment - obligation.due, timedelta(0))
    desks = tuple(replace(d, opens=d.opens + longer) if d.opens >= obligation.due else d for d in obligation.desks)
    return replace(obligation, due=obligation.due + longer, desks=desks)


def _from(obligation: Obligation, moment: datetime) -> Obligation:
    """The same task, not to be seen by any desk before a moment."""
    desks = tuple(replace(d, opens=max(d.opens, moment)) for d in obligation.desks)
    return replace(obligation, opens=max(obligation.opens, moment), desks=desks)
