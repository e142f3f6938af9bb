"""One kabupaten as the doors see it: its accounts, its lists, its stories, and the writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from domain import desa, refusals, stories, words
from domain.case import NAKES, Case, Personal, Recorded, Role, done
from domain.emergency import open_until
from domain.erasure import forgotten
from domain.person import Person, RecordsAbsorbed, along, by_former_desk
from domain.protocol import Book
from projections import follow, growth, log, people, pmt, timeline
from projections import questions as asking
from projections import queue as lists
from projections import referral as ways
from projections.asof import Clocks
from projections.people import Found
from projections.queue import Narrow, Page, Task
from projections.referral import Step, Tracked
from service import access, embedded, ledger
from service.access import Who
from service.accounts import Accounts, Sessions
from service.assignments import Assignments
from service.fhir.resources import Seen, of_referral
from service.following import followed, juknis
from service.handle import Actor, Answer, Submitted
from service.juknis import Juknis
from service.ledger import open_ledger
from service.notes import Checkpoint
from service.past import Looked, Past
from service.reads import Reads
from service.sealing import sealing_of
from service.settings import Settings, spool_dir
from service.spool import Spool
from service.store import Store, connect
from service.tenants import Tenant, tenants
from service.tokens import Tokens
from service.writer import Writer


class Listed(Struct, frozen=True):
    """A page of a list, and how new it is."""

    page: Page
    fresh: bool
    at: datetime


class Opened(Struct, frozen=True):
    """A case somebody may read."""

    case: UUID
    story: Sequence[Recorded]
    state: Case
    person: people.Found | None
    until: datetime | None = None
    """Where it is read in an emergency only: when that ends."""

    @property
    def kind(self) -> str:
        return stories.kind(self.story)

    @property
    def version(self) -> int:
        return self.story[-1].version


def open_places(settings: Settings) -> dict[str, Place]:
    """Every kabupaten served here, each with connections of its own."""
    read = juknis()
    found = tenants(settings, embedded.dsn(settings))
    return {code: Place(tenant, settings, read) for code, tenant in found.items()}


class Place:
    """What the doors ask of one kabupaten. Every method is a question or a command of one short transaction or none."""

    def __init__(self, tenant: Tenant, settings: Settings, juknis: Juknis) -> None:
        self.tenant = tenant
        self.settings = settings
        self._juknis = juknis
        self._pool = connect(
            tenant.dsn, settings.pool_min, settings.pool_max, settings.statement_seconds, settings.lock_seconds
        )
        self._sealing = sealing_of(settings, tenant.schema)
        store = Store(self._pool, tenant.schema, self._sealing, tenant.zone, self._edition)
        self._writer = Writer(store, settings.combine_entries, retries=settings.retries)
        self.accounts = Accounts(self._pool, tenant, settings.sign_in_tries, settings.sign_in_minutes)
        self.sessions = Sessions(self._pool, tenant)
        self.assignments = Assignments(self._pool, tenant.schema)
        self.tokens = Tokens(self._pool, tenant, self.accounts)
        self.reads = Reads(
            self._pool, tenant.schema, Spool(spool_dir(settings) / tenant.schema), settings.spool_seconds
        )
        self.ledger = open_ledger(self._pool, settings, tenant)
        self.past = Past(self._pool, tenant, followed(tenant, self._sealing), juknis, self.accounts)
        with self._pool.connection() as conn:
            self._sealing.learn(conn)
            follow.prepare(conn, followed(tenant, self._sealing), self.book())

    def close(self) -> None:
        """Finish what was taken in, and let go of everything held."""
        self._writer.close()
        self.reads.close()
        self._pool.close()

    def book(self) -> Book:
        """What today's lists rest on."""
        units = self.accounts.units().values()
        days = {unit.code: unit.session_day for unit in units if unit.session_day is not None}
        return self._juknis.book(self.now().date(), days)

    def _edition(self, on: date) -> str:
        return self._juknis.book(on).protocol.edition

    @property
    def schema(self) -> str:
        return self.tenant.schema

    def now(self) -> datetime:
        """This moment, by the clock of the place."""
        return datetime.now(self.tenant.zone)

    def behind(self) -> int:
        """Events the lists have not yet seen."""
        with self._pool.connection() as conn:
            return max(0, log.head(conn, self.schema) - log.followed(conn, self.schema))

    def connection(self) -> AbstractContextManager[Connection[Any]]:
        """One of the connections, for a question that is asked of the log itself."""
        return self._pool.connection()

    def story(self, case: UUID) -> Sequence[Recorded]:
        """A story as it was recorded; empty where there is none. Whoever shows of it who it is, notes that."""
        with self._pool.connection() as conn:
            return log.stories(conn, self.schema, [case])[case]

    def signed(self) -> Checkpoint | None:
        """What the ledger came to when it was signed last."""
        with self._pool.connection() as conn:
            return ledger.newest(conn, self.schema)

    # Lists

    def queue(
        self, who: Who, desk: Role, narrow: Narrow, after: str | None, limit: int, not_older_than: int | None
    ) -> Listed:
        """A desk's list in the places of this post."""
        desa = None if who.role == "kabupaten" and desk == "kabupaten" else sorted(who.territory.desa)
        posyandu = None if who.territory.only is None else sorted(who.territory.only)
        if who.role not in NAKES:
            narrow = replace(narrow, without=self._restricted())
        with self._pool.connection() as conn:
            fresh = self._wait(conn, not_older_than)
            now = self.now()
            page = lists.worklist(conn, self.schema, desk, desa, posyandu, now, narrow, after, limit)
        if narrow.text is not None:  # a work list is the desk's own; looking in it for a name is a search
            self.reads.note(who, list({task.case: None for task in page.tasks if task.case}) or [None], "search")
        return Listed(page, fresh, now)

    def _wait(self, conn: Connection[Any], position: int | None) -> bool:
        if position is None:
            return True
        return log.wait_for(conn, self.schema, position, self.settings.wait_ms / 1000)

    def fed(self, posyandu: str, on: date) -> tuple[pmt.Fed, ...]:
        """Who of a posyandu is given PMT on a day."""
        with self._pool.connection() as conn:
            return pmt.fed(conn, self.schema, posyandu, on)

    def _restricted(self) -> tuple[str, ...]:
        """Rules whose tasks only health workers may know of."""
        return tuple(rule.id for rule in self.book().protocol.rules if rule.restricted)

    def people(self, who: Who, text: str) -> tuple[people.Found, ...]:
        """People of these places by name; by a whole NIK only for those who may see one. The search is noted."""
        desa, posyandu = self._where(who)
        with self._pool.connection() as conn:
            found = people.search(
                conn, self.schema, text, desa, posyandu, full_nik=who.role in access.FULL_NIK, limit=30
            )
        self.reads.note(who, [one.case for one in found] or [None], "search")
        return found

    def roster(self, who: Who, posyandu: str) -> tuple[growth.InRoster, ...]:
        """The weighing sheet of a posyandu."""
        with self._pool.connection() as conn:
            return growth.roster(conn, self.schema, posyandu, self.now().date())

    def _where(self, who: Who) -> tuple[list[str], list[str] | None]:
        territory = who.territory
        return sorted(territory.desa), None if territory.only is None else sorted(territory.only)

    # One case

    def open(self, who: Who, case: UUID, what: str, not_older_than: int | None = None) -> tuple[Opened, bool] | None:
        """A case this post may read, and whether its lists are as new as asked; None where there is none for it.

        That a named record was opened is noted.
        """
        with self._pool.connection() as conn:
            story = log.stories(conn, self.schema, [case])[case]
            state = stories.fold(story)
            if state is None:
                return None
            own = access.may_open(who, self._known(conn, case, state))
            until = None if own else self._until(who, state)
            if not own and until is None:
                return None
            fresh = self._wait(conn, not_older_than)
            full = who.role in access.FULL_NIK
            person = self._person(conn, case, story, full) if who.role in access.NAMED else None
        self.reads.note(who, [case], what)
        return Opened(case, story, state, person, until), fresh

    def opened_then(self, who: Who, case: UUID, clocks: Clocks) -> tuple[Opened, Looked] | None:
        """A case as it was; None where this post may not open it today, or where nobody knew of it then."""
        opened = self.open(who, case, "asof")
        if opened is None:
            return None
        looked = self.past.look([case], clocks)
        if not looked.cases:
            return None
        (one,) = looked.cases
        return Opened(case, one.story, one.state, None), looked

    def asked_for(self, who: Who, case: UUID) -> Opened | None:
        """A case whose transfer is this post's to answer: who it is may be seen before it may be opened."""
        with self._pool.connection() as conn:
            story = log.stories(conn, self.schema, [case])[case]
            state = stories.fold(story)
            if not isinstance(state, Person) or who.role not in access.NAMED or not access.answers(who, state):
                return None
            person = self._person(conn, case, story, who.role in access.FULL_NIK)
        self.reads.note(who, [case], "transfer")
        return Opened(case, story, state, person)

    def unnamed(self, who: Who, case: UUID) -> Opened | None:
        """A case as an office may know it that has something to do there: that it is one of its own, and no more."""
        story = self.story(case)
        state = stories.fold(story)
        return Opened(case, story, state, None) if state is not None and access.reaches(who, state) else None

    def _readable(self, conn: Connection[Any], who: Who, case: UUID, state: Case | None) -> bool:
        return access.may_open(who, self._known(conn, case, state)) or self._until(who, state) is not None

    def _until(self, who: Who, state: Case | None) -> datetime | None:
        """Until when this account reads a case for an emergency, which its story tells."""
        return open_until(state, str(who.account), self.now()) if who.role in access.EMERGENCY else None

    def readable(self, who: Who, case: UUID) -> bool:
        """This post may open the case. Nothing of it is shown."""
        with self._pool.connection() as conn:
            return self._readable(conn, who, case, stories.fold(log.stories(conn, self.schema, [case])[case]))

    def identity(self, who: Who, case: UUID) -> Found | None:
        """Who a case of these places is, whole. Whoever shows it notes it: `unmasking` alone asks for this."""
        with self._pool.connection() as conn:
            story = log.stories(conn, self.schema, [case])[case]
            state = stories.fold(story)
            if not isinstance(state, Person) or not access.may_open(who, self._known(conn, case, state)):
                return None
            return self._person(conn, case, story, full_nik=True)

    def _person(self, conn: Connection[Any], case: UUID, story: Sequence[Recorded], full_nik: bool) -> Found | None:
        """Who it is, as the lists have it; of somebody forgotten nothing, though they may not have followed yet."""
        person = people.person(conn, self.schema, case, full_nik=full_nik)
        return people.unnamed(person) if person is not None and forgotten(story) else person

    def _known(self, conn: Connection[Any], case: UUID, state: Case | None) -> Case | None:
        """A case that was merged is read where the one is that carries it on, once that has moved."""
        if not isinstance(state, Person) or state.merged is None:
            return state
        onward = log.stories(conn, self.schema, [state.merged])[state.merged]
        into = self._known(conn, state.merged, stories.fold(onward))
        return along(state, case, into) if isinstance(into, Person) else state

    def openable(self, who: Who, cases: Sequence[UUID], what: str) -> tuple[UUID, ...]:
        """Those of these cases that this post may read. That something of them is shown is noted."""
        with self._pool.connection() as conn:
            found = log.stories(conn, self.schema, list(cases)) if cases else {}
            may = tuple(case for case in cases if self._readable(conn, who, case, stories.fold(found[case])))
        self.reads.note(who, may, what)
        return may

    def merged_into(self, case: UUID) -> UUID | None:
        """The case that carries this one on; None where it stands for itself."""
        with self._pool.connection() as conn:
            state = stories.fold(log.stories(conn, self.schema, [case])[case])
        return state.merged if isinstance(state, Person) else None

    def where(self, case: UUID) -> tuple[str, ...]:
        """The posyandu and desa a case belongs to, which everybody may know who has to ask there."""
        with self._pool.connection() as conn:
            person = people.person(conn, self.schema, case)
        return () if person is None else (person.posyandu, person.desa)

    def tasks(self, who: Who, case: UUID) -> tuple[Task, ...]:
        """What is open for a case at the desks this post may see, its own desk first."""
        desks = access.DESKS[who.role]
        with self._pool.connection() as conn:
            found = lists.tasks_of(conn, self.schema, case, desks, self.now())
        secret = () if who.role in NAKES else self._restricted()
        own: dict[tuple[str, str], Task] = {}
        for task in sorted((t for t in found if t.rule not in secret), key=lambda t: desks.index(t.desk)):
            own.setdefault((task.rule, task.key), task)
        return tuple(own.values())

    def told(self, who: Who, opened: Opened, after: int = 0, limit: int = 50) -> timeline.Page:
        """The story in sentences, newest first, as much of it as this role may know."""
        personal = self._personal(opened.story)
        return timeline.timeline(
            opened.story,
            who.role,
            self.tenant.zone,
            lambda recorded: access.shown(who.role, personal.get(recorded.version)),
            after,
            limit,
            newest_first=True,
            by_former_desk=self._by_former_desk(opened.state),
        )

    def notes(self, who: Who, opened: Opened, versions: Sequence[int]) -> dict[int, str]:
        """What was written by hand in these events, as far as this role may read it."""
        told = [r for r in opened.story if r.version in versions and words.may_read_note(r.event, who.role)]
        return {version: personal.note for version, personal in self._personal(told).items() if personal.note}

    def told_of(self, opened: Opened) -> Personal:
        """Everything told of who it is, also what no list shows."""
        personal = self._personal(opened.story)
        told = ((r.event, personal.get(r.version)) for r in stories.counting(opened.story))
        return people.identity((event, part) for event, part in told if part is not None)

    def _by_former_desk(self, state: Case) -> Callable[[Recorded], bool]:
        """Whether an event was recorded where the case no longer was, by the places of the post it was recorded in."""
        absorbed = self._absorbed(state)
        if not isinstance(state, Person) or not (state.former or absorbed):
            return lambda _: False
        units, territories = self.accounts.units(), dict[tuple[Role, str], access.Territory]()

        def answers_for(recorded: Recorded, desa: str, posyandu: str) -> bool:
            post = recorded.by.role, recorded.by.unit
            if post not in territories and post[1] in units:
                territories[post] = access.territory(post[0], units[post[1]], units)
            return post in territories and territories[post].holds(desa, posyandu)

        return lambda recorded: by_former_desk(state, recorded, answers_for, absorbed)

    def _absorbed(self, state: Case) -> list[tuple[UUID, Person]]:
        """The cases that this one carries on."""
        others = {a.event.other for a in done(state.acts, RecordsAbsorbed)}  # type: ignore[attr-defined]
        if not others:
            return []
        with self._pool.connection() as conn:
            found = {case: stories.fold(story) for case, story in log.stories(conn, self.schema, others).items()}
        return [(case, other) for case, other in found.items() if isinstance(other, Person)]

    def _personal(self, story: Sequence[Recorded]) -> dict[int, Personal]:
        parts = [(r.case, r.version, getattr(r.event, "personal", None)) for r in story]
        sealed = [(case, version, part) for case, version, part in parts if isinstance(part, bytes)]
        if not sealed or forgotten(story):
            return {}
        with self._pool.connection() as conn:
            opened = self._sealing.open_many(conn, sealed)
        return {version: personal for (_, version), personal in opened.items() if personal is not None}

    # Referrals

    def referrals(
        self,
        who: Who,
        narrow: ways.Narrow,
        after: tuple[bool, datetime, UUID] | None,
        limit: int,
        not_older_than: int | None = None,
    ) -> tuple[tuple[Tracked, ...], bool]:
        """Referrals that this post may follow, and whether they are as new as asked."""
        with self._pool.connection() as conn:
            fresh = self._wait(conn, not_older_than)
            return ways.tracked(conn, self.schema, _followed_by(who), narrow, after, limit), fresh

    def referral(
        self, who: Who, referral: UUID, what: str, not_older_than: int | None = None
    ) -> tuple[Tracked, tuple[Step, ...], bool] | None:
        """One referral with its steps; None where there is none for this post. That it was read is noted."""
        with self._pool.connection() as conn:
            fresh = self._wait(conn, not_older_than)
            found = ways.one(conn, self.schema, _followed_by(who), referral)
            if found is None:
                return None
            steps = ways.steps_of(conn, self.schema, found.case, referral)
        self.reads.note(who, [found.case], what)
        return found, steps, fresh

    def seen(self, who: Who, cases: Sequence[UUID], what: str) -> dict[UUID, Seen]:
        """Those of these cases that this post may read, as resources are made of them. That they were read is noted.

        Whoever treats a patient knows the whole NIK (protocol 9.1); the doors of resources are for health workers only.
        """
        book = self.book()
        with self._pool.connection() as conn:
            told = log.stories(conn, self.schema, cases) if cases else {}
            states = {case: stories.fold(story) for case, story in told.items()}
            may = [case for case, state in states.items() if self._readable(conn, who, case, state)]
            sealed = [
                (case, r.version, r.event.personal)
                for case in may
                if not forgotten(told[case])
                for r in told[case]
                if isinstance(getattr(r.event, "personal", None), bytes)
            ]
            opened = self._sealing.open_many(conn, sealed)
        self.reads.note(who, may, what)
        found: dict[UUID, Seen] = {}
        for case in may:
            state, story = states[case], told[case]
            if isinstance(state, Person):
                parts = {r.version: opened.get((case, r.version)) for r in story}
                identity = people.identity((r.event, p) for r in stories.counting(story) if (p := parts[r.version]))
                said = {r.version: r.event for r in stories.counting(story) if of_referral(r.event)}
                notes = {version: p.note for version in said if (p := parts[version]) and p.note}
                at, version = story[-1].by.recorded_at, story[-1].version
                found[case] = Seen(case, state, book.chart(state), identity, said, notes, at, version)
        return found

    def by_nik(self, nik: str, mothers: bool = False) -> tuple[UUID, ...]:
        """The cases of a NIK, or of the children of a mother's."""
        with self._pool.connection() as conn:
            self._sealing.learn(conn)
            return people.of_nik(conn, self.schema, self._sealing.nik_hash(nik), mothers)

    def newest(self) -> None:
        """Wait until the lists show what is recorded by now, as long as a reader may be kept waiting."""
        with self._pool.connection() as conn:
            self._wait(conn, log.head(conn, self.schema))

    def referral_feed(self, who: Who, after: int, limit: int) -> tuple[tuple[Step, ...], int]:
        """What changed after a position, and how far the reader is then."""
        with self._pool.connection() as conn:
            return ways.feed(conn, self.schema, _followed_by(who), after, limit)

    def referral_waits(self, who: Who, since: date) -> tuple[ways.Wait, ...]:
        """How long steps waited."""
        with self._pool.connection() as conn:
            return ways.waits(conn, self.schema, _followed_by(who), since)

    # Questions about entries

    def questions(self, who: Who, before: int | None, limit: int) -> tuple[tuple[asking.Question, ...], int | None]:
        """What was asked in the desa of this post, the newest first, and from where the next page goes on."""
        with self._pool.connection() as conn:
            return asking.asked_in(conn, self.schema, _stories_of(who), before, limit)

    def question(self, who: Who, flag: UUID) -> tuple[asking.Question, Sequence[Recorded]] | None:
        """One of them, with the entries behind it. That these were looked at is noted for each case."""
        with self._pool.connection() as conn:
            found = asking.asked_as(conn, self.schema, _stories_of(who), flag)
            if found is None:
                return None
            entries = asking.behind(conn, self.schema, found.asked.positions)
        self.reads.note(who, list(dict.fromkeys(one.case for one in entries)), "flag")
        return found, entries

    # Writing

    def submit(self, sent: Sequence[Submitted], who: Who) -> Sequence[Answer]:
        """Record what may be recorded, and answer each in its place."""
        units = self.accounts.units() if any(access.moves(one.command) for one in sent) else None
        return self._named(self._written([self._as_stored(one, who) for one in sent], who, units).result())

    def submit_whole(self, sent: Sequence[Submitted], who: Who) -> Sequence[Answer]:
        """Record all of it, or nothing where something is refused."""
        return self._writer.record_whole([self._as_stored(one, who) for one in sent], self._actor(who))

    def record_as(self, sent: Submitted, actor: Actor) -> Answer:
        """Record what has its own door, which says itself who may."""
        return self._writer.submit([sent], actor).result()[0]

    async def submitted(self, sent: Sequence[Submitted], who: Who) -> Sequence[Answer]:
        """The same without a thread that waits, unless a story must be looked into before."""
        if any(_names_event(one, who) or access.moves(one.command) for one in sent):
            return await asyncio.to_thread(self.submit, sent, who)
        told = await _awaited(self._written(sent, who))
        return await asyncio.to_thread(self._named, told) if any(one.code == _MOVED for one in told) else told

    def _written(self, sent: Sequence[Submitted], who: Who, units: access.Units | None = None) -> Future[list[Answer]]:
        return self._writer.submit(sent, self._actor(who, units))

    def _actor(self, who: Who, units: access.Units | None = None) -> Actor:
        may = partial(access.check, who, units=units)
        return Actor(str(who.account), who.role, who.post.unit.code, may)

    def _named(self, told: Sequence[Answer]) -> list[Answer]:
        """Says to a desk by its name where the case is that it told something of."""
        if all(one.code != _MOVED for one in told):
            return list(told)
        units = self.accounts.units()
        return [_with_names(one, units) if one.code == _MOVED else one for one in told]

    def _as_stored(self, sent: Submitted, who: Who) -> Submitted:
        if not _names_event(sent, who):
            return sent
        number: int = sent.command.version  # type: ignore[attr-defined]
        with self._pool.connection() as conn:
            story = log.stories(conn, self.schema, [sent.case])[sent.case]
        version = timeline.version_of(story, who.role, number) or 0
        return replace(sent, command=replace(sent.command, version=version)) if version != number else sent


def _stories_of(who: Who) -> list[UUID]:
    return [desa.number(code) for code in sorted(who.territory.desa)]


def _followed_by(who: Who) -> ways.Scope:
    """A post follows the referrals of its places, and those that its own facility sends or is sent."""
    territory = who.territory
    if territory.facility is not None:
        return ways.Scope(facility=territory.facility)
    facility = who.post.unit.code if who.role in ("bidan", "puskesmas-tpg", "puskesmas-dr") else None
    only = None if territory.only is None else tuple(sorted(territory.only))
    return ways.Scope(tuple(sorted(territory.desa)), only, facility)


_MOVED = "case-moved"


def _with_names(answer: Answer, units: access.Units) -> Answer:
    named = {kind: units[code].name if code in units else code for kind, code in answer.facts.items()}  # type: ignore[index]
    if not named.get("posyandu"):
        return replace(answer, says=refusals.refusal("case-left", {}))
    return replace(answer, facts=named, says=refusals.refusal(_MOVED, named))


async def _awaited(answers: Future[list[Answer]]) -> list[Answer]:
    """What another thread answers. Nobody takes an entry back, so a call that was given up is told nothing."""
    loop = asyncio.get_running_loop()
    there: asyncio.Future[None] = loop.create_future()
    answers.add_done_callback(lambda _: loop.call_soon_threadsafe(_wake, there))
    await there
    return answers.result()


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def _names_event(sent: Submitted, who: Who) -> bool:
    """By the number its reader saw, which differs from the stored one where something was hidden from them."""
    return who.role not in NAKES and getattr(sent.command, "version", None) is not None
