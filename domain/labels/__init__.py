"""What the codes in stories, rules and positions are called on the screen."""

from __future__ import annotations

from domain.case import Role
from domain.labels import birth, care, child, family, person, pmt, referral, unit

ROLES: dict[Role, str] = {
    "kader": "kader",
    "bidan": "bidan",
    "desa": "petugas desa",
    "puskesmas-tpg": "petugas gizi puskesmas",
    "puskesmas-dr": "dokter puskesmas",
    "kecamatan": "petugas kecamatan",
    "kabupaten": "petugas kabupaten",
    "inspektorat": "inspektorat",
    "rs": "petugas rumah sakit",
}
"""Who did something: "oleh kader"."""

DESKS: dict[Role, str] = {
    "kader": "Kader",
    "bidan": "Bidan",
    "desa": "TPPS desa",
    "puskesmas-tpg": "Gizi puskesmas",
    "puskesmas-dr": "Dokter puskesmas",
    "kecamatan": "Kecamatan",
    "kabupaten": "Kabupaten",
    "inspektorat": "Inspektorat",
    "rs": "Rumah sakit",
}
"""Whose list it is."""

SEX = {"L": "laki-laki", "P": "perempuan"}

CLASSES = {
    "gizi-buruk": "gizi buruk",
    "gizi-kurang": "gizi kurang",
    "gizi-baik": "gizi baik",
    "berisiko-gizi-lebih": "berisiko gizi lebih",
    "gizi-lebih": "gizi lebih",
    "obesitas": "obesitas",
    "bb-sangat-kurang": "berat badan sangat kurang",
    "bb-kurang": "berat badan kurang",
    "bb-normal": "berat badan normal",
    "risiko-bb-lebih": "risiko berat badan lebih",
    "sangat-pendek": "sangat pendek",
    "pendek": "pendek",
    "normal": "tinggi normal",
    "tinggi": "tinggi",
}
"""Permenkes 2/2020."""

KMS = {
    "N": "naik",
    "T": "tidak naik",
    "O": "bulan lalu tidak ditimbang",
    "B": "baru pertama ditimbang",
    "2T": "dua kali tidak naik",
    "BGM": "bawah garis merah",
}

PRIORITIES = {0: "darurat", 1: "segera", 2: "penting", 3: "rutin", 4: "bila sempat"}

TESTS = {
    "hb": "Hb",
    "protein-urin": "protein urin",
    "gula-darah": "gula darah",
    "golongan-darah": "golongan darah",
    "malaria": "malaria",
    "hiv": "HIV",
    "sifilis": "sifilis",
    "hbsag": "HBsAg",
}

CONTEXTS = {
    "tanpa": "tanpa pakaian",
    "tipis": "pakaian tipis",
    "tebal": "pakaian tebal",
    "posyandu": "di posyandu",
    "sweeping": "saat sweeping",
    "pmt": "pemantauan PMT",
    "rawat-jalan": "kontrol rawat jalan",
    "kunjungan": "saat kunjungan rumah",
    "faskes": "di fasilitas kesehatan",
    "impor": "dari berkas lama",
}

STATES = {"active": "aktif", "moved": "pindah", "died": "meninggal", "closed": "selesai"}

LABELS: dict[str, str] = {
    **care.CODES, **pmt.CODES, **referral.CODES, **birth.CODES, **child.CODES, **person.CODES, **family.CODES,
    **unit.CODES, **CLASSES, **TESTS,
}  # fmt: skip
"""A code means the same wherever it stands, so each is written once, in the file of what it is mostly about."""

KINDS = {"child": "Balita", "pregnancy": "Ibu hamil", "family": "Keluarga", "desa": "Wilayah"}
"""What a case is about."""


def label(code: str | None) -> str:
    """A code in words; an unknown one as it is, with spaces."""
    if code is None:
        return "tidak diketahui"
    return LABELS.get(code) or code.replace("-", " ")


def listed(codes: tuple[str, ...]) -> str:
    """ "edukasi, ditimbang dan dirujuk"."""
    words = [label(code) for code in codes]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} dan {words[-1]}"
