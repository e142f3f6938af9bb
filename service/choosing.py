"""Which events belong into an evidence pack, and which of them its reader may not see.

Restricted facts (HIV, syphilis, HBsAg) reach nobody but health workers. In the story of a case for the inspectorate
they are digests without content, since a story with silent gaps proves nothing. Everybody else gets no whole stories of
persons, only PMT cycles and quarters, where most events are left out anyway: there nothing tells that they exist.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta, timezone
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import Connection

from domain import child, desa, oversight, pmt, pregnancy, referral, words
from domain.case import NAKES, Corrected, Event, Recorded, Retracted, Role
from projections import evidence as stored
from projections import log

Conn = Connection[Any]

STORIES: frozenset[Role] = NAKES | {"inspektorat"}
"""Who may have the whole story of a person, of cases they may open."""

CYCLES: frozenset[Role] = STORIES | {"desa", "kecamatan", "kabupaten"}
"""Who may have a PMT cycle or a quarter of their own places."""

CASES_AT_ONCE = 200
LATE_DAYS = 7
"""Days between the field and the log from which on an entry counts as late (V09)."""


class Chosen(Struct, frozen=True):
    """The events of a pack, by their positions, rising; and what it is about."""

    about: Mapping[str, str]
    title: str
    positions: Sequence[int]
    editions: frozenset[str] = frozenset()
    secret: frozenset[int] = frozenset()
    """Positions of which the reader gets the digest only."""
    cases: tuple[UUID, ...] = ()
    """Cases of persons or families that are in it: that they were read is noted."""
    figures: tuple[tuple[str, str], ...] = ()
    """What it comes to, in the words of the field."""


def case(number: UUID, story: Sequence[Recorded], role: Role) -> Chosen:
    """The whole story of a case."""
    hidden = words.withheld(story, role)
    return Chosen(
        {"kind": "kasus", "case": str(number)},
        "Riwayat satu kasus",
        [_position(r) for r in story],
        frozenset(r.by.edition for r in story if r.version not in hidden),
        frozenset(_position(r) for r in story if r.version in hidden),
        (number,),
    )


def cycle(number: UUID, story: Sequence[Recorded], nth: int, role: Role) -> Chosen | None:
    """One PMT cycle with what it rests on: who it was for, the weights, the decision; None where there is none."""
    of_it = [r for r in story if isinstance(r.event, pmt.EVENTS) and getattr(r.event, "cycle", nth) == nth]
    days = [r.event.on for r in of_it if not isinstance(r.event, pmt.BESIDE)]
    if not days:
        return None

    def belongs(r: Recorded) -> bool:
        if isinstance(r.event, pmt.BESIDE):
            return bool(min(days) <= r.event.on <= max(days))
        return r in of_it or (isinstance(r.event, _RESTS_ON) and bool(r.event.on <= max(days)))

    found = _seen(story, belongs, role)
    given = [r for r in found if isinstance(r.event, pmt.PmtGiven)]
    return _chosen(
        {"kind": "pmt", "case": str(number), "cycle": str(nth)},
        f"Siklus PMT ke-{nth} dari satu kasus",
        found,
        (
            ("Hari pertama dan terakhir", f"{words.day(min(days))} sampai {words.day(max(days))}"),
            ("Porsi diberikan", f"{len({r.event.on for r in given})} hari"),
            ("Hari tanpa porsi", f"{len({r.event.on for r in found if isinstance(r.event, pmt.PmtMissed)})} hari"),
            ("Minggu dicocokkan dengan kuitansi", str(_count(found, pmt.PmtReconciled))),
        ),
        (number,),
    )


_RESTS_ON = (
    child.Reported, child.Registered, pregnancy.Reported, pregnancy.Registered, child.Measured, pregnancy.Measured,
    child.MeasurementVerified,
)  # fmt: skip


class Days(Struct, frozen=True):
    """From one day to another, both with it, by the clock of the place."""

    first: date
    last: date
    clock: timezone

    def hold(self, recorded: Recorded) -> bool:
        """It happened in these days, or we heard of it in them."""
        heard = recorded.by.recorded_at.astimezone(self.clock).date()
        return self.first <= recorded.event.on <= self.last or self.first <= heard <= self.last


def quarter(year: int, nth: int, clock: timezone) -> Days:
    """The days of a quarter of a year."""
    first = date(year, 3 * nth - 2, 1)
    after = date(year + 1, 1, 1) if nth == 4 else date(year, 3 * nth + 1, 1)
    return Days(first, after - timedelta(days=1), clock)


def quarter_named(text: str, clock: timezone) -> Days | None:
    """The same of `2026-3`; None where it is written otherwise."""
    found = re.fullmatch(r"(20\d\d)-([1-4])", text, re.ASCII)
    return None if found is None else quarter(int(found[1]), int(found[2]), clock)


def desa_quarter(conn: Conn, schema: str, code: str, days: Days, role: Role) -> Chosen:
    """What a desa did in a quarter, and what was done for the cases that belong to it."""
    kinds = None if role in STORIES else OF_OFFICES
    own = log.stories(conn, schema, [desa.number(code)])
    found = [r for story in own.values() for r in story if days.hold(r)]
    cases = _of_cases(
        conn, schema, {code}, lambda r: days.hold(r) and (kinds is None or isinstance(r.event, kinds)), role
    )
    return _chosen(
        {"kind": "desa-triwulan", "desa": code, "first": days.first.isoformat(), "last": days.last.isoformat()},
        f"Desa, {words.day(days.first)} sampai {words.day(days.last)}",
        [*found, *cases],
        _figures([*found, *cases], days),
        _persons(cases),
    )


OF_OFFICES: tuple[type[Event], ...] = (
    *pmt.EVENTS, child.Reported, child.Registered, child.Measured, child.AbsenceRecorded, pregnancy.Reported,
    pregnancy.Registered, pregnancy.Measured, referral.ReferralSent, referral.ReferralAccepted,
    referral.ReferralArrived, referral.ReferralNoShow, referral.ReferralCancelled,
)  # fmt: skip
"""What is told of persons to desa and offices: weighed, fed, sent; nothing that a health worker found."""


_ASKED: Mapping[str, tuple[type[Event], ...]] = {
    "makanan-tambahan": (
        *pmt.EVENTS, desa.MenuPlanned, desa.MenuApproved, desa.IncidentReported, desa.IncidentClosed,
    ),
    "anggaran": (
        desa.BudgetRecorded, desa.RembukHeld, desa.SpendingRecorded, desa.SpendingReconciled, desa.PlanRecorded,
    ),
    "data-bulan": (
        desa.MonthClosed, desa.ScorecardSubmitted, oversight.ExportCompared, oversight.DifferenceResolved,
        oversight.ImportRowsRejected, oversight.ImportRowsResolved,
    ),
    "sesi-posyandu": (
        desa.SessionHeld, desa.SessionCancelled, desa.EquipmentChecked, desa.KaderCounted, child.Measured,
        child.AbsenceRecorded,
        pregnancy.Measured,
    ),
    "rujukan": referral.EVENTS,
    "lainnya": (*desa.EVENTS, *oversight.EVENTS),
}  # fmt: skip
"""What answers a request for evidence, by what was asked for."""


def answer(
    conn: Conn, schema: str, unit: str, below: Collection[str], request: UUID, clock: timezone, role: Role
) -> Chosen | None:
    """What an inspector asked a unit for, out of its own story and those below it; None where nothing was asked so."""
    own = log.stories(conn, schema, [desa.number(code) for code in {unit, *below}])
    story = own[desa.number(unit)]
    asked = next((r for r in story if _asks(r, request)), None)
    if asked is None:
        return None
    event: oversight.EvidenceRequested = asked.event
    days = Days(event.first or date.min, event.last or date.max, clock)
    kinds = tuple({kind for what in event.what for kind in _ASKED[what]})
    of_persons = tuple(kind for kind in kinds if role in STORIES or kind in OF_OFFICES)
    found = [r for told in own.values() for r in told if isinstance(r.event, kinds) and days.hold(r)]
    found = [asked, *(r for r in found if r is not asked)]
    cases = _of_cases(conn, schema, below, lambda r: isinstance(r.event, of_persons) and days.hold(r), role)
    about = {"kind": "permintaan", "unit": unit, "request": str(request), "letter": event.letter}
    return _chosen(about, f"Jawaban atas permintaan bukti {event.letter}", [*found, *cases], (), _persons(cases))


def _asks(recorded: Recorded, request: UUID) -> bool:
    return isinstance(recorded.event, oversight.EvidenceRequested) and recorded.event.request == request


def book(conn: Conn, schema: str, size: int, role: Role, progress: Callable[[int], None] = lambda _: None) -> Chosen:
    """The whole log up to a size."""
    secret: set[int] = set()
    editions: set[str] = set()
    for some in log.all_stories(conn, schema):
        for story in some.values():
            hidden = words.withheld(story, role)
            secret |= {_position(r) for r in story if r.version in hidden}
            editions |= {r.by.edition for r in story}
        progress(sum(map(len, some.values())))
    return Chosen({"kind": "buku"}, "Buku seutuhnya", range(1, size + 1), frozenset(editions), frozenset(secret))


# Of many cases


def _of_cases(
    conn: Conn, schema: str, places: Collection[str], belongs: Callable[[Recorded], bool], role: Role
) -> list[Recorded]:
    """Events of the cases of these desa, as far as the reader may know of them at all."""
    numbers = stored.cases_in(conn, schema, places)
    found: list[Recorded] = []
    for first in range(0, len(numbers), CASES_AT_ONCE):
        for story in log.stories(conn, schema, numbers[first : first + CASES_AT_ONCE]).values():
            found += _seen(story, belongs, role)
    return found


def _seen(story: Sequence[Recorded], belongs: Callable[[Recorded], bool], role: Role) -> list[Recorded]:
    """Those that belong and what mends them, without what is hidden from the reader and without a trace of it."""
    hidden = words.withheld(story, role)
    chosen = {r.version for r in story if r.version not in hidden and belongs(r)}
    return [r for r in story if r.version in chosen or (r.version not in hidden and _mends(r, chosen))]


def _mends(recorded: Recorded, chosen: Collection[int]) -> bool:
    return isinstance(recorded.event, Corrected | Retracted) and recorded.event.version in chosen


def _chosen(
    about: Mapping[str, str],
    title: str,
    found: Iterable[Recorded],
    figures: tuple[tuple[str, str], ...],
    cases: tuple[UUID, ...],
) -> Chosen:
    told = {_position(r): r.by.edition for r in found}
    return Chosen(about, title, sorted(told), frozenset(told.values()), frozenset(), cases, figures)


def _figures(found: Sequence[Recorded], days: Days) -> tuple[tuple[str, str], ...]:
    """Counts anybody can make again from the events of the pack."""
    held = [r.event for r in found if isinstance(r.event, desa.SessionHeld)]
    happened = Counter(type(r.event) for r in found if days.first <= r.event.on <= days.last)
    return (
        ("Kejadian", str(len(found))),
        ("Kasus yang disebut", str(len(_persons(found)))),
        ("Hari buka posyandu", str(len(held))),
        (
            "Sasaran / ditimbang (S / D), jumlah semua hari buka",
            f"{_sum(held, 'registered')} / {_sum(held, 'weighed')}",
        ),
        ("Penimbangan anak", str(happened[child.Measured])),
        ("Hari PMT diberikan / tidak diberikan", f"{happened[pmt.PmtGiven]} / {happened[pmt.PmtMissed]}"),
        (f"Dicatat lebih dari {LATE_DAYS} hari sesudah terjadi", str(sum(_late(r, days) for r in found))),
    )


def _sum(events: Iterable[Any], name: str) -> int:
    return sum(getattr(event, name) for event in events)


def _late(recorded: Recorded, days: Days) -> bool:
    heard = recorded.by.recorded_at.astimezone(days.clock).date()
    return bool((heard - recorded.event.on).days > LATE_DAYS)


def _count(found: Iterable[Recorded], kind: type[Event]) -> int:
    return sum(isinstance(r.event, kind) for r in found)


def _persons(found: Iterable[Recorded]) -> tuple[UUID, ...]:
    units = (*desa.EVENTS, *oversight.EVENTS)
    return tuple(sorted({r.case for r in found if not isinstance(r.event, units)}))


def _position(recorded: Recorded) -> int:
    assert recorded.position is not None, "what stands in the log has a position"
    return recorded.position
