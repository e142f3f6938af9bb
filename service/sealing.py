"""Identity under lock: one key per person, wrapped by a master key that the database never holds.

Destroying a person's key is what erasing that person means: the story stays, and who it was about is gone from it.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain.case import Personal, Sealed
from service.masterkey import ENTRIES, LASTING, NIK, NONCE_BYTES, MasterKey, Secret, WrongMasterKey
from service.settings import Settings, former_master_key, master_key

KEPT_SECONDS = 60.0
"""How long a process may still open what was sealed under a key destroyed by another one."""
KEPT_KEYS = 10_000

_decode = msgspec.json.Decoder(Personal).decode
_encode = msgspec.json.Encoder().encode


class NewKey(Struct, frozen=True):
    """A person's key as it is to be stored, in the same commit as the first event sealed under it."""

    person: UUID
    wrapped: bytes


class Keys:
    """The keys of the people of one batch. A person without a key gets one, which is then in `made`."""

    def __init__(
        self, people: Collection[UUID], known: dict[UUID, AESGCM | None], wrap: Callable[[UUID, bytes], bytes]
    ) -> None:
        self._people = set(people)
        self._known = known
        self._wrap = wrap
        self.made: list[NewKey] = []

    def looked_up(self, person: UUID) -> bool:
        """It is known whether this person has a key. Nobody else may be given one."""
        return person in self._people

    def add(self, more: Keys) -> None:
        """Keys that turned out to be needed as well."""
        self._people |= more._people
        self._known.update(more._known)

    def erased(self, person: UUID) -> bool:
        """This person's key was destroyed; nothing more of them can be kept."""
        return person in self._known and self._known[person] is None

    def seal(self, case: UUID, version: int, personal: Personal) -> Sealed:
        """The identity as it is stored in event `version` of this case, and readable nowhere else."""
        key = self._known.get(case) or self._make(case)
        nonce = os.urandom(NONCE_BYTES)
        return nonce + key.encrypt(nonce, _encode(personal), _place(case, version))

    def _make(self, person: UUID) -> AESGCM:
        if self.erased(person) or not self.looked_up(person):
            raise ValueError("a key that was destroyed or not looked up")
        plain = AESGCM.generate_key(256)
        self.made.append(NewKey(person, self._wrap(person, plain)))
        key = self._known[person] = AESGCM(plain)
        return key


class Sealing:
    """Seals and opens the identities of one kabupaten. The person of a case is the case itself: child or mother."""

    def __init__(
        self,
        master_key: bytes,
        schema: str,
        clock: Callable[[], float] = time.monotonic,
        *,
        before: bytes | None = None,
    ) -> None:
        self._schema = schema
        self._clock = clock
        self._master = MasterKey(master_key, before)
        self._lasting: _Lasting | None = None
        self._kept: dict[UUID, tuple[float, AESGCM | None]] = {}

    def learn(self, conn: Connection[Any]) -> None:
        """Know the secrets that last. They never change, so it is done once, with the first connection at hand.

        While the master key is being changed they are kept here too: a kabupaten may begin after the change was made.
        """
        if self._lasting is None:
            if self._master.changing:
                self._keep_lasting(conn)
            kept = dict(conn.execute(_sql(self._schema, _SECRETS), [[NIK.name, ENTRIES.name]]).fetchall())
            nik, entries = (self._secret(secret, kept.get(secret.name)) for secret in (NIK, ENTRIES))
            self._lasting = _Lasting(nik, hmac.new(entries, digestmod="sha256"))

    def secret(self, conn: Connection[Any], secret: Secret) -> bytes:
        """As it was when the kabupaten began, whatever master key is in force now."""
        self.learn(conn)
        row = conn.execute(_sql(self._schema, _SECRETS), [[secret.name]]).fetchone()
        return self._secret(secret, None if row is None else row[1])

    def keep(self, conn: Connection[Any], secret: Secret) -> None:
        """From now on it does not follow from a master key any more."""
        plain = self._master.follows(secret)
        conn.execute(_sql(self._schema, _KEEP), [secret.name, self._master.wrapped(plain, place_of(secret))])

    def _keep_lasting(self, conn: Connection[Any]) -> None:
        """Under wrong keys nothing is kept that would follow from them."""
        check_first(conn, self._schema, self._master)
        for secret in LASTING:
            self.keep(conn, secret)

    def keys(self, conn: Connection[Any], people: Collection[UUID]) -> Keys:
        """The keys of these people, those not at hand fetched in one statement."""
        self.learn(conn)
        return Keys(people, self._keys(conn, people) if people else {}, self._wrapped)

    def open_many(
        self, conn: Connection[Any], sealed: Iterable[tuple[UUID, int, Sealed]]
    ) -> Mapping[tuple[UUID, int], Personal | None]:
        """The identities by case and version; None where the key was destroyed."""
        self.learn(conn)
        wanted = list(sealed)
        known = self._keys(conn, {case for case, _, _ in wanted}) if wanted else {}
        return {(case, version): _opened(known[case], case, version, text) for case, version, text in wanted}

    def destroy(self, conn: Connection[Any], person: UUID) -> None:
        """From now on nobody can read who this was. Other processes forget the key within KEPT_SECONDS."""
        conn.execute(_sql(self._schema, _DESTROY), [person])
        self._kept.pop(person, None)

    def nik_hash(self, nik: str) -> bytes:
        """Finds the same NIK again and tells nobody what it is: sixteen digits under a plain hash would be guessed."""
        return hmac.digest(self._known.nik, nik.encode(), "sha256")

    def digest(self, request: bytes) -> bytes:
        """Knows the same request again. Keyed, since a request has names and numbers in it."""
        digest = self._known.entries.copy()  # hmac.digest() lets another thread run, for each entry of a batch
        digest.update(request)
        return digest.digest()[:16]

    def number(self, conn: Connection[Any], found: str) -> UUID:
        """Of an entry by which the system records what it found: the same for the same, and nobody can take it before.

        It lasts as the secrets do. As a fifth kind of UUID it tells no time.
        """
        self.learn(conn)
        return UUID(bytes=self.digest(b"number " + found.encode()), version=5)

    @property
    def _known(self) -> _Lasting:
        if self._lasting is None:  # guessed from the master key they could be wrong, and nobody would notice
            raise RuntimeError("a secret of a kabupaten was asked for before any connection to it")
        return self._lasting

    def _secret(self, secret: Secret, wrapped: bytes | None) -> bytes:
        if wrapped is None:
            return self._master.follows(secret)
        plain = self._master.unwrapped(wrapped, place_of(secret))
        if plain is None:
            raise WrongMasterKey(self._schema)
        return plain

    def _keys(self, conn: Connection[Any], people: Collection[UUID]) -> dict[UUID, AESGCM | None]:
        now = self._clock()
        known: dict[UUID, AESGCM | None] = {}
        for person in people:
            kept = self._kept.get(person)
            if kept is not None and now < kept[0]:
                known[person] = kept[1]
        missing = [person for person in people if person not in known]
        if missing:
            rows = conn.execute(_sql(self._schema, _KEYS), [missing], binary=True, prepare=True).fetchall()
            fetched = {person: self._unwrapped(person, wrapped) for person, wrapped in rows}
            self._keep(fetched)
            known.update(fetched)
        return known

    def _keep(self, fetched: Mapping[UUID, AESGCM | None]) -> None:
        if len(self._kept) + len(fetched) > KEPT_KEYS:
            self._kept.clear()
        until = self._clock() + KEPT_SECONDS
        self._kept.update((person, (until, key)) for person, key in fetched.items())

    def _wrapped(self, person: UUID, key: bytes) -> bytes:
        return self._master.wrapped(key, person.bytes)

    def _unwrapped(self, person: UUID, wrapped: bytes | None) -> AESGCM | None:
        if wrapped is None:
            return None
        plain = self._master.unwrapped(wrapped, person.bytes)
        if plain is None:
            raise WrongMasterKey(self._schema)
        return AESGCM(plain)


class _Lasting(NamedTuple):
    """Secrets that are asked for without a connection at hand."""

    nik: bytes
    entries: hmac.HMAC


def sealing_of(settings: Settings, schema: str) -> Sealing:
    """The sealing of a kabupaten under the master key that the settings name, and the former one while they do."""
    return Sealing(master_key(settings), schema, before=former_master_key(settings))


def _opened(key: AESGCM | None, case: UUID, version: int, sealed: Sealed) -> Personal | None:
    if key is None:
        return None
    return _decode(key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(case, version)))


def _place(case: UUID, version: int) -> bytes:
    """Binds sealed text to where it stands: moved into another event it cannot be opened."""
    return case.bytes + version.to_bytes(8, "big") + b"personal"


def place_of(secret: Secret) -> bytes:
    """Binds a kept secret to its name."""
    return b"kept " + secret.name.encode()


_KEYS: LiteralString = """
SELECT person, wrapped
FROM {person_key}
WHERE person = ANY(%s)
"""


def check_first(conn: Connection[Any], schema: str, master: MasterKey) -> None:
    """Raises WrongMasterKey where the first key at hand does not open: noticed before anything is kept."""
    row = conn.execute(_sql(schema, _ONE)).fetchone()
    if row is not None and master.unwrapped(row[1], row[0].bytes) is None:
        raise WrongMasterKey(schema)


_ONE: LiteralString = "SELECT person, wrapped FROM {person_key} WHERE wrapped IS NOT NULL LIMIT 1"

_SECRETS: LiteralString = """
SELECT name, wrapped
FROM {kept_secret}
WHERE name = ANY(%s::text[])
"""

_KEEP: LiteralString = """
INSERT INTO {kept_secret} (name, wrapped)
VALUES (%s, %s)
ON CONFLICT DO NOTHING
"""

_DESTROY: LiteralString = """
UPDATE {person_key}
SET wrapped = NULL, destroyed_at = clock_timestamp()
WHERE person = %s AND destroyed_at IS NULL
"""


@lru_cache(maxsize=2048)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("person_key", "kept_secret")}
    return SQL(text).format(**names).as_bytes()
