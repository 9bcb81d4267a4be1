"""`/graphql`: who asks and what, and the graph's answer; nothing of the graph before the viewer is known."""

from collections.abc import Collection, Mapping

from starlette.types import Receive, Scope
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway.database.database import Database
from gateway.errors import Exceeded, Overloaded, Unauthenticated
from gateway.schema import schema
from gateway.schema.allowances import Allowance, Allowances
from gateway.schema.context import Context
from gateway.services.rate_limits import Buckets
from gateway.settings import Settings
from gateway.web.authentication import Asker, Authentication
from gateway.web.error_codes import Code
from gateway.web.error_limits import ErrorLimits
from gateway.web.graphql_request import GraphQLRequest, from_body, from_query_string
from gateway.web.negotiation import MediaType
from gateway.web.persisted_queries import Documents
from gateway.web.rate_limits import RateLimitHeaders, is_cost_wanted
from gateway.web.refusals import Refusal, not_allowed, out_of_time, refusal_of, unauthenticated, without_csrf_token
from gateway.web.request_limits import Reading
from gateway.web.responses import Answer, answered, kept, refused
from gateway.web.timeouts import OutOfTime, Watch

_METHODS = b"GET, POST, HEAD, OPTIONS"
_SHOWN = 100
_UNAUTHENTICATED = "Send a key that is known, not expired and not revoked: `Authorization: Bearer KEY`."
_READING = {OperationType.QUERY}
_OPERATIONS: Mapping[str, Collection[OperationType]] = {
    "GET": _READING,
    "HEAD": _READING,
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


class Graph:
    """Asks the graph for those who may ask it."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        reading: Reading,
        authentication: Authentication,
        buckets: Buckets,
        watch: Watch,
    ) -> None:
        self._database, self._settings, self._reading, self._watch = database, settings, reading, watch
        self._authentication, self._buckets = authentication, buckets
        self._documents = Documents(settings)
        self._seconds = settings.request_timeout
        self._profile = settings.http_profile
        self._compiles_selections = settings.compiled_selections
        self._allowances = Allowances(settings)
        self._rate_limit_headers = RateLimitHeaders(settings)
        self._errors_shown = ErrorLimits(settings)

    async def asked(
        self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], accepted: MediaType | None
    ) -> Answer:
        """See `gateway.web.endpoint.Room`."""
        method: str = scope["method"]
        if method == "OPTIONS":
            return Answer(200, [(b"allow", _METHODS), (b"content-length", b"0")], b"")
        if method not in _OPERATIONS:
            raise not_allowed(f"{method[:_SHOWN]} asks nothing here; send GET or POST.", _METHODS)
        try:
            asker = await self._authentication.asker_of(scope, headers)
        except Unauthenticated:
            raise unauthenticated(_UNAUTHENTICATED) from None
        bucket = self._buckets.of(asker.viewer)
        context = Context(
            self._database,
            asker.viewer,
            Allowance(self._allowances, bucket),
            compiles_selections=self._compiles_selections,
        )
        try:
            bucket.check()
            answer = await self._answer_to(context, asker, scope, receive, headers, accepted)
        except (Refusal, Exceeded, Overloaded) as error:
            answer = refused(refusal_of(error, self._settings), accepted or MediaType.JSON, self._profile)
        answer.headers.extend(self._rate_limit_headers.of(bucket))
        return answer

    async def _answer_to(
        self,
        context: Context,
        asker: Asker,
        scope: Scope,
        receive: Receive,
        headers: Mapping[bytes, bytes],
        accepted: MediaType | None,
    ) -> Answer:
        if accepted is None:
            types = " or ".join(f"`{known.value}`" for known in MediaType)
            raise Refusal(Code.NOT_ACCEPTABLE, f"Accept leaves no media type to answer in; name {types}.")
        method: str = scope["method"]
        if method == "POST":
            request = from_body(await self._reading.body(headers, receive), self._documents)
        else:
            request = from_query_string(scope["query_string"], self._documents)
        allowed = _OPERATIONS[method] if asker.may_change else _READING
        result = await self._executed(request, context, method, allowed, receive)
        if is_cost_wanted(headers.get(b"graphql-cost")) and context.allowance.cost is not None:
            result.extensions = {**(result.extensions or {}), "cost": context.allowance.cost}
        answer = answered(result, accepted, self._profile, self._errors_shown)
        return answer if method == "POST" or result.errors else kept(answer, headers.get(b"if-none-match"))

    async def _executed(
        self,
        request: GraphQLRequest,
        context: Context,
        method: str,
        allowed: Collection[OperationType],
        receive: Receive,
    ) -> ExecutionResult:
        try:
            with self._watch.over(self._seconds, receive):
                return await schema.execute(
                    # Strawberry takes an empty document for none at all.
                    request.query or "\n",
                    request.variables,
                    context,
                    operation_name=request.operation_name,
                    allowed_operation_types=allowed,
                    operation_extensions=request.extensions,
                )
        except OutOfTime:
            raise out_of_time(self._seconds, context.kept) from None
        except CannotGetOperationTypeError:
            name = request.operation_name
            which = "operation" if name is None else f"operation named `{name[:_SHOWN]}`"
            raise Refusal(Code.OPERATION_RESOLUTION_FAILURE, f"The document has no {which}.") from None
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                if method == "POST":
                    raise without_csrf_token() from None
                raise not_allowed("A mutation cannot be sent by GET; send it by POST.", b"POST") from None
            message = "This graph has no subscriptions; send a query or a mutation."
            raise Refusal(Code.OPERATION_RESOLUTION_FAILURE, message) from None
