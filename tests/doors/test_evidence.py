"""Packs as they come through the doors: who gets which, what is in them, and that they prove what they say."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace

from domain.desa import number
from service.beginnings import begin_units
from service.notes import Signer
from service.places import Place
from tests import paper
from tests.doors.conftest import Phone, entry, register, weigh
from tests.kabupaten import BEGAN, KEDAUNG, MAWAR, PUSKESMAS, WALIWIS
from tests.verify.conftest import signing
from tests.verify.packs import Said, checked

__all__ = ["signing"]

OF_KEDAUNG = f"/evidence/desa/{KEDAUNG}/2025-2.zip"


@pytest.fixture(scope="module")
def laras(phone: Callable[[str], Phone]) -> str:
    """Weighed twice, fed in June 2025."""
    sent = register(MAWAR, "Laras Wulandari")
    case = sent["case"]
    decided = {"do": "pmt.decide-eligibility", "on": "2025-06-05", "eligible": True, "reason": "gizi-kurang",
               "days": 56, "funding": "dana-desa", "personal": {"note": "Ibu setuju"}}  # fmt: skip
    rina = phone("rina")
    told = rina.send(
        sent,
        weigh(case, "2025-05-05", 5.2),
        weigh(case, "2025-06-05", 5.2),
        entry(case, decided),
        entry(case, {"do": "pmt.start", "on": "2025-06-05", "cycle": 1, "kg": 5.2}),
        entry(case, {"do": "pmt.give", "on": "2025-06-06", "cycle": 1, "eaten": 75}),
    )
    assert {one["answer"] for one in told} == {"recorded"}, told
    rina.get(f"/queues/bidan?not_older_than={rina.position}")
    return case


@pytest.fixture(scope="module")
def sri(phone: Callable[[str], Phone]) -> str:
    """Pregnant, with a blood test whose result only health workers know."""
    case = str(uuid4())
    rina = phone("rina")
    told = rina.send(
        entry(case, {"do": "pregnancy.register", "on": "2025-04-02", "desa": KEDAUNG, "posyandu": MAWAR,
                     "hpht": "2025-02-01", "personal": {"name": "Sri"}}),
        entry(case, {"do": "pregnancy.record-lab-result", "on": "2025-04-10", "test": "hiv", "result": "reaktif"}),
        entry(case, {"do": "pregnancy.measure", "on": "2025-04-20", "kg": 51.0, "lila": 24.0}),
    )  # fmt: skip
    assert {one["answer"] for one in told} == {"recorded"}, told
    rina.get(f"/queues/bidan?not_older_than={rina.position}")
    return case


def saved(answer: httpx.Response, folder: Path) -> Path:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    path = folder / "paket.zip"
    path.write_bytes(answer.content)
    return path


def bukti(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as pack:
        assert pack.namelist() == ["bukti.json", "bukti.pdf", "titik.txt", "periksa.py", "BACA-DULU.txt"]
        return json.loads(pack.read("bukti.json"))


def proven(path: Path, signer: Signer) -> Said:
    said = checked(path, "--kunci", str(signer.key))
    assert said.code == 0, said.text
    return said


def test_the_inspector_proves_the_story_of_a_child_on_his_own_computer(
    phone: Callable[[str], Phone], laras: str, signing: Signer, tmp_path: Path
) -> None:
    path = saved(phone("yusuf").get(f"/evidence/cases/{laras}.zip"), tmp_path)
    assert "lengkap dari versi 1 sampai 6" in proven(path, signing).text
    told = bukti(path)
    assert told["about"] == {"kind": "kasus", "case": laras}
    assert [e["topic"] for e in told["events"]][-2:] == ["pmt.started", "pmt.given"]
    assert len(told["editions"][0]["digest"]) == 64


def test_no_name_and_no_note_is_in_a_pack_not_even_for_those_who_read_them(
    phone: Callable[[str], Phone], laras: str, signing: Signer
) -> None:
    for login in ("rina", "yusuf"):
        with zipfile.ZipFile(io.BytesIO(phone(login).get(f"/evidence/cases/{laras}.zip").content)) as pack:
            for name in ("bukti.json", "bukti.pdf"):
                text = (
                    pack.read(name).decode("utf-8", "replace")
                    if name.endswith("json")
                    else paper.words(pack.read(name))
                )
                assert "Laras" not in text
                assert "setuju" not in text


def test_the_paper_says_what_happened_and_how_to_check(
    phone: Callable[[str], Phone], laras: str, signing: Signer
) -> None:
    answer = phone("rina").get(f"/evidence/cases/{laras}.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
        page = pack.read("bukti.pdf")
        assert pack.read("titik.txt").decode() == json.loads(pack.read("bukti.json"))["checkpoint"]
    assert paper.says(page, "Riwayat satu kasus")
    assert paper.says(page, "5,2 kg")
    assert paper.says(page, "bidan, Kedaung")
    assert paper.says(page, "python periksa.py PAKET.zip")


def test_a_restricted_result_is_a_digest_without_content_for_the_inspector(
    phone: Callable[[str], Phone], sri: str, signing: Signer, tmp_path: Path
) -> None:
    path = saved(phone("yusuf").get(f"/evidence/cases/{sri}.zip"), tmp_path)
    assert "1 kejadian ditahan" in proven(path, signing).text
    assert "reaktif" not in json.dumps(bukti(path))
    assert '"hiv' not in json.dumps(bukti(path)).replace("\\", "")  # three letters may stand in any hash


def test_a_health_worker_has_the_whole_story(
    phone: Callable[[str], Phone], sri: str, signing: Signer, tmp_path: Path
) -> None:
    path = saved(phone("bagus").get(f"/evidence/cases/{sri}.zip"), tmp_path)
    assert "ditahan" not in proven(path, signing).text
    assert len(bukti(path)["events"]) == 3


@pytest.mark.parametrize("login", ["siti", "hasan", "ratna", "kartika"])
def test_whole_stories_of_persons_are_not_for_kader_desa_and_offices(
    phone: Callable[[str], Phone], laras: str, signing: Signer, login: str
) -> None:
    answer = phone(login).get(f"/evidence/cases/{laras}.zip")
    assert (answer.status_code, answer.json()["code"]) == (403, "no-evidence-for-you")


@pytest.mark.parametrize("login", ["tuti", "sari"])
def test_a_case_elsewhere_is_as_none_at_all(
    phone: Callable[[str], Phone], laras: str, signing: Signer, login: str
) -> None:
    own = phone(login).get(f"/evidence/cases/{laras}.zip")
    none = phone(login).get(f"/evidence/cases/{uuid4()}.zip")
    assert (own.status_code, own.content) == (none.status_code, none.content) == (404, none.content)


@pytest.mark.parametrize("login", ["hasan", "ratna", "dewi", "yusuf"])
def test_a_pmt_cycle_is_proven_with_what_it_rests_on(
    phone: Callable[[str], Phone], laras: str, signing: Signer, tmp_path: Path, login: str
) -> None:
    path = saved(phone(login).get(f"/evidence/cases/{laras}/pmt/1.zip"), tmp_path)
    assert "pembuat paket yang memilihnya" in proven(path, signing).text
    assert [e["topic"] for e in bukti(path)["events"]] == [
        "child.registered", "child.measured", "child.measured", "pmt.eligibility-decided", "pmt.started", "pmt.given",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/evidence/cases/{laras}/pmt/2.zip",
        "/evidence/cases/{laras}/pmt/0.zip",
        "/evidence/cases/{laras}/pmt/satu.zip",
        "/evidence/cases/{laras}.rar",
        "/evidence/cases/x.zip",
        "/evidence/desa/9901012001/2025-5.zip",
        "/evidence/desa/9901012001/2025-2",
        "/evidence/desa/9901010101/2025-2.zip",
        "/evidence/desa/tidak-ada/2025-2.zip",
        "/evidence/requests/9901012001/x.zip",
        "/evidence/requests/9901012001/01890000-0000-7000-8000-0000000000a1.zip",
        "/evidence/requests/tidak-ada/01890000-0000-7000-8000-0000000000a1.zip",
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(
    phone: Callable[[str], Phone], laras: str, signing: Signer, path: str
) -> None:
    assert phone("yusuf").get(path.format(laras=laras)).status_code == 404


def test_the_desa_s_quarter_tells_nothing_of_a_restricted_result_not_even_that_something_is_missing(
    phone: Callable[[str], Phone], laras: str, sri: str, signing: Signer, tmp_path: Path
) -> None:
    path = saved(phone("hasan").get(OF_KEDAUNG), tmp_path)
    proven(path, signing)
    told = bukti(path)
    assert "reaktif" not in json.dumps(told)
    assert not [e for e in told["events"] if "withheld" in e]
    assert {"pregnancy.lab-result"}.isdisjoint(e["topic"] for e in told["events"])
    assert {laras, sri} <= {e["case"] for e in told["events"]}


def test_a_quarter_has_what_happened_in_it_and_what_was_recorded_in_it(
    phone: Callable[[str], Phone], laras: str, signing: Signer, tmp_path: Path
) -> None:
    of_laras = [e for e in bukti(saved(phone("yusuf").get(OF_KEDAUNG), tmp_path))["events"] if e["case"] == laras]
    assert of_laras[0]["topic"] == "child.measured"  # registered in March, in the quarter before


def test_a_quarter_of_another_desa_is_not_theirs(phone: Callable[[str], Phone], signing: Signer) -> None:
    assert phone("hasan").get(f"/evidence/desa/{WALIWIS}/2025-2.zip").status_code == 404
    assert phone("siti").get(OF_KEDAUNG).status_code == 403


def test_what_an_inspector_asked_for_is_handed_over_with_its_digest(
    phone: Callable[[str], Phone], place: Place, laras: str, signing: Signer, tmp_path: Path
) -> None:
    begin_units(place._writer._store, place.accounts.units(), BEGAN.date(), BEGAN)
    request = str(uuid4())
    wanted = {"do": "desa.request-evidence", "on": "2025-07-01", "request": request, "what": ["makanan-tambahan"],
              "letter": "700/12-Insp/2025", "first": "2025-06-01", "last": "2025-06-30"}  # fmt: skip
    story = number(KEDAUNG)
    assert phone("yusuf").send(entry(story, wanted))[0]["answer"] == "recorded"
    address = f"/evidence/requests/{KEDAUNG}/{request}.zip"
    looked = bukti(saved(phone("hasan").get(address), tmp_path))
    assert phone("yusuf").post(address).status_code == 403
    handed = phone("hasan").post(address)
    path = saved(handed, tmp_path)
    proven(path, signing)
    told = bukti(path)
    assert told["about"]["letter"] == "700/12-Insp/2025"
    assert {e["topic"] for e in told["events"]} == {
        "desa.evidence-requested", "pmt.eligibility-decided", "pmt.started", "pmt.given",
    }  # fmt: skip
    assert [e["position"] for e in looked["events"]] == [e["position"] for e in told["events"]]
    assert handed.headers["x-sidik-sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    recorded = phone("hasan").get(f"/cases/{story}/story").json()["told"][0]
    assert recorded["topic"] == "desa.evidence-provided"
    assert handed.headers["x-sidik-sha256"][:12] in recorded["sentence"]
    again = phone("hasan").post(address)
    assert (again.status_code, again.json()["code"]) == (409, "nothing-open-by-this-number")


def test_what_goes_to_the_inspectorate_holds_no_diagnosis_whoever_makes_it(
    phone: Callable[[str], Phone], place: Place, laras: str, signing: Signer, tmp_path: Path
) -> None:
    """The nutritionist of the puskesmas reads diagnoses; the pack she hands over is for an inspector."""
    begin_units(place._writer._store, place.accounts.units(), BEGAN.date(), BEGAN)
    step = {"on": "2025-06-20", "referral": str(uuid4())}
    made = {"do": "referral.create", "to": PUSKESMAS, "kind": "puskesmas", "reason": "gizi-kurang", **step}
    told = phone("rina").send(entry(laras, made))
    told += phone("dewi").send(
        entry(laras, {"do": "referral.accept", **step}), entry(laras, {"do": "referral.arrive", **step}),
        entry(laras, {"do": "referral.counter-refer", "diagnosis": "B20", **step}),
    )  # fmt: skip
    assert [one for one in told if one["answer"] != "recorded"] == []
    request = str(uuid4())
    wanted = {"do": "desa.request-evidence", "on": "2025-07-01", "request": request, "what": ["rujukan"],
              "letter": "700/13-Insp/2025", "first": "2025-06-01", "last": "2025-06-30"}  # fmt: skip
    assert phone("yusuf").send(entry(number(PUSKESMAS), wanted))[0]["answer"] == "recorded"
    path = saved(phone("dewi").post(f"/evidence/requests/{PUSKESMAS}/{request}.zip"), tmp_path)
    proven(path, signing)
    assert "referral.arrived" in {e.get("topic") for e in bukti(path)["events"]}
    assert '"B20' not in json.dumps(bukti(path)).replace("\\", "")  # three letters may stand in any hash


def test_a_request_to_one_unit_is_not_answered_by_another(phone: Callable[[str], Phone], signing: Signer) -> None:
    address = f"/evidence/requests/{PUSKESMAS}/{uuid4()}.zip"
    assert phone("hasan").get(address).status_code == 404
    assert phone("siti").get(address).status_code == 403


def test_that_it_was_read_is_noted(phone: Callable[[str], Phone], place: Place, laras: str, signing: Signer) -> None:
    phone("yusuf").get(f"/evidence/cases/{laras}.zip")
    with place.ledger.pool.connection() as conn:
        found = conn.execute(
            f"SELECT count(*) FROM {place.schema}.reads WHERE case_id = %s AND what = %s AND role = %s",
            [laras, "evidence", "inspektorat"],
        ).fetchone()
    assert found is not None
    assert found[0] >= 1


def test_a_point_the_inspector_kept_is_answered_with_a_proof(
    phone: Callable[[str], Phone], laras: str, signing: Signer, tmp_path: Path
) -> None:
    first = saved(phone("yusuf").get(f"/evidence/cases/{laras}.zip"), tmp_path).rename(tmp_path / "dahulu.zip")
    size = int(bukti(first)["checkpoint"].split("\n")[1])
    phone("rina").send(weigh(laras, "2025-07-05", 5.6))
    path = saved(phone("yusuf").get(f"/evidence/cases/{laras}.zip?size={size}"), tmp_path)
    said = checked(path, "--kunci", str(signing.key), "--titik", first)
    assert said.code == 0, said.text
    missing = phone("yusuf").get(f"/evidence/cases/{laras}.zip?size=1")
    assert (missing.status_code, missing.json()["code"]) == (404, "no-such-point")


def test_where_nobody_signs_what_is_new_it_is_said_and_not_waited_for_for_ever(
    phone: Callable[[str], Phone], place: Place, laras: str
) -> None:
    phone("rina").send(weigh(laras, "2025-08-05", 5.9))
    place.settings, before = replace(place.settings, checkpoint_wait_seconds=0.1), place.settings
    answer = phone("yusuf").get(f"/evidence/cases/{laras}.zip")
    place.settings = before
    assert (answer.status_code, answer.json()["code"]) == (503, "not-covered")
