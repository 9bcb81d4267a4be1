"""Input types of webhooks."""

import strawberry

from gateway.domain.bounds import MAX_NAME_LENGTH
from gateway.domain.enums import RetryDelay, WebhookEvent
from gateway.domain.webhooks import DEFAULT_RETRY_COUNT, DEFAULT_RETRY_DELAY
from gateway.schema.inputs import optional_field

_NAME = f"Display name, not blank, at most {MAX_NAME_LENGTH} characters."
_USERNAME = (
    f"Username that the webhook posts as, not blank, at most {MAX_NAME_LENGTH} characters. It must be that of a "
    "user of the team, whose id becomes `userId`."
)
_ENABLED = "Whether the webhook is switched on."
_CHANNEL = "Channels (`#general`) and people (`@rocket.cat`) that the webhook posts to; at least one."
_LISTENED_CHANNELS = (
    "Channels (`#general`) and people (`@rocket.cat`) that the webhook listens to, or `all_public_channels`, "
    "`all_private_groups`, `all_direct_messages`. At least one for SEND_MESSAGE, FILE_UPLOADED, ROOM_JOINED and "
    "ROOM_LEFT."
)
_SCRIPT_ENABLED = "Whether the script is switched on."
_SCRIPT = "Script; the gateway stores it and never runs it."
_SCRIPT_ENGINE = "Engine that the script is written for, such as `isolated-vm`."
_ALIAS = "Name shown with the webhook's messages."
_AVATAR = "URL of the picture shown with the webhook's messages."
_EMOJI = "Emoji shown with the webhook's messages, such as `:ghost:`."
_OVERRIDE = "Whether a received message may name another channel than `channel`."
_EVENT = "Event that makes the webhook call its URLs; OTHER is INVALID."
_URLS = "URLs to call: at least one, http or https. Blank entries are dropped."
_OUTGOING_TOKEN = "Token sent with each call so that the receiver can verify it."  # noqa: S105 (a description)
_TRIGGER_WORDS = (
    "Call only for messages that begin with one of these words. Stored only for SEND_MESSAGE; blank entries are "
    "dropped."
)
_TRIGGER_WORD_ANYWHERE = "Whether a trigger word may be anywhere in the message, not only at the start."
_TARGET_ROOM = "Room that answers are posted to. Required for USER_CREATED."
_IMPERSONATE = "Whether the webhook posts as the user who triggered it."
_RUN_ON_EDITS = "Whether an edited message triggers the webhook."
_RETRY_FAILED_CALLS = "Whether to retry a failed call."
_RETRY_COUNT = "Maximum number of retries of a call, 0 or more"
_RETRY_DELAY = "Delay before each retry"
_NOT_CLEARABLE = " Cannot be null."


@strawberry.input(description="Creates an incoming webhook. The server generates its token.")
class IncomingWebhookInput:
    name: str = strawberry.field(description=_NAME)
    username: str = strawberry.field(description=_USERNAME)
    channel: list[str] = strawberry.field(description=_CHANNEL)
    enabled: bool = strawberry.field(description=_ENABLED)
    script_enabled: bool = strawberry.field(description=_SCRIPT_ENABLED)
    script: str | None = optional_field(_SCRIPT)
    script_engine: str | None = optional_field(_SCRIPT_ENGINE)
    alias: str | None = optional_field(_ALIAS)
    avatar: str | None = optional_field(_AVATAR)
    emoji: str | None = optional_field(_EMOJI)
    override_destination_channel_enabled: bool = strawberry.field(default=False, description=_OVERRIDE)


@strawberry.input(description="Creates an outgoing webhook.")
class OutgoingWebhookInput:
    name: str = strawberry.field(description=_NAME)
    username: str = strawberry.field(description=_USERNAME)
    channel: list[str] = strawberry.field(description=_LISTENED_CHANNELS)
    enabled: bool = strawberry.field(description=_ENABLED)
    script_enabled: bool = strawberry.field(description=_SCRIPT_ENABLED)
    event: WebhookEvent = strawberry.field(description=_EVENT)
    urls: list[str] = strawberry.field(description=_URLS)
    script: str | None = optional_field(_SCRIPT)
    script_engine: str | None = optional_field(_SCRIPT_ENGINE)
    alias: str | None = optional_field(_ALIAS)
    avatar: str | None = optional_field(_AVATAR)
    emoji: str | None = optional_field(_EMOJI)
    token: str | None = optional_field(_OUTGOING_TOKEN)
    trigger_words: list[str] | None = optional_field(_TRIGGER_WORDS)
    trigger_word_anywhere: bool = strawberry.field(default=False, description=_TRIGGER_WORD_ANYWHERE)
    target_room: str | None = optional_field(_TARGET_ROOM)
    impersonate_user: bool = strawberry.field(default=False, description=_IMPERSONATE)
    run_on_edits: bool = strawberry.field(default=True, description=_RUN_ON_EDITS)
    retry_failed_calls: bool = strawberry.field(default=True, description=_RETRY_FAILED_CALLS)
    retry_count: int | None = optional_field(f"{_RETRY_COUNT}; {DEFAULT_RETRY_COUNT} when absent or null.")
    retry_delay: RetryDelay | None = optional_field(
        f"{_RETRY_DELAY}; {DEFAULT_RETRY_DELAY.name} when absent or null."
    )


@strawberry.input(
    description="Changes to an incoming webhook. An absent field keeps its value; null clears it. The token "
    "never changes."
)
class IncomingWebhookPatch:
    name: str | None = optional_field(_NAME + _NOT_CLEARABLE)
    username: str | None = optional_field(_USERNAME + _NOT_CLEARABLE)
    channel: list[str] | None = optional_field(_CHANNEL)
    enabled: bool | None = optional_field(_ENABLED + _NOT_CLEARABLE)
    script_enabled: bool | None = optional_field(_SCRIPT_ENABLED + _NOT_CLEARABLE)
    script: str | None = optional_field(_SCRIPT)
    script_engine: str | None = optional_field(_SCRIPT_ENGINE)
    alias: str | None = optional_field(_ALIAS)
    avatar: str | None = optional_field(_AVATAR)
    emoji: str | None = optional_field(_EMOJI)
    override_destination_channel_enabled: bool | None = optional_field(_OVERRIDE + _NOT_CLEARABLE)


@strawberry.input(description="Changes to an outgoing webhook. An absent field keeps its value; null clears it.")
class OutgoingWebhookPatch:
    name: str | None = optional_field(_NAME + _NOT_CLEARABLE)
    username: str | None = optional_field(_USERNAME + _NOT_CLEARABLE)
    channel: list[str] | None = optional_field(_LISTENED_CHANNELS)
    enabled: bool | None = optional_field(_ENABLED + _NOT_CLEARABLE)
    script_enabled: bool | None = optional_field(_SCRIPT_ENABLED + _NOT_CLEARABLE)
    event: WebhookEvent | None = optional_field(_EVENT + _NOT_CLEARABLE)
    urls: list[str] | None = optional_field(_URLS)
    script: str | None = optional_field(_SCRIPT)
    script_engine: str | None = optional_field(_SCRIPT_ENGINE)
    alias: str | None = optional_field(_ALIAS)
    avatar: str | None = optional_field(_AVATAR)
    emoji: str | None = optional_field(_EMOJI)
    token: str | None = optional_field(f"{_OUTGOING_TOKEN} A blank value keeps the stored token; null deletes it.")
    trigger_words: list[str] | None = optional_field(_TRIGGER_WORDS)
    trigger_word_anywhere: bool | None = optional_field(_TRIGGER_WORD_ANYWHERE + _NOT_CLEARABLE)
    target_room: str | None = optional_field(_TARGET_ROOM)
    impersonate_user: bool | None = optional_field(_IMPERSONATE + _NOT_CLEARABLE)
    run_on_edits: bool | None = optional_field(_RUN_ON_EDITS + _NOT_CLEARABLE)
    retry_failed_calls: bool | None = optional_field(_RETRY_FAILED_CALLS + _NOT_CLEARABLE)
    retry_count: int | None = optional_field(f"{_RETRY_COUNT}.")
    retry_delay: RetryDelay | None = optional_field(f"{_RETRY_DELAY}.")
