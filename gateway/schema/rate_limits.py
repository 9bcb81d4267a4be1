"""What an operation costs, and what its key has left."""

from datetime import datetime, timedelta

import strawberry

from gateway.domain.calendar import instants
from gateway.schema.context import Info
from gateway.schema.fields import field


@strawberry.type(
    description="What the key may spend, in this process of the gateway. An operation is taken off before it is "
    "executed."
)
class RateLimit:
    limit: int = strawberry.field(description="What can be spent at once.")
    remaining: int = strawberry.field(description="What is left of it after this operation.")
    cost: int = strawberry.field(
        description="What this operation costs: 100, and for each field 1 or what its `@cost` says, as often as "
        "the lists above it have entries, by their arguments or by `@listSize`."
    )
    reset_at: datetime = strawberry.field(description="When all of it is there again, if nothing more is spent.")


@strawberry.type
class RateLimitQueries:
    @field("What this operation costs, and what is left to its key.", graphql_type=RateLimit)
    @staticmethod
    def rate_limit(info: Info) -> RateLimit:
        allowance = info.context.budget
        bucket = allowance.bucket
        return RateLimit(
            limit=bucket.size,
            remaining=bucket.remaining,
            cost=allowance.cost or 0,
            reset_at=instants.now() + timedelta(seconds=bucket.seconds_to_full),
        )
