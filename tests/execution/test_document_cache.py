"""The document cache: evicted documents are freed."""

import gc
from weakref import ReferenceType, ref

import pytest
from graphql import DocumentNode, Source

from gateway.execution import DocumentLimits, document_cache
from tests.support.gateway import Gateway


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { userId } }",
        "query ($id: ID = 1) { integration(id: $id) { ...Known } } fragment Known on Node { nodeId }",
        "{ integrations { nodes { id createdBy { id } } } }",
        "{ viewer { nothing } }",
        'mutation { deleteIntegration(id: "no") { deletedIds } }',
        "{ __schema { types { name } } }",
    ],
)
async def test_an_evicted_document_is_freed_at_once(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    client = await gateway.client()
    monkeypatch.setattr(document_cache, "_MAX_DOCUMENTS", 1)
    texts: list[ReferenceType[Source]] = []
    parsed = DocumentLimits.parse

    def record_source(self: DocumentLimits, source: Source) -> DocumentNode:
        texts.append(ref(source))
        return parsed(self, source)

    monkeypatch.setattr(DocumentLimits, "parse", record_source)
    # Other tests use the same gateway. It must not have cached the document.
    new_query = f"{query} # sent by this test only"
    gc.disable()
    try:
        for _ in range(3):
            await client.send(new_query, {})
        gc.collect()
        await client.send("{ __typename }", {})
        # Requests leave young reference cycles. A collection of generation 1 skips older objects.
        gc.collect(1)
        freed = [text() is None for text in texts]
    finally:
        gc.enable()
    assert freed == [True, False]
