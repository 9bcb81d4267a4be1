"""What webhooks are made of and changed by."""

import strawberry

from gateway.domain.enums import RetryDelay, WebhookEvent
from gateway.domain.webhooks import DEFAULT_RETRY_COUNT, DEFAULT_RETRY_DELAY
from gateway.schema.inputs import optional_field

_NAME = "What people call it; not blank."
_USERNAME = "Who it posts as; not blank."
_ENABLED = "Whether it is switched on."
_CHANNEL = "The channels (`#general`) and people (`@rocket.cat`) that it posts to; at least one."
_LISTENED_CHANNELS = (
    "The channels (`#general`) and people (`@rocket.cat`) that it listens to, or all_public_channels, "
    "all_private_groups, all_direct_messages. At least one for SEND_MESSAGE, FILE_UPLOADED, ROOM_JOINED and "
    "ROOM_LEFT."
)
_SCRIPT_ENABLED = "Whether its script is switched on."
_SCRIPT = "Its script, which is stored and never run."
_SCRIPT_ENGINE = "What its script is written for, such as `isolated-vm`."
_ALIAS = "The name shown with what it posts."
_AVATAR = "The address of the picture shown with what it posts."
_EMOJI = "The emoji shown with what it posts, such as `:ghost:`."
_OVERRIDE = "Whether what it receives may name another channel."
_EVENT = "What makes it call; OTHER cannot be chosen."
_URLS = "What it calls: at least one http(s) URL. Blank ones are dropped."
_OUTGOING_TOKEN = "What it calls with, for the one called to recognise it."
_TRIGGER_WORDS = (
    "It calls only for messages that begin with one of these; kept only for SEND_MESSAGE, without blanks."
)
_TRIGGER_WORD_ANYWHERE = "Whether a trigger word may stand anywhere in the message."
_TARGET_ROOM = "Where answers go; needed for USER_CREATED."
_IMPERSONATE = "Whether it posts as the user who triggered it."
_RUN_ON_EDITS = "Whether an edited message triggers it."
_RETRY_FAILED_CALLS = "Whether a call that failed is made again."
_RETRY_COUNT = "How many times a call is made again, 0 or more"
_RETRY_DELAY = "How long it waits before"
_NOT_CLEARABLE = " It cannot be cleared."


@strawberry.input(description="An incoming webhook to be made. Its token is made by the server.")
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


@strawberry.input(description="An outgoing webhook to be made.")
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


@strawberry.input(description="Changes to an incoming webhook: absent keeps, null clears. Its token stays.")
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


@strawberry.input(description="Changes to an outgoing webhook: absent keeps, null clears.")
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
    token: str | None = optional_field(f"{_OUTGOING_TOKEN} A blank one keeps what is stored.")
    trigger_words: list[str] | None = optional_field(_TRIGGER_WORDS)
    trigger_word_anywhere: bool | None = optional_field(_TRIGGER_WORD_ANYWHERE + _NOT_CLEARABLE)
    target_room: str | None = optional_field(_TARGET_ROOM)
    impersonate_user: bool | None = optional_field(_IMPERSONATE + _NOT_CLEARABLE)
    run_on_edits: bool | None = optional_field(_RUN_ON_EDITS + _NOT_CLEARABLE)
    retry_failed_calls: bool | None = optional_field(_RETRY_FAILED_CALLS + _NOT_CLEARABLE)
    retry_count: int | None = optional_field(f"{_RETRY_COUNT}.")
    retry_delay: RetryDelay | None = optional_field(f"{_RETRY_DELAY}.")
