"""Trusted documents of a manifest, and persisted queries that clients register."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from gateway.web.persisted_queries import RegisteredQueries
from tests.support.endpoints import (
    GRAPHQL,
    VIEWER,
    VIEWER_RESPONSE,
    Endpoint,
    get_codes,
    get_message,
    open_endpoint,
)
from tests.support.gateway import TEAM, USER

pytestmark = pytest.mark.usefixtures("restored_logging")

OTHER = "query Me($a: Boolean! = false) { viewer { userId @skip(if: $a) } }"
MUTATION = 'mutation Delete { deleteIntegration(id: "aaaaaaaaaaaaaaaaaaaaaaaa") { deletedIds } }'
SEVERAL = "query A { viewer { userId } } query B { viewer { teamId } }"
UNTRUSTED = "{ viewer { teamId } }"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def build_apollo_manifest(**documents: str) -> str:
    operations = [{"id": id, "name": "A", "type": "query", "body": text} for id, text in documents.items()]
    return json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations})


MANIFESTS = {
    "apollo": build_apollo_manifest(
        **{sha256(VIEWER): VIEWER, "me": OTHER, "delete": MUTATION, "several": SEVERAL}
    ),
    "relay": json.dumps({sha256(VIEWER): VIEWER, "me": OTHER, "delete": MUTATION, "x-app:several": SEVERAL}),
}


@pytest.fixture(scope="module", params=["apollo", "relay"])
def manifest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("manifest") / "manifest.json"
    file.write_text(MANIFESTS[request.param])
    return str(file)


@pytest.fixture(scope="module", params=["allow", "only"])
async def endpoint(
    request: pytest.FixtureRequest, manifest: str, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Endpoint]:
    mode = {"trusted_documents": request.param, "document_manifest": manifest}
    async with open_endpoint(sqlite_template, tmp_path_factory.mktemp("endpoint"), **mode) as found:
        yield found


@pytest.fixture(scope="module")
async def plain_endpoint(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Endpoint]:
    """An endpoint without a manifest, which registers at most two documents in 1024 bytes."""
    limits = {"persisted_queries": 2, "persisted_queries_bytes": 1024}
    async with open_endpoint(sqlite_template, tmp_path_factory.mktemp("endpoint"), **limits) as found:
        yield found


async def send(endpoint: Endpoint, method: str, **parameters: Any) -> Response:
    """Send these parameters in the body or in the URL."""
    headers = {"Accept": GRAPHQL}
    if method == "POST":
        return await endpoint.send(headers=headers, json=parameters)
    encoded = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    return await endpoint.send("GET", headers=headers, params=encoded)


def build_extensions(text: str, **more: object) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(text), **more}}


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        ({"documentId": f"sha256:{sha256(VIEWER)}"}, VIEWER_RESPONSE),
        ({"documentId": sha256(VIEWER)}, VIEWER_RESPONSE),
        ({"documentId": "me", "operationName": "Me"}, {"data": {"viewer": {"userId": USER}}}),
        ({"documentId": "me", "variables": {"a": True}}, {"data": {"viewer": {}}}),
        ({"documentId": f"sha256:{sha256(OTHER)}"}, {"data": {"viewer": {"userId": USER}}}),
        ({"extensions": build_extensions(VIEWER)}, VIEWER_RESPONSE),
        ({"extensions": build_extensions(VIEWER, miss=True), "documentId": None}, VIEWER_RESPONSE),
        (
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "me"}}},
            {"data": {"viewer": {"userId": USER}}},
        ),
        (
            {"documentId": f"sha256:{sha256(SEVERAL)}", "operationName": "B"},
            {"data": {"viewer": {"teamId": TEAM}}},
        ),
        ({"query": VIEWER}, VIEWER_RESPONSE),
        ({"query": VIEWER, "extensions": build_extensions(VIEWER)}, VIEWER_RESPONSE),
        ({"query": OTHER, "documentId": "me"}, {"data": {"viewer": {"userId": USER}}}),
        # An empty parameter is absent.
        ({"query": VIEWER, "documentId": ""}, VIEWER_RESPONSE),
        ({"query": VIEWER, "documentId": "", "extensions": build_extensions(VIEWER)}, VIEWER_RESPONSE),
        ({"query": "", "documentId": "me"}, {"data": {"viewer": {"userId": USER}}}),
        ({"query": "", "extensions": build_extensions(VIEWER)}, VIEWER_RESPONSE),
    ],
)
async def test_a_trusted_document_is_executed_by_its_ids_and_by_its_text(
    endpoint: Endpoint, method: str, parameters: dict[str, Any], answer: object
) -> None:
    if method == "GET":
        parameters = {name: value for name, value in parameters.items() if value is not None}
    for _ in range(2):
        response = await send(endpoint, method, **parameters)
        assert (response.status_code, response.json()) == (200, answer)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_the_mode_only_executes_trusted_documents_alone(endpoint: Endpoint, method: str) -> None:
    only = endpoint.settings.trusted_documents == "only"
    for document in (UNTRUSTED, f"{VIEWER} ", "{ __schema { queryType { name } } }", "{"):
        for parameters in ({"query": document}, {"query": document, "extensions": build_extensions(document)}):
            response = await send(endpoint, method, **parameters)
            if only:
                assert (response.status_code, get_codes(response)) == (403, ["DOCUMENT_NOT_TRUSTED"])
            else:
                assert response.status_code == (400 if document == "{" else 200)
        response = await send(endpoint, method, extensions=build_extensions(document))
        if only:
            assert (response.status_code, get_codes(response)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
        else:
            assert response.status_code == (400 if document == "{" else 200)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_an_unknown_id_is_refused_with_a_remedy(endpoint: Endpoint, method: str) -> None:
    remedy = {"only": "have it added to the manifest", "allow": "send its text in `query`"}
    for id in ("nobody", f"sha256:{'0' * 64}", "x-app:nobody", "0" * 64):
        response = await send(endpoint, method, documentId=id)
        assert (response.status_code, get_codes(response)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
        message = remedy[endpoint.settings.trusted_documents]
        assert get_message(response) == f"No document has this `documentId`; {message}."
    response = await send(endpoint, method, extensions=build_extensions("{ a }"))
    assert (get_codes(response), get_message(response)) == (
        ["PERSISTED_QUERY_NOT_FOUND"],
        "PersistedQueryNotFound",
    )


async def test_a_trusted_document_obeys_all_other_rules(endpoint: Endpoint) -> None:
    response = await send(endpoint, "GET", documentId="delete")
    assert (response.status_code, get_codes(response)) == (405, ["METHOD_NOT_ALLOWED"])
    response = await send(endpoint, "POST", documentId=f"sha256:{sha256(SEVERAL)}")
    assert get_codes(response) == ["OPERATION_RESOLUTION_FAILURE"]
    response = await endpoint.send(headers={"Authorization": None}, json={"documentId": "me"})
    assert get_codes(response) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"documentId": "sha256:"}, "`documentId` must be `sha256:` with"),
        ({"documentId": f"sha256:{sha256(VIEWER).upper()}"}, "`documentId` must be `sha256:` with"),
        ({"documentId": "md5:0"}, "`documentId` must be `sha256:` with"),
        ({"documentId": 1}, "`documentId` is a number; send the id of a document, or leave it out."),
        (
            {"documentId": "me", "extensions": build_extensions(VIEWER)},
            "The request has `documentId` and `extensions.persistedQuery`;",
        ),
        ({"documentId": "me", "query": VIEWER}, "The SHA-256 does not match `query`;"),
        ({"query": VIEWER, "extensions": build_extensions(OTHER)}, "The SHA-256 does not match `query`;"),
        ({"extensions": {"persistedQuery": 1}}, "`extensions.persistedQuery` must be an object with"),
        ({"extensions": {"persistedQuery": {"version": 1}}}, "`extensions.persistedQuery` must be an object with"),
        (
            {"query": VIEWER, "extensions": {"persistedQuery": {"version": 2, "sha256Hash": sha256(VIEWER)}}},
            "`extensions.persistedQuery` must be an object with",
        ),
        (
            {"documentId": "me", "variables": 1},
            "`variables` is a number; send an object or null, or leave it out.",
        ),
        ({"documentId": None, "extensions": {}}, "`query` is missing; send the text of a GraphQL document."),
        ({"documentId": ""}, "`query` is missing; send the text of a GraphQL document."),
        ({"extensions": {"persistedQuery": None}}, "`query` is missing; send the text of a GraphQL document."),
    ],
)
async def test_an_invalid_id_and_one_of_another_document_are_refused(
    endpoint: Endpoint, parameters: dict[str, Any], message: str
) -> None:
    response = await send(endpoint, "POST", **parameters)
    assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
    assert get_message(response).startswith(message)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_registered_document_is_found_by_its_hash(plain_endpoint: Endpoint, method: str) -> None:
    text = f"{{ viewer {{ teamId }} }} # {method}"
    response = await send(plain_endpoint, method, extensions=build_extensions(text))
    assert (get_codes(response), get_message(response)) == (
        ["PERSISTED_QUERY_NOT_FOUND"],
        "PersistedQueryNotFound",
    )
    answer = {"data": {"viewer": {"teamId": TEAM}}}
    assert (await send(plain_endpoint, method, query=text, extensions=build_extensions(text))).json() == answer
    assert (await send(plain_endpoint, method, extensions=build_extensions(text))).json() == answer
    assert (await send(plain_endpoint, method, documentId=f"sha256:{sha256(text)}")).json() == answer


async def test_a_document_with_a_wrong_hash_is_not_registered(plain_endpoint: Endpoint) -> None:
    response = await send(plain_endpoint, "POST", query=UNTRUSTED, extensions=build_extensions("{ mine }"))
    assert get_codes(response) == ["BAD_REQUEST"]
    response = await send(plain_endpoint, "POST", extensions=build_extensions("{ mine }"))
    assert get_codes(response) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_the_least_recently_used_registered_document_is_evicted(plain_endpoint: Endpoint) -> None:
    first, second, third = (f"{{ viewer {{ teamId }} }} # {name}" for name in "abc")
    for text in (first, second, first, third):
        assert "data" in (await send(plain_endpoint, "POST", query=text, extensions=build_extensions(text))).json()
    assert get_codes(await send(plain_endpoint, "POST", extensions=build_extensions(second))) == [
        "PERSISTED_QUERY_NOT_FOUND"
    ]
    large = VIEWER.ljust(2000)
    assert (
        await send(plain_endpoint, "POST", query=large, extensions=build_extensions(large))
    ).json() == VIEWER_RESPONSE
    assert get_codes(await send(plain_endpoint, "POST", extensions=build_extensions(large))) == [
        "PERSISTED_QUERY_NOT_FOUND"
    ]
    for text in (first, third):
        assert "data" in (await send(plain_endpoint, "POST", extensions=build_extensions(text))).json()


def test_registered_documents_are_limited_in_bytes() -> None:
    registered = RegisteredQueries(100, 10)
    for name, text in (("a", "12345"), ("b", "ëëë"), ("a", "12345"), ("c", "x" * 11)):
        registered.add(name, text)
    assert [registered.get(name) for name in "abc"] == ["12345", None, None]


async def test_persisted_queries_that_are_disabled_are_refused_as_clients_expect(
    sqlite_template: Path, tmp_path: Path
) -> None:
    async with open_endpoint(sqlite_template, tmp_path, persisted_queries=0) as endpoint:
        for parameters in ({}, {"query": VIEWER}):
            response = await send(endpoint, "POST", **parameters, extensions=build_extensions(VIEWER))
            assert get_codes(response) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
            assert get_message(response) == "PersistedQueryNotSupported"
        assert get_codes(await send(endpoint, "POST", documentId="me")) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
        assert (await send(endpoint, "POST", query=VIEWER, extensions={"else": 1})).json() == VIEWER_RESPONSE
