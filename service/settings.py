"""Every setting and every limit of the service, read once from the environment."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field

from service.notes import BadNote, read_key

KEY_BYTES = 32


class SettingsError(Exception):
    """The environment says something that cannot be. The message is for the person who starts the program."""


class Settings(Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """DATABASE_URL and DATABASE_OWNER_URL keep their names; every other one is DAMPINGI_ and its name in capitals."""

    database_url: str | None = None
    """The PostgreSQL (15 to 18) to work on. None: the embedded one, in `data_dir`."""
    database_owner_url: str | None = None
    """The same database under the role that may create schemas, for `migrate`. None: `database_url` may."""
    db_password: str | None = None
    """Of the service's role, where `migrate` has to make it."""
    reader_password: str | None = None
    """Of the role that may only read, where somebody is to sign in under it; without it nobody can."""
    data_dir: Path = field(default_factory=lambda: _data_dir(os.environ))
    """Where the embedded PostgreSQL and the demo's master key live."""
    tenants: str = "3603"
    """Region codes of the kabupaten served, with commas between. The first one is where the demo lives."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8000
    """Port to listen on."""
    secure_cookies: bool = False
    """The session cookie travels over HTTPS only. Switch it on wherever there is HTTPS."""

    threads: int = 8
    """Handlers at work at the same time in one process."""
    pool_min: int = 2
    """Connections kept open per process and database."""
    pool_max: int = 10
    """Connections opened at most per process and database: threads, the combiner, one to spare. Below 100 in all."""
    statement_seconds: int = 30
    """A statement of the service that takes longer is ended by PostgreSQL."""
    lock_seconds: int = 5
    """Waiting for a lock longer than this is an error."""

    body_bytes: int = 2 * 1024 * 1024
    """The largest request body; above it the answer is 413."""
    entries_per_request: int = 500
    """The most entries in one POST /entries."""
    wait_ms: int = 300
    """How long a reader that asks for "not older than" waits for the follower."""
    page_rows: int = 50
    """Rows on one page of a list."""
    difference_rows: int = 100
    """Lines on one page of what went from a list, what came and what stayed: each is told again from its story."""
    difference_days: int = 366
    """The longest time between two days whose lists are compared."""
    retries: int = 5
    """How often a command is decided again after another one was faster, before it is answered "busy"."""
    combine_entries: int = 500
    """The most events the combiner puts into one commit."""

    follow_events: int = 1000
    """Events the follower takes in one transaction."""
    sweep_seconds: float = 5.0
    """How often the follower looks at every tenant even if nobody called."""

    spool_dir: Path | None = None
    """Where it is noted at once who opened whose record, until the database has it. None: `spool` in `data_dir`."""
    spool_seconds: float = 1.0
    """How often what was noted is brought into the database."""
    months_ahead: int = 3
    """How many months ahead `migrate` makes room for the record of who opened what."""

    emergency_hours: int = 3
    """How long somebody reads a case that was opened in an emergency (three hours are DHIS2's habit)."""
    emergency_tries: int = 10
    """How often a day an account may try to open a case in an emergency, found or not."""

    session_days: int = 30
    """A sign-in ends after this many days without use."""
    sign_in_tries: int = 10
    """Failed sign-ins allowed per account and address within `sign_in_minutes`."""
    sign_in_minutes: int = 10
    """The time over which failed sign-ins are counted."""
    requests_per_minute: int = 600
    """Requests allowed per account; a village shares one address, so addresses alone are not limited."""
    hashes_at_once: int = 2
    """Passwords checked at the same time: each takes 64 MiB."""

    master_key: bytes | None = None
    """32 bytes in base64 that wrap the key of every person. Lost, all names are lost; keep it apart from the data."""
    master_key_file: Path | None = None
    """A file with the master key in base64, for those who hand over secrets as files."""
    master_key_before: bytes | None = None
    """The master key in force until now, only while it is being changed: what it wrapped can still be read."""
    master_key_before_file: Path | None = None
    """A file with that key, in base64."""

    ledger_key: bytes | None = None
    """32 bytes in base64 that sign the checkpoints of the ledger; best only the follower has them."""
    ledger_key_file: Path | None = None
    """A file with the ledger's key in base64."""
    ledger_verifier_key: str | None = None
    """What `dampingi buku kunci` says, for a service that holds no key: evidence packs name it."""
    ledger_origin: str = "dampingi"
    """What stands before the kabupaten in the name of its ledger; best an address of yours: dinkes.go.id/dampingi."""
    checkpoint_seconds: int = 600
    """A checkpoint is signed when the newest is so old and something was recorded since."""
    checkpoint_events: int = 1000
    """And as soon as so many events are not in it."""
    checkpoint_folder: Path | None = None
    """A folder that the inspectorate names: every checkpoint is put into it."""
    checkpoint_url: str | None = None
    """An address that the inspectorate names: every checkpoint is sent to it by POST."""
    checkpoint_wait_seconds: float = 5.0
    """How long an evidence pack waits for a checkpoint that holds what it is about."""

    def __repr__(self) -> str:
        return f"Settings(host={self.host!r}, port={self.port}, tenants={self.tenants!r})"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings this environment asks for. A misspelt DAMPINGI_ name stops the start."""
    given: dict[str, str] = {}
    for name, text in environ.items():
        if name.startswith(_PREFIX) and name not in _NOT_SETTINGS:
            given[name.removeprefix(_PREFIX).lower()] = text
        elif name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
            given[name.lower()] = text
    given = {name: text for name, text in given.items() if text != ""}
    unknown = sorted(given.keys() - set(Settings.__struct_fields__))
    if unknown:
        raise SettingsError(f"unknown setting: {', '.join(_PREFIX + name.upper() for name in unknown)}")
    try:
        settings = msgspec.convert({"data_dir": _data_dir(environ), **given}, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as problem:
        raise SettingsError(str(problem)) from None
    for name in ("master_key", "master_key_before", "ledger_key"):
        key = getattr(settings, name)
        if key is not None and len(key) != KEY_BYTES:
            raise SettingsError(f"{_PREFIX}{name.upper()} harus {KEY_BYTES} byte dalam base64")
    _check_verifier_key(settings.ledger_verifier_key)
    return settings


def _check_verifier_key(text: str | None) -> None:
    """With a mistyped one every pack would say that somebody else had signed."""
    try:
        if text is not None:
            read_key(text)
    except BadNote as bad:
        raise SettingsError(f"DAMPINGI_LEDGER_VERIFIER_KEY {bad}; salin keluaran dampingi buku kunci") from None


_PREFIX = "DAMPINGI_"
_NOT_SETTINGS = frozenset({"DAMPINGI_VENV"})
"""What ./dampingi itself reads."""


def master_key(settings: Settings) -> bytes:
    """The key that wraps every person's key. Only the embedded database makes one up, in a file beside its data."""
    if settings.master_key is not None:
        return settings.master_key
    if settings.master_key_file is not None:
        return _read_key(settings.master_key_file, "induk")
    if settings.database_url is not None:
        raise SettingsError("Setel DAMPINGI_MASTER_KEY (atau DAMPINGI_MASTER_KEY_FILE): 32 byte acak dalam base64")
    return _read_key(_own_key_file(settings.data_dir, "master.key"), "induk")


def ledger_key(settings: Settings) -> bytes | None:
    """What signs the checkpoints; None in a process that was given no such key. The embedded database makes one up."""
    if settings.ledger_key is not None:
        return settings.ledger_key
    if settings.ledger_key_file is not None:
        return _read_key(settings.ledger_key_file, "buku")
    if settings.database_url is not None:
        return None
    return _read_key(_own_key_file(settings.data_dir, "ledger.key"), "buku")


def signing_key(settings: Settings) -> bytes:
    """The same for who has to have it. Raises SettingsError."""
    key = ledger_key(settings)
    if key is None:
        raise SettingsError("Setel DAMPINGI_LEDGER_KEY (atau DAMPINGI_LEDGER_KEY_FILE): 32 byte acak dalam base64")
    return key


def spool_dir(settings: Settings) -> Path:
    """The folder of what is noted and not yet in the database."""
    return settings.spool_dir or settings.data_dir / "spool"


def former_master_key(settings: Settings) -> bytes | None:
    """The key that is being taken out of force, where one is named."""
    if settings.master_key_before is None and settings.master_key_before_file is not None:
        return _read_key(settings.master_key_before_file, "induk lama")
    return settings.master_key_before


def root() -> Path:
    """Where juknis/ and web/ are: beside the packages in a checkout, inside the service package when installed."""
    here = Path(__file__).resolve().parent
    if (here.parent / "pyproject.toml").is_file():
        return here.parent
    return here / "_data"


def _own_key_file(data_dir: Path, name: str) -> Path:
    """Two first starts may meet here: the file appears whole under its name, and the first one wins."""
    path = data_dir / name
    if path.exists():
        return path
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = data_dir / f"{name}.{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path


def _read_key(path: Path, what: str) -> bytes:
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except (OSError, ValueError) as problem:
        raise SettingsError(f"Kunci {what} tidak dapat dibaca dari {path}: {problem}") from None
    if len(key) != KEY_BYTES:
        raise SettingsError(f"Kunci {what} di {path} harus {KEY_BYTES} byte dalam base64")
    return key


def _data_dir(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_DATA_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".local" / "share")
    return Path(base) / "dampingi"


def _path(kind: type, text: object) -> object:
    if kind is Path:
        return text if isinstance(text, Path) else Path(str(text)).expanduser()
    raise NotImplementedError
