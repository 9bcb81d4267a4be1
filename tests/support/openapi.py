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
            required = [name for name, header in answer.get("headers", {}).items() if header["required"]]
            assert [name for name in required if name not in response.headers] == []
            assert response.headers["Content-Type"].partition(";")[0] in answer["content"]
            if "text/csv" not in answer["content"]:
                get_validator(operation.name, status).validate(response.json())


@cache
def get_validator(name: str, status: str, *, is_strict: bool = False) -> jsonschema_rs.Validator:
    """Return the validator of an operation's answers with a status."""
    (described,) = (described for operation, described in list_operations() if operation.name == name)
    return build_validator(
        described["responses"][status]["content"]["application/json"]["schema"], is_strict=is_strict
    )


def build_validator(schema: Any, *, is_strict: bool = True) -> jsonschema_rs.Validator:
    """Return the validator of a schema of the document. It refuses keys that are not described.

    If it is not strict, it accepts stored objects with any keys and values, because people can import such ones.
    """
    whole = json.loads(json.dumps({**schema, "components": DOCUMENT["components"]}))
    for part in list_objects(whole):
        is_stored = part.get("additionalProperties") is True
        if part.get("type") == "object":
            part["additionalProperties"] = is_stored and not is_strict
        if is_stored and not is_strict:
            del part["properties"]
    return jsonschema_rs.Draft202012Validator(whole)
