"""What children and mothers share beside their care: referrals, extra food, where they belong, what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Literal, TypeVar
from uuid import UUID

from msgspec.structs import replace

from domain import case, emergency, family, pmt, referral
from domain.case import (
    Act,
    Case,
    Command,
    Elsewhere,
    Envelope,
    Event,
    Personal,
    Recorded,
    Refused,
    Sealed,
    asks,
    done,
)
from domain.former import Former

# What can have happened


class TransferRequested(Event, frozen=True, tag="person.transfer-requested"):
    """Another posyandu asks for the case, or the own one offers it: the family lives there now."""

    desa: str
    posyandu: str
    offer: bool = False
    """The posyandu that holds the case offers it; else the one that is named asks for it. The other side answers."""
    personal: Personal | Sealed | None = None


class TransferAccepted(Event, frozen=True, tag="person.transfer-accepted"):
    """The case belongs to that posyandu from this day on, with everything that is open."""

    desa: str
    posyandu: str
    reason: Literal["posyandu-digabung", "posyandu-dipecah", "antar-kabupaten", "lain"] | None = None
    """Why the operator moved it, whom nobody had asked; None where a request was accepted."""


class LeftKabupaten(Event, frozen=True, tag="person.left-kabupaten"):
    """The case goes on in another kabupaten with its whole story; here nobody has it on a list any more."""

    kabupaten: str
    posyandu: str
    """In that kabupaten."""


class TransferRefused(Event, frozen=True, tag="person.transfer-refused"):
    """The case stays where it is."""

    reason: Literal["masih-tinggal-di-sini", "bukan-orang-yang-sama", "alamat-tidak-jelas", "lain"]
    personal: Personal | Sealed | None = None


class DuplicateSuspected(Event, frozen=True, tag="person.duplicate-suspected"):
    """Another case may be the same person."""

    other: UUID
    why: Literal["nik", "nik-ibu", "nama"]


class RecordsMerged(Event, frozen=True, tag="person.merged"):
    """This case and `into` are one person; the other goes on, and this one makes no more work."""

    into: UUID


class RecordsAbsorbed(Event, frozen=True, tag="person.absorbed"):
    """The other side of a merge: this case is the one that goes on, also in the place of `other`."""

    other: UUID


class RecordsDeclaredDistinct(Event, frozen=True, tag="person.declared-distinct"):
    """This case and the other are two people; both stories are told. After a merge it takes the merge back."""

    other: UUID
    personal: Personal | Sealed | None = None


class DataRequestReceived(Event, frozen=True, tag="person.data-request-received"):
    """The family asks what is kept of it, or to have it corrected or erased (UU 27/2022)."""

    request: UUID
    asks: Literal["melihat", "memperbaiki", "menghapus", "salinan"]
    personal: Personal | Sealed | None = None


class DataRequestFulfilled(Event, frozen=True, tag="person.data-request-fulfilled"):
    """The request was answered."""

    request: UUID
    answer: Literal["dipenuhi", "dipenuhi-sebagian", "ditolak"]
    personal: Personal | Sealed | None = None


class ConsentRecorded(Event, frozen=True, tag="person.consent-recorded"):
    """The family was told what is kept and why, and agreed."""

    to: Literal["pencatatan", "foto", "berbagi-dengan-desa"]


class ConsentWithdrawn(Event, frozen=True, tag="person.consent-withdrawn"):
    """The family takes an agreement back, or asks to restrict what is done with its data."""

    to: Literal["pencatatan", "foto", "berbagi-dengan-desa"]
    personal: Personal | Sealed | None = None


class ProcessingRestricted(Event, frozen=True, tag="person.processing-restricted"):
    """What the law does not demand was stopped, and photos were hidden."""

    personal: Personal | Sealed | None = None


class LateEntryExplained(Event, frozen=True, tag="person.late-entry-explained"):
    """Why something was entered long after its day."""

    reason: Literal["tidak-ada-sinyal", "hp-rusak", "dari-catatan-kertas", "lupa", "lain"]
    personal: Personal | Sealed | None = None


class DeathReviewed(Event, frozen=True, tag="person.death-reviewed"):
    """The death of a mother, or of a child before, at or after birth, was reported and looked into (AMPSR)."""

    whose: Literal["ibu", "bayi"]
    avoidable: bool | None = None
    """It could have been prevented."""
    personal: Personal | Sealed | None = None


# What can be asked

RequestTransfer = asks(TransferRequested, "RequestTransfer", "person.request-transfer")
AcceptTransfer = asks(TransferAccepted, "AcceptTransfer", "person.accept-transfer")
LeaveKabupaten = asks(LeftKabupaten, "LeaveKabupaten", "person.leave-kabupaten")
RefuseTransfer = asks(TransferRefused, "RefuseTransfer", "person.refuse-transfer")
SuspectDuplicate = asks(DuplicateSuspected, "SuspectDuplicate", "person.suspect-duplicate")
MergeRecords = asks(RecordsMerged, "MergeRecords", "person.merge")
DeclareDistinct = asks(RecordsDeclaredDistinct, "DeclareDistinct", "person.declare-distinct")
ReceiveDataRequest = asks(DataRequestReceived, "ReceiveDataRequest", "person.receive-data-request")
FulfilDataRequest = asks(DataRequestFulfilled, "FulfilDataRequest", "person.fulfil-data-request")
RecordConsent = asks(ConsentRecorded, "RecordConsent", "person.record-consent")
WithdrawConsent = asks(ConsentWithdrawn, "WithdrawConsent", "person.withdraw-consent")
RestrictProcessing = asks(ProcessingRestricted, "RestrictProcessing", "person.restrict-processing")
ExplainLateEntry = asks(LateEntryExplained, "ExplainLateEntry", "person.explain-late-entry")
ReviewDeath = asks(DeathReviewed, "ReviewDeath", "person.review-death")

EVENTS: tuple[type[Event], ...] = (
    TransferRequested, TransferAccepted, LeftKabupaten, TransferRefused, DuplicateSuspected, RecordsMerged,
    RecordsAbsorbed, RecordsDeclaredDistinct, DataRequestReceived, DataRequestFulfilled, ConsentRecorded,
    ConsentWithdrawn, ProcessingRestricted, LateEntryExplained, DeathReviewed,
)  # fmt: skip
COMMANDS = (
    RequestTransfer, AcceptTransfer, LeaveKabupaten, RefuseTransfer, SuspectDuplicate, MergeRecords, DeclareDistinct,
    ReceiveDataRequest, FulfilDataRequest, RecordConsent, WithdrawConsent, RestrictProcessing, ExplainLateEntry,
    ReviewDeath,
)  # fmt: skip

KEPT: tuple[type[Event], ...] = (DataRequestReceived, DataRequestFulfilled, ProcessingRestricted)
"""What a family with a case of its own may ask as well."""

# What we remember


class Person(Case, frozen=True, kw_only=True):
    """A case that is a child or a mother."""

    referrals: referral.Referrals = ()
    cycles: pmt.Cycles = ()
    merged: UUID | None = None
    """The case that goes on in its place."""
    former: tuple[Former, ...] = ()
    """The places that held it before, in the order in which it left them."""
    away: str | None = None
    """The kabupaten in which it goes on."""

    @property
    def active(self) -> bool:
        return self.closed is None and self.merged is None and self.away is None


P = TypeVar("P", bound=Person)


def evolve(person: P, recorded: Recorded) -> P:
    """A child or a mother after an event that both take in the same way."""
    event = recorded.event
    if type(event) in _REFERRAL:
        return replace(person, referrals=referral.evolve(person.referrals, recorded))
    if type(event) in _PMT:
        person = replace(person, cycles=pmt.evolve(person.cycles, recorded))
    match event:
        case TransferAccepted():
            person = moved(person, event.desa, event.posyandu, event.on, recorded.version)
        case LeftKabupaten():
            person = replace(moved(person, "", "", event.on, recorded.version), away=event.kabupaten)
        case RecordsMerged():
            person = replace(person, merged=event.into)
        case RecordsDeclaredDistinct() if person.merged == event.other:
            person = replace(person, merged=None)
    return case.evolve(person, recorded)


_REFERRAL = frozenset(referral.EVENTS)
_PMT = frozenset(pmt.EVENTS).difference(pmt.BESIDE)
PARTICULAR: frozenset[type[Event]] = frozenset(
    {*case.PARTICULAR, *_REFERRAL, *_PMT, TransferAccepted, LeftKabupaten, RecordsMerged, RecordsDeclaredDistinct}
)
"""What is more to a child or a mother than one act among others."""

# Where it belongs


def moved(person: P, desa: str, posyandu: str, on: date, version: int) -> P:
    """The case in another place from this day on; the one that it leaves is remembered."""
    if (desa, posyandu) == (person.desa, person.posyandu):
        return person
    since = person.former[-1].until if person.former else None
    left = Former(person.desa, person.posyandu, since, on, version)
    return replace(person, desa=desa, posyandu=posyandu, former=(*person.former, left))


def registered(person: P, desa: str, posyandu: str, on: date, version: int) -> P:
    """The case where it was registered, unless it has left that place by then: a registration brings nobody back."""
    left = any((place.desa, place.posyandu) == (desa, posyandu) and place.held(on) for place in person.former)
    return person if left else moved(person, desa, posyandu, on, version)


def _moves(person: Person) -> Iterator[tuple[Former, str, str]]:
    """Each place that the case left, and where it went."""
    went = [(place.desa, place.posyandu) for place in person.former[1:]]
    for left, (desa, posyandu) in zip(person.former, [*went, (person.desa, person.posyandu)], strict=False):
        yield left, desa, posyandu


def along(merged: P, number: UUID, into: Person) -> P:
    """A merged case goes along when the one that carries it on leaves the place that both were in.

    Else the posyandu that both left would keep it, and write through its number into a case that is no longer theirs.
    """
    told = [a.version for a in done(into.acts, RecordsAbsorbed) if a.event.other == number]  # type: ignore[attr-defined]
    for left, desa, posyandu in _moves(into) if told else ():
        together = (left.desa, left.posyandu) == (merged.desa, merged.posyandu)
        if together and (left.version > max(told) or left.version == 0):
            merged = moved(merged, desa, posyandu, left.until, 0)
    return merged


AnswersFor = Callable[[Recorded, str, str], bool]
"""The post in which an event was recorded answers for that desa and posyandu."""


def by_former_desk(
    person: Person, recorded: Recorded, answers_for: AnswersFor, absorbed: Sequence[tuple[UUID, Person]] = ()
) -> bool:
    """When we heard of the event the case had been moved away from whoever recorded it.

    `absorbed` are the cases that this one carries on: their places came to it with the merge.
    """
    if isinstance(recorded.event, _TRANSFERS):
        return False
    left = [place for place in (*person.former, *_brought(person, absorbed)) if place.version < recorded.version]
    if not left:
        return False
    gone = [(desa, posyandu) for place, desa, posyandu in _moves(person) if place.version < recorded.version]
    first = person.former[0] if person.former else person
    desa, posyandu = gone[-1] if gone else (first.desa, first.posyandu)
    return not answers_for(recorded, desa, posyandu) and any(answers_for(recorded, p.desa, p.posyandu) for p in left)


def _brought(person: Person, absorbed: Sequence[tuple[UUID, Person]]) -> Iterator[Former]:
    merges = {a.event.other: a for a in done(person.acts, RecordsAbsorbed)}  # type: ignore[attr-defined]
    for number, other in absorbed:
        merge = merges[number]
        yield Former(other.desa, other.posyandu, None, merge.on, merge.version)
        yield from (replace(place, version=merge.version) for place in other.former)


_TRANSFERS = (TransferRequested, TransferAccepted, TransferRefused)

# What two cases are told of each other


def other_of(asked: Command | Event) -> UUID | None:
    """The number of the case that may be, is or is not the same person, where this is about two."""
    if isinstance(asked, MergeRecords | RecordsMerged):
        return asked.into
    if isinstance(asked, _OF_TWO):
        found: UUID = asked.other
        return found
    return None


_OF_TWO = (SuspectDuplicate, DeclareDistinct, DuplicateSuspected, RecordsDeclaredDistinct)


def of_two(number: UUID, person: Case, event: Event, other: Case | None) -> tuple[Event | Elsewhere, ...]:
    """What is recorded in both stories when two cases are merged or told apart; a suspicion stays in one, as a task."""
    of_other = other_of(event)
    assert of_other is not None
    if other is None:
        raise Refused("no-such-other")
    if of_other == number:
        raise Refused("other-is-itself")
    if other.KIND != person.KIND:
        raise Refused("other-kind-of-person")
    if isinstance(event, RecordsMerged):
        if isinstance(other, Person) and other.merged is not None:
            raise Refused("other-merged")
        return event, Elsewhere(of_other, RecordsAbsorbed(on=event.on, other=number))
    if isinstance(event, RecordsDeclaredDistinct):
        return event, Elsewhere(of_other, RecordsDeclaredDistinct(on=event.on, other=number))
    return (event,)


TOLD_TWICE = (RecordsMerged, RecordsAbsorbed, RecordsDeclaredDistinct)
"""Stands in two stories, so it cannot be mended in one of them."""

# What is refused


def check(person: Person, event: Event, by: Envelope) -> None:
    """Refuses what can follow in the story of neither a child nor a mother."""
    case.check(person, event)
    family.check_told(person.acts, event)
    emergency.check(person, event, by)
    if type(event) in _REFERRAL or isinstance(event, referral.OnwardOf):
        referral.check(person.referrals, event, by)
    if type(event) in _PMT:
        pmt.check(person.cycles, event)
    match event:
        case pmt.PmtReconciled() if by.actor in _feeders(person, event.cycle):
            raise Refused("reconcile-own-portions")
        case pmt.OverlapResolved() if by.actor in {a.actor for a in done(person.acts, pmt.PmtEligibilityDecided)}:
            raise Refused("resolve-own-overlap")
        case RecordsMerged() if by.actor == person.first.actor:
            raise Refused("merge-own-record")
        case RecordsDeclaredDistinct() if person.merged == event.other and event.on < _merged_on(person):
            raise Refused("before-merge", on=event.on, merged=_merged_on(person))
        case TransferRequested() if _is_there(person, event):
            raise Refused("already-in-posyandu")
        case TransferAccepted() | TransferRefused():
            _check_answer(person, event)


def _check_answer(person: Person, event: TransferAccepted | TransferRefused) -> None:
    """An answer needs its request, and puts the case where that asked for; only the operator is asked by nobody."""
    if isinstance(event, TransferAccepted) and event.reason is not None:
        if _is_there(person, event):
            raise Refused("already-in-posyandu")
        return
    asked = open_transfer(person)
    if asked is None:
        raise Refused("no-transfer-requested")
    if event.on < asked.on:
        raise Refused("before-transfer-request", on=event.on, asked=asked.on)
    request = asked.event
    assert isinstance(request, TransferRequested)
    if isinstance(event, TransferAccepted) and (event.desa, event.posyandu) != (request.desa, request.posyandu):
        raise Refused("transfer-other-place")


def _is_there(person: Person, event: TransferRequested | TransferAccepted) -> bool:
    return (event.desa, event.posyandu) == (person.desa, person.posyandu)


def _merged_on(person: Person) -> date:
    return max(a.on for a in done(person.acts, RecordsMerged))


def _feeders(person: Person, cycle: int) -> set[str]:
    """Whoever recorded portions of a cycle or closed its weeks."""
    told = (a for kind in (pmt.PmtGiven, pmt.PmtWeekClosed) for a in done(person.acts, kind))
    return {a.actor for a in told if a.event.cycle == cycle}  # type: ignore[attr-defined]


def open_transfer(person: Person) -> Act | None:
    """The newest request for a transfer that nobody has answered, and after which the case has not moved."""
    asked = done(person.acts, TransferRequested)
    answers = [(a.on, a.version) for kind in (TransferAccepted, TransferRefused) for a in done(person.acts, kind)]
    answers += [(place.until, place.version) for place in person.former]
    if not asked or any(answer > (asked[-1].on, asked[-1].version) for answer in answers):
        return None
    return asked[-1]
