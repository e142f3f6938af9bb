"""The inspector finds every event by case, person, role, place, kind and time, and sees whether the ledger holds it."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from uuid_utils.compat import uuid7

from projections import merkle, trail
from service.ledger import Ledger, work
from service.notes import Signer, read_checkpoint
from service.places import Place
from tests import reading_proofs
from tests.doors.conftest import Phone, entry, register, today, weigh
from tests.kabupaten import ANGGREK, KEDAUNG, MELATI, PEOPLE, SIGNER
from tests.verify.conftest import signing

__all__ = ["signing"]

Of = Callable[[str], Phone]
HIV = "pregnancy.record-lab-result"


@pytest.fixture(scope="module")
def told(phone: Of) -> dict[str, str]:
    """Budi of Melati, weighed by the bidan; Sri, whose HIV test is for health workers only; Wawan of another desa."""
    budi, wawan = register(name="Budi"), register(ANGGREK, name="Wawan", born="2025-02-01")
    sri, day = str(uuid7()), today().isoformat()
    pregnant = {
        "do": "pregnancy.register", "on": day, "desa": KEDAUNG, "posyandu": MELATI, "personal": {"name": "Sri"},
        "hpht": (today() - timedelta(days=90)).isoformat(),
    }  # fmt: skip
    recorded(phone("siti"), budi)
    recorded(
        phone("rina"), weigh(budi["case"]), weigh(budi["case"], "2025-07-05", 6.6), entry(sri, pregnant),
        entry(sri, {"do": HIV, "on": day, "test": "hiv", "result": "reaktif"}),
        entry(sri, {"do": "care.visit-home", "on": day, "found": "bertemu"}),
    )  # fmt: skip
    recorded(phone("wati"), wawan, weigh(wawan["case"]))
    return {"budi": budi["case"], "wawan": wawan["case"], "sri": sri, "entry": budi["entry"]}


def recorded(phone: Phone, *entries: dict[str, Any]) -> None:
    answers = phone.send(*entries)
    assert [one for one in answers if one["answer"] != "recorded"] == []


@pytest.fixture
def signed(place: Place, told: dict[str, str]) -> Signer:
    assert work(Ledger(place._pool, place.schema, SIGNER, timedelta(0), 1))
    return SIGNER


def asked(phone: Of, path: str) -> Any:
    answer = phone("yusuf").get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_trail_is_narrowed_by_everything_an_event_is_heard_of_by(phone: Of, told: dict[str, str]) -> None:
    of_budi = asked(phone, f"/audit/events?case={told['budi']}")["events"]
    siti = next(e["actor"] for e in of_budi if e["role"] == "kader")
    for query, meant in (
        (f"case={told['budi']}", lambda e: e["case"] == told["budi"]),
        (f"actor={siti}", lambda e: e["actor"] == siti),
        ("role=kader", lambda e: e["role"] == "kader"),
        (f"unit={KEDAUNG}", lambda e: e.get("unit", "").startswith(KEDAUNG)),
        ("kind=child.measured", lambda e: e["topic"] == "child.measured"),
        ("kind=child", lambda e: e["topic"].startswith("child.")),
        (f"since={today()}&until={today()}", lambda e: today_in_the_place(e["recorded_at"])),
    ):
        found = asked(phone, f"/audit/events?limit=1000&{query}")["events"]
        every = [e for e in asked(phone, "/audit/events?limit=1000")["events"] if not e.get("withheld") and meant(e)]
        assert [e for e in found if not e.get("withheld")] == every, query
        assert every
    assert asked(phone, "/audit/events?until=2020-01-01") == {"events": [], "after": None}
    assert asked(phone, f"/audit/events?case={uuid7()}") == {"events": [], "after": None}


def today_in_the_place(moment: str) -> bool:
    return (datetime.fromisoformat(moment) + timedelta(hours=7)).date() == today()


def test_pages_go_to_the_very_first_event_and_leave_none_out(
    phone: Of, told: dict[str, str], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asked(phone, "/audit/events?limit=1000&role=kader")["events"]
    monkeypatch.setattr(trail, "STRIDE", 3)
    monkeypatch.setattr(trail, "STRIDES", 2)
    found, after = [], ""
    while after is not None:
        page = asked(phone, f"/audit/events?limit=4{after and f'&after={after}'}")
        found += [one["position"] for one in page["events"]]
        after = page["after"]
    assert found == list(range(found[0], 0, -1))
    narrowed, after = [], ""
    while after is not None:
        page = asked(phone, f"/audit/events?limit=4&role=kader{after and f'&after={after}'}")
        narrowed += [one["position"] for one in page["events"]]
        after = page["after"]
    assert sorted(narrowed) == sorted(one["position"] for one in whole)


def test_what_is_for_health_workers_only_is_a_hash_and_nothing_else(phone: Of, told: dict[str, str]) -> None:
    for path in (f"/audit/events?case={told['sri']}", f"/audit/cases/{told['sri']}"):
        events = asked(phone, path)["events"]
        hidden = [one for one in events if one.get("withheld")]
        assert [one["version"] for one in hidden] == [2]
        assert set(hidden[0]) <= {"position", "case", "version", "digest", "recorded_at", "withheld", "state"}
    for path in (
        f"/audit/events?case={told['sri']}", f"/audit/cases/{told['sri']}", "/audit/events?limit=1000",
        "/audit/events/csv", "/audit/events/jsonl", f"/inspektorat/kasus/{told['sri']}", "/inspektorat/jejak",
    ):  # fmt: skip
        said = phone("yusuf").page(path).text.lower()
        assert "reaktif" not in said and "hiv" not in said.replace("archiv", ""), path


def test_asking_for_the_kind_of_a_withheld_event_tells_no_more_than_that_it_is_withheld(
    phone: Of, told: dict[str, str]
) -> None:
    """Else whoever asks for lab results one kind at a time would learn what was withheld."""
    events = asked(phone, f"/audit/events?case={told['sri']}&kind=pregnancy.lab-result")["events"]
    assert events == []


def test_nobody_is_named_and_nothing_personal_stands_in_the_trail(phone: Of, told: dict[str, str]) -> None:
    said = phone("yusuf").get("/audit/events?limit=1000").text + phone("yusuf").get("/audit/events/csv").text
    for name in ("Budi", "Wawan", "Sri", "3603330403250001", "personal"):
        assert name not in said


def test_a_story_with_its_proof_leads_to_the_root_that_was_signed(
    phone: Of, told: dict[str, str], signed: Signer
) -> None:
    page = asked(phone, f"/audit/cases/{told['budi']}?limit=2")
    assert (page["kind"], page["total"], page["after"]) == ("child", 3, 2)
    checkpoint = read_checkpoint(page["proof"]["checkpoint"], signed.key)
    leaves = {one["position"] - 1: merkle.leaf(base64.b64decode(one["digest"])) for one in page["events"]}
    hashes = [base64.b64decode(one) for one in page["proof"]["hashes"]]
    assert reading_proofs.root_by_shared(checkpoint.size, leaves, hashes) == checkpoint.root
    assert [one["state"] for one in page["events"]] == ["proven", "proven"]
    rest = asked(phone, f"/audit/cases/{told['budi']}?after=2")
    assert [one["version"] for one in rest["events"]] == [3]
    first = page["events"][0]
    assert first["facts"]["posyandu"] == MELATI
    assert (first["name"], first["role"], first["unit"], first["edition"]) == ("Siti Aminah", "kader", MELATI, "2025")


def test_an_event_newer_than_the_checkpoint_waits_and_a_changed_one_is_said(
    phone: Of, told: dict[str, str], signed: Signer, place: Place
) -> None:
    recorded(phone("rina"), weigh(told["budi"], "2025-08-05", 6.9))
    states = [one["state"] for one in asked(phone, f"/audit/cases/{told['budi']}")["events"]]
    assert states == ["proven"] * 3 + ["waiting"]
    changed = f"UPDATE {place.schema}.events SET device = %s WHERE case_id = %s AND version = 2"
    with psycopg.connect(place.tenant.dsn, autocommit=True) as owner:
        owner.execute(changed, ["HP lain", told["budi"]])
        try:
            page = asked(phone, f"/audit/cases/{told['budi']}")
            assert page["proof"]["state"] == "altered"
            assert "Ini temuan" in phone("yusuf").page(f"/inspektorat/kasus/{told['budi']}").text
        finally:
            owner.execute(changed, ["", told["budi"]])
    assert asked(phone, f"/audit/cases/{told['budi']}")["proof"]["state"] == "proven"


def test_the_export_is_the_whole_trail_and_runs_no_formula(
    phone: Of, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.audit.MOST", 3)
    whole = asked(phone, f"/audit/events?case={told['budi']}&limit=1000")
    lines = phone("yusuf").get("/audit/events/jsonl").content.splitlines()
    positions = [msgspec.json.decode(line)["position"] for line in lines]
    assert positions == list(range(positions[0], 0, -1))
    assert whole["events"][0]["position"] in positions
    rows = list(csv.reader(io.StringIO(phone("yusuf").get("/audit/events/csv?role=kader").text)))
    assert rows[0][:3] == ["position", "case", "version"]
    assert {row[10] for row in rows[1:]} == {"kader"}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


DOORS = (
    "/audit/events", "/audit/events/csv", "/audit/cases/{budi}", "/inspektorat", "/inspektorat/jejak",
    "/inspektorat/kasus/{budi}", "/inspektorat/pembuka", "/inspektorat/bukti",
)  # fmt: skip


@pytest.mark.parametrize("login", [login for login, _, role, _ in PEOPLE if role != "inspektorat"])
@pytest.mark.parametrize("path", DOORS)
def test_the_trail_is_for_the_inspectorate_alone(phone: Of, told: dict[str, str], login: str, path: str) -> None:
    assert phone(login).get(path.format(**told)).status_code == 403


@pytest.mark.parametrize("path", DOORS)
def test_and_not_for_strangers(stranger: Phone, told: dict[str, str], path: str) -> None:
    assert stranger.get(path.format(**told)).status_code == 401


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("unit=0000", "no-such-unit"), ("kind=child.weighed", "no-such-kind"), ("role=dukun", "bad-question"),
        ("since=kemarin", "bad-question"), ("case=12", "bad-question"), ("after=x", "bad-question"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_meant_is_said_and_not_answered_with_nothing(
    phone: Of, query: str, code: str
) -> None:
    answer = phone("yusuf").get(f"/audit/events?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    "path", ["/audit/events", "/audit/events/csv", "/audit/events/jsonl", "/inspektorat/jejak", "/inspektorat/pembuka"]
)
def test_the_first_and_the_last_day_there_can_be_are_days_like_others(
    phone: Of, told: dict[str, str], path: str
) -> None:
    for since, until in (("since", "until"), ("dari", "sampai")):
        answer = phone("yusuf").page(f"{path}?{since}=0001-01-01&{until}=9999-12-31")
        assert answer.status_code == 200
        assert 'role="alert"' not in answer.text


def test_that_somebody_read_the_trail_is_noted(phone: Of, told: dict[str, str], place: Place) -> None:
    asked(phone, f"/audit/cases/{told['wawan']}")
    place.reads.settle()
    with place.connection() as conn:
        what = conn.execute(
            f"SELECT what FROM {place.schema}.reads WHERE case_id = %s AND role = 'inspektorat'", [told["wawan"]]
        ).fetchall()
    assert ("trail",) in what


# Pages


def test_the_inspector_finds_by_whatever_is_known(phone: Of, told: dict[str, str]) -> None:
    def hits(text: str) -> str:
        return phone("yusuf").page(f"/inspektorat?q={text}").text

    case = f"/inspektorat/kasus/{told['budi']}"
    assert case in hits(told["budi"])
    assert case in hits(told["entry"])
    assert "/inspektorat/jejak?petugas=" in hits("siti%20aminah")
    assert "Kedaung" in hits("kedaung")
    position = asked(phone, f"/audit/cases/{told['budi']}")["events"][0]["position"]
    assert case in hits(str(position))
    for nothing in ("tidak ada ini", "99999999", str(uuid7()), "3603330403259999"):
        assert "Tidak ada yang cocok" in hits(nothing)


def test_the_pages_say_it_in_words(phone: Of, told: dict[str, str], signed: Signer) -> None:
    home = phone("yusuf").page("/inspektorat").text
    assert "Titik uji terbaru" in home
    story = phone("yusuf").page(f"/inspektorat/kasus/{told['budi']}").text
    assert "Cocok dengan buku" in story
    assert "Siti Aminah, kader, Posyandu Melati" in story
    found = phone("yusuf").page(f"/inspektorat/jejak?unit={KEDAUNG}&jabatan=bidan&jenis=child.measured").text
    assert "Penimbangan dan pengukuran oleh bidan" in found


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("kasus=12", "Nomor kasus tidak terbaca."), ("dari=kemarin", "Tanggal awal tidak terbaca."),
        ("sampai=besok", "Tanggal akhir tidak terbaca."), ("jabatan=dukun", "Jabatan tidak dikenal."),
        ("unit=0000", "Wilayah tidak dikenal."),
    ],
)  # fmt: skip
def test_what_was_typed_and_cannot_be_meant_is_said_on_both_pages(
    phone: Of, told: dict[str, str], typed: str, says: str
) -> None:
    for path in ("/inspektorat/jejak", "/inspektorat/pembuka"):
        page = phone("yusuf").page(f"{path}?{typed}")
        assert page.status_code == 200
        assert f'role="alert">{says}<' in page.text
        assert "Simpan semua hasil" not in page.text and "<time" not in page.text


def test_an_officer_nobody_knows_is_said_where_accounts_look_and_finds_nothing_where_anybody_records(
    phone: Of, told: dict[str, str]
) -> None:
    """The trail takes any actor, since the system and the operator record too; only accounts open something."""
    phone("rina").page(f"/kasus/{told['budi']}")
    assert "Petugas tidak dikenal." in phone("yusuf").page("/inspektorat/pembuka?petugas=siti").text
    trail_of = phone("yusuf").page("/inspektorat/jejak?petugas=siti").text
    assert "Tidak ada catatan yang cocok" in trail_of
    assert "Jenis catatan tidak dikenal." in phone("yusuf").page("/inspektorat/jejak?jenis=mantra").text


def test_a_desa_on_the_pages_takes_in_its_posyandu(phone: Of, told: dict[str, str]) -> None:
    phone("siti").page(f"/kasus/{told['budi']}")
    for path in ("/inspektorat/jejak", "/inspektorat/pembuka"):
        page = phone("yusuf").page(f"{path}?kasus={told['budi']}&unit={KEDAUNG}&jabatan=kader").text
        assert "Siti Aminah" in page and "Posyandu Melati" in page
        assert "<label>Wilayah<" in page and "<label>Jabatan<" in page


def test_the_inspector_reads_who_opened_what_and_goes_on_to_the_case(phone: Of, told: dict[str, str]) -> None:
    phone("rina").page(f"/kasus/{told['budi']}")
    page = phone("yusuf").page(f"/inspektorat/pembuka?kasus={told['budi']}&jabatan=bidan").text
    assert "Bidan Rina</a>, bidan, Kedaung: halaman kasus." in page
    assert f"/inspektorat/kasus/{told['budi']}" in page
    assert "Budi" not in page
    assert 'role="alert"' in phone("yusuf").page("/inspektorat/pembuka?dari=kemarin").text


def test_the_inspector_finds_the_packs_of_a_case_and_of_a_desa(phone: Of, told: dict[str, str], signed: Signer) -> None:
    page = phone("yusuf").page(f"/inspektorat/bukti?kasus={told['budi']}&titik=12,%2034").text
    href = f"/evidence/cases/{told['budi']}.zip?size=12&amp;size=34"
    assert href in page
    assert phone("yusuf").get(f"/evidence/cases/{told['budi']}.zip").status_code == 200
    page = phone("yusuf").page(f"/inspektorat/bukti?desa={KEDAUNG}&triwulan=2026-3").text
    assert f"/evidence/desa/{KEDAUNG}/2026-3.zip" in page
    assert "Tidak ada paket" in phone("yusuf").page("/inspektorat/bukti?kasus=bukan").text


def test_a_diagnosis_stands_neither_in_the_trail_nor_in_what_is_handed_out(
    phone: Of, told: dict[str, str], signing: Signer
) -> None:
    """A kader's referral came back with B20, and was corrected from A09: nothing of it is for an inspector to read."""
    case, day = told["wawan"], today().isoformat()
    assessed = {"do": "care.assess", "on": day, "diagnosis": "A09"}
    [answer] = phone("tuti").send(entry(case, assessed))
    assert answer["answer"] == "recorded", answer
    reads = {"is": "care.clinically-assessed", **{n: v for n, v in assessed.items() if n != "do"}, "diagnosis": "B20"}
    mended = {"do": "case.correct", "on": day, "version": answer["version"], "reads": reads, "reason": "salah-ketik"}
    [answer] = phone("tuti").send(entry(case, mended))
    assert answer["answer"] == "recorded", answer
    for path in (f"/audit/cases/{case}", f"/audit/events?case={case}", "/audit/events/jsonl", "/audit/events/csv"):
        said = phone("yusuf").get(path).text
        assert not re.search('[",](B20|A09)', said), path  # as a value: three letters may stand in any hash
    pack = zipfile.ZipFile(io.BytesIO(phone("yusuf").get(f"/evidence/cases/{case}.zip").content))
    events = json.loads(pack.read("bukti.json"))["events"]
    assert [one["position"] for one in events if "digest" in one and "state" not in one] != []
    assert not re.search('"(B20|A09)', json.dumps(events).replace("\\", ""))


def test_where_a_narrowed_page_ends_tells_of_no_withheld_event(phone: Of, told: dict[str, str]) -> None:
    hidden = next(e["position"] for e in asked(phone, f"/audit/cases/{told['sri']}")["events"] if e.get("withheld"))
    for narrow in ("kind=pregnancy.lab-result", "role=bidan", f"unit={KEDAUNG}"):
        after: int | None = None
        while True:
            page = asked(
                phone, f"/audit/events?case={told['sri']}&{narrow}&limit=1" + (f"&after={after}" if after else "")
            )
            assert hidden not in (page["after"], *(e["position"] for e in page["events"])), narrow
            if (after := page["after"]) is None:
                break


@pytest.mark.parametrize("path", ["/audit/events?actor=%00", "/inspektorat?q=%00a", "/audit/reads?unit=%00"])
def test_a_byte_that_no_text_holds_is_a_bad_question(phone: Of, path: str) -> None:
    assert phone("yusuf").get(path).status_code in (200, 400)
