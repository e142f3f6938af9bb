"""Signs about what a family asks of what is kept of it: requests, consent taken back, and being forgotten."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from domain import figures
from domain.case import PERSONS, Act, Case, Evidence, done
from domain.erasure import ErasureDecided, to_erase, unanswered
from domain.labels import label
from domain.person import ConsentWithdrawn, DataRequestReceived, ProcessingRestricted
from domain.signs.sign import Sign, rests_on

if TYPE_CHECKING:
    from domain.chart import Chart


class RightSign(Sign, frozen=True):
    """A sign of a child, a mother or a family: whoever can be named in a case may ask."""

    OF = PERSONS | {"family"}

    def seen(self, case: Case, chart: Chart) -> tuple[Evidence, ...]:
        return self.of(case)

    def of(self, case: Case) -> tuple[Evidence, ...]:
        raise NotImplementedError


class DataRequestOpen(RightSign, frozen=True, tag="data-request-open"):
    """The family asked what is kept of it or to have it changed, and has no answer."""

    AFTER = frozenset({DataRequestReceived})

    def of(self, case: Case) -> tuple[Evidence, ...]:
        return tuple(_asked(act) for act in unanswered(case))


def _asked(act: Act) -> Evidence:
    event = act.event
    assert isinstance(event, DataRequestReceived)
    says = f"Keluarga meminta {label(event.asks)} data {figures.day(act.on)}, belum dijawab."
    form = "person.decide-erasure" if event.asks == "menghapus" else ""
    return rests_on([act], says, key=str(event.request), form=form)


class ErasureAgreed(RightSign, frozen=True, tag="erasure-agreed"):
    """It was decided that the family is to be forgotten, and nobody has carried it out."""

    AFTER = frozenset({ErasureDecided})

    def of(self, case: Case) -> tuple[Evidence, ...]:
        return tuple(
            rests_on(
                [asked, decided],
                f"Keluarga meminta dihapus {figures.day(asked.on)}; diputuskan {figures.day(decided.on)}.",
                key=str(asked.event.request),  # type: ignore[attr-defined]
                since=asked.on,
            )
            for asked, decided in to_erase(case)
        )


class ConsentTakenBack(RightSign, frozen=True, tag="consent-taken-back"):
    """An agreement was taken back or restriction decided, and what the law does not demand has not been stopped."""

    AFTER = frozenset({ConsentWithdrawn, ErasureDecided})

    def of(self, case: Case) -> tuple[Evidence, ...]:
        stopped = max((a.on for a in done(case.acts, ProcessingRestricted)), default=date.min)
        left = [a for a in done(case.acts, ConsentWithdrawn) if a.on > stopped]
        if left:
            what = ", ".join(dict.fromkeys(label(a.event.to) for a in left))  # type: ignore[attr-defined]
            return (rests_on(left, f"Persetujuan ditarik: {what}.", since=left[0].on),)
        decided = [a for a in done(case.acts, ErasureDecided) if a.event.decision == "batasi"]  # type: ignore[attr-defined]
        settled = max((a.version for a in done(case.acts, ProcessingRestricted)), default=0)
        decided = [a for a in decided if a.version > settled]
        if not decided:
            return ()
        on = figures.day(decided[0].on)
        return (rests_on(decided, f"Diputuskan {on}: data tidak dihapus, pemakaiannya dibatasi.", since=decided[0].on),)
