"""Growth, food, vaccines and development of a child."""

from __future__ import annotations

CODES: dict[str, str] = {}
