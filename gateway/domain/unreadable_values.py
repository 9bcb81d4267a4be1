"""Find the values of imported documents that cannot be read. They are stored, and the graph ignores them."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from gateway.domain.calendar import instants, timezones
from gateway.domain.documents import RESOURCE_RECORDS, USE_CASES, DocumentPath
from gateway.domain.enums import ResourceType
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.webhooks import WEBHOOK_TYPES

_MAX_INT = 2**31
_PLAIN_TYPES = frozenset({str, type(None)})


class UnreadableValue(NamedTuple):
    """A value of a document that cannot be read."""

    message: str
    path: DocumentPath


@dataclass(frozen=True, slots=True)
class Expected:
    """What a key of a document must have to be read. Null is always allowed."""

    name: str
    """For messages, such as `a text`."""
    is_valid: Callable[[Json], bool]
    item: "Expected | None" = None
    """What each item of a list must be."""
    members: "Shape | None" = None
    """What the keys of an object must have."""


class Shape(dict[str, Expected]):
    """What the keys of an object must have to be read."""

    def __init__(self, expected: Mapping[str, Expected]) -> None:
        super().__init__(expected)
        self.others = [(key, each) for key, each in expected.items() if each is not _TEXT]
        """The keys that must have anything else than a text."""


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_integer(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_MAX_INT <= value < _MAX_INT


def _is_instant(value: Json) -> bool:
    return isinstance(value, str) and instants.parse_instant(value) is not None


def _is_date(value: Json) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_timezone(value: Json) -> bool:
    return isinstance(value, str) and timezones.is_timezone(value)


def _is_person(value: Json) -> bool:
    return isinstance(value.get("_id") if isinstance(value, dict) else value, str)


def _expect_object(members: Mapping[str, Expected]) -> Expected:
    return Expected("an object", lambda value: isinstance(value, dict), members=Shape(members))


def _expect_list(item: Expected) -> Expected:
    return Expected("a list", lambda value: isinstance(value, list), item=item)


_TEXT = Expected("a text", _is_text)
_FLAG = Expected("true or false", lambda value: isinstance(value, bool))
_INTEGER = Expected("a whole number of 32 bits", _is_integer)
_INSTANT = Expected("an instant such as `2024-01-31T08:00:00.000Z`", _is_instant)
_DATE = Expected("a date such as `2024-01-31`", _is_date)
_TIMEZONE = Expected("the IANA name of a time zone, such as `America/Chicago`", _is_timezone)
_PERSON = Expected("the id of a user, or an object with its `_id`", _is_person)
_TEXTS = _expect_list(_TEXT)


def _expect_texts(*keys: str) -> Mapping[str, Expected]:
    return dict.fromkeys(keys, _TEXT)


_AUDITED = Shape(
    {
        **_expect_texts("logicalId", "teamId", "createdBy", "updatedBy"),
        **dict.fromkeys(("createdAt", "updatedAt"), _INSTANT),
    }
)

WEBHOOK = Shape(
    {
        **_expect_texts("name", "teamId", "username", "userId", "alias", "avatar", "emoji", "event", "targetRoom"),
        **_expect_texts("script", "scriptCompiled", "scriptEngine", "token", "retryDelay"),
        **dict.fromkeys(("channel", "urls", "triggerWords"), _TEXTS),
        **dict.fromkeys(("enabled", "scriptEnabled", "overrideDestinationChannelEnabled"), _FLAG),
        **dict.fromkeys(("triggerWordAnywhere", "impersonateUser", "runOnEdits", "retryFailedCalls"), _FLAG),
        "retryCount": _INTEGER,
        **dict.fromkeys(("_createdAt", "_updatedAt"), _INSTANT),
        **dict.fromkeys(("_createdBy", "_updatedBy"), _PERSON),
    }
)

CONNECTED_INTEGRATION = Shape(
    {
        **_AUDITED,
        **_expect_texts("name", "status", "access"),
        "timezone": _TIMEZONE,
        "config": _expect_object(
            {
                **_expect_texts("provider", "authType", "accessToken", "refreshToken", "tokenType", "scope"),
                **_expect_texts("authUserEmail", "authUserName", "errorMessage"),
                **dict.fromkeys(("expiresAt", "connectedAt", "renewedAt"), _INSTANT),
            }
        ),
    }
)

SCHEDULE = Shape(
    {
        "field": _TEXT,
        **dict.fromkeys(("startDateTime", "endDateTime", "triggerAt"), _INSTANT),
    }
)

ACTION = Shape(
    {
        **_expect_texts("logicalId", "actionType", "templateName", "context", "status"),
        "reportEmails": _TEXTS,
        "daysWindow": _INTEGER,
        "schedule": _expect_object(SCHEDULE),
    }
)

USE_CASE = Shape(
    {
        **_AUDITED,
        **_expect_texts("integrationId"),
        "schedulerNames": _TEXTS,
        "config": _expect_object(
            {
                **_expect_texts("type", "name", "displayName", "assistantId", "status", "sheetLink"),
                "timezone": _TIMEZONE,
                "actions": _expect_list(_expect_object(ACTION)),
            }
        ),
    }
)

RECORD = Shape({**_AUDITED, **_expect_texts("integrationId"), "config": _expect_object(_expect_texts("type"))})

APPOINTMENT = Shape(
    {
        **_expect_texts("id", "appointmentType", "bookingStatus", "errorMessage"),
        **_expect_texts("patientId", "patientName", "practitionerId", "practitionerName"),
        **_expect_texts("locationId", "locationName", "visitingReasonId", "visitingReasonName"),
        **_expect_texts("source", "utmSource", "utmMedium", "utmCampaign"),
        **dict.fromkeys(("start", "end"), _INSTANT),
    }
)

LOCATION = Shape({**_expect_texts("id", "name", "status", "address", "phone"), "timezone": _TIMEZONE})

ORGANIZATION = Shape(_expect_texts("id", "name", "status"))

PATIENT = Shape(
    {
        **_expect_texts("id", "firstName", "lastName", "gender", "phone", "email", "status"),
        **_expect_texts("bookingStatus", "source"),
        "birthDate": _DATE,
    }
)

SPECIALTY = Shape(_expect_texts("name", "code"))

PRACTITIONER_LOCATION = Shape(_expect_texts("locationId", "locationName"))

_SLOTS = _expect_list(
    Expected(
        "an object with a text as `start` and `end`",
        lambda value: isinstance(value, dict) and all(_is_text(value.get(key)) for key in ("start", "end")),
    )
)

WORKING_HOURS = Shape(dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), _SLOTS))

PRACTITIONER = Shape(
    {
        **_expect_texts("id", "organizationId", "npi", "name", "gender", "avatar", "summary", "qualification"),
        **_expect_texts("education", "supervisorId", "status"),
        **dict.fromkeys(("languages", "preferred_visiting_reasons"), _TEXTS),
        "specialties": _expect_list(_expect_object(SPECIALTY)),
        "locations": _expect_list(_expect_object(PRACTITIONER_LOCATION)),
        "workingHours": _expect_object(WORKING_HOURS),
    }
)

VISITING_REASON = Shape(
    {
        **_expect_texts("id", "name", "code", "description", "status"),
        "durationMinutes": _INTEGER,
        "appointmentTypes": _TEXTS,
    }
)


RECORD_CONFIGS: Mapping[str, Shape] = {
    ResourceType.APPOINTMENTS.value: APPOINTMENT,
    ResourceType.LOCATIONS.value: LOCATION,
    ResourceType.ORGANIZATIONS.value: ORGANIZATION,
    ResourceType.PATIENTS.value: PATIENT,
    ResourceType.PRACTITIONERS.value: PRACTITIONER,
    ResourceType.VISITING_REASONS.value: VISITING_REASON,
}
"""The shapes of the `config` of resource records, by its `type`."""


def find_unreadable_in_row(row: Document, path: DocumentPath) -> Iterator[UnreadableValue]:
    """Yield each value that cannot be read of a row of a document; its path tells what it is."""
    if path[0] == RESOURCE_RECORDS:
        return find_unreadable_in_record(row, path)
    if path[0] == USE_CASES:
        return find_unreadable(row, USE_CASE, path)
    is_webhook = row.get("type") in WEBHOOK_TYPES
    return find_unreadable(row, WEBHOOK if is_webhook else CONNECTED_INTEGRATION, path)


def find_unreadable_in_record(
    document: Document, path: DocumentPath, instants_read: Collection[object] = ()
) -> Iterator[UnreadableValue]:
    """Yield each value of an entry of `resource_records` that cannot be read."""
    yield from find_unreadable(document, RECORD, path, instants_read)
    config = document.get("config")
    if isinstance(config, dict):
        type_ = config.get("type")
        shape = RECORD_CONFIGS.get(type_) if isinstance(type_, str) else None
        if shape is not None:
            yield from find_unreadable(config, shape, (*path, "config"), instants_read)


def find_unreadable(
    values: Document, shape: Shape, path: DocumentPath, instants_read: Collection[object] = ()
) -> Iterator[UnreadableValue]:
    """Yield each value of an object, at any depth, that is not what the shape expects.

    `instants_read` are instants of the object that were read already; they are not parsed again.
    """
    # Most objects have texts only, and this finds out faster than a look at each key.
    is_plain = _PLAIN_TYPES.issuperset(map(type, values.values()))
    for key, expected in shape.others if is_plain else shape.items():
        value = values.get(key)
        if value is None or (expected is _TEXT and type(value) is str):
            continue
        if expected is not _INSTANT or value not in instants_read:
            yield from _find_in_value(value, expected, (*path, key))


def _find_in_value(value: Json, expected: Expected, path: DocumentPath) -> Iterator[UnreadableValue]:
    if not expected.is_valid(value):
        yield UnreadableValue(f"This must be {expected.name}, and is ignored.", path)
    elif isinstance(value, dict) and expected.members:
        yield from find_unreadable(value, expected.members, path)
    elif isinstance(value, list) and expected.item is not None:
        for index, item in enumerate(value):
            yield from _find_in_value(item, expected.item, (*path, index))
