"""What every sign is made of: its numbers, the case it looks at, and the deeds that answer a need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from msgspec import Struct

from domain import pmt
from domain.care import CarePlanStarted, ClinicallyAssessed, Counselled
from domain.case import PERSONS, Act, Case, Event, Evidence, Kind, worked_out
from domain.child import Child, FeedingRecorded, StatusConfirmed
from domain.desa import Desa
from domain.family import Family, Screened
from domain.person import Person
from domain.pregnancy import Pregnancy
from domain.referral import Referral

if TYPE_CHECKING:
    from domain.chart import Chart


class Sign(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="sign"):
    """Something a rule may look for. Its fields are the numbers of the row; its answer is evidence or nothing."""

    OF: ClassVar[frozenset[Kind]]
    """The kinds of case that can have it."""
    AFTER: ClassVar[frozenset[type[Event]]] = frozenset()
    """A case in which nothing of this happened cannot have it; empty where any case can."""

    def seen(self, case: Case, chart: Chart) -> tuple[Evidence, ...]:
        """Every need of this kind that the case has or will have, each with its own key."""
        raise NotImplementedError


class ChildSign(Sign, frozen=True):
    """A sign of a child."""

    OF = frozenset({"child"})

    def seen(self, case: Case, chart: Chart) -> tuple[Evidence, ...]:
        assert isinstance(case, Child)
        return self.found(case, chart)

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        raise NotImplementedError


class PregnancySign(Sign, frozen=True):
    """A sign of a pregnancy."""

    OF = frozenset({"pregnancy"})

    def seen(self, case: Case, chart: Chart) -> tuple[Evidence, ...]:
        assert isinstance(case, Pregnancy)
        return self.found(case)

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        raise NotImplementedError


class PersonSign(Sign, frozen=True):
    """A sign that children and mothers share."""

    OF = PERSONS

    def seen(self, case: Case, chart: Chart) -> tuple[Evidence, ...]:
        assert isinstance(case, Person)
        return self.of(case, chart)

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        raise NotImplementedError


class FamilySign(Sign, frozen=True):
    """A sign of a family or of a couple about to marry."""

    OF = frozenset({"family"})

    def seen(self, case: Case, chart: Chart) -> tuple[Evidence, ...]:
        assert isinstance(case, Family)
        return self.found(case)

    def found(self, family: Family) -> tuple[Evidence, ...]:
        raise NotImplementedError


class DesaSign(Sign, frozen=True):
    """A sign of a desa, or of the puskesmas, kecamatan or kabupaten above it."""

    OF = frozenset({"desa"})

    def seen(self, case: Case, chart: Chart) -> tuple[Evidence, ...]:
        assert isinstance(case, Desa)
        return self.found(case)

    def found(self, desa: Desa) -> tuple[Evidence, ...]:
        raise NotImplementedError


class Word(Protocol):
    """Anything in a case that tells on which day it happened, from which event, and when we heard of it."""

    @property
    def on(self) -> date: ...
    @property
    def version(self) -> int: ...
    @property
    def heard(self) -> datetime: ...


def rests_on(
    words: Sequence[Word], says: str, *, since: date | None = None, key: str = "", branch: str = "", form: str = ""
) -> Evidence:
    """A need that arose on the day of the newest of these words, or on `since`; later words only add to it."""
    arose = since or max(word.on for word in words)
    heard = max((word.heard for word in words if word.on <= arose), default=None)
    return Evidence(
        says=says,
        events=tuple(sorted({word.version for word in words})),
        since=arose,
        heard=heard,
        key=key,
        branch=branch,
        form=form,
    )


# What answers a need

Deed = Literal[
    "assessment", "counselling", "pmt-decision", "pmt-start", "feeding", "wasting-plan", "stunting-plan",
    "status", "family-screened",
]  # fmt: skip
"""What a row may name as its end."""

_DEEDS: dict[Deed, type[Event]] = {
    "assessment": ClinicallyAssessed,
    "counselling": Counselled,
    "pmt-decision": pmt.PmtEligibilityDecided,
    "feeding": FeedingRecorded,
    "status": StatusConfirmed,
    "family-screened": Screened,
}


def did(deed: Deed, act: Act) -> bool:
    """This act is that deed."""
    event = act.event
    if deed == "pmt-start":
        refused = isinstance(event, pmt.PmtEligibilityDecided) and not event.eligible
        return refused or isinstance(event, pmt.PmtStarted)
    if deed == "wasting-plan":
        return isinstance(event, CarePlanStarted) and event.reason == "gizi-buruk"
    if deed == "stunting-plan":
        return isinstance(event, CarePlanStarted) and event.reason == "stunting"
    return isinstance(event, _DEEDS[deed])


def answered_until(acts: tuple[Act, ...], ends: Sequence[Deed]) -> date:
    """The last day whose needs are answered: each deed was done on that day or later.

    Days are compared, not versions, since at one session two phones tell in any order.
    """
    last = worked_out(acts, _last_done)
    return min((last.get(deed, date.min) for deed in ends), default=date.min)


def _last_done(acts: tuple[Act, ...]) -> dict[Deed, date]:
    last: dict[Deed, date] = {}
    for act in acts:
        for deed in _MAY_BE.get(type(act.event), ()):
            if act.on > last.get(deed, date.min) and did(deed, act):
                last[deed] = act.on
    return last


_MAY_BE: dict[type[Event], tuple[Deed, ...]] = {
    **{event: (deed,) for deed, event in _DEEDS.items()},
    pmt.PmtEligibilityDecided: ("pmt-decision", "pmt-start"),
    pmt.PmtStarted: ("pmt-start",),
    CarePlanStarted: ("wasting-plan", "stunting-plan"),
}
"""Portions and visits are most of a long story, and answer nothing here."""


def rules_out_danger(act: Act) -> bool:
    """A health worker examined the case and found nothing that needs a hospital."""
    event = act.event
    if not isinstance(event, ClinicallyAssessed) or event.complication or event.appetite is False:
        return False
    return event.complication is False or event.plan in ("rawat-jalan", "pantau", "selesai")


def in_hospital_since(referrals: Sequence[Referral]) -> date:
    """The last day on which the case arrived at a hospital; the first of all days where it never did."""
    arrivals = (step.on for r in referrals if r.kind == "rs" for step in r.steps if step.state == "tiba")
    return max(arrivals, default=date.min)


def referred_until(referrals: Sequence[Referral], kinds: Sequence[str] = ("puskesmas", "rs")) -> date:
    """The last day whose needs a referral to such a place carries on; a failed referral carries nothing."""
    going = (r.made.on for r in referrals if r.kind in kinds and r.state not in _FAILED)
    return max(going, default=date.min)


_FAILED = frozenset({"ditolak", "batal", "tidak-datang"})
