"""A process that opens records for ever, and says of each that it was noted: `python -m tests.store.noting DSN ...`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from uuid import UUID

from service.access import Post, Territory, Unit, Who
from service.reads import Reads
from service.spool import Spool
from service.store import connect

NOTED = "noted "
RINA = Who(
    tenant="9901",
    account=UUID(int=1),
    name="Bidan Rina",
    post=Post(UUID(int=2), "bidan", Unit("9901012001", "desa", "Kedaung"), date(2020, 1, 1)),
    territory=Territory(),
)


def case(process: int, number: int) -> UUID:
    """A case of which this process alone reads."""
    return UUID(int=process << 32 | number)


def main(dsn: str, schema: str, folder: str, process: int) -> None:
    with connect(dsn, 1, 2) as pool:
        reads = Reads(pool, schema, Spool(Path(folder)), seconds=0.002)
        number = 0
        while True:
            number += 1
            reads.note(RINA, [case(process, number)], "case")
            sys.stdout.write(f"{NOTED}{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
