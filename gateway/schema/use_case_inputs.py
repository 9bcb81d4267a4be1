"""Input types of groups and use cases."""

from datetime import datetime

import strawberry

from gateway.domain.bounds import MAX_NAME_LENGTH, trim
from gateway.domain.enums import ActionType, OnConflict, ScheduleField, Status, UseCaseKey
from gateway.domain.lenient_reading import Document
from gateway.domain.use_case_groups import INPUT_FIELDS, MAX_SLUG_LENGTH, GroupInput, ListedUseCase
from gateway.domain.use_cases import DEFAULT_DAYS, MAX_DAYS, ActionInput, UseCaseChanges
from gateway.schema.inputs import OBJECT_COST, get_provided_fields, optional_field, to_document
from gateway.schema.scalars import Time, TimeZone

_ACTION_TYPE = "How the action contacts the patient."
_CONTEXT = "Context of the action, as the sheet writes it; not blank."
_DAYS = f"Days before the event, 0 (the same day) to {MAX_DAYS}."
_TEMPLATE_NAME = "Name of the message template; not blank."
_SHEET = "URL of the sheet that the use cases read; http or https."
_ASSISTANT = "Id of the assistant that talks to patients."


@strawberry.input(
    description="Action of a use case. It updates the stored action with the same `actionType`, `day` and "
    "`context`, else it creates one."
)
class UseCaseActionInput:
    action_type: ActionType = strawberry.field(description=_ACTION_TYPE)
    context: str = strawberry.field(description=_CONTEXT)
    day: int = strawberry.field(default=DEFAULT_DAYS, description=_DAYS)
    template_name: str = strawberry.field(description=_TEMPLATE_NAME)

    def to_domain(self) -> ActionInput:
        return ActionInput(self.action_type, self.context, self.day, self.template_name)


@strawberry.input(description="Use case of a group.")
class UseCaseInput:
    use_case: UseCaseKey = strawberry.field(
        description="Key of the use case; each at most once in a group (DUPLICATE)."
    )
    enabled: bool = strawberry.field(default=True, description="Whether the use case is in use.")
    actions: list[UseCaseActionInput] | None = optional_field(
        "Replaces the stored actions. Absent: they stay. Null or empty: they are deleted.",
        directives=[OBJECT_COST],
    )

    def to_domain(self) -> ListedUseCase:
        is_absent = self.actions is strawberry.UNSET
        return ListedUseCase(
            self.use_case,
            self.enabled,
            None if is_absent else [action.to_domain() for action in self.actions or ()],
        )


@strawberry.input(
    description="Group to create or update, with use cases. It updates the group with the `groupId`, or the one "
    "with the `slug` if `onConflict` is UPDATE: an absent field keeps its value, null clears it, and use cases "
    "that are not listed stay. Otherwise each call creates a new group."
)
class UseCaseGroupInput:
    name: str = strawberry.field(description=f"Display name, not blank, at most {MAX_NAME_LENGTH} characters.")
    slug: str | None = optional_field(
        f"Name for scripts: words of a-z and 0-9 with single hyphens between them, at most {MAX_SLUG_LENGTH} "
        "characters, unique within the integration. `onConflict` decides what happens when a group has it. Absent "
        "or null: a new group gets one from `name`."
    )
    sheet_link: str | None = optional_field(_SHEET)
    assistant_id: strawberry.ID | None = optional_field(_ASSISTANT)
    timezone: TimeZone | None = optional_field("Time zone of `startTime`; null: UTC.")
    start_time: Time | None = optional_field(
        "Time of day when the use cases run, HH:MM:SS; null: they do not run."
    )
    group_id: strawberry.ID | None = optional_field(
        "Id of the group to update. Absent: a group with the `slug` is updated if `onConflict` is UPDATE, else a "
        "new group is created."
    )
    use_cases: list[UseCaseInput] | None = optional_field(
        "Use cases to create or update, matched by `useCase`; the others stay.", directives=[OBJECT_COST]
    )
    expected_version: int | None = optional_field(
        "Refuse the mutation with VERSION_CONFLICT unless the group exists and its `version` is still this. "
        "Needs `groupId`, or `slug` with `onConflict: UPDATE`."
    )

    def to_domain(self, on_conflict: OnConflict) -> GroupInput:
        values = get_provided_fields(self)
        return GroupInput(
            name=self.name,
            fields={name: value for name, value in values.items() if name in INPUT_FIELDS},
            group_id=values.get("group_id"),
            use_cases=[use_case.to_domain() for use_case in self.use_cases or ()],
            expected_version=values.get("expected_version"),
            on_conflict=on_conflict,
        )


@strawberry.input(description="Schedule of an action.")
class ScheduleInput:
    field: ScheduleField = strawberry.field(description="How often the action runs.")
    start_date_time: datetime | None = optional_field("Time of the first run.")
    end_date_time: datetime | None = optional_field(
        "No run after this time; not before `startDateTime`. Null: no end."
    )
    trigger_at: datetime = strawberry.field(description="Time of the next run.")

    def to_document(self) -> Document:
        return {"startDateTime": None, "endDateTime": None, **to_document(self)}


@strawberry.input(
    description="Action of a use case. It updates the stored action with the same `logicalId`; without "
    "`logicalId`, the one with the same `actionType`, `daysWindow` and `context`, else it creates one. Absent "
    "`reportEmails` and `schedule` keep their values; null clears them."
)
class UseCaseActionPatch:
    logical_id: str | None = optional_field(
        "`logicalId` of the stored action to update; NOT_FOUND when the use case does not have it."
    )
    action_type: ActionType = strawberry.field(
        description=f"{_ACTION_TYPE} OTHER only with the `logicalId` of an action that has it: its word stays."
    )
    template_name: str = strawberry.field(description=_TEMPLATE_NAME)
    context: str = strawberry.field(description=_CONTEXT)
    days_window: int = strawberry.field(default=DEFAULT_DAYS, description=_DAYS)
    report_emails: list[str] | None = optional_field("E-mail addresses that get a report.")
    status: Status = strawberry.field(default=Status.ACTIVE, description="Whether the action is in use.")
    schedule: ScheduleInput | None = optional_field("When the action runs; null: it does not run.")

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


@strawberry.input(description="Changes to a use case. An absent field keeps its value; null clears it.")
class UpdateUseCaseInput:
    display_name: str | None = optional_field(f"Display name, not blank, at most {MAX_NAME_LENGTH} characters.")
    assistant_id: strawberry.ID | None = optional_field(_ASSISTANT)
    status: Status | None = optional_field("Whether the use case is in use. Cannot be null.")
    timezone: TimeZone | None = optional_field("Time zone of the use case.")
    sheet_link: str | None = optional_field(_SHEET)
    actions: list[UseCaseActionPatch] | None = optional_field(
        "Replaces the stored actions. Absent: they stay. Null or empty: they are deleted.",
        directives=[OBJECT_COST],
    )

    def to_domain(self) -> UseCaseChanges:
        config = {name: value for name, value in to_document(self).items() if name != "actions"}
        if isinstance(link := config.get("sheetLink"), str):
            config["sheetLink"] = trim(link)
        is_absent = self.actions is strawberry.UNSET
        return UseCaseChanges(config, None if is_absent else [action.to_domain() for action in self.actions or ()])
