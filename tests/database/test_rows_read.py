"""No question of the schema reads many more rows than it answers with."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.domain.lenient_reading import Json
from gateway.schema import schema
from tests.benchmarks.questions import asking, data
from tests.benchmarks.questions.generate import Question, generate_questions
from tests.benchmarks.questions.samples import build_table
from tests.support.gateway import Gateway, serve_gateway, watch_statements
from tests.support.rows_read import RowCounter, open_row_counter

RECORDS = 12_000
CLINICS = 10
"""The number of clinics that a question below a list of them is about."""

ROWS_OF_ANSWER, ROWS_OF_CLINIC = 10, 550
"""A statement may read so many rows for each of its answer, and so many more for each clinic."""

KNOWN_SCANS: Mapping[str, str] = {}
"""Patterns of names of questions that still read too many rows, with the reason. Each matches such a question."""


async def _find_excess(gateway: Gateway, key: str, count: RowCounter, question: Question) -> str | None:
    """Return the statement of a question that reads too many rows, with their number."""
    statements: list[tuple[str, Any]] = []
    with watch_statements(lambda statement, parameters: statements.append((statement, parameters))):
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
    rates = dict.fromkeys(("rate_limit", "rate_refill"), 2**31 - 1)
    async with (
        serve_gateway(module_database_url, request_timeout=120.0, **rates) as gateway,
        open_row_counter(module_database_url) as count,
    ):
        generated = generate_questions(schema._schema, build_table(loaded, RECORDS))
        questions = await asking.resolve_cursors(
            generated, lambda query, variables: _send(gateway, loaded.key, query, variables)
        )
        excesses = {each.name: await _find_excess(gateway, loaded.key, count, each) for each in questions}
    scanning = {name: excess for name, excess in excesses.items() if excess}
    unknown = [f"{name} {text}" for name, text in scanning.items() if not _find_known(name)]
    assert not unknown, "\n".join(unknown)
    # Delete an exception as soon as its questions read few rows.
    assert [pattern for pattern in KNOWN_SCANS if not any(re.search(pattern, name) for name in scanning)] == []


def _find_known(name: str) -> list[str]:
    return [pattern for pattern in KNOWN_SCANS if re.search(pattern, name)]
