"""Find the document of a request: the text that it contains, or the text of the id that it contains."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from gateway.domain.lenient_reading import Document, Json
from gateway.settings import Settings
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.refusals import HTTPRefusal
from gateway.web.trusted_documents import (
    DOCUMENT_ID,
    SHA256_PREFIX,
    hash_document,
    load_trusted_documents,
)

_INVALID_ID_MESSAGE = (
    "`documentId` must be `sha256:` with 64 hexadecimal digits in lower case, or an id of the manifest of trusted "
    "documents: one without a colon, or `x-NAME:ID`."
)
_INVALID_PERSISTED_QUERY_MESSAGE = (
    "`extensions.persistedQuery` must be an object with `version` 1, and with the SHA-256 of the document in "
    "`sha256Hash`, in hexadecimal digits in lower case."
)
_NO_IDS_MESSAGE = "Persisted queries are turned off; send the text of the document in `query`."
_NOT_TRUSTED_MESSAGE = "The gateway executes trusted documents only; have this one added to the manifest."


class PersistedQueries:
    """Finds documents among the trusted ones, and among those that clients registered by their hash."""

    def __init__(self, settings: Settings) -> None:
        self._trusted = load_trusted_documents(settings)
        self._trusted_texts = frozenset(self._trusted.values())
        self._is_trusted_only = settings.trusted_documents == "only"
        count = 0 if self._is_trusted_only else settings.persisted_queries
        self._registered = RegisteredQueries(count, settings.persisted_queries_bytes)
        self._has_ids = count > 0 or settings.trusted_documents != "off"

    def find_text(self, query: str | None, document_id: str | None, extensions: Document | None) -> str | None:
        """Return the text of the document, or None if the request has neither a text nor an id.

        An empty text beside an id is absent.
        Raises HTTPRefusal if the id is unknown, or if the document has to be trusted and is not.
        """
        ids: Sequence[str] = ()
        if document_id is not None or extensions:
            ids = _parse_ids(document_id, (extensions or {}).get("persistedQuery"))
        if not ids:
            if self._is_trusted_only and query is not None and query not in self._trusted_texts:
                raise HTTPRefusal(GraphQLErrorCode.DOCUMENT_NOT_TRUSTED, _NOT_TRUSTED_MESSAGE)
            return query
        if not self._has_ids:
            # Apollo's clients recognise this message, and send texts only from then on.
            message = "PersistedQueryNotSupported" if document_id is None else _NO_IDS_MESSAGE
            raise HTTPRefusal(GraphQLErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, message)
        return self._register_text(ids, query) if query else self._get_text(ids, document_id)

    def _get_text(self, ids: Sequence[str], document_id: str | None) -> str:
        for name in ids:
            text = self._trusted.get(name) or self._registered.get(name)
            if text is not None:
                return text
        if document_id is None:
            # Apollo's clients recognise this message, and send the text with the hash.
            raise HTTPRefusal(GraphQLErrorCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        remedy = "have it added to the manifest" if self._is_trusted_only else "send its text in `query`"
        raise HTTPRefusal(
            GraphQLErrorCode.PERSISTED_QUERY_NOT_FOUND, f"No document has this `documentId`; {remedy}."
        )

    def _register_text(self, ids: Sequence[str], query: str) -> str:
        """Return a text that came with its id, after registering it if clients may register documents."""
        query_id = hash_document(query)
        if query_id not in ids and not any(self._trusted.get(name) == query for name in ids):
            message = "The SHA-256 does not match `query`; send the SHA-256 of its text in UTF-8."
            raise HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, message)
        if self._is_trusted_only and query not in self._trusted_texts:
            raise HTTPRefusal(GraphQLErrorCode.DOCUMENT_NOT_TRUSTED, _NOT_TRUSTED_MESSAGE)
        if query_id not in self._trusted:
            self._registered.add(query_id, query)
        return query


class RegisteredQueries:
    """A least-recently-used cache of documents that clients registered, limited in number and bytes."""

    def __init__(self, count: int, size: int) -> None:
        self._max_count, self._max_size = count, size
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def get(self, digest: str) -> str | None:
        text = self._texts.get(digest)
        if text is not None:
            self._texts.move_to_end(digest)
        return text

    def add(self, digest: str, text: str) -> None:
        """Add a text, unless it alone exceeds the limit, and evict others if there are too many."""
        size = len(text.encode())
        if self.get(digest) is not None or size > self._max_size:
            return
        self._texts[digest] = text
        self._size += size
        while len(self._texts) > self._max_count or self._size > self._max_size:
            _, evicted = self._texts.popitem(last=False)
            self._size -= len(evicted.encode())


def _parse_ids(document_id: str | None, persisted_query: Json) -> Sequence[str]:
    """Return the ids that a request has for its document, in the order of lookup."""
    if document_id is not None and persisted_query is not None:
        raise HTTPRefusal(
            GraphQLErrorCode.BAD_REQUEST,
            "The request has `documentId` and `extensions.persistedQuery`; send one of them.",
        )
    if document_id is not None:
        if not DOCUMENT_ID.fullmatch(document_id):
            raise HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, _INVALID_ID_MESSAGE)
        return (document_id,)
    if persisted_query is None:
        return ()
    parameters = persisted_query if isinstance(persisted_query, Mapping) else {}
    sent, version = parameters.get("sha256Hash"), parameters.get("version")
    if type(version) is not int or version != 1 or not isinstance(sent, str) or not sent:
        raise HTTPRefusal(GraphQLErrorCode.BAD_REQUEST, _INVALID_PERSISTED_QUERY_MESSAGE)
    # Clients with a manifest send its ids here too, and these need not be hashes.
    return (sent, SHA256_PREFIX + sent)
