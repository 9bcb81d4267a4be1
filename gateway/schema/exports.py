"""One integration with all that hangs below it, and back again."""

import strawberry


@strawberry.type
class ExportQueries:
    pass


@strawberry.type
class ImportMutations:
    pass
