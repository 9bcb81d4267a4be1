"""Wrap the handler of an endpoint: read headers, report the request, and answer every error in JSON."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import structlog
from starlette.types import Receive, Scope, Send

from gateway.domain.ids import new_id
from gateway.errors import Exceeded, OperationAborted
from gateway.settings import Settings
from gateway.telemetry import Reporting, RequestRecord, read_correlation_headers
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.idempotency import REPLAYED
from gateway.web.negotiation import MediaType, negotiate
from gateway.web.origins import AllowedOrigins
from gateway.web.refusals import HTTPRefusal, to_refusal
from gateway.web.request_limits import RequestReader
from gateway.web.responses import HTTPResponse, build_refusal_response, send_response, with_request_id
from gateway.web.timeouts import ClientDisconnected

log = structlog.get_logger(__name__)

EndpointHandler: TypeAlias = Callable[
    [Scope, Receive, Mapping[bytes, bytes], MediaType | None], Awaitable[HTTPResponse]
]
"""Handles a request. The arguments are the ASGI scope and `receive`, the headers by their names in lower case, and
the media type of the response, which is None if `Accept` excludes all."""

RefusalBuilder: TypeAlias = Callable[[HTTPRefusal, MediaType], HTTPResponse]
"""Returns the response to a refused request, and adds its error to the request's record."""


class Endpoint:
    """An ASGI application that reports each request, and answers whatever its handler raises."""

    def __init__(
        self,
        handler: EndpointHandler,
        settings: Settings,
        request_reader: RequestReader,
        reporting: Reporting,
        *,
        is_cross_origin: bool = False,
        build_refusal: RefusalBuilder = build_refusal_response,
    ) -> None:
        """With `is_cross_origin`, pages of `GATEWAY_ALLOWED_ORIGINS` can read the responses."""
        self._build_refusal = build_refusal
        self._handler, self._request_reader, self._reporting = handler, request_reader, reporting
        self._settings = settings
        self._allowed_origins = AllowedOrigins(settings) if is_cross_origin and settings.allowed_origins else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = self._reporting.begin_request()
        try:
            response = await self._respond(scope, receive, record)
            if record.replays:
                response.headers.append(REPLAYED)
            if self._allowed_origins is not None:
                response.headers.extend(self._allowed_origins.get_headers(scope))
            await send_response(with_request_id(response, record), scope, send)
        except ClientDisconnected:
            return
        finally:
            self._reporting.end_request(record)

    async def _respond(self, scope: Scope, receive: Receive, record: RequestRecord) -> HTTPResponse:
        media_type = MediaType.JSON
        try:
            headers = self._request_reader.read_headers(scope)
            if b"x-request-id" in headers or b"traceparent" in headers:
                read_correlation_headers(record, headers)
            accepted = negotiate(headers.get(b"accept", b"*/*"))
            media_type = accepted or media_type
            return await self._handler(scope, receive, headers, accepted)
        except (HTTPRefusal, Exceeded, OperationAborted) as error:
            return self._build_refusal(to_refusal(error, self._settings), media_type)
        except ClientDisconnected:
            raise
        except Exception:  # The client gets an id, and the log gets the traceback.
            error_id = new_id()
            log.exception("request.failed", error_id=error_id)
            surprise = HTTPRefusal(
                GraphQLErrorCode.INTERNAL_SERVER_ERROR, "Internal server error.", extensions={"errorId": error_id}
            )
            return self._build_refusal(surprise, media_type)
