"""Signs of a pregnancy: registered, seen in each window, thin, in danger, past its day, its newborns in the book."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from domain import figures
from domain.care import ClinicallyAssessed, DangerSignReported, HomeVisited
from domain.case import Evidence, done
from domain.labels import listed
from domain.pregnancy import Check, OutcomeRecorded, Pregnancy, trimester
from domain.signs.sign import Deed, PregnancySign, Word, answered_until, in_hospital_since, rests_on, rules_out_danger

DAY = timedelta(days=1)


class PregnancyNotRegistered(PregnancySign, frozen=True, tag="pregnancy-not-registered"):
    """A pregnancy is known of and nobody has registered it since."""

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        if pregnancy.registered is not None:
            return ()
        says = f"Kehamilan sudah diketahui sejak {figures.day(pregnancy.first.on)}, tetapi belum didaftarkan."
        return (rests_on([pregnancy.first], says),)


class NoFirstContact(PregnancySign, frozen=True, tag="no-first-contact"):
    """Registered before so many weeks were complete, and not seen once for ANC."""

    weeks: int

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        registered = pregnancy.registered
        if registered is None or pregnancy.start is None or pregnancy.antenatal or pregnancy.delivered:
            return ()
        last = pregnancy.week(self.weeks) - DAY
        if registered.on > last:
            return ()
        says = f"Terdaftar {figures.day(registered.on)}, belum K1; K1 murni paling lambat {figures.day(last)}."
        return (replace(rests_on([registered], says, key="K1"), by=last),)


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """The weeks of gestation in which a contact is to be made, first and last completed week."""

    k: str
    first: int
    last: int
    trimester: int
    nth: int
    """The visit is made when there were so many in its trimester."""


class ContactWindow(PregnancySign, frozen=True, tag="contact-window"):
    """The window of an antenatal contact, until she was seen often enough in that trimester."""

    windows: tuple[Window, ...]

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        return tuple(
            Evidence(
                says=f"Waktunya {w.k}: {figures.day(first)} sampai {figures.day(last)} ({w.first}-{w.last} minggu).",
                events=_visits(pregnancy),
                since=since,
                key=w.k,
                by=last,
                until=_lost(pregnancy, w),
            )
            for w, first, last, since in open_windows(pregnancy, self.windows)
        )


class ContactWindowEnding(PregnancySign, frozen=True, tag="contact-window-ending"):
    """So many days are left in the window of a contact, she was not seen, and nobody has been at her house since."""

    windows: tuple[Window, ...]
    days: int

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        visited = max((v.on for v in done(pregnancy.acts, HomeVisited)), default=date.min)
        found = []
        for w, _, last, since in open_windows(pregnancy, self.windows):
            warned = max(since, last - timedelta(days=self.days))
            if visited < warned:
                says = f"{w.k} belum dilakukan, waktunya habis {figures.day(last)}."
                found.append(
                    Evidence(says=says, events=_visits(pregnancy), since=warned, key=w.k, until=_lost(pregnancy, w))
                )
        return tuple(found)


def open_windows(pregnancy: Pregnancy, windows: tuple[Window, ...]) -> Iterator[tuple[Window, date, date, date]]:
    """The windows that still wait for a visit: first day, last day, and the day from which we could know."""
    registered = pregnancy.registered
    if registered is None or pregnancy.start is None or pregnancy.delivered:
        return
    seen = dict.fromkeys((1, 2, 3), 0)
    for visit in pregnancy.antenatal:
        seen[trimester(pregnancy, visit.on)] += 1
    for w in windows:
        first, last = pregnancy.week(w.first), pregnancy.week(w.last, 6)
        done_already = seen[w.trimester] >= w.nth or (w.trimester == 1 and pregnancy.antenatal)
        if not done_already and registered.on <= last:
            yield w, first, last, max(first, registered.on)


def _lost(pregnancy: Pregnancy, window: Window) -> date | None:
    """The day from which a visit can no longer count for it, since the trimester is over."""
    return pregnancy.week(24) + DAY if window.trimester == 2 else None


def _visits(pregnancy: Pregnancy) -> tuple[int, ...]:
    assert pregnancy.registered is not None
    return (pregnancy.registered.version, *(v.version for v in pregnancy.antenatal))


class ThinMother(PregnancySign, frozen=True, tag="thin-mother"):
    """The arm is thinner than the limit (KEK); not all of `ends` were done since."""

    lila: float
    ends: tuple[Deed, ...]

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        run = thin_arm(pregnancy, self.lila)
        if not run or pregnancy.delivered or run[0].on <= answered_until(pregnancy.acts, self.ends):
            return ()
        arms = ", ".join(f"{figures.cm(c.event.lila or 0)} ({figures.day(c.on)})" for c in run)
        says = f"LILA {arms}, di bawah {figures.cm(self.lila)} (KEK)."
        return (rests_on(run, says, since=run[0].on),)


def thin_arm(pregnancy: Pregnancy, limit: float) -> list[Check]:
    """The checks in a row, up to the newest, that found a thin arm."""
    run: list[Check] = []
    for check in pregnancy.checks:
        if check.event.lila is not None:
            run = [*run, check] if check.event.lila < limit else []
    return run


class MotherInDanger(PregnancySign, frozen=True, tag="mother-in-danger"):
    """Very high blood pressure or a danger sign; neither in hospital since nor ruled out by an examination."""

    systolic: int
    diastolic: int

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        if pregnancy.died is not None:
            return ()
        arrived = in_hospital_since(pregnancy.referrals)
        calm = [a for a in done(pregnancy.acts, ClinicallyAssessed) if rules_out_danger(a)]
        left = [
            (word, why) for word, why in self._dangers(pregnancy)
            if word.on > arrived and not any(a.after(word.on, word.version) for a in calm)
        ]  # fmt: skip
        if not left:
            return ()
        words = [word for word, _ in left]
        says = "; ".join(f"{why} ({figures.day(word.on)})" for word, why in left)
        return (rests_on(words, f"Tanda bahaya pada ibu: {says}.", since=min(w.on for w in words)),)

    def _dangers(self, pregnancy: Pregnancy) -> Iterator[tuple[Word, str]]:
        for check in pregnancy.checks:
            systolic, diastolic = check.event.systolic or 0, check.event.diastolic or 0
            if systolic >= self.systolic or diastolic >= self.diastolic:
                yield check, f"tekanan darah {systolic or '-'}/{diastolic or '-'}"
        for act in done(pregnancy.acts, DangerSignReported):
            if isinstance(act.event, DangerSignReported):
                yield act, listed(act.event.signs)


class PastDueDate(PregnancySign, frozen=True, tag="past-due-date"):
    """So many days after the expected day of birth no outcome is known, and nobody has examined her since."""

    days: int

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        if pregnancy.due is None or pregnancy.registered is None or pregnancy.delivered:
            return ()
        since = pregnancy.due + timedelta(days=self.days)
        if any(a.on >= since for a in done(pregnancy.acts, ClinicallyAssessed)):
            return ()
        says = f"Perkiraan lahir {figures.day(pregnancy.due)} sudah lewat {self.days} hari, belum ada kabar persalinan."
        return (Evidence(says=says, events=(pregnancy.registered.version,), since=since),)


class NewbornNotRegistered(PregnancySign, frozen=True, tag="newborn-not-registered"):
    """More children were born alive than have a case of their own."""

    def found(self, pregnancy: Pregnancy) -> tuple[Evidence, ...]:
        outcome = pregnancy.outcome
        if outcome is None or not isinstance(outcome.event, OutcomeRecorded):
            return ()
        alive, known = outcome.event.alive, len(pregnancy.newborns)
        if known >= alive:
            return ()
        says = f"Lahir hidup {alive} anak {figures.day(outcome.on)}, baru {known} yang terdaftar."
        return (rests_on([outcome], says),)
