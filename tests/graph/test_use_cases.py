"""Reading use cases, also with faulty documents."""

from typing import Any

from gateway.domain.enums import Permission, UseCaseKey
from gateway.domain.lenient_reading import Json
from gateway.domain.use_cases import KNOWN_USE_CASES
from tests.support.examples import example
from tests.support.factories import connected, store, use_case, user
from tests.support.gateway import OTHER_TEAM, TEAM, Answer, Gateway

UNKNOWN = "5eb7cf5a86d9755df3a6c5ff"
NOT_FOUND = {"code": "NOT_FOUND", "argument": ["id"]}

ONE = """
query ($id: ID!) {
  useCase(id: $id) {
    id logicalId teamId integrationId key schedulerNames version
    createdAt createdBy { id username } updatedAt updatedBy { id username }
    integration { id name } group { id slug }
    config {
      displayName assistantId status timezone type name sheetLink
      actions {
        logicalId actionType templateName context reportEmails daysWindow status
        schedule { field startDateTime endDateTime triggerAt }
      }
    }
  }
}
"""
LIST = """{ integration(id: "i") { ... on ConnectedIntegration { useCases { nodes { id } } } } }"""


def get_error(answer: Answer) -> Any:
    """Return the extensions of the only error of an answer without data."""
    assert set((answer.get("data") or {"": None}).values()) == {None}
    (error,) = answer["errors"]
    return error["extensions"]


def test_each_key_has_its_own_type_and_name() -> None:
    assert KNOWN_USE_CASES.keys() == set(UseCaseKey)
    assert len({(known.type, known.name) for known in KNOWN_USE_CASES.values()}) == len(UseCaseKey)
    assert {(key.name, known.type.value, known.name) for key, known in KNOWN_USE_CASES.items()} == {
        (
            "NEW_PATIENT_APPOINTMENT_REMINDER",
            "appointment_reminder_with_sheet",
            "New Patients Appointment Reminder",
        ),
        ("FOLLOW_UP_APPOINTMENT_REMINDER", "appointment_reminder_with_sheet", "Follow Up Appointment Reminder"),
        ("PROCEDURE_REMINDER", "appointment_reminder_with_sheet", "Procedure Reminder"),
        ("LAB_REMINDER", "lab_reminder_with_sheet", "Lab Reminder"),
        ("MEDICATION_REFILL_REMINDER", "medication_refill_with_sheet", "Medication Refill Reminder"),
        ("BILLING_REMINDER", "billing_reminder_with_sheet", "Billing Reminder"),
        ("NO_SHOW_FOLLOW_UP", "no_show_follow_up_with_sheet", "No Show Follow Up"),
    }


async def test_a_use_case_has_the_values_of_its_document(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    await store(gateway.database, user("R4jgcQaQhvvK6K3iY", "graywolf336"))
    (document,) = example("export.response")["use_cases"]
    row = use_case("5eb7cf5a86d9755df3a6c593", "i", **document["config"])
    row.document = {**document, "config": row.document["config"]}
    row.created_by = "R4jgcQaQhvvK6K3iY"
    await store(gateway.database, row)
    answer = await client(ONE, id=row.id)
    at = "2023-11-07T05:31:56.000Z"
    assert answer == {
        "data": {
            "useCase": {
                "id": "5eb7cf5a86d9755df3a6c593",
                "logicalId": "use_case_5eb7cf5a86d9755df3a6c593",
                "teamId": TEAM,
                "integrationId": "i",
                "key": "NEW_PATIENT_APPOINTMENT_REMINDER",
                "schedulerNames": ["<string>"],
                "version": 1,
                "createdAt": "2025-03-09T12:00:00.000Z",
                "createdBy": {"id": "R4jgcQaQhvvK6K3iY", "username": "graywolf336"},
                "updatedAt": "2025-03-09T12:00:00.000Z",
                "updatedBy": None,
                "integration": {"id": "i", "name": "i"},
                "group": None,
                "config": {
                    "displayName": "<string>",
                    "assistantId": "5eb7cf5a86d9755df3a6c593",
                    "status": "ACTIVE",
                    # `<string>` is not a time zone.
                    "timezone": None,
                    "type": "APPOINTMENT_REMINDER_WITH_SHEET",
                    "name": "New Patients Appointment Reminder",
                    "sheetLink": "<string>",
                    "actions": [
                        {
                            "logicalId": "<string>",
                            "actionType": "SMS",
                            "templateName": "<string>",
                            "context": "<string>",
                            "reportEmails": ["<string>"],
                            "daysWindow": 7,
                            "status": "ACTIVE",
                            "schedule": {
                                "field": "ONE_TIME",
                                "startDateTime": at,
                                "endDateTime": at,
                                "triggerAt": at,
                            },
                        }
                    ],
                },
            }
        }
    }


FAULTY: list[Json] = [
    {},
    {"logicalId": 1, "actionType": "fax", "templateName": None, "context": [], "reportEmails": "a@b", "status": 0},
    {"daysWindow": "7", "schedule": "daily", "reportEmails": ["a@b.example", None]},
    {"daysWindow": 2**31, "schedule": {"field": "hourly", "triggerAt": "2023-11-07T05:31:56Z"}},
    {"schedule": {"field": "oneTime", "startDateTime": "soon", "endDateTime": 5}},
    "no action",
    None,
]


async def test_a_faulty_document_affects_only_its_faulty_fields(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("i"))
    faulty = use_case(
        "a", "i", type="fax_reminder", timezone="america/chicago", actions=FAULTY, name=None, status=3
    )
    odd = use_case("b", "i")
    odd.document = {**odd.document, "config": "none", "schedulerNames": [1, "uc-b"]}
    await store(gateway.database, faulty, odd, use_case("c", "i"))
    listed = await client.data(LIST)
    assert listed["integration"]["useCases"]["nodes"] == [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    config = (await client.data(ONE, id="a"))["useCase"]["config"]
    actions = config.pop("actions")
    assert config == {
        "displayName": None,
        "assistantId": None,
        "status": "INACTIVE",
        "timezone": None,
        "type": "OTHER",
        "name": "",
        "sheetLink": None,
    }
    nothing = {
        "logicalId": "",
        "actionType": "SMS",
        "templateName": "",
        "context": "",
        "reportEmails": [],
        "daysWindow": 7,
        "status": "INACTIVE",
        "schedule": None,
    }
    once = {"field": "ONE_TIME", "startDateTime": None, "endDateTime": None, "triggerAt": None}
    assert actions == [
        nothing,
        {**nothing, "actionType": "OTHER"},
        {**nothing, "reportEmails": ["a@b.example"]},
        nothing,
        {**nothing, "schedule": once},
    ]
    read = (await client.data(ONE, id="b"))["useCase"]
    assert (read["schedulerNames"], read["config"]["actions"]) == (["uc-b"], [])


async def test_malformed_unknown_and_invisible_ids_are_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(
        gateway.database,
        connected("personal", access="personal", createdBy="somebody.else"),
        connected("theirs", team_id=OTHER_TEAM, access="system"),
    )
    await store(
        gateway.database,
        use_case("hidden", "personal"),
        use_case("foreign", "theirs", team_id=OTHER_TEAM),
    )
    malformed = await client(ONE, id="no id")
    assert get_error(malformed) == {"code": "BAD_USER_INPUT", "argument": ["id"]}
    unknown = await client(ONE, id=UNKNOWN)
    assert get_error(unknown) == NOT_FOUND
    for id in ("hidden", "foreign"):
        assert await client(ONE, id=id) == unknown
    outsider = await gateway.client(permissions=[Permission.READ_RECORDS, Permission.WRITE_INTEGRATIONS])
    assert get_error(await outsider(ONE, id="hidden")) == {"code": "FORBIDDEN"}
