"""Webhooks. Their scripts and URLs are shown: never run, never called."""

import strawberry

from gateway.database import Integration as IntegrationRow
from gateway.domain import webhooks
from gateway.domain.enums import RetryDelay, WebhookEvent, WebhookType
from gateway.domain.lenient_reading import Json
from gateway.schema import json_readers
from gateway.schema.context import Info
from gateway.schema.fields import field, key_field
from gateway.schema.integrations import Integration
from gateway.schema.json_readers import read_enum, with_default
from gateway.schema.scalars import JSON

_flag_reader = with_default(json_readers.boolean, default=False)


def _read_guarded(row: IntegrationRow, info: Info, name: str) -> Json:
    """A key of the document, for a viewer who may manage the webhook."""
    may_manage = webhooks.may_manage_webhook(info.context.viewer, row.kind, row.team_id, row.created_by)
    return row.document.get(name) if may_manage else None


def _read_guarded_text(row: IntegrationRow, info: Info, name: str) -> str | None:
    return None if _read_guarded(row, info, name) is None else row.read_document().read_text(name)


@strawberry.interface(description="A webhook: something that is called, or calls, with what happens in a room.")
class WebhookIntegration(Integration):
    username: str | None = strawberry.field(description="Who it posts as.")
    user_id: strawberry.ID | None = key_field("userId", "The id of the user that it acts for.")
    channel: list[str] = key_field("channel", "The channels and people it belongs to.", json_readers.texts)
    alias: str | None = key_field("alias", "The name shown with what it posts.")
    avatar: str | None = key_field("avatar", "The address of the picture shown with what it posts.")
    emoji: str | None = key_field("emoji", "The emoji shown with what it posts, such as `:ghost:`.")
    script_enabled: bool = key_field("scriptEnabled", "Whether its script is switched on.", _flag_reader)
    script_engine: str | None = key_field("scriptEngine", "What its script is written for, such as `isolated-vm`.")

    @field("Which of the two kinds of webhook it is.", reads=("kind",))
    @staticmethod
    def type(root: strawberry.Parent[IntegrationRow]) -> WebhookType:
        return WebhookType(root.kind.value)

    @field("Its script, which is stored and never run. Null unless the viewer may manage this webhook.")
    @staticmethod
    def script(root: strawberry.Parent[IntegrationRow], info: Info) -> str | None:
        return _read_guarded_text(root, info, "script")

    @field("Its script as it was compiled elsewhere. Null unless the viewer may manage this webhook.")
    @staticmethod
    def script_compiled(root: strawberry.Parent[IntegrationRow], info: Info) -> str | None:
        return _read_guarded_text(root, info, "scriptCompiled")

    @field(
        "Why its script could not be compiled elsewhere. Null unless the viewer may manage this webhook.",
        graphql_type=JSON | None,
    )
    @staticmethod
    def script_error(root: strawberry.Parent[IntegrationRow], info: Info) -> Json:
        return _read_guarded(root, info, "scriptError")

    @field("A capability: null unless the viewer may manage this webhook.")
    @staticmethod
    def token(root: strawberry.Parent[IntegrationRow], info: Info) -> str | None:
        return _read_guarded_text(root, info, "token")


@strawberry.type(description="A webhook that posts what it receives; `webhook-incoming` in the documents.")
class IncomingWebhook(WebhookIntegration):
    override_destination_channel_enabled: bool = key_field(
        "overrideDestinationChannelEnabled", "Whether what it receives may name another channel.", _flag_reader
    )


@strawberry.type(description="A webhook that calls out on an event; `webhook-outgoing` in the documents.")
class OutgoingWebhook(WebhookIntegration):
    urls: list[str] = key_field("urls", "What it calls.", json_readers.texts)
    trigger_words: list[str] = key_field(
        "triggerWords", "It calls only for messages that begin with one of these.", json_readers.texts
    )
    trigger_word_anywhere: bool = key_field(
        "triggerWordAnywhere", "Whether a trigger word may stand anywhere in the message.", _flag_reader
    )
    target_room: str | None = key_field(
        "targetRoom", "Where answers go, for events that have no room of their own."
    )
    impersonate_user: bool = key_field(
        "impersonateUser", "Whether it posts as the user who triggered it.", _flag_reader
    )
    run_on_edits: bool = key_field("runOnEdits", "Whether an edited message triggers it.", _flag_reader)
    retry_failed_calls: bool = key_field(
        "retryFailedCalls", "Whether a call that failed is made again.", _flag_reader
    )
    retry_count: int | None = key_field("retryCount", "How many times a call is made again.", json_readers.integer)
    retry_delay: RetryDelay | None = key_field("retryDelay", "How long it waits before.", read_enum(RetryDelay))

    @field("What makes it call; OTHER for an event that this graph does not know.", reads=("document",))
    @staticmethod
    def event(root: strawberry.Parent[IntegrationRow]) -> WebhookEvent | None:
        return webhooks.get_event(root.document)
