"""Birth and the six weeks after it: care of the newborn, visits to it, and what nifas owes the mother."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from domain.antenatal import Factor, very_high_risk
from domain.case import Event, Personal, Refused, Sealed, asks, done
from domain.preventive import doses_told

if TYPE_CHECKING:
    from domain.child import Child

Care = Literal["imd", "vitamin-k", "salep-mata", "hb0", "shk", "pjb"]
"""Essential care: early breastfeeding, vitamin K, eye ointment, first hepatitis B dose, and the two screenings."""

Risk = Literal["kek", "anemia", "ibu-remaja", "krst"]
"""What a newborn brings along from its mother's pregnancy (protocol 5.6)."""

# What can have happened to the mother


class KbStarted(Event, frozen=True, tag="pregnancy.kb-started"):
    """Contraception after the birth began, or she does without it and this is why."""

    method: Literal["pil", "suntik", "implan", "iud", "kondom", "mow", "mop", "mal"] | None = None
    reason: Literal["menolak", "keluarga-belum-setuju", "ingin-hamil", "belum-boleh", "lain"] | None = None
    personal: Personal | Sealed | None = None


class VitaminAGiven(Event, frozen=True, tag="pregnancy.vitamin-a-given"):
    """The mother was given vitamin A capsules in nifas."""

    capsules: int


class MotherDied(Event, frozen=True, tag="pregnancy.mother-died"):
    """The mother died after the outcome of her pregnancy was recorded; a death before that is itself the outcome."""

    place: Literal["rumah", "perjalanan", "puskesmas", "rs", "lain"] = "lain"
    personal: Personal | Sealed | None = None


# What can have happened to the newborn


class NewbornCareRecorded(Event, frozen=True, tag="child.newborn-care"):
    """Which essential care the newborn was given, and which not and why. What is not named is not known."""

    done: tuple[Care, ...] = ()
    not_done: tuple[Care, ...] = ()
    reason: Literal["menolak", "barang-habis", "bayi-sakit", "dirujuk", "terlambat-dibawa", "lain"] | None = None
    personal: Personal | Sealed | None = None


class NeonatalVisited(Event, frozen=True, tag="child.neonatal-visited"):
    """The newborn was seen. Which KN it was is worked out from the day."""

    by: Literal["bidan", "dokter", "perawat"] = "bidan"


# What can be asked

StartKb = asks(KbStarted, "StartKb", "pregnancy.start-kb")
GiveVitaminA = asks(VitaminAGiven, "GiveVitaminA", "pregnancy.give-vitamin-a")
RecordMothersDeath = asks(MotherDied, "RecordMothersDeath", "pregnancy.record-mothers-death")
RecordNewbornCare = asks(NewbornCareRecorded, "RecordNewbornCare", "child.record-newborn-care")
RecordNeonatalVisit = asks(NeonatalVisited, "RecordNeonatalVisit", "child.record-neonatal-visit")

EVENTS_OF_MOTHER: tuple[type[Event], ...] = (KbStarted, VitaminAGiven, MotherDied)
EVENTS_OF_CHILD: tuple[type[Event], ...] = (NewbornCareRecorded, NeonatalVisited)
COMMANDS = (StartKb, GiveVitaminA, RecordMothersDeath, RecordNewbornCare, RecordNeonatalVisit)

# Which visit it was

Period = tuple[str, int, int]
"""A visit and the days after birth, first and last, in which it is made (Permenkes 21/2021)."""

KF: tuple[Period, ...] = (("KF1", 0, 2), ("KF2", 3, 7), ("KF3", 8, 28), ("KF4", 29, 42))
KN: tuple[Period, ...] = (("KN1", 0, 2), ("KN2", 3, 7), ("KN3", 8, 28))

FIRST_HOURS = 6
"""The first visit counts from six hours after birth on; before that it is still the birth."""


def neonatal_contacts(child: Child) -> tuple[str, ...]:
    """The KN of each visit to the newborn, from its day; empty where a visit fills no place."""
    days = [visit.on for visit in done(child.acts, NeonatalVisited)]
    return contacts(child.born, child.hour, days, KN) if child.born is not None else ("",) * len(days)


def contacts(born: date, hour: int | None, days: Iterable[date], periods: tuple[Period, ...]) -> tuple[str, ...]:
    """What each visit counts as; of several in one period the first."""
    marks: list[str] = []
    for day in days:
        mark = next((p for p, first, last in periods if _starts(born, hour, first) <= day <= born + _days(last)), "")
        marks.append("" if mark in marks else mark)
    return tuple(marks)


def _starts(born: date, hour: int | None, first: int) -> date:
    return moment(born, hour, FIRST_HOURS).date() if first == 0 else born + _days(first)


def moment(born: date, hour: int | None, hours: int) -> datetime:
    """So many hours after birth by the clock of the place; where its hour is not known, after that day began."""
    if hour is None:
        return datetime.combine(born + _days(hours // 24), time())
    return datetime.combine(born, time()) + timedelta(hours=hour + hours)


def _days(count: int) -> timedelta:
    return timedelta(days=count)


# What was given


def cared_for(child: Child) -> frozenset[Care]:
    """The essential care of which it is known that it was given, or why not."""
    told = [act.event for act in done(child.acts, NewbornCareRecorded)]
    known = {c for event in told if isinstance(event, NewbornCareRecorded) for c in event.done + event.not_done}
    if any("HB0" in event.vaccines for event in doses_told(child.acts)):
        known.add("hb0")
    return frozenset(known)


# What it brings along

THIN_ARM_CM = 23.5
"""KEK, as rule B07 has it."""
ANAEMIA_HB = 11.0
"""Hb in g/dL below which a pregnant woman is anaemic; Indonesia takes the same through all of pregnancy."""
TEEN_YEARS = 20


def inherited(
    arms: Iterable[float],
    hbs: Iterable[float],
    mother_born: date | None,
    begun: date | None,
    factors: Iterable[Factor] = (),
) -> tuple[Risk, ...]:
    """What the newborn brings along: its mother's measures, her age when it began, her risk as scored last."""
    young = mother_born is not None and begun is not None and (begun.year - TEEN_YEARS, begun.month, begun.day) < (
        mother_born.year, mother_born.month, mother_born.day
    )  # fmt: skip
    found: dict[Risk, bool] = {
        "kek": any(arm < THIN_ARM_CM for arm in arms),
        "anemia": any(hb < ANAEMIA_HB for hb in hbs),
        "ibu-remaja": young,
        "krst": very_high_risk(factors),
    }
    return tuple(risk for risk, there in found.items() if there)


LOW_BIRTH_KG = 2.5
"""BBLR: less than 2500 g at birth (protocol 5.5)."""


def risk_tags(child: Child) -> tuple[str, ...]:
    """Everything known since birth for which the child needs more attention."""
    light = ("bblr",) if child.birth_kg is not None and child.birth_kg < LOW_BIRTH_KG else ()
    early = ("kurang-bulan",) if child.preterm else ()
    return (*light, *early, *child.risks)


# What is refused


def check(event: Event) -> None:
    """Refuses what says nothing, or says two things at once."""
    match event:
        case KbStarted() if (event.method is None) == (event.reason is None):
            raise Refused("kb-method-or-reason")
        case VitaminAGiven() if not 1 <= event.capsules <= 4:
            raise Refused("capsules-impossible", count=event.capsules)
        case NewbornCareRecorded() if not event.done and not event.not_done:
            raise Refused("no-care-chosen")
        case NewbornCareRecorded() if event.not_done and event.reason is None:
            raise Refused("care-without-reason")
        case NewbornCareRecorded() if set(event.done) & set(event.not_done):
            raise Refused("care-done-and-not")


def check_hour(hour: int | None) -> None:
    """Refuses an hour that no day has."""
    if hour is not None and not 0 <= hour <= 23:
        raise Refused("hour-impossible", hour=hour)
