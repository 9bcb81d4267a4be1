"""Refusals of connections and of requests that the HTTP parser cannot accept."""

import httptools

from gateway.settings import Settings, get_variable_name
from gateway.web import CLOSE_CONNECTION, GraphQLErrorCode, HTTPRefusal

_RETRY_AFTER = (b"retry-after", b"1")


def refuse(code: GraphQLErrorCode, message: str, *headers: tuple[bytes, bytes]) -> HTTPRefusal:
    """Return a refusal after which the connection is closed."""
    return HTTPRefusal(code, message, headers=[*headers, CLOSE_CONNECTION])


def too_many_connections(settings: Settings) -> HTTPRefusal:
    """Return the refusal of a connection above the limit."""
    message = (
        f"The gateway has as many connections as {get_variable_name('connection_limit')} allows, "
        f"{settings.connection_limit}; retry later."
    )
    return refuse(GraphQLErrorCode.OVERLOADED, message, _RETRY_AFTER)


def headers_too_large(settings: Settings, *, is_in_body: bool) -> HTTPRefusal:
    """Return the refusal of headers, or in the body of trailers or of the size line of a chunk."""
    part = "The trailers or the size of a chunk" if is_in_body else "The headers"
    message = (
        f"{part} are larger than {get_max_header_bytes(settings)} bytes; send less, or have the operator raise "
        f"{get_variable_name('header_limit')}."
    )
    return refuse(GraphQLErrorCode.HEADERS_TOO_LARGE, message)


def get_max_header_bytes(settings: Settings) -> int:
    """Return the largest number of bytes of a request line with headers."""
    return settings.url_limit + settings.header_limit


def chunks_too_large(settings: Settings) -> HTTPRefusal:
    """Return the refusal of a body with its chunk sizes and trailers."""
    message = (
        f"The body with its chunk sizes is larger than {get_max_message_bytes(settings)} bytes; send larger "
        f"chunks, or have the operator raise {get_variable_name('body_limit')}."
    )
    return refuse(GraphQLErrorCode.CONTENT_TOO_LARGE, message)


def get_max_message_bytes(settings: Settings) -> int:
    """Return the largest number of bytes of a body with its chunk sizes and trailers."""
    return 2 * settings.body_limit


def headers_late(settings: Settings) -> HTTPRefusal:
    """Return the refusal of headers that do not arrive in time."""
    message = f"The headers did not arrive within {settings.client_timeout:g} seconds; send them again."
    return refuse(GraphQLErrorCode.REQUEST_TIMEOUT, message)


def too_many_pipelined() -> HTTPRefusal:
    """Return the refusal of a request behind too many that wait on its connection."""
    return refuse(GraphQLErrorCode.OVERLOADED, "Too many requests wait on this connection; retry.", _RETRY_AFTER)


def unknown_transfer_coding() -> HTTPRefusal:
    """Return the refusal of a transfer coding that is not `chunked` alone."""
    message = "`Transfer-Encoding` has a coding that the gateway does not know; send `chunked` alone."
    return refuse(GraphQLErrorCode.NOT_IMPLEMENTED, message)


def tunnel() -> HTTPRefusal:
    """Return the refusal of the method CONNECT."""
    return refuse(GraphQLErrorCode.NOT_IMPLEMENTED, "The gateway is no proxy; send GET, HEAD or POST.")


def web_socket() -> HTTPRefusal:
    """Return the refusal of a WebSocket."""
    message = "The gateway has no WebSockets; send operations by POST as `application/json`."
    return refuse(GraphQLErrorCode.BAD_REQUEST, message)


def from_parser_error(error: httptools.HttpParserError) -> HTTPRefusal:
    """Return the refusal of what is not HTTP, or the one that a callback of the parser has raised."""
    if isinstance(error.__context__, HTTPRefusal):
        return error.__context__
    if isinstance(error, httptools.HttpParserCallbackError):
        return refuse(GraphQLErrorCode.BAD_REQUEST, "The URL is not valid; send a path and a query string.")
    return refuse(GraphQLErrorCode.BAD_REQUEST, f"The request is not valid HTTP: {error}. Send HTTP/1.1.")
