"""Who may do and see what: one table of roles and commands, and the territory of a post. What is absent is forbidden.

Rights follow from the post somebody holds (a role in an organisation unit, from a day to a day), never from the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.case import Case, Command, Correct, Personal, Refused, Retract, Role
from domain.child import Move
from domain.former import Former
from domain.person import AcceptTransfer, Person, RefuseTransfer, RequestTransfer, TransferRequested, open_transfer
from domain.referral import Kind, RedirectReferral, Refer, ReferOnward
from projections.queue import BY_NUMBER

# What each role may ask to have recorded

_CARE: frozenset[Role] = frozenset({"bidan", "puskesmas-tpg", "puskesmas-dr"})
_FIELD: frozenset[Role] = _CARE | {"kader"}
_VILLAGE: frozenset[Role] = _FIELD | {"desa"}
_PUSKESMAS: frozenset[Role] = frozenset({"puskesmas-tpg", "puskesmas-dr"})
_RECEIVERS: frozenset[Role] = _CARE | {"rs"}
OFFICES: frozenset[Role] = frozenset({"kecamatan", "kabupaten"})
_EVERY_DESK: frozenset[Role] = _VILLAGE | OFFICES
_SUPERVISORS: frozenset[Role] = _CARE | OFFICES

WRITES: Mapping[str, frozenset[Role]] = {
    # the domain lets only the author, or of a person a health worker
    "case.correct": _VILLAGE | OFFICES | {"inspektorat", "rs"},
    "case.retract": _VILLAGE | OFFICES | {"inspektorat", "rs"},
    "case.set-aside": _EVERY_DESK,
    "case.reassign": _SUPERVISORS,
    "case.close": _CARE,
    "case.reopen": _CARE,
    "care.visit-home": _VILLAGE,
    "care.counsel": _VILLAGE,
    "care.assess": _RECEIVERS,
    "care.start-plan": _CARE,
    "care.review": _PUSKESMAS,
    "care.report-danger-sign": _VILLAGE,
    "care.admit": _RECEIVERS,
    "pmt.decide-eligibility": _CARE,
    "pmt.start": _VILLAGE,
    "pmt.give": _VILLAGE,
    "pmt.miss": _VILLAGE,
    "pmt.close-week": _FIELD,
    "pmt.stop": _CARE,
    "pmt.complete": _CARE,
    "referral.create": _FIELD,
    "referral.send": _FIELD,
    "referral.redirect": _RECEIVERS,
    "referral.begin-treatment": _RECEIVERS,
    "referral.complete-treatment": _RECEIVERS,
    "referral.refer-onward": _RECEIVERS,
    "referral.accept": _RECEIVERS,
    "referral.reject": _RECEIVERS,
    "referral.arrive": _RECEIVERS | {"kader"},
    "referral.no-show": _RECEIVERS | {"kader"},
    "referral.cancel": _FIELD,
    "referral.counter-refer": _RECEIVERS,
    "referral.plan-follow-up": _CARE,
    "referral.close": _CARE,
    "child.report": _VILLAGE,
    "child.register": _FIELD,
    "child.identify": _VILLAGE,
    "child.measure": _FIELD | {"rs"},
    "child.record-absence": _FIELD,
    "child.verify-measurement": _CARE,
    "child.confirm-status": _RECEIVERS,
    "child.record-feeding": _FIELD,
    "child.move": _VILLAGE,
    "child.die": _VILLAGE | {"rs"},
    "pregnancy.report": _VILLAGE,
    "pregnancy.register": _FIELD,
    "pregnancy.identify": _VILLAGE,
    "pregnancy.record-antenatal-visit": _RECEIVERS,
    "pregnancy.measure": _FIELD | {"rs"},
    "pregnancy.record-lab-result": _RECEIVERS,
    "pregnancy.give-tablets": _FIELD,
    "pregnancy.record-outcome": _RECEIVERS,
    "pregnancy.register-newborns": _RECEIVERS,
    "pregnancy.record-postnatal-visit": _RECEIVERS,
    "pregnancy.start-kb": _RECEIVERS,
    "pregnancy.give-vitamin-a": _FIELD,
    "pregnancy.record-mothers-death": _VILLAGE | {"rs"},
    "child.record-newborn-care": _RECEIVERS,
    "child.record-neonatal-visit": _RECEIVERS,
    "person.review-death": _PUSKESMAS,
    "family.register": _VILLAGE,
    "family.identify": _VILLAGE,
    "family.register-couple": _VILLAGE,
    "family.screen-couple": _FIELD,
    "family.recheck-couple": _CARE,
    "family.screen": _VILLAGE,
    "family.request-support": _VILLAGE,
    "family.grant-support": _VILLAGE,
    "family.refuse-support": frozenset({"desa", "puskesmas-tpg"}),
    "family.close-support": _VILLAGE,
    "family.join-class": _VILLAGE,
    "person.request-transfer": _VILLAGE,
    "person.leave-kabupaten": frozenset(),  # by the operator, in both kabupaten at once
    "person.accept-transfer": _VILLAGE,
    "person.refuse-transfer": _VILLAGE,
    "person.suspect-duplicate": _VILLAGE,
    "person.merge": _CARE,
    "person.declare-distinct": _VILLAGE,
    "person.open-in-emergency": frozenset(),  # at its own door only, which sets the hours and counts the tries
    "person.review-emergency-access": _PUSKESMAS,
    "person.receive-data-request": _VILLAGE,
    "person.fulfil-data-request": _PUSKESMAS,
    "person.decide-erasure": frozenset({"puskesmas-dr"}),
    "person.erase-identity": frozenset({"kabupaten"}),
    "person.record-consent": _VILLAGE,
    "person.withdraw-consent": _VILLAGE,
    "person.restrict-processing": _PUSKESMAS,
    "person.explain-late-entry": _VILLAGE,
    "child.resolve-conflict": _CARE,
    "pregnancy.resolve-conflict": _CARE,
    "pmt.reconcile": frozenset({"desa", "puskesmas-tpg"}),
    "pmt.record-other-food": _VILLAGE,
    "pmt.resolve-overlap": frozenset({"desa", "puskesmas-tpg"}),
    "child.immunize": _FIELD | {"rs"},
    "child.copy-immunization-history": _FIELD,
    "child.defer-immunization": _FIELD,
    "child.give-vitamin-a": _FIELD,
    "child.miss-vitamin-a": _FIELD,
    "child.deworm": _CARE,
    "child.miss-deworming": _CARE,
    "child.do-kpsp": _FIELD,
    "child.clear-risk": _CARE,
    "pregnancy.score-risk": _RECEIVERS,
    "pregnancy.plan-birth": _RECEIVERS,
    "pregnancy.attend-class": _FIELD,
    "pregnancy.check-tetanus": _RECEIVERS,
    "desa.raise-flag": frozenset({"puskesmas-tpg", "puskesmas-dr", "kecamatan", "kabupaten", "inspektorat"}),
    "desa.resolve-flag": frozenset({"kecamatan", "kabupaten"}),
    "desa.register": frozenset(),  # by the operator, with the units
    "desa.list-posyandu": frozenset(),
    "desa.hold-session": _VILLAGE,
    "desa.cancel-session": _VILLAGE,
    "desa.record-plan": _VILLAGE,
    "desa.hold-meeting": frozenset({"desa", "kecamatan"}),
    "desa.finish-item": _EVERY_DESK,
    "desa.hold-rembuk": frozenset({"desa"}),
    "desa.record-budget": frozenset({"desa"}),
    "desa.submit-scorecard": frozenset({"desa"}),
    "desa.count-kader": _CARE | {"desa"},
    "desa.train-kader": _CARE | {"desa"},
    "desa.check-equipment": _CARE,
    "desa.close-month": _PUSKESMAS,
    "desa.record-spending": _PUSKESMAS | {"desa"},
    "desa.reconcile-spending": _PUSKESMAS | {"desa", "kecamatan"},
    "desa.plan-menu": _VILLAGE,
    "desa.approve-menu": frozenset({"puskesmas-tpg"}),
    "desa.report-incident": _VILLAGE,
    "desa.close-incident": frozenset({"puskesmas-dr"}),
    "desa.visit-to-supervise": _CARE | OFFICES,
    "desa.count-workload": _PUSKESMAS,
    "desa.share-work": _PUSKESMAS,
    "desa.select-audit-case": OFFICES | {"inspektorat"},
    "desa.record-finding": OFFICES | {"inspektorat"},
    "desa.finish-audit-line": _CARE | OFFICES | {"desa"},
    "desa.explain": _CARE | OFFICES | {"desa"},
    "desa.request-evidence": frozenset({"inspektorat"}),
    "desa.provide-evidence": _PUSKESMAS | {"desa", "kecamatan"},
    "desa.compare-export": _PUSKESMAS | {"kabupaten"},
    "desa.resolve-difference": _PUSKESMAS | {"kabupaten"},
    "desa.reject-import-rows": _PUSKESMAS | {"kabupaten"},
    "desa.resolve-import-rows": _PUSKESMAS,
    "desa.detect-breach": _EVERY_DESK,
    "desa.notify-breach": frozenset({"kabupaten"}),
    "desa.say-officer-left": _CARE | OFFICES | {"desa"},
    "desa.review-access": _PUSKESMAS | {"kabupaten"},
}

# What each role may read

NAMED: frozenset[Role] = _VILLAGE | {"rs"}
"""Who reads names. A supervisor further away sees that a task is late, where and whose, and not of whom (11.1)."""

CASES: frozenset[Role] = NAMED | {"inspektorat"}
"""Who may open a case; the inspectorate sees what was done, with the names covered."""

UNITS: frozenset[Role] = CASES | OFFICES
"""Who may open the story of a unit, in which nobody is named."""

TRACKERS: frozenset[Role] = CASES
"""Who may follow referrals one by one; offices above see how long they wait, and not whose they are."""

SEARCHES: frozenset[Role] = NAMED - {"rs"}
"""Who may look for people by name. A hospital knows only those who were sent to it."""

EMERGENCY: frozenset[Role] = _RECEIVERS
"""Who may open a case elsewhere in an emergency: those who treat."""

AUDITS: frozenset[Role] = frozenset({"inspektorat"})
"""Who reads who read what. Not those who run the kabupaten and its accounts, over whom it watches (B-16)."""

FULL_NIK: frozenset[Role] = _CARE
"""The last two digits are enough for everybody else (protocol 10)."""

DESKS: Mapping[Role, tuple[Role, ...]] = {
    "kader": ("kader",),
    "bidan": ("bidan", "kader"),
    "desa": ("desa",),
    "puskesmas-tpg": ("puskesmas-tpg", "puskesmas-dr", "bidan", "kader"),
    "puskesmas-dr": ("puskesmas-dr", "puskesmas-tpg", "bidan", "kader"),
    "kecamatan": ("kecamatan",),
    "kabupaten": ("kabupaten",),
    "inspektorat": ("inspektorat", "kader", "bidan", "desa", "puskesmas-tpg", "puskesmas-dr", "kecamatan", "kabupaten"),
    "rs": ("rs",),
}
"""Whose lists a post may open, its own first."""

# Where

UnitKind = Literal["kabupaten", "kecamatan", "puskesmas", "desa", "posyandu", "rs"]


class Unit(Struct, frozen=True):
    """An organisation unit: posyandu in desa in puskesmas in kecamatan in kabupaten."""

    code: str
    kind: UnitKind
    name: str
    parent: str | None = None
    session_day: int | None = None


Units = Mapping[str, Unit]

STORIED: frozenset[UnitKind] = frozenset({"desa", "puskesmas", "kecamatan", "kabupaten"})
"""Units that have a story of their own. That of a posyandu is told in the desa's."""

SEAT: Mapping[Role, UnitKind] = {
    "kader": "posyandu",
    "bidan": "desa",
    "desa": "desa",
    "puskesmas-tpg": "puskesmas",
    "puskesmas-dr": "puskesmas",
    "kecamatan": "kecamatan",
    "kabupaten": "kabupaten",
    "inspektorat": "kabupaten",
    "rs": "rs",
}
"""The kind of unit in which a role is held."""


class Territory(Struct, frozen=True):
    """The places a post answers for. Empty is nowhere."""

    desa: frozenset[str] = frozenset()
    """Codes of desa, and of the units above them whose own work this post sees to."""
    only: frozenset[str] | None = None
    """Where set, only these posyandu."""
    posyandus: Mapping[str, str] = {}
    """Every posyandu there, with its desa: where cases may be begun."""
    facility: str | None = None
    """Where set, only cases referred to this facility, wherever they live."""

    def holds(self, desa: str, posyandu: str) -> bool:
        return desa in self.desa and (self.only is None or posyandu in self.only)

    def __or__(self, other: Territory) -> Territory:
        """The places of two posts of one role: a bidan with four desa, a kader with two posyandu."""
        return Territory(
            self.desa | other.desa,
            None if self.only is None or other.only is None else self.only | other.only,
            {**self.posyandus, **other.posyandus},
            self.facility or other.facility,
        )


def territory(role: Role, unit: Unit, units: Units) -> Territory:
    """The places below a unit; nowhere at all when the role is not one that is held in such a unit."""
    if SEAT[role] != unit.kind:
        return Territory()
    if unit.kind == "rs":
        return Territory(facility=unit.code)
    if unit.kind == "posyandu":
        desa = unit.parent or ""
        return Territory(frozenset({desa}), frozenset({unit.code}), {unit.code: desa})
    under = tuple(below(unit, units))
    return Territory(
        frozenset(u.code for u in under if u.kind != "posyandu"),
        posyandus={u.code: u.parent or "" for u in under if u.kind == "posyandu"},
    )


def below(unit: Unit, units: Units) -> Iterable[Unit]:
    """The unit itself and all that stand under it."""
    for one in units.values():
        above: Unit | None = one
        while above is not None:
            if above.code == unit.code:
                yield one
                break
            above = units.get(above.parent) if above.parent else None


def storied_below(unit: Unit, units: Units) -> frozenset[str]:
    """Codes of the unit and of those under it that have a story of their own."""
    return frozenset(one.code for one in below(unit, units) if one.kind in STORIED)


class Post(Struct, frozen=True):
    """A role that an account holds in a unit, from a day until before another."""

    id: UUID
    role: Role
    unit: Unit
    valid_from: date
    valid_to: date | None = None

    def held(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


class Who(Struct, frozen=True):
    """A signed-in person in the post they work from now. The session knows it; no request can say otherwise."""

    tenant: str
    account: UUID
    name: str
    post: Post
    territory: Territory
    where: str = ""
    """Names of the units in which this role is held."""
    others: tuple[Post, ...] = ()
    """Further posts the same person may change to."""
    must_change: bool = False
    """The password was given by somebody else."""

    @property
    def role(self) -> Role:
        return self.post.role


# The questions


def may(role: Role, tag: str) -> bool:
    """A role may ask for a command of this tag."""
    return role in WRITES.get(tag, ())


def check(who: Who, command: Command, state: Case | None, units: Units | None = None) -> Former | None:
    """Refuses what this post may not do, in the same words whether or not there is such a case elsewhere.

    Returns the former place of the case that this post speaks for; None where the case is its own. `units` are those
    of the kabupaten, where they are at hand: only there a case may be moved to.
    """
    tag: str = command.__struct_config__.tag  # type: ignore[assignment]
    if not may(who.role, tag):
        raise Refused("not-allowed")
    if state is None:
        _check_beginning(who, command)
        return None
    if isinstance(state, Person) and isinstance(command, RequestTransfer | AcceptTransfer | RefuseTransfer):
        _check_transfer(who, command, state)
    elif not reaches(who, state) or (who.role not in NAMED and state.KIND != "desa" and tag not in BY_NUMBER):
        left = speaks_for(who, command, state)
        if left is None:
            raise Refused("not-yours")
        if _begins(command):
            _check_beginning(who, command)
        return left
    elif state.KIND == "desa" and not _own_posyandu(who, command):
        raise Refused("wrong-posyandu")
    elif _begins(command):
        _check_beginning(who, command)
    if units is not None and isinstance(command, RequestTransfer | Move):
        _check_destination(command, units)
    elif units is not None and moves(command):
        _check_facility(command, units)
    return None


def moves(command: Command) -> bool:
    """The command names a place for the case or the patient to go to."""
    return isinstance(command, RequestTransfer | Move | Refer | RedirectReferral | ReferOnward)


def _check_transfer(who: Who, command: Command, person: Person) -> None:
    """The side that holds the case offers it and the other one asks for it; the side that did not ask answers."""
    named: Any = command
    if isinstance(command, RequestTransfer):
        if named.offer and not reaches(who, person):
            raise Refused("not-yours")
        if not named.offer and who.territory.posyandus.get(named.posyandu) != named.desa:
            raise Refused("ask-for-own-posyandu" if reaches(who, person) else "wrong-posyandu")
        return
    if isinstance(command, AcceptTransfer) and named.reason is not None:
        raise Refused("not-allowed")
    if not answers(who, person):
        raise Refused("answer-own-transfer" if reaches(who, person) else "not-yours")


def answers(who: Who, person: Person) -> bool:
    """The open request for a transfer is for this post to answer. Where none is open, it is who holds the case."""
    asked = open_transfer(person)
    if asked is None:
        return reaches(who, person)
    request = asked.event
    assert isinstance(request, TransferRequested)
    return who.territory.holds(request.desa, request.posyandu) if request.offer else reaches(who, person)


def _check_facility(command: Any, units: Units) -> None:
    """A patient is sent only to a facility we know, and as to one of its kind."""
    there = units.get(command.to)
    if there is None or FACILITIES.get(there.kind) != command.kind:
        raise Refused("no-such-facility", unit=command.to)


FACILITIES: Mapping[UnitKind, Kind] = {"desa": "masyarakat", "puskesmas": "puskesmas", "rs": "rs"}
"""What a referral to a unit of this kind is called; to the bidan it is one to the desa."""


def _check_destination(command: Any, units: Units) -> None:
    """A case that is moved to a place that is not there would be on nobody's list."""
    if command.posyandu is None:
        return
    there = units.get(command.posyandu)
    if there is None or there.kind != "posyandu" or there.parent != command.desa:
        raise Refused("wrong-posyandu")


def speaks_for(who: Who, command: Command, state: Case) -> Former | None:
    """The former place of this post that still held the case on the day of what it tells.

    What decides about the case or hands on its tasks is for the place that holds it now, and so is mending a transfer.
    """
    if not isinstance(state, Person) or who.role not in NAMED or command.__struct_config__.tag in _OF_THE_HOLDER:
        return None
    if isinstance(command, Correct | Retract):
        named: Any = command
        if any(place.version == named.version for place in state.former):
            return None
    mine = (p for p in reversed(state.former) if who.territory.holds(p.desa, p.posyandu) and p.held(command.on))
    return next(mine, None)


_OF_THE_HOLDER = frozenset({
    "case.set-aside", "case.reassign", "case.close", "case.reopen", "child.move", "person.merge",
    "person.declare-distinct", "person.restrict-processing", "person.decide-erasure", "person.erase-identity",
})  # fmt: skip


def _own_posyandu(who: Who, command: Command) -> bool:
    """A kader tells in the desa's story of their own posyandu only."""
    named = getattr(command, "posyandu", None)
    return who.territory.only is None or named is None or named in who.territory.only


def _check_beginning(who: Who, command: Command) -> None:
    if not _begins(command):
        raise Refused("not-yours")
    place: Any = command
    if not who.territory.holds(place.desa, place.posyandu):
        raise Refused("wrong-desa")
    if who.territory.posyandus.get(place.posyandu) != place.desa:
        raise Refused("wrong-posyandu")


def _begins(command: Command) -> bool:
    return command.__struct_config__.tag in (
        "child.register", "child.report", "pregnancy.register", "pregnancy.report", "family.register",
        "family.register-couple",
    )  # fmt: skip


def reaches(who: Who, state: Case) -> bool:
    """The case is one this post answers for."""
    if who.territory.facility is not None:
        return isinstance(state, Person) and any(r.to == who.territory.facility for r in state.referrals)
    if state.KIND == "desa":
        return state.desa in who.territory.desa
    return who.territory.holds(state.desa, state.posyandu)


def may_open(who: Who, state: Case | None) -> bool:
    """This post may read the case. The same no for a case elsewhere and for none at all."""
    return state is not None and who.role in (UNITS if state.KIND == "desa" else CASES) and reaches(who, state)


def shown(role: Role, personal: Personal | None) -> Personal | None:
    """What of an identity a role may see."""
    if personal is None or role not in CASES:
        return None
    if role not in NAMED:
        return Personal(name=initials(personal.name))
    if role in FULL_NIK:
        return personal
    covered = {name: cover(getattr(personal, name)) for name in ("nik", "kk", "mother_nik") if getattr(personal, name)}
    return replace(personal, **covered)


def cover(number: str) -> str:
    """A NIK with only its last two digits: region and birth date are on the screen, so the usual mask would tell it."""
    return "•" * max(len(number) - 2, 0) + number[-2:]


def initials(name: str | None) -> str:
    return " ".join(f"{word[0]}." for word in (name or "").split() if word) or "-"
