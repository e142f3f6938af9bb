"""What noting a read costs the one who reads, and how many bytes it takes: python -m bench.reads [--json F]

Before, the read was one INSERT of its own, committed before the answer; now it is one line in the spool, brought into
the database in batches. The bound is the same line written and nothing else. The bytes are those of a month's part with
its two indexes, by pg_total_relation_size over the rows in it, and of the WAL that a batch wrote.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier
from uuid_utils.compat import uuid7

from bench.ground import Figures, ground, show, where_asked
from service.access import Post, Territory, Unit, Who
from service.reads import Read, Reads, store
from service.spool import Spool
from service.store import connect

READS = 20_000
ALONE = 2_000
BATCH = 1_000

RINA = Who(
    tenant="3603",
    account=UUID(int=1),
    name="Bidan Rina",
    post=Post(UUID(int=2), "bidan", Unit("3603332001", "desa", "Mekar Baru"), date(2020, 1, 1)),
    territory=Territory(),
)


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(0) as made, connect(made.dsn, 1, 2) as pool, tempfile.TemporaryDirectory() as folder:
        figures: Figures = _microseconds("insert_of_its_own", _inserted(made.dsn, made.schema))
        spool = Spool(Path(folder) / "spool")
        reads = Reads(pool, made.schema, spool, seconds=3600)
        figures |= _microseconds("line_in_the_spool", _noted(reads))
        figures |= _microseconds("bound_one_write", _written(Path(folder) / "bound"))
        began = perf_counter()
        reads.flush()
        figures["brought_in_per_second"] = round(READS / (perf_counter() - began))
        reads.close()
        figures |= _bytes(made.dsn, made.schema)
    show(figures, path)


def _microseconds(name: str, took: list[float]) -> Figures:
    ordered = sorted(took)
    return {f"{name}_p{p}_us": round(ordered[len(ordered) * p // 100] * 1e6, 1) for p in (50, 95, 99)}


def _inserted(dsn: str, schema: str) -> list[float]:
    """As it was: one statement of its own for each read, waited for."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        return [_timed(lambda: store(conn, schema, [_read()])) for _ in range(ALONE)]


def _noted(reads: Reads) -> list[float]:
    return [_timed(lambda: reads.note(RINA, [uuid7()], "page")) for _ in range(READS)]


def _written(path: Path) -> list[float]:
    line = b"x" * 330 + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        return [_timed(lambda: os.write(descriptor, line)) for _ in range(READS)]
    finally:
        os.close(descriptor)


def _bytes(dsn: str, schema: str) -> Figures:
    part = Identifier(schema, f"reads_{datetime.now(UTC):%Y_%m}")
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SQL("VACUUM {}").format(part))
        query = SQL("SELECT count(*), pg_relation_size({n}), pg_total_relation_size({n}) FROM {t}")
        row = conn.execute(query.format(n=part.as_string(), t=part)).fetchone()
        assert row is not None
        rows, table, whole = row
        conn.execute("CHECKPOINT")
        begun = conn.execute("SELECT pg_current_wal_lsn()").fetchone()
        store(conn, schema, [_read() for _ in range(BATCH)])
        wal = conn.execute("SELECT pg_current_wal_lsn() - %s", begun).fetchone()
    assert wal is not None
    return {
        "table_bytes_a_read": round(table / rows),
        "bytes_a_read_with_indexes": round(whole / rows),
        "wal_bytes_a_read": round(float(wal[0]) / BATCH),
    }


def _read() -> Read:
    post = RINA.post
    return Read(
        id=uuid7(), at=datetime.now(UTC), account=RINA.account, post=post.id, role=post.role, unit=post.unit.code,
        case=uuid7(), what="page",
    )  # fmt: skip


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


if __name__ == "__main__":
    main()
