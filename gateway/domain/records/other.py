"""Records of all other types. The GraphQL schema has no type for them, and their `config` is stored unchanged."""

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.documents import find_unstorable
from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document
from gateway.domain.records.kind import Fault, RecordKind, find_blank

_MAX_TYPE_LENGTH = 255
_MODELLED_TYPES = {type_.value for type_ in ResourceType} - {ResourceType.OTHER.value}


def _find_faults(values: Document, at: datetime) -> Iterator[Fault]:  # noqa: ARG001 (as others of its kind)
    type_, raw = str(values.get("type")), values.get("raw")
    yield from find_blank(values, "type")
    if type_ in _MODELLED_TYPES:
        yield Fault(f"Records of type `{type_}` have their own input; do not use `other`.", ("type",))
    if len(type_) > _MAX_TYPE_LENGTH:
        yield Fault(f"`type` must have at most {_MAX_TYPE_LENGTH} characters.", ("type",))
    unstorable = find_unstorable(raw)
    if not isinstance(raw, dict):
        yield Fault("`raw` must be an object: the `config` of the record's document.", ("raw",))
    elif unstorable is not None:
        yield Fault(unstorable[1], ("raw", *unstorable[0]))
    elif raw.get("type", type_) != type_:
        yield Fault("`raw.type` must be the same as `type` or absent.", ("raw", "type"))


class _OtherKind(RecordKind):
    """The kind whose `config` is the input `raw`, without stored values."""

    def build_config(self, values: Document, stored: Document) -> Document:  # noqa: ARG002 (the signature of RecordKind)
        raw = values.get("raw")
        return {"type": values.get("type"), **(raw if isinstance(raw, dict) else {})}


OTHER = _OtherKind(
    type=ResourceType.OTHER, member="other", searched_keys=("id", "name", "code"), find_faults=_find_faults
)
