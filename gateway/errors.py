"""Exceptions of all layers.

    GatewayError
    ├── Refused                the request is wrong or not permitted; carries all problems at once
    │   └── CursorInvalid      the cursor does not belong to this list in this order
    ├── Unauthenticated        the credential is missing, unknown, expired or revoked
    ├── SchemaNotAtHead        the database has another revision than this release
    ├── OperationAborted       the whole operation ends without data, and may be sent again
    │   ├── Overloaded         no database connection or lock became free in time
    │   │   └── TransactionConflict  another transaction came between
    │   ├── Unavailable        the database cannot be reached, read or written
    │   ├── UnknownOutcome     the database did not confirm a commit
    │   ├── IdempotencyInProgress  a request with the same idempotency key still runs
    │   ├── IdempotencyKeyReused   the idempotency key was sent with other mutations
    │   └── DeadlineExceeded   the operation takes too long
    ├── SettingsInvalid        a setting is wrong; the message names the variable
    ├── Exceeded               the operation exceeds a limit and is not executed
    │   ├── LimitExceeded      the document is too large
    │   ├── CostLimitExceeded  the cost is too high
    │   ├── RateLimited        the cost is higher than the rest of the key's rate limit
    │   └── NotForWidgets      a widget key may not read a field
    ├── database.SecretUnreadable  a stored token cannot be decrypted
    ├── rest.RequestInvalid    the parameters of a REST request are wrong
    ├── web.HTTPRefusal        the HTTP request is not accepted
    └── web.ClientDisconnected the client has left

`gateway.schema.errors` translates `Refused` into the `errors` of a mutation's payload or into a GraphQL error with
`extensions.code`; `gateway.rest` translates it into the words of a REST document. `gateway.web` translates the
others into HTTP responses. Every other exception is a bug: clients get INTERNAL_SERVER_ERROR with an `errorId`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from gateway.domain.enums import ErrorCode
from gateway.domain.failure_causes import FailureCause

ErrorPath = tuple[str | int, ...]


class GatewayError(Exception):
    """Base class of all exceptions that the gateway raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a request: its code, a message that says what is allowed, and the path of the input."""

    code: ErrorCode
    message: str
    path: ErrorPath = ()


class Refused(GatewayError):
    """The request is refused for these problems, and nothing has changed."""

    def __init__(self, problems: Iterable[Problem], **related: object) -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        self.related = related
        """Stored rows that explain a problem, by the name of the payload's field that shows them."""
        super().__init__("; ".join(problem.message for problem in self.problems))


class CursorInvalid(Refused):
    """The cursor does not belong to this list in this order."""

    def __init__(self, message: str, argument: str) -> None:
        super().__init__([Problem(ErrorCode.INVALID, message, (argument,))])


class Unauthenticated(GatewayError):
    """The request has no valid credential."""

    known_key: tuple[str, str] | None = None
    """Team and id of the key with the same prefix. Clients must not learn whether there is one."""


class SchemaNotAtHead(GatewayError):
    """The database has another revision than this release needs."""

    def __init__(self, observation: str, remedy: str) -> None:
        super().__init__(f"{observation} {remedy}")
        self.observation, self.remedy = observation, remedy


class OperationAborted(GatewayError):
    """The whole operation ends without data. Its message says what was changed."""

    advice = "Retry later."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """Why it ended, for clients."""
        self.committed: Sequence[str] = ()
        """Response keys of the mutations of the operation that were committed before it ended."""

    @property
    def message(self) -> str:
        """The reason, the changes that were made, and what to do."""
        return f"{self.reason}; {self._describe_changes()}. {self.advice}"

    def _describe_changes(self) -> str:
        return f"only {describe_done(self.committed)}" if self.committed else "nothing was changed"


class Overloaded(OperationAborted):
    """No database connection or lock became free in time, or too many operations wait already."""

    def __init__(self, reason: str = "The gateway is overloaded") -> None:
        super().__init__(reason)


class TransactionConflict(Overloaded):
    """The database rolled the transaction back because of another one. It may succeed if it runs again."""

    def __init__(self) -> None:
        super().__init__("Other changes of the same data came between")


class Unavailable(OperationAborted):
    """The database cannot be reached, read or written.

    The text of the exception has the driver's message; it is for operators, and `reason` is for clients.
    """

    def __init__(self, cause: FailureCause, detail: str = "") -> None:
        super().__init__(cause.description)
        self.cause, self.detail = cause, detail or cause.description

    def __str__(self) -> str:
        return f"The database cannot be used: {self.detail}"


class UnknownOutcome(OperationAborted):
    """The database did not answer a COMMIT, or the connection broke before it did."""

    advice = (
        "Send the request again with the same `Idempotency-Key`: it is done once. Without a key, read the data "
        "first to find out."
    )

    def __init__(self) -> None:
        super().__init__("The database did not confirm the commit")
        self.mutation: str | None = None
        """Response key of the mutation whose outcome is unknown."""

    def _describe_changes(self) -> str:
        subject = "the change" if self.mutation is None else f"`{self.mutation}`"
        before = f"{describe_done(self.committed)}, and " if self.committed else ""
        return f"{before}{subject} may have been done"


class IdempotencyInProgress(OperationAborted):
    """A request with the same idempotency key still runs."""

    advice = "Send this request again, with the same key."

    def __init__(self) -> None:
        super().__init__("Another request with this `Idempotency-Key` still runs")


class IdempotencyKeyReused(OperationAborted):
    """The idempotency key was sent with other mutations. To send the same request again does not help."""

    advice = "Send a new key with each new request."

    def __init__(self) -> None:
        super().__init__("This `Idempotency-Key` was sent before with other mutations or arguments")


class DeadlineExceeded(OperationAborted):
    """The operation or one of its statements took too long."""

    advice = "Ask for less, or retry later."


def describe_done(names: Sequence[str]) -> str:
    """Return such as "`a`, `b` and `c` were done"."""
    *others, last = [f"`{name}`" for name in names]
    return f"{', '.join(others)} and {last} were done" if others else f"{last} was done"


class ColumnNotFetched(Exception):
    """The code read a column that the statement of the row did not fetch: a defect, not a refusal.

    Not an AttributeError: `getattr` and `hasattr` must not hide it.
    """

    def __init__(self, entity: str, column: str) -> None:
        super().__init__(f"{entity}.{column} was not fetched: declare it for the field or in fetch_rows(…).")


class SettingsInvalid(GatewayError):
    """A setting has a wrong value."""


class Exceeded(GatewayError):
    """The operation exceeds a limit. Nothing of it was executed."""

    code: str
    """Name of a member of `gateway.web.GraphQLErrorCode`."""

    def __init__(self, message: str, **details: int | str) -> None:
        super().__init__(message)
        self.details = details
        """Further `extensions` of the GraphQL error, in camelCase."""


class LimitExceeded(Exceeded):
    """A document, an answer, or the list of errors of a response exceeds a limit of the settings.

    Of an operation whose answer is too large, mutations may have been committed; the message says how many.
    """

    code = "LIMIT_EXCEEDED"

    def __init__(self, message: str, limit: str, maximum: int, actual: int) -> None:
        super().__init__(message, limit=limit, max=maximum, actual=actual)


class CostLimitExceeded(Exceeded):
    """The operation costs more than `cost_limit`."""

    code = "COST_LIMIT_EXCEEDED"

    def __init__(self, message: str, cost: int, maximum: int) -> None:
        super().__init__(message, cost=cost, max=maximum)


class RateLimited(Exceeded):
    """The key has used up its rate limit. `retry_after` is in whole seconds."""

    code = "RATE_LIMITED"

    def __init__(self, seconds: float) -> None:
        self.retry_after = max(1, ceil(seconds))
        super().__init__(f"Rate limit reached for this key; retry in {self.retry_after} s.")


class NotForWidgets(Exceeded):
    """A widget key may not read this schema coordinate."""

    code = "FORBIDDEN"

    def __init__(self, coordinate: str) -> None:
        super().__init__(
            f"A widget key may not read `{coordinate}`. Remove it from the query, or use another key."
        )


def refusal(code: ErrorCode, message: str, *path: str | int) -> Refused:
    """Return a refusal with one problem."""
    return Refused([Problem(code, message, path)])


def invalid_input(message: str, *path: str | int) -> Refused:
    return refusal(ErrorCode.INVALID, message, *path)


def not_found(message: str, *path: str | int) -> Refused:
    return refusal(ErrorCode.NOT_FOUND, message, *path)


def forbidden(message: str, *path: str | int) -> Refused:
    return refusal(ErrorCode.FORBIDDEN, message, *path)


class ProblemList:
    """Collects all problems of an input, to report them at once."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, code: ErrorCode, message: str, *path: str | int) -> None:
        self._problems.append(Problem(code, message, path))

    def add_invalid(self, message: str, *path: str | int) -> None:
        self.add(ErrorCode.INVALID, message, *path)

    def extend(self, problems: Iterable[tuple[ErrorCode, str, ErrorPath]]) -> None:
        """Add problems, each given by its code, message and path."""
        self._problems += [Problem(*problem) for problem in problems]

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)

    def __bool__(self) -> bool:
        return bool(self._problems)

    def raise_if_any(self) -> None:
        if self._problems:
            raise Refused(self._problems)
