"""Allow-list of fields and arguments for widget keys, which public pages contain."""

from collections.abc import Iterator, Mapping, Sequence

from graphql import GraphQLSchema

from gateway.errors import NotForWidgets
from gateway.execution import ExecutableDocument

_STATISTICS_ARGUMENTS = (
    "appointmentType",
    "source",
    "utmSource",
    "utmMedium",
    "utmCampaign",
    "size",
    "page",
    "start",
    "end",
    "days",
    "firstDay",
    "lastDay",
    "timezone",
    "dateField",
    "fillGaps",
)

ALLOWED_FIELDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "Query": {
        "integration": ("id",),
        "integrations": ("orderBy", "first", "offset"),
        "appointmentStatistics": ("integrationId", *_STATISTICS_ARGUMENTS),
    },
    "IntegrationConnection": {"nodes": (), "totalCount": ()},
    "Integration": {"id": (), "name": (), "enabled": ()},
    "ConnectedIntegration": {
        "id": (),
        "name": (),
        "enabled": (),
        "status": (),
        "timezone": (),
        "appointmentStatistics": _STATISTICS_ARGUMENTS,
    },
    "AppointmentStatistics": {
        "overview": (),
        "trends": ("by",),
        "source": (),
        "utmSource": (),
        "utmMedium": (),
        "utmCampaign": (),
        "previousPeriod": (),
        "asOf": (),
    },
    "AppointmentStatisticsPreviousPeriod": {"start": (), "end": (), "overview": ()},
    "StatisticsOverview": {"total": (), "successful": (), "failed": (), "pending": ()},
    "StatisticsTrend": {"date": (), "day": (), "successful": (), "failed": (), "pending": ()},
    "StatisticsBucket": {"value": (), "count": (), "successful": (), "failed": (), "pending": ()},
}
"""Fields that a widget key may select, by type, and the arguments that it may give each.

A new field or argument is not allowed until it is listed here. Not listed are, for example:

- `createdBy` and `filter`, which reveal creators and user names;
- `search`, which reveals whether a person is a patient;
- cursors, and the arguments that take them: they contain the values that sort a list.
"""


def require_allowed(schema: GraphQLSchema, document: ExecutableDocument) -> None:
    """Raise NotForWidgets if any operation of the document selects a field or argument that is not allowed."""
    selected = document.list_coordinates(schema)
    if not _ALLOWED_COORDINATES.issuperset(selected):
        raise NotForWidgets(next(coordinate for coordinate in selected if coordinate not in _ALLOWED_COORDINATES))


def _iterate_coordinates() -> Iterator[str]:
    for name, fields in ALLOWED_FIELDS.items():
        for field, arguments in fields.items():
            yield f"{name}.{field}"
            yield from (f"{name}.{field}({argument}:)" for argument in arguments)


_ALLOWED_COORDINATES = frozenset(_iterate_coordinates())
