"""The page of a unit, and what each post may do for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from domain import desa
from projections import log
from service import following
from service.access import Unit
from service.beginnings import begin_units
from service.places import Place
from service.sealing import Sealing
from service.settings import Settings
from service.store import Store, connect
from tests.doors.conftest import Phone, entry
from tests.kabupaten import ANGGREK, BEGAN, CODE, KECAMATAN, KEDAUNG, MASTER, MELATI, PUSKESMAS, WALIWIS

PAGES = {code: f"/kasus/{desa.number(code)}" for code in (CODE, KECAMATAN, PUSKESMAS, KEDAUNG, WALIWIS)}


@pytest.fixture(scope="module", autouse=True)
def store(settings: Settings, place: Place) -> Any:
    """The units of the small kabupaten have taken part since New Year 2025."""
    tenant = place.tenant
    with connect(tenant.dsn, 1, 1, settings.statement_seconds, settings.lock_seconds) as pool:
        edition = following.juknis().book(BEGAN.date()).protocol.edition
        store = Store(pool, tenant.schema, Sealing(MASTER, tenant.schema), tenant.zone, lambda _: edition)
        begin_units(store, place.accounts.units(), BEGAN.date(), BEGAN)
        with pool.connection() as conn:
            assert log.wait_for(conn, tenant.schema, log.head(conn, tenant.schema), 10)
        yield store


def form(code: str, **typed: str) -> dict[str, str]:
    return {"entry": str(uuid7()), "case": str(desa.number(code)), "on": "2025-06-05", **typed}


def after(phone: Phone, answer: Any) -> str:
    """The page a form leads back to."""
    assert answer.status_code == 303, re.sub(r"<[^>]+>", " ", answer.text)
    return phone.page(answer.headers["location"]).text


def test_units_begin_once_and_hear_of_a_new_posyandu(store: Store, place: Place) -> None:
    units = dict(place.accounts.units())
    assert begin_units(store, units, BEGAN.date(), BEGAN) == 0
    units["9901012002.02"] = Unit("9901012002.02", "posyandu", "Posyandu Dahlia", WALIWIS)
    assert begin_units(store, units, BEGAN.date(), BEGAN) == 1
    assert begin_units(store, units, BEGAN.date(), BEGAN) == 0


READERS = {
    "hasan": {KEDAUNG}, "siti": {KEDAUNG}, "wati": {WALIWIS}, "rina": {KEDAUNG},
    "dewi": {PUSKESMAS, KEDAUNG, WALIWIS}, "ratna": {KECAMATAN, PUSKESMAS, KEDAUNG, WALIWIS},
    "kartika": set(PAGES), "yusuf": set(PAGES), "sari": set(),
}  # fmt: skip


@pytest.mark.parametrize("login", READERS)
def test_a_unit_opens_for_those_who_work_there_and_those_above(phone: Callable[[str], Phone], login: str) -> None:
    opened = {code for code, path in PAGES.items() if phone(login).page(path).status_code == 200}
    assert opened == READERS[login]


@pytest.mark.parametrize(
    ("login", "code"),
    [("hasan", KEDAUNG), ("dewi", PUSKESMAS), ("ratna", KECAMATAN), ("kartika", CODE), ("yusuf", CODE)],
)
def test_the_list_of_a_desk_leads_to_its_unit(phone: Callable[[str], Phone], login: str, code: str) -> None:
    page = phone(login).page("/").headers["location"]
    assert f'href="{PAGES[code]}">Pekerjaan wilayah</a>' in phone(login).page(page).text


def test_the_desa_finds_its_own_work_with_its_name_and_does_it(phone: Callable[[str], Phone]) -> None:
    hasan = phone("hasan")
    page = hasan.page(PAGES[KEDAUNG]).text
    assert "<h1>Kedaung</h1>" in page
    assert "Rapat TPPS desa" in page
    assert "Posyandu Melati" in page
    held = form(KEDAUNG, posyandu=MELATI, registered="80", weighed="60", gained="40", kader="5")
    told = after(hasan, hasan.fill("/isi/desa.hold-session", held))
    assert "60 dari 80 balita ditimbang, 40 naik, 5 kader hadir" in told
    assert "5 Juni 2025, Posyandu Melati" in told
    assert "Susun rencana menaikkan kehadiran" in told


def test_the_kecamatan_reads_its_task_whole_and_acts(phone: Callable[[str], Phone]) -> None:
    listed = phone("ratna").page("/daftar/kecamatan?aturan=D10").text
    assert "Rapat TPPS kecamatan" in listed
    assert "/isi/desa.hold-meeting?" in listed
    page = phone("ratna").page(f"/isi/desa.hold-meeting?kasus={desa.number(KECAMATAN)}").text
    numbers = dict(re.findall(r'name="(items-\d+-id)" value="([0-9a-f-]{36})"', page))
    assert len(numbers) == 5
    items = {"items-1-what": "air-bersih", "items-1-desk": "desa", "items-1-due": "2025-07-01"}
    told = after(phone("ratna"), phone("ratna").fill("/isi/desa.hold-meeting", form(KECAMATAN, **numbers, **items)))
    assert "air bersih oleh TPPS desa sampai 1 Juli 2025" in told


def test_a_row_half_filled_in_comes_back_with_what_was_typed(phone: Callable[[str], Phone]) -> None:
    typed = form(KEDAUNG, document="rkpdes", year="2026") | {"lines-1-what": "jamban", "lines-1-rupiah": "12500000"}
    answer = phone("hasan").fill("/isi/desa.record-budget", typed)
    assert (answer.status_code, "Baris ke-1: sumber dana belum diisi" in answer.text) == (422, True)
    assert 'value="12500000"' in answer.text
    told = after(phone("hasan"), phone("hasan").fill("/isi/desa.record-budget", typed | {"lines-1-funding": "add"}))
    assert "jamban Rp12.500.000 dari Alokasi Dana Desa" in told


def test_evidence_is_asked_by_the_inspectorate_and_given_by_the_desa(phone: Callable[[str], Phone]) -> None:
    asked = form(KEDAUNG, what="makanan-tambahan", letter="700/12", request=str(uuid7()))
    after(phone("yusuf"), phone("yusuf").fill("/isi/desa.request-evidence", asked))
    assert phone("hasan").fill("/isi/desa.request-evidence", asked).status_code == 403
    listed = phone("hasan").page(f"/daftar/desa?aturan=V07&posisi={position(phone('yusuf'))}").text
    assert "Inspektorat meminta bukti makanan tambahan (PMT), surat tugas 700/12" in listed
    given = form(KEDAUNG, request=asked["request"], digest="9f86d081884c7d65")
    told = after(phone("hasan"), phone("hasan").fill("/isi/desa.provide-evidence", given))
    assert "Bukti diserahkan oleh petugas desa" in told
    assert "Serahkan bukti yang diminta" not in told


def position(phone: Phone) -> int:
    return int(phone.get("/queues/inspektorat").json()["position"])


def test_a_health_worker_does_not_take_back_what_an_inspector_asked(phone: Callable[[str], Phone]) -> None:
    case = str(desa.number(KEDAUNG))
    command = {
        "do": "desa.request-evidence",
        "on": "2025-06-06",
        "request": str(uuid7()),
        "what": ["makanan-tambahan"],
        "letter": "7",
    }
    [answer] = phone("yusuf").send(entry(case, command))
    retract = {"do": "case.retract", "on": "2025-06-07", "version": answer["version"], "reason": "dobel"}
    assert phone("dewi").send(entry(case, retract))[0]["code"] == "not-yours-to-mend"
    assert phone("bagus").send(entry(case, {"do": "case.close", "on": "2025-06-07", "reason": "dobel"}))[0]["code"] == (
        "other-kind-of-case"
    )
    assert phone("yusuf").send(entry(case, retract))[0]["answer"] == "recorded"


def test_a_kader_tells_of_their_own_posyandu_only(phone: Callable[[str], Phone]) -> None:
    session = {"do": "desa.hold-session", "on": "2025-06-06", "registered": 10, "weighed": 9}
    waliwis, kedaung = str(desa.number(WALIWIS)), str(desa.number(KEDAUNG))
    assert phone("siti").send(entry(kedaung, {**session, "posyandu": MELATI}))[0]["answer"] == "recorded"
    assert phone("siti").send(entry(kedaung, {**session, "posyandu": "9901012001.02"}))[0]["code"] == "wrong-posyandu"
    assert phone("siti").send(entry(waliwis, {**session, "posyandu": ANGGREK}))[0]["code"] == "not-yours"


def test_minutes_are_not_read_by_the_offices_above(phone: Callable[[str], Phone]) -> None:
    after(
        phone("hasan"), phone("hasan").fill("/isi/desa.hold-meeting", form(KEDAUNG, note="Keluarga Rahasia dikunjungi"))
    )
    assert "Keluarga Rahasia" in phone("hasan").page(PAGES[KEDAUNG]).text
    for login in ("ratna", "kartika", "yusuf"):
        page = phone(login).page(PAGES[KEDAUNG]).text
        assert "Rapat TPPS dicatat oleh petugas desa" in page
        assert "Rahasia" not in page


def test_every_form_of_a_unit_that_is_offered_opens(phone: Callable[[str], Phone]) -> None:
    for login, codes in READERS.items():
        for code in codes:
            page = phone(login).page(PAGES[code]).text
            for link in set(re.findall(r'href="(/isi/desa\.[^"]+)"', page)):
                assert phone(login).page(link.replace("&amp;", "&")).status_code == 200, (login, link)
