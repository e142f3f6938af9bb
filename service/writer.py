"""One thread per process and kabupaten writes: what arrives together is decided together and shares a commit."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import NamedTuple

import psycopg
import structlog

from projections.follow import CHANNEL
from service.handle import Actor, Answer, Asked, Submitted, not_recorded, record
from service.store import Store

CALL_SECONDS = 0.005
"""Followers are called at most once in this time: a NOTIFY for every commit would be slower than the commits."""

_log = structlog.get_logger()


class _Request(NamedTuple):
    asked: list[Asked]
    answers: Future[list[Answer]]


class Writer:
    """Takes requests from many threads. What it cannot take now is answered "busy" and stays in the phone's outbox."""

    def __init__(self, store: Store, entries: int = 500, requests: int = 200, retries: int = 5) -> None:
        self._store = store
        self._entries = entries
        self._retries = retries
        self._requests: Queue[_Request | None] = Queue(requests)
        self._closed = False
        self._caller = Caller(store)
        self._thread = Thread(target=self._write, name=f"writer {store.schema}", daemon=True)
        self._thread.start()

    def submit(self, sent: Sequence[Submitted], by: Actor) -> Future[list[Answer]]:
        """The answers, once they are there. The moment we heard of it is now."""
        now = datetime.now(UTC)
        request = _Request([Asked(one, by, now) for one in sent], Future())
        request.answers.set_running_or_notify_cancel()  # whoever hangs up cannot take back what was sent
        if not sent:
            request.answers.set_result([])
            return request.answers
        try:
            if self._closed:
                raise Full
            self._requests.put_nowait(request)
        except Full:
            _answer_all(request, "busy")
        return request.answers

    def record_whole(self, sent: Sequence[Submitted], by: Actor) -> list[Answer]:
        """All of it in one commit of its own, or nothing."""
        now = datetime.now(UTC)
        answers = record(self._store, [Asked(one, by, now) for one in sent], self._retries, whole=True)
        self._caller.call()
        return answers

    def close(self) -> None:
        """Finish what was taken in, and stop."""
        self._closed = True
        self._requests.put(None)
        self._thread.join()
        self._caller.close()
        while (left := self._next()) is not None:
            _answer_all(left, "busy")

    def _write(self) -> None:
        while (first := self._requests.get()) is not None:
            together, last = self._together(first)
            self._record(together)
            if last:
                return

    def _together(self, first: _Request) -> tuple[list[_Request], bool]:
        """Everything that has arrived meanwhile, up to a commit's worth; and whether that was the end."""
        together, entries = [first], len(first.asked)
        while entries < self._entries:
            try:
                request = self._requests.get_nowait()
            except Empty:
                break
            if request is None:
                return together, True
            together.append(request)
            entries += len(request.asked)
        return together, False

    def _record(self, together: list[_Request]) -> None:
        try:
            answers = iter(record(self._store, [one for r in together for one in r.asked], self._retries))
        except Exception as bug:  # noqa: BLE001  # the thread must live, and nobody may wait for ever
            _log.error("batch held", schema=self._store.schema, requests=len(together), error=type(bug).__name__)
            self._apart(together)
            return
        self._caller.call()
        for request in together:
            request.answers.set_result([next(answers) for _ in request.asked])

    def _apart(self, together: list[_Request]) -> None:
        """One request spoilt the batch: each is tried alone, so that only that one is held."""
        if len(together) == 1:
            _answer_all(together[0], "internal")
            return
        for request in together:
            self._record([request])

    def _next(self) -> _Request | None:
        try:
            return self._requests.get_nowait()
        except Empty:
            return None


def _answer_all(request: _Request, code: str) -> None:
    request.answers.set_result([not_recorded(one.sent, "held", code) for one in request.asked])


class Caller:
    """Calls the followers after a commit, never in it, and once for many commits."""

    def __init__(self, store: Store) -> None:
        assert isinstance(store.pool.conninfo, str)
        self._conninfo = store.pool.conninfo
        self._schema = store.schema
        self._wanted = Event()
        self._stop = Event()
        self._thread = Thread(target=self._run, name=f"caller {store.schema}", daemon=True)
        self._thread.start()

    def call(self) -> None:
        self._wanted.set()

    def close(self) -> None:
        self._stop.set()
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._call_as_wanted()
            except psycopg.OperationalError:
                self._stop.wait(1.0)  # followers look by themselves meanwhile

    def _call_as_wanted(self) -> None:
        with psycopg.connect(self._conninfo, autocommit=True, options="-c synchronous_commit=off") as conn:
            while not self._stop.is_set():
                self._wanted.wait()
                self._wanted.clear()
                conn.execute("SELECT pg_notify(%s, %s)", [CHANNEL, self._schema], prepare=True)
                self._stop.wait(CALL_SECONDS)
