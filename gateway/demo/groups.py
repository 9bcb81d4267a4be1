"""The six use-case groups of the clinic group. The first one follows the example of document 2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.demo.clinics import CLINICS, Clinic
from gateway.domain.enums import ActionType, UseCaseKey
from gateway.domain.use_case_groups import GroupInput, ListedUseCase
from gateway.domain.use_cases import ActionInput

_FAMILY, _SPECIALTY, _SURGERY, _PEDIATRICS, _TELEHEALTH = CLINICS
_SMS, _CALL = ActionType.SMS, ActionType.CALL

EXAMPLE_SLUG = "appointment-reminders"
EXAMPLE_CLINIC = _SPECIALTY

_ActionTuples = Sequence[tuple[ActionType, int, str, str]]
"""Action type, days before, context and template name."""

_REMINDERS: _ActionTuples = ((_SMS, 7, "reminder_7d", "First SMS"), (_CALL, 1, "reminder_1d", "Day 1 Call"))


@dataclass(frozen=True, slots=True)
class DemoGroup:
    """A group and its clinic."""

    clinic: Clinic
    input: GroupInput


def _build_group(
    clinic: Clinic,
    name: str,
    slug: str,
    start_time: str | None,
    use_cases: Mapping[UseCaseKey, _ActionTuples],
    paused: UseCaseKey | None = None,
) -> DemoGroup:
    inputs = [
        ListedUseCase(
            key,
            key is not paused,
            [ActionInput(type_, context, days, template) for type_, days, context, template in actions],
        )
        for key, actions in use_cases.items()
    ]
    fields = {
        "slug": slug,
        "sheet_link": f"https://sheets.example.org/{clinic.slug}/{slug}",
        "assistant_id": "68a8652f82513625d1c21a85",
        "timezone": clinic.timezone,
        "start_time": start_time,
    }
    return DemoGroup(clinic, GroupInput(name, fields, None, inputs, None))


GROUPS: Sequence[DemoGroup] = (
    _build_group(
        EXAMPLE_CLINIC,
        "Appointment Reminders",
        EXAMPLE_SLUG,
        "08:00:00",
        {
            UseCaseKey.NEW_PATIENT_APPOINTMENT_REMINDER: _REMINDERS,
            UseCaseKey.LAB_REMINDER: ((_SMS, 0, "lab_result_sms", "Lab Result SMS"),),
        },
    ),
    _build_group(
        _FAMILY,
        "Family Reminders",
        "family-reminders",
        "09:30:00",
        {
            UseCaseKey.NEW_PATIENT_APPOINTMENT_REMINDER: _REMINDERS,
            UseCaseKey.FOLLOW_UP_APPOINTMENT_REMINDER: ((_SMS, 2, "follow_up_2d", "Follow Up SMS"),),
            UseCaseKey.NO_SHOW_FOLLOW_UP: ((_CALL, 0, "no_show", "Sorry We Missed You"),),
        },
    ),
    _build_group(
        _FAMILY,
        "Billing and Refills",
        "billing-and-refills",
        "17:00:00",
        {
            UseCaseKey.BILLING_REMINDER: ((_SMS, 14, "bill_due", "Bill Due"),),
            UseCaseKey.MEDICATION_REFILL_REMINDER: ((_SMS, 5, "refill_5d", "Refill SMS"),),
        },
        paused=UseCaseKey.MEDICATION_REFILL_REMINDER,
    ),
    _build_group(
        _SURGERY,
        "Before Surgery",
        "before-surgery",
        "07:15:00",
        {
            UseCaseKey.PROCEDURE_REMINDER: (
                (_CALL, 3, "prepare", "How To Prepare"),
                (_SMS, 1, "fasting", "Nothing To Eat"),
            )
        },
    ),
    _build_group(
        _PEDIATRICS,
        "Parents' Reminders",
        "parents-reminders",
        "08:30:00",
        {
            UseCaseKey.NEW_PATIENT_APPOINTMENT_REMINDER: _REMINDERS,
            UseCaseKey.FOLLOW_UP_APPOINTMENT_REMINDER: ((_SMS, 1, "follow_up_1d", "See You Tomorrow"),),
        },
    ),
    _build_group(
        _TELEHEALTH,
        "Video Visits",
        "video-visits",
        None,
        {UseCaseKey.FOLLOW_UP_APPOINTMENT_REMINDER: ((_SMS, 0, "video_link", "Your Link"),)},
    ),
)
