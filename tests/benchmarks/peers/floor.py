"""The floor: one hand-written statement for each workload, which returns the text of the response."""

from starlette.applications import Starlette

from tests.benchmarks.peers import serving
from tests.benchmarks.peers.floor_postgresql import PostgresqlFloor
from tests.benchmarks.peers.floor_sqlite import SqliteFloor

KINDS = ("get", "list", "export", "document", "upsert", "dashboard", "rows")


def create_app(database_url: str) -> Starlette:
    is_sqlite = database_url.startswith("sqlite")
    return serving.create_app(SqliteFloor(database_url) if is_sqlite else PostgresqlFloor(database_url), KINDS)


if __name__ == "__main__":
    serving.serve(create_app)
