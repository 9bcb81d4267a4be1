"""Translation of errors into the `errors` of a GraphQL answer, in one place."""

import re
from collections.abc import Iterator

import orjson
import structlog
from graphql import GraphQLError, GraphQLSyntaxError, StringValueNode, ValidationRule
from graphql.validation.validate import ValidationAbortedError
from strawberry.types.execution import ExecutionResult

from gateway.domain.enums import ErrorCode
from gateway.domain.ids import new_id
from gateway.domain.lenient_reading import Json
from gateway.errors import CursorInvalid, Exceeded, Problem, Refused
from gateway.schema.input_errors import InputErrors, build_extensions, hide_token

log = structlog.get_logger(__name__)

_UNSTORABLE_CHARACTERS = re.compile("[\x00\ud800-\udfff]")
_VALIDATION_ABORTED_MESSAGE = (
    "The document was not fully validated: it has too many errors, or too many of its fields and fragments "
    "repeat or refer to each other. Send a smaller document."
)
_UNSTORABLE_MESSAGE = "Text cannot contain U+0000 or half of a surrogate pair; remove it from {}."


def to_client_errors(result: ExecutionResult, inputs: InputErrors) -> list[GraphQLError] | None:
    """Return the errors of a result, each with `extensions.code`. Unexpected errors are logged and masked."""
    if result.errors is None:
        return None
    errors = result.errors
    if inputs.is_document_valid and all(error.path is None for error in errors):
        errors = inputs.list_variable_errors() or errors
    return [converted for error in errors for converted in _to_client_errors(error, inputs)]


def raise_exceeded(result: ExecutionResult) -> None:
    """Raise Exceeded if the operation met a limit, so that the whole answer is this refusal."""
    for error in result.errors or ():
        if isinstance(exceeded := error.original_error, Exceeded):
            result.errors = None  # The traceback of `exceeded` holds the result.
            raise exceeded


def _to_client_errors(error: GraphQLError, inputs: InputErrors) -> Iterator[GraphQLError]:
    original = error.original_error
    if isinstance(original, Refused):
        for problem in original.problems:
            code = _get_graphql_code(original, problem)
            argument = {"argument": [str(part) for part in problem.path]} if problem.path else {}
            yield _copy_error(error, problem.message, code=code, **argument)
    elif original is not None and not isinstance(original, GraphQLError):
        yield _mask_error(error, exc_info=original)
    elif error.extensions and "code" in error.extensions:
        yield error
    elif isinstance(error, GraphQLSyntaxError):
        yield _copy_error(error, hide_token(error.message), code="GRAPHQL_PARSE_FAILED")
    elif not inputs.is_document_valid:
        is_aborted = isinstance(error, ValidationAbortedError)
        message = _VALIDATION_ABORTED_MESSAGE if is_aborted else inputs.hide_value(error)
        yield _copy_error(error, message, code="GRAPHQL_VALIDATION_FAILED")
    elif (location := inputs.locate(error)) is not None:
        yield _copy_error(error, error.message, **build_extensions(location))
    elif error.path is None:
        yield _copy_error(error, error.message, code="BAD_USER_INPUT")
    else:
        # A resolver returned a value that its GraphQL type cannot represent: an error of the gateway.
        yield _mask_error(error, reason=error.message)


def _mask_error(error: GraphQLError, **details: object) -> GraphQLError:
    """Log an unexpected error, and return what the client gets for it."""
    error_id = new_id()
    log.error("operation.failed", error_id=error_id, path=error.path, **details)
    return _copy_error(error, "Internal server error.", code="INTERNAL_SERVER_ERROR", errorId=error_id)


def _get_graphql_code(refusal: Refused, problem: Problem) -> str:
    if isinstance(refusal, CursorInvalid):
        return "INVALID_CURSOR"
    return "BAD_USER_INPUT" if problem.code is ErrorCode.INVALID else problem.code.value


def _copy_error(error: GraphQLError, message: str, **extensions: object) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def ambiguous_operation() -> GraphQLError:
    """Return the error for a document with several operations and no `operationName`."""
    return GraphQLError(
        "The document has several operations; give the `operationName` of the one to run.",
        extensions={"code": "OPERATION_RESOLUTION_FAILURE"},
    )


class StorableTextRule(ValidationRule):
    """Refuses string literals with a character that PostgreSQL cannot store."""

    def enter_string_value(self, node: StringValueNode, *_args: object) -> None:
        if _UNSTORABLE_CHARACTERS.search(node.value):
            self.report_error(
                GraphQLError(
                    _UNSTORABLE_MESSAGE.format("the literal"), node, extensions={"code": "BAD_USER_INPUT"}
                )
            )


def find_unstorable_variable(variables: dict[str, Json] | None) -> GraphQLError | None:
    """Return the error for a variable with a character that PostgreSQL cannot store; None if there is none."""
    for name, value in (variables or {}).items():
        if _has_unstorable_text(value):
            return GraphQLError(
                _UNSTORABLE_MESSAGE.format(f"the variable ${name}"), extensions={"code": "BAD_USER_INPUT"}
            )
    return None


def _has_unstorable_text(value: Json) -> bool:
    """Return whether a text or key in this value cannot be stored."""
    # Serializing the whole value is faster than visiting each text.
    try:
        if b"\\u0000" not in orjson.dumps(value):
            return False
    except TypeError:
        pass  # Half of a surrogate pair, or a number that orjson does not support.
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if _UNSTORABLE_CHARACTERS.search(value):
                return True
        elif isinstance(value, dict):
            pending += value
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return False
