"""Break the glass: a health worker opens a case that is not theirs, with a reason, for some hours, and is looked into.

Whoever guesses learns nothing: a number that is nobody's and one that cannot be opened are answered alike, and every
try is counted, found or not.
"""

from __future__ import annotations

import re
from typing import Any, LiteralString, get_args
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier
from uuid_utils.compat import uuid7

from domain.case import Case, Command, Personal, Refused
from domain.emergency import OpenInEmergency, Reason
from service import access
from service.access import Who
from service.handle import Actor, Submitted
from service.places import Place
from service.problems import Trouble

REASONS: tuple[Reason, ...] = get_args(Reason)


def open_case(place: Place, who: Who, asked: str, reason: str, note: str) -> UUID:
    """The case that may be read now. `asked` is a whole NIK, a number of a case, or the link a paper's code holds."""
    if who.role not in access.EMERGENCY:
        raise Trouble(403, "not-allowed")
    if reason not in REASONS or not asked.strip():
        raise Trouble(400, "emergency-reason")
    case = _case(place, asked)
    if case is not None and place.readable(who, case):
        return case
    with place.connection() as conn:
        if _tried(conn, place.schema, who.account, case) > place.settings.emergency_tries:
            raise Trouble(429, "emergency-too-often")
    if case is None:
        raise Trouble(404, "emergency-not-found")
    opened = _open(place, who, case, reason, note)
    place.reads.note(who, [opened], "emergency", reason)
    return opened


def _open(place: Place, who: Who, case: UUID, reason: str, note: str) -> UUID:
    command = OpenInEmergency(
        on=place.now().date(),
        emergency=uuid7(),
        reason=reason,
        hours=place.settings.emergency_hours,
        personal=Personal(note=note.strip()[:1000]) if note.strip() else None,
    )
    actor = Actor(str(who.account), who.role, who.post.unit.code, _may)
    answer = place.record_as(Submitted(uuid7(), case, command), actor)
    if answer.outcome == "held":
        raise Trouble(503, "overloaded")
    if answer.outcome != "recorded":
        raise Trouble(404, "emergency-not-found")
    return answer.case


def _may(command: Command, state: Case | None) -> None:
    if state is None or not isinstance(command, OpenInEmergency):
        raise Refused("not-allowed")


def _case(place: Place, asked: str) -> UUID | None:
    """The number within what was typed or scanned, or the active case of a NIK."""
    if (number := _NUMBER.search(asked)) is not None:
        case = UUID(number[0])
        return case if place.story(case) else None
    digits = re.sub(r"[\s.-]", "", asked)
    return next(iter(place.by_nik(digits)), None) if _NIK.fullmatch(digits) else None


_NUMBER = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NIK = re.compile(r"[0-9]{16}")


def _tried(conn: Connection[Any], schema: str, account: UUID, case: UUID | None) -> int:
    """Tries of this account within a day, this one counted first, so that two at once do not both slip in."""
    table = Identifier(schema, "emergency_tries")
    conn.execute(SQL(_ADD).format(t=table), {"account": account, "case": case})
    row = conn.execute(SQL(_COUNT).format(t=table), {"account": account}).fetchone()
    assert row is not None
    return int(row[0])


_ADD: LiteralString = "INSERT INTO {t} (account, case_id) VALUES (%(account)s, %(case)s)"

_COUNT: LiteralString = """
SELECT count(*)
FROM {t}
WHERE account = %(account)s AND at > clock_timestamp() - interval '1 day'
"""
