"""Filter and order of the list of integrations."""

from datetime import datetime
from typing import Any

import strawberry

from gateway.domain.enums import (
    IntegrationAccess,
    IntegrationKind,
    IntegrationOrderField,
    Provider,
    SortDirection,
    TokenState,
    WebhookEvent,
)
from gateway.domain.integration_filters import (
    MAX_FILTER_DEPTH,
    MAX_FILTER_SIZE,
    MAX_PATTERN_LENGTH,
    InstantFilter,
    TextFilter,
)
from gateway.domain.integration_filters import IntegrationFilter as DomainFilter
from gateway.domain.webhooks import encode_texts
from gateway.execution import Cost
from gateway.schema.inputs import get_provided_fields, optional_field

_FILTER_COST = Cost(weight=100)
"""Cost of each filter in a filter."""


@strawberry.input(
    description="Conditions on a text, combined with AND; a null condition is ignored. `eq`, `ne` and `in` are "
    "case-sensitive. `contains`, `startsWith` and `endsWith` are case-insensitive, take at most "
    f"{MAX_PATTERN_LENGTH} characters, and have no wildcards. `gt`, `gte`, `lt` and `lte` compare code points. A "
    "null text meets only `ne` and `isNull: true`."
)
class StringFilter:
    eq: str | None = optional_field("The text equals this value.")
    ne: str | None = optional_field("The text differs from this value, or is null.")
    in_: list[str] | None = optional_field(
        "The text equals one of these values; an empty list matches nothing.", name="in"
    )
    gt: str | None = optional_field("The text sorts after this value.")
    gte: str | None = optional_field("The text sorts after this value, or equals it.")
    lt: str | None = optional_field("The text sorts before this value.")
    lte: str | None = optional_field("The text sorts before this value, or equals it.")
    contains: str | None = optional_field("The text contains this value; an empty value matches every text.")
    starts_with: str | None = optional_field("The text begins with this value.")
    ends_with: str | None = optional_field("The text ends with this value.")
    match_case: bool | None = optional_field(
        "True: `contains`, `startsWith` and `endsWith` are case-sensitive, too. False: `eq`, `ne` and `in` are "
        "case-insensitive, too."
    )
    is_null: bool | None = optional_field("True: the text is null. False: it is not null.")


@strawberry.input(description="Conditions on an instant, combined with AND; a null condition is ignored.")
class DateTimeFilter:
    eq: datetime | None = optional_field("At this instant.")
    ne: datetime | None = optional_field("At another instant.")
    in_: list[datetime] | None = optional_field(
        "At one of these instants; an empty list matches nothing.", name="in"
    )
    gt: datetime | None = optional_field("After this instant.")
    gte: datetime | None = optional_field("At or after this instant.")
    lt: datetime | None = optional_field("Before this instant.")
    lte: datetime | None = optional_field("At or before this instant.")

    def to_domain(self) -> InstantFilter:
        return InstantFilter(**_to_conditions(self))


@strawberry.input(
    description="Conditions on an integration, combined with AND; a null condition is ignored, and an empty "
    "filter matches all. A filter never shows more than the viewer may see. `and`, `or` and `not` nest at most "
    f"{MAX_FILTER_DEPTH} levels; a filter has at most {MAX_FILTER_SIZE} filters and listed values in all."
)
class IntegrationFilter:
    and_: list["IntegrationFilter"] | None = optional_field(
        "All of these filters match; an empty list matches everything.", name="and", directives=[_FILTER_COST]
    )
    or_: list["IntegrationFilter"] | None = optional_field(
        "At least one of these filters matches; an empty list matches nothing.",
        name="or",
        directives=[_FILTER_COST],
    )
    not_: "IntegrationFilter | None" = optional_field(
        "This filter does not match, also because a value is null. An empty filter here matches nothing.",
        name="not",
    )
    id: list[strawberry.ID] | None = optional_field("The id is one of these; an empty list matches nothing.")
    kind: list[IntegrationKind] | None = optional_field("The kind is one of these; an empty list matches nothing.")
    name: StringFilter | None = optional_field("Conditions on the name, which is never null.")
    username: StringFilter | None = optional_field(
        "Conditions on the username, which is null for connected integrations and for webhooks without one."
    )
    enabled: bool | None = optional_field("Whether the integration is switched on.")
    provider: list[Provider] | None = optional_field(
        "The provider is one of these; an empty list matches nothing. OTHER matches all unknown providers. "
        "Webhooks have no provider."
    )
    access: list[IntegrationAccess] | None = optional_field(
        "The access is one of these, as `access` reads it; an empty list matches nothing. Webhooks have no access."
    )
    token_state: list[TokenState] | None = optional_field(
        "The access token is in one of these states, at the time of the query; an empty list matches nothing. "
        "Webhooks have no access token, and are in no state."
    )
    has_error: bool | None = optional_field(
        "Whether the account has an `errorMessage` that is not empty. Webhooks have none."
    )
    channel: str | None = optional_field(
        "A webhook has this channel, such as `#general`: one of `channel` equals it, case-sensitive. Connected "
        "integrations have no channels."
    )
    channels: list[str] | None = optional_field(
        "The channels of a webhook are exactly these, in this order; an empty list matches webhooks without any."
    )
    url: str | None = optional_field("A webhook calls this URL: one of `urls` equals it, case-sensitive.")
    urls: list[str] | None = optional_field(
        "The URLs of a webhook are exactly these, in this order; an empty list matches webhooks without any."
    )
    event: list[WebhookEvent] | None = optional_field(
        "The event of an outgoing webhook is one of these; an empty list matches nothing. OTHER matches all "
        "unknown events. Other integrations have no event."
    )
    user_id: strawberry.ID | None = optional_field(
        "Id of the user that a webhook acts as, its `userId`. Connected integrations have none."
    )
    created_by: strawberry.ID | None = optional_field("Id of the creator; an empty one is ignored.")
    created_at: DateTimeFilter | None = optional_field("Conditions on the time of creation.")
    updated_at: DateTimeFilter | None = optional_field("Conditions on the time of the last change.")

    def to_domain(self) -> DomainFilter:
        conditions = {**_to_conditions(self), "created_by": self.created_by or None}
        for name, test in (("id", "in_"), ("user_id", "eq"), ("channel", "eq"), ("url", "eq")):
            if (value := conditions.get(name)) is not None:
                conditions[name] = TextFilter(**{test: value})
        for name in ("channels", "urls"):
            if (texts := conditions.get(name)) is not None:
                conditions[name] = encode_texts([*texts])
        return DomainFilter(**conditions)


def _to_conditions(conditions: object) -> dict[str, Any]:
    """Return the given fields of an input object, with hashable values."""
    return {name: _to_condition(value) for name, value in get_provided_fields(conditions).items()}


def _to_condition(value: Any) -> Any:  # noqa: ANN401 (what a filter holds under any of its fields)
    match value:
        case IntegrationFilter() | DateTimeFilter():
            return value.to_domain()
        case StringFilter():
            return TextFilter(**_to_conditions(value))
        case list():
            return tuple(_to_condition(item) for item in value)
        case _:
            return value


@strawberry.input(description="Sort key of a list of integrations.")
class IntegrationOrder:
    field: IntegrationOrderField = strawberry.field(description="Field to sort by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Sort direction.")
