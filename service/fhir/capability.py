"""What can be done under /fhir, as a CapabilityStatement tells it."""

from __future__ import annotations

from collections.abc import Iterator

from service.fhir.resources import Resource
from service.fhir.searching import PARAMETERS, RESOURCES

FHIR_JSON = "application/fhir+json"

CREATED = ("ServiceRequest", "Encounter", "CarePlan", "Observation")
"""What another system may bring in as something new."""


def capability(base: str) -> Resource:
    """The CapabilityStatement."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-28",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON],
        "implementation": {"description": "Dampingi: rujukan balita dan ibu hamil", "url": base},
        "rest": [{
            "mode": "server",
            "security": {"description": "Authorization: Bearer"},
            "interaction": [{"code": "transaction"}],
            "resource": [
                {
                    "type": kind,
                    "interaction": [{"code": code} for code in _interactions(kind)],
                    "versioning": "versioned",
                    "readHistory": False,
                    "searchParam": [{"name": name, "type": p.type} for name, p in PARAMETERS[kind].items()],
                }
                for kind in RESOURCES
            ],
        }],
    }  # fmt: skip


def _interactions(kind: str) -> Iterator[str]:
    yield from ("read", "search-type")
    if kind in CREATED:
        yield "create"
    if kind == "Task":
        yield from ("update", "patch")
