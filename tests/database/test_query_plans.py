"""Query plans: no operation scans a table that grows."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from gateway.domain.enums import IntegrationOrderField, Permission
from gateway.domain.ids import NodeId
from gateway.domain.lenient_reading import Json
from tests.support.dashboard import DASHBOARD
from tests.support.factories import connected, record, store, use_case, use_case_group, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, Client, Gateway, serve_gateway, watch_statements
from tests.support.sessions import open_session

TABLES = "integration|use_case_group|use_case|resource_record|type_count|day_series|day_count|audit_entry"
FEW_ROWS = "ix_integration_system"
"""An index that may be scanned: it has only the integrations that all teams share."""

Statement = tuple[str, Any]


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway on its own database: plans depend on earlier rows of the tables, too."""
    async with serve_gateway(database_url) as gateway:
        yield gateway


@contextmanager
def _record_statements() -> Iterator[list[Statement]]:
    """Collect the statements on these tables that run during the block, with their parameters."""
    found: list[Statement] = []

    def record(statement: str, parameters: object) -> None:
        if re.search(rf"\b({TABLES})\b", statement) and not statement.startswith(("INSERT", "EXPLAIN")):
            found.append((statement, parameters))

    with watch_statements(record):
        yield found


def _find_scanned(plan: dict[str, Any]) -> Iterator[str]:
    """Yield what a plan of PostgreSQL scans: tables, and indexes without a condition."""
    node, index = plan["Node Type"], plan.get("Index Name")
    whole = node == "Seq Scan" or (index not in (None, FEW_ROWS) and "Index Cond" not in plan)
    if whole and (index or re.fullmatch(TABLES, plan["Relation Name"])):
        yield f"{node} {index or plan['Relation Name']}"
    for inner in plan.get("Plans", []):
        yield from _find_scanned(inner)


async def _find_scans(gateway: Gateway, statements: list[Statement]) -> list[tuple[str, list[str]]]:
    """Return the statements that scan a table that grows, with the scans of each."""
    found = []
    async with open_session(gateway.database) as session:
        connection = await session.connection()
        if not gateway.database.is_sqlite:
            # PostgreSQL prefers scans of small tables; this disables them.
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, values in dict(statements).items():
            parameters = tuple(values)
            if gateway.database.is_sqlite:
                plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                scans = [row.detail for row in plan if re.match(rf"SCAN ({TABLES})(_\d+)?\b", row.detail)]
            else:
                plan = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                output = plan.scalar_one()
                scans = [*_find_scanned((orjson.loads(output) if isinstance(output, str) else output)[0]["Plan"])]
            if scans:
                found.append((statement, scans))
    return found


async def _fill(gateway: Gateway) -> None:
    """Write a few rows of each kind for two teams."""
    for team_id in (TEAM, OTHER_TEAM):
        await store(
            gateway.database,
            connected("a", team_id=team_id),
            connected("b", team_id=team_id, access="system"),
            *(webhook({"_id": f"w{number}"}, team_id=team_id) for number in range(4)),
        )
        await store(gateway.database, use_case_group("g", "a", team_id=team_id))
        patient = record("p", "a", {"type": "patients", "id": "P"}, team_id=team_id)
        referring = record("r", "a", {"patientId": "P", "locationId": "l"}, team_id=team_id)
        await store(gateway.database, use_case("u", "a", team_id=team_id), patient, referring)


LIST = """
  query (
    $filter: IntegrationFilter, $orderBy: [IntegrationOrder!], $first: Int, $after: String, $last: Int,
    $before: String, $offset: Int
  ) {
    integrations(
      filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before,
      offset: $offset
    ) { totalCount nodes { createdBy { username } } pageInfo { endCursor } }
  }
"""


@pytest.mark.parametrize(
    "permissions",
    [
        [Permission.ADMIN],
        [Permission.READ_INTEGRATIONS],
        [Permission.MANAGE_INCOMING_INTEGRATIONS],
        [Permission.MANAGE_OWN_INCOMING_INTEGRATIONS, Permission.MANAGE_OWN_OUTGOING_INTEGRATIONS],
    ],
)
async def test_no_list_of_integrations_scans(gateway: Gateway, permissions: list[Permission]) -> None:
    await _fill(gateway)
    client = await gateway.client(permissions=permissions)
    ways = itertools.product(IntegrationOrderField, ("ASC", "DESC"))
    orders: list[Any] = [[], *([{"field": field.name, "direction": way}] for field, way in ways)]
    orders.append([{"field": "USERNAME"}, {"field": "UPDATED_AT", "direction": "DESC"}, {"field": "NAME"}])
    filters: list[dict[str, Json]] = [
        {"not": {"or": [{"name": {"contains": "x"}}, {"username": {"eq": "x"}}]}},
        {"createdBy": "somebody", "provider": ["GOOGLE"], "createdAt": {"gte": "2024-01-01T00:00:00Z"}},
        {"id": ["a"], "userId": "u", "channel": "#a", "event": ["OTHER"], "urls": [], "username": {"gt": "a"}},
        {"access": ["TEAM"], "tokenState": ["VALID", "MISSING", "EXPIRED", "EXPIRING_SOON"], "hasError": True},
    ]
    with _record_statements() as statements:
        for order in orders:
            cursor = (await client.data(LIST, orderBy=order, first=1))["integrations"]["pageInfo"]["endCursor"]
            for page in ({"after": cursor}, {"before": cursor}, {"last": 2}, {"offset": 2}):
                await client.data(LIST, orderBy=order, **page)
        for filter in filters:
            await client.data(LIST, filter=filter)
    assert len(statements) > 50
    assert await _find_scans(gateway, statements) == []


async def test_no_lookup_by_id_scans(gateway: Gateway) -> None:
    await _fill(gateway)
    client = await gateway.client()
    nodes: list[Json] = [
        NodeId(name, team_id, id).encode()
        for name, id in (
            ("ConnectedIntegration", "a"),
            ("UseCaseGroup", "g"),
            ("UseCase", "u"),
            ("ResourceRecord", "r"),
        )
        for team_id in (TEAM, OTHER_TEAM)
    ]
    with _record_statements() as statements:
        await client.data(
            """
            query ($nodes: [ID!]!) {
              nodes(nodeIds: $nodes) { nodeId } integration(id: "a") { id }
              created: integration(id: "a", createdBy: "68a8652f82513625d1c21a85") { id }
              useCaseGroup(id: "g") { id integration { id } useCases { id group { id } } }
              useCaseGroupBySlug(integrationId: "a", slug: "g") { id } useCase(id: "u") { id integration { id } }
              resourceRecord(id: "r") { id integration { id } }
            }
            """,
            nodes=nodes,
        )
    assert len(statements) >= 9
    assert await _find_scans(gateway, statements) == []


NESTED = """{
  ... on ConnectedIntegration {
    useCaseGroups(PAGE) { totalCount nodes { useCases { id } } }
    useCases(PAGE) { totalCount nodes { group { id } } }
    labs: useCases(type: LAB_REMINDER_WITH_SHEET, status: ACTIVE, PAGE) { totalCount nodes { id } }
    others: useCases(type: OTHER, PAGE) { totalCount nodes { id } }
    resourceRecords(PAGE) { totalCount nodes { config { ... on AppointmentConfig { patient { id } } } } }
    appointments: resourceRecords(type: APPOINTMENTS, search: "one two", PAGE) { totalCount nodes { id } }
    unknown: resourceRecords(type: OTHER, PAGE) { totalCount nodes { id } }
  }
}"""


async def test_no_nested_page_scans(gateway: Gateway) -> None:
    await _fill(gateway)
    client = await gateway.client()
    for page in ("first: 2", "last: 2", "offset: 1"):
        lists = NESTED.replace("PAGE", page)
        for root in (f'integration(id: "a") {lists}', f"integrations {{ nodes {lists} }}"):
            with _record_statements() as statements:
                await client.data(f"{{ {root} }}")
            assert len(statements) >= 14
            assert await _find_scans(gateway, statements) == []


async def test_no_nested_page_after_or_before_a_cursor_scans(gateway: Gateway) -> None:
    await _fill(gateway)
    client = await gateway.client()
    cursors = {
        name: await _fetch_cursor(client, name) for name in ("useCaseGroups", "useCases", "resourceRecords")
    }
    for page in ("first: 1, after", "before"):
        lists = NESTED
        for name, cursor in cursors.items():
            lists = re.sub(rf"({name}\(.*)PAGE", rf'\1{page}: "{cursor}"', lists)
        assert "PAGE" not in lists
        with _record_statements() as statements:
            await client.data(f'{{ integration(id: "a") {lists} }}')
        assert len(statements) >= 14
        assert await _find_scans(gateway, statements) == []


async def _fetch_cursor(client: Client, name: str) -> str:
    connection = f"{name}(first: 1) {{ pageInfo {{ endCursor }} }}"
    answer = await client.data(f'{{ integration(id: "a") {{ ... on ConnectedIntegration {{ {connection} }} }} }}')
    return str(answer["integration"][name]["pageInfo"]["endCursor"])


async def test_no_change_of_an_integration_scans(gateway: Gateway) -> None:
    await _fill(gateway)
    client = await gateway.client()
    with _record_statements() as statements:
        await client.data(
            """
            mutation {
              connected: updateIntegration(id: "a", input: {connected: {name: "n"}}) { errors { code } }
              webhook: updateIntegration(id: "w1", input: {incomingWebhook: {name: "n"}}) { errors { code } }
              deleteIntegration(id: "w1") { deletedIds }
            }
            """
        )
    assert len(statements) >= 6
    assert await _find_scans(gateway, statements) == []


async def test_no_change_of_a_use_case_or_a_group_scans(gateway: Gateway) -> None:
    await _fill(gateway)
    client = await gateway.client()
    listed = "useCases: [{useCase: LAB_REMINDER}]"
    with _record_statements() as statements:
        await client.data(
            f"""
            mutation {{
              new: upsertUseCaseGroup(provider: MICROSOFT, integrationId: "a", input: {{name: "n", {listed}}}) {{
                outcome
              }}
              changed: upsertUseCaseGroup(
                provider: MICROSOFT, input: {{groupId: "g", name: "n", slug: "h", timezone: "UTC", {listed}}}
              ) {{ outcome }}
              updateUseCase(id: "u", input: {{displayName: "n"}}) {{ errors {{ code }} }}
              same: upsertUseCaseGroup(provider: MICROSOFT, integrationId: "a", onConflict: UPDATE,
                input: {{name: "n", slug: "h"}}) {{ outcome }}
              deleteUseCase(id: "u") {{ deletedIds }} deleteUseCaseGroup(id: "g") {{ deletedIds }}
            }}
            """
        )
    assert len(statements) >= 24
    assert await _find_scans(gateway, statements) == []


YEAR = {"start": "2025-01-01T09:30:00Z", "end": "2026-01-01T09:30:00Z"}
RECORDS = "ix_resource_record_{} (team_id=? AND integration_id=? AND type=? AND {}>? AND {}<?)"
CREATED, VISIT = RECORDS.format("typed", *["created_at"] * 2), RECORDS.format("visit", *["start"] * 2)
SAMPLE = "INDEX ix_resource_record_listed (team_id=? AND integration_id=?)"
DAYS = "PRIMARY KEY (team_id=? AND series_id=? AND size=? AND day>? AND day<?)"


@pytest.mark.parametrize(
    ("arguments", "reads"),
    [
        # Whole days come from the counts of days, parts of the first and last day from records.
        ({}, [DAYS, DAYS, f"COVERING INDEX {CREATED}"]),
        ({"type": "NP", "by": "START"}, [DAYS, DAYS, f"COVERING INDEX {VISIT}"]),
        ({"zone": "America/Chicago"}, [DAYS, f"COVERING INDEX {CREATED}", f"COVERING INDEX {CREATED}"]),
        ({"by": "START", "zone": "America/Chicago"}, [DAYS, *[f"COVERING INDEX {VISIT}"] * 2]),
        ({"search": "one two"}, [SAMPLE, "INTEGER PRIMARY KEY (rowid=?)"]),
    ],
)
async def test_no_dashboard_scans_and_each_uses_the_index_of_its_date_field(
    gateway: Gateway, arguments: dict[str, str], reads: list[str]
) -> None:
    await _fill(gateway)
    client = await gateway.client()
    with _record_statements() as statements:
        await client.data(DASHBOARD, id="a", **YEAR, **arguments)
    assert await _find_scans(gateway, statements) == []
    if not gateway.database.is_sqlite:
        return
    found = []
    async with open_session(gateway.database) as session:
        connection = await session.connection()
        for statement, parameters in statements:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters))
            found += [row.detail for row in plan if re.search("SEARCH (day_count|resource_record)", row.detail)]
    assert sorted(detail.split(" USING ")[1] for detail in found) == sorted(reads)


async def test_a_scan_is_detected(gateway: Gateway) -> None:
    await _fill(gateway)
    statements: list[Statement] = [("SELECT id FROM integration WHERE envelope IS NULL", ())]
    assert len(await _find_scans(gateway, statements)) == 1
