"""Whose a case is: transfers, duplicates, consent, requests."""

from __future__ import annotations

CODES: dict[str, str] = {}
