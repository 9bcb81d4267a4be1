"""The OpenAPI document of the REST operations: all of it follows from the catalogue and its models."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from gateway import __version__
from gateway.domain import exact_json
from gateway.domain.lenient_reading import Json
from gateway.rest.catalogue import OPERATIONS, SYSTEMS
from gateway.rest.operations import BODY, AnyOperation, WriteOperation

_Object: TypeAlias = dict[str, Json]

_DESCRIPTION = """\
The URLs of the REST documents of Interactly and Rocket.Chat. Each answers the same question as a GraphQL field, \
with the same permissions and limits. HEAD answers as GET, without a body.\
"""

_COMMON_STATUSES = frozenset({400, 401, 403, 414, 422, 429, 431, 500, 503})
_BODY_STATUSES = frozenset({408, 413})
_WRITE_STATUSES = frozenset({409})

_CSV_CONTENT: _Object = {"text/csv": {"schema": {"type": "string"}}}

_IDEMPOTENCY_KEY: _Object = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Text that the client chooses for this request, such as a random UUID. The same request with "
    "the same key is done once, and each repetition gets the answer again.",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_REPLAYED = {"Idempotent-Replayed": "`true` if the request was done before with this `Idempotency-Key`."}


@cache
def print_openapi() -> bytes:
    """Return the document as JSON, in version 3.1 of the specification."""
    return exact_json.encode_indented(_build_document())


def _build_document() -> Mapping[str, Json]:
    schemas = _Schemas()
    paths: defaultdict[str, _Object] = defaultdict(dict)
    for operation in OPERATIONS:
        paths[operation.path][operation.method.lower()] = _describe_operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Integrations gateway",
            "version": __version__,
            "summary": "The REST documents of a clinic platform's integrations.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": system.name, "description": system.description} for system in SYSTEMS],
        "paths": dict(paths),
        "components": {
            "schemas": schemas.select_definitions(dict(paths)),
            "securitySchemes": {
                name: dict(scheme) for system in SYSTEMS for name, scheme in system.security_schemes.items()
            },
        },
    }


def _list_statuses(operation: AnyOperation) -> Sequence[int]:
    """Return the statuses with which an operation can refuse a request."""
    own = {*_COMMON_STATUSES, *operation.refusals}
    if operation.method == "POST":
        own |= _BODY_STATUSES
    if isinstance(operation, WriteOperation):
        own |= _WRITE_STATUSES
    return sorted(own & operation.system.refusals.keys())


class _Schemas:
    """The schemas of all models of the catalogue, generated together so that their names are unique."""

    def __init__(self) -> None:
        models: dict[type[BaseModel], None] = {}
        for operation in OPERATIONS:
            refusals = [operation.system.refusals[status] for status in _list_statuses(operation)]
            for model in (operation.parameters, operation.answer_model, *(refusal.model for refusal in refusals)):
                if model is not None:
                    models[model] = None
        modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in models]
        found, schema = models_json_schema(modes, ref_template="#/components/schemas/{model}")
        self._references = {model: reference for (model, _mode), reference in found.items()}
        definitions: _Object = {name: _clean(value) for name, value in schema["$defs"].items()}
        parameters = {operation.parameters for operation in OPERATIONS}
        self._parameters = {model: definitions.pop(self._get_name(model)) for model in parameters}
        self._definitions = definitions

    def select_definitions(self, paths: Json) -> _Object:
        """Return the schemas that the paths refer to. Pydantic also defines types that no client sees."""
        found: set[str] = set()
        todo = [paths]
        while todo:
            new = {*_list_references(todo.pop())} - found
            found |= new
            todo += [self._definitions[name] for name in new]
        return {name: schema for name, schema in self._definitions.items() if name in found}

    def refer(self, model: type[BaseModel]) -> Json:
        """Return the schema that refers to the schema of a model."""
        return dict(self._references[model])

    def get_parameters(self, model: type[BaseModel]) -> tuple[Mapping[str, _Object], Sequence[str]]:
        """Return the schemas of parameters by their names, and the names of the required ones."""
        schema = _as_object(self._parameters[model])
        properties = {name: _as_object(value) for name, value in _as_object(schema["properties"]).items()}
        required = schema.get("required", [])
        assert isinstance(required, list)  # noqa: S101 (pydantic's form)
        return properties, [str(name) for name in required]

    def _get_name(self, model: type[BaseModel]) -> str:
        return str(self._references[model]["$ref"]).rpartition("/")[2]


def _list_references(value: Json) -> Iterator[str]:
    """Yield the names of schemas that a part of the document refers to."""
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.rpartition("/")[2]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _list_references(item)


def _describe_operation(operation: AnyOperation, schemas: _Schemas) -> _Object:
    properties, required = schemas.get_parameters(operation.parameters)
    system = operation.system
    same = f"The GraphQL field `{operation.graphql_field}` answers the same question."
    is_write = isinstance(operation, WriteOperation)
    parameters: list[Json] = [
        _describe_parameter(operation, name, schema, is_required=name in required)
        for name, schema in properties.items()
        if name != BODY
    ]
    described: _Object = {
        "operationId": operation.name,
        "tags": [system.name],
        "summary": operation.summary,
        "description": f"{operation.description}\n\n{same}",
        "security": [{name: [] for name in system.security_schemes}],
        "parameters": [*parameters, _IDEMPOTENCY_KEY] if is_write else parameters,
    }
    if BODY in properties:
        body = dict(properties[BODY])
        description = body.pop("description")
        content: _Object = {"schema": body, "example": operation.example[BODY]}
        described["requestBody"] = {
            "description": description,
            "required": BODY in required,
            "content": {"application/json": content},
        }
    described["responses"] = dict(_describe_responses(operation, schemas))
    return described


def _describe_parameter(operation: AnyOperation, name: str, schema: _Object, *, is_required: bool) -> _Object:
    parameter: _Object = {
        "name": name,
        "in": "path" if name in operation.path_parameters else "query",
        "description": schema["description"],
        "required": is_required,
        "schema": _without_null({key: value for key, value in schema.items() if key != "description"}),
    }
    if name in operation.example:
        parameter["example"] = operation.example[name]
    return parameter


def _describe_responses(operation: AnyOperation, schemas: _Schemas) -> Iterator[tuple[str, _Object]]:
    model = operation.answer_model
    content: _Object = _CSV_CONTENT if model is None else {"application/json": {"schema": schemas.refer(model)}}
    replayed = _REPLAYED if isinstance(operation, WriteOperation) else {}
    headers = _describe_headers({**operation.answer_headers, **replayed}, is_required=False)
    yield str(int(HTTPStatus.OK)), {"description": "The answer.", **headers, "content": content}
    for status in _list_statuses(operation):
        refusal = operation.system.refusals[status]
        headers = _describe_headers(refusal.headers, is_required=True)
        content = {"application/json": {"schema": schemas.refer(refusal.model)}}
        yield str(status), {"description": refusal.description, **headers, "content": content}


def _describe_headers(headers: Mapping[str, str], *, is_required: bool) -> _Object:
    described: _Object = {
        name: {"description": description, "required": is_required, "schema": {"type": "string"}}
        for name, description in headers.items()
    }
    return {"headers": described} if headers else {}


def _without_null(schema: _Object) -> _Object:
    """Return the schema of a parameter without null, which a URL cannot contain."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    (choice,) = [choice for choice in choices if choice != {"type": "null"}]
    return {**_as_object(choice), **{key: value for key, value in schema.items() if key != "anyOf"}}


def _clean(schema: Json) -> Json:
    """Return a schema without titles, which repeat names, and defaults of null, which say nothing."""
    if isinstance(schema, list):
        return [_clean(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _clean(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }


def _as_object(value: Json) -> _Object:
    assert isinstance(value, dict)  # noqa: S101 (a schema of pydantic)
    return value
