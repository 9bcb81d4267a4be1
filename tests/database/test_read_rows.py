"""How many rows a statement reads: as many as its answer has, at any size of the tables."""

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from gateway.domain.enums import Permission, StatisticsDateField
from gateway.domain.statistics import APPOINTMENT_STATISTICS, StatisticsFilter
from gateway.domain.viewer import Viewer
from gateway.sql.statistics import select_bounds
from tests.support.factories import connected, record, store, use_case, use_case_group
from tests.support.gateway import TEAM, USER, Gateway, serve_gateway, watch_statements
from tests.support.sessions import open_session

TABLES = "integration|use_case_group|use_case|resource_record|type_count"
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)

Statement = tuple[str, Any]


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway on its own database: plans depend on earlier rows of the tables, too."""
    async with serve_gateway(database_url) as gateway:
        yield gateway


@contextmanager
def record_statements() -> Iterator[list[Statement]]:
    """Collect the statements that run during the block, with their parameters."""
    found: list[Statement] = []
    with watch_statements(lambda statement, parameters: found.append((statement, parameters))):
        yield found


MANY = """{ integrations { nodes { ... on ConnectedIntegration {
  listed: resourceRecords(PAGE) { nodes { id } }
  typed: resourceRecords(type: APPOINTMENTS, PAGE) { nodes { id } }
  others: resourceRecords(type: OTHER, PAGE) { nodes { id } }
  useCases(PAGE) { nodes { id } }
  useCaseGroups(PAGE) { nodes { id } }
} } } }"""


async def test_a_nested_page_reads_no_more_rows_than_it_has(gateway: Gateway) -> None:
    for id in ("a", "b"):
        await store(gateway.database, connected(id))
        rows = [record(f"{id}{n}", id, {"type": "device" if n % 2 else "appointments"}) for n in range(200)]
        others = [use_case(f"{id}{n}", id) for n in range(200)]
        await store(gateway.database, *rows, *others, *(use_case_group(f"{id}{n}", id) for n in range(200)))
    async with open_session(gateway.database) as session:
        await session.execute(text("ANALYZE"))
    client = await gateway.client()
    for page in ("first: 3", "last: 3", "first: 1, offset: 2"):
        with record_statements() as statements:
            await client.data(MANY.replace("PAGE", page))
        pages = [each for each in statements if " LIMIT " in each[0] and "JOIN" in each[0]]
        assert len(pages) == 5
        for statement, parameters in pages:
            assert await _count_read_rows(gateway, statement, parameters) <= 60, statement


async def _count_read_rows(gateway: Gateway, statement: str, parameters: Any) -> int:
    """Return how many rows of tables that grow a statement reads; on SQLite, a fiftieth of its instructions."""
    if gateway.database.is_sqlite:
        with closing(sqlite3.connect(str(gateway.database.url.database))) as connection:
            steps: list[None] = []
            connection.set_progress_handler(lambda: steps.append(None), 1)
            connection.execute(statement, tuple(parameters)).fetchall()
            return len(steps) // 50
    async with open_session(gateway.database) as session:
        connection_ = await session.connection()
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        found = await connection_.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", tuple(parameters))
        output = found.scalar_one()
    return _sum_read_rows((orjson.loads(output) if isinstance(output, str) else output)[0]["Plan"])


def _sum_read_rows(plan: dict[str, Any]) -> int:
    rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    own = rows * plan["Actual Loops"] if re.fullmatch(TABLES, plan.get("Relation Name", "")) else 0
    return int(own + sum(map(_sum_read_rows, plan.get("Plans", []))))


async def test_numbers_of_records_are_read_without_the_records(gateway: Gateway) -> None:
    await store(gateway.database, connected("a"), record("r", "a"))
    client = await gateway.client()
    for filter in ("", "(type: APPOINTMENTS)", "(type: OTHER)"):
        with record_statements() as statements:
            await client.data(
                "{ integrations { nodes { ... on ConnectedIntegration { "
                f"resourceRecords{filter} {{ totalCount }} }} }} }} }}"
            )
        counts = [statement for statement, _ in statements if "type_count" in statement and "sum(" in statement]
        assert len(counts) == 1
        assert "resource_record" not in counts[0]


@pytest.mark.parametrize("field", StatisticsDateField)
@pytest.mark.parametrize("ids", [["a"], ["a", "b"]])
async def test_the_bounds_of_records_are_read_from_the_ends_of_an_index(
    gateway: Gateway, ids: list[str], field: StatisticsDateField
) -> None:
    database, viewer = gateway.database, Viewer(TEAM, USER, "u", "u", frozenset(Permission))
    await store(database, connected("a"), connected("b"))
    rows, instants = {}, [BEGIN + timedelta(hours=number) for number in range(400)]
    for part in (slice(0, 40), slice(40, 400)):
        await store(
            database,
            *(
                record(f"{id}-{at:%j-%H}", id, {"start": f"{at:%Y-%m-%dT%H}:00:00.000Z"}, at=at)
                for at in instants[part]
                for id in ids
            ),
        )
        statement, values = select_bounds(
            viewer, APPOINTMENT_STATISTICS, ids, StatisticsFilter(date_field=field)
        ).compile(database.dialect)
        async with gateway.read() as session:
            connection = await session.connection()
            found = await connection.exec_driver_sql(statement.text, tuple(statement.bind(values)))
            assert statement.make_rows(found.all()) == [(BEGIN, instants[part][-1])]
        rows[part.stop] = await _count_read_rows(gateway, statement.text, tuple(statement.bind(values)))
    assert rows[400] <= rows[40] + 2
