"""What an operation works by, where a test has no request."""

from gateway.database.database import Database
from gateway.domain.viewer import Viewer
from gateway.schema.context import Context
from gateway.schema.operation_limits import OperationBudget, OperationLimits
from gateway.services.rate_limits import TokenBuckets
from gateway.settings import Settings


def context_of(viewer: Viewer, database: Database) -> Context:
    """The context of an operation that may cost what any may."""
    settings = Settings()
    bucket = TokenBuckets(settings.rate_limit, settings.rate_refill).get_bucket(viewer)
    return Context(database, viewer, OperationBudget(OperationLimits(settings), bucket))
