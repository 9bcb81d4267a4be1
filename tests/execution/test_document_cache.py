"""What is kept of documents that were asked."""

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
async def test_a_document_that_is_forgotten_is_gone_at_once(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    client = await gateway.client()
    monkeypatch.setattr(document_cache, "_MAX_DOCUMENTS", 1)
    texts: list[ReferenceType[Source]] = []
    parsed = DocumentLimits.parse

    def watched(self: DocumentLimits, source: Source) -> DocumentNode:
        texts.append(ref(source))
        return parsed(self, source)

    monkeypatch.setattr(DocumentLimits, "parse", watched)
    # The gateway also serves other tests. It must not know the document from them.
    unknown = f"{query} # sent by this test only"
    gc.disable()
    try:
        for _ in range(3):
            await client.send(unknown, {})
        gc.collect()
        await client.send("{ __typename }", {})
        # Requests leave cycles, which are young. What had been there is old, and not looked at.
        gc.collect(1)
        gone = [text() is None for text in texts]
    finally:
        gc.enable()
    assert gone == [True, False]
