"""Signs of a referral that stands still: not answered, not arrived, no result, no plan after it came back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from domain import figures
from domain.care import ClinicallyAssessed, HomeVisited
from domain.case import Evidence, done
from domain.labels import label
from domain.person import Person
from domain.referral import EXPECTED, THERE, WAITING, NoShowReason, Reach, Referral
from domain.signs.sign import PersonSign, rests_on

if TYPE_CHECKING:
    from domain.chart import Chart


class ReferralSign(PersonSign, frozen=True):
    """A sign that every referral of a case is asked for; each is a task of its own."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        return tuple(e for r in person.referrals for e in self.each(r))

    def each(self, referral: Referral) -> Iterator[Evidence]:
        raise NotImplementedError


class ReferralUnanswered(ReferralSign, frozen=True, tag="referral-unanswered"):
    """Made, not urgent, and neither accepted nor rejected nor arrived."""

    def each(self, referral: Referral) -> Iterator[Evidence]:
        if referral.state in WAITING and not referral.urgent:
            asked = referral.asked
            how = "Dialihkan" if asked.state == "dialihkan" else "Dirujuk"
            says = f"{how} {figures.day(asked.on)} karena {label(referral.reason)}, belum dijawab penerima."
            yield rests_on([asked], says, key=str(referral.id), branch=_kind(referral))


class ReferralNotArrived(ReferralSign, frozen=True, tag="referral-not-arrived"):
    """Accepted, or agreed on anew, and the planned day went by."""

    days: int
    """Where no day was planned: so many days after it was accepted."""

    def each(self, referral: Referral) -> Iterator[Evidence]:
        last = referral.last
        planned = _planned(referral, last, self.days)
        if planned is None:
            return
        says = f"Rujukan ditunggu paling lambat {figures.day(planned)}, pasien belum tercatat tiba."
        yield rests_on([last], says, since=planned + timedelta(days=1), key=str(referral.id))


def _planned(referral: Referral, last: Reach, days: int) -> date | None:
    if referral.state == "diterima":
        return referral.planned or last.on + timedelta(days=days)
    if referral.state == "tidak-datang" and referral.planned is not None and referral.planned > last.on:
        return referral.planned
    return None


class ReferralWithoutResult(ReferralSign, frozen=True, tag="referral-without-result"):
    """The patient arrived and nothing came back."""

    def each(self, referral: Referral) -> Iterator[Evidence]:
        if referral.state in THERE:
            arrived = referral.reached("tiba") or referral.last
            says = f"Pasien tiba di tempat rujukan {figures.day(arrived.on)}, hasilnya belum ada."
            yield rests_on([arrived], says, key=str(referral.id))


class ReferralReturned(ReferralSign, frozen=True, tag="referral-returned"):
    """Sent back, and nobody has planned who does what."""

    def each(self, referral: Referral) -> Iterator[Evidence]:
        if referral.state == "rujuk-balik":
            control = f", kontrol {figures.day(referral.control)}" if referral.control else ""
            says = f"Rujuk balik {figures.day(referral.last.on)}{control}, tindak lanjut belum direncanakan."
            yield rests_on([referral.last], says, key=str(referral.id))


def _kind(referral: Referral) -> str:
    return "masyarakat" if referral.kind == "masyarakat" else ""


class ReferralUrgent(ReferralSign, frozen=True, tag="referral-urgent"):
    """An emergency that was sent and has not arrived."""

    def each(self, referral: Referral) -> Iterator[Evidence]:
        if referral.urgent and referral.state in EXPECTED:
            made = referral.made
            says = f"Rujukan darurat dibuat {figures.day(made.on)} karena {label(referral.reason)}, belum tiba."
            yield rests_on([made], says, key=str(referral.id))


class ReferralHindered(ReferralSign, frozen=True, tag="referral-hindered"):
    """The patient did not go for one of these reasons, and no new day was agreed."""

    reasons: tuple[NoShowReason, ...]

    def each(self, referral: Referral) -> Iterator[Evidence]:
        last = referral.last
        waits = referral.planned is not None and referral.planned > last.on
        if referral.state == "tidak-datang" and referral.no_show in self.reasons and not waits:
            says = f"Tidak datang ke tempat rujukan {figures.day(last.on)}: {label(referral.no_show)}."
            yield rests_on([last], says, key=str(referral.id))


class ReferralRejected(ReferralSign, frozen=True, tag="referral-rejected"):
    """The receiver could not take the patient, and nobody has referred elsewhere or cancelled."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        newest = max((r.made.version for r in person.referrals), default=0)
        return tuple(
            rests_on([r.last], f"Rujukan ditolak {figures.day(r.last.on)}, tujuan lain belum ada.", key=str(r.id))
            for r in person.referrals
            if r.state == "ditolak" and newest < r.last.version
        )


class FollowUpUndone(PersonSign, frozen=True, tag="follow-up-undone"):
    """A follow-up was planned after a counter-referral, and nobody has been at the house since."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        visited = [v.on for v in done(person.acts, HomeVisited) if v.event.found in ("bertemu", "sakit")]  # type: ignore[attr-defined]
        return tuple(
            rests_on(
                [r.last],
                f"Tindak lanjut rujukan direncanakan {figures.day(r.last.on)}, belum dikunjungi di rumah.",
                key=str(r.id),
            )
            for r in person.referrals
            if r.state == "tindak-lanjut" and not any(on >= r.last.on for on in visited)
        )


class ControlMissed(PersonSign, frozen=True, tag="control-missed"):
    """The day of a control visit went by, and nobody has examined or visited the patient since."""

    def of(self, person: Person, chart: Chart) -> tuple[Evidence, ...]:
        seen = [a.on for kind in (ClinicallyAssessed, HomeVisited) for a in done(person.acts, kind)]
        return tuple(
            rests_on(
                [r.last],
                f"Hari kontrol {figures.day(r.control)} sudah lewat, belum ada kabar.",
                since=r.control + timedelta(days=1),
                key=str(r.id),
            )
            for r in person.referrals
            if r.control is not None
            and r.state in ("rujuk-balik", "tindak-lanjut", "tutup")
            and not any(on >= r.control for on in seen)
        )
