"""A family moves: one side asks, the other answers, everything goes along, and what the old desk did is not lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.kabupaten import ANGGREK, KEDAUNG, MAWAR, MELATI, PUSKESMAS, WALIWIS

Phones = Callable[[str], Phone]
TO_ANGGREK = {"desa": WALIWIS, "posyandu": ANGGREK}


def day(ago: int = 0) -> str:
    return (today() - timedelta(days=ago)).isoformat()


def ask(case: str, offer: bool = False, **to: Any) -> dict[str, Any]:
    return entry(case, {"do": "person.request-transfer", "on": day(), "offer": offer, **(to or TO_ANGGREK)})


def accept(case: str, **to: Any) -> dict[str, Any]:
    return entry(case, {"do": "person.accept-transfer", "on": day(), **(to or TO_ANGGREK)})


def refuse(case: str) -> dict[str, Any]:
    return entry(case, {"do": "person.refuse-transfer", "on": day(), "reason": "masih-tinggal-di-sini"})


def code(phone: Phone, sent: dict[str, Any]) -> str | None:
    """Why it was refused; None where it was recorded."""
    [answer] = phone.send(sent)
    return answer.get("code") if answer["answer"] != "recorded" else None


def listed(phone: Phone, desk: str, case: str, position: int) -> set[str]:
    """The rules for which a case stands on the list of a desk, not older than a position."""
    rules: set[str] = set()
    after: str | None = ""
    while after is not None:
        asked = f"/queues/{desk}?limit=200&not_older_than={position}" + (f"&after={after}" if after else "")
        found = phone.get(asked).json()
        assert found["fresh"]
        rules |= {task["rule"] for task in found["tasks"] if task["case"] == case}
        after = found.get("after")
    return rules


@pytest.fixture
def budi(phone: Phones) -> str:
    """A child of Melati."""
    sent = register(MELATI)
    phone("siti").send(sent)
    return str(sent["case"])


@pytest.fixture
def moved(phone: Phones, budi: str) -> str:
    """A child that moved from Melati to Anggrek today, and has been weighed by nobody today."""
    assert code(phone("wati"), ask(budi)) is None
    assert code(phone("siti"), accept(budi)) is None
    return budi


def test_the_new_posyandu_asks_for_a_case_it_cannot_read_and_the_holder_accepts(phone: Phones, budi: str) -> None:
    siti, wati = phone("siti"), phone("wati")
    assert wati.get(f"/cases/{budi}").status_code == 404
    assert code(wati, ask(budi)) is None
    assert "X04" in listed(siti, "kader", budi, wati.position)
    assert wati.get(f"/cases/{budi}").status_code == 404, "asking opens nothing"
    assert code(wati, accept(budi)) == "not-yours"
    assert code(siti, accept(budi)) is None
    assert (wati.get(f"/cases/{budi}").json()["posyandu"], siti.get(f"/cases/{budi}").status_code) == (ANGGREK, 404)


def test_the_holder_offers_a_case_and_the_new_posyandu_accepts(phone: Phones, budi: str) -> None:
    siti, wati = phone("siti"), phone("wati")
    assert code(siti, ask(budi, offer=True)) is None
    assert "X04" in listed(wati, "kader", budi, siti.position)
    assert "X04" not in listed(siti, "kader", budi, siti.position)
    assert code(siti, accept(budi)) == "answer-own-transfer"
    assert code(siti, refuse(budi)) == "answer-own-transfer"
    assert code(wati, accept(budi)) is None
    assert wati.get(f"/cases/{budi}").status_code == 200


def test_a_refused_case_stays_and_may_be_asked_for_again(phone: Phones, budi: str) -> None:
    siti, wati = phone("siti"), phone("wati")
    wati.send(ask(budi))
    assert code(siti, refuse(budi)) is None
    assert siti.get(f"/cases/{budi}").json()["posyandu"] == MELATI
    assert code(siti, accept(budi)) == "no-transfer-requested"
    assert code(wati, ask(budi)) is None
    assert code(siti, accept(budi)) is None


WRONG: dict[str, tuple[str, Callable[[str], dict[str, Any]], str]] = {
    "a case goes where the request says and nowhere else": (
        "siti", lambda case: accept(case, desa=KEDAUNG, posyandu=MAWAR), "transfer-other-place",
    ),
    "nobody asks for another posyandu than their own": (
        "wati", lambda case: ask(case, desa=KEDAUNG, posyandu=MAWAR), "wrong-posyandu",
    ),
    "a holder offers and does not ask": ("siti", ask, "ask-for-own-posyandu"),
    "nobody offers what they do not hold": ("wati", lambda case: ask(case, offer=True), "not-yours"),
    "a case is not offered to a posyandu that is not there": (
        "siti", lambda case: ask(case, offer=True, desa=WALIWIS, posyandu="9901012002.99"), "wrong-posyandu",
    ),
    "a child is not moved to a posyandu of another desa": (
        "siti",
        lambda case: entry(case, {"do": "child.move", "on": day(), "desa": KEDAUNG, "posyandu": ANGGREK}),
        "wrong-posyandu",
    ),
    "an operator's reason is nobody else's": (
        "dewi", lambda case: accept(case, **TO_ANGGREK, reason="posyandu-digabung"), "not-allowed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_who_may_do_what_with_a_request_that_is_open(phone: Phones, budi: str, what: str) -> None:
    who, sent, why = WRONG[what]
    phone("wati").send(ask(budi))
    assert code(phone(who), sent(budi)) == why
    assert phone("siti").get(f"/cases/{budi}").json()["posyandu"] == MELATI


def test_a_puskesmas_over_both_places_asks_and_answers(phone: Phones, budi: str) -> None:
    dewi = phone("dewi")
    for offer in (False, True):
        assert code(dewi, ask(budi, offer=offer)) is None
    assert code(dewi, accept(budi)) is None
    assert dewi.get(f"/cases/{budi}").json()["posyandu"] == ANGGREK


def test_a_mother_moves_with_her_pregnancy(phone: Phones) -> None:
    sari = str(uuid7())
    begins = {"do": "pregnancy.register", "on": day(3), "hpht": day(60), "desa": KEDAUNG, "posyandu": MELATI}
    phone("siti").send(entry(sari, {**begins, "personal": {"name": "Sari"}}))
    assert code(phone("siti"), ask(sari, offer=True)) is None
    assert code(phone("tuti"), accept(sari)) is None
    assert phone("wati").get(f"/cases/{sari}").status_code == 200
    assert phone("siti").get(f"/cases/{sari}").status_code == 404


# What goes along


def test_tasks_referral_and_rights_go_along_in_the_same_position(phone: Phones, budi: str) -> None:
    siti, wati, rina, tuti = (phone(login) for login in ("siti", "wati", "rina", "tuti"))
    referral = {"do": "referral.create", "on": day(), "referral": str(uuid7()), "to": PUSKESMAS, "kind": "puskesmas"}
    danger = {"do": "care.report-danger-sign", "on": day(), "signs": ["kejang"]}
    sent = siti.send(entry(budi, danger), entry(budi, {**referral, "reason": "tanda-bahaya"}))
    assert [answer["answer"] for answer in sent] == ["recorded", "recorded"]
    before = {desk: listed(phone(login), desk, budi, siti.position) for login, desk in
              (("siti", "kader"), ("rina", "bidan"))}  # fmt: skip
    assert before["bidan"]
    wati.send(ask(budi))
    [moved] = siti.send(accept(budi))
    assert listed(rina, "bidan", budi, moved["position"]) == set()
    assert listed(siti, "kader", budi, moved["position"]) == set()
    assert listed(tuti, "bidan", budi, moved["position"]) == before["bidan"]
    assert listed(wati, "kader", budi, moved["position"]) == before["kader"]
    assert (rina.get(f"/cases/{budi}").status_code, tuti.get(f"/cases/{budi}").status_code) == (404, 200)
    story = [told["topic"] for told in tuti.get(f"/cases/{budi}/story").json()["told"]]
    assert "referral.created" in story
    cancelled = {"do": "referral.cancel", "on": day(), "referral": referral["referral"], "reason": "lain"}
    assert code(tuti, entry(budi, cancelled)) is None, "the referral is the new bidan's to decide about"


# What the old desk did before


def test_what_the_old_kader_did_before_the_move_is_kept_marked_and_credited(phone: Phones, moved: str) -> None:
    siti, wati = phone("siti"), phone("wati")
    sent = weigh(moved, on=day(3), kg=6.4)
    [answer] = siti.send(sent)
    assert (answer["answer"], answer["code"]) == ("recorded", "case-moved")
    assert answer["says"] == "Tercatat. Kasus ini sekarang milik Posyandu Anggrek, desa Waliwis."
    wati.send(weigh(moved, on=day(), kg=6.5))
    told = {t["topic"] + t["on"]: t for t in wati.get(f"/cases/{moved}/story").json()["told"]}
    late, own = told["child.measured" + day(3)], told["child.measured" + day()]
    assert (late["by_former_desk"], own["by_former_desk"]) == (True, False)
    assert (late["unit"], late["role"]) == (MELATI, "kader")
    assert late["actor"] != own["actor"]
    assert wati.page(f"/kasus/{moved}").text.count("dicatat oleh posyandu lama") == 1
    assert siti.get(f"/cases/{moved}").status_code == 404


def test_sent_again_the_old_kader_hears_again_where_the_case_is(phone: Phones, moved: str) -> None:
    sent = weigh(moved, on=day(3), kg=6.4)
    phone("siti").send(sent)
    [again] = phone("siti").send(sent)
    assert again["answer"] == "already"
    assert "Posyandu Anggrek" in again["says"]


def test_who_holds_the_case_is_told_of_no_move(phone: Phones, moved: str) -> None:
    [answer] = phone("wati").send(weigh(moved, on=day(), kg=6.4))
    assert (answer["answer"], "says" in answer) == ("recorded", False)


def test_on_the_day_of_the_transfer_both_desks_record(phone: Phones, moved: str) -> None:
    assert code(phone("siti"), weigh(moved, on=day(), kg=6.4)) is None
    assert code(phone("wati"), weigh(moved, on=day(), kg=6.4)) is None


def test_a_day_later_the_case_is_not_the_old_desks(phone: Phones, budi: str) -> None:
    move = {"do": "child.move", "on": day(2), **TO_ANGGREK}
    assert code(phone("siti"), entry(budi, move)) is None
    assert code(phone("siti"), weigh(budi, on=day(2), kg=6.4)) is None
    assert code(phone("rina"), weigh(budi, on=day(2), kg=6.4)) is None
    assert code(phone("siti"), weigh(budi, on=day(1), kg=6.4)) == "not-yours"


def test_a_desk_that_never_held_the_case_tells_nothing(phone: Phones, budi: str) -> None:
    move = {"do": "child.move", "on": day(2), "desa": KEDAUNG, "posyandu": MAWAR}
    phone("siti").send(entry(budi, move))
    assert code(phone("wati"), weigh(budi, on=day(5), kg=6.4)) == "not-yours"


HOLDERS = {
    "close it": {"do": "case.close", "reason": "bukan-sasaran"},
    "move it on": {"do": "child.move", "desa": KEDAUNG, "posyandu": MELATI},
    "put off its tasks": {"do": "case.set-aside", "rule": "C03", "reason": "lain", "until": "2099-01-01"},
}


@pytest.mark.parametrize("what", HOLDERS)
def test_the_old_desk_no_longer_decides_about_the_case(phone: Phones, moved: str, what: str) -> None:
    assert code(phone("rina"), entry(moved, {"on": day(), **HOLDERS[what]})) == "not-yours"


def test_the_old_desk_mends_its_own_entry_and_not_the_transfer(phone: Phones, budi: str) -> None:
    siti = phone("siti")
    [weighed] = siti.send(weigh(budi, on=day(3), kg=7.1))
    [gone] = siti.send(entry(budi, {"do": "child.move", "on": day(), **TO_ANGGREK}))
    retract = {"do": "case.retract", "on": day(), "reason": "salah-orang"}
    assert code(siti, entry(budi, {**retract, "version": weighed["version"]})) is None
    assert code(siti, entry(budi, {**retract, "version": gone["version"]})) == "not-yours"


# Merged, too


def double(phone: Phones) -> tuple[str, str]:
    older, younger = register(MELATI), register(MELATI)
    phone("siti").send(older, younger)
    return str(younger["case"]), str(older["case"])


def test_a_merged_number_goes_along_when_the_case_moves(phone: Phones) -> None:
    younger, older = double(phone)
    siti, wati = phone("siti"), phone("wati")
    assert code(phone("rina"), entry(younger, {"do": "person.merge", "on": day(3), "into": older})) is None
    assert code(siti, entry(older, {"do": "child.move", "on": day(2), **TO_ANGGREK})) is None
    assert (siti.get(f"/cases/{younger}").status_code, wati.get(f"/cases/{younger}").status_code) == (404, 200)
    [late] = siti.send(weigh(younger, on=day(3), kg=6.4))
    assert (late["answer"], late["case"], late["code"]) == ("recorded", older, "case-moved")
    assert code(siti, weigh(younger, on=day(1), kg=6.4)) == "not-yours"
    assert code(wati, weigh(younger, on=day(1), kg=6.4)) is None


def test_late_entries_of_a_case_that_moved_and_was_then_merged_are_kept_and_marked(phone: Phones) -> None:
    younger = str((sent := register(MELATI))["case"])
    older = str((other := register(ANGGREK))["case"])
    siti, wati = phone("siti"), phone("wati")
    siti.send(sent, entry(younger, {"do": "child.move", "on": day(2), **TO_ANGGREK}))
    wati.send(other)
    assert code(phone("tuti"), entry(younger, {"do": "person.merge", "on": day(1), "into": older})) is None
    [late] = siti.send(weigh(younger, on=day(3), kg=6.4))
    assert (late["answer"], late["case"], late["code"]) == ("recorded", older, "case-moved")
    newest = wati.get(f"/cases/{older}/story").json()["told"][0]
    assert (newest["topic"], newest["by_former_desk"]) == ("child.measured", True)


def test_a_request_for_the_case_that_goes_on_is_not_answered_through_a_merged_number(phone: Phones) -> None:
    younger = str((sent := register(MELATI))["case"])
    older = str((other := register(ANGGREK))["case"])
    phone("siti").send(sent)
    phone("wati").send(other)
    phone("dewi").send(entry(younger, {"do": "person.merge", "on": day(1), "into": older}))
    mawar = {"desa": KEDAUNG, "posyandu": MAWAR}
    assert code(phone("rina"), ask(older, **mawar)) is None
    assert code(phone("siti"), accept(younger, **mawar)) == "not-yours"
    assert code(phone("wati"), accept(older, **mawar)) is None


# On the pages


def test_the_form_of_an_offer_shows_who_it_is_and_nothing_of_the_story(phone: Phones, budi: str) -> None:
    siti, wati = phone("siti"), phone("wati")
    form = siti.page(f"/isi/person.request-transfer?kasus={budi}").text
    assert "Posyandu Anggrek, Waliwis" in form
    assert 'name="offer" value="ya"' in form
    typed = {"entry": str(uuid7()), "case": budi, "on": day(), "posyandu": ANGGREK, "offer": "ya"}
    assert siti.fill("/isi/person.request-transfer", typed).status_code == 303
    assert wati.page(f"/kasus/{budi}").status_code == 404
    newest = siti.get(f"/cases/{budi}/story").json()["told"][0]["position"]
    assert "X04" in listed(wati, "kader", budi, newest)
    answer = wati.page(f"/isi/person.accept-transfer?kasus={budi}").text
    assert "Budi" in answer
    assert f'name="posyandu" value="{ANGGREK}"' in answer
    assert phone("siti").page(f"/isi/person.accept-transfer?kasus={uuid7()}").status_code == 404
    typed = {"entry": str(uuid7()), "case": budi, "on": day(), "posyandu": ANGGREK, "desa": WALIWIS}
    assert wati.fill("/isi/person.accept-transfer", typed).status_code == 303
    assert wati.page(f"/kasus/{budi}").status_code == 200


def test_a_case_elsewhere_is_asked_for_by_a_form_that_shows_nothing_of_it(phone: Phones, budi: str) -> None:
    wati = phone("wati")
    form = wati.page(f"/isi/person.request-transfer?kasus={budi}").text
    assert "Budi" not in form
    assert "Posyandu Melati" not in form
    typed = {"entry": str(uuid7()), "case": budi, "on": day(), "posyandu": ANGGREK, "offer": ""}
    assert wati.fill("/isi/person.request-transfer", typed).status_code == 303
    assert code(phone("siti"), accept(budi)) is None


def test_a_page_that_was_open_before_the_move_still_records_and_says_where_the_case_is(
    phone: Phones, moved: str
) -> None:
    typed = {"entry": str(uuid7()), "case": moved, "on": day(1), "kg": "6,4", "kembali": f"/kasus/{moved}"}
    answer = phone("siti").fill("/isi/child.measure", typed)
    assert (answer.status_code, answer.headers["location"].split("&")[0]) == (303, "/?kabar=pindah")
