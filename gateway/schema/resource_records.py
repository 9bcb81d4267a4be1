"""Resource records: what was synchronised below an integration."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast

import strawberry

from gateway import services
from gateway.database import ResourceRecord as ResourceRecordRow
from gateway.database import Writer
from gateway.domain.enums import Outcome, ResourceType
from gateway.domain.paging import OLDEST_FIRST, PageArguments
from gateway.domain.records import KINDS_BY_MEMBER, get_kind
from gateway.execution import Cost, FormattedInput, ListSize
from gateway.schema import json_readers
from gateway.schema.connections import After, Before, First, Last, Offset, build_page
from gateway.schema.context import Info
from gateway.schema.fields import field, key_field, mutation
from gateway.schema.inputs import to_document_object
from gateway.schema.nodes import Node
from gateway.schema.payloads import DeletePayload, UserError, errors_field, run_mutation
from gateway.schema.records import ResourceConfig, ResourceConfigInput
from gateway.schema.users import User


@strawberry.type(description="A synchronised object below an integration, such as an appointment.")
class ResourceRecord(Node):
    id: strawberry.ID = strawberry.field(description="The document's own id.")
    logical_id: str = strawberry.field(description="The same over export and import.")
    team_id: strawberry.ID = strawberry.field(description="The team it belongs to.")
    integration_id: strawberry.ID = strawberry.field(description="The integration it hangs below.")
    version: int = strawberry.field(description="Counts its changes.")
    created_at: datetime = strawberry.field(description="When it was created.")
    created_by: User | None = strawberry.field(description="Who created it.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    updated_by: User | None = strawberry.field(description="Who last changed it.")

    @field("What it describes.", reads=("type",))
    @staticmethod
    def type(root: strawberry.Parent[ResourceRecordRow]) -> ResourceType:
        return get_kind(root.type).type

    config: ResourceConfig = key_field("config", "What it says, typed by `type`.", json_readers.json_object)


ResourceTypeArgument = Annotated[
    ResourceType | None,
    strawberry.argument(description="Only those of this type; OTHER for all that this graph does not know."),
]
SearchArgument = Annotated[
    str | None,
    strawberry.argument(
        description="Only those in which each of these words occurs, in any case: in names, codes and ids. "
        f"At most {services.resource_records.MAX_SEARCH_LENGTH} characters."
    ),
]


def parse_records_arguments(
    type: ResourceTypeArgument = None,
    search: SearchArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    offset: Offset = None,
) -> tuple[PageArguments, ResourceType | None, tuple[str, ...]]:
    """The page of records that is asked for, their type and the words in them."""
    page = build_page(OLDEST_FIRST, first, after, last, before, offset)
    return page, type, services.resource_records.parse_search(search)


@strawberry.type
class ResourceRecordQueries:
    @field(
        "One resource record. Null with NOT_FOUND when it does not exist or is not visible.",
        graphql_type=ResourceRecord | None,
    )
    @staticmethod
    async def resource_record(
        info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The record's id.")]
    ) -> ResourceRecordRow:
        async with info.context.read() as session:
            return await services.resource_records.get_resource_record(session, info.context.viewer, id)


@strawberry.input(
    description="A record to create or update. What is given replaces what this graph knows of the record: a "
    "field that is left out or null is cleared. Keys of its document that this graph does not know stay."
)
class ResourceRecordInput:
    logical_id: str | None = strawberry.field(
        description="Update the record with this logical id, or create it; absent: create one with a new id.",
        default=None,
    )
    created_at: datetime | None = strawberry.field(
        description="When it was created, where that was not now; absent: keep, or now.", default=None
    )
    config: ResourceConfigInput = strawberry.field(description="What it says; its type never changes.")


def to_record_input(value: Mapping[str, Any]) -> services.resource_records.RecordInput:
    """A record as the services take it. There may be a thousand: no input objects are made of them."""
    document: Mapping[str, Any] = value if type(value) is FormattedInput else to_document_object(value)
    ((member, config),) = document["config"].items()
    return services.resource_records.RecordInput(
        KINDS_BY_MEMBER[member], config, document.get("logicalId"), document.get("createdAt")
    )


@strawberry.type(description="What became of one record of an upsert.")
class UpsertedResourceRecord:
    record: ResourceRecordRow = strawberry.field(
        description="The record as it is now.", graphql_type=ResourceRecord
    )
    outcome: Outcome = strawberry.field(description="What was done with it.")


@strawberry.type(description="What became of the records, or why nothing was done.")
class UpsertResourceRecordsPayload:
    records: list[services.resource_records.UpsertedRecord] = strawberry.field(
        default_factory=list,
        description="One for each record of the input, in its order.",
        graphql_type=list[UpsertedResourceRecord],
    )
    errors: list[UserError] = errors_field()


@strawberry.type
class ResourceRecordMutations:
    @mutation(
        f"Create or update up to {services.resource_records.MAX_RECORDS:,} records, matched by `logicalId`, all or nothing. A record that "
        "already is as given is not written.",
        directives=[ListSize(assumed_size=1, slicing_arguments=["records"], sized_fields=["records"])],
    )
    @staticmethod
    async def upsert_resource_records(
        info: Info,
        integration_id: Annotated[
            strawberry.ID, strawberry.argument(description="The connected integration they hang below.")
        ],
        records: Annotated[
            list[ResourceRecordInput],
            strawberry.argument(
                description=f"1 to {services.resource_records.MAX_RECORDS:,} records, each given once.",
                directives=[Cost(weight=50)],
            ),
        ],
        dry_run: Annotated[
            bool, strawberry.argument(description="Answer as if it were done, and keep nothing.")
        ] = False,
    ) -> UpsertResourceRecordsPayload:
        # They come as they were coerced: see `gateway.schema`.
        inputs = [to_record_input(value) for value in cast(list[Mapping[str, Any]], records)]

        async def upsert(writer: Writer) -> UpsertResourceRecordsPayload:
            upserted = await services.resource_records.upsert_resource_records(
                writer, info.context.viewer, integration_id, inputs
            )
            return UpsertResourceRecordsPayload(records=[*upserted])

        return await run_mutation(info, UpsertResourceRecordsPayload, upsert, dry_run=dry_run)

    @mutation(
        f"Delete up to {services.resource_records.MAX_RECORDS:,} records of one integration, all or nothing."
    )
    @staticmethod
    async def delete_resource_records(
        info: Info,
        integration_id: Annotated[
            strawberry.ID, strawberry.argument(description="The connected integration they hang below.")
        ],
        ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(
                description=f"The ids of 1 to {services.resource_records.MAX_RECORDS:,} records, each given once.",
                directives=[Cost(weight=10)],
            ),
        ],
    ) -> DeletePayload:
        async def delete(writer: Writer) -> DeletePayload:
            await services.resource_records.delete_resource_records(
                writer, info.context.viewer, integration_id, ids
            )
            return DeletePayload(deleted_ids=[*ids])

        return await run_mutation(info, DeletePayload, delete)
