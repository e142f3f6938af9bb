"""Units get their stories: every desa, puskesmas, kecamatan and kabupaten begins one, and a new posyandu is told of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID, uuid5

from domain import desa, stories
from domain.case import Case, Command, Refused
from domain.desa import Desa
from projections import log
from service.access import STORIED, Unit, Units
from service.handle import Actor, Asked, Submitted, record
from service.store import Store

_ENTRIES = UUID("0d9d4a55-6f0e-4c55-8a52-3d5b5f1f0c77")


def begin_units(store: Store, units: Units, on: date, at: datetime) -> int:
    """Record what the stories of units do not know yet, and say how much that was. Doing it again records nothing."""
    numbers = {desa.number(unit.code): unit for unit in units.values() if unit.kind in STORIED}
    with store.pool.connection() as conn:
        told = log.stories(conn, store.schema, numbers)
    asked = [
        Asked(Submitted(entry, number, command), _operator(unit), at)
        for number, unit in numbers.items()
        for entry, command in _missing(unit, units, stories.fold(told[number]), on)
    ]
    for answer in record(store, asked) if asked else ():
        if answer.outcome not in ("recorded", "already"):
            raise RuntimeError(f"the story of a unit was {answer.outcome}: {answer.code}")
    return len(asked)


def _missing(unit: Unit, units: Units, state: Case | None, on: date) -> Iterator[tuple[UUID, Command]]:
    """The beginning of a story, or the posyandu it has not heard of. An entry always has the same number."""
    posyandus = tuple(sorted(u.code for u in units.values() if u.kind == "posyandu" and u.parent == unit.code))
    if state is None:
        entry = uuid5(_ENTRIES, unit.code)
        yield entry, desa.Register(on=on, desa=unit.code, level=unit.kind, posyandus=posyandus)
        return
    assert isinstance(state, Desa)
    known = {posyandu.code for posyandu in state.posyandus}
    for code in posyandus:
        if code not in known:
            yield uuid5(_ENTRIES, f"{unit.code} {code}"), desa.ListPosyandu(on=on, posyandu=code)


def _may(command: Command, _state: Case | None) -> None:
    if not isinstance(command, desa.Register | desa.ListPosyandu):
        raise Refused("not-allowed")


def _operator(unit: Unit) -> Actor:
    return Actor("operator", "kabupaten", unit.code, _may)
