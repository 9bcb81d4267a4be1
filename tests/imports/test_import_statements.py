"""Lookups of imports: they search an index for each row, without statistics and with any number of rows."""

import pytest
from sqlalchemy.dialects import sqlite

from gateway import sql
from gateway.database.database import Database
from gateway.database.prepared_statements import PreparedStatement
from gateway.database.tables import ResourceRecord, UseCase
from tests.support.sessions import open_session


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("entity", [UseCase, ResourceRecord])
@pytest.mark.parametrize(
    ("statement", "searched"),
    [
        (
            lambda e: sql.imports.select_ids_by_logical_ids(e, "t", "i", ["x", "y"]),
            "team_id=? AND integration_id=? AND logical_id=?",
        ),
        (lambda e: sql.imports.select_integration_ids(e, "t", ["x", "y"]), "team_id=? AND id=?"),
        (lambda e: sql.imports.select_rows(e, "t", ["x", "y"]), "team_id=? AND id=?"),
        (lambda e: sql.imports.delete_rows(e, "t", ["x", "y"]), "team_id=? AND id=?"),
    ],
)
async def test_each_id_is_looked_up_in_an_index(
    database: Database, entity: type[UseCase | ResourceRecord], statement: object, searched: str
) -> None:
    assert callable(statement)
    built: PreparedStatement[str] = statement(entity)
    compiled, values = built.compile(sqlite.dialect())
    async with open_session(database) as session:
        connection = await session.connection()
        explained = await connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {compiled.text}", tuple(compiled.bind(values))
        )
        plan = [row.detail for row in explained]
    assert any(line.startswith(f"SEARCH {entity.__tablename__} ") and f"({searched})" in line for line in plan), (
        plan
    )
