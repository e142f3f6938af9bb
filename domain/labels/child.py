"""Growth, food, vaccines and development of a child."""

from __future__ import annotations

CODES: dict[str, str] = {
    # indices
    "bb-u": "BB/U",
    "tb-u": "TB/U",
    "bb-tb": "BB/TB",
    "imt-u": "IMT/U",
}
