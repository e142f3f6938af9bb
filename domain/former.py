"""The places that held a case before the one that holds it now, and until when."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class Former(Struct, frozen=True):
    """A place that held a case until it was moved. It still tells what happened in its time, when a phone is late."""

    desa: str
    posyandu: str
    since: date | None
    """None: from the beginning, and what was before the case was registered."""
    until: date
    """The day of the transfer, on which both places hold it."""
    version: int
    """Of the event that moved the case; 0 where that stands in another story."""

    def held(self, on: date) -> bool:
        """The case was that place's on this day."""
        return (self.since is None or self.since <= on) and on <= self.until
