"""Bare multi-row inserts of resource records, which somebody else has made the rows of."""

from functools import cache

from gateway.database.tables import ResourceRecord

COLUMNS = [column.name for column in ResourceRecord.__table__.columns]
"""What each row gives, in this order; instants as text."""

INSTANTS = [COLUMNS.index(name) for name in ("start", "created_at", "updated_at")]

WRITTEN = b'{"data":{"upsertResourceRecords":{"errors":[]}}}'

INSERT = f"INSERT INTO resource_record ({', '.join(COLUMNS)}) VALUES"


@cache
def numbered(count: int) -> str:
    """The insert of so many rows, with numbered parameters."""
    width = len(COLUMNS)
    rows = ((f"${row * width + place}" for place in range(1, width + 1)) for row in range(count))
    return f"{INSERT} {', '.join(f'({row})' for row in map(', '.join, rows))}"
