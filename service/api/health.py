"""Is it alive, is it ready, and how is it doing: for whoever watches over it."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, get
from litestar.plugins.prometheus import PrometheusController
from msgspec import Struct
from psycopg import Error
from psycopg_pool import PoolTimeout

from service.places import Place
from service.problems import Trouble
from service.reads import MONTHS_WANTED


class Alive(Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Ready(Struct, frozen=True):
    """Every kabupaten's database answers, and how far its lists are behind its log, in events."""

    status: str
    behind: dict[str, int]
    warnings: tuple[str, ...] = ()
    """What the operator should see to before it hurts."""


@get(["/health", "/health/live"], opt={"open": True}, sync_to_thread=False, tags=["health"])
def live() -> Alive:
    """Restart the process when this does not answer. It asks nothing of the database."""
    return Alive()


@get("/health/ready", opt={"open": True}, sync_to_thread=True, tags=["health"])
def ready(request: Request[Any, Any, Any]) -> Ready:
    """Send no requests here while this answers 503."""
    try:
        places: dict[str, Place] = request.app.state.places
        behind = {code: place.behind() for code, place in places.items()}
        short = [code for code, place in places.items() if place.reads.months_ahead() < MONTHS_WANTED]
    except (Error, PoolTimeout):
        raise Trouble(503, "overloaded") from None
    return Ready(
        "ok", behind, tuple(f"{code}: catatan pembacaan perlu bulan baru; jalankan dampingi migrate" for code in short)
    )


class Metrics(PrometheusController):
    """For Prometheus. Routes are grouped by template, so no number of a case becomes a label."""

    path = "/metrics"
    include_in_schema = False
    opt = {"open": True}
    media_type = MediaType.TEXT


HANDLERS = (live, ready, Metrics)
