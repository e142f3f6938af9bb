"""The write path: each entry is decided by the story as it stands, and what was decided goes into one commit."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, LiteralString, NamedTuple
from uuid import UUID

import msgspec
import psycopg
import structlog
from eventsourcing.persistence import EventStore, IntegrityError, InterfaceError, OperationalError
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain import stories
from domain.case import Case, Command, Elsewhere, Envelope, Personal, Recorded, Refused, Role, done
from domain.child import Move
from domain.erasure import IdentityErased, forgotten
from domain.former import Former
from domain.person import (
    AcceptTransfer,
    DeclareDistinct,
    Person,
    RecordsAbsorbed,
    RefuseTransfer,
    RequestTransfer,
    along,
    other_of,
)
from domain.pregnancy import RecordOutcome, RegisterNewborns
from domain.refusals import refusal
from projections import log, people
from service.store import Entry, FactMapper, Store

Outcome = Literal["recorded", "already", "held", "refused", "unreadable"]

_CUT_OFF = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
"""The connection is lost or PostgreSQL gave up waiting, as the library and as psycopg say it."""

_log = structlog.get_logger()


class Submitted(Struct, frozen=True):
    """What somebody asks to have recorded, under an entry id their phone made up."""

    entry: UUID
    case: UUID
    command: Command
    expects: int | None = None
    """The version of the case the person saw, where it matters that it has not changed since."""


class Actor(Struct, frozen=True):
    """Who asks, as the session knows them."""

    account: str
    role: Role
    unit: str
    may: Callable[[Command, Case | None], Former | None]
    """Raises Refused where this person may not ask this of that case; returns for which former place they may."""
    device: str = ""


class Asked(Struct, frozen=True):
    """An entry with who sent it and when we heard of it."""

    sent: Submitted
    by: Actor
    at: datetime


class Answer(Struct, frozen=True):
    """What became of an entry. `version` and `position` are of the last event it came to.

    What was recorded for a place that no longer holds the case has the code "case-moved", and where it is in `facts`.
    """

    entry: UUID
    outcome: Outcome
    case: UUID
    code: str | None = None
    facts: Mapping[str, object] = {}
    says: str | None = None
    version: int | None = None
    position: int | None = None


def record(store: Store, asked: Sequence[Asked], retries: int = 5, whole: bool = False) -> list[Answer]:
    """Decide and store all of it in one commit, and answer each entry in its place. One bad entry holds up nothing.

    With `whole` one bad entry holds up everything: the others are answered "together", and nothing is recorded.

    Where somebody was faster in one of the cases, all is decided again on the new story. A COMMIT whose answer was
    lost is found again the same way, by its entry ids. The last try holds the lock of the log while it decides.
    """
    for attempt in range(retries + 1):
        if attempt:
            time.sleep(random.uniform(0.5, 1.0) * 0.002 * 2**attempt)
        try:
            return _attempt(store, asked, locked=attempt == retries, whole=whole)
        except (IntegrityError, *_CUT_OFF) as problem:
            _log.info("entries decided again", schema=store.schema, attempt=attempt, why=type(problem).__name__)
    return [not_recorded(one.sent, "held", "busy") for one in asked]


def not_recorded(sent: Submitted, outcome: Outcome, code: str, facts: Mapping[str, object] | None = None) -> Answer:
    """The answer for an entry that was not recorded, with its sentence."""
    facts = facts or {}
    return Answer(sent.entry, outcome, sent.case, code, facts, refusal(code, facts))


def _attempt(store: Store, asked: Sequence[Asked], locked: bool, whole: bool = False) -> list[Answer]:
    with store.pool.connection() as conn, conn.transaction() if locked else nullcontext():
        if locked:
            conn.execute(_sql(store.schema, _LOCK))
        batch = _Batch(store, conn, asked)
        for one in asked:
            batch.take(one)
        return batch.unwritten() if whole and batch.spoilt else batch.written()


class _Before(Struct, frozen=True):
    """Where the events of an entry stand that was recorded earlier."""

    first: int
    count: int
    digest: bytes

    @property
    def position(self) -> int | None:
        return self.first + self.count - 1 if self.count else None


class _Decided(NamedTuple):
    """An entry of this batch and the events it came to."""

    sent: Submitted
    by: Envelope
    digest: bytes
    events: tuple[Recorded, ...]
    now: dict[str, object] | None
    """Where the case is, if it is no longer theirs who told this."""


class _Batch:
    """Entries being decided one after another; a later one sees what the earlier ones of the same case came to."""

    def __init__(self, store: Store, conn: Connection[Any], asked: Sequence[Asked]) -> None:
        self._store = store
        self._conn = conn
        # Stories before entries: whatever a story already shows, its entry is then found as well.
        self._stories = log.stories(conn, store.schema, {one.sent.case for one in asked})
        self._before = _recorded_before(conn, store.schema, [one.sent.entry for one in asked])
        self._keys = store.sealing.keys(conn, {one.sent.case for one in asked if _names_somebody(one.sent.command)})
        self._states: dict[UUID, Case | None] = {}
        self._decided: dict[UUID, _Decided] = {}
        self._answers: list[Answer | tuple[Outcome, _Decided]] = []
        self._held: set[UUID] = set()

    def take(self, one: Asked) -> None:
        """Decide one entry. Whatever goes wrong with it stays with it."""
        try:
            self._answers.append(self._answer(one))
        except Refused as refused:
            self._answers.append(self._refused(one.sent, refused))
        except _CUT_OFF:
            raise
        except Exception as bug:  # noqa: BLE001  # its neighbours must not be lost for it
            _log.error("entry held", schema=self._store.schema, entry=str(one.sent.entry), trace=_trace(bug))
            self._hold(one.sent, "internal")

    @property
    def spoilt(self) -> bool:
        """Something of it was not decided as asked."""
        return any(isinstance(one, Answer) and one.outcome != "already" for one in self._answers)

    def unwritten(self) -> list[Answer]:
        """Store nothing, and answer."""
        return [
            one if isinstance(one, Answer) else not_recorded(one[1].sent, "held", "together") for one in self._answers
        ]

    def written(self) -> list[Answer]:
        """Store what was decided, all in one commit, and answer."""
        decided = list(self._decided.values())
        events = [event for one in decided for event in one.events]
        erased = [event.case for event in events if isinstance(event.event, IdentityErased)]
        with self._conn.transaction() if erased else nullcontext():
            positions = self._put(decided, events)
            for person in erased:  # in the commit that says so: a crash leaves both or neither
                self._store.sealing.destroy(self._conn, person)
        return [one if isinstance(one, Answer) else _told(*one, positions) for one in self._answers]

    def _put(self, decided: Sequence[_Decided], events: Sequence[Recorded]) -> dict[tuple[UUID, int], int]:
        """The position of each event that was stored."""
        positions: dict[tuple[UUID, int], int] = {}
        if decided:
            log_ = EventStore(FactMapper(self._keys), self._store.recorder)
            entries = [Entry(one.by, one.digest, len(one.events)) for one in decided]
            # `made` fills while the mapper seals, before the recorder reads it.
            for stored in log_.put(events, entries=entries, keys=self._keys.made, conn=self._conn):
                event = stored.domain_event
                positions[event.originator_id, event.originator_version] = stored.notification.id
        return positions

    def _answer(self, one: Asked) -> Answer | tuple[Outcome, _Decided]:
        sent = one.sent
        digest = self._store.sealing.digest(msgspec.json.encode((sent.case, sent.command)))
        if (again := self._again(one, digest)) is not None:
            return again
        if isinstance(getattr(sent.command, "personal", None), bytes):
            return not_recorded(sent, "unreadable", "unreadable")  # sealed is how we store it, never how it is sent
        onward = self._carried_on(sent)
        left = one.by.may(
            sent.command, self._state(onward.case) if isinstance(sent.command, _MOVING) else self._known(sent.case)
        )
        sent = onward
        story, state = self._stories[sent.case], self._state(sent.case)
        if sent.expects is not None and story and sent.expects < story[-1].version:
            return self._held_back(sent, "stale")
        if _names_somebody(sent.command):
            self._look_up_key(sent.case)
            if self._keys.erased(sent.case):
                raise Refused("erased")
        today = one.at.astimezone(self._store.clock).date()
        by = Envelope(
            recorded_at=one.at,
            actor=one.by.account,
            role=one.by.role,
            unit=one.by.unit,
            entry=sent.entry,
            edition=self._store.edition(today),
            device=one.by.device,
        )
        who = self._identity(sent.case) if isinstance(sent.command, _BIRTHS) else None
        events = stories.decide(sent.case, story, state, sent.command, today, by, who, self._other(sent.command))
        stood = self._stand(sent.case, self._with_merged(sent.case, events), by)
        decided = _Decided(sent, by, digest, stood, None if left is None else self._where(sent.case))
        self._decided[sent.entry] = decided
        return "recorded", decided

    def _again(self, one: Asked, digest: bytes) -> Answer | tuple[Outcome, _Decided] | None:
        """An entry that was sent before is answered as it was then, unless it says something else now."""
        sent = one.sent
        before = self._before.get(sent.entry)
        twin = self._decided.get(sent.entry)
        if before is None and twin is None:
            return None
        if digest != (before or twin).digest:  # type: ignore[union-attr]
            return not_recorded(sent, "refused", "entry-reused")
        if twin is not None:
            return "already", twin
        assert before is not None
        case = sent.case
        version = _version(self._stories[case], sent.entry)
        if version is None:  # recorded after we had read the story, or in the one that carries it on
            case = self._carried_on(sent).case
            version = _version(log.stories(self._conn, self._store.schema, [case])[case], sent.entry)
        answer = Answer(sent.entry, "already", case, version=version, position=before.position)
        return _moved_on(answer, self._where(case) if self._was_theirs(one) else None)

    def _was_theirs(self, one: Asked) -> bool:
        """They tell it for a place that no longer holds the case; whose first answer was lost should hear of it too."""
        try:
            return one.by.may(one.sent.command, self._known(one.sent.case)) is not None
        except Refused:
            return False

    def _where(self, case: UUID) -> dict[str, object]:
        self._story(case)
        state = self._state(case)
        assert state is not None
        return {"desa": state.desa, "posyandu": state.posyandu}

    def _known(self, case: UUID) -> Case | None:
        """The case as those know it who ask. One that was merged goes where the one goes that carries it on."""
        state = self._state(case)
        if not isinstance(state, Person) or state.merged is None:
            return state
        self._story(state.merged)
        into = self._known(state.merged)
        return along(state, case, into) if isinstance(into, Person) else state

    def _carried_on(self, sent: Submitted) -> Submitted:
        """What is sent to a case that was merged belongs to the one that carries it on; both numbers keep working.

        What is about the merge, or about an event by its version, is for the story itself.
        """
        state, case = self._state(sent.case), sent.case
        if isinstance(sent.command, DeclareDistinct) or getattr(sent.command, "version", None) is not None:
            return sent
        while isinstance(state, Person) and state.merged is not None:
            case = state.merged
            self._story(case)
            state = self._state(case)
        return sent if case == sent.case else msgspec.structs.replace(sent, case=case, expects=None)

    def _other(self, command: Command) -> Case | None:
        """The other case of a command about two."""
        other = other_of(command)
        if other is None:
            return None
        self._story(other)
        return self._state(other)

    def _stand(self, case: UUID, events: Iterable[Any], by: Envelope) -> tuple[Recorded, ...]:
        """Put new events at the end of their stories. If a story then no longer adds up, a bug, it keeps none."""
        new: list[Recorded] = []
        grown: dict[UUID, list[Recorded]] = {}
        for event in events:
            target, fact = (event.case, event.event) if isinstance(event, Elsewhere) else (case, event)
            story = grown.setdefault(target, list(self._story(target)))
            if isinstance(getattr(fact, "personal", None), Personal):
                self._look_up_key(target)
            new.append(Recorded(target, story[-1].version + 1 if story else 1, fact, by))
            story.append(new[-1])
        states: dict[UUID, Case | None] = {}
        for target, story in grown.items():
            before = self._stories[target]
            states[target] = stories.grow(self._state(target), before, story[len(before) :])
        self._stories.update(grown)
        self._states.update(states)
        return tuple(new)

    def _with_merged(self, case: UUID, events: Iterable[Any]) -> Iterator[Any]:
        """Whoever is forgotten is forgotten in the cases too that were merged into theirs."""
        for event in events:
            yield event
            if isinstance(event, IdentityErased):
                yield from (Elsewhere(other, event) for other in self._merged_into(case))

    def _merged_into(self, case: UUID) -> Iterator[UUID]:
        self._story(case)
        state = self._state(case)
        assert state is not None
        for other in {a.event.other for a in done(state.acts, RecordsAbsorbed)}:  # type: ignore[attr-defined]
            self._story(other)
            merged = self._state(other)
            if isinstance(merged, Person) and merged.merged == case:
                yield other
                yield from self._merged_into(other)

    def _story(self, case: UUID) -> list[Recorded]:
        """Of a case that nobody asked about, too: a birth begins one."""
        if case not in self._stories:
            self._stories.update(log.stories(self._conn, self._store.schema, [case]))
        return self._stories[case]

    def _look_up_key(self, case: UUID) -> None:
        if not self._keys.looked_up(case):
            self._keys.add(self._store.sealing.keys(self._conn, [case]))

    def _state(self, case: UUID) -> Case | None:
        if case not in self._states:
            self._states[case] = stories.fold(self._stories[case])
        return self._states[case]

    def _identity(self, case: UUID) -> Personal:
        if forgotten(self._stories[case]):
            return Personal()
        story = stories.counting(self._stories[case])
        parts = {r.version: getattr(r.event, "personal", None) for r in story}
        sealed = [(case, version, part) for version, part in parts.items() if isinstance(part, bytes)]
        opened = self._store.sealing.open_many(self._conn, sealed)
        told = ((r.event, opened.get((case, r.version), parts[r.version])) for r in story)
        return people.identity((event, part) for event, part in told if isinstance(part, Personal))

    def _refused(self, sent: Submitted, refused: Refused) -> Answer:
        """What an entry that was held back would have begun is not there yet; what builds on it waits with it."""
        if sent.case in self._held and not self._stories[sent.case]:
            return self._held_back(sent, "held")
        return not_recorded(sent, "refused", refused.code, refused.facts)

    def _hold(self, sent: Submitted, code: str) -> None:
        self._answers.append(self._held_back(sent, code))

    def _held_back(self, sent: Submitted, code: str) -> Answer:
        self._held.add(sent.case)
        return not_recorded(sent, "held", code)


def _version(story: Sequence[Recorded], entry: UUID) -> int | None:
    return max((r.version for r in story if r.by.entry == entry), default=None)


_MOVING = (RequestTransfer, AcceptTransfer, RefuseTransfer, Move)
"""Where a case goes is for those who hold the one that goes on, whichever number they know."""

_BIRTHS = (RecordOutcome, RegisterNewborns)


def _names_somebody(command: Command) -> bool:
    """Its event will need the key of the case. A newborn has a key of its own."""
    return getattr(command, "personal", None) is not None


def _told(outcome: Outcome, decided: _Decided, positions: Mapping[tuple[UUID, int], int]) -> Answer:
    sent = decided.sent
    own = [event.version for event in decided.events if event.case == sent.case]
    stored = [positions[event.case, event.version] for event in decided.events]
    version, position = max(own, default=None), max(stored, default=None)
    return _moved_on(Answer(sent.entry, outcome, sent.case, version=version, position=position), decided.now)


def _moved_on(answer: Answer, now: Mapping[str, object] | None) -> Answer:
    return answer if now is None else msgspec.structs.replace(answer, code="case-moved", facts=now)


def _recorded_before(conn: Connection[Any], schema: str, entries: list[UUID]) -> dict[UUID, _Before]:
    rows = conn.execute(_sql(schema, _ENTRIES), [entries], binary=True, prepare=True).fetchall()
    return {entry: _Before(*rest) for entry, *rest in rows}


def _trace(bug: Exception) -> list[str]:
    """Where it happened. The text of an error may hold what somebody typed, so it is left out."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(bug.__traceback__)]
    return [type(bug).__name__, *frames]


_ENTRIES: LiteralString = """
SELECT entry, first, count, digest
FROM {entries}
WHERE entry = ANY(%s)
"""

_LOCK: LiteralString = "SELECT last FROM {head} FOR UPDATE"


@lru_cache(maxsize=4096)
def _sql(schema: str, text: LiteralString) -> bytes:
    return SQL(text).format(entries=Identifier(schema, "entries"), head=Identifier(schema, "head")).as_bytes()
