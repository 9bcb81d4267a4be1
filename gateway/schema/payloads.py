"""What a mutation answers when it is refused, and the one place where that is said."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import strawberry

from gateway.database import Writer
from gateway.domain.enums import ErrorCode
from gateway.errors import Refused
from gateway.schema.context import Info
from gateway.schema.fields import SHORT_LIST_SIZE


@strawberry.type(description="One reason why a mutation changed nothing.")
class UserError:
    code: ErrorCode = strawberry.field(description="Machine-readable.")
    message: str = strawberry.field(description="What is wrong and what would be right, for a person.")
    path: list[str] = strawberry.field(
        description="Where in the arguments, such as `[input, useCases, 0, actions, 1, day]`."
    )


def errors_field() -> Any:  # noqa: ANN401 (a dataclass field)
    """The field of a payload that holds the reasons why it has nothing else."""
    return strawberry.field(
        default_factory=list, description="Why nothing was done; empty when it was.", directives=[SHORT_LIST_SIZE]
    )


class MutationPayload(Protocol):
    """A payload can be made of its errors alone; whatever else it holds has a default."""

    def __init__(self, *, errors: list[UserError]) -> None: ...


P = TypeVar("P", bound=MutationPayload)


async def run_mutation(
    info: Info, payload: type[P], work: Callable[[Writer], Awaitable[P]], *, dry_run: bool = False
) -> P:
    """Do `work` in one transaction and give its payload, or, refused, a payload of the reasons."""
    try:
        return await info.context.write(work, dry_run=dry_run)
    except Refused as refusal:
        return payload(
            errors=[UserError(code=p.code, message=p.message, path=[*map(str, p.path)]) for p in refusal.problems]
        )


@strawberry.type(description="What was deleted, or why nothing was.")
class DeletePayload:
    deleted_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The ids of what is gone."
    )
    errors: list[UserError] = errors_field()
