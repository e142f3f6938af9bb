"""What the ledger costs an event: leaves and root, building it from the log, and looking whether it is whole.

python -m bench.ledger [--json FILE]. The bound is SHA-256 of the same records, each once.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from time import perf_counter
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from bench.compare import multiply
from bench.ground import Figures, Ground, ground, show, where_asked
from projections import ledger, log, merkle
from projections.ledger import Tree

EVENTS = 1_000_000
SAMPLE = 100_000
ROUNDS = 3
REACH_RATIO = 0.3


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(1) as made, psycopg.connect(made.dsn, autocommit=True) as conn:
        fill(made, conn)
        figures = {**of_hashes(made, conn), **of_log(made, conn)}
    show(figures, path)


def fill(made: Ground, conn: psycopg.Connection[Any]) -> None:
    events, head = Identifier(made.schema, "events"), Identifier(made.schema, "head")
    row = conn.execute(SQL("SELECT count(*) FROM {} WHERE version = 1").format(events)).fetchone()
    assert row is not None
    multiply(made, row[0] * -(-EVENTS // log.head(conn, made.schema)))
    conn.execute(SQL("UPDATE {} SET last = (SELECT max(position) FROM {})").format(head, events))
    conn.execute("VACUUM ANALYZE")
    conn.execute("CHECKPOINT")


def of_hashes(made: Ground, conn: psycopg.Connection[Any]) -> Figures:
    """Without the database: the bytes are at hand."""
    records = [record for _, record in ledger.records(conn, made.schema, 0, SAMPLE)]
    bound = best(lambda: [sha256(record).digest() for record in records])
    tree = best(lambda: ledger.grow({}, 0, [merkle.leaf(ledger.entry(record)) for record in records]))
    return {
        "bytes_of_a_record": round(sum(map(len, records)) / len(records)),
        "bound_sha256_records_per_second": round(len(records) / bound),
        "leaves_and_root_events_per_second": round(len(records) / tree),
        "ratio": round(bound / tree, 2),
        "reach_ratio": REACH_RATIO,
    }


def of_log(made: Ground, conn: psycopg.Connection[Any]) -> Figures:
    size = log.head(conn, made.schema)
    reading = once(lambda: sum(1 for _ in reads(conn, made.schema)))
    wal = wal_bytes(conn)
    built = once(lambda: ledger.rebuild(conn, made.schema, nobody))
    wal = wal_bytes(conn) - wal
    row = conn.execute("SELECT pg_total_relation_size(%s)", [f"{made.schema}.tiles"]).fetchone()
    assert row is not None
    tree = Tree(conn, made.schema, size)
    found: dict[str, float] = {}
    examined = once(lambda: found.update(root=ledger.roots(conn, made.schema, {size}, nobody)[size] == tree.root()))
    proof = best(lambda: [Tree(conn, made.schema, size).inclusion(n) for n in range(0, size, size // 100)])
    assert found["root"]
    return {
        "events": size,
        "reading_records_us_an_event": round(reading / size * 1e6, 2),
        "building_us_an_event": round(built / size * 1e6, 2),
        "building_events_per_second": round(size / built),
        "recomputing_events_per_second": round(size / examined),
        "tiles_bytes_an_event": round(row[0] / size, 1),
        "wal_bytes_an_event": round(wal / size, 1),
        "one_inclusion_proof_ms": round(proof / 100 * 1000, 2),
    }


def reads(conn: psycopg.Connection[Any], schema: str) -> Any:
    after = 0
    while rows := ledger.records(conn, schema, after, 20_000):
        yield from rows
        after = rows[-1][0]


def wal_bytes(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint").fetchone()
    assert row is not None
    return int(row[0])


def best(work: Callable[[], object]) -> float:
    return min(once(work) for _ in range(ROUNDS))


def once(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def nobody(_count: int) -> None:
    pass


if __name__ == "__main__":
    main()
