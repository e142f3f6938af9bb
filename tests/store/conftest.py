"""A kabupaten's log to write into."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.case import zone
from service.sealing import Sealing
from service.store import Pool, Store, connect
from tests.store.given import MASTER_KEY


@pytest.fixture(scope="session")
def pool(dsn: str) -> Iterator[Pool]:
    with connect(dsn, 1, 20) as pool:
        yield pool


@pytest.fixture
def store(pool: Pool, schema: str) -> Store:
    return Store(pool, schema, Sealing(MASTER_KEY, schema), zone("3603"), lambda _day: "2025")
