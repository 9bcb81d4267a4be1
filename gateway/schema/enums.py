"""What each closed set and each of its words means to a reader of GraphiQL."""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from gateway.domain import enums


def _describe(enum_type: type[Enum], description: str, **values: str) -> None:
    described = strawberry.enum(enum_type, description=description)
    definition: StrawberryEnumDefinition = getattr(described, "__strawberry_definition__")  # noqa: B009 (untyped)
    if set(values) != {value.name for value in definition.values}:
        raise TypeError(f"{enum_type.__name__} needs one description for each of its words")
    for value in definition.values:
        value.description = values[value.name]


_describe(
    enums.Permission,
    "What a key allows. A permission is given with the key and is checked for each field.",
    READ_INTEGRATIONS="See connected integrations, their groups and use cases.",
    WRITE_INTEGRATIONS="Create, change, import and delete connected integrations, groups and use cases.",
    READ_RECORDS="See resource records and the appointments dashboard.",
    WRITE_RECORDS="Create, change, import and delete resource records.",
    READ_STATISTICS="See the appointments dashboard, without searching in it. A key that allows nothing else is "
    "for widgets: it also sees names and status of connected integrations, and may ask for nothing more.",
    READ_SECRETS="See access and refresh tokens; each time is audited.",
    MANAGE_INCOMING_INTEGRATIONS="See and change every incoming webhook of the team.",
    MANAGE_OWN_INCOMING_INTEGRATIONS="See and change the incoming webhooks one has created.",
    MANAGE_OUTGOING_INTEGRATIONS="See and change every outgoing webhook of the team.",
    MANAGE_OWN_OUTGOING_INTEGRATIONS="See and change the outgoing webhooks one has created.",
    ADMIN="All of these, and sharing an integration with every team.",
)
_describe(
    enums.IntegrationKind,
    "Which of the two worlds an integration is of.",
    CONNECTED="An account at a provider, connected for a team.",
    INCOMING_WEBHOOK="A webhook that posts what it receives; `webhook-incoming` in the documents.",
    OUTGOING_WEBHOOK="A webhook that calls out on an event; `webhook-outgoing` in the documents.",
)
_describe(
    enums.Provider,
    "Where the account of a connected integration is.",
    MICROSOFT="A Microsoft 365 account.",
    GOOGLE="A Google account.",
)
_describe(enums.AuthType, "How the account was connected.", OAUTH="With OAuth 2.")
_describe(
    enums.TokenState,
    "How the access token stands at the moment it is asked for.",
    VALID="There is a token and it does not expire within 24 hours.",
    EXPIRING_SOON="The token expires within 24 hours.",
    EXPIRED="The token has expired.",
    MISSING="There is no access token.",
)
_describe(
    enums.IntegrationStatus,
    "Whether a connected integration works.",
    ACTIVE="It is switched on.",
    INACTIVE="It is switched off.",
)
_describe(
    enums.IntegrationAccess,
    "Who sees a connected integration.",
    PERSONAL="Only who created it.",
    TEAM="Everyone in the team.",
    SYSTEM="Every team sees the integration; what hangs below it stays with its own team.",
)
_describe(
    enums.Status,
    "Whether something is in use.",
    ACTIVE="In use.",
    INACTIVE="Not in use, and kept.",
)
_describe(
    enums.SecretsMode,
    "Whether an export holds access and refresh tokens.",
    OMIT="Leave them out and list them in `redactedFields`.",
    INCLUDE="Put them in; needs READ_SECRETS and is audited.",
)
_describe(
    enums.WebhookType,
    "The two kinds of webhook.",
    WEBHOOK_INCOMING="Posts what it receives; `webhook-incoming` in the documents.",
    WEBHOOK_OUTGOING="Calls out on an event; `webhook-outgoing` in the documents.",
)
_describe(
    enums.WebhookEvent,
    "What makes an outgoing webhook call its URLs.",
    SEND_MESSAGE="A message was sent; takes channels and trigger words. `sendMessage` in the documents.",
    FILE_UPLOADED="A file was uploaded; takes channels. `fileUploaded` in the documents.",
    ROOM_ARCHIVED="A room was archived. `roomArchived` in the documents.",
    ROOM_CREATED="A room was created. `roomCreated` in the documents.",
    ROOM_JOINED="Somebody joined a room; takes channels. `roomJoined` in the documents.",
    ROOM_LEFT="Somebody left a room; takes channels. `roomLeft` in the documents.",
    USER_CREATED="A user was created; needs `targetRoom`. `userCreated` in the documents.",
    OTHER="An event that this graph does not know; it cannot be chosen.",
)
_describe(
    enums.RetryDelay,
    "How long an outgoing webhook waits before it calls again.",
    POWERS_OF_TEN="1, 10, 100 … seconds; `powers-of-ten` in the documents.",
    POWERS_OF_TWO="1, 2, 4 … seconds; `powers-of-two` in the documents.",
    INCREMENTS_OF_TWO="2, 4, 6 … seconds; `increments-of-two` in the documents.",
)
_describe(
    enums.IntegrationOrderField,
    "What a list of integrations is sorted by; ties are broken by id.",
    NAME="Name, without regard to case.",
    CREATED_AT="When it was created.",
    UPDATED_AT="When it was last changed.",
    USERNAME="Username, without regard to case; those without one first.",
    CREATED_BY="The creator's id; those without one first.",
)
_describe(
    enums.SortDirection,
    "Which way a list runs.",
    ASC="Smallest, earliest or first in the alphabet first.",
    DESC="Largest, latest or last in the alphabet first.",
)
_describe(
    enums.ScheduleField,
    "How often a schedule runs.",
    ONE_TIME="Once; `oneTime` in the documents.",
    RECURRING="Every day; `recurring` in the documents.",
)
_describe(enums.ActionType, "How an action reaches a patient.", SMS="By text message.", CALL="By a call.")
_describe(
    enums.UseCaseKey,
    "The use cases that a group can hold.",
    NEW_PATIENT_APPOINTMENT_REMINDER="Reminds new patients of an appointment.",
    FOLLOW_UP_APPOINTMENT_REMINDER="Reminds of a follow-up appointment.",
    PROCEDURE_REMINDER="Reminds of a procedure.",
    LAB_REMINDER="Tells of a laboratory visit or result.",
    MEDICATION_REFILL_REMINDER="Reminds of a refill of medication.",
    BILLING_REMINDER="Reminds of a bill.",
    NO_SHOW_FOLLOW_UP="Follows up on a missed appointment.",
)
_describe(
    enums.UseCaseType,
    "What a use case does and where it reads from. A type this graph does not know reads as OTHER.",
    APPOINTMENT_REMINDER_WITH_SHEET="Appointment reminders from a sheet.",
    LAB_REMINDER_WITH_SHEET="Laboratory reminders from a sheet.",
    MEDICATION_REFILL_WITH_SHEET="Refill reminders from a sheet.",
    BILLING_REMINDER_WITH_SHEET="Billing reminders from a sheet.",
    NO_SHOW_FOLLOW_UP_WITH_SHEET="Follow-ups on missed appointments from a sheet.",
    OTHER="A type that this graph does not know; its document is kept whole.",
)
_describe(
    enums.ResourceType,
    "What a resource record describes.",
    PRACTITIONERS="A person who treats patients.",
    LOCATIONS="A place where patients are seen.",
    APPOINTMENTS="A booking of a visit.",
    PATIENTS="A person who is treated.",
    ORGANIZATIONS="A clinic or a group of clinics.",
    VISITING_REASONS="A reason for a visit that can be booked.",
    OTHER="A type that this graph does not know; its document is kept whole.",
)
_describe(
    enums.AppointmentType,
    "What kind of visit an appointment is.",
    NP="New patient; `NP` in the documents.",
    F_U="Follow-up; `F/U` in the documents.",
    ASC_FU="Follow-up at the surgery centre; `ASC_FU` in the documents.",
    FU_TELE="Follow-up by video or telephone; `FU Tele` in the documents.",
    PROCEDURE="A procedure; `PROCEDURE` in the documents.",
    PROV_USE="Time kept for the provider's use; `PROV_USE` in the documents.",
    RAP_ACCESS="Rapid access; `RAP_ACCESS` in the documents.",
)
_describe(
    enums.BookingStatus,
    "How the booking of an appointment went.",
    PENDING="Not decided yet.",
    SUCCESSFUL="Booked.",
    FAILED="Not booked; `errorMessage` says why.",
)
_describe(
    enums.StatisticsDateField,
    "Which instant of an appointment `start`, `end` and the trends go by.",
    CREATED_AT="When the booking was made.",
    START="When the visit begins.",
)
_describe(
    enums.ErrorCode,
    "Why a mutation changed nothing. A refused query has the same word in `errors[].extensions.code`, with "
    "`BAD_USER_INPUT` for INVALID.",
    INVALID="A value is not allowed; the message says which is.",
    REQUIRED="A value is missing.",
    NOT_FOUND="It does not exist, or the viewer may not see it.",
    FORBIDDEN="The viewer lacks the permission that the message names.",
    CONFLICT="It clashes with what is there.",
    VERSION_CONFLICT="It has changed since the version that was expected.",
    DUPLICATE="The same thing stands in the input twice.",
    TOO_MANY="The input is longer than is allowed; the message names the limit.",
)
_describe(
    enums.Outcome,
    "What an upsert or an import did.",
    CREATED="It was made.",
    UPDATED="It was changed.",
    UNCHANGED="It already was as asked; nothing was written.",
)
_describe(
    enums.ImportMode,
    "What an import does with what is already there.",
    CREATE="Refuse when the integration exists.",
    MERGE="Match by logical id: create what is missing, change what differs, keep the rest.",
    REPLACE="As MERGE, and delete what the document lacks.",
)
