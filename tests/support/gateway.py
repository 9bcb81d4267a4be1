"""What tests ask a gateway through: HTTP, with a key of somebody's."""

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
    """The answer, without what differs from request to request: its id, which each error and a header have."""
    answer: Answer = response.json()
    for error in answer.get("errors", []):
        assert error["extensions"].pop("requestId") == response.headers["X-Request-Id"]
    return answer


@dataclass(frozen=True)
class Client:
    """Somebody with a key. Calling it sends a query with variables and returns the whole answer."""

    http: AsyncClient
    key: str
    viewer: Viewer

    async def __call__(self, query: str, /, **variables: object) -> Answer:
        response = await self.send(query, variables)
        assert response.status_code == 200, response.text
        return read_answer(response)

    async def send(self, query: str, variables: Mapping[str, object]) -> Response:
        return await self.http.post(
            "/graphql",
            json={"query": query, "variables": variables},
            # One name for all, so that equal answers are the same bytes.
            headers={"Authorization": f"Bearer {self.key}", "X-Request-Id": "test"},
        )

    async def data(self, query: str, /, **variables: object) -> Any:
        """The `data` of an answer that must have no errors."""
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
        """Somebody of a team with these permissions."""
        async with self.database.write() as session:
            key = await services.keys.create_key(
                session, team_id=team_id, user_id=user_id, name="test", permissions=permissions
            )
        async with self.database.read() as session:
            viewer, _ = await services.keys.authenticate_key(session, key)
        return Client(self.http, key, viewer)

    def flush_reports(self) -> None:
        """Have the log and the metrics tell of all requests that are over, which they would do a moment later."""
        self.app.state.reporting.flush()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with open_session(self.database) as session:
            yield session


@asynccontextmanager
async def serve_gateway(url: str, **settings: Any) -> AsyncIterator[Gateway]:
    """A gateway that runs on a database for as long as the block lasts; it looks each key up every time."""
    app = create_app(Settings(**{"database_url": url, "key_memory": 0, **settings}))
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://gateway") as http,
    ):
        yield Gateway(app, app.state.database, http)


@contextmanager
def collect_statements() -> Iterator[list[str]]:
    """Collects each SQL statement that runs meanwhile, in whichever database."""
    collected: list[str] = []
    with watch_statements(lambda statement, _parameters: collected.append(statement)):
        yield collected


@contextmanager
def watch_statements(told: Callable[[str, Any], None]) -> Iterator[None]:
    """Tells of each SQL statement that runs meanwhile, and of its parameters, whoever runs it."""

    def tell(
        _connection: Connection, _cursor: DBAPICursor, statement: str, parameters: object, *_: object
    ) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "COMMIT", "ROLLBACK")):
            told(statement, parameters)

    fetch, run, copy, glance = (
        PooledConnection.fetch,
        PooledConnection.execute_many,
        PooledConnection.copy_rows,
        InlineReader.fetch,
    )

    async def fetched(self: PooledConnection, statement: str, parameters: Sequence[object] = ()) -> object:
        tell(None, None, statement, parameters)  # type: ignore[arg-type]  # nothing of SQLAlchemy's
        return await fetch(self, statement, parameters)

    async def ran(self: PooledConnection, statement: str, parameters: Sequence[Sequence[object]]) -> None:
        if len(parameters) > 1:
            tell(None, None, statement, parameters[0])  # type: ignore[arg-type]  # likewise
        await run(self, statement, parameters)

    async def copied(
        self: PooledConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        tell(None, None, f"COPY {table} ({', '.join(columns)}) FROM STDIN", ())  # type: ignore[arg-type]  # likewise
        await copy(self, table, columns, rows)

    def glanced(self: InlineReader, statement: str, parameters: Sequence[object] = ()) -> list[Any] | None:
        found = glance(self, statement, parameters)
        if found is not None:  # or else a lease tells of it
            tell(None, None, statement, parameters)  # type: ignore[arg-type]  # likewise
        return found

    event.listen(Engine, "before_cursor_execute", tell)
    try:
        with (
            patch.object(InlineReader, "fetch", glanced),
            patch.object(PooledConnection, "fetch", fetched),
            patch.object(PooledConnection, "execute_many", ran),
            patch.object(PooledConnection, "copy_rows", copied),
        ):
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", tell)
