"""Every way the gateway says no, in one vocabulary.

    GatewayError
    ├── Refused              asked for something that may not or cannot be done; carries every Problem at once
    │   └── CursorInvalid    a cursor that the list, in the order asked, did not give
    ├── Unauthenticated      no credential, or one that is unknown, expired or revoked
    ├── SchemaNotAtHead      the database has another revision than this release
    ├── DatabaseUnavailable  the database cannot be reached, read or written
    ├── Overloaded           the database was in use by others for too long
    ├── SettingsInvalid      a setting cannot be read; the message names the variable
    ├── Exceeded             an operation that is too much to be executed, in whichever way
    │   ├── LimitExceeded        its document is
    │   ├── CostLimitExceeded    it costs too much
    │   ├── RateLimited          it costs more than its key has left for now
    │   └── NotForWidgets        it asks for more than a key for widgets ever may
    ├── web.Refusal          a request that the HTTP door does not let in
    ├── web.OutOfTime        a request that took longer than it may
    └── web.ClientGone       a client that left before it was answered

A `Refused` becomes the `errors` of a mutation's payload, or an entry of `errors[]` with `extensions.code`;
`gateway.schema.errors` is the one place where that happens. The door answers the last four and `Overloaded`.
Everything else is a surprise and is masked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from gateway.domain.enums import ErrorCode

ErrorPath = tuple[str | int, ...]


class GatewayError(Exception):
    """Whatever the gateway raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a request: what, where, and what would be right."""

    code: ErrorCode
    message: str
    path: ErrorPath = ()


class Refused(GatewayError):
    """Nothing was done, for these reasons."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


class CursorInvalid(Refused):
    """A cursor that the list, in the order asked, did not give."""

    def __init__(self, message: str, argument: str) -> None:
        super().__init__([Problem(ErrorCode.INVALID, message, (argument,))])


class Unauthenticated(GatewayError):
    """Who is asking is not known."""


class SchemaNotAtHead(GatewayError):
    """The database's revision is not the one this release was written for."""


class DatabaseUnavailable(GatewayError):
    """The database cannot be reached, read or written."""


class Overloaded(GatewayError):
    """The database was in use by others for too long, or too many wait for it already."""

    def __init__(self, reason: str = "The gateway has more to do than it can at once") -> None:
        super().__init__(f"{reason}, so this was not done; ask again later.")


class ColumnNotFetched(Exception):
    """The code read a column that the statement of the row did not fetch: a defect, not a refusal.

    Not an AttributeError: `getattr` and `hasattr` must not hide it.
    """

    def __init__(self, entity: str, column: str) -> None:
        super().__init__(f"{entity}.{column} was not fetched: declare it for the field, or name it in fetch_rows(…).")


class SettingsInvalid(GatewayError):
    """A setting cannot be read."""


class Exceeded(GatewayError):
    """An operation that is too much; nothing of it was executed."""

    code: str
    """The word of the HTTP door's catalogue."""

    def __init__(self, message: str, **details: int | str) -> None:
        super().__init__(message)
        self.details = details
        """What is told besides, by names in GraphQL's spelling."""


class LimitExceeded(Exceeded):
    """A document, or its answer's list of errors, that is longer, deeper or wider than a setting allows."""

    code = "LIMIT_EXCEEDED"

    def __init__(self, message: str, limit: str, maximum: int, actual: int) -> None:
        super().__init__(message, limit=limit, max=maximum, actual=actual)


class CostLimitExceeded(Exceeded):
    """An operation that costs more than any may."""

    code = "COST_LIMIT_EXCEEDED"

    def __init__(self, message: str, cost: int, maximum: int) -> None:
        super().__init__(message, cost=cost, max=maximum)


class RateLimited(Exceeded):
    """A key that has spent what it may; `retry_after` is in whole seconds."""

    code = "RATE_LIMITED"

    def __init__(self, seconds: float) -> None:
        self.retry_after = max(1, ceil(seconds))
        super().__init__(f"The key has spent what it may for now; ask again in {self.retry_after} s.")


class NotForWidgets(Exceeded):
    """An operation that asks for something, by its schema coordinate, with a key that may not."""

    code = "FORBIDDEN"

    def __init__(self, coordinate: str) -> None:
        super().__init__(
            f"This key is for widgets, which may not ask for `{coordinate}`; ask for less, or with another key."
        )


def refusal(code: ErrorCode, message: str, *path: str | int) -> Refused:
    """Refuse for one reason."""
    return Refused([Problem(code, message, path)])


def invalid_input(message: str, *path: str | int) -> Refused:
    return refusal(ErrorCode.INVALID, message, *path)


def not_found(message: str, *path: str | int) -> Refused:
    return refusal(ErrorCode.NOT_FOUND, message, *path)


def forbidden(message: str, *path: str | int) -> Refused:
    return refusal(ErrorCode.FORBIDDEN, message, *path)


class ProblemList:
    """Collects what is wrong with an input, so that all of it is said at once."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, code: ErrorCode, message: str, *path: str | int) -> None:
        self._problems.append(Problem(code, message, path))

    def add_invalid(self, message: str, *path: str | int) -> None:
        self.add(ErrorCode.INVALID, message, *path)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)

    def __bool__(self) -> bool:
        return bool(self._problems)

    def raise_if_any(self) -> None:
        if self._problems:
            raise Refused(self._problems)
