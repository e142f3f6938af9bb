"""Every event ever stored can be read for ever. A sample is never edited; a new shape is a new tag beside it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from domain import stories

SAMPLES = sorted((Path(__file__).parents[1] / "stored_events").glob("*.json"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_stored_event_is_read_as_it_was_written(sample: Path) -> None:
    state = sample.read_bytes().strip()
    event = stories.decode(state)
    assert stories.topic(event) == sample.stem.split("+")[0]
    assert msgspec.json.decode(stories.encode(event)) == msgspec.json.decode(state)


def test_every_event_has_a_sample_with_all_its_fields() -> None:
    for event in stories.EVENTS:
        tag = event.__struct_config__.tag
        sample = next((path for path in SAMPLES if path.stem == tag), None)
        assert sample is not None, f"{tag} has no sample in tests/stored_events"
        written = msgspec.json.decode(sample.read_bytes())
        assert set(event.__struct_fields__) - _unsaid(event) <= written.keys(), tag


def _unsaid(event: type) -> set[str]:
    """Fields whose sample stands at its default, which is not stored."""
    sample = stories.decode(next(p for p in SAMPLES if p.stem == event.__struct_config__.tag).read_bytes())
    return {f.name for f in msgspec.structs.fields(event) if getattr(sample, f.name) == f.default}


def test_a_tag_nobody_knows_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        stories.decode(b'{"is": "child.sold", "on": "2025-03-04"}')
