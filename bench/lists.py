"""The list of a desk through the real service, by 1 and 16 people, and its tenth page: python -m bench.lists [--json F]

Two desks: that of a bidan with three posyandu, and that of a TPG whose puskesmas has 24 of them, the longest list that
one person works from. Everybody has a session, keeps a connection open, and asks again as soon as they are answered.
The bound is the same SELECTs by as many threads with a psycopg connection each, in the same run, the rows fetched and
left as they are.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from threading import Thread
from time import perf_counter
from typing import Any, NamedTuple

import psycopg

from bench.ground import Figures, Ground, ground, in_kecamatan, percentiles, show, where_asked
from domain.case import Role
from projections import log
from projections.queue import worklist
from service import following, lives
from service.accounts import Accounts
from service.store import connect

KECAMATAN = 2
CLIENTS = 16
SECONDS = 6.0
PASSWORD = "bench-of-the-lists"
ROWS = 50
REACH, REACH_P95_MS = 0.35, 25

Ask = Callable[[], object]


class Desk(NamedTuple):
    """A desk and the place it works in."""

    name: str
    role: Role
    unit: str
    desa: tuple[str, ...]


DESKS = (
    Desk("bidan", "bidan", in_kecamatan(lives.DESA[1][0], 0), (in_kecamatan(lives.DESA[1][0], 0),)),
    Desk("tpg", "puskesmas-tpg", in_kecamatan(lives.PUSKESMAS, 0), tuple(in_kecamatan(c, 0) for c, _ in lives.DESA)),
)


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(KECAMATAN) as made:
        following.catch_up(made.dsn, made.followed(), 5_000)
        desks = [(desk, hire(made, desk)) for desk in DESKS]
        with psycopg.connect(made.dsn, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
        with serving(made) as port:
            figures = measure(made, port, desks)
    show(figures, path)


def measure(made: Ground, port: int, desks: Sequence[tuple[Desk, Sequence[str]]]) -> Figures:
    figures: Figures = {"events": size(made)}
    for desk, people in desks:
        phones = [Phone(port, login) for login in people]
        first = f"/queues/{desk.role}?limit={ROWS}"
        figures[f"{desk.name}_lines"] = phones[0].get(first)["counts"]["open"]
        figures |= page(made, desk, phones, f"{desk.name}_first_page", None)
        if figures[f"{desk.name}_lines"] > 9 * ROWS:
            figures |= page(made, desk, phones, f"{desk.name}_tenth_page", cursor(phones[0], first, 9))
    return {**figures, "reach_ratio": REACH, "reach_p95_ms": REACH_P95_MS}


def page(made: Ground, desk: Desk, phones: Sequence[Phone], name: str, after: str | None) -> Figures:
    """One page of a list: the bound, one client, and all of them."""
    path = f"/queues/{desk.role}?limit={ROWS}" + (f"&after={after}" if after else "")
    with selects(made, desk, after) as threads:
        selected = run(threads)
    bound = rate(selected)
    alone, together = run([phones[0].asking(path)]), run([phone.asking(path) for phone in phones])
    return {
        f"{name}_bound_{CLIENTS}_threads_per_second": bound,
        f"{name}_bound_p95_ms": percentiles(selected)["p95_ms"],
        f"{name}_1_client_per_second": rate(alone),
        **{f"{name}_1_client_{p}": value for p, value in percentiles(alone).items()},
        f"{name}_{CLIENTS}_clients_per_second": rate(together),
        **{f"{name}_{CLIENTS}_clients_{p}": value for p, value in percentiles(together).items()},
        f"{name}_ratio": round(rate(together) / bound, 3),
    }


def run(asking: Sequence[Ask]) -> list[float]:
    """What each answer took, all asking again and again for some seconds."""
    took: list[float] = []
    ends = perf_counter() + SECONDS

    def one(ask: Ask) -> None:
        while (start := perf_counter()) < ends:
            ask()
            took.append(perf_counter() - start)

    threads = [Thread(target=one, args=(ask,)) for ask in asking]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def rate(took: Sequence[float]) -> int:
    return round(len(took) / SECONDS)


# The service and its people


def hire(made: Ground, desk: Desk) -> list[str]:
    """Several people of one desk, each with an account of their own."""
    logins = [f"{desk.name}-{n}" for n in range(CLIENTS)]
    with connect(made.dsn, 1, 2) as pool:
        accounts = Accounts(pool, made.tenant)
        for login in logins:
            account = accounts.open_account(login, login, PASSWORD)
            accounts.give_post(account, desk.role, desk.unit, date(2020, 1, 1))
    return logins


@contextmanager
def serving(made: Ground) -> Iterator[int]:
    """One worker of the service, as an operator starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "serve", "--port", str(port)],
        env=made.environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the service does not answer")


class Phone:
    """Somebody signed in, with a connection kept open."""

    def __init__(self, port: int, login: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port)
        self._cookies: dict[str, str] = {}
        self._ask("GET", "/masuk")
        self._ask("POST", "/sign-in", json.dumps({"login": login, "password": PASSWORD}))

    def get(self, path: str) -> Any:
        """On a new connection: the service hangs up after five seconds of silence."""
        self._line.close()
        return json.loads(self._ask("GET", path))

    def asking(self, path: str) -> Ask:
        """The same again and again, the first time on a new connection."""
        self._line.close()
        return lambda: self._ask("GET", path)

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        headers = {
            "accept": "application/json" if path != "/masuk" else "text/html",
            "cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "x-csrf-token": self._cookies.get("csrf", ""),
            "content-type": "application/json",
        }
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]!r}")
        for cookie in answer.headers.get_all("set-cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return text


def cursor(phone: Phone, path: str, pages: int) -> str:
    """Where the page after so many begins, found by turning them over."""
    after = None
    for _ in range(pages):
        after = phone.get(path if after is None else f"{path}&after={after}")["after"]
        if after is None:
            raise RuntimeError("the list is shorter than that")
    assert after is not None
    return after


# The bound


@contextmanager
def selects(made: Ground, desk: Desk, after: str | None) -> Iterator[list[Ask]]:
    """What a request asks of the database, and nothing else, on a connection for each thread."""
    lines = [psycopg.connect(made.dsn, autocommit=True) for _ in range(CLIENTS)]
    try:
        yield [_selecting(made, desk, line, after) for line in lines]
    finally:
        for line in lines:
            line.close()


def _selecting(made: Ground, desk: Desk, line: psycopg.Connection[Any], after: str | None) -> Ask:
    overheard = _Overheard(line)
    now = datetime.now(made.tenant.zone)
    worklist(overheard, made.schema, desk.role, desk.desa, None, now, after=after, limit=ROWS)  # type: ignore[arg-type]

    def ask() -> None:
        log.followed(line, made.schema)
        line.execute(*overheard.said, binary=True).fetchall()

    return ask


class _Overheard:
    """Passes a statement on to a connection and remembers it."""

    def __init__(self, line: psycopg.Connection[Any]) -> None:
        self._line = line
        self.said: tuple[Any, Any] = ("", None)

    def execute(self, statement: Any, asked: Any, **how: Any) -> Any:
        self.said = (statement, asked)
        return self._line.execute(statement, asked, **how)


def size(made: Ground) -> int:
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        return log.head(conn, made.schema)


if __name__ == "__main__":
    main()
