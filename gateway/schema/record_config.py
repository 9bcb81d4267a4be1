"""What the configs of all kinds of resource record have in common."""

from typing import ClassVar

from gateway.database import ResourceRecord
from gateway.domain.enums import Status
from gateway.domain.lenient_reading import LenientObject
from gateway.domain.records import RecordKind, get_kind
from gateway.execution import declare_read_attributes
from gateway.schema.fields import get_row
from gateway.schema.json_readers import KeyReader, read_enum, with_default

RecordConfigSource = LenientObject[ResourceRecord]


class RecordConfig:
    """A type of the union `ResourceConfig`: that of the records of one kind."""

    kind: ClassVar[RecordKind]

    _type_names: ClassVar[dict[str, str]] = {}
    """The name of each kind's type, by what the kind is called in inputs."""

    def __init_subclass__(cls) -> None:
        cls._type_names[cls.kind.member] = cls.__name__

    @classmethod
    @declare_read_attributes("type")
    def resolve_type(cls, source: RecordConfigSource | ResourceRecord, *_: object) -> str:
        return cls._type_names[get_kind(get_row(source).type).member]

    @classmethod
    def is_type_of(cls, source: RecordConfigSource, *_: object) -> bool:
        return cls.resolve_type(source) == cls.__name__


def _read_status(section: LenientObject[object], key: str) -> Status:
    if section.values.get(key) is None:
        return Status.ACTIVE
    return section.read_member(key, Status) or Status.INACTIVE


status = KeyReader(_read_status, with_default(read_enum(Status), Status.ACTIVE).decoding)
"""Reads a status: in use when nothing is said, not in use when it is not understood."""
