"""Changing the master key: every key and secret it wraps is wrapped by the new one, and no event is touched.

The services run on meanwhile, with both keys at hand. What was done before a kill is found done, so it may be begun
again as often as it takes; in the end the former key opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

import click
import psycopg
from msgspec import Struct
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from service import embedded, rewriting
from service.following import progressing
from service.masterkey import LASTING, MasterKey, Secret, WrongMasterKey, of_webhook
from service.mendable import said_plainly
from service.sealing import check_first, place_of, sealing_of
from service.settings import Settings, SettingsError, former_master_key, load, master_key
from service.tenants import Tenant, tenants

BATCH = 1_000
"""Keys wrapped anew in one commit."""

Progress = Callable[[int], None]


class Standing(Struct, frozen=True):
    """How the keys of a kabupaten stand to the master keys at hand."""

    keys: int = 0
    """Of people, those destroyed not among them."""
    former: int = 0
    """Of these, under the former master key."""
    foreign: int = 0
    """Of these, under neither."""
    unkept: tuple[str, ...] = ()
    """Secrets that still follow from a master key."""
    wrong: tuple[str, ...] = ()
    """Kept secrets that the key in force does not open."""


def rotate(conn: Connection[Any], schema: str, master: MasterKey, progress: Progress = lambda _: None) -> int:
    """Wrap everything of a kabupaten by the key in force. Returns how many keys were still under the former one.

    Raises WrongMasterKey at the first key that neither opens. The connection commits by itself, a batch at a time.
    """
    check_first(conn, schema, master)
    _keep(conn, schema, master)
    return sum(_batches(conn, schema, master, progress))


def standing(conn: Connection[Any], schema: str, master: MasterKey, progress: Progress = lambda _: None) -> Standing:
    """Look at every key and change none."""
    keys = former = foreign = 0
    for batch in _keys(conn, schema):
        keys += len(batch)
        old = [(person, wrapped) for person, wrapped in batch if not master.in_force(wrapped, person.bytes)]
        unknown = sum(master.unwrapped(wrapped, person.bytes) is None for person, wrapped in old)
        former, foreign = former + len(old) - unknown, foreign + unknown
        progress(len(batch))
    kept = dict(conn.execute(_sql(schema, _SECRETS)).fetchall())
    secrets = _secrets(conn, schema)
    return Standing(
        keys,
        former,
        foreign,
        tuple(one.name for one in secrets if one.name not in kept),
        tuple(s.name for s in secrets if s.name in kept and not master.in_force(kept[s.name], place_of(s))),
    )


def _keep(conn: Connection[Any], schema: str, master: MasterKey) -> None:
    """What followed from the former key is kept from now on, and what was kept is wrapped anew."""
    with conn.transaction():
        kept = dict(conn.execute(_sql(schema, _SECRETS_LOCKED)).fetchall())
        for secret in _secrets(conn, schema):
            plain = _kept(schema, master, secret, kept.get(secret.name))
            conn.execute(_sql(schema, _KEEP), [secret.name, master.wrapped(plain, place_of(secret))])


def _kept(schema: str, master: MasterKey, secret: Secret, wrapped: bytes | None) -> bytes:
    if wrapped is None:
        return master.follows(secret)
    plain = master.unwrapped(wrapped, place_of(secret))
    if plain is None:
        raise WrongMasterKey(schema)
    return plain


def _secrets(conn: Connection[Any], schema: str) -> list[Secret]:
    hooks = conn.execute(_sql(schema, _WEBHOOKS)).fetchall()
    return [*LASTING, *(of_webhook(number) for (number,) in hooks)]


def _batches(conn: Connection[Any], schema: str, master: MasterKey, progress: Progress) -> Iterator[int]:
    for batch in _keys(conn, schema):
        anew = [_anew(schema, master, person, wrapped) for person, wrapped in batch]
        rows = [(person, wrapped, new) for (person, wrapped), new in zip(batch, anew, strict=True) if new is not None]
        if rows:
            conn.execute(_sql(schema, _WRAP_ANEW), list(map(list, zip(*rows, strict=True))), binary=True)
        progress(len(batch))
        yield len(rows)


def _anew(schema: str, master: MasterKey, person: UUID, wrapped: bytes) -> bytes | None:
    """None where the key in force wraps it already."""
    if master.in_force(wrapped, person.bytes):
        return None
    plain = master.unwrapped(wrapped, person.bytes)
    if plain is None:
        raise WrongMasterKey(schema)
    return master.wrapped(plain, person.bytes)


def _keys(conn: Connection[Any], schema: str) -> Iterator[list[tuple[UUID, bytes]]]:
    after = UUID(int=0)
    while batch := conn.execute(_sql(schema, _BATCH), [after, BATCH], binary=True).fetchall():
        yield batch
        after = batch[-1][0]


_COUNT: LiteralString = "SELECT count(*) FROM {person_key} WHERE wrapped IS NOT NULL"

_BATCH: LiteralString = """
SELECT person, wrapped
FROM {person_key}
WHERE person > %s AND wrapped IS NOT NULL
ORDER BY person
LIMIT %s
"""

# A key that was destroyed meanwhile is no longer what it was, and stays destroyed.
_WRAP_ANEW: LiteralString = """
UPDATE {person_key} AS k
SET wrapped = n.anew
FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS n (person, was, anew)
WHERE k.person = n.person AND k.wrapped = n.was
"""

_SECRETS: LiteralString = "SELECT name, wrapped FROM {kept_secret}"

_SECRETS_LOCKED: LiteralString = _SECRETS + " FOR UPDATE"

_KEEP: LiteralString = """
INSERT INTO {kept_secret} (name, wrapped)
VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET wrapped = excluded.wrapped
"""

_WEBHOOKS: LiteralString = "SELECT id FROM {webhooks} ORDER BY created_at, id"


@lru_cache(maxsize=1024)
def _sql(schema: str, text: LiteralString) -> bytes:
    names = {name: Identifier(schema, name) for name in ("person_key", "kept_secret", "webhooks")}
    return SQL(text).format(**names).as_bytes()


# The commands


@click.group("kunci-induk")
def master_key_group() -> None:
    """Kunci induk: kunci yang mengunci kunci setiap orang."""


@master_key_group.command("ganti")
@said_plainly
def rotate_command() -> None:
    """Mengganti kunci induk. Yang baru di DAMPINGI_MASTER_KEY, yang lama di DAMPINGI_MASTER_KEY_BEFORE."""
    settings = load()
    master = _both(settings)
    for tenant, conn in _each(settings, embedded.owner_dsn(settings)):
        rewriting.refuse_strangers(conn, [rewriting.keys(tenant.schema)])
    for tenant, conn in _each(settings, embedded.dsn(settings)):
        with _progress(conn, tenant) as told:
            changed = rotate(conn, tenant.schema, master, told)
        click.echo(f"{tenant.name}: {changed} kunci dibungkus ulang")
    for tenant, conn in _each(settings, embedded.owner_dsn(settings)):
        rewriting.rewrite(conn, rewriting.keys(tenant.schema))
    click.echo("Selesai. Jalankan dampingi kunci-induk periksa, lalu hapus kunci lama dari pengaturan.")


@master_key_group.command("periksa")
@said_plainly
def check_command() -> None:
    """Apakah setiap kunci terbuka dengan kunci induk yang sekarang? Kode keluar 0 berarti ya."""
    settings = load()
    master = MasterKey(master_key(settings), former_master_key(settings))
    wrong = 0
    for tenant, conn in _each(settings, embedded.dsn(settings)):
        with _progress(conn, tenant) as told:
            found = standing(conn, tenant.schema, master, told)
        wrong += found.former + found.foreign + len(found.wrong) + (len(found.unkept) if master.changing else 0)
        for line in _told(found, master.changing):
            click.echo(f"{tenant.name}: {line}")
    if wrong:
        raise click.ClickException(
            "Belum semua terbuka dengan kunci induk yang sekarang. Sebutkan juga kunci lama di"
            " DAMPINGI_MASTER_KEY_BEFORE, lalu jalankan dampingi kunci-induk ganti."
        )


def refuse_wrong_key(settings: Settings) -> None:
    """A service with another master key than the database's would serve lists without a name and take nothing in."""
    master = MasterKey(master_key(settings), former_master_key(settings))
    for tenant, conn in _each(settings, embedded.dsn(settings)):
        sealing_of(settings, tenant.schema).learn(conn)
        check_first(conn, tenant.schema, master)


def _told(found: Standing, changing: bool) -> Iterator[str]:
    yield f"{found.keys - found.former - found.foreign} dari {found.keys} kunci terbuka"
    if found.former:
        yield f"{found.former} kunci masih di bawah kunci lama"
    if found.foreign:
        yield f"{found.foreign} kunci tidak terbuka dengan kunci mana pun"
    if found.wrong:
        yield f"{len(found.wrong)} rahasia turunan tidak terbuka"
    if changing and found.unkept:
        yield f"{len(found.unkept)} rahasia turunan belum disimpan"


def _both(settings: Settings) -> MasterKey:
    now, before = master_key(settings), former_master_key(settings)
    if before is None:
        raise SettingsError("Sebutkan kunci lama di DAMPINGI_MASTER_KEY_BEFORE (atau DAMPINGI_MASTER_KEY_BEFORE_FILE)")
    if before == now:
        raise SettingsError("Kunci induk yang baru sama dengan yang lama")
    return MasterKey(now, before)


def _each(settings: Settings, dsn: str) -> Iterator[tuple[Tenant, Connection[Any]]]:
    for tenant in tenants(settings, dsn).values():
        with psycopg.connect(tenant.dsn, autocommit=True) as conn:
            yield tenant, conn


def _progress(conn: Connection[Any], tenant: Tenant) -> Any:
    row = conn.execute(_sql(tenant.schema, _COUNT)).fetchone()
    return progressing(row[0] if row else 0, tenant.name)


COMMANDS: tuple[click.Command, ...] = (master_key_group,)
