"""What a family is owed: edges that the stories of the juknis do not show."""

from __future__ import annotations

from typing import Any

import pytest

from domain.case import Refused
from tests.pure.telling import PLACE, Telling, child

HELP = "01890000-0000-7000-8000-0000000000d1"


def home(**screened: Any) -> Telling:
    family = Telling().told("2025-03-03", "kader Ani", "family.register", **PLACE)
    return family.told("2025-03-10", "kader Ani", "family.screen", **screened)


def test_a_home_without_anybody_to_care_for_is_owed_nothing() -> None:
    alone = home(latrine="tidak-ada", water="tidak-aman", smoker=True)
    alone.told("2025-03-10", "kader Ani", "care.visit-home", found="bertemu")
    assert [o.rule for o in alone.owed()] == []


def test_the_newest_word_on_a_latrine_counts() -> None:
    mended = home(under_five=1, latrine="tidak-ada")
    mended.told("2025-04-10", "kader Ani", "family.screen", under_five=1, latrine="layak")
    assert mended.of("K04") is None


def test_a_screening_that_says_nothing_of_water_takes_nothing_back() -> None:
    again = home(under_five=1, water="tidak-aman")
    again.told("2025-04-10", "kader Ani", "family.screen", under_five=1, smoker=False)
    assert again.must("K05").since.isoformat() == "2025-03-10"


def test_help_of_another_kind_answers_nothing() -> None:
    other = home(under_five=1, latrine="tidak-ada")
    other.told("2025-03-11", "desa Hasan", "family.grant-support", what="air", source="dana-desa")
    assert other.of("K04") is not None


def test_a_poor_family_that_gets_aid_is_not_proposed_again() -> None:
    assert home(under_five=1, poor=True, aid=True).of("K07") is None
    assert home(under_five=1, poor=True, aid=False).of("K07") is not None
    assert home(under_five=1, poor=False, aid=False).of("K07") is None


def test_a_couple_in_good_health_is_owed_nothing_after_the_screening() -> None:
    registered = {"born": "2000-01-01", "wedding": "2025-08-01", **PLACE}
    couple = Telling().told("2025-03-03", "kader Ani", "family.register-couple", **registered)
    couple.told("2025-03-04", "bidan Rina", "family.screen-couple", lila=25, hb=12.5, smoker=False)
    assert [o.rule for o in couple.owed()] == []


def test_only_a_couple_is_screened_as_one() -> None:
    with pytest.raises(Refused, match="not-a-couple"):
        home().told("2025-03-11", "kader Ani", "family.screen-couple", lila=22)


def test_a_request_is_made_once_and_only_what_was_asked_for_is_refused() -> None:
    asked = home().told("2025-03-11", "desa Hasan", "family.request-support", support=HELP, what="air", of="dinas")
    with pytest.raises(Refused, match="support-exists"):
        asked.told("2025-03-12", "desa Hasan", "family.request-support", support=HELP, what="air", of="dinas")
    with pytest.raises(Refused, match="no-such-support"):
        home().told("2025-03-12", "desa Hasan", "family.refuse-support", support=HELP, reason="tanpa-dana")


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"lila": 228}, "lila-impossible"), ({"kg": 47500}, "grams-for-kilograms"), ({"hb": 114}, "hb-impossible")],
)
def test_measures_nobody_has_are_refused(fields: dict[str, float], code: str) -> None:
    couple = Telling().told("2025-03-03", "kader Ani", "family.register-couple", **PLACE)
    with pytest.raises(Refused, match=code):
        couple.told("2025-03-04", "bidan Rina", "family.screen-couple", **fields)


def test_a_familys_screening_may_be_told_of_a_child() -> None:
    budi = child().told("2025-03-04", "kader Ani", "family.screen", under_five=1, latrine="tidak-ada")
    assert len(budi.story) == 2
