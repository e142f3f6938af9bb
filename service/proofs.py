"""Whether what stands in the log is what the ledger was signed over, and the hashes that show it to anybody."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct
from psycopg import Connection

from projections import merkle
from projections.ledger import Gap, Tree
from projections.trail import Stored
from service import ledger

Conn = Connection[Any]

State = Literal["proven", "waiting", "altered", "unsigned"]
"""`proven`: the row leads to the signed root. `waiting`: newer than the newest checkpoint. `altered`: it does not lead
there, or the tree does not. `unsigned`: there is no checkpoint at all."""


class Proof(Struct, frozen=True):
    """One proof for several events of one tree. `hashes` are in base64, in the order of docs/memeriksa-buku.md."""

    checkpoint: str
    """The note as it was signed; empty where there is none."""
    size: int
    positions: tuple[int, ...]
    """The events it is about: those that stand in the tree."""
    hashes: tuple[str, ...]
    state: State


def prove(conn: Conn, schema: str, events: Sequence[Stored]) -> Proof:
    """A proof of these events in the tree of the newest checkpoint, and what it comes to."""
    last = ledger.newest(conn, schema)
    if last is None:
        return Proof("", 0, (), (), "unsigned")
    covered = {one.recorded.position - 1: merkle.leaf(one.entry) for one in events if _in(one, last.size)}  # type: ignore[operator]
    positions = tuple(index + 1 for index in sorted(covered))
    if not covered:
        return Proof(last.note, last.size, (), (), "waiting")
    try:
        hashes, root = Tree(conn, schema, last.size).proven(covered)
        whole = root == last.root
    except Gap:
        hashes, whole = (), False
    told = tuple(base64.b64encode(one).decode() for one in hashes)
    return Proof(last.note, last.size, positions, told, "proven" if whole else "altered")


def _in(one: Stored, size: int) -> bool:
    return one.recorded.position is not None and one.recorded.position <= size


def state_of(proof: Proof, position: int | None) -> State:
    """How one of the events of a proof stands."""
    if proof.state in ("unsigned", "waiting") or position is None:
        return proof.state
    return proof.state if position <= proof.size else "waiting"
