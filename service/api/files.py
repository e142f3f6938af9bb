"""What is handed over as a file: rows for a spreadsheet or a program, and papers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Response
from litestar.response import Stream
from msgspec import Struct

from service.exchange.rejected import harmless
from service.letters import paper
from service.places import Place
from service.problems import Trouble

SHAPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


def known(shape: str) -> None:
    """404 before anything is looked for, where there is no such kind of file."""
    if shape not in SHAPES:
        raise Trouble(404, "not-found")


def rows(shape: str, name: str, columns: Sequence[str], found: Iterator[Struct]) -> Stream:
    """All that is found, written while it is read, so that any length takes the same memory."""
    return Stream(
        as_csv(columns, found) if shape == "csv" else as_lines(found),
        media_type=SHAPES[shape],
        headers={"Content-Disposition": f'attachment; filename="{name}.{shape}"'},
    )


def as_csv(columns: Sequence[str], found: Iterator[Struct]) -> Iterator[bytes]:
    """For a spreadsheet, a line at a time."""
    yield _line(columns)
    for one in found:
        yield _line([harmless(_cell(getattr(one, name))) for name in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _line(cells: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def as_lines(found: Iterator[Struct]) -> Iterator[bytes]:
    """For a program: one JSON object a line."""
    return (msgspec.json.encode(one) + b"\n" for one in found)


def printed(kind: paper.Paper, said: Struct, place: Place, name: str) -> Response[bytes]:
    """A paper, shown in the browser under a name that tells nobody's."""
    return Response(
        paper.pdf(kind, said, place.now()),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )
