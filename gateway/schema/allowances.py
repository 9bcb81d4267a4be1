"""What an operation may cost, and what that leaves to those that its key sends later."""

from gateway import services
from gateway.errors import CostLimitExceeded
from gateway.execution import DocumentCache, DocumentLimits, ExecutableDocument
from gateway.settings import Settings, get_variable_name
from gateway.telemetry import current_request


class OperationLimits:
    """What operations may be and cost by the settings, and the documents that were read within these limits."""

    def __init__(self, settings: Settings) -> None:
        self.document_limits = DocumentLimits(settings)
        self.document_cache = DocumentCache(self.document_limits)
        self.cost_limit = settings.cost_limit


class OperationBudget:
    """What one operation may cost: no more than any, and no more than its key has left."""

    __slots__ = ("_limits", "bucket", "cost")

    def __init__(self, limits: OperationLimits, bucket: services.rate_limits.TokenBucket) -> None:
        self._limits = limits
        self.bucket = bucket
        self.cost: int | None = None
        """What was charged for the operation; None before it is executed."""

    def get_document(self, text: str) -> ExecutableDocument:
        """The document of this text, as it is known or read now, which is charged by its length.

        Raises LimitExceeded, and GraphQLSyntaxError for a text that is no document.
        """
        known = self._limits.document_cache.get(text)
        if known is not None:
            return known
        self.bucket.charge(self._limits.document_limits.compute_parsing_cost(text))
        return self._limits.document_cache.add(text)

    def charge(self, cost: int) -> None:
        """Take what the operation costs, once. Raises CostLimitExceeded and RateLimited."""
        if self.cost is not None:
            return
        current_request.get().cost = cost
        limit = self._limits.cost_limit
        if cost > limit:
            message = (
                f"The operation costs {cost}; at most {limit} is allowed. Ask for fewer fields or entries at once, "
                f"or have the operator raise {get_variable_name('cost_limit')}."
            )
            raise CostLimitExceeded(message, cost, limit)
        self.bucket.spend(cost)
        self.cost = cost
