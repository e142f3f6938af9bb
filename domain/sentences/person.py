"""What happened to a child or a mother as a person: where they belong, and what becomes of what is known of them."""

from __future__ import annotations

from domain import person
from domain.labels import label
from domain.sentences.sentence import of, sentence


@of(person.DeathReviewed, "Audit kematian")
def _death_reviewed(event: person.DeathReviewed, by: str) -> str:
    words = {True: "sebenarnya dapat dicegah", False: "tidak dapat dicegah"}
    found = words[event.avoidable] if event.avoidable is not None else None
    return sentence(f"Kematian {label(event.whose)} dilaporkan dan ditinjau {by}", found)
