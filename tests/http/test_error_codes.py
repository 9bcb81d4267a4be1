"""The catalogue of `errors[].extensions.code`: complete, and described in sentences."""

import re
from pathlib import Path

from gateway.domain.enums import ErrorCode
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.refusals import REJECTION_REASONS

PROJECT = Path(__file__).parents[2]
GRAPH = re.compile(r"""code(?:=|": )"([A-Z_]+)\"""")


WITHIN_LIMITS = {
    *(
        GraphQLErrorCode.BAD_REQUEST,
        GraphQLErrorCode.METHOD_NOT_ALLOWED,
        GraphQLErrorCode.NOT_IMPLEMENTED,
        GraphQLErrorCode.NOT_ACCEPTABLE,
        GraphQLErrorCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    *(
        GraphQLErrorCode.GRAPHQL_PARSE_FAILED,
        GraphQLErrorCode.GRAPHQL_VALIDATION_FAILED,
        GraphQLErrorCode.OPERATION_RESOLUTION_FAILURE,
    ),
    *(
        GraphQLErrorCode.PERSISTED_QUERY_NOT_FOUND,
        GraphQLErrorCode.PERSISTED_QUERY_NOT_SUPPORTED,
        GraphQLErrorCode.BAD_USER_INPUT,
    ),
    *(
        GraphQLErrorCode.INVALID_CURSOR,
        GraphQLErrorCode.NOT_FOUND,
        GraphQLErrorCode.TOO_MANY,
        GraphQLErrorCode.FORBIDDEN,
        GraphQLErrorCode.INTERNAL_SERVER_ERROR,
        GraphQLErrorCode.IDEMPOTENCY_IN_PROGRESS,
        GraphQLErrorCode.IDEMPOTENCY_KEY_REUSED,
        GraphQLErrorCode.UNAVAILABLE,
        GraphQLErrorCode.UNKNOWN_OUTCOME,
    ),
}
"""Codes of requests that exceed no limit. They are counted by code only."""


def test_each_description_is_one_sentence() -> None:
    for code in GraphQLErrorCode:
        description = code.value.description
        assert description[0].isupper(), code
        assert re.fullmatch(r"[^.]+\.", description), code
        assert len(description.split()) <= 25, code


def test_each_code_is_used_and_each_used_code_is_in_the_catalogue() -> None:
    endpoint = {
        name
        for folder in ("web", "server")
        for path in (PROJECT / "gateway" / folder).glob("*.py")
        for name in re.findall(r"\bGraphQLErrorCode\.(\w+)", path.read_text())
    }
    graph = set(GRAPH.findall((PROJECT / "gateway/schema/errors.py").read_text()))
    assert graph >= {"GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"}
    exceeded = set(
        re.findall(r'^    code = "([A-Z_]+)"$', (PROJECT / "gateway/errors.py").read_text(), re.MULTILINE)
    )
    assert exceeded >= {"LIMIT_EXCEEDED", "RATE_LIMITED"}
    used = (endpoint | graph | exceeded) - {"__members__"}
    assert used <= set(GraphQLErrorCode.__members__)
    assert set(GraphQLErrorCode.__members__) - used <= set(ErrorCode.__members__) | {"INVALID_CURSOR"}


def test_each_code_counts_as_a_rejection_or_is_listed_as_none() -> None:
    limited = {*REJECTION_REASONS, GraphQLErrorCode.LIMIT_EXCEEDED}  # This one names its limit itself.
    assert limited | WITHIN_LIMITS == set(GraphQLErrorCode)
    assert not limited & WITHIN_LIMITS
