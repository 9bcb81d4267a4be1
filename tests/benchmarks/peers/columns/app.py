"""The app of the columns peer, which is served like the floor."""

from collections.abc import Sequence
from typing import Protocol

from starlette.applications import Starlette

from gateway.domain.calendar import instants
from gateway.domain.lenient_reading import Document, Json
from tests.benchmarks.peers import serving
from tests.benchmarks.peers.columns import answers, postgresql, sqlite
from tests.benchmarks.peers.columns.answers import Row
from tests.benchmarks.peers.columns.statements import Export, Statements
from tests.benchmarks.peers.columns.upserts import Upsert

KINDS = ("get", "list", "export", "document", "upsert", "stored-group")


class Columns(Protocol):
    """A database that returns rows."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def fetch(self, statement: str, *values: object) -> Sequence[Row]: ...

    async def upsert(self, upsert: Upsert) -> Sequence[Row]: ...


class ColumnsPeer:
    """Answers the workloads with rows of a database."""

    def __init__(self, database: Columns, statements: Statements) -> None:
        self.open, self.close = database.open, database.close
        self._database, self._statements = database, statements

    async def answer(self, kind: str, variables: Document) -> bytes:
        fetch, statements = self._database.fetch, self._statements
        match kind:
            case "get":
                (row,) = await fetch(statements.get, variables["id"])
                return answers.build_integration(row)
            case "list":
                return answers.build_list(await fetch(statements.list))
            case "export":
                return answers.build_export(*await self._fetch_export(statements.export, variables["id"]))
            case "document":
                return answers.build_document(*await self._fetch_export(statements.document, variables["id"]))
            case "upsert":
                upsert = Upsert.read(variables)
                return upsert.build_answer(await self._database.upsert(upsert))
            case _:
                ((text,),) = await fetch(statements.stored_group, variables["id"])
                return answers.build_stored_group(text, instants.now())

    async def _fetch_export(self, export: Export, id: Json) -> tuple[str, Sequence[Row]]:
        """Return the head of an export, and the rows of its practitioners."""
        if rows := await self._database.fetch(export.practitioners, id):
            return rows[0][0], rows
        ((head,),) = await self._database.fetch(export.head, id)
        return head, []


def create_app(database_url: str) -> Starlette:
    if database_url.startswith("sqlite"):
        peer = ColumnsPeer(sqlite.SqliteColumns(database_url), Statements(sqlite.DIALECT))
    else:
        peer = ColumnsPeer(postgresql.PostgresqlColumns(database_url), Statements(postgresql.DIALECT))
    return serving.create_app(peer, KINDS)
