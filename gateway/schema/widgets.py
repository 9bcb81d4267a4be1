"""Allow-list of fields and arguments for widget keys, which public pages contain."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from gateway.errors import NotForWidgets
from gateway.execution import ExecutableDocument

ALLOWED_FIELDS: Mapping[str, Sequence[str]] = {
    "Query": ("integration", "integrations", "appointmentStatistics"),
    "IntegrationConnection": ("nodes", "totalCount"),
    "Integration": ("id", "name", "enabled"),
    "ConnectedIntegration": ("id", "name", "enabled", "status", "timezone", "appointmentStatistics"),
    "AppointmentStatistics": (
        "overview",
        "trends",
        "source",
        "utmSource",
        "utmMedium",
        "utmCampaign",
        "previousPeriod",
        "asOf",
    ),
    "AppointmentStatisticsPreviousPeriod": ("start", "end", "overview"),
    "AppointmentsOverview": ("total", "successful", "failed", "pending"),
    "AppointmentTrend": ("date", "day", "successful", "failed", "pending"),
    "StatisticsBucket": ("value", "count", "successful", "failed", "pending"),
}
"""Fields that a widget key may select, by type. No cursors, because they contain sort keys such as user names.

A new field of a type is not allowed until it is listed here.
"""

HIDDEN_ARGUMENTS = frozenset({"createdBy", "filter", "search"})
"""Arguments that a widget key may not use: they reveal creators, and whether a person is a patient."""


def require_allowed(schema: GraphQLSchema, document: ExecutableDocument) -> None:
    """Raise NotForWidgets if any operation of the document selects a field or argument that is not allowed."""
    selected, allowed = document.list_coordinates(schema), _get_allowed_coordinates(schema)
    if not allowed.issuperset(selected):
        raise NotForWidgets(next(coordinate for coordinate in selected if coordinate not in allowed))


@cache
def _get_allowed_coordinates(schema: GraphQLSchema) -> frozenset[str]:
    return frozenset(_iterate_coordinates(schema))


def _iterate_coordinates(schema: GraphQLSchema) -> Iterator[str]:
    for name, fields in ALLOWED_FIELDS.items():
        type_ = schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)  # noqa: S101 (a test checks it)
        for field in fields:
            yield f"{name}.{field}"
            arguments = type_.fields[field].args.keys() - HIDDEN_ARGUMENTS
            yield from (f"{name}.{field}({argument}:)" for argument in arguments)
