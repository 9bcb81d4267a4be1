"""One request for the operation of each document, as GraphQL and as REST, with ids of the demo."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import urlencode

import orjson

from gateway.demo.clinics import CLINICS, DemoTeam
from gateway.demo.groups import EXAMPLE_CLINIC
from gateway.demo.loading import read_example
from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Json
from gateway.rest import BODY, OPERATIONS, AnyOperation

_EXPORT = """
query Export($id: ID!) { integrationExport(integrationId: $id) { document checksum redactedFields } }
"""
_UPSERT = """
mutation Upsert($provider: Provider!, $integrationId: ID!, $input: UseCaseGroupInput!) {
  upsertUseCaseGroup(provider: $provider, integrationId: $integrationId, input: $input) {
    outcome
    group { id slug timezone startTime nextRunAt }
    useCases { outcome useCase { id key schedulerNames } }
    errors { code message path }
  }
}
"""
_STATISTICS = """
query Dashboard($id: ID!, $start: DateTime!) {
  appointmentStatistics(integrationId: $id, start: $start, size: 5) {
    overview { total successful failed pending }
    trends { day successful failed }
    source { value count }
    utmSource { value count }
    utmMedium { value count }
    utmCampaign { value count }
    asOf
  }
}
"""
_INTEGRATION = """
query Webhook($id: ID!) {
  integration(id: $id) {
    __typename id kind name enabled createdAt createdBy { id username }
    ... on WebhookIntegration { channel username }
    ... on OutgoingWebhook { event urls triggerWords }
  }
}
"""
_INTEGRATIONS = """
query List($first: Int!) {
  integrations(first: $first, orderBy: [{field: NAME}]) {
    totalCount
    nodes { __typename id name enabled ... on ConnectedIntegration { config { provider tokenState } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@dataclass(frozen=True, slots=True)
class ExampleRequest:
    """A GraphQL operation with its variables."""

    operation: str
    query: str
    variables: Mapping[str, Json]

    def to_curl(self, origin: str, key: str) -> str:
        """Return a shell command that sends the operation to the gateway at this origin."""
        body: Json = {"query": " ".join(self.query.split()), "variables": dict(self.variables)}
        return _print_curl(f"{origin}/graphql", {"Authorization": f"Bearer {key}"}, body)


@dataclass(frozen=True, slots=True)
class RestExampleRequest:
    """A REST operation with its parameters."""

    rest_operation: AnyOperation
    parameters: Mapping[str, Json]
    user_id: str
    """Id of the key's user."""

    @property
    def operation(self) -> str:
        """The GraphQL field that answers the same question."""
        return f"{self.rest_operation.graphql_field}, as REST"

    def to_curl(self, origin: str, key: str) -> str:
        """Return a shell command that sends the operation to the gateway at this origin."""
        operation, values = self.rest_operation, dict(self.parameters)
        path = operation.path.format(**{name: values.pop(name) for name in operation.path_parameters})
        body = values.pop(BODY, None)
        query = f"?{urlencode(values)}" if values else ""
        headers = operation.system.build_credentials(key, self.user_id)
        return _print_curl(f"{origin}{path}{query}", headers, body)


AnyExampleRequest: TypeAlias = ExampleRequest | RestExampleRequest


def build_requests(group_id: str, now: datetime) -> Sequence[ExampleRequest]:
    """Return the five requests in the order of the documents. Each can be sent repeatedly."""
    week_ago = instants.format_instant(now - timedelta(days=7))
    return (
        ExampleRequest("integrationExport", _EXPORT, {"id": _read_example_id("export.response")}),
        ExampleRequest("upsertUseCaseGroup", _UPSERT, _build_upsert_variables(group_id)),
        ExampleRequest("appointmentStatistics", _STATISTICS, {"id": CLINICS[0].id, "start": week_ago}),
        ExampleRequest("integration", _INTEGRATION, {"id": _read_example_id("integrations.get.response")}),
        ExampleRequest("integrations", _INTEGRATIONS, {"first": 5}),
    )


def build_rest_requests(group_id: str, now: datetime, team: DemoTeam) -> Sequence[RestExampleRequest]:
    """Return a request for each REST operation, for a key of the team's owner. Each can be sent repeatedly."""
    week_ago = instants.format_instant(now - timedelta(days=7))
    own: Mapping[str, Mapping[str, Json]] = {
        "upsertUseCaseGroup": {
            "provider": EXAMPLE_CLINIC.provider.value,
            "integration_id": EXAMPLE_CLINIC.id,
            "body": {"group_id": group_id, "name": "Appointment Reminders", "start_time": "09:15:00"},
        },
        "appointmentStatistics": {"integration_id": CLINICS[0].id, "start": week_ago},
        "patientStatistics": {"integration_id": CLINICS[0].id},
        "statisticsCsv": {"integrationId": CLINICS[0].id},
        "searchedStatisticsCsv": {
            "body": {"integrationId": CLINICS[0].id, "part": "days", "search": "website", "days": 30}
        },
    }
    return [
        RestExampleRequest(operation, {**operation.example, **own.get(operation.name, {})}, team.user_id)
        for operation in OPERATIONS
    ]


def _print_curl(url: str, headers: Mapping[str, str], body: Json) -> str:
    sent = {**headers, **({} if body is None else {"Content-Type": "application/json"})}
    words = ["curl", "-sS", url, *(word for name, value in sent.items() for word in ("-H", f"{name}: {value}"))]
    return shlex.join(words if body is None else [*words, "-d", orjson.dumps(body).decode()])


def _read_example_id(name: str) -> Json:
    integration = read_example(name)["integration"]
    assert isinstance(integration, dict)  # noqa: S101 (our own file)
    return integration["_id"]


def _build_upsert_variables(group_id: str) -> Mapping[str, Json]:
    """Return variables that move the group's start time. A second upsert changes nothing."""
    action: Json = {
        "actionType": "SMS",
        "context": "lab_result_sms",
        "day": 0,
        "templateName": "Lab Result SMS",
    }
    return {
        "provider": EXAMPLE_CLINIC.provider.name,
        "integrationId": EXAMPLE_CLINIC.id,
        "input": {
            "groupId": group_id,
            "name": "Appointment Reminders",
            "startTime": "09:15:00",
            "useCases": [{"useCase": "LAB_REMINDER", "actions": [action]}],
        },
    }
