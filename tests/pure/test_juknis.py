"""A mistake in the juknis stops the start with one sentence that names the file, the row and the reason."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from service.juknis import JuknisError, read_edition, read_juknis
from service.settings import root

JUKNIS = root() / "juknis"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the edition that a test may spoil."""
    return Path(shutil.copytree(JUKNIS / "2025", tmp_path / "2025"))


def spoil(home: Path, file: str, old: str, new: str) -> str:
    path = home / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(JuknisError) as stopped:
        read_edition(home)
    return str(stopped.value)


def test_an_unknown_sign_is_named(home: Path) -> None:
    said = spoil(home, "balita.toml", 'sign = "not-gaining", times = 2', 'sign = "not-gainig", times = 2')
    assert said == "juknis/2025/balita.toml, aturan C10: 'when.sign' berisi 'not-gainig' yang tidak dikenal"


def test_a_number_written_as_text_is_named(home: Path) -> None:
    said = spoil(home, "balita.toml", "times = 2", 'times = "2"')
    assert said == "juknis/2025/balita.toml, aturan C10: 'when.times' harus angka bulat, bukan teks dalam tanda kutip"


def test_a_due_without_its_unit_is_named(home: Path) -> None:
    said = spoil(home, "pmt.toml", 'due        = "7d"', 'due        = "7"')
    assert said.startswith("juknis/2025/pmt.toml, aturan M01: tenggat tidak terbaca: '7'")


def test_a_row_without_a_due_is_named(home: Path) -> None:
    said = spoil(home, "rujukan.toml", 'due        = "24h"\n', "")
    assert said == "juknis/2025/rujukan.toml, aturan F01: 'due' belum diisi"


def test_a_row_without_an_id_is_named_by_its_place(home: Path) -> None:
    said = spoil(home, "rujukan.toml", 'id         = "F03"\n', "")
    assert said == "juknis/2025/rujukan.toml, aturan ke-2: 'id' belum diisi"


def test_an_id_used_twice_is_named(home: Path) -> None:
    said = spoil(home, "pmt.toml", 'id         = "M08"', 'id         = "C10"')
    assert said == "juknis/2025/pmt.toml, aturan C10: id sudah dipakai di juknis/2025/balita.toml"


def test_a_word_that_no_row_has_is_named(home: Path) -> None:
    said = spoil(home, "balita.toml", "priority   = 2", "prioritas  = 2")
    assert said == "juknis/2025/balita.toml, aturan C01: 'prioritas' tidak dikenal"


def test_a_priority_beyond_four_is_named(home: Path) -> None:
    said = spoil(home, "balita.toml", "priority   = 2", "priority   = 7")
    assert said == "juknis/2025/balita.toml, aturan C01: 'priority' berisi '7' yang tidak dikenal"


def test_an_unknown_desk_is_named(home: Path) -> None:
    said = spoil(home, "rujukan.toml", 'desk = "kader"', 'desk = "kadr"')
    assert said == "juknis/2025/rujukan.toml, aturan F03: 'steps[0].desk' berisi 'kadr' yang tidak dikenal"


def test_a_row_that_absorbs_a_rule_nobody_wrote_is_named(home: Path) -> None:
    said = spoil(home, "ibu-hamil.toml", 'absorbs    = ["B09"', 'absorbs    = ["B99"')
    assert said == "juknis/2025/ibu-hamil.toml, aturan B11: menyebut aturan 'B99' yang tidak ada"


def test_a_form_that_does_not_exist_is_named(home: Path) -> None:
    said = spoil(home, "pmt.toml", 'form       = "pmt.start"', 'form       = "pmt.begin"')
    assert said == "juknis/2025/pmt.toml, aturan M02: isian 'pmt.begin' tidak dikenal"


def test_a_file_that_is_no_toml_is_named(home: Path) -> None:
    said = spoil(home, "pmt.toml", "[[rule]]", "[[rule]")
    assert said.startswith("juknis/2025/pmt.toml: bukan TOML yang benar")


def test_an_edition_without_its_day_is_named(home: Path) -> None:
    said = spoil(home, "edisi.toml", "valid_from = 2025-01-01\n", "")
    assert said == "juknis/2025/edisi.toml: 'valid_from' belum diisi"


def test_a_day_that_is_no_date_is_named(home: Path) -> None:
    said = spoil(home, "edisi.toml", "2025-01-01", '"Januari"')
    assert said.startswith("juknis/2025/edisi.toml: 'valid_from'")


def test_the_book_of_a_day_holds_the_edition_in_force_and_the_posyandu_days() -> None:
    book = read_juknis(JUKNIS).book(date(2025, 6, 4), {"3603332001.01": 12})
    assert book.protocol.edition == "2025"
    assert book.session_days == {"3603332001.01": 12}
    assert len(book.protocol.rules) == 146


# Protocol 11.3, columns queue, due within, escalates to, priority, of every row but the five views of late tasks.
# The inspectorate sees V08 from the start, so it is the kabupaten that is told when it is late.
# A line of an audit (V05) names its own day; where it names none it has the 30 days of the table.
TABLE = """
C01 kader 7d bidan 2                    C02 desa 30d kecamatan 4                C03 kader window bidan 4
C04 kader 30d bidan 4                   C05 kader 7d bidan 3                    C06 bidan 14d desa 3
C07 kader 7d bidan 2                    C08 bidan 7d puskesmas-tpg 2            C41 bidan 24h puskesmas-dr 1
C09 bidan 7d puskesmas-tpg 2            C10 puskesmas-tpg 3d puskesmas-dr 1     C11 puskesmas-tpg 3d puskesmas-dr 1
C12 puskesmas-tpg 14d puskesmas-dr 3    C13 puskesmas-tpg 7d puskesmas-dr 2     C14 puskesmas-tpg 7d puskesmas-dr 2
C15 puskesmas-dr 24h kabupaten 0        C16 puskesmas-dr 24h kabupaten 0        C17 bidan 24h puskesmas-dr 0
C18 puskesmas-tpg 14d puskesmas-dr 3    C19 puskesmas-dr 7d kabupaten 2         C20 kader 3d bidan 1
C21 puskesmas-dr 7d kabupaten 2         C22 puskesmas-tpg 7d puskesmas-dr 2     C23 puskesmas-dr 14d kabupaten 3
C24 kader 30d bidan 4                   C25 bidan 14d puskesmas-dr 3            C26 puskesmas-dr 7d kabupaten 2
C27 kader window bidan 4                C28 bidan window puskesmas-dr 4         C29 kader 14d bidan 3
C30 bidan 14d puskesmas-dr 3            C31 kader 14d bidan 3                   C32 kader 14d bidan 3
C33 bidan 24h puskesmas-dr 0            C34 puskesmas-dr 7d kabupaten 2         C35 bidan 7d puskesmas-dr 2
C36 kader 14d bidan 3                   C37 kader 30d bidan 4                   C38 kader 7d desa 3
C39 bidan 24h puskesmas-dr 1            C40 bidan 3d puskesmas-dr 1             M01 puskesmas-tpg 7d puskesmas-dr 2
M02 desa 7d puskesmas-tpg 2             M03 kader 24h desa 3                    M04 kader 3d bidan 2
M05 kader 3d bidan 3                    M06 puskesmas-tpg 3d puskesmas-dr 1     M07 puskesmas-tpg 24h puskesmas-dr 0
M08 puskesmas-tpg 3d puskesmas-dr 2     M09 puskesmas-dr 7d kabupaten 2         M10 kader 30d bidan 4
M11 desa 3d puskesmas-tpg 2             M12 puskesmas-dr 24h kabupaten 0        M13 desa 7d kecamatan 3
M14 desa 7d kecamatan 2                 M15 puskesmas-tpg 7d puskesmas-dr 3     F01 puskesmas-tpg 24h puskesmas-dr 1
F02 bidan 24h puskesmas-dr 0            F03 kader 3d bidan 2                    F04 desa 3d kecamatan 2
F05 bidan 24h puskesmas-dr 1            F06 puskesmas-tpg 14d kabupaten 3       F07 bidan 3d puskesmas-dr 2
F08 kader 7d bidan 2                    F09 bidan 7d puskesmas-dr 2             B01 kader 7d bidan 2
B02 bidan window puskesmas-dr 2         B03 bidan window puskesmas-dr 4         B04 kader 7d bidan 3
B05 bidan 7d puskesmas-dr 2             B06 bidan window puskesmas-dr 3         B07 puskesmas-tpg 7d puskesmas-dr 2
B08 bidan 7d puskesmas-dr 2             B35 bidan window puskesmas-dr 3         B09 puskesmas-dr 24h kabupaten 0
B10 bidan 24h puskesmas-dr 0            B11 bidan 24h puskesmas-dr 0            B12 bidan 14d puskesmas-dr 3
B13 puskesmas-dr 14d kabupaten 3        B14 puskesmas-dr 3d kabupaten 1         B15 kader 30d bidan 4
B16 bidan 14d puskesmas-dr 3            B17 bidan 14d puskesmas-dr 3            B36 puskesmas-dr 3d kabupaten 1
B18 puskesmas-tpg 14d puskesmas-dr 3    B19 kader 30d bidan 4                   B20 bidan 14d puskesmas-dr 3
B21 kader 7d bidan 3                    B22 bidan 24h puskesmas-dr 1            B23 puskesmas-dr 24h kabupaten 1
B24 bidan 24h puskesmas-dr 1            B25 bidan window puskesmas-dr 1         B26 bidan window puskesmas-dr 2
B27 bidan window puskesmas-dr 3         B28 bidan window puskesmas-dr 3         B29 kader 3d bidan 1
B30 puskesmas-dr 24h kabupaten 1        B31 bidan 7d puskesmas-dr 2             B32 bidan 24h puskesmas-dr 1
B37 bidan window puskesmas-dr 2         B33 bidan 14d puskesmas-dr 3            B34 bidan 14d puskesmas-dr 3
K01 kader 14d bidan 3                   K02 bidan 30d puskesmas-tpg 4           K03 kader 30d bidan 4
K04 desa 30d kecamatan 4                K05 desa 30d kecamatan 4                K06 desa 14d kecamatan 3
K07 desa 30d kecamatan 4                K08 kader 30d bidan 4                   K09 kader 30d desa 4
K10 desa 30d kecamatan 4                D01 desa 7d kecamatan 3                 D02 desa 14d kecamatan 3
D03 desa window kecamatan 4             D04 desa window kecamatan 3             D05 desa window kecamatan 3
D06 desa window kecamatan 3             D07 desa 30d puskesmas-tpg 4            D08 puskesmas-tpg 30d kabupaten 4
D09 desa 14d inspektorat 3              D10 kecamatan window kabupaten 4        D11 kecamatan 14d kabupaten 3
D12 puskesmas-tpg 7d kecamatan 3        V02 puskesmas-tpg 7d puskesmas-dr 3     V03 puskesmas-tpg window puskesmas-dr 4
V04 kecamatan window kabupaten 3        V05 desa window kecamatan 4                V06 kecamatan 14d kabupaten 3
V07 desa 14d kecamatan 3                V08 kecamatan 7d kabupaten 2          V09 kader 7d bidan 4
V10 puskesmas-tpg 14d kabupaten 3       X01 bidan 7d puskesmas-tpg 2            X02 kader 14d bidan 3
X03 bidan 7d puskesmas-tpg 2            X04 kader 7d desa 3                     X05 puskesmas-tpg 14d kabupaten 3
X06 puskesmas-dr 72h kabupaten 1        X07 puskesmas-dr 72h kabupaten 1        X08 kabupaten 72h inspektorat 1
X09 puskesmas-tpg 24h kabupaten 1       X10 kader 30d bidan 4
C42 kader 90d bidan 4                   V15 puskesmas-dr 3d kabupaten 2        X11 kabupaten 72h inspektorat 1
"""


def test_the_rows_say_what_the_signed_table_says() -> None:
    words = TABLE.split()
    table = [tuple(words[n : n + 5]) for n in range(0, len(words), 5)]
    rules = read_edition(JUKNIS / "2025").protocol.rules
    rows = []
    for rule in rules:
        told = next(step for step in rule.steps if step.opens in ("due", "half"))
        rows.append((rule.id, rule.steps[0].desk, rule.due, told.desk, str(rule.priority)))
    assert sorted(rows) == sorted(table)


def test_what_threatens_life_reaches_the_next_desk_at_half_its_time_and_nothing_else_does() -> None:
    for rule in read_edition(JUKNIS / "2025").protocol.rules:
        assert any(step.opens == "half" for step in rule.steps) == (rule.priority == 0), rule.id


def test_what_is_absorbed_by_a_lighter_task_is_absorbed_by_every_heavier_one() -> None:
    order = ["C16", "C17", "C41", "C15", "C40", "C11", "C14", "C10", "C13", "C09"]
    rules = {rule.id: rule for rule in read_edition(JUKNIS / "2025").protocol.rules}
    for place, name in enumerate(order):
        assert list(rules[name].absorbs) == order[place + 1 :]
    assert not any({"C08", "C18", "C19"} & set(rule.absorbs) for rule in rules.values())


def test_a_pattern_nobody_knows_and_a_number_it_lacks_are_named(home: Path) -> None:
    said = spoil(home, "pola.toml", 'pattern = "same-second"', 'pattern = "same-secnod"')
    assert said == "juknis/2025/pola.toml, pola satu-detik: 'look.pattern' berisi 'same-secnod' yang tidak dikenal"
    shutil.copy(JUKNIS / "2025" / "pola.toml", home / "pola.toml")
    said = spoil(home, "pola.toml", "times = 4", "months = 4")
    assert said.startswith("juknis/2025/pola.toml, pola ukuran-tetap: ")
