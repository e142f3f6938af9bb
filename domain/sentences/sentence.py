"""How a sentence is kept for each kind of event. It takes the event and "oleh kader"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from domain.case import Event

E = TypeVar("E", bound=Event)
Sentence = Callable[[Any, str], str]

SENTENCES: dict[type[Event], Sentence] = {}
WHAT: dict[type[Event], str] = {}
"""The kind of event in two words."""


def of(event: type[E], named: str) -> Callable[[Callable[[E, str], str]], Callable[[E, str], str]]:
    """Keeps a function as the sentence of an event, and what that kind of event is called."""

    def keep(said: Callable[[E, str], str]) -> Callable[[E, str], str]:
        SENTENCES[event] = said
        WHAT[event] = named
        return said

    return keep


def sentence(start: str, *parts: str | None) -> str:
    """A sentence of a beginning and what is known besides."""
    told = [part for part in parts if part]
    return f"{start}: {', '.join(told)}." if told else f"{start}."


def known(words: str, value: object) -> str | None:
    """The words, where the value they speak of is known."""
    return None if value is None else words
