"""What a reader of proofs does with them (RFC 9162): an outsider's, to whom ours are shown."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from projections.merkle import EMPTY, node


class BadProof(Exception):
    """A proof does not lead to a root: it is of another tree, too short, too long, or was altered."""


def root_by_inclusion(size: int, index: int, leaf_hash: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that a proof leads to. Whether it is the right one is for the caller to see (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise BadProof(f"a tree of {size} has no leaf {index}")
    found, at, last = leaf_hash, index, size - 1
    for beside in proof:
        if last == 0:
            raise BadProof("longer than the tree is high")
        if at & 1 or at == last:
            found = node(beside, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, beside)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise BadProof("shorter than the tree is high")
    return found


def roots_by_consistency(first: int, second: int, root_of_first: bytes, proof: Sequence[bytes]) -> bytes:
    """The root of the second tree, if the proof shows that the first one is its beginning (RFC 9162, 2.1.4.2)."""
    if not 0 < first <= second:
        raise BadProof(f"a tree of {second} cannot begin with one of {first}")
    if first == second:
        if proof:
            raise BadProof("two trees of one size need no proof")
        return root_of_first
    path = list(proof) if first & (first - 1) else [root_of_first, *proof]
    if not path:
        raise BadProof("empty")
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for beside in path[1:]:
        if last == 0:
            raise BadProof("longer than the tree is high")
        if at & 1 or at == last:
            old, new = node(beside, old), node(beside, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, beside)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise BadProof("shorter than the tree is high")
    if old != root_of_first:
        raise BadProof("it does not lead to the first root")
    return new


def root_by_shared(size: int, leaves: Mapping[int, bytes], proof: Sequence[bytes]) -> bytes:
    """The root that one proof of many leaves, by their index, leads to."""
    wanted = sorted(leaves)
    if wanted and not 0 <= wanted[0] <= wanted[-1] < size:
        raise BadProof(f"a tree of {size} has no leaves {wanted[0]} to {wanted[-1]}")
    hashes = iter(proof)

    def walk(low: int, high: int) -> bytes:
        at = bisect_left(wanted, low)
        there = at < len(wanted) and wanted[at] < high
        if not there:
            found = next(hashes, None)
            if found is None:
                raise BadProof("too short")
            return found
        if high - low == 1:
            return leaves[low]
        middle = low + (1 << (high - low - 1).bit_length() - 1)  # RFC 9162, 2.1.1: the largest power of two below
        return node(walk(low, middle), walk(middle, high))

    found = walk(0, size) if size else EMPTY
    if next(hashes, None) is not None:
        raise BadProof("too long")
    return found
