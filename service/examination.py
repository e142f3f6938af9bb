"""Looks whether a ledger is whole: the log itself, recomputed, against everything that was ever signed of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from psycopg import Connection

from projections import ledger as trees
from projections import log
from projections.ledger import Gap, Tree
from service import ledger
from service.notes import BadNote, Checkpoint, VerifierKey, read_checkpoint

Conn = Connection[Any]


class Found(Struct, frozen=True):
    """What the log came to, beside everything that was signed of it."""

    size: int
    """Events in the log."""
    stored: int
    """Checkpoints that were held against it, of those stored here."""
    outside: int
    """And of those kept elsewhere."""
    wrong: tuple[str, ...]
    """What does not fit, in words; empty is good."""


def examine(
    conn: Conn, schema: str, key: VerifierKey, kept_outside: Sequence[str], progress: Callable[[int], None]
) -> Found:
    """Recompute the tree from the log; hold it against the tiles, the stored checkpoints, and notes kept outside."""
    wrong: list[str] = []
    stored = [one.note for one in ledger.every(conn, schema)]
    signed = [(what, one) for what, one in _signed(stored, kept_outside, key, wrong)]
    size, last = trees.size(conn, schema), log.head(conn, schema)
    try:
        roots = trees.roots(conn, schema, {size, last, *(one.size for _, one in signed)}, progress)
    except Gap as gap:
        roots = {}
        wrong.append(f"Catatan hilang dari log: {gap}")
    else:
        wrong += _unfit(roots, signed)
        wrong += _of_tiles(conn, schema, roots, size, last)
    return Found(last, len(stored), len(kept_outside), tuple(wrong))


def _signed(
    stored: Sequence[str], outside: Sequence[str], key: VerifierKey, wrong: list[str]
) -> Iterator[tuple[str, Checkpoint]]:
    """Those that this key signed; of the others it is said what is wrong with them."""
    for what, notes in (("tersimpan", stored), ("dari luar", outside)):
        for note in notes:
            try:
                yield what, read_checkpoint(note, key)
            except BadNote as bad:
                wrong.append(f"Titik uji {what} {_first_lines(note)}: {bad}")


def _first_lines(note: str) -> str:
    return " ".join(note.split("\n")[:2])[:80]


def _unfit(roots: Mapping[int, bytes], signed: Sequence[tuple[str, Checkpoint]]) -> Iterator[str]:
    for what, one in signed:
        if roots.get(one.size) != one.root:
            why = "isi log sampai di situ sudah berubah" if one.size in roots else "log sekarang lebih pendek"
            yield f"Titik uji {what} untuk {one.size} catatan ({one.at:%Y-%m-%d %H:%M} UTC): {why}"


def _of_tiles(conn: Conn, schema: str, roots: Mapping[int, bytes], size: int, last: int) -> Iterator[str]:
    if last not in roots:
        yield f"Log menyebut {last} catatan, tetapi isinya lebih sedikit"
    if size not in roots:
        yield f"Buku memuat {size} catatan, log lebih sedikit"
        return
    try:
        fits = Tree(conn, schema, size, fresh=True).root() == roots[size]
    except Gap:
        fits = False
    if not fits:
        yield "Ubin buku tidak cocok dengan log; susun ulang dengan: dampingi rebuild"
