"""What a form is: which fields of its command are shown, and in which order."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from domain.case import Kind


class Form(Struct, frozen=True):
    """One form: the fields shown, in the order shown. `personal` are those that go into the sealed identity."""

    tag: str
    title: str
    button: str
    fields: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    kind: Kind | None = None
    """Only for this kind of case; None for children and mothers."""
    families: bool = False
    """For families too, beside children and mothers."""
    every: bool = False
    """For every kind of case."""
    hint: str = ""
    begins: bool = False
    """It begins a case."""
    nakes: tuple[str, ...] = ()
    """Fields that only health workers are asked for: a kader refers to the bidan in fewer words."""
    words: Mapping[str, str] = {}
    """What fields are called in this form, where that is not what they are called elsewhere."""
