"""Send a body while it is read from the database, within the time for a request."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, suppress
from dataclasses import dataclass

from starlette.types import Message, Send

from gateway.errors import OperationAborted
from gateway.telemetry import current_request
from gateway.web.refusals import drop_tracebacks, get_code
from gateway.web.timeouts import ClientDisconnected


@dataclass(frozen=True, slots=True)
class StreamedBody:
    """A body whose parts are read from an open snapshot. `send` must be called, since it ends the snapshot."""

    _scope: AsyncExitStack
    """Closes the parts, and releases the connection."""
    _collected: list[bytes | bytearray]
    """The parts that were read already."""
    _parts: AsyncGenerator[bytes | bytearray]
    _deadline: Callable[[], AbstractContextManager[None]]
    """Limits a block to the rest of the request's time, and to the presence of the client."""

    async def send(self, start: Message, send: Send) -> None:
        """Send the response from its first message on.

        If reading fails, or takes too long, the last message is not sent: the server then cuts the connection, so
        that no client takes a part for the whole.
        """
        record = current_request.get()
        try:
            async with self._scope:
                with self._deadline():
                    await send(start)
                    while self._collected:
                        await _send_part(self._collected.pop(0), send)
                    with suppress(StopAsyncIteration):
                        while True:
                            # No variable refers to a part, so that it is freed before the next one is read.
                            await _send_part(await anext(self._parts), send)
                    await send({"type": "http.response.body", "body": b""})
        except ClientDisconnected:
            record.status = None
            raise
        except OperationAborted as error:
            drop_tracebacks(error)
            record.error_codes = (get_code(error).name,)


async def _send_part(part: bytes | bytearray, send: Send) -> None:
    current_request.get().response_bytes += len(part)
    await send({"type": "http.response.body", "body": part, "more_body": True})
