"""How a failure is told: application/problem+json with a stable code and a sentence, or a page that says the same."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
    SerializationException,
    TooManyRequestsException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.response import Redirect, Template
from msgspec import Struct
from psycopg import DataError, OperationalError
from psycopg.errors import UndefinedColumn, UndefinedTable
from psycopg_pool import PoolTimeout

from domain.case import Refused
from domain.refusals import refusal
from service.reads import NotNoted

PROBLEM_JSON = "application/problem+json"

log = structlog.get_logger()


class Problem(Struct, frozen=True, forbid_unknown_fields=True):
    """RFC 9457, with a stable code. `detail` is for the person, in Indonesian."""

    status: int
    title: str
    code: str
    detail: str
    type: str = "about:blank"


class Trouble(HTTPException):
    """A failure whose code we chose: `raise Trouble(404, "not-found")`."""

    def __init__(self, status: int, code: str, **facts: object) -> None:
        super().__init__(detail=code, status_code=status)
        self.code = code
        self.facts = facts


_CODES: tuple[tuple[type[Exception], int, str], ...] = (
    (RequestEntityTooLarge, 413, "too-large"),
    (TooManyRequestsException, 429, "too-often"),
    (MethodNotAllowedException, 405, "method-not-allowed"),
    (NotAuthorizedException, 401, "sign-in"),
    (PermissionDeniedException, 403, "forged"),
    (NotFoundException, 404, "not-found"),
    (SerializationException, 400, "not-json"),
    (ValidationException, 400, "bad-question"),
    (msgspec.DecodeError, 400, "not-json"),
    (DataError, 400, "bad-question"),  # a text with NUL in it, a number that no column holds
    (ClientException, 400, "unreadable"),
    (UndefinedColumn, 503, "rebuilding"),  # a list of yesterday's shape, until the follower has made it anew
    (UndefinedTable, 503, "rebuilding"),
    (NotNoted, 503, "read-not-noted"),
    (PoolTimeout, 503, "overloaded"),
    (OperationalError, 503, "overloaded"),
)


def problem_of(error: Exception) -> Problem:
    """What went wrong, said without a word of what was sent or of how we are built."""
    if isinstance(error, Trouble):
        return _problem(error.status_code, error.code, error.facts)
    if isinstance(error, Refused):
        return _problem(400, error.code, error.facts)
    for kind, status, code in _CODES:
        if isinstance(error, kind):
            return _problem(status, code)
    if isinstance(error, HTTPException) and 400 <= error.status_code < 500:
        return _problem(error.status_code, "unreadable")
    return _problem(500, "internal")


def _problem(status: int, code: str, facts: dict[str, object] | None = None) -> Problem:
    return Problem(status=status, title=HTTPStatus(status).phrase, code=code, detail=refusal(code, facts))


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The one handler of every exception."""
    problem = problem_of(error)
    if problem.status >= 500:
        log_failure(request, error)
    if not wants_page(request):
        return Response(
            msgspec.json.encode(problem), media_type=PROBLEM_JSON, status_code=problem.status, headers=_headers(problem)
        )
    if problem.status == 401 and request.state.get("kept"):
        page: Response[Any] = request.app.state.sign_in_page(request, problem.detail, kept=request.state.kept)
        return page
    if problem.code == "sign-in":
        return Redirect("/masuk", status_code=303)
    return Template(
        "problem.html",
        context={"problem": problem, "who": request.scope.get("user")},
        status_code=problem.status,
        media_type=MediaType.HTML,
        headers=_headers(problem),
    )


def log_failure(request: Request[Any, Any, Any], error: Exception) -> None:
    """Exceptions of the database may quote rows, so only their kind and place are logged."""
    log.error("failed", path=_template(request), kind=type(error).__name__, where=_where(error))


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """A browser that opens a page asks for HTML first; everything else is a program."""
    return "text/html" in request.headers.get("accept", "")


def _headers(problem: Problem) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if problem.status in (429, 503):
        headers["Retry-After"] = "30"
    return headers


def _template(request: Request[Any, Any, Any]) -> str:
    """The route, not the address: an address may hold somebody's name or number."""
    handler = request.scope.get("route_handler")
    return next(iter(sorted(handler.paths)), "?") if handler is not None else "?"


def _where(error: Exception) -> str:
    place = error.__traceback__
    if place is None:
        return "?"
    while place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{place.tb_lineno}"
