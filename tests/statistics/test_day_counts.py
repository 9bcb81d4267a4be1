"""Blocks of days, and the counts in them."""

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


def _list_days(spans: list[day_blocks.BlockSpan]) -> list[int]:
    """Return the days of all blocks, with repetitions."""
    return sorted(
        day
        for size, first, last in spans
        for block in range(first, last + 1, size)
        for day in range(block, block + size)
    )


@settings(max_examples=100, deadline=None)
@given(start=dates, end=dates)
def test_a_range_of_days_is_covered_by_few_blocks_without_overlap(start: date, end: date) -> None:
    expected = [*range(start.toordinal(), end.toordinal())]
    spans = day_blocks.list_spans(start, end)
    assert _list_days(spans) == expected == _list_days(day_blocks.list_single_days(start, end))
    assert len(spans) <= 5
    assert (
        sum((span.last - span.first) // span.size + 1 for span in spans)
        <= 28 + len(expected) // LARGEST_BLOCK_SIZE
    )
    for size, first, last in spans:
        assert (day_blocks.find_block_start(first, size), day_blocks.find_block_start(last, size)) == (first, last)


def test_open_bounds_extend_to_the_ends_of_the_calendar() -> None:
    (whole,) = day_blocks.list_spans(None, None)
    assert (whole.size, whole.first) == (LARGEST_BLOCK_SIZE, 1)
    assert whole.last <= LAST_DAY < whole.last + LARGEST_BLOCK_SIZE
    (every,) = day_blocks.list_single_days(None, None)
    assert (every.first, every.last) == (1, whole.last + LARGEST_BLOCK_SIZE - 1)
    assert _list_days(day_blocks.list_spans(date.max, None))[0] == LAST_DAY
    assert day_blocks.list_spans(None, date.min) == day_blocks.list_single_days(None, date.min) == []
    assert _list_days(day_blocks.list_spans(None, date(1, 5, 1))) == [*range(1, 121)]


def test_a_day_is_in_one_block_of_each_size() -> None:
    for day in (1, 2, 8, 9, 64, 65, 739319, LAST_DAY):
        for size in BLOCK_SIZES:
            first = day_blocks.find_block_start(day, size)
            assert first <= day < first + size
            assert first % size == 1 % size


def _build_record(
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


def _count(*records: list[object]) -> list[SeriesCounts]:
    counts = DayCounts(CHICAGO)
    counts.add(records)
    return counts.list_series_counts()


@pytest.mark.parametrize("of", [APPOINTMENT_STATISTICS, PATIENT_STATISTICS])
def test_a_record_is_counted_once_per_breakdown_and_block_size(of: Statistics) -> None:
    cells = _count(_build_record(of, source="web"))
    assert len(cells) == (1 + len(of.breakdowns)) * len(BLOCK_SIZES)
    assert {cell.series.type for cell in cells} == {of.type.value}
    assert {cell.block_counts.value for cell in cells if cell.series.breakdown == "source"} == {"web"}
    assert {cell.block_counts.value for cell in cells if cell.series.breakdown == ALL} == {ALL}
    assert {sum(cell.status_counts) for cell in cells} == {1}
    assert cells == sorted(cells)


def test_an_appointment_with_a_type_is_also_counted_by_type() -> None:
    cells = _count(_build_record(appointment_type="NP"), _build_record())
    whole = [cell for cell in cells if cell.series.breakdown == ALL]
    assert {cell.series.appointment_type: cell.block_counts.pending for cell in whole} == {ALL: 2, "NP": 1}


def test_records_are_counted_by_type_also_those_without_a_dashboard() -> None:
    counts = DayCounts(CHICAGO)
    device = ["device", *_build_record()[1:]]
    counts.add([_build_record(), _build_record(), device, device])
    counts.remove([device])
    assert counts.type_counts == {"appointments": 2, "device": 1}


@pytest.mark.parametrize(("index", "state"), [*enumerate(("successful", "failed", "pending"))])
def test_states_are_counted_separately(index: int, state: str) -> None:
    cells = _count(_build_record(booking_status=BookingStatus(state)))
    assert {cell.status_counts for cell in cells} == {tuple(int(index == each) for each in range(3))}


def test_days_are_local_to_the_zone() -> None:
    cells = _count(_build_record(at="2025-03-09T05:59:59.999"), _build_record(at="2025-03-09T06:00"))
    blocks = [cell.block_counts for cell in cells if cell.series.breakdown == ALL]
    days = [date.fromordinal(block.day) for block in blocks if block.size == 1]
    assert days == [date(2025, 3, 8), date(2025, 3, 9)]


def test_removing_and_adding_a_record_changes_no_counts() -> None:
    records = [
        _build_record(source="a", appointment_type="NP"),
        _build_record(PATIENT_STATISTICS),
        _build_record(at="0001-01-01T00:00"),
    ]
    counts = DayCounts(CHICAGO)
    counts.remove(records)
    assert {min(cell.status_counts) for cell in counts.list_series_counts()} == {-1}
    counts.add(records)
    assert counts.list_series_counts() == []


def test_a_changed_record_moves_its_counts() -> None:
    counts = DayCounts(CHICAGO)
    counts.remove([_build_record(source="a")])
    counts.add([_build_record(source="b", booking_status=BookingStatus.FAILED)])
    cells = counts.list_series_counts()
    assert {cell.status_counts for cell in cells if cell.series.breakdown == ALL} == {(0, 1, -1)}
    assert {
        (cell.block_counts.value, cell.status_counts) for cell in cells if cell.series.breakdown == "source"
    } == {
        ("a", (0, 0, -1)),
        ("b", (0, 1, 0)),
    }
    counts = DayCounts(CHICAGO)
    counts.remove([_build_record(at="2025-03-09T12:00")])
    counts.add([_build_record(at="2025-03-09T13:00")])
    assert counts.list_series_counts() == []


def test_records_without_a_dashboard_are_not_counted() -> None:
    assert _count(["locations", *_build_record()[1:]]) == []
