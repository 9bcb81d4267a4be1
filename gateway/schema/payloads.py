"""Payloads of mutations: what they share, and the translation of a refusal into `errors`."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any, Protocol, Self, TypeVar

import strawberry

from gateway.database import Writer
from gateway.domain.enums import ErrorCode
from gateway.domain.ids import NodeId
from gateway.errors import Problem, Refused
from gateway.execution import ListSize
from gateway.schema.context import Info

MAX_ERRORS = 100
"""The maximum number of entries in the `errors` of a payload."""

ExpectedVersion = Annotated[
    int | None,
    strawberry.argument(
        description="Refuse the mutation with VERSION_CONFLICT unless `version` is still this. Null: any version."
    ),
]


@strawberry.type(description="One problem that made a mutation change nothing.")
class UserError:
    code: ErrorCode = strawberry.field(description="Machine-readable code.")
    message: str = strawberry.field(description="The problem and how to solve it, in English.")
    path: list[str] = strawberry.field(
        description="Position in the mutation's arguments, such as `[input, useCases, 0, actions, 1, day]`."
    )


def errors_field() -> Any:  # noqa: ANN401 (a dataclass field)
    """Return the `errors` field of a payload."""
    return strawberry.field(
        default_factory=list,
        description=f"All problems of the input, at most {MAX_ERRORS} entries; empty on success. With any error, "
        "nothing was changed.",
        directives=[ListSize(assumed_size=MAX_ERRORS)],
    )


class MutationPayload(Protocol):
    """A payload whose fields except `errors` have defaults."""

    def __init__(self, *, errors: list[UserError], **related: Any) -> None: ...  # noqa: ANN401 (rows)


P = TypeVar("P", bound=MutationPayload)


async def run_mutation(
    info: Info, payload: type[P], work: Callable[[Writer], Awaitable[P]], *, dry_run: bool = False
) -> P:
    """Run `work` in one transaction and return its payload.

    If `work` raises Refused, the transaction is rolled back and the payload holds the problems in `errors`,
    and the rows that explain them in their fields. If the request has an idempotency key and the mutation was done
    before, the payload is that of then, with the rows as they are now.
    """
    try:
        return await info.context.write(work, payload, str(info.path.key), dry_run=dry_run)
    except Refused as refusal:
        return payload(errors=[*_list_errors(refusal.problems)], **refusal.related)


def _list_errors(problems: Sequence[Problem]) -> Iterator[UserError]:
    """Yield the errors of a payload. If there are too many, the last one gives the number of those left out."""
    shown = problems if len(problems) <= MAX_ERRORS else problems[: MAX_ERRORS - 1]
    for problem in shown:
        yield UserError(code=problem.code, message=problem.message, path=[*map(str, problem.path)])
    if len(shown) < len(problems):
        message = (
            f"{len(problems) - len(shown)} more problems are left out; at most {MAX_ERRORS} entries are listed. "
            "Correct these first."
        )
        yield UserError(code=ErrorCode.TOO_MANY, message=message, path=[])


@strawberry.type(description="Result of a deletion.")
class DeletePayload:
    deleted_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="Ids of the deleted objects: those of the arguments, in their order. The use cases of a "
        "deleted group follow, the oldest first. What a deleted integration contained is not listed.",
    )
    deleted_node_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="Global ids of the objects of `deletedIds`, in the same order. A client evicts them from its "
        "cache.",
    )
    errors: list[UserError] = errors_field()

    @classmethod
    def from_nodes(cls, nodes: Iterable[NodeId]) -> Self:
        """Return the payload of a deletion of these objects."""
        nodes = [*nodes]
        return cls(
            deleted_ids=[strawberry.ID(node.id) for node in nodes],
            deleted_node_ids=[strawberry.ID(node.encode()) for node in nodes],
        )
