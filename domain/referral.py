"""A referral (rujukan) as children and mothers share it: who was sent where, and how far that has come."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.case import Envelope, Event, Personal, Recorded, Refused, Role, Sealed, asks

Kind = Literal["masyarakat", "puskesmas", "rs"]
"""To the bidan or poskesdes by a kader; to the puskesmas; to a hospital."""

Reason = Literal[
    "tidak-naik", "bgm", "gizi-kurang", "gizi-buruk", "stunting", "tanda-bahaya", "kek", "anemia", "hipertensi",
    "risiko-tinggi", "tidak-membaik", "lain",
]  # fmt: skip

Reached = Literal[
    "dibuat", "dikirim", "diterima", "ditolak", "dialihkan", "tiba", "ditangani", "selesai", "dirujuk-lanjut",
    "rujuk-balik", "tindak-lanjut", "tutup", "batal", "tidak-datang",
]  # fmt: skip
"""The steps of protocol 9.2."""

NoShowReason = Literal["biaya", "transportasi", "pendamping", "jkn", "menolak", "lain"]

WAITING: frozenset[Reached] = frozenset({"dibuat", "dikirim", "dialihkan"})
"""The receiver has not answered."""

EXPECTED: frozenset[Reached] = WAITING | {"diterima", "tidak-datang"}
"""The patient is not there yet."""

THERE: frozenset[Reached] = frozenset({"tiba", "ditangani"})

OPEN: frozenset[Reached] = EXPECTED | THERE | {"rujuk-balik", "tindak-lanjut"}
"""Somebody has still to do something for it."""


class Referred(Event, frozen=True, tag="referral.created"):
    """Somebody was referred. `referral` is made by whoever writes, so that later steps can name it offline."""

    referral: UUID
    to: str
    """Code of the facility or unit."""
    kind: Kind
    reason: Reason
    urgent: bool = False
    planned: date | None = None
    """The day by which the patient is expected there."""
    consent: Literal["diberikan", "darurat"] | None = None
    """The family agreed, or there was no time to ask. A hospital is sent nothing without."""
    follows: UUID | None = None
    """The referral that this one carries on, where the receiver sent the patient further."""
    consciousness: Literal["sadar", "mengantuk", "tidak-sadar"] | None = None
    temperature: float | None = None
    """In degrees Celsius."""
    pulse: int | None = None
    breaths: int | None = None
    """In a minute, both."""
    escort: Literal["keluarga", "kader", "bidan", "tidak-ada"] | None = None
    vehicle: Literal["sendiri", "mobil-desa", "ambulans", "umum"] | None = None
    personal: Personal | Sealed | None = None
    """The note holds complaints, history, allergies and what was given."""


class ReferralSent(Event, frozen=True, tag="referral.sent"):
    """The receiver was told: through this system, by telephone, by letter, or through SATUSEHAT."""

    referral: UUID
    via: Literal["aplikasi", "telepon", "surat", "satusehat"]
    number: str | None = None
    """The number that another system gave it."""
    consent: Literal["diberikan", "darurat"] | None = None
    """Where the family was asked after it was made."""


class ReferralRedirected(Event, frozen=True, tag="referral.redirected"):
    """It goes to another place instead, which has not answered yet. The way it came stays in its steps."""

    referral: UUID
    to: str
    kind: Kind
    reason: Literal["penuh", "bukan-kewenangan", "alat-tidak-ada", "lebih-dekat", "permintaan-keluarga", "lain"]
    planned: date | None = None
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


class TreatmentBegun(Event, frozen=True, tag="referral.treatment-begun"):
    """The patient is being treated there."""

    referral: UUID


class TreatmentCompleted(Event, frozen=True, tag="referral.treatment-completed"):
    """Treated there to the end; nothing has to be gone on with at home."""

    referral: UUID
    diagnosis: str | None = None
    """ICD-10 code."""
    personal: Personal | Sealed | None = None


class ReferredOnward(Event, frozen=True, tag="referral.referred-onward"):
    """The receiver sent the patient further; the referral `onward` carries it on."""

    referral: UUID
    onward: UUID


class OnwardOf(Event, frozen=True, tag="referral.onward-of"):
    """Asks to send a patient further. It is never stored in this form: it comes to two events in one commit."""

    referral: UUID
    onward: UUID
    to: str
    kind: Kind
    reason: Reason
    urgent: bool = False
    planned: date | None = None
    personal: Personal | Sealed | None = None


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
    tasks: tuple[Literal["kunjungan", "obat", "makan", "timbang", "kontrol", "penyuluhan"], ...] = ()
    """What kader and bidan are to do at home."""
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
SendReferral = asks(ReferralSent, "SendReferral", "referral.send")
RedirectReferral = asks(ReferralRedirected, "RedirectReferral", "referral.redirect")
AcceptReferral = asks(ReferralAccepted, "AcceptReferral", "referral.accept")
RejectReferral = asks(ReferralRejected, "RejectReferral", "referral.reject")
RecordArrival = asks(ReferralArrived, "RecordArrival", "referral.arrive")
BeginTreatment = asks(TreatmentBegun, "BeginTreatment", "referral.begin-treatment")
CompleteTreatment = asks(TreatmentCompleted, "CompleteTreatment", "referral.complete-treatment")
ReferOnward = asks(OnwardOf, "ReferOnward", "referral.refer-onward")
RecordNoShow = asks(ReferralNoShow, "RecordNoShow", "referral.no-show")
CancelReferral = asks(ReferralCancelled, "CancelReferral", "referral.cancel")
CounterRefer = asks(CounterReferred, "CounterRefer", "referral.counter-refer")
PlanFollowUp = asks(FollowUpPlanned, "PlanFollowUp", "referral.plan-follow-up")
CloseReferral = asks(ReferralClosed, "CloseReferral", "referral.close")

STEPS: dict[type[Event], Reached] = {
    ReferralSent: "dikirim",
    ReferralRedirected: "dialihkan",
    TreatmentBegun: "ditangani",
    TreatmentCompleted: "selesai",
    ReferredOnward: "dirujuk-lanjut",
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
    "dikirim": frozenset({"dibuat", "dialihkan"}),
    "diterima": WAITING | {"tidak-datang", "ditolak"},
    "ditolak": WAITING | {"diterima"},
    "dialihkan": WAITING | {"diterima", "ditolak", "tidak-datang"},
    "tiba": EXPECTED,
    "ditangani": frozenset({"tiba", "diterima"}),
    "selesai": THERE,
    "dirujuk-lanjut": THERE | {"diterima"},
    "tidak-datang": EXPECTED,
    "batal": EXPECTED | THERE | {"ditolak"},
    "rujuk-balik": THERE | {"diterima", "selesai"},
    "tindak-lanjut": frozenset({"rujuk-balik"}),
    "tutup": THERE | {"selesai", "dirujuk-lanjut", "rujuk-balik", "tindak-lanjut", "ditolak", "tidak-datang"},
}
"""The steps after which each may be recorded."""

RECEIVERS_STEPS: frozenset[type[Event]] = frozenset({
    ReferralAccepted, ReferralRejected, ReferralRedirected, TreatmentBegun, TreatmentCompleted, ReferredOnward,
    OnwardOf, CounterReferred,
})  # fmt: skip
"""What is decided where the patient goes. A hospital takes these steps of its own referrals only."""


class Reach(Struct, frozen=True):
    """One step of a referral."""

    state: Reached
    on: date
    version: int
    heard: datetime
    role: Role
    unit: str
    """Of whoever recorded it."""
    to: str
    """Where the patient was to go, or is, from this step on."""


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
    consent: str | None = None
    follows: UUID | None = None
    onward: UUID | None = None
    """The referral that carries it on."""
    number: str | None = None
    """The number another system gave it."""
    diagnosis: str | None = None

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

    @property
    def sender(self) -> str:
        """The unit in which it was made."""
        return self.made.unit

    @property
    def asked(self) -> Reach:
        """The step with which the present receiver was asked: the first, or the newest that sent it elsewhere."""
        return self.reached("dialihkan") or self.made

    def reached(self, state: Reached) -> Reach | None:
        """The newest step of that name."""
        return next((step for step in reversed(self.steps) if step.state == state), None)

    @property
    def desk(self) -> Role | None:
        """Whose turn it is; None where nothing is left to be done."""
        if self.state in WAITING or self.state in THERE:
            return _RECEIVER[self.kind]
        return _TURNS.get(self.state)


_RECEIVER: dict[Kind, Role] = {"masyarakat": "bidan", "puskesmas": "puskesmas-tpg", "rs": "rs"}
_TURNS: dict[Reached, Role] = {
    "diterima": "kader", "tidak-datang": "kader", "ditolak": "bidan", "rujuk-balik": "bidan", "tindak-lanjut": "kader",
}  # fmt: skip

Referrals = tuple[Referral, ...]


def evolve(referrals: Referrals, recorded: Recorded) -> Referrals:
    """The referrals of a case after one event. A step for a referral we have not heard of yet changes nothing."""
    event = recorded.event
    if isinstance(event, Referred):
        return (*referrals, _made(event, recorded))
    return tuple(_after(r, event, recorded) if r.id == event.referral else r for r in referrals)


def _made(event: Referred, recorded: Recorded) -> Referral:
    return Referral(
        event.referral, event.to, event.kind, event.reason, event.urgent, event.planned,
        (_reach("dibuat", recorded, event.to),), consent=event.consent, follows=event.follows,
    )  # fmt: skip


def _reach(state: Reached, recorded: Recorded, to: str) -> Reach:
    by = recorded.by
    return Reach(state, recorded.event.on, recorded.version, by.recorded_at, by.role, by.unit, to)


def _after(referral: Referral, event: Event, recorded: Recorded) -> Referral:
    moved = replace(referral, **_changes(event))
    step = _reach(STEPS[type(event)], recorded, moved.to)
    return replace(moved, steps=(*moved.steps, step))


def _changes(event: Event) -> dict[str, object]:
    """What a step says beside having been made."""
    match event:
        case ReferralSent():
            told = {"number": event.number, "consent": event.consent}
            return {name: value for name, value in told.items() if value}
        case ReferralRedirected():
            return {"to": event.to, "kind": event.kind, "planned": event.planned}
        case ReferralAccepted():
            return {"planned": event.planned} if event.planned is not None else {}
        case ReferralNoShow():
            return {"no_show": event.reason, **({"planned": event.planned} if event.planned is not None else {})}
        case ReferralArrived():
            return {"to": event.at} if event.at is not None else {}
        case ReferredOnward():
            return {"onward": event.onward}
        case CounterReferred():
            return {"control": event.control, "diagnosis": event.diagnosis}
        case TreatmentCompleted():
            return {"diagnosis": event.diagnosis}
    return {}


def onward(event: OnwardOf) -> tuple[Event, ...]:
    """The two events of a patient who is sent further: the chain is kept in both referrals."""
    made = Referred(
        on=event.on,
        referral=event.onward,
        to=event.to,
        kind=event.kind,
        reason=event.reason,
        urgent=event.urgent,
        planned=event.planned,
        consent="darurat" if event.urgent else "diberikan",
        follows=event.referral,
        personal=event.personal,
    )
    return ReferredOnward(on=event.on, referral=event.referral, onward=event.onward), made


def check(referrals: Referrals, event: Event, by: Envelope) -> None:
    """Refuses a step that cannot follow the last one, or that another facility would have to make."""
    if isinstance(event, Referred | OnwardOf):
        _check_beginning(referrals, event)
    if isinstance(event, Referred):
        return
    asked: UUID = event.referral  # type: ignore[attr-defined]
    referral = next((r for r in referrals if r.id == asked), None)
    if referral is None:
        raise Refused("no-such-referral")
    step: Reached = "dirujuk-lanjut" if isinstance(event, OnwardOf) else STEPS[type(event)]
    if referral.state not in AFTER[step]:
        raise Refused("referral-step", state=referral.state, step=step)
    if event.on < referral.made.on:
        raise Refused("before-referral", on=event.on, made=referral.made.on)
    if by.role == "rs" and type(event) in RECEIVERS_STEPS and by.unit != referral.to:
        raise Refused("referral-elsewhere")
    _check_step(referral, event)


def _check_beginning(referrals: Referrals, event: Referred | OnwardOf) -> None:
    number = event.referral if isinstance(event, Referred) else event.onward
    if any(r.id == number for r in referrals):
        raise Refused("referral-exists")
    if event.planned is not None and event.planned < event.on:
        raise Refused("planned-before-referral", planned=event.planned, on=event.on)
    if isinstance(event, Referred):
        _check_vitals(event)


def _check_vitals(event: Referred) -> None:
    if event.temperature is not None and not 30 <= event.temperature <= 43:
        raise Refused("temperature-impossible", value=event.temperature)
    if event.pulse is not None and not 20 <= event.pulse <= 300:
        raise Refused("pulse-impossible", value=event.pulse)
    if event.breaths is not None and not 5 <= event.breaths <= 150:
        raise Refused("breaths-impossible", value=event.breaths)


def _check_step(referral: Referral, event: Event) -> None:
    asked = referral.consent or referral.urgent or referral.kind != "rs"
    if isinstance(event, ReferralSent) and not (asked or event.consent):
        raise Refused("referral-without-consent")
    if isinstance(event, ReferralRedirected) and event.to == referral.to:
        raise Refused("redirected-to-same-place")
    if isinstance(event, ReferralRedirected | ReferralAccepted) and event.planned and event.planned < event.on:
        raise Refused("planned-before-referral", planned=event.planned, on=event.on)


EVENTS: tuple[type[Event], ...] = (Referred, *STEPS)
COMMANDS = (
    Refer, SendReferral, RedirectReferral, AcceptReferral, RejectReferral, RecordArrival, BeginTreatment,
    CompleteTreatment, ReferOnward, RecordNoShow, CancelReferral, CounterRefer, PlanFollowUp, CloseReferral,
)  # fmt: skip
