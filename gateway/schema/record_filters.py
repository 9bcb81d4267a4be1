"""Filters of records by value."""

from enum import Enum

import strawberry
from strawberry.utils.str_converters import to_camel_case

from gateway import services
from gateway.domain.enums import AppointmentType, BookingStatus, ResourceType
from gateway.domain.integration_filters import InstantFilter
from gateway.domain.record_filters import RecordFilter
from gateway.domain.statistics import MAX_FILTER_VALUES, ValueFilter
from gateway.errors import ProblemList
from gateway.schema.inputs import get_provided_fields, optional_field
from gateway.schema.integration_filters import DateTimeFilter

_OF_APPOINTMENTS = "Only appointments have one. Null: any."


@strawberry.input(
    description="The records behind a number: the same conditions as the statistics'; needs READ_RECORDS. "
    "Conditions are combined with AND, and a null condition is ignored. A list matches one of its values, at most "
    f"{MAX_FILTER_VALUES}; an empty list matches nothing. Only appointments and patients have such values."
)
class ResourceRecordFilter:
    booking_status: list[BookingStatus] | None = optional_field(
        "The status is one of these, as the statistics count it. Null: any."
    )
    appointment_type: list[AppointmentType] | None = optional_field(
        f"The type of the appointment is one of these. {_OF_APPOINTMENTS}"
    )
    source: list[str] | None = optional_field(
        "The source is one of these, as the breakdown `source` shows it, such as `unknown`. Null: any."
    )
    utm_source: list[str] | None = optional_field(
        f"The value of the breakdown `utmSource` is one of these, such as `direct`. {_OF_APPOINTMENTS}"
    )
    utm_medium: list[str] | None = optional_field(
        f"The value of the breakdown `utmMedium` is one of these, such as `not set`. {_OF_APPOINTMENTS}"
    )
    utm_campaign: list[str] | None = optional_field(
        f"The value of the breakdown `utmCampaign` is one of these, such as `not set`. {_OF_APPOINTMENTS}"
    )
    created_at: DateTimeFilter | None = optional_field("Conditions on the time of creation. Null: any.")
    start: DateTimeFilter | None = optional_field(f"Conditions on the start of the visit. {_OF_APPOINTMENTS}")


def parse_record_filter(type: ResourceType | None, filter: ResourceRecordFilter | None) -> RecordFilter:
    """Return the conditions. Raises Refused (INVALID) with all lists that are too long."""
    given = {} if filter is None else {**get_provided_fields(filter)}
    instants = {name: _to_instant_filter(given.pop(name, None)) for name in ("created_at", "start")}
    problems = ProblemList()
    for name, test in instants.items():
        listed = None if test is None else test.in_
        services.record_filters.check_values(listed, problems, "filter", to_camel_case(name), "in")
    for name, values in given.items():
        services.record_filters.check_values(values, problems, "filter", to_camel_case(name))
    problems.raise_if_any()
    values = {name: None if each is None else map(_to_text, each) for name, each in given.items()}
    return RecordFilter(type, ValueFilter.create(**values), **instants)


def _to_instant_filter(filter: DateTimeFilter | None) -> InstantFilter | None:
    """Return the conditions, or None if there are none."""
    found = InstantFilter() if filter is None else filter.to_domain()
    return None if found == InstantFilter() else found


def _to_text(value: str | Enum) -> str:
    return str(value.value) if isinstance(value, Enum) else value
