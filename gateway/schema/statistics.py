"""The appointments dashboard."""

import strawberry


@strawberry.type
class StatisticsQueries:
    pass
