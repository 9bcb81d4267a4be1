"""Use cases."""

import strawberry


@strawberry.type
class UseCaseQueries:
    pass


@strawberry.type
class UseCaseMutations:
    pass
