"""Our recorder keeps the promises the eventsourcing library asks of every recorder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import ProgrammingError, StoredEvent
from eventsourcing.tests.persistence import ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase

from service.store import LogRecorder, Pool, Store, StoredFact
from tests.store.given import envelope


class EnvelopedRecorder(LogRecorder):
    """The library's cases write events without an envelope, so each is put into one of its own."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        facts = [StoredFact(e.originator_id, e.originator_version, e.topic, e.state, envelope()) for e in stored_events]
        positions = super().insert_events(facts, **kwargs)
        return None if positions is None else list(positions)


class Ours:
    pool: Pool
    schema: str

    @pytest.fixture(autouse=True)
    def _store(self, pool: Pool, schema: str) -> None:
        self.pool, self.schema = pool, schema

    def create_recorder(self) -> LogRecorder:
        return EnvelopedRecorder(self.pool, self.schema)


class TestApplicationRecorder(Ours, ApplicationRecorderTestCase):  # type: ignore[type-arg]
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestPositionsOfOneCommitStandTogether(Ours, NonInterleavingNotificationIDsBaseCase):
    pass


del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase


def test_an_event_without_an_envelope_is_not_taken(store: Store) -> None:
    bare = StoredEvent(envelope().entry, 1, "child.measured", b"{}")
    with pytest.raises(ProgrammingError):
        store.recorder.insert_events([bare])
    assert store.recorder.max_notification_id() is None


def test_a_subscription_hears_of_an_event_although_nobody_calls(store: Store) -> None:
    """No NOTIFY is sent here at all: the subscription looks by itself."""
    recorder = EnvelopedRecorder(store.pool, store.schema)
    with recorder.subscribe() as subscription:
        recorder.insert_events([StoredEvent(envelope().entry, 1, "child.measured", b"{}")])
        assert next(subscription).id == 1


def test_a_subscription_outlives_its_connection(store: Store, conn: psycopg.Connection) -> None:
    recorder = EnvelopedRecorder(store.pool, store.schema)
    with recorder.subscribe() as subscription:
        recorder.insert_events([StoredEvent(envelope().entry, 1, "child.measured", b"{}")])
        assert next(subscription).id == 1
        cut = conn.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        ).fetchone()
        assert cut is not None
        assert cut[0] >= 1  # the followers of other tests listen in the same database
        recorder.insert_events([StoredEvent(envelope().entry, 1, "child.measured", b"{}")])
        assert next(subscription).id == 2


def test_only_the_head_row_gives_positions(store: Store, conn: psycopg.Connection) -> None:
    waiting = conn.execute(
        "SELECT (SELECT count(*) FROM pg_sequences WHERE schemaname = %(s)s AND sequencename LIKE '%%event%%'), "
        "(SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        " WHERE c.relname = 'events' AND c.relnamespace = %(s)s::regnamespace), "
        "(SELECT count(*) FROM pg_proc WHERE pronamespace = %(s)s::regnamespace AND proname = 'append' "
        " AND prosrc ~* 'notify|lock|nextval')",
        {"s": store.schema},
    ).fetchone()
    assert waiting == (0, 0, 0)
