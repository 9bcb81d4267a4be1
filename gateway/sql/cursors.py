"""Statements about cursors."""

from sqlalchemy import Select, select

from gateway.database import CursorKey, prepared


@prepared
def select_key() -> Select[str]:
    """Select the key that signs cursors, in hexadecimal; one row."""
    return select(CursorKey.key)
