"""How many rows statements read: few more than their answer has, at any size of the tables."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.enums import Permission, StatisticsDateField
from gateway.domain.lenient_reading import Json
from gateway.domain.statistics import APPOINTMENT_STATISTICS, StatisticsFilter
from gateway.domain.viewer import Viewer
from gateway.schema import schema
from gateway.sql.statistics import select_bounds
from tests.benchmarks.questions import asking, data
from tests.benchmarks.questions.generate import Question, generate_questions
from tests.benchmarks.questions.samples import build_table
from tests.support.factories import connected, record, store, use_case, use_case_group
from tests.support.gateway import TEAM, USER, Gateway, serve_gateway, watch_statements
from tests.support.rows_read import RowCounter, open_row_counter

RECORDS = 12_000
CLINICS = 10
"""The number of clinics that a question below a list of them is about."""

ROWS_OF_ANSWER, ROWS_OF_CLINIC = 10, 550
"""A statement may read so many rows for each of its answer, and so many more for each clinic."""

KNOWN_SCANS: Mapping[str, str] = {
    r"\.resourceRecords\(.*filter: .*\)": "an index is read until the page is full of records with rare values",
    r"\.resourceRecords\(.*filter: .*\)\.totalCount$": "numbers of filtered records are counted from an index",
    r"^auditLog.*\.totalCount$": "numbers of entries are counted from an index",
}
"""Patterns of names of questions that still read too many rows, with the reason. Each matches such a question."""

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)

Statement = tuple[str, Any]


@contextmanager
def record_statements() -> Iterator[list[Statement]]:
    """Collect the statements that run during the block, with their parameters."""
    found: list[Statement] = []
    with watch_statements(lambda statement, parameters: found.append((statement, parameters))):
        yield found


async def _find_excess(gateway: Gateway, key: str, count: RowCounter, question: Question) -> str | None:
    """Return the statement of a question that reads too many rows, with their number."""
    with record_statements() as statements:
        asking.get_data(question, await _send(gateway, key, question.query, question.variables))
    assert statements
    for statement, parameters in statements:
        if statement.startswith(("SELECT", "WITH")):
            found = await count(statement, tuple(parameters))
            answer = found.returned + question.records
            if found.read > ROWS_OF_ANSWER * answer + ROWS_OF_CLINIC * (CLINICS if question.is_plural else 1):
                return f"reads {found.read} rows and returns {found.returned}: {' '.join(statement.split())[:300]}"
    return None


async def _send(gateway: Gateway, key: str, query: str, variables: Mapping[str, Json]) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    body = {"query": query, "variables": {**variables}}
    return (await gateway.http.post("/graphql", json=body, headers=headers)).json()


@pytest.mark.slow
async def test_no_question_reads_more_rows_than_ten_times_its_answer(module_database_url: str) -> None:
    loaded = await data.load(module_database_url, RECORDS)
    limits = dict.fromkeys(("cost_limit", "rate_limit", "rate_refill"), 2**31 - 1)
    async with (
        serve_gateway(module_database_url, request_timeout=120.0, **limits) as gateway,
        open_row_counter(module_database_url) as count,
    ):
        generated = generate_questions(schema._schema, build_table(loaded, RECORDS))
        questions = await asking.resolve_cursors(
            generated, lambda query, variables: _send(gateway, loaded.key, query, variables)
        )
        excesses = {each.name: await _find_excess(gateway, loaded.key, count, each) for each in questions}
    scanning = {name: text for name, text in excesses.items() if text}
    unknown = [f"{name} {text}" for name, text in scanning.items() if not _find_known(name)]
    assert not unknown, "\n".join(unknown)
    # Delete an exception as soon as its questions read few rows.
    assert [pattern for pattern in KNOWN_SCANS if not any(re.search(pattern, name) for name in scanning)] == []


def _find_known(name: str) -> list[str]:
    return [pattern for pattern in KNOWN_SCANS if re.search(pattern, name)]


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway on its own database: plans depend on earlier rows of the tables, too."""
    async with serve_gateway(database_url) as gateway:
        yield gateway


MANY = """{ integrations { nodes { ... on ConnectedIntegration {
  listed: resourceRecords(PAGE) { nodes { id } }
  typed: resourceRecords(type: APPOINTMENTS, PAGE) { nodes { id } }
  others: resourceRecords(type: OTHER, PAGE) { nodes { id } }
  useCases(PAGE) { nodes { id } }
  useCaseGroups(PAGE) { nodes { id } }
} } } }"""


async def test_a_nested_page_reads_no_more_rows_than_it_has(gateway: Gateway, database_url: str) -> None:
    for id in ("a", "b"):
        await store(gateway.database, connected(id))
        rows = [record(f"{id}{n}", id, {"type": "device" if n % 2 else "appointments"}) for n in range(200)]
        others = [use_case(f"{id}{n}", id) for n in range(200)]
        await store(gateway.database, *rows, *others, *(use_case_group(f"{id}{n}", id) for n in range(200)))
    client = await gateway.client()
    async with open_row_counter(database_url) as count:
        for page in ("first: 3", "last: 3", "first: 1, offset: 2"):
            with record_statements() as statements:
                await client.data(MANY.replace("PAGE", page))
            pages = [each for each in statements if " LIMIT " in each[0] and "JOIN" in each[0]]
            assert len(pages) == 5
            for statement, parameters in pages:
                assert (await count(statement, tuple(parameters))).read <= 60, statement


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
    gateway: Gateway, database_url: str, ids: list[str], field: StatisticsDateField
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
        async with open_row_counter(database_url) as count:
            rows[part.stop] = (await count(statement.text, tuple(statement.bind(values)))).read
    assert rows[400] <= rows[40] + 2
