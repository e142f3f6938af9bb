"""What the tests of the store write, and who writes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from msgspec.structs import replace

from domain import child
from domain.case import Command, Envelope, Personal
from service.handle import Actor, Asked, Submitted
from service.sealing import Sealing
from service.store import FactMapper, LogRecorder, connect
from tests.pure.telling import Telling

MASTER_KEY = bytes(range(32))
HEARD = datetime(2025, 3, 4, 2, 30, tzinfo=UTC)
DESA, POSYANDU = "3603332001", "3603332001.01"


def anything(_command: Command, _state: Any) -> None:
    """The right to do everything: who may do what is tested elsewhere."""


RINA = Actor("rina", "bidan", DESA, anything)
SITI = Actor("siti", "kader", POSYANDU, anything)


def envelope(actor: str = "rina") -> Envelope:
    return Envelope(recorded_at=HEARD, actor=actor, role="bidan", unit=DESA, entry=uuid4(), edition="2025")


def register(case: UUID, name: str = "Budi", entry: UUID | None = None) -> Submitted:
    command = child.Register(
        on=date(2025, 1, 10),
        born=date(2024, 12, 1),
        sex="L",
        desa=DESA,
        posyandu=POSYANDU,
        personal=Personal(name=name, nik="3603330112240001", mother="Siti"),
    )
    return Submitted(entry or uuid4(), case, command)


def weigh(case: UUID, kg: float, on: date = date(2025, 2, 10), entry: UUID | None = None) -> Submitted:
    return Submitted(entry or uuid4(), case, child.Measure(on=on, kg=kg))


def asked(*sent: Submitted, by: Actor = RINA, at: datetime = HEARD) -> list[Asked]:
    return [Asked(one, by, at) for one in sent]


def tell(dsn: str, schema: str, stories: Mapping[UUID, Telling]) -> None:
    """Put stories that name nobody into the log, each under a number of its own, as they were told."""
    with connect(dsn, 1, 1) as pool, pool.connection() as conn:
        mapper = FactMapper(Sealing(MASTER_KEY, schema).keys(conn, ()))
        for number, telling in stories.items():
            told = [
                replace(r, case=number, by=replace(r.by, entry=uuid5(number, str(r.version)))) for r in telling.story
            ]
            LogRecorder(pool, schema).insert_events([mapper.to_stored_event(r) for r in told], conn=conn)
