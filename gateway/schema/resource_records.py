"""Resource records."""

import strawberry


@strawberry.type
class ResourceRecordQueries:
    pass


@strawberry.type
class ResourceRecordMutations:
    pass
