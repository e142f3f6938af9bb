"""How often somebody may ask: a count for each account and minute, so that it costs the same at any rate.

Litestar's own keeps the time of every request of the minute and reads them all again with each new one.
"""

from __future__ import annotations

import time
from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from service.access import Who
from service.problems import Trouble

_MANY = 50_000
_UNCOUNTED = ("/aset/", "/health", "/metrics")


class Rates(ASGIMiddleware):
    """Counts by account; strangers by address, since a whole village may share one."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._minute = 0
        self._counts: dict[str, int] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["path"].startswith(_UNCOUNTED):
            await next_app(scope, receive, send)
            return
        minute = int(time.monotonic() // 60)
        if minute != self._minute or len(self._counts) > _MANY:
            self._minute, self._counts = minute, {}
        name = _counted_as(ASGIConnection(scope))
        self._counts[name] = count = self._counts.get(name, 0) + 1
        if count > self._per_minute:
            raise Trouble(429, "too-often")
        await next_app(scope, receive, send)


def _counted_as(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    who: Who | None = connection.scope.get("user")
    if who is not None:
        return str(who.account)
    return connection.client.host if connection.client else "?"
