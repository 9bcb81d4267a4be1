"""The door of the graph: a request in, who asks and what, the graph's answer out."""

from collections.abc import Mapping
from math import ceil

import structlog
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway.database import Database
from gateway.domain.ids import new_id
from gateway.domain.viewer import Viewer
from gateway.errors import Exceeded, Overloaded, Unauthenticated
from gateway.exchanges import Exchange, current
from gateway.schema import schema
from gateway.schema.allowances import Allowance, Allowances
from gateway.schema.context import Context
from gateway.services.rate_limits import Buckets
from gateway.settings import Settings
from gateway.web.answers import Answer, answered, identified, kept, refused
from gateway.web.authentication import Authentication
from gateway.web.catalogue import Code
from gateway.web.documents import Documents
from gateway.web.error_limits import ErrorLimits
from gateway.web.negotiation import MediaType, negotiated
from gateway.web.observation import Observation, identify
from gateway.web.rate_limits import RateLimitHeaders, is_cost_wanted, refusal_of
from gateway.web.reading import Reading
from gateway.web.refusals import Header, Refusal
from gateway.web.requests import GraphQLRequest, from_body, from_query_string
from gateway.web.watch import ClientGone, OutOfTime, Watch

log = structlog.get_logger(__name__)

_METHODS = b"GET, POST, HEAD, OPTIONS"
_SHOWN = 100
_CHALLENGE = (b"www-authenticate", b"Bearer")
_UNAUTHENTICATED = "Send a key that is known, not expired and not revoked: `Authorization: Bearer KEY`."
_OPERATIONS = {
    "GET": {OperationType.QUERY},
    "HEAD": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


class Door:
    """`/graphql`: nothing of the graph before the viewer is known, and JSON whatever goes wrong."""

    def __init__(self, database: Database, settings: Settings, observation: Observation) -> None:
        self._database, self._observation = database, observation
        self._watch = Watch()
        self._authentication = Authentication(database, settings, self._watch)
        self._reading = Reading(settings, self._watch)
        self._documents = Documents(settings)
        self._seconds = settings.request_timeout
        self._wait = settings.database_pool_timeout
        self._profile = settings.http_profile
        self._compiles_selections = settings.compiled_selections
        self._allowances = Allowances(settings)
        self._buckets = Buckets(settings.rate_limit, settings.rate_refill)
        self._rate_limit_headers = RateLimitHeaders(settings)
        self._errors_shown = ErrorLimits(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._observation.begin()
        try:
            answer = await self._answer(scope, receive, exchange)
            status, headers, body = identified(answer, exchange)
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
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
            return await self._asked(scope, receive, headers, accepted)
        except (Refusal, Overloaded) as error:
            return refused(self._refusal(error), media_type, self._profile)
        except ClientGone:
            raise
        except Exception:  # Whatever it is, the client gets JSON and the log gets the rest.
            error_id = new_id()
            log.exception("request.failed", error_id=error_id)
            surprise = Refusal(
                Code.INTERNAL_SERVER_ERROR, "Internal server error.", extensions={"errorId": error_id}
            )
            return refused(surprise, media_type, self._profile)

    async def _asked(
        self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], accepted: MediaType | None
    ) -> Answer:
        method: str = scope["method"]
        if method == "OPTIONS":
            return Answer(200, [(b"allow", _METHODS), (b"content-length", b"0")], b"")
        if method not in _OPERATIONS:
            raise _not_allowed(f"{method[:_SHOWN]} asks nothing here; send GET or POST.", _METHODS)
        viewer = await self._viewer(headers)
        bucket = self._buckets.of(viewer)
        context = Context(
            self._database,
            viewer,
            Allowance(self._allowances, bucket),
            compiles_selections=self._compiles_selections,
        )
        try:
            bucket.check()
            answer = await self._answer_to(context, scope, receive, headers, accepted)
        except (Refusal, Exceeded, Overloaded) as error:
            answer = refused(self._refusal(error), accepted or MediaType.JSON, self._profile)
        answer.headers.extend(self._rate_limit_headers.of(bucket))
        return answer

    async def _answer_to(
        self,
        context: Context,
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
        result = await self._executed(request, context, method, receive)
        if is_cost_wanted(headers.get(b"graphql-cost")) and context.allowance.cost is not None:
            result.extensions = {**(result.extensions or {}), "cost": context.allowance.cost}
        answer = answered(result, accepted, self._profile, self._errors_shown)
        return answer if method == "POST" or result.errors else kept(answer, headers.get(b"if-none-match"))

    async def _viewer(self, headers: Mapping[bytes, bytes]) -> Viewer:
        try:
            viewer = await self._authentication.viewer_of(headers)
        except Unauthenticated:
            raise Refusal(Code.UNAUTHENTICATED, _UNAUTHENTICATED, headers=[_CHALLENGE]) from None
        except OutOfTime:
            raise self._out_of_time() from None
        current.get().viewer = viewer
        return viewer

    async def _executed(
        self, request: GraphQLRequest, context: Context, method: str, receive: Receive
    ) -> ExecutionResult:
        try:
            with self._watch.over(self._seconds, receive):
                return await schema.execute(
                    # Strawberry takes an empty document for none at all.
                    request.query or "\n",
                    request.variables,
                    context,
                    operation_name=request.operation_name,
                    allowed_operation_types=_OPERATIONS[method],
                    operation_extensions=request.extensions,
                )
        except OutOfTime:
            raise self._out_of_time(context.kept) from None
        except CannotGetOperationTypeError:
            name = request.operation_name
            which = "operation" if name is None else f"operation named `{name[:_SHOWN]}`"
            raise Refusal(Code.OPERATION_RESOLUTION_FAILURE, f"The document has no {which}.") from None
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                raise _not_allowed("A mutation cannot be sent by GET; send it by POST.", b"POST") from None
            message = "This graph has no subscriptions; send a query or a mutation."
            raise Refusal(Code.OPERATION_RESOLUTION_FAILURE, message) from None

    def _refusal(self, error: Refusal | Exceeded | Overloaded) -> Refusal:
        if isinstance(error, Exceeded):
            return refusal_of(error)
        if isinstance(error, Overloaded):
            return Refusal(Code.OVERLOADED, str(error), headers=[_retry_after(self._wait)])
        return error

    def _out_of_time(self, kept: int = 0) -> Refusal:
        done = f"{kept} of its mutations {'was' if kept == 1 else 'were'} done" if kept else "nothing was changed"
        message = f"It was cut off after {self._seconds:g} seconds, and {done}. Ask for less, or again later."
        return Refusal(Code.TIMEOUT, message, headers=[_retry_after(self._seconds)])


def _retry_after(seconds: float) -> Header:
    return b"retry-after", b"%d" % ceil(seconds)


def _not_allowed(message: str, methods: bytes) -> Refusal:
    return Refusal(Code.METHOD_NOT_ALLOWED, message, headers=[(b"allow", methods)])
