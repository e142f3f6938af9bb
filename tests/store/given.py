"""What the tests of the store write, and who writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from domain.case import Envelope

MASTER_KEY = bytes(range(32))
HEARD = datetime(2025, 3, 4, 2, 30, tzinfo=UTC)


def envelope(actor: str = "rina") -> Envelope:
    return Envelope(recorded_at=HEARD, actor=actor, role="bidan", unit="3603332001", entry=uuid4(), edition="2025")
