"""Another system is called when a referral changes: in order, signed, once each, however long it was away."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
import pytest
from click.testing import CliRunner

from service import webhooks as calling
from service.access import Unit
from service.cli import main
from service.places import Place
from service.sealing import Sealing
from service.webhooks import TRIES, Webhooks, signature
from tests.doors.conftest import Phone
from tests.doors.test_fhir import refer
from tests.doors.test_pairs import shown
from tests.doors.test_referrals import steps
from tests.kabupaten import CODE, MASTER, RSUD

Phones = Callable[[str], Phone]


class Receiver:
    """A hospital's own little server."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.status: Callable[[dict[str, Any]], int] = lambda _: 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                said = json.loads(body)
                status = receiver.status(said)
                if status < 300:
                    receiver.heard.append(said)
                    receiver.headers.append({k.lower(): v for k, v in self.headers.items()})
                    receiver.bodies.append(body)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quietly."""

        self._handler = Handler
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._serve()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/rujukan"

    def _serve(self) -> None:
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def down(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def up(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
        self._serve()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.down()


@pytest.fixture
def webhooks(places: dict[str, Place]) -> Iterator[Webhooks]:
    place = places[CODE]
    made = Webhooks(place._pool, place.tenant, Sealing(MASTER, place.tenant.schema))
    yield made
    for one in made.all():
        made.end(one.id)


@pytest.fixture
def tell(webhooks: Webhooks, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Let the webhooks be called once the lists show everything; pauses pass at once."""
    monkeypatch.setattr(calling, "PAUSES", (0,))

    def told() -> int:
        shown(places[CODE])
        with httpx.Client(timeout=5) as client:
            return webhooks.deliver(client)

    return told


def states(receiver: Receiver, referral: str) -> list[str]:
    return [said["state"] for said in receiver.heard if said["referral"] == referral]


def newest(webhooks: Webhooks, number: UUID) -> calling.Webhook:
    return next(one for one in webhooks.all() if one.id == number)


def test_every_change_is_told_once_in_order_and_signed(
    webhooks: Webhooks, receiver: Receiver, tell: Callable[[], int], phone: Phones
) -> None:
    number = webhooks.add(RSUD, receiver.url, "SIMRS")
    case, referral = refer(phone)
    steps(phone("rina"), case, referral, "send", via="aplikasi")
    steps(phone("sari"), case, referral, "accept")
    assert tell() == 3
    assert tell() == 0
    assert states(receiver, referral) == ["dibuat", "dikirim", "diterima"]
    positions = [said["position"] for said in receiver.heard]
    assert positions == sorted(set(positions))
    assert [int(h["dampingi-position"]) for h in receiver.headers] == positions
    for headers, body in zip(receiver.headers, receiver.bodies, strict=True):
        at, signed = (part.split("=", 1)[1] for part in headers["dampingi-signature"].split(","))
        assert signature(webhooks.secret(number), at, body) == signed
        assert abs(time.time() - int(at)) < 60
        assert b"Budi" not in body


def test_a_receiver_that_was_down_goes_on_where_it_stopped(
    webhooks: Webhooks, receiver: Receiver, tell: Callable[[], int], phone: Phones
) -> None:
    number = webhooks.add(RSUD, receiver.url, "SIMRS")
    case, referral = refer(phone)
    assert tell() == 1
    receiver.down()
    steps(phone("sari"), case, referral, "accept", "arrive")
    for n in range(TRIES + 3):
        assert tell() == 0
        assert newest(webhooks, number).failures == n + 1
    assert newest(webhooks, number).error == "ConnectError"
    assert webhooks.dead_letters(number) == ()
    receiver.up()
    steps(phone("sari"), case, referral, "begin-treatment")
    assert tell() == 3
    assert states(receiver, referral) == ["dibuat", "diterima", "tiba", "ditangani"]
    assert newest(webhooks, number).failures == 0


def test_the_pause_grows_with_every_failure(
    webhooks: Webhooks, receiver: Receiver, tell: Callable[[], int], phone: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = webhooks.add(RSUD, receiver.url, "SIMRS")
    receiver.status = lambda _: 503
    refer(phone)
    monkeypatch.setattr(calling, "PAUSES", (0, 3600))
    assert tell() == 0
    assert tell() == 0
    assert newest(webhooks, number).failures == 2
    receiver.status = lambda _: 200
    assert tell() == 0  # an hour has not passed
    assert newest(webhooks, number).failures == 2


def test_what_a_receiver_will_not_take_is_a_dead_letter_and_can_be_sent_again(
    webhooks: Webhooks, receiver: Receiver, tell: Callable[[], int], phone: Phones
) -> None:
    number = webhooks.add(RSUD, receiver.url, "SIMRS")
    case, referral = refer(phone)
    steps(phone("sari"), case, referral, "accept", "arrive")
    receiver.status = lambda said: 400 if said["state"] == "diterima" else 204
    for _ in range(TRIES + 1):
        tell()
    assert states(receiver, referral) == ["dibuat", "tiba"]
    [letter] = webhooks.dead_letters(number)
    assert (letter.error, letter.taken_at, newest(webhooks, number).dead) == ("HTTP 400", None, 1)
    assert webhooks.replay(number) == 1
    assert tell() == 0
    assert webhooks.dead_letters(number)[0].error == "HTTP 400"
    receiver.status = lambda _: 204
    assert tell() == 0  # nobody asked again
    assert webhooks.replay(number, letter.position) == 1
    assert tell() == 1
    assert states(receiver, referral) == ["dibuat", "tiba", "diterima"]
    assert newest(webhooks, number).dead == 0
    assert webhooks.replay(number) == 0


def test_a_webhook_can_be_told_everything_again_and_be_ended(
    webhooks: Webhooks, receiver: Receiver, tell: Callable[[], int], phone: Phones
) -> None:
    _, referral = refer(phone)
    number = webhooks.add(RSUD, receiver.url, "SIMRS")
    assert tell() == 0
    assert webhooks.rewind(number, 0)
    assert tell() > 0
    assert states(receiver, referral) == ["dibuat"]
    assert webhooks.end(number)
    refer(phone)
    assert tell() == 0
    assert not webhooks.end(number)
    assert not webhooks.rewind(number, 0)


def test_a_facility_hears_only_of_its_own(
    webhooks: Webhooks, receiver: Receiver, tell: Callable[[], int], phone: Phones, places: dict[str, Place]
) -> None:
    places[CODE].accounts.put_unit(Unit("9901RS03", "rs", "RS Ketiga", CODE))
    webhooks.add("9901RS03", receiver.url, "SIMRS")
    refer(phone)
    assert tell() == 0
    _, referral = refer(phone, "9901RS03")
    assert tell() == 1
    assert [said["referral"] for said in receiver.heard] == [referral]


def test_two_processes_do_not_tell_it_twice(
    webhooks: Webhooks, receiver: Receiver, tell: Callable[[], int], phone: Phones
) -> None:
    webhooks.add(RSUD, receiver.url, "SIMRS")
    _, referral = refer(phone)
    receiver.status = lambda _: (time.sleep(0.3), 204)[1]
    threads = [threading.Thread(target=tell) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states(receiver, referral) == ["dibuat"]


@pytest.mark.parametrize(
    "url", ["http://rs.example/x", "ftp://rs.example", "https://", "https://nama:sandi@rs.example/", "rs.example"]
)
def test_an_address_that_others_could_read_is_refused(webhooks: Webhooks, url: str) -> None:
    with pytest.raises(ValueError, match="Alamat"):
        webhooks.add(RSUD, url, "SIMRS")


def test_the_thread_calls_by_itself(
    webhooks: Webhooks, receiver: Receiver, phone: Phones, places: dict[str, Place]
) -> None:
    webhooks.add(RSUD, receiver.url, "SIMRS")
    stop = threading.Event()
    schema, dsn = webhooks.tenant.schema, webhooks.tenant.dsn
    thread = threading.Thread(target=calling.run, args=(dsn, {schema: webhooks}, stop))
    thread.start()
    _, referral = refer(phone)
    ends = time.monotonic() + 20
    while not states(receiver, referral) and time.monotonic() < ends:
        time.sleep(0.05)
    stop.set()
    thread.join(15)
    assert not thread.is_alive()
    assert states(receiver, referral) == ["dibuat"]


def test_the_operator_sees_and_mends_it_on_the_command_line(
    webhooks: Webhooks, receiver: Receiver, tell: Callable[[], int], phone: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64

    monkeypatch.setenv("DATABASE_URL", webhooks.tenant.dsn)
    monkeypatch.setenv("DAMPINGI_TENANTS", CODE)
    monkeypatch.setenv("DAMPINGI_MASTER_KEY", base64.b64encode(MASTER).decode())

    def typed(*words: str) -> str:
        said = CliRunner().invoke(main, ["webhook", *words])
        assert said.exit_code == 0, said.output
        return said.output

    added = typed("add", "--unit", RSUD, "--url", receiver.url, "--label", "SIMRS RSUD")
    number = added.split()[0]
    assert added.split()[-1] == webhooks.secret(UUID(number))
    receiver.status = lambda _: 422
    refer(phone)
    for _ in range(TRIES):
        tell()
    assert "1 tidak diterima  SIMRS RSUD" in typed("list")
    assert "HTTP 422" in typed("dead")
    assert typed("replay", number) == "1 kabar dikirim sekali lagi\n"
    assert typed("rewind", number, "0") == "mulai lagi sesudah posisi 0\n"
    assert typed("end", number) == "berakhir\n"
    wrong = CliRunner().invoke(main, ["webhook", "add", "--unit", "X", "--url", receiver.url, "--label", "x"])
    assert (wrong.exit_code, "Tidak ada unit X" in wrong.output) == (1, True)
