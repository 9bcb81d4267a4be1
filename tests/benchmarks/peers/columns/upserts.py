"""The input of an upsert, and its response from the rows that it wrote."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, cast

from gateway.domain.lenient_reading import Document
from tests.benchmarks.peers.columns.answers import Row, encode


class ListedAction(NamedTuple):
    """An action of the input."""

    action_type: str
    context: str
    days_window: int
    template_name: str


class ListedUseCase(NamedTuple):
    """A use case of the input, which the group already has."""

    key: str
    status: str
    actions: Sequence[ListedAction]


@dataclass(frozen=True, slots=True)
class Upsert:
    """The input of an upsert, read from GraphQL variables."""

    integration_id: str
    group_id: str
    name: str
    sheet_link: str
    assistant_id: str
    timezone: str
    start_time: str
    use_cases: Sequence[ListedUseCase]

    @classmethod
    def read(cls, variables: Document) -> Self:
        group = cast(dict[str, Any], variables["input"])
        use_cases = [
            ListedUseCase(
                entry["useCase"],
                "active" if entry["enabled"] else "inactive",
                [
                    ListedAction(each["actionType"].lower(), each["context"], each["day"], each["templateName"])
                    for each in entry["actions"]
                ],
            )
            for entry in group["useCases"]
        ]
        return cls(
            cast(str, variables["integrationId"]),
            group["groupId"],
            group["name"],
            group["sheetLink"],
            group["assistantId"],
            group["timezone"],
            group["startTime"],
            use_cases,
        )

    def build_answer(self, rows: Iterable[Row]) -> bytes:
        """Build the response from a row for each action, in the order of the input."""
        use_cases: dict[str, list[object]] = {}
        upserted: list[object] = []
        slug = None
        for slug, id, key, display_name, status, *action in rows:  # noqa: B007 (all rows have the same)
            if id not in use_cases:
                actions = use_cases[id] = []
                config = {
                    "displayName": display_name,
                    "status": status.upper(),
                    "sheetLink": self.sheet_link,
                    "actions": actions,
                }
                upserted.append({"outcome": "UPDATED", "useCase": {"id": id, "key": key, "config": config}})
            if action[0] is not None:
                use_cases[id].append(_build_action(*action))
        group = {
            "id": self.group_id,
            "name": self.name,
            "slug": slug,
            "sheetLink": self.sheet_link,
            "assistantId": self.assistant_id,
            "timezone": self.timezone,
            "startTime": self.start_time,
        }
        return encode(
            "upsertUseCaseGroup", {"outcome": "UPDATED", "group": group, "useCases": upserted, "errors": []}
        )


def _build_action(
    logical_id: str, type: str, template_name: str, context: str, days_window: int, status: str
) -> Mapping[str, object]:
    return {
        "logicalId": logical_id,
        "actionType": type.upper(),
        "templateName": template_name,
        "context": context,
        "daysWindow": days_window,
        "status": status.upper(),
    }
