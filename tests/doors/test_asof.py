"""The doors of past days: who may ask, what is told, and what a bad question is answered with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from service.places import Place
from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.kabupaten import ANGGREK, KEDAUNG, MELATI, RSUD, WALIWIS

Get = Callable[[str], Phone]


def registered(phone: Phone, name: str = "Budi", posyandu: str = MELATI, born: str = "2025-03-04") -> str:
    """A child, in the lists."""
    sent = register(posyandu, name, born)
    assert phone.send(sent)[0]["answer"] == "recorded"
    return str(sent["case"])


def now(phone: Phone) -> str:
    """The moment of the newest answer, by the service's clock."""
    at: str = phone.get(f"/queues/kader?not_older_than={phone.position}&limit=1").json()["at"]
    return at


def keys(tasks: list[dict[str, Any]], case: str) -> set[str]:
    return {task["rule"] for task in tasks if task["case"] == case}


def test_the_list_of_this_moment_is_the_list_of_now(phone: Get) -> None:
    rina = phone("rina")
    registered(rina, "Salsa")
    live = rina.get(f"/queues/bidan?not_older_than={rina.position}&limit=200").json()
    then = rina.get(f"/asof/queues/bidan?at={quote(live['at'])}&limit=200").json()
    assert then["counts"] == live["counts"]
    assert then["tasks"] == live["tasks"]


def test_what_was_recorded_later_is_not_on_the_list_of_before(phone: Get) -> None:
    siti = phone("siti")
    case = registered(siti, "Dimas")
    before = now(siti)
    assert siti.send(weigh(case, today().isoformat(), 7.4))[0]["answer"] == "recorded"
    stood = siti.get(f"/asof/queues/kader?at={quote(before)}&limit=200&q=Dimas").json()
    stands = siti.get(f"/asof/queues/kader?at={quote(now(siti))}&limit=200&q=Dimas").json()
    assert keys(stood["tasks"], case) != keys(stands["tasks"], case)
    assert "C05" in keys(stood["tasks"], case) or stood["counts"]["open"] > stands["counts"]["open"]


def test_a_past_list_is_read_page_by_page_and_nothing_is_left_out(phone: Get) -> None:
    rina = phone("rina")
    registered(rina, "Nisa")
    at = quote(now(rina))
    whole = rina.get(f"/asof/queues/bidan?at={at}&limit=200&q=Nisa").json()
    told, after = [], 0
    while after is not None:
        page = rina.get(f"/asof/queues/bidan?at={at}&limit=3&after={after}&q=Nisa").json()
        told, after = [*told, *page["tasks"]], page["after"]
    assert told == whole["tasks"]


def test_a_case_is_told_as_it_was_and_by_what_had_happened(phone: Get) -> None:
    rina = phone("rina")
    case = registered(rina, "Putri")
    assert rina.send(weigh(case, "2025-06-05", 6.1), weigh(case, "2025-07-05", 6.6))[1]["answer"] == "recorded"
    between = now(rina)
    mended = {"do": "case.correct", "on": today().isoformat(), "version": 2, "reason": "salah-ketik",
              "reads": {"is": "child.measured", "on": "2025-06-05", "kg": 6.4}}  # fmt: skip
    assert rina.send(entry(case, mended))[0]["answer"] == "recorded"
    before = rina.get(f"/asof/cases/{case}?known={quote(between)}").json()
    after = rina.get(f"/asof/cases/{case}").json()
    june = rina.get(f"/asof/cases/{case}?happened=2025-06-30").json()
    assert [len(before["told"]), len(after["told"]), len(june["told"])] == [3, 4, 3]
    assert before["told"][1]["corrected_by"] is None
    assert after["told"][2]["corrected_by"] == june["told"][1]["corrected_by"] == 4
    assert "5 Juli 2025" not in " ".join(one["sentence"] for one in june["told"])
    assert june["who"]["name"] == "Putri"


def test_a_task_is_told_from_its_coming_to_its_going_with_who_and_why(phone: Get) -> None:
    siti, rina = phone("siti"), phone("rina")
    case = registered(siti, "Bagas")
    assert siti.send(weigh(case, "2025-06-05", 6.0), weigh(case, "2025-07-05", 6.0))[1]["answer"] == "recorded"
    came = {one["rule"]: one for one in rina.get(f"/cases/{case}/tasks/history").json()["tasks"]}
    assert came["C09"]["by"]["record"]["number"] == 3
    assert came["C09"]["went"] is None
    assert [one["number"] for one in came["C09"]["evidence"]][-1] == 3
    assert siti.send(weigh(case, "2025-08-05", 7.0))[0]["answer"] == "recorded"
    (gone,) = [one for one in rina.get(f"/cases/{case}/tasks/history?rule=C09").json()["tasks"] if one["went"]]
    assert gone["through"]["how"] == "recorded"
    assert gone["through"]["record"]["number"] == 4
    assert gone["through"]["record"]["role"] == "kader"


def test_a_task_put_off_is_said_to_be_put_off_and_not_done(phone: Get) -> None:
    rina = phone("rina")
    case = registered(rina, "Fajar")
    assert rina.send(weigh(case, "2025-06-05", 6.0), weigh(case, "2025-07-05", 6.0))[1]["answer"] == "recorded"
    later = (today() + timedelta(days=5)).isoformat()
    key = rina.get(f"/cases/{case}/tasks/history?rule=C09").json()["tasks"][0]["key"]
    aside = {"do": "case.set-aside", "on": today().isoformat(), "rule": "C09", "key": key, "reason": "lain",
             "until": later}  # fmt: skip
    assert rina.send(entry(case, aside))[0]["answer"] == "recorded"
    (gone,) = rina.get(f"/cases/{case}/tasks/history?rule=C09").json()["tasks"]
    assert gone["through"]["how"] == "set-aside"
    assert "belum dikerjakan" in gone["through"]["says"]


def test_the_difference_of_two_moments_names_what_did_it(phone: Get) -> None:
    siti, rina = phone("siti"), phone("rina")
    case = registered(siti, "Rafi")
    assert siti.send(weigh(case, "2025-06-05", 6.0), weigh(case, "2025-07-05", 6.0))[1]["answer"] == "recorded"
    first = now(siti)
    assert siti.send(weigh(case, "2025-08-05", 7.0))[0]["answer"] == "recorded"
    told = rina.get(f"/asof/queues/bidan/difference?from={quote(first)}&to={quote(now(siti))}").json()
    (went,) = [one for one in told["went"] if one["task"]["case"] == case and one["task"]["rule"] == "C09"]
    assert went["why"]["record"]["number"] == 4
    one, other = standing(rina, first), standing(rina, told["second"])
    named = {what: {key(d["task"]) for d in told[what]} for what in ("went", "came")}
    assert named == {"went": one - other, "came": other - one}


def test_a_long_difference_is_told_page_by_page_with_the_count_of_the_whole(
    phone: Get, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti, rina = phone("siti"), phone("rina")
    first = now(siti)
    for name in ("Arka", "Bima", "Citra"):
        registered(siti, name)
    asked = f"/asof/queues/bidan/difference?from={quote(first)}&to={quote(now(siti))}"
    whole = rina.get(asked).json()
    assert (whole["after"], whole["counts"]["came"]) == (None, len(whole["came"]))
    monkeypatch.setattr(place, "settings", replace(place.settings, difference_rows=2))
    retold: list[Any] = []
    lives = place.past.lives
    monkeypatch.setattr(place.past, "lives", lambda story, *when: retold.append(story) or lives(story, *when))  # type: ignore[func-returns-value]
    came: list[Any] = []
    stayed: list[Any] = []
    after: int | None = 0
    while after is not None:
        retold.clear()
        page = rina.get(f"{asked}&after={after}").json()
        assert len(retold) <= 4
        assert page["counts"] == whole["counts"]
        came, stayed, after = [*came, *page["came"]], [*stayed, *page["stayed"]], page["after"]
    assert (came, stayed) == (whole["came"], whole["stayed"])
    shown = phone("rina").page(f"/daftar/bidan/beda?dari={quote(first)}").text
    assert f"dan {whole['counts']['came'] - 2} lagi" in shown
    assert "Halaman berikutnya" in shown


def test_a_page_of_past_days_may_be_asked_for_with_an_hour(phone: Get) -> None:
    siti = phone("siti")
    registered(siti, "Elok")
    at = quote(now(siti))
    for path in (f"/daftar/kader/pada?tanggal={at}", f"/daftar/kader/beda?dari={at}"):
        assert f'value="{today()}"' in siti.page(path).text


def test_days_too_far_apart_are_not_compared(phone: Get, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    siti = phone("siti")
    registered(siti, "Dewa")
    first = quote(now(siti))
    monkeypatch.setattr(place, "settings", replace(place.settings, difference_days=0))
    refused = siti.get(f"/asof/queues/kader/difference?from={first}")
    assert (refused.status_code, refused.json()["code"]) == (400, "span-too-long")
    assert refused.json()["detail"].startswith("Dua hari yang dibandingkan terlalu jauh terpisah.")


def key(task: dict[str, Any]) -> tuple[str, str, str]:
    return task["case"], task["rule"], task["key"]


def standing(phone: Phone, moment: str) -> set[tuple[str, str, str]]:
    """The whole list of a moment, page by page."""
    found: set[tuple[str, str, str]] = set()
    after: int | None = 0
    while after is not None:
        page = phone.get(f"/asof/queues/bidan?at={quote(moment)}&limit=200&after={after}").json()
        found |= {key(task) for task in page["tasks"]}
        after = page["after"]
    return found


def test_a_desk_over_several_desa_has_to_choose_one(phone: Get) -> None:
    registered(phone("siti"), "Hana")
    dewi = phone("dewi")
    refused = dewi.get("/asof/queues/bidan")
    assert refused.status_code == 400
    assert refused.json()["code"] == "choose-desa"
    assert dewi.get(f"/asof/queues/bidan?desa={WALIWIS}").status_code == 200
    assert dewi.get(f"/asof/queues/kader?posyandu={ANGGREK}").status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("at=kemarin", 400, "bad-moment"),
        ("at=2026-13-40", 400, "bad-moment"),
        ("at=0001-01-01", 400, "before-records"),
        ("at=1945-08-17T10:00", 400, "before-records"),
        ("at=9999-12-31", 400, "future-moment"),
        ("at=9999-12-31T23:59:59-23:59", 400, "bad-moment"),
        ("at=0001-01-01T00:00%2B14:00", 400, "bad-moment"),
        ("happened=esok", 400, "bad-moment"),
        ("happened=9999-12-31", 400, "future-moment"),
        (f"posyandu={ANGGREK}", 404, "no-such-place"),
        (f"desa={WALIWIS}", 404, "no-such-place"),
        (f"desa={WALIWIS}&posyandu={MELATI}", 404, "no-such-place"),
        ("due=someday", 400, "bad-question"),
        ("after=x", 400, "bad-question"),
    ],
)
def test_a_bad_question_is_answered_with_a_sentence(phone: Get, asked: str, status: int, code: str) -> None:
    siti = phone("siti")
    registered(siti, "Aisyah")
    answer = siti.get(f"/asof/queues/kader?{asked}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"].endswith(".")


def test_a_desk_of_others_and_a_case_of_others_are_not_there(phone: Get) -> None:
    case = registered(phone("siti"), "Citra")
    assert phone("siti").get("/asof/queues/bidan").status_code == 404
    assert phone("wati").get(f"/asof/cases/{case}").status_code == 404
    assert phone("wati").get(f"/cases/{case}/tasks/history").status_code == 404
    assert phone("ratna").get(f"/asof/cases/{case}").status_code == 404


def test_the_inspectorate_reads_a_past_list_with_names_covered(phone: Get) -> None:
    case = registered(phone("siti"), "Zahra Putri")
    rule = phone("siti").get("/asof/queues/kader?q=Zahra").json()["tasks"][0]["rule"]
    asked = f"/asof/queues/kader?desa={KEDAUNG}&rule={rule}&limit=200"
    told = phone("yusuf").get(asked).json()
    assert {task["name"] for task in told["tasks"] if task["case"] == case} == {"Z. P."}
    assert phone("yusuf").get(f"{asked}&q=Zahra").json()["counts"] == told["counts"]
    assert phone("yusuf").get(f"/asof/cases/{case}").json()["who"] is None


def test_the_kecamatan_is_told_neither_whose_task_it_was_nor_why_it_went(phone: Get) -> None:
    siti = phone("siti")
    registered(siti, "Late", born="2023-01-02")
    told = phone("ratna").get(f"/asof/queues/kecamatan?desa={KEDAUNG}&limit=200").json()
    assert all((task["case"], task["name"]) == (None, "") for task in told["tasks"] if task["kind"] != "desa")
    since = quote(now(siti))
    differs = phone("ratna").get(f"/asof/queues/kecamatan/difference?from={since}&desa={KEDAUNG}").json()
    assert all(one["why"] is None for one in (*differs["went"], *differs["came"]) if one["task"]["case"] is None)


def test_nothing_had_happened_before_anything_happened(phone: Get) -> None:
    siti = phone("siti")
    registered(siti, "Tegar")
    told = siti.get("/asof/queues/kader?happened=0001-01-01")
    assert (told.status_code, told.json()["tasks"]) == (200, [])


def test_reading_a_past_case_is_noted(phone: Get, place: Place) -> None:
    case = registered(phone("siti"), "Intan")
    phone("rina").get(f"/asof/cases/{case}")
    phone("rina").get(f"/cases/{case}/tasks/history")
    place.reads.settle()
    with place._pool.connection() as conn:
        rows = conn.execute(f"SELECT what FROM {place.schema}.reads WHERE case_id = %s ORDER BY what", [case])
        assert [row[0] for row in rows.fetchall()] == ["asof", "task-history"]


def test_a_figure_is_the_count_of_the_cases_it_lists(phone: Get) -> None:
    siti = phone("siti")
    weighed, not_weighed = registered(siti, "Yoga"), registered(siti, "Wulan")
    assert siti.send(weigh(weighed, today().isoformat(), 9.1, cm=74.0, lying=True))[0]["answer"] == "recorded"
    told = {one["code"]: one for one in siti.get(f"/asof/coverage?month={today():%Y-%m}").json()["figures"]}
    assert all(one["count"] == len(one["cases"]) for one in told.values())
    assert {weighed, not_weighed} <= set(told["S"]["cases"])
    assert weighed in told["D"]["cases"] and not_weighed in told["L"]["cases"]
    assert told["D"]["count"] + told["L"]["count"] == told["S"]["count"] == told["D"]["out_of"]
    assert told["N"]["count"] + told["T"]["count"] == told["D'"]["count"]
    assert phone("hasan").get("/asof/coverage").json()["figures"][0]["cases"] is None
    assert phone("sari").get("/asof/coverage").status_code == 403
    assert siti.get("/asof/coverage?month=2025-99").json()["code"] == "bad-month"


def test_referrals_stand_as_they_stood(phone: Get) -> None:
    rina, number = phone("rina"), str(uuid7())
    case = registered(rina, "Galih")
    before = now(rina)
    sent = {"do": "referral.create", "on": today().isoformat(), "referral": number, "to": RSUD, "kind": "rs",
            "reason": "stunting"}  # fmt: skip
    assert rina.send(entry(case, sent))[0]["answer"] == "recorded"
    between = now(rina)
    sari = phone("sari")
    assert (
        sari.send(entry(case, {"do": "referral.accept", "on": today().isoformat(), "referral": number}))[0]["answer"]
        == "recorded"
    )
    rina.position = sari.position
    after = now(rina)

    def states(moment: str) -> list[str]:
        told = rina.get(f"/asof/referrals?at={quote(moment)}").json()["referrals"]
        return [one["state"] for one in told if one["case"] == case]

    assert [states(before), states(between), states(after)] == [[], ["dibuat"], ["diterima"]]
    live = rina.get(f"/referrals?limit=100&not_older_than={rina.position}").json()["referrals"]
    [mine] = [one for one in live if one["referral"] == number]
    assert mine in rina.get(f"/asof/referrals?at={quote(after)}").json()["referrals"]


def test_a_hospital_names_the_desa_whose_past_referrals_it_asks_about(phone: Get) -> None:
    assert phone("ratna").get(f"/asof/referrals?desa={KEDAUNG}").status_code == 403
    assert phone("sari").get("/asof/referrals").json()["code"] == "choose-desa"
    assert phone("sari").get(f"/asof/referrals?desa={KEDAUNG}").status_code == 200


@pytest.mark.parametrize(
    ("login", "desk", "where"),
    [("siti", "kader", ""), ("rina", "kader", ""), ("hasan", "desa", ""), ("ratna", "kecamatan", f"&desa={KEDAUNG}")],
)
def test_the_pages_of_past_days_open_for_everybody_who_has_a_list(
    phone: Get, login: str, desk: str, where: str
) -> None:
    siti = phone("siti")
    registered(siti, "Kirana")
    now(siti)
    for path, says in (
        (f"/daftar/{desk}/pada?tanggal={today()}", "Seperti di layar pada"),
        (f"/daftar/{desk}/beda?dari={today()}", "tugas ada pada kedua hari"),
    ):
        page = phone(login).page(path + where)
        assert page.status_code == 200, page.text[:300]
        assert says in page.text


def test_whoever_answers_for_several_desa_chooses_one_on_the_page(phone: Get) -> None:
    for path in ("/daftar/bidan/pada", "/daftar/bidan/beda"):
        page = phone("dewi").page(path)
        assert page.status_code == 200
        assert "Pilih satu desa" in page.text


def test_the_page_of_a_case_leads_to_how_its_tasks_went(phone: Get) -> None:
    case = registered(phone("siti"), "Kirana")
    assert f"/kasus/{case}/riwayat-tugas" in phone("siti").page(f"/kasus/{case}").text
    assert "Masih terbuka" in phone("siti").page(f"/kasus/{case}/riwayat-tugas").text
