"""Lists of filtered records read few more rows than they have, where a range or a frequent value narrows them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.database.tables import ResourceRecord
from gateway.domain.calendar.instants import format_instant
from tests.support.factories import connected, record, store
from tests.support.gateway import serve_gateway, watch_statements
from tests.support.rows_read import open_row_counter

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RECORDS = 2_000
DAY = {"gte": format_instant(BEGIN + 1_000 * HOUR), "lt": format_instant(BEGIN + 1_024 * HOUR)}
QUERY = """query ($filter: ResourceRecordFilter!, $type: ResourceType) {
  integration(id: "clinic") { ... on ConnectedIntegration {
    resourceRecords(first: 5, type: $type, filter: $filter) { nodes { id } }
    counted: resourceRecords(type: $type, filter: $filter) { totalCount }
  } } }"""
MOST = 150
"""The rows that a statement may read for a page of 5, or for the records of a day."""


@pytest.mark.parametrize("type_", [None, "APPOINTMENTS"])
@pytest.mark.parametrize(
    ("filter", "number"),
    [
        ({"createdAt": DAY}, 24),
        ({"createdAt": DAY, "source": ["even"]}, 12),
        ({"createdAt": DAY, "source": ["even", "odd"], "bookingStatus": ["PENDING"]}, 24),
        ({"start": DAY}, 24),
        ({"start": DAY, "utmMedium": ["mail"], "source": ["odd"]}, 12),
    ],
)
async def test_a_range_of_days_narrows_pages_and_counts(
    database_url: str, filter: dict[str, Any], number: int, type_: str | None
) -> None:
    async with serve_gateway(database_url) as gateway, open_row_counter(database_url) as count:
        await store(gateway.database, connected("clinic"))
        configs = (
            {
                "source": "odd" if place % 2 else "even",
                "utmMedium": "mail",
                "start": format_instant(BEGIN + place * HOUR),
            }
            for place in range(RECORDS)
        )
        await store(
            gateway.database,
            *(
                record(f"{place:024}", "clinic", {**config}, at=BEGIN + place * HOUR)
                for place, config in enumerate(configs)
            ),
        )
        await gateway.database.analyze(ResourceRecord)
        client = await gateway.client()
        statements: list[tuple[str, Any]] = []
        with watch_statements(lambda statement, parameters: statements.append((statement, parameters))):
            found = (await client.data(QUERY, filter=filter, type=type_))["integration"]
        assert found["counted"]["totalCount"] == number
        assert len(found["resourceRecords"]["nodes"]) == 5
        read = [
            ((await count(statement, tuple(parameters))).read, statement)
            for statement, parameters in statements
            if "resource_record" in statement
        ]
        assert len(read) >= 2
        assert max(read)[0] <= MOST, max(read)
