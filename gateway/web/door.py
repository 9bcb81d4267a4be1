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
from gateway.errors import Overloaded, Unauthenticated
from gateway.schema import schema
from gateway.schema.context import Context
from gateway.settings import Settings
from gateway.web.answers import Answer, answered, kept, refused
from gateway.web.authentication import Authentication
from gateway.web.catalogue import Code
from gateway.web.negotiation import MediaType, negotiated
from gateway.web.operations import is_ambiguous
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

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._watch = Watch()
        self._authentication = Authentication(database, settings, self._watch)
        self._reading = Reading(settings, self._watch)
        self._seconds = settings.request_timeout
        self._wait = settings.database_pool_timeout
        self._profile = settings.http_profile
        self._compiles_selections = settings.compiled_selections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, headers, body = await self._answer(scope, receive)
        except ClientGone:
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        media_type = MediaType.JSON
        try:
            headers = self._reading.headers(scope)
            accepted = negotiated(headers.get(b"accept", b"*/*"))
            media_type = accepted or media_type
            return await self._asked(scope, receive, headers, accepted)
        except Refusal as refusal:
            return refused(refusal, media_type, self._profile)
        except Overloaded as overload:
            busy = Refusal(Code.OVERLOADED, str(overload), headers=[_retry_after(self._wait)])
            return refused(busy, media_type, self._profile)
        except ClientGone:
            raise
        except Exception:  # Whatever it is, the client gets JSON and the log gets the rest.
            error_id = new_id()
            log.exception("request.failed", error_id=error_id)
            surprise = Refusal(Code.INTERNAL_SERVER_ERROR, "Internal server error.", error_id=error_id)
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
        if accepted is None:
            types = " or ".join(f"`{known.value}`" for known in MediaType)
            raise Refusal(Code.NOT_ACCEPTABLE, f"Accept leaves no media type to answer in; name {types}.")
        if method == "POST":
            request = from_body(await self._reading.body(headers, receive))
            return answered(await self._executed(request, viewer, method, receive), accepted, self._profile)
        result = await self._executed(from_query_string(scope["query_string"]), viewer, method, receive)
        answer = answered(result, accepted, self._profile)
        return answer if result.errors else kept(answer, headers.get(b"if-none-match"))

    async def _viewer(self, headers: Mapping[bytes, bytes]) -> Viewer:
        try:
            return await self._authentication.viewer_of(headers)
        except Unauthenticated:
            raise Refusal(Code.UNAUTHENTICATED, _UNAUTHENTICATED, headers=[_CHALLENGE]) from None
        except OutOfTime:
            raise self._out_of_time() from None

    async def _executed(
        self, request: GraphQLRequest, viewer: Viewer, method: str, receive: Receive
    ) -> ExecutionResult:
        if is_ambiguous(request):
            message = "The document has several operations; say which to run in `operationName`."
            raise Refusal(Code.OPERATION_RESOLUTION_FAILURE, message)
        context = Context(self._database, viewer, compiles_selections=self._compiles_selections)
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

    def _out_of_time(self, kept: int = 0) -> Refusal:
        done = f"{kept} of its mutations {'was' if kept == 1 else 'were'} done" if kept else "nothing was changed"
        message = f"It was cut off after {self._seconds:g} seconds, and {done}. Ask for less, or again later."
        return Refusal(Code.TIMEOUT, message, headers=[_retry_after(self._seconds)])


def _retry_after(seconds: float) -> Header:
    return b"retry-after", b"%d" % ceil(seconds)


def _not_allowed(message: str, methods: bytes) -> Refusal:
    return Refusal(Code.METHOD_NOT_ALLOWED, message, headers=[(b"allow", methods)])
