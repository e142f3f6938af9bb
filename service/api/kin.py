"""The other cases in which somebody's name stands: being forgotten in one of them does not reach the others."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from msgspec import Struct

from domain import erasure
from domain.child import Child
from domain.pregnancy import Pregnancy
from service.access import Who
from service.places import Opened, Place


class Relative(Struct, frozen=True):
    """A case of the same family, and how it stands to being forgotten."""

    case: UUID
    words: str
    standing: str


def relatives(opened: Opened, who: Who, place: Place) -> Iterator[Relative]:
    """A mother's name stands in the cases of her children, and theirs are told from hers."""
    state = opened.state
    if isinstance(state, Pregnancy):
        yield from (_relative(child, f"Bayi ke-{n}") for n, child in _opened(state.newborns, who, place))
    if isinstance(state, Child) and state.mother is not None:
        for _, mother in _opened((state.mother,), who, place):
            yield _relative(mother, "Kasus ibu")
            others = tuple(c for c in getattr(mother.state, "newborns", ()) if c != opened.case)
            yield from (_relative(child, "Saudara kandung") for _, child in _opened(others, who, place))


def _opened(cases: tuple[UUID, ...], who: Who, place: Place) -> Iterator[tuple[int, Opened]]:
    for number, case in enumerate(cases, start=1):
        found = place.open(who, case, "kin")
        if found is not None:
            yield number, found[0]


def _relative(opened: Opened, words: str) -> Relative:
    state = opened.state
    if erasure.erased(state):
        return Relative(opened.case, words, "identitas sudah dihapus")
    if erasure.to_erase(state):
        return Relative(opened.case, words, "diputuskan dihapus, belum dilaksanakan")
    asked = any(a.event.asks == "menghapus" for a in erasure.unanswered(state))  # type: ignore[attr-defined]
    return Relative(opened.case, words, "diminta dihapus" if asked else "tidak diminta dihapus: namanya tetap di sana")
