"""The tree is that of RFC 6962: by its published vectors, by its own definition, and by another's program."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections import merkle
from projections.merkle import HashAt
from tests.reading_proofs import BadProof, root_by_inclusion, root_by_shared, roots_by_consistency

# certificate-transparency-go, merkletree/merkle_tree_test.go, and RFC 9162 use these eight entries; the roots are of
# the first one, two, ... eight of them.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
# (leaf, size): the path, from the same source.
PATHS = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
CONSISTENCIES = {
    (1, 1): (),
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf(entry) for entry in ENTRIES[:count]]


def numbered(count: int) -> list[bytes]:
    return [merkle.leaf(str(n).encode()) for n in range(count)]


def over(hashes: Sequence[bytes]) -> HashAt:
    return lambda level, index: by_definition(hashes[index << level : index + 1 << level])


def by_definition(hashes: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not hashes:
        return sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + by_definition(hashes[:k]) + by_definition(hashes[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size: int) -> None:
    assert merkle.root(leaves(size)).hex() == ROOTS[size - 1]
    assert merkle.tree_root(size, over(leaves(8))).hex() == ROOTS[size - 1]


def test_the_published_root_of_nothing() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("index", "size"), list(PATHS))
def test_the_published_paths(index: int, size: int) -> None:
    path = merkle.inclusion(size, index, over(leaves(size)))
    assert tuple(part.hex() for part in path) == PATHS[index, size]
    assert root_by_inclusion(size, index, leaves(size)[index], path).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("first", "second"), list(CONSISTENCIES))
def test_the_published_consistency_proofs(first: int, second: int) -> None:
    proof = merkle.consistency(first, second, over(leaves(second)))
    assert tuple(part.hex() for part in proof) == CONSISTENCIES[first, second]
    assert roots_by_consistency(first, second, merkle.root(leaves(first)), proof).hex() == ROOTS[second - 1]


@pytest.mark.parametrize("size", range(1, 41))
def test_every_leaf_is_proven_in_every_small_tree_and_no_other_is(size: int) -> None:
    hashes, root = numbered(size), by_definition(numbered(size))
    for index in range(size):
        path = merkle.inclusion(size, index, over(hashes))
        assert root_by_inclusion(size, index, hashes[index], path) == root
        assert root_by_inclusion(size, index, merkle.leaf(b"another"), path) != root
        for wrong in (path[:-1], (*path, path[0] if path else merkle.EMPTY)):
            if wrong != path:
                assert fails(lambda w=wrong, i=index: root_by_inclusion(size, i, hashes[i], w), root)


@pytest.mark.parametrize("second", range(1, 34))
def test_every_small_tree_is_proven_to_begin_with_every_smaller_one(second: int) -> None:
    hashes = numbered(second)
    for first in range(1, second + 1):
        old = by_definition(hashes[:first])
        proof = merkle.consistency(first, second, over(hashes))
        assert roots_by_consistency(first, second, old, proof) == by_definition(hashes)
        changed = [merkle.leaf(b"changed"), *hashes[1:first]]
        root = by_definition(hashes)
        assert fails(
            lambda f=first, p=proof, c=changed: roots_by_consistency(f, second, by_definition(c), p),
            root,
        )


def fails(ask: object, root: bytes) -> bool:
    """It says no, or it leads elsewhere."""
    try:
        return ask() != root  # type: ignore[operator]
    except BadProof:
        return True


@given(st.integers(1, 200).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1)))))
def test_one_proof_shows_any_set_of_leaves(drawn: tuple[int, set[int]]) -> None:
    size, wanted = drawn
    hashes, root = numbered(size), by_definition(numbered(size))
    proof = merkle.shared(size, wanted, over(hashes))
    assert root_by_shared(size, {n: hashes[n] for n in wanted}, proof) == root
    assert merkle.proven(size, {n: hashes[n] for n in wanted}, over(hashes)) == (proof, root)
    if wanted:
        altered = {n: hashes[n] for n in wanted} | {min(wanted): merkle.leaf(b"altered")}
        assert merkle.proven(size, altered, over(hashes))[1] != root
        assert root_by_shared(size, altered, proof) != root
    with pytest.raises(BadProof, match="long"):
        root_by_shared(size, {n: hashes[n] for n in wanted}, (*proof, merkle.EMPTY))
    if proof:
        with pytest.raises(BadProof, match="short"):
            root_by_shared(size, {n: hashes[n] for n in wanted}, proof[:-1])


def test_a_run_of_leaves_needs_few_hashes() -> None:
    assert len(merkle.shared(1000, range(400, 600), over(numbered(1000)))) < 20


def test_what_is_no_leaf_or_no_beginning_is_said_to_be_none() -> None:
    for ask in (
        lambda: merkle.inclusion(3, 3, over(numbered(3))),
        lambda: merkle.consistency(4, 3, over(numbered(3))),
        lambda: merkle.shared(3, {5}, over(numbered(3))),
    ):
        with pytest.raises(ValueError, match="a tree of 3"):
            ask()
