"""What a client asks of the graph, out of a body or a query string."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from gateway.domain.section import Document, Json
from gateway.web import strict_json
from gateway.web.catalogue import Code
from gateway.web.refusals import Refusal

_ALLOWED: Mapping[str, tuple[tuple[type, ...], str]] = {
    "query": ((str,), "the text of a GraphQL document"),
    "operationName": ((str, type(None)), "a string or null, or leave it out"),
    "variables": ((dict, type(None)), "an object or null, or leave it out"),
    "extensions": ((dict, type(None)), "an object or null, or leave it out"),
}
_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}
_UNREADABLE = 400
"""Where there is not even JSON, all editions have the same status."""


class GraphQLRequest(NamedTuple):
    """The parameters of GraphQL over HTTP; others are ignored, as it says."""

    query: str
    operation_name: str | None
    variables: Document | None
    extensions: Document | None


def from_body(body: bytes) -> GraphQLRequest:
    """The request that a POST brings as JSON. Raises Refusal."""
    parameters = _json("The body", body)
    if isinstance(parameters, dict):
        return _request(parameters)
    if isinstance(parameters, list):
        raise Refusal(Code.BAD_REQUEST, "The body is a list; send each request of a batch on its own.")
    raise Refusal(Code.BAD_REQUEST, f"The body is {_KINDS[type(parameters)]}; send an object with `query`.")


def from_query_string(query_string: bytes) -> GraphQLRequest:
    """The request that a GET brings in its URL; an empty parameter is none. Raises Refusal."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        message = "The query string is not percent-encoded UTF-8; send it as browsers encode forms."
        raise Refusal(Code.BAD_REQUEST, message, status=_UNREADABLE) from None
    parameters: Document = {}
    for name, text in pairs:
        if name in _ALLOWED:
            if name in parameters:
                raise Refusal(Code.BAD_REQUEST, f"`{name}` stands in the query string twice; send it once.")
            parameters[name] = text
    for name in ("variables", "extensions"):
        if value := parameters.get(name):
            parameters[name] = _json(f"`{name}`", str(value).encode())
    empty = [name for name, value in parameters.items() if value == "" and name != "query"]
    return _request({name: value for name, value in parameters.items() if name not in empty})


def _json(name: str, text: bytes) -> Json:
    try:
        return strict_json.loads(text)
    except ValueError as error:
        raise Refusal(Code.BAD_REQUEST, f"{name} {error}.", status=_UNREADABLE) from None


def _request(parameters: Document) -> GraphQLRequest:
    query = parameters.get("query")
    operation_name = parameters.get("operationName")
    variables = parameters.get("variables")
    extensions = parameters.get("extensions")
    if (
        isinstance(query, str)
        and (operation_name is None or isinstance(operation_name, str))
        and (variables is None or isinstance(variables, dict))
        and (extensions is None or isinstance(extensions, dict))
    ):
        return GraphQLRequest(query, operation_name, variables, extensions)
    raise Refusal(Code.BAD_REQUEST, *_faults(parameters))


def _faults(parameters: Document) -> list[str]:
    return [
        f"`{name}` is {_KINDS[type(parameters[name])] if name in parameters else 'missing'}; send {allowed}."
        for name, (types, allowed) in _ALLOWED.items()
        if not isinstance(parameters.get(name), types)
    ]
