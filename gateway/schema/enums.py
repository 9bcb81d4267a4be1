"""Descriptions of the enums and their values."""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from gateway.domain import enums


def _describe(enum_type: type[Enum], description: str, **values: str) -> None:
    described = strawberry.enum(enum_type, description=description)
    definition: StrawberryEnumDefinition = getattr(described, "__strawberry_definition__")  # noqa: B009 (untyped)
    if set(values) != {value.name for value in definition.values}:
        raise TypeError(f"{enum_type.__name__} needs one description for each value")
    for value in definition.values:
        value.description = values[value.name]


_describe(
    enums.Permission,
    "What a key may do. An operator grants permissions when creating the key.",
    READ_INTEGRATIONS="Read connected integrations, groups and use cases.",
    WRITE_INTEGRATIONS="Create, change, import and delete connected integrations, groups and use cases.",
    READ_RECORDS="Read resource records and both dashboards.",
    WRITE_RECORDS="Create, change, import and delete resource records.",
    READ_STATISTICS="Read the appointments dashboard, without `search`. A key with this permission alone is a "
    "widget key: it can also read the names and status of connected integrations, and nothing else.",
    READ_SECRETS="Read access and refresh tokens; each read is written to the audit log.",
    MANAGE_INCOMING_INTEGRATIONS="Read and change all incoming webhooks of the team.",
    MANAGE_OWN_INCOMING_INTEGRATIONS="Read and change the incoming webhooks that the user created.",
    MANAGE_OUTGOING_INTEGRATIONS="Read and change all outgoing webhooks of the team.",
    MANAGE_OWN_OUTGOING_INTEGRATIONS="Read and change the outgoing webhooks that the user created.",
    ADMIN="All other permissions, sharing an integration with every team, and reading the audit log.",
)
_describe(
    enums.IntegrationKind,
    "Kind of integration.",
    CONNECTED="Account at a provider, connected for a team.",
    INCOMING_WEBHOOK="Webhook that posts the messages it receives; `webhook-incoming` in the documents.",
    OUTGOING_WEBHOOK="Webhook that calls URLs when an event happens; `webhook-outgoing` in the documents.",
)
_describe(
    enums.Provider,
    "Provider of the account of a connected integration. An unknown provider reads as OTHER.",
    MICROSOFT="Microsoft 365.",
    GOOGLE="Google.",
    OTHER="Unknown provider; the stored document stays unchanged. INVALID as input, except in filters.",
)
_describe(
    enums.AuthType,
    "How the account was connected. An unknown way reads as OTHER.",
    OAUTH="OAuth 2.",
    OTHER="Unknown way; the stored document stays unchanged.",
)
_describe(
    enums.TokenState,
    "State of the access token at the time of the query.",
    VALID="The token does not expire within 24 hours, or has no expiry time.",
    EXPIRING_SOON="The token expires within 24 hours.",
    EXPIRED="The token has expired.",
    MISSING="There is no access token.",
)
_describe(
    enums.IntegrationAccess,
    "Who may see a connected integration.",
    PERSONAL="Only its creator.",
    TEAM="Everybody in the team.",
    SYSTEM="Every team. Its groups, use cases, records and dashboards stay with its own team.",
)
_describe(
    enums.Status,
    "Whether something is in use, or switched on.",
    ACTIVE="In use, or switched on.",
    INACTIVE="Not in use, or switched off.",
)
_describe(
    enums.SecretsMode,
    "Whether an export includes access and refresh tokens.",
    OMIT="Leave them out and list them in `redactedFields`.",
    INCLUDE="Include them. Needs READ_SECRETS and writes an entry to the audit log.",
)
_describe(
    enums.GroupsMode,
    "Whether an export includes the groups of use cases.",
    OMIT="Leave them out.",
    INCLUDE="Add the key `use_case_groups` to `document`, so that an import restores groups with their slugs.",
)
_describe(
    enums.WebhookEvent,
    "Event that makes an outgoing webhook call its URLs.",
    SEND_MESSAGE="A message was sent. Uses `channel` and `triggerWords`. `sendMessage` in the documents.",
    FILE_UPLOADED="A file was uploaded. Uses `channel`. `fileUploaded` in the documents.",
    ROOM_ARCHIVED="A room was archived. `roomArchived` in the documents.",
    ROOM_CREATED="A room was created. `roomCreated` in the documents.",
    ROOM_JOINED="A user joined a room. Uses `channel`. `roomJoined` in the documents.",
    ROOM_LEFT="A user left a room. Uses `channel`. `roomLeft` in the documents.",
    USER_CREATED="A user was created. Requires `targetRoom`. `userCreated` in the documents.",
    OTHER="Unknown event; the stored document stays unchanged. INVALID as input, except in filters.",
)
_describe(
    enums.RetryDelay,
    "Delays between the retries of an outgoing webhook.",
    POWERS_OF_TEN="1, 10, 100 … seconds; `powers-of-ten` in the documents.",
    POWERS_OF_TWO="1, 2, 4 … seconds; `powers-of-two` in the documents.",
    INCREMENTS_OF_TWO="2, 4, 6 … seconds; `increments-of-two` in the documents.",
)
_describe(
    enums.IntegrationOrderField,
    "Sort key of a list of integrations. Ties are broken by id, then by team.",
    ID="Id, by code point.",
    KIND="Kind: CONNECTED, INCOMING_WEBHOOK, then OUTGOING_WEBHOOK in ASC.",
    NAME="Name, case-insensitive.",
    ENABLED="Whether it is switched on; those switched off sort first in ASC.",
    CREATED_AT="Time of creation.",
    UPDATED_AT="Time of the last change.",
    USERNAME="Username, case-insensitive; null sorts first in ASC.",
    CREATED_BY="Id of the creator; null sorts first in ASC.",
    EVENT="Event of an outgoing webhook, by its word in documents (`sendMessage`); null sorts first in ASC.",
    USER_ID="Id of the user that a webhook acts as; null sorts first in ASC.",
)
_describe(
    enums.SortDirection,
    "Sort direction.",
    ASC="Ascending: smallest or earliest first.",
    DESC="Descending: largest or latest first.",
)
_describe(
    enums.ScheduleField,
    "How often a schedule runs.",
    ONE_TIME="Once; `oneTime` in the documents.",
    RECURRING="Every day; `recurring` in the documents.",
)
_describe(
    enums.ActionType,
    "How an action reaches a patient. An unknown way reads as OTHER.",
    SMS="Text message.",
    CALL="Telephone call.",
    OTHER="Unknown way. INVALID as input, except in `UseCaseActionPatch` with the `logicalId` of an action that "
    "has it: the stored word stays.",
)
_describe(
    enums.UseCaseKey,
    "Use cases that a group can contain, each at most once.",
    NEW_PATIENT_APPOINTMENT_REMINDER="Reminds new patients of an appointment.",
    FOLLOW_UP_APPOINTMENT_REMINDER="Reminds of a follow-up appointment.",
    PROCEDURE_REMINDER="Reminds of a procedure.",
    LAB_REMINDER="Reminds of a laboratory visit or informs of a result.",
    MEDICATION_REFILL_REMINDER="Reminds of a medication refill.",
    BILLING_REMINDER="Reminds of a bill.",
    NO_SHOW_FOLLOW_UP="Follows up on a missed appointment.",
)
_describe(
    enums.UseCaseType,
    "Type of use case. An unknown type reads as OTHER.",
    APPOINTMENT_REMINDER_WITH_SHEET="Appointment reminders from a sheet.",
    LAB_REMINDER_WITH_SHEET="Laboratory reminders from a sheet.",
    MEDICATION_REFILL_WITH_SHEET="Medication refill reminders from a sheet.",
    BILLING_REMINDER_WITH_SHEET="Billing reminders from a sheet.",
    NO_SHOW_FOLLOW_UP_WITH_SHEET="Follow-ups on missed appointments from a sheet.",
    OTHER="Unknown type; the stored document stays unchanged.",
)
_describe(
    enums.ResourceType,
    "Type of resource record. An unknown type reads as OTHER.",
    PRACTITIONERS="Person who treats patients.",
    LOCATIONS="Place where patients are seen.",
    APPOINTMENTS="Booking of a visit.",
    PATIENTS="Patient of the clinic.",
    ORGANIZATIONS="Clinic or group of clinics.",
    VISITING_REASONS="Reason for a visit that patients can book.",
    OTHER="Unknown type; the stored document stays unchanged.",
)
_describe(
    enums.AppointmentType,
    "Type of visit.",
    NP="New patient; `NP` in the documents.",
    F_U="Follow-up; `F/U` in the documents.",
    ASC_FU="Follow-up at the surgery centre; `ASC_FU` in the documents.",
    FU_TELE="Follow-up by video or telephone; `FU Tele` in the documents.",
    PROCEDURE="Procedure; `PROCEDURE` in the documents.",
    PROV_USE="Time reserved for the provider; `PROV_USE` in the documents.",
    RAP_ACCESS="Rapid access; `RAP_ACCESS` in the documents.",
)
_describe(
    enums.BookingStatus,
    "State of the booking of an appointment, or of the registration of a patient.",
    PENDING="Not decided yet.",
    SUCCESSFUL="Booked or registered.",
    FAILED="Not booked or registered.",
)
_describe(
    enums.StatisticsDateField,
    "Time of an appointment that the time range and `trends` refer to.",
    CREATED_AT="Time of the booking (`createdAt` of the record).",
    START="Start of the visit (`config.start`).",
)
_describe(
    enums.TrendPeriod,
    "Period of each entry of `trends`. Weeks begin on Monday; `date` and `day` are those of the period's first "
    "local day within the range.",
    DAY="Local day.",
    WEEK="Local days from Monday to Sunday.",
    MONTH="Local days of a month of the calendar.",
)
_describe(
    enums.ErrorCode,
    "Code of a problem in the `errors` of a mutation. A query has the same code in `errors[].extensions.code`, "
    "except `BAD_USER_INPUT` for INVALID.",
    INVALID="A value is not allowed; the message gives the allowed values.",
    REQUIRED="A required value is missing, null or blank.",
    NOT_FOUND="The object does not exist, or the viewer may not see it.",
    FORBIDDEN="The key lacks the permission that the message names.",
    CONFLICT="The input conflicts with a stored object, such as a `slug` in use.",
    VERSION_CONFLICT="The object has another version than `expectedVersion`.",
    DUPLICATE="The input contains the same object twice.",
    TOO_MANY="A list of the input is too long; the message gives the limit.",
)
_describe(
    enums.Outcome,
    "Effect of an upsert or import on an object.",
    CREATED="The object was created.",
    UPDATED="The object was changed.",
    UNCHANGED="The object already had these values; nothing was written.",
)
_describe(
    enums.OnConflict,
    "What an upsert does when a group of the integration has its `slug` already.",
    REFUSE="Refuse with CONFLICT, and show the group in `conflictingGroup`.",
    UPDATE="Update the group. So the same call again is UNCHANGED, and scripts need no id.",
)
_describe(
    enums.ImportMode,
    "How an import treats stored objects.",
    CREATE="Refuse with CONFLICT when the integration exists.",
    MERGE="Match by `logicalId`, create and update; delete nothing.",
    REPLACE="As MERGE, and delete objects that the document lacks.",
)
