"""The real service in front of the small kabupaten, and phones that speak to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar.testing import TestClient
from uuid_utils.compat import uuid7

from service import app
from service.places import Place
from service.settings import Settings
from tests.kabupaten import MELATI, PASSWORD


@pytest.fixture(scope="session")
def service(settings: Settings, places: dict[str, Place]) -> Iterator[TestClient[Any]]:
    with TestClient(app.create(settings, places), raise_server_exceptions=False) as client:
        yield client


class Phone:
    """Somebody with a session of their own."""

    def __init__(self, service: TestClient[Any]) -> None:
        self._service = service
        self.cookies: dict[str, str] = {}

    def sign_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        self.get("/masuk")
        return self.post("/sign-in", json={"login": login, "password": password})

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self._kept("GET", path, **how)

    def post(self, path: str, csrf: bool = True, **how: Any) -> httpx.Response:
        headers = {"x-csrf-token": self.cookies.get("csrf", "")} if csrf else {}
        return self._kept("POST", path, headers={**headers, **how.pop("headers", {})}, **how)

    def page(self, path: str) -> httpx.Response:
        return self.get(path, headers={"accept": "text/html"})

    def fill(self, path: str, data: dict[str, Any]) -> httpx.Response:
        form = {"_csrf_token": self.cookies.get("csrf", ""), **data}
        return self._kept("POST", path, data=form, headers={"accept": "text/html"})

    def _kept(self, method: str, path: str, **how: Any) -> httpx.Response:
        self._service.cookies.clear()
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        how["headers"] = {**how.get("headers", {}), "cookie": cookie}
        answer = self._service.request(method, path, follow_redirects=False, **how)
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        if "sesi=;" in answer.headers.get("set-cookie", "") or 'sesi="";' in answer.headers.get("set-cookie", ""):
            self.cookies.pop("sesi", None)
        return answer

    def send(self, *entries: dict[str, Any]) -> list[dict[str, Any]]:
        """Entries, and the answer of each."""
        answer = self.post("/entries", json=list(entries))
        assert answer.status_code == 200, answer.text
        self.position = answer.json()["position"]
        return answer.json()["answers"]


_signed: dict[str, Phone] = {}


@pytest.fixture
def stranger(service: TestClient[Any]) -> Phone:
    return Phone(service)


@pytest.fixture(scope="session")
def phone(service: TestClient[Any]) -> Callable[[str], Phone]:
    """The phone of somebody who is signed in; the same one all through."""
    signed: dict[str, Phone] = {}

    def of(login: str) -> Phone:
        if login not in signed:
            one = Phone(service)
            assert one.sign_in(login).status_code == 200
            signed[login] = one
        return signed[login]

    return of


def entry(case: UUID | str, command: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"entry": str(uuid7()), "case": str(case), "command": command, **more}


def today() -> date:
    """Today where the small kabupaten is; WIB."""
    from datetime import UTC, datetime

    return (datetime.now(UTC) + timedelta(hours=7)).date()


def register(posyandu: str = MELATI, name: str = "Budi", born: str = "2025-03-04", **more: Any) -> dict[str, Any]:
    """A child in a posyandu."""
    return entry(
        uuid7(),
        {
            "do": "child.register",
            "on": "2025-03-10",
            "born": born,
            "sex": "L",
            "desa": posyandu.split(".")[0],
            "posyandu": posyandu,
            "personal": {"name": name, "mother": "Ani", "nik": "3603330403250001"},
            **more,
        },
    )


def weigh(case: str, on: str = "2025-06-05", kg: Any = 6.1, **more: Any) -> dict[str, Any]:
    return entry(case, {"do": "child.measure", "on": on, "kg": kg, **more})
