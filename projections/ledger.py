"""The ledger of a kabupaten: a tree over the stored bytes of its log, kept as tiles, that is only ever added to.

An entry of the tree is the SHA-256 of one event's row as it is stored. So the whole ledger can be given to anybody: it
tells nothing of anybody, and yet no byte of any event can be changed without it showing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from projections import log, merkle
from projections.merkle import leaf, node

Conn = Connection[Any]

COLUMNS: LiteralString = (
    "position, case_id, version, topic, entry, recorded_at, actor, role, unit, device, edition, state"
)
"""Everything that stands in the row of an event, in the order in which its record tells it."""

FORMAT = "dampingi/record/1"

HASH = 32
WIDTH = 256
"""Hashes in a full tile (C2SP tlog-tiles)."""
LEVELS = 8
"""Levels of the tree in one tile: 2**8 is WIDTH."""
GROUP = 16
"""Hashes of which a full tile keeps the root as well: a proof then needs two groups of a tile, and not all of it."""
HALF = 4
"""Levels of the tree in a group."""


def record(row: Sequence[Any]) -> bytes:
    """The bytes an entry is the hash of: a row in the order of COLUMNS, as netstrings, after the name of the format.

    The tree has PostgreSQL make them (RECORD), which is three times as fast; a test holds the two together.
    """
    position, case, version, topic, entry, at, actor, role, unit, device, edition, state = row
    texts = (
        FORMAT, str(position), str(case), str(version), topic, str(entry), moment(at), actor, role, unit, device,
        edition,
    )  # fmt: skip
    return b"".join(b"%d:%b," % (len(part), part) for part in (*map(str.encode, texts), state))


def moment(at: datetime) -> str:
    """A moment as the record tells it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def entry(record: bytes) -> bytes:
    """What the tree holds of an event."""
    return sha256(record).digest()


RECORD: LiteralString = """
convert_to(
    concat(
        '17:dampingi/record/1,',
        octet_length(position::text), ':', position, ',36:', case_id, ',',
        octet_length(version::text), ':', version, ',', octet_length(topic), ':', topic, ',36:', entry, ',27:',
        to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), ',',
        octet_length(actor), ':', actor, ',', octet_length(role), ':', role, ',', octet_length(unit), ':', unit, ',',
        octet_length(device), ':', device, ',', octet_length(edition), ':', edition, ',', octet_length(state), ':'
    ),
    'UTF8'
) || state || ','::bytea
"""


# Adding to it


def extend(conn: Conn, schema: str, most: int = 50_000) -> int:
    """Take the next events into the tree, in one transaction. 0: there is nothing new, or somebody else is at it."""
    with conn.transaction():
        held = conn.execute(_sql(schema, _HOLD), prepare=True).fetchone()
        if held is None:
            return 0
        last = log.head(conn, schema)
        rows = records(conn, schema, held[0], most)
        if held[0] + len(rows) < min(last, held[0] + most) or held[0] > last:
            raise Gap(f"the log says {last} events and has fewer, or fewer than the tree of {held[0]}")
        if rows:
            _still_there(conn, schema, held[0])
            _add(conn, schema, held[0], rows)
        return len(rows)


def _still_there(conn: Conn, schema: str, size: int) -> None:
    """The last event of the tree is what it was: a log whose end was cut off and told anew is not gone on with."""
    if not size:
        return
    index = size - 1
    tile = _tiles(conn, schema, [(0, index // WIDTH)]).get((0, index // WIDTH), [])
    [(_, record)] = records(conn, schema, index, 1)
    if tile[index % WIDTH :][:1] != [leaf(entry(record))]:
        raise Gap(f"the event at position {size} is not the one that stood there")


def records(conn: Conn, schema: str, after: int, limit: int) -> list[tuple[int, bytes]]:
    """Positions that follow each other, and their records; the log has no gaps, and the tree would not forgive one."""
    rows = conn.execute(_sql(schema, _READ), {"after": after, "limit": limit}, binary=True, prepare=True).fetchall()
    if rows and rows[-1][0] - after != len(rows):
        raise Gap(f"the log has no event at some position after {after}")
    return rows


class Gap(Exception):
    """A position of the log is missing or tells something else now: somebody who may do everything was there."""


def _add(conn: Conn, schema: str, size: int, rows: Sequence[tuple[int, bytes]]) -> None:
    edge = _edge(conn, schema, size)
    _put(conn, schema, grow(edge, size, [leaf(entry(record)) for _, record in rows]))
    conn.execute(_sql(schema, _GREW), [size + len(rows)], prepare=True)


Tiles = dict[tuple[int, int], list[bytes]]


class Grown(NamedTuple):
    """The tiles that changed, and of those that are full now the roots of their groups."""

    tiles: Tiles
    middles: Tiles


def _put(conn: Conn, schema: str, grown: Grown) -> None:
    rows = [
        [level, nth, b"".join(tile), b"".join(grown.middles[level, nth]) if not level and len(tile) == WIDTH else None]
        for (level, nth), tile in grown.tiles.items()
    ]
    conn.execute(_sql(schema, _PUT), [list(column) for column in zip(*rows, strict=True)])


def _edge(conn: Conn, schema: str, size: int) -> Tiles:
    """The tiles at the right edge that are not full."""
    wanted = [(level, count // WIDTH) for level, count in _counts(size) if count % WIDTH]
    return {place: hashes[: _width(size, *place)] for place, hashes in _tiles(conn, schema, wanted).items()}


def _counts(size: int) -> Iterator[tuple[int, int]]:
    """How many hashes each level of tiles has in a tree of this size."""
    level = 0
    while size:
        yield level, size
        level, size = level + 1, size // WIDTH


def _width(size: int, level: int, nth: int) -> int:
    """How many hashes a tile has in a tree of this size."""
    return max(0, min(WIDTH, (size >> LEVELS * level) - nth * WIDTH))


def grow(edge: Tiles, size: int, leaves: Sequence[bytes]) -> Grown:
    """What changes when leaves are added to a tree of this size; `edge` are its tiles that are not full."""
    changed, middles = Tiles(), Tiles()
    level, new = 0, list(leaves)
    while new:
        nth = (size >> LEVELS * level) // WIDTH
        tile = [*edge.get((level, nth), ())]
        above: list[bytes] = []
        rest = iter(new)
        while True:
            tile.extend(islice(rest, WIDTH - len(tile)))
            if tile:
                changed[level, nth] = tile
            if len(tile) < WIDTH:
                break
            middles[level, nth] = [merkle.root(tile[at : at + GROUP]) for at in range(0, WIDTH, GROUP)]
            above.append(merkle.root(middles[level, nth]))
            nth, tile = nth + 1, []
        level, new = level + 1, above
    return Grown(changed, middles)


# Making it anew, and comparing


def rebuild(conn: Conn, schema: str, progress: Callable[[int], None], most: int = 50_000) -> int:
    """Make the tiles anew from the whole log. Returns the size. Whoever reads meanwhile sees the old ones."""
    with conn.transaction():
        conn.execute(_sql(schema, _HOLD_SURELY))
        conn.execute(_sql(schema, _EMPTY))
        last = log.head(conn, schema)
        edge: Tiles = {}
        size = 0
        while rows := records(conn, schema, size, most):
            grown = grow(edge, size, [leaf(entry(record)) for _, record in rows])
            _put(conn, schema, grown)
            size += len(rows)
            edge = {place: tile for place, tile in (edge | grown.tiles).items() if len(tile) < WIDTH}
            progress(len(rows))
        if size < last:
            raise Gap(f"the log says {last} events and has {size}")
        conn.execute(_sql(schema, _GREW), [size])
    return size


def roots(conn: Conn, schema: str, sizes: Iterable[int], progress: Callable[[int], None]) -> dict[int, bytes]:
    """The roots that the log itself comes to at these sizes, asking nothing of the tiles; those it does not reach, not.

    Raises Gap where a position is missing.
    """
    wanted, peaks = set(sizes), Peaks()
    found = {0: merkle.EMPTY} if 0 in wanted else {}
    while peaks.size < max(wanted, default=0) and (rows := records(conn, schema, peaks.size, 20_000)):
        for _, record in rows:
            peaks.add(leaf(entry(record)))
            if peaks.size in wanted:
                found[peaks.size] = peaks.root()
        progress(len(rows))
    return found


class Peaks:
    """The compact form of a tree that grows: the roots of its complete subtrees, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def add(self, hash_: bytes) -> None:
        """One leaf more."""
        full = self.size
        while full & 1:
            hash_ = node(self._roots.pop(), hash_)
            full >>= 1
        self._roots.append(hash_)
        self.size += 1

    def root(self) -> bytes:
        """The root as it stands."""
        if not self._roots:
            return merkle.EMPTY
        found = self._roots[-1]
        for above in reversed(self._roots[:-1]):
            found = node(above, found)
        return found


# What can be asked


def size(conn: Conn, schema: str) -> int:
    """So many events stand in the tree."""
    row = conn.execute(_sql(schema, _SIZE), prepare=True).fetchone()
    assert row is not None
    return int(row[0])


def tile(conn: Conn, schema: str, level: int, nth: int, width: int) -> bytes | None:
    """The first `width` hashes of a tile; None where it has not as many."""
    found = _tiles(conn, schema, [(level, nth)]).get((level, nth), [])
    return b"".join(found[:width]) if len(found) >= width else None


def bundle(conn: Conn, schema: str, nth: int, width: int) -> bytes | None:
    """The first `width` entries of a bundle, each after its length; None where there are not as many yet."""
    if size(conn, schema) < nth * WIDTH + width:
        return None
    rows = records(conn, schema, nth * WIDTH, width)
    return b"".join(HASH.to_bytes(2, "big") + entry(record) for _, record in rows) if len(rows) == width else None


class Tree:
    """The tree as it was at a size, by its tiles. Each is read once; whoever asks for many loads them together.

    Full tiles above the lowest level are few and asked for by every proof; a process keeps them. `fresh` believes none
    of those, for whoever wants to see whether the tiles were changed.
    """

    def __init__(self, conn: Conn, schema: str, size: int, fresh: bool = False) -> None:
        self._conn = conn
        self._schema = schema
        self.size = size
        self._fresh = fresh
        self._known: dict[tuple[int, int], _Pyramid] = {}
        self._groups: dict[int, _Pyramid] = {}
        self._middles: dict[int, _Pyramid] = {}

    def root(self) -> bytes:
        return merkle.tree_root(self.size, self._hash_at)

    def leaf(self, index: int) -> bytes:
        """What it holds of the event at position index + 1, as a leaf."""
        return self._hash_at(0, index)

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """What proves that the event at position index + 1 stands in it."""
        return merkle.inclusion(self.size, index, self._hash_at)

    def consistency(self, first: int) -> tuple[bytes, ...]:
        """What proves that it begins with the tree of `first` events."""
        return merkle.consistency(first, self.size, self._hash_at)

    def shared(self, indexes: Sequence[int]) -> tuple[bytes, ...]:
        """One proof for many events."""
        self._gather(indexes)
        return merkle.shared(self.size, indexes, self._hash_at)

    def proven(self, leaves: Mapping[int, bytes]) -> tuple[tuple[bytes, ...], bytes]:
        """One proof for many events, and the root it leads to from their leaves as the log has them."""
        self._gather(leaves)
        return merkle.proven(self.size, leaves, self._hash_at)

    def _gather(self, indexes: Collection[int]) -> None:
        """What a proof of these needs. Where they lie far apart, two groups of a tile are enough for each."""
        self._load({(level, index >> LEVELS * (level + 1)) for index in indexes for level in (1, 2)})
        self._load_groups({index // GROUP for index in indexes})

    def _hash_at(self, level: int, index: int) -> bytes:
        high, within = divmod(level, LEVELS)
        found = None if high else self._in_group(within, index)
        if found is None:
            place = high, index << within >> LEVELS
            if place not in self._known:
                self._load([place])
            found = self._known[place].at(within, index & (WIDTH - 1 >> within)) if place in self._known else None
        if found is None:
            raise Gap(f"the tiles of {self._schema} do not reach a size of {self.size}")
        return found

    def _in_group(self, level: int, index: int) -> bytes | None:
        if level < HALF:
            group = self._groups.get(index << level >> HALF)
            return group.at(level, index & (GROUP - 1 >> level)) if group is not None else None
        middle = self._middles.get(index << level >> LEVELS)
        return middle.at(level - HALF, index & (WIDTH - 1 >> level)) if middle is not None else None

    def _load_groups(self, groups: set[int]) -> None:
        """Those of tiles of which few groups are wanted; the others are read whole, and so are tiles not yet full."""
        of_tile = Counter(group * GROUP // WIDTH for group in groups)
        few = sorted(group for group in groups if of_tile[group * GROUP // WIDTH] <= 2)
        for first in range(0, len(few), 1000):
            asked = [few[first : first + 1000]]
            for group, hashes, middle in self._conn.execute(
                _sql(self._schema, _GROUPS), asked, binary=True, prepare=True
            ):
                self._groups[group] = _Pyramid(_split(hashes))
                self._middles[group * GROUP // WIDTH] = _Pyramid(_split(middle))
        whole = {group * GROUP // WIDTH for group in groups if group not in self._groups}
        self._load({(0, nth) for nth in whole})

    def _load(self, places: Iterable[tuple[int, int]]) -> None:
        missing = [place for place in places if place not in self._known]
        for place in [*missing]:
            if not self._fresh and (kept := _kept.get((self._schema, *place))) is not None:
                self._known[place] = kept
                missing.remove(place)
        for first in range(0, len(missing), 1000):
            for place, hashes in _tiles(self._conn, self._schema, missing[first : first + 1000]).items():
                self._known[place] = pyramid = _Pyramid(hashes)
                if place[0] and len(hashes) == WIDTH:
                    _keep((self._schema, *place), pyramid)


class _Pyramid:
    """A tile with the subtrees within it, each worked out when first asked for."""

    def __init__(self, hashes: list[bytes]) -> None:
        self._levels = [hashes]

    def at(self, level: int, index: int) -> bytes | None:
        """The root of the `index`th 2**level hashes; None where the tile has not as many."""
        while len(self._levels) <= level:
            below = self._levels[-1]
            self._levels.append([node(*pair) for pair in zip(below[::2], below[1::2], strict=False)])
        row = self._levels[level]
        return row[index] if index < len(row) else None


_kept: dict[tuple[str, int, int], _Pyramid] = {}
KEPT_TILES = 1000


def _keep(place: tuple[str, int, int], pyramid: _Pyramid) -> None:
    if len(_kept) >= KEPT_TILES:
        _kept.clear()
    _kept[place] = pyramid


def _tiles(conn: Conn, schema: str, places: Sequence[tuple[int, int]]) -> Tiles:
    if not places:
        return {}
    asked = [[level for level, _ in places], [nth for _, nth in places]]
    rows = conn.execute(_sql(schema, _TILES), asked, binary=True, prepare=True).fetchall()
    return {(level, nth): _split(hashes) for level, nth, hashes in rows}


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[n : n + HASH] for n in range(0, len(hashes), HASH)]


def behind(conn: Conn, schema: str) -> int:
    """Events that the tree has not taken in yet."""
    return max(0, log.head(conn, schema) - size(conn, schema))


_HOLD: LiteralString = "SELECT size FROM {ledger} FOR UPDATE SKIP LOCKED"

_HOLD_SURELY: LiteralString = "SELECT size FROM {ledger} FOR UPDATE"

_SIZE: LiteralString = "SELECT size FROM {ledger}"

_GREW: LiteralString = "UPDATE {ledger} SET size = %s"

_EMPTY: LiteralString = "DELETE FROM {tiles}"

_READ: LiteralString = """
SELECT position, {record}
FROM {events}
WHERE position > %(after)s
ORDER BY position
LIMIT %(limit)s
"""

_PUT: LiteralString = """
INSERT INTO {tiles} (level, nth, hashes, middle)
SELECT * FROM unnest(%b::smallint[], %b::bigint[], %b::bytea[], %b::bytea[])
ON CONFLICT (level, nth) DO UPDATE
SET hashes = excluded.hashes, middle = excluded.middle
"""

_GROUPS: LiteralString = """
SELECT wanted.nth, substring(hashes FROM (wanted.nth %% 16 * 512 + 1)::integer FOR 512), middle
FROM unnest(%b::bigint[]) AS wanted (nth)
JOIN {tiles} AS tiles ON level = 0 AND tiles.nth = wanted.nth / 16
WHERE middle IS NOT NULL
"""

_TILES: LiteralString = """
SELECT level, nth, hashes
FROM {tiles}
WHERE (level, nth) IN (SELECT * FROM unnest(%b::smallint[], %b::bigint[]))
"""


@lru_cache(maxsize=4096)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("events", "ledger", "tiles")}
    return SQL(text).format(record=SQL(RECORD), **names).as_bytes()
