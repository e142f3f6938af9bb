"""Is it alive, is it ready, and how is it doing: for whoever watches over it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import MediaType, Request, get
from litestar.plugins.prometheus import PrometheusController
from msgspec import Struct
from psycopg import Error
from psycopg_pool import PoolTimeout

from projections import ledger as trees
from service import ledger
from service.places import Place
from service.problems import Trouble


class Alive(Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Book(Struct, frozen=True):
    """How the ledger of a kabupaten stands. With an `error` nothing is signed any more, and a person has to look."""

    behind: int
    signed: int
    """Events in the newest checkpoint."""
    signed_at: datetime | None
    error: str | None


class Ready(Struct, frozen=True):
    """Every kabupaten's database answers; how far its lists are behind its log, in events; how its ledger stands."""

    status: str
    behind: dict[str, int]
    ledger: dict[str, Book]


@get(["/health", "/health/live"], opt={"open": True}, sync_to_thread=False, tags=["health"])
def live() -> Alive:
    """Restart the process when this does not answer. It asks nothing of the database."""
    return Alive()


@get("/health/ready", opt={"open": True}, sync_to_thread=True, tags=["health"])
def ready(request: Request[Any, Any, Any]) -> Ready:
    """Send no requests here while this answers 503."""
    try:
        behind = {code: place.behind() for code, place in request.app.state.places.items()}
        books = {code: _book(place) for code, place in request.app.state.places.items()}
    except (Error, PoolTimeout):
        raise Trouble(503, "overloaded") from None
    return Ready("ok", behind, books)


def _book(place: Place) -> Book:
    with place.connection() as conn:
        last = ledger.newest(conn, place.schema)
        behind, error = trees.behind(conn, place.schema), ledger.error(conn, place.schema)
    return Book(behind, last.size if last else 0, last.at if last else None, error)


class Metrics(PrometheusController):
    """For Prometheus. Routes are grouped by template, so no number of a case becomes a label."""

    path = "/metrics"
    include_in_schema = False
    opt = {"open": True}
    media_type = MediaType.TEXT


HANDLERS = (live, ready, Metrics)
