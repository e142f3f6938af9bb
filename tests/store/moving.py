"""Moves the cases of a posyandu until it is done or killed: python -m tests.store.moving DSN SCHEMA FROM TO"""

from __future__ import annotations

import sys
from datetime import datetime

from domain.case import zone
from service import moving
from service.sealing import Sealing
from service.store import Store, connect
from tests.store.given import MASTER_KEY
from tests.store.places import UNITS

AT_ONCE = 10


def main(dsn: str, schema: str, out_of: str, to: str) -> None:
    with connect(dsn, 1, 2) as pool:
        store = Store(pool, schema, Sealing(MASTER_KEY, schema), zone("3603"), lambda _day: "2025")
        with pool.connection() as conn:
            wanted = [moving.Wanted(str(case), to) for case in moving.cases_of(conn, schema, out_of)]
        moving.BATCH = AT_ONCE
        errand = moving.Errand(store, UNITS, "3603", "posyandu-digabung", datetime.now(store.clock))
        for one in moving.move(errand, wanted):
            print(one.outcome, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
