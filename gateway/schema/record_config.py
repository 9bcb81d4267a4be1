"""What the config types of all record kinds share."""

from typing import ClassVar

from gateway.database import ResourceRecord
from gateway.domain.enums import Status
from gateway.domain.lenient_reading import LenientObject
from gateway.domain.records import RecordKind, get_kind
from gateway.execution import declare_columns
from gateway.schema.fields import get_row
from gateway.schema.json_readers import read_required_enum

RecordConfigSource = LenientObject[ResourceRecord]

SOURCE_ID = "Id in the system that the record came from (`config.id` in the documents)."
STATUS = "Whether it is in use. ACTIVE when the document has no status, INACTIVE when it has an unknown one."
STATUS_INPUT = "Whether it is in use."


class RecordConfig:
    """Base of the members of the union `ResourceConfig`; each member belongs to one record kind."""

    kind: ClassVar[RecordKind]

    _type_names: ClassVar[dict[str, str]] = {}
    """Name of the GraphQL type of each kind, by the kind's field in `ResourceConfigInput`."""

    def __init_subclass__(cls) -> None:
        cls._type_names[cls.kind.member] = cls.__name__

    @classmethod
    @declare_columns("type")
    def resolve_type(cls, source: RecordConfigSource | ResourceRecord, *_: object) -> str:
        return cls._type_names[get_kind(get_row(source).type).member]

    @classmethod
    def is_type_of(cls, source: RecordConfigSource, *_: object) -> bool:
        return cls.resolve_type(source) == cls.__name__


status = read_required_enum(Status, missing=Status.ACTIVE, unknown=Status.INACTIVE)
"""Read a status: ACTIVE when it is missing, INACTIVE when it is unknown."""
