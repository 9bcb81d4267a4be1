"""Kinds of fields that a selection can be compiled of.

Declare what a field is, rather than how it is fetched::

    name: str                                             # an attribute of the source
    npi: str = PlainField(...)                            # a function of the source
    code: str = DocumentField(...)                        # a key of an object in the row's document
    useCases: Connection[UseCase] = BatchedField(...)     # loaded in one batch for all sources
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, Self, TypeVar

from msgspec import Meta
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

BatchLoader = Callable[..., Awaitable[Mapping[Any, Any]]]
"""Loads the values of many keys. It takes a reader, a viewer, the keys, and the arguments of the request."""

READ_COLUMNS = "reads"
"""The key of a field's metadata that lists the columns of a row which the field reads.

A field without a resolver also reads the column of its name. A field that lists nothing may read any.
"""

F = TypeVar("F", bound=Callable[..., object])


def declare_columns(*columns: str) -> Callable[[F], F]:
    """Declare which columns of a row a `resolve_type` reads."""

    def decorate(function: F) -> F:
        setattr(function, READ_COLUMNS, columns)
        return function

    return decorate


Binder = Callable[[object], str]
"""Returns the name that refers to a Python object in generated code."""

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""The range of GraphQL's `Int`."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a well-formed value of a document's key is decoded; see `DocumentField`."""

    type: object = None
    """The type that msgspec decodes to. None for objects and lists of objects, whose selection makes the type."""
    default_factory: Callable[[Any], object] | None = None
    """Takes `type` and returns the value of a missing key or a null. None if that value is null."""
    build_expression: Callable[[str, Binder], str] | None = None
    """Turns code for the decoded value into code for the field's value, which may raise. None without change."""
    required_keys: Mapping[str, object] = field(default_factory=dict)
    """The keys that each object must have, and their types."""


class PlainField(StrawberryField):
    """A field whose value is a pure function of its source."""

    def read(self, source: Any) -> object:  # noqa: ANN401 (a row or a part of its document)
        """Return the field's value."""
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
    """A field that reads a key of an object in a row's document, the JSON text `document_json` of the row.

    `read` takes the row, for a key at the top of the document, or the value of an object's field. Compiled code
    decodes all selected keys of a document at once instead, and calls `read` for malformed documents only.
    """

    key: str

    @property
    def decoding(self) -> Decoding | None:
        """How the value is decoded; None if only `read` can return it."""
        raise NotImplementedError


class RowField(PlainField):
    """A field whose resolver takes the row, even when the field belongs to an object of the row's document."""

    @property
    def row_resolver(self) -> Callable[[Any], object]:
        """The function that takes the row and returns the value."""
        resolver: Any = self.base_resolver
        function: Callable[[Any], object] = resolver.wrapped_func
        return function


class BatchRequest(NamedTuple):
    """The request of a batched field for one source. Requests that differ only in their key form one batch."""

    loader: BatchLoader
    key: Hashable
    arguments: tuple[Hashable, ...] = ()


class BatchedField(StrawberryField):
    """A field whose values for all sources are loaded in one batch.

    Its resolver, if any, converts the field's GraphQL arguments. `build_request` takes a source and the converted
    arguments, and returns a request, or None if there is nothing to load. `build_value` takes the loaded value, or
    None, with the source and the arguments. If the loaded value is an exception, the field raises it.
    """

    build_request: Callable[[Any, Any], BatchRequest | None]
    build_value: Callable[[Any, Any, Any], object]

    def resolve_arguments(
        self,
        kwargs: Mapping[str, object],
        context: Any,  # noqa: ANN401, ARG002 (the operation's; a subclass may need it)
    ) -> object:
        """Return the arguments that `build_request` and `build_value` take."""
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
        arguments = self.resolve_arguments(kwargs, info.context)
        request = self.build_request(source, arguments)
        if request is None:
            return self.build_value(None, source, arguments)
        found = await info.context.load(request.loader, request.key, *request.arguments)
        return self.build_value(found, source, arguments)

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.build_request, copied.build_value = self.build_request, self.build_value
        return copied
