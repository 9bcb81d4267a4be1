"""The OpenAPI document: it is valid, describes everything, and programs can work by it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema_rs
import pytest
from graphql import FieldNode, OperationDefinitionNode, build_schema, parse, validate
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.rest import OPERATIONS, SYSTEMS, AnyOperation, WriteOperation
from gateway.rest.operations import BODY
from gateway.web import GraphQLErrorCode
from tests.support.commands import run_gateway, start_server
from tests.support.endpoints import open_endpoint
from tests.support.examples import example
from tests.support.gateway import TEAM, Gateway
from tests.support.openapi import DOCUMENT, assert_described, build_validator, get_validator, list_operations
from tests.support.rest import import_document
from tests.support.source_code import PACKAGE, PROJECT
from tests.support.webhook_requests import import_webhooks

EXAMPLE_TEAM = "5eb7cf5a86d9755df3a6c593"
REST_PAGE = PACKAGE / "docs" / "rest.md"
SECONDS = 120
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
"""Checks of schemathesis."""

COUNTS = [{"_id": "<string>", "count": 123}]
EXAMPLES = {
    "ExportAnswer": example("export.response"),
    "WebhookAnswer": example("integrations.get.response"),
    "WebhooksAnswer": example("integrations.list.response"),
    "Group": example("upsert-use-case-group.request"),
    "ParameterProblems": {"detail": [{"loc": ["<string>"], "msg": "<string>", "type": "<string>"}]},
    "AppointmentStatisticsAnswer": {
        "overview": {"total": 123},
        "trends": [{"_id": "2023-11-07T05:31:56Z", "successful": 123, "failed": 123}],
        **dict.fromkeys(("source", "utm_source", "utm_medium", "utm_campaign"), COUNTS),
    },
}
"""Schemas with the documents' examples of them."""

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


def test_the_document_is_valid() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_the_document_has_each_operation_and_each_system_once() -> None:
    found = [
        (method.upper(), path, described["operationId"])
        for path, methods in DOCUMENT["paths"].items()
        for method, described in methods.items()
    ]
    assert found == [(operation.method, operation.path, operation.name) for operation in OPERATIONS]
    assert [tag["name"] for tag in DOCUMENT["tags"]] == [system.name for system in SYSTEMS]


def test_everything_is_described_in_sentences() -> None:
    described = [
        *(parameter for _, operation in list_operations() for parameter in operation["parameters"]),
        *(operation["requestBody"] for _, operation in list_operations() if "requestBody" in operation),
        *(answer for _, operation in list_operations() for answer in operation["responses"].values()),
        *(schema for schema in DOCUMENT["components"]["schemas"].values() if schema["type"] == "object"),
        *(
            field
            for schema in DOCUMENT["components"]["schemas"].values()
            for field in schema.get("properties", {}).values()
        ),
        *DOCUMENT["components"]["securitySchemes"].values(),
        *(operation for _, operation in list_operations()),
        *DOCUMENT["tags"],
    ]
    assert len(described) > 100
    assert [part for part in described if not re.fullmatch(r"(?s)\S.*\.", part.get("description", ""))] == []
    assert [operation["summary"] for _, operation in list_operations() if operation["summary"].endswith(".")] == []


def test_the_table_of_the_documentation_has_each_operation_and_a_valid_query_for_it() -> None:
    rows = re.findall(r"^\| (?:\d|none) \| `(\w+) (\S+)` \|.*\| `(.*)` \|$", REST_PAGE.read_text(), re.MULTILINE)
    queries = {(method, path): query for method, path, query in rows}
    schema = build_schema((PROJECT / "schema.graphql").read_text())
    for operation in OPERATIONS:
        query = parse(queries[operation.method, operation.path])
        assert validate(schema, query) == []
        (definition,) = query.definitions
        assert isinstance(definition, OperationDefinitionNode)
        (selected,) = definition.selection_set.selections
        assert isinstance(selected, FieldNode)
        assert selected.name.value == operation.graphql_field


@every_operation
def test_examples_are_valid_parameters(operation: AnyOperation) -> None:
    (described,) = (described for each, described in list_operations() if each is operation)
    schemas = {parameter["name"]: parameter["schema"] for parameter in described["parameters"]}
    if "requestBody" in described:
        schemas[BODY] = described["requestBody"]["content"]["application/json"]["schema"]
    required = {parameter["name"] for parameter in described["parameters"] if parameter["required"]}
    assert required <= set(operation.example) <= set(schemas)
    for name, value in operation.example.items():
        build_validator(schemas[name]).validate(value)


def test_the_documents_keys_are_described() -> None:
    for name, value in EXAMPLES.items():
        validator = build_validator({"$ref": f"#/components/schemas/{name}"})
        validator.validate(value)


@every_operation
def test_all_statuses_of_whole_requests_are_described(operation: AnyOperation) -> None:
    (described,) = (described for each, described in list_operations() if each is operation)
    statuses = {code.value.status for code in GraphQLErrorCode}
    # A described method is allowed; the answer is always JSON; and a 501 does not reach a path.
    never = {200, 405, 406, 415, 501}
    never |= set() if operation.method == "POST" else {408, 413}
    never |= set() if isinstance(operation, WriteOperation) else {409}
    never |= {422} - operation.system.refusals.keys()
    assert statuses - never <= {int(status) for status in described["responses"]}


def test_an_answer_that_is_not_described_is_found() -> None:
    validator = build_validator({"$ref": "#/components/schemas/Total"})
    validator.validate({"total": 1})
    for wrong in ({"total": "1"}, {}, {"total": 1, "more": 1}):
        with pytest.raises(jsonschema_rs.ValidationError):
            validator.validate(wrong)


async def test_the_example_requests_get_the_described_answers(gateway: Gateway) -> None:
    await import_document(gateway, example("export.response"), TEAM)
    await import_webhooks(gateway, [example("integrations.get.response")["integration"]])
    await import_webhooks(gateway, example("integrations.list.response")["integrations"])
    client = await gateway.client()
    for operation in OPERATIONS:
        values: dict[str, Any] = dict(operation.example)
        path = operation.path.format(**{name: values.pop(name) for name in operation.path_parameters})
        headers = operation.system.build_credentials(client.key, client.viewer.user_id)
        body = values.pop(BODY, None)
        response = await client.http.request(operation.method, path, params=values, headers=headers, json=body)
        assert response.status_code == 200, response.text
        assert_described(response)
        if operation.answer_model is not None:
            get_validator(operation.name, "200", is_strict=True).validate(response.json())


async def test_the_document_is_public_and_cached_by_etag(sqlite_template: Path, tmp_path: Path) -> None:
    async with open_endpoint(sqlite_template, tmp_path) as endpoint:
        response = await endpoint.http.get("/openapi.json")
        assert (response.status_code, response.json()) == (200, DOCUMENT)
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        again = await endpoint.http.get("/openapi.json", headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await endpoint.http.get("/docs")).status_code == 200


async def test_a_setting_removes_the_page_and_not_the_document(sqlite_template: Path, tmp_path: Path) -> None:
    async with open_endpoint(sqlite_template, tmp_path, docs=False) as endpoint:
        assert (await endpoint.http.get("/docs")).status_code == 404
        assert (await endpoint.http.get("/openapi.json")).status_code == 200


@pytest.mark.slow
def test_requests_generated_from_the_document_get_the_described_answers(tmp_path: Path) -> None:
    log_lines: list[str] = []
    database_url = f"sqlite:///{tmp_path / 'gateway.db'}"
    document = tmp_path / "export.json"
    document.write_text(json.dumps(example("export.response")))
    with start_server("serve", "--port", "0", folder=tmp_path) as server:
        # A full pipe would block the server.
        reader = Thread(target=lambda: log_lines.extend(server.process.stderr or ()))
        reader.start()
        imported = run_gateway("import", str(document), database_url=database_url)
        assert imported.exit_code == 0, imported.output
        owner = ("--team", EXAMPLE_TEAM, "--user", EXAMPLE_TEAM, "--name", "test", "--permission", "ADMIN")
        key = run_gateway("keys", "create", *owner, database_url=database_url).stdout.strip()
        credentials = {
            name: value
            for system in SYSTEMS
            for name, value in system.build_credentials(key, EXAMPLE_TEAM).items()
        }
        result = run_schemathesis(server.url.replace("/graphql", "/openapi.json"), credentials, tmp_path)
        assert server.stop() == 0
        reader.join()
    assert result.returncode == 0, result.stdout
    assert [line for line in log_lines if json.loads(line)["level"] == "error"] == []


def run_schemathesis(url: str, headers: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Send generated requests, and check the answers against the document.

    As FastAPI does, operations accept more than the document says, such as numbers as instants. Therefore
    the check `negative_data_rejection` is not among them.
    """
    options = {
        "checks": ",".join(CHECKS),
        "max-examples": "20",
        "request-timeout": "10",
        "seed": "1",
        "suppress-health-check": "all",
    }
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", url, "--no-shrink"),
            *(word for name, value in options.items() for word in (f"--{name}", value)),
            *(word for name, value in headers.items() for word in ("--header", f"{name}:{value}")),
        ],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
