"""A case of each kind in the small kabupaten, and the verifier to hold its packs against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from service.notes import Signer
from service.places import Place
from tests.kabupaten import SIGNER


@pytest.fixture
def signing(place: Place) -> Iterator[Signer]:
    """The doors hold the key themselves here, so that nobody waits for a follower."""
    before = place.ledger
    place.ledger = replace(before, signer=SIGNER, every=timedelta(0), events=1)
    yield SIGNER
    place.ledger = before
