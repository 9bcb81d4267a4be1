"""Upserts of groups of use cases."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from gateway.database.tables import UseCase, UseCaseGroup
from tests.support.examples import example
from tests.support.gateway import Client, Gateway

UPSERT = """
mutation (
  $provider: Provider! = MICROSOFT, $input: UseCaseGroupInput!, $integrationId: ID
  $onConflict: OnConflict! = REFUSE, $dryRun: Boolean! = false
) {
  upsertUseCaseGroup(
    provider: $provider, input: $input, integrationId: $integrationId, onConflict: $onConflict, dryRun: $dryRun
  ) {
    outcome
    errors { code message path }
    group {
      id name slug sheetLink assistantId timezone startTime nextRunAt version createdAt updatedAt
      integration { id } useCases { id }
    }
    useCases {
      outcome changedPaths
      useCase {
        id key version schedulerNames createdAt updatedAt group { id }
        config {
          displayName assistantId status timezone type name sheetLink
          actions {
            logicalId actionType templateName context reportEmails daysWindow status
            schedule { field startDateTime endDateTime triggerAt }
          }
        }
      }
    }
  }
}
"""
NEW, LAB, BILLING = "NEW_PATIENT_APPOINTMENT_REMINDER", "LAB_REMINDER", "BILLING_REMINDER"
REFUSED: dict[str, object] = {"group": None, "outcome": None, "useCases": []}


def to_camel_case(value: Any) -> Any:
    """Return a request of document 2 with its keys in camel case."""
    if isinstance(value, Mapping):
        return {re.sub(r"_(\w)", lambda m: m[1].upper(), key): to_camel_case(item) for key, item in value.items()}
    return [to_camel_case(item) for item in value] if isinstance(value, list) else value


def build_documented_input() -> dict[str, Any]:
    """Return the example request of document 2 as GraphQL input."""
    found: dict[str, Any] = to_camel_case(example("upsert-use-case-group.request"))
    return found


async def upsert(client: Client, input: Mapping[str, object], **variables: object) -> Any:
    """Upsert a group, and return the payload."""
    return (await client.data(UPSERT, input=input, **variables))["upsertUseCaseGroup"]


async def upsert_accepted(client: Client, input: Mapping[str, object], **variables: object) -> Any:
    """Upsert a group, which must be accepted, and return the payload."""
    payload = await upsert(client, input, **variables)
    assert payload["errors"] == []
    return payload


async def upsert_refused(
    client: Client, input: Mapping[str, object], **variables: object
) -> list[tuple[str, str]]:
    """Upsert a group, which must be refused, and return code and path of each error."""
    payload = await upsert(client, input, **variables)
    assert {**payload, "errors": []} == {**REFUSED, "errors": []}
    assert payload["errors"] != []
    return [(error["code"], ".".join(error["path"])) for error in payload["errors"]]


def get_use_case(payload: Any, key: str) -> Any:
    """Return the use case with that key in a payload."""
    (found,) = [entry["useCase"] for entry in payload["useCases"] if entry["useCase"]["key"] == key]
    return found


def get_outcomes(payload: Any) -> dict[str, str]:
    """Return the outcome of each use case of a payload by key."""
    return {entry["useCase"]["key"]: entry["outcome"] for entry in payload["useCases"]}


def build_use_case(key: str, *actions: Mapping[str, object], **fields: object) -> dict[str, object]:
    """Return a use case of an input with these actions."""
    return {"useCase": key, "actions": [*actions], **fields}


def build_action(context: str = "reminder", **fields: object) -> dict[str, object]:
    return {"actionType": "SMS", "context": context, "templateName": "First SMS", **fields}


def get_contexts(use_case: Any) -> Sequence[str]:
    return [found["context"] for found in use_case["config"]["actions"]]


async def read_stored_rows(gateway: Gateway) -> list[tuple[Any, ...]]:
    """Return all rows of groups and use cases."""
    async with gateway.read() as session:
        groups = (await session.execute(select(*UseCaseGroup.__table__.c).order_by("id"))).all()
        use_cases = (await session.execute(select(*UseCase.__table__.c).order_by("id"))).all()
    return [tuple(row) for row in (*groups, *use_cases)]
