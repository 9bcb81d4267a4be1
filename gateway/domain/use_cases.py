"""Use cases and their actions: known use cases, changes to documents, and columns that documents determine."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from gateway.domain.documents import AuditColumns, read_audit_columns
from gateway.domain.enums import ActionType, Status, UseCaseKey, UseCaseType
from gateway.domain.ids import new_logical_id
from gateway.domain.lenient_reading import Document, Json

DEFAULT_DAYS = 7
MAX_DAYS = 365


class ActionIdentity(NamedTuple):
    """The key of an action in a use case, for inputs without a logical id."""

    type: str
    days: int
    context: str


@dataclass(frozen=True, slots=True)
class ActionInput:
    """An action in a mutation. `changes` has values for other keys of the stored action."""

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
    """Return the actions of a use case's `config`, without entries that are not objects."""
    stored = config.get("actions")
    return [action for action in stored if isinstance(action, dict)] if isinstance(stored, list) else []


def _read_identity(action: Document) -> ActionIdentity:
    type_, days, context = action.get("actionType"), action.get("daysWindow"), action.get("context")
    return ActionIdentity(
        ActionType.SMS.value if type_ is None else str(type_),
        days if isinstance(days, int) else DEFAULT_DAYS,
        context if isinstance(context, str) else "",
    )


def _match_stored(stored: Iterable[Document], inputs: Sequence[ActionInput]) -> list[Document | None]:
    """Return the stored action of each input, or None: by its logical id, else by its identity.

    Inputs with a logical id choose first, and each stored action matches one input at most.
    """
    candidates = list(stored)
    by_key: dict[ActionIdentity | str, deque[int]] = defaultdict(deque)
    for number, candidate in enumerate(candidates):
        by_key[_read_identity(candidate)].append(number)
        logical_id = candidate.get("logicalId")
        if isinstance(logical_id, str):
            by_key[logical_id].append(number)
    matched: set[int] = set()
    found: list[Document | None] = [None] * len(inputs)
    for index, action in sorted(enumerate(inputs), key=lambda entry: entry[1].logical_id is None):
        numbers = by_key[action.identity if action.logical_id is None else action.logical_id]
        while numbers and found[index] is None:
            number = numbers.popleft()
            if number not in matched:
                matched.add(number)
                found[index] = candidates[number]
    return found


def merge_actions(stored: Sequence[Document], inputs: Sequence[ActionInput]) -> list[Document]:
    """Return the documents of the actions. A stored action keeps the keys that its input does not change.

    So does the word for its type if the input says OTHER.
    """
    return [
        {
            **_new_action(action),
            **(match or {}),
            **({} if action.type is ActionType.OTHER else {"actionType": action.type.value}),
            "templateName": action.template_name,
            "context": action.context,
            "daysWindow": action.days,
            **action.changes,
        }
        for action, match in zip(inputs, _match_stored(stored, inputs), strict=True)
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


class KnownUseCase(NamedTuple):
    """The `config.type` and `config.name` of a known use case."""

    type: UseCaseType
    name: str


KNOWN_USE_CASES: dict[UseCaseKey, KnownUseCase] = {
    UseCaseKey.NEW_PATIENT_APPOINTMENT_REMINDER: KnownUseCase(
        UseCaseType.APPOINTMENT_REMINDER_WITH_SHEET, "New Patients Appointment Reminder"
    ),
    UseCaseKey.FOLLOW_UP_APPOINTMENT_REMINDER: KnownUseCase(
        UseCaseType.APPOINTMENT_REMINDER_WITH_SHEET, "Follow Up Appointment Reminder"
    ),
    UseCaseKey.PROCEDURE_REMINDER: KnownUseCase(UseCaseType.APPOINTMENT_REMINDER_WITH_SHEET, "Procedure Reminder"),
    UseCaseKey.LAB_REMINDER: KnownUseCase(UseCaseType.LAB_REMINDER_WITH_SHEET, "Lab Reminder"),
    UseCaseKey.MEDICATION_REFILL_REMINDER: KnownUseCase(
        UseCaseType.MEDICATION_REFILL_WITH_SHEET, "Medication Refill Reminder"
    ),
    UseCaseKey.BILLING_REMINDER: KnownUseCase(UseCaseType.BILLING_REMINDER_WITH_SHEET, "Billing Reminder"),
    UseCaseKey.NO_SHOW_FOLLOW_UP: KnownUseCase(UseCaseType.NO_SHOW_FOLLOW_UP_WITH_SHEET, "No Show Follow Up"),
}
"""Type and name by key. No two keys have the same type and name."""

_KEYS_BY_CONFIG = {(known.type.value, known.name): key for key, known in KNOWN_USE_CASES.items()}
_TYPES_BY_VALUE = {type_.value: type_ for type_ in UseCaseType}


def parse_use_case_type(stored: str) -> UseCaseType:
    """Return the type of a stored `config.type`; an unknown one is OTHER."""
    return _TYPES_BY_VALUE.get(stored, UseCaseType.OTHER)


def build_scheduler_names(document: Document) -> list[str]:
    """Return the name of the scheduler of each scheduled action; none if the use case is not active."""
    config = document.get("config")
    if not isinstance(config, dict) or config.get("status") != Status.ACTIVE.value:
        return []
    scheduled = [action for action in get_actions(config) if action.get("schedule") is not None]
    return [f"uc-{document['_id']}-{action.get('logicalId')}" for action in scheduled]


def with_scheduler_names(document: Document) -> Document:
    """Return the document with the names of its schedulers."""
    return {**document, "schedulerNames": [*build_scheduler_names(document)]}


@dataclass(frozen=True, slots=True)
class UseCaseChanges:
    """Changes of a use case: keys of its `config`, and its actions unless they are None."""

    config: Document
    actions: Sequence[ActionInput] | None

    def apply(self, stored: Document) -> Document:
        """Return the changed document. It keeps its scheduler names unless the change affects them."""
        config = stored.get("config")
        config = {**(config if isinstance(config, dict) else {}), **self.config}
        if self.actions is not None:
            config["actions"] = [*merge_actions(get_actions(config), self.actions)]
        document: Document = {**stored, "config": config}
        is_same_names = build_scheduler_names(document) == build_scheduler_names(stored)
        return document if is_same_names else with_scheduler_names(document)


class UseCaseColumns(AuditColumns):
    """The columns of `gateway.database.tables.UseCase` that its document determines."""

    logical_id: str
    key: UseCaseKey | None
    type: str
    status: Status


def find_key(document: Document) -> UseCaseKey | None:
    """Return the key of a use case by its type and name; None if it is not a known one."""
    config = document.get("config")
    type_, name = (config.get("type"), config.get("name")) if isinstance(config, dict) else (None, None)
    return _KEYS_BY_CONFIG.get((type_, name)) if isinstance(type_, str) and isinstance(name, str) else None


def read_use_case_columns(document: Document, logical_id: str, at: datetime) -> UseCaseColumns:
    """Return the columns for an entry of `use_cases`.

    The key follows from type and name. Each status other than `active` is inactive.
    """
    config = document.get("config")
    config = config if isinstance(config, dict) else {}
    type_ = config.get("type")
    return UseCaseColumns(
        logical_id=logical_id,
        key=find_key(document),
        type=type_ if isinstance(type_, str) else "",
        status=Status.ACTIVE if config.get("status") == Status.ACTIVE.value else Status.INACTIVE,
        **read_audit_columns(document, at),
    )
