"""Following referrals: who may, how long each step waited, and a system that was cut off misses and repeats nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from litestar.testing import TestClient
from psycopg.sql import SQL, Identifier
from uuid_utils.compat import uuid7

from service.places import Place
from service.tokens import Scope
from tests.doors.conftest import Phone, entry, register, today
from tests.doors.test_pairs import shown
from tests.kabupaten import CODE, MELATI, PUSKESMAS, RSUD

Phones = Callable[[str], Phone]


class System:
    """Another system, with a token."""

    def __init__(self, service: TestClient[Any], token: str) -> None:
        self._service = service
        self._token = token

    def get(self, path: str, **how: Any) -> httpx.Response:
        self._service.cookies.clear()
        return self._service.get(path, headers={"authorization": f"Bearer {self._token}"}, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        self._service.cookies.clear()
        return self._service.post(path, headers={"authorization": f"Bearer {self._token}"}, **how)


@pytest.fixture
def system(service: TestClient[Any], places: dict[str, Place]) -> Callable[..., System]:
    def of(unit: str = RSUD, *scopes: Scope, role: str = "rs") -> System:
        token = places[CODE].tokens.make(unit, role, "SIMRS", scopes or ("rujukan:baca",))  # type: ignore[arg-type]
        return System(service, token)

    return of


@pytest.fixture
def referred(phone: Phones) -> Callable[..., tuple[str, str]]:
    """A child of Melati, referred by the bidan: its case and its referral."""

    def refer(to: str = RSUD, kind: str = "rs", **more: Any) -> tuple[str, str]:
        child = register(MELATI, f"Anak {uuid7().hex[-6:]}", personal={"name": "Budi Rahasia"})
        number = str(uuid7())
        step = {"do": "referral.create", "on": today().isoformat(), "referral": number, "to": to, "kind": kind,
                "reason": "stunting", "consent": "diberikan", **more}  # fmt: skip
        phone("siti").send(child)
        [answer] = phone("rina").send(entry(str(child["case"]), step))
        assert answer["answer"] == "recorded"
        return str(child["case"]), number

    return refer


def steps(phone: Phone, case: str, referral: str, *tags: str, **more: Any) -> None:
    for tag in tags:
        said = {"do": f"referral.{tag}", "on": today().isoformat(), "referral": referral, **more}
        [answer] = phone.send(entry(case, said))
        assert answer["answer"] == "recorded", answer


def listed(reader: Phone | System, position: int, query: str = "") -> list[dict[str, Any]]:
    """Every page of a list."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        answer = reader.get(f"/referrals?limit=100&not_older_than={position}&{query}{after}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["fresh"]
        found += page["referrals"]
        if page["after"] is None:
            return found
        after = f"&after={page['after']}"


def way(phone: Phone | System, referral: str, position: int) -> dict[str, Any]:
    answer = phone.get(f"/referrals/{referral}?not_older_than={position}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["fresh"]
    return found


def test_the_receiver_sees_a_referral_as_new_as_the_position_of_the_answer(
    phone: Phones, system: Callable[..., System], referred: Callable[..., tuple[str, str]]
) -> None:
    case, number = referred()
    hospital = system()
    [one] = [r for r in listed(hospital, phone("rina").position) if r["referral"] == number]
    assert (one["case"], one["state"], one["sender"], one["receiver"]) == (case, "dibuat", "9901012001", RSUD)
    assert one["name"] == "Budi Rahasia"


def test_every_hand_over_is_told_with_how_long_it_waited(
    phone: Phones, referred: Callable[..., tuple[str, str]]
) -> None:
    case, number = referred()
    steps(phone("rina"), case, number, "send", via="aplikasi")
    steps(phone("sari"), case, number, "accept", "arrive", "begin-treatment")
    steps(phone("sari"), case, number, "counter-refer", control=(today() + timedelta(days=14)).isoformat())
    found = way(phone("rina"), number, phone("sari").position)
    assert [s["state"] for s in found["steps"]] == [
        "dibuat", "dikirim", "diterima", "tiba", "ditangani", "rujuk-balik",
    ]  # fmt: skip
    assert [s["by"] for s in found["steps"]] == ["bidan", "bidan", "rs", "rs", "rs", "rs"]
    assert all(s["seconds"] is not None for s in found["steps"][:-1])
    assert found["steps"][-1]["seconds"] is None
    assert found["possible"] == ["tindak-lanjut", "tutup"]
    assert found["steps"][0]["words"] == "baru dibuat"


def test_a_referral_sent_further_is_found_from_both_ends(
    phone: Phones, referred: Callable[..., tuple[str, str]]
) -> None:
    case, number = referred(PUSKESMAS, "puskesmas")
    onward = str(uuid7())
    steps(phone("dewi"), case, number, "arrive")
    steps(phone("dewi"), case, number, "refer-onward", onward=onward, to=RSUD, kind="rs", reason="stunting")
    position = phone("dewi").position
    assert way(phone("dewi"), number, position)["referral"]["onward"] == onward
    second = way(phone("sari"), onward, position)
    assert second["referral"]["follows"] == number
    assert second["referral"]["sender"] == PUSKESMAS


def test_the_lists_are_narrowed_by_facility_state_urgency_and_age(
    phone: Phones, referred: Callable[..., tuple[str, str]]
) -> None:
    case, number = referred(urgent=True)
    other, accepted = referred()
    steps(phone("sari"), other, accepted, "accept")
    rina, position = phone("rina"), phone("sari").position

    def found(query: str) -> set[str]:
        return {r["referral"] for r in listed(rina, position, query)}

    assert {number, accepted} <= found("")
    assert {number, accepted} & found("status=diterima") == {accepted}
    assert {number, accepted} & found("status=dibuat&status=dikirim") == {number}
    assert {number, accepted} & found("urgent=true") == {number}
    assert {number, accepted} & found("desk=rs") == {number}
    assert {number, accepted} & found("desk=kader") == {accepted}
    assert {number, accepted} <= found(f"facility={RSUD}")
    assert {number, accepted} & found(f"facility={PUSKESMAS}") == set()
    assert {number, accepted} & found("waiting_hours=1") == set()
    steps(phone("rina"), case, number, "cancel", reason="salah-input")
    position = rina.position
    assert number not in found("")
    assert number in found("ended=true")


def test_pages_of_a_list_are_whole_and_overlap_nowhere(phone: Phones, referred: Callable[..., tuple[str, str]]) -> None:
    made = {referred()[1] for _ in range(5)}
    rina = phone("rina")
    seen: list[str] = []
    after = ""
    while True:
        page = rina.get(f"/referrals?limit=2&not_older_than={rina.position}{after}").json()
        seen += [r["referral"] for r in page["referrals"]]
        if page["after"] is None:
            break
        after = f"&after={page['after']}"
    assert len(seen) == len(set(seen))
    assert made <= set(seen)
    assert rina.get("/referrals?after=xx").json()["code"] == "bad-question"


def test_whose_it_is_not_sees_none_of_it(phone: Phones, referred: Callable[..., tuple[str, str]]) -> None:
    case, number = referred()
    steps(phone("sari"), case, number, "accept")
    position = phone("sari").position
    assert phone("tuti").get(f"/referrals/{number}?not_older_than={position}").status_code == 404
    assert phone("kartika").get("/referrals").json()["code"] == "not-allowed"
    inspector = way(phone("yusuf"), number, position)
    assert "Rahasia" not in str(inspector)
    assert "stunting" not in str(inspector)
    village = way(phone("hasan"), number, position)
    assert (village["referral"]["name"], village["referral"]["reason"]) == ("Budi Rahasia", "")
    assert "stunting" not in str(listed(phone("hasan"), position))
    assert way(phone("siti"), number, position)["referral"]["reason"] == "stunting"


def test_how_long_each_step_takes_is_counted_by_facility(
    phone: Phones, referred: Callable[..., tuple[str, str]]
) -> None:
    case, number = referred()
    steps(phone("sari"), case, number, "accept", "arrive")
    way(phone("rina"), number, phone("sari").position)
    waits = {(w["place"], w["state"]): w for w in phone("kartika").get("/referrals/waits").json()["waits"]}
    made = waits[RSUD, "dibuat"]
    assert made["count"] >= 1
    assert 0 <= made["median"] <= made["p90"] < 3600
    assert waits[RSUD, "tiba"]["waiting"] >= 1
    later = phone("kartika").get(f"/referrals/waits?since={today() + timedelta(days=1)}").json()
    assert later["waits"] == []


@pytest.mark.parametrize(("to", "kind"), [("9901RS99", "rs"), (RSUD, "puskesmas"), (MELATI, "masyarakat")])
def test_nobody_is_sent_to_a_facility_that_does_not_exist(phone: Phones, to: str, kind: str) -> None:
    child = register(MELATI, f"Anak {uuid7().hex[-6:]}")
    said = {"do": "referral.create", "on": today().isoformat(), "referral": str(uuid7()), "to": to, "kind": kind,
            "reason": "stunting"}  # fmt: skip
    phone("siti").send(child)
    [answer] = phone("rina").send(entry(str(child["case"]), said))
    assert (answer["answer"], answer["code"]) == ("refused", "no-such-facility")
    assert to in answer["says"]


# A system that was cut off


def abreast(system: System) -> int:
    """Where a system is that has read everything."""
    after = 0
    while True:
        page = system.get(f"/referrals/feed?limit=1000&after={after}").json()
        after = page["after"]
        if not page["more"]:
            return int(after)


def test_a_receiver_that_was_cut_off_catches_up_without_a_loss_or_a_double(
    phone: Phones, system: Callable[..., System], referred: Callable[..., tuple[str, str]]
) -> None:
    hospital = system()
    begun = abreast(hospital)
    made = []
    for _ in range(4):
        case, number = referred()
        steps(phone("rina"), case, number, "send", via="aplikasi")
        steps(phone("sari"), case, number, "accept")
        made.append(number)
    way(phone("rina"), made[-1], phone("sari").position)
    told: list[tuple[int, str, str]] = []
    after = begun
    for _ in range(20):
        page = hospital.get(f"/referrals/feed?after={after}&limit=3").json()
        told += [(c["position"], c["referral"], c["state"]) for c in page["changes"]]
        after = page["after"]
        if not page["more"]:
            break
    assert [(n, s) for _, n, s in told if n in made] == [
        (number, state) for number in made for state in ("dibuat", "dikirim", "diterima")
    ]
    assert [p for p, _, _ in told] == sorted({p for p, _, _ in told})
    assert hospital.get(f"/referrals/feed?after={after}").json()["changes"] == []
    assert "Rahasia" not in str(told)


def test_a_step_that_is_taken_back_is_told_too(
    phone: Phones, system: Callable[..., System], referred: Callable[..., tuple[str, str]]
) -> None:
    hospital = system()
    after = abreast(hospital)
    case, number = referred()
    [arrived] = phone("sari").send(
        entry(case, {"do": "referral.arrive", "on": today().isoformat(), "referral": number})
    )
    said = {"do": "case.retract", "on": today().isoformat(), "version": arrived["version"], "reason": "salah-orang"}
    [mended] = phone("sari").send(entry(case, said))
    assert mended["answer"] == "recorded", mended
    found = way(phone("rina"), number, phone("sari").position)
    assert found["referral"]["state"] == "dibuat"
    assert [(s["state"], s["counts"]) for s in found["steps"]] == [
        ("dibuat", True), ("tiba", False), ("diperbaiki", False),
    ]  # fmt: skip
    told = hospital.get(f"/referrals/feed?after={after}").json()["changes"]
    assert [(c["state"], c["counts"]) for c in told if c["referral"] == number] == [
        ("dibuat", True), ("tiba", False), ("diperbaiki", False),
    ]  # fmt: skip


# Tokens


def test_a_token_opens_only_the_doors_of_its_scope(system: Callable[..., System], phone: Phones) -> None:
    hospital = system()
    assert hospital.get("/referrals").status_code == 200
    assert hospital.get("/queues/rs").json()["code"] == "token-scope"
    assert hospital.get("/people?q=budi").json()["code"] == "token-scope"
    assert hospital.post("/entries", json=[]).status_code == 403
    assert system(RSUD, "rujukan:tulis").get("/referrals").json()["code"] == "token-scope"


def test_a_token_that_is_unknown_or_revoked_opens_nothing(
    service: TestClient[Any], places: dict[str, Place], system: Callable[..., System]
) -> None:
    for token in ("x", "dampingi_9901_falsch", "dampingi_0000_x", "dampingi_9901"):
        assert System(service, token).get("/referrals").json()["code"] == "token-unknown"
    tokens = places[CODE].tokens
    hospital = system()
    assert hospital.get("/referrals").status_code == 200
    newest = next(iter(tokens.all()))
    assert tokens.revoke(newest.id)
    assert not tokens.revoke(newest.id)
    ends = time.monotonic() + 5
    while hospital.get("/referrals").status_code == 200 and time.monotonic() < ends:
        time.sleep(0.1)
    assert hospital.get("/referrals").json()["code"] == "token-unknown"


def test_a_system_of_a_puskesmas_follows_the_referrals_of_its_desa(
    phone: Phones, system: Callable[..., System], referred: Callable[..., tuple[str, str]]
) -> None:
    _, number = referred()
    position = phone("rina").position
    clinic = system(PUSKESMAS, "rujukan:baca", role="puskesmas-tpg")
    assert clinic.get(f"/referrals/{number}?not_older_than={position}").status_code == 200


def test_while_a_list_has_yesterdays_shape_one_is_asked_to_come_back(phone: Phones, places: dict[str, Place]) -> None:
    """After an update the service is up before the follower has made the lists anew."""
    place = places[CODE]
    rename = "ALTER TABLE {} RENAME COLUMN {} TO {}"
    shown(place)
    with psycopg.connect(place.tenant.dsn, autocommit=True) as conn:
        table = Identifier(place.schema, "referral")
        conn.execute(SQL(rename).format(table, Identifier("desk"), Identifier("yesterday")))
        try:
            answer = phone("rina").get("/referrals")
        finally:
            conn.execute(SQL(rename).format(table, Identifier("yesterday"), Identifier("desk")))
    assert (answer.status_code, answer.json()["code"]) == (503, "rebuilding")
    assert answer.headers["retry-after"] == "30"
    assert phone("rina").get("/referrals").status_code == 200
