"""Rows a second that an import takes, and its memory: python -m bench.importing [--json FILE]

Each format is imported in a process of its own, once with some rows and once with four times as many, into a kabupaten
without children. The bound is reading the same file, cell by cell, and writing nothing. Every row is another child,
which is the dearest case: a registration, a key, a sealed identity and a measurement for each.
"""

from __future__ import annotations

import csv
import html
import multiprocessing
import resource
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import openpyxl
import psycopg

from bench.ground import MASTER, Figures, ground, ground_at, show, where_asked
from projections import follow
from service import demo, lives
from service.accounts import Accounts
from service.exchange import eppgbm
from service.exchange.ahead import Ahead, Source
from service.exchange.door import ImportDoor
from service.exchange.intake import Intake
from service.exchange.rejected import Aside
from service.exchange.tables import open_table
from service.exchange.whole import bring_in

ROWS = 5_000
TIMES = 4
REACH = 4_000

TITLES = (
    "No", "NIK", "Nama", "JK", "Tgl Lahir", "BB Lahir", "TB Lahir", "Nama Ortu", "Prov", "Kab/Kota", "Kec", "Pukesmas",
    "Desa/Kel", "Posyandu", "RT", "RW", "Alamat", "Usia Saat Ukur", "Tanggal Pengukuran", "Berat", "Tinggi",
    "Cara Ukur", "LiLA", "BB/U", "ZS BB/U", "TB/U", "ZS TB/U", "BB/TB", "ZS BB/TB", "Naik Berat Badan", "Jml Vit A",
    "KPSP", "KIA", "Kelas Ibu Balita", "MBG", "Detail",
)  # fmt: skip


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    figures: Figures = {"reach_rows_per_second": REACH}
    with tempfile.TemporaryDirectory(prefix="dampingi-bench-") as folder:
        for kind, make in (("csv", as_csv), ("html", as_html), ("xlsx", as_xlsx)):
            some, more = (make(Path(folder) / f"{rows}.{kind}", rows) for rows in (ROWS, ROWS * TIMES))
            few, many = alone(some), alone(more)
            figures |= {
                f"{kind}_reading_only_rows_per_second": round(many["rows"] / many["reading"]),
                f"{kind}_rows_per_second": round(many["rows"] / many["seconds"]),
                f"{kind}_memory_mb": round(few["mb"]),
                f"{kind}_memory_of_{TIMES}_times_the_rows_mb": round(many["mb"]),
            }
            if kind == "csv":
                figures["csv_again_rows_per_second"] = round(many["rows"] / many["again"])
    show(figures, path)


def alone(path: Path) -> dict[str, float]:
    """An import in a process of its own, whose memory is nobody else's, into a kabupaten with units and no children."""
    with ground(0) as made:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=_import, args=(made.dsn, path, theirs))
        process.start()
        theirs.close()
        try:
            found: dict[str, float] = ours.recv()
        finally:
            process.join()
    return found


def _import(dsn: str, path: Path, tell: Any) -> None:
    made = ground_at(dsn)
    with psycopg.connect(dsn, autocommit=True) as conn:
        follow.prepare(conn, made.followed(), made.followed().book(conn))
    with made.store() as store:
        accounts = Accounts(store.pool, made.tenant)
        for unit in demo.units():
            accounts.put_unit(unit)
        door = ImportDoor(made.tenant.code, store, accounts.units(), "puskesmas-tpg")
        found = {"seconds": 0.0, "again": 0.0}
        for name in found:
            start = perf_counter()
            source = Source(path, eppgbm.read, accounts.units(), None, MASTER, door.today)
            asides = [Aside(path.with_suffix(f".{name}.{word}"), word) for word in ("ditolak", "catatan")]
            tally = bring_in(Ahead(source), Intake(door), *asides)
            found[name] = perf_counter() - start
            if tally.rows["rejected"]:
                raise SystemExit(f"{tally.says()} {asides[0].path.read_text()[:2000]}")
            if name == "seconds":
                found_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = perf_counter()
    rows = sum(1 for line in open_table(path).lines if line.cells)
    tell.send({**found, "reading": perf_counter() - start, "rows": rows, "mb": found_mb})
    tell.close()


# Files


def table(rows: int) -> Iterator[Sequence[str]]:
    """An export of so many children, as the field has them: text in every cell, decimal commas."""
    yield ["data tanggal : 2025-08-31"]
    yield TITLES
    posyandu = [(name, desa) for _, name, desa in lives.posyandu()]
    desas = dict(lives.DESA)
    for n in range(rows):
        born = date(2023, 1, 1) + timedelta(days=n % 700)
        name, desa = posyandu[n % len(posyandu)]
        yield [
            str(n + 1), f"360333{born:%d%m%y}{n % 9999 + 1:04d}", f"ANAK KE {n} BIN SESEORANG", "LP"[n % 2],
            born.isoformat(), "3,1", "49", f"AYAH {n} / IBU {n}", "BANTEN", "TANGERANG", "MEKAR BARU", "MEKAR BARU",
            desas[desa].upper(), name.upper(), "001", "002", f"Kp. Cikandang No. {n}", "", "2025-08-10",
            f"{7 + n % 60 / 10:.1f}".replace(".", ","), f"{66 + n % 300 / 10:.1f}".replace(".", ","), "Telentang", "-",
            "Normal", "-0,35", "Normal", "-0,65", "Gizi Baik", "-0,10", "Y", "1", "-", "Ya", "-", "-", "",
        ]  # fmt: skip


def as_csv(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(table(rows))
    return path


def as_html(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write("<html><body><table border=1>\n")
        for row in table(rows):
            file.write("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>\n")
        file.write("</table></body></html>")
    return path


def as_xlsx(path: Path, rows: int) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in table(rows):
        sheet.append(row)
    book.save(path)
    return path


if __name__ == "__main__":
    main()
