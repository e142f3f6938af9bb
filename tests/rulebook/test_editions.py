"""Editions stand side by side: a proposed one is never in force, one based on another writes only what differs."""

from __future__ import annotations

import shutil
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from service.juknis import Juknis, JuknisError, read_edition, read_juknis
from service.settings import root
from tests.pure.telling import Telling, at, mother

JUKNIS = root() / "juknis"
DRAFT = "2026-usulan"


@cache
def juknis() -> Juknis:
    return read_juknis(JUKNIS)


def test_a_proposed_edition_comes_into_force_on_no_day() -> None:
    assert juknis().edition(DRAFT).protocol.draft
    assert juknis().book(date(2030, 1, 1)).protocol.edition == "2025"


def test_what_an_edition_does_not_write_it_takes_from_the_one_it_is_based_on() -> None:
    before, after = juknis().edition("2025").protocol, juknis().edition(DRAFT).protocol
    assert [rule.id for rule in after.rules] == [rule.id for rule in before.rules]
    assert [rule.id for rule in after.rules if rule != before.rule(rule.id)] == ["M01"]
    assert after.supervision == before.supervision
    assert juknis().edition(DRAFT).kms == juknis().edition("2025").kms


def test_the_proposed_edition_answers_three_open_questions_otherwise() -> None:
    before, after = juknis().edition("2025").protocol, juknis().edition(DRAFT).protocol
    assert (before.pmt_days["bb-kurang"], after.pmt_days["bb-kurang"]) == (28, 14)
    assert (before.pmt_days["kek"], after.pmt_days["kek"]) == (120, 90)
    assert before.pmt_days["gizi-kurang"] == after.pmt_days["gizi-kurang"] == 56
    assert (before.rule("M01").signs[0].not_gaining, after.rule("M01").signs[0].not_gaining) == (1, 2)  # type: ignore[attr-defined]


def test_the_end_of_a_cycle_follows_the_edition_where_the_decision_named_no_days() -> None:
    sari = fed(mother("2025-01-06", "2025-03-01"))
    assert last_day(sari, "2025") == at("2025-07-29")
    assert last_day(sari, DRAFT) == at("2025-06-29")


def test_the_days_a_decision_names_hold_in_every_edition() -> None:
    sari = fed(mother("2025-01-06", "2025-03-01"), days=100)
    assert last_day(sari, "2025") == last_day(sari, DRAFT) == at("2025-07-09")


def fed(sari: Telling, **fields: int) -> Telling:
    sari.told("2025-03-20", "bidan Rina", "pregnancy.measure", lila=22.0)
    sari.told("2025-03-25", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=True, reason="kek", **fields)
    return sari.told("2025-04-01", "desa Hasan", "pmt.start", cycle=1)


def last_day(sari: Telling, edition: str) -> object:
    (over,) = [o for o in sari.owed(juknis().book_of(edition)) if o.rule == "M08"]
    return over.opens


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of both editions that a test may spoil."""
    for name in ("2025", DRAFT):
        shutil.copytree(JUKNIS / name, tmp_path / name)
    return tmp_path


def spoil(home: Path, old: str, new: str) -> str:
    path = home / DRAFT / "edisi.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(JuknisError) as stopped:
        read_edition(home / DRAFT)
    return str(stopped.value)


def test_an_edition_based_on_one_that_is_not_there_is_named(home: Path) -> None:
    said = spoil(home, 'based_on   = "2025"', 'based_on   = "2024"')
    assert said == "juknis/2026-usulan/edisi.toml: based_on menyebut edisi '2024' yang tidak ada"


def test_an_edition_based_on_itself_is_named(home: Path) -> None:
    said = spoil(home, 'based_on   = "2025"', 'based_on   = "2026-usulan"')
    assert said.startswith("juknis/2026-usulan/edisi.toml: based_on berputar")


def test_an_edition_without_a_day_is_named(home: Path) -> None:
    said = spoil(home, "valid_from = 2026-01-01", "")
    assert said == "juknis/2026-usulan/edisi.toml: 'valid_from' belum diisi"


def test_days_for_a_reason_nobody_knows_are_named(home: Path) -> None:
    said = spoil(home, "bb-kurang =", "bb-lebih =")
    assert said.startswith("juknis/2026-usulan/edisi.toml: ")
    assert "bb-lebih" in said


def test_where_every_edition_is_only_proposed_nothing_starts(home: Path) -> None:
    path = home / "2025" / "edisi.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("title ", "draft = true\ntitle ", 1), encoding="utf-8")
    with pytest.raises(JuknisError, match="semua edisi masih usulan"):
        read_juknis(home)


def test_an_edition_nobody_wrote_is_named_with_those_that_are_there() -> None:
    with pytest.raises(JuknisError, match=r"Edisi '1999' tidak ada\. Yang ada: 2025, 2026-usulan"):
        juknis().edition("1999")
