"""Cost of the operation and rate limit of its key."""

from datetime import datetime, timedelta

import strawberry

from gateway.domain.calendar import instants
from gateway.schema.context import Info
from gateway.schema.fields import field


@strawberry.type(
    description="Rate limit of the key, in cost units. Each process of the gateway has its own. An operation's "
    "cost is subtracted before it runs; when too little is left, the answer is RATE_LIMITED."
)
class RateLimit:
    limit: int = strawberry.field(description="Cost units that the key has when its budget is full.")
    remaining: int = strawberry.field(description="Cost units left after this operation.")
    cost: int = strawberry.field(
        description="Cost of this operation: 400 plus the cost of each field. A field costs 1 or the weight of "
        "its `@cost`, multiplied by the sizes of the lists above it, which follow from their arguments or "
        "`@listSize`."
    )
    reset_at: datetime = strawberry.field(
        description="When the budget is full again if the key runs no further operation."
    )


@strawberry.type
class RateLimitQueries:
    @field("Cost of this operation and rate limit of its key.", graphql_type=RateLimit)
    @staticmethod
    def rate_limit(info: Info) -> RateLimit:
        budget = info.context.budget
        bucket = budget.bucket
        return RateLimit(
            limit=bucket.size,
            remaining=bucket.remaining,
            cost=budget.cost or 0,
            reset_at=instants.now() + timedelta(seconds=bucket.seconds_to_full),
        )
