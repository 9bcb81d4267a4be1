"""Poolers such as PgBouncer between the gateway and PostgreSQL, and how they lend their connections."""

from enum import StrEnum
from typing import Any

from sqlalchemy import URL

from gateway.database.engines import connect_postgresql

_ATTEMPTS = 5
"""Under load, a pooler rarely lends the same connection twice in a row."""


class Pooler(StrEnum):
    """What stands between the gateway and PostgreSQL."""

    NONE = "none"
    SESSION = "session"
    """A pooler that lends a connection until its client disconnects."""
    TRANSACTION = "transaction"
    """A pooler that lends a connection for one transaction."""


async def find_pooler(url: URL) -> Pooler:
    """Connect twice, and return which pooler answers.

    A pooler invents the process id that a client gets when it connects. If two connected clients get the same
    process of PostgreSQL, it lends its connections for one transaction. Under heavy load that may go unnoticed.
    """
    drivers: list[Any] = []
    try:
        for _ in range(2):
            drivers.append(await connect_postgresql(url, None, shares_connections=True))  # noqa: PERF401 (closed below)
        if drivers[0].get_server_pid() == await _get_process_id(drivers[0]):
            return Pooler.NONE
        seen: tuple[set[int], set[int]] = (set(), set())
        for _ in range(_ATTEMPTS):
            for driver, processes in zip(drivers, seen, strict=True):
                processes.add(await _get_process_id(driver))
        return Pooler.TRANSACTION if seen[0] & seen[1] else Pooler.SESSION
    finally:
        for driver in drivers:
            driver.terminate()


async def _get_process_id(driver: Any) -> int:  # noqa: ANN401 (asyncpg has no types)
    return int(await driver.fetchval("SELECT pg_backend_pid()"))
