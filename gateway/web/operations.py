"""Which of a document's operations is meant, where a request does not say."""

from functools import lru_cache

from graphql import GraphQLError, OperationDefinitionNode, parse

from gateway.web.requests import GraphQLRequest

_REMEMBERED = 64
_KEYWORDS = ("query", "mutation", "subscription")


def is_ambiguous(request: GraphQLRequest) -> bool:
    """Whether the document has several operations and the request names none.

    Two operations need two keywords (two without one are no valid document), so most documents are decided by
    counting them.
    """
    if request.operation_name is not None:
        return False
    document = request.query
    return sum(map(document.count, _KEYWORDS)) > 1 and _operations(document) > 1


@lru_cache(_REMEMBERED)
def _operations(document: str) -> int:
    try:
        definitions = parse(document, no_location=True).definitions
    except GraphQLError:
        return 0  # The graph says where.
    return sum(isinstance(definition, OperationDefinitionNode) for definition in definitions)
