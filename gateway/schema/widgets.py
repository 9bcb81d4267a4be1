"""What keys for widgets may ask. Such a key stands in public pages, so everybody may ask it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from gateway.errors import NotForWidgets
from gateway.execution import ExecutableDocument

_ALL_FIELDS = ("...",)

ALLOWED_FIELDS: Mapping[str, Sequence[str]] = {
    "Query": ("integration", "integrations", "appointmentStatistics"),
    "IntegrationConnection": ("nodes", "totalCount"),
    "Integration": ("id", "name", "enabled"),
    "ConnectedIntegration": ("id", "name", "enabled", "status", "timezone", "appointmentStatistics"),
    "AppointmentStatistics": _ALL_FIELDS,
    "AppointmentStatisticsPreviousPeriod": _ALL_FIELDS,
    "AppointmentsOverview": _ALL_FIELDS,
    "AppointmentTrend": _ALL_FIELDS,
    "StatisticsBucket": _ALL_FIELDS,
}
"""By their types. No cursors: they hold what a list is sorted by."""

HIDDEN_ARGUMENTS = frozenset({"createdBy", "filter", "search"})
"""They would tell of what is not shown: who made something, whether somebody is a patient."""


def require_allowed(schema: GraphQLSchema, document: ExecutableDocument) -> None:
    """Raises NotForWidgets for a document with anything else in it, be it in another operation of it."""
    selected, allowed = document.list_coordinates(schema), _get_allowed_coordinates(schema)
    if not allowed.issuperset(selected):
        raise NotForWidgets(next(coordinate for coordinate in selected if coordinate not in allowed))


@cache
def _get_allowed_coordinates(schema: GraphQLSchema) -> frozenset[str]:
    return frozenset(_iterate_coordinates(schema))


def _iterate_coordinates(schema: GraphQLSchema) -> Iterator[str]:
    for name, fields in ALLOWED_FIELDS.items():
        type_ = schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)  # noqa: S101 (a test asks for it)
        for field in type_.fields if fields is _ALL_FIELDS else fields:
            yield f"{name}.{field}"
            arguments = type_.fields[field].args.keys() - HIDDEN_ARGUMENTS
            yield from (f"{name}.{field}({argument}:)" for argument in arguments)
