"""Whatever comes in, the door answers: each entry for itself, never a 500, and the good ones beside it are recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import stories
from tests.doors.conftest import Phone, entry, register
from tests.kabupaten import SCHEMA

OUTCOMES = {"recorded", "already", "held", "refused", "unreadable"}
TAGS = sorted(str(command.__struct_config__.tag) for command in stories.COMMANDS)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(body=st.binary(max_size=400) | anything.map(msgspec.json.encode))
def test_a_body_of_any_kind_gets_an_answer(phone: Callable[[str], Phone], body: bytes) -> None:
    answer = phone("siti").post("/entries", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400, 413)
    if answer.status_code != 200:
        assert answer.json()["code"]


def fields(tag: str) -> st.SearchStrategy[dict[str, Any]]:
    """A command with its own field names and anything in them."""
    command = next(c for c in stories.COMMANDS if c.__struct_config__.tag == tag)
    names = [f.name for f in msgspec.structs.fields(command)]
    days = st.sampled_from(["2025-06-05", "2025-06-31", "0001-01-01", "9999-12-31"])
    some = st.dictionaries(st.sampled_from(names), anything | days, max_size=len(names))
    return some.map(lambda given: {"on": "2025-06-05", **given, "do": tag})


@few
@given(commands=st.lists(st.sampled_from(TAGS).flatmap(fields), min_size=1, max_size=4))
def test_any_command_with_anything_in_it_is_answered_and_holds_up_nobody(
    phone: Callable[[str], Phone], conn: psycopg.Connection, commands: list[dict[str, Any]]
) -> None:
    child = register()
    sent = [child, *(entry(child["case"], command) for command in commands), register()]
    answers = phone("siti").send(*sent)
    assert [answer["answer"] in OUTCOMES for answer in answers] == [True] * len(sent)
    assert answers[0]["answer"] == answers[-1]["answer"] == "recorded"
    assert all(answer.get("code") != "internal" for answer in answers)
    assert all(answer["says"] for answer in answers if answer["answer"] not in ("recorded", "already"))
    assert phone("siti").get(f"/queues/kader?limit=1&not_older_than={phone('siti').position}").json()["fresh"]
    assert conn.execute(f"SELECT name, error FROM {SCHEMA}.follower WHERE error IS NOT NULL").fetchall() == []
