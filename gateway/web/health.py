"""Whether the process lives, and whether it is ready to answer: asked by whoever runs it, without a key."""

import asyncio
from time import monotonic

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.database import DATABASE_ERRORS, Database, migrations
from gateway.errors import SchemaNotAtHead

_TIMEOUT = 1.0
_CACHE_SECONDS = 1.0
"""Seconds for which what was found is not asked again, however often somebody wants to know."""

_NO_STORE = {"Cache-Control": "no-store"}


class Health:
    """What is wrong, part by part, in words that give nothing away."""

    def __init__(self, database: Database) -> None:
        self._is_stopping = False
        self._database = database
        self._lock = asyncio.Lock()
        self._checked_at = 0.0
        self._failing_parts: dict[str, str] = {}

    def stop(self) -> None:
        """From now on the gateway is not ready, since it is about to end."""
        self._is_stopping = True

    async def get_live(self, _request: Request) -> Response:
        """That it answers is the answer, whatever the database does."""
        return JSONResponse({"live": True}, headers=_NO_STORE)

    async def get_ready(self, _request: Request) -> Response:
        """200 when requests can be answered; 503 with each part that keeps them from it."""
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
                await migrations.require_head(self._database)
        except SchemaNotAtHead as error:
            return {"schema": str(error)}
        except DATABASE_ERRORS:
            return {"database": f"does not answer within {_TIMEOUT:g} s"}
        return {}
