"""A pregnancy from first contact to the end of nifas: what can be asked, what can have happened, what we remember."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from domain import birth, child, person
from domain.antenatal import RiskScored
from domain.case import (
    Act,
    Elsewhere,
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
    done,
)
from domain.person import Person

# What can have happened


class Reported(Event, frozen=True, tag="pregnancy.reported"):
    """A pregnancy is known of, but nobody has registered it yet."""

    desa: str
    posyandu: str
    personal: Personal | Sealed | None = None


class Registered(Event, frozen=True, tag="pregnancy.registered"):
    """The mother is in the book. `hpht` is the first day of her last period, or what the scan makes of it."""

    desa: str
    posyandu: str
    hpht: date | None = None
    dated_by: Literal["hpht", "usg", "tinggi-fundus", "perkiraan"] = "hpht"
    due: date | None = None
    """Expected day of birth, where a scan or an estimate gave it and not the HPHT."""
    gravida: int | None = None
    para: int | None = None
    abortus: int | None = None
    born: date | None = None
    """The mother's birth date."""
    height: float | None = None
    weight_before: float | None = None
    last_birth: date | None = None
    """When she gave birth before this pregnancy."""
    personal: Personal | Sealed | None = None


class Identified(Event, frozen=True, tag="pregnancy.identified"):
    """Who the mother is became known or changed: the whole identity, not only what changed."""

    personal: Personal | Sealed


class AntenatalVisited(Event, frozen=True, tag="pregnancy.antenatal-visited"):
    """She was seen for ANC. Which K it was is worked out, never typed."""

    by: Literal["bidan", "dokter", "dokter-spesialis", "perawat"]
    place: Literal["posyandu", "poskesdes", "pustu", "puskesmas", "klinik", "rs", "rumah"] = "puskesmas"
    usg: bool = False


class Measured(Event, frozen=True, tag="pregnancy.measured"):
    """What was measured of the mother and the child in the womb. What was not measured is absent."""

    kg: float | None = None
    lila: float | None = None
    systolic: int | None = None
    diastolic: int | None = None
    fundus: float | None = None
    heartbeat: int | None = None
    presentation: Literal["kepala", "sungsang", "lintang"] | None = None


class ConflictResolved(Event, frozen=True, tag="pregnancy.conflict-resolved"):
    """Of two weights or LILA of one day by two people, those of event `version` stand. The others stay in the story."""

    version: int


class LabResultRecorded(Event, frozen=True, tag="pregnancy.lab-result"):
    """A laboratory result. HIV, syphilis and HBsAg never reach kader or desa."""

    test: Literal["hb", "protein-urin", "gula-darah", "golongan-darah", "malaria", "hiv", "sifilis", "hbsag"]
    value: float | None = None
    result: Literal["reaktif", "nonreaktif", "positif", "negatif", "a", "b", "ab", "o"] | None = None

    @property
    def restricted(self) -> bool:
        return self.test in RESTRICTED_TESTS


class TabletsGiven(Event, frozen=True, tag="pregnancy.tablets-given"):
    """Iron tablets (TTD) or multiple micronutrients (MMS) were handed out."""

    kind: Literal["ttd", "mms"] = "ttd"
    count: int = 0
    taken: int | None = None
    """How many of the tablets handed out before she had taken, as she said."""


class Newborn(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A living newborn, as the birth record has it."""

    sex: Sex
    kg: float | None = None
    cm: float | None = None
    name: str | None = None


class OutcomeRecorded(Event, frozen=True, tag="pregnancy.outcome"):
    """The pregnancy ended. `alive` counts the children born alive; `children` are those whose birth data are known."""

    outcome: Literal["lahir-hidup", "lahir-mati", "keguguran", "ibu-meninggal"]
    alive: int = 0
    stillborn: int = 0
    """Children born dead beside those born alive; `lahir-mati` without a number is one."""
    weeks: int | None = None
    place: Literal["rumah", "perjalanan", "poskesdes", "puskesmas", "klinik", "rs"] | None = None
    helper: Literal["dokter", "bidan", "perawat", "dukun", "keluarga"] | None = None
    hour: int | None = None
    """Hour of birth on that day, local time."""


class NewbornRegistered(Event, frozen=True, tag="pregnancy.newborn-registered"):
    """A living newborn of this pregnancy has a case of its own."""

    child: UUID
    order: int


class BirthOf(Event, frozen=True, tag="pregnancy.birth-of"):
    """Asks for an outcome together with the newborns it registers. It is never stored in this form."""

    outcome: Literal["lahir-hidup", "lahir-mati", "keguguran", "ibu-meninggal"]
    alive: int = 0
    stillborn: int = 0
    children: tuple[Newborn, ...] = ()
    weeks: int | None = None
    place: Literal["rumah", "perjalanan", "poskesdes", "puskesmas", "klinik", "rs"] | None = None
    helper: Literal["dokter", "bidan", "perawat", "dukun", "keluarga"] | None = None
    hour: int | None = None


class NewbornsOf(Event, frozen=True, tag="pregnancy.newborns-of"):
    """Asks to register newborns of an outcome recorded before. It is never stored in this form."""

    children: tuple[Newborn, ...]


class PostnatalVisited(Event, frozen=True, tag="pregnancy.postnatal-visited"):
    """The mother was seen after the birth. Which KF it was is worked out from the day."""

    by: Literal["bidan", "dokter", "perawat"] = "bidan"


# What can be asked

Report = asks(Reported, "Report", "pregnancy.report")
Register = asks(Registered, "Register", "pregnancy.register")
Identify = asks(Identified, "Identify", "pregnancy.identify")
RecordAntenatalVisit = asks(AntenatalVisited, "RecordAntenatalVisit", "pregnancy.record-antenatal-visit")
Measure = asks(Measured, "Measure", "pregnancy.measure")
ResolveConflict = asks(ConflictResolved, "ResolveConflict", "pregnancy.resolve-conflict")
RecordLabResult = asks(LabResultRecorded, "RecordLabResult", "pregnancy.record-lab-result")
GiveTablets = asks(TabletsGiven, "GiveTablets", "pregnancy.give-tablets")
RecordOutcome = asks(BirthOf, "RecordOutcome", "pregnancy.record-outcome")
RegisterNewborns = asks(NewbornsOf, "RegisterNewborns", "pregnancy.register-newborns")
RecordPostnatalVisit = asks(PostnatalVisited, "RecordPostnatalVisit", "pregnancy.record-postnatal-visit")

EVENTS: tuple[type[Event], ...] = (
    Reported, Registered, Identified, AntenatalVisited, Measured, LabResultRecorded, TabletsGiven, OutcomeRecorded,
    NewbornRegistered, PostnatalVisited, ConflictResolved,
)  # fmt: skip
COMMANDS = (
    Report, Register, Identify, RecordAntenatalVisit, Measure, RecordLabResult, GiveTablets, RecordOutcome,
    RegisterNewborns, RecordPostnatalVisit, ResolveConflict,
)  # fmt: skip

RESTRICTED_TESTS = frozenset({"hiv", "sifilis", "hbsag"})
TERM = timedelta(days=280)

# What we remember


class Check(Struct, frozen=True):
    """One measurement of the mother."""

    on: date
    version: int
    heard: datetime
    role: Role
    event: Measured
    actor: str


class Pregnancy(Person, frozen=True, kw_only=True):
    """What the story of a pregnancy adds up to. `start` is None while it is only reported or undated."""

    KIND = "pregnancy"

    registered: Act | None = None
    start: date | None = None
    """The day gestation is counted from, by the dating that holds: HPHT, or expected birth less 280 days."""
    dated_by: str | None = None
    gravida: int | None = None
    para: int | None = None
    abortus: int | None = None
    mother_born: date | None = None
    height: float | None = None
    weight_before: float | None = None
    last_birth: date | None = None
    antenatal: tuple[Act, ...] = ()
    checks: tuple[Check, ...] = ()
    outcome: Act | None = None
    newborns: tuple[UUID, ...] = ()
    died: Act | None = None
    """The word of the mother's death."""

    @property
    def active(self) -> bool:
        """The case still makes work: the mother lives, or a child born alive has no case of its own yet."""
        ended = any(end is not None for end in (self.closed, self.merged, self.away))
        return not ended and (self.died is None or len(self.newborns) < self.born_alive)

    @property
    def born_alive(self) -> int:
        """How many children were born alive."""
        event = self.outcome.event if self.outcome is not None else None
        return event.alive if isinstance(event, OutcomeRecorded) else 0

    @property
    def due(self) -> date | None:
        """Expected day of birth (HPL)."""
        return None if self.start is None else self.start + TERM

    @property
    def delivered(self) -> bool:
        return self.outcome is not None

    def week(self, weeks: int, plus: int = 0) -> date:
        """The day on which so many weeks of gestation are completed, and some days."""
        assert self.start is not None
        return self.start + timedelta(days=weeks * 7 + plus)


def contacts(pregnancy: Pregnancy) -> tuple[str, ...]:
    """The K number of each antenatal visit, by the trimester pattern 1-2-3; empty where a visit fills no place in it.

    K1 is `K1M` in the first twelve weeks and `K1A` later (SATUSEHAT). A woman first seen late never reaches K6.
    """
    marks: list[str] = []
    places = {1: ["K1"], 2: ["K2", "K3"], 3: ["K4", "K5", "K6"]}
    for visit in pregnancy.antenatal:
        third = None if pregnancy.start is None else trimester(pregnancy, visit.on)
        if not marks:
            marks.append("K1M" if third == 1 else "K1A")
            places[1] = []
            if third is not None and third > 1:
                places[third] = places[third][1:]
            continue
        left = places.get(third or 0, [])
        marks.append(left.pop(0) if left else "")
    return tuple(marks)


def postnatal_contacts(pregnancy: Pregnancy) -> tuple[str, ...]:
    """The KF of each visit to the mother after birth, from its day; empty where a visit fills no place."""
    days = [visit.on for visit in done(pregnancy.acts, PostnatalVisited)]
    outcome = pregnancy.outcome
    if outcome is None or not isinstance(outcome.event, OutcomeRecorded):
        return ("",) * len(days)
    return birth.contacts(outcome.on, outcome.event.hour, days, birth.KF)


def trimester(pregnancy: Pregnancy, on: date) -> int:
    """First until 12 completed weeks and 6 days, second until 24 weeks, then third (Buku KIA 2023)."""
    if on < pregnancy.week(13):
        return 1
    return 2 if on <= pregnancy.week(24) else 3


# How it adds up


def evolve(pregnancy: Pregnancy | None, recorded: Recorded) -> Pregnancy:
    """The pregnancy after one event more. Events come in the order of their days."""
    event = recorded.event
    if pregnancy is None:
        pregnancy = _begun(recorded)
    elif isinstance(event, Registered):
        pregnancy = _registered(pregnancy, event, recorded)
    else:
        pregnancy = _evolve_rest(pregnancy, recorded)
    return pregnancy if recorded.version <= pregnancy.latest else replace(pregnancy, latest=recorded.version)


def _begun(recorded: Recorded) -> Pregnancy:
    event = recorded.event
    if not isinstance(event, Reported | Registered):
        raise ValueError(f"a pregnancy's story cannot begin with {type(event).__name__}")
    begun = Pregnancy(desa=event.desa, posyandu=event.posyandu, first=act(recorded))
    return _registered(begun, event, recorded) if isinstance(event, Registered) else begun


def _registered(pregnancy: Pregnancy, event: Registered, recorded: Recorded) -> Pregnancy:
    start = event.hpht
    if event.due is not None and (start is None or event.dated_by != "hpht"):
        start = event.due - TERM
    return replace(
        person.registered(pregnancy, event.desa, event.posyandu, event.on, recorded.version),
        registered=act(recorded),
        start=start,
        dated_by=event.dated_by,
        gravida=event.gravida,
        para=event.para,
        abortus=event.abortus,
        mother_born=event.born,
        height=event.height,
        weight_before=event.weight_before,
        last_birth=event.last_birth,
    )


def _evolve_rest(pregnancy: Pregnancy, recorded: Recorded) -> Pregnancy:
    event = recorded.event
    match event:
        case AntenatalVisited():
            return replace(pregnancy, antenatal=(*pregnancy.antenatal, act(recorded)))
        case Measured():
            by = recorded.by
            check = Check(event.on, recorded.version, by.recorded_at, by.role, event, by.actor)
            return replace(pregnancy, checks=(*pregnancy.checks, check))
        case ConflictResolved():
            pregnancy = replace(pregnancy, checks=_standing(pregnancy.checks, event.version))
        case OutcomeRecorded():
            died = act(recorded) if event.outcome == "ibu-meninggal" else pregnancy.died
            return replace(pregnancy, outcome=act(recorded), died=died)
        case birth.MotherDied():
            pregnancy = replace(pregnancy, died=act(recorded))
        case NewbornRegistered():
            return replace(pregnancy, newborns=(*pregnancy.newborns, event.child))
    return person.evolve(pregnancy, recorded)


def _standing(checks: tuple[Check, ...], version: int) -> tuple[Check, ...]:
    """Weight and LILA of that day as they were chosen. Every blood pressure counts: it changes by the hour."""
    kept = next((c for c in checks if c.version == version), None)
    if kept is None:
        return checks
    return tuple(
        replace(c, event=replace(c.event, kg=None, lila=None)) if c.on == kept.on and c.actor != kept.actor else c
        for c in checks
    )


# What a request comes to


def births(
    case: UUID, pregnancy: Pregnancy, event: BirthOf | NewbornsOf, mother: Personal | None
) -> tuple[Event | Elsewhere, ...]:
    """The events of a birth: the outcome, and for each newborn its own registered case and the word of it here."""
    decided: list[Event | Elsewhere] = []
    outcome: Event | None = pregnancy.outcome.event if pregnancy.outcome else None
    if isinstance(event, BirthOf):
        outcome = OutcomeRecorded(
            on=event.on,
            outcome=event.outcome,
            alive=max(event.alive, len(event.children)),
            stillborn=event.stillborn,
            weeks=event.weeks,
            place=event.place,
            helper=event.helper,
            hour=event.hour,
        )
        decided.append(outcome)
    assert isinstance(outcome, OutcomeRecorded)
    for order, newborn in enumerate(event.children, start=len(pregnancy.newborns) + 1):
        number = child_case(case, order)
        decided.append(Elsewhere(number, _born(case, pregnancy, outcome, newborn, order, mother)))
        decided.append(NewbornRegistered(on=event.on, child=number, order=order))
    return tuple(decided)


def child_case(case: UUID, order: int) -> UUID:
    """The number of a newborn's case: the same however often the birth is sent."""
    return uuid5(case, f"anak-{order}")


def _born(
    case: UUID, pregnancy: Pregnancy, outcome: OutcomeRecorded, newborn: Newborn, order: int, mother: Personal | None
) -> child.Registered:
    return child.Registered(
        on=outcome.on,
        born=outcome.on,
        sex=newborn.sex,
        desa=pregnancy.desa,
        posyandu=pregnancy.posyandu,
        born_from="persalinan",
        birth_kg=newborn.kg,
        birth_cm=newborn.cm,
        weeks=outcome.weeks,
        order=order,
        mother=case,
        hour=outcome.hour,
        risks=_inherited(pregnancy, outcome.on),
        personal=_identity(newborn, mother),
    )


def _inherited(pregnancy: Pregnancy, born: date) -> tuple[birth.Risk, ...]:
    results = [act.event for act in done(pregnancy.acts, LabResultRecorded)]
    return birth.inherited(
        [check.event.lila for check in pregnancy.checks if check.event.lila is not None],
        [r.value for r in results if isinstance(r, LabResultRecorded) and r.test == "hb" and r.value is not None],
        pregnancy.mother_born,
        pregnancy.start or born,
        next((a.event.factors for a in reversed(done(pregnancy.acts, RiskScored))), ()),  # type: ignore[attr-defined]
    )


def _identity(newborn: Newborn, mother: Personal | None) -> Personal | None:
    """A newborn has no NIK; it is found by its mother's until it has one (SATUSEHAT `nik-ibu`)."""
    if mother is None:
        return Personal(name=newborn.name) if newborn.name else None
    name = newborn.name or (f"Bayi Ny. {mother.name}" if mother.name else None)
    return Personal(
        name=name,
        mother=mother.name,
        mother_nik=mother.nik,
        father=mother.father,
        phone=mother.phone,
        address=mother.address,
        rt=mother.rt,
        rw=mother.rw,
    )


# What is refused


def check(pregnancy: Pregnancy | None, event: Event, today: date, by: Envelope) -> None:
    """Refuses only what cannot have happened; a doubtful value is recorded."""
    if event.on > today:
        raise Refused("future-day", on=event.on, today=today)
    if isinstance(event, Reported | Registered):
        _check_beginning(pregnancy, event, today)
        return
    if pregnancy is None:
        raise Refused("no-such-case")
    if pregnancy.start is not None and event.on < pregnancy.start:
        raise Refused("before-pregnancy", on=event.on, start=pregnancy.start)
    _check_one(pregnancy, event, by)


def _check_beginning(pregnancy: Pregnancy | None, event: Reported | Registered, today: date) -> None:
    if pregnancy is not None and (pregnancy.registered is not None or isinstance(event, Reported)):
        raise Refused("already-registered")
    if isinstance(event, Reported):
        return
    start = event.hpht or (event.due - TERM if event.due else None)
    if start is None:
        raise Refused("pregnancy-not-dated")
    if start > event.on:
        raise Refused("hpht-in-future", hpht=start, today=today)
    if start < event.on - timedelta(days=400):
        raise Refused("hpht-too-old", hpht=start)
    if event.height is not None and not 100 <= event.height <= 220:
        raise Refused("height-impossible", cm=event.height)
    if event.weight_before is not None and not 25 <= event.weight_before <= 250:
        raise Refused("weight-impossible", kg=event.weight_before)


def _check_one(pregnancy: Pregnancy, event: Event, by: Envelope) -> None:
    match event:
        case Measured():
            _check_measures(event)
        case BirthOf() if pregnancy.outcome is not None:
            raise Refused("outcome-already-recorded", on=pregnancy.outcome.on)
        case BirthOf() if event.outcome == "lahir-hidup" and not (event.alive or event.children):
            raise Refused("no-living-child")
        case BirthOf() if event.outcome != "lahir-hidup" and event.outcome != "ibu-meninggal" and event.children:
            raise Refused("children-without-live-birth")
        case BirthOf() if not 0 <= event.stillborn <= 9:
            raise Refused("stillborn-impossible", count=event.stillborn)
        case NewbornsOf():
            _check_newborns(pregnancy, event)
        case ConflictResolved() if all(c.version != event.version for c in pregnancy.checks):
            raise Refused("no-such-measurement")
        case LabResultRecorded() if event.value is None and event.result is None:
            raise Refused("nothing-measured")
        case LabResultRecorded() if event.test == "hb" and event.value is not None and not 2 <= event.value <= 25:
            raise Refused("hb-impossible", value=event.value)
        case TabletsGiven() if not 0 <= event.count <= 400:
            raise Refused("tablets-impossible", count=event.count)
    if isinstance(event, BirthOf | OutcomeRecorded):
        birth.check_hour(event.hour)
    if isinstance(event, BirthOf | NewbornsOf):
        _check_birth_measures(event.children)
    if isinstance(event, PostnatalVisited) or type(event) in birth.EVENTS_OF_MOTHER:
        _check_nifas(pregnancy, event)
    person.check(pregnancy, event, by)


def _check_nifas(pregnancy: Pregnancy, event: Event) -> None:
    """Nothing of nifas happens before the outcome or after the mother's death."""
    if pregnancy.outcome is None:
        raise Refused("not-delivered")
    if event.on < pregnancy.outcome.on:
        raise Refused("before-outcome", on=event.on, outcome=pregnancy.outcome.on)
    if pregnancy.died is not None and event.on > pregnancy.died.on:
        raise Refused("after-mothers-death", on=event.on, died=pregnancy.died.on)
    birth.check(event)


def _check_newborns(pregnancy: Pregnancy, event: NewbornsOf) -> None:
    if pregnancy.outcome is None:
        raise Refused("not-delivered")
    if len(pregnancy.newborns) + len(event.children) > pregnancy.born_alive:
        raise Refused("more-newborns-than-born", alive=pregnancy.born_alive)


def _check_birth_measures(children: tuple[Newborn, ...]) -> None:
    for newborn in children:
        if newborn.kg is not None and newborn.kg >= 300:
            raise Refused("grams-for-kilograms", kg=newborn.kg)
        if newborn.kg is not None and not 0.3 <= newborn.kg <= 8:
            raise Refused("birth-weight-impossible", kg=newborn.kg)
        if newborn.cm is not None and not 20 <= newborn.cm <= 70:
            raise Refused("birth-length-impossible", cm=newborn.cm)


def _check_measures(event: Measured) -> None:
    values = (
        event.kg, event.lila, event.systolic, event.diastolic, event.fundus, event.heartbeat, event.presentation,
    )  # fmt: skip
    if all(v is None for v in values):
        raise Refused("nothing-measured")
    if event.kg is not None and event.kg >= 3000:
        raise Refused("grams-for-kilograms", kg=event.kg)
    if event.kg is not None and not 25 <= event.kg <= 250:
        raise Refused("weight-impossible", kg=event.kg)
    if event.lila is not None and not 10 <= event.lila <= 60:
        raise Refused("lila-impossible", cm=event.lila)
    if event.systolic is not None and not 40 <= event.systolic <= 300:
        raise Refused("pressure-impossible", value=event.systolic)
    if event.diastolic is not None and not 20 <= event.diastolic <= 200:
        raise Refused("pressure-impossible", value=event.diastolic)
