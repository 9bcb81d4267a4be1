"""How many errors an answer tells of, and how much of each."""

from collections.abc import Sequence

from graphql import GraphQLError, GraphQLFormattedError

from gateway.errors import LimitExceeded
from gateway.settings import Settings, get_variable_name


class ErrorLimits:
    """Keeps the list of errors of an answer within the limits that are set, and says what it leaves out."""

    def __init__(self, settings: Settings) -> None:
        self._max_count = settings.error_limit
        self._max_length = settings.error_length_limit

    def format_errors(self, errors: Sequence[GraphQLError]) -> list[GraphQLFormattedError]:
        """The errors as the client reads them; in place of the last that may be told, how many there are."""
        shown = errors if len(errors) <= self._max_count else errors[: self._max_count - 1]
        found = [self._shorten(error.formatted) for error in shown]
        if len(shown) < len(errors):
            found.append(self._build_omission(len(errors), len(shown)))
        return found

    def _shorten(self, error: GraphQLFormattedError) -> GraphQLFormattedError:
        if len(error["message"]) > self._max_length:
            error["message"] = error["message"][: self._max_length - 1] + "…"
        return error

    def _build_omission(self, errors: int, shown: int) -> GraphQLFormattedError:
        message = (
            f"{errors - shown} more errors are not shown; at most {self._max_count} entries are. Mend these first, or "
            f"have the operator raise {get_variable_name('error_limit')}."
        )
        exceeded = LimitExceeded(message, "errors", self._max_count, errors)
        return {"message": message, "extensions": {"code": exceeded.code, **exceeded.details}}
