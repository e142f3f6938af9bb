"""Making and checking evidence packs: 100,000 events in one, and the story of a case at depth 100 and 1,000.

python -m bench.evidence [--json FILE]. The bound of checking is SHA-256 of the same records, each once. The verifier
runs as the inspector runs it, in a process of its own; the memory is that of the process that makes the pack.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID, uuid5

import psycopg

from bench.compare import multiply
from bench.depth import life
from bench.ground import BATCH, MASTER, Figures, Ground, asked, ground, percentiles, show, where_asked
from projections import log
from service import choosing, evidence, following, ledger, lives
from service.evidence import Maker
from service.handle import record
from service.ledger import Ledger
from service.notes import Signer
from service.settings import root
from service.store import Pool, connect

EVENTS = 100_000
DEPTHS = (100, 1_000)
TIMES = 20
REACH_EVENTS_PER_SECOND = 100_000

PERIKSA = root() / "verify" / "periksa.py"


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(1) as made, connect(made.dsn, 2, 4) as pool, tempfile.TemporaryDirectory() as folder:
        cases = {depth: of_depth(made, depth) for depth in DEPTHS}
        fill(made)
        maker = signed(made, pool)
        figures = {**of_cases(maker, cases), **of_many(maker, Path(folder))}
    show(figures, path)


def of_depth(made: Ground, depth: int) -> UUID:
    """A child of whom something was recorded on so many days."""
    case = uuid5(lives.SPACE, f"evidence {depth}")
    told = list(life(made, case, depth))
    with made.store() as store:
        for first in range(0, len(told), BATCH):
            record(store, [asked(entry) for entry in told[first : first + BATCH]])
    return case


def fill(made: Ground) -> None:
    """Copies of the same kecamatan, until there are enough events."""
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        have = log.head(conn, made.schema)
        if have < EVENTS:
            row = conn.execute(f"SELECT count(*) FROM {made.schema}.events WHERE version = 1").fetchone()
            assert row is not None
            multiply(made, row[0] * -(-EVENTS // have))
            conn.execute(f"UPDATE {made.schema}.head SET last = (SELECT max(position) FROM {made.schema}.events)")
        conn.execute("VACUUM ANALYZE")


def signed(made: Ground, pool: Pool) -> Maker:
    signer = Signer(f"dampingi/{made.schema}", MASTER)
    of = Ledger(pool, made.schema, signer, timedelta(0), 1)
    assert ledger.work(of)
    return Maker(of, signer.key, made.tenant.zone, {}, following.juknis(), 5)


def of_cases(maker: Maker, cases: dict[int, UUID]) -> Figures:
    figures: Figures = {}
    for depth, case in cases.items():
        seconds = []
        for _ in range(TIMES):
            start = perf_counter()
            with maker.of.pool.connection() as conn:
                story = log.stories(conn, maker.of.schema, [case])[case]
            evidence.make(maker, choosing.case(case, story, "bidan"), "bidan", BytesIO())
            seconds.append(perf_counter() - start)
        figures |= {f"case_of_{depth}_{name}": value for name, value in percentiles(seconds).items()}
    return figures


def of_many(maker: Maker, folder: Path) -> Figures:
    before = _mb()
    path = folder / "paket.zip"
    with maker.of.pool.connection() as conn:
        choose, chosen = timed(lambda: choosing.book(conn, maker.of.schema, EVENTS, "inspektorat"))
    with path.open("w+b") as out:
        making, _ = timed(lambda: evidence.make(maker, chosen, "inspektorat", out))
    after = _mb()
    checking = min(timed(lambda: checked(path, maker))[0] for _ in range(3))
    hashing, bound = of_hashes(path)
    return {
        "events": EVENTS,
        "choosing_seconds": round(choose, 1),
        "making_seconds": round(making, 1),
        "memory_before_mb": round(before),
        "memory_after_mb": round(after),
        "pack_mb": round(path.stat().st_size / 1e6, 1),
        "checking_seconds": round(checking, 2),
        "checking_events_per_second": round(EVENTS / checking),
        "hashing_part_events_per_second": round(EVENTS / hashing),
        "reach_events_per_second": REACH_EVENTS_PER_SECOND,
        "bound_sha256_of_the_records_seconds": round(bound, 3),
        "bound_ratio_of_the_hashing_part": round(bound / hashing, 3),
    }


def checked(path: Path, maker: Maker) -> None:
    """In a process of its own; all that stands in the pack is of one book, so it is not whole and says so."""
    ran = subprocess.run(
        [sys.executable, "-I", PERIKSA, path, "--kunci", str(maker.key)], capture_output=True, text=True
    )
    if "kejadian di paket ini tercatat di buku" not in ran.stdout:
        raise RuntimeError(ran.stdout + ran.stderr)


def of_hashes(path: Path) -> tuple[float, float]:
    """Seconds for records, leaves and root by the verifier's own functions, and for SHA-256 of the records alone."""
    spec = importlib.util.spec_from_file_location("periksa", PERIKSA)
    assert spec is not None
    assert spec.loader is not None
    periksa: Any = importlib.util.module_from_spec(spec)
    sys.modules["periksa"] = periksa
    spec.loader.exec_module(periksa)
    with zipfile.ZipFile(path) as pack, pack.open("bukti.json") as told:
        events = [json.loads(line.rstrip(b",\n")) for line in told if line.startswith(b'{"position"')]
    events = [event for event in events if "state" in event]
    with periksa.opened(path) as pack:
        read = periksa.Read(pack)
    proof = periksa.hashes(read.rest["proof"], "proof")
    size = int(read.rest["checkpoint"].split("\n")[1])

    def hashed() -> None:
        for event in events:
            periksa.leaf(sha256(periksa.record(event)).digest())
        periksa.root_of(size, read, proof)

    records = [periksa.record(event) for event in events]
    hashing = min(timed(hashed)[0] for _ in range(3))
    return hashing, min(timed(lambda: [sha256(one).digest() for one in records])[0] for _ in range(3))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = perf_counter()
    found = work()
    return perf_counter() - start, found


def _mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
