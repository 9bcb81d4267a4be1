"""What an operation may cost, and what that leaves to those that its key sends later."""

from gateway.errors import CostLimitExceeded
from gateway.execution import Documents, ExecutableDocument, Limits
from gateway.services.rate_limits import Bucket
from gateway.settings import Settings, variable
from gateway.telemetry.request_record import current


class Allowances:
    """What operations may be and cost by the settings, and the documents that were read within these limits."""

    def __init__(self, settings: Settings) -> None:
        self.limits = Limits(settings)
        self.documents = Documents(self.limits)
        self.most = settings.cost_limit


class Allowance:
    """What one operation may cost: no more than any, and no more than its key has left."""

    __slots__ = ("_allowances", "bucket", "cost")

    def __init__(self, allowances: Allowances, bucket: Bucket) -> None:
        self._allowances = allowances
        self.bucket = bucket
        self.cost: int | None = None
        """What was charged for the operation; None before it is executed."""

    def document(self, text: str) -> ExecutableDocument:
        """The document of this text, as it is known or read now, which is charged by its length.

        Raises LimitExceeded, and GraphQLSyntaxError for a text that is no document.
        """
        known = self._allowances.documents.known(text)
        if known is not None:
            return known
        self.bucket.owe(self._allowances.limits.reading(text))
        return self._allowances.documents.read(text)

    def charge(self, cost: int) -> None:
        """Take what the operation costs, once. Raises CostLimitExceeded and RateLimited."""
        if self.cost is not None:
            return
        current.get().cost = cost
        most = self._allowances.most
        if cost > most:
            message = (
                f"The operation costs {cost}; at most {most} is allowed. Ask for fewer fields or entries at once, "
                f"or have the operator raise {variable('cost_limit')}."
            )
            raise CostLimitExceeded(message, cost, most)
        self.bucket.spend(cost)
        self.cost = cost
