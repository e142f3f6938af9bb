"""e-PPGBM exports as they are found in the field, made in every format the tests need."""

from __future__ import annotations

import csv
import html
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import xlwt

TITLES = (
    "No", "NIK", "Nama", "JK", "Tgl Lahir", "BB Lahir", "TB Lahir", "Nama Ortu", "Prov", "Kab/Kota", "Kec", "Pukesmas",
    "Desa/Kel", "Posyandu", "RT", "RW", "Alamat", "Usia Saat Ukur", "Tanggal Pengukuran", "Berat", "Tinggi",
    "Cara Ukur", "LiLA", "BB/U", "ZS BB/U", "TB/U", "ZS TB/U", "BB/TB", "ZS BB/TB", "Naik Berat Badan", "Jml Vit A",
    "KPSP", "KIA", "Detail",
)  # fmt: skip

SITI = {
    "No": 1, "NIK": "3603334503240001", "Nama": "SITI AMINAH", "JK": "P", "Tgl Lahir": "2024-03-05", "BB Lahir": "3,1",
    "TB Lahir": "49", "Nama Ortu": "JUNAEDI / RUKMINI", "Prov": "BANTEN", "Kab/Kota": "TANGERANG",
    "Kec": "MEKAR BARU", "Pukesmas": "MEKAR BARU", "Desa/Kel": "MEKAR BARU", "Posyandu": "MELATI", "RT": "001",
    "RW": "002", "Alamat": "Kp. Cikandang", "Usia Saat Ukur": "1 Tahun - 2 Bulan - 5 Hari",
    "Tanggal Pengukuran": "2025-05-10", "Berat": "7,1", "Tinggi": "71,5", "Cara Ukur": "Telentang", "LiLA": "12,4",
    "BB/U": "Kurang", "ZS BB/U": "-2,35", "TB/U": "Normal", "ZS TB/U": "-1,65", "BB/TB": "Gizi Kurang",
    "ZS BB/TB": "-2,10", "Naik Berat Badan": "T", "Jml Vit A": "1", "KPSP": "-", "KIA": "Ya", "Detail": "",
}  # fmt: skip

BUDI = SITI | {
    "No": 2, "NIK": "3603331207230002", "Nama": "BUDI SANTOSO", "JK": "L", "Tgl Lahir": "2023-07-12",
    "BB Lahir": "2900", "Nama Ortu": "DARMAN / -", "Usia Saat Ukur": "1 Tahun - 9 Bulan - 28 Hari",
    "Berat": "10,2", "Tinggi": "82,0", "LiLA": "-",
    "ZS BB/U": "-0,95", "ZS TB/U": "-0,88", "ZS BB/TB": "-0,71", "Naik Berat Badan": "Y",
}  # fmt: skip

Made = dict[str, Any]


def table(*children: Made, titles: Sequence[str] = TITLES) -> list[list[Any]]:
    """A whole sheet: what stands above the heading, the heading, a row for each child."""
    return [
        ["LAPORAN PENGUKURAN BALITA"],
        ["data tanggal : 2025-08-31"],
        [],
        list(titles),
        *([child.get(title, "") for title in titles] for child in children),
    ]


def as_xlsx(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    return path


def as_xls(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    dates = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if isinstance(value, date):
                sheet.write(r, c, value, dates)
            elif value != "":
                sheet.write(r, c, value)
    book.save(str(path))
    return path


def as_html(path: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8") -> Path:
    def line(row: Sequence[Any]) -> str:
        return "<tr>" + "".join(f"<td>{html.escape(str(v))}</td>" for v in row) + "</tr>\n"

    head = "<html><head><style>td{mso-number-format:General}</style></head>"
    page = f"{head}<body><table border=1>\n{''.join(map(line, rows))}</table></body></html>"
    path.write_bytes(page.encode(encoding))
    return path


def as_csv(path: Path, rows: Sequence[Sequence[Any]], delimiter: str = ";", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path
