"""From the list to the form: whatever a form needs and does not show follows from the case and the task."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from domain import stories
from domain.protocol import Obligation
from domain.protocol import state as standing
from service.api import offered
from service.formbook import FORMS
from service.juknis import read_juknis
from service.places import Opened
from service.rulebook.contoh import Daftar, Told, read_contoh
from service.settings import root

STORIES = read_contoh(root() / "juknis" / "contoh")
ABOUT_THE_TASK = {"rule", "key"}


@cache
def tasks() -> dict[str, list[tuple[Opened, Obligation]]]:
    """Every task that stands open on a day of a story, by the form that does it."""
    juknis = read_juknis(root() / "juknis")
    found: dict[str, list[tuple[Opened, Obligation]]] = {}
    for told in STORIES:
        for daftar in told.contoh.daftar:
            book = juknis.book(daftar.pada) if told.contoh.edisi == "2025" else juknis.book_of(told.contoh.edisi)
            for owed in told.owed(book, daftar.moment):
                if standing(owed, daftar.moment) in ("open", "late"):
                    found.setdefault(owed.form, []).append((_opened(told, daftar), owed))
    return found


def _opened(told: Told, daftar: Daftar) -> Opened:
    known = tuple(r for r in told.story if r.by.recorded_at <= daftar.moment)
    state = stories.fold(known)
    assert state is not None
    return Opened(uuid5(NAMESPACE_OID, told.name), known, state, None)


def _forms() -> Iterator[str]:
    for tag, form in FORMS.items():
        if set(form.hidden) - ABOUT_THE_TASK or "version" in form.fields:
            yield tag


@pytest.mark.parametrize("tag", [tag for tag in _forms() if tag in tasks()])
def test_what_a_form_does_not_show_is_there(tag: str) -> None:
    form = FORMS[tag]
    for opened, owed in tasks()[tag]:
        given = offered.given(form, opened, owed.key)
        for name in set(form.hidden) - ABOUT_THE_TASK:
            assert given.get(name, [""])[0], f"{tag}: {name} is empty for {owed.rule} {owed.key}"
        if "version" in form.fields:
            assert len(offered.options(form, opened.state)["version"]) > 1


def test_the_tasks_of_the_stories_lead_to_most_of_these_forms() -> None:
    """So that the test above tests something."""
    assert {"person.merge", "person.declare-distinct", "person.fulfil-data-request", "child.resolve-conflict",
            "child.verify-measurement", "pmt.start", "referral.accept"} <= tasks().keys()  # fmt: skip
    assert isinstance(tasks()["person.merge"][0][0].case, UUID)


@pytest.mark.parametrize("tag", sorted(tasks()))
def test_a_task_is_done_by_a_form_that_is_offered_for_its_case(tag: str) -> None:
    """Or by one of the sheets on which a whole posyandu is recorded."""
    for opened, owed in tasks()[tag]:
        if tag in FORMS:
            assert offered.fits(FORMS[tag], opened), f"{owed.rule} sends a {opened.kind} to {tag}"
