"""What a list of integrations is narrowed to: a tree of conditions.

Every condition that is given must hold; None is no condition. `and_` of nothing holds and `or_` of nothing does
not, no value is in an empty list, and a filter without conditions lets everything through.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.enums import IntegrationKind, Provider
from gateway.domain.statement_arguments import StatementArguments

MAX_FILTER_DEPTH = 5
"""How many times `and`, `or` and `not` may be nested."""

MAX_FILTER_SIZE = 500
"""How many filters and listed values a whole filter may hold; databases limit both."""

MAX_PATTERN_LENGTH = 1000
"""Characters of what a text may be asked to contain, to start or to end with; SQLite limits patterns."""


@dataclass(frozen=True, slots=True)
class TextFilter(StatementArguments):
    """Conditions on a text: `eq`, `ne` and `in_` are exact, the other three ignore case."""

    eq: str | None = None
    ne: str | None = None
    in_: Sequence[str] | None = None
    contains: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    is_null: bool | None = None


@dataclass(frozen=True, slots=True)
class InstantFilter(StatementArguments):
    """Conditions on an instant."""

    eq: datetime | None = None
    gt: datetime | None = None
    gte: datetime | None = None
    lt: datetime | None = None
    lte: datetime | None = None


@dataclass(frozen=True, slots=True)
class IntegrationFilter(StatementArguments):
    """Conditions on an integration; what is null meets only `ne`, `is_null` and what stands under `not_`."""

    and_: "Sequence[IntegrationFilter] | None" = None
    or_: "Sequence[IntegrationFilter] | None" = None
    not_: "IntegrationFilter | None" = None
    kind: Sequence[IntegrationKind] | None = None
    name: TextFilter | None = None
    username: TextFilter | None = None
    enabled: bool | None = None
    provider: Sequence[Provider] | None = None
    created_by: str | None = None
    created_at: InstantFilter | None = None
    updated_at: InstantFilter | None = None

    def iterate_nested(self) -> "Iterator[IntegrationFilter]":
        """The filters that stand directly in this one."""
        yield from self.and_ or ()
        yield from self.or_ or ()
        if self.not_ is not None:
            yield self.not_

    def iterate_text_filters(self) -> Iterator[TextFilter]:
        """The conditions on texts that stand directly in this one."""
        yield from (test for test in (self.name, self.username) if test is not None)

    @property
    def depth(self) -> int:
        """How many times `and`, `or` and `not` are nested here."""
        return max((1 + inner.depth for inner in self.iterate_nested()), default=0)

    @property
    def size(self) -> int:
        """How many filters and listed values there are here, this filter included."""
        lists = (self.kind, self.provider, *(test.in_ for test in self.iterate_text_filters()))
        return 1 + sum(len(values or ()) for values in lists) + sum(inner.size for inner in self.iterate_nested())

    @property
    def longest_pattern(self) -> int:
        """How long the longest text is that something is asked to contain, to start or to end with."""
        own_lengths = (
            len(pattern or "")
            for test in self.iterate_text_filters()
            for pattern in (test.contains, test.starts_with, test.ends_with)
        )
        return max([*own_lengths, *(inner.longest_pattern for inner in self.iterate_nested())], default=0)
