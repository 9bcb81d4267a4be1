"""Models of the objects of documents 4 and 5, for the OpenAPI document.

Stored documents pass through unchanged, and a list can omit any key. Therefore each key may be absent or null.
The models have the types that the documents give. An imported value of another type passes through, too.
"""

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from gateway.rest.operations import DescribedModel


class CreatorDocument(DescribedModel):
    """The user who created a webhook."""

    model_config = ConfigDict(extra="allow")

    id: str | None = Field(None, alias="_id")
    """Id of the user."""
    username: str | None = None
    """Name of the user."""


class WebhookDocument(DescribedModel):
    """An incoming or outgoing webhook. What was imported is unchanged, also with other keys or types."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow")

    id: str | None = Field(None, alias="_id")
    """Id of the webhook."""
    type: str | None = None
    """`webhook-incoming` or `webhook-outgoing`."""
    name: str | None = None
    """Name of the webhook."""
    enabled: bool | None = None
    """Whether it is active."""
    username: str | None = None
    """Name of the user as whom it posts."""
    user_id: str | None = None
    """Id of the user as whom it posts."""
    alias: str | None = None
    """Name that its messages show instead."""
    avatar: str | None = None
    """URL of the picture that its messages show."""
    emoji: str | None = None
    """Emoji that its messages show instead of a picture."""
    channel: list[str] | None = None
    """Channels, such as `#general`, and users, such as `@rocket.cat`."""
    token: str | None = None
    """Token with which the receiver verifies a call. It shows only to who may manage the webhook."""
    script: str | None = None
    """Script that is stored and never run. It shows only to who may manage the webhook."""
    script_enabled: bool | None = None
    """Whether the script is enabled."""
    script_engine: str | None = None
    """Engine of the script."""
    script_compiled: str | None = None
    """The compiled script, as it was imported."""
    script_error: object = None
    """Error of the script, as it was imported."""
    override_destination_channel_enabled: bool | None = None
    """Whether a call of an incoming webhook may name another channel."""
    event: str | None = None
    """Event that triggers an outgoing webhook, such as `sendMessage`."""
    urls: list[str] | None = None
    """URLs that an outgoing webhook calls."""
    trigger_words: list[str] | None = None
    """Words that trigger an outgoing webhook."""
    trigger_word_anywhere: bool | None = None
    """Whether the words trigger anywhere in a message, not only at its beginning."""
    target_room: str | None = None
    """Room to which the answer of the call is posted."""
    impersonate_user: bool | None = None
    """Whether the webhook posts as the user who triggered it."""
    run_on_edits: bool | None = None
    """Whether edited messages trigger it, too."""
    retry_failed_calls: bool | None = None
    """Whether failed calls are repeated."""
    retry_count: int | None = None
    """How often a failed call is repeated."""
    retry_delay: str | None = None
    """How the delay between repeated calls grows, such as `powers-of-ten`."""
    created_at: str | None = Field(None, alias="_createdAt")
    """Instant at which it was created."""
    created_by: CreatorDocument | None = Field(None, alias="_createdBy")
    """The user who created it."""
    updated_at: str | None = Field(None, alias="_updatedAt")
    """Instant of the last change."""


class WebhookAnswer(DescribedModel):
    """One webhook."""

    integration: WebhookDocument
    """The webhook."""
    success: Literal[True]
    """Always true."""


class WebhooksAnswer(DescribedModel):
    """A page of webhooks."""

    integrations: list[WebhookDocument]
    """The webhooks of the page."""
    offset: int
    """How many webhooks precede the page."""
    items: int
    """How many webhooks the page has."""
    total: int
    """How many webhooks all pages have."""
    success: Literal[True]
    """Always true."""
