"""Which forms make sense for a case as it stands, and what of them nobody should have to type."""

from __future__ import annotations

from datetime import date

from uuid_utils.compat import uuid7

from domain import erasure, figures
from domain import referral as referral_steps
from domain.case import PERSONS, Case, Event, done
from domain.child import Child
from domain.desa import Desa
from domain.emergency import unreviewed
from domain.family import Family, SupportClosed, SupportGranted, SupportRequested
from domain.labels import ROLES, label
from domain.person import Person, TransferRequested, open_transfer
from domain.pregnancy import Pregnancy
from domain.signs.birth import deaths
from domain.signs.person import disputed
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
    if "into" in form.hidden or "other" in form.hidden:
        return False  # only from where it is known which other case is meant
    if form.tag == "person.receive-data-request":
        return True  # also of a case that has ended: what is kept of it is kept on
    if form.tag in REQUESTS:
        return bool(_open_request(state, form.tag))
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
    if tag.endswith(".resolve-conflict"):
        return bool(disputed(person))
    if tag in ("person.accept-transfer", "person.refuse-transfer"):
        return open_transfer(person) is not None
    if tag == "person.review-emergency-access":
        return bool(unreviewed(person))
    if tag.startswith("referral.") and tag != "referral.create":
        return any(r.state in referral_steps.AFTER[_step(tag)] for r in person.referrals)
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
    if form.tag == "person.request-transfer":
        given["offer"] = ["ya"]  # whoever may open the case holds it
    if form.tag == "person.accept-transfer" and isinstance(state, Person):
        given |= _wanted_for(state)
    if "emergency" in form.hidden and isinstance(state, Person):
        given["emergency"] = [key or next((str(a.event.emergency) for a in unreviewed(state)), "")]  # type: ignore[attr-defined]
    if "request" in form.hidden:
        given["request"] = [key or _open_request(state, form.tag) if form.tag in REQUESTS else str(uuid7())]
    for name in ("into", "other"):
        if name in form.hidden and key:
            given[name] = [key]
    if "support" in form.hidden:
        given["support"] = [str(uuid7())]
    if "support" in form.fields:
        given |= _of_request(state, key)
    if "referral" in form.hidden and isinstance(state, Person):
        given["referral"] = [str(uuid7()) if form.tag == "referral.create" else _referral(form, state, key)]
    if "onward" in form.hidden:
        given["onward"] = [str(uuid7())]
    if form.tag == "child.verify-measurement" and isinstance(state, Child) and state.weighings:
        given["version"] = [key if key.isdecimal() else str(state.weighings[-1].version)]
    if form.tag == "person.review-death":
        given["whose"] = [whose for whose, _, _ in deaths(state)[:1]]
    if form.tag.endswith(".identify") and opened.person is not None:
        for name in form.personal:
            value = getattr(opened.person, name, None)
            given[name] = [value] if value else []
    return given


def options(form: Form, state: Case) -> dict[str, tuple[tuple[str, str], ...]]:
    """Choices that follow from the case: the measurements that contradict each other, the help that was asked for."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    if "version" in form.fields and isinstance(state, Person):
        found["version"] = tuple(
            (str(one.version), f"{one.says} ({figures.day(one.on)}, dicatat {ROLES[one.role]})")
            for one in disputed(state)
        )
    if "support" in form.fields:
        found["support"] = tuple(
            (str(asked.support), f"{label(asked.what)}, diminta {figures.day(asked.on)}") for asked in _requests(state)
        )
    return found


def _requests(state: Case) -> list[SupportRequested]:
    """What was asked for and not closed, the newest first."""
    closed = {a.event.support for a in done(state.acts, SupportClosed)}  # type: ignore[attr-defined]
    asked = [a.event for a in reversed(done(state.acts, SupportRequested))]
    return [e for e in asked if isinstance(e, SupportRequested) and e.support not in closed]


def _of_request(state: Case, key: str) -> dict[str, list[str]]:
    """The request that the task is about, and what was asked for in it."""
    about = next((asked for asked in _requests(state) if str(asked.support) == key), None)
    return {} if about is None else {"support": [key], "what": [about.what]}


def _wanted_for(state: Person) -> dict[str, list[str]]:
    """The place that the open request for a transfer names."""
    asked = open_transfer(state)
    if asked is None or not isinstance(asked.event, TransferRequested):
        return {}
    return {"desa": [asked.event.desa], "posyandu": [asked.event.posyandu]}


def _referral(form: Form, state: Person, key: str) -> str:
    """The one the task is about, else the newest that can take this step."""
    if any(str(r.id) == key for r in state.referrals):
        return key
    able = [r for r in state.referrals if r.state in referral_steps.AFTER[_step(form.tag)]]
    return str(able[-1].id) if able else ""


def _step(tag: str) -> referral_steps.Reached:
    """Where a referral is after the command of this tag."""
    return "dirujuk-lanjut" if tag == "referral.refer-onward" else referral_steps.STEPS[_FACTS[tag]]


_FACTS: dict[str, type[Event]] = {c.__struct_config__.tag: c.FACT for c in referral_steps.COMMANDS}


REQUESTS = frozenset({"person.fulfil-data-request", "person.decide-erasure", "person.erase-identity"})
"""Forms that answer what a family asked."""


def _open_request(state: Case, tag: str) -> str:
    """The oldest request of the family that waits for this form."""
    if tag == "person.erase-identity":
        waiting = [asked.event for asked, _ in erasure.to_erase(state)]
    else:
        waiting = [asked.event for asked in erasure.unanswered(state)]
        to_forget = tag == "person.decide-erasure"
        waiting = [event for event in waiting if (event.asks == "menghapus") == to_forget]  # type: ignore[attr-defined]
    return next((str(event.request) for event in waiting), "")  # type: ignore[attr-defined]


def _cycle(form: Form, state: Person) -> int:
    if form.tag == "pmt.decide-eligibility":
        return max((c.number for c in state.cycles if c.started is not None), default=0) + 1
    if form.tag == "pmt.start":
        return next((c.number for c in state.cycles if c.eligible and c.started is None), 1)
    return next((c.number for c in reversed(state.cycles) if c.running), 1)
