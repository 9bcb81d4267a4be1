"""What keys for widgets may ask. Such a key stands in public pages, so everybody may ask it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from gateway.errors import NotForWidgets
from gateway.execution import ExecutableDocument

_EVERY = ("...",)

FIELDS: Mapping[str, Sequence[str]] = {
    "Query": ("integration", "integrations", "appointmentStatistics"),
    "IntegrationConnection": ("nodes", "totalCount"),
    "Integration": ("id", "name", "enabled"),
    "ConnectedIntegration": ("id", "name", "enabled", "status", "timezone", "appointmentStatistics"),
    "AppointmentStatistics": _EVERY,
    "AppointmentStatisticsPreviousPeriod": _EVERY,
    "AppointmentsOverview": _EVERY,
    "AppointmentTrend": _EVERY,
    "StatisticsBucket": _EVERY,
}
"""By their types. No cursors: they hold what a list is sorted by."""

HIDDEN_ARGUMENTS = frozenset({"createdBy", "filter", "search"})
"""They would tell of what is not shown: who made something, whether somebody is a patient."""


def require(schema: GraphQLSchema, document: ExecutableDocument) -> None:
    """Raises NotForWidgets for a document with anything else in it, be it in another operation of it."""
    asked, allowed = document.coordinates(schema), _allowed(schema)
    if not allowed.issuperset(asked):
        raise NotForWidgets(next(coordinate for coordinate in asked if coordinate not in allowed))


@cache
def _allowed(schema: GraphQLSchema) -> frozenset[str]:
    return frozenset(_coordinates(schema))


def _coordinates(schema: GraphQLSchema) -> Iterator[str]:
    for name, fields in FIELDS.items():
        type_ = schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)  # noqa: S101 (a test asks for it)
        for field in type_.fields if fields is _EVERY else fields:
            yield f"{name}.{field}"
            arguments = type_.fields[field].args.keys() - HIDDEN_ARGUMENTS
            yield from (f"{name}.{field}({argument}:)" for argument in arguments)
