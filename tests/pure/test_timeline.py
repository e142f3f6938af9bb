"""A story is told whole to those who may know it, and without a trace of what others may not know."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

from domain import case, child, pregnancy
from domain.case import Envelope, Event, Personal, Recorded, Role
from projections.timeline import Told, as_seen, timeline, version_of

SITI = UUID("01890000-0000-7000-8000-000000000001")
WIB = timezone(timedelta(hours=7))
PLACE = {"desa": "3603332001", "posyandu": "3603332001.01"}


def story(*events: Event, at: datetime = datetime(2025, 3, 4, 9, tzinfo=UTC), role: Role = "bidan") -> list[Recorded]:
    by = Envelope(recorded_at=at, actor="rina", role=role, unit="3603332001", entry=SITI, edition="2025")
    return [Recorded(SITI, version, event, by, version + 100) for version, event in enumerate(events, start=1)]


def tell(told: list[Recorded], role: Role = "bidan", **kw: object) -> tuple[Told, ...]:
    return timeline(told, role, WIB, lambda _: None, **kw).told  # type: ignore[arg-type]


BUDI = (
    child.Registered(on=date(2025, 1, 2), born=date(2024, 6, 1), sex="L", **PLACE),
    child.Measured(on=date(2025, 2, 4), kg=71.0),
    case.Corrected(
        on=date(2025, 2, 5),
        version=2,
        reason="salah-ketik",
        reads={"is": "child.measured", "on": "2025-02-04", "kg": 7.1},
    ),
    child.Measured(on=date(2025, 3, 4), kg=7.0),
    case.Retracted(on=date(2025, 3, 4), version=4, reason="salah-orang"),
)

RINA = (
    pregnancy.Registered(on=date(2025, 1, 2), hpht=date(2024, 12, 1), **PLACE),
    pregnancy.LabResultRecorded(on=date(2025, 1, 2), test="hiv", result="reaktif"),
    pregnancy.LabResultRecorded(on=date(2025, 1, 2), test="hb", value=9.5),
    case.Retracted(on=date(2025, 1, 3), version=2, reason="salah-orang"),
    case.Corrected(
        on=date(2025, 1, 3), version=3, reason="salah-ketik",
        reads={"is": "pregnancy.lab-result", "on": "2025-01-02", "test": "hb", "value": 10.5},
    ),
)  # fmt: skip


def test_a_story_is_told_event_by_event_with_who_and_when() -> None:
    first = tell(story(*BUDI))[0]
    assert (first.number, first.position, first.topic, first.on) == (1, 101, "child.registered", date(2025, 1, 2))
    assert (first.actor, first.role, first.unit) == ("rina", "bidan", "3603332001")
    assert first.sentence == "Didaftar oleh bidan: laki-laki, lahir 1 Juni 2024 (menurut buku KIA)."


def test_what_was_mended_stays_and_is_marked() -> None:
    marks = [(t.number, t.corrected_by, t.retracted_by) for t in tell(story(*BUDI))]
    assert marks == [(1, None, None), (2, 3, None), (3, None, None), (4, None, 5), (5, None, None)]


def test_days_between_the_field_and_hearing_of_it_are_counted_on_the_clock_of_the_place() -> None:
    weighed = child.Measured(on=date(2025, 3, 4), kg=7.0)
    evening = story(BUDI[0], weighed, at=datetime(2025, 3, 4, 16, 59, tzinfo=UTC))
    night = story(BUDI[0], weighed, at=datetime(2025, 3, 4, 17, 0, tzinfo=UTC))
    assert [tell(evening)[1].late, tell(night)[1].late] == [0, 1]


def test_pages_together_are_the_story() -> None:
    told = story(BUDI[0], *(child.Measured(on=date(2025, 3, day), kg=7.0) for day in range(1, 12)))
    for newest_first in (False, True):
        whole = tell(told, newest_first=newest_first)
        paged: list[Told] = []
        after = 0
        while True:
            page = timeline(told, "bidan", WIB, lambda _: None, after, 5, newest_first)
            assert page.total == 12
            paged += page.told
            if page.after is None:
                break
            after = page.after
        assert tuple(paged) == whole
        assert len(whole) == 12


def test_a_name_is_told_where_it_can_be_opened_and_only_the_page_is_opened() -> None:
    opened: list[int] = []

    def open_(recorded: Recorded) -> Personal | None:
        opened.append(recorded.version)
        return Personal(name="Budi") if recorded.version == 1 else None

    page = timeline(story(*BUDI), "kader", WIB, open_, 0, 2)
    assert page.told[0].sentence.endswith(" Nama: Budi.")
    assert opened == [1, 2]


# What others may not know


def test_a_health_worker_reads_a_restricted_result_and_sees_whom_it_is_for() -> None:
    told = tell(story(*RINA))
    assert len(told) == 5
    assert "HIV: reaktif" in told[1].sentence
    assert told[1].only_for == ("bidan", "puskesmas-dr", "puskesmas-tpg", "rs")
    assert told[0].only_for == ()


def test_a_kader_reads_on_without_a_gap() -> None:
    told = tell(story(*RINA), "kader")
    assert [t.number for t in told] == [1, 2, 3]
    assert [t.topic for t in told] == ["pregnancy.registered", "pregnancy.lab-result", "case.corrected"]
    assert told[1].corrected_by == 3
    assert told[2].sentence.startswith("Catatan nomor 2 diperbaiki")
    assert "HIV" not in " ".join(t.sentence for t in told)


def test_the_number_a_kader_knows_leads_to_the_event() -> None:
    told = story(*RINA)
    assert [version_of(told, "kader", n) for n in range(5)] == [None, 1, 3, 5, None]
    assert [version_of(told, "bidan", n) for n in range(7)] == [None, 1, 2, 3, 4, 5, None]


def test_what_is_sealed_is_opened_under_its_own_version() -> None:
    opened: list[int] = []
    timeline(story(*RINA), "kader", WIB, lambda r: opened.append(r.version))  # type: ignore[func-returns-value]
    assert opened == [1, 3, 5]


def test_a_result_corrected_into_a_restricted_one_reads_as_taken_back() -> None:
    reads = {"is": "pregnancy.lab-result", "on": "2025-01-02", "test": "sifilis", "result": "reaktif"}
    hb = pregnancy.LabResultRecorded(on=date(2025, 1, 2), test="hb", value=9.5)
    told = story(RINA[0], hb, case.Corrected(on=date(2025, 1, 3), version=2, reason="salah-ketik", reads=reads))
    kader = tell(told, "kader")
    assert kader[2].sentence == "Catatan nomor 2 ditarik oleh bidan (salah ketik)."
    assert (kader[1].corrected_by, kader[1].retracted_by) == (None, 3)
    assert "sifilis" in tell(told, "bidan")[2].sentence


def test_the_story_of_a_child_is_numbered_by_its_versions_for_everybody() -> None:
    told = story(*BUDI)
    for role in ("kader", "desa", "bidan"):
        assert [r.version for r in as_seen(told, role)] == [1, 2, 3, 4, 5]  # type: ignore[arg-type]
