"""Extra food (PMT pemulihan) as it is accounted for: decided, started, given day by day, weighed weekly, judged."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from domain.case import Event, Personal, Recorded, Refused, Sealed, asks

Reason = Literal["gizi-kurang", "bb-kurang", "tidak-naik", "kek"]
Scheme = Literal["pemulihan", "penyuluhan"]
Funding = Literal["dak-nonfisik", "apbd", "mitra", "dana-desa"]


class PmtEligibilityDecided(Event, frozen=True, tag="pmt.eligibility-decided"):
    """TPG or bidan decided whether this person gets PMT: which cycle, how many days, whose money."""

    eligible: bool
    reason: Reason | Literal["tidak-perlu", "gizi-buruk", "menolak", "skema-lain", "lain"]
    cycle: int = 1
    days: int | None = None
    """Planned portion days; as many as the juknis says where none are named."""
    scheme: Scheme = "pemulihan"
    funding: Funding | None = None
    personal: Personal | Sealed | None = None


class PmtStarted(Event, frozen=True, tag="pmt.started"):
    """The first portion was given; the family agreed. `kg` is the weight it starts from."""

    cycle: int
    kg: float | None = None
    consent: bool = True


class PmtGiven(Event, frozen=True, tag="pmt.given"):
    """One portion day: how much was eaten, in per cent as seen."""

    cycle: int
    eaten: Literal[0, 25, 50, 75, 100]
    menu: str | None = None
    personal: Personal | Sealed | None = None
    """Who received it, and the photo or signature that proves it."""


class PmtMissed(Event, frozen=True, tag="pmt.missed"):
    """One portion day on which nothing was given."""

    cycle: int
    reason: Literal[
        "anak-sakit", "tidak-di-rumah", "menolak", "makanan-tidak-ada", "kader-berhalangan", "libur", "lain",
    ]  # fmt: skip
    personal: Personal | Sealed | None = None


class PmtWeekClosed(Event, frozen=True, tag="pmt.week-closed"):
    """The Sigizi row of one PMT week. The days given are counted from the story, not typed."""

    cycle: int
    week: int
    follow_up: Literal["dilanjutkan", "selesai", "rujuk-rs"] = "dilanjutkan"


class PmtStopped(Event, frozen=True, tag="pmt.stopped"):
    """The cycle ended before its time."""

    cycle: int
    reason: Literal["memburuk", "menolak", "pindah", "meninggal", "lain"]
    personal: Personal | Sealed | None = None


class PmtCompleted(Event, frozen=True, tag="pmt.completed"):
    """The cycle was judged at its end."""

    cycle: int
    outcome: Literal["sembuh", "belum-sembuh", "putus"]


class PmtReconciled(Event, frozen=True, tag="pmt.reconciled"):
    """Somebody who gave none of it compared one week: portions planned, delivered, and paid by receipts."""

    cycle: int
    week: int
    planned: int
    delivered: int
    receipts: int
    personal: Personal | Sealed | None = None


class OtherFoodRecorded(Event, frozen=True, tag="pmt.other-food"):
    """The same person gets food from somebody else too, from `on` until `until`."""

    scheme: Literal["mbg", "penyuluhan", "mitra", "lain"]
    until: date | None = None
    personal: Personal | Sealed | None = None


class OverlapResolved(Event, frozen=True, tag="pmt.overlap-resolved"):
    """Two schemes for one person were looked at, and it was decided which goes on."""

    decision: Literal["pmt-saja", "yang-lain-saja", "boleh-keduanya"]
    personal: Personal | Sealed | None = None


DecidePmt = asks(PmtEligibilityDecided, "DecidePmt", "pmt.decide-eligibility")
StartPmt = asks(PmtStarted, "StartPmt", "pmt.start")
GivePmt = asks(PmtGiven, "GivePmt", "pmt.give")
MissPmt = asks(PmtMissed, "MissPmt", "pmt.miss")
ClosePmtWeek = asks(PmtWeekClosed, "ClosePmtWeek", "pmt.close-week")
StopPmt = asks(PmtStopped, "StopPmt", "pmt.stop")
CompletePmt = asks(PmtCompleted, "CompletePmt", "pmt.complete")
ReconcilePmt = asks(PmtReconciled, "ReconcilePmt", "pmt.reconcile")
RecordOtherFood = asks(OtherFoodRecorded, "RecordOtherFood", "pmt.record-other-food")
ResolveOverlap = asks(OverlapResolved, "ResolveOverlap", "pmt.resolve-overlap")

BESIDE: tuple[type[Event], ...] = (OtherFoodRecorded, OverlapResolved)
"""Of no cycle."""

EVENTS: tuple[type[Event], ...] = (
    PmtEligibilityDecided, PmtStarted, PmtGiven, PmtMissed, PmtWeekClosed, PmtStopped, PmtCompleted,
    PmtReconciled, *BESIDE,
)  # fmt: skip
COMMANDS = (
    DecidePmt, StartPmt, GivePmt, MissPmt, ClosePmtWeek, StopPmt, CompletePmt, ReconcilePmt, RecordOtherFood,
    ResolveOverlap,
)  # fmt: skip


class Portion(Struct, frozen=True):
    """A portion day that was accounted for; `eaten` is None where nothing was given."""

    on: date
    version: int
    eaten: int | None


class Cycle(Struct, frozen=True):
    """One decision on PMT and all that came of it."""

    number: int
    eligible: bool
    reason: str
    decided: date
    version: int
    """Version of the decision."""
    heard: datetime
    days: int | None
    scheme: Scheme = "pemulihan"
    funding: Funding | None = None
    started: date | None = None
    started_version: int | None = None
    start_kg: float | None = None
    portions: tuple[Portion, ...] = ()
    weeks: tuple[int, ...] = ()
    reconciled: tuple[int, ...] = ()
    ended: date | None = None
    outcome: str | None = None
    """How it ended: sembuh, belum-sembuh, putus, or berhenti where it was stopped."""

    @property
    def running(self) -> bool:
        return self.started is not None and self.ended is None


Cycles = tuple[Cycle, ...]


def evolve(cycles: Cycles, recorded: Recorded) -> Cycles:
    """The PMT cycles of a case after one event. A portion of an unknown cycle changes nothing."""
    event = recorded.event
    if isinstance(event, PmtEligibilityDecided):
        others = tuple(c for c in cycles if c.number != event.cycle or c.started is not None)
        return (*others, _decided(event, recorded))
    return tuple(_after(c, event, recorded.version) if c.number == event.cycle else c for c in cycles)


def _decided(event: PmtEligibilityDecided, recorded: Recorded) -> Cycle:
    return Cycle(
        number=event.cycle,
        eligible=event.eligible,
        reason=event.reason,
        decided=event.on,
        version=recorded.version,
        heard=recorded.by.recorded_at,
        days=event.days,
        scheme=event.scheme,
        funding=event.funding,
    )


def _after(cycle: Cycle, event: Event, version: int) -> Cycle:
    match event:
        case PmtStarted():
            return replace(cycle, started=event.on, started_version=version, start_kg=event.kg)
        case PmtGiven():
            return replace(cycle, portions=_with(cycle.portions, Portion(event.on, version, event.eaten)))
        case PmtMissed():
            return replace(cycle, portions=_with(cycle.portions, Portion(event.on, version, None)))
        case PmtWeekClosed():
            return replace(cycle, weeks=(*cycle.weeks, event.week))
        case PmtReconciled():
            return replace(cycle, reconciled=(*cycle.reconciled, event.week))
        case PmtStopped():
            return replace(cycle, ended=event.on, outcome="berhenti")
        case PmtCompleted():
            return replace(cycle, ended=event.on, outcome=event.outcome)
    return cycle


def _with(portions: tuple[Portion, ...], portion: Portion) -> tuple[Portion, ...]:
    """One portion a day: the later word about a day counts."""
    return (*(p for p in portions if p.on != portion.on), portion)


def check(cycles: Cycles, event: Event) -> None:
    """Refuses what cannot follow: a portion before the start, a second start, a cycle nobody decided on."""
    if isinstance(event, PmtEligibilityDecided):
        _check_decision(cycles, event)
        return
    number: int = event.cycle  # type: ignore[attr-defined]
    cycle = next((c for c in cycles if c.number == number), None)
    if cycle is None or not cycle.eligible:
        raise Refused("pmt-not-decided", cycle=number)
    if isinstance(event, PmtStarted):
        if cycle.started is not None:
            raise Refused("pmt-already-started", cycle=number, on=cycle.started)
        if event.on < cycle.decided:
            raise Refused("pmt-before-decision", on=event.on, decided=cycle.decided)
        return
    if isinstance(event, PmtStopped | PmtReconciled):
        return
    if cycle.started is None or event.on < cycle.started:
        raise Refused("pmt-not-started", cycle=number)
    if cycle.ended is not None and event.on > cycle.ended:
        raise Refused("pmt-ended", cycle=number, on=cycle.ended)
    if isinstance(event, PmtWeekClosed) and event.week in cycle.weeks:
        raise Refused("pmt-week-already-closed", week=event.week)


def _check_decision(cycles: Cycles, event: PmtEligibilityDecided) -> None:
    if event.eligible and event.days is None and event.reason not in get_args(Reason):
        raise Refused("pmt-days-missing")
    if event.days is not None and not 1 <= event.days <= 366:
        raise Refused("pmt-days-impossible", days=event.days)
    if event.cycle < 1:
        raise Refused("pmt-cycle-impossible", cycle=event.cycle)
    if any(c.number == event.cycle and c.started is not None for c in cycles):
        raise Refused("pmt-already-started", cycle=event.cycle, on=event.on)
