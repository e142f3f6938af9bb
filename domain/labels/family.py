"""Families: what was screened, what help was asked and given."""

from __future__ import annotations

CODES: dict[str, str] = {
    "layak": "sehat",
    "tidak-layak": "tidak sehat",
    "tidak-ada": "tidak ada",
    "aman": "aman",
    "tidak-aman": "tidak aman",
    "jamban": "jamban",
    "air": "air bersih",
    "bantuan-sosial": "PKH atau sembako",
    "makanan": "makanan",
    "rkpdes": "RKPDes",
    "dinas": "dinas kabupaten",
    "bpjs": "BPJS Kesehatan",
    "musdes": "musyawarah desa",
    "donatur": "donatur atau orang tua asuh",
    "apbn": "APBN",
    "bok": "BOK",
    "tanpa-dana": "tidak ada dana",
    "tidak-memenuhi-syarat": "tidak memenuhi syarat",
    "bkb": "BKB",
    "kelas-ibu-balita": "kelas ibu balita",
    "kelas-ibu-hamil": "kelas ibu hamil",
}
