"""A running gateway, and clients that send requests with a key over HTTP."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from gateway import services
from gateway.database.connections import PooledConnection
from gateway.database.database import Database
from gateway.database.inline_reads import InlineReader
from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer
from gateway.settings import Settings
from gateway.web.app import create_app
from tests.support.sessions import open_session

TEAM = "5eb7cf5a86d9755df3a6c593"
OTHER_TEAM = "64b000000000000000000002"
USER = "68a8652f82513625d1c21a85"

Answer = dict[str, Any]


def read_answer(response: Response) -> Answer:
    """Return the JSON of a response without request ids, which must equal its header."""
    answer: Answer = response.json()
    for error in answer.get("errors", []):
        assert error["extensions"].pop("requestId") == response.headers["X-Request-Id"]
    return answer


@dataclass(frozen=True)
class Client:
    """A client with a key. Calling it sends a query with variables and returns the whole response."""

    http: AsyncClient
    key: str
    viewer: Viewer

    async def __call__(self, query: str, /, **variables: object) -> Answer:
        response = await self.send(query, variables)
        assert response.status_code == 200, response.text
        return read_answer(response)

    async def send(
        self, query: str, variables: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> Response:
        return await self.http.post(
            "/graphql",
            json={"query": query, "variables": variables},
            # One name for all, so that equal answers are the same bytes.
            headers={"Authorization": f"Bearer {self.key}", "X-Request-Id": "test", **(headers or {})},
        )

    async def data(self, query: str, /, **variables: object) -> Any:
        """Send a query, and return the `data` of the response, which must have no errors."""
        answer = await self(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@dataclass(frozen=True)
class Gateway:
    """A running gateway and its database."""

    app: Starlette
    database: Database
    http: AsyncClient

    async def client(
        self,
        team_id: str = TEAM,
        user_id: str = USER,
        permissions: Iterable[Permission] = (Permission.ADMIN,),
    ) -> Client:
        """Create a client of a team with these permissions."""
        async with self.database.write() as session:
            key = await services.keys.create_key(
                session, team_id=team_id, user_id=user_id, name="test", permissions=permissions
            )
        async with self.database.read() as session:
            viewer, _ = await services.keys.authenticate_key(session, key)
        return Client(self.http, key, viewer)

    async def write_pending(self) -> None:
        """Write now what follows answers, such as audit entries of exports."""
        await self.app.state.background.flush()

    def flush_reports(self) -> None:
        """Write the logs and metrics of finished requests now, not at the end of the batch."""
        self.app.state.reporting.flush()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with open_session(self.database) as session:
            yield session


@asynccontextmanager
async def serve_gateway(url: str, **settings: Any) -> AsyncIterator[Gateway]:
    """Run a gateway on a database during the block. It caches no keys."""
    app = create_app(Settings(**{"database_url": url, "key_memory": 0, **settings}))
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://gateway") as http,
    ):
        yield Gateway(app, app.state.database, http)


async def send_first_request(gateway: Gateway) -> None:
    """Send the request with which the gateway reads the key of cursors, so that later ones do not."""
    await (await gateway.client()).data("{ __typename }")


@contextmanager
def collect_statements() -> Iterator[list[str]]:
    """Collect the SQL statements that run during the block."""
    collected: list[str] = []
    with watch_statements(lambda statement, _parameters: collected.append(statement)):
        yield collected


@contextmanager
def watch_statements(on_statement: Callable[[str, Any], None]) -> Iterator[None]:
    """Call a function with each SQL statement that runs during the block, and its parameters."""

    # SELECT 1 checks a connection that was idle for some time, on a busy machine also within a test.
    silent = ("BEGIN", "PRAGMA", "COMMIT", "ROLLBACK")

    def report(
        _connection: Connection, _cursor: DBAPICursor, statement: str, parameters: object, *_: object
    ) -> None:
        if statement != "SELECT 1" and not statement.startswith(silent):
            on_statement(statement, parameters)

    fetch, run, copy, inline = (
        PooledConnection.fetch,
        PooledConnection.execute_many,
        PooledConnection.copy_rows,
        InlineReader.fetch,
    )

    async def report_fetch(self: PooledConnection, statement: str, parameters: Sequence[object] = ()) -> object:
        report(None, None, statement, parameters)  # type: ignore[arg-type]  # SQLAlchemy's arguments are not used
        return await fetch(self, statement, parameters)

    async def report_many(self: PooledConnection, statement: str, parameters: Sequence[Sequence[object]]) -> None:
        if len(parameters) > 1:
            report(None, None, statement, parameters[0])  # type: ignore[arg-type]  # likewise
        await run(self, statement, parameters)

    async def report_copy(
        self: PooledConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        report(None, None, f"COPY {table} ({', '.join(columns)}) FROM STDIN", ())  # type: ignore[arg-type]  # likewise
        await copy(self, table, columns, rows)

    def fetch_inline(self: InlineReader, statement: str, parameters: Sequence[object] = ()) -> list[Any] | None:
        found = inline(self, statement, parameters)
        if found is not None:  # otherwise the pooled connection reports it
            report(None, None, statement, parameters)  # type: ignore[arg-type]  # likewise
        return found

    event.listen(Engine, "before_cursor_execute", report)
    try:
        with (
            patch.object(InlineReader, "fetch", fetch_inline),
            patch.object(PooledConnection, "fetch", report_fetch),
            patch.object(PooledConnection, "execute_many", report_many),
            patch.object(PooledConnection, "copy_rows", report_copy),
        ):
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", report)
