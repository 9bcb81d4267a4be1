"""Models of the objects of document 1, for the OpenAPI document.

Stored documents pass through unchanged. Therefore each key may be absent or null, and there may be further keys.
The models have the types that the document gives. An imported value of another type passes through, too.
"""

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from gateway.rest.operations import DescribedModel


class _Object(DescribedModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="allow")


class _Audited(_Object):
    team_id: str | None = None
    """Id of the team."""
    created_by: str | None = None
    """Id of the user who created it."""
    updated_by: str | None = None
    """Id of the user who changed it last."""
    created_at: str | None = None
    """Instant at which it was created."""
    updated_at: str | None = None
    """Instant of the last change."""
    id: str = Field(alias="_id")
    """Its id, unique within its type."""
    logical_id: str | None = None
    """Id that stays the same when it is exported and imported."""


class IntegrationConfigDocument(_Object):
    """The account at the provider."""

    scope: str | None = None
    """Scopes that the provider has granted, separated by spaces."""
    access_token: str | None = None
    """Access token. It is absent unless the request includes secrets."""
    refresh_token: str | None = None
    """Refresh token. It is absent unless the request includes secrets."""
    token_type: str | None = None
    """Type of the access token."""
    expires_at: str | None = None
    """Instant at which the access token expires."""
    connected_at: str | None = None
    """Instant at which the account was connected."""
    renewed_at: str | None = None
    """Instant at which the access token was renewed last."""
    error_message: str | None = None
    """The last error of the provider."""
    provider: str | None = None
    """`microsoft`, `google`, or another word that was imported."""
    auth_type: str | None = None
    """`oauth`, or another word that was imported."""
    auth_user_email: str | None = None
    """E-mail address of the account."""
    auth_user_name: str | None = None
    """Name of the account."""


class IntegrationDocument(_Audited):
    """A connected integration."""

    name: str | None = None
    """Its name."""
    status: str | None = None
    """`active` or `inactive`."""
    access: str | None = None
    """Who sees it: `personal`, `team` or `system`."""
    config: IntegrationConfigDocument | None = None
    """The account at the provider."""
    timezone: str | None = None
    """IANA time zone, by whose days appointments are counted."""


class ScheduleDocument(_Object):
    """When an action runs."""

    start_date_time: str | None = None
    """Instant of the first run."""
    end_date_time: str | None = None
    """Instant of the last run; null if it has no end."""
    field: str | None = None
    """`oneTime` or `recurring`."""
    trigger_at: str | None = None
    """Instant of the next run."""


class ActionDocument(_Object):
    """A text message or a call."""

    logical_id: str | None = None
    """Id that stays the same when it is exported and imported."""
    action_type: str | None = None
    """`sms`, `call`, or another word that was imported."""
    template_name: str | None = None
    """Name of the message template."""
    context: str | None = None
    """Word by which the caller finds the action again."""
    report_emails: list[str] | None = None
    """E-mail addresses that get a report."""
    days_window: int | None = None
    """Days before the appointment."""
    status: str | None = None
    """`active` or `inactive`."""
    schedule: ScheduleDocument | None = None
    """When it runs; null if its group has no start time."""


class UseCaseConfigDocument(_Object):
    """The settings of a use case."""

    display_name: str | None = None
    """Name that users see."""
    assistant_id: str | None = None
    """Id of the assistant."""
    status: str | None = None
    """`active` or `inactive`."""
    timezone: str | None = None
    """IANA time zone of its schedules."""
    type: str | None = None
    """Its kind, such as `lab_reminder_with_sheet`."""
    name: str | None = None
    """Name of its kind, such as `Lab Reminder`."""
    sheet_link: str | None = None
    """URL of the sheet with the appointments."""
    actions: list[ActionDocument] | None = None
    """Its text messages and calls."""


class UseCaseDocument(_Audited):
    """An automation below a connected integration."""

    integration_id: str | None = None
    """Id of the integration."""
    scheduler_names: list[str] | None = None
    """Names of its scheduled jobs."""
    config: UseCaseConfigDocument | None = None
    """Its settings."""


class SpecialtyDocument(_Object):
    """A medical specialty."""

    name: str | None = None
    """Its name."""
    code: str | None = None
    """Its code."""


class PractitionerLocationDocument(_Object):
    """A location where a practitioner works."""

    location_id: str | None = None
    """Id of the location."""
    location_name: str | None = None
    """Name of the location."""


class TimeSlotDocument(_Object):
    """A part of a day."""

    start: str | None = None
    """Local time at which it begins."""
    end: str | None = None
    """Local time at which it ends."""


class WorkingHoursDocument(_Object):
    """The working hours of each day of the week."""

    mon: list[TimeSlotDocument] | None = None
    """Monday."""
    tue: list[TimeSlotDocument] | None = None
    """Tuesday."""
    wed: list[TimeSlotDocument] | None = None
    """Wednesday."""
    thu: list[TimeSlotDocument] | None = None
    """Thursday."""
    fri: list[TimeSlotDocument] | None = None
    """Friday."""
    sat: list[TimeSlotDocument] | None = None
    """Saturday."""
    sun: list[TimeSlotDocument] | None = None
    """Sunday."""


class PractitionerDocument(_Object):
    """A practitioner, such as a doctor."""

    type: Literal["practitioners"]
    """The type of the record."""
    organization_id: str | None = None
    """Id of the organization."""
    id: str | None = None
    """Id in the system that it came from."""
    npi: str | None = None
    """National Provider Identifier."""
    name: str | None = None
    """Full name."""
    gender: str | None = None
    """Gender."""
    avatar: str | None = None
    """URL of a picture."""
    summary: str | None = None
    """Short description."""
    qualification: str | None = None
    """Qualification."""
    education: str | None = None
    """Education."""
    supervisor_id: str | None = None
    """Id of the practitioner who supervises this one."""
    status: str | None = None
    """`active` or `inactive`."""
    languages: list[str] | None = None
    """Languages that the practitioner speaks."""
    specialties: list[SpecialtyDocument] | None = None
    """Medical specialties."""
    locations: list[PractitionerLocationDocument] | None = None
    """Locations where the practitioner works."""
    working_hours: WorkingHoursDocument | None = None
    """Working hours of each day of the week."""
    preferred_visiting_reasons: list[str] | None = Field(None, alias="preferred_visiting_reasons")
    """Ids of the preferred visiting reasons."""


class OtherRecordDocument(_Object):
    """A record of another type, with the keys with which it was stored."""

    type: str | None = None
    """`locations`, `appointments`, `patients`, `organizations`, `visiting_reasons`, or another imported word."""
    id: str | None = None
    """Id in the system that it came from."""


class ResourceRecordDocument(_Audited):
    """An object that was synchronised from the provider or from a clinic's system."""

    integration_id: str | None = None
    """Id of the integration."""
    config: PractitionerDocument | OtherRecordDocument | None = None
    """The object itself. Its `type` says which keys it has."""


class ExportAnswer(DescribedModel):
    """A connected integration with all its use cases and resource records.

    What was imported is unchanged, also with other keys or types than these.
    """

    model_config = ConfigDict(extra="allow")

    integration: IntegrationDocument
    """The integration."""
    use_cases: list[UseCaseDocument]
    """Its use cases in the order of their creation."""
    resource_records: list[ResourceRecordDocument]
    """Its resource records in the order of their creation."""
