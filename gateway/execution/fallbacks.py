"""Fallbacks: where the compiled fast path gives up, and the slower way gives the answer instead.

`gateway_compiled_fallbacks_total` counts each by root field and reason; the log has each once for each document.
Tests fail for a reason that is not expected; see `tests/support/fallbacks.py`.
"""

from enum import StrEnum

import structlog
from graphql import GraphQLError

from gateway.errors import ColumnNotFetched, Exceeded, GatewayError, OperationAborted
from gateway.telemetry import current_request

_log = structlog.get_logger(__name__)


class FallbackNeeded(Exception):
    """A compiled selection cannot give exactly what the normal executor gives."""


class FallbackReason(StrEnum):
    """Why the fast path gave up.

    A reason that is not expected points to a defect, or to an unusual document. Answers stay right, but each such
    request takes longer.
    """

    NOT_COMPILABLE = "not_compilable"
    """The selection has a field that does not compile."""

    RESOLVER_ERROR = "resolver_error"
    """A resolver refused, such as for an unknown id; the normal executor formats the error."""

    ABORTED = "aborted"
    """The operation ended: the database was overloaded, away or too slow."""

    LIMIT_EXCEEDED = "limit_exceeded"
    """The answer is too large."""

    ROW_DATA = "row_data"
    """The document of one row differs from the schema; only this row is read key by key."""

    SECOND_READ = "second_read"
    """An operation that used to read with one statement needed another; it gets a transaction from now on."""

    TOO_MANY_VARIANTS = "too_many_variants"
    """The operation came with more combinations of `@skip` and `@include` variables than are stored."""

    COLUMN_NOT_FETCHED = "column_not_fetched"
    """A field or a service read a column that was not fetched."""

    UNEXPECTED_VALUE = "unexpected_value"
    """A value is not one that its GraphQL type allows, such as a null."""

    UNEXPECTED_ERROR = "unexpected_error"
    """A resolver or a batch failed in a way that nobody foresaw."""

    @property
    def is_expected(self) -> bool:
        """Whether ordinary requests may have the reason."""
        return self in _EXPECTED_REASONS


_EXPECTED_REASONS = {
    FallbackReason.NOT_COMPILABLE,
    FallbackReason.RESOLVER_ERROR,
    FallbackReason.ABORTED,
    FallbackReason.LIMIT_EXCEEDED,
    FallbackReason.ROW_DATA,
    FallbackReason.SECOND_READ,
}


class FallbackLog:
    """Counts the fallbacks of one document and logs each field and reason once."""

    def __init__(self) -> None:
        self._logged: set[tuple[str, FallbackReason]] = set()

    def report(self, field: str, reason: FallbackReason, error: Exception | None) -> None:
        """Record a fallback below a root field, given by its schema coordinate, such as `Query.integrations`.

        The log has the exception's class only: its message may hold patient data.
        """
        current_request.get().record_fallback(field, reason.value)
        if (field, reason) in self._logged:
            return
        self._logged.add((field, reason))
        write = _log.info if reason.is_expected else _log.warning
        class_name = None if error is None else type(error).__name__
        write("execution.fallback", field=field, reason=reason.value, error=class_name)


def classify_error(error: Exception) -> FallbackReason:
    """Return the reason for a fallback that an exception of the fast path caused."""
    if isinstance(error, ColumnNotFetched):
        return FallbackReason.COLUMN_NOT_FETCHED
    if isinstance(error, FallbackNeeded):
        return FallbackReason.UNEXPECTED_VALUE
    if isinstance(error, OperationAborted):
        return FallbackReason.ABORTED
    if isinstance(error, Exceeded):
        return FallbackReason.LIMIT_EXCEEDED
    if isinstance(error, GatewayError | GraphQLError):
        return FallbackReason.RESOLVER_ERROR
    return FallbackReason.UNEXPECTED_ERROR
