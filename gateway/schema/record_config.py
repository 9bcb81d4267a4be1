"""What the config types of all record kinds share."""

from typing import Annotated, Any, ClassVar, ForwardRef

import strawberry

from gateway import services
from gateway.database import ResourceRecord
from gateway.domain.enums import Status
from gateway.domain.lenient_reading import LenientObject
from gateway.domain.records import RecordKind, get_kind
from gateway.execution import BatchRequest, declare_columns
from gateway.schema.fields import batched_field, get_row
from gateway.schema.json_readers import read_required_enum

RecordConfigSource = LenientObject[ResourceRecord]

# Lazy: the module imports those of the types with such fields.
_RECORD_TYPE: object = (
    Annotated[ForwardRef("ResourceRecord"), strawberry.lazy("gateway.schema.resource_records")] | None
)

SOURCE_ID = (
    "Id in the system that the record came from (`config.id` in the documents). Unique only in that system."
)
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


def reference_field(key: str, kind: RecordKind, noun: str) -> Any:  # noqa: ANN401 (a dataclass field)
    """Return the field for the record of a kind that the document refers to by its key `key`."""

    def build_request(source: RecordConfigSource, _: object) -> BatchRequest | None:
        id, row = source.read_text(key), source.row
        if not id:
            return None
        reference = services.record_references.ReferenceKey(row.team_id, row.integration_id, kind.type.value, id)
        return BatchRequest(services.record_references.find_by_references, reference)

    return batched_field(
        f"Record of the {noun}: among the {kind.type.name} of the integration the one whose `id` is `{key}`, else "
        f"the first by `id` whose `sourceId` is `{key}`. Null when there is none. Needs READ_RECORDS.",
        build_request,
        graphql_type=_RECORD_TYPE,
        reads=("document", "team_id", "integration_id", "id"),
    )


status = read_required_enum(Status, missing=Status.ACTIVE, unknown=Status.INACTIVE)
"""Read a status: ACTIVE when it is missing, INACTIVE when it is unknown."""
