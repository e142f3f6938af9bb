"""`dampingi juknis check`: every row said in Indonesian; what fights, is not reached or no longer holds is named."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from domain.protocol import Book, Protocol, Rule, Step
from domain.signs import Sign
from domain.signs.meanings import MEANINGS
from service.cli import main
from service.juknis import read_juknis
from service.rulebook import check, explain
from service.rulebook.contoh import Told, read_contoh
from service.settings import root

JUKNIS = root() / "juknis"


@cache
def book() -> Book:
    return read_juknis(JUKNIS).book_of("2025")


@cache
def stories() -> tuple[Told, ...]:
    return read_contoh(JUKNIS / "contoh")


def with_rules(*rules: Rule) -> Protocol:
    return replace(book().protocol, rules=rules)


def rule(like: str, **changed: Any) -> Rule:
    return replace(book().protocol.rule(like), **changed)


def test_every_sign_says_what_it_looks_for() -> None:
    tags = {str(sign.__struct_config__.tag) for sign in Sign.__args__}  # type: ignore[attr-defined]
    assert set(MEANINGS) == tags


@pytest.mark.parametrize("one", book().protocol.rules, ids=lambda r: r.id)
def test_every_row_is_said_in_whole_sentences(one: Rule) -> None:
    said = explain.explained(one)
    assert said.startswith(f"{one.id} (")
    assert "{" not in said
    assert "None" not in said
    assert said.endswith(".")


def test_a_row_says_when_whose_until_when_and_on_what_it_rests() -> None:
    said = explain.explained(book().protocol.rule("C10"))
    assert "Bila berat tidak naik 2 kali berturut-turut: Gizi puskesmas mengerjakan" in said
    assert "Waktunya 3 hari." in said
    assert "Dokter puskesmas melihat bila terlambat" in said
    assert "Sudah memuat C13, C09." in said
    assert "Menunggu selama C07 meragukan ukuran yang sama." in said


def test_the_edition_in_force_has_no_conflict_and_every_row_is_reached() -> None:
    assert list(check.conflicts(book().protocol)) == []
    assert list(check.unreached(book(), stories())) == []
    assert list(check.broken(book(), stories())) == []


def test_rows_that_absorb_each_other_are_named() -> None:
    found = list(
        check.conflicts(
            with_rules(rule("C09", absorbs=("C10",), not_from=()), rule("C10", absorbs=("C09",), not_from=()))
        )
    )
    assert "C09 memuat C10, dan C10 memuat C09: keduanya tidak akan terlihat" in found


def test_a_row_that_absorbs_one_of_another_kind_of_case_is_named() -> None:
    found = list(check.conflicts(with_rules(rule("C17", absorbs=("B07",)), rule("B07"))))
    assert found == ["C17 memuat B07, padahal keduanya tidak pernah pada kasus yang sama"]


def test_two_rows_that_look_for_the_same_at_the_same_desk_are_named() -> None:
    found = list(check.conflicts(with_rules(rule("C17", absorbs=()), rule("C17", id="C99", absorbs=()))))
    assert found == ["C17 dan C99 mencari hal yang sama untuk meja yang sama"]


def test_a_desk_named_twice_is_named() -> None:
    twice = (Step("bidan"), Step("puskesmas-dr", "due"), Step("bidan", "2due"))
    found = list(check.conflicts(with_rules(rule("C17", absorbs=(), steps=twice))))
    assert found == ["C17 menyebut satu meja dua kali"]


def test_a_row_that_no_story_reaches_is_named() -> None:
    lone = rule("C17", id="C99", absorbs=())
    only_c99 = replace(book(), protocol=with_rules(replace(lone, when=replace(lone.signs[0], grade=9))))
    assert list(check.unreached(only_c99, stories())) == ["C99 tidak pernah muncul dalam satu pun contoh"]


def test_a_story_that_no_longer_holds_is_named_with_day_and_desk() -> None:
    later = replace(book(), protocol=with_rules(rule("C17", due="48h", absorbs=())))
    found = list(check.broken(later, [told for told in stories() if told.name == "C17-bengkak"]))
    assert found
    assert all(said.startswith("C17-bengkak.toml, 2025-") for said in found)


def test_the_command_says_every_row_and_that_all_is_well() -> None:
    said = CliRunner().invoke(main, ["juknis", "check", "2025"])
    assert said.exit_code == 0, said.output
    assert f"{len(book().protocol.rules)} aturan, {len(stories())} contoh, 0 hal perlu dibetulkan." in said.output
    assert "- C10 (segera). Bila berat tidak naik 2 kali" in said.output


def test_the_command_names_an_edition_that_is_not_there() -> None:
    said = CliRunner().invoke(main, ["juknis", "check", "1999"])
    assert said.exit_code == 1
    assert "Edisi '1999' tidak ada" in said.output
