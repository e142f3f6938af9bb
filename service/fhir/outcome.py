"""Every failure under /fhir as an OperationOutcome: what kind it is for a program, and a sentence for a person."""

from __future__ import annotations

from typing import Any

from service.fhir.codes import REFUSAL
from service.problems import Problem

_KINDS = {
    400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 406: "not-supported",
    409: "conflict", 412: "conflict", 413: "too-long", 415: "not-supported", 422: "business-rule", 429: "throttled",
    503: "transient",
}  # fmt: skip
_BY_CODE = {"search-parameter": "not-supported", "fhir-resource": "not-supported", "fhir-reference": "not-found"}


def outcome(problem: Problem) -> dict[str, Any]:
    """An OperationOutcome."""
    issue: dict[str, Any] = {
        "severity": "fatal" if problem.status >= 500 else "error",
        "code": _BY_CODE.get(problem.code) or _KINDS.get(problem.status, "exception"),
        "details": {"coding": [{"system": REFUSAL, "code": problem.code}], "text": problem.detail},
        "diagnostics": problem.title,
    }
    return {"resourceType": "OperationOutcome", "issue": [issue]}
