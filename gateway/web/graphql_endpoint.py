"""`/graphql`: who asks and what, and the graph's answer; nothing of the graph before the viewer is known."""

from collections.abc import Collection, Mapping

from starlette.types import Receive, Scope
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway import services
from gateway.database import Database
from gateway.errors import Exceeded, Overloaded, Unauthenticated
from gateway.schema import Context, OperationBudget, OperationLimits, schema
from gateway.settings import Settings
from gateway.web.authentication import AuthenticatedViewer, Authentication
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.error_limits import ErrorLimits
from gateway.web.graphql_request import GraphQLRequest, from_body, from_query_string
from gateway.web.negotiation import MediaType
from gateway.web.persisted_queries import PersistedQueries
from gateway.web.rate_limits import RateLimitHeaders, is_cost_requested
from gateway.web.refusals import (
    HTTPRefusal,
    csrf_token_invalid,
    method_not_allowed,
    timed_out,
    to_refusal,
    unauthenticated,
)
from gateway.web.request_limits import RequestReader
from gateway.web.responses import WholeResponse, build_graphql_response, build_refusal_response, with_etag
from gateway.web.timeouts import DeadlineExceeded, Deadlines

_METHODS = b"GET, POST, HEAD, OPTIONS"
_MAX_SHOWN_LENGTH = 100
_UNAUTHENTICATED_MESSAGE = "Send a key that is known, not expired and not revoked: `Authorization: Bearer KEY`."
_QUERIES_ONLY = {OperationType.QUERY}
_OPERATION_TYPES: Mapping[str, Collection[OperationType]] = {
    "GET": _QUERIES_ONLY,
    "HEAD": _QUERIES_ONLY,
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


class GraphQLEndpoint:
    """Asks the graph for those who may ask it."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        request_reader: RequestReader,
        authentication: Authentication,
        buckets: services.rate_limits.TokenBuckets,
        deadlines: Deadlines,
    ) -> None:
        self._database, self._settings, self._request_reader, self._deadlines = (
            database,
            settings,
            request_reader,
            deadlines,
        )
        self._authentication, self._buckets = authentication, buckets
        self._persisted_queries = PersistedQueries(settings)
        self._timeout = settings.request_timeout
        self._profile = settings.http_profile
        self._operation_limits = OperationLimits(settings)
        self._rate_limit_headers = RateLimitHeaders(settings)
        self._error_limits = ErrorLimits(settings)

    async def handle(
        self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], accepted: MediaType | None
    ) -> WholeResponse:
        """See `gateway.web.endpoint.Room`."""
        method: str = scope["method"]
        if method == "OPTIONS":
            return WholeResponse(200, [(b"allow", _METHODS), (b"content-length", b"0")], b"")
        if method not in _OPERATION_TYPES:
            raise method_not_allowed(
                f"{method[:_MAX_SHOWN_LENGTH]} asks nothing here; send GET or POST.", _METHODS
            )
        try:
            authenticated = await self._authentication.authenticate(scope, headers)
        except Unauthenticated:
            raise unauthenticated(_UNAUTHENTICATED_MESSAGE) from None
        bucket = self._buckets.get_bucket(authenticated.viewer)
        context = Context(self._database, authenticated.viewer, OperationBudget(self._operation_limits, bucket))
        try:
            bucket.check()
            response = await self._respond(context, authenticated, scope, receive, headers, accepted)
        except (HTTPRefusal, Exceeded, Overloaded) as error:
            response = build_refusal_response(
                to_refusal(error, self._settings), accepted or MediaType.JSON, self._profile
            )
        response.headers.extend(self._rate_limit_headers.get_headers(bucket))
        return response

    async def _respond(
        self,
        context: Context,
        authenticated: AuthenticatedViewer,
        scope: Scope,
        receive: Receive,
        headers: Mapping[bytes, bytes],
        accepted: MediaType | None,
    ) -> WholeResponse:
        if accepted is None:
            types = " or ".join(f"`{known.value}`" for known in MediaType)
            raise HTTPRefusal(
                GraphQLErrorCode.NOT_ACCEPTABLE, f"Accept leaves no media type to answer in; name {types}."
            )
        method: str = scope["method"]
        if method == "POST":
            request = from_body(await self._request_reader.read_body(headers, receive), self._persisted_queries)
        else:
            request = from_query_string(scope["query_string"], self._persisted_queries)
        allowed = _OPERATION_TYPES[method] if authenticated.may_change else _QUERIES_ONLY
        result = await self._execute(request, context, method, allowed, receive)
        if is_cost_requested(headers.get(b"graphql-cost")) and context.budget.cost is not None:
            result.extensions = {**(result.extensions or {}), "cost": context.budget.cost}
        response = build_graphql_response(result, accepted, self._profile, self._error_limits)
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
    ) -> ExecutionResult:
        try:
            with self._deadlines.enforce(self._timeout, receive):
                return await schema.execute(
                    # Strawberry takes an empty document for none at all.
                    request.query or "\n",
                    request.variables,
                    context,
                    operation_name=request.operation_name,
                    allowed_operation_types=allowed,
                    operation_extensions=request.extensions,
                )
        except DeadlineExceeded:
            raise timed_out(self._timeout, context.commit_count) from None
        except CannotGetOperationTypeError:
            name = request.operation_name
            which = "operation" if name is None else f"operation named `{name[:_MAX_SHOWN_LENGTH]}`"
            raise HTTPRefusal(
                GraphQLErrorCode.OPERATION_RESOLUTION_FAILURE, f"The document has no {which}."
            ) from None
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                if method == "POST":
                    raise csrf_token_invalid() from None
                raise method_not_allowed("A mutation cannot be sent by GET; send it by POST.", b"POST") from None
            message = "This graph has no subscriptions; send a query or a mutation."
            raise HTTPRefusal(GraphQLErrorCode.OPERATION_RESOLUTION_FAILURE, message) from None
