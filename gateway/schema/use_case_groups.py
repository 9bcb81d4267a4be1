"""Groups of use cases."""

import strawberry


@strawberry.type
class UseCaseGroupQueries:
    pass


@strawberry.type
class UseCaseGroupMutations:
    pass
