"""Searches of records: with an index or without, they find the records whose texts contain all words."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from gateway import services
from gateway.database import Database, search_index
from gateway.database.tables import Integration, ResourceRecord
from gateway.domain.text import fold
from gateway.settings import Settings
from tests.support.factories import connected, record, store
from tests.support.gateway import OTHER_TEAM, TEAM, Client, Gateway
from tests.support.import_command import Run
from tests.support.sessions import open_session
from tests.support.verifying import read_cells, verify
from tests.support.writing import CLINIC, INSTANTS, RandomWrites

QUERY = """query ($search: String, $page: Int, $start: DateTime) {
  integrations(first: 30) { nodes { id ... on ConnectedIntegration {
    resourceRecords(search: $search, first: 100) { totalCount nodes { id } }
    newest: resourceRecords(search: $search, last: $page) { nodes { id } }
    appointments: resourceRecords(type: APPOINTMENTS, search: $search) { totalCount }
    appointmentStatistics(search: $search) { overview { total } }
    recent: appointmentStatistics(search: $search, start: $start) { overview { total } }
    patientStatistics(search: $search) { overview { total } }
  } } }
}"""
START = INSTANTS[6]
TEXTS = (
    *(
        "100% sure",
        "a_b_c",
        "back\\slash",
        "Straße",
        "STRASSE 12",
        "İzmir",
        "\u0131l\u0131k su",
        "Émile",
        "E\u0301mile",
    ),
    *(
        "王小明",
        "ab",
        "x",
        "abc",
        "abcd",
        "abcde",
        "ABCDE",
        "website",
        'say "hi"',
        "it's",
        "ﬁne-print",
        "???",
        "-",
        None,
    ),
)
THRESHOLDS: tuple[dict[str, int], ...] = (
    {},
    # Each of these has another way of finding records even for a few of them.
    {"MAX_MATCHES": 1},
    {"FREQUENT": 1, "VERY_FREQUENT": 2, "SAMPLE_SIZE": 3},
    {"FREQUENT": 1, "VERY_FREQUENT": 100},
)


@st.composite
def searches(draw: st.DrawFn) -> str:
    """Draw one to three words: parts of the texts, in any case."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        whole = draw(st.sampled_from(TEXTS)) or "zzz"
        start, length = draw(st.integers(0, len(whole) - 1)), draw(st.integers(1, 5))
        part = whole[start : start + length]
        parts.append(draw(st.sampled_from((part, part.upper(), part.lower(), part.title()))))
    return " ".join(parts)


async def _recount(gateway: Gateway, search: str) -> dict[str, dict[str, Any]]:
    """Return the answer of QUERY, computed from all records in Python."""
    words = fold(search).split()
    async with open_session(gateway.database) as session:
        rows = [
            *await session.scalars(select(ResourceRecord).order_by(ResourceRecord.created_at, ResourceRecord.id))
        ]
        ids = [*await session.scalars(select(Integration.id).order_by(Integration.id))]
    found = {
        id: [row for row in rows if row.integration_id == id and all(w in row.search_text for w in words)]
        for id in ids
    }
    types = {id: Counter(row.type for row in matching) for id, matching in found.items()}
    recent = {
        id: sum(row.type == "appointments" and row.created_at.isoformat() >= START[:19] for row in matching)
        for id, matching in found.items()
    }
    return {
        id: {
            "resourceRecords": {"totalCount": len(matching), "nodes": [{"id": row.id} for row in matching]},
            "newest": {"nodes": [{"id": row.id} for row in matching[-2:]]},
            "appointments": {"totalCount": types[id]["appointments"]},
            "appointmentStatistics": {"overview": {"total": types[id]["appointments"]}},
            "recent": {"overview": {"total": recent[id]}},
            "patientStatistics": {"overview": {"total": types[id]["patients"]}},
        }
        for id, matching in found.items()
    }


async def _fetch(client: Client, search: str) -> dict[str, Any]:
    answer = await client.data(QUERY, search=search, page=2, start=START)
    return {node.pop("id"): node for node in answer["integrations"]["nodes"]}


@pytest.mark.parametrize("thresholds", THRESHOLDS, ids=["default", "many", "frequent", "by-index"])
@settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), sought=st.lists(searches(), min_size=4, max_size=8))
async def test_a_search_equals_a_recount_after_random_writes(
    gateway: Gateway, thresholds: dict[str, int], seed: int, sought: list[str]
) -> None:
    async with open_session(gateway.database) as session:
        await session.execute(delete(Integration))
    await store(gateway.database, connected(CLINIC), connected("other"))
    await store(
        gateway.database, *(record(f"o{index}", "other", {"source": each}) for index, each in enumerate(TEXTS))
    )
    client = await gateway.client()
    writers = [RandomWrites(client, Random(seed + number), TEXTS, INSTANTS) for number in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in thresholds.items():
            patch.setattr(services.record_search, name, value)
        for search in sought:
            await asyncio.gather(*(each.run() for each in writers))
            assert await _fetch(client, search) == await _recount(gateway, search), search
    assert await _find_wrong_entries(gateway.database) == []


async def _find_wrong_entries(database: Database) -> list[tuple[str, str]]:
    found = await search_index.verify_batch(database, 0)
    return [*found.records]


async def test_each_record_is_found_once_however_frequent_the_word_is(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FREQUENT": 2, "VERY_FREQUENT": 4}.items():
        monkeypatch.setattr(services.record_search, name, value)
    await store(gateway.database, connected(CLINIC), connected("other"))
    # The first word is in one record, the second in two, and so on.
    words = ("alpha", "bravo", "charlie", "delta", "echo")
    sources = [" ".join(words[number:]) for number in range(len(words))]
    await store(gateway.database, *(record(f"r{n}", CLINIC, {"source": each}) for n, each in enumerate(sources)))
    client = await gateway.client()
    for search in words:
        assert await _fetch(client, search) == await _recount(gateway, search)


async def test_a_search_finds_no_record_of_another_team(gateway: Gateway) -> None:
    for team_id, source in ((OTHER_TEAM, "botox"), (TEAM, "filler")):
        await store(gateway.database, connected(CLINIC, team_id=team_id))
        await store(gateway.database, record(f"{source}-1", CLINIC, {"source": source}, team_id=team_id))
    client = await gateway.client()
    assert (await _fetch(client, "botox"))[CLINIC]["resourceRecords"] == {"totalCount": 0, "nodes": []}
    assert (await _fetch(client, "filler"))[CLINIC]["resourceRecords"]["totalCount"] == 1


async def test_words_that_no_index_finds_are_searched_among_a_bounded_number_of_records(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.record_search, "MAX_READ_RECORDS", 2)
    client = await gateway.client()
    await store(gateway.database, connected(CLINIC))
    days = (INSTANTS[2], *INSTANTS[6:8])
    for number, day in enumerate(days[:2]):
        await _store_appointment(client, number, day)
    field = 'integration(id: "clinic") { ... on ConnectedIntegration { %s } }'
    count = f"query ($s: String) {{ {field} }}" % "resourceRecords(search: $s) { totalCount nodes { id } }"
    total = f"query ($s: String, $d: DateTime) {{ {field} }}"
    total %= "appointmentStatistics(search: $s, start: $d) { overview { total } }"
    assert (await client.data(count, s="%"))["integration"]["resourceRecords"]["totalCount"] == 2
    await _store_appointment(client, 2, days[2])
    for query in (count, total):
        for search in ("%", "ab", "a-b"):
            answer = await client(query, s=search)
            assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
            assert "needs a word with 3 letters or digits in a row" in answer["errors"][0]["message"]
    recent = await client.data(total, s="%", d=days[1])
    assert recent["integration"]["appointmentStatistics"]["overview"] == {"total": 2}
    assert (await client.data(count, s="% sure"))["integration"]["resourceRecords"]["totalCount"] == 3


async def _store_appointment(client: Client, number: int, day: str) -> None:
    values = {"appointment": {"source": "100% sure"}}
    await client.data(
        'mutation ($records: [ResourceRecordInput!]!) { upsertResourceRecords(integrationId: "clinic", '
        "records: $records) { errors { code } } }",
        records=[{"logicalId": f"r{number}", "createdAt": day, "config": values}],
    )


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_index_survives_a_vacuum_and_the_deletion_of_an_integration(database: Database) -> None:
    await store(database, connected("a"), connected("b"))
    for id in ("a", "b"):
        await store(database, *(record(f"{id}{number}", id, {"source": "website"}) for number in range(3)))
    async with open_session(database) as session:
        await session.execute(delete(Integration).where(Integration.id == "a"))
    with closing(sqlite3.connect(str(database.url.database))) as connection:
        connection.execute("VACUUM")
    entries = "SELECT rowid FROM record_search WHERE record_search MATCH 'web' ORDER BY rowid"
    numbers = "SELECT number FROM resource_record ORDER BY number"
    assert len(await database.probe(numbers)) == 3
    assert [*map(tuple, await database.probe(entries))] == [*map(tuple, await database.probe(numbers))]
    assert await _find_wrong_entries(database) == []


async def test_without_the_index_a_search_finds_the_same(gateway: Gateway) -> None:
    await store(gateway.database, connected(CLINIC))
    await store(
        gateway.database, *(record(f"r{index}", CLINIC, {"source": each}) for index, each in enumerate(TEXTS))
    )
    client = await gateway.client()
    sought = ("website", "abc", "strasse", "100%", "nobody")
    found = [await _fetch(client, search) for search in sought]
    url = gateway.database.url.render_as_string(hide_password=False)
    for wanted in (False, True):
        database = Database(Settings(database_url=url, search_index=wanted))
        assert await search_index.apply_setting(database) is None
        assert await search_index.exists(database) == wanted
        await database.dispose()
        assert [await _fetch(client, search) for search in sought] == found
    assert await _find_wrong_entries(gateway.database) == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_server_without_the_extensions_needs_no_index(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.run_sync(lambda connection: connection.execute(text("DROP INDEX ix_resource_record_search")))
    with monkeypatch.context() as patch:
        patch.setattr(search_index, "EXTENSIONS", ("no_such_extension",))
        assert "no_such_extension" in str(await search_index.apply_setting(database))
    assert not await search_index.exists(database)
    assert await search_index.apply_setting(database) is None
    assert await search_index.exists(database)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "damage",
    [
        # The index lacks a record, and has the text from before.
        "INSERT INTO record_search (record_search, rowid, scope, text) VALUES ('delete', 1, 'abc', 'r0')",
        "UPDATE resource_record SET search_text = 'changed'",
    ],
)
async def test_verify_finds_and_repairs_a_wrong_index(database: Database, damage: str) -> None:
    await store(database, connected(CLINIC), record("record-0", CLINIC, {"source": "website"}))
    assert (await verify(database)).exit_code == 0
    async with open_session(database) as session:
        if damage.startswith("UPDATE"):
            await session.execute(text("DROP TRIGGER record_search_updated"))
        statement = damage.replace("'abc'", search_index.build_scope(f"'{CLINIC}'")).replace("'r0'", "'record-0'")
        await session.execute(text(statement))
    found = await verify(database)
    assert found.exit_code == 1
    assert f"team {TEAM}, record record-0: the search index has another text" in found.stdout
    assert read_cells(found.stdout.splitlines()[-2])[3:] == [1, 0]
    assert (await verify(database, "--repair")).exit_code == 1
    assert (await verify(database)).exit_code == 0


@pytest.mark.usefixtures("restored_logging")
async def test_doctor_and_migrate_say_that_the_index_is_missing(
    database: Database, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "searches use an index" in (await asyncio.to_thread(run, "doctor")).stdout
    monkeypatch.setenv("GATEWAY_SEARCH_INDEX", "false")
    assert "to drop it" in (await asyncio.to_thread(run, "doctor")).stdout
    assert (await asyncio.to_thread(run, "migrate")).exit_code == 0
    assert "no index: each search reads all records" in (await asyncio.to_thread(run, "doctor")).stdout
    monkeypatch.delenv("GATEWAY_SEARCH_INDEX")
    assert "set GATEWAY_SEARCH_INDEX=false" in (await asyncio.to_thread(run, "doctor")).stdout
    if not database.is_sqlite:
        with monkeypatch.context() as patch:
            patch.setattr(search_index, "EXTENSIONS", ("no_such_extension",))
            migrated = await asyncio.to_thread(run, "migrate")
        assert migrated.exit_code == 0
        assert "Searches work without an index, slowly." in migrated.stderr
    assert (await asyncio.to_thread(run, "migrate")).exit_code == 0
    assert await search_index.exists(database)
