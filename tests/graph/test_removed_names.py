"""Names that the schema no longer has, so that none returns by accident."""

from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLSchema, build_schema

REMOVED = [
    "AppointmentConfig.id",
    "AppointmentConfigInput.id",
    "AppointmentTrend",
    "AppointmentsOverview",
    "ConnectedIntegration.patientStatistics(dateField:)",
    "IncomingWebhook.type",
    "IntegrationStatus",
    "LocationConfig.id",
    "LocationConfigInput.id",
    "OrganizationConfig.id",
    "OrganizationConfigInput.id",
    "OutgoingWebhook.type",
    "PatientConfig.id",
    "PatientConfigInput.id",
    "PatientTrend",
    "PatientsOverview",
    "PractitionerConfig.id",
    "PractitionerConfigInput.id",
    "Query.patientStatistics(dateField:)",
    "VisitingReasonConfig.id",
    "VisitingReasonConfigInput.id",
    "WebhookIntegration.type",
    "WebhookType",
]
"""Types, fields, enum values and arguments, as schema coordinates."""

PRESENT = [
    "BookingStatus.FAILED",
    "Query.appointmentStatistics(dateField:)",
    "StatisticsTrend",
    "StatisticsTrend.day",
    "StringFilter.eq",
]
"""One coordinate of each form, which the schema has."""


def list_coordinates(schema: GraphQLSchema) -> set[str]:
    """Return the coordinates of all types, fields, enum values and arguments of a schema."""
    found = set(schema.type_map)
    for name, type_ in schema.type_map.items():
        members = type_.values if isinstance(type_, GraphQLEnumType) else getattr(type_, "fields", {})
        for member, definition in members.items():
            found.add(f"{name}.{member}")
            found |= {f"{name}.{member}({argument}:)" for argument in getattr(definition, "args", ())}
    return found


@pytest.fixture(scope="module")
def coordinates() -> set[str]:
    return list_coordinates(build_schema((Path(__file__).parents[2] / "schema.graphql").read_text()))


@pytest.mark.parametrize("coordinate", REMOVED)
def test_a_removed_name_does_not_return(coordinates: set[str], coordinate: str) -> None:
    assert coordinate not in coordinates


@pytest.mark.parametrize("coordinate", PRESENT)
def test_a_name_of_each_form_would_be_found(coordinates: set[str], coordinate: str) -> None:
    assert coordinate in coordinates
