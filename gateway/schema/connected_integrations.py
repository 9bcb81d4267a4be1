"""An account at a provider, connected for a team."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.domain import integrations, statistics
from gateway.domain.enums import (
    AuthType,
    IntegrationAccess,
    IntegrationStatus,
    Provider,
    Status,
    TokenState,
    UseCaseType,
)
from gateway.domain.lenient_reading import LenientObject
from gateway.domain.paging import OLDEST_FIRST, PageArguments
from gateway.domain.statistics import Dashboard
from gateway.schema import json_readers
from gateway.schema.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Offset,
    build_page,
    connection_field,
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


@strawberry.type(description="How a connected integration reaches its account.")
class ProviderConfig:
    provider: Provider = key_field(
        "provider", "Where the account is.", with_default(read_enum(Provider), Provider.MICROSOFT)
    )
    auth_type: AuthType = key_field(
        "authType", "How it was connected.", with_default(read_enum(AuthType), AuthType.OAUTH)
    )
    scope: str | None = key_field("scope", "What the provider allows, in the provider's words.")
    token_type: str | None = key_field("tokenType", "How the access token is sent, such as `Bearer`.")
    expires_at: datetime | None = key_field("expiresAt", "When the access token expires.", json_readers.instant)
    connected_at: datetime | None = key_field(
        "connectedAt", "When the account was connected.", json_readers.instant
    )
    renewed_at: datetime | None = key_field(
        "renewedAt", "When the access token was last renewed.", json_readers.instant
    )
    error_message: str | None = key_field("errorMessage", "Why it does not work, in the provider's words.")
    auth_user_email: str | None = key_field("authUserEmail", "The account's e-mail address.")
    auth_user_name: str | None = key_field("authUserName", "The account's name.")

    @field("Null unless the viewer may READ_SECRETS; every read is audited.")
    @staticmethod
    def access_token(root: strawberry.Parent[ProviderConfigSource], info: Info) -> str | None:
        return info.context.read_secret(root.row, "accessToken")

    @field("Null unless the viewer may READ_SECRETS; every read is audited.")
    @staticmethod
    def refresh_token(root: strawberry.Parent[ProviderConfigSource], info: Info) -> str | None:
        return info.context.read_secret(root.row, "refreshToken")

    @row_field("How the access token stands now, derived when it is read.", reads=("secrets", "document", "id"))
    @staticmethod
    def token_state(root: strawberry.Parent[IntegrationRow]) -> TokenState:
        return integrations.get_token_state(root.secrets, root.read_config().read_instant("expiresAt"))


def _parse_use_cases_arguments(
    status: Annotated[
        Status | None, strawberry.argument(description="Only those that are in use, or not.")
    ] = None,
    type: Annotated[
        UseCaseType | None,
        strawberry.argument(description="Only those of this type; OTHER for all that this graph does not know."),
    ] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    offset: Offset = None,
) -> tuple[PageArguments, Status | None, UseCaseType | None]:
    """The page of use cases that is asked for, their status and type."""
    return build_page(OLDEST_FIRST, first, after, last, before, offset), status, type


@strawberry.type(description="An account at a provider, connected for a team.")
class ConnectedIntegration(Integration):
    access: IntegrationAccess = strawberry.field(description="Who sees it.")
    timezone: TimeZone = strawberry.field(description="Where its days begin; UTC when its document has no zone.")

    @field("The same over export and import.", reads=("logical_id", "id"))
    @staticmethod
    def logical_id(root: strawberry.Parent[IntegrationRow]) -> str:
        return root.logical_id or root.id

    @field("Whether it works.", reads=("enabled",))
    @staticmethod
    def status(root: strawberry.Parent[IntegrationRow]) -> IntegrationStatus:
        return IntegrationStatus.ACTIVE if root.enabled else IntegrationStatus.INACTIVE

    config: ProviderConfig = key_field("config", "How it reaches its account.", json_readers.json_object)

    use_case_groups: Connection[UseCaseGroup] = connection_field(
        "Its groups of use cases, the oldest first; none for an integration of another team.",
        services.use_case_groups.list_use_case_groups,
        services.use_case_groups.count_use_case_groups,
        parse_page_arguments,
    )
    use_cases: Connection[UseCase] = connection_field(
        "Its use cases, the oldest first; none for an integration of another team.",
        services.use_cases.list_use_cases,
        services.use_cases.count_use_cases,
        _parse_use_cases_arguments,
    )
    resource_records: Connection[ResourceRecord] = connection_field(
        "Its resource records, the oldest first; none for an integration of another team.",
        services.resource_records.list_resource_records,
        services.resource_records.count_resource_records,
        parse_records_arguments,
    )

    appointment_statistics: Dashboard | None = dashboard_field(
        "Its appointments dashboard; an integration of another team counts none.",
        statistics.APPOINTMENT_STATISTICS,
        AppointmentStatistics,
    )
    patient_statistics: Dashboard | None = dashboard_field(
        "Its patients dashboard; an integration of another team counts none.",
        statistics.PATIENT_STATISTICS,
        PatientStatistics,
    )
