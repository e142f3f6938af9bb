"""What is counted of requests, for Prometheus: how many and how long, by route and status, and how many at the moment.

Names and labels are those of litestar's own middleware, which looks each of them up by its labels in every request.
"""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Gauge, Histogram

from service.problems import problem_of

_UNCOUNTED = ("/aset", "/metrics")

_LABELS = ("method", "path", "status_code", "app_name")
_REQUESTS = Counter("dampingi_requests_total", "Total requests", _LABELS)
_ERRORS = Counter("dampingi_requests_error_total", "Total errors in requests", _LABELS)
_SECONDS = Histogram("dampingi_request_duration_seconds", "Request duration, in seconds", _LABELS)
_NOW = Gauge(
    "dampingi_requests_in_progress", "Total requests currently in progress", _LABELS, multiprocess_mode="livesum"
)


class Counted(ASGIMiddleware):
    """Counts requests by the template of their route, so that no number of a case becomes a label."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["path"].startswith(_UNCOUNTED):
            await next_app(scope, receive, send)
            return
        method, path = str(scope.get("method", "")), scope["path_template"]
        began, took, status = perf_counter(), 0.0, 200

        async def watched(message: Message) -> None:
            nonlocal took, status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                took = perf_counter() - began
            await send(message)

        now = _now(method, path)
        now.inc()
        try:
            await next_app(scope, receive, watched)
        except Exception as error:  # refused on the way in, and answered further out
            took, status = perf_counter() - began, problem_of(error).status
            raise
        finally:
            now.dec()
            _count(method, path, status, took)


def _count(method: str, path: str, status: int, seconds: float) -> None:
    requests, durations = _of(method, path, status)
    requests.inc()
    durations.observe(seconds)
    if status >= 500:
        _ERRORS.labels(method, path, status, "dampingi").inc()


@lru_cache(maxsize=4096)
def _of(method: str, path: str, status: int) -> tuple[Counter, Histogram]:
    labels = method, path, status, "dampingi"
    return _REQUESTS.labels(*labels), _SECONDS.labels(*labels)


@lru_cache(maxsize=1024)
def _now(method: str, path: str) -> Gauge:
    return _NOW.labels(method, path, 200, "dampingi")  # the status is not known yet
