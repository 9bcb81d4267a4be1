"""An account at a provider, connected for a team."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway import services
from gateway.database.tables import Integration as IntegrationRow
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
from gateway.domain.lenient_reading import Section
from gateway.domain.paging import OLDEST_FIRST, Page
from gateway.domain.statistics.catalogue import Dashboard
from gateway.schema import json_readers
from gateway.schema.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Offset,
    nested,
    page_asked,
    page_of,
)
from gateway.schema.context import Info
from gateway.schema.fields import field, key, own
from gateway.schema.integrations import Integration
from gateway.schema.json_readers import either, word
from gateway.schema.resource_records import ResourceRecord, records_asked
from gateway.schema.scalars import TimeZone
from gateway.schema.statistics import AppointmentStatistics, PatientStatistics, statistics_of_one
from gateway.schema.use_case_groups import UseCaseGroup
from gateway.schema.use_cases import UseCase

ConfigSource = Section[IntegrationRow]


@strawberry.type(description="How a connected integration reaches its account.")
class ProviderConfig:
    provider: Provider = key("provider", "Where the account is.", either(word(Provider), Provider.MICROSOFT))
    auth_type: AuthType = key("authType", "How it was connected.", either(word(AuthType), AuthType.OAUTH))
    scope: str | None = key("scope", "What the provider allows, in the provider's words.")
    token_type: str | None = key("tokenType", "How the access token is sent, such as `Bearer`.")
    expires_at: datetime | None = key("expiresAt", "When the access token expires.", json_readers.instant)
    connected_at: datetime | None = key("connectedAt", "When the account was connected.", json_readers.instant)
    renewed_at: datetime | None = key("renewedAt", "When the access token was last renewed.", json_readers.instant)
    error_message: str | None = key("errorMessage", "Why it does not work, in the provider's words.")
    auth_user_email: str | None = key("authUserEmail", "The account's e-mail address.")
    auth_user_name: str | None = key("authUserName", "The account's name.")

    @field("Null unless the viewer may READ_SECRETS; every read is audited.")
    @staticmethod
    def access_token(root: strawberry.Parent[ConfigSource], info: Info) -> str | None:
        return info.context.secret(root.row, "accessToken")

    @field("Null unless the viewer may READ_SECRETS; every read is audited.")
    @staticmethod
    def refresh_token(root: strawberry.Parent[ConfigSource], info: Info) -> str | None:
        return info.context.secret(root.row, "refreshToken")

    @own("How the access token stands now, derived when it is read.", reads=("secrets", "document", "id"))
    @staticmethod
    def token_state(root: strawberry.Parent[IntegrationRow]) -> TokenState:
        return integrations.token_state(root.secrets, root.config().instant("expiresAt"))


def _use_cases_asked(
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
) -> tuple[Page, Status | None, UseCaseType | None]:
    """The page of use cases that is asked for, their status and type."""
    return page_of(OLDEST_FIRST, first, after, last, before, offset), status, type


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

    config: ProviderConfig = key("config", "How it reaches its account.", json_readers.section)

    use_case_groups: Connection[UseCaseGroup] = nested(
        "Its groups of use cases, the oldest first; none for an integration of another team.",
        services.use_case_groups.listed,
        services.use_case_groups.counts,
        page_asked,
    )
    use_cases: Connection[UseCase] = nested(
        "Its use cases, the oldest first; none for an integration of another team.",
        services.use_cases.listed,
        services.use_cases.counts,
        _use_cases_asked,
    )
    resource_records: Connection[ResourceRecord] = nested(
        "Its resource records, the oldest first; none for an integration of another team.",
        services.resource_records.listed,
        services.resource_records.counts,
        records_asked,
    )

    appointment_statistics: Dashboard | None = statistics_of_one(
        "Its appointments dashboard; an integration of another team counts none.",
        statistics.APPOINTMENTS,
        AppointmentStatistics,
    )
    patient_statistics: Dashboard | None = statistics_of_one(
        "Its patients dashboard; an integration of another team counts none.",
        statistics.PATIENTS,
        PatientStatistics,
    )
