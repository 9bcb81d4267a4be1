"""What REST operations consist of: requests, answers, and the systems whose words they speak.

A system is where clients of a REST document come from. Each has one object, a subclass of `System`, which knows
how its clients authenticate, how they write parameters, and in which words it refuses.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from gateway import services
from gateway.database import Reader, Writer
from gateway.domain.audit import AuditEvent
from gateway.domain.lenient_reading import Json
from gateway.domain.viewer import Viewer
from gateway.errors import GatewayError, Refused

P = TypeVar("P", bound=BaseModel)

HeaderPair: TypeAlias = tuple[bytes, bytes]

BODY = "body"
"""The field of a model of parameters that the body of the request fills."""


class DescribedModel(BaseModel):
    """A model whose fields are described by their docstrings, in the OpenAPI document too."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class RestRequest(NamedTuple):
    """The parameters of a request as the client wrote them."""

    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    """Names and values, decoded, in the order of the URL. A name may occur several times."""
    body: bytes = b""


class RestAnswer(NamedTuple):
    """An answer."""

    body: bytes | AsyncGenerator[bytes | bytearray]
    """The whole body, or its parts as they are read from the snapshot of the request."""
    status: int = 200
    headers: Sequence[HeaderPair] = ()
    """Headers in addition to those of every answer."""
    content_type: bytes = b"application/json"
    event: AuditEvent | None = None
    """The export that the answer is. An entry of the audit log precedes an answer with secrets, or follows."""


class RequestInvalid(GatewayError):
    """The parameters of a request do not have the form of the document. Carries the answer of the system."""

    def __init__(self, answer: RestAnswer) -> None:
        super().__init__("The parameters are not valid.")
        self.answer = answer


class Failure(NamedTuple):
    """A request that no service refused: it is not authenticated, exceeds a limit, or there is no such path."""

    status: int
    code: str
    """The name of a member of `gateway.web.GraphQLErrorCode`."""
    message: str
    retry_after: int | None = None
    """Seconds after which the client may retry, if that is known."""


class Refusal(NamedTuple):
    """What clients get with a status of 400 or more, for the OpenAPI document."""

    description: str
    model: type[BaseModel]
    headers: Mapping[str, str] = {}
    """Further headers by name, each with its description."""


class System(ABC):
    """The words of one system."""

    name: ClassVar[str]
    description: ClassVar[str]
    prefix: ClassVar[str | None]
    """How the paths of the system begin, with a slash at the end. Requests below it are answered in its words.

    None if the system shares the root with others."""
    credential_headers: ClassVar[Collection[bytes]]
    """The headers, in lower case, in which its clients send a key."""
    reads_sessions: ClassVar[bool] = False
    """Whether pages of the gateway may send the cookie of their session instead."""
    security_schemes: ClassVar[Mapping[str, Mapping[str, str]]]
    """The same credentials as OpenAPI describes them, by name. Clients send all of them."""
    refusals: ClassVar[Mapping[int, Refusal]]
    """What its clients get with each status that is no success."""

    @abstractmethod
    def build_credentials(self, key: str, user_id: str) -> Mapping[str, str]:
        """Return the headers with which a client sends the key of a user."""

    @abstractmethod
    def parse(self, operation: "RestOperation[P]", request: RestRequest) -> P:
        """Return the parameters of a request. Raises RequestInvalid if they do not have the documented form."""

    @abstractmethod
    def describe_refusal(self, operation: "AnyOperation", refused: Refused) -> RestAnswer:
        """Return the answer to a request that a service refused."""

    @abstractmethod
    def describe_failure(self, failure: Failure) -> RestAnswer:
        """Return the answer to any other request that failed. The caller adds `Allow` and `Retry-After`."""

    def describe_rate_limit(self, bucket: services.rate_limits.TokenBucket) -> Sequence[HeaderPair]:
        """Return further headers on the rate limit of the key, for every answer to an authenticated request."""
        del bucket
        return ()


def allow_everyone(_viewer: Viewer) -> None:
    """Permit the request: its service decides later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation(Generic[P]):
    """One method of one path.

    `parameters` is a model with a field for each parameter: those in braces of the path, `body` if it has one, and
    those of the query string. The same model describes the parameters in the OpenAPI document.
    """

    name: str
    """Its name in logs, metrics and traces, after `rest:`."""
    path: str
    system: System
    parameters: type[P]
    cost: Callable[[P], int]
    """The cost of the same question as a GraphQL operation."""
    authorize: Callable[[Viewer], None] = allow_everyone
    """Raises Refused before the parameters are parsed. Most services check permissions later, by themselves."""
    summary: str
    description: str
    graphql_field: str
    """The GraphQL field that answers the same question."""
    answer_model: type[BaseModel] | None
    """A model that describes the answer in the OpenAPI document. It does not create the answer. None for CSV."""
    example: Mapping[str, Json]
    """Parameters of a request by the names that clients write, for the OpenAPI document."""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers of an answer by name, each with its description."""
    refusals: Collection[int] = ()
    """The statuses of refusals that not every operation of the system has."""

    @property
    def path_parameters(self) -> Sequence[str]:
        return re.findall(r"\{(\w+)\}", self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOperation(_Operation[P]):
    """GET and HEAD, or POST. `answer` reads from one snapshot, which stays open until a streamed body ends."""

    method: Literal["GET", "POST"] = "GET"
    """POST has its parameters in the body, so that none is in a URL."""
    answer: Callable[[Reader, Viewer, P], Awaitable[RestAnswer]]
    is_export: bool = False
    """Whether the answer may be larger than others. It then needs a slot for exports until it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOperation(_Operation[P]):
    """POST. `write` runs in one transaction, which is committed before the answer is sent.

    If the request has an idempotency key and was done before, `describe` takes the stored result instead.
    """

    method: ClassVar[Literal["POST"]] = "POST"
    write: Callable[[Writer, Viewer, P], Awaitable[Any]]
    result_type: type[Any]
    """The type of what `write` returns; `gateway.services.stored_results` can store it."""
    describe: Callable[[Any, Reader], RestAnswer]
    """Returns the answer for a result of `write`."""


RestOperation: TypeAlias = ReadOperation[P] | WriteOperation[P]
AnyOperation: TypeAlias = RestOperation[Any]
"""An operation with any model of parameters, as the catalogue lists them."""
