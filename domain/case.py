"""The words that every kind of case shares: what a story is made of, who may act, and why something is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

Role = Literal[
    "kader",
    "bidan",
    "desa",
    "puskesmas-tpg",
    "puskesmas-dr",
    "kecamatan",
    "kabupaten",
    "inspektorat",
    "rs",
]
"""A position held in an organisation unit, and the desk whose queue that position works from (protocol 1.1, 11.1)."""

SYSTEM = "sistem"
"""The actor where nobody asked: what follows from what stands recorded (two cases with one NIK)."""

NAKES: frozenset[Role] = frozenset({"bidan", "puskesmas-tpg", "puskesmas-dr", "rs"})
"""Health workers whose word makes a screening a confirmed status (protocol 0, rule 2)."""

Sex = Literal["L", "P"]

Kind = Literal["child", "pregnancy", "family", "desa"]
"""What a case is about. A desa's story is that of an organisation unit: a desa, puskesmas, kecamatan or kabupaten."""

PERSONS: frozenset[Kind] = frozenset({"child", "pregnancy"})


class Personal(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Everything that tells who somebody is, and all free text. In a story it is sealed under that person's key."""

    name: str | None = None
    nik: str | None = None
    kk: str | None = None
    mother: str | None = None
    mother_nik: str | None = None
    father: str | None = None
    phone: str | None = None
    address: str | None = None
    rt: str | None = None
    rw: str | None = None
    note: str | None = None
    photo: str | None = None
    """SHA-256 of a photo or a signature that is kept elsewhere."""


Sealed = bytes
"""A Personal under its person's key, as it is stored. Folding never needs to open it."""


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="is"):
    """Something that happened in the field, on the day `on`. It never carries what can be worked out."""

    on: date

    @property
    def restricted(self) -> bool:
        """It is for health workers only: kader, desa and the offices must not know that it happened."""
        return False


class Command(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="do"):
    """Something a person asks to have recorded as happened on the day `on`."""

    on: date


class Envelope(Struct, frozen=True, kw_only=True):
    """How we heard of an event: from the session, never from the request."""

    recorded_at: datetime
    actor: str
    role: Role
    unit: str
    """Code of the organisation unit in which the position is held."""
    entry: UUID
    edition: str
    """Edition of the juknis in force when it was recorded."""
    device: str = ""


class Recorded(Struct, frozen=True):
    """One event of one story. `version` counts from 1 within the case; `position` is gapless within the kabupaten."""

    case: UUID
    version: int
    event: Any
    by: Envelope
    position: int | None = None

    # The two names by which the eventsourcing library knows them.
    @property
    def originator_id(self) -> UUID:
        return self.case

    @property
    def originator_version(self) -> int:
        return self.version


Story = Sequence[Recorded]


class Elsewhere(Struct, frozen=True):
    """An event that a decision puts into the story of another case, in the same commit (a birth registers a child)."""

    case: UUID
    event: Any


class Refused(Exception):
    """What cannot have happened. `code` is stable; its sentence is in words.py, filled with `facts`."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Evidence(Struct, frozen=True):
    """A sign's only way to say yes: what is seen, on the strength of which events, since when."""

    says: str
    """One Indonesian sentence with the numbers in it."""
    events: tuple[int, ...]
    """Versions of the events it rests on; empty where the absence of an event is the reason."""
    since: date
    """The day the need began or will begin; the list may show it from the start of this day."""
    heard: datetime | None = None
    """When we heard of the newest of those events; None where it follows from the calendar."""
    key: str = ""
    """The cycle that keeps it apart from its like: a month, a referral, a PMT cycle and week."""
    until: date | None = None
    """The first day on which the need is no longer there by itself; None where only the story can end it."""
    by: date | None = None
    """The last day of the calendar window, for a rule that is due at the end of its window."""
    place: str = ""
    """Code of the posyandu it is about, where the case itself is of no posyandu or of another one."""
    desa: str = ""
    """Code of the desa whose task it is, where that is not the case's own."""
    branch: str = ""
    """Which of the rule's ways it takes, where the rule has several (who pays, born too early)."""
    form: str = ""
    """Tag of the command that does what is left of the task, where that is not the one the rule names."""


def zone(area: str) -> timezone:
    """The clock of a place by its region code: WIB, WITA or WIT. Indonesia has no summer time."""
    hours = 7
    if area[:2] in _WITA:
        hours = 8
    elif area[:2] in _WIT:
        hours = 9
    return timezone(timedelta(hours=hours))


_WITA = frozenset({"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"})
_WIT = frozenset({"81", "82", "91", "92", "93", "94", "95", "96"})


MistakeReason = Literal["salah-ketik", "salah-alat", "salah-orang", "dobel", "diukur-ulang", "lain"]


class Corrected(Event, frozen=True, tag="case.corrected"):
    """Event `version` was recorded wrongly and is to be read as `reads`. The wrong one stays in the story."""

    version: int
    reads: dict[str, Any]
    """The event as it should have been, in its stored form with its tag, without its personal part, which stays."""
    reason: MistakeReason
    personal: Personal | Sealed | None = None


class Retracted(Event, frozen=True, tag="case.retracted"):
    """Event `version` did not happen (wrong child, entered twice). It stays in the story and counts for nothing."""

    version: int
    reason: MistakeReason
    personal: Personal | Sealed | None = None


class TaskSetAside(Event, frozen=True, tag="case.task-set-aside"):
    """A task is put off with a reason until a day. It is never a visit and never counts as one (R-1)."""

    rule: str
    reason: Literal["tidak-ditemukan", "pindah", "menolak", "barang-habis", "sudah-di-tempat-lain", "lain"]
    until: date
    key: str = ""
    personal: Personal | Sealed | None = None


class TaskReassigned(Event, frozen=True, tag="case.task-reassigned"):
    """A supervisor gives a task to another desk, which owns it from now on."""

    rule: str
    desk: Role
    reason: Literal["petugas-tidak-ada", "beban-terlalu-banyak", "perlu-keahlian", "lain"]
    key: str = ""
    personal: Personal | Sealed | None = None


class CaseClosed(Event, frozen=True, tag="case.closed"):
    """The case is finished. All its open tasks go."""

    reason: Literal[
        "usia-60-bulan", "nifas-selesai", "keguguran", "meninggal", "pindah-keluar", "bukan-sasaran", "dobel"
    ]  # fmt: skip
    personal: Personal | Sealed | None = None


class CaseReopened(Event, frozen=True, tag="case.reopened"):
    """A closed case goes on."""

    reason: Literal["kembali", "salah-tutup", "lain"]
    personal: Personal | Sealed | None = None


def asks(event: type[Event], name: str, tag: str) -> Any:
    """The command that is an event's twin: it asks to have just that recorded, so the fields are declared once."""
    fields = [_twin(f) for f in msgspec.structs.fields(event) if f.name != "on"]
    return msgspec.defstruct(
        name,
        fields,
        bases=(Command,),
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
        tag=tag,
        tag_field="do",
        namespace={"FACT": event, "__doc__": f"Asks to record: {event.__doc__}"},
        module=event.__module__,
    )


def _twin(field: msgspec.structs.FieldInfo) -> tuple[str, Any] | tuple[str, Any, Any]:
    if field.default is msgspec.NODEFAULT:
        return (field.name, field.type)
    return (field.name, field.type, field.default)


def asked(command: Command) -> Event:
    """The event that a command asks for, not yet looked at."""
    fact: type[Event] = type(command).FACT  # type: ignore[attr-defined]
    return fact(**{name: getattr(command, name) for name in command.__struct_fields__})


Correct = asks(Corrected, "Correct", "case.correct")
Retract = asks(Retracted, "Retract", "case.retract")
SetAside = asks(TaskSetAside, "SetAside", "case.set-aside")
Reassign = asks(TaskReassigned, "Reassign", "case.reassign")
Close = asks(CaseClosed, "Close", "case.close")
Reopen = asks(CaseReopened, "Reopen", "case.reopen")


EVENTS: tuple[type[Event], ...] = (Corrected, Retracted, TaskSetAside, TaskReassigned, CaseClosed, CaseReopened)
COMMANDS = (Correct, Retract, SetAside, Reassign, Close, Reopen)

# What a story of any kind adds up to

T = TypeVar("T")


class Act(Struct, frozen=True):
    """Something that was done for a case, and by which desk."""

    on: date
    version: int
    heard: datetime
    role: Role
    actor: str
    event: Event

    def after(self, on: date, version: int) -> bool:
        """It was done on a later day than event `version`, or on the same day and heard of later."""
        return (self.on, self.version) > (on, version)


def act(recorded: Recorded) -> Act:
    """What was done, as a case remembers it."""
    by = recorded.by
    return Act(recorded.event.on, recorded.version, by.recorded_at, by.role, by.actor, recorded.event)


def done(acts: tuple[Act, ...], event: type[Event]) -> tuple[Act, ...]:
    """The acts of one kind, oldest first."""
    return by_kind(acts).get(event, ())


def by_kind(acts: tuple[Act, ...]) -> Mapping[type[Event], tuple[Act, ...]]:
    """The acts of each kind, oldest first."""
    return worked_out(acts, _by_kind)


def _by_kind(acts: tuple[Act, ...]) -> dict[type[Event], tuple[Act, ...]]:
    lists: dict[type[Event], list[Act]] = {}
    for one in acts:
        lists.setdefault(type(one.event), []).append(one)
    return {kind: tuple(found) for kind, found in lists.items()}


def worked_out(acts: tuple[Act, ...], how: Callable[[tuple[Act, ...]], T]) -> T:
    """What comes of these acts, once: more than a hundred rules ask for those of one case in turn."""
    global _lately
    of, results = _lately
    if of is not acts:
        _lately = (acts, results := {})
    if how not in results:
        results[how] = how(acts)
    found: T = results[how]
    return found


_lately: tuple[tuple[Act, ...], dict[Callable[..., Any], Any]] = ((), {})
"""The acts that were asked for last, and what was worked out of them."""


class Case(Struct, frozen=True, kw_only=True):
    """What every kind of case remembers. Each kind remembers more."""

    KIND: ClassVar[Kind]

    desa: str
    posyandu: str
    first: Act
    acts: tuple[Act, ...] = ()
    """Everything that was done and is not remembered elsewhere, in the order of its days."""
    aside: tuple[TaskSetAside, ...] = ()
    handed: tuple[TaskReassigned, ...] = ()
    closed: date | None = None
    latest: int = 0
    """Version of the newest event that counts."""

    @property
    def active(self) -> bool:
        """The case still makes work."""
        return self.closed is None


C = TypeVar("C", bound=Case)


def evolve(state: C, recorded: Recorded) -> C:
    """A case of any kind after an event that every kind takes in the same way."""
    event = recorded.event
    match event:
        case TaskSetAside():
            return replace(state, aside=(*state.aside, event))
        case TaskReassigned():
            return replace(state, handed=(*state.handed, event))
        case CaseClosed():
            state = replace(state, closed=event.on)
        case CaseReopened():
            state = replace(state, closed=None)
    return replace(state, acts=(*state.acts, act(recorded)))


PARTICULAR: frozenset[type[Event]] = frozenset({TaskSetAside, TaskReassigned, CaseClosed, CaseReopened})
"""What is more to a case than one act among others."""


def noted(state: C, recorded: Recorded) -> C:
    """A case after an event that is only one act among its others."""
    return replace(state, acts=(*state.acts, act(recorded)), latest=max(state.latest, recorded.version))


def check(state: Case, event: Event) -> None:
    """Refuses what no case of any kind can take."""
    match event:
        case CaseClosed() if state.closed is not None:
            raise Refused("already-closed", on=state.closed)
        case CaseReopened() if state.active:
            raise Refused("not-closed")
        case TaskSetAside() if event.until <= event.on:
            raise Refused("until-not-later", until=event.until)


def in_order(story: Story, read: Callable[[dict[str, Any]], Event]) -> list[Recorded]:
    """The events that count. Phones deliver late and out of order, so we sort by day; the first event stays first."""
    if not story:
        return []
    mended: dict[int, dict[str, Any] | None] = {}
    for recorded in story:
        event = recorded.event
        if type(event) is Corrected:
            if mended.get(event.version, UNSET) is not None:
                mended[event.version] = event.reads
        elif type(event) is Retracted:
            mended[event.version] = None
    if mended:
        story = [r for r in (_mend(r, mended, read) for r in story) if r is not None]
        if not story:
            return []
    rest = sorted(story[1:], key=_day)
    return [story[0], *rest]


def _mend(
    recorded: Recorded,
    mended: dict[int, dict[str, Any] | None],
    read: Callable[[dict[str, Any]], Event],
) -> Recorded | None:
    reads: dict[str, Any] | None | UnsetType = mended.get(recorded.version, UNSET)
    if reads is UNSET:
        return recorded
    if reads is None:
        return None
    event = read(reads)
    personal = getattr(recorded.event, "personal", None)
    if personal is not None:
        event = msgspec.structs.replace(event, personal=personal)
        if getattr(recorded.event, "nik", False):
            event = msgspec.structs.replace(event, nik=True)
    return msgspec.structs.replace(recorded, event=event)


def _day(recorded: Recorded) -> tuple[date, int]:
    event: Event = recorded.event
    return (event.on, recorded.version)
