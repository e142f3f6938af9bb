"""The papers of a referral: who may print which, what stands on them, and what never does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from uuid_utils.compat import uuid7

from domain import figures
from service.api.letters import link
from service.ledger import Ledger, work
from service.letters import paper
from service.places import Place
from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.kabupaten import MELATI, PUSKESMAS, RSUD, SIGNER
from tests.paper import pages, says, words

Of = Callable[[str], Phone]

NIK = "3603330403250001"
NOTE = "Batuk tiga minggu, ada kontak TB"
FINDING = "Diberi F-75 dan antibiotik"


class Sent:
    """Budi, referred by bidan Rina to the hospital."""

    def __init__(self, case: str, number: str, planned: date) -> None:
        self.case, self.number, self.planned = case, number, planned

    def at(self, paper: str) -> str:
        return f"/rujukan/{self.case}/{self.number}/{paper}.pdf"


def recorded(phone: Phone, *entries: dict[str, Any]) -> None:
    answers = phone.send(*entries)
    assert {answer["answer"] for answer in answers} == {"recorded"}, answers


@pytest.fixture
def budi(phone: Of) -> Sent:
    return refer(phone, to=RSUD, kind="rs")


def refer(phone: Of, **to: Any) -> Sent:
    rina, begun, number = phone("rina"), register(name="Budi Santoso"), str(uuid7())
    case, on = begun["case"], today().isoformat()
    planned = today() + timedelta(days=2)
    recorded(rina, begun, weigh(case, "2025-06-05", 6.1, cm=62.4, lying=True), weigh(case, "2025-07-05", 6.0))
    recorded(rina, entry(case, {
        "do": "referral.create", "on": on, "referral": number, "reason": "gizi-buruk", "consent": "diberikan",
        "temperature": 38.5, "planned": planned.isoformat(), "personal": {"note": NOTE}, **to,
    }))  # fmt: skip
    assert rina.page(f"/kasus/{case}?posisi={rina.position}").status_code == 200  # the name has reached the lists
    return Sent(case, number, planned)


def sent_back(phone: Of, budi: Sent) -> None:
    sari, on = phone("sari"), today().isoformat()
    control = (today() + timedelta(days=7)).isoformat()
    step = {"on": on, "referral": budi.number}
    recorded(
        sari, entry(budi.case, {"do": "referral.arrive", **step}),
        entry(budi.case, {"do": "referral.counter-refer", **step, "diagnosis": "E43", "control": control,
                          "tasks": ["kunjungan", "makan"], "personal": {"note": FINDING}}),
    )  # fmt: skip


def printed(answer: httpx.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    return answer.content


def test_the_letter_is_filled_from_the_story(phone: Of, budi: Sent) -> None:
    made = printed(phone("rina").get(budi.at("surat")))
    for text in (
        "Surat Rujukan", "Kepada RSUD Contoh", "Bidan, Desa Kedaung", "Budi Santoso", NIK, "4 Maret 2025",
        "Nama ibu Ani", figures.weekday(budi.planned), "Alasan gizi buruk", NOTE, "suhu 38,5 °C", "keluarga setuju",
        "6,1 kg 62,4 cm telentang", "5 Juli 2025", "6,0 kg", "Yang merujuk, Bidan Rina Bidan",
    ):  # fmt: skip
        assert says(made, text), text
    assert pages(made) == 1


def test_a_letter_is_kept_under_a_name_that_tells_nobodys(phone: Of, budi: Sent) -> None:
    answer = phone("rina").get(budi.at("surat"))
    assert answer.headers["content-disposition"] == 'inline; filename="surat-rujukan.pdf"'
    assert answer.headers["cache-control"] == "no-store"


def test_a_kader_prints_the_letter_without_what_health_workers_write_to_each_other(phone: Of, budi: Sent) -> None:
    made = printed(phone("siti").get(budi.at("surat")))
    assert says(made, "Budi Santoso") and says(made, "gizi buruk")
    assert not says(made, "kontak TB")
    assert not says(made, NIK) and says(made, "**01")
    assert not says(made, "Siti") and not says(made, "Bidan Rina")  # only who referred signs with a name


def test_the_hospital_reads_the_note_and_the_last_digits_of_the_nik(phone: Of, budi: Sent) -> None:
    made = printed(phone("sari").get(budi.at("surat")))
    assert says(made, NOTE)
    assert not says(made, NIK) and says(made, "**01")


def test_a_hospital_prints_nothing_of_a_referral_to_another_place(phone: Of, budi: Sent) -> None:
    other = str(uuid7())
    recorded(phone("rina"), entry(budi.case, {
        "do": "referral.create", "on": today().isoformat(), "referral": other, "to": PUSKESMAS, "kind": "puskesmas",
        "reason": "tidak-naik"}))  # fmt: skip
    elsewhere = Sent(budi.case, other, budi.planned)
    assert printed(phone("rina").get(elsewhere.at("surat")))
    for name in ("surat", "slip", "balasan"):
        assert phone("sari").get(elsewhere.at(name)).json()["code"] == "not-found"
    assert other not in phone("sari").page(f"/kasus/{budi.case}").text


def test_the_desa_prints_the_slip_and_no_letter(phone: Of, budi: Sent) -> None:
    for name in ("surat", "balasan"):
        answer = phone("hasan").get(budi.at(name))
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    made = printed(phone("hasan").get(budi.at("slip")))
    assert says(made, "RSUD Contoh")


@pytest.mark.parametrize("login", ["ratna", "kartika", "yusuf"])
@pytest.mark.parametrize("name", ["surat", "balasan", "slip"])
def test_offices_and_inspectorate_print_nothing_with_a_name(phone: Of, budi: Sent, login: str, name: str) -> None:
    assert phone(login).get(budi.at(name)).status_code == 403


@pytest.mark.parametrize("login", ["tuti", "wati"])
def test_another_desa_finds_no_such_letter(phone: Of, budi: Sent, login: str) -> None:
    for name in ("surat", "slip"):
        assert phone(login).get(budi.at(name)).status_code == 404


def test_strangers_are_asked_to_sign_in(stranger: Phone, budi: Sent) -> None:
    assert stranger.get(budi.at("surat")).status_code == 401


def test_there_is_no_letter_of_a_referral_that_never_was(phone: Of, budi: Sent) -> None:
    assert phone("rina").get(Sent(budi.case, str(uuid7()), budi.planned).at("surat")).status_code == 404
    assert phone("rina").get(f"/rujukan/{budi.case}/budi/surat.pdf").status_code == 404


def test_the_counter_referral_is_there_once_the_patient_was_sent_back(phone: Of, budi: Sent) -> None:
    assert phone("rina").get(budi.at("balasan")).json()["code"] == "not-found"
    sent_back(phone, budi)
    made = printed(phone("rina").get(budi.at("balasan")))
    for text in ("Surat Rujuk Balik", "Dari Rumah sakit, RSUD Contoh", "Kepada Bidan Desa Kedaung", "E43", FINDING,
                 "Kunjungi rumahnya", "Dampingi pemberian makan",
                 figures.weekday(today() + timedelta(days=7))):  # fmt: skip
        assert says(made, text), text


def test_a_kader_reads_on_it_what_to_do_at_home_and_no_diagnosis(phone: Of, budi: Sent) -> None:
    sent_back(phone, budi)
    made = printed(phone("siti").get(budi.at("balasan")))
    assert says(made, "Kunjungi rumahnya")
    assert not says(made, "E43") and not says(made, "Diagnosis") and not says(made, FINDING)


def test_the_slip_says_where_and_when_and_nothing_of_what_is_wrong(phone: Of, budi: Sent) -> None:
    made = printed(phone("siti").get(budi.at("slip")))
    for text in ("Budi Santoso", "Pergi ke RSUD Contoh", figures.weekday(budi.planned), "Buku KIA", "Kartu Keluarga",
                 "JKN", "Bidan Desa Kedaung", "Kader Posyandu Melati"):  # fmt: skip
        assert says(made, text), text
    assert not says(made, "gizi") and not says(made, NIK) and not says(made, "6,0 kg")
    assert pages(made) == 1


def test_after_the_counter_referral_the_slip_is_for_the_control(phone: Of, budi: Sent) -> None:
    sent_back(phone, budi)
    made = printed(phone("rina").get(budi.at("slip")))
    assert says(made, figures.weekday(today() + timedelta(days=7)))
    assert says(made, "Kontrol lagi") and not says(made, figures.weekday(budi.planned))


def test_an_urgent_slip_says_now(phone: Of) -> None:
    sent = refer(phone, to=RSUD, kind="rs", urgent=True)
    assert says(printed(phone("rina").get(sent.at("slip"))), "SEKARANG JUGA")


def test_a_referral_to_the_village_goes_to_its_bidan(phone: Of) -> None:
    sent = refer(phone, to=MELATI.split(".")[0], kind="masyarakat")
    assert says(printed(phone("siti").get(sent.at("slip"))), "Pergi ke Bidan Desa Kedaung")


def test_the_code_on_a_paper_is_the_address_of_the_case_and_nothing_else() -> None:
    case = UUID("6f1f9a54-3c5e-4e7f-9a53-0d1c4d0a5e01")
    assert link("https://dampingi.example.id/", case) == f"https://dampingi.example.id/kasus/{case}"


def test_two_children_of_one_name_have_different_codes(phone: Of, budi: Sent) -> None:
    other = refer(phone, to=RSUD, kind="rs")
    base = "http://testserver.local"
    assert paper.qr(link(base, UUID(budi.case))) != paper.qr(link(base, UUID(other.case)))


def test_the_page_of_the_case_leads_to_the_papers_this_post_may_print(phone: Of, budi: Sent) -> None:
    def links(login: str) -> list[str]:
        text = phone(login).page(f"/kasus/{budi.case}").text
        return re.findall(rf'href="/rujukan/{budi.case}/{budi.number}/(\w+)\.pdf"', text)

    assert links("rina") == links("siti") == links("sari") == ["surat", "slip"]
    assert links("hasan") == ["slip"]
    assert links("yusuf") == []
    sent_back(phone, budi)
    assert links("rina") == ["surat", "slip", "balasan"]
    assert "ke RSUD Contoh (rujuk balik)" in phone("rina").page(f"/kasus/{budi.case}").text


def test_that_a_letter_was_printed_is_noted(phone: Of, budi: Sent, place: Place) -> None:
    phone("sari").get(budi.at("surat"))
    assert "letter" in reads(place, budi.case)


def reads(place: Place, case: str) -> list[str]:
    place.reads.flush()
    with place._pool.connection() as conn:
        rows = conn.execute(f'SELECT what FROM "{place.schema}".reads WHERE case_id = %s', [case]).fetchall()
    return [what for (what,) in rows]


def test_results_only_health_workers_may_know_are_on_no_paper(phone: Of) -> None:
    case, number, rina = str(uuid7()), str(uuid7()), phone("rina")
    on, hpht = today().isoformat(), (today() - timedelta(days=150)).isoformat()
    recorded(
        rina,
        entry(case, {"do": "pregnancy.register", "on": on, "hpht": hpht, "gravida": 2, "para": 1, "abortus": 0,
                     "desa": MELATI.split(".")[0], "posyandu": MELATI, "personal": {"name": "Wati"}}),
        entry(case, {"do": "pregnancy.measure", "on": on, "kg": 48.0, "lila": 22.5, "systolic": 150, "diastolic": 95}),
        entry(case, {"do": "pregnancy.record-lab-result", "on": on, "test": "hb", "value": 9.8}),
        entry(case, {"do": "pregnancy.record-lab-result", "on": on, "test": "hiv", "result": "reaktif"}),
        entry(case, {"do": "pregnancy.score-risk", "on": on, "factors": ["penyakit-kelamin", "pernah-sesar"]}),
        entry(case, {"do": "referral.create", "on": on, "referral": number, "to": RSUD, "kind": "rs",
                     "reason": "hipertensi", "consent": "diberikan"}),
    )  # fmt: skip
    rina.page(f"/kasus/{case}?posisi={rina.position}")
    sent = Sent(case, number, today())
    for login in ("rina", "siti", "sari"):
        made = printed(phone(login).get(sent.at("surat")))
        for text in ("2-1-0", "21 minggu 3 hari", "150/95", "22,5 cm", "9,8 g/dL"):
            assert says(made, text), (login, text)
        assert not any(says(made, text) for text in ("HIV", "reaktif", "menular")), words(made)
    assert says(printed(phone("rina").get(sent.at("surat"))), "pernah operasi sesar")
    assert not says(printed(phone("siti").get(sent.at("surat"))), "KSPR")


def test_a_letter_says_what_the_ledger_came_to_when_it_was_printed(phone: Of, budi: Sent, place: Place) -> None:
    assert work(Ledger(place._pool, place.schema, SIGNER, timedelta(0), 1))
    signed = place.signed()
    assert signed is not None
    made = printed(phone("rina").get(budi.at("surat")))
    assert says(made, f"Buku dampingi/{place.schema}: {signed.size} catatan, sidik")
