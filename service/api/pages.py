"""The pages people read: a desk's list, looking for somebody, and the page of one case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from msgspec import Struct
from msgspec.structs import replace

from domain import checkups, emergency, figures, labels
from domain.antenatal import KRST, RiskScored
from domain.birth import neonatal_contacts, risk_tags
from domain.case import NAKES, PERSONS, Corrected, Event, Retracted, Role, done
from domain.child import Child
from domain.desa import Desa
from domain.erasure import FINAL
from domain.labels import KINDS
from domain.labels import STATES as STANDINGS
from domain.person import TOLD_TWICE, Person
from domain.pregnancy import Pregnancy, contacts, postnatal_contacts
from domain.signs.antenatal import RiskHigh
from domain.stories import TOPICS
from projections import people
from projections.queue import DueState, Narrow, Task
from projections.timeline import Told
from service import access, plainly
from service.access import Who
from service.api import copies, feeding, filling, letters, offered, pairing, reads
from service.api import units as regions
from service.api.cases import Measure, measures, opened_or_404
from service.api.queues import found, listed
from service.api.subject import short, subject
from service.chart import Dot, weight_chart
from service.formbook import FORMS
from service.places import Opened, Place
from service.plainly import NEWS

STATES: tuple[tuple[DueState | None, str], ...] = (
    (None, "Semua"), ("late", "Terlambat"), ("week", "Minggu ini"), ("coming", "Akan datang"),
)  # fmt: skip

# The list of a desk


@get("/", include_in_schema=False, sync_to_thread=False)
def home(who: NamedDependency[Who], kabar: FromQuery[str] = "") -> Redirect:
    """One's own list comes first."""
    if who.must_change:
        return Redirect("/sandi", status_code=303)
    return Redirect(f"/daftar/{who.role}" + (f"?kabar={kabar}" if kabar in NEWS else ""), status_code=303)


class Chosen(Struct, frozen=True):
    """What a list is narrowed to, as it stands in the address."""

    state: DueState | None = None
    rule: str | None = None
    posyandu: str | None = None
    q: str | None = None

    @property
    def any(self) -> bool:
        return bool(self.state or self.rule or self.posyandu or self.q)


class Row(Struct, frozen=True):
    """One line of a list as the page shows it."""

    case: UUID | None
    name: str
    named: bool
    age: str
    task: str
    says: str
    due: str
    state: str
    place: str
    supervision: bool
    owner: Role
    action: str
    action_words: str


@get("/daftar/{desk:str}", include_in_schema=False, sync_to_thread=True)
def desk_page(
    desk: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    keadaan: FromQuery[DueState | None] = None,
    aturan: FromQuery[str] = "",
    posyandu: FromQuery[str] = "",
    q: FromQuery[str] = "",
    sesudah: FromQuery[str] = "",
    posisi: FromQuery[int | None] = None,
    kabar: FromQuery[str] = "",
) -> Template:
    """What a desk has to do, most urgent first."""
    chosen = Chosen(keadaan, aturan or None, posyandu or None, q.strip()[:100] or None)
    narrow = Narrow(due=chosen.state, rule=chosen.rule, posyandu=chosen.posyandu, text=chosen.q)
    queue = listed(who, place, desk, narrow, sesudah or None, None, posisi)
    units = place.accounts.units()
    told = queue.counts
    counts = {None: told.open, "late": told.late, "week": told.week, "coming": told.coming}
    names = {task.rule: task.task for task in queue.tasks}

    def link(**changed: str | None) -> str:
        return _address(desk, {**_asked(chosen), **{_QUERY[k]: v for k, v in changed.items()}})

    return Template(
        "daftar.html",
        context={
            "who": who,
            "desk": desk,
            "desks": access.DESKS[who.role],
            "fresh": queue.fresh,
            "news": NEWS.get(kabar, ""),
            "chosen": chosen,
            "link": link,
            "states": [(state, words, counts[state]) for state, words in STATES],
            "rules": [(rule, names.get(rule, rule), n) for rule, n in sorted(queue.counts.rules.items()) if rule],
            "posyandus": _posyandus(who, place),
            "rows": [row_of(task, who, place, units, queue.at, f"/daftar/{desk}") for task in queue.tasks],
            "sheets": list(_sheets(who)),
            "starts": list(_starts(who)),
            "regions": regions.own(who, units),
            "more": link(after=queue.after) if queue.after else "",
            "today": queue.at.date(),
        },
    )


_QUERY = {"state": "keadaan", "rule": "aturan", "posyandu": "posyandu", "q": "q", "after": "sesudah"}


def _asked(chosen: Chosen) -> dict[str, str | None]:
    return {_QUERY[name]: getattr(chosen, name) for name in chosen.__struct_fields__}


def _address(desk: str, asked: Mapping[str, str | None]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/daftar/{desk}" + (f"?{query}" if query else "")


def _posyandus(who: Who, place: Place) -> list[access.Unit]:
    units = place.accounts.units()
    return [units[code] for code in sorted(who.territory.posyandus) if code in units]


def row_of(task: Task, who: Who, place: Place, units: access.Units, now: datetime, back: str) -> Row:
    """A task as a line of a list, for a reader at a moment."""
    clock = place.tenant.zone
    named = task.case is not None and who.role in (access.UNITS if task.kind == "desa" else access.CASES)
    action, words = _action(task, who, back)
    return Row(
        case=task.case,
        name=_called(task, units) if task.kind in ("desa", "") else _name(task.name, who) or _called(task, units),
        named=named,
        age=plainly.age(task.kind, task.born, now.date()) if task.kind else "",
        task=task.task,
        says=_with_names(task.why, units) if task.kind == "desa" else task.why,
        due=plainly.opens(task.opens, clock) if task.coming else plainly.due(task.due, now, clock),
        state="coming" if task.coming else "late" if task.late else "open",
        place=_place_words(task, units),
        supervision=task.supervision,
        owner=task.owner,
        action=action,
        action_words=words,
    )


def _with_names(says: str, units: access.Units) -> str:
    """A sign knows units by their codes, and nobody else does."""
    return _CODE.sub(lambda code: units[code[0]].name if code[0] in units else code[0], says)


_CODE = re.compile(r"\b\d{10}(?:\.\d{2})?\b")


def _called(task: Task, units: access.Units) -> str:
    """What has no name of its own: a unit has that of the map, of a person this desk may know no more than the kind."""
    if task.kind == "desa" and task.desa in units:
        return units[task.desa].name
    if task.case is not None and not task.kind:
        return f"Kasus {short(task.case)}"
    return KINDS.get(task.kind, "Tugas terlambat")


def _name(name: str, who: Who) -> str:
    return name if who.role in access.NAMED else access.initials(name) if name else ""


def _place_words(task: Task, units: access.Units) -> str:
    names = [units[code].name for code in (task.posyandu, task.desa) if code in units]
    if task.rt or task.rw:
        names.insert(0, f"RT {task.rt or '-'}/RW {task.rw or '-'}")
    return ", ".join(names)


def _action(task: Task, who: Who, back: str) -> tuple[str, str]:
    """The form that does the task, where this post may fill it in."""
    if task.case is None or task.form not in FORMS or not access.may(who.role, task.form):
        return "", ""
    query = urlencode({"kasus": task.case, "aturan": task.rule, "kunci": task.key, "kembali": back})
    return f"/isi/{task.form}?{query}", plainly.BUTTONS.get(task.form, FORMS[task.form].title)


def _sheets(who: Who) -> Iterator[tuple[str, str]]:
    """The pages on which a whole posyandu is recorded."""
    if who.role in filling.SESSION_ROLES:
        yield "/timbang", "Timbang satu sesi"
    if who.role in feeding.ROLES:
        yield "/pmt", "Catat PMT satu hari"


def _starts(who: Who) -> Iterator[tuple[str, str]]:
    """The forms that begin a case."""
    for tag in ("child.register", "pregnancy.register"):
        if access.may(who.role, tag):
            yield f"/isi/{tag}", FORMS[tag].title
    for tag in ("child.report", "pregnancy.report"):
        if access.may(who.role, tag) and not access.may(who.role, tag.replace("report", "register")):
            yield f"/isi/{tag}", FORMS[tag].title


# Looking for somebody


class Hit(Struct, frozen=True):
    href: str
    name: str
    line: str


@get("/cari", include_in_schema=False, sync_to_thread=True)
def search_page(
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    q: FromQuery[str] = "",
    kasus: FromQuery[UUID | None] = None,
) -> Template:
    """People by name, in one's own places; with `kasus`, to say who of them may be the person of that case."""
    units, today = place.accounts.units(), place.now().date()
    double = opened_or_404(who, place, kasus, "search")[0] if kasus is not None else None
    if double is not None and double.person is not None:
        q = q or double.person.name  # here and not in the address of this page: addresses are kept by many hands
    hits = [
        _hit(one, units, today, "" if double is None else pairing.suspicion(double, one.case))
        for one in (found(who, place, q) if q.strip() else ())
        if double is None or (one.kind == double.kind and one.case != double.case)
    ]
    context = {"who": who, "q": q.strip()[:100], "found": hits, "case": kasus}
    return Template(
        "cari.html", context={**context, "subject": subject(double, who, place) if double is not None else None}
    )


def _hit(one: people.Found, units: access.Units, today: Any, href: str) -> Hit:
    where = units[one.posyandu].name if one.posyandu in units else ""
    parts = [plainly.age(one.kind, one.born, today), f"ibu {one.mother}" if one.mother else "", where]
    if one.state != "active":
        parts.append(STANDINGS[one.state])
    return Hit(href or f"/kasus/{one.case}", one.name or "Tanpa nama", ", ".join(part for part in parts if part))


# One case


class Line(Struct, frozen=True):
    """One event of the story as the page shows it."""

    on: str
    says: str
    heard: str
    struck: bool
    former: bool
    """Recorded by a desk that no longer held the case."""
    mend: str


class Owed(Struct, frozen=True):
    """One task of the case as the page shows it."""

    task: str
    rule: str
    source: str
    says: str
    due: str
    state: str
    owner: Role
    events: tuple[tuple[str, str], ...]
    action: str
    action_words: str
    aside: str


@get("/kasus/{case:uuid}", include_in_schema=False, sync_to_thread=True)
def case_page(
    case: FromPath[UUID],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    sesudah: FromQuery[int] = 0,
    posisi: FromQuery[int | None] = None,
    kabar: FromQuery[str] = "",
) -> Template:
    """Who it is, what is owed and why, how it grows, and what happened."""
    opened, fresh = opened_or_404(who, place, case, "page", posisi)
    told = place.told(who, opened, sesudah)
    grown = measures(opened, who, place)
    now, units = place.now(), place.accounts.units()
    tasks = place.tasks(who, case)
    every = {t.number: t for t in place.told(who, opened, limit=10_000).told} if tasks else {}
    return Template(
        "kasus.html",
        context={
            "who": who,
            "news": NEWS.get(kabar, ""),
            "fresh": fresh,
            "subject": subject(opened, who, place),
            "facts": list(_facts(opened, who, place)),
            "region": isinstance(opened.state, Desa),
            "under": regions.under(opened.state, units) if isinstance(opened.state, Desa) else (),
            "until": f"{opened.until.astimezone(place.tenant.zone):%H.%M}" if opened.until else "",
            "identify": "" if opened.until else _identify(opened, who),
            "tasks": [_as_read(_owed(task, who, place, every, now, f"/kasus/{case}"), opened) for task in tasks],
            "history": "" if opened.until else f"/kasus/{case}/riwayat-tugas",
            "kin": list(_kin(opened, who, place, now)),
            "pairs": list(pairing.on_page(opened, who, place)),
            "copy": copies.on_page(opened, who),
            "referrals": list(letters.on_page(opened, who, place)),
            "actions": [] if opened.until else list(_actions(opened, who, now.date())),
            "chart": _chart(opened, place, grown),
            "growth": [_growth_row(m, opened) for m in reversed(grown)],
            "story": [_line(one, who, place, opened) for one in told.told],
            "older": f"/kasus/{case}?sesudah={told.after}" if told.after else "",
            "readers": reads.link(opened, who),
            "unmask": f"/kasus/{case}/identitas" if who.role in access.AUDITS and opened.kind in PERSONS else "",
        },
    )


def _owed(task: Task, who: Who, place: Place, told: Mapping[int, Told], now: datetime, back: str) -> Owed:
    row = row_of(task, who, place, {}, now, back)
    rule = next((r for r in place.book().protocol.rules if r.id == task.rule), None)
    aside = urlencode({"kasus": task.case or "", "aturan": task.rule, "kunci": task.key, "kembali": back})
    may_put_off = access.may(who.role, "case.set-aside") and task.owner == who.role
    return Owed(
        task=task.task,
        rule=task.rule,
        source=rule.source if rule is not None else "",
        says=_with_names(task.why, place.accounts.units()) if task.kind == "desa" else task.why,
        due=row.due,
        state=row.state,
        owner=task.owner,
        events=tuple((told[n].on.isoformat(), told[n].sentence) for n in task.events if n in told),
        action=row.action,
        action_words=row.action_words,
        aside=f"/isi/case.set-aside?{aside}" if may_put_off else "",
    )


def _as_read(task: Owed, opened: Opened) -> Owed:
    """Whoever reads in an emergency does nothing here."""
    return replace(task, action="", action_words="", aside="") if opened.until else task


def _facts(opened: Opened, who: Who, place: Place) -> Iterator[tuple[str, str]]:
    person, state = opened.person, opened.state
    if person is not None:
        for words, value in (
            ("NIK", person.nik), ("Ibu", person.mother), ("Telepon", person.phone), ("Alamat", person.address),
            ("RT/RW", f"{person.rt or '-'}/{person.rw or '-'}" if person.rt or person.rw else ""),
        ):  # fmt: skip
            if value:
                yield words, value
    if isinstance(state, Child):
        if state.born is not None:
            yield "Lahir", figures.day(state.born)
        if state.birth_kg is not None:
            yield "Berat lahir", figures.kg(state.birth_kg)
        if state.weeks is not None:
            yield "Umur kehamilan saat lahir", f"{state.weeks} minggu"
        corrected = state.corrected_age(place.now().date())
        if corrected is not None and who.role in NAKES:
            yield "Umur terkoreksi", f"{_days(corrected)} (umur resmi tetap dihitung dari hari lahir)"
        risks = risk_tags(state)
        if risks:
            yield "Risiko sejak lahir", labels.listed(risks)
        visits = [mark for mark in neonatal_contacts(state) if mark]
        if visits:
            yield "Periksa bayi baru lahir", ", ".join(visits)
    elif isinstance(state, Pregnancy):
        yield from _mother_facts(state)
        if who.role in NAKES or who.role == "kader":
            yield from _checkup_facts(state, who, place)
    elif isinstance(state, Desa):
        yield from regions.facts(state, place.accounts.units())


def _mother_facts(state: Pregnancy) -> Iterator[tuple[str, str]]:
    if state.start is not None:
        yield "HPHT", figures.day(state.start)
    if state.due is not None:
        yield "Perkiraan lahir", figures.day(state.due)
    if state.gravida is not None:
        yield "G-P-A", f"{state.gravida}-{state.para or 0}-{state.abortus or 0}"
    visits = [mark for mark in contacts(state) if mark]
    if visits:
        yield "Periksa hamil", ", ".join(visits)
    after = [mark for mark in postnatal_contacts(state) if mark]
    if after:
        yield "Periksa nifas", ", ".join(after)


def _checkup_facts(state: Pregnancy, who: Who, place: Place) -> Iterator[tuple[str, str]]:
    """What she has had in pregnancy of what every mother is owed, and what is missing."""
    had = checkups.ten_t(state)
    missing = tuple(t for t in checkups.TEN_T if t not in had)
    yield "10T", f"{len(had)} dari {len(checkups.TEN_T)}" + (f"; belum: {labels.listed(missing)}" if missing else "")
    scans = checkups.doctor_scans(state)
    if scans:
        yield "Dokter dengan USG", "trimester " + ", ".join(str(third) for third in scans)
    if checkups.supplies(state):
        yield "Tablet diterima", f"{checkups.tablets_in_all(state)} dari {checkups.TABLETS}"
    if who.role in NAKES:
        yield from _risk_facts(state, place)
        yield "Tripel eliminasi", f"{checkups.triple_elimination(state)} dari 3 diperiksa"


def _risk_facts(state: Pregnancy, place: Place) -> Iterator[tuple[str, str]]:
    """Poedji Rochjati's score as it was found last, by the numbers of the edition in force."""
    scored = done(state.acts, RiskScored)
    signs = [s for rule in place.book().protocol.rules for s in rule.signs if isinstance(s, RiskHigh)]
    if scored and signs:
        points = signs[0].score(scored[-1])
        band = next(("KRST" if s.least >= KRST else "KRT" for s in signs if s.least <= points <= s.most), "KRR")
        yield "KSPR", f"{points} ({band}), {figures.day(scored[-1].on)}"


class Kin(Struct, frozen=True):
    """The case of the mother, or of a newborn with its open tasks, beside the case that is read."""

    case: UUID
    name: str
    tasks: tuple[Owed, ...] = ()


def _kin(opened: Opened, who: Who, place: Place, now: datetime) -> Iterator[Kin]:
    """A child's mother, a mother's newborns: those this post may open."""
    state = opened.state
    if isinstance(state, Child) and state.mother is not None:
        for case in place.openable(who, (state.mother,), "kin"):
            yield Kin(case, "Kasus ibu")
    elif isinstance(state, Pregnancy):
        for case in place.openable(who, state.newborns, "kin"):
            back = f"/kasus/{opened.case}"
            tasks = tuple(_owed(task, who, place, {}, now, back) for task in place.tasks(who, case))
            yield Kin(case, f"Bayi ke-{state.newborns.index(case) + 1}", tasks)


def _identify(opened: Opened, who: Who) -> str:
    tag = f"{opened.kind}.identify"
    return f"/isi/{tag}?kasus={opened.case}" if access.may(who.role, tag) else ""


_FIRST = (
    "child.measure", "pregnancy.measure", "pregnancy.record-antenatal-visit", "care.visit-home", "referral.create",
    "care.assess", "care.counsel", "child.confirm-status",
)  # fmt: skip
_NOT_OFFERED = frozenset({
    "child.verify-measurement", "case.set-aside", "child.identify", "pregnancy.identify", "desa.explain",
})  # fmt: skip


def _actions(opened: Opened, who: Who, today: date) -> Iterator[tuple[str, str]]:
    """Every form this post may fill in for this case as it stands, the common ones first."""
    tags = sorted(FORMS, key=lambda tag: (_FIRST.index(tag) if tag in _FIRST else len(_FIRST), list(FORMS).index(tag)))
    for tag in tags:
        form = FORMS[tag]
        may = tag not in _NOT_OFFERED and access.may(who.role, tag)
        if tag in filling.ANSWERS and isinstance(opened.state, Person):
            may = may and access.answers(who, opened.state)
        if may and offered.fits(form, opened) and offered.possible(form, opened.state, today):
            yield f"/isi/{tag}?kasus={opened.case}", form.title
    if opened.kind in PERSONS and opened.state.active and access.may(who.role, "person.suspect-duplicate"):
        yield f"/cari?kasus={opened.case}", FORMS["person.suspect-duplicate"].title


def _chart(opened: Opened, place: Place, grown: Sequence[Measure]) -> str:
    state = opened.state
    if not isinstance(state, Child) or state.sex is None or state.born is None:
        return ""
    dots = [
        Dot(m.age_days, m.kg, f"{figures.day(m.on)}: {figures.kg(m.kg)}, {_kms(m)}", m.kms == "T" or bool(m.bgm))
        for m in grown
        if m.kg is not None and 0 <= m.age_days <= 1826
    ]
    return weight_chart(place.book().who, state.sex, dots)


def _kms(measure: Measure) -> str:
    marks = {"N": "naik", "T": "tidak naik", "O": "bulan lalu tidak ditimbang", "B": "baru"}
    words = marks.get(measure.kms or "", "")
    if measure.times and measure.times > 1:
        words = f"{measure.times} kali tidak naik"
    return f"{words}, BGM" if measure.bgm else words


def _days(count: int) -> str:
    """An age in days as people say it; before the day of term there is none."""
    if count < 0:
        return f"{-count} hari lagi cukup bulan"
    weeks, months = count // 7, count * 12 // 365
    return f"{months} bulan" if months >= 3 else f"{weeks} minggu"


def _growth_row(measure: Measure, opened: Opened) -> dict[str, Any]:
    state = opened.state
    born = state.born if isinstance(state, Child) else None
    how = "" if measure.lying is None else " telentang" if measure.lying else " berdiri"
    return {
        "on": measure.on,
        "age": figures.age(born, measure.on) if born is not None else "",
        "corrected": _days(measure.corrected.age_days) if measure.corrected else "",
        "corrected_wfa": _z(measure.corrected.waz) if measure.corrected and measure.waz is not None else "",
        "corrected_hfa": _z(measure.corrected.haz) if measure.corrected and measure.haz is not None else "",
        "kg": figures.kg(measure.kg) if measure.kg is not None else "–",
        "kms": _kms(measure),
        "cm": figures.cm(measure.cm) + how if measure.cm is not None else "–",
        "wfa": _z(measure.waz),
        "hfa": _z(measure.haz),
        "wfh": _z(measure.whz),
    }


def _z(z: float | None) -> str:
    return "–" if z is None else figures.z(z)


def _line(told: Told, who: Who, place: Place, opened: Opened) -> Line:
    mends = opened.until is None and told.retracted_by is None and told.topic not in _NEVER_MENDED
    mine = told.actor == str(who.account) or who.role in NAKES
    return Line(
        on=told.on.isoformat(),
        says=told.sentence,
        heard=plainly.heard(told.heard, told.on, place.tenant.zone),
        struck=told.retracted_by is not None,
        former=told.by_former_desk,
        mend=f"/salah/{opened.case}/{told.number}" if mends and mine and access.may(who.role, "case.retract") else "",
    )


_STANDING: tuple[type[Event], ...] = (Corrected, Retracted, *TOLD_TWICE, *FINAL, *emergency.EVENTS)
_NEVER_MENDED = frozenset(TOPICS[event] for event in _STANDING)


HANDLERS: tuple[Any, ...] = (home, desk_page, search_page, case_page, *filling.HANDLERS, *feeding.HANDLERS)
