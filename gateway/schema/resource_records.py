"""Type, query and mutations of resource records."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.database import ResourceRecord as ResourceRecordRow
from gateway.database import Writer
from gateway.domain.enums import Outcome, ResourceType
from gateway.domain.ids import NodeId
from gateway.domain.paging import OLDEST_FIRST
from gateway.domain.record_filters import RecordFilter
from gateway.domain.records import KINDS_BY_MEMBER, get_kind
from gateway.execution import Cost, FormattedInput, ListSize
from gateway.schema import json_readers
from gateway.schema.connections import OFFSET_DESCRIPTION, After, Before, First, Last, RequestedPage, parse_page
from gateway.schema.context import Info
from gateway.schema.fields import field, key_field, mutation
from gateway.schema.inputs import OBJECT_COST, SEARCH_COST, to_document_object
from gateway.schema.nodes import Node
from gateway.schema.parent_integrations import integration_field
from gateway.schema.payloads import DeletePayload, UserError, errors_field, run_mutation
from gateway.schema.record_filters import ResourceRecordFilter, parse_record_filter
from gateway.schema.records import ResourceConfig, ResourceConfigInput
from gateway.schema.users import User


@strawberry.type(
    description="Object that an integration synchronised from its source system, such as an appointment."
)
class ResourceRecord(Node):
    id: strawberry.ID = strawberry.field(description="Id of the document, unique within its type and team.")
    logical_id: str = strawberry.field(
        description="Id that stays the same when the document is exported and imported."
    )
    team_id: strawberry.ID = strawberry.field(description="Id of the team that owns the record.")
    integration_id: strawberry.ID = strawberry.field(
        description="Id of the connected integration that the record belongs to."
    )
    version: int = strawberry.field(description="Version number; each change adds 1.")
    created_at: datetime = strawberry.field(description="When the record was created.")
    created_by: User | None = strawberry.field(description="User who created the record.")
    updated_at: datetime = strawberry.field(description="When the record was last changed.")
    updated_by: User | None = strawberry.field(description="User who last changed the record.")

    integration: IntegrationRow = integration_field()

    @field("Type of the record.", reads=("type",))
    @staticmethod
    def type(root: strawberry.Parent[ResourceRecordRow]) -> ResourceType:
        return get_kind(root.type).type

    config: ResourceConfig = key_field(
        "config", "Content of the record; its GraphQL type follows `type`.", json_readers.json_object
    )


ResourceTypeArgument = Annotated[
    ResourceType | None,
    strawberry.argument(
        description="Return only records of this type; OTHER: of all unknown types. Null: any type."
    ),
]
SearchArgument = Annotated[
    str | None,
    strawberry.argument(
        description="Return only records that contain each of these words in a name, code or id, "
        f"case-insensitive. At most {services.record_search.MAX_SEARCH_LENGTH} characters. "
        f"Null or blank: all records. {services.record_search.SHORT_WORDS}",
        directives=[SEARCH_COST],
    ),
]


FilterArgument = Annotated[
    ResourceRecordFilter | None,
    strawberry.argument(
        description="Return only records that meet these conditions. Null: all records. Values cost "
        f"{services.record_costs.VALUES_COST}. A condition on `start` costs {services.record_costs.READ_DAY_COST} "
        f"for each day of its range. `totalCount` costs {services.record_costs.COUNTED_DAY_COST} for each day of "
        "the shorter range of `createdAt` and `start`. At most "
        f"{services.record_costs.MAX_CHARGED_DAYS} days of a range cost."
    ),
]

OffsetArgument = Annotated[
    int | None,
    strawberry.argument(
        description=f"{OFFSET_DESCRIPTION} Each {services.record_costs.SKIPPED_FOR_ONE} skipped entries cost 1."
    ),
]


def parse_records_arguments(
    type: ResourceTypeArgument = None,
    search: SearchArgument = None,
    filter: FilterArgument = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    offset: OffsetArgument = None,
) -> tuple[RequestedPage, RecordFilter, tuple[str, ...]]:
    """Return the page, the conditions and the search words that the arguments of `resourceRecords` select."""
    page = parse_page(OLDEST_FIRST, first, after, last, before, offset)
    return page, parse_record_filter(type, filter), services.record_search.parse_search(search)


@strawberry.type
class ResourceRecordQueries:
    @field(
        "Find a resource record by id. NOT_FOUND when it does not exist or the viewer may not see it. Needs "
        "READ_RECORDS.",
        graphql_type=ResourceRecord | None,
    )
    @staticmethod
    async def resource_record(
        info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the record.")]
    ) -> ResourceRecordRow:
        async with info.context.read() as reader:
            return await services.resource_records.get_resource_record(reader, info.context.viewer, id)


@strawberry.input(
    description="Record to create or update. The input replaces all fields that the schema knows; an absent or "
    "null field is cleared. Other keys of the stored document stay."
)
class ResourceRecordInput:
    logical_id: str | None = strawberry.field(
        description="`logicalId` of the record to update. It is created when it does not exist. Absent: create a "
        "record with a new one.",
        default=None,
    )
    created_at: datetime | None = strawberry.field(
        description="When the record was created. Absent: the stored time, or now for a new record.", default=None
    )
    config: ResourceConfigInput = strawberry.field(
        description="Content of the record. The type of a stored record never changes."
    )


def to_record_input(value: Mapping[str, Any]) -> services.resource_records.RecordInput:
    """Return the input of the services for one record.

    The mutation takes up to a thousand records, so no input object is created for them.
    """
    document: Mapping[str, Any] = value if type(value) is FormattedInput else to_document_object(value)
    ((member, config),) = document["config"].items()
    return services.resource_records.RecordInput(
        KINDS_BY_MEMBER[member], config, document.get("logicalId"), document.get("createdAt")
    )


@strawberry.type(description="Result of one record of an upsert.")
class UpsertedResourceRecord:
    record: ResourceRecordRow = strawberry.field(
        description="The record after the upsert.", graphql_type=ResourceRecord
    )
    outcome: Outcome = strawberry.field(description="Effect of the upsert on the record.")


@strawberry.type(description="Result of an upsert of records.")
class UpsertResourceRecordsPayload:
    records: list[services.resource_records.UpsertedRecord] = strawberry.field(
        default_factory=list,
        description="One entry for each record of the input, in the same order; empty when `errors` is not empty. "
        "A repetition with an `Idempotency-Key` leaves out records that were deleted since.",
        graphql_type=list[UpsertedResourceRecord],
    )
    errors: list[UserError] = errors_field()


@strawberry.type
class ResourceRecordMutations:
    @mutation(
        f"Create or update up to {services.resource_records.MAX_RECORDS:,} records, matched by `logicalId`, all "
        "or nothing. A record that already has these values is not written. Needs WRITE_RECORDS.",
        directives=[ListSize(assumed_size=1, slicing_arguments=["records"], sized_fields=["records"])],
    )
    @staticmethod
    async def upsert_resource_records(
        info: Info,
        integration_id: Annotated[
            strawberry.ID,
            strawberry.argument(description="Id of the connected integration that the records belong to."),
        ],
        records: Annotated[
            list[ResourceRecordInput],
            strawberry.argument(
                description=f"1 to {services.resource_records.MAX_RECORDS:,} records, each `logicalId` at most "
                "once; more are TOO_MANY.",
                directives=[OBJECT_COST],
            ),
        ],
        dry_run: Annotated[
            bool, strawberry.argument(description="Run the whole mutation, return its payload, and roll it back.")
        ] = False,
    ) -> UpsertResourceRecordsPayload:
        # The arguments arrive as mappings: `skip_argument_conversion` in `root_types`.
        inputs = [to_record_input(value) for value in cast(list[Mapping[str, Any]], records)]

        async def upsert(writer: Writer) -> UpsertResourceRecordsPayload:
            upserted = await services.resource_records.upsert_resource_records(
                writer, info.context.viewer, integration_id, inputs
            )
            return UpsertResourceRecordsPayload(records=[*upserted])

        return await run_mutation(info, UpsertResourceRecordsPayload, upsert, dry_run=dry_run)

    @mutation(
        f"Delete up to {services.resource_records.MAX_RECORDS:,} records of one integration, all or nothing. "
        "Needs WRITE_RECORDS; NOT_FOUND for each id that the integration does not have."
    )
    @staticmethod
    async def delete_resource_records(
        info: Info,
        integration_id: Annotated[
            strawberry.ID,
            strawberry.argument(description="Id of the connected integration that the records belong to."),
        ],
        ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(
                description=f"Ids of 1 to {services.resource_records.MAX_RECORDS:,} records, each at most once; "
                "more are TOO_MANY.",
                directives=[Cost(weight=10)],
            ),
        ],
    ) -> DeletePayload:
        async def delete(writer: Writer) -> DeletePayload:
            viewer = info.context.viewer
            await services.resource_records.delete_resource_records(writer, viewer, integration_id, ids)
            return DeletePayload.from_nodes(NodeId(ResourceRecord.__name__, viewer.team_id, id) for id in ids)

        return await run_mutation(info, DeletePayload, delete)
