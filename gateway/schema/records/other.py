"""Configs of records whose type the schema does not model."""

import strawberry

from gateway.database import ResourceRecord
from gateway.domain.lenient_reading import Json
from gateway.domain.records import OTHER
from gateway.schema.fields import row_field
from gateway.schema.record_config import RecordConfig
from gateway.schema.scalars import JSON


@strawberry.type(description="Config of a record whose type the schema does not model.")
class OtherConfig(RecordConfig):
    kind = OTHER

    @row_field(
        "Type as the document writes it (`config.type`); empty when the document has none.", reads=("type",)
    )
    @staticmethod
    def type(root: strawberry.Parent[ResourceRecord]) -> str:
        return root.type

    @row_field(
        "`config` of the document as stored; an empty object when the document has none.",
        graphql_type=JSON,
        reads=("document",),
    )
    @staticmethod
    def raw(root: strawberry.Parent[ResourceRecord]) -> Json:
        config = root.document.get("config")
        return {} if config is None else config


@strawberry.input(description="Config of a record whose type the schema does not model. It is stored as given.")
class OtherConfigInput:
    type: str = strawberry.field(
        description="Type as the document writes it. A type that has its own input is INVALID."
    )
    raw: JSON = strawberry.field(
        description="`config` of the document: an object, which replaces the stored one. It may omit `type`."
    )
