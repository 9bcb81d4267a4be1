"""The URLs of REST: each operation of `gateway.rest` with authentication, limits and reporting."""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, aclosing
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from pydantic import BaseModel
from starlette.routing import Route
from starlette.types import Receive, Scope

from gateway import services
from gateway.database import Database, Writer, repeat_on_conflict
from gateway.domain.audit import AuditAction, AuditEvent
from gateway.domain.lenient_reading import Json
from gateway.domain.viewer import Viewer
from gateway.errors import Exceeded, OperationAborted, Refused, Unauthenticated, forbidden
from gateway.rest import (
    OPERATIONS,
    SYSTEMS,
    AnyOperation,
    ReadOperation,
    RequestInvalid,
    RestAnswer,
    RestRequest,
    System,
    WriteOperation,
)
from gateway.schema import AnswerBudget, OperationBudget, OperationLimits
from gateway.settings import Settings
from gateway.telemetry import RecordedOperation, Reporting, current_request
from gateway.web.authentication import AuthenticatedViewer, Authentication
from gateway.web.endpoint import Endpoint, EndpointHandler
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.idempotency import read_idempotency_key, record_replays
from gateway.web.negotiation import MediaType
from gateway.web.rate_limits import RateLimitHeaders
from gateway.web.refusals import (
    HTTPRefusal,
    csrf_token_invalid,
    drop_tracebacks,
    method_not_allowed,
    to_refusal,
    unauthenticated,
)
from gateway.web.request_limits import RequestReader
from gateway.web.responses import HTTPResponse
from gateway.web.rest_responses import build_headers, build_refusal_response, build_response, refuse
from gateway.web.streamed_body import StreamedBody
from gateway.web.timeouts import Deadlines

_SMALL_BYTES = 2**18
"""Bytes of an answer that are collected before it is sent as a stream."""

_MAX_SHOWN_LENGTH = 100
_WIDGET_MESSAGE = "A widget key may not use this URL. Use another key."


class RestServer(NamedTuple):
    """What all REST endpoints share with the GraphQL endpoint."""

    database: Database
    settings: Settings
    request_reader: RequestReader
    authentication: Authentication
    buckets: services.rate_limits.TokenBuckets
    deadlines: Deadlines
    pending_writes: services.pending_writes.PendingWrites


def build_rest_routes(server: RestServer, reporting: Reporting) -> Iterator[Route]:
    """Yield a route for each path, and then for each system one that refuses all other paths below it."""
    limits = OperationLimits(server.settings)
    for path in dict.fromkeys(operation.path for operation in OPERATIONS):
        operations = [operation for operation in OPERATIONS if operation.path == path]
        handle = RestEndpoint(operations, server, limits).handle
        yield Route(path, _create_endpoint(operations[0].system, handle, server, reporting))
    for system in SYSTEMS:
        if system.prefix is None:
            continue
        yield Route(f"{system.prefix}{{path:path}}", _create_endpoint(system, _refuse_path, server, reporting))


def _get_full_name(operation: AnyOperation) -> str:
    """Return a name that no operation of GraphQL has."""
    return f"rest:{operation.name}"


def _create_endpoint(
    system: System, handle: EndpointHandler, server: RestServer, reporting: Reporting
) -> Endpoint:
    build_refusal = partial(build_refusal_response, system)
    return Endpoint(handle, server.settings, server.request_reader, reporting, build_refusal=build_refusal)


async def _refuse_path(*_request: object) -> HTTPResponse:
    raise HTTPRefusal(GraphQLErrorCode.NOT_FOUND, "There is nothing at this path.", status=HTTPStatus.NOT_FOUND)


class RestEndpoint:
    """Answers the requests to one path, whose operations have different methods."""

    def __init__(self, operations: Sequence[AnyOperation], server: RestServer, limits: OperationLimits) -> None:
        self._operations = {method: operation for operation in operations for method in _list_methods(operation)}
        self._server, self._limits = server, limits
        self._timeout = server.settings.request_timeout
        self._rate_limit_headers = RateLimitHeaders(server.settings)

    async def handle(
        self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], _accepted: MediaType | None
    ) -> HTTPResponse:
        """Answer a request, see `gateway.web.endpoint.EndpointHandler`."""
        method, server = scope["method"], self._server
        operation = self._operations.get(method, next(iter(self._operations.values())))
        operation_type = "query" if isinstance(operation, ReadOperation) else "mutation"
        current_request.get().operation = RecordedOperation(operation_type, _get_full_name(operation), None)
        if method not in self._operations:
            allowed = ", ".join(self._operations)
            message = f"The method {method[:_MAX_SHOWN_LENGTH]} is not allowed here; send {allowed}."
            raise method_not_allowed(message, allowed.encode())
        started = monotonic()
        try:
            authenticated = await self._authenticate(operation, scope, headers)
        except Unauthenticated:
            raise unauthenticated("The request has no valid key; send one.") from None
        spent = monotonic() - started
        bucket = server.buckets.get_bucket(authenticated.viewer)
        try:
            bucket.check()
            response = await self._respond(operation, scope, receive, headers, authenticated, bucket, spent)
        except (Refused, RequestInvalid) as error:
            response = refuse(operation, error)
        except (HTTPRefusal, Exceeded, OperationAborted) as error:
            drop_tracebacks(error)
            refusal = to_refusal(error, server.settings)
            response = build_refusal_response(operation.system, refusal, MediaType.JSON)
        response.headers.extend(self._rate_limit_headers.get_headers(bucket))
        response.headers.extend(operation.system.describe_rate_limit(bucket))
        return response

    async def _authenticate(
        self, operation: AnyOperation, scope: Scope, headers: Mapping[bytes, bytes]
    ) -> AuthenticatedViewer:
        authentication, names = self._server.authentication, operation.system.credential_headers
        if operation.system.reads_sessions and headers.keys().isdisjoint(names):
            return await authentication.authenticate_cookie(scope, headers)
        return await authentication.authenticate_key(scope, headers, names)

    async def _respond(
        self,
        operation: AnyOperation,
        scope: Scope,
        receive: Receive,
        headers: Mapping[bytes, bytes],
        authenticated: AuthenticatedViewer,
        bucket: services.rate_limits.TokenBucket,
        spent: float,
    ) -> HTTPResponse:
        viewer, is_posted = authenticated.viewer, operation.method == "POST"
        if is_posted and not authenticated.may_change:
            raise csrf_token_invalid()
        if viewer.is_for_widgets:
            raise forbidden(_WIDGET_MESSAGE)
        operation.authorize(viewer)
        idempotency_key = read_idempotency_key(headers) if isinstance(operation, WriteOperation) else None
        body = await self._server.request_reader.read_body(headers, receive) if is_posted else b""
        request = RestRequest(scope["path_params"], _parse_query(scope["query_string"]), body)
        parameters = operation.system.parse(operation, request)
        OperationBudget(self._limits, bucket).charge(operation.cost(parameters))
        deadline = partial(self._enforce_deadline, receive, monotonic() - spent)
        if isinstance(operation, ReadOperation):
            return await self._read(operation, viewer, parameters, deadline, is_head=scope["method"] == "HEAD")
        with deadline():
            return build_response(await self._write(operation, viewer, parameters, idempotency_key))

    def _enforce_deadline(self, receive: Receive, started: float) -> AbstractContextManager[None]:
        """Limit a block to the rest of the time for a request that started at this time of `monotonic`."""
        return self._server.deadlines.enforce(self._timeout, receive, spent=monotonic() - started)

    async def _write(
        self, operation: WriteOperation[Any], viewer: Viewer, parameters: BaseModel, idempotency_key: str | None
    ) -> RestAnswer:
        request = mutation = None
        if idempotency_key is not None:
            # Without defaults: an absent parameter may mean another thing than its default.
            given = parameters.model_dump(mode="json", exclude_unset=True)
            mutations: dict[str, Json] = {operation.name: [_get_full_name(operation), given]}
            request = services.idempotency.KeyedRequest(idempotency_key, mutations)
            mutation = request.get_mutation(operation.name)

        async def write(writer: Writer) -> Any:  # noqa: ANN401 (the operation's result)
            return await operation.write(writer, viewer, parameters)

        async def commit() -> RestAnswer:
            async with services.audit.write(self._server.database, viewer) as writer:
                result = await services.idempotency.run_once(
                    writer, viewer, mutation, operation.result_type, write
                )
                return operation.describe(result, writer)

        try:
            with services.idempotency.watch_repetitions(viewer, mutation):
                return await repeat_on_conflict(commit)
        finally:
            record_replays(request)

    async def _read(
        self,
        operation: ReadOperation[Any],
        viewer: Viewer,
        parameters: BaseModel,
        deadline: Callable[[], AbstractContextManager[None]],
        *,
        is_head: bool,
    ) -> HTTPResponse:
        """Return the answer; one that is not read to its end is sent as it is read."""
        budget = AnswerBudget(self._limits, self._server.database, viewer.team_id)
        async with AsyncExitStack() as scope:
            scope.callback(budget.release)
            with deadline():
                if operation.is_export:
                    await budget.begin_export()
                snapshot = self._server.database.read(team=viewer.team_id, budget=budget)
                reader = await scope.enter_async_context(snapshot)
                answer = await operation.answer(reader, viewer, parameters)
                if answer.event is not None and not is_head:
                    await self._record_export(viewer, answer.event)
                if isinstance(answer.body, bytes):
                    budget.check(len(answer.body))
                    return build_response(answer)
                parts = await scope.enter_async_context(aclosing(answer.body))
                collected = await _collect(parts, _SMALL_BYTES)
            if sum(map(len, collected)) < _SMALL_BYTES:
                return build_response(answer._replace(body=b"".join(collected)))
            headers = build_headers(answer)
            if is_head:
                return HTTPResponse(answer.status, headers, b"")
            stream = StreamedBody(scope.pop_all(), collected, parts, deadline)
        return HTTPResponse(answer.status, headers, b"", send_stream=stream.send)

    async def _record_export(self, viewer: Viewer, event: AuditEvent) -> None:
        if event.action is AuditAction.SECRET_EXPORT:
            await services.audit.record_disclosures(self._server.database, viewer, [event])
        else:
            self._server.pending_writes.add_event(viewer, event, current_request.get().id)


async def _collect(parts: AsyncGenerator[bytes | bytearray], size: int) -> list[bytes | bytearray]:
    """Return the next parts: all of them, or at least `size` bytes."""
    collected: list[bytes | bytearray] = []
    count = 0
    async for part in parts:
        collected.append(part)
        count += len(part)
        if count >= size:
            break
    return collected


def _parse_query(query_string: bytes) -> Sequence[tuple[str, str]]:
    try:
        return parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        message = "The query string is not percent-encoded UTF-8; encode it as browsers encode forms."
        raise HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, message) from None


def _list_methods(operation: AnyOperation) -> Sequence[str]:
    return ("GET", "HEAD") if operation.method == "GET" else (operation.method,)
