"""What the library calls a subscription: the events of the log one after another, for as long as somebody reads."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Thread
from typing import Any

import psycopg
from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription
from psycopg import Connection
from psycopg.sql import SQL, Identifier
from psycopg_pool import ConnectionPool

from projections.follow import CHANNEL


class LogSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """Pulls when called and four times a second anyway. It listens before it first pulls, and again when cut off."""

    POLL_SECONDS = 0.25

    def __init__(
        self,
        recorder: ApplicationRecorder,
        pool: ConnectionPool[Connection[Any]],
        schema: str,
        gt: int | None,
        topics: Sequence[str],
    ) -> None:
        self._pool = pool
        self._schema = schema
        self._hears = Event()
        super().__init__(recorder, gt, topics)
        self._listening = Thread(target=self._listen, name="listen", daemon=True)
        self._listening.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listening.join()

    def _loop_on_pull(self) -> None:
        try:
            self._hears.wait(self.POLL_SECONDS)
            while not self._has_been_stopped:
                self._pull()
                self._has_been_notified.wait(self.POLL_SECONDS)
        except BaseException as problem:  # noqa: BLE001  # whoever reads raises it
            self._thread_error = self._thread_error or problem
            self.stop()

    def _listen(self) -> None:
        while not self._has_been_stopped:
            try:
                self._hear()
            except psycopg.OperationalError:
                self._has_been_notified.wait(self.POLL_SECONDS)  # polling goes on meanwhile

    def _hear(self) -> None:
        with self._pool.connection() as conn:
            conn.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
            self._hears.set()
            try:
                while not self._has_been_stopped:
                    for call in conn.notifies(timeout=self.POLL_SECONDS, stop_after=1):
                        if call.payload == self._schema:
                            self._has_been_notified.set()
            finally:
                if not conn.closed:
                    conn.execute("UNLISTEN *")
