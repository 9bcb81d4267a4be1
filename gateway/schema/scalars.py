"""Custom scalars.

`TimeZone` and `Time` parse any text. The services check them, so that a wrong value is reported with its path and
together with the other problems of the input.
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
        instant = instants.parse_formatted(value) or (
            instants.parse_instant(value) if _INSTANT.fullmatch(value) else None
        )
        if instant is not None:
            return instant
    raise GraphQLError(
        "DateTime needs an RFC 3339 instant with an offset and at most milliseconds, such as "
        "2025-03-09T08:00:00Z or 2025-03-09T08:00:00.250-05:00."
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
    raise GraphQLError("Expected a string.")


def _serialize_time(value: time) -> str:
    return value.isoformat("seconds")


def _return_json(value: Json) -> Json:
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="RFC 3339 instant. Input needs an offset and has at most milliseconds. Output is UTC with "
        "milliseconds and `Z`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=instants.to_text,
        parse_value=_parse_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="Calendar date, such as `2025-03-09`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=date.isoformat,
        parse_value=_parse_date,
    ),
    Time: strawberry.scalar(
        name="Time",
        description="Wall-clock time of day from `00:00:00` to `23:59:59`, without offset and fraction.",
        serialize=_serialize_time,
        parse_value=_parse_text,
    ),
    TimeZone: strawberry.scalar(
        name="TimeZone",
        description="IANA name of a time zone, such as `America/Chicago`; case-sensitive.",
        specified_by_url="https://www.iana.org/time-zones",
        serialize=str,
        parse_value=_parse_text,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value, in the spelling of the documents.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=_return_json,
        parse_value=_return_json,
    ),
}
