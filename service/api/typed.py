"""What a page's form sends, as the pages read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template

Typed = Mapping[str, Sequence[str]]
Page = Template | Redirect
Posted = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
"""As litestar hands it over: a text where a name came once, a list where it came more often."""


def texts(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every field with all that was typed into it."""
    return {name: [str(v) for v in value] if isinstance(value, list) else [str(value)] for name, value in data.items()}


def first(typed: Typed, name: str) -> str:
    """What was typed into a field that is asked once."""
    return (typed.get(name) or [""])[-1].strip()
