"""Writes until it is killed, and says what was acknowledged: python -m tests.store.writing DSN SCHEMA NUMBER"""

from __future__ import annotations

import os
import sys
from uuid import UUID

from domain.case import zone
from service.handle import record
from service.sealing import Sealing
from service.store import Store, connect
from tests.store.given import MASTER_KEY, asked, register

ACKNOWLEDGED = "acknowledged "
AT_ONCE = 3
"""Entries of each batch, each of a case of its own."""


def main(dsn: str, schema: str, writer: int) -> None:
    with connect(dsn, 1, 1) as pool:
        store = Store(pool, schema, Sealing(MASTER_KEY, schema), zone("3603"), lambda _day: "2025")
        for batch in range(1_000_000):
            numbers = [entry(writer, batch, place) for place in range(AT_ONCE)]
            answers = record(store, asked(*[register(number, entry=number) for number in numbers]), 0)
            if {answer.outcome for answer in answers} != {"recorded"}:
                os._exit(1)  # the server is gone, and there is no connection to close in good order
            print(f"{ACKNOWLEDGED}{batch}", flush=True)  # noqa: T201


def entry(writer: int, batch: int, place: int) -> UUID:
    """So that it can be told from a number whose batch it was in."""
    return UUID(int=writer << 96 | batch << 8 | place + 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
