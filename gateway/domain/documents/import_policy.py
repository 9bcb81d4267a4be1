"""Import policies: which ids, users and instants of an imported document are stored, and what is counted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from gateway.domain.documents.audit_fields import mark_created, mark_updated
from gateway.domain.documents.entries import ImportEntry
from gateway.domain.lenient_reading import Document, Json

PROTECTED_KEYS = ("teamId", "createdBy", "updatedBy", "createdAt", "updatedAt", "_id", "integrationId")
"""The keys that a user's import cannot set."""


@dataclass(frozen=True, slots=True)
class ParentIntegration:
    """The integration of imported entries: its id in the document, and its id in the database."""

    document_id: str
    id: str


class StoredDocument(Protocol):
    """A row that decodes its document on first access."""

    @property
    def document(self) -> Document: ...


class ImportPolicy(Protocol):
    """How an import turns the entries of a file into stored documents."""

    preserves_ids: bool
    """Whether entries keep their `_id`. An entry with a new `logicalId` then may update the row with its `_id`."""

    def build_new(self, entry: ImportEntry, id: str, parent: ParentIntegration | None) -> Document:
        """Return the document of a new row with this id."""

    def build_updated(
        self, entry: ImportEntry, id: str, parent: ParentIntegration | None, stored: StoredDocument
    ) -> Document:
        """Return the document of an updated row. It equals the stored document if the entry changes nothing."""

    def mark_updated(self, document: Document) -> Document:
        """Return a changed document of `build_updated` with its audit fields."""


@dataclass(frozen=True, slots=True)
class ViewerImportPolicy(ImportPolicy):
    """The policy of a user's import. It ignores teams, users, instants and ids of the file."""

    team_id: str
    user_id: str
    at: datetime
    preserves_ids: bool = False

    def build_new(self, entry: ImportEntry, id: str, parent: ParentIntegration | None) -> Document:
        values = {key: value for key, value in _replace_id(entry, id).items() if key not in PROTECTED_KEYS}
        document = mark_created(values, id=id, team_id=self.team_id, user_id=self.user_id, at=self.at)
        return document if parent is None else {**document, "integrationId": parent.id}

    def build_updated(
        self,
        entry: ImportEntry,
        id: str,
        parent: ParentIntegration | None,  # noqa: ARG002 (a row stays under its integration)
        stored: StoredDocument,
    ) -> Document:
        values = {key: value for key, value in _replace_id(entry, id).items() if key not in PROTECTED_KEYS}
        return {**{key: stored.document[key] for key in PROTECTED_KEYS if key in stored.document}, **values}

    def mark_updated(self, document: Document) -> Document:
        return mark_updated(document, user_id=self.user_id, at=self.at)


@dataclass(frozen=True, slots=True)
class OperatorImportPolicy(ImportPolicy):
    """The policy of an operator's import. It stores documents unchanged, except for a team given by --team."""

    team_id: str | None
    preserves_ids: bool = True

    def build_new(self, entry: ImportEntry, id: str, parent: ParentIntegration | None) -> Document:
        document = _replace_id(entry, id)
        if self.team_id is not None and "teamId" in document:
            document = {**document, "teamId": self.team_id}
        if (
            parent is not None
            and parent.id != parent.document_id
            and document.get("integrationId") == parent.document_id
        ):
            document = {**document, "integrationId": parent.id}
        return document

    def build_updated(
        self,
        entry: ImportEntry,
        id: str,
        parent: ParentIntegration | None,
        stored: StoredDocument,  # noqa: ARG002 (the file determines the whole document)
    ) -> Document:
        return self.build_new(entry, id, parent)

    def mark_updated(self, document: Document) -> Document:
        return document


def _replace_id(entry: ImportEntry, id: str) -> Document:
    """Return the entry's document with another id, also in the names of its schedulers."""
    if id == entry.id:
        return entry.document
    document: Document = {**entry.document, "_id": id}
    names = document.get("schedulerNames")
    if isinstance(names, list):
        document["schedulerNames"] = [_rename_scheduler(name, entry.id, id) for name in names]
    return document


def _rename_scheduler(name: Json, old: str, new: str) -> Json:
    if isinstance(name, str) and name.startswith(f"uc-{old}-"):
        return f"uc-{new}-" + name.removeprefix(f"uc-{old}-")
    return name


@dataclass(slots=True)
class ImportCounts:
    """The numbers of rows that an import created, updated, left unchanged, and deleted."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0

    def __iadd__(self, other: "ImportCounts") -> Self:
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.deleted += other.deleted
        return self
