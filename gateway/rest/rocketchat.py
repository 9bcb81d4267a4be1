"""Rocket.Chat's words: keys in `X-Auth-Token` and `X-User-Id`, and its errors with `success`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from gateway import services
from gateway.domain import exact_json
from gateway.domain.calendar import instants
from gateway.domain.enums import ErrorCode
from gateway.errors import Refused
from gateway.rest.operations import (
    AnyOperation,
    DescribedModel,
    Failure,
    HeaderPair,
    Refusal,
    RequestInvalid,
    RestAnswer,
    RestOperation,
    RestRequest,
    System,
)

P = TypeVar("P", bound=BaseModel)

_BAD_REQUEST, _FORBIDDEN = 400, 403
_UNAUTHENTICATED_MESSAGE = "You must be logged in to do this."
_JSON_PARAMETERS = ("query", "sort", "fields")


RATE_LIMIT_HEADERS = {
    "X-RateLimit-Limit": "Cost that the key may spend at once.",
    "X-RateLimit-Remaining": "Cost that the key may still spend.",
    "X-RateLimit-Reset": "When it may spend the whole limit again, in milliseconds since 1970.",
}
"""Headers of every answer to a valid key."""

_RETRY_AFTER = {"Retry-After": "Seconds after which a retry may succeed."}


class ErrorAnswer(DescribedModel):
    """A refusal."""

    success: Literal[False]
    """Always false."""
    error: str
    """What is wrong."""


class ParameterErrorAnswer(ErrorAnswer):
    """A refusal because of the parameters."""

    error_type: str | None = Field(None, alias="errorType")
    """`invalid-params`, `error-invalid-query`, `error-invalid-sort` or `error-invalid-fields`."""


class UnauthenticatedAnswer(ErrorAnswer):
    """A refusal of a request without a valid key, in the keys of older and of newer servers."""

    status: Literal["error"]
    """Always `error`."""
    message: str
    """The same text as `error`."""


class _RocketChat(System):
    name = "Rocket.Chat"
    description = "Incoming and outgoing webhooks. Connected integrations are not there."
    prefix = "/api/v1/"
    credential_headers = (b"x-auth-token", b"x-user-id")
    security_schemes: ClassVar = {
        "X-Auth-Token": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Auth-Token",
            "description": "A key of the gateway, made by `gateway keys create`. Keys for widgets are refused.",
        },
        "X-User-Id": {
            "type": "apiKey",
            "in": "header",
            "name": "X-User-Id",
            "description": "Id of the key's user.",
        },
    }
    refusals: ClassVar = {
        400: Refusal("The parameters are not valid, or there is no such webhook.", ParameterErrorAnswer),
        401: Refusal("There is no valid key, or it belongs to another user.", UnauthenticatedAnswer),
        403: Refusal("The key lacks a permission, or may not be used here.", ErrorAnswer),
        414: Refusal("The URL is longer than the limit.", ErrorAnswer),
        429: Refusal("The rate limit of the key is reached.", ErrorAnswer, _RETRY_AFTER),
        431: Refusal("The headers are larger than the limit.", ErrorAnswer),
        500: Refusal("The gateway failed unexpectedly.", ErrorAnswer),
        503: Refusal(
            "The gateway is overloaded, the request took too long, or the database is away.",
            ErrorAnswer,
            _RETRY_AFTER,
        ),
    }

    def build_credentials(self, key: str, user_id: str) -> Mapping[str, str]:
        return {"X-Auth-Token": key, "X-User-Id": user_id}

    def parse(self, operation: RestOperation[P], request: RestRequest) -> P:
        """Return the parameters. An empty one counts as absent. Raises RequestInvalid with the first problem."""
        names = [name for name, _ in request.query]
        known = {field.alias or name for name, field in operation.parameters.model_fields.items()}
        if (
            repeated := next((name for name in names if name in known and names.count(name) > 1), None)
        ) is not None:
            raise RequestInvalid(_refuse_parameters(f"`{repeated}`: Give it once"))
        values = {name: value for name, value in request.query if value or name not in known}
        try:
            return operation.parameters.model_validate(values)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            # A wrong name or number comes before what a parameter in JSON says.
            problems.sort(key=lambda problem: problem["loc"][0] in _JSON_PARAMETERS)
            raise RequestInvalid(_describe(problems[0])) from None

    def describe_refusal(self, operation: AnyOperation, refused: Refused) -> RestAnswer:
        del operation
        problem = refused.problems[0]
        if problem.code is ErrorCode.FORBIDDEN:
            return _answer(
                _FORBIDDEN, "User does not have the permissions required for this action [error-unauthorized]"
            )
        if problem.path[:1] == ("id",):
            return _answer(_BAD_REQUEST, "The integration does not exists.")
        return refuse_json("query", problem.message.rstrip("."))

    def describe_failure(self, failure: Failure) -> RestAnswer:
        match failure.code:
            case "UNAUTHENTICATED":
                further = {"status": "error", "message": _UNAUTHENTICATED_MESSAGE}
                return _answer(failure.status, _UNAUTHENTICATED_MESSAGE, further)
            case "RATE_LIMITED":
                message = (
                    "Error, too many requests. Please slow down. You must wait "
                    f"{failure.retry_after} seconds before trying this endpoint again. [error-too-many-requests]"
                )
            case "NOT_FOUND":
                message = "Resource not found"
            case _:
                message = failure.message
        return _answer(failure.status, message)

    def describe_rate_limit(self, bucket: services.rate_limits.TokenBucket) -> Sequence[HeaderPair]:
        full_at = instants.now() + timedelta(seconds=bucket.seconds_to_full)
        return (
            (b"x-ratelimit-limit", b"%d" % bucket.size),
            (b"x-ratelimit-remaining", b"%d" % bucket.remaining),
            (b"x-ratelimit-reset", b"%d" % round(full_at.timestamp() * 1000)),
        )


ROCKETCHAT = _RocketChat()


def _describe(problem: ErrorDetails) -> RestAnswer:
    name = problem["loc"][0]
    match problem["type"]:
        case "missing":
            return _refuse_parameters(f"must have required property '{name}'")
        case "extra_forbidden":
            return _refuse_parameters("must NOT have additional properties")
        case "json_parameter":
            return refuse_json(str(name), problem["msg"])
        case _:
            return _refuse_parameters(f"`{name}`: {problem['msg']}")


def refuse_json(name: str, reason: str) -> RestAnswer:
    """Return the answer to a parameter in JSON that is wrong."""
    code = f"error-invalid-{name}"
    return _answer(_BAD_REQUEST, f'Invalid {name} parameter provided: "{reason}" [{code}]', {"errorType": code})


def _refuse_parameters(reason: str) -> RestAnswer:
    return _answer(_BAD_REQUEST, f"{reason} [invalid-params]", {"errorType": "invalid-params"})


def _answer(status: int, error: str, further: Mapping[str, str] | None = None) -> RestAnswer:
    return RestAnswer(exact_json.encode({"success": False, "error": error, **(further or {})}), status)
