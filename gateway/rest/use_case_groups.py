"""Groups of use cases, document 2."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Literal, TypeAlias, cast

from pydantic import Field

from gateway import services
from gateway.database import Reader, UseCaseGroup, Writer
from gateway.domain import exact_json
from gateway.domain.calendar import instants
from gateway.domain.enums import ActionType, ErrorCode, Provider, UseCaseKey
from gateway.domain.lenient_reading import Document
from gateway.domain.use_case_groups import INPUT_FIELDS, GroupInput, ListedUseCase, find_next_run
from gateway.domain.use_cases import DEFAULT_DAYS, ActionInput
from gateway.domain.viewer import Viewer
from gateway.errors import Refused, refusal
from gateway.rest.details import PlainText
from gateway.rest.documents import UseCaseDocument
from gateway.rest.interactly import IntegrationId
from gateway.rest.operations import DescribedModel, RestAnswer

UpsertedGroup: TypeAlias = services.use_case_groups.upsert.UpsertedGroup

EXAMPLE_GROUP: Document = {
    "name": "Appointment Reminders",
    "sheet_link": "https://1drv.ms/x/...",
    "assistant_id": "68a8652f82513625d1c21a85",
    "timezone": "America/Chicago",
    "start_time": "08:00:00",
    "use_cases": [
        {
            "use_case": "LAB_REMINDER",
            "enabled": True,
            "actions": [
                {"action_type": "SMS", "context": "lab_result_sms", "day": 0, "template_name": "Lab Result SMS"}
            ],
        }
    ],
}
"""A part of the example of document 2."""


class ConnectedProvider(Enum):
    """The providers that a path may name."""

    MICROSOFT = "microsoft"
    GOOGLE = "google"


class ActionWord(Enum):
    """The kinds of actions, as the document writes them."""

    SMS = "SMS"
    CALL = "CALL"


class Action(DescribedModel):
    """A text message or call of a use case."""

    action_type: ActionWord
    """Whether it is a text message or a call."""
    context: PlainText
    """Word by which the caller finds the action again. It must not be blank."""
    day: int = DEFAULT_DAYS
    """Days before the appointment, from 0 for the same day to 365."""
    template_name: PlainText
    """Name of the message template. It must not be blank."""

    def to_domain(self) -> ActionInput:
        return ActionInput(ActionType[self.action_type.name], self.context, self.day, self.template_name)


class UseCaseEntry(DescribedModel):
    """A use case to create or update. Absent actions stay; null and an empty list delete them."""

    use_case: UseCaseKey
    """The kind of use case. Each kind may occur once in a group."""
    enabled: bool = True
    """Whether the use case is active."""
    actions: list[Action] | None = None
    """All its actions, which replace the stored ones. If absent, the stored ones stay."""

    def to_domain(self) -> ListedUseCase:
        is_given = "actions" in self.model_fields_set
        actions = [action.to_domain() for action in self.actions or ()]
        return ListedUseCase(self.use_case, self.enabled, actions if is_given else None)


class Group(DescribedModel):
    """A group to create, or with `group_id` to update: then absent fields stay, and null clears them."""

    name: PlainText
    """Name of the group. It must not be blank."""
    slug: PlainText | None = None
    """Unique name in the integration: words of lower-case letters and digits, with hyphens between them.
    If absent, a new group gets one from its name."""
    sheet_link: PlainText | None = None
    """URL of the sheet with the appointments. It begins with `http://` or `https://`."""
    assistant_id: PlainText | None = None
    """Id of the assistant: 1 to 64 visible ASCII characters."""
    timezone: PlainText | None = None
    """IANA time zone, such as `America/Chicago`."""
    start_time: PlainText | None = None
    """Local time at which the group runs every day, such as `08:00:00`."""
    group_id: Annotated[PlainText, Field(min_length=24, max_length=24)] | None = None
    """Id of the group to update. If absent, each request creates a group."""
    use_cases: list[UseCaseEntry] | None = None
    """Use cases to create or update. Others of the group stay."""

    def to_domain(self) -> GroupInput:
        return GroupInput(
            name=self.name,
            fields={name: getattr(self, name) for name in self.model_fields_set & INPUT_FIELDS},
            group_id=self.group_id,
            use_cases=[use_case.to_domain() for use_case in self.use_cases or ()],
            expected_version=None,
        )


class UpsertParameters(DescribedModel):
    """The provider, the group, and the integration where the team has several at the provider."""

    provider: ConnectedProvider
    """The provider of the connected integration."""
    integration_id: IntegrationId | None = None
    """Id of the connected integration. It is needed if the team has several at the provider."""
    body: Group
    """The group with its use cases."""


class GroupAnswer(DescribedModel):
    """The group as it is stored now."""

    id: str = Field(alias="_id")
    """Id of the group."""
    name: str
    """Name of the group."""
    slug: str
    """Its unique name in the integration."""
    sheet_link: str | None
    """URL of the sheet with the appointments."""
    assistant_id: str | None
    """Id of the assistant."""
    timezone: str | None
    """IANA time zone of the start time."""
    start_time: str | None
    """Local time at which the group runs every day."""
    version: int
    """Number of the last change, from 1."""
    created_at: str
    """Instant at which it was created."""
    updated_at: str
    """Instant of the last change."""
    next_run_at: str | None
    """Instant of the next run, if there is a start time."""


class UpsertAnswer(DescribedModel):
    """The group with its use cases after the request."""

    group: GroupAnswer
    """The group."""
    outcome: Literal["created", "updated", "unchanged"]
    """What the request did to the group."""
    use_cases: list[UseCaseDocument]
    """The listed use cases, then others that changed with the group."""


def compute_upsert_cost(parameters: UpsertParameters) -> int:
    use_cases = parameters.body.use_cases or ()
    return 1946 + 50 * (len(use_cases) + sum(len(use_case.actions or ()) for use_case in use_cases))


async def write_group(writer: Writer, viewer: Viewer, parameters: UpsertParameters) -> UpsertedGroup:
    """Create or update a group with the listed use cases; see `services.use_case_groups.upsert.upsert_group`."""
    provider, group = Provider[parameters.provider.name], parameters.body.to_domain()
    try:
        return await services.use_case_groups.upsert.upsert_group(
            writer, viewer, provider, group, parameters.integration_id
        )
    except Refused as error:
        holder = cast("UseCaseGroup | None", error.related.get("conflicting_group"))
        if holder is None or group.group_id is not None:
            raise
        # The service names an argument that document 2 does not have.
        message = (
            f"The group {holder.id} has this slug. Use it as `group_id` to update the group, or "
            "choose another slug."
        )
        raise refusal(ErrorCode.CONFLICT, message, "input", "slug") from None


def describe_upsert(result: UpsertedGroup, reader: Reader) -> RestAnswer:
    """Return the answer: the group, the listed use cases, and then others that changed with the group."""
    body = {
        "group": _describe_group(result.group, reader.as_of),
        "outcome": result.outcome.value,
        "use_cases": [upserted.use_case.document for upserted in result.use_cases],
    }
    return RestAnswer(exact_json.encode(body))


def _describe_group(group: UseCaseGroup, as_of: datetime) -> Document:
    next_run = find_next_run(group.start_time, group.timezone, as_of)
    return {
        "_id": group.id,
        "name": group.name,
        "slug": group.slug,
        "sheet_link": group.sheet_link,
        "assistant_id": group.assistant_id,
        "timezone": group.timezone,
        "start_time": None if group.start_time is None else group.start_time.isoformat(),
        "version": group.version,
        "created_at": instants.to_text(group.created_at),
        "updated_at": instants.to_text(group.updated_at),
        "next_run_at": None if next_run is None else instants.format_instant(next_run),
    }
