"""The master key: it wraps the key of every person, and other secrets follow from it until they are kept by themselves.

It is changed without touching a single event: what it wraps is wrapped anew, and what followed from it is kept from
then on as it was. The database never holds it.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.settings import SettingsError

NONCE_BYTES = 12


class WrongMasterKey(SettingsError):
    """What the database holds was wrapped by another master key than those given. Says in which kabupaten."""

    def __init__(self, schema: str) -> None:
        super().__init__(f"Kunci induk tidak cocok: ada kunci di {schema} yang tidak dapat dibuka dengannya.")


class Secret(NamedTuple):
    """Something secret that followed from the master key when the kabupaten began, and must never change after."""

    name: str
    follows: Callable[[bytes], bytes]
    """From a master key."""


def _hkdf(purpose: bytes) -> Callable[[bytes], bytes]:
    return lambda master: HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(master)


NIK = Secret("nik", _hkdf(b"dampingi nik"))
"""The key of the hash by which a NIK is found again."""
ENTRIES = Secret("entries", _hkdf(b"dampingi entries"))
"""The key of the hash by which an entry that is sent again is recognised."""
IMPORTS = Secret("imports", lambda master: hmac.digest(master, b"impor", "sha256"))
"""What the numbers of imported rows and children are made from, so that a file read twice makes nothing twice."""
LASTING = (NIK, ENTRIES, IMPORTS)


def of_webhook(webhook: UUID) -> Secret:
    """What the messages to a receiver are signed with; it was told once, and the receiver knows no other."""
    return Secret(f"webhook {webhook}", _hkdf(b"dampingi webhook " + webhook.bytes))


class MasterKey:
    """The master key in force, and beside it the former one while it is being changed."""

    def __init__(self, key: bytes, before: bytes | None = None) -> None:
        self._first = key if before is None else before
        self.changing = before is not None
        """Both are at hand; what follows from the former one soon follows from nothing."""
        self._wraps = tuple(AESGCM(_hkdf(b"dampingi person keys")(one)) for one in (key, before) if one is not None)

    def wrapped(self, plain: bytes, whose: bytes) -> bytes:
        """Under the key in force. `whose` binds it to its place: put elsewhere it cannot be opened."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wraps[0].encrypt(nonce, plain, whose)

    def unwrapped(self, wrapped: bytes, whose: bytes) -> bytes | None:
        """By either key; None where neither wrapped it."""
        return _unwrapped(self._wraps, wrapped, whose)

    def in_force(self, wrapped: bytes, whose: bytes) -> bool:
        """The key in force alone opens it."""
        return _unwrapped(self._wraps[:1], wrapped, whose) is not None

    def follows(self, secret: Secret) -> bytes:
        """A secret that is not kept yet. While the key is being changed it still follows from the former one."""
        return secret.follows(self._first)


def _unwrapped(wraps: Sequence[AESGCM], wrapped: bytes, whose: bytes) -> bytes | None:
    for one in wraps:
        try:
            return one.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], whose)
        except InvalidTag:
            continue
    return None
