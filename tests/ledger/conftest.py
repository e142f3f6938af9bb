"""A kabupaten whose log is told to, and its ledger kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from service.handle import record
from service.ledger import Ledger
from service.notes import Signer
from service.store import Pool, Store
from tests.store.given import asked, register, weigh

SEED = bytes(range(32, 64))


@pytest.fixture
def signer(schema: str) -> Signer:
    return Signer(f"dampingi/{schema}", SEED)


@pytest.fixture
def book(pool: Pool, schema: str, signer: Signer) -> Ledger:
    """The ledger, signed as soon as there is anything new."""
    return Ledger(pool, schema, signer, timedelta(0), 1)


def tell(store: Store, first: int, count: int) -> None:
    """So many events: children, each registered and weighed."""
    for number in range(first, first + count // 2):
        case = UUID(int=number + 1)
        answers = record(store, asked(register(case, name=f"Anak {number}"), weigh(case, 5.0 + number % 10)))
        assert {one.outcome for one in answers} == {"recorded"}
