"""The published examples of the documents, and small export documents for tests."""

import json
from pathlib import Path
from typing import Any

import gateway.demo

DOCUMENTS = Path(gateway.demo.__file__).parent / "documents"
"""The folder with the examples of the documents; the demo loads them too."""

INTEGRATION = "64a000000000000000000001"


def example(name: str) -> Any:
    """Return the published example of that name, such as `export.response`."""
    return json.loads((DOCUMENTS / f"{name}.json").read_text())


def use_case(number: int, **keys: object) -> dict[str, Any]:
    """Return a small entry of `use_cases`."""
    return {
        "_id": f"64b{number:021x}",
        "logicalId": f"use_case_{number}",
        "integrationId": INTEGRATION,
        "createdAt": f"2025-01-01T00:{number // 60:02}:{number % 60:02}Z",
        "config": {"type": "lab_reminder_with_sheet", "name": "Lab Reminder", "status": "active", "actions": []},
        **keys,
    }


def record(number: int, **keys: object) -> dict[str, Any]:
    """Return an entry of `resource_records`: a location."""
    return {
        "_id": f"64c{number:021x}",
        "logicalId": f"record_{number}",
        "integrationId": INTEGRATION,
        "createdAt": f"2025-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
        "config": {"type": "locations", "id": str(number), "name": f"Location {number}"},
        **keys,
    }


def export(use_cases: int = 1, records: int = 1, **integration: object) -> dict[str, Any]:
    """Return an export document with these numbers of entries."""
    return {
        "integration": {
            "_id": INTEGRATION,
            "logicalId": "integration_1",
            "name": "Clinic",
            "status": "active",
            "access": "team",
            "config": {"provider": "google", "authType": "oauth"},
            "timezone": "America/Chicago",
            **integration,
        },
        "use_cases": [use_case(number) for number in range(use_cases)],
        "resource_records": [record(number) for number in range(records)],
    }
