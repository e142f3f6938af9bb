"""A list is the obligations of many cases seen from one desk: the right lines, in order, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from time import sleep
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from domain.case import Act, Envelope, Personal, Recorded, Refused, Role
from domain.child import Child, Measured
from domain.pregnancy import LabResultRecorded, Pregnancy, Registered
from domain.protocol import Desk, Obligation, state
from projections import queue
from projections.projection import Row
from projections.queue import Narrow, lines, worklist
from tests.projections.standing import stand

WIB = timezone(timedelta(hours=7))
NOW = datetime(2025, 3, 4, 9, 0, tzinfo=WIB)
MELATI, MAWAR, JATI = "3603332001.01", "3603332001.02", "3603332002.01"


def case(number: int) -> UUID:
    return UUID(int=0x018900000000_7000_8000_000000000000 + number)


def child(posyandu: str = MELATI, born: date = date(2024, 6, 1), weeks: int | None = 39) -> Child:
    first = Act(born, 1, NOW, "kader", "a1", Measured(on=born, kg=3.1))
    return Child(desa=posyandu[:10], posyandu=posyandu, first=first, born=born, sex="L", weeks=weeks)


def owed(
    rule: str = "C09",
    *,
    desks: Sequence[Desk] | None = None,
    opens: datetime = NOW - timedelta(days=1),
    due: datetime = NOW + timedelta(days=3),
    until: datetime | None = None,
    priority: int = 2,
    key: str = "2025-03",
    desk: Role = "bidan",
) -> Obligation:
    return Obligation(
        rule=rule, key=key, task="Periksa ulang penimbangan", form="care.assess", priority=priority,
        says="Berat naik 100 gram, seharusnya 300 gram (gizi kurang).", events=(2, 3), since=date(2025, 3, 3),
        opens=opens, due=due, until=until, desks=tuple(desks or (Desk(desk, opens, False),)),
    )  # fmt: skip


BUDI = Personal(name="Budi", mother="Siti", address="Kp. Sawah", rt="02", rw="1", nik="3603330106240001")


def of(number: int, *obligations: Obligation, who: Personal = BUDI, state: Child | None = None) -> list[Row]:
    return lines(case(number), state or child(), who, obligations, ())


def line_of(row: Row) -> queue.Line:
    """What stands in the line."""
    columns = [name for name, _ in queue.TABLE.columns]
    return msgspec.json.decode(row[columns.index("line")], type=queue.Line)


def ask(conn: psycopg.Connection, schema: str, desk: Role = "bidan", **kw: Any) -> queue.Page:
    return worklist(conn, schema, desk, kw.pop("desa", None), kw.pop("posyandu", None), kw.pop("now", NOW), **kw)


# One definition of open, due and late

MOMENTS = [
    # opens, due, until (hours from now), state
    (-1, 1, None, "open"),
    (-1, -1, None, "late"),
    (1, 2, None, "coming"),
    (1, -1, None, "coming"),
    (0, 1, None, "open"),
    (-1, 0, None, "open"),
    (-2, -1, 0, "gone"),
    (-2, -1, 1, "late"),
    (-2, 1, -1, "gone"),
    (-2, 1, 1, "open"),
    (1, 2, 2, "coming"),
]


@pytest.mark.parametrize(("opens", "due", "until", "stands"), MOMENTS)
def test_list_count_and_card_agree_on_what_is_open_and_late(
    conn: psycopg.Connection, schema: str, opens: int, due: int, until: int | None, stands: str
) -> None:
    obligation = owed(
        opens=NOW + timedelta(hours=opens),
        due=NOW + timedelta(hours=due),
        until=None if until is None else NOW + timedelta(hours=until),
    )
    assert state(obligation, NOW) == stands
    stand(conn, schema, queue.TABLE, of(1, obligation))
    views = {name: ask(conn, schema, narrow=Narrow(due=name)) for name in ("due", "late", "coming")}  # type: ignore[arg-type]
    shown = {name: len(page.tasks) for name, page in views.items()}
    assert shown == {
        "due": int(stands == "open"), "late": int(stands == "late"), "coming": int(stands == "coming"),
    }  # fmt: skip
    assert {name: page.counts.shown for name, page in views.items()} == shown
    counts = ask(conn, schema).counts
    assert (counts.open, counts.late, counts.coming) == (
        int(stands in ("open", "late")), int(stands == "late"), int(stands == "coming"),
    )  # fmt: skip
    for task in (*views["due"].tasks, *views["late"].tasks, *views["coming"].tasks):
        assert (task.late, task.coming) == (stands == "late", stands == "coming")


# Which desk sees what


def test_the_next_desk_sees_the_task_from_its_own_moment_as_supervision(conn: psycopg.Connection, schema: str) -> None:
    later = NOW + timedelta(days=3)
    stand(conn, schema, queue.TABLE, of(1, owed(desks=[Desk("bidan", NOW, False), Desk("puskesmas-tpg", later, True)])))
    assert [t.supervision for t in ask(conn, schema).tasks] == [False]
    assert ask(conn, schema, "puskesmas-tpg").tasks == ()
    assert [(t.supervision, t.owner) for t in ask(conn, schema, "puskesmas-tpg", now=later).tasks] == [(True, "bidan")]


@pytest.mark.parametrize("desk", sorted(queue.NAMELESS))
def test_offices_above_hold_no_name_no_rule_and_no_finding(desk: Role) -> None:
    above = owed("C16", desks=[Desk("puskesmas-dr", NOW, False), Desk(desk, NOW, True)], priority=0)
    _, line = of(1, above)
    told = " ".join(str(value) for value in line)
    for secret in ("Budi", "Siti", "Sawah", "3603330106240001", "C16", "gizi", "gram", "care.", "child", "2024"):
        assert secret not in told
    assert line_of(line).task == "Tugas darurat belum selesai di meja Dokter puskesmas"


def test_offices_above_are_not_told_whose_case_it_is(conn: psycopg.Connection, schema: str) -> None:
    stand(conn, schema, queue.TABLE, of(1, owed(desks=[Desk("kecamatan", NOW, True)])))
    (task,) = ask(conn, schema, "kecamatan").tasks
    assert task.case is None
    assert (task.desa, task.priority, task.owner) == ("3603332001", 2, "kecamatan")


def test_the_desa_gets_name_address_and_task_and_not_what_was_found() -> None:
    (line,) = of(1, owed("M02", desk="desa"))
    told = " ".join(str(value) for value in line)
    assert "Budi" in told
    assert "Kp. Sawah" in told
    assert "Perlu dikerjakan sejak 3 Maret 2025." in told
    assert "gizi" not in told
    assert line_of(line).events == ()


def test_a_nik_is_on_no_list() -> None:
    for desk in ("kader", "bidan", "desa", "kecamatan"):
        assert BUDI.nik not in str(of(1, owed(desk=desk)))  # type: ignore[arg-type]


def test_evidence_of_a_mother_is_numbered_as_a_kader_counts() -> None:
    by = Envelope(recorded_at=NOW, actor="a1", role="bidan", unit="3603332001", entry=case(9), edition="2025")
    on = date(2025, 3, 1)
    registered = Registered(on=on, desa=MELATI[:10], posyandu=MELATI, hpht=date(2025, 1, 1))
    events = (
        registered,
        LabResultRecorded(on=on, test="hiv", result="reaktif"),
        LabResultRecorded(on=on, test="hb", value=9),
    )
    story = [Recorded(case(1), n, event, by) for n, event in enumerate(events, start=1)]
    mother = Pregnancy(desa=MELATI[:10], posyandu=MELATI, first=Act(on, 1, NOW, "bidan", "a1", registered))
    obligation = owed(desks=[Desk("kader", NOW, False), Desk("bidan", NOW, True)])
    kader, bidan = lines(case(1), mother, Personal(name="Rina"), [obligation], story)
    assert (line_of(kader).events, line_of(bidan).events) == ((2,), (2, 3))


def test_a_desk_whose_turn_comes_after_the_end_gets_no_line() -> None:
    ends = NOW + timedelta(days=2)
    desks = [Desk("bidan", NOW, False), Desk("puskesmas-tpg", ends, True)]
    assert [line[1] for line in of(1, owed(desks=desks, until=ends))] == ["bidan"]


def test_a_task_in_two_pieces_of_time_is_two_lines(conn: psycopg.Connection, schema: str) -> None:
    noon = NOW + timedelta(hours=3)
    before, again = owed(until=noon), owed(opens=noon + timedelta(days=9), due=noon + timedelta(days=12))
    stand(conn, schema, queue.TABLE, of(1, before, again))
    assert len(ask(conn, schema).tasks) == 1
    assert len(ask(conn, schema, now=noon).tasks) == 0
    assert len(ask(conn, schema, now=noon + timedelta(days=9)).tasks) == 1


# Where


def test_a_kader_sees_the_own_posyandu_only(conn: psycopg.Connection, schema: str) -> None:
    found = [line for n, p in enumerate((MELATI, MAWAR, JATI)) for line in of(n, owed(desk="kader"), state=child(p))]
    stand(conn, schema, queue.TABLE, found)
    own = ask(conn, schema, "kader", desa=["3603332001"], posyandu=[MELATI])
    assert [t.posyandu for t in own.tasks] == [MELATI]
    assert own.counts.open == 1
    assert ask(conn, schema, "kader", desa=["3603332001"]).counts.open == 2
    assert ask(conn, schema, "kader").counts.open == 3


def test_a_posyandu_that_is_not_ones_own_cannot_be_chosen(conn: psycopg.Connection, schema: str) -> None:
    stand(conn, schema, queue.TABLE, of(1, owed(desk="kader"), state=child(MAWAR)))
    page = ask(conn, schema, "kader", desa=["3603332001"], posyandu=[MELATI], narrow=Narrow(posyandu=MAWAR))
    assert (page.tasks, page.counts.open) == ((), 0)


def test_no_desa_is_nowhere(conn: psycopg.Connection, schema: str) -> None:
    stand(conn, schema, queue.TABLE, of(1, owed()))
    assert ask(conn, schema, desa=[]).counts.open == 0


# In which order, page by page


def test_a_list_is_sorted_by_harm_then_day_then_risk_then_the_walk_then_name(
    conn: psycopg.Connection, schema: str
) -> None:
    noon, eve = NOW + timedelta(hours=3), NOW + timedelta(hours=9)
    who = [Personal(name=name, rt=rt, rw="01") for name, rt in (("Cici", "10"), ("Adi", "2"), ("Budi", "2"))]
    stand(
        conn, schema, queue.TABLE,
        [
            *of(1, owed(due=noon), who=who[0]),
            *of(2, owed(due=noon), who=who[2]),
            *of(3, owed(due=noon), who=who[1]),
            *of(4, owed(due=noon), who=who[0], state=child(weeks=34)),
            *of(5, owed(due=eve, priority=0)),
            *of(6, owed(due=NOW)),
            *of(7, owed(due=noon), who=who[1], state=child(born=date(2022, 1, 1))),
        ],
    )  # fmt: skip
    found = ask(conn, schema).tasks
    assert [t.case.int & 0xFF for t in found if t.case] == [5, 6, 4, 3, 2, 1, 7]


def _crowd() -> list[Row]:
    """Sixty children whose days and places mostly tie."""
    return [
        line
        for n in range(60)
        for line in of(
            n,
            owed("C09", priority=n % 3, due=NOW + timedelta(days=n % 2)),
            owed("C36", priority=2, due=NOW - timedelta(days=n % 5)),
            who=Personal(name=f"Anak {n % 4}", rt=f"{n % 2}", rw="001"),
        )
    ]


@pytest.mark.parametrize("narrow", [Narrow(), Narrow(due="late"), Narrow(rule="C09"), Narrow(text="anak 3")])
def test_pages_together_are_the_list_with_nothing_twice_and_nothing_missing(
    conn: psycopg.Connection, schema: str, narrow: Narrow
) -> None:
    stand(conn, schema, queue.TABLE, _crowd())
    whole = ask(conn, schema, narrow=narrow, limit=1000)
    assert whole.after is None
    assert len(whole.tasks) == whole.counts.shown > 20
    paged: list[queue.Task] = []
    after = None
    while True:
        page = ask(conn, schema, narrow=narrow, after=after, limit=7)
        assert page.counts == whole.counts
        paged += page.tasks
        after = page.after
        if after is None:
            break
        assert len(page.tasks) == 7
    assert tuple(paged) == whole.tasks


def test_the_next_page_is_found_when_the_last_line_has_gone(conn: psycopg.Connection, schema: str) -> None:
    stand(conn, schema, queue.TABLE, _crowd())
    whole = ask(conn, schema, limit=1000).tasks
    page = ask(conn, schema, limit=10)
    table = Identifier(schema, "queue")
    gone = page.tasks[-1]
    conn.execute(SQL("DELETE FROM {} WHERE case_id = %s AND rule = %s").format(table), [gone.case, gone.rule])
    assert ask(conn, schema, after=page.after, limit=10).tasks == whole[10:20]
    conn.execute(SQL("DELETE FROM {} WHERE case_id = %s").format(table), [gone.case])
    rest = ask(conn, schema, after=page.after, limit=1000).tasks
    assert set(rest) >= {t for t in whole[10:] if t.case != gone.case}


def test_a_cursor_carries_no_name(conn: psycopg.Connection, schema: str) -> None:
    import base64

    stand(conn, schema, queue.TABLE, _crowd())
    after = ask(conn, schema, limit=10).after
    assert after is not None
    assert b"anak" not in base64.urlsafe_b64decode(after + "==").lower()


@pytest.mark.parametrize("cursor", ["x", "", "!!!!", "eyJhIjoxfQ", "W10", "é"])
def test_a_broken_cursor_is_refused(conn: psycopg.Connection, schema: str, cursor: str) -> None:
    stand(conn, schema, queue.TABLE, ())
    with pytest.raises(Refused) as refused:
        ask(conn, schema, after=cursor)
    assert refused.value.code == "bad-cursor"


# Counts and filters


def test_counts_come_with_the_page_and_add_up(conn: psycopg.Connection, schema: str) -> None:
    stand(
        conn, schema, queue.TABLE,
        [
            *of(1, owed("C09", due=NOW - timedelta(days=1), priority=2), owed("C33", priority=0)),
            *of(2, owed("C09", due=NOW + timedelta(days=8), priority=2)),
            *of(3, owed("C06", opens=NOW + timedelta(days=5), due=NOW + timedelta(days=9), priority=3)),
            *of(4, owed("C06", opens=NOW + timedelta(days=50), due=NOW + timedelta(days=90), priority=3)),
        ],
    )  # fmt: skip
    counts = ask(conn, schema, limit=1).counts
    assert (counts.open, counts.late, counts.week, counts.coming, counts.shown) == (3, 1, 1, 1, 3)
    assert counts.rules == {"C09": 2, "C33": 1}
    assert counts.priorities == {0: 1, 2: 2}
    assert ask(conn, schema, narrow=Narrow(rule="C09", due="late")).counts.shown == 1
    assert ask(conn, schema, narrow=Narrow(due="coming")).counts.rules == {"C06": 1}


def test_an_empty_list_has_counts_too(conn: psycopg.Connection, schema: str) -> None:
    stand(conn, schema, queue.TABLE, ())
    assert ask(conn, schema) == queue.Page((), queue.Counts(), None, 0)


@pytest.mark.parametrize(
    ("text", "found"), [("BUDI", 1), ("siti", 1), ("sawah", 1), ("50%", 0), ("_", 0), ("ulang", 1)]
)
def test_a_list_is_searched_by_name_mother_address_and_task(
    conn: psycopg.Connection, schema: str, text: str, found: int
) -> None:
    stand(conn, schema, queue.TABLE, of(1, owed()))
    page = ask(conn, schema, narrow=Narrow(text=text))
    assert (len(page.tasks), page.counts.open) == (found, found)


def test_a_case_has_its_open_tasks_on_its_own_page(conn: psycopg.Connection, schema: str) -> None:
    later = owed("C36", opens=NOW + timedelta(days=1), due=NOW + timedelta(days=4))
    stand(conn, schema, queue.TABLE, [*of(1, owed("C09"), owed("C33", priority=0), later), *of(2, owed("C10"))])
    assert [t.rule for t in queue.tasks_of(conn, schema, case(1), ["bidan", "kader"], NOW)] == ["C33", "C09"]


# Speed that does not grow with the kabupaten


def _kabupaten() -> list[Row]:
    """Twenty thousand lines in 100 desa with 5 posyandu each."""
    born = date(2024, 6, 1)
    places = [f"36033{desa:05}.{posyandu:02}" for desa in range(100) for posyandu in range(5)]
    homes = {place: child(place, born) for place in places}
    return [
        line
        for n in range(10_000)
        for line in of(
            n, owed("C05", desk="kader"), owed("C09"), state=homes[places[n % len(places)]],
            who=Personal(name=f"Anak {n}", rt="1", rw="1"),
        )
    ]  # fmt: skip


ONE, EIGHT = ["3603300007"], [f"36033{desa:05}" for desa in range(8, 16)]


@pytest.mark.parametrize(
    ("desk", "desa", "posyandu", "skipped", "most"),
    [
        # Twenty lines of a posyandu, all on the page, each fetched by its key.
        ("kader", ONE, ["3603300007.03"], 0, 100),
        # A hundred lines of a desa: the counts read its part of one index, the page a piece of the other.
        ("bidan", ONE, None, 0, 190),
        # Eight hundred lines of eight desa. The old way read a thousand blocks here, and more on the tenth page.
        ("bidan", EIGHT, None, 0, 230),
        ("bidan", EIGHT, None, 450, 260),
    ],
)
def test_a_list_reads_by_index_and_only_its_own_lines(
    conn: psycopg.Connection,
    schema: str,
    desk: Role,
    desa: Sequence[str],
    posyandu: Sequence[str] | None,
    skipped: int,
    most: int,
) -> None:
    stand(conn, schema, queue.TABLE, _kabupaten())
    _vacuum(conn, schema)
    after = ask(conn, schema, desk, desa=desa, posyandu=posyandu, limit=skipped).after if skipped else None
    explaining = Explaining(conn)
    with pytest.raises(Explained) as explained:
        ask(explaining, schema, desk, desa=desa, posyandu=posyandu, after=after)  # type: ignore[arg-type]
    nodes = list(_nodes(explained.value.plan))
    of_lists = [node for node in nodes if node.get("Relation Name") == "queue"]
    assert {node["Node Type"] for node in of_lists} <= {"Index Only Scan", "Index Scan", "Bitmap Heap Scan"}
    if posyandu is None:
        fetched = [node for node in of_lists if node["Node Type"] != "Index Only Scan"]
        assert {node["Index Name"] for node in fetched} == {"queue_key"}
        assert max(node["Actual Rows"] * node["Actual Loops"] for node in fetched) <= 51
    # Of the lists alone: how much of the catalog a plan reads besides depends on what else the server just did.
    assert sum(node["Shared Hit Blocks"] + node["Shared Read Blocks"] for node in of_lists) <= most


def _vacuum(conn: psycopg.Connection, schema: str) -> None:
    """Until the pages are marked visible to all; a snapshot still held elsewhere (autovacuum, say) prevents that."""
    for _ in range(100):
        conn.execute(SQL("VACUUM ANALYZE {}").format(Identifier(schema, "queue")))
        marked = conn.execute(
            "SELECT relallvisible > 0.9 * relpages FROM pg_class WHERE oid = %s::regclass", (f"{schema}.queue",)
        ).fetchone()
        if marked == (True,):
            return
        sleep(0.2)
    pytest.fail("the pages of the lists were never visible to all: somebody holds an old snapshot")


class Explained(Exception):
    """Instead of rows."""

    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__()
        self.plan = plan


class Explaining:
    """A connection that tells how it would answer the statement it is given."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self._conn = conn

    def execute(self, statement: bytes, asked: dict[str, Any], **_how: Any) -> None:
        row = self._conn.execute(b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement, asked).fetchone()
        assert row is not None
        raise Explained(row[0][0]["Plan"])


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", ()) for node in _nodes(part))]
