"""Changes the master key until it is killed: python -m tests.store.rotating DSN SCHEMA"""

from __future__ import annotations

import sys
import time

import psycopg

from service import rotation
from service.masterkey import MasterKey
from tests.store.given import MASTER_KEY

NEW_KEY = bytes(range(100, 132))


def main(dsn: str, schema: str) -> None:
    rotation.BATCH = 5
    with psycopg.connect(dsn, autocommit=True) as conn:
        rotation.rotate(conn, schema, MasterKey(NEW_KEY, MASTER_KEY), _slowly)


def _slowly(done: int) -> None:
    print(done, flush=True)  # noqa: T201
    time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
