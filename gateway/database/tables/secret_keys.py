"""The keys that secrets are encrypted with."""

from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base


class SecretKey(Base):
    """The id of a key that secrets of any team may be encrypted with. No key is stored in the database."""

    __tablename__ = "secret_key"

    id: Mapped[str] = mapped_column(primary_key=True)
