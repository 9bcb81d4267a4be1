"""What groups and use cases are made of and changed by."""

from datetime import datetime

import strawberry

from gateway.domain.enums import ActionType, ScheduleField, Status, UseCaseKey
from gateway.domain.lenient_reading import Document
from gateway.domain.use_case_groups import INPUT_FIELDS, MAX_SLUG_LENGTH, GroupInput, ListedUseCase
from gateway.domain.use_cases import DEFAULT_DAYS, MAX_DAYS, ActionInput, UseCaseChanges
from gateway.schema.inputs import get_provided_fields, optional_field, to_document
from gateway.schema.scalars import Time, TimeZone

_DAYS_DESCRIPTION = f"How many days before: 0, the same day, to {MAX_DAYS}."
_SHEET_DESCRIPTION = "The sheet to read from; its address begins with http:// or https://."
_ASSISTANT_DESCRIPTION = "The id of the assistant that talks to patients."


@strawberry.input(
    description="An action of a listed use case: the stored one of the same `actionType`, `day` and `context`, "
    "or a new one."
)
class UseCaseActionInput:
    action_type: ActionType = strawberry.field(description="How it reaches a patient.")
    context: str = strawberry.field(description="What it is about, in the sheet's words; not blank.")
    day: int = strawberry.field(default=DEFAULT_DAYS, description=_DAYS_DESCRIPTION)
    template_name: str = strawberry.field(description="The template of its words; not blank.")

    def to_domain(self) -> ActionInput:
        return ActionInput(self.action_type, self.context, self.day, self.template_name)


@strawberry.input(description="A use case of a group, known by its key.")
class UseCaseInput:
    use_case: UseCaseKey = strawberry.field(description="Which of the known use cases.")
    enabled: bool = strawberry.field(default=True, description="Whether it is in use.")
    actions: list[UseCaseActionInput] | None = optional_field(
        "All that it is to do. Absent keeps what there is; null or an empty list leaves nothing."
    )

    def to_domain(self) -> ListedUseCase:
        is_absent = self.actions is strawberry.UNSET
        return ListedUseCase(
            self.use_case, self.enabled, None if is_absent else [a.to_domain() for a in self.actions or ()]
        )


@strawberry.input(
    description="A group and the use cases listed under it. With `groupId`, absent keeps and null clears; use "
    "cases that are not listed stay."
)
class UseCaseGroupInput:
    name: str = strawberry.field(description="What people call it; not blank.")
    slug: str | None = optional_field(
        "What scripts call it: words of a-z and 0-9 with single hyphens between them, of at most "
        f"{MAX_SLUG_LENGTH} characters, unique within its integration. Without one it is made of the name."
    )
    sheet_link: str | None = optional_field(_SHEET_DESCRIPTION)
    assistant_id: strawberry.ID | None = optional_field(_ASSISTANT_DESCRIPTION)
    timezone: TimeZone | None = optional_field("The zone of `startTime`; UTC when there is none.")
    start_time: Time | None = optional_field("When its use cases run each day, as HH:MM:SS; null for never.")
    group_id: strawberry.ID | None = optional_field("Absent: create. Given: update that group.")
    use_cases: list[UseCaseInput] | None = optional_field("The use cases to create or update, each at most once.")
    expected_version: int | None = optional_field(
        "Refuse with VERSION_CONFLICT when the group has another version by now."
    )

    def to_domain(self) -> GroupInput:
        values = get_provided_fields(self)
        return GroupInput(
            name=self.name,
            fields={name: value for name, value in values.items() if name in INPUT_FIELDS},
            group_id=values.get("group_id"),
            use_cases=[use_case.to_domain() for use_case in self.use_cases or ()],
            expected_version=values.get("expected_version"),
        )


@strawberry.input(description="When an action is to run.")
class ScheduleInput:
    field: ScheduleField = strawberry.field(description="How often.")
    start_date_time: datetime | None = optional_field("Its first run.")
    end_date_time: datetime | None = optional_field("After this it runs no more; not before `startDateTime`.")
    trigger_at: datetime = strawberry.field(description="Its next run.")

    def to_document(self) -> Document:
        return {"startDateTime": None, "endDateTime": None, **to_document(self)}


@strawberry.input(
    description="An action that a use case is to have: the stored one with its `logicalId` or, without one, of "
    "the same `actionType`, `daysWindow` and `context`, else a new one. Absent keeps, null clears."
)
class UseCaseActionPatch:
    logical_id: str | None = optional_field("Which of the stored actions it is.")
    action_type: ActionType = strawberry.field(description="How it reaches a patient.")
    template_name: str = strawberry.field(description="The template of its words; not blank.")
    context: str = strawberry.field(description="What it is about, in the sheet's words; not blank.")
    days_window: int = strawberry.field(default=DEFAULT_DAYS, description=_DAYS_DESCRIPTION)
    report_emails: list[str] | None = optional_field("E-mail addresses of those who are told how it went.")
    status: Status = strawberry.field(default=Status.ACTIVE, description="Whether it is in use.")
    schedule: ScheduleInput | None = optional_field("When it runs; null for never.")

    def to_domain(self) -> ActionInput:
        changes: Document = {"status": self.status.value}
        if self.report_emails is not strawberry.UNSET:
            changes["reportEmails"] = [*(self.report_emails or ())]
        if self.schedule is not strawberry.UNSET:
            changes["schedule"] = None if self.schedule is None else self.schedule.to_document()
        return ActionInput(
            self.action_type,
            self.context,
            self.days_window,
            self.template_name,
            get_provided_fields(self).get("logical_id"),
            changes,
        )


@strawberry.input(description="Changes to a use case: absent keeps, null clears.")
class UpdateUseCaseInput:
    display_name: str | None = optional_field("What people call it; not blank.")
    assistant_id: strawberry.ID | None = optional_field(_ASSISTANT_DESCRIPTION)
    status: Status | None = optional_field("Whether it is in use; cannot be cleared.")
    timezone: TimeZone | None = optional_field("The zone that it runs in.")
    sheet_link: str | None = optional_field(_SHEET_DESCRIPTION)
    actions: list[UseCaseActionPatch] | None = optional_field("All that it is to do, in place of what there is.")

    def to_domain(self) -> UseCaseChanges:
        config = to_document(self)
        config.pop("actions", None)
        is_absent = self.actions is strawberry.UNSET
        return UseCaseChanges(config, None if is_absent else [a.to_domain() for a in self.actions or ()])
