"""What stands on the referral letter, the counter-referral and the family's slip, in Indonesian."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from domain import figures
from domain.antenatal import very_high_risk
from domain.labels import DESKS, ROLES, SEX, label, listed
from domain.letter import Counter, Dose, Food, Lab, Letter, Measure, OfChild, OfMother
from domain.pregnancy import Check, OutcomeRecorded
from domain.referral import Referral
from projections.people import Found
from service.access import Unit, Units
from service.notes import Checkpoint

Row = tuple[str, str]
"""What it is called, and what is known of it. Empty: a line on which it can be written by hand."""


class Table(Struct, frozen=True):
    """Measurements side by side, oldest first."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Section(Struct, frozen=True):
    """One part of a letter."""

    title: str
    rows: tuple[Row, ...] = ()
    wide: tuple[Row, ...] = ()
    """Rows that need the whole width."""
    table: Table | None = None
    items: tuple[str, ...] = ()
    """What is to be done, each with a box to tick."""


class Sheet(Struct, frozen=True):
    """A letter on A4."""

    title: str
    urgent: bool
    top: tuple[str, ...]
    """Whose letter it is, and of which places."""
    rows: tuple[Row, ...]
    sections: tuple[Section, ...]
    signed: tuple[str, ...]
    """Place and day, what for, name, position."""
    receipt: tuple[str, ...]
    """What the receiver writes on it."""
    foot: str
    qr: str


class Slip(Struct, frozen=True):
    """What the family takes along: where to, when, with what; and nothing of what is wrong."""

    name: str
    urgent: bool
    where: str
    when: str
    why: str
    bring: tuple[str, ...]
    call: tuple[str, ...]
    """Whom they know in the desa; a line for the number is beside each."""
    qr: str


class Of(Struct, frozen=True):
    """Whose letter it is and what of it the reader may know; notes are empty where there is none for this reader."""

    who: Found | None
    desa: str
    posyandu: str
    units: Units
    qr: str
    note: str = ""
    answer: str = ""
    signer: str = ""
    """Name of whoever referred, where that is who prints it."""
    clinical: bool = True
    """The reader may know a diagnosis."""
    printed: str = ""
    """When and at which desk."""


# The three papers


def referral_sheet(letter: Letter, of: Of) -> Sheet:
    """The letter that goes with the patient."""
    sections = [_patient(letter, of), _why(letter, of), _state(letter)]
    if letter.child is not None:
        sections.append(_growth(letter.child))
    if letter.mother is not None:
        sections.append(_carrying(letter.mother))
    if had := tuple(_had(letter)):
        sections.append(Section("Yang sudah diterima", wide=had))
    rows = (
        ("Kepada", place(letter.to, of.units)),
        ("Tanggal rujukan", figures.weekday(letter.on)),
        ("Dari", f"{DESKS[letter.role]}, {place(letter.sender, of.units, '')}"),
        ("Diharapkan datang", _expected(letter)),
        *((("Nomor", letter.number),) if letter.number else ()),
    )
    return Sheet(
        "Surat Rujukan", letter.urgent, _top(letter.sender, of.units), rows, tuple(sections),
        _signed(letter.sender, letter.on, "Yang merujuk", of.signer, ROLES[letter.role], of.units),
        ("Tiba tanggal dan jam", "Diterima oleh", "Tanda tangan"), _foot(of), of.qr,
    )  # fmt: skip


def counter_sheet(letter: Letter, counter: Counter, of: Of) -> Sheet:
    """The letter back (rujuk balik): what was found there and what is to be done at home."""
    found: list[Row] = []
    if of.clinical:
        found = [("Diagnosis (ICD-10)", counter.diagnosis or ""), ("Hasil, tindakan, obat, makan", of.answer)]
    back = (
        ("Kepada", place(letter.sender, of.units)),
        ("Tanggal rujuk balik", figures.weekday(counter.on)),
        ("Dari", f"{DESKS[counter.role]}, {place(counter.unit, of.units, '')}"),
        ("Dirujuk", figures.day(letter.on)),
        ("Alasan rujukan", label(letter.reason)),
        ("Tiba", figures.day(counter.arrived) if counter.arrived else "–"),
    )
    home = Section(
        "Yang perlu dikerjakan di rumah",
        wide=(("Kontrol berikutnya", figures.weekday(counter.control) if counter.control else ""),),
        items=tuple(TASKS.get(task, label(task)) for task in counter.tasks),
    )
    result = (Section("Hasil di tempat rujukan", wide=tuple(found)),) if found else ()
    return Sheet(
        "Surat Rujuk Balik", False, _top(counter.unit, of.units), back, (_patient(letter, of), *result, home),
        _signed(counter.unit, counter.on, "Yang merujuk balik", "", ROLES[counter.role], of.units),
        ("Diterima tanggal", "Diterima oleh", "Tanda tangan"), _foot(of), of.qr,
    )  # fmt: skip


TASKS = {
    "kunjungan": "Kunjungi rumahnya",
    "obat": "Pastikan obat diminum",
    "makan": "Dampingi pemberian makan",
    "timbang": "Timbang berat badannya",
    "kontrol": "Antar untuk kontrol",
    "penyuluhan": "Beri penyuluhan kepada keluarga",
}


def slip(referral: Referral, of: Of, kind: str) -> Slip:
    """For the family. Why it goes there is said by what kind of case it is, so that no reader learns the reason."""
    again = control(referral)
    return Slip(
        _name(of),
        referral.urgent and again is None,
        place(referral.to, of.units),
        figures.weekday(again) if again else _when(referral),
        f"Kontrol lagi, {_WHY[kind]}" if again else f"{_WHY[kind].capitalize()}",
        BRING,
        (place(of.desa, of.units), f"Kader {place(of.posyandu, of.units)}"),
        of.qr,
    )


def control(referral: Referral) -> date | None:
    """The day of the next control, once the patient was sent back with one."""
    return referral.control if referral.state in ("rujuk-balik", "tindak-lanjut") else None


_WHY = {
    "child": "supaya kesehatan dan pertumbuhan anak diperiksa.",
    "pregnancy": "supaya kesehatan ibu diperiksa.",  # the child may have died
}
BRING = ("Buku KIA", "KTP dan Kartu Keluarga", "Kartu JKN/BPJS, kalau ada", "Obat yang sedang diminum")


def _when(referral: Referral) -> str:
    if referral.urgent:
        return "SEKARANG JUGA"
    return figures.weekday(referral.planned) if referral.planned else "secepatnya"


# Places


def place(code: str, units: Units, whose: str = "Bidan ") -> str:
    """A unit as one speaks of it; a desa to which somebody is referred is its bidan."""
    unit = units.get(code)
    if unit is None:
        return code
    if unit.kind == "desa":
        return f"{whose}{_titled(unit)}".strip()
    return _titled(unit)


def _titled(unit: Unit) -> str:
    kind = {"desa": "Desa", "kecamatan": "Kecamatan", "kabupaten": "Kabupaten"}.get(unit.kind, "")
    return unit.name if unit.name.lower().startswith(kind.lower()) else f"{kind} {unit.name}"


def _top(code: str, units: Units) -> tuple[str, ...]:
    """The unit and those above it."""
    names: list[str] = []
    unit = units.get(code)
    while unit is not None:
        names.append(_titled(unit))
        unit = units.get(unit.parent) if unit.parent else None
    return tuple(names) or (code,)


# The parts


def _patient(letter: Letter, of: Of) -> Section:
    who, born = of.who, None
    sex = ""
    if letter.child is not None:
        born, sex = letter.child.born, letter.child.sex or ""
    elif letter.mother is not None:
        born, sex = letter.mother.born, "P"
    rows: list[Row] = [("Nama", _name(of)), ("NIK", (who.nik if who else None) or "")]
    age = f" ({figures.age(born, letter.on)})" if born else ""
    rows.append(("Lahir", f"{figures.day(born)}{age}" if born else ""))
    rows.append(("Jenis kelamin", SEX.get(sex, "")))
    if letter.child is not None:
        rows.append(("Nama ibu", who.mother if who else ""))
    rows += [("Telepon keluarga", (who.phone if who else None) or ""), ("Nomor JKN/BPJS", "")]
    return Section("Pasien", tuple(rows), wide=(("Alamat", _address(of)),))


def _name(of: Of) -> str:
    return of.who.name if of.who is not None else ""


def _address(of: Of) -> str:
    who = of.who
    parts = [who.address if who else ""]
    if who is not None and (who.rt or who.rw):
        parts.append(f"RT {who.rt or '-'}/RW {who.rw or '-'}")
    parts += [place(of.posyandu, of.units), place(of.desa, of.units, "")]
    return ", ".join(part for part in parts if part)


def _why(letter: Letter, of: Of) -> Section:
    wide: list[Row] = [("Alasan", label(letter.reason))]
    if letter.danger is not None:
        wide.append(("Tanda bahaya", f"{listed(letter.danger.signs)} ({figures.day(letter.danger.on)})"))
    wide.append(("Keluhan, riwayat, alergi, obat", of.note))
    return Section("Alasan rujukan", wide=tuple(wide))


def _state(letter: Letter) -> Section:
    vitals = (
        f"suhu {figures.number(letter.temperature, 1)} °C" if letter.temperature is not None else "",
        f"nadi {letter.pulse}/menit" if letter.pulse is not None else "",
        f"napas {letter.breaths}/menit" if letter.breaths is not None else "",
    )
    rows = (
        ("Kesadaran", _or_line(letter.consciousness)),
        ("Suhu, nadi, napas", ", ".join(v for v in vitals if v)),
        ("Pendamping", _or_line(letter.escort)),
        ("Kendaraan", _or_line(letter.vehicle)),
        ("Persetujuan", _or_line(letter.consent)),
    )
    return Section("Keadaan saat dirujuk", rows)


def _or_line(code: str | None) -> str:
    return "" if code is None else label(code)


def _expected(letter: Letter) -> str:
    if letter.planned is not None:
        return figures.weekday(letter.planned)
    return "segera" if letter.urgent else "secepatnya"


def _growth(child: OfChild) -> Section:
    rows: list[Row] = []
    if child.oedema is not None:
        grade = f"derajat {'+' * int(child.oedema.value)}" if child.oedema.value else "tidak ada"
        rows.append(("Bengkak kedua kaki", f"{grade} ({figures.day(child.oedema.on)})"))
    if child.head is not None:
        rows.append(("Lingkar kepala", f"{figures.cm(child.head.value)} ({figures.day(child.head.on)})"))
    if child.birth_kg is not None:
        rows.append(("Berat lahir", figures.kg(child.birth_kg)))
    if child.weeks is not None:
        rows.append(("Lahir pada", f"kehamilan {child.weeks} minggu"))
    head = ("Tanggal", "Umur", "Berat", "Panjang/tinggi", "LILA", "BB/U", "TB/U", "BB/TB", "KMS")
    table = Table(head, tuple(_measure(m, child.born) for m in child.measures)) if child.measures else None
    title = "Pertumbuhan (pengukuran terakhir)" if table else "Pertumbuhan: belum pernah diukur"
    return Section(title, tuple(rows), table=table)


def _measure(m: Measure, born: date | None) -> tuple[str, ...]:
    how = "" if m.lying is None else " telentang" if m.lying else " berdiri"
    return (
        figures.day(m.on),
        figures.age(born, m.on) if born else "–",
        figures.kg(m.kg) if m.kg is not None else "–",
        figures.cm(m.cm) + how if m.cm is not None else "–",
        figures.cm(m.lila) if m.lila is not None else "–",
        *("–" if z is None else figures.z(z) for z in (m.waz, m.haz, m.whz)),
        _mark(m),
    )


def _mark(m: Measure) -> str:
    """N, T or O as the card has it: a health worker reads the letters."""
    if m.mark is None:
        return "–"
    times = f"{m.mark.times}" if m.mark.times > 1 else ""
    return f"{times}{m.mark.status}" + (", BGM" if m.mark.bgm else "")


def _had(letter: Letter) -> Iterator[Row]:
    """Vaccines by the day on which they were given, those of a paper last; then PMT."""
    if letter.child is not None and letter.child.doses:
        yield "Imunisasi", "; ".join(_doses(letter.child.doses))
    for food in letter.food:
        yield f"PMT, siklus {food.number}", _food(food)


def _doses(doses: Iterable[Dose]) -> Iterator[str]:
    ordered = sorted(doses, key=lambda dose: dose.on or date.max)
    for on, given in groupby(ordered, key=lambda dose: dose.on):
        when = figures.day(on) if on else "menurut buku, tanpa tanggal"
        yield f"{when}: {', '.join(dose.vaccine for dose in given)}"


def _carrying(mother: OfMother) -> Section:
    rows = tuple((words, value) for words, value in _pregnancy(mother) if value)
    head = ("Tanggal", "Umur hamil", "Berat", "LILA", "Tekanan darah", "Tinggi fundus", "Denyut janin", "Letak janin")
    table = Table(head, tuple(_check(c, mother.start) for c in mother.checks)) if mother.checks else None
    wide: tuple[Row, ...] = ()
    if mother.risk is not None:
        found = ", ".join(label(f) for f in mother.risk.factors) or "tidak ada faktor risiko"
        band = "risiko sangat tinggi (KRST): " if very_high_risk(mother.risk.factors) else ""
        wide = (("Faktor risiko (KSPR)", f"{band}{found} ({figures.day(mother.risk.on)})"),)
    return Section("Kehamilan dan pemeriksaan terakhir", rows, wide, table)


def _pregnancy(mother: OfMother) -> Iterator[Row]:
    if mother.gravida is not None:
        yield "G-P-A", f"{mother.gravida}-{mother.para or 0}-{mother.abortus or 0}"
    if mother.gestation is not None:
        yield "Umur kehamilan saat dirujuk", _weeks(mother.gestation)
    if mother.outcome is not None and isinstance(mother.outcome.event, OutcomeRecorded):
        yield "Berakhir", f"{label(mother.outcome.event.outcome)} ({figures.day(mother.outcome.on)})"
    else:
        yield "Perkiraan lahir (HPL)", figures.day(mother.due) if mother.due else ""
    yield "HPHT", figures.day(mother.start) if mother.start else ""
    yield "Tinggi badan", figures.cm(mother.height) if mother.height is not None else ""
    yield "Berat sebelum hamil", figures.kg(mother.weight_before) if mother.weight_before is not None else ""
    if mother.lila is not None:
        yield "LILA", f"{figures.cm(mother.lila.value)} ({figures.day(mother.lila.on)})"
    for lab in mother.labs:
        words = label(lab.test)
        yield words[:1].upper() + words[1:], f"{_result(lab)} ({figures.day(lab.on)})"


def _result(lab: Lab) -> str:
    unit = {"hb": " g/dL", "gula-darah": " mg/dL"}.get(lab.test, "")
    return f"{figures.number(lab.value)}{unit}" if lab.value is not None else label(lab.result)


def _check(check: Check, start: date | None) -> tuple[str, ...]:
    m = check.event
    return (
        figures.day(check.on),
        _weeks((check.on - start).days) if start else "–",
        figures.kg(m.kg) if m.kg is not None else "–",
        figures.cm(m.lila) if m.lila is not None else "–",
        f"{m.systolic or '–'}/{m.diastolic or '–'}" if m.systolic or m.diastolic else "–",
        f"{figures.number(m.fundus)} cm" if m.fundus is not None else "–",
        f"{m.heartbeat}/menit" if m.heartbeat is not None else "–",
        label(m.presentation) if m.presentation else "–",
    )


def _weeks(days: int) -> str:
    weeks, rest = divmod(days, 7)
    return f"{weeks} minggu {rest} hari" if rest else f"{weeks} minggu"


def _food(food: Food) -> str:
    of = f" dari {food.days}" if food.days else ""
    ended = label(food.outcome) if food.outcome else "masih berjalan"
    return f"{label(food.scheme)}, mulai {figures.day(food.started)}: {food.given}{of} hari diberikan, {ended}"


def _signed(code: str, on: date, what: str, name: str, role: str, units: Units) -> tuple[str, ...]:
    unit = units.get(code)
    return (f"{unit.name if unit else ''}, {figures.day(on)}", what, name, role[:1].upper() + role[1:])


def _foot(of: Of) -> str:
    return f"Surat ini memuat data kesehatan; berikan hanya kepada petugas kesehatan. {of.printed}"


def noted(of: Of, note: str, answer: str, signer: str) -> Of:
    """With what was written by hand."""
    return replace(of, note=note, answer=answer, signer=signer)


def printed(at: datetime, role_words: str, signed: Checkpoint | None) -> str:
    """When and at whose desk a paper came out of the printer, and what the ledger came to by then.

    Every paper that lies about somewhere so holds the log to its word.
    """
    said = f"Dicetak {figures.day(at.date())} pukul {at:%H.%M} oleh {role_words}."
    if signed is None:
        return said
    return f"{said} Buku {signed.origin}: {signed.size} catatan, sidik {base64.b64encode(signed.root).decode()}."
