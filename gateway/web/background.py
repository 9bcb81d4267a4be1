"""The task that writes what requests have left to write, and deletes old entries of the audit log."""

import asyncio
from contextlib import suppress
from contextvars import Context

import structlog

from gateway import services
from gateway.database import DATABASE_ERRORS, Database
from gateway.errors import GatewayError

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 1.0
"""Seconds between two writes of what waits. Nothing waits longer while the database can be written."""

PRUNE_SECONDS = 3600.0
"""Seconds between two deletions of old entries."""

_CLOSE_SECONDS = 5.0
"""Seconds for the last write when the process ends."""


class BackgroundTask:
    """Runs from the start of the server to its end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.pending_writes = services.pending_writes.PendingWrites()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        # The context of no request.
        self._task = asyncio.create_task(self._run(), context=Context())

    async def close(self) -> None:
        """End the task, and write what still waits."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.flush()

    async def flush(self) -> None:
        """Write what waits. If the database cannot be written, it waits on."""
        if self.pending_writes:
            try:
                await self.pending_writes.flush(self._database)
            except (GatewayError, *DATABASE_ERRORS) as error:
                log.warning("audit.delayed", reason=type(error).__name__)

    async def prune(self) -> None:
        """Delete old entries of the audit log."""
        try:
            count = await services.audit.prune(self._database)
        except (GatewayError, *DATABASE_ERRORS) as error:
            log.warning("audit.not_pruned", reason=type(error).__name__)
        else:
            if count:
                log.info("audit.pruned", count=count)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        # Not at once: several replicas may start at the same time, and a start should be quick.
        next_pruning = loop.time() + FLUSH_SECONDS * 60
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()
            if loop.time() >= next_pruning:
                await self.prune()
                next_pruning = loop.time() + PRUNE_SECONDS
