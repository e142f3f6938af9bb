"""The whole way of a real child: imported, twice weighed without gain, on the bidan's list, referred, gone from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from projections import log
from service.exchange import visits
from service.exchange.door import ImportDoor
from service.exchange.intake import Intake
from service.exchange.placing import Places
from service.exchange.rejected import Aside
from service.exchange.sorting import Sorting
from service.exchange.tables import open_table
from service.exchange.whole import bring_in
from service.places import Place
from service.sealing import Sealing
from service.store import Store, connect
from tests.doors.conftest import Phone, entry, weigh
from tests.kabupaten import CODE, MASTER, MELATI, PUSKESMAS, SCHEMA

CPP = Path(__file__).resolve().parents[2] / "../shared/data/cpp.csv"

pytestmark = pytest.mark.skipif(not CPP.exists(), reason="the real measurements (../shared/data/cpp.csv) are not here")


@pytest.fixture
def imported(place: Place, dsn: str, tmp_path: Path) -> None:
    """The first children of the file, born from January 2025 on, all in one posyandu."""
    units = place.accounts.units()
    with connect(dsn, 1, 2) as pool:
        store = Store(pool, SCHEMA, Sealing(MASTER, SCHEMA), place.tenant.zone, lambda _: "2025")
        door = ImportDoor(CODE, store, units, "puskesmas-tpg")
        rows = visits.read(islice(open_table(CPP).lines, 12), [MELATI], date(2025, 1, 1))
        rows = Sorting(Places(units), MASTER, door.today).sort(rows)
        bring_in(rows, Intake(door), Aside(tmp_path / "r.csv", "alasan"), Aside(tmp_path / "n.csv", "catatan"))
        with pool.connection() as conn:
            assert log.wait_for(conn, SCHEMA, log.head(conn, SCHEMA), 10)


def of_child(tasks: list[dict[str, Any]], case: str) -> dict[str, dict[str, Any]]:
    return {task["rule"]: task for task in tasks if task["case"] == case}


def test_a_real_child_that_does_not_gain_twice_is_found_referred_and_gone(
    imported: None, phone: Callable[[str], Phone]
) -> None:
    siti, rina = phone("siti"), phone("rina")
    [found] = [p for p in siti.get("/people?q=Anak CPP 2").json()["people"] if p["name"] == "Anak CPP 2"]
    case = found["case"]
    story = siti.get(f"/cases/{case}/story").json()
    at_one_year = [told for told in story["told"] if told["on"] == "2026-01-04"]
    assert "8,4 kg" in at_one_year[0]["sentence"]

    siti.send(weigh(case, on="2026-02-05", kg=8.4))
    first = rina.get(f"/queues/bidan?limit=200&not_older_than={siti.position}").json()
    assert first["fresh"]
    assert {"C09"} <= of_child(first["tasks"], case).keys()

    siti.send(weigh(case, on="2026-03-05", kg=8.3))
    second = of_child(rina.get(f"/queues/bidan?limit=200&not_older_than={siti.position}").json()["tasks"], case)
    assert "C09" not in second
    assert second["C10"]["why"] == (
        "Berat tidak naik 2 kali berturut-turut: 8,4 kg (4 Januari 2026), 8,4 kg (5 Februari 2026), "
        "8,3 kg (5 Maret 2026)."
    )
    versions = {told["number"] for told in rina.get(f"/cases/{case}/story").json()["told"]}
    assert len(second["C10"]["events"]) == 3
    assert set(second["C10"]["events"]) <= versions

    refer = {"do": "referral.create", "on": "2026-03-06", "referral": str(uuid7()), "to": PUSKESMAS,
             "kind": "puskesmas", "reason": "tidak-naik", "planned": "2026-03-09"}  # fmt: skip
    assert rina.send(entry(case, refer))[0]["answer"] == "recorded"
    gone = of_child(rina.get(f"/queues/bidan?limit=200&not_older_than={rina.position}").json()["tasks"], case)
    assert "C10" not in gone
    assert "C09" not in gone
    asked = of_child(phone("dewi").get("/queues/puskesmas-tpg?limit=200").json()["tasks"], case)
    assert "F01" in asked
