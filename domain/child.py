"""A child from birth to its fifth birthday: what can be asked, what can have happened, what we remember of it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain import birth, person, preventive
from domain.case import (
    NAKES,
    Act,
    CaseClosed,
    CaseReopened,
    Envelope,
    Event,
    Personal,
    Recorded,
    Refused,
    Role,
    Sealed,
    Sex,
    act,
    asks,
    noted,
    zone,
)
from domain.person import DeathReviewed, Person

Category = Literal["gizi-buruk", "gizi-kurang", "gizi-baik", "berisiko-gizi-lebih", "gizi-lebih", "obesitas"]
WeightClass = Literal["bb-sangat-kurang", "bb-kurang", "bb-normal", "risiko-bb-lebih"]
HeightClass = Literal["sangat-pendek", "pendek", "normal", "tinggi"]
Context = Literal["posyandu", "sweeping", "pmt", "rawat-jalan", "kunjungan", "faskes", "impor"]

# What can have happened


class Reported(Event, frozen=True, tag="child.reported"):
    """A newborn or new resident child is known of, but nobody has registered it yet."""

    desa: str
    posyandu: str
    personal: Personal | Sealed | None = None


class Registered(Event, frozen=True, tag="child.registered"):
    """The child is in the posyandu's book."""

    born: date
    sex: Sex
    desa: str
    posyandu: str
    born_from: Literal["akta", "kia", "persalinan", "keterangan-ibu", "perkiraan", "impor"] = "kia"
    """Which paper or word the birth date rests on."""
    birth_kg: float | None = None
    birth_cm: float | None = None
    weeks: int | None = None
    """Completed weeks of gestation at birth."""
    order: int | None = None
    """Which child of the mother, or of the twins."""
    mother: UUID | None = None
    """The pregnancy it was born from."""
    hour: int | None = None
    """Hour of birth on that day, local time."""
    risks: tuple[birth.Risk, ...] = ()
    """What was known of its mother when it was registered from its birth."""
    nik: bool = False
    """The identity holds a valid NIK, which cannot be seen once it is sealed. Set when recorded, whatever was sent."""
    nik_doubtful: bool = False
    """The file it came from had a NIK that is masked, rounded or wrong."""
    personal: Personal | Sealed | None = None


class Identified(Event, frozen=True, tag="child.identified"):
    """Who the child is became known or changed: name, NIK, address. The whole identity, not only what changed."""

    personal: Personal | Sealed
    nik: bool = False


class Measured(Event, frozen=True, tag="child.measured"):
    """What the scale, the board and the tape said. What was not measured is absent."""

    kg: float | None = None
    cm: float | None = None
    lying: bool | None = None
    """The child was measured lying (telentang); False standing (berdiri)."""
    lila: float | None = None
    head: float | None = None
    oedema: Literal[0, 1, 2, 3] | None = None
    clothing: Literal["tanpa", "tipis", "tebal"] | None = None
    scale: str | None = None
    """Number on the scale, so that a scale that weighs wrongly can be found."""
    context: Context = "posyandu"
    reported: dict[str, float] | None = None
    """z-scores that an imported file gave, kept for comparison only."""


class AbsenceRecorded(Event, frozen=True, tag="child.absent"):
    """The child was not weighed in this month's session, and this is why."""

    reason: Literal["sakit", "pergi", "pindah", "menolak", "ibu-bekerja", "jarak", "tidak-diketahui", "lain"]
    back: date | None = None
    personal: Personal | Sealed | None = None


class MeasurementVerified(Event, frozen=True, tag="child.measurement-verified"):
    """Somebody else measured again and found event `version` right."""

    version: int


class ConflictResolved(Event, frozen=True, tag="child.conflict-resolved"):
    """Of two measurements of one day by two people, that of event `version` stands. The other stays in the story."""

    version: int


class StatusConfirmed(Event, frozen=True, tag="child.status-confirmed"):
    """A health worker says what the screening means."""

    weight_height: Category | None = None
    weight_age: WeightClass | None = None
    height_age: HeightClass | None = None


class FeedingRecorded(Event, frozen=True, tag="child.feeding-recorded"):
    """What the child is fed."""

    breast: Literal["asi-saja", "asi-dan-lain", "tanpa-asi"] | None = None
    groups: int | None = None
    """How many of the eight food groups it ate the day before."""


class Moved(Event, frozen=True, tag="child.moved"):
    """The family lives elsewhere. Empty `desa`: out of the kabupaten or unknown."""

    desa: str | None = None
    posyandu: str | None = None
    personal: Personal | Sealed | None = None


class Died(Event, frozen=True, tag="child.died"):
    """The child has died."""

    place: Literal["rumah", "perjalanan", "puskesmas", "rs", "lain"] = "lain"
    personal: Personal | Sealed | None = None


# What can be asked

Report = asks(Reported, "Report", "child.report")
Register = asks(Registered, "Register", "child.register")
Identify = asks(Identified, "Identify", "child.identify")
Measure = asks(Measured, "Measure", "child.measure")
RecordAbsence = asks(AbsenceRecorded, "RecordAbsence", "child.record-absence")
VerifyMeasurement = asks(MeasurementVerified, "VerifyMeasurement", "child.verify-measurement")
ResolveConflict = asks(ConflictResolved, "ResolveConflict", "child.resolve-conflict")
ConfirmStatus = asks(StatusConfirmed, "ConfirmStatus", "child.confirm-status")
RecordFeeding = asks(FeedingRecorded, "RecordFeeding", "child.record-feeding")
Move = asks(Moved, "Move", "child.move")
Die = asks(Died, "Die", "child.die")

EVENTS: tuple[type[Event], ...] = (
    Reported, Registered, Identified, Measured, AbsenceRecorded, MeasurementVerified, ConflictResolved,
    StatusConfirmed, FeedingRecorded, Moved, Died,
)  # fmt: skip
COMMANDS = (
    Report, Register, Identify, Measure, RecordAbsence, VerifyMeasurement, ResolveConflict, ConfirmStatus,
    RecordFeeding, Move, Die,
)  # fmt: skip

# What we remember


class Weighing(Struct, frozen=True):
    """One measurement, with who took it and whether somebody else found it right."""

    on: date
    version: int
    heard: datetime
    role: Role
    actor: str
    kg: float | None
    cm: float | None
    lying: bool | None
    lila: float | None
    head: float | None
    oedema: int | None
    context: Context
    verified: bool = False


TERM_WEEKS = 40
CORRECTED_MONTHS = 24
"""Until this age a child born too early is looked at by its corrected age as well (protocol 2.5)."""


class Child(Person, frozen=True, kw_only=True):
    """What the story of a child adds up to. `born` is None while it is only reported."""

    KIND = "child"

    born: date | None = None
    sex: Sex | None = None
    registered: Act | None = None
    known: date | None = None
    """The day we heard that it is registered. What was due before it may have been done elsewhere."""
    birth_kg: float | None = None
    birth_cm: float | None = None
    weeks: int | None = None
    mother: UUID | None = None
    hour: int | None = None
    risks: tuple[birth.Risk, ...] = ()
    nik: bool = False
    """Its NIK is known."""
    nik_doubtful: bool = False
    weighings: tuple[Weighing, ...] = ()
    moved: date | None = None
    """Left for a place we do not serve."""
    died: date | None = None

    @property
    def active(self) -> bool:
        """The case still makes work."""
        ended = (self.died, self.moved, self.closed, self.merged, self.away)
        return all(end is None for end in ended)

    @property
    def preterm(self) -> bool:
        return self.weeks is not None and self.weeks < 37

    def corrected_age(self, on: date) -> int | None:
        """Days since it would have been born at term; None unless born before 37 weeks and younger than two years.

        Beside the chronological age, which stays the official one (protocol 2.5).
        """
        if self.born is None or not self.preterm or self.weeks is None or on >= self.birthday(CORRECTED_MONTHS):
            return None
        return (on - self.born).days - 7 * (TERM_WEEKS - self.weeks)

    def birthday(self, months: int) -> date:
        """The day it is so many calendar months old; the last of a month where that day does not exist."""
        assert self.born is not None
        return plus_months(self.born, months)


def last_weighed(child: Child) -> Weighing | None:
    """The newest measurement with a weight."""
    return next((w for w in reversed(child.weighings) if w.kg is not None), None)


def plus_months(day: date, months: int) -> date:
    """Calendar months later; the last of the month where that day does not exist there."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day <= 28:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_after(day: date) -> date:
    """The first day of the month after the one a day lies in."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


# How it adds up


def evolve(child: Child | None, recorded: Recorded) -> Child:
    """The child after one event more. Events come in the order of their days."""
    event = recorded.event
    if child is None:
        child = _begun(recorded)
    elif type(event) not in _PARTICULAR:
        return noted(child, recorded)
    elif isinstance(event, Registered):
        child = _registered(child, event, recorded)
    elif isinstance(event, Measured):
        child = replace(child, weighings=(*child.weighings, _weighing(event, recorded)))
    else:
        child = _evolve_rest(child, recorded)
    return child if recorded.version <= child.latest else replace(child, latest=recorded.version)


_PARTICULAR: frozenset[type[Event]] = frozenset(
    {*person.PARTICULAR, Registered, Measured, MeasurementVerified, ConflictResolved, Identified, Moved, Died}
)


def _begun(recorded: Recorded) -> Child:
    event = recorded.event
    if not isinstance(event, Reported | Registered):
        raise ValueError(f"a child's story cannot begin with {type(event).__name__}")
    child = Child(desa=event.desa, posyandu=event.posyandu, first=act(recorded))
    return _registered(child, event, recorded) if isinstance(event, Registered) else child


def _registered(child: Child, event: Registered, recorded: Recorded) -> Child:
    return replace(
        person.registered(child, event.desa, event.posyandu, event.on, recorded.version),
        registered=act(recorded),
        known=max(event.on, recorded.by.recorded_at.astimezone(zone(event.desa)).date()),
        born=event.born,
        sex=event.sex,
        birth_kg=event.birth_kg,
        birth_cm=event.birth_cm,
        weeks=event.weeks,
        mother=event.mother,
        hour=event.hour,
        risks=event.risks,
        nik=event.nik,
        nik_doubtful=event.nik_doubtful,
    )


def _weighing(event: Measured, recorded: Recorded) -> Weighing:
    by = recorded.by
    return Weighing(
        event.on, recorded.version, by.recorded_at, by.role, by.actor, event.kg, event.cm, event.lying, event.lila,
        event.head, event.oedema, event.context,
    )  # fmt: skip


def _evolve_rest(child: Child, recorded: Recorded) -> Child:
    event = recorded.event
    match event:
        case MeasurementVerified():
            return replace(child, weighings=_verified(child.weighings, event.version))
        case ConflictResolved():
            child = replace(child, weighings=_standing(child.weighings, event.version))
        case Identified():
            child = replace(child, nik=event.nik)
        case Moved():
            child = _moved(child, event, recorded.version)
        case Died():
            child = replace(child, died=event.on)
        case CaseReopened():
            child = replace(child, moved=None)
    return person.evolve(child, recorded)


def _verified(weighings: tuple[Weighing, ...], version: int) -> tuple[Weighing, ...]:
    return tuple(replace(w, verified=True) if w.version == version else w for w in weighings)


def _standing(weighings: tuple[Weighing, ...], version: int) -> tuple[Weighing, ...]:
    """Without what others measured on the day of the one that was chosen."""
    kept = next((w for w in weighings if w.version == version), None)
    if kept is None:
        return weighings
    return tuple(w for w in weighings if w.on != kept.on or w.actor == kept.actor)


def _moved(child: Child, event: Moved, version: int) -> Child:
    if event.desa is None or event.posyandu is None:
        return replace(child, moved=event.on)
    return person.moved(child, event.desa, event.posyandu, event.on, version)


# What a request comes to


def knowing_nik(event: Event) -> Event:
    """The event with the word that its identity holds a valid NIK, while the identity is still open."""
    if not isinstance(event, Registered | Identified):
        return event
    nik = event.personal.nik if isinstance(event.personal, Personal) else None
    return replace(event, nik=nik is not None and len(nik) == 16 and nik.isdigit())


# What is refused


def check(child: Child | None, event: Event, today: date, by: Envelope) -> None:
    """Refuses only what cannot have happened or may not be said by this person; a doubtful value is recorded."""
    if event.on > today:
        raise Refused("future-day", on=event.on, today=today)
    if isinstance(event, Reported | Registered):
        _check_beginning(child, event, today)
        return
    if child is None:
        raise Refused("no-such-case")
    if child.born is not None and event.on < child.born:
        raise Refused("before-birth", on=event.on, born=child.born)
    if child.died is not None and event.on > child.died and not isinstance(event, CaseClosed | DeathReviewed):
        raise Refused("after-death", on=event.on, died=child.died)
    _check_one(child, event, by)


def _check_beginning(child: Child | None, event: Reported | Registered, today: date) -> None:
    if child is not None and (child.born is not None or isinstance(event, Reported)):
        raise Refused("already-registered")
    if isinstance(event, Reported):
        return
    if event.born > today:
        raise Refused("born-in-future", born=event.born, today=today)
    if event.born < plus_months(event.on, -60 * 2):
        raise Refused("not-a-balita", born=event.born)
    if event.birth_kg is not None and not 0.3 <= event.birth_kg <= 8:
        raise Refused("birth-weight-impossible", kg=event.birth_kg)
    if event.birth_cm is not None and not 20 <= event.birth_cm <= 70:
        raise Refused("birth-length-impossible", cm=event.birth_cm)
    if event.weeks is not None and not 20 <= event.weeks <= 45:
        raise Refused("weeks-impossible", weeks=event.weeks)
    birth.check_hour(event.hour)


def _check_one(child: Child, event: Event, by: Envelope) -> None:
    match event:
        case Measured():
            check_measures(event)
        case MeasurementVerified():
            _check_verification(child, event, by)
        case ConflictResolved() if all(w.version != event.version for w in child.weighings):
            raise Refused("no-such-measurement")
        case StatusConfirmed():
            _check_confirmation(event, by)
        case FeedingRecorded() if event.groups is not None and not 0 <= event.groups <= 8:
            raise Refused("food-groups-impossible", groups=event.groups)
        case Died() if child.died is not None:
            raise Refused("already-died", on=child.died)
        case Moved() if (event.desa is None) != (event.posyandu is None):
            raise Refused("move-needs-desa-and-posyandu")
    person.check(child, event, by)
    preventive.check(event)
    birth.check(event)


def check_measures(event: Measured) -> None:
    """Refuses measures no child has; says so in particular when grams, metres or millimetres were typed."""
    if all(v is None for v in (event.kg, event.cm, event.lila, event.head, event.oedema)):
        raise Refused("nothing-measured")
    if event.kg is not None and event.kg >= 300:
        raise Refused("grams-for-kilograms", kg=event.kg)
    if event.kg is not None and not 0.3 <= event.kg <= 100:
        raise Refused("weight-impossible", kg=event.kg)
    if event.cm is not None and 0 < event.cm < 2:
        raise Refused("metres-for-centimetres", cm=event.cm)
    if event.cm is not None and event.cm >= 300:
        raise Refused("millimetres-for-centimetres", cm=event.cm)
    if event.cm is not None and not 20 <= event.cm <= 200:
        raise Refused("length-impossible", cm=event.cm)
    if event.lila is not None and not 4 <= event.lila <= 40:
        raise Refused("lila-impossible", cm=event.lila)
    if event.head is not None and not 15 <= event.head <= 70:
        raise Refused("head-impossible", cm=event.head)


def _check_verification(child: Child, event: MeasurementVerified, by: Envelope) -> None:
    weighing = next((w for w in child.weighings if w.version == event.version), None)
    if weighing is None:
        raise Refused("no-such-measurement")
    if weighing.actor == by.actor:
        raise Refused("verify-own-measurement")


def _check_confirmation(event: StatusConfirmed, by: Envelope) -> None:
    if by.role not in NAKES:
        raise Refused("only-nakes-confirm")
    if event.weight_height is None and event.weight_age is None and event.height_age is None:
        raise Refused("nothing-confirmed")
