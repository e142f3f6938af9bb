"""What a referral letter says beside who it is about: the minimum data of protocol 9.1, as far as the story has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from msgspec import Struct

from domain.antenatal import Factor, RiskScored
from domain.care import DangerSign, DangerSignReported
from domain.case import NAKES, Act, Event, Recorded, Role, Sex, Story, done
from domain.chart import Chart, Point
from domain.child import Child
from domain.kms import KmsMark
from domain.person import Person
from domain.pmt import Cycle
from domain.pregnancy import Check, LabResultRecorded, Pregnancy
from domain.preventive import ImmunizationHistoryCopied, Immunized, Vaccine
from domain.referral import EXPECTED, CounterReferred, Reach, Referral, Referred

MEASURES = 3
"""How many measurements show the trend."""

# What it says


class Measure(Struct, frozen=True):
    """One measurement of a child, with what WHO's tables and the KMS make of it."""

    on: date
    kg: float | None
    cm: float | None
    lying: bool | None
    lila: float | None
    waz: float | None
    haz: float | None
    whz: float | None
    mark: KmsMark | None
    """None where it was not weighed."""


class Found(Struct, frozen=True):
    """One thing that was measured, and on which day."""

    on: date
    value: float


class Dose(Struct, frozen=True):
    """A vaccine. `on` is None where it is known from a paper, which does not say when it was given."""

    vaccine: Vaccine
    on: date | None


class OfChild(Struct, frozen=True):
    """What the receiver has to know of a child."""

    born: date | None
    sex: Sex | None
    birth_kg: float | None
    weeks: int | None
    measures: tuple[Measure, ...]
    """The last three, oldest first."""
    oedema: Found | None
    """The newest word on swelling of both feet; 0 is none, which is worth saying."""
    head: Found | None
    doses: tuple[Dose, ...]


class Lab(Struct, frozen=True):
    """The newest result of a test that everybody who cares for her may know."""

    on: date
    test: str
    value: float | None
    result: str | None


class Risk(Struct, frozen=True):
    """What was found when her risk was scored. Without the score, which would tell of a factor that is left out."""

    on: date
    factors: tuple[Factor, ...]


class OfMother(Struct, frozen=True):
    """What the receiver has to know of a mother."""

    born: date | None
    gravida: int | None
    para: int | None
    abortus: int | None
    gestation: int | None
    """Days on the day of the referral; None after the birth or where it is not dated."""
    start: date | None
    due: date | None
    height: float | None
    weight_before: float | None
    checks: tuple[Check, ...]
    """The last three, oldest first."""
    lila: Found | None
    """The newest, where none of the three has one: it is often measured at the first visit only."""
    labs: tuple[Lab, ...]
    risk: Risk | None
    outcome: Act | None


class Food(Struct, frozen=True):
    """One cycle of PMT: what was planned, given and reached."""

    number: int
    scheme: str
    started: date
    given: int
    """Portion days on which something was given."""
    days: int | None
    """As planned; None where the juknis says."""
    outcome: str | None
    """None while it goes on."""


class Danger(Struct, frozen=True):
    """Danger signs that were called out, the newest time."""

    on: date
    signs: tuple[DangerSign, ...]


class Counter(Struct, frozen=True):
    """What the receiver found and wants to be done at home."""

    on: date
    version: int
    """Of its event, whose note is sealed."""
    unit: str
    role: Role
    arrived: date | None
    diagnosis: str | None
    """ICD-10; None for a reader who must not know it."""
    control: date | None
    tasks: tuple[str, ...]


class Letter(Struct, frozen=True):
    """The minimum data of one referral, for one kind of reader."""

    referral: UUID
    number: str | None
    on: date
    version: int
    """Of the event that made it, whose note is sealed."""
    sender: str
    role: Role
    actor: str
    to: str
    reason: str
    urgent: bool
    planned: date | None
    consent: str | None
    consciousness: str | None
    temperature: float | None
    pulse: int | None
    breaths: int | None
    escort: str | None
    vehicle: str | None
    child: OfChild | None
    mother: OfMother | None
    food: tuple[Food, ...]
    danger: Danger | None
    counter: Counter | None


# How it comes of the story


def letter(person: Person, chart: Chart, referral: Referral, told: Story, reader: Role) -> Letter:
    """The letter as `reader` may print it. `told` are the events that count (`stories.counting`).

    It holds what was known until the patient was there: a letter printed again a year later says the same.
    """
    made = next(r for r in told if isinstance(r.event, Referred) and r.event.referral == referral.id)
    event, until = made.event, _until(referral)
    return Letter(
        referral=referral.id,
        number=referral.number,
        on=event.on,
        version=made.version,
        sender=referral.sender,
        role=made.by.role,
        actor=made.by.actor,
        to=referral.to,
        reason=referral.reason,
        urgent=referral.urgent,
        planned=referral.planned,
        consent=referral.consent,
        consciousness=event.consciousness,
        temperature=event.temperature,
        pulse=event.pulse,
        breaths=event.breaths,
        escort=event.escort,
        vehicle=event.vehicle,
        child=_child(person, chart, until) if isinstance(person, Child) else None,
        mother=_mother(person, event.on, until, reader) if isinstance(person, Pregnancy) else None,
        food=tuple(_food(c, until) for c in person.cycles if c.started is not None and c.started <= until),
        danger=_danger(person, until),
        counter=_counter(referral, told, reader),
    )


def _until(referral: Referral) -> date:
    """The day the patient was there or was no longer waited for. A refusal is neither: it may go elsewhere."""
    ended = (s.on for s in referral.steps if s.state not in EXPECTED and s.state != "ditolak")
    return next(ended, date.max)


def _child(child: Child, chart: Chart, until: date) -> OfChild:
    points = [p for p in chart.points if p.weighing.on <= until]
    marks = iter(chart.marks)
    measures = [_measure(p, next(marks) if p.weighing.kg is not None else None) for p in points]
    return OfChild(
        child.born,
        child.sex,
        child.birth_kg,
        child.weeks,
        tuple(measures[-MEASURES:]),
        _newest((p.weighing.on, p.weighing.oedema) for p in points),
        _newest((p.weighing.on, p.weighing.head) for p in points),
        _doses(child, until),
    )


def _measure(point: Point, mark: KmsMark | None) -> Measure:
    w, z = point.weighing, point.z
    return Measure(w.on, w.kg, w.cm, w.lying, w.lila, z.waz, z.haz, z.whz, mark)


def _newest(measured: Any) -> Found | None:
    known = [Found(on, value) for on, value in measured if value is not None]
    return known[-1] if known else None


def _doses(child: Child, until: date) -> tuple[Dose, ...]:
    """Every vaccine once, with its day where one is told."""
    days: dict[Vaccine, date | None] = {}
    for copied in _of(ImmunizationHistoryCopied, child, until):
        days.update(dict.fromkeys(copied.event.vaccines))  # type: ignore[attr-defined]
    for given in _of(Immunized, child, until):
        days.update((v, given.on) for v in given.event.vaccines if days.get(v) is None)  # type: ignore[attr-defined]
    return tuple(Dose(vaccine, on) for vaccine, on in days.items())


def _of(kind: type[Event], person: Person, until: date) -> list[Act]:
    return [act for act in done(person.acts, kind) if act.on <= until]


def _mother(mother: Pregnancy, on: date, until: date, reader: Role) -> OfMother:
    checks = [check for check in mother.checks if check.on <= until]
    shown = tuple(checks[-MEASURES:])
    lila = _newest((check.on, check.event.lila) for check in checks)
    delivered = mother.outcome is not None and mother.outcome.on <= on
    return OfMother(
        mother.mother_born,
        mother.gravida,
        mother.para,
        mother.abortus,
        None if mother.start is None or delivered else (on - mother.start).days,
        mother.start,
        mother.due,
        mother.height,
        mother.weight_before,
        shown,
        None if any(check.event.lila is not None for check in shown) else lila,
        _labs(mother, until),
        _risk(mother, until, reader),
        mother.outcome if mother.outcome is not None and mother.outcome.on <= until else None,
    )


def _labs(mother: Pregnancy, until: date) -> tuple[Lab, ...]:
    """The newest of each test; never HIV, syphilis or HBsAg, since a letter goes through many hands."""
    newest: dict[str, Lab] = {}
    for act in _of(LabResultRecorded, mother, until):
        event = act.event
        assert isinstance(event, LabResultRecorded)
        if not event.restricted:
            newest[event.test] = Lab(act.on, event.test, event.value, event.result)
    return tuple(newest.values())


def _risk(mother: Pregnancy, until: date, reader: Role) -> Risk | None:
    """The newest scoring, without an infection that may be restricted; who must not know of it takes the one before."""
    scored = [a for a in _of(RiskScored, mother, until) if reader in NAKES or not a.event.restricted]
    if not scored:
        return None
    factors: tuple[Factor, ...] = scored[-1].event.factors  # type: ignore[attr-defined]
    return Risk(scored[-1].on, tuple(factor for factor in factors if factor != "penyakit-kelamin"))


def _food(cycle: Cycle, until: date) -> Food:
    assert cycle.started is not None
    given = sum(1 for p in cycle.portions if p.on <= until and p.eaten is not None)
    ended = cycle.ended is not None and cycle.ended <= until
    return Food(cycle.number, cycle.scheme, cycle.started, given, cycle.days, cycle.outcome if ended else None)


def _danger(person: Person, until: date) -> Danger | None:
    called = _of(DangerSignReported, person, until)
    return Danger(called[-1].on, called[-1].event.signs) if called else None  # type: ignore[attr-defined]


def _counter(referral: Referral, told: Sequence[Recorded], reader: Role) -> Counter | None:
    step = referral.reached("rujuk-balik")
    if step is None:
        return None
    event: CounterReferred = next(r.event for r in told if r.version == step.version)
    diagnosis = event.diagnosis if reader in NAKES and not _tells_infection(event.diagnosis) else None
    return Counter(
        event.on, step.version, step.unit, step.role, _day(referral.reached("tiba")), diagnosis, event.control,
        event.tasks,
    )  # fmt: skip


def _day(step: Reach | None) -> date | None:
    return None if step is None else step.on


_INFECTIONS = (
    "A50", "A51", "A52", "A53", "B16", "B180", "B181", "B20", "B21", "B22", "B23", "B24", "O981", "O984", "O987",
    "R75", "Z206", "Z21", "Z225",
)  # fmt: skip
"""ICD-10 of syphilis, hepatitis B and HIV: as restricted as the laboratory results they rest on."""


def _tells_infection(diagnosis: str | None) -> bool:
    return (diagnosis or "").upper().replace(".", "").strip().startswith(_INFECTIONS)
