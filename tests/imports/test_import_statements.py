"""What imports look rows up by: an index for each row, however many rows there are and without statistics."""

import pytest
from sqlalchemy import Delete
from sqlalchemy.dialects import sqlite

from gateway import sql
from gateway.database.database import Database
from gateway.database.prepared_statements import PreparedQuery
from gateway.database.tables import ResourceRecord, UseCase


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
async def test_each_text_is_one_search_of_an_index(
    database: Database, entity: type[UseCase | ResourceRecord], statement: object, searched: str
) -> None:
    assert callable(statement)
    built: PreparedQuery[str] | Delete = statement(entity)
    parameters: tuple[object, ...] = ()
    if isinstance(built, PreparedQuery):
        prepared, values = built.compile(sqlite.dialect())
        compiled, parameters = prepared.text, tuple(prepared.bind(values))
    else:
        compiled = str(built.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    async with database.read() as session:
        connection = await session.connection()
        explained = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", parameters)
        plan = [row.detail for row in explained]
    assert any(line.startswith(f"SEARCH {entity.__tablename__} ") and f"({searched})" in line for line in plan), (
        plan
    )
