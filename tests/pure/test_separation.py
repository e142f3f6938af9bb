"""Who recorded something does not compare, close or approve it, from whatever post; what is fed twice is found."""

from __future__ import annotations

from typing import Any

import pytest

from domain.case import Refused
from tests.pure.telling import PLACE, Telling, at

PLANNED = {"monday": "2026-10-05", "menu": "telur dan bayam"}
SPENT = {"month": "2026-09-01", "funding": "dana-desa"}
HELD = {"posyandu": "3603332001.01", "registered": 40, "weighed": 30}
CLOSED = {
    "month": "2026-09-01", "registered": 40, "with_book": 40, "weighed": 30, "gained": 20, "stunted": 3,
    "underweight": 2, "below_line": 1,
}  # fmt: skip
WEEK = {"cycle": 1, "week": 1, "planned": 7, "delivered": 7, "receipts": 7}


def unit() -> Telling:
    said = {"desa": "3603332001", "posyandus": ["3603332001.01"]}
    return Telling().told("2026-01-05", "kabupaten Tata", "desa.register", **said)


def fed(by: str = "kader Ani") -> Telling:
    told = Telling().told("2026-01-05", "kader Ani", "child.register", born="2024-06-02", sex="L", **PLACE)
    told.told("2026-09-01", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=True, reason="gizi-kurang",
              days=28, funding="dana-desa")  # fmt: skip
    told.told("2026-09-02", "kader Ani", "pmt.start", cycle=1)
    return told.told("2026-09-03", by, "pmt.give", cycle=1, eaten=100)


def refused(told: Telling, on: str, who: str, do: str, **said: Any) -> str:
    with pytest.raises(Refused) as answer:
        told.told(on, who, do, **said)
    return answer.value.code


# One account, two posts


def test_who_gave_portions_as_a_kader_does_not_compare_them_for_the_desa() -> None:
    assert refused(fed("kader Hasan"), "2026-09-12", "desa Hasan", "pmt.reconcile", **WEEK) == "reconcile-own-portions"
    closed = fed().told("2026-09-09", "kader Hasan", "pmt.close-week", cycle=1, week=1)
    assert refused(closed, "2026-09-12", "desa Hasan", "pmt.reconcile", **WEEK) == "reconcile-own-portions"
    fed().told("2026-09-12", "desa Hasan", "pmt.reconcile", **WEEK)


def test_who_recorded_spending_for_the_desa_does_not_settle_it_for_the_puskesmas() -> None:
    told = unit().told("2026-10-02", "desa Hasan", "desa.record-spending", rupiah=9, portions=60, delivered=55, **SPENT)
    settle = {"result": "catatan-dilengkapi", **SPENT}
    own = refused(told, "2026-10-05", "puskesmas-tpg Hasan", "desa.reconcile-spending", **settle)
    assert own == "reconcile-own-spending"
    told.told("2026-10-05", "puskesmas-tpg Dewi", "desa.reconcile-spending", **settle)


def test_who_planned_a_menu_as_a_bidan_does_not_approve_it_for_the_puskesmas() -> None:
    told = unit().told("2026-10-01", "bidan Dewi", "desa.plan-menu", **PLANNED)
    own = refused(told, "2026-10-02", "puskesmas-tpg Dewi", "desa.approve-menu", monday="2026-10-05")
    assert own == "approve-own-menu"
    told.told("2026-10-02", "puskesmas-tpg Rina", "desa.approve-menu", monday="2026-10-05")


def test_who_held_a_session_as_a_bidan_does_not_close_its_month() -> None:
    told = unit().told("2026-09-10", "bidan Dewi", "desa.hold-session", **HELD)
    assert refused(told, "2026-10-02", "puskesmas-tpg Dewi", "desa.close-month", **CLOSED) == "close-own-sessions"
    told.told("2026-10-02", "puskesmas-tpg Rina", "desa.close-month", **CLOSED)


def test_who_weighed_as_a_bidan_does_not_find_it_right_for_the_puskesmas() -> None:
    told = fed().told("2026-09-10", "bidan Dewi", "child.measure", kg=8.1)
    version = told.story[-1].version
    own = refused(told, "2026-09-11", "puskesmas-tpg Dewi", "child.verify-measurement", version=version)
    assert own == "verify-own-measurement"


# Two schemes for one person (M11)


def overlaps(told: Telling, on: str) -> list[str]:
    return [owed.says for owed in told.owed() if owed.rule == "M11" and f"{owed.since}" <= on]


@pytest.mark.parametrize("hand", ["kader Ani", "desa Hasan", "puskesmas-tpg Dewi"])
@pytest.mark.parametrize("scheme", ["mbg", "mitra", "penyuluhan"])
def test_a_second_scheme_is_found_whoever_recorded_it(hand: str, scheme: str) -> None:
    told = fed().told("2026-09-07", hand, "pmt.record-other-food", scheme=scheme)
    [says] = overlaps(told, "2026-09-07")
    assert "sejak 7 September 2026" in says


def test_what_was_there_before_the_first_portion_is_found_from_that_portion_on() -> None:
    told = Telling().told("2026-01-05", "kader Ani", "child.register", born="2024-06-02", sex="L", **PLACE)
    told.told("2026-08-01", "desa Hasan", "pmt.record-other-food", scheme="mbg")
    told.told("2026-09-01", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=True, reason="gizi-kurang")
    assert overlaps(told, "2026-09-30") == []
    told.told("2026-09-02", "kader Ani", "pmt.start", cycle=1)
    assert len(overlaps(told, "2026-09-02")) == 1


def test_a_second_cycle_paid_by_another_purse_is_found() -> None:
    told = fed()
    told.told("2026-09-05", "bidan Rina", "pmt.decide-eligibility", eligible=True, reason="tidak-naik", cycle=2,
              days=14, funding="dak-nonfisik")  # fmt: skip
    told.told("2026-09-06", "desa Hasan", "pmt.start", cycle=2)
    [says] = overlaps(told, "2026-09-06")
    assert "Dana Desa" in says
    assert "sejak 6 September 2026" in says


def test_one_scheme_after_the_other_is_no_overlap() -> None:
    told = fed().told("2026-09-10", "bidan Rina", "pmt.stop", cycle=1, reason="lain")
    told.told("2026-09-11", "desa Hasan", "pmt.record-other-food", scheme="mbg")
    assert overlaps(told, "2026-09-30") == []


# Late entries (V09)


def test_the_eighth_day_asks_for_a_reason_and_the_reason_ends_it() -> None:
    told = Telling().told("2026-01-05", "kader Ani", "child.register", born="2024-06-02", sex="L", **PLACE)
    told.told("2026-09-01", "kader Ani", "child.measure", kg=8.1, heard=at("2026-09-08", 23))
    assert [o.rule for o in told.owed() if o.rule == "V09"] == []
    told.told("2026-09-02", "kader Ani", "child.measure", kg=8.1, heard=at("2026-09-10", 1))
    assert [o.rule for o in told.owed() if o.rule == "V09"] == ["V09"]
    told.told("2026-09-10", "kader Ani", "person.explain-late-entry", reason="tidak-ada-sinyal")
    assert [o.rule for o in told.owed() if o.rule == "V09"] == []
    told.told("2026-09-03", "kader Ani", "child.measure", kg=8.1, heard=at("2026-09-12", 1))
    assert [o.rule for o in told.owed() if o.rule == "V09"] == ["V09"]
