"""A desa, puskesmas, kecamatan or kabupaten at work: its posyandu, sessions, meetings, plans, money and months."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from domain import case, oversight
from domain.case import Act, Case, Envelope, Event, Personal, Recorded, Refused, Role, Sealed, act, asks, done

Level = Literal["desa", "puskesmas", "kecamatan", "kabupaten"]
Funding = Literal["dana-desa", "add", "bok", "dak-nonfisik", "apbd", "mitra", "swadaya"]
"""Whose money it is."""

Activity = Literal[
    "makanan-tambahan", "jamban", "air-bersih", "kader", "transportasi", "posyandu", "sweeping", "alat", "penyuluhan",
    "data", "rujukan", "bantuan-sosial", "lainnya",
]  # fmt: skip
"""What a desa can set out to do. A closed list: free text is where names get in, and the offices above read it."""

# What can have happened


class Registered(Event, frozen=True, tag="desa.registered"):
    """The unit takes part, with the posyandu it has."""

    desa: str
    """Code of the unit, whatever its level."""
    level: Level = "desa"
    posyandus: tuple[str, ...] = ()


class PosyanduListed(Event, frozen=True, tag="desa.posyandu-listed"):
    """A posyandu was added to the desa. What is owed for each posyandu is owed for it from this day on."""

    posyandu: str


class SessionHeld(Event, frozen=True, tag="desa.session-held"):
    """A posyandu met. `registered` is S, `weighed` D and `gained` N of the month's report."""

    posyandu: str
    registered: int
    weighed: int
    gained: int | None = None
    kader: int | None = None
    """Kader who were there."""


class SessionCancelled(Event, frozen=True, tag="desa.session-cancelled"):
    """A posyandu did not meet; `moved_to` is the new day, where there is one."""

    posyandu: str
    reason: Literal["banjir", "libur", "tempat-dipakai", "kader-berhalangan", "petugas-tidak-ada", "lain"]
    moved_to: date | None = None
    personal: Personal | Sealed | None = None


class PlanRecorded(Event, frozen=True, tag="desa.plan-recorded"):
    """What will be done about a posyandu to which too few children come."""

    posyandu: str
    steps: tuple[Activity, ...]
    by: date | None = None
    """The day by which it is to be done."""
    personal: Personal | Sealed | None = None


class ActionItem(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something a meeting agreed on. It names nobody: it may point at cases, and each reader opens what they may."""

    id: UUID
    what: Activity
    desk: Role
    due: date
    posyandu: str | None = None
    cases: tuple[UUID, ...] = ()


class MeetingHeld(Event, frozen=True, tag="desa.meeting-held"):
    """The TPPS of a desa or kecamatan met. Its minutes are sealed, since they may name people."""

    items: tuple[ActionItem, ...] = ()
    personal: Personal | Sealed | None = None


class ActionItemDone(Event, frozen=True, tag="desa.action-item-done"):
    """What a meeting agreed on was done."""

    item: UUID
    personal: Personal | Sealed | None = None


class RembukHeld(Event, frozen=True, tag="desa.rembuk-held"):
    """The yearly rembuk stunting agreed on what goes into the plan and budget of `year`."""

    year: int
    activities: tuple[Activity, ...]
    personal: Personal | Sealed | None = None


class BudgetLine(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One activity with its money."""

    what: Activity
    rupiah: int
    funding: Funding


class BudgetRecorded(Event, frozen=True, tag="desa.budget-recorded"):
    """The stunting lines of a desa's yearly plan (RKPDes) or budget (APBDes)."""

    document: Literal["rkpdes", "apbdes"]
    year: int
    lines: tuple[BudgetLine, ...]


class ScorecardSubmitted(Event, frozen=True, tag="desa.scorecard-submitted"):
    """The KPM filled in the scorecard and eHDW of a quarter."""

    quarter: date
    """Any day of it."""


class KaderCounted(Event, frozen=True, tag="desa.kader-counted"):
    """How many kader a posyandu has."""

    posyandu: str
    count: int


class KaderTrained(Event, frozen=True, tag="desa.kader-trained"):
    """Kader of a posyandu were trained, new ones among them."""

    posyandu: str
    count: int
    topic: Literal["pengukuran", "kms", "konseling", "makanan-tambahan", "rujukan", "pencatatan", "lainnya"] = (
        "pengukuran"
    )


class EquipmentChecked(Event, frozen=True, tag="desa.equipment-checked"):
    """The scale and length board of a posyandu were looked at (KMK 1340/2022)."""

    posyandu: str
    scale: Literal["baik", "rusak", "tidak-ada"]
    board: Literal["baik", "rusak", "tidak-ada"]


class MonthClosed(Event, frozen=True, tag="desa.month-closed"):
    """The puskesmas looked at the figures of a desa's month and closed it."""

    month: date
    """Any day of it."""
    registered: int
    with_book: int
    weighed: int
    gained: int
    stunted: int
    underweight: int
    below_line: int


class SpendingRecorded(Event, frozen=True, tag="desa.spending-recorded"):
    """Portions of PMT paid for in a month, beside those recorded as given."""

    month: date
    funding: Funding
    rupiah: int
    portions: int
    delivered: int


class SpendingReconciled(Event, frozen=True, tag="desa.spending-reconciled"):
    """Somebody else held receipts and deliveries of a month side by side and settled the difference."""

    month: date
    funding: Funding
    result: Literal["catatan-dilengkapi", "uang-dikembalikan", "kuitansi-dibetulkan"]
    personal: Personal | Sealed | None = None


class MenuPlanned(Event, frozen=True, tag="desa.menu-planned"):
    """The PMT menu of a week, as the desa or the kader plan it."""

    monday: date
    menu: str


class MenuApproved(Event, frozen=True, tag="desa.menu-approved"):
    """The nutritionist approved the menu of a week; `menu` is what it was changed to."""

    monday: date
    menu: str | None = None


class IncidentReported(Event, frozen=True, tag="desa.incident-reported"):
    """People fell ill after PMT. Who they are stands in their own stories."""

    incident: UUID
    posyandu: str
    people: int
    severe: int = 0
    menu: str | None = None
    batch: str | None = None
    personal: Personal | Sealed | None = None


class IncidentClosed(Event, frozen=True, tag="desa.incident-closed"):
    """The doctor is done with an incident: everybody treated, the batch stopped, its cause known or not."""

    incident: UUID
    cause: Literal["makanan", "alergi", "penyakit-lain", "tidak-diketahui"]
    sample: bool
    """A sample was kept."""
    stopped: bool
    """The batch was stopped."""
    personal: Personal | Sealed | None = None


# What can be asked

Register = asks(Registered, "Register", "desa.register")
ListPosyandu = asks(PosyanduListed, "ListPosyandu", "desa.list-posyandu")
HoldSession = asks(SessionHeld, "HoldSession", "desa.hold-session")
CancelSession = asks(SessionCancelled, "CancelSession", "desa.cancel-session")
RecordPlan = asks(PlanRecorded, "RecordPlan", "desa.record-plan")
HoldMeeting = asks(MeetingHeld, "HoldMeeting", "desa.hold-meeting")
FinishItem = asks(ActionItemDone, "FinishItem", "desa.finish-item")
HoldRembuk = asks(RembukHeld, "HoldRembuk", "desa.hold-rembuk")
RecordBudget = asks(BudgetRecorded, "RecordBudget", "desa.record-budget")
SubmitScorecard = asks(ScorecardSubmitted, "SubmitScorecard", "desa.submit-scorecard")
CountKader = asks(KaderCounted, "CountKader", "desa.count-kader")
TrainKader = asks(KaderTrained, "TrainKader", "desa.train-kader")
CheckEquipment = asks(EquipmentChecked, "CheckEquipment", "desa.check-equipment")
CloseMonth = asks(MonthClosed, "CloseMonth", "desa.close-month")
RecordSpending = asks(SpendingRecorded, "RecordSpending", "desa.record-spending")
ReconcileSpending = asks(SpendingReconciled, "ReconcileSpending", "desa.reconcile-spending")
PlanMenu = asks(MenuPlanned, "PlanMenu", "desa.plan-menu")
ApproveMenu = asks(MenuApproved, "ApproveMenu", "desa.approve-menu")
ReportIncident = asks(IncidentReported, "ReportIncident", "desa.report-incident")
CloseIncident = asks(IncidentClosed, "CloseIncident", "desa.close-incident")

EVENTS: tuple[type[Event], ...] = (
    Registered, PosyanduListed, SessionHeld, SessionCancelled, PlanRecorded, MeetingHeld, ActionItemDone, RembukHeld,
    BudgetRecorded, ScorecardSubmitted, KaderCounted, KaderTrained, EquipmentChecked, MonthClosed, SpendingRecorded,
    SpendingReconciled, MenuPlanned, MenuApproved, IncidentReported, IncidentClosed,
)  # fmt: skip
COMMANDS = (
    Register, ListPosyandu, HoldSession, CancelSession, RecordPlan, HoldMeeting, FinishItem, HoldRembuk, RecordBudget,
    SubmitScorecard, CountKader, TrainKader, CheckEquipment, CloseMonth, RecordSpending, ReconcileSpending, PlanMenu,
    ApproveMenu, ReportIncident, CloseIncident,
)  # fmt: skip

TAKEN_AT: dict[type[Event], frozenset[str]] = {
    **dict.fromkeys(EVENTS[1:], frozenset({"desa"})),
    MeetingHeld: frozenset({"desa", "kecamatan"}),
    ActionItemDone: frozenset({"desa", "kecamatan"}),
    **oversight.TAKEN_AT,
}
"""In the stories of which units an event may stand, so that the desk that answers for it finds it on its list."""

# What we remember


class Posyandu(Struct, frozen=True):
    """A posyandu of the desa, and since when it counts."""

    code: str
    since: date


class Desa(Case, frozen=True, kw_only=True):
    """What the story of a unit adds up to. `desa` is its code; `posyandu` is empty."""

    KIND = "desa"

    level: Level
    registered: Act
    posyandus: tuple[Posyandu, ...] = ()


def number(code: str) -> UUID:
    """The number of a unit's case: everybody finds it by the unit's code."""
    return uuid5(_UNITS, code)


_UNITS = UUID("5d1c0a4e-7c0b-4b43-9d2b-6f1f0a2f6d11")


def open_items(desa: Desa) -> tuple[ActionItem, ...]:
    """What meetings agreed on and nobody has done."""
    finished = {a.event.item for a in done(desa.acts, ActionItemDone)}  # type: ignore[attr-defined]
    agreed = (item for a in done(desa.acts, MeetingHeld) for item in a.event.items)  # type: ignore[attr-defined]
    return tuple(item for item in agreed if item.id not in finished)


# How it adds up


def evolve(desa: Desa | None, recorded: Recorded) -> Desa:
    """The unit after one event more. Events come in the order of their days."""
    if desa is None:
        desa = _begun(recorded)
    elif isinstance(recorded.event, PosyanduListed):
        listed = Posyandu(recorded.event.posyandu, recorded.event.on)
        desa = replace(desa, posyandus=(*desa.posyandus, listed))
    else:
        desa = case.evolve(desa, recorded)
    return desa if recorded.version <= desa.latest else replace(desa, latest=recorded.version)


def _begun(recorded: Recorded) -> Desa:
    event = recorded.event
    if not isinstance(event, Registered):
        raise ValueError(f"a unit's story cannot begin with {type(event).__name__}")
    first = act(recorded)
    posyandus = tuple(Posyandu(code, event.on) for code in event.posyandus)
    return Desa(desa=event.desa, posyandu="", first=first, level=event.level, registered=first, posyandus=posyandus)


# What is refused


def check(desa: Desa | None, event: Event, today: date, by: Envelope) -> None:
    """Refuses only what cannot have happened."""
    if event.on > today:
        raise Refused("future-day", on=event.on, today=today)
    if isinstance(event, Registered):
        if desa is not None:
            raise Refused("already-registered")
        return
    if desa is None:
        raise Refused("no-such-case")
    case.check(desa, event)
    if isinstance(event, case.TaskSetAside | case.TaskReassigned):
        oversight.check_put_off(desa.acts, event, by)
    if type(event) in TAKEN_AT:
        _check_place(desa, event)
        _check_counts(event)
        _check_deed(desa, event, by)
        oversight.check(desa.acts, event, by)


def _check_place(desa: Desa, event: Event) -> None:
    if desa.level not in TAKEN_AT[type(event)]:
        raise Refused("other-level", level=desa.level)
    posyandu = getattr(event, "posyandu", None)
    if isinstance(event, PosyanduListed):
        if any(p.code == posyandu for p in desa.posyandus):
            raise Refused("posyandu-already-listed")
    elif posyandu is not None and all(p.code != posyandu for p in desa.posyandus):
        raise Refused("no-such-posyandu")


def _check_counts(event: Event) -> None:
    numbers = (value for value in (getattr(event, n) for n in event.__struct_fields__) if type(value) is int)
    if any(value < 0 for value in numbers):
        raise Refused("count-below-nothing")
    for part, whole in _PARTS:
        some, of = getattr(event, part, None), getattr(event, whole, None)
        if some is not None and of is not None and some > of:
            raise Refused("part-above-whole")


_PARTS = (
    ("gained", "weighed"), ("underweight", "weighed"), ("below_line", "weighed"), ("stunted", "registered"),
    ("severe", "people"), ("differing", "rows"), ("late", "open"),
)  # fmt: skip


def _check_deed(desa: Desa, event: Event, by: Envelope) -> None:
    """Who recorded the facts is not the one who closes, settles or approves them (protocol 11.1)."""
    match event:
        case MonthClosed():
            held = done(desa.acts, SessionHeld)
            if any(same_month(a.on, event.month) and a.actor == by.actor for a in held):
                raise Refused("close-own-sessions")
            if event.on <= event.month:
                raise Refused("month-not-over", month=event.month)
        case SpendingReconciled():
            spent = [a for a in done(desa.acts, SpendingRecorded) if _same_money(a.event, event)]
            if not spent:
                raise Refused("no-such-spending")
            if any(a.actor == by.actor for a in spent):
                raise Refused("reconcile-own-spending")
        case MenuApproved():
            planned = [a for a in done(desa.acts, MenuPlanned) if a.event.monday == event.monday]  # type: ignore[attr-defined]
            if not planned:
                raise Refused("no-such-menu")
            if planned[-1].actor == by.actor:
                raise Refused("approve-own-menu")
        case ActionItemDone() if all(i.id != event.item for i in open_items(desa)):
            raise Refused("nothing-open-by-this-number")
        case IncidentClosed():
            told = {a.event.incident for a in done(desa.acts, IncidentReported)}  # type: ignore[attr-defined]
            closed = {a.event.incident for a in done(desa.acts, IncidentClosed)}  # type: ignore[attr-defined]
            if event.incident not in told - closed:
                raise Refused("nothing-open-by-this-number")


def same_month(one: date, other: date) -> bool:
    """Both are days of one month."""
    return (one.year, one.month) == (other.year, other.month)


def _same_money(spent: Event, settled: SpendingReconciled) -> bool:
    assert isinstance(spent, SpendingRecorded)
    return spent.funding == settled.funding and same_month(spent.month, settled.month)
