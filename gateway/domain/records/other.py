"""Records of a type that the graph does not model, kept as they came."""

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
        yield Fault(f"Records of type `{type_}` are given in their own input, not as `other`.", ("type",))
    if len(type_) > _MAX_TYPE_LENGTH:
        yield Fault(f"`type` must have at most {_MAX_TYPE_LENGTH} characters.", ("type",))
    faulty = find_unstorable(raw)
    if not isinstance(raw, dict):
        yield Fault("`raw` must be an object: the `config` of the record's document.", ("raw",))
    elif faulty is not None:
        yield Fault(faulty[1], ("raw", *faulty[0]))
    elif raw.get("type", type_) != type_:
        yield Fault("`raw.type` must be the same as `type`, or be left out.", ("raw", "type"))


class _OtherKind(RecordKind):
    """A kind whose `config` is what is given, and nothing else."""

    def build_config(self, values: Document, stored: Document) -> Document:  # noqa: ARG002 (nothing of it is kept)
        raw = values.get("raw")
        return {"type": values.get("type"), **(raw if isinstance(raw, dict) else {})}


OTHER = _OtherKind(
    type=ResourceType.OTHER, member="other", searched_keys=("id", "name", "code"), find_faults=_find_faults
)
