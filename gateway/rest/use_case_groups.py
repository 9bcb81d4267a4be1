"""Groups of use cases, document 2."""

from enum import Enum
from typing import Annotated, cast

from pydantic import BaseModel, Field

from gateway import services
from gateway.database import UseCaseGroup, Writer
from gateway.domain import exact_json
from gateway.domain.calendar import instants
from gateway.domain.enums import ActionType, ErrorCode, Provider, UseCaseKey
from gateway.domain.lenient_reading import Document
from gateway.domain.use_case_groups import INPUT_FIELDS, GroupInput, ListedUseCase, find_next_run
from gateway.domain.use_cases import DEFAULT_DAYS, ActionInput
from gateway.domain.viewer import Viewer
from gateway.errors import Refused, refusal
from gateway.rest.interactly import IntegrationId, PlainText
from gateway.rest.operations import RestAnswer


class ConnectedProvider(Enum):
    """The providers that a path may name."""

    MICROSOFT = "microsoft"
    GOOGLE = "google"


class ActionWord(Enum):
    """The kinds of actions, as the document writes them."""

    SMS = "SMS"
    CALL = "CALL"


class Action(BaseModel):
    """A text message or call of a use case."""

    action_type: ActionWord
    context: PlainText
    day: int = DEFAULT_DAYS
    template_name: PlainText

    def to_domain(self) -> ActionInput:
        return ActionInput(ActionType[self.action_type.name], self.context, self.day, self.template_name)


class UseCaseEntry(BaseModel):
    """A use case to create or update. Absent actions stay; null and an empty list delete them."""

    use_case: UseCaseKey
    enabled: bool = True
    actions: list[Action] | None = None

    def to_domain(self) -> ListedUseCase:
        is_given = "actions" in self.model_fields_set
        actions = [action.to_domain() for action in self.actions or ()]
        return ListedUseCase(self.use_case, self.enabled, actions if is_given else None)


class Group(BaseModel):
    """A group to create, or with `group_id` to update: then absent fields stay, and null clears them."""

    name: PlainText
    slug: PlainText | None = None
    sheet_link: PlainText | None = None
    assistant_id: PlainText | None = None
    timezone: PlainText | None = None
    start_time: PlainText | None = None
    group_id: Annotated[PlainText, Field(min_length=24, max_length=24)] | None = None
    use_cases: list[UseCaseEntry] | None = None

    def to_domain(self) -> GroupInput:
        return GroupInput(
            name=self.name,
            fields={name: getattr(self, name) for name in self.model_fields_set & INPUT_FIELDS},
            group_id=self.group_id,
            use_cases=[use_case.to_domain() for use_case in self.use_cases or ()],
            expected_version=None,
        )


class UpsertParameters(BaseModel):
    """The provider, the group, and the integration where the team has several at the provider."""

    provider: ConnectedProvider
    integration_id: IntegrationId | None = None
    body: Group


def compute_upsert_cost(parameters: UpsertParameters) -> int:
    use_cases = parameters.body.use_cases or ()
    return 1946 + 50 * (len(use_cases) + sum(len(use_case.actions or ()) for use_case in use_cases))


async def answer_upsert(writer: Writer, viewer: Viewer, parameters: UpsertParameters) -> RestAnswer:
    """Create or update a group with the listed use cases; see `services.use_case_groups.upsert.upsert_group`.

    The answer has the listed use cases, and then others that changed with the group.
    """
    provider, group = Provider[parameters.provider.name], parameters.body.to_domain()
    try:
        result = await services.use_case_groups.upsert.upsert_group(
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
    body = {
        "group": _describe_group(result.group, writer),
        "outcome": result.outcome.value,
        "use_cases": [upserted.use_case.document for upserted in result.use_cases],
    }
    return RestAnswer(exact_json.encode(body))


def _describe_group(group: UseCaseGroup, writer: Writer) -> Document:
    next_run = find_next_run(group.start_time, group.timezone, writer.as_of)
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
