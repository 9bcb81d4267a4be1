"""Plain multi-row inserts of resource records, whose rows the request contains."""

from functools import cache

from gateway.database.tables import ResourceRecord

COLUMNS = [column.name for column in ResourceRecord.__table__.columns]
"""The columns of each row, in this order; instants as text."""

INSTANTS = [COLUMNS.index(name) for name in ("start", "created_at", "updated_at")]

WRITTEN = b'{"data":{"upsertResourceRecords":{"errors":[]}}}'

INSERT = f"INSERT INTO resource_record ({', '.join(COLUMNS)}) VALUES"


@cache
def build_insert(count: int) -> str:
    """Return the insert of this number of rows, with numbered parameters."""
    width = len(COLUMNS)
    rows = ((f"${row * width + index}" for index in range(1, width + 1)) for row in range(count))
    return f"{INSERT} {', '.join(f'({row})' for row in map(', '.join, rows))}"
