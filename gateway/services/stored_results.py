"""Results of mutations as JSON: ids instead of rows, and outcomes.

`encode` takes a result: an object whose fields are rows, outcomes, numbers, texts, and lists of these or of such
objects. `restore` returns the result again, with the rows as they are now. A row that was deleted since, or that
the viewer may not see any more, is None, and an object of a list that needs the row is left out.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from gateway import sql
from gateway.database import Base, Integration, Reader, ResourceRecord, UseCase, UseCaseGroup
from gateway.domain.enums import Outcome, Permission
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from gateway.errors import not_found
from gateway.services.resource_records import UpsertedRecord

T = TypeVar("T")

_Find = Callable[[type[Base], str], Any]
"""Returns the row of a table with an id, or None."""

_PERMISSIONS: Mapping[type[Base], Sequence[Permission]] = {
    Integration: (),
    UseCaseGroup: (Permission.READ_INTEGRATIONS, Permission.WRITE_INTEGRATIONS),
    UseCase: (Permission.READ_INTEGRATIONS, Permission.WRITE_INTEGRATIONS),
    ResourceRecord: (Permission.READ_RECORDS, Permission.WRITE_RECORDS),
}
"""The tables of rows in results, each with the permissions of which one suffices to see a row that was written.

Those of an integration depend on its kind; its statement knows them.
"""


class _Codec(NamedTuple):
    """How values of one type are stored."""

    encode: Callable[[Any], Json]
    decode: Callable[[Any, _Find], Any]
    is_nullable: bool = False


def encode(result: object) -> Document:
    """Return a result as JSON. Raises TypeError if it has a field of a type that cannot be stored."""
    return cast(Document, _get_codec(cast(Hashable, type(result))).encode(result))


async def restore(reader: Reader, viewer: Viewer, result_type: type[T], stored: Document) -> T:
    """Return a stored result of this type, with the rows as they are now.

    Raises Refused (NOT_FOUND) if the result itself needs a row that is not there any more.
    """
    codec = _get_codec(cast(Hashable, result_type))
    wanted: defaultdict[type[Base], dict[str, None]] = defaultdict(dict)
    codec.decode(stored, lambda entity, row_id: wanted[entity].setdefault(row_id))
    rows: dict[tuple[type[Base], str], Any] = {}
    for entity, ids in wanted.items():
        rows |= {(entity, row.id): row for row in await _fetch_rows(reader, viewer, entity, [*ids])}
    result: T | None = codec.decode(stored, lambda entity, row_id: rows.get((entity, row_id)))
    if result is None:
        raise not_found("This request was done before. What it changed was deleted since.")
    return result


async def _fetch_rows(reader: Reader, viewer: Viewer, entity: type[Base], ids: list[str]) -> Sequence[Any]:
    """Return the rows of the viewer's team with these ids that the viewer may see."""
    permissions = _PERMISSIONS[entity]
    if permissions and not any(map(viewer.has_permission, permissions)):
        return ()
    if entity is Integration:
        return await reader.fetch_rows(sql.integrations.select_own_by_ids(viewer, ids))
    if entity is UseCaseGroup:
        return await reader.fetch_rows(sql.use_case_groups.select_by_ids(viewer, ids))
    if entity is UseCase:
        return await reader.fetch_rows(sql.use_cases.select_by_ids(viewer, ids))
    return await reader.fetch_rows(sql.resource_records.select_by_ids(viewer, ids))


@cache
def _get_codec(result_type: Hashable) -> _Codec:
    return _build_codec(result_type)


def _build_codec(type_: Any) -> _Codec:  # noqa: ANN401 (an annotation)
    """Return the codec of a type. Raises TypeError if its values cannot be stored."""
    type_ = getattr(type_, "__supertype__", type_)
    origin, arguments = get_origin(type_), get_args(type_)
    if origin in (list, Sequence):
        return _build_list_codec(_build_codec(arguments[0]))
    if origin in (UnionType, Union) and len(arguments) == 2 and NoneType in arguments:  # noqa: PLR2004 (it and None)
        (inner,) = (_build_codec(argument) for argument in arguments if argument is not NoneType)
        return _build_optional_codec(inner)
    if is_dataclass(type_):
        return _build_object_codec(type_)
    return _get_leaf_codec(type_)


def _get_leaf_codec(type_: Any) -> _Codec:  # noqa: ANN401 (as above)
    if type_ in _PERMISSIONS:
        return _Codec(lambda row: row.id, lambda row_id, find: find(type_, row_id))
    if type_ is UpsertedRecord:
        return _UPSERTED_RECORD
    if type_ in (str, int):
        return _Codec(lambda value: value, lambda value, _: value)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return _Codec(lambda member: member.value, lambda value, _: type_(value))
    raise TypeError(f"A result cannot have a field of the type {type_}: `stored_results` cannot store it.")


def _encode_upserted_record(upserted: UpsertedRecord) -> Json:
    """Return the id and the outcome alone: there may be a thousand."""
    return [upserted.record.id, upserted.outcome.value]


def _decode_upserted_record(stored: Sequence[str], find: _Find) -> UpsertedRecord | None:
    row = find(ResourceRecord, stored[0])
    return None if row is None else UpsertedRecord(Outcome(stored[1]), row, {})


_UPSERTED_RECORD = _Codec(_encode_upserted_record, _decode_upserted_record)


def _build_list_codec(entry: _Codec) -> _Codec:
    def decode(stored: Sequence[Json], find: _Find) -> list[Any]:
        entries = [entry.decode(value, find) for value in stored]
        return entries if entry.is_nullable else [each for each in entries if each is not None]

    return _Codec(lambda values: [*map(entry.encode, values)], decode)


def _build_optional_codec(inner: _Codec) -> _Codec:
    return _Codec(
        lambda value: None if value is None else inner.encode(value),
        lambda stored, find: None if stored is None else inner.decode(stored, find),
        is_nullable=True,
    )


def _build_object_codec(class_: Any) -> _Codec:  # noqa: ANN401 (a dataclass)
    """Return the codec of a dataclass. A field that is null, 0 or empty is not stored if it has a default."""
    types = get_type_hints(class_)
    codecs = {field.name: _build_codec(types[field.name]) for field in fields(class_)}
    defaults = {
        field.name
        for field in fields(class_)
        if field.default is not MISSING or field.default_factory is not MISSING
    }

    def encode_object(value: object) -> Json:
        encoded = {name: codec.encode(getattr(value, name)) for name, codec in codecs.items()}
        return {name: item for name, item in encoded.items() if item or name not in defaults}

    def decode(stored: Mapping[str, Json], find: _Find) -> object:
        values = {name: codecs[name].decode(item, find) for name, item in stored.items() if name in codecs}
        is_complete = all(value is not None or codecs[name].is_nullable for name, value in values.items())
        return class_(**values) if is_complete else None

    return _Codec(encode_object, decode)
