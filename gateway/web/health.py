"""`/livez` and `/readyz`: health checks for operators, without a key."""

import asyncio
from time import monotonic

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.database import Database, migrations
from gateway.domain.failure_causes import FailureCause
from gateway.errors import OperationAborted, SchemaNotAtHead, Unavailable

_TIMEOUT = 1.0
_CACHE_SECONDS = 1.0
"""Seconds for which a check of the database is cached."""

_NO_STORE = {"Cache-Control": "no-store"}


class Health:
    """Checks the parts of the gateway. Its messages reveal no secrets, because anybody can read them."""

    def __init__(self, database: Database) -> None:
        self._is_stopping = False
        self._database = database
        self._lock = asyncio.Lock()
        self._checked_at = 0.0
        self._failing_parts: dict[str, str] = {}

    def stop(self) -> None:
        """Answer from now on that the gateway is not ready, because it stops."""
        self._is_stopping = True

    async def get_live(self, _request: Request) -> Response:
        """Answer 200 whenever the process can answer, even if the database fails."""
        return JSONResponse({"live": True}, headers=_NO_STORE)

    async def get_ready(self, _request: Request) -> Response:
        """Answer 200 if requests can be answered, and otherwise 503 with each part that fails."""
        failing = {"server": "is stopping"} if self._is_stopping else await self._find_failing_parts()
        if failing:
            return JSONResponse({"ready": False, "failing": failing}, 503, headers=_NO_STORE)
        return JSONResponse({"ready": True}, headers=_NO_STORE)

    async def _find_failing_parts(self) -> dict[str, str]:
        async with self._lock:
            if not self._checked_at or monotonic() - self._checked_at > _CACHE_SECONDS:
                self._failing_parts = await self._check_database()
                self._checked_at = monotonic()
        return self._failing_parts

    async def _check_database(self) -> dict[str, str]:
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._database.check()
                await migrations.require_compatible(self._database)
        except SchemaNotAtHead as error:
            return {"schema": str(error)}
        except Unavailable as error:
            if error.cause is FailureCause.SLOTS and self._database.has_connections:
                return {}  # Not all replicas at once stop answering because none gets one more connection.
            return {error.cause.part: error.reason}
        except (OperationAborted, TimeoutError):
            return {"database": f"does not answer within {_TIMEOUT:g} s"}
        return {}
