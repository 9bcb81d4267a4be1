"""Connected integrations and webhooks."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.column_types import JsonText
from gateway.database.tables.base import Base, HasAuditColumns, HasDocument
from gateway.domain.enums import IntegrationAccess, IntegrationKind, Provider, WebhookEvent
from gateway.domain.lenient_reading import Document, Json  # noqa: F401 (SQLAlchemy evaluates Document)


class Integration(HasDocument, HasAuditColumns, Base):
    """A connected integration or a webhook, by `kind`."""

    __tablename__ = "integration"
    __table_args__ = (
        UniqueConstraint("team_id", "logical_id"),
        Index("ix_integration_created", "team_id", "created_at", "id"),
        Index("ix_integration_updated", "team_id", "updated_at", "id"),
        Index("ix_integration_name", "team_id", "name_key", "id"),
        Index("ix_integration_username", "team_id", "username_key", "id"),
        Index("ix_integration_creator", "team_id", "created_by", "id"),
        Index("ix_integration_provider", "team_id", "provider"),
        Index(
            "ix_integration_system",
            "id",
            "team_id",
            sqlite_where=text("access = 'system'"),
            postgresql_where=text("access = 'system'"),
        ),
    )

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[IntegrationKind]
    logical_id: Mapped[str | None]
    name: Mapped[str]
    name_key: Mapped[str]
    username: Mapped[str | None]
    username_key: Mapped[str]
    enabled: Mapped[bool] = mapped_column(Boolean)
    access: Mapped[IntegrationAccess | None]
    timezone: Mapped[str | None]
    provider: Mapped[Provider | None]
    has_token: Mapped[bool | None] = mapped_column(Boolean)
    """Whether a connected integration has an access token."""
    expires_at: Mapped[datetime | None]
    """When the access token of a connected integration expires."""
    user_id: Mapped[str | None]
    """The user that a webhook acts as."""
    event: Mapped[WebhookEvent | None]
    """The event of an outgoing webhook."""
    channels: Mapped[str | None]
    """The channels of a webhook, as `gateway.domain.webhooks.encode_texts` writes them."""
    urls: Mapped[str | None]
    """The URLs of a webhook, in the same form."""
    document: Mapped[Document] = mapped_column(JsonText)
    secrets: Mapped[Document] = mapped_column(JsonText)
    """The secrets of the document that are not null there, each encrypted; see `gateway.database.keyring`."""
    envelope: Mapped[Document | None] = mapped_column(JsonText)
    """The keys of an imported export document beside its three parts."""
