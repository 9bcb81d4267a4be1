"""Records of a type that this graph does not model."""

import strawberry

from gateway.database import ResourceRecord
from gateway.domain.lenient_reading import Json
from gateway.domain.records import OTHER
from gateway.schema.fields import row_field
from gateway.schema.record_config import RecordConfig
from gateway.schema.scalars import JSON


@strawberry.type(description="A record of a type this graph does not model; `raw` is its config as stored.")
class OtherConfig(RecordConfig):
    kind = OTHER

    @row_field("The type in the documents' spelling; empty for a record that has none.", reads=("type",))
    @staticmethod
    def type(root: strawberry.Parent[ResourceRecord]) -> str:
        return root.type

    @row_field(
        "The document's `config` as stored; an empty object for a record that has none.",
        graphql_type=JSON,
        reads=("document",),
    )
    @staticmethod
    def raw(root: strawberry.Parent[ResourceRecord]) -> Json:
        config = root.document.get("config")
        return {} if config is None else config


@strawberry.input(description="A record of a type this graph does not model, kept as it comes.")
class OtherConfigInput:
    type: str = strawberry.field(
        description="The type in the documents' spelling; not one that has an input of its own."
    )
    raw: JSON = strawberry.field(
        description="The document's `config`: an object, replaced whole. `type` may be left out of it."
    )
