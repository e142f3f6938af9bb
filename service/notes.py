"""Signed notes and the checkpoints written in them, byte for byte as C2SP has them (signed-note, tlog-checkpoint).

Whoever has the verifier key needs nothing of ours to check one: tools of other logs and witnesses read them.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

ED25519 = b"\x01"
"""The kind of signature, in front of the public key."""


class BadNote(Exception):
    """It is no signed note, not one of this key, or no checkpoint. `code` says which, and its text says it in words."""

    def __init__(self, code: str) -> None:
        super().__init__(_WORDS[code])
        self.code = code


_WORDS = {
    "no-note": "bukan catatan bertanda tangan",
    "no-checkpoint": "bukan titik uji",
    "no-key": "bukan kunci pemeriksa",
    "wrong-signature": "tanda tangannya salah",
    "other-key": "ditandatangani dengan kunci lain, atau milik buku lain",
}


class VerifierKey(Struct, frozen=True):
    """Whose signatures are believed: a name and a public key."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"


class Signer:
    """Signs notes under a name with a key that the database does not hold."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = VerifierKey(name, self._private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note: the text, which ends its lines, an empty line, and the signature."""
        signature = self.key.id + self._private.sign(text.encode())
        return f"{text}\n— {self.key.name} {base64.b64encode(signature).decode()}\n"


def opened(note: str, key: VerifierKey) -> str:
    """The text of a note that this key signed; signatures of others are passed over. Raises BadNote."""
    text, _, signatures = note.rpartition("\n\n")
    if not text or not signatures.endswith("\n"):
        raise BadNote("no-note")
    text += "\n"
    for line in signatures.splitlines():
        found = _SIGNATURE.fullmatch(line)
        if found is None:
            raise BadNote("no-note")
        if found[1] == key.name and (said := _bytes(found[2]))[:4] == key.id:
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(said[4:], text.encode())
            except InvalidSignature:
                raise BadNote("wrong-signature") from None
            return text
    raise BadNote("other-key")


_SIGNATURE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("no-note") from None


# Checkpoints


class Checkpoint(Struct, frozen=True):
    """What a ledger came to at a moment. `note` is the same as it was signed."""

    origin: str
    size: int
    root: bytes
    at: datetime
    note: str


def checkpoint(signer: Signer, size: int, root: bytes, at: datetime) -> Checkpoint:
    """A new one, signed. The moment is to the second."""
    at = at.astimezone(UTC).replace(microsecond=0)
    origin = signer.key.name
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\nwaktu {at:%Y-%m-%dT%H:%M:%SZ}\n"
    return Checkpoint(origin, size, root, at, signer.sign(text))


def read_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """A checkpoint that this key signed. Raises BadNote."""
    found = _CHECKPOINT.match(opened(note, key))
    if found is None:
        raise BadNote("no-checkpoint")
    root = _bytes(found[3])
    if len(root) != 32:
        raise BadNote("no-checkpoint")
    at = datetime.strptime(found[4], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return Checkpoint(found[1], int(found[2]), root, at, note)


def claimed(note: str) -> tuple[str, int]:
    """Whose a checkpoint says it is, and its size, before anybody has checked the signature. Raises BadNote."""
    found = _CHECKPOINT.match(note)
    if found is None:
        raise BadNote("no-checkpoint")
    return found[1], int(found[2])


_CHECKPOINT = re.compile(r"(\S+)\n(0|[1-9]\d{0,18})\n([A-Za-z0-9+/]+={0,2})\nwaktu (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n")


def read_key(text: str) -> VerifierKey:
    """A verifier key as it is handed over: name+id+key. Raises BadNote."""
    name, _, rest = text.strip().partition("+")
    id_, _, public = rest.partition("+")
    told = _bytes(public)
    if not name or told[:1] != ED25519 or len(told) != 33:
        raise BadNote("no-key")
    key = VerifierKey(name, told[1:])
    if key.id.hex() != id_:
        raise BadNote("no-key")
    return key
