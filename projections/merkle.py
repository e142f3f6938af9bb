"""The tree of RFC 6962 (and 9162) over the entries of a log: its root, and what proves that something stands in it.

A tree is asked for the roots of its complete subtrees, `hash_at(level, index)`: those of 2**level leaves from index on.
Nothing here knows where they are kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

HashAt = Callable[[int, int], bytes]

EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf(entry: bytes) -> bytes:
    """The hash of an entry as a leaf; the byte before it keeps a node from being taken for one."""
    return sha256(b"\0" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees together."""
    return sha256(b"\1" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes at hand."""
    if not leaves:
        return EMPTY
    level = list(leaves)
    while len(level) > 1:
        paired = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        level = paired + level[len(paired) * 2 :]  # one that is left over goes up as it is
    return level[0]


# What a tree proves


def tree_root(size: int, hash_at: HashAt) -> bytes:
    """The root of a tree of so many leaves."""
    return _over(0, size, hash_at) if size else EMPTY


def inclusion(size: int, index: int, hash_at: HashAt) -> tuple[bytes, ...]:
    """The hashes that lead from a leaf, counted from 0, to the root; the nearest first."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    beside: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _left(high - low)
        if index < middle:
            beside.append(_over(middle, high, hash_at))
            high = middle
        else:
            beside.append(_over(low, middle, hash_at))
            low = middle
    return tuple(reversed(beside))


def consistency(first: int, second: int, hash_at: HashAt) -> tuple[bytes, ...]:
    """The hashes that show that a tree of `second` leaves begins with the one of `first`."""
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} cannot begin with one of {first}")
    if first in (0, second):
        return ()
    beside: list[bytes] = []
    low, high, whole = 0, second, True
    while first != high:
        middle = low + _left(high - low)
        if first <= middle:
            beside.append(_over(middle, high, hash_at))
            high = middle
        else:
            beside.append(_over(low, middle, hash_at))
            low, whole = middle, False
    if not whole:
        beside.append(_over(low, high, hash_at))
    return tuple(reversed(beside))


def shared(size: int, indexes: Iterable[int], hash_at: HashAt) -> tuple[bytes, ...]:
    """One proof for many leaves: the roots of all subtrees that hold none of them, from left to right."""
    return proven(size, dict.fromkeys(indexes, b""), hash_at)[0]


def proven(size: int, leaves: Mapping[int, bytes], hash_at: HashAt) -> tuple[tuple[bytes, ...], bytes]:
    """The same proof, and the root it leads to from these leaves, by index: the right one if nobody changed them."""
    wanted = sorted(leaves)
    if wanted and not 0 <= wanted[0] <= wanted[-1] < size:
        raise ValueError(f"a tree of {size} has no leaves {wanted[0]} to {wanted[-1]}")
    found: list[bytes] = []

    def walk(low: int, high: int, first: int, last: int) -> bytes:
        """The root over a subtree, in which the leaves from the `first` to before the `last` wanted one stand."""
        if first == last:
            found.append(_over(low, high, hash_at))
            return found[-1]
        if high - low == 1:
            return leaves[low]
        middle = low + _left(high - low)
        cut = bisect_left(wanted, middle, first, last)
        return node(walk(low, middle, first, cut), walk(middle, high, cut, last))

    root_ = walk(0, size, 0, len(wanted)) if size else EMPTY
    return tuple(found), root_


# Subtrees


def _left(leaves: int) -> int:
    """So many of these leaves are in the left subtree: the largest power of two that leaves some for the right."""
    return 1 << (leaves - 1).bit_length() - 1


def _over(low: int, high: int, hash_at: HashAt) -> bytes:
    """The root over the leaves from `low` until before `high`, a subtree of some tree."""
    leaves = high - low
    if not leaves & (leaves - 1):
        return hash_at(leaves.bit_length() - 1, low // leaves)
    middle = low + _left(leaves)
    return node(_over(low, middle, hash_at), _over(middle, high, hash_at))
