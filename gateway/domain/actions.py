"""Actions: the texts and calls of a use case, which stand in its document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.domain.enums import ActionType, Status
from gateway.domain.ids import new_logical_id
from gateway.domain.lenient_reading import Document, Json

DEFAULT_DAYS = 7
MAX_DAYS = 365


class ActionIdentity(NamedTuple):
    """By what an action is known when nobody names its logical id."""

    type: str
    days: int
    context: str


@dataclass(frozen=True, slots=True)
class ActionInput:
    """An action as it is asked for; `given` holds those of its other keys that are to change, as stored."""

    type: ActionType
    context: str
    days: int
    template_name: str
    logical_id: str | None = None
    changes: Mapping[str, Json] = field(default_factory=dict)

    @property
    def identity(self) -> ActionIdentity:
        return ActionIdentity(self.type.value, self.days, self.context)


def get_actions(config: Mapping[str, Json]) -> list[Document]:
    """The actions of a use case's `config`, without what is no action."""
    stored = config.get("actions")
    return [action for action in stored if isinstance(action, dict)] if isinstance(stored, list) else []


def _read_identity(action: Document) -> ActionIdentity:
    type_, days, context = action.get("actionType"), action.get("daysWindow"), action.get("context")
    return ActionIdentity(
        type_ if isinstance(type_, str) else ActionType.SMS.value,
        days if isinstance(days, int) else DEFAULT_DAYS,
        context if isinstance(context, str) else "",
    )


def _match_stored(stored: Iterable[Document], inputs: Sequence[ActionInput]) -> list[Document | None]:
    """Which stored action each asked one is: by its logical id, else by its identity; none is taken twice."""
    left = list(stored)
    found: list[Document | None] = [None] * len(inputs)
    for place, action in sorted(enumerate(inputs), key=lambda entry: entry[1].logical_id is None):
        for candidate in left:
            if action.logical_id is None:
                same = _read_identity(candidate) == action.identity
            else:
                same = candidate.get("logicalId") == action.logical_id
            if same:
                found[place] = candidate
                left.remove(candidate)
                break
    return found


def merge_actions(stored: Sequence[Document], inputs: Sequence[ActionInput]) -> list[Document]:
    """The actions asked for; those that are stored already keep whatever was not asked to change."""
    return [
        {
            **_new_action(action),
            **(kept or {}),
            "actionType": action.type.value,
            "templateName": action.template_name,
            "context": action.context,
            "daysWindow": action.days,
            **action.changes,
        }
        for action, kept in zip(inputs, _match_stored(stored, inputs), strict=True)
    ]


def _new_action(action: ActionInput) -> Document:
    return {
        "logicalId": new_logical_id("action"),
        "actionType": action.type.value,
        "templateName": action.template_name,
        "context": action.context,
        "reportEmails": [],
        "daysWindow": action.days,
        "status": Status.ACTIVE.value,
        "schedule": None,
    }
