"""Fields that say how they are answered, so that a selection of them can be compiled."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, Self, TypeVar

from msgspec import Meta
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

BatchLoader = Callable[..., Awaitable[Mapping[Any, Any]]]
"""Finds what there is for many keys, and whatever arguments follow them."""

READ_ATTRIBUTES = "reads"
"""In a field's metadata: the attributes that are read for it. A field without a resolver also reads its own."""


F = TypeVar("F", bound=Callable[..., object])


def declare_read_attributes(*attributes: str) -> Callable[[F], F]:
    """Says of a `resolve_type` which attributes of a source, or of the row that is a part of, it reads."""

    def decorate(function: F) -> F:
        setattr(function, READ_ATTRIBUTES, attributes)
        return function

    return decorate


Binder = Callable[[object], str]
"""Gives the name by which generated code has a Python object."""

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""What GraphQL's `Int` can say."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How what stands under a key of a document is decoded where it is as it should be; see `DocumentField`."""

    type: object = None
    """What msgspec makes of it. None for objects and lists of them: that is made of what is selected of them."""
    default_factory: Callable[[Any], object] | None = None
    """Makes what a missing key and a null read as, given that type; None where they read as null."""
    build_expression: Callable[[str, Binder], str] | None = None
    """Makes code for what it reads as, which may raise, of code for what was decoded; None where that is it."""
    required_keys: Mapping[str, object] = field(default_factory=dict)
    """Of objects: the keys that each has to have, and their types."""


class PlainField(StrawberryField):
    """A field whose value is a pure function of its source."""

    def read(self, source: Any) -> object:  # noqa: ANN401 (each takes sources of its own)
        """The value."""
        raise NotImplementedError

    def get_result(
        self,
        source: object,
        info: Info | None,  # noqa: ARG002 (Strawberry passes these three)
        args: object,  # noqa: ARG002
        kwargs: object,  # noqa: ARG002
    ) -> object:
        return self.read(source)


class DocumentField(PlainField):
    """A field that is a key of its object in a row's document, the JSON text `document_json` of the row.

    `read` takes a row, whose document it stands in at the top, or what the field of an object gives. What the
    document holds is decoded at once as far as it is selected; `read` is asked where that does not go well.
    """

    key: str

    @property
    def decoding(self) -> Decoding | None:
        """How it is decoded; None where it has to be read."""
        raise NotImplementedError


class RowField(PlainField):
    """A field whose resolver makes it of the row alone, also where its object is a part of the row's document."""

    @property
    def row_resolver(self) -> Callable[[Any], object]:
        """What makes the value of the row."""
        resolver: Any = self.base_resolver
        function: Callable[[Any], object] = resolver.wrapped_func
        return function


class BatchRequest(NamedTuple):
    """What a batched field asks for one source; requests that differ only in their key are one batch."""

    loader: BatchLoader
    key: Hashable
    arguments: tuple[Hashable, ...] = ()


class BatchedField(StrawberryField):
    """A field whose values for all sources are found at once.

    Its resolver turns the field's GraphQL arguments into what `request` takes. `request` says what is asked for
    one source (None: nothing); `shape` makes the field's value of what was found (None: nothing) for it. Where an
    exception was found, the field raises it.
    """

    build_request: Callable[[Any, Any], BatchRequest | None]
    build_value: Callable[[Any, Any, Any], object]

    def resolve_arguments(self, kwargs: Mapping[str, object]) -> object:
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
        arguments = self.resolve_arguments(kwargs)
        request = self.build_request(source, arguments)
        if request is None:
            return self.build_value(None, source, arguments)
        found = await info.context.load(request.loader, request.key, *request.arguments)
        return self.build_value(found, source, arguments)

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.build_request, copied.build_value = self.build_request, self.build_value
        return copied
