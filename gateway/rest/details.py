"""Refusals in FastAPI's form, `{"detail": …}`, and bearer keys: what several systems share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.domain import exact_json, strict_json
from gateway.domain.enums import ErrorCode
from gateway.errors import ErrorPath, Refused
from gateway.rest.operations import (
    BODY,
    AnyOperation,
    DescribedModel,
    Failure,
    Refusal,
    RequestInvalid,
    RestAnswer,
    RestOperation,
    RestRequest,
    System,
)

P = TypeVar("P", bound=BaseModel)

Problem = Mapping[str, object]
"""One problem as clients get it: `loc`, `msg` and `type`."""


def _require_storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("Text cannot contain U+0000; remove it")
    return text


PlainText = Annotated[str, AfterValidator(_require_storable)]
"""Text that both databases can store."""

_UNPROCESSABLE = 422
_STATUSES = {
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.VERSION_CONFLICT: 409,
}
"""The status of a refusal all of whose problems have these codes. With any other code it is 422."""


class Detail(DescribedModel):
    """The reason of a refusal."""

    detail: str
    """What is wrong, and what to do."""


class ParameterProblem(DescribedModel):
    """One problem with the parameters or the body."""

    loc: list[str | int]
    """`path`, `query`, `header` or `body`, then the names and indexes that lead to the value."""
    msg: str
    """What is wrong. It never repeats the value."""
    type: str
    """The kind of problem, such as `missing` or `enum`. A rule of the data has `value_error`."""


class ParameterProblems(DescribedModel):
    """All problems with the parameters and the body at once."""

    detail: list[ParameterProblem]
    """The problems."""


_RETRY_AFTER = {"Retry-After": "Seconds after which a retry may succeed."}


class DetailSystem(System):
    """A system whose clients send bearer keys, and get all problems of their parameters in `detail`."""

    credential_headers = (b"authorization",)
    security_schemes: ClassVar = {
        "Bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of the gateway, made by `gateway keys create`. Keys for widgets are refused.",
        }
    }
    refusals: ClassVar = {
        400: Refusal(
            "The headers or the URL are not valid, or the request exceeds a limit of cost or size.", Detail
        ),
        401: Refusal("There is no valid key.", Detail, {"WWW-Authenticate": "The scheme, `Bearer`."}),
        403: Refusal("The key lacks a permission, or may not be used for this URL or from this origin.", Detail),
        404: Refusal("There is no such thing, or the key may not see it; both get the same answer.", Detail),
        408: Refusal("The body did not arrive in time.", Detail),
        409: Refusal(
            "The request is in conflict with stored data, or the same request still runs. `Retry-After` then says "
            "when to retry.",
            Detail,
        ),
        413: Refusal("The body is larger than the limit.", Detail),
        414: Refusal("The URL is longer than the limit.", Detail),
        422: Refusal("Parameters or the body are not valid.", ParameterProblems),
        429: Refusal("The rate limit of the key is reached.", Detail, _RETRY_AFTER),
        431: Refusal("The headers are larger than the limit.", Detail),
        500: Refusal("The gateway failed unexpectedly.", Detail),
        503: Refusal(
            "The gateway is overloaded, the request took too long, or the database is away.", Detail, _RETRY_AFTER
        ),
    }

    def build_credentials(self, key: str, user_id: str) -> Mapping[str, str]:
        del user_id
        return {"Authorization": f"Bearer {key}"}

    def parse(self, operation: RestOperation[P], request: RestRequest) -> P:
        """Return the parameters. Raises RequestInvalid with all problems of path, query and body at once."""
        found, problems = self.read_query(operation, request.query)
        values = {**found, **request.path}
        if BODY in operation.parameters.model_fields and request.body:
            values[BODY] = _parse_json(request.body)
        try:
            # FastAPI validates bodies in this mode, and some types of problems depend on it.
            parameters = operation.parameters.model_validate(values, from_attributes=True)
        except ValidationError as error:
            problems += (self.describe_problem(operation, each) for each in error.errors(include_url=False))
        else:
            if not problems:
                return parameters
        raise RequestInvalid(_list_problems(problems))

    def read_query(
        self, operation: AnyOperation, query: Sequence[tuple[str, str]]
    ) -> tuple[dict[str, object], list[Problem]]:
        """Return the values of a query string by their names, and its problems."""
        del operation
        # FastAPI uses the last of several values too.
        values: dict[str, object] = dict(query)
        values.pop(BODY, None)
        return values, []

    def describe_problem(self, operation: AnyOperation, problem: ErrorDetails) -> Problem:
        """Return a problem of the model of parameters, with the part of the request in its location.

        `input` and `ctx` are left out: they repeat what the client sent, such as the names of patients.
        """
        name, *rest = problem["loc"]
        place = "path" if name in operation.path_parameters else "query"
        location = [BODY, *rest] if name == BODY else [place, name]
        return {"loc": location, "msg": problem["msg"], "type": problem["type"]}

    def describe_refusal(self, operation: AnyOperation, refused: Refused) -> RestAnswer:
        """Return 403, 404 or 409 with the reason if that is all; else 422 with all problems."""
        statuses = {_STATUSES.get(problem.code, _UNPROCESSABLE) for problem in refused.problems}
        if _UNPROCESSABLE not in statuses:
            return _answer(min(statuses), self.translate(str(refused)))
        return _list_problems(
            {
                "loc": self.locate_argument(operation, problem.path),
                "msg": self.translate(problem.message),
                "type": "value_error",
            }
            for problem in refused.problems
        )

    def locate_argument(self, operation: AnyOperation, path: ErrorPath) -> Sequence[str | int]:
        """Return the location of a problem that a service found at an argument of GraphQL."""
        return ["query" if operation.method == "GET" else BODY, *path]

    def translate(self, message: str) -> str:
        """Return a service's message with the names that it quotes in the spelling of the system."""
        return message

    def describe_failure(self, failure: Failure) -> RestAnswer:
        if failure.code == "IDEMPOTENCY_KEY_REUSED":
            return _list_problems(
                [{"loc": ["header", "Idempotency-Key"], "msg": failure.message, "type": "value_error"}]
            )
        if failure.code == "UNSUPPORTED_MEDIA_TYPE":
            # FastAPI does not parse such a body, and then misses the object.
            return _list_problems([{"loc": [BODY], "msg": failure.message, "type": "model_attributes_type"}])
        return _answer(failure.status, failure.message)


def _parse_json(body: bytes) -> object:
    try:
        return strict_json.loads_request(body)
    except strict_json.JsonInvalid as error:
        place, message = error.position, "JSON decode error"
    except ValueError as error:
        place, message = 0, f"The body {error}."
    raise RequestInvalid(_list_problems([{"loc": [BODY, place], "msg": message, "type": "json_invalid"}]))


def _answer(status: int, detail: object) -> RestAnswer:
    return RestAnswer(exact_json.encode({"detail": detail}), status)


def _list_problems(problems: Iterable[Mapping[str, object]]) -> RestAnswer:
    return _answer(_UNPROCESSABLE, [*problems])
