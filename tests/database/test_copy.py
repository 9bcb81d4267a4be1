"""Many new rows: inserted or copied without changes."""

from datetime import UTC, datetime

import pytest
from asyncpg import PostgresError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, select

from gateway.database import Instant, prepared
from gateway.database.database import Database
from gateway.database.tables import ResourceRecord
from gateway.domain.calendar import instants
from gateway.domain.calendar.days import FIRST_INSTANT
from gateway.domain.enums import BookingStatus
from gateway.domain.records.lines import ROW_COLUMNS
from tests.support.factories import AT, connected, record, store
from tests.support.sessions import open_session

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00") | st.sampled_from("\\\t\n\rN.")
)
INSTANTS = st.sampled_from(
    [FIRST_INSTANT, datetime(2025, 3, 9, 12, 0, 0, 7000, UTC), datetime(9999, 12, 31, tzinfo=UTC)]
)
ROWS = st.fixed_dictionaries(
    {
        "logical_id": TEXTS,
        "search_text": TEXTS | st.just(instants.format_instant(FIRST_INSTANT)),
        "document": st.dictionaries(TEXTS, TEXTS),
        "source": st.none() | TEXTS | st.just("\\N"),
        "start": st.none() | INSTANTS,
        "created_at": INSTANTS,
        "booking_status": st.none() | st.sampled_from(BookingStatus),
        "version": st.integers(1, 2**31 - 1),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_rows=st.lists(ROWS, min_size=2, max_size=5, unique_by=lambda row: str(row["logical_id"])))
async def test_rows_are_stored_as_they_are_given(
    database: Database, prepared_integrations: set[str], given_rows: list[dict[str, object]]
) -> None:
    if not prepared_integrations:
        await store(database, connected("clinic"))
        prepared_integrations.add("clinic")
    rows = [_build_row(str(index), row) for index, row in enumerate(given_rows)]
    formatted = [
        {
            name: instants.format_instant(value) if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        for row in rows
    ]
    for values in (rows, formatted):
        async with database.write(dry_run=True) as session:
            await session.insert_rows(ResourceRecord, values)
            found = await session.fetch_rows(_select_records())
            assert [{name: _read_value(row, name) for name in ROW_COLUMNS} for row in found] == rows


async def test_the_first_instant_can_be_queried(database: Database) -> None:
    """PostgreSQL's driver maps it to -infinity."""
    await store(database, connected("clinic"))
    given_rows: list[dict[str, object]] = [
        {"logical_id": "a", "created_at": FIRST_INSTANT},
        {"logical_id": "b", "created_at": instants.format_instant(FIRST_INSTANT)},
    ]
    async with database.write() as session:
        await session.insert_rows(
            ResourceRecord, [_build_row(str(index), row) for index, row in enumerate(given_rows)]
        )
        assert sorted(await session.fetch_tuples(_select_created_at(FIRST_INSTANT))) == [("a",), ("b",)]


@pytest.fixture
def prepared_integrations() -> set[str]:
    """State that all examples share."""
    return set()


@prepared
def _select_records() -> Select[ResourceRecord]:
    return select(ResourceRecord).order_by(ResourceRecord.id)


@prepared
def _select_created_at(at: datetime) -> Select[str]:
    return select(ResourceRecord.logical_id).where(ResourceRecord.created_at == at)


def _read_value(row: ResourceRecord, name: str) -> object:
    value = getattr(row, name)
    is_instant = isinstance(ResourceRecord.__table__.c[name].type, Instant) and value is not None
    return instants.truncate_to_milliseconds(instants.to_instant(value)) if is_instant else value


def _build_row(id: str, values: dict[str, object]) -> dict[str, object]:
    row = record(id, "clinic")
    return {name: getattr(row, name) for name in ROW_COLUMNS} | {"updated_at": AT} | values


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_text_with_a_zero_byte_is_refused(database: Database) -> None:
    await store(database, connected("clinic"))
    rows = [
        _build_row(id, {"logical_id": id, "source": source}) for id, source in (("a", None), ("b", "b\x00\tc"))
    ]
    with pytest.raises(PostgresError, match="0x00"):
        async with database.write() as writer:
            await writer.insert_rows(ResourceRecord, rows)
    async with open_session(database) as reader:
        assert [*await reader.scalars(select(ResourceRecord.id))] == []


def test_a_record_is_copied_with_all_its_columns() -> None:
    assert sorted(ROW_COLUMNS) == sorted(ResourceRecord.__table__.c.keys())
