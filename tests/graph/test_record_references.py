"""Fields for the records that others refer to, such as the patient of an appointment, and for the integration."""

from itertools import pairwise
from typing import Any, NamedTuple

import pytest

from gateway.database.tables import ResourceRecord
from gateway.domain.enums import Permission
from gateway.domain.ids import NodeId
from gateway.domain.lenient_reading import Json
from tests.graph.test_record_changes import UPSERT
from tests.support.factories import connected, record, store
from tests.support.gateway import OTHER_TEAM, TEAM, Gateway, collect_statements


class Edge(NamedTuple):
    source_type: str
    config: str
    field: str
    key: str
    target_type: str


EDGES = [
    Edge("appointments", "AppointmentConfig", "patient", "patientId", "patients"),
    Edge("appointments", "AppointmentConfig", "practitioner", "practitionerId", "practitioners"),
    Edge("appointments", "AppointmentConfig", "location", "locationId", "locations"),
    Edge("appointments", "AppointmentConfig", "visitingReason", "visitingReasonId", "visiting_reasons"),
    Edge("practitioners", "PractitionerConfig", "supervisor", "supervisorId", "practitioners"),
]

FOUND: list[tuple[Json, str | None]] = [
    ("b", "b"),  # `_id` comes before the equal source id of `a`
    ("S", "b"),  # the lowest `_id` among equal source ids
    ("c", "c"),
    ("a", "a"),
    ("é" * 256, "d"),
    ("é" * 257, None),  # longer than any source id that a mutation stores
    ("of another type", None),
    ("of-another-type", None),
    ("of another integration", None),
    ("of-another-integration", None),
    ("of another team", None),
    ("of-another-team", None),
    ("unknown", None),
    ("s", None),
    ("", None),
    (None, None),
    (7, None),
]
"""Ids by which a record refers to another one, and the id of the record that each finds."""

LIST = """{ integration(id: "clinic") { ... on ConnectedIntegration { resourceRecords(first: 100, type: %s) {
  nodes { id config { ... on %s { %s { id teamId integrationId config { __typename } } } } } } } } }"""

APPOINTMENT = """config { ... on AppointmentConfig {
  patient { id config { ... on PatientConfig { sourceId firstName } } }
  practitioner { id config { ... on PractitionerConfig { sourceId supervisor { id } } } }
  location { id config { ... on LocationConfig { sourceId } } }
  visitingReason { id config { ... on VisitingReasonConfig { sourceId } } }
} }"""
REFERENCES: dict[str, Json] = {
    "patientId": "P",
    "practitionerId": "D",
    "locationId": "location",
    "visitingReasonId": "V",
}
REFERENCED = {
    "patient": {"id": "patient", "config": {"sourceId": "P", "firstName": "Ada"}},
    "practitioner": {"id": "practitioner", "config": {"sourceId": "D", "supervisor": {"id": "supervisor"}}},
    "location": {"id": "location", "config": {"sourceId": None}},
    "visitingReason": {"id": "reason", "config": {"sourceId": "V"}},
}
"""The answer to `APPOINTMENT` for an appointment with `REFERENCES`."""


def build_staff(integration_id: str = "clinic", prefix: str = "") -> list[ResourceRecord]:
    """Return the records that an appointment with `REFERENCES` refers to, and the supervisor."""
    return [
        record(f"{prefix}patient", integration_id, {"type": "patients", "id": "P", "firstName": "Ada"}),
        record(f"{prefix}practitioner", integration_id, {"type": "practitioners", "id": "D", "supervisorId": "E"}),
        record(f"{prefix}supervisor", integration_id, {"type": "practitioners", "id": "E"}),
        record(f"{prefix}location", integration_id, {"type": "locations"}),
        record(f"{prefix}reason", integration_id, {"type": "visiting_reasons", "id": "V"}),
    ]


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.field)
async def test_a_reference_finds_by_id_else_by_source_id_in_the_same_integration(
    gateway: Gateway, edge: Edge
) -> None:
    client = await gateway.client(permissions=[Permission.READ_RECORDS, Permission.READ_INTEGRATIONS])
    await store(gateway.database, connected("clinic"), connected("other"))
    await store(gateway.database, connected("clinic", team_id=OTHER_TEAM, access="system"))
    type_ = edge.target_type
    await store(
        gateway.database,
        record("a", "clinic", {"type": type_, "id": "b"}),
        record("c", "clinic", {"type": type_, "id": "S"}),
        record("b", "clinic", {"type": type_, "id": "S"}),
        record("d", "clinic", {"type": type_, "id": "é" * 256}),
        record("e", "clinic", {"type": type_, "id": "é" * 257}),
        record("f", "clinic", {"type": type_, "id": 7}),
        record("g", "clinic", {"type": type_, "id": ""}),
        record("of-another-type", "clinic", {"type": "organizations", "id": "of another type"}),
        record("of-another-integration", "other", {"type": type_, "id": "of another integration"}),
        record("of-another-team", "clinic", {"type": type_, "id": "of another team"}, team_id=OTHER_TEAM),
        *(
            record(f"from-{index:02}", "clinic", {"type": edge.source_type, edge.key: id})
            for index, (id, _) in enumerate(FOUND)
        ),
    )
    query = LIST % (edge.source_type.upper(), edge.config, edge.field)
    with collect_statements() as ran:
        nodes = (await client.data(query))["integration"]["resourceRecords"]["nodes"]
    assert sum("resource_record" in statement for statement in ran) == 2
    name = type_.title().replace("_", "").removesuffix("s") + "Config"
    assert {node["id"]: node["config"][edge.field] for node in nodes if node["id"].startswith("from-")} == {
        f"from-{index:02}": id
        and {"id": id, "teamId": TEAM, "integrationId": "clinic", "config": {"__typename": name}}
        for index, (_, id) in enumerate(FOUND)
    }


async def test_all_references_of_a_page_are_one_statement_whatever_its_size(gateway: Gateway) -> None:
    client = await gateway.client(permissions=[Permission.READ_RECORDS, Permission.READ_INTEGRATIONS])
    query = f"""{{ integrations(first: 100) {{ nodes {{ id ... on ConnectedIntegration {{
      resourceRecords(type: APPOINTMENTS, first: 4) {{ nodes {{ integration {{ id }} {APPOINTMENT} }} }}
    }} }} }} }}"""
    ran_for = []
    for before, number in pairwise((0, 1, 10, 25)):
        for index in range(before, number):
            id, prefix = f"i{index:02}", f"{index:02}-"
            references = {**REFERENCES, "locationId": f"{prefix}location"}
            appointments = [record(f"{prefix}{n}", id, references) for n in range(min(number, 4))]
            await store(gateway.database, connected(id), *build_staff(id, prefix), *appointments)
        with collect_statements() as ran:
            nodes = (await client.data(query))["integrations"]["nodes"]
        ran_for.append(sum("FROM integration" in each or "FROM resource_record" in each for each in ran))
        found = {node["id"]: node["resourceRecords"]["nodes"] for node in nodes}
        assert len(found) == number
        for index in range(number):
            for appointment in found[f"i{index:02}"]:
                assert appointment["integration"] == {"id": f"i{index:02}"}
                ids = {name: each["id"] for name, each in appointment["config"].items()}
                assert ids == {name: f"{index:02}-{each['id']}" for name, each in REFERENCED.items()}
    # The integrations, their records, the parents of these, the references, and the supervisors.
    assert ran_for == [5, 5, 5]


async def test_references_are_read_below_nodes_exports_and_payloads(gateway: Gateway) -> None:
    client = await gateway.client()
    appointment = record("appointment", "clinic", REFERENCES)
    await store(gateway.database, connected("clinic"), *build_staff(), appointment)
    node_id = NodeId("ResourceRecord", TEAM, "appointment").encode()
    below = f"{{ id integration {{ id }} {APPOINTMENT} }}"
    answer = await client.data(
        f"""query ($node: ID!) {{
          node(nodeId: $node) {{ ... on ResourceRecord {below} }}
          resourceRecord(id: "appointment") {below}
          integrationExport(integrationId: "clinic") {{ resourceRecords {below} }}
        }}""",
        node=node_id,
    )
    expected = {"id": "appointment", "integration": {"id": "clinic"}, "config": REFERENCED}
    (exported,) = (each for each in answer["integrationExport"]["resourceRecords"] if each["id"] == "appointment")
    assert [answer["node"], answer["resourceRecord"], exported] == [expected] * 3
    upserted = UPSERT.replace("createdAt }", f"createdAt integration {{ id }} {APPOINTMENT} }}")
    records: list[Json] = [
        {"config": {"appointment": REFERENCES}},
        {"logicalId": "new", "config": {"patient": {"sourceId": "N", "firstName": "N", "lastName": "N"}}},
        {"config": {"appointment": {"patientId": "N"}}},
    ]
    for dry in (True, False):
        payload = (await client.data(upserted, records=records, dry=dry))["upsertResourceRecords"]
        assert payload["errors"] == []
        stored, patient, of_new = (each["record"] for each in payload["records"])
        assert (stored["integration"], stored["config"]) == ({"id": "clinic"}, REFERENCED)
        new = {"id": patient["id"], "config": {"sourceId": "N", "firstName": "N"}}
        assert of_new["config"] == {**dict.fromkeys(REFERENCED), "patient": new}


async def test_an_update_of_a_source_id_moves_its_references(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"), *build_staff(), record("r", "clinic", REFERENCES))
    query = '{ resourceRecord(id: "r") { config { ... on AppointmentConfig { patient { id } } } } }'
    for source_id, expected in (("Q", None), ("P", {"id": "patient"}), (None, None)):
        patient: Json = {"sourceId": source_id, "firstName": "A", "lastName": "B"}
        records: list[Json] = [{"logicalId": "resource_record_patient", "config": {"patient": patient}}]
        payload = (await client.data(UPSERT, records=records))["upsertResourceRecords"]
        assert [each["outcome"] for each in payload["records"]] == ["UPDATED"]
        assert (await client.data(query))["resourceRecord"]["config"] == {"patient": expected}


async def test_each_edge_needs_the_permission_to_read_what_it_shows(gateway: Gateway) -> None:
    await store(gateway.database, connected("clinic"), *build_staff(), record("r", "clinic", REFERENCES))
    reader = await gateway.client(permissions=[Permission.READ_RECORDS])
    answer = await reader('{ resourceRecord(id: "r") { integration { id } } }')
    assert answer["data"] == {"resourceRecord": None}
    assert describe_errors(answer) == [("FORBIDDEN", "This needs the permission READ_INTEGRATIONS.")]
    writer = await gateway.client(permissions=[Permission.WRITE_RECORDS])
    upserted = UPSERT.replace("createdAt }", "config { ... on AppointmentConfig { patientId patient { id } } } }")
    records: list[Json] = [{"config": {"appointment": REFERENCES}}]
    answer = await writer(upserted, records=records)
    (written,) = answer["data"]["upsertResourceRecords"]["records"]
    assert written["record"]["config"] == {"patientId": "P", "patient": None}
    assert describe_errors(answer) == [("FORBIDDEN", "This needs the permission READ_RECORDS.")]


def describe_errors(answer: Any) -> list[tuple[str, str]]:
    return [(error["extensions"]["code"], error["message"]) for error in answer["errors"]]


async def test_the_cycle_of_integrations_and_records_ends_at_the_limits(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"), *build_staff(), record("r", "clinic", REFERENCES))
    pages = "... on ConnectedIntegration { resourceRecords(first: %d) { nodes { integration { id %s } } } }"
    expensive = pages % (100, pages % (100, pages % (100, "")))
    deep = pages % (1, pages % (1, pages % (1, pages % (1, ""))))
    for below, code in ((expensive, "COST_LIMIT_EXCEEDED"), (deep, "LIMIT_EXCEEDED")):
        answer = await client(f'{{ integration(id: "clinic") {{ {below} }} }}')
        assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
