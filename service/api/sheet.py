"""What a page has in common on which a whole posyandu is recorded at once: whose sheet it is, and how a row is sent."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any
from uuid import UUID

import msgspec
from litestar.response import Template

from domain.case import Role
from service import access
from service.access import Who
from service.api.typed import Page
from service.places import Place
from service.problems import Trouble


def posyandu(who: Who, place: Place, code: str, roles: Set[Role]) -> access.Unit:
    """The posyandu asked for, or the first of one's own. Trouble where the role may not, or it is not one's own."""
    if who.role not in roles:
        raise Trouble(403, "not-allowed")
    own = who.territory.posyandus
    code = code or next(iter(sorted(own)), "")
    unit = place.accounts.units().get(code) if code in own else None
    if unit is None:
        raise Trouble(404, "not-found")
    return unit


def page(
    template: str,
    who: Who,
    place: Place,
    unit: access.Unit,
    on: str,
    rows: Sequence[Any],
    problem: str = "",
    status: int = 200,
    **more: Any,
) -> Page:
    """The sheet of a posyandu on a day, with the posyandus one may change to."""
    units = place.accounts.units()
    context = {
        "who": who,
        "posyandu": unit,
        "posyandus": [units[code] for code in sorted(who.territory.posyandus) if code in units],
        "on": on,
        "today": place.now().date().isoformat(),
        "rows": rows,
        "problem": problem,
    }
    return Template(template, context=context | more, status_code=status)


def entry(key: str, case: UUID, command: dict[str, Any]) -> msgspec.Raw:
    """One row as the write door reads it."""
    return msgspec.Raw(msgspec.json.encode({"entry": key, "case": case, "command": command}))
