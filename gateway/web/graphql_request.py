"""Parse a GraphQL request from the body of a POST, or from the query string of a GET."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from gateway.domain import strict_json
from gateway.domain.lenient_reading import Document, Json
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.persisted_queries import PersistedQueries
from gateway.web.refusals import HTTPRefusal

_PARAMETER_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "query": ((str,), "the text of a GraphQL document"),
    "documentId": ((str, type(None)), "the id of a document, or leave it out"),
    "operationName": ((str, type(None)), "a string or null, or leave it out"),
    "variables": ((dict, type(None)), "an object or null, or leave it out"),
    "extensions": ((dict, type(None)), "an object or null, or leave it out"),
}
_JSON_TYPE_NAMES: Mapping[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


class GraphQLRequest(NamedTuple):
    """The parameters that GraphQL over HTTP defines; others are ignored."""

    query: str
    operation_name: str | None
    variables: Document | None
    extensions: Document | None


def from_body(body: bytes, persisted_queries: PersistedQueries) -> GraphQLRequest:
    """Return the request of a JSON body. Raises HTTPRefusal if it is not a valid one."""
    parameters = _parse_json("The body", body)
    if isinstance(parameters, dict):
        return _build_request(parameters, persisted_queries)
    if isinstance(parameters, list):
        raise HTTPRefusal(
            GraphQLErrorCode.BAD_REQUEST, "The body is a list; send each request of a batch separately."
        )
    raise HTTPRefusal(
        GraphQLErrorCode.BAD_REQUEST,
        f"The body is {_JSON_TYPE_NAMES[type(parameters)]}; send an object with `query`.",
    )


def from_query_string(query_string: bytes, persisted_queries: PersistedQueries) -> GraphQLRequest:
    """Return the request of a query string. Raises HTTPRefusal if it is not valid."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        message = "The query string is not percent-encoded UTF-8; encode it as browsers encode forms."
        raise HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, message) from None
    parameters: Document = {}
    for name, text in pairs:
        if name in _PARAMETER_TYPES:
            if name in parameters:
                raise HTTPRefusal(
                    GraphQLErrorCode.BAD_REQUEST, f"The query string has `{name}` twice; send it once."
                )
            parameters[name] = text
    for name in ("variables", "extensions"):
        if value := parameters.get(name):
            parameters[name] = _parse_json(f"`{name}`", str(value).encode())
    return _build_request(parameters, persisted_queries)


def _parse_json(name: str, text: bytes) -> Json:
    try:
        return strict_json.loads_request(text)
    except ValueError as error:
        raise HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, f"{name} {error}.") from None


def _build_request(parameters: Document, persisted_queries: PersistedQueries) -> GraphQLRequest:
    """Return the request of these parameters. An empty text is absent, except in `query`."""
    parameters = {name: value for name, value in parameters.items() if value != "" or name == "query"}
    query = parameters.get("query")
    document_id = parameters.get("documentId")
    operation_name = parameters.get("operationName")
    variables = parameters.get("variables")
    extensions = parameters.get("extensions")
    if (
        (query is None or isinstance(query, str))
        and (document_id is None or isinstance(document_id, str))
        and (operation_name is None or isinstance(operation_name, str))
        and (variables is None or isinstance(variables, dict))
        and (extensions is None or isinstance(extensions, dict))
    ):
        text = persisted_queries.find_text(query, document_id, extensions)
        if text is not None:
            return GraphQLRequest(text, operation_name, variables, extensions)
    raise HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, *_list_faults(parameters))


def _list_faults(parameters: Document) -> list[str]:
    extensions = parameters.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    has_id = parameters.get("documentId") is not None or persisted is not None
    return [
        f"`{name}` is {_JSON_TYPE_NAMES[type(parameters[name])] if name in parameters else 'missing'}; "
        f"send {allowed}."
        for name, (types, allowed) in _PARAMETER_TYPES.items()
        if not isinstance(parameters.get(name), types)
        and not (name == "query" and parameters.get(name) is None and has_id)
    ]
