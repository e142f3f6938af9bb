"""Markers planted in everything personal, through the real service, and looked for in every file it leaves behind.

Its own PostgreSQL, its own processes: what is searched is the whole data directory, byte by byte, and all they said.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import msgspec
import psycopg
import pytest
from uuid_utils.compat import uuid7

from domain import desa
from domain.case import Personal
from domain.pregnancy import child_case
from domain.stories import COMMANDS
from projections.people import normal
from service import access, embedded
from service.accounts import Accounts
from service.beginnings import begin_units
from service.sealing import sealing_of
from service.settings import load
from service.store import Store, connect
from service.tenants import tenants
from tests.doors.conftest import Phone, entry
from tests.doors.least import least
from tests.kabupaten import CODE, KEDAUNG, MELATI, PASSWORD, PEOPLE, SCHEMA, UNITS

MASTER = base64.b64encode(b"m" * 32).decode()
LISTS = {"people", "queue", "growth", "pmt", "fed", "referral", "pg_statistic"}
"""Where identity may stand in the clear: the disposable lists, and what PostgreSQL gathers of their columns."""

TODAY = (date.today() - timedelta(days=1)).isoformat()


class Marks:
    """A word of its own for every field of everything that is told."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}
        self._count = 0

    def word(self, where: str) -> str:
        self._count += 1
        letters = "".join(chr(ord("a") + int(digit)) for digit in f"{self._count:04}")
        return self._plant(where, f"Xyqu{letters}vex")

    def number(self, where: str) -> str:
        self._count += 1
        return self._plant(where, f"9173{self._count:04}88{self._count:04}31")

    def personal(self, where: str) -> dict[str, str]:
        """Every field of Personal, each with its own."""
        numbers = ("nik", "kk", "mother_nik", "phone")
        return {
            field: self.number(f"{where}.{field}") if field in numbers else self.word(f"{where}.{field}")
            for field in Personal.__struct_fields__
        }

    def _plant(self, where: str, mark: str) -> str:
        self.planted[mark] = where
        return mark

    @property
    def sought(self) -> re.Pattern[bytes]:
        """As it was typed, in small letters, and as names are made alike for searching."""
        forms = {form for mark in self.planted for form in (mark, mark.lower(), normal(mark)) if len(form) > 6}
        return re.compile(b"|".join(re.escape(form.encode()) for form in sorted(forms)))


class House(NamedTuple):
    """The service as it is installed, with its own database, and all that its processes said."""

    folder: Path
    said: Path
    address: str
    environ: dict[str, str]

    def owner(self) -> psycopg.Connection[Any]:
        return psycopg.connect(embedded.start(self.folder, embedded.OWNER), autocommit=True)

    def phone(self, login: str) -> Phone:
        one = Phone(httpx.Client(base_url=self.address, timeout=30))  # type: ignore[arg-type]
        assert one.sign_in(login).status_code == 200
        return one

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", *words], env=self.environ, capture_output=True, text=True, check=False
        )
        with self.said.open("a") as file:
            file.write(done.stdout + done.stderr)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="dampingi-marks-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder, said = Path(name) / "data", Path(name) / "said"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        kept = {name: text for name, text in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        environ = {**kept, "DAMPINGI_DATA_DIR": str(folder), "DAMPINGI_TENANTS": CODE, "DAMPINGI_MASTER_KEY": MASTER,
                   "DAMPINGI_PORT": str(port), "DAMPINGI_REQUESTS_PER_MINUTE": "1000000"}  # fmt: skip
        there = House(folder, said, f"http://127.0.0.1:{port}", environ)
        there.command("migrate")
        _furnish(environ)
        with said.open("a") as file:
            running = [
                subprocess.Popen([sys.executable, "-m", "service.cli", word], env=environ, stdout=file, stderr=file)
                for word in ("serve", "follow")
            ]
            try:
                _wait_for(there.address)
                yield there
            finally:
                for process in running:
                    process.send_signal(signal.SIGTERM)
                for process in running:
                    process.wait(30)
                embedded.stop(folder)


def _furnish(environ: dict[str, str]) -> None:
    settings = load(environ)
    tenant = tenants(settings, embedded.dsn(settings))[CODE]
    with connect(tenant.dsn, 1, 2) as pool:
        accounts = Accounts(pool, tenant)
        for unit in UNITS:
            accounts.put_unit(unit)
        for login, name, role, unit in PEOPLE:
            accounts.give_post(accounts.open_account(login, name, PASSWORD), role, unit, date(2020, 1, 1))  # type: ignore[arg-type]
        sealing = sealing_of(settings, tenant.schema)
        store = Store(pool, tenant.schema, sealing, tenant.zone, lambda _: "2025")
        begin_units(store, accounts.units(), date(2020, 1, 1), datetime.now(tenant.zone))


def _wait_for(address: str) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            if httpx.get(f"{address}/health/ready").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError("the service did not start")


def _followed(house: House) -> None:
    ends = time.monotonic() + 60
    with house.owner() as conn:
        while time.monotonic() < ends:
            row = conn.execute(
                f"SELECT (SELECT last FROM {SCHEMA}.head) - (SELECT min(position) FROM {SCHEMA}.follower)"
            ).fetchone()
            if row == (0,):
                return
            time.sleep(0.1)
    raise AssertionError("the lists did not follow")


def _begun(kind: str, marks: Marks) -> dict[str, Any]:
    place = {"on": "2025-03-10", "desa": KEDAUNG, "posyandu": MELATI, "personal": marks.personal(kind)}
    more: dict[str, dict[str, Any]] = {
        "child": {"do": "child.register", "born": "2025-03-04", "sex": "L"},
        "pregnancy": {"do": "pregnancy.register", "hpht": "2025-01-01", "born": "1998-05-05"},
        "family": {"do": "family.register"},
    }
    return entry(uuid7(), {**more[kind], **place})


def _noted(case: str, marks: Marks) -> list[dict[str, Any]]:
    """Every command that takes a note, asked of this case. Many are refused, and may leave no trace either."""
    found = []
    for command in COMMANDS:
        tag: str = command.__struct_config__.tag  # type: ignore[assignment]
        if "personal" in command.__struct_fields__ and access.WRITES.get(tag):
            if tag in _NOT_NOW or "register" in tag or "report" in tag:
                continue
            found.append(entry(case, {**least(tag), "do": tag, "on": "2025-06-01",
                                      "personal": {"note": marks.word(f"{tag}.note")}}))  # fmt: skip
    return found


_NOT_NOW = frozenset({
    "case.close", "child.die", "child.move", "pregnancy.record-mothers-death", "person.request-transfer",
    "person.accept-transfer", "person.decide-erasure", "person.fulfil-data-request", "person.merge",
    "child.identify", "pregnancy.identify", "family.identify",
})  # fmt: skip
"""What ends the case or takes its names back; a name is told anew below."""


def _answers_of_bad_input(house: House, marks: Marks) -> list[str]:
    """All that was answered to what cannot be taken."""
    siti, answers = house.phone("siti"), []
    mark = marks.word
    bodies = (
        f'[{{"entry":"{uuid7()}","case":"{uuid7()}","command":{{"do":"child.register","name":"{mark("broken")}"',
        f'[{{"entry":"{mark("entry")}","case":"{uuid7()}","command":{{"do":"{mark("do")}"}}}}]',
        f'[{{"entry":"{uuid7()}","case":"{uuid7()}","{mark("key")}":1,"command":{{"do":"child.measure"}}}}]',
        f'[{{"entry":"{uuid7()}","case":"{uuid7()}","command":{{"do":"child.measure","on":"{mark("on")}","kg":5}}}}]',
        f'"{mark("text")}"',
    )
    headers = {"content-type": "application/json"}
    answers += [siti.post("/entries", content=body, headers=headers) for body in bodies]
    paths = ("/kasus/{}", "/cases/{}", "/{}", "/isi/{}", "/daftar/{}", "/rujukan/{}/x/surat.pdf", "/fhir/Patient/{}")
    for path in paths:
        answers += [siti.page(path.format(mark(path))), siti.get(path.format(mark(path)))]
    for path in ("/daftar/kader?keadaan={}", "/queues/kader?due={}", "/kasus/0?sesudah={}", "/daftar/kader?sesudah={}"):
        answers += [siti.page(path.format(mark(path))), siti.get(path.format(mark(path)))]
    answers += [siti.post("/sign-in", json={"login": "siti", "password": mark("password")})]
    answers += [siti.fill("/isi/child.register", {"name": mark("form.name"), "entry": mark("form.entry")})]
    stranger = Phone(httpx.Client(base_url=house.address, timeout=30))  # type: ignore[arg-type]
    answers += [stranger.page(f"/cari?q={mark('cari.stranger')}"), stranger.get(f"/people?q={mark('people.stranger')}")]
    with house.owner() as conn:  # what fails within is logged
        conn.execute(f"ALTER TABLE {SCHEMA}.people RENAME TO people_elsewhere")
        answers += [siti.get(f"/people?q={mark('people.failing')}"), siti.page(f"/cari?q={mark('cari.failing')}")]
        conn.execute(f"ALTER TABLE {SCHEMA}.people_elsewhere RENAME TO people")
    assert answers[-1].status_code == answers[-2].status_code == 503
    problems = [a for a in answers if "problem+json" in a.headers.get("content-type", "")]
    assert len(problems) >= 8
    return [a.text for a in problems] + [a.headers.get("location", "") for a in answers]


def _plant(house: House, marks: Marks) -> dict[str, str]:
    """The cases by kind, everything told of them, and what was read of them."""
    rina, cases = house.phone("rina"), {}
    for kind in ("child", "pregnancy", "family"):
        begun = _begun(kind, marks)
        assert rina.send(begun)[0]["answer"] == "recorded"
        cases[kind] = str(begun["case"])
        again = {"do": f"{kind}.identify", "on": "2025-04-01", "personal": marks.personal(f"{kind}.identify")}
        assert rina.send(entry(cases[kind], again))[0]["answer"] == "recorded"
        if kind == "pregnancy":
            cases["newborn"] = _born(rina, cases[kind], marks)
        for login in ("rina", "bagus", "hasan"):
            told = house.phone(login).send(*_noted(cases[kind], marks))
            assert any(one["answer"] == "recorded" for one in told), login
    held = entry(cases["child"], {"do": "care.visit-home", **least("care.visit-home"), "on": "2025-06-01",
                                  "personal": {"note": marks.word("held.note")}}, expects=1)  # fmt: skip
    assert rina.send(held)[0]["answer"] == "held"
    desa_case = str(desa.number(KEDAUNG))
    rina.send(*_noted(desa_case, marks))
    _followed(house)
    for path in ("/daftar/bidan", f"/kasus/{cases['child']}", f"/kasus/{cases['pregnancy']}", "/timbang"):
        assert rina.page(path).status_code == 200, path
    for path in ("/cari?q={}", "/people?q={}", "/daftar/bidan?q={}", "/queues/bidan?text={}"):
        rina.page(path.format(marks.word(path)))
    return cases


def _born(rina: Phone, mother: str, marks: Marks) -> str:
    """A newborn, in whose case the mother's name and numbers stand too."""
    children = [{"sex": "L", "kg": 3.1, "name": marks.word("newborn.name")}]
    born = {"do": "pregnancy.record-outcome", "on": "2025-09-20", "outcome": "lahir-hidup", "children": children}
    assert rina.send(entry(mother, born))[0]["answer"] == "recorded"
    return str(child_case(UUID(mother), 1))


def _forget(house: House, cases: dict[str, str]) -> None:
    """Bidan Rina takes the request, doctor Bagus decides, Kartika of the kabupaten carries it out."""
    rina, bagus, kartika = house.phone("rina"), house.phone("bagus"), house.phone("kartika")
    for case in cases.values():
        said = {"on": TODAY, "request": str(uuid7())}
        received = {"do": "person.receive-data-request", "asks": "menghapus", **said}
        decided = {"do": "person.decide-erasure", "decision": "hapus", "ground": "tidak-perlu-lagi", **said}
        for phone, command in ((rina, received), (bagus, decided), (kartika, {"do": "person.erase-identity", **said})):
            (answer,) = phone.send(entry(case, command))
            assert answer["answer"] == "recorded", answer
    _followed(house)


def _files_with(folder: Path, sought: re.Pattern[bytes]) -> dict[Path, set[bytes]]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and (marks := set(sought.findall(path.read_bytes()))):
            found[path] = marks
    return found


def _relations(house: House, files: Iterator[Path]) -> set[str]:
    """The tables whose file, index or oversized values these are; of other files their folder."""
    with house.owner() as conn:
        rows = conn.execute("""
            SELECT pg_relation_filepath(c.oid), coalesce(t.relname, i.relname, c.relname)
            FROM pg_class AS c
            LEFT JOIN pg_index AS x ON x.indexrelid = c.oid
            LEFT JOIN pg_class AS i ON i.oid = x.indrelid
            LEFT JOIN pg_class AS t ON t.reltoastrelid = coalesce(i.oid, c.oid)
            WHERE pg_relation_filepath(c.oid) IS NOT NULL
        """).fetchall()
    tables = dict(rows)
    cluster = house.folder / "postgresql"
    names = set()
    for path in files:
        inside = str(path.relative_to(cluster)) if path.is_relative_to(cluster) else str(path)
        names.add(tables.get(re.sub(r"(\.\d+|_fsm|_vm)$", "", inside), inside.split("/")[0]))
    return names


def _counts(house: House) -> list[Any]:
    with house.owner() as conn:
        return [
            conn.execute(f"SELECT kind, state, count(*) FROM {SCHEMA}.people GROUP BY 1, 2 ORDER BY 1, 2").fetchall(),
            conn.execute(f"SELECT count(*), count(DISTINCT case_id) FROM {SCHEMA}.growth").fetchall(),
        ]


def test_no_marker_is_left_where_nobody_could_take_it_away(house: House) -> None:
    marks = Marks()
    cases = _plant(house, marks)
    told = _answers_of_bad_input(house, marks)
    sought = marks.sought
    assert len(marks.planted) > 150

    assert not [text for text in told if sought.search(text.encode())], "a problem or an address repeats what was sent"
    assert not sought.findall(httpx.get(f"{house.address}/metrics").content)
    assert not set(sought.findall(house.said.read_bytes())), "the service said it aloud"

    with house.owner() as conn:
        conn.execute(f"ANALYZE {SCHEMA}.people")
        conn.execute(f"ANALYZE {SCHEMA}.queue")
        conn.execute("CHECKPOINT")
    found = _files_with(house.folder, sought)
    where = _relations(house, iter(found))
    assert "people" in where, "or the search finds nothing anywhere"
    assert where <= LISTS | {"pg_wal"}, "identity in the clear where it cannot be taken away"

    keys = _wrapped(house)
    counts = _counts(house)
    _forget(house, cases)
    destroyed = re.compile(b"|".join(map(re.escape, keys)))
    assert _files_with(house.folder, sought), "nothing to clean up, so the rest proves nothing"
    assert _files_with(house.folder, destroyed)
    assert "bersih sampai penghapusan" in house.command("bersihkan-jejak")

    left = _files_with(house.folder, sought)
    assert not left, {str(path): [marks.planted.get(m.decode(), m) for m in found] for path, found in left.items()}
    assert not _files_with(house.folder, destroyed), "a destroyed key can be found"
    assert not sought.findall(house.said.read_bytes())
    assert _counts(house) == counts
    assert "sama dengan catatan" in house.command("check")
    for login, paths in _READ.items():
        phone = house.phone(login)
        for path in (*paths, *(f"/kasus/{case}" for case in cases.values())):
            assert not sought.findall(phone.page(path).content), (login, path)
    assert "sudah bersih" in house.command("bersihkan-jejak")


_READ = {
    "rina": ("/daftar/bidan", "/daftar/kader", "/timbang", "/pmt", "/rujukan", "/people?q=xyqu", "/cari?q=Xyqu"),
    "bagus": ("/daftar/puskesmas-dr", "/rujukan"),
    "hasan": ("/daftar/desa",),
    "kartika": ("/daftar/kabupaten",),
    "yusuf": ("/daftar/inspektorat",),
}


def _wrapped(house: House) -> list[bytes]:
    """The keys of the people, as they are wrapped."""
    with house.owner() as conn:
        rows = conn.execute(
            f"SELECT wrapped FROM {SCHEMA}.person_key WHERE person <> %s", [desa.number(KEDAUNG)]
        ).fetchall()
    return [bytes(row[0]) for row in rows if row[0] is not None]


def test_the_write_ahead_log_is_not_kept_for_reuse(house: House) -> None:
    with house.owner() as conn:
        assert conn.execute("SHOW wal_recycle").fetchone() == ("off",)


def test_msgspec_says_nothing_of_what_it_read() -> None:
    """The errors of the library that reads every request name the place, and not the text."""
    with pytest.raises(msgspec.ValidationError) as told:
        msgspec.json.decode(b'{"name": "Xyquaaaavex", "nik": 7}', type=Personal)
    assert "Xyqu" not in str(told.value)
