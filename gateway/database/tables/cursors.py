"""The key that signs cursors."""

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base


class CursorKey(Base):
    """The key that signs the cursors of all teams, in hexadecimal; a migration writes the only row."""

    __tablename__ = "cursor_key"
    __table_args__ = (CheckConstraint("id = 1", name="ck_cursor_key_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str]
