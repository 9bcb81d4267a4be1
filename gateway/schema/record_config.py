"""What the configs of all kinds of resource record have in common."""

from typing import ClassVar

from gateway.domain.enums import Status
from gateway.domain.record_kind import Kind
from gateway.domain.records import kind_of
from gateway.domain.section import Section
from gateway.tables import ResourceRecord

ConfigSource = Section[ResourceRecord]


class RecordConfig:
    """A type of the union `ResourceConfig`: that of the records of one kind."""

    kind: ClassVar[Kind]

    @classmethod
    def is_type_of(cls, source: ConfigSource, *_: object) -> bool:
        return kind_of(source.row.type) is cls.kind


def status(section: Section[object], key: str) -> Status:
    """Reads a status: in use when nothing is said, not in use when it is not understood."""
    if section.values.get(key) is None:
        return Status.ACTIVE
    return section.member(key, Status) or Status.INACTIVE
