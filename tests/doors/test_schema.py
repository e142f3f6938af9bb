"""What the doors say of themselves: the schema, the problems, the health, the figures for a watcher."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from domain.refusals import DOORS, REFUSALS
from domain.stories import COMMANDS
from service import app
from service.places import open_places
from service.problems import _CODES
from service.settings import Settings
from tests.doors.conftest import Phone, register
from tests.kabupaten import MELATI


@pytest.fixture(scope="module")
def schema(service: TestClient[Any]) -> dict[str, Any]:
    return service.get("/schema/openapi.json").json()  # type: ignore[no-any-return]


def test_every_command_is_described_and_closed_to_unknown_fields(schema: dict[str, Any]) -> None:
    shapes = schema["components"]["schemas"]
    described = {
        shape["properties"]["do"]["enum"][0]: shape for shape in shapes.values() if "do" in shape.get("properties", {})
    }
    assert set(described) == {c.__struct_config__.tag for c in COMMANDS}
    assert all(shape["additionalProperties"] is False for shape in described.values())


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    names = {f'"#/components/schemas/{name}"'.encode() for name in schema["components"]["schemas"]}
    text = msgspec.json.encode(schema)
    used = {b'"' + part.split(b'"')[0] + b'"' for part in text.split(b'"$ref":"')[1:]}
    assert used <= names


def test_every_door_tells_how_it_fails(schema: dict[str, Any]) -> None:
    for path, item in schema["paths"].items():
        for operation in item.values():
            assert "application/problem+json" in operation["responses"]["4XX"]["content"], path


def test_the_page_of_the_schema_needs_nothing_from_elsewhere(service: TestClient[Any]) -> None:
    page = service.get("/schema").text
    assert "POST /entries" in page
    assert "//" not in page.replace("http://www.w3.org", "")


def test_every_code_of_a_door_has_a_sentence() -> None:
    assert {code for _, _, code in _CODES} | {"internal", "not-allowed", "not-yours", "wrong-desa"} <= set(DOORS)
    assert not set(DOORS) & set(REFUSALS)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/tidak-ada", 404, "not-found"),
        ("/entries", 405, "method-not-allowed"),
        ("/cases/bukan-nomor", 404, "not-found"),
        ("/queues/kader?limit=banyak", 400, "bad-question"),
        ("/queues/kader?due=besok", 400, "bad-question"),
        ("/queues/kader?after=rusak", 400, "bad-cursor"),
    ],
)
def test_a_failure_is_a_problem_for_programs_and_a_page_for_people(
    phone: Callable[[str], Phone], path: str, status: int, code: str
) -> None:
    problem = phone("siti").get(path)
    assert (problem.status_code, problem.json()["code"]) == (status, code)
    assert problem.headers["content-type"] == "application/problem+json"
    page = phone("siti").page(path)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert code in page.text


def test_alive_and_ready_are_told_apart(service: TestClient[Any]) -> None:
    assert service.get("/health/live").json() == {"status": "ok"}
    assert service.get("/health").status_code == 200
    assert service.get("/health/ready").json()["behind"].keys() == {"9901"}


def test_the_figures_name_no_case(service: TestClient[Any], phone: Callable[[str], Phone]) -> None:
    phone("siti").get("/cases/01890000-0000-7000-8000-000000000000")
    figures = service.get("/metrics").text
    assert "/cases/{case}" in figures
    assert "01890000" not in figures


def test_the_figures_count_requests_by_route_and_status(
    service: TestClient[Any], phone: Callable[[str], Phone]
) -> None:
    siti = phone("siti")
    recorded, forged = counted(service, 200), counted(service, 403)
    siti.send(register(MELATI))
    siti.post("/entries", csrf=False, content=b"[]")
    assert counted(service, 200) == recorded + 1
    assert counted(service, 403) == forged + 1  # refused before it reached the door
    [waiting] = re.findall(r'requests_in_progress\{.*path="/entries".*\} (.*)', service.get("/metrics").text)
    assert float(waiting) == 0


def counted(service: TestClient[Any], status: int) -> float:
    """Requests to the write door that were answered so, each of them timed."""
    labels = f'{{app_name="dampingi",method="POST",path="/entries",status_code="{status}"}}'
    figures = dict(line.rsplit(" ", 1) for line in service.get("/metrics").text.splitlines())
    requests = float(figures.get(f"dampingi_requests_total{labels}", 0))
    assert requests == float(figures.get(f"dampingi_request_duration_seconds_count{labels}", 0))
    return requests


def test_nothing_that_people_send_or_read_is_logged(
    phone: Callable[[str], Phone], capfd: pytest.CaptureFixture[str]
) -> None:
    phone("siti").get("/people?q=PENANDA")
    phone("siti").post("/entries", content=b'[{"entry": "PENANDA"}, "PENANDA"')
    phone("siti").send({"entry": "PENANDA", "case": "PENANDA", "command": {"do": "child.measure", "kg": "PENANDA"}})
    out, err = capfd.readouterr()
    assert "PENANDA" not in out.replace("httpx", "")
    assert "PENANDA" not in "\n".join(line for line in err.splitlines() if "httpx" not in line)


@pytest.mark.usefixtures("places")
def test_who_asks_too_often_is_told_to_wait(settings: Settings) -> None:
    slow = msgspec.structs.replace(settings, requests_per_minute=3)
    with TestClient(app.create(slow, open_places(slow)), raise_server_exceptions=False) as client:
        answers = [client.get("/masuk", headers={"accept": "application/json"}) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["code"] == "too-often"
    assert answers[-1].headers["retry-after"]
