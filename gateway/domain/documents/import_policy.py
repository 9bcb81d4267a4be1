"""Whose word counts of ids, people and instants: an imported document's, or ours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.documents.audit_fields import mark_created, mark_updated
from gateway.domain.documents.entries import ImportEntry
from gateway.domain.lenient_reading import Document, Json

PROTECTED_KEYS = ("teamId", "createdBy", "updatedBy", "createdAt", "updatedAt", "_id", "integrationId")
"""The keys at the top of a document that only its row's own team, writers and integration have a say in."""


@dataclass(frozen=True, slots=True)
class ParentIntegration:
    """The integration that entries are taken in under: how their document names it, and its id here."""

    document_id: str
    id: str


class StoredDocument(Protocol):
    """A row with a document, which is not decoded before somebody asks for it."""

    @property
    def document(self) -> Document: ...


class ImportPolicy(Protocol):
    """How the documents to store are made of those that came."""

    preserves_ids: bool
    """Whether an entry whose `logicalId` is new here may be the row with its `_id`, and keeps that id or fails."""

    def build_new(self, entry: ImportEntry, id: str, parent: ParentIntegration | None) -> Document:
        """The document of a new row with this id."""

    def build_updated(
        self, entry: ImportEntry, id: str, parent: ParentIntegration | None, stored: StoredDocument
    ) -> Document:
        """What an entry makes of the row `stored` under this id; equal to its document when it changes nothing."""

    def mark_updated(self, document: Document) -> Document:
        """A document that `next` made and that is not what was stored, as it is to be stored."""


@dataclass(frozen=True, slots=True)
class ViewerImportPolicy(ImportPolicy):
    """A user's import: nothing is believed of teams, people, instants, or ids that are others'."""

    team_id: str
    user_id: str
    at: datetime
    preserves_ids: bool = False

    def build_new(self, entry: ImportEntry, id: str, parent: ParentIntegration | None) -> Document:
        values = {key: value for key, value in _replace_id(entry, id).items() if key not in PROTECTED_KEYS}
        document = mark_created(values, id=id, team_id=self.team_id, user_id=self.user_id, at=self.at)
        return document if parent is None else {**document, "integrationId": parent.id}

    def build_updated(
        self, entry: ImportEntry, id: str, parent: ParentIntegration | None, stored: StoredDocument
    ) -> Document:
        values = {key: value for key, value in _replace_id(entry, id).items() if key not in PROTECTED_KEYS}
        return {**{key: stored.document[key] for key in PROTECTED_KEYS if key in stored.document}, **values}

    def mark_updated(self, document: Document) -> Document:
        return mark_updated(document, user_id=self.user_id, at=self.at)


@dataclass(frozen=True, slots=True)
class OperatorImportPolicy(ImportPolicy):
    """An operator's import: to the letter, but for another team where one is given."""

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
        self, entry: ImportEntry, id: str, parent: ParentIntegration | None, stored: StoredDocument
    ) -> Document:
        return self.build_new(entry, id, parent)

    def mark_updated(self, document: Document) -> Document:
        return document


def _replace_id(entry: ImportEntry, id: str) -> Document:
    """The entry's document under another id, which its schedulers' names hold too."""
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
