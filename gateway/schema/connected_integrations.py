"""Type of connected integrations: accounts at a provider."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.domain import integrations, statistics
from gateway.domain.calendar import instants
from gateway.domain.enums import (
    AuthType,
    IntegrationAccess,
    Provider,
    Status,
    TokenState,
    UseCaseType,
)
from gateway.domain.lenient_reading import LenientObject
from gateway.domain.paging import OLDEST_FIRST
from gateway.domain.statistics import Dashboard
from gateway.execution import ARGUMENTS_COST, COUNT_COST
from gateway.schema import json_readers
from gateway.schema.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Offset,
    RequestedPage,
    connection_field,
    parse_page,
    parse_page_arguments,
)
from gateway.schema.context import Info
from gateway.schema.fields import field, key_field, row_field
from gateway.schema.integrations import Integration
from gateway.schema.json_readers import read_enum, with_default
from gateway.schema.resource_records import ResourceRecord, parse_records_arguments
from gateway.schema.scalars import TimeZone
from gateway.schema.statistics import AppointmentStatistics, PatientStatistics, dashboard_field
from gateway.schema.use_case_groups import UseCaseGroup
from gateway.schema.use_cases import UseCase

ProviderConfigSource = LenientObject[IntegrationRow]


@strawberry.type(description="Connection to the account at the provider.")
class ProviderConfig:
    provider: Provider = key_field(
        "provider",
        "Provider of the account; OTHER when the document has none or an unknown one.",
        with_default(read_enum(Provider), Provider.OTHER),
    )
    auth_type: AuthType = key_field(
        "authType",
        "How the account was connected; OAUTH when the document has none, OTHER when it has an unknown one.",
        with_default(read_enum(AuthType), AuthType.OAUTH),
    )
    scope: str | None = key_field("scope", "OAuth scopes that the provider granted, as the provider writes them.")
    token_type: str | None = key_field("tokenType", "Type of the access token, such as `Bearer`.")
    expires_at: datetime | None = key_field("expiresAt", "When the access token expires.", json_readers.instant)
    connected_at: datetime | None = key_field(
        "connectedAt", "When the account was connected.", json_readers.instant
    )
    renewed_at: datetime | None = key_field(
        "renewedAt", "When the access token was last renewed.", json_readers.instant
    )
    error_message: str | None = key_field("errorMessage", "Last error of the account, as the provider writes it.")
    auth_user_email: str | None = key_field("authUserEmail", "E-mail address of the account.")
    auth_user_name: str | None = key_field("authUserName", "Name of the account.")

    @field("Secret access token. Null without READ_SECRETS; each read is written to the audit log.")
    @staticmethod
    def access_token(root: strawberry.Parent[ProviderConfigSource], info: Info) -> str | None:
        return info.context.disclosures.read_secret(root.row, "accessToken")

    @field("Secret refresh token. Null without READ_SECRETS; each read is written to the audit log.")
    @staticmethod
    def refresh_token(root: strawberry.Parent[ProviderConfigSource], info: Info) -> str | None:
        return info.context.disclosures.read_secret(root.row, "refreshToken")

    @row_field("State of the access token at the time of the query.", reads=("has_token", "expires_at"))
    @staticmethod
    def token_state(root: strawberry.Parent[IntegrationRow]) -> TokenState:
        return integrations.get_token_state(root.has_token, root.expires_at, instants.now())


def _parse_use_cases_arguments(
    status: Annotated[
        Status | None,
        strawberry.argument(description="Return only use cases with this status. Null: any status."),
    ] = None,
    type: Annotated[
        UseCaseType | None,
        strawberry.argument(
            description="Return only use cases of this type; OTHER: of all unknown types. Null: any type."
        ),
    ] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    offset: Offset = None,
) -> tuple[RequestedPage, Status | None, UseCaseType | None]:
    """Return the page, the status and the type that the arguments of `useCases` select."""
    return parse_page(OLDEST_FIRST, first, after, last, before, offset), status, type


@strawberry.type(description="Account at a provider, connected for a team.")
class ConnectedIntegration(Integration):
    access: IntegrationAccess = strawberry.field(
        description="Who may see the integration; TEAM when the document has none, PERSONAL for an unknown one."
    )
    timezone: TimeZone = strawberry.field(
        description="Time zone in which the dashboards' days begin; UTC when the document has none."
    )

    @field("Id that stays the same when the document is exported and imported.", reads=("logical_id", "id"))
    @staticmethod
    def logical_id(root: strawberry.Parent[IntegrationRow]) -> str:
        return root.logical_id or root.id

    @field("Whether the integration is switched on; same as `enabled`.", reads=("enabled",))
    @staticmethod
    def status(root: strawberry.Parent[IntegrationRow]) -> Status:
        return Status.ACTIVE if root.enabled else Status.INACTIVE

    config: ProviderConfig = key_field(
        "config", "Connection to the account at the provider.", json_readers.json_object
    )

    use_case_groups: Connection[UseCaseGroup] | None = connection_field(
        "Groups of use cases, the oldest first; empty for an integration of another team. Needs "
        "READ_INTEGRATIONS.",
        services.use_case_groups.list_use_case_groups,
        services.use_case_groups.count_use_case_groups,
        parse_page_arguments,
    )
    use_cases: Connection[UseCase] | None = connection_field(
        "Use cases, the oldest first; empty for an integration of another team. Needs READ_INTEGRATIONS.",
        services.use_cases.list_use_cases,
        services.use_cases.count_use_cases,
        _parse_use_cases_arguments,
    )
    resource_records: Connection[ResourceRecord] | None = connection_field(
        "Resource records, the oldest first; empty for an integration of another team. Needs READ_RECORDS.",
        services.resource_records.list_resource_records,
        services.resource_records.count_resource_records,
        parse_records_arguments,
        {
            ARGUMENTS_COST: services.record_costs.compute_list_cost,
            COUNT_COST: services.record_costs.compute_count_cost,
        },
    )

    appointment_statistics: Dashboard | None = dashboard_field(
        "Appointments dashboard; all numbers are 0 for an integration of another team. Needs READ_RECORDS or "
        "READ_STATISTICS.",
        statistics.APPOINTMENT_STATISTICS,
        AppointmentStatistics,
    )
    patient_statistics: Dashboard | None = dashboard_field(
        "Patients dashboard; all numbers are 0 for an integration of another team. Needs READ_RECORDS.",
        statistics.PATIENT_STATISTICS,
        PatientStatistics,
    )
