"""The base class of all tables, and the columns that several share."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Label, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gateway.database.column_types import CollatedText, Instant, JsonText, create_enum_type
from gateway.domain.enums import (
    BookingStatus,
    IntegrationAccess,
    IntegrationKind,
    Provider,
    Status,
    UseCaseKey,
    WebhookEvent,
)
from gateway.domain.lenient_reading import (
    Document,
    HasLenientDocument,
    Json,  # noqa: F401 (SQLAlchemy evaluates Document)
)


class TextConversion(NamedTuple):
    """How the stored text of a JSON column becomes the text that is read."""

    convert: Callable[[Any, str], str]
    """Takes the row and the stored text."""
    reads: Sequence[str]
    """The names of other columns that it reads of the row."""


class Base(DeclarativeBase):
    """The base class of all tables."""

    computed_columns: ClassVar[Sequence[Label[Any]]] = ()
    """Columns of another table that rows have like their own, and that cannot be written."""

    @classmethod
    def get_computed_join(cls, rows: Any) -> tuple[FromClause, ColumnElement[bool]]:  # noqa: ANN401 (it or an alias)
        """Return the table of the computed columns, and the condition that joins it to `rows`."""
        raise NotImplementedError

    conversions: ClassVar[Mapping[str, TextConversion]] = {}
    """By JSON column; without one, the stored text is read."""

    row_bases: ClassVar[tuple[type, ...]] = ()
    """The base classes of the table's rows; see `gateway.database.rows`."""

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
        IntegrationKind: create_enum_type(IntegrationKind),
        IntegrationAccess: create_enum_type(IntegrationAccess),
        Provider: create_enum_type(Provider),
        Status: create_enum_type(Status),
        UseCaseKey: create_enum_type(UseCaseKey),
        BookingStatus: create_enum_type(BookingStatus),
        WebhookEvent: create_enum_type(WebhookEvent),
    }


class HasDocument(HasLenientDocument):
    """A row with a document."""

    row_bases: ClassVar[tuple[type, ...]] = (HasLenientDocument,)

    id: Mapped[str]
    document: Mapped[Document] = mapped_column(JsonText)


class HasAuditColumns:
    """The version of a row, and who created and last updated it: ids, which need not be of known users."""

    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str | None]
