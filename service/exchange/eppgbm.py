"""The measurements that e-PPGBM (Sigizi Terpadu) exports, as they are found in the field (protocol 8.1).

The columns are known by their names, in any order, at any height of the sheet; a second heading begins anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from domain import figures
from domain.case import Personal, Sex
from service.exchange import cells
from service.exchange.cells import Quantity, Unclear, text
from service.exchange.lines import Cell, Line
from service.exchange.rows import FileError, Found, Row, Stated, Titles, Unread, Whereabouts

# Each column by the names it goes under, without punctuation and spaces.
NAMES: dict[str, tuple[str, ...]] = {
    "nik": ("nik", "nikanak", "nikbalita", "noktp", "nomorindukkependudukan"),
    "name": ("nama", "namaanak", "namabalita", "namalengkap", "namabayi", "namabayibalita"),
    "sex": ("jk", "jeniskelamin", "lp", "sex", "kelamin", "jkel", "jnskelamin"),
    "born": ("tgllahir", "tanggallahir", "tgllhr", "tglahir"),
    "birth_kg": ("bblahir", "beratlahir", "beratbadanlahir", "bbl"),
    "birth_cm": ("tblahir", "pblahir", "panjanglahir", "tinggilahir", "panjangbadanlahir", "tinggibadanlahir"),
    "parents": ("namaortu", "namaorangtua", "ortu", "orangtua", "namaayahibu", "namaortuayahibu"),
    "mother": ("namaibu", "ibu", "namaibukandung"),
    "father": ("namaayah", "ayah"),
    "parent_nik": ("nikortu", "nikorangtua", "nikibu"),
    "phone": ("hportu", "nohp", "hp", "telepon", "notelp"),
    "kabupaten": ("kabkota", "kabupatenkota", "kabupaten", "kab", "kota"),
    "kecamatan": ("kec", "kecamatan"),
    "puskesmas": ("pukesmas", "puskesmas", "pkm", "namapuskesmas"),
    "desa": ("desakel", "desakelurahan", "desa", "kelurahan", "keldesa", "kelurahandesa"),
    "posyandu": ("posyandu", "namaposyandu"),
    "rt": ("rt",),
    "rw": ("rw",),
    "rt_rw": ("rtrw",),
    "address": ("alamat", "alamatlengkap"),
    "age": ("usiasaatukur", "umursaatukur", "usia", "umur"),
    "on": ("tanggalpengukuran", "tglpengukuran", "tanggalukur", "tglukur", "tgltimbang", "tanggalpenimbangan"),
    "kg": ("berat", "beratbadan", "bb", "beratkg", "beratbadankg", "bbkg"),
    "cm": ("tinggi", "tinggibadan", "tb", "pb", "tbpb", "pbtb", "panjang", "panjangbadan", "tinggicm", "tinggibadancm",
           "tbcm"),
    "way": ("caraukur", "caramengukur", "caraukurtb", "posisiukur"),
    "lila": ("lila", "lilacm", "lingkarlenganatas"),
    "z_wa": ("zsbbu", "zscorebbu", "zbbu"),
    "z_ha": ("zstbu", "zspbu", "zscoretbu", "ztbu", "zspbutbu"),
    "z_wh": ("zsbbtb", "zsbbpb", "zscorebbtb", "zbbtb", "zsbbpbtb"),
}  # fmt: skip

_BY_NAME = {name: field for field, names in NAMES.items() for name in names}
_NEEDED = {"name": "Nama", "sex": "JK", "born": "Tgl Lahir", "on": "Tanggal Pengukuran"}
_MEASURES = ("kg", "cm", "lila")
Z_NAMES = {"z_wa": "waz", "z_ha": "haz", "z_wh": "whz"}
"""How the z-scores that a file gives are called in `child.Measured.reported`."""


def read(lines: Iterable[Line]) -> Iterator[Found]:
    """Every row that is about a child, understood or not. Raises FileError where no heading is found."""
    columns: dict[str, int] | None = None
    sheet = 0
    guess: list[str] = []
    for line in lines:
        if _blank(line):
            continue
        found = _heading(line) if columns is None or line.sheet != sheet or _again(line, columns) else None
        if found is not None:
            if _lacking(found):
                guess = _lacking(found)
                continue
            columns, sheet = found, line.sheet
            yield Titles(line)
        elif columns is None:
            stated = _stated(line)
            if stated is not None:
                yield stated
        elif not _furniture(line, columns):
            yield _row(line, columns)
    if columns is None:
        raise FileError(_no_heading(guess))


def _no_heading(lacking: list[str]) -> str:
    if lacking:
        return f"Judul kolom tidak lengkap; yang belum ada: {', '.join(lacking)}."
    return "Judul kolom e-PPGBM tidak ditemukan. Pakai berkas ekspor pengukuran dari Sigizi apa adanya."


def _heading(line: Line) -> dict[str, int] | None:
    """Where each column is, if this line names columns; the first of two columns with one name counts."""
    columns: dict[str, int] = {}
    for index, cell in enumerate(line.cells):
        if isinstance(cell, str) and cell:
            field = _BY_NAME.get(_bare(cell))
            if field is not None:
                columns.setdefault(field, index)
    return columns if len(columns) >= 4 and "name" in columns else None


def _again(line: Line, columns: dict[str, int]) -> bool:
    """A later line of the same sheet may be the heading of the next page, with its columns where they were."""
    name = _cell(line, columns, "name")
    return isinstance(name, str) and _BY_NAME.get(_bare(name)) is not None


def _bare(title: str) -> str:
    return _PUNCTUATION.sub("", title.casefold())


_PUNCTUATION = re.compile(r"[^a-z0-9]")


def _lacking(columns: dict[str, int]) -> list[str]:
    lacking = [title for field, title in _NEEDED.items() if field not in columns]
    return lacking if any(m in columns for m in _MEASURES) else [*lacking, "Berat atau Tinggi"]


def _blank(line: Line) -> bool:
    return not any(cell if not isinstance(cell, str) else cell.strip(" -\t\xa0") for cell in line.cells)


def _stated(line: Line) -> Stated | None:
    words = " ".join(text(cell) for cell in line.cells if cell != "")
    match = re.search(r"data\s+tanggal\s*:?\s*(.+)", words, re.IGNORECASE)
    if match is None:
        return None
    try:
        on = cells.day(match[1].strip(), "Data tanggal")
    except Unclear:
        return None
    return None if on is None else Stated(on)


def _furniture(line: Line, columns: dict[str, int]) -> bool:
    """Totals, the numbers of the columns, signatures: rows that are about no child."""
    if any(_cell(line, columns, field) not in ("", "-") for field in ("born", "on")):
        return _column_numbers(line)
    if any(_cell(line, columns, field) not in ("", "-") for field in ("nik", "sex")):
        return False
    first = next((text(c) for c in line.cells if text(c)), "")
    named = text(_cell(line, columns, "name"))
    return not named or _TOTAL.match(first) is not None or _TOTAL.match(named) is not None


def _column_numbers(line: Line) -> bool:
    if text(line.cells[0]) != "1" or len(line.cells) < 6 or text(line.cells[1]) != "2":
        return False
    words = [text(c) for c in line.cells if c != ""]
    return words == [str(n) for n in range(1, len(words) + 1)]


_TOTAL = re.compile(r"(?:grand\s*)?(?:sub\s*)?(?:total|jumlah|jml|rata-?\s*rata|mengetahui|keterangan|catatan)\b", re.I)


def _cell(line: Line, columns: dict[str, int], field: str) -> Cell:
    index = columns.get(field)
    return "" if index is None or index >= len(line.cells) else line.cells[index]


def _row(line: Line, columns: dict[str, int]) -> Row | Unread:
    try:
        return _Reading(line, columns).row()
    except Unclear as unclear:
        return Unread(line, str(unclear))


class _Reading:
    """One line being understood; what had to be read differently is noted on the way."""

    def __init__(self, line: Line, columns: dict[str, int]) -> None:
        self.line = line
        self.columns = columns
        self.notes: list[str] = []
        self.remarks: list[str] = []
        """What is known of the person and fits nowhere else; it is sealed with the name."""

    def row(self) -> Row:
        name = self.text("name")
        if not name:
            raise Unclear("Nama anak kosong.")
        born, on = self.day("born", "Tanggal lahir"), self.day("on", "Tanggal pengukuran")
        sex = self.sex()
        nik, mother_nik = self.nik(), self.parent_nik()
        kg, cm = self.measured(cells.kilograms, "kg", "Berat"), self.measured(cells.centimetres, "cm", "Tinggi")
        lila = self.measured(cells.arm, "lila", "LiLA")
        birth_kg, birth_cm = self.at_birth()
        self.check_age(born, on)
        return Row(
            line=self.line,
            place=self.place(),
            personal=self.personal(name, nik, mother_nik),
            nik=nik,
            nik_doubtful=nik is None and cells.nik(self.cell("nik")) is not None,
            mother_nik=mother_nik,
            born=born,
            sex=sex,
            birth_kg=birth_kg,
            birth_cm=birth_cm,
            on=on,
            kg=kg,
            cm=cm,
            lying=self.lying() if cm is not None else None,
            lila=lila,
            reported=self.reported(),
            notes=tuple(self.notes),
        )

    def cell(self, field: str) -> Cell:
        return _cell(self.line, self.columns, field)

    def text(self, field: str) -> str:
        return text(self.cell(field))

    def day(self, field: str, what: str) -> date:
        found = cells.day(self.cell(field), what)
        if found is None:
            raise Unclear(f"{what} kosong.")
        return found

    def sex(self) -> Sex:
        words = self.text("sex").casefold().replace(" ", "").replace("-", "")
        if words in ("l", "lk", "lakilaki", "laki2", "laki", "pria", "m"):
            return "L"
        if words in ("p", "pr", "perempuan", "wanita", "f"):
            return "P"
        raise Unclear(f"Jenis kelamin tidak terbaca: {self.text('sex')!r}. Tulis L atau P." if words else "JK kosong.")

    def nik(self) -> str | None:
        found = cells.nik(self.cell("nik"))
        if found is None:
            return None
        if found.sure:
            return found.digits
        self.remarks.append(f"NIK di berkas: {found.digits} (tidak pasti).")
        self.notes.append("NIK tidak pasti (disamarkan, dibulatkan Excel, atau keliru) dan tidak dipakai mencocokkan.")
        return None

    def parent_nik(self) -> str | None:
        """A mother's NIK carries her birthday plus 40; a father's does not say whose child it is to this programme."""
        found = cells.nik(self.cell("parent_nik"))
        if found is None:
            return None
        if found.sure and cells.of_a_woman(found.digits):
            return found.digits
        self.remarks.append(f"NIK orang tua di berkas: {found.digits}.")
        return None

    def measured(self, reads: Callable[[Cell, str], Quantity | None], field: str, what: str) -> float | None:
        found = reads(self.cell(field), what)
        if found is None:
            return None
        if found.note is not None:
            self.notes.append(found.note)
        return found.value

    def at_birth(self) -> tuple[float | None, float | None]:
        kg, about_kg = cells.birth_weight(self.cell("birth_kg"))
        cm, about_cm = cells.birth_length(self.cell("birth_cm"))
        self.notes.extend(note for note in (about_kg, about_cm) if note is not None)
        return kg, cm

    def lying(self) -> bool | None:
        words = self.text("way").casefold()
        if not words:
            return None
        if words.startswith(("telentang", "terlentang", "baring", "berbaring", "tidur", "lying")) or words == "t":
            return True
        if words.startswith(("berdiri", "diri", "standing")) or words == "b":
            return False
        self.notes.append(f"Cara ukur tidak terbaca: {words!r}; dianggap tidak diketahui.")
        return None

    def reported(self) -> dict[str, float] | None:
        found: dict[str, float] = {}
        for field, name in Z_NAMES.items():
            try:
                z = cells.number(self.cell(field), "ZS")
            except Unclear:
                continue
            if z is not None:
                found[name] = z
        return found or None

    def place(self) -> Whereabouts:
        return Whereabouts(*(self.text(f) for f in ("kabupaten", "kecamatan", "puskesmas", "desa", "posyandu")))

    def personal(self, name: str, nik: str | None, mother_nik: str | None) -> Personal:
        father, mother = self.parents()
        rt, rw = self.text("rt") or None, self.text("rw") or None
        if rt is None and rw is None and self.text("rt_rw"):
            rt, _, rw = (part.strip() or None for part in self.text("rt_rw").partition("/"))
        return Personal(
            name=name,
            nik=nik,
            mother=mother,
            mother_nik=mother_nik,
            father=father,
            phone=self.text("phone") or None,
            address=self.text("address") or None,
            rt=rt,
            rw=rw,
            note=" ".join(self.remarks) or None,
        )

    def parents(self) -> tuple[str | None, str | None]:
        """`ayah / ibu`; a single name is the mother's, which is whom a kader asks for."""
        father, mother = self.text("father") or None, self.text("mother") or None
        both = self.text("parents")
        if not both:
            return father, mother
        left, slash, right = (part.strip(" -") for part in both.partition("/"))
        if not slash:
            return father, mother or left or None
        return father or left or None, mother or right or None

    def check_age(self, born: date, on: date) -> None:
        """Where the age the file gives disagrees with its days by over a month, one of the days is written wrongly."""
        match = _AGE.match(self.text("age"))
        if match is None or on < born:
            return
        months = int(match[1]) * 12 + int(match[2])
        if abs(months - figures.months_between(born, on)) > 1:
            self.notes.append(
                f"Usia di berkas ({self.text('age')}) tidak cocok dengan tanggal lahir dan tanggal ukur "
                f"({figures.age(born, on)})."
            )


_AGE = re.compile(r"(\d+)\s*Tahun\s*-?\s*(\d+)\s*Bulan", re.I)
