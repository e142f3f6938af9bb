"""Pages as PDF: what stands on them goes to typst as JSON, so that nothing somebody typed is ever read as markup.

typst and segno are imported when the first page is made: a worker that prints none need not hold them.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    import typst

Paper = Literal["surat", "slip", "pembuka", "bukti"]

FOLDER = Path(__file__).parent
"""The pages are part of this package, so they are found wherever it is installed."""

ARCHIVED: tuple[typst.PDFStandard, ...] = ("a-2a", "ua-1")
"""To be kept for years, and to be read aloud."""


def pdf(paper: Paper, said: Struct, at: datetime) -> bytes:
    """The page as it is printed. `at` is when it was made, by the clock of the place."""
    import typst

    try:
        return _compiled(paper, said, at, list(ARCHIVED))
    except typst.TypstError:
        # PDF/A forbids a letter that no font has (an emoji in a name), and a patient must not wait for that.
        return _compiled(paper, said, at, [])


def _compiled(paper: Paper, said: Struct, at: datetime, standards: list[typst.PDFStandard]) -> bytes:
    import typst

    return typst.compile(
        FOLDER / f"{paper}.typ",
        root=FOLDER,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"isi": msgspec.json.encode(said).decode()},
        pdf_standards=standards,
        timestamp=at.replace(microsecond=0),
    )


@cache
def _fonts() -> typst.Fonts:
    """Those within typst: a letter looks the same on every machine."""
    import typst

    return typst.Fonts(include_system_fonts=False)


def qr(link: str) -> str:
    """The code of an address, as SVG. A quarter of it may be smudged."""
    import segno

    drawn = BytesIO()
    segno.make(link, error="q", micro=False).save(drawn, kind="svg", border=0, xmldecl=False)
    return drawn.getvalue().decode()
