"""Signs of a family or a couple about to marry: not screened, at risk, living unhealthily, waiting for help."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal
from uuid import UUID

from domain import figures
from domain.care import Counselled, HomeVisited
from domain.case import Act, Event, Evidence, done
from domain.child import plus_months
from domain.family import (
    ClassJoined,
    CoupleRechecked,
    CoupleScreened,
    Family,
    Help,
    Screened,
    SupportClosed,
    SupportGranted,
    SupportRefused,
    SupportRequested,
)
from domain.labels import label
from domain.signs.sign import FamilySign, rests_on


class CoupleNotScreened(FamilySign, frozen=True, tag="couple-not-screened"):
    """A couple told that it will marry, and nobody has screened it."""

    def found(self, family: Family) -> tuple[Evidence, ...]:
        if not family.couple or done(family.acts, CoupleScreened):
            return ()
        wedding = f", akan menikah {figures.day(family.wedding)}" if family.wedding else ""
        says = f"Calon pengantin terdaftar {figures.day(family.registered.on)}{wedding}, belum ditapis."
        return (rests_on([family.registered], says),)


class CoupleAtRisk(FamilySign, frozen=True, tag="couple-at-risk"):
    """The last screening of a couple found a thin arm, little Hb, a bride too young or too old, or smoking."""

    lila: float
    hb: float
    youngest: int
    oldest: int
    """Years of age at which she is still of a good age to bear a child."""

    def found(self, family: Family) -> tuple[Evidence, ...]:
        screened = done(family.acts, CoupleScreened)
        if not screened or any(a.on >= screened[-1].on for a in done(family.acts, CoupleRechecked)):
            return ()
        why = "; ".join(self._risks(family, screened[-1]))
        if not why:
            return ()
        says = f"Penapisan calon pengantin {figures.day(screened[-1].on)}: {why}."
        return (rests_on([screened[-1]], says),)

    def _risks(self, family: Family, screened: Act) -> Iterator[str]:
        event = screened.event
        assert isinstance(event, CoupleScreened)
        if event.lila is not None and event.lila < self.lila:
            yield f"LILA {figures.cm(event.lila)}"
        if event.hb is not None and event.hb < self.hb:
            yield f"Hb {figures.number(event.hb)}"
        if family.bride_born is not None:
            wedding = family.wedding or screened.on
            if wedding < plus_months(family.bride_born, self.youngest * 12):
                yield f"umur di bawah {self.youngest} tahun"
            if wedding >= plus_months(family.bride_born, (self.oldest + 1) * 12):
                yield f"umur di atas {self.oldest} tahun"
        if event.smoker:
            yield "ada yang merokok"


class FamilyUnvisited(FamilySign, frozen=True, tag="family-unvisited"):
    """A family with somebody who needs care and a risk was not both visited and screened for more than so many days."""

    days: int

    def found(self, family: Family) -> tuple[Evidence, ...]:
        screened = done(family.acts, Screened)
        if family.couple or (screened and not (cared_for(screened[-1]) and any(_risks(screened[-1])))):
            return ()
        visited = [v for v in done(family.acts, HomeVisited) if v.event.found == "bertemu"]  # type: ignore[attr-defined]
        if not screened or not visited:
            lacks = "dikunjungi" if screened else "ditapis" if visited else "dikunjungi dan ditapis"
            says = f"Keluarga terdaftar {figures.day(family.registered.on)}, belum {lacks}."
            return (rests_on([family.registered], says),)
        last = min(screened[-1], visited[-1], key=lambda a: a.on)
        says = (
            f"Keluarga berisiko ({', '.join(_risks(screened[-1]))}); kunjungan dan penapisan lengkap terakhir "
            f"{figures.day(last.on)}, lebih dari {self.days} hari lalu."
        )
        words = list(dict.fromkeys([screened[-1], visited[-1]]))
        return (rests_on(words, says, since=last.on + timedelta(days=self.days + 1)),)


def cared_for(screened: Act) -> bool:
    """Somebody lives there whom the programme is for."""
    event = screened.event
    assert isinstance(event, Screened)
    return bool(event.pregnant or event.under_two or event.under_five)


def _risks(screened: Act) -> Iterator[str]:
    event = screened.event
    assert isinstance(event, Screened)
    if event.latrine in ("tidak-layak", "tidak-ada"):
        yield "jamban"
    if event.water == "tidak-aman":
        yield "air minum"
    if event.smoker:
        yield "asap rokok"
    if event.poor:
        yield "kurang mampu"
    if event.too_many:
        yield "4 terlalu"


class FamilyLacks(FamilySign, frozen=True, tag="family-lacks"):
    """A screening found that a family with somebody who needs care lacks something; not asked for or given since."""

    AFTER = frozenset({Screened})

    what: Help
    ends: tuple[Literal["requested", "granted"], ...]
    """What answers it: a request, or help itself."""

    def found(self, family: Family) -> tuple[Evidence, ...]:
        told = [a for a in done(family.acts, Screened) if _known(a, self.what)]
        if not told or not cared_for(told[-1]) or not _lacks(told[-1], self.what):
            return ()
        answers = [a for end in self.ends for a in done(family.acts, _ENDS[end]) if a.event.what == self.what]  # type: ignore[attr-defined]
        if any(a.on >= told[-1].on for a in answers):
            return ()
        first = _run(told, self.what)
        says = f"Keluarga belum punya {_CALLED[self.what]} (penapisan {figures.day(told[-1].on)})."
        return (rests_on([*dict.fromkeys([first, told[-1]])], says, since=first.on),)


def _run(told: list[Act], what: Help) -> Act:
    """The first of the screenings in a row, up to the newest, that found it lacking."""
    first = told[-1]
    for act in reversed(told):
        if not _lacks(act, what):
            break
        first = act
    return first


def _known(screened: Act, what: Help) -> bool:
    return _value(screened, what) is not None


def _lacks(screened: Act, what: Help) -> bool:
    value = _value(screened, what)
    return value in ("tidak-layak", "tidak-ada", "tidak-aman", False)


def _value(screened: Act, what: Help) -> object:
    event = screened.event
    assert isinstance(event, Screened)
    match what:
        case "jamban":
            return event.latrine
        case "air":
            return event.water
        case "jkn":
            return event.jkn
        case "bantuan-sosial":
            return None if event.poor is None else (event.aid if event.poor else True)
    return None


_ENDS: dict[str, type[Event]] = {"requested": SupportRequested, "granted": SupportGranted}
_CALLED: dict[str, str] = {
    "jamban": "jamban sehat", "air": "air minum yang aman", "jkn": "kartu JKN yang aktif",
    "bantuan-sosial": "PKH atau sembako, padahal kurang mampu",
}  # fmt: skip


class SmokeAtHome(FamilySign, frozen=True, tag="smoke-at-home"):
    """Somebody smokes where a pregnant woman or a child under two lives, and nobody has talked about it since."""

    AFTER = frozenset({Screened})

    def found(self, family: Family) -> tuple[Evidence, ...]:
        told = [a for a in done(family.acts, Screened) if a.event.smoker is not None]  # type: ignore[attr-defined]
        if not told:
            return ()
        event = told[-1].event
        assert isinstance(event, Screened)
        talked = [a for a in done(family.acts, Counselled) if a.event.topic == "rokok"]  # type: ignore[attr-defined]
        harmed = event.pregnant or event.under_two
        if not event.smoker or not harmed or any(a.on >= told[-1].on for a in talked):
            return ()
        says = f"Ada perokok di rumah ibu hamil atau anak di bawah dua tahun (penapisan {figures.day(told[-1].on)})."
        return (rests_on([told[-1]], says),)


class NotInClass(FamilySign, frozen=True, tag="not-in-class"):
    """The mother of a child under two attends no class for parents."""

    AFTER = frozenset({Screened})

    def found(self, family: Family) -> tuple[Evidence, ...]:
        told = [a for a in done(family.acts, Screened) if a.event.in_class is not None]  # type: ignore[attr-defined]
        if not told or told[-1].event.in_class or not told[-1].event.under_two:  # type: ignore[attr-defined]
            return ()
        if any(a.on >= told[-1].on for a in done(family.acts, ClassJoined)):
            return ()
        says = (
            f"Ibu anak di bawah dua tahun belum ikut BKB atau kelas ibu balita (penapisan {figures.day(told[-1].on)})."
        )
        return (rests_on([told[-1]], says),)


class HelpWithoutMoney(FamilySign, frozen=True, tag="help-without-money"):
    """Help asked for was refused for lack of money, or not given for more than so many days; no donor's help since."""

    AFTER = frozenset({SupportRequested})

    days: int

    def found(self, family: Family) -> tuple[Evidence, ...]:
        return tuple(e for asked in done(family.acts, SupportRequested) for e in self._of(family, asked))

    def _of(self, family: Family, asked: Act) -> Iterator[Evidence]:
        request = asked.event
        assert isinstance(request, SupportRequested)
        if request.of == "donatur" and not _refusals(family, request.support):
            return
        given = [a for a in done(family.acts, SupportGranted) if _answers(a, request)]
        donated = [a for a in given if a.event.source == "donatur"]  # type: ignore[attr-defined]
        if len(given) > len(donated):
            return
        if donated and any(_answers(a, request) for a in done(family.acts, SupportClosed)):
            return
        refused = _refusals(family, request.support)
        what = label(request.what)
        if donated:
            says = f"Bantuan donatur untuk {what} diberikan {figures.day(donated[-1].on)}, pemakaiannya belum dicatat."
            yield rests_on([asked, donated[-1]], says, since=donated[-1].on, key=str(request.support))
        elif refused:
            says = f"Permintaan {what} ({figures.day(asked.on)}) tidak dapat didanai."
            yield rests_on([asked, refused[0]], says, since=refused[0].on, key=str(request.support))
        else:
            since = asked.on + timedelta(days=self.days + 1)
            says = f"Permintaan {what} ({figures.day(asked.on)}) belum terpenuhi lebih dari {self.days} hari."
            yield rests_on([asked], says, since=since, key=str(request.support))


def _refusals(family: Family, support: UUID) -> list[Act]:
    refused = done(family.acts, SupportRefused)
    return [a for a in refused if a.event.support == support and a.event.reason == "tanpa-dana"]  # type: ignore[attr-defined]


def _answers(act: Act, request: SupportRequested) -> bool:
    """It names this request, or names none and is about the same thing on that day or later."""
    event = act.event
    assert isinstance(event, SupportGranted | SupportClosed)
    return event.support == request.support or (
        event.support is None and event.what == request.what and act.on >= request.on
    )
