"""Families: what was screened, what help was asked and given."""

from __future__ import annotations

CODES: dict[str, str] = {}
