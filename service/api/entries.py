"""The one write door. A list of entries comes in, each gets its own answer, and one bad entry holds up nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, post
from msgspec import UNSET, Raw, Struct, UnsetType

from domain import refusals, stories
from service.access import Who
from service.handle import Answer as Handled
from service.handle import Submitted
from service.places import Place
from service.problems import Trouble

Outcome = Literal["recorded", "already", "held", "refused", "unreadable"]


class Answer(Struct, frozen=True, omit_defaults=True):
    """What became of one entry, in the order they were sent. `says` is the sentence for the person.

    `case` is where it stands: what was sent to a case that was merged is recorded in the one that carries it on.
    """

    entry: UUID | None
    answer: Outcome
    case: UUID | None = None
    code: str | None = None
    says: str | None = None
    version: int | None = None
    position: int | None = None


class Answers(Struct, frozen=True):
    """`position` is where the log stood after the last of them: ask for lists "not older than" it."""

    answers: tuple[Answer, ...]
    position: int


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry as a phone sends it. Actor, role, unit and time come from the session."""

    entry: UUID
    case: UUID
    command: Raw
    expects: int | UnsetType = UNSET
    """The version of the case the person saw; a case that moved on meanwhile refuses as "stale"."""


class _Named(Struct, frozen=True):
    """What can still be told of an entry that cannot be read."""

    entry: Any = None
    case: Any = None


class _Wrapped(Struct, frozen=True, forbid_unknown_fields=True):
    entries: list[Raw]


@post("/entries", status_code=200, tags=["entries"])
async def record(request: Request[Who, Any, Any]) -> Answers:
    """Record what happened in the field: up to some hundred entries at a time, each answered for itself."""
    # Not in a thread: all who wait here share the writer's next commit, which eight threads would keep to eight.
    # And without dependencies, whose resolving costs as much as reading an entry.
    who = request.user
    place: Place = request.app.state.places[who.tenant]
    sent = _sent(await request.body())
    if len(sent) > place.settings.entries_per_request:
        raise Trouble(413, "too-many")
    read = [_read(raw) for raw in sent]
    return _answers(read, await place.submitted(_readable(read), who))


def answers(sent: list[Raw], who: Who, place: Place) -> Answers:
    """Read each entry, submit those that can be read in one go, and put the answers back in their order."""
    read = [_read(raw) for raw in sent]
    return _answers(read, place.submit(_readable(read), who))


def _readable(read: list[Submitted | Answer]) -> list[Submitted]:
    return [one for one in read if isinstance(one, Submitted)]


def _answers(read: list[Submitted | Answer], handled: Sequence[Handled]) -> Answers:
    rest = iter(handled)
    told = tuple(one if isinstance(one, Answer) else _told(one, next(rest)) for one in read)
    return Answers(told, max((a.position or 0 for a in told), default=0))


def _sent(body: bytes) -> list[Raw]:
    try:
        if body.lstrip()[:1] == b"{":
            return msgspec.json.decode(body, type=_Wrapped).entries
        return msgspec.json.decode(body, type=list[Raw])
    except msgspec.ValidationError:
        raise Trouble(400, "unreadable") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Trouble(400, "not-json") from None


def _read(raw: Raw) -> Submitted | Answer:
    try:
        entry = msgspec.json.decode(raw, type=Entry)
        command = stories.command(bytes(entry.command))
    except msgspec.ValidationError as error:
        return _unreadable(raw, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _unreadable(raw, "")
    expects = None if entry.expects is UNSET else entry.expects
    return Submitted(entry=entry.entry, case=entry.case, command=command, expects=expects)


def _unreadable(raw: Raw, error: str) -> Answer:
    try:
        named = msgspec.json.decode(raw, type=_Named)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        named = _Named()
    return Answer(
        entry=_uuid(named.entry),
        answer="unreadable",
        case=_uuid(named.case),
        code=code_of(error),
        says=refusals.unreadable(error),
    )


def _uuid(sent: Any) -> UUID | None:
    try:
        return UUID(sent)
    except (TypeError, ValueError, AttributeError):
        return None


def code_of(error: str) -> str:
    """The stable code of what msgspec says is wrong."""
    if "unknown field" in error:
        return "unknown-field"
    if "missing required field" in error:
        return "missing-field"
    if re.search(r"Invalid value .*\.(do|is)`$", error):
        return "unknown-command"
    return "wrong-value" if error else "unreadable"


def _told(sent: Submitted, answer: Handled) -> Answer:
    says = None
    if answer.code is not None:
        says = answer.says or refusals.refusal(answer.code, answer.facts)
    return Answer(
        entry=sent.entry,
        answer=answer.outcome,
        case=answer.case,
        code=answer.code,
        says=says,
        version=answer.version,
        position=answer.position,
    )


HANDLERS = (record,)
