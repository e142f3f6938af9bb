"""Lines put down at once in a file beside the service, so that a crash loses none, and taken up in batches later.

A file belongs to the process that holds its lock. The lock goes with the process, however that ends: a file that can be
locked has lost its writer, and whoever comes next takes it up. A line that a crash cut off was never answered.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from uuid_utils.compat import uuid7

_SUFFIX = ".jsonl"


class Piece:
    """One file of the spool, held by this process. It goes when all of it was taken up."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size

    def add(self, lines: bytes) -> None:
        """One write. What did not fit wholly is taken back, or the next line would stand in the middle of it."""
        written = os.write(self._descriptor, lines)
        if written != len(lines):
            os.ftruncate(self._descriptor, self._size)
            raise OSError("the lines did not fit")
        self._size += written

    def lines(self) -> list[bytes]:
        """All whole lines."""
        size = os.fstat(self._descriptor).st_size
        whole, _, _cut_off = os.pread(self._descriptor, size, 0).rpartition(b"\n")
        return whole.split(b"\n") if whole else []

    def set_aside(self) -> None:
        """For somebody to look at: under a name by which it is not taken up again."""
        os.link(self.path, self.path.with_suffix(".unreadable"))

    def drop(self) -> None:
        """All of it is elsewhere now."""
        with suppress(FileNotFoundError):
            self.path.unlink()
        os.close(self._descriptor)


class Spool:
    """The folder of one kabupaten; any number of processes write into it, each into files of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._now: Piece | None = None
        self._full: list[Piece] = []

    def put(self, lines: bytes) -> None:
        """Down at once, or OSError; several lines have breaks between them and are down together."""
        with self._lock:
            if self._now is None:
                self._now = self._begin()
            self._now.add(lines + b"\n")

    def taken(self) -> Iterator[Piece]:
        """What this process has put down, file by file, and what dead ones have left. Whoever has stored one drops it.

        What is not dropped comes again with the next call.
        """
        with self._lock:
            if self._now is not None:
                self._full.append(self._now)
                self._now = None
        self._full += self._left_by_the_dead()
        for piece in list(self._full):
            yield piece
            if not piece.path.exists():
                self._full.remove(piece)

    def waiting(self) -> int:
        """Bytes in the folder, of all processes."""
        sizes = 0
        for path in self._files():
            with suppress(FileNotFoundError):
                sizes += path.stat().st_size
        return sizes

    def _begin(self) -> Piece:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            path = self.folder / f"{uuid7()}{_SUFFIX}"
            piece = _locked(path, os.O_CREAT | os.O_EXCL)
            if piece is not None:
                return piece
            time.sleep(0)  # somebody took it for the file of a dead process before we had locked it

    def _left_by_the_dead(self) -> list[Piece]:
        ours = {piece.path for piece in self._full}
        found = (_locked(path) for path in self._files() if path not in ours)
        return [piece for piece in found if piece is not None]

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix == _SUFFIX)
        except FileNotFoundError:
            return []


def _locked(path: Path, how: int = 0) -> Piece | None:
    """The file, if nobody else holds it and it is still there."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | how, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.stat(path).st_ino == os.fstat(descriptor).st_ino:
            return Piece(path, descriptor)
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None
