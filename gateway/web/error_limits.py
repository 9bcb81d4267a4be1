"""How many errors an answer tells of, and how much of each."""

from collections.abc import Sequence

from graphql import GraphQLError, GraphQLFormattedError

from gateway.errors import LimitExceeded
from gateway.settings import Settings, variable


class ErrorLimits:
    """Keeps the list of errors of an answer within the limits that are set, and says what it leaves out."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.error_limit
        self._longest = settings.error_length_limit

    def formatted(self, errors: Sequence[GraphQLError]) -> list[GraphQLFormattedError]:
        """The errors as the client reads them; in place of the last that may be told, how many there are."""
        shown = errors if len(errors) <= self._most else errors[: self._most - 1]
        found = [self._shortened(error.formatted) for error in shown]
        if len(shown) < len(errors):
            found.append(self._left_out(len(errors), len(shown)))
        return found

    def _shortened(self, error: GraphQLFormattedError) -> GraphQLFormattedError:
        if len(error["message"]) > self._longest:
            error["message"] = error["message"][: self._longest - 1] + "…"
        return error

    def _left_out(self, errors: int, shown: int) -> GraphQLFormattedError:
        message = (
            f"{errors - shown} more errors are not shown; at most {self._most} entries are. Mend these first, or "
            f"have the operator raise {variable('error_limit')}."
        )
        exceeded = LimitExceeded(message, "errors", self._most, errors)
        return {"message": message, "extensions": {"code": exceeded.code, **exceeded.details}}
