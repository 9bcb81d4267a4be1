"""Cost limit of operations and rate limit of keys."""

from gateway import services
from gateway.errors import CostLimitExceeded
from gateway.execution import DocumentCache, DocumentLimits, ExecutableDocument
from gateway.settings import Settings, get_variable_name
from gateway.telemetry import current_request


class OperationLimits:
    """Limits of operations from the settings, and the cache of parsed documents."""

    def __init__(self, settings: Settings) -> None:
        self.document_limits = DocumentLimits(settings)
        self.document_cache = DocumentCache(self.document_limits)
        self.cost_limit = settings.cost_limit
        self.answer_limit, self.export_limit = settings.answer_limit, settings.export_limit


class OperationBudget:
    """Cost budget of one operation: the cost limit, and what its key has left."""

    __slots__ = ("bucket", "cost", "limits")

    def __init__(self, limits: OperationLimits, bucket: services.rate_limits.TokenBucket) -> None:
        self.limits = limits
        self.bucket = bucket
        self.cost: int | None = None
        """Cost units charged for the operation; None before execution."""

    def get_document(self, text: str) -> ExecutableDocument:
        """Return the document of this text from the cache, or parse it and charge the parsing.

        Raises LimitExceeded above a document limit, and GraphQLSyntaxError when the text does not parse.
        """
        document = self.limits.document_cache.get(text)
        if document is not None:
            return document
        self.bucket.charge(self.limits.document_limits.compute_parsing_cost(text))
        return self.limits.document_cache.add(text)

    def charge(self, cost: int) -> None:
        """Charge the cost of the operation, once.

        Raises CostLimitExceeded above the cost limit, and RateLimited when the key has too little left.
        """
        if self.cost is not None:
            return
        self.check(cost)
        self.bucket.spend(cost)
        self.cost = cost

    def check(self, cost: int) -> None:
        """Raise CostLimitExceeded if a cost, or a part of it, is above the cost limit."""
        current_request.get().cost = cost
        limit = self.limits.cost_limit
        if cost > limit:
            message = (
                f"The operation costs {cost}; at most {limit} is allowed. Select fewer fields or entries, or let "
                f"the operator raise {get_variable_name('cost_limit')}."
            )
            raise CostLimitExceeded(message, cost, limit)
