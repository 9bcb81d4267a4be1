"""What a request's document is: the text it brings, or the text that an id in it stands for."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from gateway.domain.lenient_reading import Document, Json
from gateway.settings import Settings
from gateway.web import trusted_documents
from gateway.web.error_codes import Code
from gateway.web.refusals import Refusal
from gateway.web.trusted_documents import ID, SHA256, digest

_NOT_AN_ID = (
    "`documentId` must be `sha256:` with 64 small hexadecimal digits, or an id as it stands in the manifest of "
    "trusted documents: one without a colon, or `x-NAME:ID`."
)
_NOT_A_PERSISTED_QUERY = (
    "`extensions.persistedQuery` must be an object with `version` 1 and in `sha256Hash` the SHA-256 of the "
    "document, in small hexadecimal digits."
)
_NO_IDS = "No document is known by an id here; send its text in `query`."
_NOT_TRUSTED = "Only trusted documents are executed here, and this is none; have it added to the manifest."


class Documents:
    """Finds the document that is meant: among those trusted, and those that clients registered.

    Raises Refusal where there is none, or it is not trusted and only those are executed.
    """

    def __init__(self, settings: Settings) -> None:
        self._trusted = trusted_documents.trusted(settings)
        self._texts = frozenset(self._trusted.values())
        self._only = settings.trusted_documents == "only"
        count = 0 if self._only else settings.persisted_queries
        self._registered = Registered(count, settings.persisted_queries_bytes)
        self._knows_ids = count > 0 or settings.trusted_documents != "off"

    def text(self, query: str | None, document_id: str | None, extensions: Document | None) -> str | None:
        """The document's text; None where a request brings neither a text nor an id."""
        names: Sequence[str] = ()
        if document_id is not None or extensions:
            names = _names(document_id, (extensions or {}).get("persistedQuery"))
        if not names:
            if self._only and query is not None and query not in self._texts:
                raise Refusal(Code.DOCUMENT_NOT_TRUSTED, _NOT_TRUSTED)
            return query
        if not self._knows_ids:
            # Apollo's clients know it by this message, and send texts alone from then on.
            said = "PersistedQueryNotSupported" if document_id is None else _NO_IDS
            raise Refusal(Code.PERSISTED_QUERY_NOT_SUPPORTED, said)
        return self._found(names, document_id) if query is None else self._brought(names, query)

    def _found(self, names: Sequence[str], document_id: str | None) -> str:
        for name in names:
            text = self._trusted.get(name) or self._registered.get(name)
            if text is not None:
                return text
        if document_id is None:
            # And by this, and send the text along with the hash.
            raise Refusal(Code.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        remedy = "have it added to the manifest" if self._only else "send its text in `query`"
        raise Refusal(Code.PERSISTED_QUERY_NOT_FOUND, f"No document is known by this `documentId`; {remedy}.")

    def _brought(self, names: Sequence[str], query: str) -> str:
        """A text that came with an id of it: known by that from now on, where clients may register any."""
        named = digest(query)
        if named not in names and not any(self._trusted.get(name) == query for name in names):
            message = "The SHA-256 that was sent is not that of `query`; send that of its very bytes, in UTF-8."
            raise Refusal(Code.BAD_REQUEST, message)
        if self._only and query not in self._texts:
            raise Refusal(Code.DOCUMENT_NOT_TRUSTED, _NOT_TRUSTED)
        if named not in self._trusted:
            self._registered.add(named, query)
        return query


class Registered:
    """Documents that clients registered by sending text and hash, those asked last: so many, of so many bytes."""

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
        """Keep a text, unless it is larger than all may be."""
        size = len(text.encode())
        if self.get(digest) is not None or size > self._max_size:
            return
        self._texts[digest] = text
        self._size += size
        while len(self._texts) > self._max_count or self._size > self._max_size:
            _, gone = self._texts.popitem(last=False)
            self._size -= len(gone.encode())


def _names(document_id: str | None, persisted_query: Json) -> Sequence[str]:
    """The ids under which a document is meant, none where a request has no id in it."""
    if document_id is not None and persisted_query is not None:
        raise Refusal(Code.BAD_REQUEST, "Send `documentId` or `extensions.persistedQuery`, not both.")
    if document_id is not None:
        if not ID.fullmatch(document_id):
            raise Refusal(Code.BAD_REQUEST, _NOT_AN_ID)
        return (document_id,)
    if persisted_query is None:
        return ()
    given = persisted_query if isinstance(persisted_query, Mapping) else {}
    sent, version = given.get("sha256Hash"), given.get("version")
    if type(version) is not int or version != 1 or not isinstance(sent, str) or not sent:
        raise Refusal(Code.BAD_REQUEST, _NOT_A_PERSISTED_QUERY)
    # Clients with a manifest send its ids there, whatever those are.
    return (sent, SHA256 + sent)
