"""Entries a second through the write door, alone and as outboxes: python -m bench.entries [--json FILE]

Everybody has a session and keeps a connection open; each entry is a measurement of a child whose story has about 20
events. The bounds are plain INSERTs of rows of the same log by psycopg over one connection, into a table like it: one
row a commit beside single entries, and 100 a commit in a pipeline beside outboxes. A commit waits for the disk.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import cycle, islice
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg
import uvloop
from psycopg.sql import SQL, Identifier
from uuid_utils.compat import uuid7

from bench.follow import following_process
from bench.ground import Figures, Ground, ground, in_kecamatan, percentiles, show, where_asked
from bench.lists import serving
from projections import log
from service import following, lives
from service.accounts import Accounts
from service.store import connect

KECAMATAN = 1
SHORT, LONG = 12, 26
"""Events in the stories that are measured; fewer and more are left alone."""
CLIENTS = (1, 16, 64)
OUTBOX, OUTBOX_CLIENTS = 50, (1, 4)
SECONDS = 4.0
PEOPLE, PASSWORD = 16, "bench-of-the-door"
REACH, REACH_P95_MS, REACH_OUTBOX = 0.35, 30, 0.10

Bodies = Callable[[], bytes]


def main() -> None:
    path = where_asked(__doc__.splitlines()[0] if __doc__ else "")
    with ground(KECAMATAN) as made:
        following.catch_up(made.dsn, made.followed(), 5_000)
        people = hire(made)
        with serving(made) as port, asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            figures = measure(made, Door(loop, port, people))
    show(figures, path)


def measure(made: Ground, door: Door) -> Figures:
    children = about_twenty(made)
    figures: Figures = {"children": len(children), "events_a_story_before": depth(made, children), **bounds(made)}
    today = made.today()
    singly, together = measurements(children, today, 1), measurements(children, today, OUTBOX)
    for count in CLIENTS:
        with kept(made):
            figures |= told(f"single_{_clients(count)}", door.run(count, singly, 1), 1)
    for count in OUTBOX_CLIENTS:
        with kept(made):
            figures |= told(f"outbox_{_clients(count)}", door.run(count, together, OUTBOX), OUTBOX)
    with following_process(made):
        figures |= told("single_16_clients_while_followed", door.run(16, singly, 1), 1)
        figures |= told("outbox_1_client_while_followed", door.run(1, together, OUTBOX), OUTBOX)
    row, pipeline = figures["bound_one_a_commit_per_second"], figures["bound_pipelined_per_second"]
    return {
        **figures,
        "events_a_story_after": depth(made, children),
        "single_ratio": round(figures["single_16_clients_per_second"] / row, 3),
        "single_while_followed_ratio": round(figures["single_16_clients_while_followed_per_second"] / row, 3),
        "reach_single_ratio": REACH,
        "reach_single_p95_ms": REACH_P95_MS,
        "outbox_ratio": round(figures["outbox_1_client_per_second"] / pipeline, 3),
        "outbox_4_clients_ratio": round(figures["outbox_4_clients_per_second"] / pipeline, 3),
        "reach_outbox_ratio": REACH_OUTBOX,
    }


def _clients(count: int) -> str:
    return f"{count}_client{'s' if count > 1 else ''}"


def told(label: str, took: Sequence[float], entries: int) -> Figures:
    """Entries a second, and how long a request waited."""
    rate = round(len(took) * entries / SECONDS)
    return {f"{label}_per_second": rate, **{f"{label}_{p}": value for p, value in percentiles(took).items()}}


# What is sent


def about_twenty(made: Ground) -> list[UUID]:
    """Children with a story of about 20 events."""
    text = """
    SELECT case_id
    FROM {}
    GROUP BY case_id
    HAVING count(*) BETWEEN %s AND %s AND bool_or(topic = 'child.registered')
       AND NOT bool_or(topic IN ('child.died', 'child.moved', 'case.closed'))
    """
    with psycopg.connect(made.dsn) as conn:
        return [case for (case,) in conn.execute(SQL(text).format(_events(made)), [SHORT, LONG])]


def depth(made: Ground, children: Sequence[UUID]) -> float:
    """Events in the story of one of them."""
    text = "SELECT count(*) FROM {} WHERE case_id = ANY(%s)"
    with psycopg.connect(made.dsn) as conn:
        row = conn.execute(SQL(text).format(_events(made)), [list(children)]).fetchone()
        assert row is not None
        return round(row[0] / len(children), 1)


@contextmanager
def kept(made: Ground) -> Iterator[None]:
    """The stories are put back afterwards, so that each run finds them as long as the one before."""
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        before = log.head(conn, made.schema)
        yield
        entries = Identifier(made.schema, "entries")
        conn.execute(SQL("DELETE FROM {} WHERE position > %s").format(_events(made)), [before])
        conn.execute(SQL("DELETE FROM {} WHERE first > %s").format(entries), [before])
        conn.execute(SQL("VACUUM ANALYZE {}, {}").format(_events(made), entries))


def measurements(children: Sequence[UUID], on: date, many: int) -> Bodies:
    """Requests of so many entries each, going round the children."""
    turn = cycle(children)
    command = {"do": "child.measure", "on": on.isoformat(), "kg": 9.4, "cm": 76.5, "lying": True}

    def body() -> bytes:
        those = islice(turn, many)
        return json.dumps([{"entry": str(uuid7()), "case": str(one), "command": command} for one in those]).encode()

    return body


# Who sends it


def hire(made: Ground) -> list[str]:
    """TPG of the puskesmas, who may weigh in all its posyandu, each with an account of their own."""
    logins = [f"tpg{number}" for number in range(PEOPLE)]
    with connect(made.dsn, 1, 2) as pool:
        accounts = Accounts(pool, made.tenant)
        for login in logins:
            account = accounts.open_account(login, login, PASSWORD)
            accounts.give_post(account, "puskesmas-tpg", in_kecamatan(lives.PUSKESMAS, 0), date(2020, 1, 1))
    return logins


class Door:
    """The service, and people who send to it all at once."""

    def __init__(self, loop: asyncio.Runner, port: int, people: Sequence[str]) -> None:
        self._loop = loop
        self._phones = [Phone(port) for _ in range(max(CLIENTS))]
        for phone, login in zip(self._phones, cycle(people), strict=False):
            loop.run(phone.sign_in(login))

    def run(self, count: int, bodies: Bodies, many: int) -> list[float]:
        """What each request took, so many people sending again and again for some seconds."""
        return self._loop.run(_all(self._phones[:count], bodies, many))


async def _all(phones: Sequence[Phone], bodies: Bodies, many: int) -> list[float]:
    for phone in phones:
        await phone.connect()
    ends = perf_counter() + SECONDS
    took = await asyncio.gather(*(_one(phone, bodies, many, ends) for phone in phones))
    return [seconds for of_phone in took for seconds in of_phone]


async def _one(phone: Phone, bodies: Bodies, many: int, ends: float) -> list[float]:
    took: list[float] = []
    while (start := perf_counter()) < ends:
        answer = await phone.ask("POST", "/entries", bodies())
        took.append(perf_counter() - start)
        if answer.count(b'"answer":"recorded"') != many:
            raise RuntimeError(f"not recorded: {answer[:300]!r}")
    return took


class Phone:
    """Somebody with a connection kept open, speaking plain HTTP: a client library costs more than the door."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}

    async def connect(self) -> None:
        """Anew: the service hangs up after five seconds of silence."""
        self._from, self._to = await asyncio.open_connection("127.0.0.1", self._port)

    async def sign_in(self, login: str) -> None:
        await self.connect()
        await self.ask("GET", "/masuk")
        await self.ask("POST", "/sign-in", json.dumps({"login": login, "password": PASSWORD}).encode())

    async def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._to.write(
            f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\naccept-encoding: gzip\r\n"
            f"cookie: {cookies}\r\nx-csrf-token: {self._cookies.get('csrf', '')}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        status, *headers = (await self._from.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        said = [(name.lower(), value) for name, _, value in (header.partition(": ") for header in headers)]
        answer = await self._from.readexactly(int(dict(said)["content-length"]))
        if " 200 " not in status:
            raise RuntimeError(f"{method} {path}: {status} {answer[:300]!r}")
        for cookie in (value for name, value in said if name == "set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return gzip.decompress(answer) if ("content-encoding", "gzip") in said else answer


# The bounds


def bounds(made: Ground) -> Figures:
    """Rows of the log, written again by nothing but psycopg into an empty table with the same columns and indexes."""
    with psycopg.connect(made.dsn, autocommit=True) as conn:
        conn.execute(SQL("CREATE TABLE bench_bound (LIKE {} INCLUDING ALL)").format(_events(made)))
        text = SQL("SELECT * FROM {} WHERE topic = 'child.measured' ORDER BY position").format(_events(made))
        rows = conn.execute(text, binary=True).fetchall()
        singly = written(conn, rows, 1)
        conn.execute("TRUNCATE bench_bound")
        together = written(conn, rows, 100)
        conn.execute("DROP TABLE bench_bound")
    return {"bound_one_a_commit_per_second": round(singly), "bound_pipelined_per_second": round(together)}


def written(conn: psycopg.Connection[Any], rows: Sequence[tuple[Any, ...]], together: int) -> float:
    """Rows a second, so many in a commit; for some seconds, or until there are no more."""
    insert = f"INSERT INTO bench_bound VALUES ({', '.join(['%b'] * len(rows[0]))})"
    start, done = perf_counter(), 0
    while perf_counter() - start < SECONDS and done < len(rows):
        batch = rows[done : done + together]
        if together == 1:
            conn.execute(insert, batch[0], prepare=True)
        else:
            with conn.transaction(), conn.pipeline():
                conn.cursor().executemany(insert, batch)
        done += len(batch)
    return done / (perf_counter() - start)


def _events(made: Ground) -> Identifier:
    return Identifier(made.schema, "events")


if __name__ == "__main__":
    main()
