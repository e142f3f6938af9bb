"""A log of its own, signed by a key of its own, and packs of it: what the verifier is tried on."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from projections import merkle
from service.settings import root

PERIKSA = root() / "verify" / "periksa.py"
ORIGIN = "dampingi/kab_3603"
_spec = importlib.util.spec_from_file_location("periksa", PERIKSA)
assert _spec is not None and _spec.loader is not None
periksa = importlib.util.module_from_spec(_spec)
sys.modules["periksa"] = periksa
_spec.loader.exec_module(periksa)

BUDI, ANI = "01890000-0000-7000-8000-00000000000b", "01890000-0000-7000-8000-00000000000a"

KABUPATEN = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
THIEF = Ed25519PrivateKey.from_private_bytes(b"t" * 32)

Event = dict[str, Any]


def base64_of(text: bytes) -> str:
    return base64.b64encode(text).decode()


def story(length: int, cases: Sequence[str] = (BUDI, ANI)) -> list[Event]:
    """A log in which the cases take turns, each with an identity that nobody can open and then weighings."""
    versions = dict.fromkeys(cases, 0)
    events = []
    for position in range(1, length + 1):
        case = cases[(position - 1) % len(cases)]
        versions[case] += 1
        first = versions[case] == 1
        state = '{"is":"child.measured","kg":9.2,"on":"2026-11-23"}'
        if first:
            state = '{"is":"child.registered","personal":"c2VhbGVkIGFuZCBlcmFzZWQ=","on":"2026-01-05"}'
        events.append(
            {
                "position": position,
                "case": case,
                "version": versions[case],
                "topic": "child.registered" if first else "child.measured",
                "entry": f"01890000-0000-7000-8000-{position:012x}",
                "recorded_at": "2026-11-23T02:30:00.000000Z",
                "actor": "0c5d1a52-98c5-4c5e-9d0f-8d6f3a1f0a01",
                "role": "kader",
                "unit": "3603332001.01",
                "device": "",
                "edition": "2025",
                "state": state,
                "says": "Budi ditimbang: 9,2 kg, oleh kader.",
            }
        )
    return events


def entry(event: Event) -> bytes:
    """Written out once more, so that the verifier is not tried against itself."""
    names = ["case", "version", "topic", "entry", "recorded_at", "actor", "role", "unit", "device", "edition", "state"]
    texts = ["dampingi/record/1", str(event["position"]), *(str(event[name]) for name in names)]
    record = b"".join(str(len(t.encode())).encode() + b":" + t.encode() + b"," for t in texts)
    return hashlib.sha256(record).digest()


class Log(NamedTuple):
    """Events, and the leaves of the tree over them."""

    events: list[Event]
    leaves: list[bytes]

    def hash_at(self, level: int, index: int) -> bytes:
        return merkle.root(self.leaves[index << level : (index + 1) << level])

    def root(self, size: int) -> bytes:
        return merkle.root(self.leaves[:size])


def log(events: list[Event]) -> Log:
    return Log(events, [merkle.leaf(entry(event)) for event in events])


def key_of(signer: Ed25519PrivateKey, name: str = ORIGIN) -> str:
    public = b"\1" + signer.public_key().public_bytes_raw()
    return f"{name}+{_key_id(public, name).hex()}+{base64_of(public)}"


def _key_id(public: bytes, name: str) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]


def note(
    log: Log,
    size: int,
    at: str = "2026-11-28T03:14:53Z",
    signer: Ed25519PrivateKey = KABUPATEN,
    origin: str = ORIGIN,
) -> str:
    """A checkpoint, signed."""
    body = f"{origin}\n{size}\n{base64_of(log.root(size))}\nwaktu {at}\n"
    public = b"\1" + signer.public_key().public_bytes_raw()
    return f"{body}\n\u2014 {origin} {base64_of(_key_id(public, origin) + signer.sign(body.encode()))}\n"


def pack(
    log: Log,
    positions: Iterable[int] | None = None,
    size: int | None = None,
    about: dict[str, Any] | None = None,
    earlier: Sequence[tuple[int, str]] = (),
    checkpoint: str | None = None,
    **changed: Any,
) -> dict[str, Any]:
    """What bukti.json says of these positions: of the whole story of Budi where nothing else is asked for."""
    size = len(log.events) if size is None else size
    if positions is None:
        positions = [e["position"] for e in log.events if e["case"] == BUDI]
    wanted = list(positions)
    return {
        "format": "dampingi-bukti/1",
        "about": about or {"kind": "kasus", "case": BUDI},
        "made_at": "2026-11-28T03:20:00Z",
        "made_for": "inspektorat",
        "editions": [],
        "key": key_of(KABUPATEN),
        "checkpoint": checkpoint or note(log, size),
        "earlier": [
            {
                "checkpoint": older,
                "proof": [base64_of(h) for h in merkle.consistency(first, size, log.hash_at)],
            }
            for first, older in earlier
        ],
        "events": [dict(log.events[p - 1]) for p in wanted],
        "proof": [base64_of(h) for h in merkle.shared(size, [p - 1 for p in wanted], log.hash_at)],
    } | changed


def whole(log: Log, size: int | None = None, **more: Any) -> dict[str, Any]:
    """The log as it is, all of it."""
    size = len(log.events) if size is None else size
    return pack(log, range(1, size + 1), size, {"kind": "buku"}, **more)


def withheld(log: Log, position: int) -> Event:
    """An event of which only its digest is given."""
    return {
        "position": position,
        "digest": base64_of(entry(log.events[position - 1])),
        "withheld": "Hanya untuk tenaga kesehatan.",
    }


def text_of(told: dict[str, Any]) -> str:
    """bukti.json, one event a line."""
    head = ",\n".join(f"{json.dumps(n)}: {json.dumps(told[n])}" for n in told if n not in ("events", "proof"))
    events = ",\n".join(json.dumps(event) for event in told["events"])
    return f'{{{head},\n"events": [\n{events}\n],\n"proof": {json.dumps(told.get("proof"))}}}\n'


def zipped(folder: Path, told: dict[str, Any] | str, name: str = "paket.zip", **members: str) -> Path:
    """A pack on disk. `members` are further files in it, `titik` being titik.txt."""
    path = folder / name
    text = told if isinstance(told, str) else text_of(told)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("bukti.json", text)
        if isinstance(told, dict):
            packed.writestr("titik.txt", members.get("titik", str(told["checkpoint"])))
    return path


class Said(NamedTuple):
    """How the verifier ended, and what it said."""

    code: int
    text: str


def checked(path: Path, *more: str | Path) -> Said:
    """What the verifier says, within this process."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            code = periksa.main([str(path), *map(str, more)])
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return Said(code, said.getvalue())


def started(path: Path, *more: str | Path) -> Said:
    """The verifier as the inspector starts it: a process of its own, in a folder where nothing of ours is."""
    ran = subprocess.run(
        [sys.executable, "-I", str(PERIKSA), str(path), *map(str, more)],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return Said(ran.returncode, ran.stdout + ran.stderr)
