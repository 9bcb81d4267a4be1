"""What a connected integration is made of and changed by."""

from datetime import datetime

import strawberry

from gateway.domain.enums import IntegrationAccess, IntegrationStatus, Provider
from gateway.schema.inputs import optional
from gateway.schema.scalars import TimeZone

_HIDDEN = "A secret: stored, and shown only to a viewer who may READ_SECRETS."
_KEPT = f"{_HIDDEN} A blank one keeps what is stored."


@strawberry.input(description="An account at a provider, to be connected for the viewer's team.")
class ConnectedIntegrationInput:
    name: str = strawberry.field(description="What people call it; not blank.")
    provider: Provider = strawberry.field(description="Where the account is.")
    access: IntegrationAccess = strawberry.field(
        default=IntegrationAccess.TEAM, description="Who sees it; SYSTEM needs the permission ADMIN."
    )
    timezone: TimeZone = strawberry.field(default=TimeZone("UTC"), description="Where its days begin.")
    scope: str | None = optional("What the provider allows, in the provider's words.")
    access_token: str | None = optional(_HIDDEN)
    refresh_token: str | None = optional(_HIDDEN)
    token_type: str | None = optional("How the access token is sent, such as `Bearer`.")
    expires_at: datetime | None = optional("When the access token expires.")
    auth_user_email: str | None = optional("The account's e-mail address.")
    auth_user_name: str | None = optional("The account's name.")


@strawberry.input(
    description="Changes to a connected integration: absent keeps, null clears. What is never null in the graph "
    "cannot be cleared."
)
class ConnectedIntegrationPatch:
    name: str | None = optional("What people call it; not blank, cannot be cleared.")
    status: IntegrationStatus | None = optional("Whether it works; cannot be cleared.")
    access: IntegrationAccess | None = optional(
        "Who sees it; SYSTEM needs the permission ADMIN. It cannot be cleared."
    )
    timezone: TimeZone | None = optional("Where its days begin; cannot be cleared.")
    scope: str | None = optional("What the provider allows, in the provider's words.")
    access_token: str | None = optional(f"{_KEPT} A new one counts as renewed now.")
    refresh_token: str | None = optional(_KEPT)
    token_type: str | None = optional("How the access token is sent, such as `Bearer`.")
    expires_at: datetime | None = optional("When the access token expires.")
    error_message: str | None = optional("Why it does not work, in the provider's words.")
    auth_user_email: str | None = optional("The account's e-mail address.")
    auth_user_name: str | None = optional("The account's name.")
