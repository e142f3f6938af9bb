"""A case moves to another kabupaten of this installation, with its whole story: `dampingi pindahkan-kabupaten`.

The events are copied as they stand, with who recorded them and when, into the other log, and the case is accepted
there in the same commit; then the old log says where it went. The number of the case stays. A run that was killed is
begun again; one that is begun later also carries over what former desks have told meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid5

import click
import psycopg
from eventsourcing.persistence import EventStore, IntegrityError
from msgspec import Struct
from msgspec.structs import replace

from domain import stories
from domain.case import Case, Command, Envelope, Personal, Recorded, Refused
from domain.erasure import forgotten
from domain.person import LeaveKabupaten, LeftKabupaten, Person, TransferAccepted
from domain.refusals import refusal
from projections import log
from service import embedded, following
from service.access import Units
from service.accounts import Accounts
from service.administration import served
from service.exchange.rows import FileError
from service.handle import Actor, Asked, Submitted, record
from service.moving import Wanted, wanted_in
from service.sealing import sealing_of
from service.settings import SettingsError
from service.store import Entry, FactMapper, Store

_ENTRIES = UUID("f27a6c1e-0b4d-5e38-9a51-c4d2e7b8a963")
TRIES = 5


class Side(Struct, frozen=True):
    """One of the two kabupaten."""

    store: Store
    units: Units
    code: str


class Went(Struct, frozen=True):
    """What became of a case. `events` were copied now."""

    case: UUID | str
    """As it is written, where that is no number."""
    outcome: Literal["moved", "there", "refused"]
    events: int = 0
    why: str = ""


def emigrate(here: Side, there: Side, case: UUID, posyandu: str, at: datetime) -> Went:
    """Carry a case over, and say in the old log where it went. What is there already is not copied again."""
    with here.store.pool.connection() as conn:
        story = log.stories(conn, here.store.schema, [case])[case]
    state = stories.fold(story)
    why = _hindrance(state, there, posyandu)
    if why is not None:
        return Went(case, "refused", why=refusal(why))
    assert isinstance(state, Person)
    for _ in range(TRIES):
        try:
            copied = _copy(here, there, case, story, posyandu, at)
            break
        except IntegrityError:
            continue  # somebody told something of it there at the same moment
    else:
        return Went(case, "refused", why=refusal("busy"))
    if state.away is None:
        _leave(here, there, case, posyandu, at)
    return Went(case, "moved" if copied or state.away is None else "there", copied)


def _hindrance(state: Case | None, there: Side, posyandu: str) -> str | None:
    unit = there.units.get(posyandu)
    if not isinstance(state, Person):
        return "no-such-case"
    if unit is None or unit.kind != "posyandu":
        return "no-such-posyandu"
    if state.away is None and not state.active:
        return "case-ended"
    return None if state.away in (None, there.code) else "case-ended"


def _copy(here: Side, there: Side, case: UUID, story: Sequence[Recorded], posyandu: str, at: datetime) -> int:
    """The events that the other log does not have yet, in one commit. Returns how many."""
    schema = there.store.schema
    with there.store.pool.connection() as conn:
        known = log.stories(conn, schema, [case])[case]
        numbered = _versions(case, story, known)
        new = [r for r in story if r.version not in numbered and not isinstance(r.event, LeftKabupaten)]
        opened = _opened(here, case, new)
        copies: list[Recorded] = []
        for told in new:
            numbered[told.version] = len(known) + len(copies) + 1
            copies.append(_as_told_there(case, told, numbered, opened))
        if not known:
            copies.append(_accepted(there, case, posyandu, len(copies) + 1, at))
        stories.fold([*known, *copies])  # raises where the two do not add up; nothing is written then
        entries = [Entry(by, b"", len(list(of))) for by, of in groupby(copies, key=lambda r: r.by)]
        keys = there.store.sealing.keys(conn, [case])
        # `made` fills while the mapper seals, before the recorder reads it.
        with conn.transaction():
            EventStore(FactMapper(keys), there.store.recorder).put(copies, entries=entries, keys=keys.made, conn=conn)
            if forgotten(copies):
                there.store.sealing.destroy(conn, case)
    return len(copies)


def _versions(case: UUID, story: Sequence[Recorded], known: Sequence[Recorded]) -> dict[int, int]:
    """The version there of every event that was carried over before."""
    there: dict[UUID, list[int]] = {}
    for r in known:
        there.setdefault(r.by.entry, []).append(r.version)
    numbered: dict[int, int] = {}
    for r in story:
        carried = there.get(_entry(case, r.by.entry))
        if carried:
            numbered[r.version] = carried.pop(0)
    return numbered


def _entry(case: UUID, entry: UUID) -> UUID:
    """An entry may have told something of two cases; there each has a number of its own."""
    return uuid5(_ENTRIES, f"{case} {entry}")


def _opened(here: Side, case: UUID, new: Sequence[Recorded]) -> dict[int, Personal | None]:
    sealed = [(case, r.version, r.event.personal) for r in new if isinstance(getattr(r.event, "personal", None), bytes)]
    with here.store.pool.connection() as conn:
        opened = here.store.sealing.open_many(conn, sealed)
    return {version: personal for (_, version), personal in opened.items()}


def _as_told_there(
    case: UUID, told: Recorded, numbered: dict[int, int], opened: dict[int, Personal | None]
) -> Recorded:
    """The same event by the same hand, sealed anew, naming other events by their versions there."""
    event: Any = told.event
    if told.version in opened:
        event = replace(event, personal=opened[told.version])
    named = getattr(event, "version", None)
    if isinstance(named, int) and named in numbered:
        event = replace(event, version=numbered[named])
    by = replace(told.by, entry=_entry(case, told.by.entry))
    return Recorded(case, numbered[told.version], event, by)


def _accepted(there: Side, case: UUID, posyandu: str, version: int, at: datetime) -> Recorded:
    on: date = at.astimezone(there.store.clock).date()
    desa = there.units[posyandu].parent or ""
    by = Envelope(
        recorded_at=at, actor="operator", role="kabupaten", unit=there.code,
        entry=uuid5(_ENTRIES, f"accepted {case} {there.code}"), edition=there.store.edition(on),
    )  # fmt: skip
    accepted = TransferAccepted(on=on, desa=desa, posyandu=posyandu, reason="antar-kabupaten")
    return Recorded(case, version, accepted, by)


def _leave(here: Side, there: Side, case: UUID, posyandu: str, at: datetime) -> None:
    on = at.astimezone(here.store.clock).date()
    command = LeaveKabupaten(on=on, kabupaten=there.code, posyandu=posyandu)
    entry = uuid5(_ENTRIES, f"left {case} {here.code} {there.code}")
    by = Actor("operator", "kabupaten", here.code, _may)
    [answer] = record(here.store, [Asked(Submitted(entry, case, command), by, at)])
    if answer.outcome not in ("recorded", "already"):
        raise RuntimeError(f"the case was copied and not let go: {answer.code}")  # the next run lets it go


def _may(command: Command, _state: Case | None) -> None:
    if not isinstance(command, LeaveKabupaten):
        raise Refused("not-allowed")


# The command


@click.command("pindahkan-kabupaten")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dari", required=True, help="Kode kabupaten lama.")
@click.option("--ke", required=True, help="Kode kabupaten baru; dilayani di sini juga.")
def emigration_command(file: Path, dari: str, ke: str) -> None:
    """Memindahkan kasus dari FILE csv case_id;posyandu ke kabupaten lain, dengan seluruh riwayatnya.

    Boleh diulang: yang sudah pindah tidak disalin dua kali, dan catatan yang datang terlambat ikut disusulkan.
    """
    try:
        wanted = wanted_in(file)
        with ExitStack() as sides:
            here, there = (sides.enter_context(_side(code)) for code in (dari, ke))
            moved = [_went(here, there, one) for one in wanted]
    except (SettingsError, FileError, embedded.EmbeddedError) as problem:
        raise click.ClickException(str(problem)) from None
    except psycopg.OperationalError as problem:
        raise click.ClickException(f"PostgreSQL: {problem}") from None
    for one in moved:
        if one.outcome == "refused":
            click.echo(f"{one.case}: {one.why}", err=True)
    counts = {what: sum(1 for one in moved if one.outcome == what) for what in ("moved", "there", "refused")}
    click.echo(
        f"{counts['moved']} kasus dipindahkan ({sum(one.events for one in moved)} catatan), "
        f"{counts['there']} sudah di sana, {counts['refused']} ditolak"
    )


def _went(here: Side, there: Side, one: Wanted) -> Went:
    try:
        case = UUID(one.case)
    except ValueError:
        return Went(one.case, "refused", why=refusal("no-such-case"))
    return emigrate(here, there, case, one.posyandu, datetime.now(here.store.clock))


@contextmanager
def _side(code: str) -> Iterator[Side]:
    with served(code, connections=2) as (settings, tenant, pool):
        store = Store(pool, tenant.schema, sealing_of(settings, tenant.schema), tenant.zone, following.edition)
        yield Side(store, Accounts(pool, tenant).units(), code)


COMMANDS = (emigration_command,)
