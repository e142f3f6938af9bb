"""Every pattern is said in words, and a draft may change its numbers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

from domain.patterns import Pattern, SameMeasures
from service.juknis import read_juknis
from service.rulebook.explain import all_explained, differences
from service.settings import root

JUKNIS = root() / "juknis"


def test_every_pattern_there_is_has_a_row_and_every_row_is_said_in_words() -> None:
    protocol = read_juknis(JUKNIS).book_of("2025").protocol
    assert {type(row.look) for row in protocol.patterns} == set(get_args(Pattern))
    said = [sentence for sentence in all_explained(protocol) if sentence.startswith("Pola ")]
    assert len(said) == len(protocol.patterns)
    assert (
        "Pola ukuran-tetap. Ditanyakan bila berat dan tinggi seorang anak sama persis 4 bulan berturut-turut. "
        "Dasar: Protokol 7.2, nilai yang sama; angka: usulan. Angka usulan."
    ) in said


def test_a_draft_changes_one_number_and_keeps_the_others(tmp_path: Path) -> None:
    home = Path(shutil.copytree(JUKNIS, tmp_path / "juknis"))
    (home / "2026-usulan" / "pola.toml").write_text(
        '[[pattern]]\nid = "ukuran-tetap"\nlook = { pattern = "same-measures", times = 5 }\n'
        'source = "Usulan"\nstatus = "proposal"\n'
    )
    juknis = read_juknis(home)
    before, after = (juknis.book_of(name).protocol for name in ("2025", "2026-usulan"))
    looks = {row.id: row.look for row in after.patterns}
    assert looks["ukuran-tetap"] == SameMeasures(times=5)
    assert len(looks) == len(before.patterns)
    [changed] = [said for said in differences(before, after) if said.startswith("Pola ")]
    assert "5 bulan berturut-turut" in changed
