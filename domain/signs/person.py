"""Signs about whose a case is and what is kept of it: transfers, duplicates, conflicts, late entries, NIK."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec.structs import replace

from domain import figures
from domain.care import HomeVisited
from domain.case import Corrected, Evidence, Retracted, Role, done, zone
from domain.child import AbsenceRecorded, Child, Identified, Moved, Registered
from domain.emergency import EmergencyOpened, unreviewed
from domain.labels import ROLES, label
from domain.person import (
    DuplicateSuspected,
    LateEntryExplained,
    Person,
    RecordsAbsorbed,
    RecordsDeclaredDistinct,
    TransferAccepted,
    TransferRefused,
    TransferRequested,
    open_transfer,
)
from domain.pregnancy import Pregnancy
from domain.signs.sign import ChildSign, PersonSign, Word, rests_on

if TYPE_CHECKING:
    from domain.chart import Chart


class MovedAwayUntold(ChildSign, frozen=True, tag="moved-away-untold"):
    """A visit or an absence says that the family moved; the case has not followed it."""

    AFTER = frozenset({HomeVisited, AbsenceRecorded})

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        gone = [a for a in done(child.acts, HomeVisited) if a.event.found == "pindah"]  # type: ignore[attr-defined]
        gone += [a for a in done(child.acts, AbsenceRecorded) if a.event.reason == "pindah"]  # type: ignore[attr-defined]
        settled = [a for kind in (Moved, TransferAccepted, TransferRefused) for a in done(child.acts, kind)]
        seen = [w.on for w in child.weighings if w.context in ("posyandu", "kunjungan", "sweeping")]
        last = max([*(a.on for a in settled), *seen], default=date.min)
        left = [a for a in gone if a.on > last]
        if not left:
            return ()
        first = min(left, key=lambda a: (a.on, a.version))
        return (rests_on([first], f"Keluarga diketahui pindah {figures.day(first.on)}, kasus belum dipindahkan."),)


class TransferUnanswered(PersonSign, frozen=True, tag="transfer-unanswered"):
    """A transfer was asked for, and nobody has accepted or refused it."""

    AFTER = frozenset({TransferRequested})

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        asked = open_transfer(person)
        if asked is None:
            return ()
        first = min((a for a in done(person.acts, TransferRequested) if a.on >= asked.on), key=lambda a: a.version)
        request = asked.event
        assert isinstance(request, TransferRequested)
        if request.offer:  # the answer is owed where the case may go
            says = f"Kasus ini ditawarkan ke posyandu Anda {figures.day(first.on)}, belum dijawab."
            return (replace(rests_on([first], says), desa=request.desa, place=request.posyandu),)
        return (rests_on([first], f"Pindah ke posyandu lain diminta {figures.day(first.on)}, belum dijawab."),)


class SuspectedTwice(PersonSign, frozen=True, tag="suspected-twice"):
    """Another case may be the same person for one of these reasons, and nobody has decided."""

    AFTER = frozenset({DuplicateSuspected})

    why: tuple[Literal["nik", "nik-ibu", "nama"], ...]

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        settled = {
            a.event.other  # type: ignore[attr-defined]
            for kind in (RecordsDeclaredDistinct, RecordsAbsorbed)
            for a in done(person.acts, kind)
        }
        found: dict[str, Evidence] = {}
        for act in done(person.acts, DuplicateSuspected):
            event = act.event
            assert isinstance(event, DuplicateSuspected)
            if event.why in self.why and event.other not in settled:
                says = f"Mungkin tercatat dua kali ({label(event.why)} sama), diketahui {figures.day(act.on)}."
                found.setdefault(str(event.other), rests_on([act], says, key=str(event.other)))
        return tuple(found.values())


class MeasuredTwice(PersonSign, frozen=True, tag="measured-twice"):
    """Two people measured somebody on one day and came to different values, and nobody has chosen."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        form = "pregnancy.resolve-conflict" if isinstance(person, Pregnancy) else ""
        return tuple(
            rests_on([one, other], _disagree(one, other), key=one.on.isoformat(), form=form)
            for one, other in _disagreements(person)
        )


def disputed(person: Person) -> tuple[Taken, ...]:
    """Every measurement that another of its day contradicts: one of the day is to be chosen."""
    return tuple(dict.fromkeys(one for both in _disagreements(person) for one in both))


class Taken(NamedTuple):
    """What somebody measured on a day, as far as it does not change within one."""

    on: date
    version: int
    heard: datetime
    actor: str
    role: Role
    kg: float | None
    cm: float | None
    lila: float | None

    @property
    def says(self) -> str:
        """The values, as people say them."""
        parts = (
            figures.kg(self.kg) if self.kg is not None else "",
            figures.cm(self.cm) if self.cm is not None else "",
            f"LILA {figures.cm(self.lila)}" if self.lila is not None else "",
        )
        return " ".join(part for part in parts if part)

    def differs(self, other: Taken) -> bool:
        both = ((self.kg, other.kg), (self.cm, other.cm), (self.lila, other.lila))
        return any(a is not None and b is not None and a != b for a, b in both)


def _disagreements(person: Person) -> Iterator[tuple[Taken, Taken]]:
    for one, other in pairwise(_taken(person)):
        if one.on == other.on and one.actor != other.actor and one.differs(other):
            yield one, other


def _taken(person: Person) -> Iterator[Taken]:
    if isinstance(person, Child):
        for w in person.weighings:
            yield Taken(w.on, w.version, w.heard, w.actor, w.role, w.kg, w.cm, w.lila)
    elif isinstance(person, Pregnancy):
        for c in person.checks:
            yield Taken(c.on, c.version, c.heard, c.actor, c.role, c.event.kg, None, c.event.lila)


def _disagree(one: Taken, other: Taken) -> str:
    return f"Dua orang mengukur pada {figures.day(one.on)} dan angkanya berbeda: {one.says} dan {other.says}."


class EmergencyUnreviewed(PersonSign, frozen=True, tag="emergency-unreviewed"):
    """Somebody from elsewhere opened the case in an emergency, and nobody has looked into whether there was one."""

    AFTER = frozenset({EmergencyOpened})

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        return tuple(
            rests_on(
                [a],
                f"Dibuka {ROLES[a.role]} dari tempat lain {figures.day(a.on)}, alasan: {label(a.event.reason)}.",  # type: ignore[attr-defined]
                key=str(a.event.emergency),  # type: ignore[attr-defined]
            )
            for a in unreviewed(person)
        )


class NikDoubtful(ChildSign, frozen=True, tag="nik-doubtful"):
    """The file it came from had a masked or wrong NIK, and nobody has looked into it since."""

    def found(self, child: Child, chart: Chart) -> tuple[Evidence, ...]:
        if not child.nik_doubtful or child.nik or child.registered is None or done(child.acts, Identified):
            return ()
        says = f"NIK dalam berkas ({figures.day(child.registered.on)}) disamarkan atau keliru."
        return (rests_on([child.registered], says),)


class LateEntry(PersonSign, frozen=True, tag="late-entry"):
    """Something was entered by one of these roles more than so many days after its day, and nobody has said why."""

    days: int
    roles: tuple[Role, ...]

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        perhaps = [word for word, role in self._words(person) if role in self.roles and self._perhaps(word)]
        if not perhaps:
            return ()
        clock = zone(person.desa)
        explained = max((a.on for a in done(person.acts, LateEntryExplained)), default=date.min)
        late: list[tuple[date, Word]] = []
        for word in perhaps:
            told = word.heard.astimezone(clock).date()
            if told - word.on > timedelta(days=self.days) and told > explained:
                late.append((told, word))
        if not late:
            return ()
        first = min(told for told, _ in late)
        words = [word for told, word in late if (told.year, told.month) == (first.year, first.month)]
        days = ", ".join(dict.fromkeys(figures.day(word.on) for word in words))
        evidence = rests_on(words, f"Dicatat lebih dari {self.days} hari sesudah kejadian: {days}.", since=first)
        return (evidence,)

    def _perhaps(self, word: Word) -> bool:
        """It may be late in some time zone; to know in which is dear, and hardly any word is."""
        return word.heard.toordinal() - word.on.toordinal() >= self.days

    def _words(self, person: Person) -> Iterator[tuple[Word, Role]]:
        for act in person.acts:
            if type(act.event) not in _MENDING:
                yield act, act.role
        if isinstance(person, Child):
            yield from ((w, w.role) for w in person.weighings if w.context != "impor")
            registered = person.registered
            if registered is not None and not _from_file(registered.event):
                yield registered, registered.role
        elif isinstance(person, Pregnancy):
            yield from ((check, check.role) for check in person.checks)
            yield from ((visit, visit.role) for visit in person.antenatal)


_MENDING = frozenset({Corrected, Retracted})
"""Mending is never too late."""


def _from_file(event: object) -> bool:
    return isinstance(event, Registered) and event.born_from == "impor"
