"""The pages without a browser: what is typed is never lost, and a list is never older than what was just recorded."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from uuid_utils.compat import uuid7

from service.api.kept import Kept
from service.forms import FORMS, Unusable, day, number
from tests.doors.conftest import Phone, entry, register, weigh
from tests.kabupaten import ANGGREK, KEDAUNG, MELATI, PASSWORD, WALIWIS


@pytest.fixture
def child(phone: Callable[[str], Phone]) -> str:
    sent = register(MELATI, f"Anak {uuid7().hex[-6:]}")
    phone("siti").send(sent)
    return str(sent["case"])


def form(case: str, **typed: str) -> dict[str, str]:
    return {"entry": str(uuid7()), "case": case, "on": "2025-06-05", **typed}


def test_a_weight_with_a_comma_is_recorded(phone: Callable[[str], Phone], child: str) -> None:
    answer = phone("siti").fill("/isi/child.measure", form(child, kg="6,1"))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/kasus/{child}?kabar=tercatat&posisi=")
    page = phone("siti").page(answer.headers["location"]).text
    assert "Sudah tercatat." in page
    assert "6,1 kg" in page


def test_a_form_sent_twice_is_recorded_once(phone: Callable[[str], Phone], child: str) -> None:
    typed = form(child, kg="6,2")
    phone("siti").fill("/isi/child.measure", typed)
    again = phone("siti").fill("/isi/child.measure", typed)
    assert "kabar=sudah" in again.headers["location"]
    assert phone("siti").get(f"/cases/{child}/story").json()["total"] == 2


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"kg": "7100"}, "mungkin gram"),
        ({"kg": "7.100"}, "bisa berarti dua hal"),
        ({"kg": "tujuh"}, "bukan angka"),
        ({"kg": "6,1", "on": "2999-01-01"}, "belum terjadi"),
        ({"kg": "6,1", "on": ""}, "Belum diisi"),
        ({}, "Isi paling sedikit satu hasil"),
    ],
)
def test_a_refused_form_comes_back_with_all_that_was_typed(
    phone: Callable[[str], Phone], child: str, typed: dict[str, str], sentence: str
) -> None:
    sent = {**form(child, cm="66,5" if typed.get("kg") else "", lila=""), **typed}
    answer = phone("siti").fill("/isi/child.measure", sent)
    assert answer.status_code == 422
    assert sentence in answer.text
    for name, value in sent.items():
        if value:
            assert f'value="{value}"' in answer.text, name
    assert phone("siti").get(f"/cases/{child}/story").json()["total"] == 1


def test_a_form_for_a_case_of_another_desa_is_not_shown(phone: Callable[[str], Phone], child: str) -> None:
    assert phone("wati").page(f"/isi/child.measure?kasus={child}").status_code == 404
    answer = phone("wati").fill("/isi/child.measure", form(child, kg="6,1"))
    assert (answer.status_code, "bukan di wilayah Anda" in answer.text, "Anak " in answer.text) == (422, True, False)


def test_a_child_is_registered_from_the_page(phone: Callable[[str], Phone]) -> None:
    page = phone("siti").page("/isi/child.register").text
    case = re.search(r'name="case" value="([0-9a-f-]{36})"', page)
    assert case is not None
    typed = form(
        case[1],
        born="2025-05-01",
        sex="P",
        posyandu=MELATI,
        born_from="kia",
        birth_kg="3,1",
        name="Melur",
        mother="Ida",
    )
    answer = phone("siti").fill("/isi/child.register", typed)
    assert answer.status_code == 303
    assert "Melur" in phone("siti").page(answer.headers["location"]).text


def test_a_child_cannot_be_registered_in_somebody_elses_posyandu(phone: Callable[[str], Phone]) -> None:
    typed = form(str(uuid7()), born="2025-05-01", sex="P", posyandu=ANGGREK, name="Melur")
    answer = phone("siti").fill("/isi/child.register", typed)
    assert (answer.status_code, "wilayah" in answer.text) == (422, True)


def test_a_session_records_the_rows_that_are_right_and_keeps_the_others(phone: Callable[[str], Phone]) -> None:
    first, second, third = (register(MELATI, f"Sesi {n}") for n in ("Satu", "Dua", "Tiga"))
    phone("siti").send(first, second, third)
    phone("siti").get(f"/queues/kader?not_older_than={phone('siti').position}")
    page = phone("siti").page("/timbang").text
    entries = dict(re.findall(r'name="entry-([0-9a-f-]{36})" value="([0-9a-f-]{36})"', page))
    one, two, three = (str(sent["case"]) for sent in (first, second, third))
    assert {one, two, three} <= entries.keys()
    typed = {
        "posyandu": MELATI, "on": "2025-06-05", **{f"entry-{case}": entry for case, entry in entries.items()},
        f"kg-{one}": "6,1", f"kg-{two}": "7100", f"kg-{three}": "6.1.2",
    }  # fmt: skip
    answer = phone("siti").fill("/timbang", typed)
    assert answer.status_code == 422
    assert "1 anak tercatat, 2 belum" in answer.text
    assert "mungkin gram" in answer.text
    assert 'value="7100"' in answer.text
    assert 'value="6.1.2"' in answer.text
    mended = phone("siti").fill("/timbang", {**typed, f"kg-{two}": "7,1", f"kg-{three}": "6,3"})
    assert mended.status_code == 303
    assert [phone("siti").get(f"/cases/{case}/story").json()["total"] for case in (one, two, three)] == [2, 2, 2]


def test_a_weight_of_a_child_who_left_the_posyandu_meanwhile_is_not_lost_in_silence(
    phone: Callable[[str], Phone],
) -> None:
    stays, leaves, dies = (register(MELATI, name) for name in ("Sesi Tetap", "Sesi Pindah", "Sesi Meninggal"))
    phone("siti").send(stays, leaves, dies)
    phone("siti").get(f"/queues/kader?not_older_than={phone('siti').position}")
    page = phone("siti").page("/timbang").text
    hidden = dict(re.findall(r'name="((?:entry|name)-[0-9a-f-]{36})" value="([^"]*)"', page))
    left, dead = str(leaves["case"]), str(dies["case"])
    phone("rina").send(
        entry(left, {"do": "child.move", "on": "2025-06-04", "desa": WALIWIS, "posyandu": ANGGREK}),
        entry(dead, {"do": "child.die", "on": "2025-06-04"}),
    )
    phone("rina").get(f"/queues/bidan?not_older_than={phone('rina').position}")
    typed = {"posyandu": MELATI, "on": "2025-06-05", **hidden, f"kg-{stays['case']}": "6,2", f"kg-{left}": "6,4",
             f"kg-{dead}": "6,6"}  # fmt: skip
    answer = phone("siti").fill("/timbang", typed)
    assert answer.status_code == 422
    assert "1 anak tercatat, 2 belum" in answer.text
    assert "Sesi Pindah" in answer.text and 'value="6,4"' in answer.text
    assert "wilayah" in answer.text
    assert 'value="6,6"' in answer.text and "meninggal" in answer.text


def test_what_was_typed_wrongly_is_typed_right_and_the_wrong_one_stays(
    phone: Callable[[str], Phone], child: str
) -> None:
    phone("siti").send(weigh(child, kg=16.0))
    page = phone("siti").page(f"/salah/{child}/2").text
    assert 'value="16"' in page
    answer = phone("siti").fill(
        f"/salah/{child}/2",
        {"entry": str(uuid7()), "cara": "perbaiki", "mengapa": "salah-ketik", "on": "2025-06-05", "kg": "6,0"},
    )
    assert answer.status_code == 303
    grown = phone("siti").get(f"/cases/{child}/growth").json()["measures"]
    assert [m["kg"] for m in grown] == [6.0]
    assert phone("siti").get(f"/cases/{child}/story").json()["total"] == 3


def test_a_measurement_is_taken_back_by_who_took_it_or_a_bidan(phone: Callable[[str], Phone], child: str) -> None:
    phone("rina").send(weigh(child, kg=6.6))
    typed = {"entry": str(uuid7()), "cara": "tarik", "mengapa": "salah-orang"}
    refused = phone("siti").fill(f"/salah/{child}/2", typed)
    assert (refused.status_code, "pencatatnya" in refused.text) == (422, True)
    assert phone("rina").fill(f"/salah/{child}/2", {**typed, "entry": str(uuid7())}).status_code == 303
    assert phone("rina").get(f"/cases/{child}/growth").json()["measures"] == []


def test_a_list_asked_for_with_a_position_holds_what_was_recorded_there(phone: Callable[[str], Phone]) -> None:
    sent = register(MELATI, "Kenanga", born="2025-03-04")
    steps = [(("2025-04-05"), 5.0), ("2025-05-05", 5.1), ("2025-06-05", 5.1)]
    phone("siti").send(sent, *(weigh(str(sent["case"]), on=on, kg=kg) for on, kg in steps))
    answer = phone("dewi").get(f"/queues/puskesmas-tpg?q=kenanga&not_older_than={phone('siti').position}").json()
    assert answer["fresh"] is True
    assert answer["position"] >= phone("siti").position
    assert "C10" in {task["rule"] for task in answer["tasks"]}


def test_a_position_that_is_never_reached_says_that_the_list_is_not_fresh(phone: Callable[[str], Phone]) -> None:
    assert phone("siti").get("/queues/kader?not_older_than=999999999").json()["fresh"] is False


def test_every_form_of_a_role_opens_for_its_kind_of_case(phone: Callable[[str], Phone], child: str) -> None:
    for tag, one in FORMS.items():
        status = phone("rina").page(f"/isi/{tag}?kasus={child}").status_code
        assert status in ((200, 403) if one.kind in (None, "child") else (403, 404)), tag


def test_a_way_back_leads_only_to_our_own_pages(phone: Callable[[str], Phone], child: str) -> None:
    for back in ("https://jahat.example/", "//jahat.example", "/daftar/../\\jahat"):
        answer = phone("siti").fill("/isi/child.measure", form(child, kg="6,1", kembali=back))
        assert answer.headers["location"].startswith(f"/kasus/{child}?")


def test_nothing_that_was_typed_becomes_markup(phone: Callable[[str], Phone]) -> None:
    sent = register(MELATI, "<b>Budi</b>")
    phone("siti").send(sent)
    page = phone("siti").page(f"/kasus/{sent['case']}?posisi={phone('siti').position}").text
    assert "<b>Budi</b>" not in page
    assert "&lt;b&gt;Budi&lt;/b&gt;" in page


def test_a_page_and_its_styles_fit_into_sixty_kilobytes(phone: Callable[[str], Phone]) -> None:
    import gzip

    parts = ("/timbang", "/aset/pico.min.css", "/aset/dampingi.css", "/aset/ikon.svg")
    assert sum(len(gzip.compress(phone("siti").page(path).content)) for path in parts) < 60_000


@pytest.mark.parametrize(("typed", "value"), [("9,5", 9.5), ("9.5", 9.5), (" 12 ", 12.0), ("10,25", 10.25)])
def test_a_comma_and_a_point_are_the_same(typed: str, value: float) -> None:
    assert number(typed) == value


@pytest.mark.parametrize("typed", ["9.500", "1,234", "1.234,5", "9,5 kg", "-3", "1e3", "٩,٥", ""])
def test_a_number_that_may_mean_two_things_is_asked_again(typed: str) -> None:
    with pytest.raises(Unusable):
        number(typed)


def test_a_day_is_read_as_the_browser_and_as_people_write_it() -> None:
    assert day("2025-03-04") == day("04-03-2025") == day("4/3/2025")
    with pytest.raises(Unusable):
        day("31-02-2025")


def test_what_was_typed_when_the_session_ended_is_sent_after_the_next_sign_in(
    stranger: Phone, phone: Callable[[str], Phone]
) -> None:
    sent = register()
    phone("siti").send(sent)
    stranger.sign_in("siti")
    form = {"entry": str(uuid7()), "case": sent["case"], "on": "2025-06-05", "kg": "6,4"}
    stranger.cookies["sesi"] = "ended-long-ago"
    ended = stranger.fill("/isi/child.measure", form)
    assert "yang sudah diketik tetap ada" in ended.text
    kept = re.search(r'name="titipan" value="([^"]+)"', ended.text)
    assert kept is not None
    again = stranger.fill("/masuk", {"login": "siti", "password": PASSWORD, "titipan": kept[1]})
    assert "Isian Anda masih ada" in again.text
    hidden = dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', again.text))
    assert hidden == form
    assert stranger.fill("/isi/child.measure", hidden).status_code == 303
    told = phone("siti").get(f"/cases/{sent['case']}/story").json()["told"]
    assert "6,4 kg" in told[0]["sentence"]


def test_nothing_but_our_own_forms_is_carried_through_the_sign_in(stranger: Phone) -> None:
    stranger.get("/masuk")
    evil = Kept("https://elsewhere.example/isi/", ()).packed()
    answer = stranger.fill("/masuk", {"login": "siti", "password": PASSWORD, "titipan": evil})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_health_workers_see_the_corrected_age_of_a_child_born_early_and_a_kader_the_official_one(
    phone: Callable[[str], Phone],
) -> None:
    early = register(MELATI, "Laras Awal", weeks=32)
    case = str(early["case"])
    phone("siti").send(early, weigh(case, kg=4.1))
    assert "terkoreksi" in phone("rina").page(f"/kasus/{case}").text
    assert "terkoreksi" not in phone("siti").page(f"/kasus/{case}").text
    [measured] = phone("rina").get(f"/cases/{case}/growth").json()["measures"]
    assert measured["age_days"] - measured["corrected"]["age_days"] == 8 * 7
    assert measured["corrected"]["waz"] > measured["waz"]
    assert phone("siti").get(f"/cases/{case}/growth").json()["measures"][0]["corrected"] is None


def test_the_page_of_a_mother_tells_health_workers_her_risk_score(phone: Callable[[str], Phone]) -> None:
    mother = str(uuid7())
    begun = {"do": "pregnancy.register", "on": "2025-05-01", "desa": KEDAUNG, "posyandu": MELATI, "hpht": "2025-03-01"}
    scored = {"do": "pregnancy.score-risk", "on": "2025-05-02", "factors": ["pernah-sesar", "anemia"]}
    phone("rina").send(entry(mother, begun), entry(mother, scored))
    assert "14 (KRST), 2 Mei 2025" in phone("rina").page(f"/kasus/{mother}").text
    assert "KRST" not in phone("siti").page(f"/kasus/{mother}").text


def test_vaccines_are_offered_in_the_order_of_their_ages(phone: Callable[[str], Phone], child: str) -> None:
    page = phone("siti").page(f"/isi/child.copy-immunization-history?kasus={child}").text
    assert "Menurut" in page and "Sumber dana" not in page
    offered = re.findall(r'name="vaccines" value="([^"]+)"', page)
    assert offered[:4] == ["HB0", "BCG", "OPV1", "DPT-HB-Hib1"] and offered[-1] == "MR2"


def test_a_sheet_with_more_rows_than_a_request_may_have_is_refused_whole(phone: Callable[[str], Phone]) -> None:
    cases = [str(uuid7()) for _ in range(501)]
    typed = {f"entry-{case}": str(uuid7()) for case in cases} | {f"kg-{case}": "7,1" for case in cases}
    answer = phone("siti").fill("/timbang", {"posyandu": MELATI, "on": "2025-06-05", **typed})
    assert answer.status_code == 413
