"""What the configs of all kinds of resource record have in common."""

from typing import ClassVar

from gateway.database.tables import ResourceRecord
from gateway.domain.enums import Status
from gateway.domain.lenient_reading import Section
from gateway.domain.records import kind_of
from gateway.domain.records.kind import Kind
from gateway.execution import reads
from gateway.schema.fields import row_of
from gateway.schema.json_readers import Reader, either, word

ConfigSource = Section[ResourceRecord]


class RecordConfig:
    """A type of the union `ResourceConfig`: that of the records of one kind."""

    kind: ClassVar[Kind]

    _names: ClassVar[dict[str, str]] = {}
    """The name of each kind's type, by what the kind is called in inputs."""

    def __init_subclass__(cls) -> None:
        cls._names[cls.kind.member] = cls.__name__

    @classmethod
    @reads("type")
    def resolve_type(cls, source: ConfigSource | ResourceRecord, *_: object) -> str:
        return cls._names[kind_of(row_of(source).type).member]

    @classmethod
    def is_type_of(cls, source: ConfigSource, *_: object) -> bool:
        return cls.resolve_type(source) == cls.__name__


def _status(section: Section[object], key: str) -> Status:
    if section.values.get(key) is None:
        return Status.ACTIVE
    return section.member(key, Status) or Status.INACTIVE


status = Reader(_status, either(word(Status), Status.ACTIVE).decoding)
"""Reads a status: in use when nothing is said, not in use when it is not understood."""
