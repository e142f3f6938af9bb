"""No row of the protocol is forgotten: each is in the juknis, or it is said why not; and the page tells the truth."""

from __future__ import annotations

from service.juknis import read_juknis
from service.rulebook import coverage
from service.rulebook.commands import coverage_page
from service.settings import root

TABEL = coverage.read_tabel(root() / "juknis" / "tabel.toml")


def test_the_protocol_has_148_rows() -> None:
    assert len(TABEL.ids) == 148


def test_every_row_is_there_or_says_why_not() -> None:
    protocol = read_juknis(root() / "juknis").edition("2025").protocol
    assert coverage.unexplained(TABEL, protocol) == []


def test_the_page_is_as_the_data_are() -> None:
    page = (root() / "docs" / "protocol-coverage.md").read_text(encoding="utf-8")
    assert page == coverage_page(), "run ./dampingi juknis coverage > docs/protocol-coverage.md"


def test_each_of_the_fourteen_groups_of_open_questions_is_asked() -> None:
    assert {question.group for question in TABEL.question} == set(range(1, 15))


def test_what_an_open_question_points_to_is_there() -> None:
    protocol = read_juknis(root() / "juknis").edition("2025").protocol
    rules = {rule.id for rule in protocol.rules}
    for question in TABEL.question:
        for place in question.where:
            assert place in rules or place.partition(" ")[0] in ("edisi.toml", "kms.toml", "tabel.toml"), place
