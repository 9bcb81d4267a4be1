"""The base class of all tables, and the columns that several share."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gateway.database.column_types import CollatedText, EnumText, Instant, JsonText
from gateway.domain.enums import BookingStatus, IntegrationAccess, IntegrationKind, Provider, Status, UseCaseKey
from gateway.domain.lenient_reading import (
    Document,
    HasLenientDocument,
    Json,  # noqa: F401 (SQLAlchemy evaluates Document)
)


class Base(DeclarativeBase):
    row_bases: ClassVar[tuple[type, ...]] = ()
    """What rows that are read without their entity can do: see `gateway.database.rows`."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as a class attribute)
        str: CollatedText,
        datetime: Instant,
        list[str]: JsonText,
        IntegrationKind: EnumText(IntegrationKind),
        IntegrationAccess: EnumText(IntegrationAccess),
        Provider: EnumText(Provider),
        Status: EnumText(Status),
        UseCaseKey: EnumText(UseCaseKey),
        BookingStatus: EnumText(BookingStatus),
    }


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
