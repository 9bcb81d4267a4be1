"""Types, query and mutations of use cases."""

from datetime import datetime
from typing import Annotated, ForwardRef

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.database import UseCase as UseCaseRow
from gateway.database import UseCaseGroup as UseCaseGroupRow
from gateway.database import Writer
from gateway.domain.enums import ActionType, ScheduleField, Status, UseCaseKey, UseCaseType
from gateway.domain.lenient_reading import LenientObject
from gateway.domain.use_cases import DEFAULT_DAYS, parse_use_case_type
from gateway.execution import BatchRequest
from gateway.schema import json_readers
from gateway.schema.context import Info
from gateway.schema.fields import SHORT_LIST_SIZE, batched_field, field, key_field, mutation, row_field
from gateway.schema.json_readers import read_enum, with_default
from gateway.schema.nodes import Node, get_node_id
from gateway.schema.parent_integrations import integration_field
from gateway.schema.payloads import DeletePayload, ExpectedVersion, UserError, errors_field, run_mutation
from gateway.schema.scalars import TimeZone
from gateway.schema.use_case_inputs import UpdateUseCaseInput
from gateway.schema.users import User

# Lazy: the module imports this one.
_GROUP_TYPE: object = (
    Annotated[ForwardRef("UseCaseGroup"), strawberry.lazy("gateway.schema.use_case_groups")] | None
)

UseCaseId = Annotated[strawberry.ID, strawberry.argument(description="Id of the use case.")]


def _read_schedule(parent: LenientObject[object], key: str) -> LenientObject[object] | None:
    schedule = parent.read_object(key)
    return schedule if schedule.read_member("field", ScheduleField) else None


_SCHEDULE_READER = json_readers.read_object_with_enum(_read_schedule, "field", ScheduleField)


@strawberry.type(description="Schedule of an action.")
class Schedule:
    field: ScheduleField = key_field(
        "field", "How often the action runs.", with_default(read_enum(ScheduleField), ScheduleField.RECURRING)
    )
    start_date_time: datetime | None = key_field("startDateTime", "Time of the first run.", json_readers.instant)
    end_date_time: datetime | None = key_field(
        "endDateTime", "No run after this time; null: no end.", json_readers.instant
    )
    trigger_at: datetime | None = key_field(
        "triggerAt",
        "Time of the next run. A daily schedule of a group has the `nextRunAt` of the group. Any other time is as "
        "stored, and can lie in the past.",
        json_readers.instant,
    )


@strawberry.type(
    description="Text message or call of a use case, sent some days before the event that it reminds of."
)
class UseCaseAction:
    logical_id: str = key_field(
        "logicalId",
        "Id that stays the same when the document is exported and imported; empty when the document has none.",
        with_default(json_readers.text, ""),
    )
    action_type: ActionType = key_field(
        "actionType",
        "How the action contacts the patient; SMS when the document has none, OTHER when it has an unknown one.",
        with_default(read_enum(ActionType), ActionType.SMS),
    )
    template_name: str = key_field(
        "templateName",
        "Name of the message template; empty when the document has none.",
        with_default(json_readers.text, ""),
    )
    context: str = key_field(
        "context",
        "Context of the action, as the sheet writes it; empty when the document has none.",
        with_default(json_readers.text, ""),
    )
    report_emails: list[str] = key_field("reportEmails", "E-mail addresses that get a report.", json_readers.texts)
    days_window: int = key_field(
        "daysWindow",
        f"Days before the event; 0 is the same day. {DEFAULT_DAYS} when the document has none.",
        with_default(json_readers.integer, DEFAULT_DAYS),
    )
    status: Status = key_field(
        "status",
        "Whether it is in use; INACTIVE when the document has none or an unknown one.",
        with_default(read_enum(Status), Status.INACTIVE),
    )

    schedule: Schedule | None = key_field(
        "schedule",
        "When the action runs; null when it is not scheduled or its schedule has an unknown `field`.",
        _SCHEDULE_READER,
    )


@strawberry.type(description="Settings of a use case.")
class UseCaseConfig:
    display_name: str | None = key_field("displayName", "Display name.")
    assistant_id: strawberry.ID | None = key_field("assistantId", "Id of the assistant that talks to patients.")
    status: Status = key_field(
        "status",
        "Whether it is in use; INACTIVE when the document has none or an unknown one.",
        with_default(read_enum(Status), Status.INACTIVE),
    )
    timezone: TimeZone | None = key_field(
        "timezone",
        "Time zone of the use case; null when the document has none or an invalid one.",
        json_readers.timezone,
    )
    name: str = key_field(
        "name",
        "Name that tells apart use cases of one `type`, such as `Lab Reminder`; empty when the document has none.",
        with_default(json_readers.text, ""),
    )
    sheet_link: str | None = key_field("sheetLink", "URL of the sheet that the use case reads.")

    @row_field("Type of the use case; OTHER for an unknown type.", reads=("type",))
    @staticmethod
    def type(root: strawberry.Parent[UseCaseRow]) -> UseCaseType:
        return parse_use_case_type(root.type)

    actions: list[UseCaseAction] = key_field(
        "actions", "Text messages and calls.", json_readers.json_objects, [SHORT_LIST_SIZE]
    )


@strawberry.type(description="Automation of a connected integration, such as reminders from a sheet.")
class UseCase(Node):
    id: strawberry.ID = strawberry.field(description="Id of the document, unique within its type and team.")
    logical_id: str = strawberry.field(
        description="Id that stays the same when the document is exported and imported."
    )
    team_id: strawberry.ID = strawberry.field(description="Id of the team that owns the use case.")
    integration_id: strawberry.ID = strawberry.field(
        description="Id of the connected integration that the use case belongs to."
    )
    key: UseCaseKey | None = strawberry.field(
        description="Which of the known use cases this is, by its type and name; null for any other. A group has "
        "each key at most once."
    )
    version: int = strawberry.field(description="Version number; each change adds 1. For `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When the use case was created.")
    created_by: User | None = strawberry.field(description="User who created the use case.")
    updated_at: datetime = strawberry.field(description="When the use case was last changed.")
    updated_by: User | None = strawberry.field(description="User who last changed the use case.")

    integration: IntegrationRow = integration_field()
    group: UseCaseGroupRow | None = batched_field(
        "Group of the use case; null when it has none. Needs READ_INTEGRATIONS.",
        lambda row, _: (
            row.group_id and BatchRequest(services.use_case_groups.find_parent_groups, (row.team_id, row.group_id))
        ),
        graphql_type=_GROUP_TYPE,
        reads=("team_id", "group_id"),
    )

    scheduler_names: list[str] = key_field(
        "schedulerNames",
        "Names of the schedulers: one for each scheduled action while the use case is in use.",
        json_readers.texts,
    )
    config: UseCaseConfig = key_field("config", "Settings of the use case.", json_readers.json_object)


@strawberry.type
class UseCaseQueries:
    @field(
        "Find a use case by id. NOT_FOUND when it does not exist or the viewer may not see it. Needs "
        "READ_INTEGRATIONS.",
        graphql_type=UseCase | None,
    )
    @staticmethod
    async def use_case(info: Info, id: UseCaseId) -> UseCaseRow:
        async with info.context.read() as reader:
            return await services.use_cases.get_use_case(reader, info.context.viewer, id)


@strawberry.type(description="Result of updating a use case.")
class UseCasePayload:
    use_case: UseCaseRow | None = strawberry.field(
        graphql_type=UseCase | None,
        default=None,
        description="The use case after the mutation; null when `errors` is not empty.",
    )
    errors: list[UserError] = errors_field()


@strawberry.type
class UseCaseMutations:
    @mutation("Update a use case. A call that changes nothing keeps `version`. Needs WRITE_INTEGRATIONS.")
    @staticmethod
    async def update_use_case(
        info: Info,
        id: UseCaseId,
        input: Annotated[UpdateUseCaseInput, strawberry.argument(description="Changes to the use case.")],
        expected_version: ExpectedVersion = None,
    ) -> UseCasePayload:
        viewer, changes = info.context.viewer, input.to_domain()

        async def update(writer: Writer) -> UseCasePayload:
            updated = await services.use_cases.update_use_case(writer, viewer, id, changes, expected_version)
            return UseCasePayload(use_case=updated)

        return await run_mutation(info, UseCasePayload, update)

    @mutation("Delete a use case with its actions. Needs WRITE_INTEGRATIONS.")
    @staticmethod
    async def delete_use_case(
        info: Info, id: UseCaseId, expected_version: ExpectedVersion = None
    ) -> DeletePayload:
        async def delete(writer: Writer) -> DeletePayload:
            row = await services.use_cases.delete_use_case(writer, info.context.viewer, id, expected_version)
            return DeletePayload.from_nodes([get_node_id(row)])

        return await run_mutation(info, DeletePayload, delete)
