"""Which forms make sense for a case as it stands, and what of them nobody should have to type."""

from __future__ import annotations

from datetime import date

from uuid_utils.compat import uuid7

from domain.case import PERSONS, Case, done
from domain.child import Child
from domain.desa import Desa
from domain.family import Family, SupportGranted, SupportRequested
from domain.person import Person
from domain.pregnancy import Pregnancy
from domain.signs.birth import deaths
from service.api import units as regions
from service.formbook import Form
from service.places import Opened


def fits(form: Form, opened: Opened) -> bool:
    """The form is for this kind of case."""
    if form.kind is not None:
        return form.kind == opened.kind
    return form.every or opened.kind in PERSONS or (form.families and opened.kind == "family")


def possible(form: Form, state: Case, today: date) -> bool:
    """The form makes sense as the case stands: no portion without a PMT, no arrival without a referral."""
    if form.tag in ("case.reopen",):
        return not state.active
    if form.tag == "person.review-death":
        return bool(deaths(state))
    if not state.active:
        return False
    if form.begins:
        return isinstance(state, Child) and state.born is None and form.tag == "child.register"
    if form.tag in _AFTER_BIRTH:
        return isinstance(state, Pregnancy) and state.delivered
    if form.tag in ("child.record-newborn-care", "child.record-neonatal-visit"):
        return isinstance(state, Child) and state.born is not None and (today - state.born).days <= _NEWBORN_DAYS
    if form.tag == "pregnancy.record-outcome":
        return isinstance(state, Pregnancy) and not state.delivered
    if isinstance(state, Family) and form.tag.startswith("family."):
        return ("couple" in form.tag) == state.couple or form.tag == "family.identify"
    if form.tag in ("family.refuse-support", "family.close-support"):
        return bool(done(state.acts, SupportRequested) or done(state.acts, SupportGranted))
    if isinstance(state, Desa):
        return regions.possible(form, state)
    return not isinstance(state, Person) or _possible_for(state, form.tag)


_AFTER_BIRTH = frozenset({
    "pregnancy.register-newborns", "pregnancy.record-postnatal-visit", "pregnancy.give-vitamin-a",
    "pregnancy.start-kb", "pregnancy.record-mothers-death",
})  # fmt: skip
_NEWBORN_DAYS = 60
"""How long the forms of a newborn are offered, since what was done in its first month may be told late."""


def _possible_for(person: Person, tag: str) -> bool:
    if tag.startswith("referral.") and tag != "referral.create":
        return any(r.open for r in person.referrals)
    if tag == "pmt.start":
        return any(c.eligible and c.started is None for c in person.cycles)
    if tag.startswith("pmt.") and tag != "pmt.decide-eligibility":
        return any(c.running for c in person.cycles)
    return True


def given(form: Form, opened: Opened | None, key: str) -> dict[str, list[str]]:
    """What nobody should have to type: the cycle, the referral, the measurement in question, a number of its own."""
    if opened is None:
        return {}
    state, given = opened.state, dict[str, list[str]]()
    if isinstance(state, Desa):
        given = regions.given(form, state, key)
        given |= {name: [str(uuid7())] for name in form.hidden if name not in ("rule", "key")}
    if "context" in form.fields:
        given["context"] = ["posyandu"]
    if "cycle" in form.hidden and isinstance(state, Person):
        given["cycle"] = [str(_cycle(form, state))]
        week = len(next((c.weeks for c in state.cycles if c.running), ())) + 1
        given["week"] = [str(week)]
    if "support" in form.hidden:
        given["support"] = [_support(form, state)]
    if "referral" in form.hidden and isinstance(state, Person):
        open_ = [r for r in state.referrals if r.open]
        given["referral"] = [str(open_[-1].id if form.tag != "referral.create" and open_ else uuid7())]
    if form.tag == "child.verify-measurement" and isinstance(state, Child) and state.weighings:
        given["version"] = [str(state.weighings[-1].version)]
    if form.tag == "person.review-death":
        given["whose"] = [whose for whose, _, _ in deaths(state)[:1]]
    if form.tag.endswith(".identify") and opened.person is not None:
        for name in form.personal:
            value = getattr(opened.person, name, None)
            given[name] = [value] if value else []
    return given


def _support(form: Form, state: Case) -> str:
    """A new request has a new number; an answer is to the newest request, if there is one."""
    asked = [a.event for a in done(state.acts, SupportRequested)]
    if form.tag == "family.request-support":
        return str(uuid7())
    return str(asked[-1].support) if asked else ""  # type: ignore[attr-defined]


def _cycle(form: Form, state: Person) -> int:
    if form.tag == "pmt.decide-eligibility":
        return max((c.number for c in state.cycles if c.started is not None), default=0) + 1
    if form.tag == "pmt.start":
        return next((c.number for c in state.cycles if c.eligible and c.started is None), 1)
    return next((c.number for c in reversed(state.cycles) if c.running), 1)
