"""The graph's own scalars.

`TimeZone` and `Time` take any text at the door: whether a zone exists and a time is one is said by the service
that needs it, with the argument's path and together with whatever else is wrong.
"""

import re
from datetime import date, datetime, time
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Json

TimeZone = NewType("TimeZone", str)
Time = NewType("Time", str)
JSON = NewType("JSON", object)

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3}0*)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _parse_instant(value: object) -> datetime:
    if isinstance(value, str):
        found = instants.parse_formatted(value) or (
            instants.parse_instant(value) if _INSTANT.fullmatch(value) else None
        )
        if found is not None:
            return found
    raise GraphQLError(
        "DateTime needs an RFC 3339 instant with an offset and at most milliseconds, "
        "such as 2025-03-09T08:00:00Z or 2025-03-09T08:00:00.250-05:00."
    )


def _parse_date(value: object) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise GraphQLError("Date needs a calendar date such as 2025-03-09.")


def _parse_text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise GraphQLError("A string is needed here.")


def _serialize_time(value: time) -> str:
    return value.isoformat("seconds")


def _return_json(value: Json) -> Json:
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An RFC 3339 instant. Input needs an offset; output is UTC with milliseconds and `Z`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=instants.to_text,
        parse_value=_parse_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar date such as `2025-03-09`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=date.isoformat,
        parse_value=_parse_date,
    ),
    Time: strawberry.scalar(
        name="Time",
        description="A wall-clock time of day such as `08:00:00`, without an offset.",
        serialize=_serialize_time,
        parse_value=_parse_text,
    ),
    TimeZone: strawberry.scalar(
        name="TimeZone",
        description="The IANA name of a time zone, such as `America/Chicago`.",
        specified_by_url="https://www.iana.org/time-zones",
        serialize=str,
        parse_value=_parse_text,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value; only where a third party owns the shape.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=_return_json,
        parse_value=_return_json,
    ),
}
