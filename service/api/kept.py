"""What was typed while the session ended: it goes through the sign-in in the page itself, and is sent after it."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from litestar import Request
from msgspec import Struct

FORMS = ("/isi/", "/timbang", "/salah/")
"""Where things are typed in. Nothing else is carried on."""


class Kept(Struct, frozen=True, forbid_unknown_fields=True):
    """A form as it was sent, and where to."""

    path: str
    fields: tuple[tuple[str, str], ...]

    def packed(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()


async def typed(request: Request[Any, Any, Any]) -> Kept | None:
    """The form of a request that nobody is signed in for."""
    if request.method != "POST" or not request.scope["path"].startswith(FORMS):
        return None
    form = await request.form()
    fields = tuple((name, value) for name, value in form.multi_items() if isinstance(value, str) and name[:1] != "_")
    return Kept(request.scope["path"], fields)


def unpacked(packed: str) -> Kept | None:
    """What the sign-in page was given to keep; None where it is none of ours."""
    try:
        kept = msgspec.json.decode(base64.urlsafe_b64decode(packed.encode()), type=Kept)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        return None
    return kept if kept.path.startswith(FORMS) else None
