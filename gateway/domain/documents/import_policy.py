"""Whose word counts of ids, people and instants: an imported document's, or ours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.documents.audit_fields import created, touched
from gateway.domain.documents.entries import Entry
from gateway.domain.lenient_reading import Document, Json

OWN = ("teamId", "createdBy", "updatedBy", "createdAt", "updatedAt", "_id", "integrationId")
"""The keys at the top of a document that only its row's own team, writers and integration have a say in."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The integration that entries are taken in under: how their document names it, and its id here."""

    named: str
    id: str


class Stored(Protocol):
    """A row with a document, which is not decoded before somebody asks for it."""

    @property
    def document(self) -> Document: ...


class Trust(Protocol):
    """How the documents to store are made of those that came."""

    to_the_letter: bool
    """Whether an entry whose `logicalId` is new here may be the row with its `_id`, and keeps that id or fails."""

    def first(self, entry: Entry, id: str, parent: Parent | None) -> Document:
        """The document of a new row with this id."""

    def next(self, entry: Entry, id: str, parent: Parent | None, stored: Stored) -> Document:
        """What an entry makes of the row `stored` under this id; equal to its document when it changes nothing."""

    def signed(self, document: Document) -> Document:
        """A document that `next` made and that is not what was stored, as it is to be stored."""


@dataclass(frozen=True, slots=True)
class Viewers(Trust):
    """A user's import: nothing is believed of teams, people, instants, or ids that are others'."""

    team_id: str
    user_id: str
    at: datetime
    to_the_letter: bool = False

    def first(self, entry: Entry, id: str, parent: Parent | None) -> Document:
        said = {key: value for key, value in _under(entry, id).items() if key not in OWN}
        made = created(said, id=id, team_id=self.team_id, user_id=self.user_id, at=self.at)
        return made if parent is None else {**made, "integrationId": parent.id}

    def next(self, entry: Entry, id: str, parent: Parent | None, stored: Stored) -> Document:  # noqa: ARG002
        said = {key: value for key, value in _under(entry, id).items() if key not in OWN}
        return {**{key: stored.document[key] for key in OWN if key in stored.document}, **said}

    def signed(self, document: Document) -> Document:
        return touched(document, user_id=self.user_id, at=self.at)


@dataclass(frozen=True, slots=True)
class Operators(Trust):
    """An operator's import: to the letter, but for another team where one is given."""

    team_id: str | None
    to_the_letter: bool = True

    def first(self, entry: Entry, id: str, parent: Parent | None) -> Document:
        document = _under(entry, id)
        if self.team_id is not None and "teamId" in document:
            document = {**document, "teamId": self.team_id}
        if parent is not None and parent.id != parent.named and document.get("integrationId") == parent.named:
            document = {**document, "integrationId": parent.id}
        return document

    def next(self, entry: Entry, id: str, parent: Parent | None, stored: Stored) -> Document:  # noqa: ARG002
        return self.first(entry, id, parent)

    def signed(self, document: Document) -> Document:
        return document


def _under(entry: Entry, id: str) -> Document:
    """The entry's document under another id, which its schedulers' names hold too."""
    if id == entry.id:
        return entry.document
    document: Document = {**entry.document, "_id": id}
    names = document.get("schedulerNames")
    if isinstance(names, list):
        document["schedulerNames"] = [_renamed(name, entry.id, id) for name in names]
    return document


def _renamed(name: Json, old: str, new: str) -> Json:
    if isinstance(name, str) and name.startswith(f"uc-{old}-"):
        return f"uc-{new}-" + name.removeprefix(f"uc-{old}-")
    return name
