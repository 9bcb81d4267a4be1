"""Blocks of days, and what is counted in them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.enums import BookingStatus
from gateway.domain.statistics import day_blocks
from gateway.domain.statistics.catalogue import APPOINTMENT_STATISTICS, PATIENT_STATISTICS, Statistics
from gateway.domain.statistics.day_blocks import BLOCK_SIZES, LARGEST_BLOCK_SIZE, LAST_DAY
from gateway.domain.statistics.day_counts import ALL, COUNTED_COLUMNS, DayCounts, SeriesCounts

CHICAGO = ZoneInfo("America/Chicago")

dates = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def _days(spans: list[day_blocks.BlockSpan]) -> list[int]:
    """Every day that is in one of the blocks, as often as it is."""
    return sorted(
        day
        for size, first, last in spans
        for block in range(first, last + 1, size)
        for day in range(block, block + size)
    )


@settings(max_examples=100, deadline=None)
@given(start=dates, end=dates)
def test_days_are_made_up_of_few_blocks_each_day_once(start: date, end: date) -> None:
    expected = [*range(start.toordinal(), end.toordinal())]
    spans = day_blocks.list_spans(start, end)
    assert _days(spans) == expected == _days(day_blocks.list_single_days(start, end))
    assert len(spans) <= 5
    assert (
        sum((span.last - span.first) // span.size + 1 for span in spans)
        <= 28 + len(expected) // LARGEST_BLOCK_SIZE
    )
    for size, first, last in spans:
        assert (day_blocks.find_block_start(first, size), day_blocks.find_block_start(last, size)) == (first, last)


def test_open_sides_go_to_the_ends_of_the_calendar() -> None:
    (whole,) = day_blocks.list_spans(None, None)
    assert (whole.size, whole.first) == (LARGEST_BLOCK_SIZE, 1)
    assert whole.last <= LAST_DAY < whole.last + LARGEST_BLOCK_SIZE
    (every,) = day_blocks.list_single_days(None, None)
    assert (every.first, every.last) == (1, whole.last + LARGEST_BLOCK_SIZE - 1)
    assert _days(day_blocks.list_spans(date.max, None))[0] == LAST_DAY
    assert day_blocks.list_spans(None, date.min) == day_blocks.list_single_days(None, date.min) == []
    assert _days(day_blocks.list_spans(None, date(1, 5, 1))) == [*range(1, 121)]


def test_a_day_is_in_one_block_of_each_size() -> None:
    for day in (1, 2, 8, 9, 64, 65, 739319, LAST_DAY):
        for size in BLOCK_SIZES:
            first = day_blocks.find_block_start(day, size)
            assert first <= day < first + size
            assert first % size == 1 % size


def _record(
    of: Statistics = APPOINTMENT_STATISTICS,
    at: str = "2025-03-09T12:00",
    appointment_type: str | None = None,
    **values: object,
) -> list[object]:
    columns = {
        **of.read_columns({}),
        "type": of.type.value,
        "created_at": datetime.fromisoformat(at).replace(tzinfo=UTC),
        "appointment_type": appointment_type,
        **values,
    }
    return [columns.get(name) for name in COUNTED_COLUMNS]


def _counted(*records: list[object]) -> list[SeriesCounts]:
    counts = DayCounts(CHICAGO)
    counts.add(records)
    return counts.list_series_counts()


@pytest.mark.parametrize("of", [APPOINTMENT_STATISTICS, PATIENT_STATISTICS])
def test_a_record_is_counted_once_in_all_and_in_each_breakdown_for_each_size(of: Statistics) -> None:
    cells = _counted(_record(of, source="web"))
    assert len(cells) == (1 + len(of.breakdowns)) * len(BLOCK_SIZES)
    assert {cell.series.type for cell in cells} == {of.type.value}
    assert {cell.block_counts.value for cell in cells if cell.series.breakdown == "source"} == {"web"}
    assert {cell.block_counts.value for cell in cells if cell.series.breakdown == ALL} == {ALL}
    assert {sum(cell.status_counts) for cell in cells} == {1}
    assert cells == sorted(cells)


def test_one_of_a_type_is_counted_for_its_type_too() -> None:
    cells = _counted(_record(appointment_type="NP"), _record())
    whole = [cell for cell in cells if cell.series.breakdown == ALL]
    assert {cell.series.appointment_type: cell.block_counts.pending for cell in whole} == {ALL: 2, "NP": 1}


@pytest.mark.parametrize(("place", "state"), [*enumerate(("successful", "failed", "pending"))])
def test_states_are_counted_apart(place: int, state: str) -> None:
    cells = _counted(_record(booking_status=BookingStatus(state)))
    assert {cell.status_counts for cell in cells} == {tuple(int(place == each) for each in range(3))}


def test_days_are_those_of_the_zone() -> None:
    cells = _counted(_record(at="2025-03-09T05:59:59.999"), _record(at="2025-03-09T06:00"))
    blocks = [cell.block_counts for cell in cells if cell.series.breakdown == ALL]
    days = [date.fromordinal(block.day) for block in blocks if block.size == 1]
    assert days == [date(2025, 3, 8), date(2025, 3, 9)]


def test_what_is_removed_and_added_again_changes_nothing() -> None:
    records = [
        _record(source="a", appointment_type="NP"),
        _record(PATIENT_STATISTICS),
        _record(at="0001-01-01T00:00"),
    ]
    counts = DayCounts(CHICAGO)
    counts.remove(records)
    assert {min(cell.status_counts) for cell in counts.list_series_counts()} == {-1}
    counts.add(records)
    assert counts.list_series_counts() == []


def test_what_moves_is_counted_less_where_it_was_and_more_where_it_is() -> None:
    counts = DayCounts(CHICAGO)
    counts.remove([_record(source="a")])
    counts.add([_record(source="b", booking_status=BookingStatus.FAILED)])
    cells = counts.list_series_counts()
    assert {cell.status_counts for cell in cells if cell.series.breakdown == ALL} == {(0, 1, -1)}
    assert {
        (cell.block_counts.value, cell.status_counts) for cell in cells if cell.series.breakdown == "source"
    } == {
        ("a", (0, 0, -1)),
        ("b", (0, 1, 0)),
    }
    counts = DayCounts(CHICAGO)
    counts.remove([_record(at="2025-03-09T12:00")])
    counts.add([_record(at="2025-03-09T13:00")])
    assert counts.list_series_counts() == []


def test_what_no_dashboard_counts_is_not_counted() -> None:
    assert _counted(["locations", *_record()[1:]]) == []
