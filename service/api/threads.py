"""A handler in the thread pool, for paths with two methods: litestar 2.25 wraps the first of them twice by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from litestar.concurrency import sync_to_thread

P = ParamSpec("P")
T = TypeVar("T")


def in_thread(handler: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """The same handler, run in one of the few threads that may wait for the database."""

    @wraps(handler)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await sync_to_thread(handler, *args, **kwargs)

    return run
