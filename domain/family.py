"""A family or a couple about to marry: what can be asked, what can have happened, what we remember of it."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from domain import case
from domain.case import Act, Case, Envelope, Event, Personal, Recorded, Refused, Sealed, act, asks, done

Help = Literal["jamban", "air", "jkn", "bantuan-sosial", "makanan", "transportasi", "lain"]
"""What a family can be helped with."""

# What can have happened


class Registered(Event, frozen=True, tag="family.registered"):
    """The family is in the desa's book. Its personal part names the head of the family and the KK."""

    desa: str
    posyandu: str
    personal: Personal | Sealed | None = None


class CoupleRegistered(Event, frozen=True, tag="family.couple-registered"):
    """A couple has told that it will marry (catin). `born` is the bride's birth date."""

    desa: str
    posyandu: str
    wedding: date | None = None
    born: date | None = None
    personal: Personal | Sealed | None = None


class Identified(Event, frozen=True, tag="family.identified"):
    """Who the family is became known or changed: the whole identity, not only what changed."""

    personal: Personal | Sealed


class CoupleScreened(Event, frozen=True, tag="family.couple-screened"):
    """The bride was measured and asked as Elsimil does. What was not measured is absent."""

    kg: float | None = None
    cm: float | None = None
    lila: float | None = None
    hb: float | None = None
    smoker: bool | None = None
    """Somebody of the couple smokes."""
    personal: Personal | Sealed | None = None


class CoupleRechecked(Event, frozen=True, tag="family.couple-rechecked"):
    """A couple at risk was seen again after treatment and advice."""

    kg: float | None = None
    lila: float | None = None
    hb: float | None = None
    advised_to_wait: bool | None = None
    """They were advised to wait with the first pregnancy."""
    personal: Personal | Sealed | None = None


class Screened(Event, frozen=True, tag="family.screened"):
    """What the TPK found at a family (KRS): who there needs care, and how it lives. What is unknown is absent."""

    pregnant: bool | None = None
    under_two: int | None = None
    under_five: int | None = None
    latrine: Literal["layak", "tidak-layak", "tidak-ada"] | None = None
    water: Literal["aman", "tidak-aman"] | None = None
    smoker: bool | None = None
    jkn: bool | None = None
    """Everybody who needs care has an active JKN card."""
    poor: bool | None = None
    aid: bool | None = None
    """It gets PKH or sembako."""
    in_class: bool | None = None
    """The mother attends BKB or kelas ibu balita."""
    too_many: bool | None = None
    """One of the "4 terlalu" holds: too young, too old, too close, too many."""
    personal: Personal | Sealed | None = None


class SupportRequested(Event, frozen=True, tag="family.support-requested"):
    """Help was asked for. `support` is made by whoever writes, so that the answer can name it offline."""

    support: UUID
    what: Help
    of: Literal["rkpdes", "dinas", "bpjs", "musdes", "donatur", "lain"]
    personal: Personal | Sealed | None = None


class SupportGranted(Event, frozen=True, tag="family.support-granted"):
    """Help was given, asked for or not; by whom it is paid."""

    what: Help
    source: Literal["apbn", "apbd", "dana-desa", "bok", "donatur", "lain"]
    support: UUID | None = None
    amount: int | None = None
    """In rupiah."""
    personal: Personal | Sealed | None = None


class SupportRefused(Event, frozen=True, tag="family.support-refused"):
    """Help that was asked for cannot be given."""

    support: UUID
    reason: Literal["tanpa-dana", "tidak-memenuhi-syarat", "lain"]
    personal: Personal | Sealed | None = None


class SupportClosed(Event, frozen=True, tag="family.support-closed"):
    """The help arrived and was used as meant, or was not."""

    what: Help
    used: bool
    support: UUID | None = None
    personal: Personal | Sealed | None = None


class ClassJoined(Event, frozen=True, tag="family.class-joined"):
    """The mother joined a class for parents."""

    which: Literal["bkb", "kelas-ibu-balita", "kelas-ibu-hamil"]


# What can be asked

Register = asks(Registered, "Register", "family.register")
RegisterCouple = asks(CoupleRegistered, "RegisterCouple", "family.register-couple")
Identify = asks(Identified, "Identify", "family.identify")
ScreenCouple = asks(CoupleScreened, "ScreenCouple", "family.screen-couple")
RecheckCouple = asks(CoupleRechecked, "RecheckCouple", "family.recheck-couple")
Screen = asks(Screened, "Screen", "family.screen")
RequestSupport = asks(SupportRequested, "RequestSupport", "family.request-support")
GrantSupport = asks(SupportGranted, "GrantSupport", "family.grant-support")
RefuseSupport = asks(SupportRefused, "RefuseSupport", "family.refuse-support")
CloseSupport = asks(SupportClosed, "CloseSupport", "family.close-support")
JoinClass = asks(ClassJoined, "JoinClass", "family.join-class")

SHARED: tuple[type[Event], ...] = (Screened, SupportRequested, SupportGranted, SupportRefused, SupportClosed)
"""What is told of a child's or a mother's family where that has no case of its own."""

EVENTS: tuple[type[Event], ...] = (
    Registered, CoupleRegistered, Identified, CoupleScreened, CoupleRechecked, ClassJoined, *SHARED,
)  # fmt: skip
COMMANDS = (
    Register, RegisterCouple, Identify, ScreenCouple, RecheckCouple, Screen, RequestSupport, GrantSupport,
    RefuseSupport, CloseSupport, JoinClass,
)  # fmt: skip

# What we remember


class Family(Case, frozen=True, kw_only=True):
    """What the story of a family adds up to."""

    KIND = "family"

    registered: Act
    couple: bool = False
    """Two people who will marry, and no household yet."""
    wedding: date | None = None
    bride_born: date | None = None


# How it adds up


def evolve(family: Family | None, recorded: Recorded) -> Family:
    """The family after one event more. Events come in the order of their days."""
    family = _begun(recorded) if family is None else case.evolve(family, recorded)
    return family if recorded.version <= family.latest else replace(family, latest=recorded.version)


def _begun(recorded: Recorded) -> Family:
    event = recorded.event
    first = act(recorded)
    if isinstance(event, CoupleRegistered):
        return Family(
            desa=event.desa, posyandu=event.posyandu, first=first, registered=first, couple=True,
            wedding=event.wedding, bride_born=event.born,
        )  # fmt: skip
    if not isinstance(event, Registered):
        raise ValueError(f"a family's story cannot begin with {type(event).__name__}")
    return Family(desa=event.desa, posyandu=event.posyandu, first=first, registered=first)


# What is refused


def check(family: Family | None, event: Event, today: date, by: Envelope) -> None:
    """Refuses only what cannot have happened."""
    if event.on > today:
        raise Refused("future-day", on=event.on, today=today)
    if isinstance(event, Registered | CoupleRegistered):
        if family is not None:
            raise Refused("already-registered")
        return
    if family is None:
        raise Refused("no-such-case")
    if isinstance(event, CoupleScreened | CoupleRechecked) and not family.couple:
        raise Refused("not-a-couple")
    check_told(family.acts, event)
    case.check(family, event)


def check_told(acts: tuple[Act, ...], event: Event) -> None:
    """Refuses measures nobody has, and an answer to a request that was never made; of any kind of case."""
    match event:
        case CoupleScreened() | CoupleRechecked():
            _check_measures(event)
        case SupportRequested() if any(a.event.support == event.support for a in done(acts, SupportRequested)):  # type: ignore[attr-defined]
            raise Refused("support-exists")
        case SupportRefused() if all(a.event.support != event.support for a in done(acts, SupportRequested)):  # type: ignore[attr-defined]
            raise Refused("no-such-support")
        case SupportGranted() if event.amount is not None and not 0 <= event.amount <= 1_000_000_000:
            raise Refused("amount-impossible", amount=event.amount)
        case Screened():
            for count in (event.under_two, event.under_five):
                if count is not None and not 0 <= count <= 20:
                    raise Refused("members-impossible", count=count)


def _check_measures(event: CoupleScreened | CoupleRechecked) -> None:
    if event.kg is not None and event.kg >= 3000:
        raise Refused("grams-for-kilograms", kg=event.kg)
    if event.kg is not None and not 25 <= event.kg <= 250:
        raise Refused("weight-impossible", kg=event.kg)
    if event.lila is not None and not 10 <= event.lila <= 60:
        raise Refused("lila-impossible", cm=event.lila)
    if event.hb is not None and not 2 <= event.hb <= 25:
        raise Refused("hb-impossible", value=event.hb)
