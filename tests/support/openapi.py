"""The OpenAPI document, and whether an answer is as it says."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
from httpx import Response

from gateway.rest import OPERATIONS, AnyOperation, print_openapi

DOCUMENT: Any = json.loads(print_openapi())


def list_operations() -> Iterator[tuple[AnyOperation, Any]]:
    """Yield each operation with its description in the document."""
    for operation in OPERATIONS:
        yield operation, DOCUMENT["paths"][operation.path][operation.method.lower()]


def list_objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all JSON objects in a value."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from list_objects(item)


def assert_described(response: Response) -> None:
    """Assert that an answer to an operation has a status, headers and a body as the document says."""
    for operation, described in list_operations():
        path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))
        if response.request.method == operation.method and re.fullmatch(path, response.request.url.path):
            status = str(response.status_code)
            answer = described["responses"].get(status)
            assert answer is not None, f"{operation.name} answers {status}: {response.text}"
            assert [name for name in answer.get("headers", ()) if name not in response.headers] == []
            get_validator(operation.name, status).validate(response.json())


@cache
def get_validator(name: str, status: str) -> jsonschema_rs.Validator:
    """Return the validator of an operation's answers with a status. It refuses keys that are not described."""
    (described,) = (described for operation, described in list_operations() if operation.name == name)
    return build_validator(described["responses"][status]["content"]["application/json"]["schema"])


def build_validator(schema: Any, *, allows_further_keys: bool = True) -> jsonschema_rs.Validator:
    """Return the validator of a schema of the document, in whose objects further keys are allowed or not."""
    whole = json.loads(json.dumps({**schema, "components": DOCUMENT["components"]}))
    for part in list_objects(whole):
        if part.get("type") == "object" and not (allows_further_keys and part.get("additionalProperties")):
            part["additionalProperties"] = False
    return jsonschema_rs.Draft202012Validator(whole)
