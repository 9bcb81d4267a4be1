"""What entities have in common."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.column_types import JsonText
from gateway.domain.lenient_reading import Document, HasLenientDocument, Json  # noqa: F401 (SQLAlchemy evaluates Document)


class HasDocument(HasLenientDocument):
    """A row with a document."""

    row_bases: ClassVar[tuple[type, ...]] = (HasLenientDocument,)

    id: Mapped[str]
    document: Mapped[Document] = mapped_column(JsonText)

    def store_document(self, document: Document, columns: Mapping[str, object]) -> None:
        """Take this document, with the columns that were derived from it."""
        self.document = document
        for name, value in columns.items():
            setattr(self, name, value)


class HasAuditColumns:
    """Version, and who made and last changed a row; also without a team's user of that id."""

    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str | None]
