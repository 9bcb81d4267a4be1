"""Whether the process lives, and whether it is ready to answer: asked by whoever runs it, without a key."""

import asyncio
from time import monotonic

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.database import revisions
from gateway.database.database import FAILURES, Database
from gateway.errors import SchemaNotAtHead

_TIMEOUT = 1.0
_REMEMBERED = 1.0
"""Seconds for which what was found is not asked again, however often somebody wants to know."""

_NOT_KEPT = {"Cache-Control": "no-store"}


class Health:
    """What is wrong, part by part, in words that give nothing away."""

    def __init__(self, database: Database) -> None:
        self._is_stopping = False
        self._database = database
        self._turn = asyncio.Lock()
        self._asked = 0.0
        self._found: dict[str, str] = {}

    def stop(self) -> None:
        """From now on the gateway is not ready, since it is about to end."""
        self._is_stopping = True

    async def live(self, _request: Request) -> Response:
        """That it answers is the answer, whatever the database does."""
        return JSONResponse({"live": True}, headers=_NOT_KEPT)

    async def ready(self, _request: Request) -> Response:
        """200 when requests can be answered; 503 with each part that keeps them from it."""
        failing = {"server": "is stopping"} if self._is_stopping else await self._failing()
        if failing:
            return JSONResponse({"ready": False, "failing": failing}, 503, headers=_NOT_KEPT)
        return JSONResponse({"ready": True}, headers=_NOT_KEPT)

    async def _failing(self) -> dict[str, str]:
        async with self._turn:
            if not self._asked or monotonic() - self._asked > _REMEMBERED:
                self._found = await self._ask()
                self._asked = monotonic()
        return self._found

    async def _ask(self) -> dict[str, str]:
        try:
            async with asyncio.timeout(_TIMEOUT):
                await revisions.require_head(self._database)
        except SchemaNotAtHead as error:
            return {"schema": str(error)}
        except FAILURES:
            return {"database": f"does not answer within {_TIMEOUT:g} s"}
        return {}
