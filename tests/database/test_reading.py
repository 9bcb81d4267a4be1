"""Reading: prepared statements, rows, snapshots and connections."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import Select, select, update

from gateway import sql
from gateway.database import prepared_statements
from gateway.database.connections import PooledConnection
from gateway.database.database import Database
from gateway.database.prepared_statements import prepared
from gateway.database.reading import SecondRead
from gateway.database.tables import Integration, Team, UseCaseGroup
from gateway.database.writing import Writer
from gateway.domain.calendar import instants
from gateway.domain.enums import ErrorCode, IntegrationKind, Permission, Status, TokenState
from gateway.domain.integration_filters import InstantFilter, IntegrationFilter, TextFilter, TokenInstants
from gateway.domain.paging import OLDEST_FIRST, PageArguments
from gateway.domain.viewer import Viewer
from gateway.errors import ColumnNotFetched, Overloaded, Refused
from gateway.settings import Settings
from tests.support.contexts import create_context
from tests.support.factories import connected, store, use_case_group
from tests.support.gateway import OTHER_TEAM, TEAM, USER
from tests.support.sessions import open_session

VIEWER = Viewer(TEAM, USER, "n", "k", frozenset({Permission.ADMIN}))
NAMES = sql.users.select_usernames(VIEWER, ["nobody"])


async def test_a_statement_is_built_once_for_all_values(database: Database) -> None:
    built: list[object] = []

    @prepared
    def select_named(viewer: Viewer, names: list[str], status: Status | None) -> Select[Integration]:
        built.append(status)
        return select(Integration).where(Integration.team_id == viewer.team_id, Integration.name == names[0])

    dialect = database.dialect
    other = Viewer(OTHER_TEAM, "u", "m", "l", VIEWER.permissions)
    one, values = select_named(VIEWER, ["a"], None).compile(dialect)
    same, others = select_named(other, ["b"], None).compile(dialect)
    assert one is same
    assert (one.bind(values), same.bind(others)) == ([TEAM, "a"], [OTHER_TEAM, "b"])
    assert select_named(VIEWER, ["a"], Status.ACTIVE).compile(dialect)[0] is not one
    assert built == [None, Status.ACTIVE]


async def test_a_statement_that_depends_on_a_value_cannot_be_prepared(database: Database) -> None:
    @prepared
    def select_if_named(name: str) -> Select[Integration]:
        return select(Integration).where(Integration.name == name) if name else select(Integration)

    with pytest.raises(TypeError):
        select_if_named("a").compile(database.dialect)


async def test_the_cache_of_statements_is_limited(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared_statements, "_MAX_COMPILED", 3)
    monkeypatch.setattr(prepared_statements, "_CACHE", type(prepared_statements._CACHE)())
    for columns in ("name", "kind", "access", "provider", "enabled"):
        sql.integrations.select_by_id(VIEWER, "i", None).compile(database.dialect, frozenset({columns}))
    assert len(prepared_statements._CACHE) == 3


async def test_values_in_all_parts_of_a_filter_reach_the_database(database: Database) -> None:
    await store(database, connected("a", name="50%_"), connected("b", name="50 and"), connected("c", name="Other"))
    filter = IntegrationFilter(
        or_=(
            IntegrationFilter(name=TextFilter(starts_with="50%")),
            IntegrationFilter(name=TextFilter(in_=("Other", "None"))),
        ),
        not_=IntegrationFilter(created_at=InstantFilter(gt=datetime(2999, 1, 1, tzinfo=UTC))),
        kind=(IntegrationKind.CONNECTED,),
        id=TextFilter(in_=("a", "b", "c")),
        token_state=(TokenState.MISSING,),
    )
    async with database.read() as snapshot:
        tokens = TokenInstants.at(snapshot.as_of)
        page = PageArguments(OLDEST_FIRST)
        rows = await snapshot.fetch_rows(sql.integrations.select_integrations(VIEWER, filter, tokens, page))
        assert [row.id for row in rows] == ["a", "c"]
        page = PageArguments(OLDEST_FIRST, size=1, offset=1)
        rows = await snapshot.fetch_rows(sql.integrations.select_integrations(VIEWER, filter, tokens, page))
        assert [row.id for row in rows] == ["a", "c"]
        assert await snapshot.fetch_tuples(sql.integrations.select_count(VIEWER, filter, tokens)) == [(2,)]


async def test_a_fetched_row_equals_its_entity(database: Database) -> None:
    await store(database, connected("i", name="n"))
    await store(database, use_case_group("g", "i"))
    async with database.read() as snapshot:
        (row,) = await snapshot.fetch_rows(sql.integrations.select_by_id(VIEWER, "i", None))
        (group,) = await snapshot.fetch_rows(sql.use_case_groups.select_by_ids(VIEWER, ["g"]))
    async with open_session(database) as session:
        entity = await session.get_one(Integration, (TEAM, "i"))
        entity_group = await session.get_one(UseCaseGroup, (TEAM, "g"))
    for read, stored in ((row, entity), (group, entity_group)):
        assert type(read).__name__ == type(stored).__name__
        for column in stored.__table__.columns:
            value = getattr(stored, column.name)
            read_value = getattr(read, column.name)
            is_text = isinstance(value, datetime) and isinstance(read_value, str)
            assert (datetime.fromisoformat(read_value) if is_text else read_value) == value, column.name
    assert row.read_config().values == entity.document["config"]
    assert row.document is row.document


async def test_a_row_has_only_the_selected_columns_and_its_key(database: Database) -> None:
    await store(database, connected("i", name="n"))
    columns = frozenset({"name", "nodes"})
    async with database.read(once=True) as snapshot:
        reader = snapshot.with_columns(columns)
        (row,) = await reader.fetch_rows(sql.integrations.select_by_id(VIEWER, "i", None), "kind")
    assert (row.team_id, row.id, row.name, row.kind) == (TEAM, "i", "n", IntegrationKind.CONNECTED)
    for missing in ("document", "document_json", "logical_id"):
        column = missing.removesuffix("_json")
        with pytest.raises(ColumnNotFetched, match=rf"Integration\.{column} was not fetched: .* fetch_rows"):
            getattr(row, missing, None)


async def test_a_snapshot_does_not_see_later_writes(database: Database) -> None:
    await store(database, connected("i", name="before"))
    query = sql.integrations.select_by_id(VIEWER, "i", None)
    async with database.read() as snapshot:
        (before,) = await snapshot.fetch_rows(query)
        async with open_session(database) as session:
            await session.execute(update(Integration).values(name="after"))
        (again,) = await snapshot.fetch_rows(query)
    async with database.read(once=True) as later:
        (after,) = await later.fetch_rows(query)
    assert (before.name, again.name, after.name) == ("before", "before", "after")


async def test_a_snapshot_for_one_read_refuses_a_second(database: Database) -> None:
    async with database.read(once=True) as snapshot:
        await snapshot.fetch_rows(sql.integrations.select_by_id(VIEWER, "i", None))
        with pytest.raises(SecondRead):
            await snapshot.fetch_rows(sql.integrations.select_by_id(VIEWER, "i", None))


async def test_connections_are_reused_and_limited(database_url: str) -> None:
    database = Database(Settings(database_url=database_url, database_pool_size=2, database_pool_timeout=0.05))
    async with (
        database.read() as one,
        database.read() as three,
        database.read() as four,
    ):
        async with database.read() as two:
            await one.fetch_tuples(NAMES)
            await two.fetch_tuples(NAMES)
            with pytest.raises(Overloaded):
                await three.fetch_tuples(NAMES)
        assert await four.fetch_tuples(NAMES) == []
    await database.dispose()


async def test_a_cancelled_statement_closes_only_its_connection(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(Settings(database_url=database_url, database_pool_size=1, database_pool_timeout=0.05))

    async def wait_forever(*_: object) -> object:
        return await asyncio.Event().wait()

    async with database.read() as snapshot:
        await snapshot.fetch_tuples(NAMES)
        monkeypatch.setattr(PooledConnection, "fetch", wait_forever)
        task = asyncio.create_task(snapshot.fetch_tuples(NAMES))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        monkeypatch.undo()
    async with database.read() as again:
        assert await again.fetch_tuples(NAMES) == []
    await database.dispose()


async def test_a_writer_that_is_cancelled_while_it_begins_leaves_no_transaction(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(Settings(database_url=database_url, database_pool_size=1))
    async with open_session(database) as session:
        session.add(Team(id="t", name="t", created_at=instants.now()))
    command, began = PooledConnection.execute, asyncio.Event()

    async def execute_and_wait(self: PooledConnection, text: str) -> None:
        began.set()
        await command(self, text)
        await asyncio.Event().wait()

    async def write() -> None:
        async with database.write():
            pass

    monkeypatch.setattr(PooledConnection, "execute", execute_and_wait)
    task = asyncio.create_task(write())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    monkeypatch.undo()
    async with open_session(database) as session:
        session.add(Team(id="u", name="u", created_at=instants.now()))
    async with open_session(database) as reader:
        assert sorted(await reader.scalars(select(Team.id))) == ["t", "u"]
    await database.dispose()


async def test_a_unique_violation_in_a_dry_run_is_a_conflict(database: Database) -> None:
    async def work(writer: Writer) -> None:
        rows = [{"id": id, "name": "n", "created_at": writer.as_of} for id in ("new", "t")]
        await writer.insert_rows(Team, rows)

    async with open_session(database) as session:
        session.add(Team(id="t", name="t", created_at=instants.now()))
    context = create_context(VIEWER, database)
    with pytest.raises(Refused) as refusal:
        await context.write(work, type(None), "m", dry_run=True)
    assert [problem.code for problem in refusal.value.problems] == [ErrorCode.CONFLICT]
    await context.finish()
    async with open_session(database) as reader:
        assert [*await reader.scalars(select(Team.id))] == ["t"]
