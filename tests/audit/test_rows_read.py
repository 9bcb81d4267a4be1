"""How many rows the pages of the audit log read: few more than they have, at any size of the log."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from gateway.database import AuditEntry
from gateway.domain.audit import AuditFilter
from gateway.domain.calendar.instants import format_instant
from gateway.domain.integration_filters import InstantFilter
from gateway.domain.lenient_reading import Json
from gateway.sql.audit import delete_oldest, select_entries_of_teams, select_teams_with_entries
from tests.support.factories import AT, store
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway, serve_gateway, watch_statements
from tests.support.rows_read import open_row_counter

ENTRIES = 3_000
MAX_READ = 120
"""Of a page of ten entries, with the row after it: SQLite's steps are estimated in rows."""

LIST = """query($filter: AuditFilter, $after: String) {
  auditLog(filter: $filter, first: 10, after: $after) { nodes { id by { id } } pageInfo { endCursor } }
}"""


def build_entry(number: int, team_id: str) -> AuditEntry:
    """Return an entry; one in 500 is of another action, user, key or subject than most."""
    is_seldom = number % 500 == 0
    return AuditEntry(
        team_id=team_id,
        id=f"e{number:05}",
        at=AT + timedelta(minutes=number),
        user_id="seldom" if is_seldom else USER,
        key_id="seldom" if is_seldom else "key",
        action=("secret.read", "key.create")[number % 1000 // 500] if is_seldom else "resource_record.upsert",
        subject="integration seldom" if is_seldom else "integration a",
    )


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway on its own database: plans depend on earlier rows of the tables, too."""
    async with serve_gateway(database_url) as gateway:
        yield gateway


FILTERS: list[Mapping[str, Json]] = [
    {},
    {"action": ["resource_record.upsert"]},
    {"action": ["secret.read"]},
    {"action": ["secret.read", "key.create", "resource_record.upsert"]},
    {"action": ["secret.read", "key.create"]},
    {"subject": "integration seldom"},
    {"userId": "seldom"},
    {"keyId": "seldom"},
    {"keyId": "seldom", "userId": "seldom", "action": ["secret.read"]},
    {"subject": "integration seldom", "action": ["key.create", "secret.read"]},
    {"at": {"gte": format_instant(AT + timedelta(minutes=5)), "lt": format_instant(AT + timedelta(minutes=900))}},
    {"keyId": "key", "at": {"lt": format_instant(AT + timedelta(minutes=900))}},
]


async def test_a_page_reads_few_rows_with_any_filter(gateway: Gateway, database_url: str) -> None:
    for team_id in (TEAM, OTHER_TEAM):
        await store(gateway.database, *(build_entry(number, team_id) for number in range(ENTRIES)))
    client = await gateway.client()
    async with open_row_counter(database_url) as count:
        for filter in FILTERS:
            after = None
            for _ in range(2):
                statements: list[tuple[str, Any]] = []
                with watch_statements(lambda text, values, found=statements: found.append((text, values))):  # type: ignore[misc]  # found has its default
                    page = (await client.data(LIST, filter=filter, after=after))["auditLog"]
                (listed,) = [each for each in statements if "FROM audit_entry" in each[0]]
                found = await count(listed[0], tuple(listed[1]))
                assert found.read <= MAX_READ, (filter, found, listed[0])
                after = page["pageInfo"]["endCursor"] or after


async def test_entries_of_all_teams_since_an_instant_are_read_by_index(
    gateway: Gateway, database_url: str
) -> None:
    for team_id in (TEAM, OTHER_TEAM):
        await store(gateway.database, *(build_entry(number, team_id) for number in range(ENTRIES)))
    recent = AuditFilter(at=InstantFilter(gte=AT + timedelta(minutes=ENTRIES - 5)))
    async with open_row_counter(database_url) as count:
        for statement in (
            select_entries_of_teams(None, recent),
            select_teams_with_entries(AT + timedelta(minutes=5)),
            delete_oldest(TEAM, AT + timedelta(minutes=5), 100),
        ):
            compiled, values = statement.compile(gateway.database.dialect)
            found = await count(compiled.text, tuple(compiled.bind(values)))
            assert found.read <= MAX_READ, compiled.text
