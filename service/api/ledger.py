"""The ledger for everybody: checkpoints, tiles and proofs, as C2SP tlog-tiles lays them out.

It is open to strangers. Entries are hashes, so nobody learns from it who anybody is or what was found; and whoever
keeps a copy makes it harder to rewrite.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from projections import ledger as trees
from projections.ledger import WIDTH, Tree
from service import ledger
from service.places import Place
from service.problems import Trouble

_OPEN = {"open": True}
_TILE = re.compile(r"/?(entries|0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")
_FOR_EVER = "public, max-age=31536000, immutable"
_A_MOMENT = "public, max-age=5"


@get("/ledger/{code:str}/checkpoint", opt=_OPEN, sync_to_thread=True, media_type=MediaType.TEXT, tags=["ledger"])
def newest(code: FromPath[str], request: Request[Any, Any, Any]) -> Response[str]:
    """The newest checkpoint, as it was signed."""
    place = _place(request, code)
    with place.connection() as conn:
        last = ledger.newest(conn, place.schema)
    if last is None:
        raise Trouble(404, "no-checkpoint")
    return Response(last.note, media_type="text/plain; charset=utf-8", headers={"cache-control": _A_MOMENT})


@get("/ledger/{code:str}/tile/{rest:path}", opt=_OPEN, sync_to_thread=True, tags=["ledger"])
def tile(code: FromPath[str], rest: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """A tile of hashes, `0/x001/234` or `0/x001/234.p/56`, or with `entries` for a level the entries themselves."""
    place = _place(request, code)
    found = _TILE.fullmatch(str(rest))
    if found is None:
        raise Trouble(404, "no-tile")
    nth, width = int(found[2].replace("x", "").replace("/", "")), int(found[3] or WIDTH)
    if width > WIDTH or (found[3] and width == WIDTH) or nth >= 2**53 or _padded(nth) != found[2]:
        raise Trouble(404, "no-tile")
    with place.connection() as conn:
        if found[1] == "entries":
            told = trees.bundle(conn, place.schema, nth, width)
        else:
            told = trees.tile(conn, place.schema, int(found[1]), nth, width)
    if told is None:
        raise Trouble(404, "no-tile")
    return Response(told, media_type="application/octet-stream", headers={"cache-control": _FOR_EVER})


def _padded(nth: int) -> str:
    """In thousands, each but the last after an x: 1234067 is x001/x234/067."""
    parts = [f"{nth % 1000:03}"]
    while nth := nth // 1000:
        parts.insert(0, f"x{nth % 1000:03}")
    return "/".join(parts)


class Proof(Struct, frozen=True):
    """Hashes that lead to the root of a tree of `size`, in base64, in the order of RFC 9162."""

    size: int
    root: str
    hashes: tuple[str, ...]


@get("/ledger/{code:str}/proof/inclusion", opt=_OPEN, sync_to_thread=True, tags=["ledger"])
def inclusion(
    code: FromPath[str], position: FromQuery[int], size: FromQuery[int], request: Request[Any, Any, Any]
) -> Proof:
    """That the event at a position stands in the tree of this size."""
    place = _place(request, code)
    with place.connection() as conn:
        if not 0 < position <= size <= trees.size(conn, place.schema):
            raise Trouble(404, "no-such-tree")
        tree = Tree(conn, place.schema, size)
        return _proof(tree, tree.inclusion(position - 1))


@get("/ledger/{code:str}/proof/consistency", opt=_OPEN, sync_to_thread=True, tags=["ledger"])
def consistency(
    code: FromPath[str], first: FromQuery[int], size: FromQuery[int], request: Request[Any, Any, Any]
) -> Proof:
    """That the tree of this size begins with the one of `first` events."""
    place = _place(request, code)
    with place.connection() as conn:
        if not 0 < first <= size <= trees.size(conn, place.schema):
            raise Trouble(404, "no-such-tree")
        tree = Tree(conn, place.schema, size)
        return _proof(tree, tree.consistency(first))


def _proof(tree: Tree, hashes: tuple[bytes, ...]) -> Proof:
    return Proof(tree.size, _text(tree.root()), tuple(map(_text, hashes)))


def _text(hash_: bytes) -> str:
    return base64.b64encode(hash_).decode()


def _place(request: Request[Any, Any, Any], code: str) -> Place:
    found: Place | None = request.app.state.places.get(code)
    if found is None:
        raise Trouble(404, "not-found")
    return found


HANDLERS: tuple[Any, ...] = (newest, tile, inclusion, consistency)
