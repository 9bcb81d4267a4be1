"""What a list of integrations can be narrowed to and sorted by."""

from datetime import datetime
from typing import Any

import strawberry

from gateway.domain.enums import IntegrationKind, IntegrationOrderField, Provider, SortDirection
from gateway.domain.integration_filters import (
    MAX_FILTER_DEPTH,
    MAX_FILTER_SIZE,
    MAX_PATTERN_LENGTH,
    InstantFilter,
    TextFilter,
)
from gateway.domain.integration_filters import IntegrationFilter as DomainFilter
from gateway.schema.inputs import get_provided_fields, optional_field


@strawberry.input(
    description="Conditions on a text, all of which must hold; null is no condition. `eq`, `ne` and `in` are "
    f"exact; `contains`, `startsWith` and `endsWith` ignore case, take at most {MAX_PATTERN_LENGTH} characters, "
    "and in them `%` and `_` stand for themselves. A text that is null meets only `ne` and `isNull: true`."
)
class StringFilter:
    eq: str | None = optional_field("Is exactly this, case included.")
    ne: str | None = optional_field("Is anything but exactly this, or null.")
    in_: list[str] | None = optional_field("Is exactly one of these; none is in an empty list.", name="in")
    contains: str | None = optional_field("Has this somewhere, whatever the case; every text has the empty text.")
    starts_with: str | None = optional_field("Begins with this, whatever the case.")
    ends_with: str | None = optional_field("Ends with this, whatever the case.")
    is_null: bool | None = optional_field("True: is null. False: is not null.")


@strawberry.input(description="Conditions on an instant, all of which must hold; null is no condition.")
class DateTimeFilter:
    eq: datetime | None = optional_field("Is exactly this instant.")
    gt: datetime | None = optional_field("Is after this instant.")
    gte: datetime | None = optional_field("Is this instant or after it.")
    lt: datetime | None = optional_field("Is before this instant.")
    lte: datetime | None = optional_field("Is this instant or before it.")


@strawberry.input(
    description="Conditions on an integration, all of which must hold; null is no condition, and a filter without "
    "conditions lets everything through. A filter narrows what the viewer may see and never widens it. "
    f"`and`, `or` and `not` nest at most {MAX_FILTER_DEPTH} times; a whole filter holds at most {MAX_FILTER_SIZE} filters and "
    "listed values."
)
class IntegrationFilter:
    and_: list["IntegrationFilter"] | None = optional_field(
        "Each of these holds; an empty list holds.", name="and"
    )
    or_: list["IntegrationFilter"] | None = optional_field(
        "At least one of these holds; an empty list does not hold.", name="or"
    )
    not_: "IntegrationFilter | None" = optional_field(
        "This does not hold, be it for want of a value; an empty filter under `not` lets nothing through.",
        name="not",
    )
    kind: list[IntegrationKind] | None = optional_field("It is of one of these kinds; none is in an empty list.")
    name: StringFilter | None = optional_field("Conditions on its name, which is never null.")
    username: StringFilter | None = optional_field(
        "Conditions on the username, which is null for connected integrations and for webhooks without one."
    )
    enabled: bool | None = optional_field("Whether it is switched on.")
    provider: list[Provider] | None = optional_field(
        "Its account is at one of these; none is in an empty list. Webhooks have no provider."
    )
    created_by: strawberry.ID | None = optional_field("This user created it; empty is as if absent.")
    created_at: DateTimeFilter | None = optional_field("Conditions on when it was created.")
    updated_at: DateTimeFilter | None = optional_field("Conditions on when it was last changed.")

    def to_domain(self) -> DomainFilter:
        return DomainFilter(**{**_to_conditions(self), "created_by": self.created_by or None})


def _to_conditions(conditions: object) -> dict[str, Any]:
    """What is given of an input object, each value such that it can be hashed."""
    return {name: _to_condition(value) for name, value in get_provided_fields(conditions).items()}


def _to_condition(value: Any) -> Any:  # noqa: ANN401 (what a filter holds under any of its fields)
    match value:
        case IntegrationFilter():
            return value.to_domain()
        case StringFilter():
            return TextFilter(**_to_conditions(value))
        case DateTimeFilter():
            return InstantFilter(**_to_conditions(value))
        case list():
            return tuple(_to_condition(item) for item in value)
        case _:
            return value


@strawberry.input(description="One thing that a list of integrations is sorted by.")
class IntegrationOrder:
    field: IntegrationOrderField = strawberry.field(description="What it is sorted by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way it runs.")
