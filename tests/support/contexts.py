"""The context of an operation, for tests without a request."""

import hmac

from gateway.database.database import Database
from gateway.domain.viewer import Viewer
from gateway.schema.context import Context
from gateway.schema.operation_limits import OperationBudget, OperationLimits
from gateway.services.rate_limits import TokenBuckets
from gateway.settings import Settings

CURSOR_KEY = hmac.new(b"key", digestmod="sha256")


def create_context(viewer: Viewer, database: Database) -> Context:
    """Create the context of an operation with the default limits."""
    settings = Settings()
    bucket = TokenBuckets(settings.rate_limit, settings.rate_refill).get_bucket(viewer)
    return Context(database, viewer, OperationBudget(OperationLimits(settings), bucket), CURSOR_KEY)
