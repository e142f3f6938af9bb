"""Signs of birth and nifas: visits to mother and newborn, essential care, vitamin A, a miscarriage, a death."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from domain import birth, figures
from domain.birth import Care, KbStarted, NeonatalVisited, VitaminAGiven
from domain.care import ClinicallyAssessed, Counselled, HomeVisited
from domain.case import Act, Case, CaseClosed, Event, Evidence, done, zone
from domain.child import Child, Died
from domain.labels import listed
from domain.person import DeathReviewed, Person
from domain.pregnancy import OutcomeRecorded, PostnatalVisited, Pregnancy
from domain.signs.sign import ChildSign, PersonSign, PregnancySign, Word, rests_on

if TYPE_CHECKING:
    from domain.chart import Chart

DAY = timedelta(days=1)


class VisitWindow(Struct, frozen=True, forbid_unknown_fields=True):
    """The days after birth in which a visit is made, first and last."""

    visit: str
    first: int
    last: int
    hours: int = 0
    """It is not made before so many hours after birth."""
    lost: int | None = None
    """The day after birth from which this visit is not asked for any more: a later one stands in its place."""


class Birth(Struct, frozen=True):
    """What visits are counted from: the day of birth, its hour where that is known, and the word of it."""

    on: date
    hour: int | None
    desa: str
    word: Word
    registered: date
    """Before this day nobody could know of it."""
    seen: date = date.min
    """The last day on which the child was weighed; what was over by then is not worked out any more."""

    def opens(self, window: VisitWindow) -> datetime:
        """The moment from which the visit counts."""
        start = datetime.combine(self.on + window.first * DAY, time())
        return max(start, birth.moment(self.on, self.hour, window.hours)).replace(tzinfo=zone(self.desa))

    def last(self, window: VisitWindow) -> date:
        return self.on + window.last * DAY

    def known(self, window: VisitWindow) -> bool:
        """The window was not over when the case was registered; of earlier visits nothing can be known."""
        return self.registered <= self.last(window)

    def until(self, window: VisitWindow) -> date | None:
        return None if window.lost is None else self.on + window.lost * DAY

    def over(self, until: date | None) -> bool:
        """It went by long ago, so that no list needs it."""
        return until is not None and self.seen >= until


def _nifas(pregnancy: Pregnancy) -> Birth | None:
    """A birth after which the mother is to be visited: not a miscarriage, and she lives."""
    outcome = pregnancy.outcome
    if outcome is None or pregnancy.died is not None:
        return None
    event = outcome.event
    if not isinstance(event, OutcomeRecorded) or event.outcome == "keguguran":
        return None
    return Birth(outcome.on, event.hour, pregnancy.desa, outcome, outcome.on)


def _newborn(child: Child) -> Birth | None:
    if child.born is None or child.registered is None:
        return None
    seen = child.weighings[-1].on if child.weighings else date.min
    return Birth(child.born, child.hour, child.desa, child.registered, child.registered.on, seen)


# Visits in their windows


class PostnatalVisitDue(PregnancySign, frozen=True, tag="postnatal-visit-due"):
    """The window of a visit to the mother after birth, until she was seen."""

    window: VisitWindow

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        return _due(self.window, _nifas(pregnancy), done(pregnancy.acts, PostnatalVisited))


class NeonatalVisitDue(ChildSign, frozen=True, tag="neonatal-visit-due"):
    """The window of a visit to the newborn, until it was seen."""

    window: VisitWindow

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        form = "child.record-neonatal-visit"
        return _due(self.window, _newborn(child), done(child.acts, NeonatalVisited), form)


def _due(window: VisitWindow, born: Birth | None, visits: Sequence[Act], form: str = "") -> tuple[Evidence, ...]:
    if born is None or not born.known(window) or born.over(born.until(window)):
        return ()
    opens = born.opens(window)
    if any(visit.on >= opens.date() for visit in visits):
        return ()
    says = f"Lahir {figures.day(born.on)}; {window.visit} belum dilakukan, waktunya {_span(opens, born.last(window))}."
    return (
        Evidence(
            says=says,
            events=(born.word.version,),
            since=opens.date(),
            heard=max(born.word.heard, opens),
            key=window.visit,
            by=born.last(window),
            until=born.until(window),
            form=form,
        ),
    )


def _span(opens: datetime, last: date) -> str:
    return f"{figures.day(opens.date())} sampai {figures.day(last)}"


class NifasOpen(PregnancySign, frozen=True, tag="nifas-open"):
    """The last window of nifas: the mother is to be seen, KB spoken of, and the case closed. Only closing ends it."""

    window: VisitWindow

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        born = _nifas(pregnancy)
        if born is None:
            return ()
        opens, last = born.opens(self.window), born.last(self.window)
        left = _left(
            {
                f"kunjungan {self.window.visit}": any(
                    visit.on >= opens.date() for visit in done(pregnancy.acts, PostnatalVisited)
                ),
                "KB atau alasannya": bool(done(pregnancy.acts, KbStarted)),
            },
            ("pregnancy.record-postnatal-visit", "pregnancy.start-kb"),
        )
        says = f"Lahir {figures.day(born.on)}; waktunya {_span(opens, last)}. Yang belum: {left.words}."
        evidence = rests_on([born.word], says, since=opens.date(), key=self.window.visit)
        return (replace(evidence, by=last, form=left.form),)


class MiscarriageOpen(PregnancySign, frozen=True, tag="miscarriage-open"):
    """After a miscarriage the mother is to be examined, KB spoken of, and the case closed. Only closing ends it."""

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        outcome = pregnancy.outcome
        if outcome is None or not isinstance(outcome.event, OutcomeRecorded) or outcome.event.outcome != "keguguran":
            return ()
        since = [a for a in pregnancy.acts if a.on >= outcome.on]
        left = _left(
            {
                "pemeriksaan ibu": any(isinstance(a.event, PostnatalVisited | ClinicallyAssessed) for a in since),
                "konseling KB": any(isinstance(a.event, KbStarted) or _spoke_of_kb(a.event) for a in since),
            },
            ("pregnancy.record-postnatal-visit", "care.counsel"),
        )
        says = f"Keguguran {figures.day(outcome.on)}. Yang belum: {left.words}."
        return (replace(rests_on([outcome], says), form=left.form),)


class _Left(Struct, frozen=True):
    """What is left of a task of several deeds, and the form of the first of them."""

    words: str
    form: str


def _left(deeds: dict[str, bool], forms: tuple[str, ...]) -> _Left:
    """Closing the case is the last deed of all."""
    open_ = [(words, form) for (words, ok), form in zip(deeds.items(), forms, strict=True) if not ok]
    open_.append(("menutup kasus", "case.close"))
    return _Left(", ".join(words for words, _ in open_), open_[0][1])


def _spoke_of_kb(event: Event) -> bool:
    return isinstance(event, Counselled) and event.topic == "kb"


# Windows that were missed


class PostnatalVisitMissed(PregnancySign, frozen=True, tag="postnatal-visit-missed"):
    """A window went by without a visit to the mother; not both visited at home and seen by a health worker since."""

    windows: tuple[VisitWindow, ...]

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        return _missed(self.windows, _nifas(pregnancy), pregnancy, done(pregnancy.acts, PostnatalVisited))


class NeonatalVisitMissed(ChildSign, frozen=True, tag="neonatal-visit-missed"):
    """A window went by without a visit to the newborn; not both visited at home and seen by a health worker since."""

    windows: tuple[VisitWindow, ...]

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        return _missed(self.windows, _newborn(child), child, done(child.acts, NeonatalVisited))


def _missed(
    windows: Sequence[VisitWindow], born: Birth | None, person: Person, visits: Sequence[Act]
) -> tuple[Evidence, ...]:
    """One need at a time: the first window that nobody kept or made up for, also where it is still to be missed."""
    if born is None:
        return ()
    homes = done(person.acts, HomeVisited)
    for window in windows:
        if not born.known(window) or born.over(born.until(window)):
            continue
        first, since = born.opens(window).date(), born.last(window) + DAY
        kept = any(first <= visit.on < since for visit in visits)
        seen, met = any(v.on >= since for v in visits), any(h.on >= since for h in homes)
        if kept or (seen and met):
            continue
        left = listed(tuple(words for words, ok in (("kunjungan rumah", met), ("pemeriksaan bidan", seen)) if not ok))
        says = f"{window.visit} terlewat pada {figures.day(born.last(window))}. Sesudah itu belum ada {left}."
        return (replace(rests_on([born.word], says, since=since, key=window.visit), until=born.until(window)),)
    return ()


# Essential care


class NewbornCareMissing(ChildSign, frozen=True, tag="newborn-care-missing"):
    """Care of which it is not known that the newborn got it, nor why not, between two hours after its birth."""

    items: tuple[Care, ...]
    hours: int
    """From so many hours after birth."""
    before: int
    """Until so many hours after birth."""
    days: int
    """After so many days it makes no sense any more to ask."""

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        born = _newborn(child)
        if born is None:
            return ()
        known = birth.cared_for(child)
        left = tuple(item for item in self.items if item not in known)
        until = born.on + self.days * DAY
        if not left or born.registered >= until or born.over(until):
            return ()
        opens = birth.moment(born.on, born.hour, self.hours).replace(tzinfo=zone(born.desa))
        return (
            Evidence(
                says=f"Lahir {figures.day(born.on)}; belum dicatat: {listed(left)}.",
                events=(born.word.version, *(a.version for a in done(child.acts, birth.NewbornCareRecorded))),
                since=opens.date(),
                heard=max(born.word.heard, opens),
                by=birth.moment(born.on, born.hour, self.before).date(),
                until=until,
            ),
        )


class MotherWithoutVitaminA(PregnancySign, frozen=True, tag="mother-without-vitamin-a"):
    """A mother in nifas has not been given so many capsules of vitamin A."""

    capsules: int

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        born = _nifas(pregnancy)
        given = done(pregnancy.acts, VitaminAGiven)
        had = sum(a.event.capsules for a in given if isinstance(a.event, VitaminAGiven))
        if born is None or had >= self.capsules:
            return ()
        says = f"Melahirkan {figures.day(born.on)}; vitamin A nifas baru {had} dari {self.capsules} kapsul."
        return (rests_on([born.word, *given], says, since=born.on),)


# A death


class DeathNotReviewed(PersonSign, frozen=True, tag="death-not-reviewed"):
    """A mother died, a child was born dead or died within so many days of birth, and nobody has reviewed it since."""

    days: int

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        if isinstance(person, Child) and not _died_young(person, self.days):
            return ()
        return tuple(
            rests_on([word], f"{what} {figures.day(word.on)}, belum dilaporkan dan diaudit.", key=whose)
            for whose, word, what in deaths(person)
        )


def _died_young(child: Child, days: int) -> bool:
    return child.born is not None and child.died is not None and child.died < child.born + days * DAY


def deaths(case: Case) -> tuple[tuple[str, Act, str], ...]:
    """Deaths that nobody has reviewed: whose, the word of it, and what happened."""
    reviews = [a.event for a in done(case.acts, DeathReviewed)]
    reviewed = {event.whose for event in reviews if isinstance(event, DeathReviewed)}
    return tuple(death for death in _deaths(case) if death[0] not in reviewed)


def _deaths(case: Case) -> Iterator[tuple[str, Act, str]]:
    match case:
        case Child() if case.born is not None:
            for act in done(case.acts, Died):
                yield "bayi", act, f"Bayi lahir {figures.day(case.born)} meninggal"
        case Pregnancy():
            yield from _deaths_of_birth(case)


def _deaths_of_birth(pregnancy: Pregnancy) -> Iterator[tuple[str, Act, str]]:
    outcome = pregnancy.outcome
    if outcome is not None and _stillbirth(outcome.event):
        yield "bayi", outcome, "Bayi lahir mati"
    closings = (a for a in done(pregnancy.acts, CaseClosed) if _by_death(a.event))
    word = pregnancy.died or next(closings, None)
    if word is not None:
        yield "ibu", word, "Ibu meninggal"


def _stillbirth(event: Event) -> bool:
    return isinstance(event, OutcomeRecorded) and (event.outcome == "lahir-mati" or event.stillborn > 0)


def _by_death(event: Event) -> bool:
    return isinstance(event, CaseClosed) and event.reason == "meninggal"
