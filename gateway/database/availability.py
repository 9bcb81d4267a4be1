"""Whether the database can be used: failures by cause, and a breaker that refuses requests while it is away."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from time import perf_counter

import structlog

from gateway.domain.failure_causes import FailureCause
from gateway.errors import OperationAborted, Unavailable

log = structlog.get_logger(__name__)

PROBE_INTERVAL = 1.0
"""Seconds between the beginnings of two probes, and between two log lines of one cause."""

_PROBE_TIMEOUT = 2.0
"""Seconds for a probe; its connection has timeouts of its own, which are shorter."""


class Availability:
    """Counts and logs failures. After the database stopped answering it refuses all, until a probe succeeds.

    Without a `probe` nothing is refused: commands find out themselves, and SQLite has no network to be cut.
    """

    def __init__(self, probe: Callable[[], Awaitable[None]] | None, *, is_logged: bool) -> None:
        """Commands do not log failures: they end with the message of the exception."""
        self.counts: Counter[str] = Counter({cause.value: 0 for cause in FailureCause})
        """Failed statements and connections by cause."""
        self.writing_failure: FailureCause | None = None
        """Why the last write failed, if its storage is full, damaged or read-only."""
        self.cut_off_detail: str | None = None
        """Why all requests are refused now."""
        self.listeners: list[Callable[[Unavailable], None]] = []
        """Called when requests begin to be refused, with the failure."""
        self._probe, self._is_logged = probe, is_logged
        self._probing: asyncio.Task[None] | None = None
        self._is_closed = False
        self._logged_at: dict[FailureCause, float] = {}

    def require(self) -> None:
        """Raise Unavailable while the database does not answer."""
        if self.cut_off_detail is not None:
            raise Unavailable(FailureCause.DATABASE, self.cut_off_detail)

    def require_writable(self) -> None:
        """Raise Unavailable if the file is damaged: writing would make it worse."""
        if self.writing_failure is FailureCause.DAMAGE:
            raise Unavailable(FailureCause.DAMAGE)

    def report(self, failure: Unavailable) -> None:
        """Count a failure, and log it at most once a second for each cause."""
        cause = failure.cause
        self.counts[cause.value] += 1
        if cause.part != FailureCause.DATABASE and self.writing_failure is not FailureCause.DAMAGE:
            self.writing_failure = cause
        now = perf_counter()
        if self._is_logged and now - self._logged_at.get(cause, -PROBE_INTERVAL) >= PROBE_INTERVAL:
            self._logged_at[cause] = now
            log.error("database.unavailable", cause=cause.value, reason=failure.detail)

    def report_written(self) -> None:
        """Note that a transaction was committed. A damaged file stays damaged."""
        if self.writing_failure is not FailureCause.DAMAGE:
            self.writing_failure = None

    def cut_off(self, failure: Unavailable) -> None:
        """Refuse all requests from now on, and probe the database until it answers."""
        if self._probe is None or self._is_closed or self.cut_off_detail is not None:
            return
        self.cut_off_detail = failure.detail
        for listener in self.listeners:
            listener(failure)
        self._probing = asyncio.create_task(self._wait_for_database(self._probe))

    async def _wait_for_database(self, probe: Callable[[], Awaitable[None]]) -> None:
        started = perf_counter()
        try:
            while not await _succeeds(probe):
                await asyncio.sleep(max(0.0, started + PROBE_INTERVAL - perf_counter()))
                started = perf_counter()
            log.info("database.available")
        finally:
            # Also after an error that nobody foresaw: the next statement finds out whether the database answers.
            self.cut_off_detail = None

    async def close(self) -> None:
        """Stop probing, and begin no more: a connection may fail later."""
        self._is_closed = True
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])


async def _succeeds(probe: Callable[[], Awaitable[None]]) -> bool:
    """Return whether the database answers, if only to say that it takes no more connections."""
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT):
            await probe()
    except TimeoutError:
        return False
    except OperationAborted as error:
        return isinstance(error, Unavailable) and error.cause is FailureCause.SLOTS
    return True
