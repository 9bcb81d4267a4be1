"""The operations whose refusals have `detail`, the same questions as GraphQL operations, and requests to them."""

from collections.abc import Mapping

import pytest
from httpx import Response

from gateway.rest import OPERATIONS, AnyOperation
from gateway.rest.details import DetailSystem
from tests.support.factories import connected, record, store, webhook
from tests.support.gateway import OTHER_TEAM, Client, Gateway
from tests.support.openapi import assert_described

CLINIC = "64a000000000000000000001"
FOREIGN = "64a000000000000000000002"
PERSONAL = "64a000000000000000000003"
WEBHOOK = "64a000000000000000000004"
MISSING = "64a00000000000000000000f"

ACTION = '{actionType: SMS, context: "c", templateName: "t"}'
DASHBOARD_PARTS = """
  overview { total successful failed pending }
  previousPeriod { start end overview { total successful failed pending } }
  trends { day successful failed pending }
  source { ...Value } utmSource { ...Value } utmMedium { ...Value } utmCampaign { ...Value }
""".replace("...Value", "value count successful failed pending")
QUERIES: Mapping[str, str] = {
    "export": f'{{ integrationExport(integrationId: "{CLINIC}") {{ document }} }}',
    "upsertUseCaseGroup": f"""mutation {{
      upsertUseCaseGroup(provider: MICROSOFT, input: {{
        name: "A", useCases: [{{useCase: LAB_REMINDER, actions: [{ACTION}, {ACTION}]}}, {{useCase: LAB_REMINDER}}]
      }}) {{
        outcome
        group {{ id name slug sheetLink assistantId timezone startTime version createdAt updatedAt nextRunAt }}
        useCases {{ useCase {{
          teamId createdBy {{ id }} updatedBy {{ id }} createdAt updatedAt id logicalId integrationId
          schedulerNames
          config {{
            displayName assistantId status timezone type name sheetLink
            actions {{
              logicalId templateName context reportEmails daysWindow status
              schedule {{ startDateTime endDateTime field triggerAt }}
            }}
          }}
        }} }}
      }} }}""",
    "appointmentStatistics": f"""{{ appointmentStatistics(integrationId: "{CLINIC}", size: 7) {{
      overview {{ total }} trends {{ date successful failed }} source {{ value count }}
      utmSource {{ value count }} utmMedium {{ value count }} utmCampaign {{ value count }}
    }} }}""",
    "patientStatistics": f"""{{ patientStatistics(integrationId: "{CLINIC}", size: 7) {{
      overview {{ total }} trends {{ date successful failed }} source {{ value count }}
    }} }}""",
    "statisticsCsv": f"""{{ appointmentStatistics(integrationId: "{CLINIC}") {{ {DASHBOARD_PARTS} }} }}""",
    "searchedStatisticsCsv": f"""{{ appointmentStatistics(integrationId: "{CLINIC}", search: "jane roe") {{
      {DASHBOARD_PARTS}
    }} }}""",
}
"""The same questions as GraphQL operations."""

REST_ACTION = {"action_type": "SMS", "context": "c", "template_name": "t"}
BODY = {
    "name": "A",
    "use_cases": [
        {"use_case": "LAB_REMINDER", "actions": [REST_ACTION, REST_ACTION]},
        {"use_case": "LAB_REMINDER"},
    ],
}

DETAILED = [operation for operation in OPERATIONS if isinstance(operation.system, DetailSystem)]
operations = pytest.mark.parametrize("operation", DETAILED, ids=lambda operation: operation.name)
about_integrations = pytest.mark.parametrize(
    "operation",
    [operation for operation in DETAILED if "{integration_id}" in operation.path],
    ids=lambda operation: operation.name,
)


def get_path(operation: AnyOperation, id: str = CLINIC) -> str:
    return operation.path.format(integration_id=id, provider="microsoft")


async def ask(
    operation: AnyOperation, client: Client, id: str = CLINIC, headers: Mapping[str, str] | None = None
) -> Response:
    """Send a request to an operation, with the same arguments as its GraphQL query has.

    Asserts that the answer is one that the OpenAPI document describes.
    """
    sent = {"Authorization": f"Bearer {client.key}"} if headers is None else headers
    parameters: dict[str, str] = {}
    body: object = None
    match operation.name:
        case "appointmentStatistics" | "patientStatistics":
            parameters = {"size": "7"}
        case "statisticsCsv":
            parameters = {"integrationId": id}
        case "searchedStatisticsCsv":
            body = {"integrationId": id, "search": "jane roe"}
        case "upsertUseCaseGroup":
            body = BODY
    response = await client.http.request(
        operation.method, get_path(operation, id), headers=sent, params=parameters, json=body
    )
    assert_described(response)
    return response


async def store_integrations(gateway: Gateway) -> None:
    await store(
        gateway.database,
        connected(CLINIC),
        connected(PERSONAL, access="personal", createdBy="somebody.else", config={"provider": "google"}),
        connected(FOREIGN, team_id=OTHER_TEAM, access="system"),
        webhook({"_id": WEBHOOK}),
        record("1" * 24, CLINIC),
    )
