"""The enums of the ORM peer."""

from enum import Enum

import strawberry


@strawberry.enum
class Provider(Enum):
    MICROSOFT = "microsoft"
    GOOGLE = "google"


@strawberry.enum
class Status(Enum):
    ACTIVE = "active"
    INACTIVE = "inactive"


@strawberry.enum
class IntegrationAccess(Enum):
    PERSONAL = "personal"
    TEAM = "team"
    SYSTEM = "system"


@strawberry.enum
class ActionType(Enum):
    SMS = "sms"
    CALL = "call"


@strawberry.enum
class UseCaseKey(Enum):
    NEW_PATIENT_APPOINTMENT_REMINDER = "NEW_PATIENT_APPOINTMENT_REMINDER"
    FOLLOW_UP_APPOINTMENT_REMINDER = "FOLLOW_UP_APPOINTMENT_REMINDER"
    PROCEDURE_REMINDER = "PROCEDURE_REMINDER"
    LAB_REMINDER = "LAB_REMINDER"
    MEDICATION_REFILL_REMINDER = "MEDICATION_REFILL_REMINDER"
    BILLING_REMINDER = "BILLING_REMINDER"
    NO_SHOW_FOLLOW_UP = "NO_SHOW_FOLLOW_UP"


@strawberry.enum
class ResourceType(Enum):
    PRACTITIONERS = "practitioners"
    OTHER = "other"


@strawberry.enum
class Outcome(Enum):
    UPDATED = "updated"
    UNCHANGED = "unchanged"
