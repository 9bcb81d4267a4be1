"""Filters of integrations: trees of conditions.

An integration must meet all conditions of a filter; None is no condition. An empty `and_` is true, an empty `or_`
is false, and an empty list of values matches nothing. A filter without conditions matches all integrations.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway.domain.enums import IntegrationAccess, IntegrationKind, Provider, TokenState, WebhookEvent
from gateway.domain.integrations import EXPIRING_SOON
from gateway.domain.statement_arguments import StatementArguments

MAX_FILTER_DEPTH = 5
"""The maximum nesting of `and`, `or` and `not`."""

MAX_FILTER_SIZE = 500
"""The maximum number of filters and listed values in a whole filter; databases limit both."""

MAX_PATTERN_LENGTH = 1000
"""The maximum length of a search text, in characters; SQLite limits patterns of LIKE."""


@dataclass(frozen=True, slots=True)
class TextFilter(StatementArguments):
    """Conditions on a text.

    `eq`, `ne` and `in_` are case-sensitive; `contains`, `starts_with` and `ends_with` are not. `match_case` makes
    all six the one or the other. The others compare code points.
    """

    eq: str | None = None
    ne: str | None = None
    in_: Sequence[str] | None = None
    gt: str | None = None
    gte: str | None = None
    lt: str | None = None
    lte: str | None = None
    contains: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    match_case: bool | None = None
    is_null: bool | None = None


@dataclass(frozen=True, slots=True)
class InstantFilter(StatementArguments):
    """Conditions on an instant."""

    eq: datetime | None = None
    ne: datetime | None = None
    in_: Sequence[datetime] | None = None
    gt: datetime | None = None
    gte: datetime | None = None
    lt: datetime | None = None
    lte: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenInstants(StatementArguments):
    """The instants that the state of tokens depends on."""

    now: datetime
    soon: datetime
    """Tokens that expire until then expire soon."""

    @classmethod
    def at(cls, now: datetime) -> Self:
        return cls(now, now + EXPIRING_SOON)


@dataclass(frozen=True, slots=True)
class IntegrationFilter(StatementArguments):
    """Conditions on an integration. A null column matches `ne` and `is_null`, and conditions under `not_`.

    `channel` and `url` are conditions that one entry of a webhook's list meets. `channels` and `urls` are whole
    lists, as `gateway.domain.webhooks.encode_texts` writes them.
    """

    and_: "Sequence[IntegrationFilter] | None" = None
    or_: "Sequence[IntegrationFilter] | None" = None
    not_: "IntegrationFilter | None" = None
    id: TextFilter | None = None
    kind: Sequence[IntegrationKind] | None = None
    access: Sequence[IntegrationAccess] | None = None
    token_state: Sequence[TokenState] | None = None
    has_error: bool | None = None
    channel: TextFilter | None = None
    channels: str | None = None
    url: TextFilter | None = None
    urls: str | None = None
    event: Sequence[WebhookEvent] | None = None
    user_id: TextFilter | None = None
    name: TextFilter | None = None
    username: TextFilter | None = None
    enabled: bool | None = None
    provider: Sequence[Provider] | None = None
    created_by: str | None = None
    created_at: InstantFilter | None = None
    updated_at: InstantFilter | None = None

    def iterate_nested(self) -> "Iterator[IntegrationFilter]":
        """Yield the direct children of this filter."""
        yield from self.and_ or ()
        yield from self.or_ or ()
        if self.not_ is not None:
            yield self.not_

    def iterate_text_filters(self) -> Iterator[TextFilter]:
        """Yield the conditions on texts of this filter, without those of its children."""
        tests = (self.id, self.name, self.username, self.user_id, self.channel, self.url)
        yield from (test for test in tests if test is not None)

    @property
    def depth(self) -> int:
        """The nesting of `and`, `or` and `not` in this filter."""
        return max((1 + inner.depth for inner in self.iterate_nested()), default=0)

    @property
    def size(self) -> int:
        """The number of filters and listed values, this filter included."""
        lists = (
            *(self.kind, self.access, self.token_state, self.event, self.provider),
            *(test.in_ for test in self.iterate_text_filters()),
            *(test.in_ for test in (self.created_at, self.updated_at) if test is not None),
        )
        values = sum(len(values or ()) for values in lists)
        # A whole list is one text with a line for each value.
        lines = sum(max(0, texts.count("\n") - 1) for texts in (self.channels, self.urls) if texts is not None)
        return 1 + values + lines + sum(inner.size for inner in self.iterate_nested())

    @property
    def longest_pattern(self) -> int:
        """The length of the longest text of `contains`, `starts_with` and `ends_with`, in characters."""
        own_lengths = (
            len(pattern or "")
            for test in self.iterate_text_filters()
            for pattern in (test.contains, test.starts_with, test.ends_with)
        )
        return max([*own_lengths, *(inner.longest_pattern for inner in self.iterate_nested())], default=0)
