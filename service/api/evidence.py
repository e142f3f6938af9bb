"""Evidence packs for whoever has to show something, or to have it shown."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from uuid_utils.compat import uuid7

from domain import desa, stories
from domain.case import Case, Recorded, Role
from domain.oversight import ProvideEvidence
from projections import log
from projections.ledger import Gap
from service import access, choosing, evidence
from service.access import Who
from service.api.asked import numbered_or_404
from service.api.threads import in_thread
from service.choosing import Chosen
from service.handle import Submitted
from service.ledger import Broken
from service.places import Place
from service.problems import Trouble

IN_MEMORY = 4 << 20
"""A pack above this waits on disk until it is handed out."""

PIECE = 1 << 16


@get("/evidence/cases/{file:str}", tags=["evidence"])
@in_thread
def of_case(
    file: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    size: FromQuery[list[int] | None] = None,
) -> Stream:
    """The whole story of a case, `<case>.zip`. `size`: of checkpoints that were kept, to be held against this one."""
    _may(who, choosing.STORIES)
    number = numbered_or_404(_named(file))
    story, state = _told(place, number)
    if not access.may_open(who, state):
        raise Trouble(404, "not-found")
    return _handed(place, who, choosing.case(number, story, who.role), f"kasus-{number}", size or ())


@get("/evidence/cases/{number:uuid}/pmt/{file:str}", tags=["evidence"])
@in_thread
def of_cycle(
    number: FromPath[UUID],
    file: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    size: FromQuery[list[int] | None] = None,
) -> Stream:
    """One PMT cycle, `<its number>.zip`, with the weights and the decision it rests on."""
    _may(who, choosing.CYCLES)
    cycle = _whole(_named(file))
    story, state = _told(place, number)
    chosen = choosing.cycle(number, story, cycle, who.role) if state and access.reaches(who, state) else None
    return _handed(place, who, chosen, f"pmt-{number}-{cycle}", size or ())


@get("/evidence/desa/{code:str}/{file:str}", tags=["evidence"])
@in_thread
def of_quarter(
    code: FromPath[str],
    file: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    size: FromQuery[list[int] | None] = None,
) -> Stream:
    """A desa's quarter, `2026-3.zip`: what it did, and what was done for the cases that belong to it."""
    _may(who, choosing.CYCLES)
    quarter = _named(file)
    days = choosing.quarter_named(quarter, place.tenant.zone)
    unit = place.accounts.units().get(code)
    if days is None or unit is None or unit.kind != "desa" or code not in who.territory.desa:
        raise Trouble(404, "not-found")
    with place.ledger.pool.connection() as conn:
        chosen = choosing.desa_quarter(conn, place.schema, code, days, who.role)
    return _handed(place, who, chosen, f"desa-{code}-{quarter}", size or ())


@get("/evidence/requests/{code:str}/{file:str}", tags=["evidence"])
@in_thread
def of_request(
    code: FromPath[str],
    file: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    size: FromQuery[list[int] | None] = None,
) -> Stream:
    """What answers a request for evidence, `<request>.zip`, to be looked at before it is handed over."""
    request = numbered_or_404(_named(file))
    answer = _answer(place, who, code, request)
    return _handed(place, who, answer, f"permintaan-{request}", size or (), _as_inspected(who))


@post("/evidence/requests/{code:str}/{file:str}", status_code=200, tags=["evidence"])
@in_thread
def hand_over(
    code: FromPath[str],
    file: FromPath[str],
    who: NamedDependency[Who],
    place: NamedDependency[Place],
    size: FromQuery[list[int] | None] = None,
) -> Stream:
    """The same, handed over: that it was, and the digest of just this file, is recorded before it is sent."""
    if not access.may(who.role, "desa.provide-evidence"):
        raise Trouble(403, "no-evidence-for-you")
    request = numbered_or_404(_named(file))
    pack, digest = _made(place, who, _answer(place, who, code, request), size or (), _as_inspected(who))
    command = ProvideEvidence(on=place.now().date(), request=request, digest=digest)
    answer = place.submit([Submitted(uuid7(), desa.number(code), command)], who)[0]
    if answer.outcome != "recorded":
        pack.close()
        raise Trouble(409, answer.code or "internal", **answer.facts)
    return _sent(pack, digest, f"permintaan-{request}")


# What they all ask first


def _may(who: Who, roles: frozenset[Role]) -> None:
    if who.role not in roles:
        raise Trouble(403, "no-evidence-for-you")


def _named(file: str) -> str:
    if not file.endswith(".zip"):
        raise Trouble(404, "not-found")
    return file.removesuffix(".zip")


def _whole(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise Trouble(404, "not-found")
    return int(text)


def _told(place: Place, number: UUID) -> tuple[Sequence[Recorded], Case | None]:
    with place.ledger.pool.connection() as conn:
        story = log.stories(conn, place.schema, [number])[number]
    return story, stories.fold(story)


def _answer(place: Place, who: Who, code: str, request: UUID) -> Chosen | None:
    if who.role != "inspektorat":
        _may(who, access.WRITES["desa.provide-evidence"])
    units = place.accounts.units()
    unit = units.get(code)
    if unit is None or unit.kind not in access.STORIED or code not in who.territory.desa:
        return None
    below = access.storied_below(unit, units)
    with place.ledger.pool.connection() as conn:
        return choosing.answer(conn, place.schema, code, below, request, place.tenant.zone, _as_inspected(who))


def _as_inspected(who: Who) -> Role:
    """An answer goes to the inspectorate: whoever reads more than an inspector puts no more than that into it."""
    return "inspektorat" if who.role in choosing.STORIES else who.role


# Handing out


def _handed(
    place: Place, who: Who, chosen: Chosen | None, name: str, sizes: Sequence[int], reader: Role | None = None
) -> Stream:
    return _sent(*_made(place, who, chosen, sizes, reader or who.role), name)


def _made(place: Place, who: Who, chosen: Chosen | None, sizes: Sequence[int], reader: Role) -> tuple[IO[bytes], str]:
    """The pack for a reader, and its digest. Whose records are in it is noted before anything leaves."""
    if chosen is None:
        raise Trouble(404, "not-found")
    place.reads.note(who, list(chosen.cases) or [None], "evidence")
    pack = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # it is closed when it has been sent
    try:
        maker = evidence.maker(place.ledger, place.settings, place.tenant, place.accounts.units())
        return pack, evidence.make(maker, chosen, reader, pack, sizes)
    except evidence.NotCovered:
        raise Trouble(503, "not-covered") from None
    except evidence.NoSuchPoint as missing:
        raise Trouble(404, "no-such-point", size=missing.size) from None
    except (Broken, Gap, evidence.TakenOut):
        raise Trouble(503, "ledger-broken") from None


def _sent(pack: IO[bytes], digest: str, name: str) -> Stream:
    """In pieces, under a name that tells nobody's."""
    return Stream(
        _pieces(pack),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}.zip"', "X-Sidik-SHA256": digest},
    )


def _pieces(pack: IO[bytes]) -> Iterator[bytes]:
    with pack:
        pack.seek(0)
        while piece := pack.read(PIECE):
            yield piece


HANDLERS: tuple[Any, ...] = (of_case, of_cycle, of_quarter, of_request, hand_over)
