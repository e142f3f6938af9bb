"""Families and units have stories as children and mothers have, and take only what is theirs."""

from __future__ import annotations

from typing import Any

import pytest

from domain import desa, stories
from domain.case import Refused
from domain.desa import Desa
from domain.family import Family
from tests.pure.telling import PLACE, Telling


def family() -> Telling:
    return Telling().told("2025-01-05", "kader Ani", "family.register", **PLACE)


def unit(**fields: Any) -> Telling:
    said = {"desa": "3603332001", "posyandus": ["3603332001.01"], **fields}
    return Telling().told("2025-01-05", "kabupaten Tata", "desa.register", **said)


def test_a_family_is_in_the_desa_it_was_registered_in() -> None:
    state = stories.fold(family().story)
    assert isinstance(state, Family)
    assert (state.desa, state.posyandu, state.active) == ("3603332001", "3603332001.01", True)


def test_a_unit_is_found_by_its_code_and_knows_its_posyandu() -> None:
    state = stories.fold(unit().story)
    assert isinstance(state, Desa)
    assert (state.desa, state.level) == ("3603332001", "desa")
    assert [p.code for p in state.posyandus] == ["3603332001.01"]
    assert desa.number("3603332001") == desa.number("3603332001") != desa.number("3603332002")


@pytest.mark.parametrize("story", [family, unit])
def test_what_is_begun_cannot_begin_again(story: Any) -> None:
    telling = story()
    again = {"family.registered": "family.register", "desa.registered": "desa.register"}
    do = again[stories.topic(telling.story[0].event)]
    with pytest.raises(Refused, match="already-registered"):
        telling.told("2025-01-06", "kader Ani", do, **(PLACE if do == "family.register" else {"desa": "3603332001"}))


def test_a_family_is_visited_but_not_weighed() -> None:
    visited = family().told("2025-01-06", "kader Ani", "care.visit-home", found="bertemu")
    assert len(visited.story) == 2
    with pytest.raises(Refused, match="other-kind-of-case"):
        visited.told("2025-01-06", "kader Ani", "child.measure", kg=7.1)


def test_a_unit_is_not_visited() -> None:
    with pytest.raises(Refused, match="other-kind-of-case"):
        unit().told("2025-01-06", "kader Ani", "care.visit-home", found="bertemu")


def test_a_closed_family_makes_no_more_work_until_it_is_reopened() -> None:
    closed = family().told("2025-01-06", "bidan Rina", "case.close", reason="pindah-keluar")
    assert not stories.fold(closed.story).active  # type: ignore[union-attr]
    again = closed.told("2025-01-07", "bidan Rina", "case.reopen", reason="kembali")
    assert stories.fold(again.story).active  # type: ignore[union-attr]
    with pytest.raises(Refused, match="not-closed"):
        again.told("2025-01-08", "bidan Rina", "case.reopen", reason="kembali")
