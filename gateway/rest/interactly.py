"""Interactly's words: bearer keys, parameters as FastAPI parses them, and its errors in `detail`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from gateway.domain import exact_json, strict_json
from gateway.domain.enums import ErrorCode
from gateway.errors import ErrorPath, Refused
from gateway.rest.operations import (
    BODY,
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


def _require_storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("Text cannot contain U+0000; remove it")
    return text


PlainText = Annotated[str, AfterValidator(_require_storable)]
"""Text that both databases can store."""

IntegrationId = Annotated[str, Field(min_length=24, max_length=24, pattern="^[0-9a-f]{24}$")]

EXAMPLE_ID = "5eb7cf5a86d9755df3a6c593"
"""Id of the integration in the example of document 1."""

_PATH_ARGUMENTS = ("integrationId", "provider")
"""The arguments of GraphQL that the paths contain."""

_CAPITAL = re.compile(r"(?<=[a-z])[A-Z]")
_QUOTED_NAME = re.compile(r"`[a-z]+([A-Z][a-z]+)+`")

_UNPROCESSABLE = 422
_STATUSES = {
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.VERSION_CONFLICT: 409,
}
"""The status of a refusal all of whose problems have these codes. With any other code it is 422."""

_DETAILS = {
    "UNAUTHENTICATED": "Not authenticated",
    "NOT_FOUND": "Not Found",
    "METHOD_NOT_ALLOWED": "Method Not Allowed",
}
"""The details that FastAPI itself sends."""


class Detail(DescribedModel):
    """The reason of a refusal."""

    detail: str
    """What is wrong, and what to do."""


class ParameterProblem(DescribedModel):
    """One problem with the parameters or the body."""

    loc: list[str | int]
    """`path`, `query` or `body`, then the names and indexes that lead to the value."""
    msg: str
    """What is wrong. It never repeats the value."""
    type: str
    """The kind of problem, such as `missing` or `enum`. A rule of the data has `value_error`."""


class ParameterProblems(DescribedModel):
    """All problems with the parameters and the body at once."""

    detail: list[ParameterProblem]
    """The problems."""


_RETRY_AFTER = {"Retry-After": "Seconds after which a retry may succeed."}


class _Interactly(System):
    name = "Interactly"
    description = "Connected integrations: accounts at Microsoft and Google. Webhooks are not there."
    prefix = "/integrations/"
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
        409: Refusal("The request is in conflict with stored data.", Detail),
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
        # FastAPI uses the last of several values too.
        values: dict[str, object] = {**dict(request.query), **request.path}
        values.pop(BODY, None)
        if BODY in operation.parameters.model_fields and request.body:
            values[BODY] = _parse_json(request.body)
        try:
            # FastAPI validates bodies in this mode, and some types of problems depend on it.
            return operation.parameters.model_validate(values, from_attributes=True)
        except ValidationError as error:
            problems = error.errors(include_url=False)
            places = dict.fromkeys(operation.path_parameters, "path")
            raise RequestInvalid(_list_problems(_locate(problem, places) for problem in problems)) from None

    def describe_refusal(self, refused: Refused) -> RestAnswer:
        """Return 403, 404 or 409 with the reason if that is all; else 422 with all problems."""
        statuses = {_STATUSES.get(problem.code, _UNPROCESSABLE) for problem in refused.problems}
        if _UNPROCESSABLE not in statuses:
            return _answer(min(statuses), _translate(str(refused)))
        return _list_problems(
            {"loc": _to_location(problem.path), "msg": _translate(problem.message), "type": "value_error"}
            for problem in refused.problems
        )

    def describe_failure(self, failure: Failure) -> RestAnswer:
        if failure.code == "UNSUPPORTED_MEDIA_TYPE":
            # FastAPI does not parse such a body, and then misses the object.
            return _list_problems([{"loc": [BODY], "msg": failure.message, "type": "model_attributes_type"}])
        return _answer(failure.status, _DETAILS.get(failure.code, failure.message))


INTERACTLY = _Interactly()


def _parse_json(body: bytes) -> object:
    try:
        return strict_json.loads_request(body)
    except strict_json.JsonInvalid as error:
        place, message = error.position, "JSON decode error"
    except ValueError as error:
        place, message = 0, f"The body {error}."
    raise RequestInvalid(_list_problems([{"loc": [BODY, place], "msg": message, "type": "json_invalid"}]))


def _locate(problem: ErrorDetails, places: Mapping[str, str]) -> Mapping[str, object]:
    """Return a problem of a model with the part of the request in its location.

    `input` and `ctx` are left out: they repeat what the client sent, such as the names of patients.
    """
    name, *rest = problem["loc"]
    location = [BODY, *rest] if name == BODY else [places.get(str(name), "query"), name]
    return {"loc": location, "msg": problem["msg"], "type": problem["type"]}


def _to_location(path: ErrorPath) -> Sequence[str | int]:
    """Return the location of a problem that a service found at an argument of GraphQL."""
    match path:
        case ("input", *rest):
            return [BODY, *(_to_snake_case(name) if isinstance(name, str) else name for name in rest)]
        case (str(name),) if name in _PATH_ARGUMENTS:
            return ["path", _to_snake_case(name)]
        case _:
            return ["query", *path]


def _to_snake_case(name: str) -> str:
    """Return a name of GraphQL as the documents write it, such as `template_name`."""
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)


def _translate(message: str) -> str:
    """Return a service's message with the names that it quotes in the spelling of the documents."""
    return _QUOTED_NAME.sub(lambda found: _to_snake_case(found[0]), message)


def _answer(status: int, detail: object) -> RestAnswer:
    return RestAnswer(exact_json.encode({"detail": detail}), status)


def _list_problems(problems: Iterable[Mapping[str, object]]) -> RestAnswer:
    return _answer(_UNPROCESSABLE, [*problems])
