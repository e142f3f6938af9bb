"""What every kind of case can tell: corrections, tasks put off or handed over, the end of a case."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Union

import msgspec

from domain import case
from domain.case import Event
from domain.figures import day
from domain.labels import DESKS, label
from domain.sentences.sentence import SENTENCES, of


@of(case.Corrected, "Perbaikan catatan")
def _corrected(event: case.Corrected, by: str) -> str:
    start = f"Catatan nomor {event.version} diperbaiki {by} ({label(event.reason)})."
    reads = right(event)
    if reads is None:
        return start
    said = _NOBODY.sub("", SENTENCES[type(reads)](reads, "\0"))
    return f"{start} Yang benar, {day(reads.on)}: {said}"


def right(event: case.Corrected) -> Event | None:
    """The event as it should have been; None where it cannot be read."""
    try:
        reads: Event = msgspec.convert(event.reads, _any())
    except msgspec.ValidationError:
        return None
    return reads


@cache
def _any() -> Any:
    return Union[tuple(SENTENCES)]  # noqa: UP007


_NOBODY = re.compile(",?(?: dicatat)? \0")
"""A correction says what is right, not who says so: that is at its beginning."""


@of(case.Retracted, "Penarikan catatan")
def _retracted(event: case.Retracted, by: str) -> str:
    return f"Catatan nomor {event.version} ditarik {by} ({label(event.reason)})."


@of(case.TaskSetAside, "Penundaan tugas")
def _set_aside(event: case.TaskSetAside, by: str) -> str:
    return f"Tugas {event.rule} ditunda {by} sampai {day(event.until)}: {label(event.reason)}."


@of(case.TaskReassigned, "Pengalihan tugas")
def _reassigned(event: case.TaskReassigned, by: str) -> str:
    return f"Tugas {event.rule} dialihkan {by} ke {DESKS[event.desk]}: {label(event.reason)}."


@of(case.CaseClosed, "Penutupan kasus")
def _closed(event: case.CaseClosed, by: str) -> str:
    return f"Kasus ditutup {by}: {label(event.reason)}."


@of(case.CaseReopened, "Pembukaan kembali kasus")
def _reopened(event: case.CaseReopened, by: str) -> str:
    return f"Kasus dibuka kembali {by}: {label(event.reason)}."
