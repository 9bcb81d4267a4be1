"""Fields that say how they are answered, so that a selection of them can be compiled."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any, NamedTuple, Self

from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

Bind = Callable[[object], str]
"""Gives a Python object a name in generated code."""

Batch = Callable[..., Awaitable[Mapping[Any, Any]]]
"""Finds what there is for many keys, and whatever arguments follow them."""


class PlainField(StrawberryField):
    """A field whose value is a pure function of its source."""

    read: Callable[[Any], object]

    def get_result(
        self,
        source: object,
        info: Info | None,  # noqa: ARG002 (Strawberry passes these three)
        args: object,  # noqa: ARG002
        kwargs: object,  # noqa: ARG002
    ) -> object:
        return self.read(source)

    def expression(self, source: str, bind: Bind) -> str:
        """Python code for the value, given the name of the source."""
        return f"{bind(self.read)}({source})"

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.read = self.read
        return copied


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
