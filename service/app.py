"""The web service: which doors there are, and what every request passes before it reaches one."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog
from litestar import Litestar, Request
from litestar.config.compression import CompressionConfig
from litestar.config.csrf import CSRFConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency, Provide
from litestar.handlers.base import BaseRouteHandler
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Response
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig

from service import settings as settings_
from service.access import AUDITS, EMERGENCY, SEARCHES, Who
from service.api import (
    accounts,
    asof,
    audit,
    board,
    cases,
    copies,
    coverage,
    entries,
    evidence,
    fhir,
    flags,
    health,
    history,
    inspecting,
    ledger,
    letters,
    openings,
    pages,
    past_pages,
    queues,
    reads,
    referrals,
)
from service.api.kept import typed
from service.api.schema import openapi
from service.metrics import Counted
from service.places import Place, open_places
from service.plainly import FILTERS
from service.problems import Trouble, answer, wants_page
from service.rates import Rates
from service.sessions import Identify, SessionConfig, SessionStore
from service.settings import Settings

_LOGGED = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.JSONRenderer(),
)
"""One JSON object a line. No middleware logs requests: bodies, headers and addresses hold names."""

OPEN = "open"
"""A handler with `opt={"open": True}` serves strangers. Every other one is closed."""


TOKEN = "token"
"""A handler with `opt={"token": scope}` may be asked with a token that has this scope."""

TOKENS_ONLY = "tokens_only"
"""A handler with this takes no session: it is not guarded against forged forms, which only a session has to fear."""


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Closed by default."""
    if handler.opt.get(OPEN):
        return
    who: Who | None = connection.scope.get("user")
    scopes: Sequence[str] | None = connection.scope.get("auth")
    if scopes is not None:
        _check_token(who, scopes, handler)
        return
    if handler.opt.get(TOKENS_ONLY):
        raise Trouble(401, "token-missing")
    if who is None:
        if isinstance(connection, Request) and wants_page(connection):
            connection.state.kept = await typed(connection)
        raise Trouble(401, "session-ended" if connection.cookies.get("sesi") else "sign-in")


def _check_token(who: Who | None, scopes: Sequence[str], handler: BaseRouteHandler) -> None:
    """A token opens only the doors that name a scope, and those only with it."""
    wanted = handler.opt.get(TOKEN)
    if who is None:
        raise Trouble(401, "token-unknown")
    if wanted is None or wanted not in scopes:
        raise Trouble(403, "token-scope")


def create(
    settings: Settings | None = None,
    places: Mapping[str, Place] | None = None,
    demo: Sequence[tuple[str, str, str]] = (),
) -> Litestar:
    """The service. `demo` are people, sign-ins and passwords that the sign-in page may tell; else it tells none."""
    settings = settings or settings_.load()
    places = places if places is not None else open_places(settings)
    structlog.configure(processors=_LOGGED, cache_logger_on_first_use=False)
    web = settings_.root() / "web"
    session = SessionConfig(
        key="sesi", max_age=settings.session_days * 24 * 3600, secure=settings.secure_cookies, renew_on_access=True
    )
    app = Litestar(
        route_handlers=[
            *accounts.HANDLERS,
            *entries.HANDLERS,
            *queues.HANDLERS,
            *cases.HANDLERS,
            *referrals.HANDLERS,
            *asof.HANDLERS,
            *history.HANDLERS,
            *coverage.HANDLERS,
            fhir.ROUTER,
            *ledger.HANDLERS,
            *audit.HANDLERS,
            *inspecting.HANDLERS,
            *health.HANDLERS,
            *pages.HANDLERS,
            *past_pages.HANDLERS,
            *letters.HANDLERS,
            *reads.HANDLERS,
            *openings.HANDLERS,
            *copies.HANDLERS,
            *board.HANDLERS,
            *evidence.HANDLERS,
            *flags.HANDLERS,
            _assets(web / "static"),
        ],
        guards=[signed_in],
        dependencies={"who": Provide(_who, sync_to_thread=False), "place": Provide(_place, sync_to_thread=False)},
        middleware=[Counted(), session.middleware, Identify, Rates(settings.requests_per_minute)],
        csrf_config=_csrf(settings),
        stores={
            "sessions": SessionStore({code: place.sessions for code, place in places.items()}),
        },
        exception_handlers={Exception: _failed},
        template_config=TemplateConfig(directory=web / "templates", engine=JinjaTemplateEngine, engine_callback=_words),
        compression_config=CompressionConfig(
            backend="gzip", gzip_compress_level=3, minimum_size=1000, exclude=["^/entries$", "^/evidence/"]
        ),
        request_max_body_size=settings.body_bytes,
        openapi_config=openapi(),
        logging_config=None,
        on_startup=[_threads(settings), _settled],
        on_shutdown=[_stop],
        after_request=_guarded,
    )
    app.state.settings = settings
    app.state.places = dict(places)
    app.state.accounts = {code: place.accounts for code, place in places.items()}
    app.state.tokens = {code: place.tokens for code, place in places.items()}
    app.state.hashing = ThreadPoolExecutor(settings.hashes_at_once, thread_name_prefix="argon2")
    app.state.demo = tuple(demo)
    app.state.sign_in_page = accounts.page
    return app


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Told as the reader expects it: as FHIR tells it, as a problem, or as a page."""
    return fhir.failed(request, error) if f"{request.url.path}/".startswith("/fhir/") else answer(request, error)


def _who(request: Request[Any, Any, Any]) -> Who:
    return request.user  # type: ignore[no-any-return]


def _place(request: Request[Any, Any, Any], who: NamedDependency[Who]) -> Place:
    # By way of `who`: dependencies that do not need each other cost a group of tasks in each request.
    return request.app.state.places[who.tenant]  # type: ignore[no-any-return]


def _threads(settings: Settings) -> Any:
    """Handlers run in a few threads: more only wait for each other. Set here, because a loop must be running."""

    async def start(app: Litestar) -> None:
        app.state.handling = ThreadPoolExecutor(settings.threads, thread_name_prefix="handler")
        asyncio.get_running_loop().set_default_executor(app.state.handling)

    return start


def _settled() -> None:
    """What is there at the start stays: looking through all of it for garbage would hold up everybody meanwhile."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # a batch of stories is thousands of objects and no garbage


async def _stop(app: Litestar) -> None:
    app.state.hashing.shutdown(wait=False)
    for place in app.state.places.values():
        await asyncio.get_running_loop().run_in_executor(None, place.close)


def _csrf(settings: Settings) -> CSRFConfig:
    """One secret for all processes and restarts, and not the master key itself."""
    secret = hmac.new(settings_.master_key(settings), b"csrf", hashlib.sha256).hexdigest()
    return CSRFConfig(
        secret=secret,
        cookie_name="csrf",
        header_name="x-csrf-token",
        cookie_secure=settings.secure_cookies,
        cookie_samesite="lax",
        exclude=["/aset", "/ledger"],
    )


def _assets(folder: Path) -> Any:
    return create_static_files_router(
        path="/aset",
        directories=[folder],
        opt={OPEN: True},
        cache_control=CacheControlHeader(max_age=3600, public=True),
        include_in_schema=False,
    )


def _words(engine: JinjaTemplateEngine) -> None:
    engine.engine.filters.update(FILTERS)
    engine.engine.globals["SEARCHES"] = SEARCHES
    engine.engine.globals["REFERS"] = board.READERS
    engine.engine.globals["AUDITS"] = AUDITS
    engine.engine.globals["EMERGENCY"] = EMERGENCY
    engine.engine.globals["ASKED"] = flags.READERS
    engine.engine.trim_blocks = True
    engine.engine.lstrip_blocks = True


async def _guarded(response: Response[Any]) -> Response[Any]:
    """Nothing from elsewhere runs in our pages, and nothing of a case stays in a shared phone's cache."""
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)
