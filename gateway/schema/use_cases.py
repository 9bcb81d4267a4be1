"""Use cases, their actions and schedules."""

from datetime import datetime
from typing import Annotated, Any, ForwardRef

import strawberry

from gateway import services
from gateway.database import Integration as IntegrationRow
from gateway.database import UseCase as UseCaseRow
from gateway.database import UseCaseGroup as UseCaseGroupRow
from gateway.database import Writer
from gateway.domain.enums import ActionType, ScheduleField, Status, UseCaseKey, UseCaseType
from gateway.domain.lenient_reading import LenientObject
from gateway.domain.use_cases import DEFAULT_DAYS, parse_use_case_type
from gateway.errors import not_found
from gateway.execution import BatchRequest
from gateway.schema import fields, json_readers
from gateway.schema.context import Info
from gateway.schema.fields import SHORT_LIST_SIZE, batched_field, field, key_field, mutation, row_field
from gateway.schema.json_readers import read_enum, with_default
from gateway.schema.nodes import Node
from gateway.schema.payloads import DeletePayload, UserError, errors_field, run_mutation
from gateway.schema.scalars import TimeZone
from gateway.schema.use_case_inputs import UpdateUseCaseInput
from gateway.schema.users import User

# Types of rooms that build on this one.
INTEGRATION_TYPE: object = Annotated[
    ForwardRef("ConnectedIntegration"), strawberry.lazy("gateway.schema.connected_integrations")
]
_GROUP_TYPE: object = (
    Annotated[ForwardRef("UseCaseGroup"), strawberry.lazy("gateway.schema.use_case_groups")] | None
)

UseCaseId = Annotated[strawberry.ID, strawberry.argument(description="The use case's id.")]
ExpectedVersion = Annotated[
    int | None,
    strawberry.argument(description="Refuse with VERSION_CONFLICT when it has another version by now."),
]


def integration_field() -> Any:  # noqa: ANN401 (a dataclass field)
    """The field of a row that is the integration it hangs below."""

    def require_integration(found: IntegrationRow | None, *_: object) -> IntegrationRow:
        if found is None:
            raise not_found("There is no integration with this id.")
        return found

    return batched_field(
        "The integration it hangs below.",
        lambda row, _: BatchRequest(
            services.use_case_groups.find_parent_integrations, (row.team_id, row.integration_id)
        ),
        require_integration,
        graphql_type=INTEGRATION_TYPE,
        reads=("team_id", "integration_id"),
    )


def _read_schedule(section: LenientObject[object], key: str) -> LenientObject[object] | None:
    schedule = section.read_object(key)
    return schedule if schedule.read_member("field", ScheduleField) else None


_SCHEDULE_READER = json_readers.read_object_with_enum(_read_schedule, "field", ScheduleField)


@strawberry.type(description="When an action runs.")
class Schedule:
    field: ScheduleField = key_field(
        "field", "How often.", with_default(read_enum(ScheduleField), ScheduleField.RECURRING)
    )
    start_date_time: datetime | None = key_field("startDateTime", "Its first run.", json_readers.instant)
    end_date_time: datetime | None = key_field("endDateTime", "After this it runs no more.", json_readers.instant)
    trigger_at: datetime | None = key_field("triggerAt", "Its next run.", json_readers.instant)


@strawberry.type(description="One text message or call of a use case, some days before what it reminds of.")
class UseCaseAction:
    logical_id: str = key_field(
        "logicalId", "The same over export and import.", with_default(json_readers.text, "")
    )
    action_type: ActionType = key_field(
        "actionType",
        "How it reaches a patient; SMS where the document is silent.",
        with_default(read_enum(ActionType), ActionType.SMS),
    )
    template_name: str = key_field(
        "templateName", "The template of its words.", with_default(json_readers.text, "")
    )
    context: str = key_field(
        "context", "What it is about, in the sheet's words.", with_default(json_readers.text, "")
    )
    report_emails: list[str] = key_field("reportEmails", "Who is told how it went.", json_readers.texts)
    days_window: int = key_field(
        "daysWindow", "How many days before; 0 is the same day.", with_default(json_readers.integer, DEFAULT_DAYS)
    )
    status: Status = key_field("status", "Whether it is in use.", with_default(read_enum(Status), Status.INACTIVE))

    schedule: Schedule | None = key_field(
        "schedule",
        "When it runs; null when it does not, or in a way that this graph does not know.",
        _SCHEDULE_READER,
    )


@strawberry.type(description="What a use case does, and where it reads from.")
class UseCaseConfig:
    display_name: str | None = key_field("displayName", "What people call it.")
    assistant_id: strawberry.ID | None = key_field("assistantId", "The assistant that talks to patients.")
    status: Status = key_field("status", "Whether it is in use.", with_default(read_enum(Status), Status.INACTIVE))
    timezone: TimeZone | None = key_field(
        "timezone",
        "The zone that it runs in; null where its document names none that exists.",
        json_readers.timezone,
    )
    name: str = key_field(
        "name", "Which of its type it is, in the documents' words.", with_default(json_readers.text, "")
    )
    sheet_link: str | None = key_field("sheetLink", "The sheet that it reads from.")

    @row_field("What it does; OTHER for a type that this graph does not know.", reads=("type",))
    @staticmethod
    def type(root: strawberry.Parent[UseCaseRow]) -> UseCaseType:
        return parse_use_case_type(root.type)

    actions: list[UseCaseAction] = key_field(
        "actions", "Its text messages and calls.", json_readers.json_objects, [SHORT_LIST_SIZE]
    )


@strawberry.type(description="An automation under a connected integration, such as a reminder fed by a sheet.")
class UseCase(Node):
    id: strawberry.ID = strawberry.field(description="The document's own id.")
    logical_id: str = strawberry.field(description="The same over export and import.")
    team_id: strawberry.ID = strawberry.field(description="The team it belongs to.")
    integration_id: strawberry.ID = strawberry.field(description="The integration it hangs below.")
    key: UseCaseKey | None = strawberry.field(
        description="Which of the known use cases this is; null for one made outside a group."
    )
    version: int = strawberry.field(description="Counts its changes; for `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When it was created.")
    created_by: User | None = strawberry.field(description="Who created it.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    updated_by: User | None = strawberry.field(description="Who last changed it.")

    integration: IntegrationRow = integration_field()
    group: UseCaseGroupRow | None = batched_field(
        "The group it was made in, if any.",
        lambda row, _: (
            row.group_id and BatchRequest(services.use_case_groups.find_parent_groups, (row.team_id, row.group_id))
        ),
        graphql_type=_GROUP_TYPE,
        reads=("team_id", "group_id"),
    )

    scheduler_names: list[str] = fields.key_field(  # `key` is a field here
        "schedulerNames",
        "The names of its schedulers: one for each scheduled action, while it is in use.",
        json_readers.texts,
    )
    config: UseCaseConfig = fields.key_field(
        "config", "What it does, and where it reads from.", json_readers.json_object
    )


@strawberry.type
class UseCaseQueries:
    @field(
        "One use case. Null with NOT_FOUND when it does not exist or is not visible.",
        graphql_type=UseCase | None,
    )
    @staticmethod
    async def use_case(info: Info, id: UseCaseId) -> UseCaseRow:
        async with info.context.read() as session:
            return await services.use_cases.get_use_case(session, info.context.viewer, id)


@strawberry.type(description="The use case as it is now, or why nothing was done.")
class UseCasePayload:
    use_case: UseCaseRow | None = strawberry.field(
        graphql_type=UseCase | None, default=None, description="The use case; null when refused."
    )
    errors: list[UserError] = errors_field()


@strawberry.type
class UseCaseMutations:
    @mutation("Change a use case; one that already is as asked is not written.")
    @staticmethod
    async def update_use_case(
        info: Info,
        id: UseCaseId,
        input: Annotated[UpdateUseCaseInput, strawberry.argument(description="What is to be changed.")],
        expected_version: ExpectedVersion = None,
    ) -> UseCasePayload:
        viewer, changes = info.context.viewer, input.to_domain()

        async def update(writer: Writer) -> UseCasePayload:
            updated = await services.use_cases.update_use_case(writer, viewer, id, changes, expected_version)
            return UseCasePayload(use_case=updated)

        return await run_mutation(info, UseCasePayload, update)

    @mutation("Delete a use case with its actions.")
    @staticmethod
    async def delete_use_case(
        info: Info, id: UseCaseId, expected_version: ExpectedVersion = None
    ) -> DeletePayload:
        async def delete(writer: Writer) -> DeletePayload:
            await services.use_cases.delete_use_case(writer, info.context.viewer, id, expected_version)
            return DeletePayload(deleted_ids=[id])

        return await run_mutation(info, DeletePayload, delete)
