"""Each pattern is asked about where it is there, and honest work that looks like it is not asked about."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4, uuid5

import pytest

from domain import patterns
from domain.child import Child
from domain.oversight import Counted, IntegrityFlagRaised
from domain.patterns import Finding, Noted, Tally, typed_at, working_day
from domain.questions import question
from domain.stories import fold
from tests.pure.telling import CASE, PLACE, WIB, Telling, at, juknis

ROWS = {row.id: row.look for row in juknis().book_of("2025").protocol.patterns}
OCTOBER = date(2026, 10, 1)


def noted(
    on: str, typed: datetime, nth: int = 0, topic: str = "child.measured", known: bool = True, **measured: float
) -> Noted:
    return Noted(nth + 1, uuid5(CASE, f"anak {nth}"), date.fromisoformat(on), typed, known, topic, **measured)


def number(made: datetime) -> UUID:
    """As a phone makes one at that moment."""
    return UUID(int=(int(made.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | 5)


def day(look: str, entries: Iterable[Noted]) -> list[Finding]:
    return list(ROWS[look].of_day("Ani", list(entries)))


def month(look: str, entries: Iterable[Noted]) -> Finding | None:
    tally, pattern = Tally(), ROWS[look]
    for one in entries:
        if (hit := pattern.hit(one)) is not None:
            tally.take(one, hit)
    return pattern.of_month("Ani", OCTOBER, tally)


def says(finding: Finding | None) -> str | None:
    assert finding is not None
    raised = IntegrityFlagRaised(on=OCTOBER, flag=CASE, pattern=finding.pattern, found=finding.found)
    return question(raised)


# When something was typed


def test_the_number_of_an_entry_says_when_a_phone_made_it() -> None:
    heard = at("2026-10-12", 9)
    assert typed_at(number(at("2026-10-05", 8, 30)), heard) == at("2026-10-05", 8, 30)


@pytest.mark.parametrize("made", ["2026-10-13", "2026-06-01"])
def test_a_clock_that_cannot_have_been_right_says_nothing(made: str) -> None:
    assert typed_at(number(at(made, 8)), at("2026-10-12", 9)) is None


def test_other_numbers_say_nothing() -> None:
    assert typed_at(uuid4(), at("2026-10-12", 9)) is None
    assert typed_at(uuid5(CASE, "berkas"), at("2026-10-12", 9)) is None


def test_a_night_belongs_to_the_day_before_it() -> None:
    assert working_day(at("2026-10-12", 23)) == working_day(at("2026-10-13", 4, 59)) == date(2026, 10, 12)
    assert working_day(at("2026-10-13", 5)) == date(2026, 10, 13)


# Night


def test_many_entries_about_other_days_typed_at_night_are_asked_about() -> None:
    night = [noted(f"2026-10-{1 + n % 9:02}", at("2026-10-13", 1, n), n, "pmt.given") for n in range(24)]
    [finding] = day("malam", night)
    assert finding.found == Counted(count=24, first=date(2026, 10, 12), last=date(2026, 10, 12), hours=(23, 4))
    assert says(finding) == (
        "Mohon dijelaskan: 24 catatan tentang hari lain diisi pada malam pukul 23 sampai 4, 12 Oktober 2026."
    )


def test_a_session_typed_on_its_own_night_is_not_asked_about() -> None:
    assert day("malam", (noted("2026-10-12", at("2026-10-12", 23, 30), n, kg=8) for n in range(40))) == []
    assert day("malam", (noted("2026-10-12", at("2026-10-13", 0, 30), n, kg=8) for n in range(40))) == []


def test_an_outbox_that_comes_at_night_was_typed_by_day() -> None:
    typed = [at(f"2026-10-{5 + n % 6:02}", 10, n) for n in range(40)]
    sent = [noted(f"{t:%Y-%m-%d}", typed_at(number(t), at("2026-10-12", 23, 45)) or t, n) for n, t in enumerate(typed)]
    assert day("malam", sent) == []


# One second


def test_several_days_made_in_one_second_are_asked_about() -> None:
    moment = at("2026-10-12", 14, 5, 9)
    days = [noted(f"2026-10-{3 + n % 5:02}", moment + timedelta(milliseconds=n), n, "pmt.given") for n in range(15)]
    [finding] = day("satu-detik", days)
    assert says(finding) == (
        "Mohon dijelaskan: 15 catatan untuk hari yang berbeda-beda diisi dalam satu detik, "
        "3 Oktober 2026 sampai 7 Oktober 2026."
    )


def test_a_sheet_of_forty_children_made_in_one_second_is_not_asked_about() -> None:
    moment = at("2026-10-12", 14, 5, 9)
    assert day("satu-detik", (noted("2026-10-12", moment, n, kg=8.1) for n in range(40))) == []


def test_an_outbox_whose_numbers_say_nothing_arrives_at_once_and_is_not_asked_about() -> None:
    week = (noted(f"2026-10-{5 + n % 7:02}", at("2026-10-12", 9), n, known=False) for n in range(40))
    assert day("satu-detik", week) == []


# One weight


def test_one_weight_for_most_of_a_session_is_asked_about() -> None:
    session = [noted("2026-10-12", at("2026-10-12", 10), n, kg=9.5 if n < 9 else 7 + n / 10) for n in range(12)]
    [finding] = day("berat-sama", session)
    assert len(finding.cases) == len(finding.positions) == 9
    assert says(finding) == ("Mohon dijelaskan: 9 dari 12 anak yang ditimbang 12 Oktober 2026 beratnya sama, 9,5 kg.")


def test_twins_of_one_weight_in_a_small_session_are_not_asked_about() -> None:
    assert day("berat-sama", (noted("2026-10-12", at("2026-10-12", 10), n, kg=9.5) for n in range(2))) == []


def test_one_child_entered_again_and_again_is_one_child() -> None:
    again = [noted("2026-10-12", at("2026-10-12", 10), 1, kg=9.5)] * 9
    assert day("berat-sama", again) == []


def test_a_scale_that_shows_half_kilograms_hardly_ever_gives_one_weight_to_most() -> None:
    dice = random.Random(2026)
    asked = 0
    for _ in range(2_000):
        weights = [round(dice.gauss(11, 3) * 2) / 2 for _ in range(dice.choice((15, 25, 40, 60)))]
        asked += len(
            day("berat-sama", (noted("2026-10-12", at("2026-10-12", 10), n, kg=kg) for n, kg in enumerate(weights)))
        )
    assert asked <= 2


# Last digits


def weights(values: Iterable[float]) -> list[Noted]:
    return [noted("2026-10-12", at("2026-10-12", 10), n, kg=kg, cm=90 + kg) for n, kg in enumerate(values)]


def test_weights_that_nearly_all_end_in_nought_or_five_are_asked_about() -> None:
    finding = month("berat-bulat", weights([8.0, 9.5, 11.0, 12.5] * 9 + [8.5, 9.0, 9.3, 10.1]))
    assert says(finding) == (
        "Mohon dijelaskan: 38 dari 40 berat badan yang dicatat pada Oktober 2026 berakhir ,0 atau ,5; "
        "biasanya sekitar 8 dari 40."
    )


def test_a_scale_that_shows_half_kilograms_is_asked_about_once_a_year_and_as_a_scale() -> None:
    finding = month("berat-bulat", weights([8.0, 9.5, 11.0, 12.5] * 12))
    assert finding is not None
    assert finding.key == "2026"
    assert (says(finding) or "").endswith("Apakah alatnya hanya menunjukkan langkah 0,5 kg?")


@pytest.mark.parametrize(("look", "step"), [("berat-bulat", 0.1), ("tinggi-bulat", 0.1)])
def test_chance_is_never_asked_about(look: str, step: float) -> None:
    dice = random.Random(7)
    for _ in range(1_000):
        honest = [round(dice.uniform(50, 180)) * step for _ in range(dice.choice((40, 72, 300)))]
        assert month(look, weights(honest)) is None


def test_who_rounds_one_weight_in_four_is_hardly_ever_asked() -> None:
    dice = random.Random(8)
    asked = 0
    for _ in range(1_000):
        honest = [round(dice.uniform(5, 18), 1) for _ in range(60)]
        asked += (
            month("berat-bulat", weights(round(kg * 2) / 2 if dice.random() < 0.25 else kg for kg in honest))
            is not None
        )
    assert asked <= 5


def test_few_weights_are_not_enough_to_ask() -> None:
    assert month("berat-bulat", weights([8.0] * 39)) is None


# Late


def test_a_month_mostly_typed_long_after_its_days_is_asked_about() -> None:
    late = [noted(f"2026-10-{1 + n % 9:02}", at("2026-10-28", 10), n, "pmt.given") for n in range(31)]
    soon = [noted("2026-10-12", at("2026-10-12", 10), n) for n in range(9)]
    assert says(month("terlambat", late + soon)) == (
        "Mohon dijelaskan: 31 dari 40 catatan pada Oktober 2026 diisi lebih dari 7 hari sesudah harinya."
    )


def test_what_a_phone_without_signal_delivers_after_two_weeks_was_not_typed_late() -> None:
    heard = at("2026-10-28", 10)
    typed = [at(f"2026-10-{1 + n % 9:02}", 10, n) for n in range(40)]
    sent = [noted(f"{t:%Y-%m-%d}", typed_at(number(t), heard) or heard, n) for n, t in enumerate(typed)]
    assert month("terlambat", sent) is None


def test_what_is_copied_from_a_book_may_be_old() -> None:
    copied = [noted("2025-10-01", at("2026-10-28", 10), n, "child.immunized") for n in range(40)]
    assert month("terlambat", copied) is None


# The same child


def child(*measured: tuple[str, float, float]) -> Telling:
    told = Telling().told("2026-01-05", "kader Ani", "child.register", born="2024-06-02", sex="L", **PLACE)
    for on, kg, cm in measured:
        told.told(on, "kader Ani", "child.measure", kg=kg, cm=cm)
    return told


def of_child(told: Telling) -> Finding | None:
    state = fold(told.story)
    assert isinstance(state, Child)
    return ROWS["ukuran-tetap"].of_child(state, told.story, OCTOBER)


def test_a_child_of_one_weight_and_height_for_four_months_is_asked_about() -> None:
    finding = of_child(child(*((f"2026-{m:02}-05", 9.5, 78.0) for m in (7, 8, 9, 10))))
    assert says(finding) == (
        "Mohon dijelaskan: berat dan tinggi 1 anak sama persis 4 kali berturut-turut, "
        "5 Juli 2026 sampai 5 Oktober 2026."
    )


@pytest.mark.parametrize(
    "measured",
    [
        [("2026-08-05", 9.5, 78.0), ("2026-09-05", 9.5, 78.0), ("2026-10-05", 9.5, 78.0)],
        [(f"2026-{m:02}-05", 9.5, 70.0 + m / 2) for m in (7, 8, 9, 10)],
        [("2026-10-05", 9.5, 78.0), ("2026-10-06", 9.5, 78.0), ("2026-10-07", 9.5, 78.0), ("2026-10-08", 9.5, 78.0)],
    ],
    ids=["three months", "it grows and gains nothing", "weighed each day of a week"],
)
def test_a_child_that_gains_nothing_is_not_asked_about(measured: list[tuple[str, float, float]]) -> None:
    assert of_child(child(*measured)) is None


# Extra food


def fed(*days: str) -> Telling:
    told = child(("2026-09-01", 8.0, 75.0))
    told.told(
        "2026-09-01", "puskesmas-tpg Dewi", "pmt.decide-eligibility", eligible=True, reason="gizi-kurang", days=56
    )
    told.told("2026-09-02", "kader Ani", "pmt.start", cycle=1, kg=8.0)
    for on in days:
        told.told(on, "kader Ani", "pmt.give", cycle=1, eaten=100)
    return told


def of_case(look: str, told: Telling) -> list[Finding]:
    return list(ROWS[look].of_case(told.story))


def test_portions_after_a_death_that_was_heard_of_later_are_asked_about() -> None:
    told = fed("2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04")
    told.told("2026-10-02", "bidan Rina", "child.die", heard=at("2026-10-09", 10))
    [finding] = of_case("pmt-sesudah-pergi", told)
    assert (finding.pattern, finding.concerns, finding.found.count) == ("pmt-untuk-yang-meninggal", "Ani", 2)
    assert says(finding) == (
        "Mohon dijelaskan: PMT tercatat diberikan 2 hari sesudah penerimanya meninggal, "
        "3 Oktober 2026 sampai 4 Oktober 2026."
    )


def test_portions_after_the_family_moved_are_asked_about() -> None:
    told = fed("2026-10-01").told("2026-10-02", "bidan Rina", "child.move")
    told.told("2026-10-05", "kader Ani", "pmt.give", cycle=1, eaten=100)
    told.told("2026-10-06", "kader Ani", "pmt.give", cycle=1, eaten=100)
    assert [f.pattern for f in of_case("pmt-sesudah-pergi", told)] == ["pmt-untuk-yang-pindah"]


def test_portions_until_the_day_of_leaving_and_portions_taken_back_are_not_asked_about() -> None:
    until = fed("2026-10-01", "2026-10-02").told("2026-10-02", "bidan Rina", "child.move")
    assert of_case("pmt-sesudah-pergi", until) == []
    back = fed("2026-10-01", "2026-10-03", "2026-10-04").told(
        "2026-10-01", "bidan Rina", "child.move", heard=at("2026-10-06", 10)
    )
    for version in (6, 7):
        back.told("2026-10-07", "kader Ani", "case.retract", version=version, reason="salah-orang")
    assert of_case("pmt-sesudah-pergi", back) == []


def test_comparing_a_week_before_recording_its_portions_is_found_afterwards() -> None:
    told = fed("2026-09-03").told(
        "2026-09-12", "desa Hasan", "pmt.reconcile", cycle=1, week=1, planned=7, delivered=7, receipts=7
    )
    assert of_case("dicocokkan-sendiri", told) == []
    told.told("2026-09-13", "desa Hasan", "pmt.give", cycle=1, eaten=100)
    assert of_case("dicocokkan-sendiri", told) == []  # a portion of the second week
    told.told("2026-09-04", "desa Hasan", "pmt.give", cycle=1, eaten=100, heard=at("2026-09-13", 10))
    [finding] = of_case("dicocokkan-sendiri", told)
    assert finding.concerns == "Hasan"
    assert says(finding) == (
        "Mohon dijelaskan: 1 pencocokan berasal dari akun yang juga mencatat pemberiannya, 12 September 2026."
    )


def unit() -> Telling:
    return Telling().told(
        "2026-01-05", "kabupaten Kartika", "desa.register", desa="3603332001", level="desa",
        posyandus=["3603332001.01"],
    )  # fmt: skip


def test_a_month_closed_and_its_session_recorded_after_by_one_hand_is_found() -> None:
    held = {"posyandu": "3603332001.01", "registered": 40, "weighed": 30}
    closed = {"month": "2026-09-01", "registered": 40, "with_book": 40, "weighed": 30, "gained": 20, "stunted": 3,
              "underweight": 2, "below_line": 1}  # fmt: skip
    told = unit().told("2026-09-10", "kader Ani", "desa.hold-session", **held)
    told.told("2026-10-02", "puskesmas-tpg Dewi", "desa.close-month", **closed)
    assert of_case("dicocokkan-sendiri", told) == []
    told.told("2026-09-20", "puskesmas-tpg Dewi", "desa.hold-session", heard=at("2026-10-03", 9), **held)
    assert [f.concerns for f in of_case("dicocokkan-sendiri", told)] == ["Dewi"]


def test_spending_settled_by_who_gave_the_portions_is_found() -> None:
    told = unit()
    spent = {"month": "2026-09-01", "funding": "dana-desa"}
    told.told("2026-10-02", "puskesmas-tpg Dewi", "desa.record-spending", rupiah=9, portions=60, delivered=55, **spent)
    told.told("2026-10-05", "desa Hasan", "desa.reconcile-spending", result="catatan-dilengkapi", **spent)
    given = [noted(f"2026-09-{n + 1:02}", at("2026-09-30", 9), n, "pmt.given") for n in range(6)]
    look = ROWS["belanja-sendiri"]
    [finding] = look.of_spending(told.story[-1], given)
    assert finding.concerns == "Hasan"
    assert list(look.of_spending(told.story[-1], given[:4])) == []


def test_two_cases_with_one_nik_fed_on_the_same_days_are_asked_about() -> None:
    one, other = fed("2026-09-03", "2026-09-04", "2026-09-05"), fed("2026-09-04", "2026-09-05", "2026-09-06")
    [finding] = ROWS["nik-dua-pmt"].of_pair(one.story, other.story)
    assert finding.found.count == 2
    apart = fed("2026-10-04", "2026-10-05")
    assert list(ROWS["nik-dua-pmt"].of_pair(one.story, apart.story)) == []


# What is asked


def test_no_question_accuses_or_names_anybody() -> None:
    whole = Counted(count=3, of=4, usual=1, first=OCTOBER, last=OCTOBER, kg=9.5, within=7, hours=(23, 4))
    for pattern in patterns.Doubt.__args__:  # type: ignore[attr-defined]
        for found in (whole, Counted(count=3)):
            asked = question(IntegrityFlagRaised(on=OCTOBER, flag=CASE, pattern=pattern, found=found, concerns="Ani"))
            if asked is None:
                assert pattern in ("foto-atau-nik-sama", "lokasi-jauh", "lain")
                continue
            assert asked.startswith("Mohon dijelaskan: ")
            assert "Ani" not in asked
            assert "None" not in asked
            assert not any(word in asked.lower() for word in ("curang", "palsu", "bohong", "pelaku", "tuduh", "fiktif"))


def test_the_children_of_one_hand_are_one_question() -> None:
    several = [of_child(child(*((f"2026-{m:02}-05", 9.5, 78.0) for m in (7, 8, 9, 10)))) for _ in range(3)]
    [finding] = patterns.gathered(one for one in several if one is not None)
    assert finding.found.count == 3
    assert finding.found.within == 4


def test_a_phone_of_another_zone_tells_the_hour_of_the_place() -> None:
    heard = datetime(2026, 10, 12, 3, tzinfo=UTC).astimezone(WIB)
    typed = typed_at(number(datetime(2026, 10, 12, 2, tzinfo=UTC)), heard)
    assert typed is not None
    assert typed.hour == 9
