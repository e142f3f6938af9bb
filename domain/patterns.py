"""Patterns in entries that call for a question. Each knows its own numbers, and answers with a finding or with nothing.

What honest work looks like was thought of first: a phone delivers a week's entries at once, a sheet makes thirty
entries of one day in one second, a kader types today's session late at night, a scale shows half kilograms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain import stories
from domain.case import SYSTEM, Recorded, Story
from domain.child import Child, Weighing
from domain.desa import (
    MenuApproved,
    MenuPlanned,
    MonthClosed,
    SessionHeld,
    SpendingReconciled,
    SpendingRecorded,
    same_month,
)
from domain.oversight import Counted, Doubt
from domain.pmt import PmtGiven, PmtMissed, PmtReconciled, PmtStarted, PmtWeekClosed
from domain.pregnancy import Pregnancy

# What a pattern looks at, and what it says


class Noted(Struct, frozen=True, gc=False):
    """One entry of a hand, as far as patterns look at it."""

    position: int
    case: UUID
    on: date
    typed: datetime
    """When it was typed, by the clock of the place; when we heard of it, where the entry's number does not say."""
    known: bool
    """The entry's number said when it was typed."""
    topic: str
    kg: float | None = None
    cm: float | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """What is to be asked, once for each pattern, hand and key."""

    pattern: Doubt
    concerns: str
    """The hand: an account, whatever post it worked from."""
    key: str
    found: Counted
    cases: tuple[UUID, ...]
    positions: tuple[int, ...]


SHOWN = 200
"""Entries behind a question that are pointed at, the first ones: more nobody reads, and the count says how many."""

NOT_HANDS = frozenset({SYSTEM, "operator", "impor"})
"""Accounts behind which nobody types: what the system found, what an operator set up, rows of a file."""

FIELD_WORK = frozenset({
    "child.measured", "child.absent", "pregnancy.measured", "pregnancy.antenatal-visited", "pregnancy.tablets-given",
    "pregnancy.postnatal-visited", "pmt.given", "pmt.missed", "care.home-visited", "care.counselled",
    "care.clinically-assessed", "child.vitamin-a-given", "child.neonatal-visited",
})  # fmt: skip
"""What is done and noted on one day. What is copied from a book or learned of later may well be noted later."""

DAY_BEGINS = timedelta(hours=5)
"""A night belongs to the day before it."""

_OLDEST, _AHEAD = timedelta(days=90), timedelta(minutes=10)


def typed_at(entry: UUID, heard: datetime) -> datetime | None:
    """When the number of an entry was made, if it is one that says so and the phone's clock can have been right."""
    if entry.version != 7:
        return None
    made = datetime.fromtimestamp((entry.int >> 80) / 1000, UTC)
    return made.astimezone(heard.tzinfo) if heard - _OLDEST <= made <= heard + _AHEAD else None


def working_day(at: datetime) -> date:
    """The day to which an hour belongs for whoever works."""
    return (at - DAY_BEGINS).date()


# Over what one hand entered in a day


class NightBatch(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="night-batch"):
    """Many entries typed in the night about other days. Who types today's session late at night is not asked."""

    from_hour: int
    until_hour: int
    at_least: int

    def of_day(self, hand: str, entries: Sequence[Noted]) -> Iterator[Finding]:
        night = [e for e in entries if self._at_night(e.typed) and e.on != working_day(e.typed)]
        of: dict[date, list[Noted]] = {}
        for one in night:
            of.setdefault(working_day(one.typed), []).append(one)
        for day, those in of.items():
            if len(those) >= self.at_least:
                found = Counted(count=len(those), first=day, last=day, hours=(self.from_hour, self.until_hour))
                yield _finding("dicatat-malam", hand, f"{day}", found, those)

    def _at_night(self, at: datetime) -> bool:
        return at.hour >= self.from_hour or at.hour < self.until_hour


class SameSecond(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="same-second"):
    """Entries about several field days whose numbers were made in one second. A sheet is about one day."""

    days: int

    def of_day(self, hand: str, entries: Sequence[Noted]) -> Iterator[Finding]:
        of: dict[datetime, list[Noted]] = {}
        for one in entries:
            if one.known and one.topic in FIELD_WORK:
                of.setdefault(one.typed.replace(microsecond=0), []).append(one)
        several = [those for those in of.values() if len({e.on for e in those}) >= self.days]
        if several:
            most = max(several, key=len)
            yield _finding("satu-detik", hand, f"{working_day(most[0].typed)}", _over(most), most)


class SameWeights(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="same-weights"):
    """Many children weighed on one day by one hand have one weight, to a tenth of a kilogram."""

    at_least: int
    share: float

    def of_day(self, hand: str, entries: Sequence[Noted]) -> Iterator[Finding]:
        sessions: dict[date, dict[UUID, Noted]] = {}
        for one in entries:
            if one.topic == "child.measured" and one.kg is not None:
                sessions.setdefault(one.on, {})[one.case] = one
        for day, weighed in sessions.items():
            [(kg, count)] = Counter(round(e.kg or 0, 1) for e in weighed.values()).most_common(1)
            if count >= self.at_least and count >= self.share * len(weighed):
                those = [e for e in weighed.values() if round(e.kg or 0, 1) == kg]
                found = Counted(count=count, of=len(weighed), kg=kg, first=day, last=day)
                yield _finding("angka-sama", hand, f"{day}", found, those)


# Over what one hand entered in a month


class Tally(Struct):
    """How many of a hand's entries in a month were of a kind, counted as they pass."""

    of: int = 0
    count: int = 0
    cases: set[UUID] = set()
    positions: list[int] = []

    def take(self, one: Noted, hit: bool) -> None:
        """Count one entry more."""
        self.of += 1
        if hit:
            self.count += 1
            if len(self.positions) < SHOWN:
                self.positions.append(one.position)
                self.cases.add(one.case)

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0


class RoundWeights(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="round-weights"):
    """Too many of a hand's weights of children end in ,0 or ,5. Two of ten digits: 20 of 100 by chance."""

    at_least: int
    share: float

    def hit(self, one: Noted) -> bool | None:
        """It is of the kind; None where it is not asked."""
        if one.kg is None or one.topic != "child.measured":
            return None
        return round(one.kg * 100) % 50 == 0

    def of_month(self, hand: str, month: date, tally: Tally) -> Finding | None:
        return _round("berat-bulat", self.at_least, self.share, hand, month, tally)


class RoundLengths(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="round-lengths"):
    """Too many of a hand's lengths end in ,0 or ,5 cm, also for one who reads a board to half a centimetre at times."""

    at_least: int
    share: float

    def hit(self, one: Noted) -> bool | None:
        """It is of the kind; None where it is not asked."""
        if one.cm is None or one.topic != "child.measured":
            return None
        return round(one.cm * 10) % 5 == 0

    def of_month(self, hand: str, month: date, tally: Tally) -> Finding | None:
        return _round("tinggi-bulat", self.at_least, self.share, hand, month, tally)


def _round(pattern: Doubt, at_least: int, share: float, hand: str, month: date, tally: Tally) -> Finding | None:
    """An instrument that shows halves only gives halves always: that is asked once a year, not each month."""
    if tally.of < at_least or tally.share < share:
        return None
    key = f"{month.year}" if tally.count == tally.of else f"{month:%Y-%m}"
    return _monthly(pattern, hand, month, key, tally, usual=round(tally.of / 5))


class LateShare(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="late-share"):
    """Most of a hand's field work in a month was typed long after its day. A phone without signal is not late."""

    days: int
    at_least: int
    share: float

    def hit(self, one: Noted) -> bool | None:
        """It is of the kind; None where it is not asked."""
        if one.topic not in FIELD_WORK:
            return None
        return (one.typed.date() - one.on).days > self.days

    def of_month(self, hand: str, month: date, tally: Tally) -> Finding | None:
        if tally.of < self.at_least or tally.share < self.share:
            return None
        return _monthly("banyak-terlambat", hand, month, f"{month:%Y-%m}", tally, within=self.days)


def _monthly(
    pattern: Doubt, hand: str, month: date, key: str, tally: Tally, usual: int | None = None, within: int | None = None
) -> Finding:
    last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return Finding(
        pattern=pattern,
        concerns=hand,
        key=key,
        found=Counted(count=tally.count, of=tally.of, usual=usual, within=within, first=month, last=last),
        cases=_some(tally.cases),
        positions=tuple(tally.positions),
    )


class SameMeasures(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="same-measures"):
    """A child has exactly the weight and the height of the measurements before, so many times in a row."""

    times: int

    def of_child(self, child: Child, story: Story, month: date) -> Finding | None:
        """Asked of the hand that measured last, in the month of that measurement."""
        known = (w for w in child.weighings if w.context != "impor" and w.role != "rs")
        measured = [w for w in known if w.kg is not None and w.cm is not None]
        run = measured[-self.times :] if measured and same_month(measured[-1].on, month) else []
        if len(run) < self.times or len({(w.kg, w.cm) for w in run}) > 1 or len({_month(w) for w in run}) < len(run):
            return None
        at = {r.version: r.position or 0 for r in story}
        found = Counted(count=1, within=self.times, first=run[0].on, last=run[-1].on)
        positions = tuple(at[w.version] for w in run)
        return Finding(
            pattern="angka-tetap", concerns=run[-1].actor, key=f"{month:%Y-%m}", found=found,
            cases=(story[0].case,), positions=positions,
        )  # fmt: skip


def _month(weighing: Weighing) -> tuple[int, int]:
    return (weighing.on.year, weighing.on.month)


# Over the story of one case, as it stands now


class PmtAfterLeaving(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="pmt-after-leaving"):
    """Extra food was recorded as given on days on which, as is known now, the person had moved away or had died."""

    days: int

    def of_case(self, story: Story) -> Iterator[Finding]:
        state = stories.fold(story)
        if not isinstance(state, Child | Pregnancy):
            return
        gone, why = _gone(state, story)
        if gone is None:
            return
        given = [r for r in stories.counting(list(story)) if isinstance(r.event, PmtGiven) and r.event.on > gone]
        for (hand, month), those in _by_hand_and_month(given).items():
            if len({r.event.on for r in those}) >= self.days:
                yield _of_story(why, hand, f"{story[0].case} {month}", those)


def _gone(state: Child | Pregnancy, story: Story) -> tuple[date | None, Doubt]:
    """Since when the person is no longer here, and why."""
    died = state.died if isinstance(state, Child) else None if state.died is None else state.died.on
    if died is not None:
        return died, "pmt-untuk-yang-meninggal"
    moved = state.moved if isinstance(state, Child) else None
    if moved is None and state.away is not None:
        moved = max(
            (r.event.on for r in story if r.event.__struct_config__.tag == "person.left-kabupaten"), default=None
        )
    return moved, "pmt-untuk-yang-pindah"


class OwnReconciliation(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="own-reconciliation"):
    """What was given, spent, planned or held was compared, closed or approved from the account that recorded it.

    At the moment of comparing that is refused; here it is found where the recording came after.
    """

    at_least: int

    def of_case(self, story: Story) -> Iterator[Finding]:
        standing = stories.counting(list(story))
        own = [r for r in standing if type(r.event) in _COMPARES and _deeds(r, standing)]
        for (hand, month), those in _by_hand_and_month(own).items():
            if len(those) >= self.at_least:
                yield _of_story("dicocokkan-sendiri", hand, f"{story[0].case} {month}", those)


_COMPARES = frozenset({PmtReconciled, SpendingReconciled, MonthClosed, MenuApproved})


def _deeds(compared: Recorded, standing: Sequence[Recorded]) -> list[Recorded]:
    """What the account that compared had recorded of the same thing itself."""
    starts = {r.event.cycle: r.event.on for r in standing if isinstance(r.event, PmtStarted)}
    return [r for r in standing if r.by.actor == compared.by.actor and _same(compared, r, starts)]


def _same(compared: Recorded, recorded: Recorded, starts: Mapping[int, date]) -> bool:
    match compared.event, recorded.event:
        case PmtReconciled() as week, PmtWeekClosed() as closed:
            return (closed.cycle, closed.week) == (week.cycle, week.week)
        case PmtReconciled() as week, PmtGiven() | PmtMissed() as portion:
            start = starts.get(portion.cycle, portion.on)
            return (portion.cycle, (portion.on - start).days // 7 + 1) == (week.cycle, week.week)
        case SpendingReconciled() as settled, SpendingRecorded() as spent:
            return spent.funding == settled.funding and same_month(spent.month, settled.month)
        case MonthClosed() as closed, SessionHeld() as held:
            return same_month(held.on, closed.month)
        case MenuApproved() as approved, MenuPlanned() as planned:
            return planned.monday == approved.monday and recorded.version > compared.version
    return False


class OwnDeliveries(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="own-deliveries"):
    """A month's spending on extra food was settled from the account that recorded portions of that month as given."""

    portions: int

    def of_spending(self, settled: Recorded, given: Sequence[Noted]) -> Iterator[Finding]:
        """`given` are the portions in that desa that the account recorded."""
        month: date = settled.event.month
        those = [one for one in given if one.topic == "pmt.given" and same_month(one.on, month)]
        if len(those) >= self.portions:
            found = replace(_over(those), count=1)
            asked = _finding(
                "dicocokkan-sendiri", settled.by.actor, f"{settled.case} {month:%Y-%m} belanja", found, those
            )
            yield replace(asked, positions=(settled.position or 0, *asked.positions)[:SHOWN])


# Over the stories of two cases


class SharedNik(Struct, frozen=True, forbid_unknown_fields=True, tag_field="pattern", tag="shared-nik"):
    """Two cases with one NIK were given extra food on the same days: one person may be paid for twice."""

    days: int

    def of_pair(self, one: Story, other: Story) -> Iterator[Finding]:
        """Asked of the hand that gave to the case begun later."""
        older, younger = sorted((one, other), key=lambda story: story[0].position or 0)
        before = {r.event.on for r in _given(older)}
        twice = [r for r in _given(younger) if r.event.on in before]
        for (hand, month), those in _by_hand_and_month(twice).items():
            if len({r.event.on for r in those}) >= self.days:
                found = _of_story("dua-pmt", hand, f"{older[0].case} {younger[0].case} {month}", those)
                yield replace(found, cases=(older[0].case, younger[0].case))


def _given(story: Story) -> list[Recorded]:
    return [r for r in stories.counting(list(story)) if isinstance(r.event, PmtGiven)]


Pattern = (
    NightBatch | SameSecond | SameWeights | RoundWeights | RoundLengths | LateShare | SameMeasures | PmtAfterLeaving
    | OwnReconciliation | OwnDeliveries | SharedNik
)  # fmt: skip
OfDay = NightBatch | SameSecond | SameWeights
OfMonth = RoundWeights | RoundLengths | LateShare

# How findings are put together


def gathered(findings: Iterable[Finding]) -> list[Finding]:
    """One question where several cases of one hand show the same pattern."""
    of: dict[tuple[str, str, str], list[Finding]] = {}
    for one in findings:
        of.setdefault((one.pattern, one.concerns, one.key), []).append(one)
    return [_together(those) for those in of.values()]


def _together(those: Sequence[Finding]) -> Finding:
    if len(those) == 1:
        return those[0]
    first = those[0]
    counted = replace(
        first.found,
        count=sum(f.found.count for f in those),
        first=min(f.found.first or date.max for f in those),
        last=max(f.found.last or date.min for f in those),
    )
    positions = tuple(sorted({p for f in those for p in f.positions}))[:SHOWN]
    return replace(first, found=counted, cases=_some(c for f in those for c in f.cases), positions=positions)


def _finding(pattern: Doubt, hand: str, key: str, found: Counted, those: Sequence[Noted]) -> Finding:
    positions = tuple(sorted(e.position for e in those))[:SHOWN]
    cases = _some(e.case for e in those)
    return Finding(pattern=pattern, concerns=hand, key=key, found=found, cases=cases, positions=positions)


def _of_story(pattern: Doubt, hand: str, key: str, those: Sequence[Recorded]) -> Finding:
    days = sorted({r.event.on for r in those})
    counted = Counted(count=len(days) if pattern != "dicocokkan-sendiri" else len(those), first=days[0], last=days[-1])
    positions = tuple(sorted(r.position or 0 for r in those))[:SHOWN]
    return Finding(
        pattern=pattern, concerns=hand, key=key, found=counted, cases=_some(r.case for r in those), positions=positions
    )


def _over(those: Sequence[Noted]) -> Counted:
    return Counted(count=len(those), first=min(e.on for e in those), last=max(e.on for e in those))


def _some(cases: Iterable[UUID]) -> tuple[UUID, ...]:
    return tuple(sorted(set(cases)))[:SHOWN]


def _by_hand_and_month(those: Iterable[Recorded]) -> Mapping[tuple[str, str], list[Recorded]]:
    of: dict[tuple[str, str], list[Recorded]] = {}
    for one in those:
        if one.by.actor not in NOT_HANDS:
            of.setdefault((one.by.actor, f"{one.event.on:%Y-%m}"), []).append(one)
    return of
