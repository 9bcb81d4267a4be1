"""All enums of the gateway.

The name of a member is its name in the GraphQL schema. Its value is the text in documents and in the database.
"""

from enum import Enum
from typing import TypeVar

E = TypeVar("E", bound=Enum)


def parse_member(enum: type[E], value: object) -> E | None:
    """Return the member for a value of a document. An unknown one is OTHER, or None if the enum has no OTHER."""
    try:
        return enum(value)
    except ValueError:
        return enum.__members__.get("OTHER")


class Permission(Enum):
    READ_INTEGRATIONS = "read-integrations"
    WRITE_INTEGRATIONS = "write-integrations"
    READ_RECORDS = "read-records"
    WRITE_RECORDS = "write-records"
    READ_STATISTICS = "read-statistics"
    READ_SECRETS = "read-secrets"
    MANAGE_INCOMING_INTEGRATIONS = "manage-incoming-integrations"
    MANAGE_OWN_INCOMING_INTEGRATIONS = "manage-own-incoming-integrations"
    MANAGE_OUTGOING_INTEGRATIONS = "manage-outgoing-integrations"
    MANAGE_OWN_OUTGOING_INTEGRATIONS = "manage-own-outgoing-integrations"
    ADMIN = "admin"


class IntegrationKind(Enum):
    CONNECTED = "connected"
    INCOMING_WEBHOOK = "webhook-incoming"
    OUTGOING_WEBHOOK = "webhook-outgoing"


class Provider(Enum):
    MICROSOFT = "microsoft"
    GOOGLE = "google"
    OTHER = "other"


class AuthType(Enum):
    OAUTH = "oauth"
    OTHER = "other"


class TokenState(Enum):
    VALID = "valid"
    EXPIRING_SOON = "expiring-soon"
    EXPIRED = "expired"
    MISSING = "missing"


class IntegrationAccess(Enum):
    PERSONAL = "personal"
    TEAM = "team"
    SYSTEM = "system"


class Status(Enum):
    ACTIVE = "active"
    INACTIVE = "inactive"


class SecretsMode(Enum):
    OMIT = "omit"
    INCLUDE = "include"


class GroupsMode(Enum):
    OMIT = "omit"
    INCLUDE = "include"


class WebhookEvent(Enum):
    SEND_MESSAGE = "sendMessage"
    FILE_UPLOADED = "fileUploaded"
    ROOM_ARCHIVED = "roomArchived"
    ROOM_CREATED = "roomCreated"
    ROOM_JOINED = "roomJoined"
    ROOM_LEFT = "roomLeft"
    USER_CREATED = "userCreated"
    OTHER = "other"


class RetryDelay(Enum):
    POWERS_OF_TEN = "powers-of-ten"
    POWERS_OF_TWO = "powers-of-two"
    INCREMENTS_OF_TWO = "increments-of-two"


class IntegrationOrderField(Enum):
    ID = "id"
    KIND = "kind"
    NAME = "name"
    ENABLED = "enabled"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    USERNAME = "username"
    CREATED_BY = "created_by"
    EVENT = "event"
    USER_ID = "user_id"


class SortDirection(Enum):
    ASC = "asc"
    DESC = "desc"


class ScheduleField(Enum):
    ONE_TIME = "oneTime"
    RECURRING = "recurring"


class ActionType(Enum):
    SMS = "sms"
    CALL = "call"
    OTHER = "other"


class UseCaseKey(Enum):
    NEW_PATIENT_APPOINTMENT_REMINDER = "NEW_PATIENT_APPOINTMENT_REMINDER"
    FOLLOW_UP_APPOINTMENT_REMINDER = "FOLLOW_UP_APPOINTMENT_REMINDER"
    PROCEDURE_REMINDER = "PROCEDURE_REMINDER"
    LAB_REMINDER = "LAB_REMINDER"
    MEDICATION_REFILL_REMINDER = "MEDICATION_REFILL_REMINDER"
    BILLING_REMINDER = "BILLING_REMINDER"
    NO_SHOW_FOLLOW_UP = "NO_SHOW_FOLLOW_UP"


class UseCaseType(Enum):
    APPOINTMENT_REMINDER_WITH_SHEET = "appointment_reminder_with_sheet"
    LAB_REMINDER_WITH_SHEET = "lab_reminder_with_sheet"
    MEDICATION_REFILL_WITH_SHEET = "medication_refill_with_sheet"
    BILLING_REMINDER_WITH_SHEET = "billing_reminder_with_sheet"
    NO_SHOW_FOLLOW_UP_WITH_SHEET = "no_show_follow_up_with_sheet"
    OTHER = "other"


class ResourceType(Enum):
    PRACTITIONERS = "practitioners"
    LOCATIONS = "locations"
    APPOINTMENTS = "appointments"
    PATIENTS = "patients"
    ORGANIZATIONS = "organizations"
    VISITING_REASONS = "visiting_reasons"
    OTHER = "other"


class AppointmentType(Enum):
    NP = "NP"
    F_U = "F/U"
    ASC_FU = "ASC_FU"
    FU_TELE = "FU Tele"
    PROCEDURE = "PROCEDURE"
    PROV_USE = "PROV_USE"
    RAP_ACCESS = "RAP_ACCESS"


class BookingStatus(Enum):
    PENDING = "pending"
    SUCCESSFUL = "successful"
    FAILED = "failed"


class StatisticsDateField(Enum):
    CREATED_AT = "created_at"
    START = "start"


class TrendPeriod(Enum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ErrorCode(Enum):
    """The reason why a mutation failed. `errors[].extensions.code` has `BAD_USER_INPUT` for `INVALID`."""

    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    CONFLICT = "CONFLICT"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    DUPLICATE = "DUPLICATE"
    TOO_MANY = "TOO_MANY"


class Outcome(Enum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class OnConflict(Enum):
    REFUSE = "refuse"
    UPDATE = "update"


class ImportMode(Enum):
    CREATE = "create"
    MERGE = "merge"
    REPLACE = "replace"
