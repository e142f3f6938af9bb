"""The sorted rows of a file, made ahead of their writing: of a large file in a process of its own, on the other core.

The process is given everything it needs and asks nothing. It waits once it is a few batches ahead, so a file of any
length takes the same memory, and it ends when nobody reads it any more.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO

from msgspec import Struct

from service.access import Units
from service.exchange.lines import Line, TableError
from service.exchange.placing import Places
from service.exchange.rows import Found
from service.exchange.sorting import Sorted, Sorting
from service.exchange.tables import open_table

BATCH = 250
BATCHES_AHEAD = 4
WORTH_A_PROCESS = 512 * 1024
"""Bytes of a file: the process takes about as long to begin as reading so much of it."""


class Source(Struct, frozen=True):
    """A file, and all that sorting its rows needs."""

    path: Path
    read: Callable[[Iterable[Line]], Iterator[Found]]
    units: Units
    default: str | None
    """The posyandu of rows whose own is not known."""
    key: bytes
    today: date

    def batches(self) -> Iterator[Batch]:
        """Raises TableError, FileError or Unclear, at once or on the way."""
        table = open_table(self.path)
        sorting = Sorting(Places(self.units, self.default), self.key, self.today)
        rows = sorting.sort(self.read(table.lines))
        while batch := list(islice(rows, BATCH)):
            yield Batch(batch, table.bytes_read())


class Batch(Struct, frozen=True):
    """Sorted rows, and how far the file was read for them."""

    rows: list[Sorted]
    bytes_read: int


class Ahead:
    """The rows of a source, to be gone through once; `bytes_read` says how far we are, for a progress bar."""

    def __init__(self, source: Source, worth_a_process: int = WORTH_A_PROCESS) -> None:
        self._source = source
        self._apart = source.path.stat().st_size >= worth_a_process
        self.bytes_read = 0

    def __iter__(self) -> Iterator[Sorted]:
        for batch in _apart(self._source) if self._apart else self._source.batches():
            self.bytes_read = batch.bytes_read
            yield from batch.rows


def _apart(source: Source) -> Iterator[Batch]:
    """The batches of a source, made by another process; what goes wrong there is raised here."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # Ctrl+C is for us; it ends when we close its output
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        with process.stdin as asks:
            pickle.dump(source, asks)
        while (told := _told(process.stdout)) is not None:
            yield told
    finally:
        process.stdout.close()
        process.kill()
        process.wait()


def _told(file: IO[bytes]) -> Batch | None:
    try:
        told: Batch | Exception | None = pickle.load(file)
    except (EOFError, pickle.UnpicklingError):
        raise TableError("Pembaca berkas berhenti di tengah jalan, mungkin karena memori penuh.") from None
    if isinstance(told, Exception):
        raise told
    return told


def main() -> None:
    """The other process: a source comes in, its batches go out, then None or what went wrong."""
    source: Source = pickle.load(sys.stdin.buffer)
    ready: Queue[bytes | None] = Queue(BATCHES_AHEAD)
    sender = Thread(target=_send, args=(ready, sys.stdout.buffer))
    sender.start()
    last: Exception | None = None
    gc.disable()  # rows hold no cycles
    try:
        for batch in source.batches():
            ready.put(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
    except Exception as problem:  # noqa: BLE001  # it is raised where the rows are waited for
        last = problem
    ready.put(pickle.dumps(last))
    ready.put(None)
    sender.join()


def _send(ready: Queue[bytes | None], file: IO[bytes]) -> None:
    try:
        while (told := ready.get()) is not None:
            file.write(told)
            file.flush()
    except BrokenPipeError:  # nobody reads any more, and who waits to put more into the queue cannot know
        os._exit(1)
