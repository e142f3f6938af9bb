"""Everything that is kept of somebody, for the family to take home: who it is, the story, and who opened it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from domain import figures
from domain.case import Case, Personal
from domain.labels import KINDS, ROLES, SEX
from projections.people import born_and_sex
from projections.timeline import Told
from service.access import Units
from service.letters.readers import HEAD, Opening, opened_by_day
from service.letters.wording import Row, Section, Sheet, Table, place


def copy_sheet(
    state: Case,
    who: Personal,
    told: Sequence[Told],
    looked: Sequence[Opening],
    units: Units,
    signer: str,
    unit: str,
    at: datetime,
    printed: str,
    qr: str,
) -> Sheet:
    """The copy, on the paper of a letter, with who opened it of late. The family signs that it has it."""
    rows = (
        ("Tentang", KINDS[state.KIND]),
        ("Tanggal salinan", figures.day(at.date())),
        ("Posyandu", place(state.posyandu, units)),
        ("Desa", place(state.desa, units, "")),
        ("Banyak catatan", str(len(told))),
    )
    story = Section("Semua yang tercatat, menurut urutan dicatat", table=_story(told, units, at.tzinfo))
    readers = Section("Siapa yang membukanya", table=Table(HEAD, opened_by_day(looked)))
    sections = (Section("Identitas yang tersimpan", wide=tuple(_identity(state, who))), story, readers)
    signed = (f"{place(unit, units)}, {figures.day(at.date())}", "Yang menyerahkan", signer, "Petugas puskesmas")
    return Sheet(
        "Salinan Data", False, (place(unit, units),), rows, sections, signed,
        ("Diterima tanggal", "Nama penerima", "Hubungan keluarga", "Tanda tangan"),
        f"Salinan ini memuat data pribadi; serahkan hanya kepada yang berhak. {printed}",
        qr,
    )  # fmt: skip


def _identity(state: Case, who: Personal) -> list[Row]:
    born, sex = born_and_sex(state)
    kept = [(words, getattr(who, field) or "") for field, words in _FIELDS]
    kept += [("Tanggal lahir", figures.day(born) if born else ""), ("Jenis kelamin", SEX.get(sex or "", ""))]
    return [(words, value or "tidak tersimpan") for words, value in kept]


_FIELDS = (
    ("name", "Nama"), ("nik", "NIK"), ("kk", "Nomor KK"), ("mother", "Nama ibu"), ("mother_nik", "NIK ibu"),
    ("father", "Nama ayah"), ("phone", "Telepon"), ("address", "Alamat"), ("rt", "RT"), ("rw", "RW"),
)  # fmt: skip


def _story(told: Sequence[Told], units: Units, clock: tzinfo | None) -> Table:
    rows = tuple(
        (
            figures.day(one.on),
            figures.day(one.heard.astimezone(clock).date()),
            f"{ROLES[one.role]}, {place(one.unit, units, '')}",
            one.sentence + (" (ditarik kembali)" if one.retracted_by is not None else ""),
        )
        for one in told
    )
    return Table(("Terjadi", "Dicatat", "Oleh", "Yang tercatat"), rows)
