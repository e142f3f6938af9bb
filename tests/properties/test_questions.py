"""Whom a question concerns can close it in no way, whatever is recorded by whom in whatever order."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import case, desa, stories
from domain.case import SYSTEM, Command, Envelope, Recorded, Refused, Role, zone
from domain.oversight import Counted, IntegrityFlagRaised, IntegrityFlagResolved, RaiseFlag, ResolveFlag, still_open
from domain.protocol import obligations, state
from service import access
from service.juknis import read_juknis
from service.settings import root

BOOK = read_juknis(root() / "juknis").book_of("2025")
CLOCK = zone("3603")
BEGUN = date(2026, 11, 2)
UNIT = desa.number("3603332001")
ABOUT_SITI, ABOUT_HASAN = UUID(int=1), UUID(int=2)
FLAGS = (ABOUT_SITI, ABOUT_HASAN)
POSTS: tuple[tuple[str, Role], ...] = (
    ("siti", "kader"), ("siti", "kecamatan"), ("siti", "kabupaten"), ("siti", "bidan"), ("siti", "puskesmas-tpg"),
    ("siti", "inspektorat"),
)  # fmt: skip
"""Siti from every post she might hold."""


def story() -> list[Recorded]:
    """Two questions: one about Siti, one about Hasan."""
    told: list[Recorded] = []
    take(told, "operator", "kabupaten", desa.Register(on=BEGUN, desa="3603332001", posyandus=("3603332001.01",)))
    for flag, whom in ((ABOUT_SITI, "siti"), (ABOUT_HASAN, "hasan")):
        raised = RaiseFlag(
            on=BEGUN, flag=flag, pattern="angka-sama", concerns=whom, found=Counted(count=9, of=9), positions=(1,)
        )
        take(told, SYSTEM, "kabupaten", raised)
    return told


def take(told: list[Recorded], actor: str, role: Role, command: Command) -> bool:
    """As the write door would; False where it is refused."""
    at = datetime(2026, 11, 20, 9, tzinfo=CLOCK)
    by = Envelope(recorded_at=at, actor=actor, role=role, unit="3603332001", entry=uuid4(), edition="2025")
    tag = str(command.__struct_config__.tag)
    if actor not in (SYSTEM, "operator") and not access.may(role, tag):
        return False
    try:
        events = stories.decide(UNIT, told, stories.fold(told), command, at.date(), by)
    except Refused:
        return False
    told.extend(Recorded(UNIT, len(told) + n, event, by) for n, event in enumerate(events, start=1))
    return True


days = st.integers(0, 17).map(lambda n: BEGUN + timedelta(days=n))
flags = st.sampled_from(FLAGS)


@st.composite
def commands(draw: st.DrawFn) -> Command:
    """Everything that might touch a question, with any number, day and key."""
    on, flag, version = draw(days), draw(flags), draw(st.integers(1, 12))
    finding = draw(st.sampled_from(("wajar", "perlu-tindakan")))
    reads: dict[str, Any] = draw(
        st.sampled_from(
            (
                {"is": "desa.integrity-flag-resolved", "on": on.isoformat(), "flag": str(flag), "finding": finding},
                {"is": "desa.integrity-flag-raised", "on": on.isoformat(), "flag": str(flag), "pattern": "lain"},
            )
        )
    )
    return draw(
        st.sampled_from(
            (
                ResolveFlag(on=on, flag=flag, finding=finding),
                RaiseFlag(on=on, flag=flag, pattern="lain", concerns=draw(st.sampled_from((None, "siti", "hasan")))),
                RaiseFlag(on=on, flag=uuid4(), pattern="lain", concerns="siti"),
                case.SetAside(on=on, rule="V08", reason="lain", until=date(2027, 1, 1), key=str(flag)),
                case.SetAside(on=on, rule="V08", reason="lain", until=date(2027, 1, 1)),
                case.Reassign(on=on, rule="V08", desk="desa", reason="lain", key=str(flag)),
                case.Reassign(on=on, rule="V08", desk="desa", reason="lain"),
                case.Correct(on=on, version=version, reads=reads, reason="lain"),
                case.Retract(on=on, version=version, reason="lain"),
                case.Close(on=on, reason="dobel"),
            )
        )
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds=st.lists(st.tuples(st.sampled_from(POSTS), commands()), max_size=12))
def test_the_one_concerned_closes_it_in_no_order_of_events(deeds: list[tuple[tuple[str, Role], Command]]) -> None:
    told = story()
    for (actor, role), command in deeds:
        take(told, actor, role, command)
    seen = stories.fold(told)
    assert isinstance(seen, desa.Desa)
    assert ABOUT_SITI in still_open(seen.acts, IntegrityFlagRaised, IntegrityFlagResolved)
    [owed] = [o for o in obligations(seen, BOOK.chart(seen), BOOK) if o.rule == "V08" and o.key == str(ABOUT_SITI)]
    assert {d.desk for d in owed.desks} == {"kecamatan", "inspektorat", "kabupaten"}
    assert state(owed, datetime(2026, 11, 20, 9, tzinfo=CLOCK)) == "open"


def test_somebody_else_of_the_kecamatan_closes_it() -> None:
    told = story()
    assert take(told, "ratna", "kecamatan", ResolveFlag(on=BEGUN, flag=ABOUT_SITI, finding="wajar"))
    seen = stories.fold(told)
    assert seen is not None
    assert set(still_open(seen.acts, IntegrityFlagRaised, IntegrityFlagResolved)) == {ABOUT_HASAN}


def test_nobody_of_the_desa_puts_a_question_off() -> None:
    told = story()
    aside = case.SetAside(on=BEGUN, rule="V08", reason="lain", until=date(2027, 1, 1), key=str(ABOUT_SITI))
    assert not take(told, "hasan", "desa", aside)
    assert not take(told, "ani", "kader", aside)
    assert take(told, "ratna", "kecamatan", aside)


def test_only_the_system_says_what_it_found() -> None:
    told = story()
    raised = RaiseFlag(on=BEGUN, flag=uuid4(), pattern="lain", positions=(1, 2))
    assert not take(told, "ratna", "kecamatan", raised)
