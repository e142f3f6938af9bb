"""What protects a child before it is ill: vaccines, vitamin A, deworming, the look at its development."""

from __future__ import annotations

from datetime import date
from typing import Literal

from domain.case import Act, Event, Personal, Refused, Sealed, asks, done

Vaccine = Literal[
    "HB0", "BCG", "OPV1", "DPT-HB-Hib1", "OPV2", "PCV1", "RV1", "DPT-HB-Hib2", "OPV3", "PCV2", "RV2", "DPT-HB-Hib3",
    "OPV4", "IPV1", "RV3", "MR1", "IPV2", "JE", "PCV3", "DPT-HB-Hib4", "MR2",
]  # fmt: skip


class Immunized(Event, frozen=True, tag="child.immunized"):
    """A dose was given, at whatever age."""

    vaccine: Vaccine
    batch: str | None = None
    site: Literal["posyandu", "puskesmas", "rs", "klinik", "rumah", "lain"] = "posyandu"
    also: tuple[Vaccine, ...] = ()
    """What was given with it on that day."""

    @property
    def vaccines(self) -> tuple[Vaccine, ...]:
        return (self.vaccine, *self.also)


class ImmunizationHistoryCopied(Event, frozen=True, tag="child.immunization-history-copied"):
    """Every dose that was given before, wherever that was, as a paper says. What is not named was not given."""

    vaccines: tuple[Vaccine, ...] = ()
    source: Literal["buku-kia", "asik", "kohort", "keterangan-ibu"] = "buku-kia"


class ImmunizationDeferred(Event, frozen=True, tag="child.immunization-deferred"):
    """A dose that was due was not given, and is to be given from `until` on."""

    vaccine: Vaccine
    reason: Literal["sakit", "menolak", "vaksin-habis", "kontraindikasi", "lain"]
    until: date | None = None
    personal: Personal | Sealed | None = None


class VitaminAGiven(Event, frozen=True, tag="child.vitamin-a-given"):
    """A capsule: blue 100,000 IU, red 200,000 IU."""

    colour: Literal["biru", "merah"]


class VitaminAMissed(Event, frozen=True, tag="child.vitamin-a-missed"):
    """No capsule in this round, and why."""

    reason: Literal["menolak", "barang-habis", "kontraindikasi", "lain"]


class Dewormed(Event, frozen=True, tag="child.dewormed"):
    """A dose of albendazole."""

    mg: Literal[200, 400]


class DewormingMissed(Event, frozen=True, tag="child.deworming-missed"):
    """No dose in this round, and why."""

    reason: Literal["menolak", "barang-habis", "kontraindikasi", "lain"]


class KpspDone(Event, frozen=True, tag="child.kpsp-done"):
    """The development questionnaire for an age in months, and how many of its ten questions were answered yes."""

    months: int
    score: int


class RiskTagCleared(Event, frozen=True, tag="child.risk-cleared"):
    """A child born small, short or early has caught up, by a health worker's word."""


Immunize = asks(Immunized, "Immunize", "child.immunize")
CopyImmunizationHistory = asks(ImmunizationHistoryCopied, "CopyImmunizationHistory", "child.copy-immunization-history")
DeferImmunization = asks(ImmunizationDeferred, "DeferImmunization", "child.defer-immunization")
GiveVitaminA = asks(VitaminAGiven, "GiveVitaminA", "child.give-vitamin-a")
MissVitaminA = asks(VitaminAMissed, "MissVitaminA", "child.miss-vitamin-a")
Deworm = asks(Dewormed, "Deworm", "child.deworm")
MissDeworming = asks(DewormingMissed, "MissDeworming", "child.miss-deworming")
DoKpsp = asks(KpspDone, "DoKpsp", "child.do-kpsp")
ClearRisk = asks(RiskTagCleared, "ClearRisk", "child.clear-risk")

Given = Immunized | ImmunizationHistoryCopied
"""What tells which doses a child has had."""

EVENTS: tuple[type[Event], ...] = (
    Immunized, ImmunizationHistoryCopied, ImmunizationDeferred, VitaminAGiven, VitaminAMissed, Dewormed,
    DewormingMissed, KpspDone, RiskTagCleared,
)  # fmt: skip
COMMANDS = (
    Immunize, CopyImmunizationHistory, DeferImmunization, GiveVitaminA, MissVitaminA, Deworm, MissDeworming, DoKpsp,
    ClearRisk,
)  # fmt: skip


def doses_told(acts: tuple[Act, ...]) -> tuple[Given, ...]:
    """Every word on doses that were given, here or before."""
    return tuple(a.event for kind in (Immunized, ImmunizationHistoryCopied) for a in done(acts, kind))  # type: ignore[misc]


def check(event: Event) -> None:
    """Refuses a questionnaire that does not exist."""
    if isinstance(event, KpspDone):
        if not 0 <= event.score <= 10:
            raise Refused("kpsp-score-impossible", score=event.score)
        if not 3 <= event.months <= 72:
            raise Refused("kpsp-age-impossible", months=event.months)
