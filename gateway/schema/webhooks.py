"""Types of webhooks. The gateway shows their scripts and URLs, and never runs or calls them."""

import strawberry

from gateway.database import Integration as IntegrationRow
from gateway.domain import webhooks
from gateway.domain.enums import RetryDelay, WebhookEvent
from gateway.domain.lenient_reading import Json, LenientObject
from gateway.schema import json_readers
from gateway.schema.context import Info
from gateway.schema.fields import field, key_field
from gateway.schema.integrations import Integration
from gateway.schema.json_readers import read_enum, with_default
from gateway.schema.scalars import JSON

_flag_reader = with_default(json_readers.boolean, default=False)


def _may_manage(row: IntegrationRow, info: Info) -> bool:
    return webhooks.may_manage_webhook(info.context.viewer, row.kind, row.team_id, row.created_by)


def _read_guarded(row: IntegrationRow, info: Info, name: str) -> Json:
    """Return a key of the document; None unless the viewer may manage the webhook."""
    return row.document.get(name) if _may_manage(row, info) else None


def _read_guarded_text(row: IntegrationRow, info: Info, name: str) -> str | None:
    return None if _read_guarded(row, info, name) is None else row.read_document().read_text(name)


@strawberry.interface(
    description="Webhook of a chat: it posts received messages to rooms, or calls URLs when an event happens in "
    "a room."
)
class WebhookIntegration(Integration):
    username: str | None = strawberry.field(description="Username that the webhook posts as.")
    user_id: strawberry.ID | None = key_field("userId", "Id of the user that the webhook acts as.")
    channel: list[str] = key_field(
        "channel",
        "Channels (`#general`) and people (`@rocket.cat`) that the webhook posts to or listens to.",
        json_readers.texts,
    )
    alias: str | None = key_field("alias", "Name shown with the webhook's messages.")
    avatar: str | None = key_field("avatar", "URL of the picture shown with the webhook's messages.")
    emoji: str | None = key_field("emoji", "Emoji shown with the webhook's messages, such as `:ghost:`.")
    script_enabled: bool = key_field("scriptEnabled", "Whether the script is switched on.", _flag_reader)
    script_engine: str | None = key_field(
        "scriptEngine", "Engine that the script is written for, such as `isolated-vm`."
    )

    @field("Script; the gateway stores it and never runs it. Null unless the viewer may manage this webhook.")
    @staticmethod
    def script(root: strawberry.Parent[IntegrationRow], info: Info) -> str | None:
        return _read_guarded_text(root, info, "script")

    @field("Script as Rocket.Chat compiled it. Null unless the viewer may manage this webhook.")
    @staticmethod
    def script_compiled(root: strawberry.Parent[IntegrationRow], info: Info) -> str | None:
        return _read_guarded_text(root, info, "scriptCompiled")

    @field(
        "Error that Rocket.Chat met when it compiled the script. Null unless the viewer may manage this webhook.",
        graphql_type=JSON | None,
    )
    @staticmethod
    def script_error(root: strawberry.Parent[IntegrationRow], info: Info) -> Json:
        return _read_guarded(root, info, "scriptError")

    @field("Secret token that authenticates calls. Null unless the viewer may manage this webhook.")
    @staticmethod
    def token(root: strawberry.Parent[IntegrationRow], info: Info) -> str | None:
        if not _may_manage(root, info):
            return None
        token = info.context.disclosures.read_webhook_token(root)
        return LenientObject({"token": token}, root).read_text("token")


@strawberry.type(description="Webhook that posts the messages it receives; `webhook-incoming` in the documents.")
class IncomingWebhook(WebhookIntegration):
    override_destination_channel_enabled: bool = key_field(
        "overrideDestinationChannelEnabled",
        "Whether a received message may name another channel than `channel`.",
        _flag_reader,
    )


@strawberry.type(description="Webhook that calls URLs when an event happens; `webhook-outgoing` in the documents.")
class OutgoingWebhook(WebhookIntegration):
    event: WebhookEvent | None = strawberry.field(
        description="Event that makes the webhook call; OTHER for an unknown one, null when the document has none."
    )
    urls: list[str] = key_field("urls", "URLs to call when the event happens.", json_readers.texts)
    trigger_words: list[str] = key_field(
        "triggerWords",
        "Call only for messages that begin with one of these words.",
        json_readers.texts,
    )
    trigger_word_anywhere: bool = key_field(
        "triggerWordAnywhere",
        "Whether a trigger word may be anywhere in the message, not only at the start.",
        _flag_reader,
    )
    target_room: str | None = key_field(
        "targetRoom", "Room that answers are posted to, for events that have no room."
    )
    impersonate_user: bool = key_field(
        "impersonateUser", "Whether the webhook posts as the user who triggered it.", _flag_reader
    )
    run_on_edits: bool = key_field("runOnEdits", "Whether an edited message triggers the webhook.", _flag_reader)
    retry_failed_calls: bool = key_field("retryFailedCalls", "Whether to retry a failed call.", _flag_reader)
    retry_count: int | None = key_field("retryCount", "Maximum number of retries of a call.", json_readers.integer)
    retry_delay: RetryDelay | None = key_field(
        "retryDelay",
        "Delay before each retry; null when the document has none or an unknown one.",
        read_enum(RetryDelay),
    )
