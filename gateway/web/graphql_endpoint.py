"""`/graphql`: authenticates the viewer, then reads, executes and answers the GraphQL request."""

from collections.abc import Collection, Mapping
from hmac import HMAC
from time import monotonic

from starlette.types import Receive, Scope
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway import services
from gateway.database import Database
from gateway.errors import Exceeded, OperationAborted, Unauthenticated
from gateway.schema import Context, OperationBudget, OperationLimits, schema
from gateway.settings import Settings
from gateway.telemetry import current_request
from gateway.web.authentication import AuthenticatedViewer, Authentication
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.graphql_request import GraphQLRequest, from_body, from_query_string
from gateway.web.idempotency import read_idempotency_key, record_replays
from gateway.web.negotiation import MediaType
from gateway.web.persisted_queries import PersistedQueries
from gateway.web.rate_limits import RateLimitHeaders, is_cost_requested
from gateway.web.refusals import (
    HTTPRefusal,
    csrf_token_invalid,
    drop_tracebacks,
    method_not_allowed,
    to_refusal,
    unauthenticated,
)
from gateway.web.request_limits import RequestReader
from gateway.web.responses import (
    ErrorLimits,
    HTTPResponse,
    build_graphql_response,
    build_refusal_response,
    with_etag,
)
from gateway.web.timeouts import Deadlines

_METHODS = b"GET, POST, HEAD, OPTIONS"
_MAX_SHOWN_LENGTH = 100
_UNAUTHENTICATED_MESSAGE = (
    "The request has no valid key; send one that is not expired or revoked: `Authorization: Bearer KEY`."
)
_QUERIES_ONLY = {OperationType.QUERY}
_OPERATION_TYPES: Mapping[str, Collection[OperationType]] = {
    "GET": _QUERIES_ONLY,
    "HEAD": _QUERIES_ONLY,
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


class GraphQLEndpoint:
    """Executes GraphQL requests of authenticated viewers."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        request_reader: RequestReader,
        authentication: Authentication,
        buckets: services.rate_limits.TokenBuckets,
        deadlines: Deadlines,
        pending_writes: services.pending_writes.PendingWrites,
    ) -> None:
        self._database, self._settings, self._request_reader, self._deadlines = (
            database,
            settings,
            request_reader,
            deadlines,
        )
        self._authentication, self._buckets, self._pending_writes = authentication, buckets, pending_writes
        self._persisted_queries = PersistedQueries(settings)
        self._timeout = settings.request_timeout
        self._operation_limits = OperationLimits(settings)
        self._rate_limit_headers = RateLimitHeaders(settings)
        self._error_limits = ErrorLimits(settings)
        self._cursor_key: HMAC | None = None

    async def handle(
        self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], accepted: MediaType | None
    ) -> HTTPResponse:
        """Answer a request, see `gateway.web.endpoint.EndpointHandler`."""
        method: str = scope["method"]
        if method == "OPTIONS":
            return HTTPResponse(200, [(b"allow", _METHODS), (b"content-length", b"0")], b"")
        if method not in _OPERATION_TYPES:
            raise method_not_allowed(
                f"The method {method[:_MAX_SHOWN_LENGTH]} is not allowed here; send GET or POST.", _METHODS
            )
        started = monotonic()
        try:
            authenticated = await self._authentication.authenticate(scope, headers)
        except Unauthenticated:
            raise unauthenticated(_UNAUTHENTICATED_MESSAGE) from None
        # The time that the database took to find the key counts too; that of the client for its body does not.
        spent = monotonic() - started
        bucket = self._buckets.get_bucket(authenticated.viewer)
        try:
            bucket.check()
            budget = OperationBudget(self._operation_limits, bucket)
            cursor_key = self._cursor_key or await self._read_cursor_key()
            idempotency_key = read_idempotency_key(headers) if method == "POST" else None
            context = Context(self._database, authenticated.viewer, budget, cursor_key, idempotency_key)
            try:
                response = await self._respond(context, authenticated, scope, receive, headers, accepted, spent)
            except BaseException:
                context.answer.end_export()
                raise
            finally:
                record_replays(context.keyed_request)
            if context.answer.is_export:
                response = response._replace(after_sending=context.answer.end_export)
        except (HTTPRefusal, Exceeded, OperationAborted) as error:
            drop_tracebacks(error)
            response = build_refusal_response(to_refusal(error, self._settings), accepted or MediaType.JSON)
        response.headers.extend(self._rate_limit_headers.get_headers(bucket))
        return response

    async def _read_cursor_key(self) -> HMAC:
        """Read the key that signs cursors, with the first request of this process."""
        # Before the operation has a connection: to wait for a second one could block all of them.
        with self._deadlines.enforce(self._timeout):
            async with self._database.read(once=True) as reader:
                self._cursor_key = await services.cursors.read_key(reader)
        return self._cursor_key

    async def _respond(
        self,
        context: Context,
        authenticated: AuthenticatedViewer,
        scope: Scope,
        receive: Receive,
        headers: Mapping[bytes, bytes],
        accepted: MediaType | None,
        spent: float,
    ) -> HTTPResponse:
        if accepted is None:
            types = " or ".join(f"`{media_type.value}`" for media_type in MediaType)
            raise HTTPRefusal(
                GraphQLErrorCode.NOT_ACCEPTABLE,
                f"`Accept` excludes all media types of the gateway; include {types}.",
            )
        method: str = scope["method"]
        if method == "POST":
            request = from_body(await self._request_reader.read_body(headers, receive), self._persisted_queries)
        else:
            request = from_query_string(scope["query_string"], self._persisted_queries)
        allowed = _OPERATION_TYPES[method] if authenticated.may_change else _QUERIES_ONLY
        result = await self._execute(request, context, method, allowed, receive, spent)
        if is_cost_requested(headers.get(b"graphql-cost")) and context.budget.cost is not None:
            result.extensions = {**(result.extensions or {}), "cost": context.budget.cost}
        response = build_graphql_response(result, accepted, self._error_limits)
        context.answer.check(len(response.body))
        for event in context.disclosures.exports:
            self._pending_writes.add_event(context.viewer, event, current_request.get().id)
        return (
            response if method == "POST" or result.errors else with_etag(response, headers.get(b"if-none-match"))
        )

    async def _execute(
        self,
        request: GraphQLRequest,
        context: Context,
        method: str,
        allowed: Collection[OperationType],
        receive: Receive,
        spent: float,
    ) -> ExecutionResult:
        try:
            with self._deadlines.enforce(self._timeout, receive, spent=spent):
                return await schema.execute(
                    # Strawberry treats an empty document as a missing one.
                    request.query or "\n",
                    request.variables,
                    context,
                    operation_name=request.operation_name,
                    allowed_operation_types=allowed,
                    operation_extensions=request.extensions,
                )
        except OperationAborted as error:
            error.committed = context.answer.committed
            raise
        except CannotGetOperationTypeError:
            name = request.operation_name
            which = "operation" if name is None else f"operation named `{name[:_MAX_SHOWN_LENGTH]}`"
            raise HTTPRefusal(
                GraphQLErrorCode.OPERATION_RESOLUTION_FAILURE,
                f"The document has no {which}; send the name of an operation that it has.",
            ) from None
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                if method == "POST":
                    raise csrf_token_invalid() from None
                raise method_not_allowed("GET cannot run a mutation; send it by POST.", b"POST") from None
            message = "The schema has no subscriptions; send a query or a mutation."
            raise HTTPRefusal(GraphQLErrorCode.OPERATION_RESOLUTION_FAILURE, message) from None
