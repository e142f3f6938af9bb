"""Role by command by place: who may do and see what, over every door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
from litestar.testing import TestClient
from uuid_utils.compat import uuid7

from domain.case import Refused, Role
from domain.stories import COMMANDS
from projections.queue import BY_NUMBER
from service import access
from service.places import Place
from tests.doors.conftest import Phone, entry, register, weigh
from tests.doors.least import least
from tests.kabupaten import ANGGREK, MELATI, PEOPLE, RSUD

ROLES: tuple[Role, ...] = get_args(Role)
TAGS = [c.__struct_config__.tag for c in COMMANDS]
LOGIN = {role: login for login, _, role, _ in reversed(PEOPLE)}


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    assert set(access.WRITES) == set(TAGS)


def test_every_role_has_a_list_of_its_own_and_a_seat() -> None:
    assert all(access.DESKS[role][0] == role for role in ROLES)
    assert set(access.SEAT) == set(ROLES)


def test_what_is_not_in_the_table_is_forbidden() -> None:
    assert not any(access.may(role, "child.sell") for role in ROLES)


READ_ONLY: tuple[Role, ...] = ("inspektorat", "kecamatan", "kabupaten")


@pytest.mark.parametrize("role", READ_ONLY)
def test_who_supervises_writes_of_units_and_tasks_only(role: Role) -> None:
    of_tasks = {"case.set-aside", "case.reassign", "case.correct", "case.retract"}
    if role == "inspektorat":
        own = {
            "desa.request-evidence", "desa.record-finding", "desa.select-audit-case", "desa.raise-flag", "case.correct",
            "case.retract",
        }  # fmt: skip
        assert {tag for tag in TAGS if access.may(role, tag)} == own
    by_number = BY_NUMBER if role == "kabupaten" else frozenset()
    assert {tag for tag in TAGS if access.may(role, tag) and not tag.startswith("desa.")} <= of_tasks | by_number


@pytest.mark.parametrize("role", ROLES)
def test_the_door_refuses_every_command_the_table_does_not_allow(phone: Callable[[str], Phone], role: Role) -> None:
    """Each command goes in whole or not at all readable; either way no forbidden one comes as far as the case."""
    sent = [entry(uuid7(), {"do": tag, "on": "2025-06-05", **least(tag)}) for tag in TAGS]
    answers = phone(LOGIN[role]).send(*sent)
    for tag, answer in zip(TAGS, answers, strict=True):
        assert answer["answer"] == "refused", (tag, answer)
        expected = {"not-allowed"} if not access.may(role, tag) else {"not-yours", "wrong-desa"}
        assert answer["code"] in expected, (tag, answer)


READERS: dict[str, tuple[bool, bool]] = {
    # login: may open a child of Kedaung / of Waliwis
    "siti": (True, False),
    "wati": (False, True),
    "rina": (True, False),
    "tuti": (False, True),
    "hasan": (True, False),
    "dewi": (True, True),
    "bagus": (True, True),
    "ratna": (False, False),
    "kartika": (False, False),
    "yusuf": (True, True),
    "sari": (False, False),
}
PATHS = ("/cases/{}", "/cases/{}/story", "/cases/{}/growth", "/kasus/{}", "/isi/child.measure?kasus={}", "/salah/{}/1")


@pytest.fixture(scope="module")
def children(phone: Callable[[str], Phone]) -> tuple[str, str]:
    kedaung, waliwis = register(MELATI, "Bintang"), register(ANGGREK, "Cahaya")
    phone("siti").send(kedaung)
    answer = phone("wati").send(waliwis)
    assert answer[0]["answer"] == "recorded"
    return str(kedaung["case"]), str(waliwis["case"])


@pytest.mark.parametrize("login", READERS)
@pytest.mark.parametrize("path", PATHS)
def test_a_case_opens_only_in_its_own_places(
    phone: Callable[[str], Phone], children: tuple[str, str], login: str, path: str
) -> None:
    for case, may in zip(children, READERS[login], strict=True):
        status = phone(login).get(path.format(case)).status_code
        if path.startswith(("/isi", "/salah")):
            assert status in ((200, 403, 404) if may else (403, 404)), (login, path, status)
        else:
            assert status == (200 if may else 404), (login, path, status)


@pytest.mark.parametrize("path", PATHS[:4])
def test_a_case_elsewhere_and_no_case_are_the_same_answer(
    phone: Callable[[str], Phone], children: tuple[str, str], path: str
) -> None:
    elsewhere = phone("wati").get(path.format(children[0]))
    nowhere = phone("wati").get(path.format(uuid7()))
    assert (elsewhere.status_code, elsewhere.content) == (nowhere.status_code, nowhere.content)


@pytest.mark.parametrize("role", ROLES)
def test_a_post_opens_only_the_lists_of_its_desks(phone: Callable[[str], Phone], role: Role) -> None:
    for desk in ROLES:
        status = phone(LOGIN[role]).get(f"/queues/{desk}").status_code
        assert status == (200 if desk in access.DESKS[role] else 404), (role, desk)


def test_a_hospital_opens_the_children_that_were_sent_to_it(
    phone: Callable[[str], Phone], children: tuple[str, str]
) -> None:
    command = {
        "do": "referral.create", "on": "2025-06-05", "referral": str(uuid7()), "to": RSUD, "kind": "rs",
        "reason": "lain",
    }  # fmt: skip
    sent = register(MELATI, "Damar")
    phone("siti").send(sent, entry(sent["case"], command))
    assert phone("sari").get(f"/cases/{sent['case']}").status_code == 200
    assert phone("sari").get(f"/cases/{children[0]}").status_code == 404
    assert phone("sari").send(weigh(children[0]))[0]["code"] == "not-yours"


def test_a_name_is_found_only_in_ones_own_places(phone: Callable[[str], Phone], children: tuple[str, str]) -> None:
    wait = phone("wati").position
    phone("tuti").get(f"/queues/bidan?not_older_than={wait}")
    assert [p["name"] for p in phone("tuti").get("/people?q=cahaya").json()["people"]] == ["Cahaya"]
    assert phone("rina").get("/people?q=cahaya").json()["people"] == []


@pytest.mark.parametrize("login", ["ratna", "kartika", "yusuf", "sari"])
def test_who_supervises_does_not_look_for_names(phone: Callable[[str], Phone], login: str) -> None:
    answer = phone(login).get("/people?q=budi")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


def test_a_kader_sees_two_digits_of_a_nik_and_a_bidan_all(
    phone: Callable[[str], Phone], children: tuple[str, str]
) -> None:
    phone("siti").get(f"/queues/kader?not_older_than={phone('siti').position}")
    shown = {
        login: phone(login).get(f"/cases/{children[0]}").json()["who"]["nik"] for login in ("siti", "hasan", "rina")
    }
    assert shown == {"siti": "*" * 14 + "01", "hasan": "*" * 14 + "01", "rina": "3603330403250001"}


def test_an_inspector_reads_what_was_done_and_not_to_whom(
    phone: Callable[[str], Phone], children: tuple[str, str]
) -> None:
    assert phone("yusuf").get(f"/cases/{children[0]}").json()["who"] is None
    page = phone("yusuf").page(f"/kasus/{children[0]}").text
    assert "Bintang" not in page
    assert "Ani" not in page


def test_hiv_is_never_told_to_kader_or_desa(phone: Callable[[str], Phone]) -> None:
    case = str(uuid7())
    mother = {
        "do": "pregnancy.register", "on": "2025-06-01", "desa": MELATI.split(".")[0], "posyandu": MELATI,
        "hpht": "2025-04-01", "personal": {"name": "Lestari"},
    }  # fmt: skip
    lab = {"do": "pregnancy.record-lab-result", "on": "2025-06-02", "test": "hiv", "result": "reaktif"}
    assert [a["answer"] for a in phone("rina").send(entry(case, mother), entry(case, lab))] == ["recorded"] * 2
    for login in ("siti", "hasan", "yusuf"):
        for path in (f"/cases/{case}/story", f"/kasus/{case}"):
            told = phone(login).page(path).text
            assert "hiv" not in told.lower(), (login, path)
            assert "reaktif" not in told, (login, path)
    assert "HIV" in phone("rina").page(f"/kasus/{case}").text


def test_what_is_hidden_does_not_shift_what_a_kader_takes_back(phone: Callable[[str], Phone]) -> None:
    """Her list counts without the result she may not know of; the number she sends is the one she saw."""
    case = str(uuid7())
    mother = {
        "do": "pregnancy.register", "on": "2025-06-01", "desa": MELATI.split(".")[0], "posyandu": MELATI,
        "hpht": "2025-04-01", "personal": {"name": "Puspa"},
    }  # fmt: skip
    lab = {"do": "pregnancy.record-lab-result", "on": "2025-06-02", "test": "sifilis", "result": "nonreaktif"}
    phone("rina").send(entry(case, mother), entry(case, lab))
    phone("siti").send(entry(case, {"do": "pregnancy.measure", "on": "2025-06-03", "kg": 48.0}))
    told = phone("siti").get(f"/cases/{case}/story").json()["told"]
    assert [(t["number"], t["topic"]) for t in told] == [(2, "pregnancy.measured"), (1, "pregnancy.registered")]
    retract = {"do": "case.retract", "on": "2025-06-04", "version": 2, "reason": "salah-orang"}
    assert phone("siti").send(entry(case, retract))[0]["answer"] == "recorded"
    seen = {t["topic"]: t["retracted_by"] for t in phone("rina").get(f"/cases/{case}/story").json()["told"]}
    assert (seen["pregnancy.lab-result"], seen["pregnancy.measured"]) == (None, 4)


def test_a_post_that_has_ended_gives_no_rights(place: Place) -> None:
    units = place.accounts.units()
    nowhere = access.territory("bidan", units[MELATI], units)
    assert nowhere == access.Territory()


def test_every_door_but_the_open_ones_asks_who_you_are(service: TestClient[Any], stranger: Phone) -> None:
    opened = set()
    for route in service.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if "GET" in handler.http_methods and "{" not in route.path:
                status = stranger.get(route.path).status_code
                if status != 401:
                    opened.add(route.path)
    assert opened == {
        "/masuk", "/health", "/health/live", "/health/ready", "/metrics", "/schema", "/schema/openapi.json",
        "/fhir/metadata",
    }  # fmt: skip


def test_the_check_itself_raises_for_a_forbidden_command(place: Place) -> None:
    units = place.accounts.units()
    post = access.Post(uuid7(), "desa", units[MELATI.split(".")[0]], __import__("datetime").date(2020, 1, 1))
    who = access.Who("9901", uuid7(), "Hasan", post, access.territory("desa", post.unit, units))
    measure = next(c for c in COMMANDS if c.__struct_config__.tag == "child.measure")
    with pytest.raises(Refused, match="not-allowed"):
        access.check(who, measure(on=__import__("datetime").date(2025, 6, 5), kg=7.0), None)


def test_the_inspectorate_sees_the_work_of_every_desk_and_not_whose_it_is(phone: Callable[[str], Phone]) -> None:
    who = {"name": "Zulaikha Tersembunyi", "mother": "Maimunah Rahasia", "address": "Kp. Rahasia", "rt": "007"}
    sent = register(MELATI, personal=who)
    danger = entry(sent["case"], {"do": "care.report-danger-sign", "on": "2025-06-05", "signs": ["kejang"]})
    phone("siti").send(sent, danger)
    asked = f"/queues/bidan?limit=200&not_older_than={phone('siti').position}"
    seen = phone("yusuf").get(asked)
    [task] = [t for t in seen.json()["tasks"] if t["case"] == sent["case"] and t["rule"] == "C33"]
    assert (task["name"], task["mother"], task["address"], task["rt"]) == ("Z. T.", "M. R.", "", "")
    assert "Tersembunyi" not in seen.text
    assert "Tersembunyi" not in phone("yusuf").page("/daftar/bidan").text
    everything = phone("yusuf").get("/queues/bidan?limit=200").json()["counts"]["open"]
    assert phone("yusuf").get("/queues/bidan?limit=200&q=tersembunyi").json()["counts"]["open"] == everything
