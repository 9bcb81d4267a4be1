"""What a connected integration is made of and changed by."""

from datetime import datetime

import strawberry

from gateway.domain.enums import IntegrationAccess, IntegrationStatus, Provider
from gateway.schema.inputs import optional_field
from gateway.schema.scalars import TimeZone

_SECRET = "A secret: stored, and shown only to a viewer who may READ_SECRETS."
_SECRET_PATCH = f"{_SECRET} A blank one keeps what is stored."


@strawberry.input(description="An account at a provider, to be connected for the viewer's team.")
class ConnectedIntegrationInput:
    name: str = strawberry.field(description="What people call it; not blank.")
    provider: Provider = strawberry.field(description="Where the account is.")
    access: IntegrationAccess = strawberry.field(
        default=IntegrationAccess.TEAM, description="Who sees it; SYSTEM needs the permission ADMIN."
    )
    timezone: TimeZone = strawberry.field(default=TimeZone("UTC"), description="Where its days begin.")
    scope: str | None = optional_field("What the provider allows, in the provider's words.")
    access_token: str | None = optional_field(_SECRET)
    refresh_token: str | None = optional_field(_SECRET)
    token_type: str | None = optional_field("How the access token is sent, such as `Bearer`.")
    expires_at: datetime | None = optional_field("When the access token expires.")
    auth_user_email: str | None = optional_field("The account's e-mail address.")
    auth_user_name: str | None = optional_field("The account's name.")


@strawberry.input(
    description="Changes to a connected integration: absent keeps, null clears. What is never null in the graph "
    "cannot be cleared."
)
class ConnectedIntegrationPatch:
    name: str | None = optional_field("What people call it; not blank, cannot be cleared.")
    status: IntegrationStatus | None = optional_field("Whether it works; cannot be cleared.")
    access: IntegrationAccess | None = optional_field(
        "Who sees it; SYSTEM needs the permission ADMIN. It cannot be cleared."
    )
    timezone: TimeZone | None = optional_field("Where its days begin; cannot be cleared.")
    scope: str | None = optional_field("What the provider allows, in the provider's words.")
    access_token: str | None = optional_field(f"{_SECRET_PATCH} A new one counts as renewed now.")
    refresh_token: str | None = optional_field(_SECRET_PATCH)
    token_type: str | None = optional_field("How the access token is sent, such as `Bearer`.")
    expires_at: datetime | None = optional_field("When the access token expires.")
    error_message: str | None = optional_field("Why it does not work, in the provider's words.")
    auth_user_email: str | None = optional_field("The account's e-mail address.")
    auth_user_name: str | None = optional_field("The account's name.")
