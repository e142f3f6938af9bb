"""The ledger over HTTP, as C2SP tlog-tiles lays it out: a stranger copies it, checks it, and learns of nobody."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest

from projections import merkle
from service.ledger import Ledger, work
from service.notes import Signer, read_checkpoint
from service.places import Place
from tests import reading_proofs
from tests.doors.conftest import Phone, register, weigh
from tests.kabupaten import CODE, SIGNER


@pytest.fixture
def signer(place: Place, phone: Callable[[str], Phone]) -> Signer:
    """Something was recorded, and signed."""
    child = register()
    phone("siti").send(child, weigh(child["case"]))
    assert work(Ledger(place._pool, place.schema, SIGNER, timedelta(0), 1))
    return SIGNER


def test_a_stranger_copies_the_ledger_and_comes_to_the_root_that_was_signed(stranger: Phone, signer: Signer) -> None:
    made = read_checkpoint(stranger.get(f"/ledger/{CODE}/checkpoint").text, signer.key)
    leaves: list[bytes] = []
    for nth in range(-(-made.size // 256)):
        width = min(256, made.size - nth * 256)
        path = f"{nth:03}" + ("" if width == 256 else f".p/{width}")
        hashes = stranger.get(f"/ledger/{CODE}/tile/0/{path}").content
        bundle = stranger.get(f"/ledger/{CODE}/tile/entries/{path}").content
        assert len(hashes) == width * 32
        entries = [bundle[n + 2 : n + 34] for n in range(0, len(bundle), 34)]
        assert [merkle.leaf(entry) for entry in entries] == [hashes[n : n + 32] for n in range(0, len(hashes), 32)]
        leaves += [hashes[n : n + 32] for n in range(0, len(hashes), 32)]
    assert merkle.root(leaves) == made.root
    first = stranger.get(f"/ledger/{CODE}/proof/inclusion?position=1&size={made.size}").json()
    path = [base64.b64decode(part) for part in first["hashes"]]
    assert reading_proofs.root_by_inclusion(made.size, 0, leaves[0], path) == made.root
    part = stranger.get(f"/ledger/{CODE}/proof/consistency?first=1&size={made.size}").json()
    proof = [base64.b64decode(hash_) for hash_ in part["hashes"]]
    assert reading_proofs.roots_by_consistency(1, made.size, leaves[0], proof) == made.root


@pytest.mark.parametrize(
    "path",
    [
        "9999/checkpoint", f"{CODE}/tile/0/999", f"{CODE}/tile/0/0", f"{CODE}/tile/00/000", f"{CODE}/tile/0/000.p/256",
        f"{CODE}/tile/0/000.p/0", f"{CODE}/tile/0/x000/000", f"{CODE}/tile/entries/x999/x999/x999/x999/x999/x999/999",
        f"{CODE}/tile/lain/000", f"{CODE}/tile/64/000", f"{CODE}/proof/inclusion?position=0&size=1",
        f"{CODE}/proof/inclusion?position=5&size=3", f"{CODE}/proof/consistency?first=1&size=99999999999",
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_in_a_sentence(stranger: Phone, signer: Signer, path: str) -> None:
    answer = stranger.get(f"/ledger/{path}")
    assert answer.status_code == 404
    assert answer.json()["detail"].endswith(".")


def test_the_watcher_sees_how_the_ledger_stands(stranger: Phone, signer: Signer) -> None:
    book = stranger.get("/health/ready").json()["ledger"][CODE]
    assert book["error"] is None
    assert book["signed"] > 0
