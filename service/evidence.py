"""Evidence packs: chosen events of the log with their proof, for people and machines, and for who trusts nobody.

Two steps. Something is chosen: a case, a PMT cycle, a desa's quarter, what an inspector asked for, the whole log. Then
a pack is made of it, of any length, a few thousand events at a time.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timezone
from functools import cache
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import Connection

from domain import words
from domain.case import SYSTEM, Envelope, Recorded, Role
from domain.labels import ROLES
from domain.stories import decode
from projections import evidence as stored
from projections.ledger import Tree, moment, record
from projections.ledger import entry as entry_of
from service import following, ledger
from service.access import Units
from service.choosing import Chosen
from service.juknis import Juknis
from service.ledger import Ledger
from service.letters import paper
from service.letters.evidence import LINES_ON_PAPER, Line, Sheet, clock_time, sheet
from service.notes import Checkpoint, VerifierKey, read_key
from service.settings import Settings, root
from service.tenants import Tenant

FORMAT = "dampingi-bukti/1"

WITHHELD = "Hanya untuk tenaga kesehatan yang menangani kasus ini."


class NotCovered(Exception):
    """No checkpoint holds all of these events yet, and none was signed while we waited."""


class NoSuchPoint(Exception):
    """An older checkpoint was asked for that is not stored here; that is worth a question."""

    def __init__(self, size: int) -> None:
        super().__init__(str(size))
        self.size = size


class TakenOut(Exception):
    """The tree has an event at this position and the log has none."""


class Maker(Struct, frozen=True):
    """What is the same for all packs of one kabupaten."""

    of: Ledger
    key: VerifierKey | None
    """None in a process that holds no key: whoever checks brings the key, as they should."""
    clock: timezone
    units: Units
    juknis: Juknis
    wait_seconds: float


def key_of(of: Ledger, settings: Settings) -> VerifierKey | None:
    """Whose signatures these packs are to be checked by, as far as this process knows."""
    if of.signer is not None:
        return of.signer.key
    return None if settings.ledger_verifier_key is None else read_key(settings.ledger_verifier_key)


def maker(of: Ledger, settings: Settings, tenant: Tenant, units: Units) -> Maker:
    """What all packs of this kabupaten are made with."""
    return Maker(of, key_of(of, settings), tenant.zone, units, following.juknis(), settings.checkpoint_wait_seconds)


def make(
    maker: Maker,
    chosen: Chosen,
    role: Role,
    out: IO[bytes],
    asked: Sequence[int] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> str:
    """Write the pack, with consistency from the checkpoints of the sizes that are asked for. Returns its SHA-256."""
    point = ledger.covering(maker.of, chosen.positions[-1] if chosen.positions else 0, maker.wait_seconds)
    if point is None:
        raise NotCovered
    shown: list[Line] = []
    with maker.of.pool.connection() as conn, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        making = _Making(maker, conn, chosen, role, Tree(conn, maker.of.schema, point.size), point, shown)
        with pack.open("bukti.json", "w", force_zip64=True) as told:
            for piece in _bukti(making, asked, progress):
                told.write(piece)
        pack.writestr("bukti.pdf", paper.pdf("bukti", _sheet(making), datetime.now(maker.clock)))
        pack.writestr("titik.txt", point.note)
        pack.writestr("periksa.py", periksa())
        pack.writestr("BACA-DULU.txt", (paper.FOLDER / "BACA-DULU.txt").read_bytes())
    out.seek(0)
    return hashlib.file_digest(out, "sha256").hexdigest()  # type: ignore[arg-type]


class _Making(Struct, frozen=True):
    """A pack on its way."""

    maker: Maker
    conn: Connection[Any]
    chosen: Chosen
    role: Role
    tree: Tree
    point: Checkpoint
    shown: list[Line]
    """What is to stand on paper, filled while the events are written."""


@cache
def periksa() -> bytes:
    """The verifier. Whoever trusts nobody takes it from somewhere else and compares."""
    return (root() / "verify" / "periksa.py").read_bytes()


def _bukti(making: _Making, asked: Sequence[int], progress: Callable[[int], None]) -> Iterator[bytes]:
    """bukti.json, one event a line: so that it is read as it is written, whatever its length."""
    maker, chosen = making.maker, making.chosen
    proof = making.tree.shared([position - 1 for position in chosen.positions])
    head = {
        "format": FORMAT,
        "about": chosen.about,
        "made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "made_for": making.role,
        "editions": [_edition(maker.juknis, name) for name in sorted(chosen.editions)],
        "key": str(maker.key or ""),
        "checkpoint": making.point.note,
        "earlier": _earlier(making, asked),
    }
    for nth, (name, told) in enumerate(head.items()):
        yield b'%b"%b":%b,\n' % (b"" if nth else b"{", name.encode(), msgspec.json.encode(told))
    yield b'"events":[\n'
    for nth, line in enumerate(_events(making, progress)):
        yield b",\n" + line if nth else line
    yield b'\n],\n"proof":%b}\n' % msgspec.json.encode([*map(_text, proof)])


def _earlier(making: _Making, asked: Sequence[int]) -> list[dict[str, Any]]:
    """Older checkpoints with what proves that this one goes on from them."""
    tree = making.tree
    for size in asked:
        if not 0 <= size <= tree.size:
            raise NoSuchPoint(size)
    older = ledger.milestones(making.conn, making.maker.of.schema, tree.size, asked)
    missing = set(asked) - {one.size for one in older} - {tree.size}
    if missing:
        raise NoSuchPoint(min(missing))
    return [{"checkpoint": one.note, "proof": [*map(_text, tree.consistency(one.size))]} for one in older]


def _events(making: _Making, progress: Callable[[int], None]) -> Iterator[bytes]:
    """The events of a pack as JSON, one after another."""
    wanted = iter(making.chosen.positions)
    for rows in stored.rows(making.conn, making.maker.of.schema, making.chosen.positions):
        for row in rows:
            if row[0] != (position := next(wanted)):
                raise TakenOut(position)
            yield _event(making, row)
        progress(len(rows))
    for position in wanted:
        raise TakenOut(position)


def _event(making: _Making, row: tuple[Any, ...]) -> bytes:
    position, case, version, topic, entry, at, actor, role, unit, device, edition, state = row
    on_paper = len(making.shown) < LINES_ON_PAPER
    if position in making.chosen.secret:
        if on_paper:
            making.shown.append(Line(position, "", "", "", WITHHELD))
        return msgspec.json.encode(_Withheld(position, _text(entry_of(record(row))), WITHHELD))
    by = Envelope(recorded_at=at, actor=actor, role=role, unit=unit, entry=entry, edition=edition, device=device)
    recorded = Recorded(case, version, decode(state), by, position)
    says = words.event_sentence(recorded, None, making.role) or ""
    if on_paper:
        making.shown.append(_line(making, recorded, says))
    texts = (topic, entry, moment(at), actor, role, unit, device, edition, state.decode())
    return msgspec.json.encode(_Event(position, case, version, *texts, says, _text(making.tree.leaf(position - 1))))


def _line(making: _Making, recorded: Recorded, says: str) -> Line:
    by, units = recorded.by, making.maker.units
    who = "sistem" if by.actor == SYSTEM else ROLES[by.role]
    where = units[by.unit].name if by.unit in units else by.unit
    heard = clock_time(by.recorded_at, making.maker.clock)
    return Line(recorded.position or 0, words.day(recorded.event.on), heard, f"{who}, {where}", says)


def _sheet(making: _Making) -> Sheet:
    return sheet(
        making.chosen, making.shown, making.point, making.maker.key, making.maker.clock, f"untuk {ROLES[making.role]}"
    )


class _Event(Struct, frozen=True):
    """An event as it is stored, with a sentence. By `leaf`, from the tree, one that was changed since is found."""

    position: int
    case: UUID
    version: int
    topic: str
    entry: UUID
    recorded_at: str
    actor: str
    role: str
    unit: str
    device: str
    edition: str
    state: str
    says: str
    leaf: str


class _Withheld(Struct, frozen=True):
    """An event that this reader may know of, and not more."""

    position: int
    digest: str
    withheld: str


def _text(hash_: bytes) -> str:
    return base64.b64encode(hash_).decode()


def _edition(juknis: Juknis, name: str) -> dict[str, str]:
    """An edition of the rules, and what its files were."""
    protocol = next((e.protocol for e in juknis.editions if e.protocol.edition == name), None)
    title, since = (protocol.title, protocol.valid_from) if protocol else ("", date.min)
    return {"edition": name, "title": title, "valid_from": since.isoformat(), "digest": _digest_of(name)}


@cache
def _digest_of(edition: str) -> str:
    """Of the files of an edition, in the order of their names; each name and content as a netstring."""
    folder: Path = root() / "juknis" / edition
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.toml")) if "/" not in edition else ():
        for part in (path.name.encode(), path.read_bytes()):
            digest.update(b"%d:%b," % (len(part), part))
    return digest.hexdigest()
