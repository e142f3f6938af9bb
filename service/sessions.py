"""Sign-ins that live in the database: litestar's server-side sessions on a PostgreSQL store, and who the session is.

A request whose session has not changed costs no query: what was read is believed for two seconds, and written only when
it differs. So a session that is closed anywhere is closed everywhere two seconds later.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.middleware.session.server_side import ServerSideSessionBackend, ServerSideSessionConfig
from litestar.stores.base import Store
from litestar.types import Message, ScopeSession

from service.access import Who
from service.accounts import FRESH_SECONDS, Accounts, Sessions
from service.tokens import Bearer, Tokens, tenant_of

T = TypeVar("T")

_RENEW_AFTER = 24 * 3600.0
"""A session in daily use is lengthened once a day, not at every click."""

_MANY = 20_000


class SessionStore(Store):
    """Sessions of all kabupaten served here; the key begins with the code of the one that holds it."""

    __slots__ = ("_known", "_places")

    def __init__(self, places: Mapping[str, Sessions]) -> None:
        self._places = places
        self._known: dict[str, tuple[float, bytes | None, float]] = {}

    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:
        known = self._known.get(key)
        if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        place = self._place(key)
        if place is None:
            return None
        row = await _in_thread(place.read, key)
        data, left = row if row is not None else (None, 0.0)
        if data is not None and renew_for is not None and _seconds(renew_for) - left > _RENEW_AFTER:
            await _in_thread(place.renew, key, _seconds(renew_for))
        self._remember(key, data, left)
        return data

    async def set(self, key: str, value: str | bytes, expires_in: int | timedelta | None = None) -> None:
        data = value.encode() if isinstance(value, str) else value
        seconds = _seconds(expires_in) if expires_in is not None else _RENEW_AFTER
        place = self._place(key)
        if place is None:
            return
        if await self.get(key) is None:
            account = UUID(msgspec.json.decode(data)["account"])
            await _in_thread(place.begin, key, account, data, seconds)
        else:
            await _in_thread(place.change, key, data, seconds)
        self._remember(key, data, seconds)

    async def delete(self, key: str) -> None:
        place = self._place(key)
        if place is not None:
            await _in_thread(place.end, key)
        self._known.pop(key, None)

    async def delete_all(self) -> None:
        for place in self._places.values():
            await _in_thread(place.end_all)
        self._known.clear()

    async def exists(self, key: str) -> bool:
        return await self.get(key) is not None

    async def expires_in(self, key: str) -> int | None:
        place = self._place(key)
        row = await _in_thread(place.read, key) if place is not None else None
        return None if row is None else int(row[1])

    def _place(self, key: str) -> Sessions | None:
        return self._places.get(key.partition("-")[0])

    def _remember(self, key: str, data: bytes | None, left: float) -> None:
        if len(self._known) >= _MANY:
            self._known.clear()
        self._known[key] = (time.monotonic(), data, left)


class SessionBackend(ServerSideSessionBackend):
    """Litestar's, except that nothing is kept for strangers and a sign-in always gets a new key (no fixation)."""

    async def load_from_connection(self, connection: ASGIConnection[Any, Any, Any, Any]) -> dict[str, Any]:
        key = connection.cookies.get(self.config.key)
        data = await self.get(key, self.config.get_store_from_app(connection.app)) if key else None
        session = self.deserialize_data(data) if data is not None else {}
        connection.scope["state"][_LOADED] = session.copy()
        return session

    async def store_in_message(
        self, scope_session: ScopeSession, message: Message, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> None:
        store = self.config.get_store_from_app(connection.app)
        key = connection.cookies.get(self.config.key)
        loaded: dict[str, Any] = connection.scope["state"].get(_LOADED, {})
        if loaded and scope_session == loaded:
            return
        headers = MutableScopeHeaders.from_message(message)
        if not scope_session or not isinstance(scope_session, dict):
            if key:
                if loaded:
                    await store.delete(key)
                headers.add("Set-Cookie", self._cookie("", 0))
            return
        data = self.serialize_data(scope_session, connection.scope)
        if not key or not loaded or loaded["account"] != scope_session["account"]:
            if loaded and key:
                await store.delete(key)
            key = f"{scope_session['tenant']}-{secrets.token_urlsafe(self.config.session_id_bytes)}"
        await self.set(key, data, store)
        headers.add("Set-Cookie", self._cookie(key, self.config.max_age))

    def _cookie(self, value: str, max_age: int) -> str:
        config = self.config
        return Cookie(
            key=config.key,
            value=value,
            max_age=max_age,
            path=config.path,
            secure=config.secure,
            httponly=True,
            samesite=config.samesite,
        ).to_header(header="")


_LOADED = "session_as_loaded"


class SessionConfig(ServerSideSessionConfig):
    """Litestar's settings with our backend."""

    _backend_class = SessionBackend


class Identify(AbstractAuthenticationMiddleware):
    """Tells who the session is, or the token. `user` is None for strangers and where account or post has ended.

    `auth` holds the scopes of a token, and is None for a session.
    """

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        shown = connection.headers.get("authorization")
        if shown is not None:
            bearer = await _bearer(connection, shown)
            return AuthenticationResult(user=bearer.who if bearer else None, auth=bearer.scopes if bearer else ())
        return AuthenticationResult(user=await _who(connection), auth=None)


async def _bearer(connection: ASGIConnection[Any, Any, Any, Any], shown: str) -> Bearer | None:
    kind, _, token = shown.partition(" ")
    if kind.lower() != "bearer":
        return None
    tokens: Tokens | None = connection.app.state.tokens.get(tenant_of(token.strip()))
    return None if tokens is None else await _in_thread(tokens.bearer, token.strip())


async def _who(connection: ASGIConnection[Any, Any, Any, Any]) -> Who | None:
    session = connection.session
    if not session:
        return None
    accounts: Accounts | None = connection.app.state.accounts.get(session.get("tenant"))
    if accounts is None:
        return None
    account, post = _number(session["account"]), _number(session["post"])
    known = accounts.remembered(account, post)
    if known is not None:
        return known[0]
    return await _in_thread(accounts.who, account, post)


_number = lru_cache(maxsize=_MANY)(UUID)


async def _in_thread(call: Callable[..., T], *args: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, partial(call, *args))


def _seconds(span: int | timedelta) -> float:
    return span.total_seconds() if isinstance(span, timedelta) else float(span)
