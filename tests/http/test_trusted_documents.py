"""Documents by their ids: those of a manifest, those that clients registered, and none but trusted ones."""

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

pytestmark = pytest.mark.usefixtures("logging_as_before")

OTHER = "query Me($a: Boolean! = false) { viewer { userId @skip(if: $a) } }"
MUTATION = 'mutation Delete { deleteIntegration(id: "aaaaaaaaaaaaaaaaaaaaaaaa") { deletedIds } }'
SEVERAL = "query A { viewer { userId } } query B { viewer { teamId } }"
UNTRUSTED = "{ viewer { teamId } }"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def apollo(**documents: str) -> str:
    operations = [{"id": id, "name": "A", "type": "query", "body": text} for id, text in documents.items()]
    return json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations})


MANIFESTS = {
    "apollo": apollo(**{sha256(VIEWER): VIEWER, "me": OTHER, "delete": MUTATION, "several": SEVERAL}),
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
async def plain_door(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoint]:
    """One without a manifest, where at most two documents of 200 bytes are registered."""
    limits = {"persisted_queries": 2, "persisted_queries_bytes": 1024}
    async with open_endpoint(sqlite_template, tmp_path_factory.mktemp("endpoint"), **limits) as found:
        yield found


async def ask(endpoint: Endpoint, method: str, **parameters: Any) -> Response:
    """The response to these parameters, in the body or in the URL."""
    headers = {"Accept": GRAPHQL}
    if method == "POST":
        return await endpoint.send(headers=headers, json=parameters)
    written = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    return await endpoint.send("GET", headers=headers, params=written)


def hashed(text: str, **more: object) -> dict[str, Any]:
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
        ({"extensions": hashed(VIEWER)}, VIEWER_RESPONSE),
        ({"extensions": hashed(VIEWER, miss=True), "documentId": None}, VIEWER_RESPONSE),
        (
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "me"}}},
            {"data": {"viewer": {"userId": USER}}},
        ),
        (
            {"documentId": f"sha256:{sha256(SEVERAL)}", "operationName": "B"},
            {"data": {"viewer": {"teamId": TEAM}}},
        ),
        ({"query": VIEWER}, VIEWER_RESPONSE),
        ({"query": VIEWER, "extensions": hashed(VIEWER)}, VIEWER_RESPONSE),
        ({"query": OTHER, "documentId": "me"}, {"data": {"viewer": {"userId": USER}}}),
    ],
)
async def test_a_trusted_document_is_executed_by_its_ids_and_by_its_text(
    endpoint: Endpoint, method: str, parameters: dict[str, Any], answer: object
) -> None:
    if method == "GET":
        parameters = {name: value for name, value in parameters.items() if value is not None}
    for _ in range(2):
        response = await ask(endpoint, method, **parameters)
        assert (response.status_code, response.json()) == (200, answer)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_only_trusted_documents_are_executed_where_those_alone_are_allowed(
    endpoint: Endpoint, method: str
) -> None:
    only = endpoint.settings.trusted_documents == "only"
    for document in (UNTRUSTED, f"{VIEWER} ", "{ __schema { queryType { name } } }", "{"):
        for brought in ({"query": document}, {"query": document, "extensions": hashed(document)}):
            response = await ask(endpoint, method, **brought)
            if only:
                assert (response.status_code, get_codes(response)) == (403, ["DOCUMENT_NOT_TRUSTED"])
            else:
                assert response.status_code == (400 if document == "{" else 200)
        response = await ask(endpoint, method, extensions=hashed(document))
        if only:
            assert (response.status_code, get_codes(response)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
        else:
            assert response.status_code == (400 if document == "{" else 200)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_an_id_that_is_not_known_is_refused_with_what_to_do(endpoint: Endpoint, method: str) -> None:
    remedy = {"only": "have it added to the manifest", "allow": "send its text in `query`"}
    for id in ("nobody", f"sha256:{'0' * 64}", "x-app:nobody", "0" * 64):
        response = await ask(endpoint, method, documentId=id)
        assert (response.status_code, get_codes(response)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
        said = remedy[endpoint.settings.trusted_documents]
        assert get_message(response) == f"No document has this `documentId`; {said}."
    response = await ask(endpoint, method, extensions=hashed("{ a }"))
    assert (get_codes(response), get_message(response)) == (
        ["PERSISTED_QUERY_NOT_FOUND"],
        "PersistedQueryNotFound",
    )


async def test_a_trusted_document_obeys_all_other_rules(endpoint: Endpoint) -> None:
    response = await ask(endpoint, "GET", documentId="delete")
    assert (response.status_code, get_codes(response)) == (405, ["METHOD_NOT_ALLOWED"])
    response = await ask(endpoint, "POST", documentId=f"sha256:{sha256(SEVERAL)}")
    assert get_codes(response) == ["OPERATION_RESOLUTION_FAILURE"]
    response = await endpoint.send(headers={"Authorization": None}, json={"documentId": "me"})
    assert get_codes(response) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"documentId": ""}, "`documentId` must be `sha256:` with"),
        ({"documentId": "sha256:"}, "`documentId` must be `sha256:` with"),
        ({"documentId": f"sha256:{sha256(VIEWER).upper()}"}, "`documentId` must be `sha256:` with"),
        ({"documentId": "md5:0"}, "`documentId` must be `sha256:` with"),
        ({"documentId": 1}, "`documentId` is a number; send the id of a document, or leave it out."),
        (
            {"documentId": "me", "extensions": hashed(VIEWER)},
            "The request has `documentId` and `extensions.persistedQuery`;",
        ),
        ({"documentId": "me", "query": VIEWER}, "The SHA-256 does not match `query`;"),
        ({"query": VIEWER, "extensions": hashed(OTHER)}, "The SHA-256 does not match `query`;"),
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
        ({"extensions": {"persistedQuery": None}}, "`query` is missing; send the text of a GraphQL document."),
    ],
)
async def test_an_id_of_no_form_or_of_another_document_is_refused(
    endpoint: Endpoint, parameters: dict[str, Any], said: str
) -> None:
    response = await ask(endpoint, "POST", **parameters)
    assert (response.status_code, get_codes(response)) == (400, ["BAD_REQUEST"])
    assert get_message(response).startswith(said)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_document_that_a_client_registers_is_known_by_its_hash_from_then_on(
    plain_door: Endpoint, method: str
) -> None:
    text = f"{{ viewer {{ teamId }} }} # {method}"
    response = await ask(plain_door, method, extensions=hashed(text))
    assert (get_codes(response), get_message(response)) == (
        ["PERSISTED_QUERY_NOT_FOUND"],
        "PersistedQueryNotFound",
    )
    answer = {"data": {"viewer": {"teamId": TEAM}}}
    assert (await ask(plain_door, method, query=text, extensions=hashed(text))).json() == answer
    assert (await ask(plain_door, method, extensions=hashed(text))).json() == answer
    assert (await ask(plain_door, method, documentId=f"sha256:{sha256(text)}")).json() == answer


async def test_a_text_with_the_hash_of_another_is_not_registered(plain_door: Endpoint) -> None:
    response = await ask(plain_door, "POST", query=UNTRUSTED, extensions=hashed("{ mine }"))
    assert get_codes(response) == ["BAD_REQUEST"]
    response = await ask(plain_door, "POST", extensions=hashed("{ mine }"))
    assert get_codes(response) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_as_many_documents_are_registered_as_may_be_and_those_asked_last_stay(plain_door: Endpoint) -> None:
    first, second, third = (f"{{ viewer {{ teamId }} }} # {name}" for name in "abc")
    for text in (first, second, first, third):
        assert "data" in (await ask(plain_door, "POST", query=text, extensions=hashed(text))).json()
    assert get_codes(await ask(plain_door, "POST", extensions=hashed(second))) == ["PERSISTED_QUERY_NOT_FOUND"]
    large = VIEWER.ljust(2000)
    assert (await ask(plain_door, "POST", query=large, extensions=hashed(large))).json() == VIEWER_RESPONSE
    assert get_codes(await ask(plain_door, "POST", extensions=hashed(large))) == ["PERSISTED_QUERY_NOT_FOUND"]
    for text in (first, third):
        assert "data" in (await ask(plain_door, "POST", extensions=hashed(text))).json()


def test_registered_documents_are_bounded_by_their_bytes() -> None:
    registered = RegisteredQueries(100, 10)
    for name, text in (("a", "12345"), ("b", "ëëë"), ("a", "12345"), ("c", "x" * 11)):
        registered.add(name, text)
    assert [registered.get(name) for name in "abc"] == ["12345", None, None]


async def test_ids_that_are_not_supported_are_refused_as_clients_expect(
    sqlite_template: Path, tmp_path: Path
) -> None:
    async with open_endpoint(sqlite_template, tmp_path, persisted_queries=0) as endpoint:
        for brought in ({}, {"query": VIEWER}):
            response = await ask(endpoint, "POST", **brought, extensions=hashed(VIEWER))
            assert get_codes(response) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
            assert get_message(response) == "PersistedQueryNotSupported"
        assert get_codes(await ask(endpoint, "POST", documentId="me")) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
        assert (await ask(endpoint, "POST", query=VIEWER, extensions={"else": 1})).json() == VIEWER_RESPONSE
