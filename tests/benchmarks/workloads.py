"""The workloads: GraphQL operations, each with the variables of its nth iteration."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.domain.lenient_reading import Document
from tests.benchmarks.data import GROUP, Group, Loaded

GET = """
query ($id: ID!) {
  integration(id: $id) {
    id name enabled version createdAt updatedAt
    ... on ConnectedIntegration { logicalId status access timezone config { provider authUserEmail } }
  }
}
"""
LIST = """
query {
  integrations(first: 50) {
    nodes {
      id name
      ... on ConnectedIntegration {
        useCases(first: 6) {
          nodes {
            id
            config {
              displayName status
              actions { logicalId actionType templateName context daysWindow status }
            }
          }
        }
      }
    }
  }
}
"""
EXPORT = """
query ($id: ID!) {
  integrationExport(integrationId: $id) {
    integration { id name }
    useCases { id }
    resourceRecords {
      id logicalId type createdAt updatedAt
      config {
        ... on PractitionerConfig {
          sourceId organizationId npi name gender avatar summary qualification education supervisorId status
          languages specialties { name code }
          locations { locationId locationName }
          workingHours {
            mon { start end } tue { start end } wed { start end } thu { start end } fri { start end }
            sat { start end } sun { start end }
          }
          preferredVisitingReasons
        }
      }
    }
  }
}
"""
DOCUMENT = "query ($id: ID!) { integrationExport(integrationId: $id) { document } }"
UPSERT = """
mutation ($integrationId: ID!, $input: UseCaseGroupInput!) {
  upsertUseCaseGroup(provider: MICROSOFT, integrationId: $integrationId, input: $input) {
    outcome
    group { id name slug sheetLink assistantId timezone startTime }
    useCases {
      outcome
      useCase {
        id key
        config {
          displayName status sheetLink
          actions { logicalId actionType templateName context daysWindow status }
        }
      }
    }
    errors { code message path }
  }
}
"""
STORED_GROUP = """
query ($id: ID!) {
  useCaseGroup(id: $id) {
    name slug sheetLink assistantId timezone startTime
    useCases {
      id key schedulerNames
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
"""
"""Reads a stored group after an upsert: from this gateway, or from a peer with its own tables."""

NAMES = ("get", "list", "export", "export-big", "export-document", "export-document-big", "upsert")
_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Workload:
    """An operation; `kind` is the endpoint of peers without GraphQL, and iterations differ in their variables."""

    name: str
    kind: str
    query: str
    variables: Callable[[int], Document]
    connections: int = _CONNECTIONS
    """The number of concurrent requests; iteration n uses connection n modulo this."""
    rows: Callable[[int], Document] | None = None
    """The floor's variables, if they differ: rows to insert."""


def build_workloads(loaded: Loaded) -> list[Workload]:
    return [
        Workload("get", "get", GET, lambda number: {"id": loaded.listed[number % len(loaded.listed)]}),
        Workload("list", "list", LIST, lambda _: {}),
        Workload("export", "export", EXPORT, lambda _: {"id": loaded.export}),
        Workload("export-big", "export", EXPORT, lambda _: {"id": loaded.big_export}, 1),
        Workload("export-document", "document", DOCUMENT, lambda _: {"id": loaded.export}),
        Workload("export-document-big", "document", DOCUMENT, lambda _: {"id": loaded.big_export}, 1),
        Workload(
            "upsert",
            "upsert",
            UPSERT,
            lambda number: build_upsert_variables(loaded.groups[number % len(loaded.groups)], number),
            # Each connection has its own group, because writers of one integration wait for each other.
            min(_CONNECTIONS, len(loaded.groups)),
        ),
    ]


def build_upsert_variables(group: Group, number: int) -> Document:
    """Return variables with another sheet and other templates for each iteration."""
    return {
        "integrationId": group.integration_id,
        "input": {
            "groupId": group.id,
            "name": GROUP.name,
            "sheetLink": f"https://1drv.ms/x/{number}",
            "assistantId": GROUP.fields["assistant_id"],
            "timezone": GROUP.fields["timezone"],
            "startTime": GROUP.fields["start_time"],
            "useCases": [
                {
                    "useCase": use_case.key.name,
                    "enabled": use_case.enabled,
                    "actions": [
                        {
                            "actionType": action.type.name,
                            "context": action.context,
                            "day": action.days,
                            "templateName": f"{action.template_name} {number}",
                        }
                        for action in use_case.actions or ()
                    ],
                }
                for use_case in GROUP.use_cases
            ],
        },
    }
