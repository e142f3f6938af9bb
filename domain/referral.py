"""A referral (rujukan) as children and mothers share it: who was sent where, and how far that has come."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.case import Event, Personal, Recorded, Refused, Sealed, asks

Kind = Literal["masyarakat", "puskesmas", "rs"]
"""To the bidan or poskesdes by a kader; to the puskesmas; to a hospital."""

Reached = Literal[
    "dibuat", "diterima", "ditolak", "tiba", "tidak-datang", "batal", "rujuk-balik", "tindak-lanjut", "tutup",
]  # fmt: skip

NoShowReason = Literal["biaya", "transportasi", "pendamping", "jkn", "menolak", "lain"]

OPEN: frozenset[Reached] = frozenset({"dibuat", "diterima", "tiba", "tidak-datang", "rujuk-balik", "tindak-lanjut"})


class Referred(Event, frozen=True, tag="referral.created"):
    """Somebody was referred. `referral` is made by whoever writes, so that later steps can name it offline."""

    referral: UUID
    to: str
    """Code of the facility or unit."""
    kind: Kind
    reason: Literal[
        "tidak-naik", "bgm", "gizi-kurang", "gizi-buruk", "stunting", "tanda-bahaya", "kek", "anemia", "hipertensi",
        "risiko-tinggi", "tidak-membaik", "lain",
    ]  # fmt: skip
    urgent: bool = False
    planned: date | None = None
    """The day by which the patient is expected there."""
    personal: Personal | Sealed | None = None


class ReferralAccepted(Event, frozen=True, tag="referral.accepted"):
    """The receiver takes the patient, on `planned` if another day was agreed."""

    referral: UUID
    planned: date | None = None
    personal: Personal | Sealed | None = None


class ReferralRejected(Event, frozen=True, tag="referral.rejected"):
    """The receiver cannot take the patient."""

    referral: UUID
    reason: Literal["penuh", "data-kurang", "bukan-kewenangan", "alat-tidak-ada", "lain"]
    personal: Personal | Sealed | None = None


class ReferralArrived(Event, frozen=True, tag="referral.arrived"):
    """The patient is there."""

    referral: UUID
    at: str | None = None
    """Code of the facility, where it is another one than was planned."""


class ReferralNoShow(Event, frozen=True, tag="referral.no-show"):
    """The patient did not go."""

    referral: UUID
    reason: NoShowReason
    planned: date | None = None
    """A new day, where one was agreed."""
    personal: Personal | Sealed | None = None


class ReferralCancelled(Event, frozen=True, tag="referral.cancelled"):
    """The sender takes it back."""

    referral: UUID
    reason: Literal["salah-input", "sudah-membaik", "menolak", "dirujuk-ulang", "lain"]
    personal: Personal | Sealed | None = None


class CounterReferred(Event, frozen=True, tag="referral.counter-referred"):
    """The receiver sends the patient back (rujuk balik) with what was found and is to be done, in the personal note."""

    referral: UUID
    diagnosis: str | None = None
    """ICD-10 code."""
    control: date | None = None
    personal: Personal | Sealed | None = None


class FollowUpPlanned(Event, frozen=True, tag="referral.follow-up-planned"):
    """The bidan has said who does what after the counter-referral."""

    referral: UUID
    visit: date | None = None
    personal: Personal | Sealed | None = None


class ReferralClosed(Event, frozen=True, tag="referral.closed"):
    """Nothing is left to be done for it."""

    referral: UUID
    result: Literal["sembuh", "membaik", "tetap", "memburuk", "meninggal", "tidak-diketahui"]
    personal: Personal | Sealed | None = None


Refer = asks(Referred, "Refer", "referral.create")
AcceptReferral = asks(ReferralAccepted, "AcceptReferral", "referral.accept")
RejectReferral = asks(ReferralRejected, "RejectReferral", "referral.reject")
RecordArrival = asks(ReferralArrived, "RecordArrival", "referral.arrive")
RecordNoShow = asks(ReferralNoShow, "RecordNoShow", "referral.no-show")
CancelReferral = asks(ReferralCancelled, "CancelReferral", "referral.cancel")
CounterRefer = asks(CounterReferred, "CounterRefer", "referral.counter-refer")
PlanFollowUp = asks(FollowUpPlanned, "PlanFollowUp", "referral.plan-follow-up")
CloseReferral = asks(ReferralClosed, "CloseReferral", "referral.close")

STEPS: dict[type[Event], Reached] = {
    ReferralAccepted: "diterima",
    ReferralRejected: "ditolak",
    ReferralArrived: "tiba",
    ReferralNoShow: "tidak-datang",
    ReferralCancelled: "batal",
    CounterReferred: "rujuk-balik",
    FollowUpPlanned: "tindak-lanjut",
    ReferralClosed: "tutup",
}

# What may be recorded after what. Papers travel slower than patients: an arrival may be heard of before the acceptance.
AFTER: dict[Reached, frozenset[Reached]] = {
    "diterima": frozenset({"dibuat", "tidak-datang", "ditolak"}),
    "ditolak": frozenset({"dibuat", "diterima"}),
    "tiba": frozenset({"dibuat", "diterima", "tidak-datang"}),
    "tidak-datang": frozenset({"dibuat", "diterima", "tidak-datang"}),
    "batal": frozenset({"dibuat", "diterima", "tidak-datang", "ditolak"}),
    "rujuk-balik": frozenset({"tiba", "diterima"}),
    "tindak-lanjut": frozenset({"rujuk-balik"}),
    "tutup": frozenset({"tiba", "rujuk-balik", "tindak-lanjut", "ditolak", "tidak-datang"}),
}


class Reach(Struct, frozen=True):
    """One step of a referral."""

    state: Reached
    on: date
    version: int
    heard: datetime


class Referral(Struct, frozen=True):
    """A referral and every step it has made."""

    id: UUID
    to: str
    kind: Kind
    reason: str
    urgent: bool
    planned: date | None
    steps: tuple[Reach, ...]
    no_show: str | None = None
    control: date | None = None

    @property
    def state(self) -> Reached:
        return self.steps[-1].state

    @property
    def last(self) -> Reach:
        return self.steps[-1]

    @property
    def made(self) -> Reach:
        return self.steps[0]

    @property
    def open(self) -> bool:
        return self.state in OPEN

    def reached(self, state: Reached) -> Reach | None:
        """The newest step of that name."""
        return next((step for step in reversed(self.steps) if step.state == state), None)


Referrals = tuple[Referral, ...]


def evolve(referrals: Referrals, recorded: Recorded) -> Referrals:
    """The referrals of a case after one event. A step for a referral we have not heard of yet changes nothing."""
    event = recorded.event
    if isinstance(event, Referred):
        return (*referrals, _made(event, recorded))
    step = Reach(STEPS[type(event)], event.on, recorded.version, recorded.by.recorded_at)
    return tuple(_after(r, event, step) if r.id == event.referral else r for r in referrals)


def _made(event: Referred, recorded: Recorded) -> Referral:
    step = Reach("dibuat", event.on, recorded.version, recorded.by.recorded_at)
    return Referral(event.referral, event.to, event.kind, event.reason, event.urgent, event.planned, (step,))


def _after(referral: Referral, event: Event, step: Reach) -> Referral:
    moved = replace(referral, steps=(*referral.steps, step))
    if isinstance(event, ReferralNoShow):
        moved = replace(moved, no_show=event.reason)
    if isinstance(event, CounterReferred):
        moved = replace(moved, control=event.control)
    if isinstance(event, ReferralAccepted | ReferralNoShow) and event.planned is not None:
        moved = replace(moved, planned=event.planned)
    return moved


def check(referrals: Referrals, event: Event) -> None:
    """Refuses a step that cannot follow the last one."""
    if isinstance(event, Referred):
        if any(r.id == event.referral for r in referrals):
            raise Refused("referral-exists")
        if event.planned is not None and event.planned < event.on:
            raise Refused("planned-before-referral", planned=event.planned, on=event.on)
        return
    asked: UUID = event.referral  # type: ignore[attr-defined]
    referral = next((r for r in referrals if r.id == asked), None)
    if referral is None:
        raise Refused("no-such-referral")
    step = STEPS[type(event)]
    if referral.state not in AFTER[step]:
        raise Refused("referral-step", state=referral.state, step=step)
    if event.on < referral.made.on:
        raise Refused("before-referral", on=event.on, made=referral.made.on)


EVENTS: tuple[type[Event], ...] = (Referred, *STEPS)
COMMANDS = (
    Refer, AcceptReferral, RejectReferral, RecordArrival, RecordNoShow, CancelReferral, CounterRefer, PlanFollowUp,
    CloseReferral,
)  # fmt: skip
