"""Fields that say how they are answered, so that a selection of them can be compiled."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

Batch = Callable[..., Awaitable[Mapping[Any, Any]]]
"""Finds what there is for many keys, and whatever arguments follow them."""

READS = "reads"
"""In a field's metadata: the attributes that are read for it. A field without a resolver also reads its own."""


F = TypeVar("F", bound=Callable[..., object])


def reads(*attributes: str) -> Callable[[F], F]:
    """Says of a `resolve_type` which attributes of a source it reads."""

    def declare(function: F) -> F:
        setattr(function, READS, attributes)
        return function

    return declare


class Code(Protocol):
    """A function in the making. Its variable `v` is free for what is used at once, as in `(v := …) is None`."""

    def bind(self, value: object) -> str:
        """A name by which the code has a Python object."""

    def once(self, expression: str) -> str:
        """A variable that holds what `expression` makes of the function's parameters."""


@dataclass(frozen=True, slots=True)
class Local:
    """A variable of generated code that holds the source of fields."""

    name: str

    @property
    def whole(self) -> str:
        """Code for the source as resolvers take it."""
        return self.name

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that are needed to make the whole of it."""
        return (self.name,)

    def check(self, promised: Iterable[StrawberryField]) -> str | None:  # noqa: ARG002 (for those that need it)
        """Code for whether it is what the fields below expect; None where that is sure.

        `promised` are those that are read of it and refuse to be null: what they check, they check themselves.
        """
        return None


class Value(NamedTuple):
    """Code for the value of a field. `local` says what a variable of it, or of one of its items, is to fields."""

    code: str
    local: Callable[[str], Local] | None = None


class PlainField(StrawberryField):
    """A field whose value is a pure function of its source."""

    def read(self, source: Any) -> object:  # noqa: ANN401 (each takes sources of its own)
        """The value."""
        raise NotImplementedError

    def straight(self, local: Local, code: Code) -> Value | None:  # noqa: ARG002 (for those that can)
        """Code that gives what `read` gives, or raises wherever that is not sure. None where there is none."""
        return None

    def get_result(
        self,
        source: object,
        info: Info | None,  # noqa: ARG002 (Strawberry passes these three)
        args: object,  # noqa: ARG002
        kwargs: object,  # noqa: ARG002
    ) -> object:
        return self.read(source)


class Request(NamedTuple):
    """What a batched field asks for one source; requests that differ only in their key are one batch."""

    batch: Batch
    key: Hashable
    arguments: tuple[Hashable, ...] = ()


class BatchedField(StrawberryField):
    """A field whose values for all sources are found at once.

    Its resolver turns the field's GraphQL arguments into what `request` takes. `request` says what is asked for
    one source (None: nothing); `shape` makes the field's value of what was found (None: nothing) for it.
    """

    request: Callable[[Any, Any], Request | None]
    shape: Callable[[Any, Any, Any], object]

    def arguments_of(self, kwargs: Mapping[str, object]) -> object:
        """What `request` takes, of the field's converted GraphQL arguments."""
        return self.base_resolver(**kwargs) if self.base_resolver else None

    @property
    def is_basic_field(self) -> bool:
        return False

    @property
    def is_async(self) -> bool:
        return True

    async def get_result(
        self,
        source: object,
        info: Info | None,
        args: object,  # noqa: ARG002 (Strawberry passes it)
        kwargs: Mapping[str, object],
    ) -> object:
        assert info is not None  # noqa: S101 (Strawberry leaves it out for basic fields only)
        arguments = self.arguments_of(kwargs)
        request = self.request(source, arguments)
        if request is None:
            return self.shape(None, source, arguments)
        found = await info.context.load(request.batch, request.key, *request.arguments)
        return self.shape(found, source, arguments)

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.request, copied.shape = self.request, self.shape
        return copied
