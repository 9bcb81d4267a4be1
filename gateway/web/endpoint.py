"""The door: a request in, an answer out, in JSON whatever goes wrong."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import structlog
from starlette.types import Receive, Scope, Send

from gateway.domain.ids import new_id
from gateway.errors import Exceeded, Overloaded
from gateway.settings import Settings
from gateway.telemetry.reporting import Observation, identify
from gateway.telemetry.request_record import Exchange
from gateway.web.cycle import send_answer
from gateway.web.error_codes import Code
from gateway.web.negotiation import MediaType, negotiated
from gateway.web.origins import AllowedOrigins
from gateway.web.refusals import Refusal, refusal_of
from gateway.web.request_limits import Reading
from gateway.web.responses import Answer, identified, refused
from gateway.web.timeouts import ClientGone, OutOfTime

log = structlog.get_logger(__name__)

Room: TypeAlias = Callable[[Scope, Receive, Mapping[bytes, bytes], MediaType | None], Awaitable[Answer]]
"""What is behind a door: it is given a request, its headers by their names in small letters, and the media type to
answer in, if Accept leaves any."""


class Door:
    """The way to a room: each request is observed, and whatever the room raises is answered."""

    def __init__(
        self, room: Room, settings: Settings, reading: Reading, observation: Observation, *, is_open: bool = False
    ) -> None:
        """`is_open` where pages of other origins may ask, as far as that is set."""
        self._room, self._reading, self._observation = room, reading, observation
        self._settings = settings
        self._allowed_origins = AllowedOrigins(settings) if is_open and settings.allowed_origins else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._observation.begin()
        try:
            answer = await self._answer(scope, receive, exchange)
            if self._allowed_origins is not None:
                answer.headers.extend(self._allowed_origins.headers(scope))
            await send_answer(identified(answer, exchange), scope, send)
        except ClientGone:
            return
        finally:
            self._observation.end(exchange)

    async def _answer(self, scope: Scope, receive: Receive, exchange: Exchange) -> Answer:
        media_type = MediaType.JSON
        try:
            headers = self._reading.headers(scope)
            if b"x-request-id" in headers or b"traceparent" in headers:
                identify(exchange, headers)
            accepted = negotiated(headers.get(b"accept", b"*/*"))
            media_type = accepted or media_type
            return await self._room(scope, receive, headers, accepted)
        except (Refusal, Exceeded, Overloaded, OutOfTime) as error:
            return refused(refusal_of(error, self._settings), media_type, self._settings.http_profile)
        except ClientGone:
            raise
        except Exception:  # Whatever it is, the client gets JSON and the log gets the rest.
            error_id = new_id()
            log.exception("request.failed", error_id=error_id)
            surprise = Refusal(
                Code.INTERNAL_SERVER_ERROR, "Internal server error.", extensions={"errorId": error_id}
            )
            return refused(surprise, media_type, self._settings.http_profile)
