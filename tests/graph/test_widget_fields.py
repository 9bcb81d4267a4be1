"""The fields and arguments that widget keys may use: none is public by accident."""

from collections.abc import Mapping

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType

from gateway.schema import schema
from gateway.schema.widgets import ALLOWED_FIELDS

DASHBOARD_FIELDS_NOT_PUBLIC: Mapping[str, set[str]] = {}
"""Fields of the dashboard's types, by type, that widget keys may not select."""


DASHBOARD_ARGUMENTS = {
    *("source", "utmSource", "utmMedium", "utmCampaign"),
    *("appointmentType", "size", "page", "dateField", "fillGaps"),
    *("start", "end", "days", "firstDay", "lastDay", "timezone"),
}
ARGUMENTS_NOT_PUBLIC = {
    "Query.integration": {"createdBy"},
    "Query.integrations": {"filter", "after", "last", "before"},
    "Query.appointmentStatistics": {"search"},
    "ConnectedIntegration.appointmentStatistics": {"search"},
}
"""Arguments of public fields that widget keys may not give."""


def test_the_public_fields_are_these() -> None:
    assert {name: set(fields) for name, fields in ALLOWED_FIELDS.items()} == {
        "Query": {"integration", "integrations", "appointmentStatistics"},
        "IntegrationConnection": {"nodes", "totalCount"},
        "Integration": {"id", "name", "enabled"},
        "ConnectedIntegration": {"id", "name", "enabled", "status", "timezone", "appointmentStatistics"},
        "AppointmentStatistics": {
            *("overview", "trends", "previousPeriod", "asOf"),
            *("source", "utmSource", "utmMedium", "utmCampaign"),
        },
        "AppointmentStatisticsPreviousPeriod": {"start", "end", "overview"},
        "StatisticsOverview": {"total", "successful", "failed", "pending"},
        "StatisticsTrend": {"date", "day", "successful", "failed", "pending"},
        "StatisticsBucket": {"value", "count", "successful", "failed", "pending"},
    }


def test_the_public_arguments_are_these() -> None:
    assert list_allowed_arguments() == {
        "Query.integration": {"id"},
        "Query.integrations": {"orderBy", "first", "offset"},
        "Query.appointmentStatistics": {"integrationId", *DASHBOARD_ARGUMENTS},
        "ConnectedIntegration.appointmentStatistics": DASHBOARD_ARGUMENTS,
        "AppointmentStatistics.trends": {"by"},
    }


def test_every_argument_of_a_public_field_is_public_or_listed_as_not_public() -> None:
    allowed = list_allowed_arguments()
    assert {
        f"{name}.{field}": set(definition.args)
        for name, fields in ALLOWED_FIELDS.items()
        for field, definition in get_type(name).fields.items()
        if field in fields and definition.args
    } == {field: arguments | ARGUMENTS_NOT_PUBLIC.get(field, set()) for field, arguments in allowed.items()}


def list_allowed_arguments() -> dict[str, set[str]]:
    return {
        f"{name}.{field}": set(arguments)
        for name, fields in ALLOWED_FIELDS.items()
        for field, arguments in fields.items()
        if arguments
    }


@pytest.mark.parametrize(
    "name",
    sorted(ALLOWED_FIELDS.keys() - {"Query", "IntegrationConnection", "Integration", "ConnectedIntegration"}),
)
def test_every_field_of_the_dashboard_is_public_or_listed_as_not_public(name: str) -> None:
    assert fields_of(name) == {*ALLOWED_FIELDS[name], *DASHBOARD_FIELDS_NOT_PUBLIC.get(name, ())}


def test_the_public_fields_exist() -> None:
    for name, fields in ALLOWED_FIELDS.items():
        assert set(fields) <= fields_of(name)


def fields_of(name: str) -> set[str]:
    return set(get_type(name).fields)


def get_type(name: str) -> GraphQLObjectType | GraphQLInterfaceType:
    type_ = schema._schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    return type_
