"""What is asked: GraphQL operations, each with the variables of its nth turn."""

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
          id organizationId npi name gender avatar summary qualification education supervisorId status languages
          specialties { name code }
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
WRITTEN = """
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
"""What an upsert leaves behind, asked of this gateway whoever did it."""

NAMES = ("get", "list", "export", "export-big", "export-document", "export-document-big", "upsert")
_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Workload:
    """An operation; `kind` is the floor's endpoint for it, and turns differ in their variables."""

    name: str
    kind: str
    query: str
    variables: Callable[[int], Document]
    connections: int = _CONNECTIONS
    """How many requests are under way at once; turn n belongs to connection n modulo this."""
    rows: Callable[[int], Document] | None = None
    """What the floor is sent instead of variables, where it writes rows that others make."""


def workloads(loaded: Loaded) -> list[Workload]:
    return [
        Workload("get", "get", GET, lambda turn: {"id": loaded.listed[turn % len(loaded.listed)]}),
        Workload("list", "list", LIST, lambda _: {}),
        Workload("export", "export", EXPORT, lambda _: {"id": loaded.export}),
        Workload("export-big", "export", EXPORT, lambda _: {"id": loaded.big_export}, 1),
        Workload("export-document", "document", DOCUMENT, lambda _: {"id": loaded.export}),
        Workload("export-document-big", "document", DOCUMENT, lambda _: {"id": loaded.big_export}, 1),
        Workload(
            "upsert",
            "upsert",
            UPSERT,
            lambda turn: upserted(loaded.groups[turn % len(loaded.groups)], turn),
            # Each on a group of its own, for writers of one integration take turns.
            min(_CONNECTIONS, len(loaded.groups)),
        ),
    ]


def upserted(group: Group, turn: int) -> Document:
    """Another sheet for the group, and another template for each action, in each turn."""
    return {
        "integrationId": group.integration_id,
        "input": {
            "groupId": group.id,
            "name": GROUP.name,
            "sheetLink": f"https://1drv.ms/x/{turn}",
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
                            "templateName": f"{action.template_name} {turn}",
                        }
                        for action in use_case.actions or ()
                    ],
                }
                for use_case in GROUP.use_cases
            ],
        },
    }
